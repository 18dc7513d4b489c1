/* heap_steps_tests.h -- Marking by steps, alone and with threads. */
#ifndef OL_TESTS_HEAP_STEPS_TESTS_H
#define OL_TESTS_HEAP_STEPS_TESTS_H

#include "heap_failure_tests.h"
#include "heap_model.h"

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
enum { SEEDS_DIVISOR = 8 }; /* What is watched takes its time. */
#else
enum { SEEDS_DIVISOR = 1 };
#endif

/* One plan on a new heap, with mark stacks of a limited number of entries unless that is 0. Returns
 * how often stacks overflowed. */
static uint64_t run_plan(
	uint64_t address_bytes_max, uint64_t stack_entries, const struct model_plan *plan) {
	struct world *world = world_create(address_bytes_max);
	if (plan->way == MODEL_THREADS) /* The refusing memory counts its calls, in one thread. */
		world->watched.below = &world->system.memory;
	if (plan->way != MODEL_AT_ONCE) {
		struct ol_error error;
		assert_int_equal(ol_heap_set_marker_count(world->heap, plan->marker_count, &error), 0);
	}
	if (stack_entries > 0)
		ol_heap_limit_mark_stack(world->heap, stack_entries);
	model_run(world->heap, plan);
	uint64_t rescan_count = world->heap->marker.rescan_count;
	world_destroy(world);
	return rescan_count;
}

/* A third of a million steps of random programs on small heaps, checked after each. */
static void run_small(enum model_way way) {
	enum { SEEDS = 112, STEPS = 3000 };
	for (uint64_t seed = 1; seed <= SEEDS / SEEDS_DIVISOR; seed++) {
		struct model_plan plan = {
			.seed = seed + 1000 * way,
			.way = way,
			.marker_count = way == MODEL_STEPS ? 1 + seed % 3 : 3 + seed % 2,
			.object_count_max = 20 + (uint32_t)(seed % 5) * 20,
			.large_bytes_max = 100 * OL_KIB,
			.step_count = STEPS,
			.check_every = 1,
			.has_hook = way != MODEL_AT_ONCE && seed % 3 == 0,
		};
		run_plan(OL_HEAP_ARENA_BYTES, 0, &plan);
	}
}

static void collections_at_once_find_exactly_what_is_reachable(void **state) {
	run_small(MODEL_AT_ONCE);
}

static void steps_find_exactly_what_was_reachable_or_is_new(void **state) {
	run_small(MODEL_STEPS);
}

static void threads_find_exactly_what_was_reachable_or_is_new(void **state) {
	run_small(MODEL_THREADS);
}

static void full_mark_stacks_lose_nothing_in_steps(void **state) {
	static const uint64_t limits[] = { 4, 5, 16, 64 };
	for (enum model_way way = MODEL_STEPS; way <= MODEL_THREADS; way++) {
		uint64_t rescan_count = 0;
		for (unsigned i = 0; i < 8; i++)
			rescan_count += run_plan(OL_GIB, limits[i % 4],
				&(struct model_plan){ .seed = 301 + i,
					.way = way,
					.marker_count = way == MODEL_STEPS ? 1 + i / 4 : 3,
					.object_count_max = 2000,
					.large_bytes_max = 100 * OL_KIB,
					.step_count = 8000 / SEEDS_DIVISOR,
					.check_every = 50,
					.may_overflow = true });
		assert_true(rescan_count > 0);
	}
}

static void bigger_heaps_are_marked_in_steps_too(void **state) {
	for (unsigned i = 0; i < 6; i++)
		run_plan(16 * OL_GIB, 0,
			&(struct model_plan){ .seed = 401 + i,
				.way = i % 2 == 0 ? MODEL_STEPS : MODEL_THREADS,
				.marker_count = 2 + i % 3,
				.object_count_max = MODEL_OBJECTS_MAX,
				.large_bytes_max = 3 * OL_MIB,
				.step_count = 20000 / SEEDS_DIVISOR,
				.check_every = 250,
				.has_hook = i % 3 == 0 });
}

/* Marks what is left, by marker 0. */
static void mark_rest(struct ol_heap *heap) {
	bool is_idle = false;
	while (!ol_heap_mark_is_done(heap))
		ol_heap_mark_some(heap, 0, OL_KIB, &is_idle);
	ol_heap_mark_some(heap, 0, OL_KIB, &is_idle);
	assert_true(is_idle);
}

static struct ol_heap_sweeping collect_in_steps(struct ol_heap *heap) {
	ol_heap_mark_begin(heap);
	mark_rest(heap);
	ol_heap_mark_end(heap);
	check(heap);
	struct ol_heap_sweeping sweeping = ol_heap_sweep(heap);
	assert_true(ol_heap_is_idle(heap));
	return sweeping;
}

static struct ol_heap_sweeping collect_in_threads(struct crew *crew) {
	ol_heap_mark_begin(crew->heap);
	crew_mark_all(crew);
	ol_heap_mark_end(crew->heap);
	check(crew->heap);
	return ol_heap_sweep(crew->heap);
}

static void what_loses_its_last_path_while_marking_survives_once(void **state) {
	for (unsigned marker_count = 1; marker_count <= 2; marker_count++) {
		struct world *world = world_create(OL_GIB);
		struct ol_heap *heap = world->heap;
		assert_int_equal(ol_heap_set_marker_count(heap, marker_count, NULL), 0);
		void *holder = node(heap, 1, 0).object;
		void *lost = node(heap, 300, 0).object;
		void *below_lost = slab(heap, 100000).object;
		ol_heap_store(heap, holder, 0, lost);
		ol_heap_store(heap, lost, 299, below_lost);
		root(heap, holder);
		ol_heap_mark_begin(heap);
		ol_heap_store(heap, holder, 0, NULL);
		mark_rest(heap);
		assert_int_equal(ol_heap_mark_work_bytes(heap), 8 + 8 * 300);
		assert_int_equal(ol_heap_mark_end(heap).marked_objects, 3);
		assert_int_equal(ol_heap_sweep(heap).freed_objects, 0);
		assert_true(ol_heap_is_object(heap, below_lost));
		assert_int_equal(collect_in_steps(heap).freed_objects, 2);
		assert_false(ol_heap_is_object(heap, lost));
		world_destroy(world);
	}
}

static void a_reference_that_moves_behind_the_marker_is_not_lost(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	void *first = node(heap, 1, 0).object;
	void *second = node(heap, 1, 0).object;
	void *moved = node(heap, 1, 0).object;
	ol_heap_store(heap, second, 0, moved);
	root(heap, second);
	root(heap, first); /* On top of the stack: marked first. */
	ol_heap_mark_begin(heap);
	bool is_idle = false;
	assert_int_equal(ol_heap_mark_some(heap, 0, 1, &is_idle), 8);
	assert_false(is_idle);
	ol_heap_store(heap, first, 0, moved);
	ol_heap_store(heap, second, 0, NULL);
	check(heap);
	mark_rest(heap);
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, 3);
	check(heap);
	ol_heap_sweep(heap);
	assert_ptr_equal(ol_heap_load(heap, first, 0), moved);
	world_destroy(world);
}

static void what_a_root_let_go_of_before_roots_are_taken_is_not_found(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	ol_root kept = root(heap, slab(heap, 16).object);
	ol_root let_go = root(heap, slab(heap, 100000).object);
	ol_heap_mark_prepare(heap);
	ol_heap_root_release(heap, let_go);
	bool is_idle = false;
	ol_heap_mark_some(heap, 0, 1000, &is_idle);
	assert_true(is_idle);
	assert_false(ol_heap_mark_is_done(heap)); /* Roots are yet to come. */
	check(heap);
	ol_heap_mark_roots(heap);
	mark_rest(heap);
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, 1);
	assert_int_equal(ol_heap_sweep(heap).freed_objects, 1);
	assert_true(ol_heap_is_object(heap, ol_heap_root_load(heap, kept)));
	world_destroy(world);
}

/* The node was marked already; nobody would look into it again. */
static void what_a_grey_root_hands_to_a_marked_node_is_not_lost(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	void *parent = node(heap, 1, 0).object;
	void *child = node(heap, 1, 0).object;
	void *handed = slab(heap, 16).object;
	ol_root roots[] = { root(heap, parent), root(heap, handed) };
	ol_heap_store(heap, parent, 0, child);
	ol_heap_mark_prepare(heap);
	/* Overwritten with itself: shaded, and marked before the roots are. */
	ol_heap_store(heap, parent, 0, child);
	bool is_idle = false;
	ol_heap_mark_some(heap, 0, 1000, &is_idle);
	ol_heap_store(heap, child, 0, handed);
	ol_heap_root_release(heap, roots[1]);
	check(heap);
	ol_heap_mark_roots(heap);
	mark_rest(heap);
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, 3);
	ol_heap_sweep(heap);
	check(heap);
	assert_true(ol_heap_is_object(heap, ol_heap_load(heap, child, 0)));
	world_destroy(world);
}

static void what_is_born_while_marking_is_black(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	slab(heap, 16); /* Dead, and its cache has free objects before marking begins. */
	ol_heap_mark_begin(heap);
	void *small[3];
	for (unsigned i = 0; i < 3; i++)
		small[i] = slab(heap, 16).object;
	void *large = slab(heap, 100000).object;
	void *tiny = node(heap, 1, 0).object;
	check(heap);
	mark_rest(heap);
	struct ol_heap_marking marking = ol_heap_mark_end(heap);
	assert_int_equal(marking.marked_objects, 5);
	assert_int_equal(marking.marked_bytes, 3 * 16 + 106496 + 16);
	assert_int_equal(marking.scan_work_bytes, 0);
	assert_int_equal(ol_heap_sweep(heap).freed_objects, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_true(ol_heap_is_object(heap, small[i]));
	assert_true(ol_heap_is_object(heap, large) && ol_heap_is_object(heap, tiny));
	assert_int_equal(collect_in_steps(heap).freed_objects, 5);
	world_destroy(world);
}

static void spans_of_flushed_caches_are_used_on_while_marking(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *first = slab(heap, 4096).object;
	uint64_t live_bytes = ol_heap_stats(heap).live_bytes;
	assert_int_equal(live_bytes, 8192);
	ol_heap_mark_begin(heap);
	assert_int_equal(ol_heap_stats(heap).live_bytes, 4096);
	struct ol_allocation second = slab(heap, 4096);
	assert_ptr_equal(second.object, first + 4096);
	assert_true(second.is_slow_path);
	assert_int_equal(ol_heap_stats(heap).live_bytes, 8192);
	assert_int_equal(ol_heap_stats(heap).inuse_bytes, 8192);
	mark_rest(heap);
	assert_int_equal(ol_heap_mark_end(heap).marked_bytes, 4096);
	world_destroy(world);
}

static void a_step_is_as_long_as_was_asked_for(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	enum { SLOTS = 20000, PIECE_BYTES = 256 * 8 };
	char *big = node(heap, SLOTS, 0).object;
	for (uint32_t i = 0; i < SLOTS; i++)
		ol_heap_store(heap, big, i, slab(heap, 16).object);
	root(heap, big);
	ol_heap_mark_begin(heap);
	uint64_t step_count = 0;
	uint64_t sum_bytes = 0;
	bool is_idle = false;
	while (!ol_heap_mark_is_done(heap)) {
		uint64_t done_bytes = ol_heap_mark_some(heap, 0, 100, &is_idle);
		assert_true(done_bytes <= PIECE_BYTES);
		assert_false(is_idle);
		sum_bytes += done_bytes;
		step_count++;
	}
	/* 79 pieces, and 100 slabs a step. */
	assert_in_range(step_count, 200, 400);
	assert_int_equal(sum_bytes, 8 * SLOTS);
	assert_int_equal(ol_heap_mark_some(heap, 0, 100, &is_idle), 0);
	assert_true(is_idle);
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, SLOTS + 1);
	check(heap);
	world_destroy(world);
}

static void what_the_program_holds_is_shared_with_the_others(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	assert_int_equal(ol_heap_set_marker_count(heap, 3, NULL), 0);
	void *list = NULL;
	for (unsigned i = 0; i < 5000; i++) {
		void *next = node(heap, 2, 0).object;
		ol_heap_store(heap, next, 0, list);
		list = next;
	}
	void *holder = node(heap, 1, 0).object;
	root(heap, list);
	root(heap, holder);
	ol_heap_store(heap, holder, 0, node(heap, 7, 0).object);
	ol_heap_mark_begin(heap);
	/* The roots, and what the barrier found, are for everybody. */
	bool is_idle = true;
	assert_int_equal(ol_heap_mark_some(heap, 2, UINT64_MAX, &is_idle), 5000 * 16 + 8 + 7 * 8);
	assert_false(is_idle);
	assert_true(ol_heap_mark_is_done(heap));
	assert_int_equal(ol_heap_mark_work_bytes(heap), 5000 * 16 + 8 + 7 * 8);
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, 5002);
	ol_heap_sweep(heap);

	/* Others have taken all there is, so what the barrier finds is given away at once. */
	ol_heap_mark_begin(heap);
	ol_heap_mark_some(heap, 1, 1, &is_idle);
	ol_heap_store(heap, holder, 0, NULL);
	assert_int_equal(ol_heap_mark_some(heap, 2, UINT64_MAX, &is_idle), 7 * 8);
	ol_heap_mark_some(heap, 1, UINT64_MAX, &is_idle);
	assert_true(ol_heap_mark_is_done(heap));
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, 5002);
	ol_heap_sweep(heap);

	/* While there is something to take, it is kept back; the program's own marker ends it. */
	ol_heap_mark_begin(heap);
	ol_heap_store(heap, list, 0, NULL);
	ol_heap_mark_some(heap, 1, UINT64_MAX, &is_idle);
	ol_heap_mark_some(heap, 1, UINT64_MAX, &is_idle);
	assert_true(is_idle && !ol_heap_mark_is_done(heap));
	ol_heap_mark_some(heap, 0, UINT64_MAX, &is_idle);
	assert_true(ol_heap_mark_is_done(heap));
	assert_int_equal(ol_heap_mark_end(heap).marked_objects, 5001);
	world_destroy(world);
}

/* A random graph of nodes with two slots, of which the first few are roots. */
static void **random_graph(struct ol_heap *heap, uint64_t count) {
	void **nodes = calloc(count, sizeof *nodes);
	assert_non_null(nodes);
	struct ol_random random = ol_random_seeded(5);
	for (uint64_t i = 0; i < count; i++)
		nodes[i] = node(heap, 2, 0).object;
	for (uint64_t i = 0; i < count; i++)
		for (uint32_t slot = 0; slot < 2; slot++)
			ol_heap_store(heap, nodes[i], slot, nodes[ol_random_below(&random, count)]);
	for (unsigned i = 0; i < 10; i++)
		root(heap, nodes[i]);
	return nodes;
}

static void threads_share_the_work_of_a_big_graph(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	world->watched.below = &world->system.memory;
	free(random_graph(heap, 300000));
	struct ol_heap_marking expected = ol_heap_mark(heap);
	ol_heap_sweep(heap);
	struct crew crew;
	assert_int_equal(ol_heap_set_marker_count(heap, 4, NULL), 0);
	crew_create(&crew, heap, 3);
	for (unsigned round = 0; round < 5; round++) {
		ol_heap_mark_begin(heap);
		crew_mark_all(&crew);
		struct ol_heap_marking marking = ol_heap_mark_end(heap);
		assert_memory_equal(&marking, &expected, sizeof marking);
		assert_int_equal(ol_heap_sweep(heap).freed_objects, 0);
	}
	unsigned busy_count = 0;
	for (unsigned i = 0; i < 3; i++)
		busy_count += crew.threads[i].done_bytes > 0;
	assert_true(busy_count >= 2);
	crew_destroy(&crew);
	/* Back to one marker: the others' memory is given back. */
	assert_int_equal(ol_heap_set_marker_count(heap, 1, NULL), 0);
	assert_int_equal(collect_in_steps(heap).freed_objects, 0);
	world_destroy(world);
}

/* A list of all nodes, and every second slot refers to anyone: whatever is cut off while marking
 * goes on was reachable when it began. */
static void threads_keep_up_with_a_program_that_changes_everything(void **state) {
	enum { NODES = 50000, CHANGES = 100000, ROUNDS = 6 };
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	world->watched.below = &world->system.memory;
	assert_int_equal(ol_heap_set_marker_count(heap, 3, NULL), 0);
	struct crew crew;
	crew_create(&crew, heap, 2);
	struct ol_random random = ol_random_seeded(11);
	void **nodes = calloc(NODES, sizeof *nodes);
	assert_non_null(nodes);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < NODES; i++) {
			nodes[i] = node(heap, 2, 0).object;
			ol_heap_store(heap, nodes[i], 0, i > 0 ? nodes[i - 1] : NULL);
			ol_heap_store(heap, nodes[i], 1, nodes[ol_random_below(&random, i + 1)]);
		}
		ol_root held = root(heap, nodes[NODES - 1]);
		ol_heap_mark_begin(heap);
		crew_start(&crew);
		for (unsigned i = 0; i < CHANGES; i++) {
			uint64_t victim = ol_random_below(&random, NODES);
			void *target = nodes[ol_random_below(&random, NODES)];
			if (i % 4 == 0)
				target = node(heap, 2, 0).object;
			ol_heap_store(heap, nodes[victim], (uint32_t)i % 2, i % 4 == 1 ? NULL : target);
			if (i % 4 == 0)
				nodes[victim] = target;
			if (i % 1000 == 0)
				ol_heap_scavenge(heap, OL_MIB);
		}
		ol_heap_root_release(heap, held);
		crew_mark_all(&crew);
		struct ol_heap_marking marking = ol_heap_mark_end(heap);
		assert_int_equal(marking.marked_objects, NODES + CHANGES / 4);
		assert_int_equal(marking.scan_work_bytes, NODES * 16);
		check(heap);
		ol_heap_sweep(heap);
		assert_int_equal(collect_in_threads(&crew).freed_objects, NODES + CHANGES / 4);
	}
	crew_destroy(&crew);
	free(nodes);
	world_destroy(world);
}

static void markers_are_refused_as_a_whole(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	slab(heap, 8);
	struct ol_heap_stats before = ol_heap_stats(heap);
	uint64_t reserved_bytes = world->watched.reserved_bytes;
	unsigned refusal_count = 0;
	struct ol_error error;
	for (;; refusal_count++) {
		world->failing.refused_request = world->failing.requests + refusal_count + 1;
		if (ol_heap_set_marker_count(heap, 4, &error) == 0)
			break;
		assert_int_equal(error.code, -ENOMEM);
		struct ol_heap_stats after = ol_heap_stats(heap);
		assert_memory_equal(&before, &after, sizeof before);
		assert_int_equal(world->watched.reserved_bytes, reserved_bytes);
		collect_in_steps(heap);
		before = ol_heap_stats(heap);
	}
	assert_int_equal(refusal_count, 6);
	collect_in_steps(heap);
	assert_int_equal(ol_heap_set_marker_count(heap, 1, &error), 0);
	assert_int_equal(world->watched.reserved_bytes, reserved_bytes);
	world_destroy(world);
}

static void refused_mark_stacks_still_mark_everything_in_steps(void **state) {
	for (unsigned marker_count = 1; marker_count <= 3; marker_count += 2) {
		struct world *world = world_create(OL_GIB);
		struct ol_heap *heap = world->heap;
		assert_int_equal(ol_heap_set_marker_count(heap, marker_count, NULL), 0);
		enum { ROOTS = 30000, WIDE = 250 };
		for (unsigned i = 0; i < ROOTS; i++) {
			void *next = node(heap, i % 100 == 0 ? WIDE : 1, 0).object;
			root(heap, next);
			for (uint32_t slot = 0; slot < ol_heap_slot_count(heap, next); slot++)
				ol_heap_store(heap, next, slot, node(heap, 0, 16).object);
		}
		uint64_t count = ol_heap_stats(heap).mallocs_count;
		for (unsigned refused = 0; refused < 6; refused++) {
			world->failing.refused_request = world->failing.requests + 1 + refused;
			ol_heap_mark_begin(heap);
			check(heap);
			bool is_idle = false;
			for (unsigned i = 0; !ol_heap_mark_is_done(heap); i++)
				ol_heap_mark_some(heap, i % marker_count, 5000, &is_idle);
			assert_int_equal(ol_heap_mark_end(heap).marked_objects, count);
			check(heap);
			ol_heap_sweep(heap);
		}
		world_destroy(world);
	}
}

static void what_another_marker_lost_is_found(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	assert_int_equal(ol_heap_set_marker_count(heap, 2, NULL), 0);
	ol_heap_limit_mark_stack(heap, 4);
	enum { SLOTS = 500 };
	void *wide = node(heap, SLOTS, 0).object;
	for (uint32_t i = 0; i < SLOTS; i++)
		ol_heap_store(heap, wide, i, node(heap, 3, 0).object);
	root(heap, wide);
	ol_heap_mark_begin(heap);
	bool is_idle = false;
	while (!is_idle)
		ol_heap_mark_some(heap, 1, OL_KIB, &is_idle);
	assert_true(ol_heap_mark_is_done(heap));
	assert_true(ol_heap_mark_work_bytes(heap) < SLOTS * 8 + SLOTS * 24);
	struct ol_heap_marking marking = ol_heap_mark_end(heap);
	assert_int_equal(marking.marked_objects, SLOTS + 1);
	assert_int_equal(marking.scan_work_bytes, SLOTS * 8 + SLOTS * 24);
	world_destroy(world);
}

static void the_check_finds_damage_in_every_phase(void **state) {
	struct scene scene = scene_create();
	struct ol_heap *heap = scene.world->heap;
	char *kept = scene.kept;
	ol_heap_mark_begin(heap);
	node(heap, 1, 0);
	struct ol_heap_cache *cache = &heap->caches[ol_heap_class_kind(2, true)];
	struct ol_heap_span *cached_span = ol_heap_span_at(heap, cache->span);
	struct ol_heap_span *kept_span = ol_heap_span_at(heap, ol_heap_span_index(heap, kept));
	assert_damage_is_found(
		heap, cached_span->words[cache->word], cache->free_bits & -cache->free_bits);
	assert_damage_is_found(heap, kept_span->words[0], 1);
	assert_damage_is_found(heap, heap->marker.marking.marked_bytes, 16);
	assert_damage_is_found(heap, kept_span->sweep_generation, 1);
	mark_rest(heap);
	ol_heap_mark_end(heap);
	check(heap);
	/* Live, and refers to what is dead now: this is what a lost reference looks like. */
	struct ol_heap_span *large_span =
		ol_heap_span_at(heap, ol_heap_span_index(heap, ol_heap_load(heap, kept, 1)));
	assert_damage_is_found(heap, large_span->words[0], 1);
	assert_damage_is_found(heap, heap->unswept_pages, 1);
	assert_damage_is_found(heap, heap->unswept_live_bytes, 8);
	ol_heap_sweep_some(heap, 1);
	assert_damage_is_found(heap, kept_span->sweep_generation, 1);
	assert_damage_is_found(heap, kept_span->words[0], 1);
	assert_damage_is_found(heap, large_span->sweep_generation, 2);
	assert_damage_is_found(heap, heap->sweep_page, 0x100);
	world_destroy(scene.world);
}

#define HEAP_STEPS_TESTS \
	cmocka_unit_test(collections_at_once_find_exactly_what_is_reachable), \
		cmocka_unit_test(steps_find_exactly_what_was_reachable_or_is_new), \
		cmocka_unit_test(threads_find_exactly_what_was_reachable_or_is_new), \
		cmocka_unit_test(full_mark_stacks_lose_nothing_in_steps), \
		cmocka_unit_test(bigger_heaps_are_marked_in_steps_too), \
		cmocka_unit_test(what_loses_its_last_path_while_marking_survives_once), \
		cmocka_unit_test(a_reference_that_moves_behind_the_marker_is_not_lost), \
		cmocka_unit_test(what_a_root_let_go_of_before_roots_are_taken_is_not_found), \
		cmocka_unit_test(what_a_grey_root_hands_to_a_marked_node_is_not_lost), \
		cmocka_unit_test(what_is_born_while_marking_is_black), \
		cmocka_unit_test(spans_of_flushed_caches_are_used_on_while_marking), \
		cmocka_unit_test(a_step_is_as_long_as_was_asked_for), \
		cmocka_unit_test(what_the_program_holds_is_shared_with_the_others), \
		cmocka_unit_test(threads_share_the_work_of_a_big_graph), \
		cmocka_unit_test(threads_keep_up_with_a_program_that_changes_everything), \
		cmocka_unit_test(markers_are_refused_as_a_whole), \
		cmocka_unit_test(refused_mark_stacks_still_mark_everything_in_steps), \
		cmocka_unit_test(what_another_marker_lost_is_found), \
		cmocka_unit_test(the_check_finds_damage_in_every_phase)

#endif
