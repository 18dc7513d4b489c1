/* sandbox.h -- What of Lua's own libraries a script may use, and what it is told about the rest. */
#ifndef OL_SCRIPT_SANDBOX_H
#define OL_SCRIPT_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

/* Opens base, string, table, math, utf8 and coroutine without whatever reaches out of the state,
 * stops the deadline or allocates beyond the cap; makes undefined globals errors. For a trusted
 * script io, os, debug and all that loads code as well. Raises. */
void ol_lua_open_sandbox(lua_State *L, uint64_t seed, bool is_trusted);

#endif
