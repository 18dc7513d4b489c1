/* script_subject.c -- A scenario's program, from its text to its outcome. */
#include "script/script_subject.h"

#include <errno.h>
#include <string.h>

#include <lauxlib.h>

#include "script/core.h"
#include "script/push.h"
#include "script/subject.h"

struct program {
	struct ol_subject *subject;
	const char *text;
	size_t text_bytes;
};

static void log_line(void *context, const char *line) {
	struct ol_subject *subject = context;
	/* A lab that is gone ends this process; a line it does not get is no error of the script. */
	(void)ol_run_log(subject->run, line, NULL);
}

static void note_script_bytes(void *context, uint64_t held_bytes, uint64_t peak_bytes) {
	const struct ol_subject *subject = context;
	ol_run_note_script_bytes(subject->run, held_bytes, peak_bytes);
}

static void open_subject_core(lua_State *L) {
	ol_subject_open_handles(L);
	ol_subject_open_heap(L);
}

/* Loads the script and leaves the scenario's program where run_body finds it. */
static int load_body(lua_State *L) {
	const struct program *program = lua_touserdata(L, 1);
	const struct ol_run_spec *spec = ol_run_spec(program->subject->run);
	ol_lua_run_text(L, program->text, program->text_bytes, spec->script_path); /* ..., result */
	ol_lua_push_declaration(L, (lua_Integer)spec->scenario_index); /* ..., result, declaration */
	if (!lua_istable(L, -1))
		return luaL_error(L, "the script has no scenario of number %d", (int)spec->scenario_index);
	lua_pushliteral(L, "program"); /* ..., declaration, "program" */
	if (lua_rawget(L, -2) != LUA_TFUNCTION)
		return luaL_error(L, "the scenario has no program");
	lua_rawsetp(L, LUA_REGISTRYINDEX, program->subject);
	return 0;
}

static int run_body(lua_State *L) {
	const struct program *program = lua_touserdata(L, 1);
	const struct ol_run_spec *spec = ol_run_spec(program->subject->run);
	lua_rawgetp(L, LUA_REGISTRYINDEX, program->subject);             /* argument, program */
	ol_subject_push_heap(L);                                         /* ..., program, heap */
	ol_lua_push_option_values(L, spec->options, spec->option_count); /* ..., heap, opt */
	ol_lua_close_table(L, OL_LUA_OPTIONS_NAME);
	ol_subject_push_cage(L); /* ..., program, heap, opt, cage */
	lua_call(L, 3, 0);
	return 0;
}

static enum ol_outcome outcome_of(const struct ol_subject *subject, const struct ol_error *error) {
	/* The script may have put words of its own around the refusal. */
	if (subject->refusal[0] != '\0' && strstr(error->message, subject->refusal) != NULL)
		return OL_OUTCOME_OUT_OF_MEMORY;
	return error->code == -EBADMSG ? OL_OUTCOME_SCRIPT_ERROR : OL_OUTCOME_LAB_ERROR;
}

static int run_program(struct program *program, struct ol_error *error) {
	struct ol_subject *subject = program->subject;
	const struct ol_run_spec *spec = ol_run_spec(subject->run);
	struct ol_lua_config config = {
		.side = OL_LUA_SUBJECT,
		.script_path = spec->script_path,
		.script_directory = spec->script_directory,
		.library_directory = spec->library_directory,
		.memory_bytes_max = spec->script_memory_bytes_max,
		.memory_advice = "raise that with --script-memory=SIZE",
		.seed = spec->seed,
		.context = subject,
		.log = log_line,
		.open_core = open_subject_core,
	};
	int result = ol_lua_create(&config, &subject->lua, error);
	if (result < 0)
		return result;
	subject->lua->allocator.on_change = note_script_bytes;
	subject->lua->allocator.context = subject;
	result = ol_lua_open(subject->lua, error);
	if (result == 0)
		result = ol_lua_enter(subject->lua, load_body, program, error);
	if (result == 0)
		result = ol_run_begin(subject->run, error);
	if (result == 0) {
		subject->lua->is_in_program = true;
		result = ol_lua_enter(subject->lua, run_body, program, error);
	}
	note_script_bytes(
		subject, subject->lua->allocator.held_bytes, subject->lua->allocator.peak_bytes);
	return result;
}

void ol_script_run_program(struct ol_run *run, const char *script_text, size_t script_bytes) {
	struct ol_subject subject = { .run = run };
	struct program program = { &subject, script_text, script_bytes };
	struct ol_error error;
	if (run_program(&program, &error) < 0)
		ol_run_end(run, outcome_of(&subject, &error), error.message,
			subject.lua != NULL ? subject.lua->traceback : NULL);
	else
		ol_run_end(run, OL_OUTCOME_SURVIVED, NULL, NULL);
	ol_lua_destroy(subject.lua);
}
