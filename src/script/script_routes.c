/* script_routes.c -- The routes of an open script, copied from Lua into C.
 *
 * What is a fitting route is decided in lua/lab/http.lua; here are only copies. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/core.h"
#include "script/script_internal.h"

static bool read_flag(lua_State *L, int index, const char *name) {
	ol_script_raw_field(L, index, name); /* flag */
	bool flag = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return flag;
}

static void read_route(lua_State *L, int index, struct ol_route *route) {
	char kind[OL_NAME_BYTES];
	ol_script_copy_field(L, index, "path", route->path, sizeof route->path);
	ol_script_copy_field(L, index, "doc", route->doc, sizeof route->doc);
	ol_script_copy_field(L, index, "kind", kind, sizeof kind);
	route->kind = strcmp(kind, "statistics") == 0 ? OL_ROUTE_STATISTICS : OL_ROUTE_HANDLER;
	route->is_post_only = read_flag(L, index, "post");
	route->is_json_only = read_flag(L, index, "json");
	if (ol_script_raw_field(L, index, "arguments") != LUA_TTABLE) /* arguments */
		luaL_error(L, "the library gave no arguments");
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= count && i <= OL_ROUTE_ARGUMENTS_MAX; i++) {
		if (lua_rawgeti(L, -1, i) != LUA_TTABLE) /* arguments, argument */
			luaL_error(L, "the library gave a bad argument");
		ol_script_read_option(L, lua_gettop(L), &route->arguments[i - 1]);
		route->argument_count = (uint32_t)i;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

void ol_script_read_routes(lua_State *L, struct ol_script *script) {
	lua_Integer count = ol_lua_count_routes(L);
	if (count == 0)
		return;
	struct ol_route *routes = calloc((size_t)count, sizeof *routes);
	if (routes == NULL) {
		luaL_error(L, "no memory for the routes");
		return;
	}
	script->routes = routes; /* Freed with the script, also if this raises. */
	for (lua_Integer i = 0; i < count; i++) {
		ol_lua_push_route(L, i); /* route */
		read_route(L, lua_gettop(L), &routes[i]);
		script->route_count = (size_t)i + 1;
		lua_pop(L, 1);
	}
}

const struct ol_route *ol_script_routes(const struct ol_script *script, size_t *ret_count) {
	*ret_count = script->route_count;
	return script->routes;
}

const char *ol_script_listen(const struct ol_script *script) {
	return script->listen;
}
