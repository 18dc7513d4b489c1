/* catch.h -- What a script may catch: errors, but not its own end.
 *
 * pcall, xpcall and the coroutine functions return errors to the script. An abort (a deadline, a
 * policy's order) and a Lua state whose memory is used up go through all of them. */
#ifndef OL_SCRIPT_CATCH_H
#define OL_SCRIPT_CATCH_H

#include <lua.h>

/* Puts pcall and xpcall into the table on top of the stack. Raises. */
void ol_lua_open_catch(lua_State *L);

/* Replaces create, wrap, resume and close in the coroutine library on top of the stack. Raises. */
void ol_lua_catch_coroutines(lua_State *L);

#endif
