/* run_watchdog_tests.h -- A run that is told to end, what it tells of its heap, and what it
 * reserves.
 *
 * Part of test_run.c. */
#ifndef TESTS_RUN_WATCHDOG_TESTS_H
#define TESTS_RUN_WATCHDOG_TESTS_H

#include <pthread.h>
#include <sys/eventfd.h>

#include "run/profile.h"

static void order_end(struct world *world) {
	ol_flight_order_end(world->links.flight, "enough");
}

static void a_run_that_is_told_to_end_allocates_no_more_and_says_why(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_error error;
	ol_root root;
	start(world);
	assert_int_equal(ol_run_slab(world->run, 100, OL_FILL_BYTE, &root, NULL), 0);
	assert_int_equal(ol_run_verdict(world->run, NULL), 0);
	order_end(world);
	assert_int_equal(ol_run_slab(world->run, 100, OL_FILL_BYTE, &root, &error), -ECANCELED);
	assert_string_equal(error.message, "enough");
	assert_int_equal(ol_run_node(world->run, 2, 0, &root, &error), -ECANCELED);
	assert_int_equal(ol_run_verdict(world->run, &error), -ECANCELED);
	assert_int_equal(ol_run_memstats(world->run).mallocs, 1);
	close_world(world);
}

/* Tells it to end as soon as a little of the slab is written. */
static void *order_in_the_middle(void *argument) {
	struct world *world = argument;
	while (atomic_load(&world->links.flight->touched_bytes) < OL_MIB)
		;
	order_end(world);
	return NULL;
}

static void a_run_that_is_told_to_end_writes_no_more_of_a_large_slab(void **state) {
	(void)state;
	struct world *world = open_world();
	pthread_t thread;
	ol_root root;
	start(world);
	assert_int_equal(pthread_create(&thread, NULL, order_in_the_middle, world), 0);
	assert_int_equal(ol_run_slab(world->run, 512 * OL_MIB, OL_FILL_BYTE, &root, NULL), -ECANCELED);
	pthread_join(thread, NULL);
	assert_true(ol_flight_read(world->links.flight).touched_bytes < 500 * OL_MIB);
	close_world(world);
}

static void a_run_hears_the_kernel_by_itself_where_it_is_watched(void **state) {
	(void)state;
	static const struct {
		uint64_t threshold_bytes;
		uint32_t is_on;
		bool ends;
	} cases[] = { { 4096, 1, true }, { 4096, 0, false }, { OL_TIB, 1, false } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world *world = open_world();
		struct ol_error error = { .message = "" };
		ol_root root;
		world->spec.is_uncaged = 1; /* Its resident memory stands for the cage's usage. */
		world->spec.watchdog = (struct ol_watchdog_spec){
			.is_on = cases[i].is_on,
			.wants_notice = 1,
			.threshold_bytes = cases[i].threshold_bytes,
		};
		world->links.notice_fd = eventfd(0, EFD_NONBLOCK);
		start(world);
		assert_int_equal(ol_run_slab(world->run, OL_MIB, OL_FILL_BYTE, &root, NULL), 0);
		assert_int_equal(eventfd_write(world->links.notice_fd, 1), 0);
		int result = ol_run_slab(world->run, OL_MIB, OL_FILL_BYTE, &root, &error);
		assert_int_equal(result, cases[i].ends ? -ECANCELED : 0);
		assert_int_equal(strstr(error.message, "the kernel gave notice") != NULL, cases[i].ends);
		close(world->links.notice_fd);
		close_world(world);
	}
}

static void a_run_that_sleeps_wakes_when_it_is_told_to_end(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	assert_int_equal(ol_run_wait(world->run, OL_NS_PER_MS, NULL), 0);
	order_end(world);
	assert_int_equal(ol_run_wait(world->run, 3600 * OL_NS_PER_S, NULL), -ECANCELED);
	close_world(world);
}

/* The frames before the end: sites by their tags, and the end's outcome. */
static uint32_t receive_profile(struct world *world, struct ol_profile_site *ret_sites) {
	uint32_t count = 0;
	while (ol_frame_receive(world->lab_socket, &world->arrival, NULL) == 1) {
		const struct ol_frame *frame = &world->arrival.frame;
		for (uint32_t i = 0; frame->kind == OL_FRAME_PROFILE && i < frame->profile.site_count; i++)
			ret_sites[count++] = frame->profile.sites[i];
		if (frame->kind == OL_FRAME_END)
			assert_int_equal(frame->end.outcome, OL_OUTCOME_SHUT_DOWN);
	}
	return count;
}

static void an_end_in_good_order_tells_who_allocated_what_and_what_is_held(void **state) {
	(void)state;
	struct world *world = open_world();
	ol_root roots[3];
	world->spec.wants_profile = 1;
	start(world);
	struct ol_profile *profile = ol_run_profile(world->run);
	ol_run_phase(world->run, "first", NULL);
	ol_run_tag(world->run, "cache");
	ol_run_set_place(world->run, ol_profile_add(profile, "x.lua", 7, "fill"));
	assert_int_equal(ol_run_slab(world->run, 8192, OL_FILL_BYTE, &roots[0], NULL), 0);
	assert_int_equal(ol_run_slab(world->run, 8192, OL_FILL_BYTE, &roots[1], NULL), 0);
	ol_profile_note_released(profile, ol_run_place(world->run), 1, 8192);
	ol_run_tag(world->run, "");
	assert_int_equal(ol_profile_find(profile, "x.lua", 7), OL_PROFILE_NOWHERE);
	ol_run_set_place(world->run, ol_profile_add(profile, "x.lua", 7, "fill"));
	/* The one that ends it counts, too: it is there, and partly written. */
	order_end(world);
	assert_int_equal(ol_run_slab(world->run, 8192, OL_FILL_BYTE, &roots[2], NULL), -ECANCELED);
	shutdown(world->lab_socket, SHUT_WR);
	ol_run_end(world->run, OL_OUTCOME_SHUT_DOWN, "enough", NULL);

	static struct ol_profile_site sites[OL_PROFILE_SITES_MAX];
	assert_int_equal(receive_profile(world, sites), 1);
	assert_string_equal(sites[0].file, "x.lua");
	assert_string_equal(sites[0].function, "fill");
	assert_string_equal(sites[0].phase, "first");
	assert_string_equal(sites[0].tag, "cache");
	assert_int_equal(sites[0].line, 7);
	assert_int_equal(sites[0].alloc_objects, 2);
	assert_int_equal(sites[0].alloc_bytes, 2 * 8192);
	assert_int_equal(sites[0].held_objects, 1);
	assert_int_equal(sites[0].held_bytes, 8192);
	close_world(world);
}

static void a_slab_that_is_being_written_to_counts_in_the_profile(void **state) {
	(void)state;
	struct world *world = open_world();
	pthread_t thread;
	ol_root root;
	world->spec.wants_profile = 1;
	start(world);
	struct ol_profile *profile = ol_run_profile(world->run);
	uint32_t place = ol_profile_add(profile, "x.lua", 7, "fill");
	ol_run_set_place(world->run, place);
	assert_int_equal(pthread_create(&thread, NULL, order_in_the_middle, world), 0);
	assert_int_equal(ol_run_slab(world->run, 512 * OL_MIB, OL_FILL_BYTE, &root, NULL), -ECANCELED);
	pthread_join(thread, NULL);
	const struct ol_profile_site *site;
	uint32_t cursor = 0;
	assert_true(ol_profile_next(profile, &cursor, &site));
	assert_int_equal(site->held_bytes, 512 * OL_MIB);
	close_world(world);
}

static void places_beyond_the_table_are_counted_together(void **state) {
	(void)state;
	struct ol_profile *profile;
	char file[32];
	assert_int_equal(ol_profile_create(&profile, NULL), 0);
	for (uint32_t i = 0; i < 2 * OL_PROFILE_SITES_MAX; i++) {
		snprintf(file, sizeof file, "%u.lua", i % 700);
		uint32_t place = ol_profile_find(profile, file, 1);
		if (place == OL_PROFILE_NOWHERE)
			place = ol_profile_add(profile, file, 1, "f");
		assert_int_equal(
			place, i % 700 < OL_PROFILE_SITES_MAX - 1 ? i % 700 : OL_PROFILE_SITES_MAX - 1);
		ol_profile_note_allocated(profile, place, 1, 10);
	}
	const struct ol_profile_site *site;
	uint32_t cursor = 0, count = 0;
	uint64_t bytes = 0;
	while (ol_profile_next(profile, &cursor, &site)) {
		count++;
		bytes += site->alloc_bytes;
	}
	assert_int_equal(count, OL_PROFILE_SITES_MAX);
	assert_int_equal(bytes, 20 * OL_PROFILE_SITES_MAX);
	assert_string_equal(site->file, "");
	assert_string_equal(site->function, "all other places");
	ol_profile_destroy(profile);
}

static void what_is_reserved_is_told_and_holds_no_memory(void **state) {
	(void)state;
	struct world *world = open_world();
	struct ol_error error;
	start(world);
	assert_int_equal(ol_run_reserve(world->run, 512 * OL_MIB + 1, NULL), 0);
	ol_run_end(world->run, OL_OUTCOME_SURVIVED, NULL, NULL);
	struct ol_last_words words = ol_flight_read(world->links.flight);
	assert_int_equal(words.reserved_bytes, 512 * OL_MIB + 4096);
	assert_int_equal(words.heap_address_bytes, 4 * OL_GIB);
	assert_true(words.address_space_bytes > words.reserved_bytes + words.heap_address_bytes);
	assert_true(words.resident_bytes > 0 && words.resident_bytes < 512 * OL_MIB);
	assert_int_equal(ol_run_reserve(world->run, UINT64_MAX, &error), -ENOMEM);
	assert_int_equal(ol_run_reserve(world->run, UINT64_C(1) << 62, &error), -ENOMEM);
	int result = 0;
	for (int i = 0; i < 64 && result == 0; i++)
		result = ol_run_reserve(world->run, 4096, &error);
	assert_int_equal(result, -ENOSPC);
	close_world(world);
}

static void under_a_cap_the_heap_leaves_addresses_to_the_program(void **state) {
	(void)state;
	static const struct {
		uint64_t cap_bytes, heap_bytes;
	} cases[] = { { OL_GIB, 128 * OL_MIB }, { 200 * OL_MIB, 64 * OL_MIB } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world *world = open_world();
		world->spec.address_space_bytes = cases[i].cap_bytes;
		start(world);
		assert_int_equal(
			ol_flight_read(world->links.flight).heap_address_bytes, cases[i].heap_bytes);
		close_world(world);
	}
}

#endif
