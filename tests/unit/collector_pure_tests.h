/* collector_pure_tests.h -- The limiter's bucket and the scavenger's plan, held against the rules
 * that Go 1.19's source states. */
#ifndef OL_TESTS_COLLECTOR_PURE_TESTS_H
#define OL_TESTS_COLLECTOR_PURE_TESTS_H

#include "collector/limiter.h"
#include "collector/scavenge_plan.h"

static void a_cycle_alone_never_fills_the_limiters_bucket(void **state) {
	(void)state;
	struct ol_limiter limiter;
	ol_limiter_init(&limiter, 2, 0);
	ol_limiter_transition(&limiter, true, 0, 0);
	for (uint64_t now_ns = 0; now_ns <= 100 * OL_NS_PER_S; now_ns += OL_NS_PER_S)
		ol_limiter_update(&limiter, now_ns);
	assert_int_equal(limiter.fill_ns, 0);
	assert_false(limiter.is_limiting);
}

static void assists_beyond_half_of_the_time_are_limited_after_a_second_a_processor(void **state) {
	(void)state;
	struct ol_limiter limiter;
	ol_limiter_init(&limiter, 2, 0);
	ol_limiter_transition(&limiter, true, 0, 0);
	/* Of two processors' time a quarter is background, half assists: the bucket gains a half. */
	unsigned steps = 0;
	uint64_t now_ns = 0;
	while (!limiter.is_limiting && steps < 1000) {
		steps++;
		now_ns += 20 * OL_NS_PER_MS;
		ol_limiter_add_assist(&limiter, 20 * OL_NS_PER_MS);
		ol_limiter_update(&limiter, now_ns);
	}
	assert_int_equal(steps, 100); /* 2 s of bucket, 20 ms a step. */
	/* Off as soon as it drains. */
	ol_limiter_update(&limiter, now_ns + 20 * OL_NS_PER_MS);
	assert_false(limiter.is_limiting);
	assert_true(limiter.fill_ns > OL_NS_PER_S);
}

static void a_stopped_world_counts_on_every_processor(void **state) {
	(void)state;
	struct ol_limiter limiter;
	ol_limiter_init(&limiter, 4, 0);
	ol_limiter_transition(&limiter, false, OL_NS_PER_S / 2, OL_NS_PER_S / 2);
	assert_int_equal(limiter.fill_ns, 2 * OL_NS_PER_S);
	ol_limiter_transition(&limiter, false, OL_NS_PER_S / 2, OL_NS_PER_S);
	assert_true(limiter.is_limiting);
}

static void idle_marking_neither_fills_nor_drains_the_bucket(void **state) {
	(void)state;
	struct ol_limiter limiter;
	ol_limiter_init(&limiter, 1, 0);
	ol_limiter_transition(&limiter, false, OL_NS_PER_S / 2, OL_NS_PER_S / 2);
	ol_limiter_add_idle(&limiter, OL_NS_PER_S / 4);
	ol_limiter_update(&limiter, OL_NS_PER_S * 3 / 4);
	assert_int_equal(limiter.fill_ns, OL_NS_PER_S / 2);
}

static void the_scavengers_goal_follows_the_heap_goal(void **state) {
	(void)state;
	struct ol_scavenge_plan plan;
	ol_scavenge_plan_init(&plan, OL_PACER_GO_1_19);
	ol_scavenge_plan_set(&plan, 0, 4 * OL_MIB, 0, OL_MEMORY_LIMIT_OFF);
	assert_int_equal(plan.percent_goal_bytes, OL_SCAVENGE_OFF);
	/* 30 MB in use, the goal fell from 60 MiB to 4 MiB: 30000000 / 15 * 1.1, to whole pages. */
	ol_scavenge_plan_set(&plan, 30000000, 4 * OL_MIB, 60 * OL_MIB, OL_MEMORY_LIMIT_OFF);
	assert_int_equal(plan.percent_goal_bytes, (2200000 + 4095) / 4096 * 4096);
	assert_true(ol_scavenge_plan_wants(&plan, 2300000, 0));
	assert_false(ol_scavenge_plan_wants(&plan, 2200000, UINT64_MAX - 1));
}

static void the_limit_makes_the_background_scavenge_from_go1_21_on_and_never_before(void **state) {
	(void)state;
	struct ol_scavenge_plan plan;
	ol_scavenge_plan_init(&plan, OL_PACER_GO_1_19);
	ol_scavenge_plan_set(&plan, 0, 4 * OL_MIB, 0, 100 * OL_MIB);
	assert_false(ol_scavenge_plan_wants(&plan, 0, 200 * OL_MIB));
	ol_scavenge_plan_init(&plan, OL_PACER_GO_1_21);
	ol_scavenge_plan_set(&plan, 0, 4 * OL_MIB, 0, 100 * OL_MIB);
	assert_false(ol_scavenge_plan_wants(&plan, 0, 95 * OL_MIB));
	assert_true(ol_scavenge_plan_wants(&plan, 0, 95 * OL_MIB + 1));
}

static void an_allocation_gives_back_what_it_carries_over_the_limit(void **state) {
	(void)state;
	struct ol_scavenge_plan plan;
	ol_scavenge_plan_init(&plan, OL_PACER_GO_1_19);
	assert_int_equal(ol_scavenge_plan_before_commit(
						 &plan, 32 * OL_MIB, 30 * OL_MIB, 31 * OL_MIB, 3 * OL_MIB, 4 * OL_MIB),
		2 * OL_MIB);
	assert_int_equal(ol_scavenge_plan_before_commit(
						 &plan, 32 * OL_MIB, 30 * OL_MIB, 29 * OL_MIB, 3 * OL_MIB, 4 * OL_MIB),
		0);
}

static void growth_beyond_the_scavengers_goal_is_paid_for_by_free_pages(void **state) {
	(void)state;
	struct ol_scavenge_plan plan;
	ol_scavenge_plan_init(&plan, OL_PACER_GO_1_19);
	plan.percent_goal_bytes = 10 * OL_MIB;
	/* Two mebibytes over, but not more than it grows by. */
	assert_int_equal(ol_scavenge_plan_before_commit(
						 &plan, OL_MEMORY_LIMIT_OFF, 8 * OL_MIB, 0, OL_MIB, 4 * OL_MIB),
		2 * OL_MIB);
	assert_int_equal(ol_scavenge_plan_before_commit(
						 &plan, OL_MEMORY_LIMIT_OFF, 20 * OL_MIB, 0, OL_MIB, 4 * OL_MIB),
		4 * OL_MIB);
	assert_int_equal(
		ol_scavenge_plan_before_commit(&plan, OL_MEMORY_LIMIT_OFF, 20 * OL_MIB, 0, OL_MIB, 0), 0);
}

static void the_scavenger_works_a_hundredth_of_the_time(void **state) {
	(void)state;
	struct ol_scavenge_plan plan;
	ol_scavenge_plan_init(&plan, OL_PACER_GO_1_19);
	uint64_t slept_ns = 0, work_sum_ns = 0, sleep_sum_ns = 0;
	for (int i = 0; i < 2000; i++) {
		uint64_t sleep_ns = ol_scavenge_plan_sleep_ns(&plan, OL_SCAVENGE_WORK_NS, slept_ns);
		if (i == 0)
			assert_int_equal(sleep_ns, OL_NS_PER_S); /* Go starts at a thousandth. */
		if (i >= 1000) {
			work_sum_ns += OL_SCAVENGE_WORK_NS;
			sleep_sum_ns += sleep_ns;
		}
		slept_ns = sleep_ns;
	}
	double share = (double)work_sum_ns / (double)(work_sum_ns + sleep_sum_ns);
	assert_true(share > 0.005 && share < 0.015);
}

#endif
