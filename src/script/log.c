/* log.c -- Log lines of a script. */
#include "script/log.h"

#include <ctype.h>
#include <string.h>

#include <lauxlib.h>

#include "script/state.h"
#include "script/tell.h"

void ol_lua_log(lua_State *L, const char *text) {
	struct ol_lua *lua = ol_lua_of(L);
	if (lua->config.log == NULL)
		return;
	for (const char *next = text;;) {
		char line[OL_TEXT_BYTES];
		size_t length = strcspn(next, "\n");
		size_t kept = length < sizeof line ? length : sizeof line - 1;
		for (size_t i = 0; i < kept; i++)
			/* An escape sequence in a script's text must not steer the user's terminal. */
			line[i] = iscntrl((unsigned char)next[i]) && next[i] != '\t' ? '?' : next[i];
		line[kept] = '\0';
		lua->config.log(lua->config.context, line);
		if (next[length] == '\0' || next[length + 1] == '\0')
			return;
		next += length + 1;
	}
}

/***
 * Tells the lab a line: the arguments by tostring, tabs between them.
 * @function print
 * @param ...
 */
int ol_lua_print(lua_State *L) {
	int argument_count = lua_gettop(L);
	luaL_Buffer buffer;
	luaL_buffinit(L, &buffer);
	for (int i = 1; i <= argument_count; i++) {
		if (i > 1)
			luaL_addchar(&buffer, '\t');
		ol_lua_tell(L, i); /* ..., text */
		luaL_addvalue(&buffer);
	}
	luaL_pushresult(&buffer); /* ..., line */
	ol_lua_log(L, lua_tostring(L, -1));
	return 0;
}
