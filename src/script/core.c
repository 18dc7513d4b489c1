/* core.c -- lab.core: what the Lua half of the library needs from C on both sides.
 *
 * Scripts are to use the module lab instead. */
#include "script/core.h"

#include <lauxlib.h>

#include "base/units.h"
#include "record/route.h"
#include "script/finder.h"
#include "script/log.h"
#include "script/push.h"
#include "script/state.h"

static const char declarations_key = 0; /* Its address: the list, in the registry. */
static const char policy_key = 0;       /* The policy last declared. */
static const char routes_key = 0;       /* The list of routes. */

static int call_blaming(lua_State *L) {
	int argument_count = lua_gettop(L);
	lua_pushvalue(L, lua_upvalueindex(1)); /* arguments, function */
	lua_insert(L, 1);                      /* function, arguments */
	lua_call(L, argument_count, 2);        /* result, message */
	if (lua_isnil(L, 1) && lua_isstring(L, 2))
		return luaL_error(L, "%s", lua_tostring(L, 2));
	lua_settop(L, 1);
	return 1;
}

/***
 * Makes a function whose failures are the caller's: where function returns nil and a message, the
 * result raises that message at the line that called it. Being C, it keeps that line even in
 * `return lab.scenario { ... }`, a tail call, which would lose it.
 * @function core.blame
 * @tparam function f
 * @treturn function
 */
static int core_blame(lua_State *L) {
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_pushcclosure(L, call_blaming, 1); /* blaming */
	return 1;
}

/***
 * Tells the lab a line, or several divided by newlines.
 * @function core.log
 * @tparam string text
 */
static int core_log(lua_State *L) {
	ol_lua_log(L, luaL_checkstring(L, 1));
	return 0;
}

/***
 * Reads a size as people write it: 32M, 0.5GiB, 100MB.
 * @function core.parse_bytes
 * @tparam string text
 * @tparam[opt] integer whole  what a share is of: then 90% is a size, too
 * @treturn[1] integer bytes
 * @return[2] nil
 * @treturn[2] string what was expected
 */
static int core_parse_bytes(lua_State *L) {
	struct ol_error error;
	uint64_t bytes;
	lua_Integer whole_bytes = luaL_optinteger(L, 2, 0);
	luaL_argcheck(L, whole_bytes >= 0, 2, "expected at least 0");
	if (ol_parse_bytes(luaL_checkstring(L, 1), (uint64_t)whole_bytes, &bytes, &error) < 0) {
		lua_pushnil(L);                   /* nil */
		lua_pushstring(L, error.message); /* nil, message */
		return 2;
	}
	ol_lua_push_uint64(L, bytes); /* bytes */
	return 1;
}

static void push_list(lua_State *L, const char *key) {
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL) /* list or nil */
		return;
	lua_pop(L, 1);
	lua_newtable(L);      /* list */
	lua_pushvalue(L, -1); /* list, list */
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static void push_declarations(lua_State *L) {
	push_list(L, &declarations_key); /* list */
}

/* Appends the table at index 1 to the list on top of the stack: its index, from 0; or nil and
 * refusal, where that is not NULL. */
static int append_or_refuse(lua_State *L, const char *refusal) {
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	if (refusal != NULL) {
		lua_pushnil(L);             /* ..., nil */
		lua_pushstring(L, refusal); /* ..., nil, message */
		return 2;
	}
	lua_pushvalue(L, 1); /* ..., list, table */
	lua_rawseti(L, -2, count + 1);
	lua_pushinteger(L, count); /* ..., list, index */
	return 1;
}

/***
 * Notes a scenario or an experiment. The order is how the subject finds the scenario that the lab
 * chose, so nothing may be declared once a program runs.
 * @function core.declare
 * @tparam table declaration  checked by the Lua half
 * @treturn[1] integer its index, from 0
 * @return[2] nil
 * @treturn[2] string why not
 */
static int core_declare(lua_State *L) {
	luaL_checktype(L, 1, LUA_TTABLE);
	const char *refusal = NULL;
	push_declarations(L); /* declaration, list */
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	if (ol_lua_of(L)->is_in_program)
		refusal = "scenarios and experiments are declared when the script is loaded, not while a "
				  "program runs";
	else if (count >= OL_LUA_DECLARATIONS_MAX)
		refusal = "too many scenarios and experiments in one script";
	return append_or_refuse(L, refusal);
}

/* Whether a route of the list on top of the stack has the path of the table at index 1. */
static bool has_path(lua_State *L) {
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	bool is_found = false;
	lua_getfield(L, 1, "path"); /* list, path */
	for (lua_Integer i = 1; i <= count && !is_found; i++) {
		lua_rawgeti(L, -2, i);       /* list, path, route */
		lua_getfield(L, -1, "path"); /* list, path, route, other */
		is_found = lua_rawequal(L, -1, -3);
		lua_pop(L, 2);
	}
	lua_pop(L, 1);
	return is_found;
}

/***
 * Notes a route. The order is how the subject finds the handler that a request is for, so none may
 * be declared once a program runs.
 * @function core.declare_route
 * @tparam table route  checked by the Lua half
 * @treturn[1] integer its index, from 0
 * @return[2] nil
 * @treturn[2] string why not
 */
static int core_declare_route(lua_State *L) {
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	const char *refusal = NULL;
	push_list(L, &routes_key); /* route, list */
	if (ol_lua_of(L)->is_in_program)
		refusal = "routes are declared when the script is loaded, not while a program runs";
	else if (lua_rawlen(L, -1) >= OL_ROUTES_MAX)
		refusal = "too many routes in one script";
	else if (has_path(L))
		refusal = "there is a route of this path already";
	return append_or_refuse(L, refusal);
}

/***
 * Notes a policy. A file has one, which it returns.
 * @function core.declare_policy
 * @tparam table policy  checked by the Lua half
 * @treturn table policy
 */
static int core_declare_policy(lua_State *L) {
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_pushvalue(L, 1); /* policy, policy */
	lua_rawsetp(L, LUA_REGISTRYINDEX, &policy_key);
	return 1;
}

void ol_lua_push_policy(lua_State *L) {
	lua_rawgetp(L, LUA_REGISTRYINDEX, &policy_key); /* policy */
}

bool ol_lua_is_policy(lua_State *L, int index) {
	int value = lua_absindex(L, index);
	ol_lua_push_policy(L); /* policy */
	bool is_policy = lua_istable(L, -1) && lua_rawequal(L, value, -1);
	lua_pop(L, 1);
	return is_policy;
}

lua_Integer ol_lua_count_routes(lua_State *L) {
	push_list(L, &routes_key); /* list */
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	lua_pop(L, 1);
	return count;
}

void ol_lua_push_route(lua_State *L, lua_Integer index) {
	push_list(L, &routes_key);     /* list */
	lua_rawgeti(L, -1, index + 1); /* list, route */
	lua_remove(L, -2);             /* route */
}

lua_Integer ol_lua_count_declarations(lua_State *L) {
	push_declarations(L); /* list */
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	lua_pop(L, 1);
	return count;
}

void ol_lua_push_declaration(lua_State *L, lua_Integer index) {
	push_declarations(L);          /* list */
	lua_rawgeti(L, -1, index + 1); /* list, declaration */
	lua_remove(L, -2);             /* declaration */
}

void ol_lua_close_table(lua_State *L, const char *what) {
	ol_lua_push_module(L, "lab.names"); /* table, names */
	lua_getfield(L, -1, "close");       /* table, names, close */
	lua_replace(L, -2);                 /* table, close */
	lua_insert(L, -2);                  /* close, table */
	lua_pushstring(L, what);            /* close, table, what */
	lua_call(L, 2, 1);                  /* table */
}

void ol_lua_open_core(lua_State *L) {
	static const luaL_Reg functions[] = {
		{ "blame", core_blame },
		{ "log", core_log },
		{ "parse_bytes", core_parse_bytes },
		{ "declare", core_declare },
		{ "declare_policy", core_declare_policy },
		{ "declare_route", core_declare_route },
		{ NULL, NULL },
	};
	const struct ol_lua *lua = ol_lua_of(L);
	luaL_newlib(L, functions);                                             /* core */
	lua_pushstring(L, lua->config.side == OL_LUA_LAB ? "lab" : "subject"); /* core, side */
	lua_setfield(L, -2, "side");
	if (lua->config.open_core != NULL)
		lua->config.open_core(L); /* core */
	ol_lua_set_module(L, "lab.core");
}
