/* policy_heap.c -- The heap as a policy gets it, to look at and to order; and the tables beside it.
 *
 * Nothing happens while a callback runs: the orders are carried out when it has returned. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include <lauxlib.h>

#include "script/core.h"
#include "script/push.h"
#include "script/subject_policy.h"

#define OL_HANDLE_POLICY_HEAP "policy's heap"

enum { GOGC_MAX = INT32_MAX };

/* Their addresses: metatables, in the registry. */
static const char stats_key = 0, cycle_key = 0, pressure_key = 0;

/* What a policy sees beside memstats. docs/policies.md has the same table. */
#define BYTES(member) \
	{ \
#member, "bytes", "", OL_FIELD_UINT64, offsetof(struct ol_policy_stats, member), \
			sizeof(uint64_t) \
	}
#define NS(member) \
	{ \
#member, "ns", "", OL_FIELD_UINT64, offsetof(struct ol_policy_stats, member), \
			sizeof(uint64_t) \
	}
static const struct ol_field stats_fields[] = {
	NS(at_ns),
	BYTES(marked_bytes),
	BYTES(heap_live_bytes),
	BYTES(goal_bytes),
	BYTES(mapped_ready_bytes),
	BYTES(free_bytes),
	BYTES(unswept_bytes),
	BYTES(cage_bytes),
	NS(gc_ns),
	BYTES(allocated_total_bytes),
	BYTES(memory_limit_bytes),
};
static const struct ol_record_type stats_type = { "stats", stats_fields,
	sizeof stats_fields / sizeof *stats_fields };

/* Closes the table on top of the stack. All tables of a kind have the same fields and share the
 * metatable that the first one got: a policy may be asked very often. */
static void close_alike(lua_State *L, const char *key, const char *what) {
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE) { /* table, metatable */
		lua_setmetatable(L, -2);
		return;
	}
	lua_pop(L, 1);
	ol_lua_close_table(L, what); /* table */
	lua_getmetatable(L, -1);     /* table, metatable */
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static void set_uint64(lua_State *L, const char *name, uint64_t value) {
	ol_lua_push_uint64(L, value); /* table, value */
	lua_setfield(L, -2, name);
}

void ol_policy_push_cage(lua_State *L, const struct ol_policy_cage *cage) {
	lua_createtable(L, 0, 4); /* cage */
	set_uint64(L, "limit", cage->limit_bytes);
	set_uint64(L, "swap", cage->swap_bytes);
	set_uint64(L, "high", cage->high_bytes);
	set_uint64(L, "processors", cage->processors);
	ol_lua_close_table(L, OL_HANDLE_CAGE);
}

void ol_policy_push_cycle(lua_State *L, const struct ol_gc_cycle *cycle) {
	ol_lua_push_record(L, &ol_gc_cycle_type, cycle); /* cycle */
	close_alike(L, &cycle_key, "cycle");
}

void ol_policy_push_stats(lua_State *L, const struct ol_policy_stats *stats) {
	const struct ol_record_type *memstats = &ol_memstats_type;
	lua_createtable(L, 0, (int)(stats_type.field_count + memstats->field_count + 2)); /* stats */
	ol_lua_set_fields(L, &stats_type, stats);
	ol_lua_set_fields(L, memstats, &stats->memstats);
	lua_pushinteger(L, stats->gogc); /* stats, gogc */
	lua_setfield(L, -2, "gogc");
	lua_pushboolean(L, stats->is_collecting); /* stats, is_collecting */
	lua_setfield(L, -2, "is_collecting");
	close_alike(L, &stats_key, "stats");
}

void ol_policy_push_pressure(lua_State *L, const struct ol_policy_pressure *pressure) {
	lua_createtable(L, 0, 3); /* event */
	set_uint64(L, "at_ns", pressure->at_ns);
	set_uint64(L, "cage_bytes", pressure->cage_bytes);
	lua_pushstring(
		L, pressure->kind == OL_PRESSURE_STALL ? "stall" : "threshold"); /* event, kind */
	lua_setfield(L, -2, "kind");
	close_alike(L, &pressure_key, "event");
}

bool ol_policy_to_quantity(lua_State *L, int index, uint64_t *ret_quantity) {
	if (lua_type(L, index) != LUA_TNUMBER)
		return false;
	if (lua_isinteger(L, index)) {
		lua_Integer whole = lua_tointeger(L, index);
		*ret_quantity = (uint64_t)whole;
		return whole >= 0;
	}
	lua_Number number = lua_tonumber(L, index);
	if (!(number >= 0 && number < 0x1p63))
		return false;
	*ret_quantity = (uint64_t)number;
	return true;
}

uint64_t ol_policy_check_quantity(lua_State *L, int index, const char *what) {
	uint64_t quantity = 0;
	if (lua_type(L, index) != LUA_TNUMBER)
		luaL_error(L, "expected %s, a number, not %s", what, luaL_typename(L, index));
	if (!ol_policy_to_quantity(L, index, &quantity))
		luaL_error(L, "expected %s, at least 0, not %f", what, lua_tonumber(L, index));
	return quantity;
}

void ol_policy_set_reason(struct ol_policy_orders *orders, const char *reason) {
	size_t length = strlen(reason);
	if (length >= sizeof orders->reason)
		length = sizeof orders->reason - 1;
	for (size_t i = 0; i < length; i++)
		orders->reason[i] = reason[i];
	for (size_t i = 0; i < length; i++)
		if (iscntrl((unsigned char)orders->reason[i]))
			orders->reason[i] = ' ';
	orders->reason[length] = '\0';
}

/* The policy behind the handle at index 1, which is being asked now. */
static struct ol_lua_policy *check_asked(lua_State *L) {
	luaL_checkudata(L, 1, OL_HANDLE_POLICY_HEAP);
	struct ol_lua_policy *policy = ol_subject_of(L)->policy;
	if (policy == NULL || policy->stats == NULL)
		luaL_error(L, "this works only while a callback of the policy runs");
	return policy;
}

static struct ol_policy_orders *check_orders(lua_State *L) {
	struct ol_policy_orders *orders = check_asked(L)->orders;
	if (orders == NULL)
		luaL_error(L, "goal answers, and gives no orders: that works in the other callbacks");
	return orders;
}

/* The same for what only one callback may order. */
static struct ol_policy_orders *check_only_in(
	lua_State *L, enum ol_policy_callback callback, const char *method) {
	const struct ol_lua_policy *policy = check_asked(L);
	if (policy->callback != callback)
		luaL_error(L, "%s works in %s only", method, ol_policy_callback_name(callback));
	return policy->orders;
}

static bool is_off(lua_State *L, int index) {
	return lua_type(L, index) == LUA_TSTRING && strcmp(lua_tostring(L, index), "off") == 0;
}

/***
 * The heap in figures, as they were when the callback was called: docs/policies.md lists them.
 * @function heap:stats
 * @treturn policy_stats
 */
static int policy_stats(lua_State *L) {
	ol_policy_push_stats(L, check_asked(L)->stats); /* ..., stats */
	return 1;
}

/***
 * Sets GOGC, as Go's debug.SetGCPercent.
 * @function heap:gogc
 * @tparam number|string percent  rounded down; or "off"
 */
static int policy_gogc(lua_State *L) {
	struct ol_policy_orders *orders = check_orders(L);
	uint64_t percent = 0;
	if (!is_off(L, 2))
		percent = ol_policy_check_quantity(L, 2, "GOGC in percent, or \"off\"");
	luaL_argcheck(L, percent <= GOGC_MAX, 2, "expected a percentage up to 2147483647");
	orders->gogc = is_off(L, 2) ? OL_GOGC_OFF : (int32_t)percent;
	orders->has_gogc = true;
	return 0;
}

/***
 * Sets the collector's memory limit, as Go's debug.SetMemoryLimit.
 * @function heap:memory_limit
 * @tparam number|string bytes  rounded down; or "off"
 */
static int policy_memory_limit(lua_State *L) {
	struct ol_policy_orders *orders = check_orders(L);
	uint64_t bytes = OL_MEMORY_LIMIT_OFF;
	if (!is_off(L, 2))
		bytes = ol_policy_check_quantity(L, 2, "a limit in bytes, or \"off\"");
	orders->memory_limit_bytes = bytes;
	orders->has_memory_limit = true;
	return 0;
}

/***
 * Orders a full cycle; everything is swept after it.
 * @function heap:collect
 */
static int policy_collect(lua_State *L) {
	check_orders(L)->is_collect = true;
	return 0;
}

/***
 * Orders that free pages are given back to the system.
 * @function heap:scavenge
 * @tparam[opt] number bytes  at least so much, if there is as much; all where nothing is given
 */
static int policy_scavenge(lua_State *L) {
	struct ol_policy_orders *orders = check_orders(L);
	orders->scavenge_bytes =
		lua_isnoneornil(L, 2) ? UINT64_MAX : ol_policy_check_quantity(L, 2, "bytes");
	return 0;
}

/***
 * Allocates a slab that is held to the end and never touched: it counts as live, and costs no
 * memory. In on_start only.
 * @function heap:ballast
 * @tparam number bytes
 */
static int policy_ballast(lua_State *L) {
	struct ol_policy_orders *orders = check_only_in(L, OL_CALLBACK_ON_START, "heap:ballast");
	orders->ballast_bytes = ol_policy_check_quantity(L, 2, "bytes");
	return 0;
}

/***
 * Refuses the allocation that would make the heap grow: the program gets an error, which it may
 * catch. In before_grow only.
 * @function heap:refuse
 * @tparam string reason
 */
static int policy_refuse(lua_State *L) {
	struct ol_policy_orders *orders = check_only_in(L, OL_CALLBACK_BEFORE_GROW, "heap:refuse");
	ol_policy_set_reason(orders, luaL_checkstring(L, 2));
	orders->is_refused = true;
	return 0;
}

/***
 * Ends the program in good order: the outcome is shut-down.
 * @function heap:stop
 * @tparam string reason
 */
static int policy_stop(lua_State *L) {
	struct ol_policy_orders *orders = check_orders(L);
	ol_policy_set_reason(orders, luaL_checkstring(L, 2));
	orders->is_end = true;
	return 0;
}

void ol_subject_open_policy_heap(lua_State *L) {
	static const luaL_Reg methods[] = {
		{ "stats", policy_stats },
		{ "gogc", policy_gogc },
		{ "memory_limit", policy_memory_limit },
		{ "collect", policy_collect },
		{ "scavenge", policy_scavenge },
		{ "ballast", policy_ballast },
		{ "refuse", policy_refuse },
		{ "stop", policy_stop },
		{ NULL, NULL },
	};
	/* Most runs have no policy in Lua, and what is made here is charged to the cage. */
	if (ol_subject_of(L)->spec->policy_path[0] == '\0')
		return;
	luaL_newmetatable(L, OL_HANDLE_POLICY_HEAP); /* metatable */
	luaL_newlib(L, methods);                     /* metatable, methods */
	lua_setfield(L, -2, "__index");
	lua_pushliteral(L, OL_HANDLE_POLICY_HEAP); /* metatable, name */
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

void ol_policy_push_heap(lua_State *L) {
	/* Nothing in it: the policy is the state's. */
	lua_newuserdatauv(L, 0, 0); /* heap */
	luaL_setmetatable(L, OL_HANDLE_POLICY_HEAP);
}
