/* test_heap.c -- The heap: what it promises in heap.h, and its parts against naive ones. */
#include <errno.h>

#include "heap_support.h"

#include "heap_failure_tests.h"
#include "heap_model.h"
#include "heap_pages_tests.h"
#include "heap_steps_tests.h"
#include "heap_sweep_tests.h"

static const uint32_t go_classes[] = { 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192,
	208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152,
	1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784,
	6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760,
	24576, 27264, 28672, 32768 };

static void size_classes_are_those_of_go_1_19(void **state) {
	assert_int_equal(sizeof go_classes / sizeof go_classes[0], OL_HEAP_SIZE_CLASSES - 1);
	for (unsigned i = 1; i < OL_HEAP_SIZE_CLASSES; i++)
		assert_int_equal(ol_heap_size_class_bytes(i), go_classes[i - 1]);
	static const uint32_t spans[][2] = { { 8, 8192 }, { 48, 8192 }, { 1152, 8192 }, { 1280, 8192 },
		{ 1408, 16384 }, { 1536, 8192 }, { 1792, 16384 }, { 2688, 8192 }, { 3072, 24576 },
		{ 3200, 16384 }, { 3456, 24576 }, { 4864, 24576 }, { 5376, 16384 }, { 6144, 24576 },
		{ 6528, 32768 }, { 6784, 40960 }, { 6912, 49152 }, { 9472, 57344 }, { 9728, 49152 },
		{ 10240, 40960 }, { 10880, 32768 }, { 12288, 24576 }, { 13568, 40960 }, { 14336, 57344 },
		{ 16384, 16384 }, { 18432, 73728 }, { 19072, 57344 }, { 20480, 40960 }, { 21760, 65536 },
		{ 24576, 24576 }, { 27264, 81920 }, { 28672, 57344 }, { 32768, 32768 } };
	for (unsigned i = 0; i < sizeof spans / sizeof spans[0]; i++)
		assert_int_equal(
			ol_heap_size_class_span_bytes(ol_heap_size_class_of(spans[i][0])), spans[i][1]);
}

static void a_span_wastes_at_most_an_eighth_behind_its_objects(void **state) {
	for (unsigned i = 1; i < OL_HEAP_SIZE_CLASSES; i++) {
		uint64_t object_bytes = ol_heap_size_class_bytes(i);
		uint64_t span_bytes = ol_heap_size_class_span_bytes(i);
		assert_int_equal(span_bytes % OL_HEAP_PAGE_BYTES, 0);
		assert_true(span_bytes % object_bytes <= span_bytes / 8);
		assert_int_equal(ol_heap_size_classes[i].object_count, span_bytes / object_bytes);
	}
}

static void every_small_size_gets_the_smallest_class_that_holds_it(void **state) {
	unsigned class = 1;
	for (uint64_t bytes = 1; bytes <= OL_HEAP_SMALL_BYTES_MAX; bytes++) {
		if (bytes > ol_heap_size_class_bytes(class))
			class ++;
		assert_int_equal(ol_heap_size_class_of(bytes), class);
	}
	assert_int_equal(class, OL_HEAP_SIZE_CLASSES - 1);
}

static void the_index_of_an_object_is_a_division(void **state) {
	for (unsigned class = 1; class < OL_HEAP_SIZE_CLASSES; class ++) {
		uint64_t object_bytes = ol_heap_size_class_bytes(class);
		struct ol_heap_span span = { .divide_magic = ol_heap_size_classes[class].divide_magic };
		for (uint64_t offset = 0; offset < ol_heap_size_class_span_bytes(class); offset++)
			if (ol_heap_object_index(&span, offset) != offset / object_bytes)
				fail_msg("offset %llu of class %u", (unsigned long long)offset, class);
	}
}

static void bad_arguments_are_refused(void **state) {
	struct world *world = world_create(OL_HEAP_ARENA_BYTES);
	struct ol_heap *untouched = NULL;
	struct ol_error error;
	struct ol_memory *memory = &world->watched.memory;
	assert_int_equal(ol_heap_create(memory, 0, &untouched, &error), -EINVAL);
	assert_int_equal(ol_heap_create(memory, OL_MIB, &untouched, &error), -EINVAL);
	assert_int_equal(ol_heap_create(memory, UINT64_C(1) << 60, &untouched, &error), -EINVAL);
	assert_null(untouched);
	struct ol_allocation allocation = { 0 };
	assert_int_equal(ol_heap_allocate_slab(world->heap, 0, &allocation, &error), -EINVAL);
	assert_int_equal(ol_heap_allocate_node(world->heap, 0, 0, &allocation, &error), -EINVAL);
	assert_int_equal(
		ol_heap_allocate_node(world->heap, OL_HEAP_SLOTS_MAX + 1, 0, &allocation, &error), -EINVAL);
	assert_null(allocation.object);
	ol_heap_destroy(NULL);
	world_destroy(world);
}

static void a_small_slab_is_charged_to_live_by_the_span(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	struct ol_allocation first = slab(heap, 100);
	assert_int_equal(first.object_bytes, 112);
	assert_true(first.is_slow_path);
	struct ol_heap_stats stats = ol_heap_stats(heap);
	assert_int_equal(stats.mallocs_count, 1);
	assert_int_equal(stats.allocated_bytes, 112);
	assert_int_equal(stats.inuse_bytes, 8192);
	assert_int_equal(stats.live_bytes, 8192);
	assert_int_equal(stats.scan_bytes, 0);
	assert_int_equal(stats.mapped_ready_bytes, 8192 + stats.metadata_bytes);
	for (unsigned i = 1; i < 73; i++) {
		struct ol_allocation next = slab(heap, 112);
		assert_false(next.is_slow_path);
		assert_ptr_equal(next.object, (char *)first.object + i * 112);
	}
	assert_int_equal(ol_heap_stats(heap).live_bytes, 8192);
	assert_true(slab(heap, 112).is_slow_path);
	assert_int_equal(ol_heap_stats(heap).live_bytes, 16384);
	assert_int_equal(ol_heap_stats(heap).allocated_bytes, 74 * 112);
	/* After a cycle the cache is empty and the free part is charged anew: slow path again. */
	root(heap, first.object);
	collect(heap);
	assert_int_equal(ol_heap_stats(heap).live_bytes, 112);
	assert_int_equal(ol_heap_stats(heap).frees_count, 73);
	struct ol_allocation next = slab(heap, 112);
	assert_true(next.is_slow_path);
	assert_ptr_equal(next.object, (char *)first.object + 112);
	assert_int_equal(ol_heap_stats(heap).live_bytes, 8192);
	world_destroy(world);
}

static void a_large_object_has_whole_pages_of_its_own(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	struct ol_allocation large = slab(heap, OL_HEAP_SMALL_BYTES_MAX + 1);
	assert_int_equal(large.object_bytes, 40960);
	assert_true(large.is_slow_path);
	struct ol_heap_stats stats = ol_heap_stats(heap);
	assert_int_equal(stats.allocated_bytes, 40960);
	assert_int_equal(stats.inuse_bytes, 40960);
	assert_int_equal(stats.live_bytes, 40960);
	assert_int_equal(stats.released_bytes, OL_HEAP_CHUNK_BYTES - 40960);
	assert_int_equal(slab(heap, OL_HEAP_SMALL_BYTES_MAX).object_bytes, 32768);
	struct ol_allocation big_node = node(heap, 3, 100000);
	assert_int_equal(big_node.object_bytes, 106496);
	assert_int_equal(ol_heap_stats(heap).scan_bytes, 24);
	assert_true(ol_heap_is_node(heap, big_node.object));
	assert_false(ol_heap_is_node(heap, large.object));
	assert_int_equal(ol_heap_slot_count(heap, big_node.object), 3);
	world_destroy(world);
}

static void only_the_start_of_an_allocated_object_is_an_object(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *small = slab(heap, 48).object;
	char *large = slab(heap, 100000).object;
	assert_true(ol_heap_is_object(heap, small));
	assert_true(ol_heap_is_object(heap, large));
	assert_false(ol_heap_is_object(heap, small + 8));
	assert_false(ol_heap_is_object(heap, small + 48));
	assert_false(ol_heap_is_object(heap, large + 8));
	assert_false(ol_heap_is_object(heap, large + OL_HEAP_PAGE_BYTES));
	assert_false(ol_heap_is_object(heap, large + 13 * OL_HEAP_PAGE_BYTES));
	assert_false(ol_heap_is_object(heap, small + OL_HEAP_CHUNK_BYTES));
	assert_false(ol_heap_is_object(heap, small - 8));
	assert_false(ol_heap_is_object(heap, NULL));
	assert_false(ol_heap_is_object(heap, &small));
	collect(heap);
	assert_false(ol_heap_is_object(heap, small));
	assert_false(ol_heap_is_object(heap, large));
	world_destroy(world);
}

static void a_new_node_is_empty_whatever_lay_there_before(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	memset(slab(heap, 2 * OL_MIB).object, 0xff, 2 * OL_MIB);
	collect(heap);
	ol_heap_scavenge(heap, 64 * OL_KIB);
	for (unsigned round = 0; round < 3; round++) {
		static const uint32_t slot_counts[] = { 1, 2, 7, 500, 5000, 200000 };
		for (unsigned i = 0; i < 6; i++) {
			char *object = node(heap, slot_counts[i], round * 50).object;
			for (uint32_t slot = 0; slot < slot_counts[i]; slot++) {
				assert_null(ol_heap_load(heap, object, slot));
				ol_heap_store(heap, object, slot, object);
			}
		}
		collect(heap);
	}
	world_destroy(world);
}

/* Offset of a new object in its heap. quick: where the quick way has one, else the slow way's. */
static uint64_t allocate_at(struct ol_heap *heap, bool is_quick, bool is_node, uint32_t slot_count,
	uint64_t bytes, ol_root holder) {
	void *object = NULL;
	if (is_quick && is_node)
		object = ol_heap_quick_node(heap, slot_count, bytes, holder);
	else if (is_quick)
		object = ol_heap_quick_slab(heap, bytes, holder);
	if (object == NULL)
		object = is_node ? node(heap, slot_count, bytes).object : slab(heap, bytes).object;
	else
		assert_ptr_equal(ol_heap_root_load(heap, holder), object);
	ol_heap_root_store(heap, holder, object);
	for (uint32_t i = 0; is_node && i < slot_count; i++) {
		assert_null(ol_heap_load(heap, object, i));
		ol_heap_store(heap, object, i, object);
	}
	return (uint64_t)((char *)object - heap->pages.base);
}

static void the_quick_way_hands_out_what_the_slow_one_would(void **state) {
	struct world *worlds[2] = { world_create(OL_GIB), world_create(OL_GIB) };
	struct ol_random random = ol_random_seeded(1);
	ol_root holders[2][50];
	for (unsigned i = 0; i < 50; i++) {
		holders[0][i] = root(worlds[0]->heap, NULL);
		holders[1][i] = root(worlds[1]->heap, NULL);
	}
	for (unsigned step = 0; step < 20000; step++) {
		bool is_node = ol_random_below(&random, 2);
		uint32_t slot_count = (uint32_t)ol_random_below(&random, 12);
		uint64_t bytes = 1 + ol_random_below(&random, step % 100 == 0 ? 100000 : 600);
		unsigned at = (unsigned)ol_random_below(&random, 50);
		uint64_t slow =
			allocate_at(worlds[0]->heap, false, is_node, slot_count, bytes, holders[0][at]);
		uint64_t quick =
			allocate_at(worlds[1]->heap, true, is_node, slot_count, bytes, holders[1][at]);
		assert_int_equal(quick, slow);
		if (step % 4000 == 3999) {
			collect(worlds[0]->heap);
			collect(worlds[1]->heap);
		}
	}
	struct ol_heap_stats slow = ol_heap_stats(worlds[0]->heap);
	struct ol_heap_stats quick = ol_heap_stats(worlds[1]->heap);
	assert_memory_equal(&slow, &quick, sizeof slow);
	assert_null(ol_heap_quick_slab(worlds[1]->heap, 0, holders[1][0]));
	assert_null(ol_heap_quick_node(worlds[1]->heap, 0, 0, holders[1][0]));
	world_destroy(worlds[0]);
	world_destroy(worlds[1]);
}

static void the_heap_never_touches_a_slab(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *object = slab(heap, 64 * OL_MIB).object;
	char *small = slab(heap, 16384).object;
	root(heap, object);
	root(heap, small);
	collect(heap);
	ol_heap_count_reachable_bytes(heap);
	assert_int_equal(resident_bytes(object, 64 * OL_MIB), 0);
	assert_int_equal(resident_bytes(small, 16384), 0);
	world_destroy(world);
}

static void dead_objects_come_back_at_the_lowest_address(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	enum { COUNT = 3000 };
	static char *objects[COUNT];
	for (unsigned i = 0; i < COUNT; i++) {
		objects[i] = slab(heap, 64).object;
		if (i % 7 != 0)
			root(heap, objects[i]);
	}
	collect(heap);
	for (unsigned i = 0; i < COUNT; i += 7)
		assert_ptr_equal(slab(heap, 64).object, objects[i]);
	check(heap);
	world_destroy(world);
}

static void a_dead_large_slab_makes_room_without_growth(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *object = slab(heap, 28 * OL_MIB).object;
	ol_root held = root(heap, object);
	uint64_t chunk_count = heap->pages.chunk_count;
	ol_heap_root_release(heap, held);
	assert_int_equal(collect(heap).freed_pages, 28 * OL_MIB / OL_HEAP_PAGE_BYTES);
	assert_ptr_equal(slab(heap, 3 * OL_MIB).object, object);
	assert_ptr_equal(slab(heap, 25 * OL_MIB).object, object + 3 * OL_MIB);
	assert_int_equal(heap->pages.chunk_count, chunk_count);
	assert_int_equal(ol_heap_stats(heap).inuse_bytes, 28 * OL_MIB);
	world_destroy(world);
}

static void roots_are_used_again_and_counted(void **state) {
	struct world *world = world_create(OL_HEAP_ARENA_BYTES);
	struct ol_heap *heap = world->heap;
	char *object = slab(heap, 8).object;
	ol_root first = root(heap, object);
	ol_root second = root(heap, NULL);
	assert_int_not_equal(first, second);
	assert_int_equal(ol_heap_stats(heap).roots_bytes, 16);
	ol_heap_root_release(heap, first);
	assert_int_equal(root(heap, NULL), first);
	assert_null(ol_heap_root_load(heap, first));
	ol_heap_root_store(heap, first, object);
	assert_ptr_equal(ol_heap_root_load(heap, first), object);
	ol_root last = OL_ROOT_NONE;
	struct ol_error error;
	uint64_t count = 2;
	while (ol_heap_root_create(heap, object, &last, &error) == 0)
		count++;
	assert_int_equal(count, OL_HEAP_ARENA_BYTES / 64);
	assert_int_equal(error.code, -ENOMEM);
	assert_int_equal(ol_heap_stats(heap).roots_count, count);
	check(heap);
	world_destroy(world);
}

static void small_heaps_mark_exactly_the_reachable(void **state) {
	for (uint64_t seed = 1; seed <= 12; seed++)
		run_plan(OL_HEAP_ARENA_BYTES, 0,
			&(struct model_plan){ .seed = seed,
				.object_count_max = 200,
				.large_bytes_max = 100 * OL_KIB,
				.step_count = 2500,
				.check_every = 1 });
}

static void big_heaps_mark_exactly_the_reachable(void **state) {
	for (uint64_t seed = 101; seed <= 104; seed++)
		run_plan(16 * OL_GIB, 0,
			&(struct model_plan){ .seed = seed,
				.object_count_max = MODEL_OBJECTS_MAX,
				.large_bytes_max = 3 * OL_MIB,
				.step_count = 25000,
				.check_every = 250 });
}

static void a_full_mark_stack_loses_nothing(void **state) {
	static const uint64_t limits[] = { 4, 5, 16, 64 };
	uint64_t rescan_count = 0;
	for (unsigned i = 0; i < 4; i++)
		rescan_count += run_plan(OL_GIB, limits[i],
			&(struct model_plan){ .seed = 201 + i,
				.object_count_max = 2000,
				.large_bytes_max = 100 * OL_KIB,
				.step_count = 8000,
				.check_every = 100,
				.may_overflow = true });
	assert_true(rescan_count > 0);
}

static void what_a_full_stack_lost_is_found_all_over_a_span(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	ol_heap_limit_mark_stack(heap, 4);
	enum { COUNT = 1000 };
	void *list = NULL;
	for (unsigned i = 0; i < COUNT; i++) {
		void *next = node(heap, 7, 0).object;
		for (uint32_t slot = 1; slot < 7; slot++)
			ol_heap_store(heap, next, slot, slab(heap, 8).object);
		ol_heap_store(heap, next, 0, list);
		list = next;
	}
	root(heap, list);
	assert_int_equal(ol_heap_mark(heap).marked_objects, 7 * COUNT);
	assert_true(heap->marker.rescan_count > 0);
	assert_int_equal(ol_heap_sweep(heap).freed_objects, 0);
	world_destroy(world);
}

static void a_node_with_many_slots_is_marked_piece_by_piece(void **state) {
	for (unsigned limit = 0; limit < 3; limit++) {
		struct world *world = world_create(OL_GIB);
		struct ol_heap *heap = world->heap;
		if (limit > 0)
			ol_heap_limit_mark_stack(heap, limit == 1 ? 4 : 300);
		enum { SLOTS = 20000 };
		char *big = node(heap, SLOTS, 0).object;
		root(heap, big);
		for (uint32_t i = 0; i < SLOTS; i++) {
			char *child = node(heap, 2, 0).object;
			ol_heap_store(heap, child, 1, slab(heap, 8).object);
			ol_heap_store(heap, big, i, child);
			slab(heap, 8);
		}
		struct ol_heap_marking marking = ol_heap_mark(heap);
		assert_int_equal(marking.marked_objects, 1 + 2 * SLOTS);
		assert_int_equal(marking.scan_work_bytes, 8 * SLOTS + 16 * SLOTS);
		check(heap);
		assert_int_equal(ol_heap_sweep(heap).freed_objects, SLOTS);
		assert_int_equal(heap->marker.rescan_count > 0, limit == 1);
		if (limit == 0)
			assert_true(heap->marker.stack.entry_count_peak < 1000);
		world_destroy(world);
	}
}

static void a_list_of_a_million_nodes_needs_no_depth(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	void *head = NULL;
	for (unsigned i = 0; i < 1000000; i++) {
		void *next = node(heap, 1, 0).object;
		ol_heap_store(heap, next, 0, head);
		head = next;
	}
	root(heap, head);
	assert_int_equal(ol_heap_count_reachable_bytes(heap), 16000000);
	struct ol_heap_marking marking = ol_heap_mark(heap);
	assert_int_equal(marking.marked_objects, 1000000);
	assert_int_equal(ol_heap_sweep(heap).freed_objects, 0);
	assert_int_equal(heap->marker.stack.entry_count_peak, 1);
	world_destroy(world);
}

static void a_big_mark_stack_is_given_back(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	enum { COUNT = 100000 };
	for (unsigned i = 0; i < COUNT; i++)
		root(heap, node(heap, 1, 0).object);
	ol_heap_count_reachable_bytes(heap);
	assert_int_equal(heap->marker.stack.entry_count_peak, COUNT);
	assert_int_equal(resident_bytes(heap->marker.stack.region.address, OL_MIB), OL_HEAP_STEP_BYTES);
	world_destroy(world);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_classes_are_those_of_go_1_19),
		cmocka_unit_test(a_span_wastes_at_most_an_eighth_behind_its_objects),
		cmocka_unit_test(every_small_size_gets_the_smallest_class_that_holds_it),
		cmocka_unit_test(the_index_of_an_object_is_a_division),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(a_small_slab_is_charged_to_live_by_the_span),
		cmocka_unit_test(a_large_object_has_whole_pages_of_its_own),
		cmocka_unit_test(only_the_start_of_an_allocated_object_is_an_object),
		cmocka_unit_test(a_new_node_is_empty_whatever_lay_there_before),
		cmocka_unit_test(the_quick_way_hands_out_what_the_slow_one_would),
		cmocka_unit_test(the_heap_never_touches_a_slab),
		cmocka_unit_test(dead_objects_come_back_at_the_lowest_address),
		cmocka_unit_test(a_dead_large_slab_makes_room_without_growth),
		cmocka_unit_test(roots_are_used_again_and_counted),
		cmocka_unit_test(small_heaps_mark_exactly_the_reachable),
		cmocka_unit_test(big_heaps_mark_exactly_the_reachable),
		cmocka_unit_test(a_full_mark_stack_loses_nothing),
		cmocka_unit_test(what_a_full_stack_lost_is_found_all_over_a_span),
		cmocka_unit_test(a_node_with_many_slots_is_marked_piece_by_piece),
		cmocka_unit_test(a_list_of_a_million_nodes_needs_no_depth),
		cmocka_unit_test(a_big_mark_stack_is_given_back),
		HEAP_STEPS_TESTS,
		HEAP_SWEEP_TESTS,
		cmocka_unit_test(pages_are_taken_where_a_naive_search_finds_them),
#ifndef __SANITIZE_THREAD__
		cmocka_unit_test(a_slab_of_almost_a_terabyte_costs_little_and_comes_back),
#endif
		cmocka_unit_test(a_higher_tree_knows_what_was_free_before),
#ifndef __SANITIZE_THREAD__
		cmocka_unit_test(a_heap_costs_next_to_nothing_before_its_first_object),
#endif
		cmocka_unit_test(a_full_address_space_is_refused_and_nothing_has_changed),
		cmocka_unit_test(scavenging_lowers_resident_memory_from_the_top),
		cmocka_unit_test(scavenging_spares_what_is_in_use),
		cmocka_unit_test(before_commit_counts_the_released_pages_of_a_span),
		cmocka_unit_test(scavenging_in_before_commit_spares_the_picked_pages),
		cmocka_unit_test(a_collection_in_before_mapping_saves_the_new_pages),
		cmocka_unit_test(every_refused_request_leaves_the_heap_as_it_was),
		cmocka_unit_test(a_refused_mark_stack_still_marks_everything),
		cmocka_unit_test(a_continuation_that_finds_no_room_is_not_lost),
		cmocka_unit_test(a_second_descriptor_is_reserved_with_the_first),
		cmocka_unit_test(the_check_finds_damaged_objects_and_spans),
		cmocka_unit_test(the_check_finds_damaged_pages_and_summaries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
