/* failure.h -- Turns a Lua error into one line, "FILE:LINE: message", and a traceback.
 *
 * Writes into fixed buffers: the error may well be that no memory is left. */
#ifndef OL_SCRIPT_FAILURE_H
#define OL_SCRIPT_FAILURE_H

#include "script/state.h"

/* thread died with status and has the error object on top; its stack still stands. L is alive and
 * in protected mode. Returns the negative code that ol_lua_enter is to return. */
int ol_lua_describe_failure(
	struct ol_lua *lua, lua_State *L, lua_State *thread, int status, struct ol_error *error);

/* What to say when the state could not get memory: who holds how much, and what to do. */
int ol_lua_describe_no_memory(const struct ol_lua *lua, struct ol_error *error);
/* The same without the script's name. */
void ol_lua_tell_no_memory(const struct ol_lua *lua, char *text, size_t text_bytes);

#endif
