/* subject_prompt.c -- A prompt's side in the cage: what was typed is run, and completed.
 *
 * Lua source is run here and nowhere else, and only where the spec says that a prompt asked for
 * it: no other subject has these functions at all. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/core.h"
#include "script/finder.h"
#include "script/push.h"
#include "script/subject.h"

enum {
	STATUS_OK = 200,
	STATUS_SERVER_ERROR = 500,
	STATUS_INSUFFICIENT_STORAGE = 507,
};
static const char chunk_name[] = "=prompt";
static const char first_line[] = "prompt:1: ";

/* Set by the lab's signal; a process has one prompt. */
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number) {
	is_interrupted = 1;
}

/***
 * Compiles what was typed. Only where a prompt asked for it.
 * @function core.compile
 * @tparam string text
 * @tparam table environment  its globals
 * @treturn function|nil nil, and a second result
 * @treturn string  what is wrong with it
 */
static int core_compile(lua_State *L) {
	size_t bytes;
	const char *text = luaL_checklstring(L, 1, &bytes);
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	/* "t": a precompiled chunk could be made to crash the interpreter. */
	if (luaL_loadbufferx(L, text, bytes, chunk_name, "t") != LUA_OK) { /* text, env, message */
		lua_pushnil(L);                                                /* ..., message, nil */
		lua_insert(L, -2);                                             /* ..., nil, message */
		return 2;
	}
	lua_pushvalue(L, 2);      /* text, env, chunk, env */
	lua_setupvalue(L, -2, 1); /* text, env, chunk */
	return 1;
}

/***
 * The names in a value and in what it inherits from, for completion: no metamethod is called.
 * @function core.members
 * @param value
 * @treturn table|nil  its own
 * @treturn table|nil  what it finds beside them
 */
static int core_members(lua_State *L) {
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	if (!lua_istable(L, 1))
		lua_pushnil(L); /* value, nil */
	else
		lua_pushvalue(L, 1);                              /* value, table */
	if (luaL_getmetafield(L, 1, "__index") == LUA_TTABLE) /* value, own, inherited */
		return 2;
	lua_settop(L, 2);
	return 1;
}

void ol_subject_open_prompt(lua_State *L) {
	static const luaL_Reg functions[] = {
		{ "compile", core_compile },
		{ "members", core_members },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, functions, 0);
	/* Before anything is asked: the lab may change its mind at once. */
	signal(SIGINT, interrupt);
}

/* One line under way. */
struct typed {
	struct ol_script_subject *subject;
	const struct ol_request *request;
	struct ol_answer *answer;
};

/* The text on top of the stack becomes the body, cut to what fits. */
static void take_body(lua_State *L, struct ol_answer *answer) {
	size_t bytes;
	const char *body = luaL_checklstring(L, -1, &bytes);
	if (bytes > sizeof answer->body)
		bytes = sizeof answer->body;
	memcpy(answer->body, body, bytes);
	answer->body_bytes = (uint32_t)bytes;
	answer->has_body = 1;
}

/* Leaves the function of that name of the prompt's library on the stack, the session open. */
static void push_function(lua_State *L, const char *name) {
	ol_lua_push_module(L, "lab.inside_prompt"); /* prompt */
	if (lua_getfield(L, -1, "session") == LUA_TNIL) {
		lua_getfield(L, -2, "open"); /* prompt, nil, open */
		ol_subject_push_heap(L);     /* ..., open, heap */
		ol_subject_push_cage(L);     /* ..., open, heap, cage */
		lua_call(L, 2, 0);           /* prompt, nil */
	}
	lua_pop(L, 1);             /* prompt */
	lua_getfield(L, -1, name); /* prompt, function */
	lua_remove(L, -2);         /* function */
}

/* The line begins a phase of its own: reports and last words call it by what was typed. */
static int begin_phase(const struct typed *typed, struct ol_error *error) {
	char name[OL_NAME_BYTES];
	size_t bytes = typed->request->body_bytes;
	if (bytes > sizeof name - 1)
		bytes = sizeof name - 1;
	memcpy(name, typed->request->body, bytes);
	name[bytes] = '\0';
	for (char *c = name; *c != '\0'; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	return ol_run_phase(typed->subject->run, name, error);
}

static int line_body(lua_State *L) {
	const struct typed *typed = lua_touserdata(L, 1);
	const struct ol_request *request = typed->request;
	push_function(L, "compile");                            /* typed, compile */
	lua_pushlstring(L, request->body, request->body_bytes); /* typed, compile, text */
	lua_call(L, 1, 2);                                      /* typed, chunk, message */
	if (lua_isnil(L, 2) && lua_isnil(L, 3)) {
		typed->answer->status = OL_STATUS_UNFINISHED;
		return 0;
	}
	if (lua_isnil(L, 2))
		return lua_error(L);
	struct ol_error error;
	if (begin_phase(typed, &error) < 0)
		return ol_subject_raise(L, &error);
	lua_settop(L, 2);                  /* typed, chunk */
	push_function(L, "show");          /* typed, chunk, show */
	lua_insert(L, 2);                  /* typed, show, chunk */
	lua_call(L, 0, LUA_MULTRET);       /* typed, show, values */
	lua_call(L, lua_gettop(L) - 2, 1); /* typed, text */
	take_body(L, typed->answer);
	return 0;
}

static int complete_body(lua_State *L) {
	const struct typed *typed = lua_touserdata(L, 1);
	const struct ol_request *request = typed->request;
	push_function(L, "complete");                           /* typed, complete */
	lua_pushlstring(L, request->body, request->body_bytes); /* typed, complete, text */
	lua_call(L, 1, 1);                                      /* typed, names */
	take_body(L, typed->answer);
	return 0;
}

static void tell_failure(const struct typed *typed, const struct ol_error *error) {
	struct ol_answer *answer = typed->answer;
	const char *message = error->message;
	bool is_one_line = memchr(typed->request->body, '\n', typed->request->body_bytes) == NULL;
	if (is_one_line && strncmp(message, first_line, sizeof first_line - 1) == 0)
		message += sizeof first_line - 1;
	answer->status = ol_subject_was_refused(typed->subject, error) ? STATUS_INSUFFICIENT_STORAGE
																   : STATUS_SERVER_ERROR;
	answer->body_bytes = (uint32_t)snprintf(answer->body, sizeof answer->body, "%s", message);
	answer->has_body = 1;
}

static int run_line(const struct typed *typed, struct ol_error *error) {
	struct ol_script_subject *subject = typed->subject;
	struct ol_answer *answer = typed->answer;
	is_interrupted = 0;
	ol_run_set_interrupt(subject->run, &is_interrupted);
	ol_lua_set_interrupt(subject->lua, &is_interrupted);
	int result = ol_lua_enter(subject->lua, line_body, (void *)typed, error);
	is_interrupted = 0;
	if (result < 0 && subject->lua->is_aborted)
		return result;
	if (result < 0)
		tell_failure(typed, error);
	answer->has_memstats = 1;
	answer->value_count = 1;
	answer->values[0] = (struct ol_option_value){
		.name = "cage_bytes",
		.type = OL_OPTION_BYTES,
		.integer = (int64_t)ol_run_cage_bytes(subject->run),
	};
	return ol_subject_verdict(subject, error);
}

int ol_subject_answer_prompt(struct ol_script_subject *subject, const struct ol_request *request,
	struct ol_answer *answer, struct ol_error *error) {
	struct typed typed = { subject, request, answer };
	if (!subject->spec->is_prompt)
		return ol_error_set(error, -EPROTO, "what was typed is run for a prompt only");
	if (request->kind == OL_REQUEST_LINE)
		return run_line(&typed, error);
	/* No names to offer is no failure of anything. */
	int result = ol_lua_enter(subject->lua, complete_body, &typed, error);
	answer->status = STATUS_OK;
	return subject->lua->is_aborted ? result : 0;
}
