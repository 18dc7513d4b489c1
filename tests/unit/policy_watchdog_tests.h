/* policy_watchdog_tests.h -- The program that watches itself: looks, and the kernel's warning.
 *
 * Part of test_policy.c. */
#ifndef TESTS_POLICY_WATCHDOG_TESTS_H
#define TESTS_POLICY_WATCHDOG_TESTS_H

#include "policy_support.h"

static bool ends_at(struct ol_policy *policy, uint64_t at_ns, uint64_t cage_bytes) {
	struct ol_policy_stats stats = fresh_stats();
	stats.at_ns = at_ns;
	stats.cage_bytes = cage_bytes;
	return tick(policy, &stats).is_end;
}

static bool ends_under_pressure(struct ol_policy *policy, uint64_t cage_bytes) {
	struct ol_policy_orders orders = { 0 };
	struct ol_policy_pressure pressure = { .cage_bytes = cage_bytes };
	struct ol_policy_stats stats = fresh_stats();
	stats.cage_bytes = cage_bytes;
	policy->ops->on_pressure(policy, &pressure, &stats, &orders);
	return orders.is_end;
}

static void a_watchdog_looks_every_so_often_and_ends_at_its_threshold(void **state) {
	(void)state;
	static const struct {
		const char *argument;
		uint64_t every_ns, threshold_bytes;
	} cases[] = {
		{ "", 15 * OL_NS_PER_S, 60397977 },
		{ "75", 15 * OL_NS_PER_S, 48 * OL_MIB },
		{ "75%", 15 * OL_NS_PER_S, 48 * OL_MIB },
		{ "50%/250ms", 250 * OL_NS_PER_MS, 32 * OL_MIB },
		{ "100/2", 2 * OL_NS_PER_S, 64 * OL_MIB },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t every_ns = cases[i].every_ns, threshold_bytes = cases[i].threshold_bytes;
		struct ol_policy *policy = make("watchdog", cases[i].argument, 64 * mib);
		assert_int_equal(policy->tick_period_ns, 10 * ms);
		assert_false(ends_at(policy, every_ns - 1, 64 * mib)); /* Blind. */
		assert_false(ends_at(policy, every_ns, threshold_bytes - 1));
		assert_false(ends_at(policy, every_ns + 10 * ms, threshold_bytes));
		assert_true(ends_at(policy, 2 * every_ns, threshold_bytes));
		ol_policy_destroy(policy);
	}
}

static void looks_that_a_watchdog_slept_over_are_not_made_up_for(void **state) {
	(void)state;
	struct ol_policy *policy = make("watchdog", "90/1", 64 * mib);
	assert_false(ends_at(policy, 10 * OL_NS_PER_S + 5, 0));
	assert_false(ends_at(policy, 10 * OL_NS_PER_S + 6, 64 * mib));
	assert_true(ends_at(policy, 11 * OL_NS_PER_S, 64 * mib));
	ol_policy_destroy(policy);
}

static void a_warned_watchdog_looks_at_every_tick_until_usage_has_fallen(void **state) {
	(void)state;
	struct ol_policy *policy = make("watchdog", "75", 64 * mib);
	assert_true(policy->ops->on_pressure != NULL);
	assert_true(ends_under_pressure(policy, 48 * mib));
	assert_false(ends_under_pressure(policy, 47 * mib));
	assert_false(ends_at(policy, 10 * ms, 36 * mib));
	assert_true(ends_at(policy, 20 * ms, 48 * mib));
	assert_false(ends_at(policy, 30 * ms, 36 * mib - 1));
	assert_false(ends_at(policy, 40 * ms, 48 * mib));
	ol_policy_destroy(policy);
}

static bool ends_before_growing(struct ol_policy *policy, uint64_t cage_bytes) {
	struct ol_policy_orders orders = { 0 };
	struct ol_policy_stats stats = fresh_stats();
	stats.cage_bytes = cage_bytes;
	policy->ops->before_grow(policy, mib, &stats, &orders);
	return orders.is_end;
}

static void a_warned_watchdog_looks_before_the_heap_grows(void **state) {
	(void)state;
	struct ol_policy *policy = make("watchdog", "50", 64 * mib);
	assert_false(ends_before_growing(policy, 40 * mib)); /* Not warned: the article's blind spot. */
	assert_false(ends_under_pressure(policy, 30 * mib));
	assert_false(ends_before_growing(policy, 32 * mib - 1));
	assert_true(ends_before_growing(policy, 32 * mib));
	ol_policy_destroy(policy);
}

#endif
