/* test_run.c -- What the subject tells the lab, and what its flight recorder holds when. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "record/frame.h"
#include "run/run.h"

struct world {
	struct ol_run_spec spec;
	struct ol_run_links links;
	int flight_fd;
	int lab_socket;
	struct ol_run *run;
	union ol_arrival arrival;
};

static struct world *open_world(void) {
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	world->spec = (struct ol_run_spec){ .spec_bytes = sizeof world->spec,
		.limit_bytes = 32 * OL_MIB,
		.address_space_bytes = UINT64_MAX,
		.rules = "go1.19",
		.collector = "stw",
		.gogc = 100,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF };
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	world->lab_socket = sockets[0];
	world->links =
		(struct ol_run_links){ .socket_fd = sockets[1], .usage_fd = -1, .pressure_fd = -1 };
	assert_int_equal(ol_flight_create(&world->flight_fd, &world->links.flight, NULL), 0);
	return world;
}

static void start(struct world *world) {
	struct ol_error error;
	if (ol_run_create(&world->spec, &world->links, &world->run, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(ol_run_begin(world->run, NULL), 0);
}

static void close_world(struct world *world) {
	ol_run_destroy(world->run);
	ol_flight_close(world->links.flight);
	close(world->flight_fd);
	close(world->links.socket_fd);
	close(world->lab_socket);
	free(world);
}

static const struct ol_frame *receive(struct world *world, enum ol_frame_kind kind) {
	assert_int_equal(ol_frame_receive(world->lab_socket, &world->arrival, NULL), 1);
	assert_int_equal(world->arrival.frame.kind, kind);
	return &world->arrival.frame;
}

static void a_run_tells_its_phases_its_cycles_and_its_end_in_order(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	ol_root root;
	assert_int_equal(ol_run_phase(world->run, "spike", NULL), 0);
	assert_int_equal(ol_run_slab(world->run, 8 * OL_MIB, OL_FILL_BYTE, &root, NULL), 0);
	assert_int_equal(ol_run_log(world->run, "a line", NULL), 0);
	ol_heap_root_release(ol_run_heap(world->run), root);
	assert_int_equal(ol_run_phase(world->run, "after", NULL), 0);
	ol_run_end(world->run, OL_OUTCOME_SCRIPT_ERROR, "why", "where");

	receive(world, OL_FRAME_READY);
	assert_string_equal(receive(world, OL_FRAME_PHASE_BEGIN)->phase.name, "spike");
	assert_int_equal(receive(world, OL_FRAME_GC)->gc.number, 1);
	assert_string_equal(receive(world, OL_FRAME_EVENT)->event.text, "a line");
	const struct ol_phase *phase = &receive(world, OL_FRAME_PHASE_END)->phase;
	assert_int_equal(phase->requested_bytes, 8 * OL_MIB);
	assert_int_equal(phase->garbage_bytes, 8 * OL_MIB);
	assert_int_equal(phase->memstats.heap_alloc, 8 * OL_MIB);
	assert_true(phase->end_ns >= phase->at_ns);
	receive(world, OL_FRAME_PHASE_BEGIN);
	receive(world, OL_FRAME_PHASE_END);
	const struct ol_frame_end *end = &receive(world, OL_FRAME_END)->end;
	assert_int_equal(end->outcome, OL_OUTCOME_SCRIPT_ERROR);
	assert_string_equal(end->message, "why");
	assert_string_equal(end->traceback, "where");
	close_world(world);
}

static void every_byte_of_a_slab_is_written_and_counted(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	ol_root root;
	const uint64_t bytes = 3355443;
	assert_int_equal(ol_run_slab(world->run, bytes, OL_FILL_BYTE, &root, NULL), 0);
	const unsigned char *slab = ol_heap_root_load(ol_run_heap(world->run), root);
	for (uint64_t i = 0; i < bytes; i++)
		assert_true(slab[i] == 0xff);
	struct ol_last_words words = ol_flight_read(world->links.flight);
	assert_int_equal(words.request_bytes, bytes);
	assert_int_equal(words.touched_bytes, bytes);
	close_world(world);
}

static void the_last_words_before_a_request_hold_the_garbage_of_that_moment(void **state) {
	(void)state;
	struct world *world = open_world();
	world->spec.gogc = OL_GOGC_OFF;
	start(world);
	ol_root root;
	assert_int_equal(ol_run_phase(world->run, "spike", NULL), 0);
	assert_int_equal(ol_run_slab(world->run, 8 * OL_MIB, OL_FILL_BYTE, &root, NULL), 0);
	assert_int_equal(ol_flight_read(world->links.flight).garbage_bytes, 0);
	ol_heap_root_release(ol_run_heap(world->run), root);
	assert_int_equal(ol_run_slab(world->run, OL_MIB, OL_FILL_BYTE, &root, NULL), 0);
	struct ol_last_words words = ol_flight_read(world->links.flight);
	assert_string_equal(words.phase, "spike");
	assert_int_equal(words.activity, OL_ACTIVITY_TOUCHING);
	assert_int_equal(words.garbage_bytes, 8 * OL_MIB);
	assert_int_equal(words.allocated_since_count_bytes, OL_MIB);
	close_world(world);
}

static void a_nodes_payload_is_written_and_its_slots_are_not(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	ol_root root;
	assert_int_equal(ol_run_node(world->run, 3, 5000, &root, NULL), 0);
	struct ol_heap *heap = ol_run_heap(world->run);
	void *node = ol_heap_root_load(heap, root);
	for (uint32_t i = 0; i < 3; i++)
		assert_null(ol_heap_load(heap, node, i));
	const unsigned char *payload = ol_heap_payload(heap, node);
	assert_true(payload[0] == 0xff && payload[4999] == 0xff);
	assert_int_equal(ol_heap_check(heap, NULL), 0);
	close_world(world);
}

static void a_lab_that_is_gone_ends_the_run_with_an_error_not_a_signal(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	receive(world, OL_FRAME_READY);
	close(world->lab_socket);
	struct ol_error error;
	assert_int_equal(ol_run_phase(world->run, "alone", &error), -EPIPE);
	world->lab_socket = -1;
	close_world(world);
}

static void each_refused_request_for_memory_is_an_error_and_leaks_nothing(void **state) {
	(void)state;
	int refusals = 0;
	for (uint32_t number = 1; number < 64; number++) {
		struct world *world = open_world();
		world->spec.fail_memory_request = number;
		struct ol_error error;
		int result = ol_run_create(&world->spec, &world->links, &world->run, &error);
		for (int i = 0; result == 0 && i < 20; i++) {
			ol_root root;
			result = ol_run_slab(world->run, 700 << 10, OL_FILL_BYTE, &root, &error);
			if (result == 0)
				result = ol_run_node(world->run, 2, 100, &root, &error);
			assert_int_equal(ol_heap_check(ol_run_heap(world->run), NULL), 0);
		}
		assert_true(result == 0 || result == -ENOMEM);
		refusals += result == -ENOMEM;
		close_world(world);
	}
	/* Later ones are absorbed by the collection that follows a refusal. */
	assert_true(refusals > 0);
}

#include "run_watchdog_tests.h"

#include "run_holding_tests.h"
#include "run_load_tests.h"

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_tells_its_phases_its_cycles_and_its_end_in_order),
		cmocka_unit_test(every_byte_of_a_slab_is_written_and_counted),
		cmocka_unit_test(the_last_words_before_a_request_hold_the_garbage_of_that_moment),
		cmocka_unit_test(a_nodes_payload_is_written_and_its_slots_are_not),
		cmocka_unit_test(a_lab_that_is_gone_ends_the_run_with_an_error_not_a_signal),
		cmocka_unit_test(each_refused_request_for_memory_is_an_error_and_leaks_nothing),
		cmocka_unit_test(a_run_that_is_told_to_end_allocates_no_more_and_says_why),
		cmocka_unit_test(a_run_that_is_told_to_end_writes_no_more_of_a_large_slab),
		cmocka_unit_test(a_run_hears_the_kernel_by_itself_where_it_is_watched),
		cmocka_unit_test(a_run_that_sleeps_wakes_when_it_is_told_to_end),
		cmocka_unit_test(an_end_in_good_order_tells_who_allocated_what_and_what_is_held),
		cmocka_unit_test(a_slab_that_is_being_written_to_counts_in_the_profile),
		cmocka_unit_test(places_beyond_the_table_are_counted_together),
		cmocka_unit_test(what_is_reserved_is_told_and_holds_no_memory),
		cmocka_unit_test(under_a_cap_the_heap_leaves_addresses_to_the_program),
		cmocka_unit_test(memory_beside_the_heap_is_written_counted_and_given_back),
		cmocka_unit_test(a_refused_request_beside_the_heap_is_an_error_and_leaves_nothing),
		cmocka_unit_test(memory_beside_the_heap_is_written_no_further_once_the_run_is_to_end),
		cmocka_unit_test(a_slab_can_be_written_to_again),
		cmocka_unit_test(what_a_load_asks_for_is_what_its_phase_has_asked_for),
		cmocka_unit_test(a_load_that_is_told_to_end_stops_within_a_slice_and_is_told_as_held),
		cmocka_unit_test(a_load_keeps_to_its_rate_and_to_its_time),
		cmocka_unit_test(loads_of_one_run_differ_and_those_of_the_next_are_the_same),
		cmocka_unit_test(a_refused_load_holds_nothing),
		cmocka_unit_test(stacks_count_in_the_goal_once_a_cycle_has_seen_them),
		cmocka_unit_test(a_memory_limit_counts_stacks),
		cmocka_unit_test(a_second_heap_has_a_pacer_of_its_own),
		cmocka_unit_test(each_refused_request_of_a_second_heap_leaves_nothing_behind),
		cmocka_unit_test(a_run_that_is_told_to_end_allocates_in_no_heap),
		cmocka_unit_test(a_file_and_a_child_are_told_and_end_with_the_run),
		cmocka_unit_test(a_child_that_somebody_killed_is_released_as_any_other),
		cmocka_unit_test(another_limit_is_the_labs_to_set_and_a_refusal_changes_nothing),
	};
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
