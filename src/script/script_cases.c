/* script_cases.c -- The cases of a scenario, read from Lua one at a time.
 *
 * lua/lab/cases.lua has checked them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/core.h"
#include "script/job.h"
#include "script/script_internal.h"

struct reading {
	const struct ol_script *script;
	size_t index;
	struct ol_script_case *read;
};

/* The list of { name, text } on top of the stack, which it pops. */
static size_t take_pairs(lua_State *L, struct ol_script_setting *pairs, size_t pair_max) {
	size_t count = (size_t)lua_rawlen(L, -1);
	if (count > pair_max)
		luaL_error(L, "a case has more than %d values", (int)pair_max);
	for (size_t i = 0; i < count; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i + 1); /* list, pair */
		lua_rawgeti(L, -1, 1);                  /* list, pair, name */
		lua_rawgeti(L, -2, 2);                  /* list, pair, name, text */
		snprintf(pairs[i].name, sizeof pairs[i].name, "%s", luaL_checkstring(L, -2));
		snprintf(pairs[i].text, sizeof pairs[i].text, "%s", luaL_checkstring(L, -1));
		lua_pop(L, 3);
	}
	lua_pop(L, 1);
	return count;
}

static int read_case(lua_State *L) {
	struct reading *reading = lua_touserdata(L, 1);
	struct ol_script_case *read = reading->read;
	char outcome[OL_NAME_BYTES];
	ol_lua_push_declaration(L, reading->script->declaration_index); /* ..., declaration */
	ol_script_raw_field(L, -1, "cases");                            /* ..., cases */
	lua_rawgeti(L, -1, (lua_Integer)reading->index + 1);            /* ..., cases, case */
	luaL_checktype(L, -1, LUA_TTABLE);
	int index = lua_gettop(L);
	ol_script_copy_field(L, index, "name", read->name, sizeof read->name);
	ol_script_copy_field(L, index, "outcome", outcome, sizeof outcome);
	read->has_outcome = outcome[0] != '\0' && ol_outcome_parse(outcome, &read->outcome) == 0;
	ol_script_raw_field(L, index, "settings"); /* ..., case, settings */
	read->setting_count = take_pairs(L, read->settings, OL_SCRIPT_SETTINGS_MAX);
	ol_script_raw_field(L, index, "options"); /* ..., case, options */
	read->option_count = take_pairs(L, read->options, OL_OPTIONS_MAX);
	return 0;
}

int ol_script_case_read(struct ol_script *script, size_t index, struct ol_script_case *ret_case,
	struct ol_error *error) {
	struct reading reading = { script, index, ret_case };
	return ol_script_enter(script, read_case, &reading, NULL, error);
}

size_t ol_script_case_count(const struct ol_script *script) {
	return script->case_count;
}
