/* subject_policy.c -- Asks a policy in Lua: from the collector through the door, and its answers
 * back. */
#include "script/subject_policy.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/units.h"
#include "policy/policy_cage.h"
#include "script/core.h"
#include "script/finder.h"
#include "script/policy_name.h"
#include "script/push.h"
#include "script/script_subject.h"

static const char callbacks_key = 0; /* Its address: the table of callbacks, in the registry. */

static const char *const callback_names[OL_CALLBACK_COUNT] = {
	[OL_CALLBACK_ON_START] = "on_start",
	[OL_CALLBACK_ON_GC_END] = "on_gc_end",
	[OL_CALLBACK_ON_TICK] = "on_tick",
	[OL_CALLBACK_ON_PRESSURE] = "on_pressure",
	[OL_CALLBACK_BEFORE_GROW] = "before_grow",
	[OL_CALLBACK_GOAL] = "goal",
};

const char *ol_policy_callback_name(enum ol_policy_callback callback) {
	return callback_names[callback];
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* One call of a callback, with whatever it is told. */
struct asking {
	struct ol_lua_policy *policy;
	enum ol_policy_callback callback;
	const struct ol_policy_cage *cage;
	const struct ol_gc_cycle *cycle;
	const struct ol_policy_pressure *pressure;
	uint64_t grow_bytes;
	const struct ol_policy_stats *stats;
	struct ol_policy_orders *orders;
	uint64_t goal_bytes; /* The answer. */
};

/* Pushes what the callback gets; returns how much that is. */
static int push_arguments(lua_State *L, const struct asking *asking) {
	switch (asking->callback) {
	case OL_CALLBACK_ON_START:
		ol_policy_push_cage(L, asking->cage); /* cage */
		break;
	case OL_CALLBACK_ON_GC_END:
		ol_policy_push_cycle(L, asking->cycle); /* cycle */
		break;
	case OL_CALLBACK_ON_TICK:
		ol_policy_push_stats(L, asking->stats); /* sample */
		break;
	case OL_CALLBACK_ON_PRESSURE:
		ol_policy_push_pressure(L, asking->pressure); /* event */
		break;
	case OL_CALLBACK_BEFORE_GROW:
		ol_lua_push_uint64(L, asking->grow_bytes); /* bytes */
		ol_policy_push_stats(L, asking->stats);    /* bytes, stats */
		ol_policy_push_heap(L);                    /* bytes, stats, heap */
		return 3;
	case OL_CALLBACK_GOAL:
	case OL_CALLBACK_COUNT:
		ol_policy_push_stats(L, asking->stats); /* stats */
		return 1;
	}
	ol_policy_push_heap(L); /* ..., heap */
	return 2;
}

/* Raises at the line where the function at index begins: it has returned already. */
static void refuse_result(lua_State *L, int index, const char *expected) {
	lua_Debug debug;
	const char *given = luaL_typename(L, -1);
	if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER)
		given = lua_tostring(L, -1);
	lua_pushvalue(L, index); /* ..., function */
	lua_getinfo(L, ">S", &debug);
	lua_pushfstring(L, "%s:%d: %s, not %s", debug.source + 1, debug.linedefined, expected,
		given); /* ..., message */
	lua_error(L);
}

/* The word on top of the stack. */
static void take_answer(lua_State *L, int index, struct asking *asking) {
	const char *answer = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
	struct ol_policy_orders *orders = asking->orders;
	if (lua_isnil(L, -1))
		return;
	if (strcmp(answer, "collect") == 0) {
		orders->is_collect = true;
	} else if (strcmp(answer, "scavenge") == 0) {
		orders->scavenge_bytes = asking->grow_bytes;
	} else if (strcmp(answer, "refuse") == 0) {
		orders->is_refused = true;
		snprintf(orders->reason, sizeof orders->reason, "the policy %s lets the heap grow no more",
			asking->policy->subject->spec->policy);
	} else {
		refuse_result(
			L, index, "before_grow must return \"collect\", \"scavenge\", \"refuse\" or nothing");
	}
}

static int ask_body(lua_State *L) {
	struct asking *asking = lua_touserdata(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &callbacks_key); /* asking, callbacks */
	lua_rawgeti(L, -1, (lua_Integer)asking->callback); /* asking, callbacks, function */
	lua_pushvalue(L, -1);                              /* ..., function, function */
	lua_call(L, push_arguments(L, asking), 1);         /* ..., function, answer */
	if (asking->callback == OL_CALLBACK_BEFORE_GROW)
		take_answer(L, -2, asking);
	if (asking->callback != OL_CALLBACK_GOAL || lua_isnil(L, -1))
		return 0;
	if (!ol_policy_to_quantity(L, -1, &asking->goal_bytes))
		refuse_result(L, -2, "goal must return a number of bytes, or nothing for Go's own");
	/* Nothing at all is less than any heap has; 0 would be Go's own. */
	if (asking->goal_bytes == 0)
		asking->goal_bytes = 1;
	return 0;
}

/* The first error counts: what follows may come of it. */
static void note_failure(struct ol_script_subject *subject, const struct ol_error *error) {
	if (subject->has_policy_failed)
		return;
	subject->has_policy_failed = true;
	subject->policy_error = *error;
	subject->policy_error.code = -EBADMSG;
	memcpy(subject->policy_traceback, subject->lua->traceback, sizeof subject->policy_traceback);
}

static void tell_failure(const struct ol_script_subject *subject, struct ol_policy_orders *orders) {
	if (orders == NULL)
		return;
	*orders = (struct ol_policy_orders){ .is_error = true };
	ol_policy_set_reason(orders, subject->policy_error.message);
}

static void ask(struct asking *asking) {
	struct ol_lua_policy *policy = asking->policy;
	struct ol_script_subject *subject = policy->subject;
	struct ol_error error;
	assert(!subject->is_policy_asked);
	/* A state that is being ended runs no Lua any more; what ended it is told already. */
	if (!subject->has_policy_failed && !subject->lua->is_aborted) {
		/* Whatever it looks at, the program goes on with the heap that it has in use. */
		struct ol_run_heap *used = subject->run != NULL ? ol_run_used_heap(subject->run) : NULL;
		subject->is_policy_asked = true;
		policy->callback = asking->callback;
		policy->stats = asking->stats;
		policy->orders = asking->orders;
		if (ol_lua_enter(subject->lua, ask_body, asking, &error) < 0)
			note_failure(subject, &error);
		policy->stats = NULL;
		policy->orders = NULL;
		if (used != NULL)
			ol_run_use(subject->run, used);
		subject->is_policy_asked = false;
	}
	if (subject->has_policy_failed)
		tell_failure(subject, asking->orders);
}

static struct ol_lua_policy *of(struct ol_policy *policy) {
	return (struct ol_lua_policy *)policy;
}

static void on_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct asking asking = { .policy = of(policy),
		.callback = OL_CALLBACK_ON_START,
		.cage = cage,
		.stats = stats,
		.orders = orders };
	ask(&asking);
}

static void on_gc_end(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct asking asking = { .policy = of(policy),
		.callback = OL_CALLBACK_ON_GC_END,
		.cycle = cycle,
		.stats = stats,
		.orders = orders };
	ask(&asking);
}

static void on_tick(struct ol_policy *policy, const struct ol_policy_stats *stats,
	struct ol_policy_orders *orders) {
	struct asking asking = {
		.policy = of(policy), .callback = OL_CALLBACK_ON_TICK, .stats = stats, .orders = orders
	};
	ask(&asking);
}

static void on_pressure(struct ol_policy *policy, const struct ol_policy_pressure *pressure,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct asking asking = { .policy = of(policy),
		.callback = OL_CALLBACK_ON_PRESSURE,
		.pressure = pressure,
		.stats = stats,
		.orders = orders };
	ask(&asking);
}

static void before_grow(struct ol_policy *policy, uint64_t bytes,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct asking asking = { .policy = of(policy),
		.callback = OL_CALLBACK_BEFORE_GROW,
		.grow_bytes = bytes,
		.stats = stats,
		.orders = orders };
	ask(&asking);
}

static uint64_t goal(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	struct asking asking = {
		.policy = of(policy),
		.callback = OL_CALLBACK_GOAL,
		.stats = stats,
	};
	ask(&asking);
	return asking.goal_bytes;
}

static void destroy(struct ol_policy *policy) {
	of(policy)->subject->policy = NULL;
	free(policy);
}

/* ---- Making ---------------------------------------------------------------------------------- */

struct making {
	struct ol_lua_policy *policy;
	const char *text;
};

/* Keeps the callbacks of the policy at index, by number; where there is one, the collector is told
 * so. */
static void take_callbacks(lua_State *L, int index, struct ol_policy_ops *ops) {
	static const struct ol_policy_ops all = { on_start, on_gc_end, on_tick, on_pressure,
		before_grow, goal, destroy };
	bool has[OL_CALLBACK_COUNT];
	lua_createtable(L, OL_CALLBACK_COUNT, 0); /* callbacks */
	for (int i = 0; i < OL_CALLBACK_COUNT; i++) {
		lua_pushstring(L, callback_names[i]);           /* callbacks, name */
		has[i] = lua_rawget(L, index) == LUA_TFUNCTION; /* callbacks, function or nil */
		lua_rawseti(L, -2, i);
	}
	lua_rawsetp(L, LUA_REGISTRYINDEX, &callbacks_key);
	*ops = (struct ol_policy_ops){
		.on_start = has[OL_CALLBACK_ON_START] ? all.on_start : NULL,
		.on_gc_end = has[OL_CALLBACK_ON_GC_END] ? all.on_gc_end : NULL,
		.on_tick = has[OL_CALLBACK_ON_TICK] ? all.on_tick : NULL,
		.on_pressure = has[OL_CALLBACK_ON_PRESSURE] ? all.on_pressure : NULL,
		.before_grow = has[OL_CALLBACK_BEFORE_GROW] ? all.before_grow : NULL,
		.goal = has[OL_CALLBACK_GOAL] ? all.goal : NULL,
		.destroy = destroy,
	};
}

/* Makes lab.argument() know its value. */
static void take_argument(lua_State *L, int index, const struct ol_run_spec *spec) {
	ol_lua_push_module(L, "lab.inside_policy"); /* module */
	lua_getfield(L, -1, "take_argument");       /* module, take_argument */
	lua_pushliteral(L, "argument");             /* ..., take_argument, "argument" */
	lua_rawget(L, index);                       /* ..., take_argument, declared */
	lua_pushstring(L, spec->policy_argument);   /* ..., declared, text */
	ol_lua_push_uint64(L, spec->limit_bytes);   /* ..., declared, text, limit */
	lua_call(L, 3, 0);                          /* module */
	lua_pop(L, 1);
}

static int make_body(lua_State *L) {
	struct making *making = lua_touserdata(L, 1);
	const struct ol_run_spec *spec = making->policy->subject->spec;
	if (spec->policy_bytes > 0) {
		ol_lua_run_text(L, making->text, spec->policy_bytes, spec->policy_path);
	} else {
		lua_pushfstring(L, OL_POLICY_MODULE "%s", spec->policy); /* making, name */
		ol_lua_push_module(L, lua_tostring(L, -1));
	}
	/* ..., policy */
	if (!ol_lua_is_policy(L, -1))
		return luaL_error(L, "%s: a policy's file must return lab.policy{...}", spec->policy_path);
	int index = lua_gettop(L);
	take_callbacks(L, index, &making->policy->ops);
	take_argument(L, index, spec);
	lua_pushliteral(L, "period"); /* ..., policy, "period" */
	lua_rawget(L, index);         /* ..., policy, period */
	making->policy->policy.tick_period_ns =
		(uint64_t)(lua_tonumber(L, -1) * (lua_Number)OL_NS_PER_S);
	return 0;
}

static int create_in_lua(struct ol_script_subject *subject, const char *text,
	struct ol_policy **ret_policy, struct ol_error *error) {
	struct ol_lua_policy *policy = calloc(1, sizeof *policy);
	if (policy == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the policy");
	policy->subject = subject;
	policy->policy.ops = &policy->ops;
	struct making making = { policy, text };
	subject->lua->policy_path = subject->spec->policy_path;
	int result = ol_lua_enter(subject->lua, make_body, &making, error);
	if (result < 0) {
		free(policy);
		return result;
	}
	subject->policy = policy;
	*ret_policy = &policy->policy;
	return 0;
}

static int create_in_c(
	const struct ol_run_spec *spec, struct ol_policy **ret_policy, struct ol_error *error) {
	const struct ol_policy_type *type = ol_policy_find(spec->policy);
	struct ol_policy_cage cage = ol_policy_cage_of(spec);
	*ret_policy = NULL;
	if (type != NULL)
		return type->create(spec->policy_argument, &cage, ret_policy, error);
	if (strcmp(spec->policy, OL_POLICY_GO) != 0)
		return ol_error_set(error, -ENOENT, "there is no policy '%s'", spec->policy);
	return 0;
}

int ol_script_policy_create(struct ol_script_subject *subject, const char *policy_text,
	struct ol_policy **ret_policy, struct ol_error *error) {
	int result = subject->spec->policy_path[0] != '\0'
					 ? create_in_lua(subject, policy_text, ret_policy, error)
					 : create_in_c(subject->spec, ret_policy, error);
	if (result == 0)
		subject->lua->may_be_ended = *ret_policy != NULL;
	return result;
}
