/* policy_membalancer_tests.h -- The square root, its smoothing, and what bounds it.
 *
 * Part of test_policy.c. */
#ifndef TESTS_POLICY_MEMBALANCER_TESTS_H
#define TESTS_POLICY_MEMBALANCER_TESTS_H

#include <math.h>

#include "policy_support.h"

/* Live after each cycle, its processor time, and what was allocated since the last event. */
struct step {
	uint64_t after_ms, allocated_bytes;
	uint64_t gc_ms; /* 0: the heartbeat, not a cycle. */
	uint64_t marked_bytes;
};

static uint64_t balance(
	struct ol_policy *policy, struct ol_policy_stats *stats, const struct step *step) {
	stats->at_ns += step->after_ms * ms;
	stats->allocated_total_bytes += step->allocated_bytes;
	if (step->gc_ms != 0) {
		struct ol_gc_cycle cycle = { .marked_bytes = step->marked_bytes };
		stats->gc_ns += step->gc_ms * ms;
		stats->marked_bytes = step->marked_bytes;
		end_gc(policy, &cycle, stats);
	} else {
		tick(policy, stats);
	}
	return policy->ops->goal(policy, stats);
}

static void check_headroom(uint64_t goal_bytes, double live, double g, double s, double c) {
	double expected = live + sqrt(live * g / (c * s));
	if (fabs((double)goal_bytes - expected) > 2)
		fail_msg("goal %.0f, expected %.0f", (double)goal_bytes, expected);
}

static void membalancer_takes_the_square_root_of_live_times_the_rates_over_c(void **state) {
	(void)state;
	static const struct {
		const char *argument;
		double c;
	} cases[] = { { "", 3e-10 }, { "1e-9", 1e-9 }, { "0.0000000001", 1e-10 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("membalancer", cases[i].argument, UINT64_MAX);
		assert_int_equal(policy->tick_period_ns, 1000 * ms);
		struct ol_policy_stats stats = fresh_stats();
		start(policy, UINT64_MAX, &stats);
		assert_int_equal(policy->ops->goal(policy, &stats), 0); /* Nothing measured: Go's own. */
		uint64_t goal_bytes =
			balance(policy, &stats, &(struct step){ 500, 100000000, 20, 40000000 });
		/* 200 MB/s allocated; 40 MB in 20 ms is 2 GB/s. */
		check_headroom(goal_bytes, 40e6, 200e6, 2e9, cases[i].c);
		ol_policy_destroy(policy);
	}
}

static void membalancer_smooths_allocation_by_0_95_and_collection_by_one_half(void **state) {
	(void)state;
	struct ol_policy *policy = make("membalancer", "", UINT64_MAX);
	struct ol_policy_stats stats = fresh_stats();
	start(policy, UINT64_MAX, &stats);
	balance(policy, &stats, &(struct step){ 1000, 100000000, 20, 40000000 });
	/* A heartbeat: g only. Bytes and time are smoothed apart. */
	uint64_t goal_bytes = balance(policy, &stats, &(struct step){ 1000, 900000000, 0, 0 });
	double g = 0.95 * 100e6 + 0.05 * 900e6;
	check_headroom(goal_bytes, 40e6, g, 2e9, 3e-10);
	/* Two events at one time: what was allocated counts once, at the next. */
	goal_bytes = balance(policy, &stats, &(struct step){ 0, 5000000, 0, 0 });
	check_headroom(goal_bytes, 40e6, g, 2e9, 3e-10);
	goal_bytes = balance(policy, &stats, &(struct step){ 500, 5000000, 60, 80000000 });
	double bytes = 0.95 * g + 0.05 * 10e6, seconds = 0.95 * 1 + 0.05 * 0.5;
	check_headroom(goal_bytes, 80e6, bytes / seconds, (40e6 + 80e6) / 2 / 0.040, 3e-10);
	ol_policy_destroy(policy);
}

static void membalancer_learns_nothing_from_a_collection_that_took_no_time(void **state) {
	(void)state;
	struct ol_policy *policy = make("membalancer", "", UINT64_MAX);
	struct ol_policy_stats stats = fresh_stats();
	struct ol_gc_cycle cycle = { .number = 1 };
	start(policy, UINT64_MAX, &stats);
	stats.at_ns = 100 * ms;
	stats.marked_bytes = 40 * mib;
	end_gc(policy, &cycle, &stats);
	assert_int_equal(policy->ops->goal(policy, &stats), 0);
	ol_policy_destroy(policy);
}

static void membalancer_keeps_two_mebibytes_of_room_where_nothing_is_allocated_or_live(
	void **state) {
	(void)state;
	struct ol_policy *policy = make("membalancer", "", UINT64_MAX);
	struct ol_policy_stats stats = fresh_stats();
	start(policy, UINT64_MAX, &stats);
	uint64_t goal_bytes = balance(policy, &stats, &(struct step){ 1000, 0, 1, 0 });
	assert_int_equal(goal_bytes, 2 * mib); /* 0 / 0. */
	goal_bytes = balance(policy, &stats, &(struct step){ 1000, 0, 1, 40000 });
	assert_int_equal(goal_bytes, 2 * mib + 40000);
	ol_policy_destroy(policy);
}

static void membalancer_stays_below_the_cages_limit_and_above_what_is_live(void **state) {
	(void)state;
	static const struct {
		uint64_t cage_bytes, mapped_bytes, free_bytes, heap_alloc_bytes, marked_bytes, goal_bytes;
	} cases[] = {
		/* 3 MiB of the usage are neither objects nor free. */
		{ 20 * OL_MIB, 9 * OL_MIB, 7 * OL_MIB, 10 * OL_MIB, 10 * OL_MIB,
			32 * OL_MIB - 256 * OL_KIB - 3 * OL_MIB },
		{ 0, 20 * OL_MIB, 7 * OL_MIB, 10 * OL_MIB, 10 * OL_MIB,
			32 * OL_MIB - 256 * OL_KIB - 3 * OL_MIB },
		{ 20 * OL_MIB, 0, 20 * OL_MIB, 10 * OL_MIB, 10 * OL_MIB, 32 * OL_MIB - 256 * OL_KIB },
		{ 30 * OL_MIB, 0, 0, 10 * OL_MIB, 28 * OL_MIB, 28 * OL_MIB + 1 },
		{ UINT64_MAX, 0, 0, 0, 28 * OL_MIB, 28 * OL_MIB + 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("membalancer", "1e-20", 32 * mib);
		struct ol_policy_stats stats = fresh_stats();
		start(policy, 32 * mib, &stats);
		stats.cage_bytes = cases[i].cage_bytes;
		stats.mapped_ready_bytes = cases[i].mapped_bytes;
		stats.free_bytes = cases[i].free_bytes;
		stats.memstats.heap_alloc = cases[i].heap_alloc_bytes;
		struct step step = { 100, 100 * mib, 10, cases[i].marked_bytes };
		assert_int_equal(balance(policy, &stats, &step), cases[i].goal_bytes);
		ol_policy_destroy(policy);
	}
}

static void membalancer_without_a_limit_saturates_rather_than_wraps(void **state) {
	(void)state;
	struct ol_policy *policy = make("membalancer", "1e-300", UINT64_MAX);
	struct ol_policy_stats stats = fresh_stats();
	start(policy, UINT64_MAX, &stats);
	struct step step = { 1, UINT64_MAX / 2, 1, UINT64_MAX - 5 };
	assert_true(balance(policy, &stats, &step) == UINT64_MAX);
	ol_policy_destroy(policy);
}

#endif
