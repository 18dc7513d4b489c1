/* catch.c -- pcall, xpcall and coroutines that let through what ends the state. */
#include "script/catch.h"

#include <errno.h>

#include <lauxlib.h>

#include "script/failure.h"
#include "script/state.h"

/* After an error was caught: raises it anew where the script is at its end. */
static void let_through(lua_State *L) {
	struct ol_lua *lua = ol_lua_of(L);
	if (lua->is_aborted)
		ol_lua_abort(L, lua->abort_error.code, lua->abort_error.message);
	if (!lua->allocator.is_exhausted)
		return;
	char sentence[OL_ERROR_MESSAGE_BYTES];
	ol_lua_tell_no_memory(lua, sentence, sizeof sentence);
	ol_lua_abort(L, -EBADMSG, sentence);
}

/* context: how many values below the results are not among them. */
static int finish_call(lua_State *L, int status, lua_KContext context) {
	if (status == LUA_OK || status == LUA_YIELD)
		return lua_gettop(L) - (int)context;
	let_through(L);
	lua_pushboolean(L, false); /* ..., message, false */
	lua_pushvalue(L, -2);      /* ..., message, false, message */
	return 2;
}

/***
 * Lua's own; what ends the script is not caught.
 * @function pcall
 * @tparam function f
 * @param ...
 * @treturn boolean fine
 * @return results, or the message
 */
static int catching_pcall(lua_State *L) {
	luaL_checkany(L, 1);
	lua_pushboolean(L, true); /* function, arguments, true */
	lua_insert(L, 1);         /* true, function, arguments */
	int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_call);
	return finish_call(L, status, 0);
}

/* The script's own handler may run without end, and no hook reaches it where it was a hook that
 * raised the error. */
static int handle_message(lua_State *L) {
	if (ol_lua_of(L)->is_aborted)
		return 1;
	lua_settop(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1)); /* message, handler */
	lua_insert(L, 1);                      /* handler, message */
	lua_call(L, 1, 1);                     /* result */
	return 1;
}

/***
 * Lua's own; what ends the script is not caught, and its handler not called.
 * @function xpcall
 * @tparam function f
 * @tparam function handler
 * @param ...
 * @treturn boolean fine
 * @return results, or what the handler made of the message
 */
static int catching_xpcall(lua_State *L) {
	int argument_count = lua_gettop(L) - 2;
	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushvalue(L, 2);                    /* function, handler, arguments, handler */
	lua_pushcclosure(L, handle_message, 1); /* ..., guarded */
	lua_replace(L, 2);                      /* function, guarded, arguments */
	lua_pushboolean(L, true);               /* ..., true */
	lua_pushvalue(L, 1);                    /* ..., true, function */
	lua_rotate(L, 3, 2);                    /* function, guarded, true, function, arguments */
	int status = lua_pcallk(L, argument_count, LUA_MULTRET, 2, 2, finish_call);
	return finish_call(L, status, 2);
}

/* After the deadline no coroutine may begin: each would have some instructions of its own. */
static void refuse_new(lua_State *L) {
	const struct ol_lua *lua = ol_lua_of(L);
	if (lua->is_aborted)
		ol_lua_abort(L, lua->abort_error.code, lua->abort_error.message);
	ol_lua_watch(L);
	ol_lua_count_coroutine(L);
}

static int original(lua_State *L) {
	/* In this call's place, so that its errors are the caller's. */
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int catching_create(lua_State *L) {
	refuse_new(L);
	return original(L);
}

/* What a wrapped coroutine raises comes out as an error of its caller's. */
static int catching_resume(lua_State *L) {
	int result_count = original(L);
	if (result_count > 0 && !lua_toboolean(L, -result_count))
		let_through(L);
	return result_count;
}

static void replace(lua_State *L, const char *name, lua_CFunction function) {
	lua_getfield(L, -1, name);        /* library, original */
	lua_pushcclosure(L, function, 1); /* library, replacement */
	lua_setfield(L, -2, name);
}

void ol_lua_catch_coroutines(lua_State *L) {
	replace(L, "create", catching_create);
	replace(L, "wrap", catching_create);
	replace(L, "resume", catching_resume);
	replace(L, "close", catching_resume);
}

void ol_lua_open_catch(lua_State *L) {
	static const luaL_Reg functions[] = {
		{ "pcall", catching_pcall },
		{ "xpcall", catching_xpcall },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, functions, 0);
}
