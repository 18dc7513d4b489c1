/* order.h -- pairs and next in an order that is the same in every run, on every machine.
 *
 * Positive whole numbers first, ascending; then other numbers, ascending; strings, in the order of
 * their bytes; false, true; then all else, in no order that one may rely on. As in Lua's own, what
 * a table has may be changed and cleared while it is traversed. */
#ifndef OL_SCRIPT_ORDER_H
#define OL_SCRIPT_ORDER_H

#include <lua.h>

/* Puts pairs and next into the table on top of the stack. Raises. */
void ol_lua_open_order(lua_State *L);

#endif
