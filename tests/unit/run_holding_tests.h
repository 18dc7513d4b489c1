/* run_holding_tests.h -- What a program holds beside its heap.
 *
 * Part of test_run.c. */
#ifndef TESTS_RUN_HOLDING_TESTS_H
#define TESTS_RUN_HOLDING_TESTS_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "os/os.h"
#include "run/holding.h"

static struct ol_last_words words_of(const struct world *world) {
	return ol_flight_read(world->links.flight);
}

static void memory_beside_the_heap_is_written_counted_and_given_back(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_run_holding *first, *second, *third;
	start(world);
	const uint64_t before = ol_run_memstats(world->run).mallocs;
	assert_int_equal(ol_run_hold_memory(world->run, 3 * OL_MIB + 1, &first, NULL), 0);
	assert_int_equal(words_of(world).request_bytes, 3 * OL_MIB + 1);
	assert_int_equal(words_of(world).touched_bytes, 3 * OL_MIB + 1);
	assert_int_equal(ol_run_hold_memory(world->run, 1, &second, NULL), 0);
	assert_int_equal(ol_run_hold_memory(world->run, OL_MIB, &third, NULL), 0);
	assert_int_equal(ol_run_write_holding(world->run, first, NULL), 0);
	assert_int_equal(words_of(world).touched_bytes, 3 * OL_MIB + 1);
	assert_int_equal(ol_run_holding_bytes(first), 3 * OL_MIB + 1);
	ol_run_release_holding(world->run, second);
	assert_int_equal(words_of(world).off_heap_bytes, 4 * OL_MIB + 1);
	ol_run_release_holding(world->run, third);
	ol_run_release_holding(world->run, first);
	assert_int_equal(words_of(world).off_heap_bytes, 0);
	assert_int_equal(words_of(world).beside_requested_bytes, 4 * OL_MIB + 2);
	assert_int_equal(ol_run_memstats(world->run).mallocs, before);
	/* The rest is the run's to give back. */
	assert_int_equal(ol_run_hold_memory(world->run, OL_MIB, &first, NULL), 0);
	close_world(world);
}

static void a_refused_request_beside_the_heap_is_an_error_and_leaves_nothing(void **state) {
	(void)state;
	int refusals = 0;
	for (uint32_t number = 1; number < 32; number++) {
		struct world *world = open_world();
		struct ol_run_holding *holding = NULL;
		struct ol_error error;
		world->spec.fail_memory_request = number;
		if (ol_run_create(&world->spec, &world->links, &world->run, NULL) == 0 &&
			ol_run_hold_memory(world->run, OL_MIB, &holding, &error) < 0) {
			assert_int_equal(error.code, -ENOMEM);
			assert_null(holding);
			assert_int_equal(words_of(world).off_heap_bytes, 0);
			refusals++;
		}
		close_world(world);
	}
	assert_int_equal(refusals, 2);
}

static void memory_beside_the_heap_is_written_no_further_once_the_run_is_to_end(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_run_holding *holding;
	struct ol_error error;
	start(world);
	order_end(world);
	assert_int_equal(ol_run_hold_memory(world->run, 8 * OL_MIB, &holding, &error), -ECANCELED);
	assert_true(words_of(world).touched_bytes < 8 * OL_MIB);
	close_world(world);
}

static void a_slab_can_be_written_to_again(void **state) {
	(void)state;
	struct world *world = open_world();
	ol_root root;
	start(world);
	assert_int_equal(ol_run_slab(world->run, 64 << 10, OL_FILL_BYTE, &root, NULL), 0);
	unsigned char *slab = ol_heap_root_load(ol_run_heap(world->run), root);
	memset(slab, 0, 64 << 10);
	assert_int_equal(ol_run_write_slab(world->run, root, NULL), 0);
	for (int i = 0; i < 64 << 10; i++)
		assert_int_equal(slab[i], 0xff);
	assert_int_equal(words_of(world).touched_bytes, 64 << 10);
	close_world(world);
}

static uint64_t goal_of(const struct world *world) {
	return ol_run_memstats(world->run).next_gc;
}

/* The goal before, with and after 100 MiB of stacks beside 20 MiB that are live. */
static void plan_with_stacks(const char *rules, const char *collector, uint64_t memory_limit_bytes,
	uint64_t ret_goals_bytes[3]) {
	struct world *world = open_world();
	struct ol_run_holding *stacks;
	ol_root root;
	snprintf(world->spec.rules, sizeof world->spec.rules, "%s", rules);
	snprintf(world->spec.collector, sizeof world->spec.collector, "%s", collector);
	world->spec.memory_limit_bytes = memory_limit_bytes;
	start(world);
	assert_int_equal(ol_run_slab(world->run, 20 * OL_MIB, OL_FILL_BYTE, &root, NULL), 0);
	ol_run_collect(world->run);
	ret_goals_bytes[0] = goal_of(world);
	assert_int_equal(ol_run_hold_stacks(world->run, 100 * OL_MIB, &stacks, NULL), 0);
	assert_int_equal(words_of(world).stack_bytes, 100 * OL_MIB);
	ol_run_collect(world->run);
	ret_goals_bytes[1] = goal_of(world);
	ol_run_release_holding(world->run, stacks);
	assert_int_equal(words_of(world).stack_bytes, 0);
	ol_run_collect(world->run);
	ret_goals_bytes[2] = goal_of(world);
	close_world(world);
}

static void stacks_count_in_the_goal_once_a_cycle_has_seen_them(void **state) {
	(void)state;
	static const char *const collectors[] = { "stw", "incremental", "concurrent" };
	uint64_t goals_bytes[3];
	for (int i = 0; i < 3; i++) {
		plan_with_stacks("go1.19", collectors[i], OL_MEMORY_LIMIT_OFF, goals_bytes);
		assert_int_equal(goals_bytes[1], goals_bytes[0] + 100 * OL_MIB);
		assert_int_equal(goals_bytes[2], goals_bytes[0]);
	}
	plan_with_stacks("go1.16", "stw", OL_MEMORY_LIMIT_OFF, goals_bytes);
	assert_int_equal(goals_bytes[1], goals_bytes[0]);
}

static void a_memory_limit_counts_stacks(void **state) {
	(void)state;
	uint64_t goals_bytes[3];
	plan_with_stacks("go1.19", "stw", 150 * OL_MIB, goals_bytes);
	assert_true(goals_bytes[1] < 50 * OL_MIB);
	plan_with_stacks("go1.19", "stw", 110 * OL_MIB, goals_bytes);
	assert_true(goals_bytes[1] < goals_bytes[0]);
}

static void a_second_heap_has_a_pacer_of_its_own(void **state) {
	(void)state;
	static const char *const collectors[] = { "stw", "incremental", "concurrent" };
	for (int i = 0; i < 3; i++) {
		struct world *world = open_world();
		struct ol_run_heap *first, *second, *third;
		ol_root root, other_root;
		snprintf(world->spec.collector, sizeof world->spec.collector, "%s", collectors[i]);
		start(world);
		first = ol_run_first_heap(world->run);
		assert_int_equal(ol_run_second_heap(world->run, 50, OL_MEMORY_LIMIT_OFF, &second, NULL), 0);
		assert_ptr_equal(ol_run_used_heap(world->run), first);
		assert_int_equal(ol_run_slab(world->run, 12 * OL_MIB, OL_FILL_BYTE, &root, NULL), 0);
		ol_run_collect(world->run);
		uint64_t goal_bytes = goal_of(world);
		ol_run_use(world->run, second);
		assert_int_equal(ol_run_memstats(world->run).mallocs, 0);
		assert_int_equal(ol_run_slab(world->run, 8 * OL_MIB, OL_FILL_BYTE, &other_root, NULL), 0);
		ol_run_collect(world->run);
		assert_in_range(goal_of(world), 12 * OL_MIB, 12 * OL_MIB + (256 << 10));
		ol_heap_root_release(ol_run_heap(world->run), other_root);
		assert_int_equal(ol_run_garbage_bytes(world->run), 8 * OL_MIB);
		assert_int_equal(ol_run_check(world->run, NULL), 0);
		/* What is told of the run is told of the first. */
		struct ol_last_words words = words_of(world);
		assert_int_equal(words.memstats.heap_alloc, 12 * OL_MIB);
		assert_int_equal(words.garbage_bytes, 0);
		assert_int_equal(words.other_heaps_bytes, 8 * OL_MIB);
		ol_run_use(world->run, first);
		assert_int_equal(goal_of(world), goal_bytes);
		for (int j = 2; j < OL_RUN_HEAPS_MAX; j++)
			assert_int_equal(ol_run_second_heap(world->run, 100, OL_MIB, &third, NULL), 0);
		assert_int_equal(ol_run_second_heap(world->run, 100, OL_MIB, &third, NULL), -ENOSPC);
		close_world(world);
	}
}

static void each_refused_request_of_a_second_heap_leaves_nothing_behind(void **state) {
	(void)state;
	int refusals = 0;
	for (uint32_t number = 1; number < 32; number++) {
		struct world *world = open_world();
		struct ol_run_heap *second = NULL;
		world->spec.fail_memory_request = number;
		if (ol_run_create(&world->spec, &world->links, &world->run, NULL) == 0 &&
			ol_run_second_heap(world->run, 100, OL_MEMORY_LIMIT_OFF, &second, NULL) < 0) {
			assert_null(second);
			refusals++;
		}
		close_world(world);
	}
	assert_true(refusals > 0);
}

static void a_run_that_is_told_to_end_allocates_in_no_heap(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_run_heap *second;
	ol_root root;
	start(world);
	assert_int_equal(ol_run_second_heap(world->run, 100, OL_MEMORY_LIMIT_OFF, &second, NULL), 0);
	order_end(world);
	ol_run_use(world->run, second);
	assert_int_equal(ol_run_slab(world->run, 100, OL_FILL_BYTE, &root, NULL), -ECANCELED);
	assert_int_equal(ol_run_node(world->run, 1, 0, &root, NULL), -ECANCELED);
	assert_int_equal(ol_run_memstats(world->run).mallocs, 0);
	close_world(world);
}

static void a_file_and_a_child_are_told_and_end_with_the_run(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_run_holding *file, *child;
	struct ol_error error;
	start(world);
	assert_int_equal(ol_run_hold_file(world->run, OL_MIB + 1, &file, NULL), 0);
	assert_int_equal(words_of(world).file_bytes, OL_MIB + 1);
	assert_int_equal(ol_run_read_holding(world->run, file, NULL), 0);
	ol_run_release_holding(world->run, file);
	assert_int_equal(words_of(world).file_bytes, 0);
	assert_int_equal(ol_run_hold_file(world->run, UINT64_MAX / 2, &file, &error), -ENOSPC);
	assert_int_equal(ol_run_hold_child(world->run, &child, NULL), 0);
	assert_int_equal(words_of(world).child_count, 1);
	ol_run_release_holding(world->run, child);
	assert_int_equal(words_of(world).child_count, 0);
	assert_int_equal(ol_run_hold_child(world->run, &child, NULL), 0);
	close_world(world);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_child_that_somebody_killed_is_released_as_any_other(void **state) {
	(void)state;
	struct ol_os_real os;
	struct ol_os_child child;
	ol_os_real_init(&os, -1, NULL);
	assert_int_equal(os.os.ops->fork(&os.os, &child, NULL), 0);
	assert_int_equal(kill((pid_t)child.id, SIGKILL), 0);
	os.os.ops->end_child(&os.os, &child);
	assert_int_equal(waitpid((pid_t)child.id, NULL, WNOHANG), -1);
}

/* Answers the request for a limit as a lab does. */
static void *answer_limit(void *argument) {
	struct world *world = argument;
	struct ol_error error;
	struct pollfd fd = { .fd = world->lab_socket, .events = POLLIN };
	for (uint32_t number = 1; number <= 2; number++) {
		assert_int_equal(poll(&fd, 1, 5000), 1);
		const struct ol_frame *frame = receive(world, OL_FRAME_LIMIT);
		assert_int_equal(frame->limit.number, number);
		assert_int_equal(words_of(world).limit_now_bytes, frame->limit.limit_bytes);
		int result = number == 1 ? 0 : ol_error_set(&error, -EBUSY, "in use");
		ol_flight_answer_limit(world->links.flight, number, result, result < 0 ? &error : NULL);
	}
	return NULL;
}

static void another_limit_is_the_labs_to_set_and_a_refusal_changes_nothing(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_error error;
	pthread_t lab;
	start(world);
	receive(world, OL_FRAME_READY);
	assert_int_equal(ol_run_limit_bytes(world->run), 32 * OL_MIB);
	assert_int_equal(pthread_create(&lab, NULL, answer_limit, world), 0);
	assert_int_equal(ol_run_set_limit(world->run, 48 * OL_MIB, NULL), 0);
	assert_int_equal(ol_run_set_limit(world->run, OL_MIB, &error), -EBUSY);
	assert_string_equal(error.message, "in use");
	pthread_join(lab, NULL);
	assert_int_equal(ol_run_limit_bytes(world->run), 48 * OL_MIB);
	assert_int_equal(words_of(world).limit_now_bytes, 48 * OL_MIB);
	close_world(world);
}

#endif
