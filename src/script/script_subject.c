/* script_subject.c -- A scenario's program, from its text to its outcome. */
#include "script/script_subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "record/frame.h"
#include "script/core.h"
#include "script/push.h"
#include "script/subject.h"

/* A line that a policy prints in on_start: there is no run yet to tell it. */
static void log_early(const struct ol_script_subject *subject, const char *line) {
	static struct ol_frame frame; /* Large. */
	frame.kind = OL_FRAME_EVENT;
	frame.event = (struct ol_event){ .kind = "log" };
	snprintf(frame.event.text, sizeof frame.event.text, "%s", line);
	(void)ol_run_send(subject->links, &frame, NULL);
}

static void log_line(void *context, const char *line) {
	const struct ol_script_subject *subject = context;
	/* A lab that is gone ends this process; a line it does not get is no error of the script. */
	if (subject->run == NULL)
		log_early(subject, line);
	else
		(void)ol_run_log(subject->run, line, NULL);
}

static void note_script_bytes(void *context, uint64_t held_bytes, uint64_t peak_bytes) {
	const struct ol_script_subject *subject = context;
	if (subject->run != NULL)
		ol_run_note_script_bytes(subject->run, held_bytes, peak_bytes);
}

static int spend_instructions(void *context, uint64_t count, struct ol_error *error) {
	const struct ol_script_subject *subject = context;
	return subject->run != NULL ? ol_run_spend_instructions(subject->run, count, error) : 0;
}

static void open_subject_core(lua_State *L) {
	ol_subject_open_handles(L);
	ol_subject_open_heap(L);
	ol_subject_open_loads(L);
	ol_subject_open_holdings(L);
	ol_subject_open_policy_heap(L);
	if (ol_subject_of(L)->spec->is_prompt)
		ol_subject_open_prompt(L);
}

int ol_script_subject_create(const struct ol_run_spec *spec, const struct ol_run_links *links,
	struct ol_script_subject **ret_subject, struct ol_error *error) {
	struct ol_script_subject *subject = calloc(1, sizeof *subject);
	if (subject == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the script");
	subject->spec = spec;
	subject->links = links;
	struct ol_lua_config config = {
		.side = OL_LUA_SUBJECT,
		.script_path = spec->script_path,
		.script_directory = spec->script_directory,
		.library_directory = spec->library_directory,
		.memory_bytes_max = spec->script_memory_bytes_max,
		.memory_advice = "raise that with --script-memory=SIZE",
		.seed = spec->seed,
		.is_trusted = spec->is_trusted != 0,
		.context = subject,
		.log = log_line,
		.on_instructions = ol_world_name_is_pretend(spec->world) ? spend_instructions : NULL,
		.open_core = open_subject_core,
	};
	int result = ol_lua_create(&config, &subject->lua, error);
	if (result == 0) {
		subject->lua->allocator.on_change = note_script_bytes;
		subject->lua->allocator.context = subject;
		result = ol_lua_open(subject->lua, error);
	}
	if (result < 0) {
		ol_script_subject_destroy(subject);
		return result;
	}
	*ret_subject = subject;
	return 0;
}

void ol_script_subject_destroy(struct ol_script_subject *subject) {
	if (subject == NULL)
		return;
	/* The run, which is told what Lua holds, is gone. */
	subject->run = NULL;
	ol_lua_destroy(subject->lua);
	free(subject);
}

struct program {
	struct ol_script_subject *subject;
	const char *text;
};

/* Loads the script and leaves the scenario's program where run_body finds it. */
static int load_body(lua_State *L) {
	const struct program *program = lua_touserdata(L, 1);
	const struct ol_run_spec *spec = program->subject->spec;
	ol_lua_run_text(L, program->text, spec->script_bytes, spec->script_path); /* ..., result */
	ol_lua_push_declaration(L, (lua_Integer)spec->scenario_index); /* ..., result, declaration */
	if (!lua_istable(L, -1))
		return luaL_error(L, "the script has no scenario of number %d", (int)spec->scenario_index);
	lua_pushliteral(L, "program"); /* ..., declaration, "program" */
	if (lua_rawget(L, -2) != LUA_TFUNCTION)
		return luaL_error(L, "the scenario has no program");
	lua_Debug about;
	lua_pushvalue(L, -1); /* ..., program, program */
	lua_getinfo(L, ">S", &about);
	program->subject->program_line = about.linedefined;
	lua_rawsetp(L, LUA_REGISTRYINDEX, program->subject);
	return 0;
}

static int run_body(lua_State *L) {
	const struct program *program = lua_touserdata(L, 1);
	const struct ol_run_spec *spec = program->subject->spec;
	lua_rawgetp(L, LUA_REGISTRYINDEX, program->subject);             /* argument, program */
	ol_subject_push_heap(L);                                         /* ..., program, heap */
	ol_lua_push_option_values(L, spec->options, spec->option_count); /* ..., heap, opt */
	ol_lua_close_table(L, OL_LUA_OPTIONS_NAME);
	ol_subject_push_cage(L); /* ..., program, heap, opt, cage */
	lua_call(L, 3, 0);
	return 0;
}

bool ol_subject_was_refused(const struct ol_script_subject *subject, const struct ol_error *error) {
	return error->code == -ENOMEM || (subject != NULL && subject->refusal[0] != '\0' &&
										 strstr(error->message, subject->refusal) != NULL);
}

static enum ol_outcome outcome_of(
	const struct ol_script_subject *subject, const struct ol_error *error) {
	if (error->code == -ECANCELED)
		return OL_OUTCOME_SHUT_DOWN;
	if (ol_subject_was_refused(subject, error))
		return OL_OUTCOME_OUT_OF_MEMORY;
	return error->code == -EBADMSG ? OL_OUTCOME_SCRIPT_ERROR : OL_OUTCOME_LAB_ERROR;
}

struct ol_script_end ol_script_end_by(
	const struct ol_script_subject *subject, const struct ol_error *error) {
	/* What a policy did wrong goes before all that came of it. */
	if (subject != NULL && subject->has_policy_failed)
		return (struct ol_script_end){
			.outcome = OL_OUTCOME_SCRIPT_ERROR,
			.message = subject->policy_error.message,
			.traceback = subject->policy_traceback,
		};
	struct ol_script_end end = { outcome_of(subject, error), error->message, NULL };
	if (subject != NULL && end.outcome != OL_OUTCOME_SHUT_DOWN)
		end.traceback = subject->lua->traceback;
	return end;
}

static int run_program(struct program *program, struct ol_error *error) {
	struct ol_script_subject *subject = program->subject;
	/* A policy may have ended it when it was asked for the first time. */
	int result = ol_subject_verdict(subject, error);
	if (result == 0)
		result = ol_lua_enter(subject->lua, load_body, program, error);
	if (result == 0)
		result = ol_run_begin(subject->run, error);
	if (result == 0) {
		subject->lua->is_in_program = true;
		ol_lua_limit_instructions(subject->lua, subject->spec->instructions_max);
		result = ol_lua_enter(subject->lua, run_body, program, error);
	}
	if (result == 0)
		result = ol_subject_verdict(subject, error);
	if (result == 0 && subject->spec->is_service)
		result = ol_subject_serve(subject, error);
	note_script_bytes(
		subject, subject->lua->allocator.held_bytes, subject->lua->allocator.peak_bytes);
	return result;
}

void ol_script_run_program(
	struct ol_script_subject *subject, struct ol_run *run, const char *script_text) {
	struct program program = { subject, script_text };
	struct ol_error error;
	subject->run = run;
	if (run_program(&program, &error) < 0) {
		struct ol_script_end end = ol_script_end_by(subject, &error);
		ol_run_end(run, end.outcome, end.message, end.traceback);
	} else {
		ol_run_end(run, OL_OUTCOME_SURVIVED, NULL, NULL);
	}
}
