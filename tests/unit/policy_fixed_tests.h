/* policy_fixed_tests.h -- The fixed heap: full, refused, and too long at collecting.
 *
 * Part of test_policy.c. */
#ifndef TESTS_POLICY_FIXED_TESTS_H
#define TESTS_POLICY_FIXED_TESTS_H

#include "policy_support.h"

static void the_fixed_heap_is_a_quarter_of_the_cage_unless_said_otherwise(void **state) {
	(void)state;
	static const struct {
		const char *argument;
		uint64_t heap_bytes;
	} cases[] = { { "", 8 * OL_MIB }, { "50%", 16 * OL_MIB }, { "24MiB", 24 * OL_MIB } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("fixed", cases[i].argument, 32 * mib);
		struct ol_policy_stats stats = fresh_stats();
		stats.goal_bytes = 100 * mib;
		assert_int_equal(policy->ops->goal(policy, &stats), cases[i].heap_bytes);
		stats.mapped_ready_bytes = cases[i].heap_bytes - mib;
		struct ol_policy_orders orders = grow(policy, mib, &stats);
		assert_true(is_nothing(&orders));
		orders = grow(policy, mib + 1, &stats);
		assert_true(orders.is_collect && !orders.is_refused);
		ol_policy_destroy(policy);
	}
}

static void a_full_fixed_heap_collects_gives_back_and_only_then_refuses(void **state) {
	(void)state;
	struct ol_policy *policy = make("fixed", "16MiB", 32 * mib);
	struct ol_policy_stats stats = fresh_stats();
	stats.mapped_ready_bytes = 13 * mib;
	struct ol_policy_orders orders = grow(policy, 4 * mib, &stats);
	assert_true(orders.is_collect && orders.scavenge_bytes == UINT64_MAX && !orders.is_refused);
	assert_string_equal(
		orders.reason, "13.0 MiB mapped and growth of 4.0 MiB do not fit a heap of 16.0 MiB");
	orders = grow(policy, 4 * mib, &stats);
	assert_true(orders.is_refused && !orders.is_collect);
	assert_non_null(strstr(orders.reason, "13.0 MiB in use and growth of 4.0 MiB"));
	/* The program carries on, lets go of something, and tries the same again. */
	orders = grow(policy, 4 * mib, &stats);
	assert_true(orders.is_collect && !orders.is_refused);
	stats.mapped_ready_bytes = 3 * mib;
	orders = grow(policy, 4 * mib, &stats);
	assert_true(is_nothing(&orders));
	ol_policy_destroy(policy);
}

static void growth_near_two_to_the_64_does_not_wrap_into_a_fixed_heap(void **state) {
	(void)state;
	struct ol_policy *policy = make("fixed", "16MiB", 32 * mib);
	struct ol_policy_stats stats = fresh_stats();
	stats.mapped_ready_bytes = 8 * mib;
	struct ol_policy_orders orders = grow(policy, UINT64_MAX - mib, &stats);
	assert_true(orders.is_collect);
	orders = grow(policy, UINT64_MAX - mib, &stats);
	assert_true(orders.is_refused);
	ol_policy_destroy(policy);
}

/* A cycle of a heap of 100 MiB, 100 ms after the last one: stopped for so long, so much free. */
struct overhead {
	uint64_t pause_us;
	uint64_t free_kib;
	bool is_forced;
};

static struct ol_policy_orders end_overhead_cycle(
	struct ol_policy *policy, struct ol_policy_stats *stats, struct overhead overhead) {
	stats->at_ns += 100 * ms;
	stats->mapped_ready_bytes = 99 * mib;
	stats->free_bytes = 2 * mib;
	stats->memstats.heap_alloc = 96 * mib; /* 1 MiB beside objects and free pages. */
	stats->marked_bytes = 99 * mib - overhead.free_kib * kib;
	struct ol_gc_cycle cycle = { .pause_ns = overhead.pause_us / 2 * OL_NS_PER_US,
		.assist_ns = overhead.pause_us / 2 * OL_NS_PER_US,
		.is_forced = overhead.is_forced };
	return end_gc(policy, &cycle, stats);
}

static void five_cycles_over_98_percent_of_time_with_2_percent_free_are_refused(void **state) {
	(void)state;
	static const struct overhead bad = { 98100, 2047, false };
	static const struct {
		struct overhead fifth;
		bool is_refused;
	} cases[] = {
		{ { 98100, 2047, false }, true },
		{ { 98000, 2047, false }, false },
		{ { 98100, 2048, false }, false },
		{ { 98100, 2047, true }, false },
		{ { 100000, 0, false }, true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("fixed", "100MiB", UINT64_MAX);
		struct ol_policy_stats stats = fresh_stats();
		stats.at_ns = 5000 * ms; /* The first cycle counts from the start, not from 0. */
		start(policy, UINT64_MAX, &stats);
		for (int cycle = 0; cycle < 4; cycle++) {
			struct ol_policy_orders orders = end_overhead_cycle(policy, &stats, bad);
			assert_true(is_nothing(&orders));
			orders = grow(policy, kib, &stats);
			assert_true(is_nothing(&orders));
		}
		struct ol_policy_orders orders = end_overhead_cycle(policy, &stats, cases[i].fifth);
		/* What is free is given back, so that the program has to ask. */
		assert_true(orders.scavenge_bytes == (cases[i].is_refused ? UINT64_MAX : 0));
		orders = grow(policy, kib, &stats);
		assert_int_equal(orders.is_refused, cases[i].is_refused);
		assert_int_equal(strstr(orders.reason, "GC overhead limit") != NULL, cases[i].is_refused);
		orders = grow(policy, kib, &stats);
		assert_true(is_nothing(&orders)); /* Refused once; the count begins anew. */
		ol_policy_destroy(policy);
	}
}

static void a_good_cycle_begins_the_count_of_bad_ones_anew(void **state) {
	(void)state;
	static const struct overhead bad = { 99000, 100, false }, good = { 1000, 100, false };
	struct ol_policy *policy = make("fixed", "100MiB", UINT64_MAX);
	struct ol_policy_stats stats = fresh_stats();
	start(policy, UINT64_MAX, &stats);
	struct ol_policy_orders orders;
	for (int cycle = 0; cycle < 20; cycle++) {
		end_overhead_cycle(policy, &stats, cycle % 5 == 4 ? good : bad);
		orders = grow(policy, kib, &stats);
		assert_true(is_nothing(&orders));
	}
	for (int cycle = 0; cycle < 5; cycle++)
		end_overhead_cycle(policy, &stats, bad);
	end_overhead_cycle(policy, &stats, good); /* Room was made before it had to be refused. */
	orders = grow(policy, kib, &stats);
	assert_true(is_nothing(&orders));
	ol_policy_destroy(policy);
}

static void a_collection_that_the_policy_ordered_counts_for_the_overhead_limit(void **state) {
	(void)state;
	static const struct overhead ordered = { 99000, 100, true };
	struct ol_policy *policy = make("fixed", "100MiB", UINT64_MAX);
	struct ol_policy_stats stats = fresh_stats();
	start(policy, UINT64_MAX, &stats);
	for (int cycle = 0; cycle < 5; cycle++) {
		stats.mapped_ready_bytes = 100 * mib;
		struct ol_policy_orders orders = grow(policy, mib, &stats);
		assert_true(orders.is_collect);
		end_overhead_cycle(policy, &stats, ordered);
		stats.allocated_total_bytes += mib;
	}
	struct ol_policy_orders orders = grow(policy, kib, &stats);
	assert_true(orders.is_refused);
	ol_policy_destroy(policy);
}

#endif
