/* collector_policy_tests.h -- What a policy is told, and that its orders are carried out. */
#ifndef OL_TESTS_COLLECTOR_POLICY_TESTS_H
#define OL_TESTS_COLLECTOR_POLICY_TESTS_H

#include <sys/eventfd.h>
#include <unistd.h>

/* A policy that answers as a test tells it to. */
struct puppet {
	struct ol_policy policy;
	struct ol_policy_orders at_start, at_gc_end, at_tick, at_pressure, before_grow;
	uint64_t goal_bytes;
	unsigned starts, gc_ends, ticks, pressures, grows, goals;
	uint64_t grow_bytes; /* Of the last question. */
	struct ol_policy_stats stats;
	struct ol_policy_cage cage;
};

static void puppet_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct puppet *puppet = (struct puppet *)policy;
	puppet->starts++;
	puppet->cage = *cage;
	puppet->stats = *stats;
	*orders = puppet->at_start;
}

static void puppet_gc_end(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct puppet *puppet = (struct puppet *)policy;
	puppet->gc_ends++;
	assert_true(cycle->number > 0);
	puppet->stats = *stats;
	*orders = puppet->at_gc_end;
}

static void puppet_tick(struct ol_policy *policy, const struct ol_policy_stats *stats,
	struct ol_policy_orders *orders) {
	struct puppet *puppet = (struct puppet *)policy;
	puppet->ticks++;
	puppet->stats = *stats;
	*orders = puppet->at_tick;
}

static void puppet_pressure(struct ol_policy *policy, const struct ol_policy_pressure *pressure,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct puppet *puppet = (struct puppet *)policy;
	puppet->pressures++;
	assert_int_equal(pressure->kind, OL_PRESSURE_THRESHOLD);
	puppet->stats = *stats;
	*orders = puppet->at_pressure;
}

static void puppet_grow(struct ol_policy *policy, uint64_t bytes,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct puppet *puppet = (struct puppet *)policy;
	puppet->grows++;
	puppet->grow_bytes = bytes;
	puppet->stats = *stats;
	*orders = puppet->before_grow;
}

static uint64_t puppet_goal(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	struct puppet *puppet = (struct puppet *)policy;
	puppet->goals++;
	puppet->stats = *stats;
	return puppet->goal_bytes;
}

static const struct ol_policy_ops puppet_ops = {
	.on_start = puppet_start,
	.on_gc_end = puppet_gc_end,
	.on_tick = puppet_tick,
	.on_pressure = puppet_pressure,
	.before_grow = puppet_grow,
	.goal = puppet_goal,
};

static void note_order(void *context, const char *text) {
	struct lab *lab = context;
	size_t length = strlen(lab->orders);
	snprintf(lab->orders + length, sizeof lab->orders - length, "%s\n", text);
}

static struct ol_collector_config puppet_config(struct lab *lab, struct puppet *puppet) {
	puppet->policy.ops = &puppet_ops;
	struct ol_collector_config config = default_config(lab);
	config.policy = &puppet->policy;
	config.cage.limit_bytes = 32 * OL_MIB;
	config.pressure_fd = -1;
	config.on_order = note_order;
	return config;
}

static void a_policy_that_collects_before_growth_keeps_the_heap_in_place(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .before_grow = { .is_collect = true, .reason = "why not" } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	assert_int_equal(puppet.starts, 1);
	assert_int_equal(puppet.cage.limit_bytes, 32 * OL_MIB);
	ol_heap_root_release(lab->heap, slab(lab, spike_bytes));
	assert_int_equal(puppet.grows, 2); /* Once more after the collection, still growing. */
	uint64_t inuse_bytes = ol_heap_stats(lab->heap).inuse_bytes;
	slab(lab, rest_bytes);
	assert_true(ol_heap_stats(lab->heap).inuse_bytes < inuse_bytes);
	assert_int_equal(puppet.grows, 3); /* The collection made room: there was no growth left. */
	assert_non_null(strstr(lab->orders, "ordered a collection: why not\n"));
	close_lab(lab);
}

static void what_already_holds_memory_is_no_growth(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { 0 };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
	assert_int_equal(puppet.grows, 1);
	assert_int_equal(puppet.grow_bytes, OL_MIB);
	ol_collector_collect(lab->collector);
	slab(lab, OL_MIB / 2);
	assert_int_equal(puppet.grows, 1);
	close_lab(lab);
}

static void a_policys_refusal_fails_the_allocation_and_nothing_else(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .before_grow = { .is_refused = true, .reason = "full is full" } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	struct ol_error error;
	ol_root root;
	assert_int_equal(ol_collector_allocate_slab(lab->collector, OL_MIB, &root, &error), -ENOMEM);
	assert_non_null(strstr(error.message, "full is full"));
	/* No full cycle in the hope of memory: it was not memory that was missing. */
	assert_int_equal(lab->cycle_count, 0);
	assert_int_equal(ol_heap_stats(lab->heap).mallocs_count, 0);
	assert_int_equal(ol_collector_allocate_slab(lab->collector, 16, &root, &error), -ENOMEM);
	puppet.before_grow = (struct ol_policy_orders){ 0 };
	slab(lab, OL_MIB);
	close_lab(lab);
}

/* What was refused once must not be taken for the reason of what fails later. */
static void after_a_refusal_a_full_address_space_is_still_collected_first(void **state) {
	(void)state;
	struct lab *lab = open_lab(64 * OL_MIB);
	struct puppet puppet = { .before_grow = { .is_refused = true, .reason = "not yet" } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	config.gogc = OL_GOGC_OFF;
	start(lab, &config);
	struct ol_error error;
	ol_root root;
	assert_int_equal(ol_collector_allocate_slab(lab->collector, 16, &root, &error), -ENOMEM);
	puppet.before_grow = (struct ol_policy_orders){ 0 };
	unsigned made = 0;
	/* The small objects of two spans fill what is left, all of them garbage. */
	while (lab->cycle_count == 0 && made < 10000) {
		ol_heap_root_release(lab->heap, slab(lab, OL_HEAP_SMALL_BYTES_MAX));
		made++;
	}
	assert_int_equal(lab->cycle_count, 1);
	assert_true(made >= 64 * OL_MIB / OL_HEAP_SMALL_BYTES_MAX);
	close_lab(lab);
}

static void a_policy_ends_the_run_for_good(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .at_gc_end = { .is_end = true, .reason = "enough" } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	slab(lab, 16);
	struct ol_error error;
	assert_int_equal(ol_collector_verdict(lab->collector, &error), 0);
	ol_collector_collect(lab->collector);
	assert_int_equal(ol_collector_verdict(lab->collector, &error), -ECANCELED);
	assert_string_equal(error.message, "enough");
	ol_root root;
	assert_int_equal(ol_collector_allocate_slab(lab->collector, 16, &root, &error), -ECANCELED);
	ol_collector_collect(lab->collector);
	assert_int_equal(puppet.gc_ends, 1);
	close_lab(lab);
}

static void a_policy_that_always_wants_to_collect_after_a_cycle_does_not_hang(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .at_gc_end = { .is_collect = true } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	ol_collector_collect(lab->collector);
	assert_int_equal(lab->cycle_count, 2);
	assert_int_equal(puppet.gc_ends, 2);
	close_lab(lab);
}

static void a_policys_goal_takes_the_place_of_gogc(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .goal_bytes = 20 * OL_MIB };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	assert_int_equal(ol_collector_memstats(lab->collector).next_gc, 20 * OL_MIB);
	/* Its own plan is what it is told, not what it said before. */
	assert_int_equal(puppet.stats.goal_bytes, 4 * OL_MIB);
	for (int i = 0; i < 18; i++)
		ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
	assert_int_equal(lab->cycle_count, 0);
	for (int i = 0; i < 2; i++)
		ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
	assert_int_equal(lab->cycle_count, 1);
	puppet.goal_bytes = 0;
	ol_collector_collect(lab->collector);
	assert_int_equal(ol_collector_memstats(lab->collector).next_gc, 4 * OL_MIB);
	close_lab(lab);
}

static void orders_at_the_start_set_limits_and_ballast(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .at_start = { .has_gogc = true,
								 .gogc = 50,
								 .has_memory_limit = true,
								 .memory_limit_bytes = 24 * OL_MIB,
								 .ballast_bytes = 8 * OL_MIB } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	assert_int_equal(ol_heap_stats(lab->heap).allocated_bytes, 8 * OL_MIB);
	ol_collector_collect(lab->collector);
	assert_int_equal(puppet.stats.gogc, 50);
	assert_int_equal(puppet.stats.memory_limit_bytes, 24 * OL_MIB);
	assert_int_equal(ol_collector_memstats(lab->collector).next_gc, 12 * OL_MIB + 4);
	close_lab(lab);
}

static void ticks_come_with_the_clock_and_late_ones_are_not_made_up_for(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .policy.tick_period_ns = 10 * OL_NS_PER_MS,
		.at_tick = { .is_collect = true } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	start(lab, &config);
	ol_collector_poll(lab->collector);
	assert_int_equal(puppet.ticks, 0);
	ol_clock_sleep_ns(&lab->clock, 10 * OL_NS_PER_MS);
	ol_collector_poll(lab->collector);
	assert_int_equal(puppet.ticks, 1);
	assert_int_equal(lab->cycle_count, 1);
	ol_clock_sleep_ns(&lab->clock, 95 * OL_NS_PER_MS);
	slab(lab, 16); /* A refill is such a point too. */
	ol_collector_poll(lab->collector);
	assert_int_equal(puppet.ticks, 2);
	close_lab(lab);
}

static void pressure_is_heard_once_for_each_event(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { .at_pressure = { .is_collect = true, .scavenge_bytes = UINT64_MAX } };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	config.pressure_fd = eventfd(0, EFD_NONBLOCK);
	start(lab, &config);
	slab(lab, OL_MIB);
	ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
	assert_int_equal(puppet.pressures, 0);
	assert_int_equal(eventfd_write(config.pressure_fd, 3), 0);
	ol_clock_sleep_ns(&lab->clock, OL_NS_PER_S);
	ol_collector_poll(lab->collector);
	assert_int_equal(puppet.pressures, 1);
	assert_int_equal(ol_heap_stats(lab->heap).free_bytes, 0);
	ol_clock_sleep_ns(&lab->clock, OL_NS_PER_S);
	ol_collector_poll(lab->collector);
	assert_int_equal(puppet.pressures, 1);
	close(config.pressure_fd);
	close_lab(lab);
}

/* Cycles end in another thread; the policy hears of it on the program's. */
static void while_threads_mark_the_policy_is_asked_on_the_programs_thread(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct puppet puppet = { 0 };
	struct ol_collector_config config = puppet_config(lab, &puppet);
	config.mode = OL_COLLECTOR_CONCURRENT;
	config.processors = 2;
	lab->clock = ol_clock_real();
	start(lab, &config);
	for (int i = 0; i < 20; i++) {
		ol_heap_root_release(lab->heap, slab(lab, OL_MIB));
		ol_collector_collect(lab->collector);
	}
	assert_true(puppet.gc_ends >= 20);
	assert_true(lab->cycle_count >= 20);
	assert_true(ol_heap_is_idle(lab->heap));
	close_lab(lab);
}

#endif
