/* subject_http.c -- A service: requests become calls of the script's handlers, results answers.
 *
 * A handler that fails answers 500 and the service goes on; what ends it is a policy, or a script
 * that ran out of its own memory or time. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/cleanup.h"
#include "script/core.h"
#include "script/push.h"
#include "script/subject.h"

enum {
	STATUS_OK = 200,
	STATUS_SERVER_ERROR = 500,
	STATUS_INSUFFICIENT_STORAGE = 507,
	STATUS_MIN = 200,
	STATUS_MAX = 599
};

/* One request under way. */
struct serving {
	struct ol_script_subject *subject;
	struct ol_request *request;
	struct ol_answer *answer;
};

/* The request as a handler gets it: method, path, body, and the arguments by name. */
static void push_request(lua_State *L, const struct ol_request *request, int route) {
	ol_lua_push_option_values(L, request->values, request->value_count); /* request */
	lua_pushstring(L, request->is_post ? "POST" : "GET");                /* request, method */
	lua_setfield(L, -2, "method");
	lua_getfield(L, route, "path"); /* request, path */
	lua_setfield(L, -2, "path");
	lua_pushlstring(L, request->body, request->body_bytes); /* request, body */
	lua_setfield(L, -2, "body");
	ol_lua_close_table(L, "request");
}

/* One pair { name, value } at index becomes a value of the answer. */
static void read_value(lua_State *L, int index, struct ol_option_value *value) {
	if (!lua_istable(L, index))
		luaL_error(
			L, "a handler answers with pairs { name, value }, not %s", luaL_typename(L, index));
	lua_rawgeti(L, index, 1); /* ..., name */
	lua_rawgeti(L, index, 2); /* ..., name, value */
	const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
	if (*name == '\0' || strlen(name) >= sizeof value->name)
		luaL_error(L, "an answer's value needs a name of 1 to 63 bytes");
	*value = (struct ol_option_value){ .type = OL_OPTION_STRING };
	snprintf(value->name, sizeof value->name, "%s", name);
	switch (lua_type(L, -1)) {
	case LUA_TBOOLEAN:
		value->type = OL_OPTION_BOOLEAN;
		value->boolean = (uint32_t)lua_toboolean(L, -1);
		break;
	case LUA_TNUMBER:
		value->type = lua_isinteger(L, -1) ? OL_OPTION_INTEGER : OL_OPTION_NUMBER;
		value->integer = lua_tointeger(L, -1);
		value->number = lua_tonumber(L, -1);
		if (value->type == OL_OPTION_NUMBER && !isfinite(value->number))
			luaL_error(L, "the answer's %s is no number that can be told", name);
		break;
	case LUA_TSTRING:
		if (lua_rawlen(L, -1) >= sizeof value->string)
			luaL_error(L, "the answer's %s is longer than %d bytes; answer with body = instead",
				name, OL_OPTION_VALUE_BYTES - 1);
		snprintf(value->string, sizeof value->string, "%s", lua_tostring(L, -1));
		break;
	default:
		luaL_error(L, "the answer's %s is a %s; expected a number, a text or a boolean", name,
			luaL_typename(L, -1));
	}
	lua_pop(L, 2);
}

/* The string on top of the stack becomes the body. */
static void read_body(lua_State *L, struct ol_answer *answer) {
	size_t bytes;
	const char *body = luaL_checklstring(L, -1, &bytes);
	if (bytes > sizeof answer->body)
		luaL_error(L, "the answer's body has %I bytes; at most %I can be told", (LUAI_UACINT)bytes,
			(LUAI_UACINT)sizeof answer->body);
	memcpy(answer->body, body, bytes);
	answer->body_bytes = (uint32_t)bytes;
	answer->has_body = 1;
}

static void check_type(lua_State *L, const char *type, struct ol_answer *answer) {
	size_t length = strlen(type);
	bool is_good = length > 0 && length < sizeof answer->type && strchr(type, '/') != NULL;
	for (size_t i = 0; i < length && is_good; i++)
		is_good = type[i] >= ' ' && type[i] <= '~';
	if (!is_good)
		luaL_error(L, "the answer's type must be as in \"text/html\", at most 63 bytes");
	snprintf(answer->type, sizeof answer->type, "%s", type);
}

static void read_table(lua_State *L, int index, struct ol_answer *answer) {
	if (lua_getfield(L, index, "status") != LUA_TNIL) { /* ..., status */
		lua_Integer status = luaL_checkinteger(L, -1);
		if (status < STATUS_MIN || status > STATUS_MAX)
			luaL_error(L, "the answer's status must be 200 to 599");
		answer->status = (uint32_t)status;
	}
	if (lua_getfield(L, index, "type") != LUA_TNIL) /* ..., status, type */
		check_type(L, luaL_checkstring(L, -1), answer);
	lua_getfield(L, index, "stats"); /* ..., type, stats */
	answer->has_memstats = (uint32_t)lua_toboolean(L, -1);
	if (lua_getfield(L, index, "body") != LUA_TNIL) /* ..., stats, body */
		read_body(L, answer);
	lua_pop(L, 4);
	lua_Integer count = (lua_Integer)lua_rawlen(L, index);
	if (count > OL_ANSWER_VALUES_MAX)
		luaL_error(L, "an answer has at most %d values", OL_ANSWER_VALUES_MAX);
	if (answer->has_body && (count > 0 || answer->has_memstats))
		luaL_error(L, "an answer has a body, or values and statistics, not both");
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, index, i); /* ..., pair */
		read_value(L, lua_gettop(L), &answer->values[i - 1]);
		answer->value_count = (uint32_t)i;
		lua_pop(L, 1);
	}
}

static int serve_body(lua_State *L) {
	const struct serving *serving = lua_touserdata(L, 1);
	struct ol_answer *answer = serving->answer;
	struct ol_error error;
	ol_lua_push_route(L, (lua_Integer)serving->request->route_index); /* serving, route */
	if (!lua_istable(L, 2))
		return luaL_error(L, "the script has no route of this number");
	lua_getfield(L, 2, "path"); /* serving, route, path */
	if (ol_run_phase(serving->subject->run, luaL_checkstring(L, 3), &error) < 0)
		return ol_subject_raise(L, &error);
	lua_settop(L, 2);
	lua_getfield(L, 2, "handler");        /* serving, route, handler */
	push_request(L, serving->request, 2); /* serving, route, handler, request */
	ol_subject_push_heap(L);              /* ..., request, heap */
	ol_subject_push_cage(L);              /* ..., request, heap, cage */
	lua_call(L, 3, 1);                    /* serving, route, result */

	if (lua_isstring(L, 3))
		read_body(L, answer);
	else if (lua_istable(L, 3))
		read_table(L, 3, answer);
	else if (lua_isnil(L, 3))
		answer->has_body = 1;
	else
		return luaL_error(
			L, "a handler answers with a table, a text or nil, not %s", luaL_typename(L, 3));
	return 0;
}

static void begin_answer(struct ol_answer *answer, uint64_t number, uint32_t status) {
	/* Not the body: it is large, and only as much of it travels as was written. */
	memset(answer, 0, offsetof(struct ol_answer, body));
	answer->number = number;
	answer->status = status;
	snprintf(answer->type, sizeof answer->type, "text/plain; charset=utf-8");
}

/* The handler failed: that is told, here and to the log, and the service goes on. */
static void answer_failure(const struct serving *serving, const struct ol_error *error) {
	struct ol_answer *answer = serving->answer;
	bool is_refused = ol_subject_was_refused(serving->subject, error);
	begin_answer(answer, serving->request->number,
		is_refused ? STATUS_INSUFFICIENT_STORAGE : STATUS_SERVER_ERROR);
	answer->has_body = 1;
	answer->body_bytes =
		(uint32_t)snprintf(answer->body, sizeof answer->body, "%s\n", error->message);
	(void)ol_run_log(serving->subject->run, error->message, NULL);
}

static int handle(struct serving *serving, struct ol_error *error) {
	struct ol_script_subject *subject = serving->subject;
	const struct ol_request *request = serving->request;
	begin_answer(serving->answer, request->number, STATUS_OK);
	subject->refusal[0] = '\0';
	if (request->kind == OL_REQUEST_LINE || request->kind == OL_REQUEST_COMPLETE)
		return ol_subject_answer_prompt(subject, request, serving->answer, error);
	if (request->kind == OL_REQUEST_LIMITS) {
		ol_run_use(subject->run, ol_run_first_heap(subject->run));
		ol_run_set_limits(subject->run, request->gogc, request->memory_limit_bytes);
		serving->answer->has_memstats = 1;
	} else {
		int result = ol_lua_enter(subject->lua, serve_body, serving, error);
		if (result < 0 && subject->lua->is_aborted)
			return result;
		if (result < 0)
			answer_failure(serving, error);
	}
	return ol_subject_verdict(subject, error);
}

int ol_subject_serve(struct ol_script_subject *subject, struct ol_error *error) {
	/* Large, and touched no further than they are used: the cage pays for both. */
	OL_AUTO_FREE struct ol_request *request = malloc(sizeof *request);
	OL_AUTO_FREE struct ol_answer_frame *frame = malloc(sizeof *frame);
	if (request == NULL || frame == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to serve requests");
	struct serving serving = { subject, request, &frame->answer };
	for (;;) {
		int result = ol_run_receive(subject->run, request, error);
		if (result <= 0)
			return result;
		result = handle(&serving, error);
		if (result < 0)
			return result;
		ol_run_use(subject->run, ol_run_first_heap(subject->run));
		if (frame->answer.has_memstats)
			frame->answer.memstats = ol_run_memstats(subject->run);
		ol_run_answer(subject->run, frame);
	}
}
