/* run_holding_tests.h -- What a program holds beside its heap.
 *
 * Part of test_run.c. */
#ifndef TESTS_RUN_HOLDING_TESTS_H
#define TESTS_RUN_HOLDING_TESTS_H

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
	assert_int_equal(words_of(world).off_heap_requested_bytes, 4 * OL_MIB + 2);
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

#endif
