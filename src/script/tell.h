/* tell.h -- Values as text, without addresses: the same in every run.
 *
 * A table, function, thread or userdata that has no words of its own is told by its kind and a
 * number, in the order in which they were first told: "table: #1". */
#ifndef OL_SCRIPT_TELL_H
#define OL_SCRIPT_TELL_H

#include <lua.h>

/* As luaL_tolstring: leaves the text of the value at index on the stack. May call its __tostring,
 * and raise what that raises. */
const char *ol_lua_tell(lua_State *L, int index);

/* Puts tostring into the table on top of the stack. */
void ol_lua_open_tell(lua_State *L);

/* As string.format, of which %s and %p tell no addresses; the original is the first upvalue. */
int ol_lua_format(lua_State *L);

#endif
