/* finder.h -- require: lab, lab.* and the modules beside the script; nothing else is found. */
#ifndef OL_SCRIPT_FINDER_H
#define OL_SCRIPT_FINDER_H

#include <stddef.h>

#include <lua.h>

#include "base/error.h"

/* The global function. Raises, blaming the caller. */
int ol_lua_require(lua_State *L);

/* Leaves the module on the stack, for C. Raises. */
void ol_lua_push_module(lua_State *L, const char *name);

/* Makes the table on top of the stack the module of that name, and pops it. Raises. */
void ol_lua_set_module(lua_State *L, const char *name);

/* The embedded file of that name; NULL if there is none. */
const struct ol_embedded_file *ol_embedded_file_find(const char *name);

/* Reads a regular file of at most OL_LUA_TEXT_BYTES_MAX bytes into memory for free(); a NUL stands
 * behind its end. -ENOENT and other errno values name the file. */
int ol_script_read_file(
	const char *path, char **ret_text, size_t *ret_bytes, struct ol_error *error);

#endif
