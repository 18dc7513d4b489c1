/* test_collector.c -- When cycles run, what they find, and what is planned after them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "collector/collector.h"

#include "collector_pure_tests.h"

struct lab {
	struct ol_memory_mmap memory;
	struct ol_clock clock;
	struct ol_heap *heap;
	struct ol_collector *collector;
	struct ol_gc_cycle cycles[256];
	unsigned cycle_count;
	uint64_t cycle_hash;
	char orders[1024]; /* What policies ordered, a line each. */
};

static void note_cycle(void *context, const struct ol_gc_cycle *cycle) {
	struct lab *lab = context;
	assert_true(lab->cycle_count < 256);
	lab->cycles[lab->cycle_count++] = *cycle;
}

static struct ol_collector_config default_config(struct lab *lab) {
	return (struct ol_collector_config){ .rules = OL_PACER_GO_1_19,
		.gogc = 100,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
		.context = lab,
		.on_cycle = note_cycle };
}

static struct lab *open_lab(uint64_t address_bytes) {
	struct lab *lab = calloc(1, sizeof *lab);
	assert_non_null(lab);
	ol_memory_mmap_init(&lab->memory, false);
	lab->clock = ol_clock_virtual(0);
	assert_int_equal(ol_heap_create(&lab->memory.memory, address_bytes, &lab->heap, NULL), 0);
	return lab;
}

static void start(struct lab *lab, const struct ol_collector_config *config) {
	assert_int_equal(ol_collector_create(lab->heap, &lab->clock, config, &lab->collector, NULL), 0);
}

static void close_lab(struct lab *lab) {
	struct ol_error error;
	if (ol_heap_check(lab->heap, &error) < 0)
		fail_msg("%s", error.message);
	ol_collector_destroy(lab->collector);
	ol_heap_destroy(lab->heap);
	free(lab);
}

static ol_root slab(struct lab *lab, uint64_t bytes) {
	ol_root root;
	struct ol_error error;
	if (ol_collector_allocate_slab(lab->collector, bytes, &root, &error) < 0)
		fail_msg("%s", error.message);
	return root;
}

static const uint64_t spike_bytes = 30198988, rest_bytes = 3355443;

static void the_allocation_that_crosses_the_trigger_is_served_first_and_found_live(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	start(lab, &config);
	slab(lab, spike_bytes);
	assert_int_equal(lab->cycle_count, 1);
	assert_true(lab->cycles[0].marked_bytes >= spike_bytes);
	assert_int_equal(lab->cycles[0].freed_bytes, 0);
	assert_int_equal(lab->cycles[0].trigger_bytes, 3997696);
	struct ol_memstats stats = ol_collector_memstats(lab->collector);
	/* Real Go 1.19: 60.7e6. */
	assert_true(stats.next_gc > 60000000 && stats.next_gc < 61500000);
	assert_int_equal(stats.num_gc, 1);
	close_lab(lab);
}

static void a_dropped_slab_stays_until_the_goal_and_the_next_one_grows_the_heap(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	start(lab, &config);
	ol_heap_root_release(lab->heap, slab(lab, spike_bytes));
	slab(lab, rest_bytes);
	struct ol_memstats stats = ol_collector_memstats(lab->collector);
	assert_int_equal(stats.num_gc, 1);
	assert_true(stats.heap_inuse >= spike_bytes + rest_bytes);
	close_lab(lab);
}

static void a_collection_in_between_makes_room_in_place(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	start(lab, &config);
	ol_root root = slab(lab, spike_bytes);
	void *first = ol_heap_root_load(lab->heap, root);
	ol_heap_root_release(lab->heap, root);
	ol_collector_collect(lab->collector);
	struct ol_memstats stats = ol_collector_memstats(lab->collector);
	assert_int_equal(stats.next_gc, 4 * OL_MIB);
	assert_int_equal(stats.num_forced_gc, 1);
	assert_true(lab->cycles[1].is_forced);
	assert_true(lab->cycles[1].freed_bytes >= spike_bytes);
	uint64_t sys_bytes = stats.heap_sys;
	assert_ptr_equal(ol_heap_root_load(lab->heap, slab(lab, rest_bytes)), first);
	assert_int_equal(ol_collector_memstats(lab->collector).heap_sys, sys_bytes);
	close_lab(lab);
}

static void below_the_live_heap_a_memory_limit_collects_at_each_small_allocation(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.memory_limit_bytes = spike_bytes;
	start(lab, &config);
	ol_root root = slab(lab, spike_bytes);
	for (int i = 0; i < 10; i++)
		ol_heap_root_release(lab->heap, slab(lab, 64));
	assert_int_equal(lab->cycle_count, 11);
	assert_int_equal(lab->cycles[10].goal_bytes, lab->cycles[9].marked_bytes);
	ol_heap_root_release(lab->heap, root);
	ol_heap_root_release(lab->heap, slab(lab, 64));
	assert_true(ol_collector_memstats(lab->collector).heap_alloc < OL_MIB);
	close_lab(lab);
}

static void with_gogc_off_and_no_limit_nothing_is_collected(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.gogc = OL_GOGC_OFF;
	start(lab, &config);
	for (int i = 0; i < 100; i++)
		ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
	assert_int_equal(lab->cycle_count, 0);
	ol_collector_set_limits(lab->collector, 100, OL_MEMORY_LIMIT_OFF);
	ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
	assert_int_equal(lab->cycle_count, 1);
	close_lab(lab);
}

static void tested_before_mapping_the_dead_make_room_for_what_is_asked(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.gogc = OL_GOGC_OFF;
	config.memory_limit_bytes = 33 * OL_MIB;
	config.trigger_test = OL_TRIGGER_BEFORE_MAPPING;
	start(lab, &config);
	ol_heap_root_release(lab->heap, slab(lab, spike_bytes));
	assert_int_equal(lab->cycle_count, 0);
	slab(lab, rest_bytes);
	assert_int_equal(lab->cycle_count, 1);
	assert_true(ol_collector_memstats(lab->collector).heap_inuse < 8 * OL_MIB);
	close_lab(lab);
}

static void under_stress_every_allocation_collects(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.is_stress = true;
	start(lab, &config);
	for (int i = 0; i < 50; i++)
		ol_heap_root_release(lab->heap, slab(lab, 16));
	assert_int_equal(lab->cycle_count, 50);
	assert_int_equal(ol_heap_stats(lab->heap).mallocs_count, 50);
	assert_int_equal(ol_heap_stats(lab->heap).frees_count, 49);
	close_lab(lab);
}

static void before_memory_is_refused_the_dead_are_collected_once(void **state) {
	(void)state;
	struct lab *lab = open_lab(64 * OL_MIB);
	struct ol_collector_config config = default_config(lab);
	config.gogc = OL_GOGC_OFF;
	start(lab, &config);
	ol_root root = slab(lab, 40 * OL_MIB);
	ol_root second;
	struct ol_error error;
	assert_int_equal(
		ol_collector_allocate_slab(lab->collector, 40 * OL_MIB, &second, &error), -ENOMEM);
	assert_int_equal(lab->cycle_count, 1);
	ol_heap_root_release(lab->heap, root);
	slab(lab, 40 * OL_MIB);
	assert_int_equal(lab->cycle_count, 2);
	close_lab(lab);
}

/* Go's allocation-time scavenging: over the limit, free pages pay for new ones. */
static void over_the_memory_limit_free_pages_are_given_back_for_new_ones(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.memory_limit_bytes = 24 * OL_MIB;
	config.gogc =
		400; /* The limit is the goal throughout, so the scavenger has no reason of its own. */
	start(lab, &config);
	ol_root roots[8];
	for (int i = 0; i < 8; i++)
		roots[i] = slab(lab, 2 * OL_MIB);
	for (int i = 0; i < 8; i += 2)
		ol_heap_root_release(lab->heap, roots[i]);
	ol_collector_collect(lab->collector);
	assert_true(ol_heap_stats(lab->heap).free_bytes >= 8 * OL_MIB);
	/* Fits no hole of 2 MiB, so fresh pages are needed: 16 + 10 MiB is over 24 MiB. */
	slab(lab, 10 * OL_MIB);
	struct ol_heap_stats after = ol_heap_stats(lab->heap);
	assert_true(after.free_bytes < 8 * OL_MIB);
	assert_true(after.mapped_ready_bytes <= 24 * OL_MIB + OL_MIB);
	close_lab(lab);
}

/* Makes slabs and nodes that one of eight holders refers to; each stays an object until its holder
 * is given another. */
static void make_held(struct lab *lab, unsigned count) {
	ol_root holders[8];
	void *held[8] = { NULL };
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(ol_heap_root_create(lab->heap, NULL, &holders[i], NULL), 0);
	for (unsigned i = 0; i < count; i++) {
		void *object;
		unsigned at = i % 8;
		int result = i % 3 == 0 ? ol_collector_new_node(lab->collector, 1 + i % 20, i % 700,
									  holders[at], &object, NULL)
								: ol_collector_new_slab(
									  lab->collector, 1 + i % 40000, holders[at], &object, NULL);
		assert_int_equal(result, 0);
		assert_ptr_equal(ol_heap_root_load(lab->heap, holders[at]), object);
		held[at] = object;
		for (unsigned j = 0; j < 8; j++)
			assert_true(held[j] == NULL || ol_heap_is_object(lab->heap, held[j]));
	}
}

static void what_is_held_lives_through_the_cycle_that_its_allocation_starts(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	start(lab, &config);
	make_held(lab, 20000);
	assert_true(lab->cycle_count > 10);
	close_lab(lab);
}

static void under_stress_every_held_allocation_collects(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.is_stress = true;
	start(lab, &config);
	make_held(lab, 100);
	assert_int_equal(lab->cycle_count, 100);
	close_lab(lab);
}

/* Go's forcegcperiod. */
static void two_minutes_after_the_last_cycle_comes_another_unless_gogc_is_off(void **state) {
	(void)state;
	for (int gogc = OL_GOGC_OFF; gogc <= 100; gogc += 100 - OL_GOGC_OFF) {
		struct lab *lab = open_lab(4 * OL_GIB);
		struct ol_collector_config config = default_config(lab);
		config.gogc = gogc;
		start(lab, &config);
		ol_clock_sleep_ns(&lab->clock, 200 * OL_NS_PER_S);
		ol_collector_poll(lab->collector);
		assert_int_equal(lab->cycle_count, 0); /* Not before the first. */
		ol_collector_collect(lab->collector);
		ol_clock_sleep_ns(&lab->clock, 120 * OL_NS_PER_S);
		ol_collector_poll(lab->collector);
		assert_int_equal(lab->cycle_count, 1);
		ol_clock_sleep_ns(&lab->clock, 1);
		ol_collector_poll(lab->collector);
		assert_int_equal(lab->cycle_count, gogc == OL_GOGC_OFF ? 1 : 2);
		close_lab(lab);
	}
}

/* What Go counts beside its heap leaves less of the limit: 8.74 MB at 32 MiB, and 0.53 since the
 * first cycle, less 1 MiB of headroom. */
static void with_gos_runtime_the_memory_limit_leaves_less_for_the_heap(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = default_config(lab);
	config.has_go_runtime = true;
	config.gogc = OL_GOGC_OFF;
	config.memory_limit_bytes = 30198988;
	start(lab, &config);
	ol_collector_collect(lab->collector);
	uint64_t goal_bytes = ol_collector_memstats(lab->collector).next_gc;
	assert_in_range(goal_bytes, 30198988 - 9270000 - OL_MIB - 100000, 30198988 - 9270000 - OL_MIB);
	close_lab(lab);
}

#include "collector_modes_tests.h"
#include "collector_policy_tests.h"

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_allocation_that_crosses_the_trigger_is_served_first_and_found_live),
		cmocka_unit_test(a_dropped_slab_stays_until_the_goal_and_the_next_one_grows_the_heap),
		cmocka_unit_test(a_collection_in_between_makes_room_in_place),
		cmocka_unit_test(below_the_live_heap_a_memory_limit_collects_at_each_small_allocation),
		cmocka_unit_test(with_gogc_off_and_no_limit_nothing_is_collected),
		cmocka_unit_test(tested_before_mapping_the_dead_make_room_for_what_is_asked),
		cmocka_unit_test(under_stress_every_allocation_collects),
		cmocka_unit_test(what_is_held_lives_through_the_cycle_that_its_allocation_starts),
		cmocka_unit_test(under_stress_every_held_allocation_collects),
		cmocka_unit_test(before_memory_is_refused_the_dead_are_collected_once),
		cmocka_unit_test(over_the_memory_limit_free_pages_are_given_back_for_new_ones),
		cmocka_unit_test(two_minutes_after_the_last_cycle_comes_another_unless_gogc_is_off),
		cmocka_unit_test(with_gos_runtime_the_memory_limit_leaves_less_for_the_heap),
		cmocka_unit_test(a_cycle_alone_never_fills_the_limiters_bucket),
		cmocka_unit_test(assists_beyond_half_of_the_time_are_limited_after_a_second_a_processor),
		cmocka_unit_test(a_stopped_world_counts_on_every_processor),
		cmocka_unit_test(idle_marking_neither_fills_nor_drains_the_bucket),
		cmocka_unit_test(the_scavengers_goal_follows_the_heap_goal),
		cmocka_unit_test(the_limit_makes_the_background_scavenge_from_go1_21_on_and_never_before),
		cmocka_unit_test(an_allocation_gives_back_what_it_carries_over_the_limit),
		cmocka_unit_test(growth_beyond_the_scavengers_goal_is_paid_for_by_free_pages),
		cmocka_unit_test(the_scavenger_works_a_hundredth_of_the_time),
		cmocka_unit_test(random_programs_keep_what_they_reach_under_stop_the_world),
		cmocka_unit_test(random_programs_keep_what_they_reach_while_marked_by_steps),
		cmocka_unit_test(random_programs_keep_what_they_reach_while_threads_mark),
		cmocka_unit_test(large_random_programs_keep_what_they_reach_while_marked_by_steps),
		cmocka_unit_test(large_random_programs_keep_what_they_reach_while_threads_mark),
		cmocka_unit_test(random_programs_keep_what_they_reach_on_a_single_processor),
		cmocka_unit_test(random_programs_keep_what_they_reach_while_many_threads_mark),
		cmocka_unit_test(steps_are_the_same_for_the_same_seed),
		cmocka_unit_test(assists_give_way_once_they_took_half_of_the_time_for_a_second),
		cmocka_unit_test(freed_memory_goes_back_in_the_background),
		cmocka_unit_test(a_policy_that_collects_before_growth_keeps_the_heap_in_place),
		cmocka_unit_test(what_already_holds_memory_is_no_growth),
		cmocka_unit_test(a_policys_refusal_fails_the_allocation_and_nothing_else),
		cmocka_unit_test(after_a_refusal_a_full_address_space_is_still_collected_first),
		cmocka_unit_test(a_policy_ends_the_run_for_good),
		cmocka_unit_test(a_policy_that_always_wants_to_collect_after_a_cycle_does_not_hang),
		cmocka_unit_test(a_policys_goal_takes_the_place_of_gogc),
		cmocka_unit_test(orders_at_the_start_set_limits_and_ballast),
		cmocka_unit_test(ticks_come_with_the_clock_and_late_ones_are_not_made_up_for),
		cmocka_unit_test(pressure_is_heard_once_for_each_event),
		cmocka_unit_test(while_threads_mark_the_policy_is_asked_on_the_programs_thread),
	};
	return cmocka_run_group_tests_name("collector", tests, NULL, NULL);
}
