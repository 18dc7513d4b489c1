/* lua_policy_world.h -- A policy in Lua without a run: asked as a collector asks, with figures of
 * the tests' own. */
#ifndef OL_TESTS_LUA_POLICY_WORLD_H
#define OL_TESTS_LUA_POLICY_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "script/script_policy.h"
#include "script/script_subject.h"
#include "script/subject_policy.h"

static const struct ol_policy_cage cage = {
	.limit_bytes = 32 * OL_MIB, .high_bytes = UINT64_MAX, .processors = 2
};

static const struct ol_policy_stats figures = {
	.at_ns = 7,
	.marked_bytes = 10 * OL_MIB,
	.heap_live_bytes = 12 * OL_MIB,
	.goal_bytes = 20 * OL_MIB,
	.mapped_ready_bytes = 21 * OL_MIB,
	.free_bytes = 3,
	.unswept_bytes = 4,
	.cage_bytes = 24 * OL_MIB,
	.gc_ns = 5,
	.allocated_total_bytes = 6,
	.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
	.gogc = 100,
	.is_collecting = true,
	.memstats = { .heap_alloc = 11 * OL_MIB, .next_gc = 20 * OL_MIB, .num_gc = 2 },
};

static const struct ol_gc_cycle cycle = {
	.number = 3,
	.marked_bytes = 31 * OL_MIB,
	.end_bytes = 31 * OL_MIB,
	.next_goal_bytes = 32 * OL_MIB,
	.pause_ns = 5,
};

/* A policy in its state, as the subject makes it. */
struct world {
	struct ol_run_spec spec;
	struct ol_script_subject *subject;
	struct ol_policy *policy;
	struct ol_policy_orders orders;
	struct ol_error error;
};

static struct world *open_spec(const char *policy, const char *text) {
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	struct ol_plan plan;
	ol_plan_init(&plan);
	assert_int_equal(ol_plan_set(&plan, "policy", policy, &world->error), 0);
	assert_int_equal(ol_plan_finish(&plan, &world->error), 0);
	world->spec = plan.spec;
	strcpy(world->spec.script_path, "script.lua");
	if (text != NULL)
		world->spec.policy_bytes = strlen(text);
	else
		snprintf(world->spec.policy_path, sizeof world->spec.policy_path, "lua/lab/policy/%s.lua",
			world->spec.policy);
	if (ol_script_subject_create(&world->spec, NULL, &world->subject, &world->error) == 0)
		(void)ol_script_policy_create(world->subject, text, &world->policy, &world->error);
	return world;
}

static void close_world(struct world *world) {
	ol_policy_destroy(world->policy);
	ol_script_subject_destroy(world->subject);
	free(world);
}

/* fields: of the policy's table. */
static struct world *open_text(const char *fields) {
	char text[2048];
	snprintf(text, sizeof text, "local lab = require 'lab'\nreturn lab.policy {\n%s\n}\n", fields);
	struct world *world = open_spec("dir/mine.lua:5", text);
	if (world->policy == NULL)
		fail_msg("%s", world->error.message);
	return world;
}

static struct world *open_bundled(const char *policy) {
	struct world *world = open_spec(policy, NULL);
	if (world->policy == NULL)
		fail_msg("%s", world->error.message);
	return world;
}

static void ask_start(struct world *world) {
	memset(&world->orders, 0, sizeof world->orders);
	world->policy->ops->on_start(world->policy, &cage, &figures, &world->orders);
}

static void ask_gc_end(struct world *world, const struct ol_policy_stats *stats) {
	memset(&world->orders, 0, sizeof world->orders);
	world->policy->ops->on_gc_end(world->policy, &cycle, stats, &world->orders);
}

static void ask_grow(struct world *world) {
	memset(&world->orders, 0, sizeof world->orders);
	world->policy->ops->before_grow(world->policy, 8192, &figures, &world->orders);
}

static void assert_no_orders(const struct world *world) {
	static const struct ol_policy_orders none;
	assert_string_equal(world->orders.reason, "");
	assert_memory_equal(&world->orders, &none, sizeof none);
}

static void assert_contains(const char *text, const char *part) {
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, text);
}

#endif
