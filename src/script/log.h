/* log.h -- print: what a script says, a line at a time. */
#ifndef OL_SCRIPT_LOG_H
#define OL_SCRIPT_LOG_H

#include <lua.h>

/* Hands text on, a line at a time, cut to OL_TEXT_BYTES - 1 bytes each, control characters made
 * harmless. May raise what the side's log raises. */
void ol_lua_log(lua_State *L, const char *text);

/* Lua's print: arguments by tostring, tabs between. */
int ol_lua_print(lua_State *L);

#endif
