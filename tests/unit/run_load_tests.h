/* run_load_tests.h -- Loads in a run: what is told of them, and what ends them. */
#ifndef OL_TESTS_RUN_LOAD_TESTS_H
#define OL_TESTS_RUN_LOAD_TESTS_H

static const struct ol_load_spec churn_spec = {
	.kind = OL_LOAD_CHURN, .sizes = { 64, 64 }, .churn = { .live_bytes = 64000 }
};

static struct ol_run_load_plan plan_of_bytes(uint64_t bytes) {
	return (
		struct ol_run_load_plan){ .goal = { UINT64_MAX, bytes, UINT64_MAX }, .ns_max = UINT64_MAX };
}

static void what_a_load_asks_for_is_what_its_phase_has_asked_for(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	struct ol_run_load *load;
	struct ol_run_load_plan plan = plan_of_bytes(3000000);
	assert_int_equal(ol_run_phase(world->run, "load", NULL), 0);
	assert_int_equal(ol_run_load_create(world->run, &churn_spec, &plan, &load, NULL), 0);
	assert_int_equal(ol_run_load_totals(load).allocated_bytes, 3000000);
	assert_int_equal(ol_flight_read(world->links.flight).phase_requested_bytes, 3000000);
	/* Large ones too, which take several slices each. */
	struct ol_load_spec large = { .kind = OL_LOAD_RAMP, .sizes = { OL_MIB, OL_MIB } };
	plan = plan_of_bytes(3 * OL_MIB);
	assert_int_equal(ol_run_load_create(world->run, &large, &plan, &load, NULL), 0);
	assert_int_equal(
		ol_flight_read(world->links.flight).phase_requested_bytes, 3000000 + 3 * OL_MIB);
	close_world(world);
}

static void *order_end_soon(void *argument) {
	usleep(5000);
	order_end(argument);
	return NULL;
}

static void a_load_that_is_told_to_end_stops_within_a_slice_and_is_told_as_held(void **state) {
	(void)state;
	struct world *world = open_world();
	world->spec.wants_profile = 1;
	start(world);
	struct ol_profile *profile = ol_run_profile(world->run);
	ol_run_set_place(world->run, ol_profile_add(profile, "x.lua", 7, "fill"));
	struct ol_run_load *load;
	struct ol_run_load_plan plan = plan_of_bytes(3000000), endless = plan_of_bytes(UINT64_MAX);
	assert_int_equal(ol_run_load_create(world->run, &churn_spec, &plan, &load, NULL), 0);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, order_end_soon, world), 0);
	assert_int_equal(ol_run_load_go_on(load, &endless, NULL), -ECANCELED);
	pthread_join(thread, NULL);
	const struct ol_profile_site *site;
	uint32_t cursor = 0;
	assert_true(ol_profile_next(profile, &cursor, &site));
	struct ol_load_totals totals = ol_run_load_totals(load);
	assert_true(totals.allocated_bytes > 3000000);
	assert_int_equal(site->alloc_objects, totals.allocated_objects);
	assert_int_equal(site->alloc_bytes, totals.allocated_bytes);
	assert_int_equal(site->held_objects, 1000);
	assert_int_equal(site->held_bytes, 64000);
	ol_run_load_release(load);
	assert_int_equal(site->held_objects, 0);
	assert_int_equal(site->held_bytes, 0);
	close_world(world);
}

static void a_load_keeps_to_its_rate_and_to_its_time(void **state) {
	(void)state;
	struct world *world = open_world();
	start(world);
	struct ol_run_load *load;
	struct ol_run_load_plan plan = plan_of_bytes(OL_MIB);
	plan.per_second = 20.0 * OL_MIB;
	uint64_t begin_ns = ol_run_elapsed_ns(world->run);
	assert_int_equal(ol_run_load_create(world->run, &churn_spec, &plan, &load, NULL), 0);
	assert_true(ol_run_elapsed_ns(world->run) - begin_ns >= 48 * OL_NS_PER_MS);
	/* Its time ends it in the midst of a wait. */
	plan = plan_of_bytes(UINT64_MAX);
	plan.per_second = 100;
	plan.ns_max = 30 * OL_NS_PER_MS;
	begin_ns = ol_run_elapsed_ns(world->run);
	assert_int_equal(ol_run_load_go_on(load, &plan, NULL), 0);
	assert_true(ol_run_elapsed_ns(world->run) - begin_ns >= 29 * OL_NS_PER_MS);
	assert_true(ol_run_load_totals(load).allocated_bytes <= OL_MIB + 128);
	close_world(world);
}

static void loads_of_one_run_differ_and_those_of_the_next_are_the_same(void **state) {
	(void)state;
	uint64_t bytes[4];
	struct ol_load_spec spec = churn_spec;
	spec.sizes.bytes_max = 10000;
	for (int i = 0; i < 4; i += 2) {
		struct world *world = open_world();
		start(world);
		struct ol_run_load_plan plan = { .goal = { 100, UINT64_MAX, UINT64_MAX },
			.ns_max = UINT64_MAX };
		for (int j = 0; j < 2; j++) {
			struct ol_run_load *load;
			assert_int_equal(ol_run_load_create(world->run, &spec, &plan, &load, NULL), 0);
			bytes[i + j] = ol_run_load_totals(load).allocated_bytes;
		}
		close_world(world);
	}
	assert_int_not_equal(bytes[0], bytes[1]);
	assert_int_equal(bytes[0], bytes[2]);
	assert_int_equal(bytes[1], bytes[3]);
}

static void a_refused_load_holds_nothing(void **state) {
	(void)state;
	struct world *world = open_world();
	world->spec.address_space_bytes = 256 * OL_MIB;
	start(world);
	struct ol_run_load *load;
	struct ol_run_load_plan plan = plan_of_bytes(UINT64_MAX);
	struct ol_load_spec spec = { .kind = OL_LOAD_RAMP, .sizes = { 10000, 10000 } };
	assert_int_equal(ol_run_load_create(world->run, &spec, &plan, &load, NULL), -ENOMEM);
	assert_true(ol_run_memstats(world->run).heap_inuse > 100 * OL_MIB);
	ol_run_collect(world->run);
	assert_int_equal(ol_run_memstats(world->run).heap_alloc, 0);
	close_world(world);
}

#endif
