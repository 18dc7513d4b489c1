/* tell.c -- tostring and string.format, with numbers in place of addresses. */
#include "script/tell.h"

#include <stdbool.h>
#include <string.h>

#include <lauxlib.h>

static const char numbers_key = 0; /* Its address: value -> its number, in the registry. */

static bool is_object(lua_State *L, int index) {
	switch (lua_type(L, index)) {
	case LUA_TTABLE:
	case LUA_TFUNCTION:
	case LUA_TTHREAD:
	case LUA_TUSERDATA:
	case LUA_TLIGHTUSERDATA:
		return true;
	default:
		return false;
	}
}

/* The number of the value at index, which gets the next one when it is told for the first time.
 * Raises. */
static lua_Integer number_of(lua_State *L, int index) {
	int value = lua_absindex(L, index);
	luaL_checkstack(L, 4, "too deep");
	lua_rawgetp(L, LUA_REGISTRYINDEX, &numbers_key); /* numbers */
	lua_pushvalue(L, value);                         /* numbers, value */
	if (lua_rawget(L, -2) == LUA_TNIL) {             /* numbers, number */
		lua_pop(L, 1);
		/* How many there are stands under false, which is no object. */
		lua_pushboolean(L, false); /* numbers, false */
		lua_rawget(L, -2);         /* numbers, count */
		lua_Integer number = lua_tointeger(L, -1) + 1;
		lua_pop(L, 1);
		lua_pushboolean(L, false);  /* numbers, false */
		lua_pushinteger(L, number); /* numbers, false, number */
		lua_rawset(L, -3);
		lua_pushvalue(L, value);    /* numbers, value */
		lua_pushinteger(L, number); /* numbers, value, number */
		lua_rawset(L, -3);
		lua_pushinteger(L, number); /* numbers, number */
	}
	lua_Integer number = lua_tointeger(L, -1);
	lua_pop(L, 2);
	return number;
}

const char *ol_lua_tell(lua_State *L, int index) {
	int value = lua_absindex(L, index);
	if (!is_object(L, value))
		return luaL_tolstring(L, value, NULL);
	if (luaL_getmetafield(L, value, "__tostring") != LUA_TNIL) { /* method */
		lua_pop(L, 1);
		return luaL_tolstring(L, value, NULL);
	}
	int type = luaL_getmetafield(L, value, "__name"); /* [name] */
	const char *name = type == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, value);
	lua_pushfstring(L, "%s: #%I", name, (LUAI_UACINT)number_of(L, value)); /* [name], text */
	if (type != LUA_TNIL)
		lua_remove(L, -2); /* text */
	return lua_tostring(L, -1);
}

/***
 * Lua's own, without addresses: what has no words of its own is told as "table: #1".
 * @function tostring
 * @param value
 * @treturn string
 */
static int told_tostring(lua_State *L) {
	luaL_checkany(L, 1);
	ol_lua_tell(L, 1); /* ..., text */
	return 1;
}

/* In place of the argument at index its text, as %p tells it. */
static void tell_pointer(lua_State *L, int index) {
	int type = lua_type(L, index);
	if (is_object(L, index) || type == LUA_TSTRING)
		lua_pushfstring(L, "#%I", (LUAI_UACINT)number_of(L, index)); /* ..., text */
	else
		lua_pushliteral(L, "(null)"); /* ..., text */
	lua_replace(L, index);
}

/* Goes through the format: the arguments for %s and %p become texts, and each p an s. */
static void tell_arguments(lua_State *L, int argument_count) {
	size_t bytes;
	const char *format = lua_tolstring(L, 1, &bytes);
	char *told = lua_newuserdatauv(L, bytes + 1, 0); /* arguments, told */
	memcpy(told, format, bytes + 1);
	int argument = 1;
	for (char *next = told; next < told + bytes; next++) {
		if (*next != '%' || *++next == '%')
			continue;
		next += strspn(next, "-+ #0123456789.");
		if (++argument > argument_count)
			break;
		if (*next == 'p') {
			*next = 's';
			tell_pointer(L, argument);
		} else if (*next == 's' && is_object(L, argument)) {
			ol_lua_tell(L, argument); /* arguments, told, text */
			lua_replace(L, argument);
		}
	}
	lua_pushlstring(L, told, bytes); /* arguments, told, format */
	lua_replace(L, 1);
	lua_pop(L, 1);
}

int ol_lua_format(lua_State *L) {
	int argument_count = lua_gettop(L);
	size_t format_bytes;
	const char *format = luaL_checklstring(L, 1, &format_bytes);
	bool has_objects = memchr(format, 'p', format_bytes) != NULL;
	for (int i = 2; i <= argument_count && !has_objects; i++)
		has_objects = is_object(L, i);
	if (has_objects)
		tell_arguments(L, argument_count);
	/* In this call's place, so that its errors are the caller's. */
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void ol_lua_open_tell(lua_State *L) {
	static const luaL_Reg functions[] = {
		{ "tostring", told_tostring },
		{ NULL, NULL },
	};
	lua_newtable(L);          /* ..., numbers */
	lua_createtable(L, 0, 1); /* ..., numbers, metatable */
	lua_pushliteral(L, "k");  /* ..., numbers, metatable, mode */
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2); /* ..., numbers */
	lua_rawsetp(L, LUA_REGISTRYINDEX, &numbers_key);
	luaL_setfuncs(L, functions, 0);
}
