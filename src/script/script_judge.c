/* script_judge.c -- A scenario's expectation and an experiment's program, in the lab. */
#include <lauxlib.h>

#include "script/core.h"
#include "script/finder.h"
#include "script/script_internal.h"

struct judging {
	struct ol_script *script;
	const struct ol_run_summary *summary;
	int met;
};

/* true, false, or nil for no answer. */
static int take_verdict(lua_State *L, const char *what) {
	int type = lua_type(L, -1);
	if (type == LUA_TNIL)
		return -1;
	if (type != LUA_TBOOLEAN)
		return luaL_error(
			L, "%s must return true, false or nil, not a %s", what, lua_typename(L, type));
	return lua_toboolean(L, -1);
}

static int expect_body(lua_State *L) {
	struct judging *judging = lua_touserdata(L, 1);
	judging->met = -1;
	ol_lua_push_declaration(L, judging->script->declaration_index); /* argument, declaration */
	if (ol_script_raw_field(L, -1, "expect") != LUA_TFUNCTION)      /* ..., expect */
		return 0;
	ol_lua_push_module(L, "lab.run");            /* ..., expect, module */
	lua_getfield(L, -1, "wrap");                 /* ..., expect, module, wrap */
	lua_remove(L, -2);                           /* ..., expect, wrap */
	ol_script_push_summary(L, judging->summary); /* ..., expect, wrap, summary */
	lua_call(L, 1, 1);                           /* ..., expect, run */
	ol_script_push_options(L, judging->script);  /* ..., expect, run, opt */
	lua_call(L, 2, 1);                           /* ..., verdict */
	judging->met = take_verdict(L, "expect");
	return 0;
}

int ol_script_expect(struct ol_script *script, const struct ol_run_summary *summary, int *ret_met,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct judging judging = { .script = script, .summary = summary };
	script->lua->is_in_program = true;
	int result = ol_script_enter(script, expect_body, &judging, ret_failure, error);
	script->lua->is_in_program = false;
	if (result == 0)
		*ret_met = judging.met;
	return result;
}

static int experiment_body(lua_State *L) {
	struct judging *judging = lua_touserdata(L, 1);
	ol_lua_push_declaration(L, judging->script->declaration_index); /* argument, declaration */
	ol_script_raw_field(L, -1, "program");                          /* ..., program */
	ol_script_push_options(L, judging->script);                     /* ..., program, opt */
	lua_call(L, 1, 1);                                              /* ..., verdict */
	judging->met = take_verdict(L, "the program of an experiment");
	return 0;
}

int ol_script_run_experiment(struct ol_script *script, const struct ol_script_host *host,
	int *ret_met, struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct judging judging = { .script = script };
	script->host = host;
	script->lua->is_in_program = true;
	int result = ol_script_enter(script, experiment_body, &judging, ret_failure, error);
	script->lua->is_in_program = false;
	script->host = NULL;
	if (result == 0)
		*ret_met = judging.met;
	return result;
}
