/* policy_support.h -- Policies made and called as the collector calls them.
 *
 * Part of test_policy.c. */
#ifndef TESTS_POLICY_SUPPORT_H
#define TESTS_POLICY_SUPPORT_H

#include <stdbool.h>
#include <string.h>

#include "base/units.h"
#include "policy/policy.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint64_t mib = OL_MIB;
static const uint64_t kib = OL_KIB;
static const uint64_t ms = OL_NS_PER_MS;

static struct ol_policy_cage cage_of(uint64_t limit_bytes) {
	return (struct ol_policy_cage){
		.limit_bytes = limit_bytes, .high_bytes = UINT64_MAX, .processors = 2
	};
}

static int try_make(const char *name, const char *argument, uint64_t limit_bytes,
	struct ol_policy **ret_policy, struct ol_error *error) {
	const struct ol_policy_type *type = ol_policy_find(name);
	assert_non_null(type);
	struct ol_policy_cage cage = cage_of(limit_bytes);
	return type->create(argument, &cage, ret_policy, error);
}

static struct ol_policy *make(const char *name, const char *argument, uint64_t limit_bytes) {
	struct ol_policy *policy = NULL;
	struct ol_error error = { 0 };
	if (try_make(name, argument, limit_bytes, &policy, &error) < 0)
		fail_msg("%s:%s: %s", name, argument, error.message);
	assert_non_null(policy);
	return policy;
}

static struct ol_policy_stats fresh_stats(void) {
	return (struct ol_policy_stats){
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF, .gogc = 100, .goal_bytes = 4 * mib
	};
}

static struct ol_policy_orders start(
	struct ol_policy *policy, uint64_t limit_bytes, const struct ol_policy_stats *stats) {
	struct ol_policy_orders orders = { 0 };
	struct ol_policy_cage cage = cage_of(limit_bytes);
	if (policy->ops->on_start != NULL)
		policy->ops->on_start(policy, &cage, stats, &orders);
	return orders;
}

static struct ol_policy_orders grow(
	struct ol_policy *policy, uint64_t bytes, const struct ol_policy_stats *stats) {
	struct ol_policy_orders orders = { 0 };
	policy->ops->before_grow(policy, bytes, stats, &orders);
	return orders;
}

static struct ol_policy_orders end_gc(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
	const struct ol_policy_stats *stats) {
	struct ol_policy_orders orders = { 0 };
	policy->ops->on_gc_end(policy, cycle, stats, &orders);
	return orders;
}

static struct ol_policy_orders tick(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	struct ol_policy_orders orders = { 0 };
	policy->ops->on_tick(policy, stats, &orders);
	return orders;
}

static bool is_nothing(const struct ol_policy_orders *orders) {
	static const struct ol_policy_orders nothing;
	return memcmp(orders, &nothing, sizeof nothing) == 0;
}

#endif
