/* sandbox.c -- The globals of a script.
 *
 * No io, os, debug, package; nothing that loads code but require, unless it is trusted. A few
 * functions of the libraries are replaced because they could run without end where no deadline can
 * reach: in C, or in a finalizer. */
#include "script/sandbox.h"

#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/catch.h"
#include "script/finder.h"
#include "script/log.h"
#include "script/order.h"
#include "script/state.h"
#include "script/tell.h"

enum { REPEAT_MAX = 1 << 30, MOVE_MAX = 1 << 26 };

/* What people look for, and what to do instead. */
static const struct {
	const char *name;
	const char *advice;
} absent_names[] = {
	{ "io", "a script has no files; print() tells the lab a line" },
	{ "os", "a script has no processes, files or clock; settings such as timeout are fields of "
			"lab.scenario" },
	{ "debug", "it would open the sandbox" },
	{ "package", "require finds lab, lab.* and the modules beside the script" },
	{ "load", "code comes from files: see require" },
	{ "loadstring", "code comes from files: see require" },
	{ "loadfile", "code comes from files: see require" },
	{ "dofile", "code comes from files: see require" },
	{ "warn", "print() tells the lab a line" },
};

static int refuse_undefined(lua_State *L) {
	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "undefined variable");
	const char *name = lua_tostring(L, 2);
	for (size_t i = 0; i < sizeof absent_names / sizeof *absent_names; i++)
		if (strcmp(name, absent_names[i].name) == 0)
			return luaL_error(
				L, "%s is not available to scripts: %s", name, absent_names[i].advice);
	return luaL_error(L, "undefined variable '%s'", name);
}

static int refuse_global(lua_State *L) {
	return luaL_error(
		L, "assignment to undefined variable '%s'; declare it with local", ol_lua_tell(L, 2));
}

/***
 * Lua's own, as far as it is harmless: stopping the collector is not.
 * @function collectgarbage
 * @tparam[opt="collect"] string what  "collect" or "count"
 * @treturn number 0, or what the script's Lua state holds, in KiB
 */
static int sandboxed_collectgarbage(lua_State *L) {
	static const char *const allowed[] = { "collect", "count", NULL };
	int choice = luaL_checkoption(L, 1, "collect", allowed);
	if (choice == 0) {
		lua_gc(L, LUA_GCCOLLECT);
		lua_pushinteger(L, 0); /* 0 */
		return 1;
	}
	lua_pushnumber(L, (double)ol_lua_of(L)->allocator.held_bytes / 1024); /* KiB */
	return 1;
}

/***
 * Lua's own, without finalizers: they run where no deadline reaches, an endless one could not be
 * ended.
 * @function setmetatable
 * @tparam table object
 * @tparam table|nil metatable  without __gc
 * @treturn table object
 */
static int sandboxed_setmetatable(lua_State *L) {
	luaL_checktype(L, 1, LUA_TTABLE);
	int type = lua_type(L, 2);
	luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
	if (type == LUA_TTABLE) {
		lua_pushliteral(L, "__gc"); /* table, metatable, "__gc" */
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "__gc is not available to scripts: release what you hold, or "
								 "mark it <close>");
	}
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

/* In the present call's place, so that its errors are the caller's. */
static int call_original(lua_State *L) {
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* string.rep("", 2^62) and table.move over as many nils loop in C. */
static int sandboxed_rep(lua_State *L) {
	if (luaL_checkinteger(L, 2) > REPEAT_MAX)
		return luaL_error(L, "string.rep: resulting string too large");
	return call_original(L);
}

static int sandboxed_move(lua_State *L) {
	lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
	if (last >= first && (uint64_t)last - (uint64_t)first >= MOVE_MAX)
		return luaL_error(L, "table.move: too many elements to move");
	return call_original(L);
}

/* The seed is the run's. */
static int sandboxed_randomseed(lua_State *L) {
	luaL_checkinteger(L, 1);
	lua_settop(L, 1);
	return call_original(L);
}

static void remove_fields(lua_State *L, const char *const *names) {
	for (; *names != NULL; names++) {
		lua_pushnil(L); /* library, nil */
		lua_setfield(L, -2, *names);
	}
}

/* Replaces library.name on top of the stack by function, which has the original as upvalue. */
static void replace(lua_State *L, const char *name, lua_CFunction function) {
	lua_getfield(L, -1, name);        /* library, original */
	lua_pushcclosure(L, function, 1); /* library, replacement */
	lua_setfield(L, -2, name);
}

static void open_base(lua_State *L, bool is_trusted) {
	static const char *const removed[] = { "load", "loadfile", "dofile", "warn", NULL };
	static const luaL_Reg replaced[] = {
		{ "collectgarbage", sandboxed_collectgarbage },
		{ "setmetatable", sandboxed_setmetatable },
		{ "print", ol_lua_print },
		{ "require", ol_lua_require },
		{ NULL, NULL },
	};
	luaL_requiref(L, LUA_GNAME, luaopen_base, 0); /* _G */
	if (!is_trusted)
		remove_fields(L, removed);
	luaL_setfuncs(L, replaced, 0);
	ol_lua_open_catch(L);
	ol_lua_open_order(L);
	ol_lua_open_tell(L);
	lua_pop(L, 1);
}

static void open_library(lua_State *L, const char *name, lua_CFunction open) {
	luaL_requiref(L, name, open, 1); /* library */
}

static void protect_globals(lua_State *L) {
	static const luaL_Reg strict[] = {
		{ "__index", refuse_undefined },
		{ "__newindex", refuse_global },
		{ NULL, NULL },
	};
	lua_pushglobaltable(L);   /* _G */
	lua_createtable(L, 0, 3); /* _G, strict */
	luaL_setfuncs(L, strict, 0);
	lua_pushliteral(L, "globals"); /* _G, strict, name */
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

/* package is not among them: our programs are linked statically and load no libraries. */
static void open_trusted(lua_State *L) {
	static const luaL_Reg libraries[] = {
		{ LUA_IOLIBNAME, luaopen_io },
		{ LUA_OSLIBNAME, luaopen_os },
		{ LUA_DBLIBNAME, luaopen_debug },
		{ NULL, NULL },
	};
	for (const luaL_Reg *library = libraries; library->name != NULL; library++) {
		open_library(L, library->name, library->func); /* library */
		lua_pop(L, 1);
	}
}

void ol_lua_open_sandbox(lua_State *L, uint64_t seed, bool is_trusted) {
	static const char *const dump[] = { "dump", NULL };
	open_base(L, is_trusted);
	if (is_trusted)
		open_trusted(L);

	open_library(L, LUA_STRLIBNAME, luaopen_string); /* string */
	if (!is_trusted)
		remove_fields(L, dump);
	replace(L, "rep", sandboxed_rep);
	replace(L, "format", ol_lua_format);
	lua_pop(L, 1);

	open_library(L, LUA_TABLIBNAME, luaopen_table); /* table */
	replace(L, "move", sandboxed_move);
	lua_pop(L, 1);

	open_library(L, LUA_MATHLIBNAME, luaopen_math); /* math */
	lua_getfield(L, -1, "randomseed");              /* math, randomseed */
	lua_pushinteger(L, (lua_Integer)seed);          /* math, randomseed, seed */
	lua_call(L, 1, 0);
	replace(L, "randomseed", sandboxed_randomseed);
	lua_pop(L, 1);

	open_library(L, LUA_UTF8LIBNAME, luaopen_utf8); /* utf8 */
	lua_pop(L, 1);

	open_library(L, LUA_COLIBNAME, luaopen_coroutine); /* coroutine */
	ol_lua_catch_coroutines(L);
	lua_pop(L, 1);

	protect_globals(L);
}
