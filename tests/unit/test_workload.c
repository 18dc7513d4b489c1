/* test_workload.c -- What each kind of load keeps and drops, in all modes of the collector. */
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
#include "workload/internal.h"

enum { SLICE_BYTES = 64 << 10, SLICE_OPERATIONS = 1 << 20, STEPS_MAX = 1 << 20 };

struct lab {
	struct ol_memory_mmap memory;
	struct ol_memory_failing failing;
	struct ol_clock clock;
	struct ol_heap *heap;
	struct ol_collector *collector;
	struct ol_load_world world;
	struct ol_load *load;
	uint64_t end_at_cycle; /* The collector is told to end there; 0 for never. */
	uint64_t cycles;
};

static void on_cycle(void *context, const struct ol_gc_cycle *cycle) {
	struct lab *lab = context;
	if (++lab->cycles == lab->end_at_cycle)
		ol_collector_end(lab->collector, "it is enough");
}

static struct lab *open_lab(enum ol_collector_mode mode, bool is_stress, uint64_t refused) {
	struct lab *lab = calloc(1, sizeof *lab);
	assert_non_null(lab);
	ol_memory_mmap_init(&lab->memory, false);
	ol_memory_failing_init(&lab->failing, &lab->memory.memory, refused);
	lab->clock = mode == OL_COLLECTOR_CONCURRENT ? ol_clock_real() : ol_clock_virtual(0);
	struct ol_collector_config config = {
		.mode = mode,
		.rules = OL_PACER_GO_1_19,
		.gogc = 100,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
		.is_stress = is_stress,
		.pressure_fd = -1,
		.context = lab,
		.on_cycle = on_cycle,
	};
	if (ol_heap_create(&lab->failing.memory, 4 * OL_GIB, &lab->heap, NULL) < 0 ||
		ol_collector_create(lab->heap, &lab->clock, &config, &lab->collector, NULL) < 0) {
		ol_heap_destroy(lab->heap);
		free(lab);
		return NULL;
	}
	lab->world = (struct ol_load_world){
		.heap = lab->heap, .collector = lab->collector, .memory = &lab->failing.memory
	};
	return lab;
}

static void check(struct lab *lab) {
	struct ol_error error;
	if (ol_collector_check(lab->collector, &error) < 0)
		fail_msg("%s", error.message);
}

/* A load that is released leaves nothing that is reachable. */
static void close_lab(struct lab *lab) {
	ol_load_destroy(lab->load);
	check(lab);
	ol_collector_collect(lab->collector);
	check(lab);
	assert_int_equal(ol_heap_stats(lab->heap).allocated_bytes, 0);
	assert_int_equal(ol_heap_stats(lab->heap).roots_count, 0);
	ol_collector_destroy(lab->collector);
	ol_heap_destroy(lab->heap);
	free(lab);
}

static void begin(struct lab *lab, const struct ol_load_spec *spec) {
	struct ol_error error;
	if (ol_load_create(&lab->world, 7, spec, &lab->load, &error) < 0)
		fail_msg("%s", error.message);
}

static const struct ol_load_goal no_goal = { UINT64_MAX, UINT64_MAX, UINT64_MAX };

static struct ol_load_goal objects(uint64_t count) {
	return (struct ol_load_goal){ count, UINT64_MAX, UINT64_MAX };
}

static struct ol_load_goal operations(uint64_t count) {
	return (struct ol_load_goal){ UINT64_MAX, UINT64_MAX, count };
}

/* To the goal; every so many slices the heap is checked. */
static int try_to_go_on(struct lab *lab, struct ol_load_goal goal, unsigned check_every) {
	ol_load_set_goal(lab->load, &goal);
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		struct ol_load_totals before = ol_load_totals(lab->load);
		struct ol_load_progress progress;
		int result = ol_load_step(lab->load, SLICE_BYTES, SLICE_OPERATIONS, &progress, NULL);
		if (result < 0)
			return result;
		struct ol_load_totals after = ol_load_totals(lab->load);
		assert_int_equal(progress.objects, after.allocated_objects - before.allocated_objects);
		assert_int_equal(progress.bytes, after.allocated_bytes - before.allocated_bytes);
		assert_int_equal(progress.operations, after.operations - before.operations);
		if (check_every > 0 && i % check_every == 0)
			check(lab);
		if (progress.is_done)
			return 0;
	}
	fail_msg("it does not come to an end");
	return 0;
}

static struct ol_load_totals go_on(struct lab *lab, struct ol_load_goal goal) {
	assert_int_equal(try_to_go_on(lab, goal, 64), 0);
	return ol_load_totals(lab->load);
}

/* What the heap finds live, less what the load keeps its objects by. */
static void assert_live(struct lab *lab, uint64_t bytes, uint64_t beside_bytes_max) {
	ol_collector_collect(lab->collector);
	uint64_t live_bytes = ol_heap_count_reachable_bytes(lab->heap);
	assert_int_equal(ol_load_totals(lab->load).live_bytes, bytes);
	assert_in_range(live_bytes, bytes, bytes + beside_bytes_max);
}

static struct ol_load_spec churn_of(uint64_t bytes, uint64_t live_bytes) {
	return (struct ol_load_spec){
		.kind = OL_LOAD_CHURN, .sizes = { bytes, bytes }, .churn = { .live_bytes = live_bytes }
	};
}

static void a_churn_keeps_its_window_and_no_more(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = churn_of(64, 640000);
	begin(lab, &spec);
	struct ol_load_totals totals = go_on(lab, objects(1000000));
	assert_int_equal(totals.allocated_objects, 1000000);
	assert_int_equal(totals.allocated_bytes, 64000000);
	assert_int_equal(totals.live_objects, 10000);
	/* An eighth: 8 bytes an object, and a node that is half used at either end. */
	assert_live(lab, 640000, 640000 / 8 + 4096);
	close_lab(lab);
}

static void a_churn_without_a_window_leaves_nothing_but_garbage(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = churn_of(100, 0);
	begin(lab, &spec);
	struct ol_load_totals totals = go_on(lab, (struct ol_load_goal){
												  .objects = UINT64_MAX,
												  .bytes = OL_MIB,
												  .operations = UINT64_MAX,
											  });
	assert_int_equal(totals.allocated_bytes, (OL_MIB + 111) / 112 * 112);
	assert_live(lab, 0, 1024);
	close_lab(lab);
}

static void a_churn_draws_its_sizes_evenly_and_never_exceeds_its_window(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = churn_of(0, 300000);
	spec.sizes = (struct ol_load_sizes){ 1, 100000 };
	begin(lab, &spec);
	for (int i = 0; i < 2000; i++) {
		struct ol_load_totals totals = go_on(lab, objects(1));
		assert_true(totals.live_bytes <= 300000);
		assert_true(i < 10 || totals.live_bytes > 200000 - 8192);
	}
	struct ol_load_totals totals = ol_load_totals(lab->load);
	/* 50000, and a share for what sizes are rounded up by; 3 standard deviations. */
	assert_in_range(totals.allocated_bytes / 2000, 50000 - 2000, 54000 + 2000);
	assert_live(lab, totals.live_bytes, 8192);
	close_lab(lab);
}

static void a_load_of_nodes_is_scanned_and_one_of_slabs_is_not(void **state) {
	(void)state;
	uint64_t scan_bytes[2];
	for (int is_nodes = 0; is_nodes < 2; is_nodes++) {
		struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
		struct ol_load_spec spec = churn_of(48, 480000);
		spec.churn.is_nodes = is_nodes;
		begin(lab, &spec);
		go_on(lab, objects(20000));
		assert_live(lab, 480000, 100000);
		scan_bytes[is_nodes] = ol_heap_stats(lab->heap).scan_bytes;
		close_lab(lab);
	}
	assert_int_equal(scan_bytes[1] - scan_bytes[0], 10000 * 16);
}

static void a_ramp_keeps_everything_and_goes_on(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = { .kind = OL_LOAD_RAMP, .sizes = { 1000, 1000 } };
	begin(lab, &spec);
	go_on(lab, objects(5000));
	assert_live(lab, 5000 * 1024, 5000 * 9);
	go_on(lab, objects(5000));
	assert_live(lab, 10000 * 1024, 10000 * 9);
	close_lab(lab);
}

static void a_cache_replaces_as_many_entries_as_are_missed(void **state) {
	(void)state;
	for (int is_oldest = 0; is_oldest < 2; is_oldest++) {
		struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
		struct ol_load_spec spec = { .kind = OL_LOAD_CACHE,
			.sizes = { 200, 300 },
			.cache = { .entries = 5000, .hit_share = 0.8, .is_oldest_replaced = is_oldest } };
		begin(lab, &spec);
		struct ol_load_totals filled = go_on(lab, operations(0));
		assert_int_equal(filled.allocated_objects, 5000);
		assert_int_equal(filled.operations, 0);
		struct ol_load_totals totals = go_on(lab, operations(100000));
		assert_int_equal(totals.operations, 100000);
		assert_int_equal(totals.live_objects, 5000);
		assert_in_range(totals.allocated_objects - 5000, 19500, 20500);
		assert_live(lab, totals.live_bytes, 5000 * 8 + 8192);
		close_lab(lab);
	}
}

static void a_cache_replaces_its_oldest_entries_in_turn_or_any(void **state) {
	(void)state;
	enum { ENTRIES = 1000 };
	for (int is_oldest = 0; is_oldest < 2; is_oldest++) {
		struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
		/* So that no address is used again. */
		ol_collector_set_limits(lab->collector, OL_GOGC_OFF, OL_MEMORY_LIMIT_OFF);
		struct ol_load_spec spec = { .kind = OL_LOAD_CACHE,
			.sizes = { 100, 100 },
			.cache = { .entries = ENTRIES, .is_oldest_replaced = is_oldest } };
		begin(lab, &spec);
		go_on(lab, operations(0));
		const void *filled[ENTRIES];
		for (uint32_t i = 0; i < ENTRIES; i++)
			filled[i] = ol_heap_load(lab->heap, lab->load->cache.table, i);
		go_on(lab, operations(ENTRIES / 2));
		unsigned replaced[2] = { 0 };
		for (uint32_t i = 0; i < ENTRIES; i++)
			replaced[i / (ENTRIES / 2)] +=
				filled[i] != ol_heap_load(lab->heap, lab->load->cache.table, i);
		/* At random: 1 - 1/sqrt(e) of each half. */
		assert_in_range(replaced[0], is_oldest ? 500 : 160, is_oldest ? 500 : 235);
		assert_in_range(replaced[1], is_oldest ? 0 : 160, is_oldest ? 0 : 235);
		close_lab(lab);
	}
}

static void a_window_that_moves_on_stays_as_small_as_it_is(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = churn_of(0, 100000);
	spec.sizes = (struct ol_load_sizes){ 100, 200 };
	begin(lab, &spec);
	go_on(lab, objects(500000));
	assert_live(lab, ol_load_totals(lab->load).live_bytes, 1000 * 8 * 2);
	close_lab(lab);
}

static void a_queue_keeps_its_backlog_after_each_burst(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = {
		.kind = OL_LOAD_QUEUE, .sizes = { 100, 100 }, .queue = { .backlog = 1000, .burst = 500 }
	};
	begin(lab, &spec);
	assert_int_equal(go_on(lab, operations(10499)).live_objects, 1499);
	struct ol_load_totals totals = go_on(lab, operations(1));
	assert_int_equal(totals.live_objects, 1000);
	assert_int_equal(totals.allocated_objects, 10500);
	assert_live(lab, 1000 * 112, 0);
	close_lab(lab);
}

static void a_queue_without_a_backlog_begins_anew_each_time(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = {
		.kind = OL_LOAD_QUEUE, .sizes = { 16, 50000 }, .queue = { .backlog = 0, .burst = 3 }
	};
	begin(lab, &spec);
	go_on(lab, operations(3000));
	assert_live(lab, 0, 0);
	close_lab(lab);
}

static void a_tree_is_whole_after_every_rebuilding(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = { .kind = OL_LOAD_TREE,
		.tree = { .depth = 12, .payload_bytes = 20 } };
	begin(lab, &spec);
	struct ol_load_totals totals = go_on(lab, operations(0));
	assert_int_equal(totals.allocated_objects, 4095);
	assert_live(lab, 4095 * 48, 0);
	for (int i = 0; i < 300; i++) {
		uint64_t before = totals.allocated_objects;
		totals = go_on(lab, operations(1));
		uint64_t built = totals.allocated_objects - before;
		assert_int_equal(built & (built + 1), 0); /* A whole part: a power of two less one. */
		assert_int_equal(totals.live_objects, 4095);
	}
	assert_live(lab, 4095 * 48, 0);
	close_lab(lab);
}

static void a_tree_may_be_a_single_node(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = { .kind = OL_LOAD_TREE, .tree = { .depth = 1 } };
	begin(lab, &spec);
	assert_int_equal(go_on(lab, operations(9)).allocated_objects, 10);
	assert_live(lab, 24, 0);
	close_lab(lab);
}

static void survivors_are_spread_so_that_no_span_of_theirs_is_free(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	struct ol_load_spec spec = {
		.kind = OL_LOAD_SURVIVORS, .sizes = { 512, 512 }, .survivors = { .keep_share = 0.1 }
	};
	begin(lab, &spec);
	struct ol_load_totals totals = go_on(lab, objects(20000));
	assert_in_range(totals.live_objects, 1999, 2001);
	uint64_t inuse_bytes = ol_heap_stats(lab->heap).inuse_bytes;
	assert_live(lab, totals.live_objects * 512, 20000 * 9);
	assert_true(ol_heap_stats(lab->heap).inuse_bytes > inuse_bytes * 9 / 10);
	/* What has been thinned is not thinned again. */
	totals = go_on(lab, objects(10000));
	assert_in_range(totals.live_objects, 2999, 3001);
	close_lab(lab);
}

static void a_large_object_is_written_over_several_slices(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	_Atomic uint64_t touched_bytes = 0;
	lab->world.touched_bytes = &touched_bytes;
	struct ol_load_spec spec = { .kind = OL_LOAD_RAMP, .sizes = { OL_MIB, OL_MIB } };
	begin(lab, &spec);
	struct ol_load_goal goal = objects(1);
	ol_load_set_goal(lab->load, &goal);
	for (int i = 0; i < 16; i++) {
		struct ol_load_progress progress;
		assert_int_equal(
			ol_load_request_bytes(lab->load, SLICE_BYTES), OL_MIB - (uint64_t)i * SLICE_BYTES);
		assert_int_equal(ol_load_step(lab->load, SLICE_BYTES, 1, &progress, NULL), 0);
		assert_int_equal(touched_bytes, (i + 1) * SLICE_BYTES);
		assert_int_equal(progress.bytes, i == 0 ? OL_MIB : 0);
		assert_int_equal(progress.is_done, i == 15);
	}
	assert_live(lab, OL_MIB, 1024);
	close_lab(lab);
}

static const struct ol_load_spec every_kind[] = {
	{ .kind = OL_LOAD_CHURN, .sizes = { 8, 300 }, .churn = { .live_bytes = 1 << 20 } },
	{ .kind = OL_LOAD_CHURN,
		.sizes = { 24, 40000 },
		.churn = { .live_bytes = 2 << 20, .is_nodes = true } },
	{ .kind = OL_LOAD_RAMP, .sizes = { 3000, 3000 } },
	{ .kind = OL_LOAD_CACHE,
		.sizes = { 16, 2000 },
		.cache = { .entries = 1000, .hit_share = 0.5 } },
	{ .kind = OL_LOAD_QUEUE, .sizes = { 64, 64 }, .queue = { .backlog = 3000, .burst = 70 } },
	{ .kind = OL_LOAD_TREE, .tree = { .depth = 11, .payload_bytes = 32 } },
	{ .kind = OL_LOAD_SURVIVORS, .sizes = { 128, 512 }, .survivors = { .keep_share = 0.25 } },
};
enum { KINDS = sizeof every_kind / sizeof *every_kind };

static void the_heap_is_sound_between_slices_in_every_mode(void **state) {
	(void)state;
	for (int mode = 0; mode < OL_COLLECTOR_MODE_COUNT; mode++) {
		for (int kind = 0; kind < KINDS; kind++) {
			struct lab *lab = open_lab((enum ol_collector_mode)mode, false, 0);
			begin(lab, &every_kind[kind]);
			assert_int_equal(try_to_go_on(lab, objects(15000), 8), 0);
			/* Other threads may not have come to an end with one yet. */
			bool has_cycle = mode == OL_COLLECTOR_CONCURRENT || lab->cycles > 0;
			assert_true(has_cycle || ol_load_totals(lab->load).allocated_bytes < 4 * OL_MIB);
			assert_live(lab, ol_load_totals(lab->load).live_bytes, 400000);
			close_lab(lab);
		}
	}
}

static void under_stress_every_object_that_is_kept_is_found(void **state) {
	(void)state;
	for (int mode = 0; mode <= OL_COLLECTOR_INCREMENTAL; mode++) {
		for (int kind = 0; kind < KINDS; kind++) {
			struct lab *lab = open_lab((enum ol_collector_mode)mode, true, 0);
			struct ol_load_spec spec = every_kind[kind];
			if (spec.kind == OL_LOAD_CACHE)
				spec.cache.entries = 50;
			if (spec.kind == OL_LOAD_QUEUE)
				spec.queue.backlog = 100;
			if (spec.kind == OL_LOAD_TREE)
				spec.tree.depth = 6;
			begin(lab, &spec);
			assert_int_equal(try_to_go_on(lab, objects(300), 1), 0);
			assert_live(lab, ol_load_totals(lab->load).live_bytes, 16384);
			close_lab(lab);
		}
	}
}

static void the_same_seed_makes_the_same_objects(void **state) {
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct ol_load_totals totals[3];
		for (int i = 0; i < 3; i++) {
			struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
			/* However it is cut into slices: those of the third are smaller. */
			uint64_t seed = 99;
			assert_int_equal(
				ol_load_create(&lab->world, seed, &every_kind[kind], &lab->load, NULL), 0);
			struct ol_load_goal goal = { UINT64_MAX, 3000000, 40000 };
			ol_load_set_goal(lab->load, &goal);
			struct ol_load_progress progress = { 0 };
			while (!progress.is_done)
				assert_int_equal(
					ol_load_step(lab->load, i == 2 ? 777 : 100000, 5000, &progress, NULL), 0);
			totals[i] = ol_load_totals(lab->load);
			close_lab(lab);
		}
		assert_memory_equal(&totals[0], &totals[1], sizeof *totals);
		assert_memory_equal(&totals[0], &totals[2], sizeof *totals);
	}
}

static void after_a_refusal_a_load_can_go_on(void **state) {
	(void)state;
	int refusals = 0;
	for (int kind = 0; kind < KINDS; kind++) {
		for (uint64_t refused = 1; refused < 40; refused++) {
			struct lab *lab = open_lab(OL_COLLECTOR_STW, false, refused);
			if (lab == NULL)
				continue;
			struct ol_error error;
			int result = ol_load_create(&lab->world, 1, &every_kind[kind], &lab->load, &error);
			if (result == 0)
				result = try_to_go_on(lab, objects(10000), 0);
			assert_true(result == 0 || result == -ENOMEM);
			check(lab);
			refusals += result < 0;
			if (lab->load != NULL) {
				assert_int_equal(try_to_go_on(lab, objects(10000), 0), 0);
				assert_live(lab, ol_load_totals(lab->load).live_bytes, 300000);
			}
			close_lab(lab);
		}
	}
	assert_true(refusals > 0);
}

static void what_ends_the_run_ends_a_load(void **state) {
	(void)state;
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	lab->end_at_cycle = 2;
	struct ol_load_spec spec = churn_of(64, 64000);
	begin(lab, &spec);
	assert_int_equal(try_to_go_on(lab, no_goal, 0), -ECANCELED);
	assert_int_equal(lab->cycles, 2);
	/* Nothing more is made. */
	uint64_t allocated_objects = ol_load_totals(lab->load).allocated_objects;
	assert_int_equal(try_to_go_on(lab, no_goal, 0), -ECANCELED);
	assert_int_equal(ol_load_totals(lab->load).allocated_objects, allocated_objects);
	close_lab(lab);
}

static void a_load_that_cannot_be_is_refused_with_a_reason(void **state) {
	(void)state;
	struct ol_load_spec specs[] = {
		churn_of(0, 0),
		churn_of(OL_LOAD_OBJECT_BYTES_MAX + 1, 0),
		{ .kind = OL_LOAD_CHURN, .sizes = { 9, 8 } },
		{ .kind = OL_LOAD_CHURN, .sizes = { 23, 30 }, .churn = { .is_nodes = true } },
		{ .kind = OL_LOAD_CACHE, .sizes = { 8, 8 }, .cache = { .entries = 0 } },
		{ .kind = OL_LOAD_CACHE,
			.sizes = { 8, 8 },
			.cache = { .entries = OL_LOAD_ENTRIES_MAX + 1 } },
		{ .kind = OL_LOAD_CACHE, .sizes = { 8, 8 }, .cache = { .entries = 1, .hit_share = 1.1 } },
		{ .kind = OL_LOAD_QUEUE, .sizes = { 15, 20 }, .queue = { .burst = 1 } },
		{ .kind = OL_LOAD_QUEUE, .sizes = { 16, 20 }, .queue = { .burst = 0 } },
		{ .kind = OL_LOAD_TREE, .tree = { .depth = 0 } },
		{ .kind = OL_LOAD_TREE, .tree = { .depth = OL_LOAD_TREE_DEPTH_MAX + 1 } },
		{ .kind = OL_LOAD_TREE,
			.tree = { .depth = 1, .payload_bytes = OL_LOAD_OBJECT_BYTES_MAX + 1 } },
		{ .kind = OL_LOAD_SURVIVORS, .sizes = { 8, 8 }, .survivors = { .keep_share = -0.1 } },
	};
	struct lab *lab = open_lab(OL_COLLECTOR_STW, false, 0);
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		struct ol_error error = { 0 };
		assert_int_equal(ol_load_create(&lab->world, 1, &specs[i], &lab->load, &error), -EINVAL);
		assert_true(strlen(error.message) > 10);
		assert_null(lab->load);
	}
	close_lab(lab);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_churn_keeps_its_window_and_no_more),
		cmocka_unit_test(a_churn_without_a_window_leaves_nothing_but_garbage),
		cmocka_unit_test(a_churn_draws_its_sizes_evenly_and_never_exceeds_its_window),
		cmocka_unit_test(a_load_of_nodes_is_scanned_and_one_of_slabs_is_not),
		cmocka_unit_test(a_ramp_keeps_everything_and_goes_on),
		cmocka_unit_test(a_cache_replaces_as_many_entries_as_are_missed),
		cmocka_unit_test(a_cache_replaces_its_oldest_entries_in_turn_or_any),
		cmocka_unit_test(a_window_that_moves_on_stays_as_small_as_it_is),
		cmocka_unit_test(a_queue_keeps_its_backlog_after_each_burst),
		cmocka_unit_test(a_queue_without_a_backlog_begins_anew_each_time),
		cmocka_unit_test(a_tree_is_whole_after_every_rebuilding),
		cmocka_unit_test(a_tree_may_be_a_single_node),
		cmocka_unit_test(survivors_are_spread_so_that_no_span_of_theirs_is_free),
		cmocka_unit_test(a_large_object_is_written_over_several_slices),
		cmocka_unit_test(the_heap_is_sound_between_slices_in_every_mode),
		cmocka_unit_test(under_stress_every_object_that_is_kept_is_found),
		cmocka_unit_test(the_same_seed_makes_the_same_objects),
		cmocka_unit_test(after_a_refusal_a_load_can_go_on),
		cmocka_unit_test(what_ends_the_run_ends_a_load),
		cmocka_unit_test(a_load_that_cannot_be_is_refused_with_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
