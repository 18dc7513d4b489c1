/* subject_load.c -- Loads: bulk work on the heap that a program orders in one line. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "base/nearest.h"
#include "base/units.h"
#include "script/push.h"
#include "script/subject.h"

#define SECONDS_MAX    (366.0 * 24 * 3600)
#define PER_SECOND_MIN 1e-6
#define PER_SECOND_MAX 1e15
#define COUNT_MAX      ((uint64_t)INT64_MAX)

enum { ARGUMENT = 2, FIELDS_MAX = 12 };

struct load_handle {
	struct ol_run_load *load; /* NULL: released. */
};

static const char *const kind_names[] = {
	[OL_LOAD_CHURN] = "churn",
	[OL_LOAD_RAMP] = "ramp",
	[OL_LOAD_CACHE] = "cache",
	[OL_LOAD_QUEUE] = "queue",
	[OL_LOAD_TREE] = "tree",
	[OL_LOAD_SURVIVORS] = "survivors",
};

/* What a rate or a goal counts beside objects and bytes; NULL: nothing else. */
static const char *const operation_names[] = {
	[OL_LOAD_CHURN] = NULL,
	[OL_LOAD_RAMP] = NULL,
	[OL_LOAD_CACHE] = "requests",
	[OL_LOAD_QUEUE] = "items",
	[OL_LOAD_TREE] = "rebuild",
	[OL_LOAD_SURVIVORS] = NULL,
};

/* The argument is a table, and all its fields are among those named. */
void ol_subject_check_fields(lua_State *L, const char *function, const char *const *names) {
	size_t count = 0;
	while (names[count] != NULL)
		count++;
	if (lua_type(L, ARGUMENT) != LUA_TTABLE)
		luaL_error(L, "%s expects a table of fields, such as { %s = ... }, not %s", function,
			names[0], luaL_typename(L, ARGUMENT));
	lua_pushnil(L);                      /* nil */
	while (lua_next(L, ARGUMENT) != 0) { /* key, value */
		lua_pop(L, 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "%s expects fields with names, such as { %s = ... }", function, names[0]);
		const char *key = lua_tostring(L, -1);
		size_t i = 0;
		while (i < count && strcmp(names[i], key) != 0)
			i++;
		const char *nearest = i < count ? NULL : ol_nearest_name(key, names, count);
		if (nearest != NULL)
			luaL_error(L, "%s has no field '%s'; did you mean '%s'?", function, key, nearest);
		if (i == count)
			luaL_error(L, "%s has no field '%s'", function, key);
	}
}

static bool has_field(lua_State *L, const char *name) {
	bool is_there = lua_getfield(L, ARGUMENT, name) != LUA_TNIL;
	lua_pop(L, 1);
	return is_there;
}

/* The number at index, which is called name, from minimum to maximum. */
uint64_t ol_subject_check_number(
	lua_State *L, int index, const char *name, uint64_t minimum, uint64_t maximum) {
	if (lua_type(L, index) != LUA_TNUMBER)
		luaL_error(L, "'%s': expected a whole number, not %s", name, luaL_typename(L, index));
	int is_whole;
	lua_Integer count = lua_tointegerx(L, index, &is_whole);
	if (!is_whole)
		luaL_error(L, "'%s': expected a whole number, not %f; // divides without a remainder", name,
			lua_tonumber(L, index));
	bool is_too_small = count < 0 || (uint64_t)count < minimum;
	if (is_too_small && maximum >= OL_LOAD_OBJECT_BYTES_MAX)
		luaL_error(L, "'%s': expected at least %I, not %I", name, (LUAI_UACINT)minimum,
			(LUAI_UACINT)count);
	if (is_too_small || (uint64_t)count > maximum)
		luaL_error(L, "'%s': expected %I to %I, not %I", name, (LUAI_UACINT)minimum,
			(LUAI_UACINT)maximum, (LUAI_UACINT)count);
	return (uint64_t)count;
}

/* The same for a size, which may be a text. */
uint64_t ol_subject_check_bytes(
	lua_State *L, int index, const char *name, uint64_t minimum, uint64_t maximum) {
	if (lua_type(L, index) == LUA_TSTRING) {
		struct ol_error error;
		uint64_t bytes;
		if (ol_parse_bytes(lua_tostring(L, index), 0, &bytes, &error) < 0)
			luaL_error(L, "'%s': %s", name, error.message);
		lua_pushinteger(L, (lua_Integer)bytes); /* bytes */
		lua_replace(L, index);
	} else if (lua_type(L, index) != LUA_TNUMBER) {
		luaL_error(L, "'%s': expected a size, such as 65536 or \"64K\", not %s", name,
			luaL_typename(L, index));
	}
	return ol_subject_check_number(L, index, name, minimum, maximum);
}

/* The fields; absent where they are not there. */
static uint64_t count_field(
	lua_State *L, const char *name, uint64_t minimum, uint64_t maximum, uint64_t absent) {
	bool is_there = lua_getfield(L, ARGUMENT, name) != LUA_TNIL; /* value */
	uint64_t count =
		is_there ? ol_subject_check_number(L, lua_gettop(L), name, minimum, maximum) : absent;
	lua_pop(L, 1);
	return count;
}

static uint64_t bytes_field(lua_State *L, const char *name, uint64_t maximum, uint64_t absent) {
	bool is_there = lua_getfield(L, ARGUMENT, name) != LUA_TNIL; /* value */
	uint64_t bytes = is_there ? ol_subject_check_bytes(L, lua_gettop(L), name, 0, maximum) : absent;
	lua_pop(L, 1);
	return bytes;
}

static double number_field(
	lua_State *L, const char *name, double minimum, double maximum, double absent) {
	bool is_there = lua_getfield(L, ARGUMENT, name) != LUA_TNIL; /* value */
	if (is_there && lua_type(L, -1) != LUA_TNUMBER)
		luaL_error(L, "'%s': expected a number, not %s", name, luaL_typename(L, -1));
	double number = is_there ? lua_tonumber(L, -1) : absent;
	if (is_there && !(number >= minimum && number <= maximum)) {
		char text[128];
		snprintf(text, sizeof text, "expected %g to %g, not %g", minimum, maximum, number);
		luaL_error(L, "'%s': %s", name, text);
	}
	lua_pop(L, 1);
	return number;
}

/* One of two words, the first if there is none: whether it is the second. */
static bool choice_field(lua_State *L, const char *name, const char *first, const char *second) {
	lua_getfield(L, ARGUMENT, name); /* value */
	const char *word = lua_isnil(L, -1) ? first : lua_tostring(L, -1);
	bool is_second = word != NULL && strcmp(word, second) == 0;
	if (word == NULL || (!is_second && strcmp(word, first) != 0))
		luaL_error(L, "'%s': expected \"%s\" or \"%s\"", name, first, second);
	lua_pop(L, 1);
	return is_second;
}

/* 'size', which must be there: one, or { from, to }. */
static struct ol_load_sizes sizes_field(lua_State *L, const char *function, uint64_t minimum) {
	struct ol_load_sizes sizes;
	int type = lua_getfield(L, ARGUMENT, "size"); /* value */
	int index = lua_gettop(L);
	if (type == LUA_TNIL)
		luaL_error(L, "%s needs a 'size': of each object, or { from, to }", function);
	if (type != LUA_TTABLE) {
		sizes.bytes_min =
			ol_subject_check_bytes(L, index, "size", minimum, OL_LOAD_OBJECT_BYTES_MAX);
		sizes.bytes_max = sizes.bytes_min;
	} else {
		if (lua_rawlen(L, index) != 2)
			luaL_error(L, "'size': expected one size, or two, { from, to }");
		lua_rawgeti(L, index, 1); /* value, from */
		lua_rawgeti(L, index, 2); /* value, from, to */
		sizes.bytes_min =
			ol_subject_check_bytes(L, index + 1, "size", minimum, OL_LOAD_OBJECT_BYTES_MAX);
		sizes.bytes_max =
			ol_subject_check_bytes(L, index + 2, "size", sizes.bytes_min, OL_LOAD_OBJECT_BYTES_MAX);
	}
	lua_settop(L, index - 1);
	return sizes;
}

/* Of bytes it may be a text, too. */
static double rate_field(lua_State *L, bool is_of_bytes) {
	bool is_text = lua_getfield(L, ARGUMENT, "rate") == LUA_TSTRING; /* value */
	double rate = is_of_bytes && is_text
					  ? (double)ol_subject_check_bytes(L, lua_gettop(L), "rate", 1, COUNT_MAX)
					  : number_field(L, "rate", PER_SECOND_MIN, PER_SECOND_MAX, 0);
	lua_pop(L, 1);
	return rate;
}

/* How far and how fast. Of the goals, one at least must be there, unless the load has something to
 * build at first. */
static struct ol_run_load_plan plan_fields(
	lua_State *L, const char *function, enum ol_load_kind kind, bool is_goal_optional) {
	const char *operations = operation_names[kind];
	struct ol_run_load_plan plan = {
		.goal.objects = count_field(L, "objects", 0, COUNT_MAX, UINT64_MAX),
		.goal.bytes = bytes_field(L, "bytes", COUNT_MAX, UINT64_MAX),
		.goal.operations = UINT64_MAX,
		.ns_max = UINT64_MAX,
	};
	if (operations != NULL)
		plan.goal.operations = count_field(L, operations, 0, COUNT_MAX, UINT64_MAX);
	if (has_field(L, "seconds"))
		plan.ns_max =
			(uint64_t)(number_field(L, "seconds", 0, SECONDS_MAX, 0) * (double)OL_NS_PER_S);
	plan.per_second = rate_field(L, operations == NULL);
	bool has_goal = plan.goal.objects != UINT64_MAX || plan.goal.bytes != UINT64_MAX ||
					plan.goal.operations != UINT64_MAX || plan.ns_max != UINT64_MAX;
	if (!has_goal && !is_goal_optional)
		luaL_error(L, "%s needs to know how far to go: '%s'%s or 'seconds'", function,
			operations != NULL ? operations : "bytes", operations != NULL ? "" : ", 'objects'");
	if (!has_goal)
		plan.goal.operations = 0;
	return plan;
}

/* heap:KIND: makes the load, and leaves a handle on it. */
static int create(
	lua_State *L, const struct ol_load_spec *spec, const struct ol_run_load_plan *plan) {
	struct ol_run *run = ol_subject_of(L)->run;
	struct ol_error error;
	struct load_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0); /* ..., load */
	handle->load = NULL;
	luaL_setmetatable(L, OL_HANDLE_LOAD);
	ol_subject_note_place(L);
	if (ol_run_load_create(run, spec, plan, &handle->load, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 1;
}

/***
 * Allocates objects; each is dropped when enough younger ones are there. Written to, all of it.
 * Fields: `bytes`, `objects` or `seconds` (where to stop, whichever comes first), `size` of each
 * object (one, or { from, to }, drawn evenly), `live` (bytes kept; 0), `rate` (bytes a second; as
 * fast as it goes), `kind` ("slab", or "node": two empty slots, which are scanned, and payload).
 * @function heap:churn
 * @tparam table fields
 * @treturn load
 */
static int heap_churn(lua_State *L) {
	static const char *const names[FIELDS_MAX] = { "size", "bytes", "objects", "seconds", "live",
		"rate", "kind" };
	ol_subject_check_heap(L);
	ol_subject_check_fields(L, "heap:churn", names);
	struct ol_load_spec spec = { .kind = OL_LOAD_CHURN };
	spec.churn.is_nodes = choice_field(L, "kind", "slab", "node");
	spec.sizes = sizes_field(L, "heap:churn", spec.churn.is_nodes ? OL_LOAD_NODE_BYTES_MIN : 1);
	spec.churn.live_bytes = bytes_field(L, "live", COUNT_MAX, 0);
	struct ol_run_load_plan plan = plan_fields(L, "heap:churn", spec.kind, false);
	return create(L, &spec, &plan);
}

/***
 * Allocates objects and keeps them all. Fields: `bytes`, `objects` or `seconds` (where to stop),
 * `size` (one, or { from, to }), `rate` (bytes a second).
 * @function heap:ramp
 * @tparam table fields
 * @treturn load
 */
static int heap_ramp(lua_State *L) {
	static const char *const names[FIELDS_MAX] = { "size", "bytes", "objects", "seconds", "rate" };
	ol_subject_check_heap(L);
	ol_subject_check_fields(L, "heap:ramp", names);
	struct ol_load_spec spec = { .kind = OL_LOAD_RAMP };
	spec.sizes = sizes_field(L, "heap:ramp", 1);
	struct ol_run_load_plan plan = plan_fields(L, "heap:ramp", spec.kind, false);
	return create(L, &spec, &plan);
}

/***
 * Fills a table of `entries` of `size` each, then answers `requests` (none; or for so many
 * `seconds`): a share of `hits` (0.8) finds its entry and reads it, the others replace one:
 * `replace` = "random" or "oldest". `rate`: requests a second.
 * @function heap:cache
 * @tparam table fields
 * @treturn load
 */
static int heap_cache(lua_State *L) {
	static const char *const names[FIELDS_MAX] = { "entries", "size", "requests", "hits", "replace",
		"seconds", "rate" };
	ol_subject_check_heap(L);
	ol_subject_check_fields(L, "heap:cache", names);
	if (!has_field(L, "entries"))
		return luaL_error(L, "heap:cache needs 'entries': how many");
	struct ol_load_spec spec = { .kind = OL_LOAD_CACHE };
	spec.sizes = sizes_field(L, "heap:cache", 1);
	spec.cache.entries = count_field(L, "entries", 1, OL_LOAD_ENTRIES_MAX, 0);
	spec.cache.hit_share = number_field(L, "hits", 0, 1, 0.8);
	spec.cache.is_oldest_replaced = choice_field(L, "replace", "random", "oldest");
	struct ol_run_load_plan plan = plan_fields(L, "heap:cache", spec.kind, true);
	return create(L, &spec, &plan);
}

/***
 * Queues `items` of `size` (header and slot of 16 bytes included), each a node that refers to the
 * next: first in, first out. `backlog` (0) of them stay; they come in bursts of `burst` (1), and
 * the oldest leave after each. `rate`: items a second. `seconds` may say where to stop.
 * @function heap:queue
 * @tparam table fields
 * @treturn load
 */
static int heap_queue(lua_State *L) {
	static const char *const names[FIELDS_MAX] = { "items", "size", "backlog", "burst", "seconds",
		"rate" };
	ol_subject_check_heap(L);
	ol_subject_check_fields(L, "heap:queue", names);
	struct ol_load_spec spec = { .kind = OL_LOAD_QUEUE };
	spec.sizes = sizes_field(L, "heap:queue", OL_LOAD_ITEM_BYTES_MIN);
	spec.queue.backlog = count_field(L, "backlog", 0, COUNT_MAX, 0);
	spec.queue.burst = count_field(L, "burst", 1, COUNT_MAX, 1);
	struct ol_run_load_plan plan = plan_fields(L, "heap:queue", spec.kind, false);
	return create(L, &spec, &plan);
}

/***
 * Builds a binary tree of nodes, `depth` levels (2^depth - 1 nodes), each with `payload` bytes (0).
 * Then drops a part and builds it anew, `rebuild` times (0; or for so many `seconds`): on a random
 * level, the whole among them, at a random place. `rate`: parts a second.
 * @function heap:tree
 * @tparam table fields
 * @treturn load
 */
static int heap_tree(lua_State *L) {
	static const char *const names[FIELDS_MAX] = { "depth", "payload", "rebuild", "seconds",
		"rate" };
	ol_subject_check_heap(L);
	ol_subject_check_fields(L, "heap:tree", names);
	if (!has_field(L, "depth"))
		return luaL_error(L, "heap:tree needs a 'depth': levels");
	struct ol_load_spec spec = { .kind = OL_LOAD_TREE };
	spec.tree.depth = (unsigned)count_field(L, "depth", 1, OL_LOAD_TREE_DEPTH_MAX, 0);
	spec.tree.payload_bytes = bytes_field(L, "payload", OL_LOAD_OBJECT_BYTES_MAX, 0);
	struct ol_run_load_plan plan = plan_fields(L, "heap:tree", spec.kind, true);
	return create(L, &spec, &plan);
}

/***
 * Allocates `bytes` or `objects` of `size` (one, or { from, to }), then drops all but a share of
 * `keep` (0.1) of them, spread evenly: what is freed lies in holes. `rate`: bytes a second.
 * @function heap:survivors
 * @tparam table fields
 * @treturn load
 */
static int heap_survivors(lua_State *L) {
	static const char *const names[FIELDS_MAX] = { "size", "bytes", "objects", "keep", "rate" };
	ol_subject_check_heap(L);
	ol_subject_check_fields(L, "heap:survivors", names);
	struct ol_load_spec spec = { .kind = OL_LOAD_SURVIVORS };
	spec.sizes = sizes_field(L, "heap:survivors", 1);
	spec.survivors.keep_share = number_field(L, "keep", 0, 1, 0.1);
	struct ol_run_load_plan plan = plan_fields(L, "heap:survivors", spec.kind, false);
	return create(L, &spec, &plan);
}

static struct load_handle *check_load(lua_State *L) {
	struct load_handle *handle = luaL_checkudata(L, 1, OL_HANDLE_LOAD);
	if (handle->load == NULL)
		luaL_error(L, "this load was released");
	return handle;
}

/***
 * Goes on with what is there, in the same way. Fields: `objects`, `bytes`, `seconds`, and for a
 * cache `requests`, for a queue `items`, for a tree `rebuild`: so much more, whichever comes first;
 * `rate`.
 * @function load:run
 * @tparam table fields
 * @treturn load itself
 */
static int load_run(lua_State *L) {
	struct load_handle *handle = check_load(L);
	enum ol_load_kind kind = ol_run_load_kind(handle->load);
	/* What survives is known only when all was made: no time may end it. */
	const char *names[FIELDS_MAX] = { "objects", "bytes", "rate", NULL };
	size_t count = 3;
	if (kind != OL_LOAD_SURVIVORS)
		names[count++] = "seconds";
	if (operation_names[kind] != NULL)
		names[count++] = operation_names[kind];
	ol_subject_check_fields(L, "load:run", names);
	struct ol_run_load_plan plan = plan_fields(L, "load:run", kind, false);
	struct ol_error error;
	ol_subject_note_place(L);
	if (ol_run_load_go_on(handle->load, &plan, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	lua_settop(L, 1); /* load */
	return 1;
}

/***
 * Bytes that the load keeps alive now, as they are rounded up in the heap. What it keeps them by,
 * about 8 bytes an object, is not among them.
 * @function load:bytes
 * @treturn integer
 */
static int load_bytes(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_load_totals(check_load(L)->load).live_bytes); /* bytes */
	return 1;
}

/***
 * How many objects the load keeps alive now.
 * @function load:objects
 * @treturn integer
 */
static int load_objects(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_load_totals(check_load(L)->load).live_objects); /* objects */
	return 1;
}

/***
 * Bytes that the load has allocated so far, as they are rounded up in the heap.
 * @function load:allocated_bytes
 * @treturn integer
 */
static int load_allocated_bytes(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_load_totals(check_load(L)->load).allocated_bytes); /* bytes */
	return 1;
}

/***
 * How many objects the load has allocated so far.
 * @function load:allocated_objects
 * @treturn integer
 */
static int load_allocated_objects(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_load_totals(check_load(L)->load).allocated_objects); /* count */
	return 1;
}

static void let_go(struct load_handle *handle) {
	ol_run_load_release(handle->load);
	handle->load = NULL;
}

/***
 * Lets go of all that the load keeps: it is garbage now. The handle is of no use any more.
 * @function load:release
 */
static int load_release(lua_State *L) {
	let_go(check_load(L));
	return 0;
}

/* <close>: releases what is not released yet. */
static int load_close(lua_State *L) {
	struct load_handle *handle = lua_touserdata(L, 1);
	if (handle != NULL && handle->load != NULL)
		let_go(handle);
	return 0;
}

static int load_tostring(lua_State *L) {
	const struct load_handle *handle = lua_touserdata(L, 1);
	if (handle == NULL || handle->load == NULL)
		lua_pushliteral(L, "load (released)"); /* text */
	else
		lua_pushfstring(L, "load (%s)", kind_names[ol_run_load_kind(handle->load)]); /* text */
	return 1;
}

static void open_handle(lua_State *L) {
	static const luaL_Reg methods[] = {
		{ "run", load_run },
		{ "bytes", load_bytes },
		{ "objects", load_objects },
		{ "allocated_bytes", load_allocated_bytes },
		{ "allocated_objects", load_allocated_objects },
		{ "release", load_release },
		{ NULL, NULL },
	};
	ol_handle_open_kind(
		L, &(struct ol_handle_kind){ OL_HANDLE_LOAD, methods, load_close, load_tostring });
}

void ol_subject_open_loads(lua_State *L) {
	static const luaL_Reg heap_methods[] = {
		{ "churn", heap_churn },
		{ "ramp", heap_ramp },
		{ "cache", heap_cache },
		{ "queue", heap_queue },
		{ "tree", heap_tree },
		{ "survivors", heap_survivors },
		{ NULL, NULL },
	};
	open_handle(L);
	luaL_getmetatable(L, OL_HANDLE_HEAP); /* metatable */
	lua_getfield(L, -1, "__index");       /* metatable, methods */
	luaL_setfuncs(L, heap_methods, 0);
	lua_pop(L, 2);
}
