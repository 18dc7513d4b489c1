/* embedded.h -- The Lua library and the bundled scripts, inside the binary.
 *
 * tools/embed.lua writes the definitions at build time from the list in lua/meson.build. Which
 * directory overrides an embedded file is not decided here. */
#ifndef OL_SCRIPT_EMBEDDED_H
#define OL_SCRIPT_EMBEDDED_H

#include <stddef.h>

#include <lua.h>

struct ol_embedded_file {
	const char *name; /* As in the source tree: "lua/lab/init.lua", "scripts/spike.lua". */
	const char *text; /* A NUL follows the last byte; text_bytes does not count it. */
	size_t text_bytes;
	const char *code; /* The same compiled by the Lua that built us. */
	size_t code_bytes;
};

/* Sorted by name (strcmp); after the last one stands an entry whose name is NULL. */
extern const struct ol_embedded_file ol_embedded_files[];
extern const size_t ol_embedded_files_count;

/* Loads a file as name, "@scripts/spike.lua": compiled, where the Lua that compiled it is the Lua
 * that we run, else from its text. Leaves the chunk, or a message, on the stack; a lua_load status.
 */
int ol_embedded_load(lua_State *L, const struct ol_embedded_file *file, const char *name);
/* The file of that name, if that is its text; NULL. */
const struct ol_embedded_file *ol_embedded_file_match(
	const char *name, const char *text, size_t text_bytes);

#endif
