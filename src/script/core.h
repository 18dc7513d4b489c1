/* core.h -- lab.core: the small C half of the library, as far as both sides have it. */
#ifndef OL_SCRIPT_CORE_H
#define OL_SCRIPT_CORE_H

#include <stdbool.h>

#include <lua.h>

/* Makes the module lab.core: the shared functions, then those of the side. Raises. */
void ol_lua_open_core(lua_State *L);

/* Leaves the index-th declaration (from 0) on the stack, or nil. Raises. */
void ol_lua_push_declaration(lua_State *L, lua_Integer index);
lua_Integer ol_lua_count_declarations(lua_State *L);

/* The same for the routes of lab.http. */
void ol_lua_push_route(lua_State *L, lua_Integer index);
lua_Integer ol_lua_count_routes(lua_State *L);

/* Leaves the policy that was declared last on the stack, or nil. */
void ol_lua_push_policy(lua_State *L);
/* Whether the value at index is that. */
bool ol_lua_is_policy(lua_State *L, int index);

/* Takes the table on top of the stack and leaves it closed: reading or writing what is not in it is
 * an error that names what. Raises. */
void ol_lua_close_table(lua_State *L, const char *what);
#define OL_LUA_OPTIONS_NAME "this script's options"

#endif
