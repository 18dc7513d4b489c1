/* subject_policy.h -- A policy whose callbacks are in Lua, and what they get to see.
 *
 * Implements struct ol_policy. The callbacks run in the script's own state, each in a coroutine of
 * its own, while a binding of the script's may be waiting for the heap. */
#ifndef OL_SCRIPT_SUBJECT_POLICY_H
#define OL_SCRIPT_SUBJECT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "policy/policy.h"
#include "script/subject.h"

enum ol_policy_callback {
	OL_CALLBACK_ON_START,
	OL_CALLBACK_ON_GC_END,
	OL_CALLBACK_ON_TICK,
	OL_CALLBACK_ON_PRESSURE,
	OL_CALLBACK_BEFORE_GROW,
	OL_CALLBACK_GOAL,
	OL_CALLBACK_COUNT
};

struct ol_lua_policy {
	struct ol_policy policy; /* First: it is what others see. */
	struct ol_policy_ops ops;
	struct ol_script_subject *subject;
	/* While it is asked; NULL otherwise. */
	enum ol_policy_callback callback;
	const struct ol_policy_stats *stats;
	struct ol_policy_orders *orders;
};

/* "on_start", ... */
const char *ol_policy_callback_name(enum ol_policy_callback callback);

/* Leave on the stack what callbacks get: closed tables, and the handle that takes orders. Raise. */
void ol_policy_push_cage(lua_State *L, const struct ol_policy_cage *cage);
void ol_policy_push_cycle(lua_State *L, const struct ol_gc_cycle *cycle);
void ol_policy_push_stats(lua_State *L, const struct ol_policy_stats *stats);
void ol_policy_push_pressure(lua_State *L, const struct ol_policy_pressure *pressure);
void ol_policy_push_heap(lua_State *L);

/* The number at index as whole bytes or percent, rounded down: policies compute with shares.
 * Raises. */
uint64_t ol_policy_check_quantity(lua_State *L, int index, const char *what);
/* Whether value is a number that can be one; for results. */
bool ol_policy_to_quantity(lua_State *L, int index, uint64_t *ret_quantity);

/* One line for the report. */
void ol_policy_set_reason(struct ol_policy_orders *orders, const char *reason);

#endif
