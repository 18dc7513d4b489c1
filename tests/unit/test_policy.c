/* test_policy.c -- The policies in C: each rule against its figures, and against bad arguments. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_fixed_tests.h"
#include "policy_membalancer_tests.h"
#include "policy_support.h"
#include "policy_watchdog_tests.h"

static void every_policy_has_a_manual_and_is_found_by_its_name(void **state) {
	(void)state;
	static const char *const names[] = { "go", "memory-limit", "target", "membalancer", "fixed",
		"watermark", "pressure", "last-resort", "never", "watchdog" };
	assert_int_equal(ol_policy_types_count, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct ol_policy_type *type = ol_policy_find(names[i]);
		assert_ptr_equal(type, ol_policy_types[i]);
		assert_true(strlen(type->title) > 10 && strchr(type->title, '\n') == NULL);
		assert_true(strlen(type->source) > 10 && strlen(type->rule) > 60);
		assert_int_equal(type->wants_pressure,
			strcmp(names[i], "pressure") == 0 || strcmp(names[i], "watchdog") == 0);
		for (const char *line = type->rule; line != NULL; line = strchr(line, '\n')) {
			line += *line == '\n';
			if (strcspn(line, "\n") > 92)
				fail_msg("%s: a long line: %.100s", names[i], line);
		}
	}
	assert_null(ol_policy_find("nonsense"));
	assert_null(ol_policy_find(""));
	ol_policy_destroy(NULL);
}

static void a_bad_argument_is_refused_with_what_was_expected(void **state) {
	(void)state;
	static const struct {
		const char *name, *argument, *expected;
	} cases[] = {
		{ "go", "1", "no argument" },
		{ "never", "x", "no argument" },
		{ "pressure", "80", "no argument" },
		{ "last-resort", "80", "no argument" },
		{ "memory-limit", "0", "above 0" },
		{ "memory-limit", "100.1", "at most 100" },
		{ "memory-limit", "-5", "above 0" },
		{ "memory-limit", "90 ", "memory-limit:90" },
		{ "memory-limit", "nan", "percentage" },
		{ "memory-limit", "90.", "percentage" },
		{ "memory-limit", "1e999", "at most 100" },
		{ "memory-limit", "90.0000000000000000000000", "percentage" },
		{ "memory-limit", "0x20", "percentage" },
		{ "memory-limit", "90%%", "percentage" },
		{ "memory-limit", "28MiB", "percentage" },
		{ "target", "abc", "expected bytes" },
		{ "target", "0", "more than 0" },
		{ "target", "0%", "more than 0" },
		{ "target", "101%", "up to 100%" },
		{ "fixed", "-1", "expected bytes" },
		{ "fixed", "99999999999999999999", "the largest size" },
		{ "membalancer", "0", "above 0" },
		{ "membalancer", "1.5", "at most 1" },
		{ "membalancer", "inf", "membalancer:3e-10" },
		{ "membalancer", "1e", "number" },
		{ "membalancer", "1e-", "number" },
		{ "membalancer", "1e-9999", "above 0" },
		{ "membalancer", "3e-10x", "number" },
		{ "membalancer", ".5", "number" },
		{ "watermark", "50/", "50/75/90" },
		{ "watermark", "/50", "50/75/90" },
		{ "watermark", "50//75", "50/75/90" },
		{ "watermark", "50,75", "50/75/90" },
		{ "watermark", "50/101", "at most 100" },
		{ "watermark", "0/50", "above 0" },
		{ "watermark", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "up to 16" },
		{ "watchdog", "0", "above 0" },
		{ "watchdog", "101", "at most 100" },
		{ "watchdog", "90/", "watchdog:90/15" },
		{ "watchdog", "90/0", "watchdog:90/15" },
		{ "watchdog", "90/5ms", "10 ms or more" },
		{ "watchdog", "90/15/15", "watchdog:90/15" },
		{ "watchdog", "90,every=15s", "watchdog:90/15" },
		{ "watchdog", "28MiB", "percentage" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = NULL;
		struct ol_error error = { 0 };
		int code = try_make(cases[i].name, cases[i].argument, 32 * mib, &policy, &error);
		if (code != -EINVAL || error.code != -EINVAL || policy != NULL ||
			strstr(error.message, cases[i].expected) == NULL ||
			strstr(error.message, cases[i].name) == NULL)
			fail_msg("%s:%s: %d, '%s'", cases[i].name, cases[i].argument, code, error.message);
	}
}

static void without_a_limit_what_goes_by_one_is_refused_and_the_rest_is_made(void **state) {
	(void)state;
	static const struct {
		const char *name, *argument;
		int code;
	} cases[] = {
		{ "go", "", 0 },
		{ "never", "", 0 },
		{ "pressure", "", 0 },
		{ "membalancer", "", 0 },
		{ "memory-limit", "", -EINVAL },
		{ "memory-limit", "80", -EINVAL },
		{ "last-resort", "", -EINVAL },
		{ "watermark", "", -EINVAL },
		{ "watermark", "50/75", -EINVAL },
		{ "watchdog", "", -EINVAL },
		{ "target", "", -EINVAL },
		{ "target", "10%", -EINVAL },
		{ "target", "8MiB", 0 },
		{ "fixed", "", -EINVAL },
		{ "fixed", "25%", -EINVAL },
		{ "fixed", "8MiB", 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = NULL;
		struct ol_error error = { 0 };
		int code = try_make(cases[i].name, cases[i].argument, UINT64_MAX, &policy, &error);
		if (code != cases[i].code || (code < 0 && strstr(error.message, "expected") == NULL))
			fail_msg("%s:%s: %d, '%s'", cases[i].name, cases[i].argument, code, error.message);
		ol_policy_destroy(policy);
	}
}

static void go_orders_nothing(void **state) {
	(void)state;
	struct ol_policy *policy = make("go", "", 32 * mib);
	const struct ol_policy_ops *ops = policy->ops;
	assert_true(ops->on_start == NULL && ops->on_gc_end == NULL && ops->on_tick == NULL);
	assert_true(ops->on_pressure == NULL && ops->before_grow == NULL && ops->goal == NULL);
	assert_int_equal(policy->tick_period_ns, 0);
	ol_policy_destroy(policy);
}

static void never_switches_gogc_and_a_memory_limit_off_at_the_start(void **state) {
	(void)state;
	struct ol_policy *policy = make("never", "", 32 * mib);
	struct ol_policy_stats stats = fresh_stats();
	stats.memory_limit_bytes = 28 * mib;
	struct ol_policy_orders orders = start(policy, 32 * mib, &stats);
	assert_true(orders.has_gogc && orders.gogc == OL_GOGC_OFF);
	assert_true(orders.has_memory_limit && orders.memory_limit_bytes == OL_MEMORY_LIMIT_OFF);
	assert_null(policy->ops->goal);
	ol_policy_destroy(policy);
}

static void memory_limit_is_a_share_of_the_cages_limit(void **state) {
	(void)state;
	static const struct {
		const char *argument;
		uint64_t limit_bytes, expected_bytes;
	} cases[] = {
		{ "", 33554432, 30198988 },
		{ "90", 33554432, 30198988 },
		{ "90%", 33554432, 30198988 },
		{ "100", 33554432, 33554432 },
		{ "62.5", 33554432, 20971520 },
		{ "100", UINT64_MAX - 1, UINT64_MAX },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("memory-limit", cases[i].argument, cases[i].limit_bytes);
		struct ol_policy_stats stats = fresh_stats();
		struct ol_policy_orders orders = start(policy, cases[i].limit_bytes, &stats);
		assert_true(orders.has_memory_limit && !orders.has_gogc);
		assert_true(orders.memory_limit_bytes == cases[i].expected_bytes);
		ol_policy_destroy(policy);
	}
}

static void a_memory_limit_that_is_set_already_stands(void **state) {
	(void)state;
	struct ol_policy *policy = make("memory-limit", "", 32 * mib);
	struct ol_policy_stats stats = fresh_stats();
	stats.memory_limit_bytes = 16 * mib;
	struct ol_policy_orders orders = start(policy, 32 * mib, &stats);
	assert_true(is_nothing(&orders));
	ol_policy_destroy(policy);
}

static void target_raises_a_lower_goal_and_leaves_a_higher_one_to_go(void **state) {
	(void)state;
	static const struct {
		const char *argument;
		uint64_t go_bytes, goal_bytes;
	} cases[] = {
		{ "", 4 * OL_MIB, 8 * OL_MIB },
		{ "", 8 * OL_MIB - 1, 8 * OL_MIB },
		{ "", 8 * OL_MIB, 0 },
		{ "", UINT64_MAX, 0 },
		{ "50%", 4 * OL_MIB, 16 * OL_MIB },
		{ "12MiB", 4 * OL_MIB, 12 * OL_MIB },
		{ "64MiB", 40 * OL_MIB, 64 * OL_MIB },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("target", cases[i].argument, 32 * mib);
		struct ol_policy_stats stats = fresh_stats();
		stats.goal_bytes = cases[i].go_bytes;
		assert_int_equal(policy->ops->goal(policy, &stats), cases[i].goal_bytes);
		ol_policy_destroy(policy);
	}
}

/* go-watchdog's own test: what Evaluate answers before, at and after each watermark. */
static void the_threshold_is_the_first_watermark_above_usage(void **state) {
	(void)state;
	static const uint64_t limit = 64 * OL_MIB;
	static const struct {
		const char *argument;
		uint64_t start_bytes; /* Usage when the threshold is set. */
		uint64_t fires_bytes; /* The lowest usage that forces a collection; 0 for none. */
	} cases[] = {
		{ "50/75/80", 0, limit / 2 },
		{ "50/75/80", limit / 2 - 1, limit / 2 },
		{ "50/75/80", limit / 2, limit / 4 * 3 },
		{ "50/75/80", limit / 2 + 1, limit / 4 * 3 },
		{ "50/75/80", limit / 4 * 3, 53687091 },
		{ "50/75/80", 53687091, 0 },
		{ "50/75/80", limit, 0 },
		{ "", 0, limit / 2 },
		{ "", limit / 4 * 3, 60397977 },
		{ "", 60397977, 0 },
		{ "75/50", 0, limit / 4 * 3 }, /* In the order given: 50 is never reached. */
		{ "75/50", limit / 2, limit / 4 * 3 },
		{ "50%/92.5%", limit / 2, 62075699 },
		{ "100", 0, limit },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("watermark", cases[i].argument, limit);
		struct ol_policy_stats stats = fresh_stats();
		stats.cage_bytes = cases[i].start_bytes;
		struct ol_policy_orders orders = start(policy, limit, &stats);
		assert_true(is_nothing(&orders));
		stats.cage_bytes = cases[i].fires_bytes != 0 ? cases[i].fires_bytes - 1 : UINT64_MAX;
		orders = tick(policy, &stats);
		assert_true(is_nothing(&orders));
		stats.cage_bytes = cases[i].fires_bytes;
		orders = tick(policy, &stats);
		assert_int_equal(orders.is_collect, cases[i].fires_bytes != 0);
		assert_int_equal(orders.scavenge_bytes, 0);
		ol_policy_destroy(policy);
	}
}

static void watermarks_are_looked_at_ten_times_a_second_and_renewed_by_any_collection(
	void **state) {
	(void)state;
	struct ol_policy *policy = make("watermark", "50/75/90", 32 * mib);
	assert_int_equal(policy->tick_period_ns, 100 * ms);
	struct ol_policy_stats stats = fresh_stats();
	struct ol_gc_cycle cycle = { .number = 1 };
	stats.mapped_ready_bytes = 2 * mib; /* The cage is not known: what is mapped counts. */
	start(policy, 32 * mib, &stats);
	stats.mapped_ready_bytes = 17 * mib;
	struct ol_policy_orders orders = tick(policy, &stats);
	assert_true(orders.is_collect);
	assert_string_equal(orders.reason, "usage 17.0 MiB is at the watermark of 16.0 MiB");
	/* go-watchdog asks for it again at each look until a collection has run. */
	orders = tick(policy, &stats);
	assert_true(orders.is_collect);
	end_gc(policy, &cycle, &stats);
	orders = tick(policy, &stats);
	assert_true(is_nothing(&orders));
	/* Past the last one: disabled, until a collection finds usage below one again. */
	stats.mapped_ready_bytes = 30 * mib;
	end_gc(policy, &cycle, &stats);
	orders = tick(policy, &stats);
	assert_true(is_nothing(&orders));
	stats.mapped_ready_bytes = 20 * mib;
	end_gc(policy, &cycle, &stats);
	stats.mapped_ready_bytes = 24 * mib;
	orders = tick(policy, &stats);
	assert_true(orders.is_collect);
	ol_policy_destroy(policy);
}

static void pressure_collects_and_gives_back_at_most_once_in_100_ms(void **state) {
	(void)state;
	static const struct {
		uint64_t at_ms;
		bool is_collect;
	} signals[] = { { 0, true }, { 1, false }, { 99, false }, { 100, true }, { 199, false },
		{ 260, true }, { 300, false }, { 100, false } };
	struct ol_policy *policy = make("pressure", "", 32 * mib);
	for (size_t i = 0; i < COUNT(signals); i++) {
		struct ol_policy_pressure pressure = { OL_PRESSURE_THRESHOLD, 0, 29 * mib };
		struct ol_policy_stats stats = fresh_stats();
		struct ol_policy_orders orders = { 0 };
		stats.at_ns = signals[i].at_ms * ms;
		policy->ops->on_pressure(policy, &pressure, &stats, &orders);
		assert_int_equal(orders.is_collect, signals[i].is_collect);
		assert_true(orders.scavenge_bytes == (signals[i].is_collect ? UINT64_MAX : 0));
		assert_int_equal(strstr(orders.reason, "29.0 MiB") != NULL, signals[i].is_collect);
	}
	ol_policy_destroy(policy);
}

static void last_resort_collects_where_growth_would_pass_the_limit_less_a_batch(void **state) {
	(void)state;
	static const uint64_t ceiling = 32 * OL_MIB - 256 * OL_KIB;
	static const struct {
		uint64_t cage_bytes, mapped_bytes, growth_bytes, scavenge_bytes;
	} cases[] = {
		{ 20 * OL_MIB, 30 * OL_MIB, ceiling - 20 * OL_MIB, 0 },
		{ 20 * OL_MIB, 10 * OL_MIB, ceiling - 20 * OL_MIB + 1, 1 },
		{ 0, 20 * OL_MIB, ceiling - 20 * OL_MIB, 0 },
		{ 0, 20 * OL_MIB, 16 * OL_MIB, 4 * OL_MIB + 256 * OL_KIB },
		{ 30 * OL_MIB, 0, UINT64_MAX, UINT64_MAX - ceiling },
		{ UINT64_MAX, 0, 1, UINT64_MAX - ceiling },
		/* The spike: nine tenths dead, one tenth wanted. */
		{ 30 * OL_MIB, 0, 3355443, 30 * OL_MIB + 3355443 - ceiling },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ol_policy *policy = make("last-resort", "", 32 * mib);
		struct ol_policy_stats stats = fresh_stats();
		stats.cage_bytes = cases[i].cage_bytes;
		stats.mapped_ready_bytes = cases[i].mapped_bytes;
		struct ol_policy_orders orders = grow(policy, cases[i].growth_bytes, &stats);
		assert_int_equal(orders.is_collect, cases[i].scavenge_bytes != 0);
		assert_true(orders.scavenge_bytes == cases[i].scavenge_bytes);
		assert_false(orders.is_refused || orders.is_end);
		assert_int_equal(orders.reason[0] != '\0', orders.is_collect);
		ol_policy_destroy(policy);
	}
}

static void last_resort_asked_again_leaves_it_to_the_kernel_and_the_next_span_is_new(void **state) {
	(void)state;
	struct ol_policy *policy = make("last-resort", "", 32 * mib);
	struct ol_policy_stats stats = fresh_stats();
	stats.cage_bytes = 31 * mib;
	for (int span = 0; span < 3; span++) {
		struct ol_policy_orders orders = grow(policy, 4 * mib, &stats);
		assert_true(orders.is_collect);
		orders = grow(policy, 4 * mib, &stats);
		assert_true(is_nothing(&orders));
		stats.allocated_total_bytes += span == 1 ? 4 * mib : 0; /* Served, or failed elsewhere. */
	}
	/* Collecting made the span resident: it was never asked about again, and allocated. */
	struct ol_policy_orders orders = grow(policy, 4 * mib, &stats);
	assert_true(orders.is_collect);
	stats.allocated_total_bytes += 4 * mib;
	orders = grow(policy, 4 * mib, &stats);
	assert_true(orders.is_collect);
	ol_policy_destroy(policy);
}

static void a_limit_below_a_charge_batch_leaves_last_resort_no_room(void **state) {
	(void)state;
	struct ol_policy *policy = make("last-resort", "", 100 * kib);
	struct ol_policy_stats stats = fresh_stats();
	stats.cage_bytes = 10;
	struct ol_policy_orders orders = grow(policy, 1, &stats);
	assert_true(orders.is_collect && orders.scavenge_bytes == 11);
	ol_policy_destroy(policy);
}

/* What a policy that keeps asking does to a heap that cannot shrink: at most one collection a
 * question, and every question ends. */
static void no_policy_orders_a_second_collection_for_the_same_span(void **state) {
	(void)state;
	static const char *const names[] = { "last-resort", "fixed" };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ol_policy *policy = make(names[i], "", 32 * mib);
		struct ol_policy_stats stats = fresh_stats();
		stats.mapped_ready_bytes = stats.cage_bytes = 32 * mib;
		for (int span = 0; span < 100; span++) {
			struct ol_policy_orders first = grow(policy, 8 * kib, &stats);
			struct ol_policy_orders second = grow(policy, 8 * kib, &stats);
			assert_true(first.is_collect && !first.is_refused && !second.is_collect);
			assert_int_equal(second.scavenge_bytes, 0);
		}
		ol_policy_destroy(policy);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_has_a_manual_and_is_found_by_its_name),
		cmocka_unit_test(a_bad_argument_is_refused_with_what_was_expected),
		cmocka_unit_test(without_a_limit_what_goes_by_one_is_refused_and_the_rest_is_made),
		cmocka_unit_test(go_orders_nothing),
		cmocka_unit_test(never_switches_gogc_and_a_memory_limit_off_at_the_start),
		cmocka_unit_test(memory_limit_is_a_share_of_the_cages_limit),
		cmocka_unit_test(a_memory_limit_that_is_set_already_stands),
		cmocka_unit_test(target_raises_a_lower_goal_and_leaves_a_higher_one_to_go),
		cmocka_unit_test(the_threshold_is_the_first_watermark_above_usage),
		cmocka_unit_test(watermarks_are_looked_at_ten_times_a_second_and_renewed_by_any_collection),
		cmocka_unit_test(pressure_collects_and_gives_back_at_most_once_in_100_ms),
		cmocka_unit_test(last_resort_collects_where_growth_would_pass_the_limit_less_a_batch),
		cmocka_unit_test(last_resort_asked_again_leaves_it_to_the_kernel_and_the_next_span_is_new),
		cmocka_unit_test(a_limit_below_a_charge_batch_leaves_last_resort_no_room),
		cmocka_unit_test(the_fixed_heap_is_a_quarter_of_the_cage_unless_said_otherwise),
		cmocka_unit_test(a_full_fixed_heap_collects_gives_back_and_only_then_refuses),
		cmocka_unit_test(growth_near_two_to_the_64_does_not_wrap_into_a_fixed_heap),
		cmocka_unit_test(five_cycles_over_98_percent_of_time_with_2_percent_free_are_refused),
		cmocka_unit_test(a_good_cycle_begins_the_count_of_bad_ones_anew),
		cmocka_unit_test(a_collection_that_the_policy_ordered_counts_for_the_overhead_limit),
		cmocka_unit_test(membalancer_takes_the_square_root_of_live_times_the_rates_over_c),
		cmocka_unit_test(membalancer_smooths_allocation_by_0_95_and_collection_by_one_half),
		cmocka_unit_test(membalancer_learns_nothing_from_a_collection_that_took_no_time),
		cmocka_unit_test(
			membalancer_keeps_two_mebibytes_of_room_where_nothing_is_allocated_or_live),
		cmocka_unit_test(membalancer_stays_below_the_cages_limit_and_above_what_is_live),
		cmocka_unit_test(membalancer_without_a_limit_saturates_rather_than_wraps),
		cmocka_unit_test(a_watchdog_looks_every_so_often_and_ends_at_its_threshold),
		cmocka_unit_test(looks_that_a_watchdog_slept_over_are_not_made_up_for),
		cmocka_unit_test(a_warned_watchdog_looks_at_every_tick_until_usage_has_fallen),
		cmocka_unit_test(a_warned_watchdog_looks_before_the_heap_grows),
		cmocka_unit_test(no_policy_orders_a_second_collection_for_the_same_span),
	};
	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
