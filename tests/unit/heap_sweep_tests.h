/* heap_sweep_tests.h -- Spans that wait to be swept until somebody wants them; growth foretold. */
#ifndef OL_TESTS_HEAP_SWEEP_TESTS_H
#define OL_TESTS_HEAP_SWEEP_TESTS_H

#include "heap_pages_tests.h"

enum { LAZY_SPANS = 300 };

/* Spans of one 8 KiB object each; every third object is a root, the others die. */
static void make_unswept_spans(struct ol_heap *heap, char **objects) {
	for (unsigned i = 0; i < LAZY_SPANS; i++) {
		objects[i] = slab(heap, 8192).object;
		if (i % 3 == 0)
			root(heap, objects[i]);
	}
	ol_heap_mark(heap);
	assert_int_equal(ol_heap_stats(heap).unswept_bytes, LAZY_SPANS * 8192);
	assert_false(ol_heap_is_idle(heap));
}

static void sweeping_goes_on_in_the_order_of_addresses(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *objects[LAZY_SPANS];
	make_unswept_spans(heap, objects);
	struct ol_heap_sweeping sum = { 0 };
	for (unsigned i = 0; i < LAZY_SPANS; i += 5) {
		assert_int_equal(ol_heap_stats(heap).unswept_bytes, (LAZY_SPANS - i) * 8192);
		struct ol_heap_sweeping sweeping = ol_heap_sweep_some(heap, 5);
		assert_int_equal(sweeping.swept_pages, 5);
		sum.freed_pages += sweeping.freed_pages;
		sum.freed_objects += sweeping.freed_objects;
		for (unsigned j = 0; j < LAZY_SPANS; j++)
			assert_int_equal(ol_heap_is_object(heap, objects[j]), j % 3 == 0 || j >= i + 5);
		check(heap);
	}
	assert_true(ol_heap_is_idle(heap));
	assert_int_equal(sum.freed_pages, 200);
	assert_int_equal(sum.freed_objects, 200);
	assert_int_equal(ol_heap_sweep_some(heap, 5).swept_pages, 0);
	assert_int_equal(ol_heap_sweep(heap).swept_pages, 0);
	world_destroy(world);
}

static void a_refill_takes_an_unswept_span_before_a_new_one(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *objects[LAZY_SPANS];
	make_unswept_spans(heap, objects);
	struct hook_notes *notes = hook(heap);
	for (unsigned i = 0; i < LAZY_SPANS; i++) {
		if (i % 3 == 0)
			continue;
		assert_ptr_equal(slab(heap, 8192).object, objects[i]);
		assert_int_equal(ol_heap_stats(heap).unswept_bytes, (LAZY_SPANS - i - 1) * 8192);
		check(heap);
	}
	assert_int_equal(notes->mapping_calls, 0);
	assert_true(ol_heap_is_idle(heap));
	assert_int_equal(ol_heap_stats(heap).frees_count, 200);
	world_destroy(world);
}

static void a_refill_gives_up_after_a_hundred_unswept_spans(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *objects[LAZY_SPANS];
	make_unswept_spans(heap, objects);
	/* Of another class: the first dead span that was swept on the way serves it. */
	char *object = slab(heap, 100).object;
	assert_ptr_equal(object, objects[1]);
	assert_int_equal(ol_heap_stats(heap).unswept_bytes, (LAZY_SPANS - 100) * 8192);
	check(heap);
	assert_false(ol_heap_is_idle(heap));
	world_destroy(world);
}

static void a_large_object_reclaims_as_many_pages_as_it_wants(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *objects[LAZY_SPANS];
	make_unswept_spans(heap, objects);
	slab(heap, 10 * 8192);
	/* Two of three are dead: fifteen hold ten of them. */
	assert_int_equal(ol_heap_stats(heap).unswept_bytes, (LAZY_SPANS - 15) * 8192);
	assert_int_equal(ol_heap_stats(heap).frees_count, 10);
	check(heap);
	slab(heap, OL_MIB * 100);
	assert_true(ol_heap_is_idle(heap));
	check(heap);
	world_destroy(world);
}

static void a_dead_large_object_serves_the_next_one_unswept(void **state) {
	struct world *world = world_create(OL_HEAP_ARENA_BYTES);
	struct ol_heap *heap = world->heap;
	char *object = slab(heap, 40 * OL_MIB).object;
	ol_heap_mark(heap);
	assert_ptr_equal(slab(heap, 40 * OL_MIB).object, object);
	assert_true(ol_heap_is_idle(heap));
	world_destroy(world);
}

/* A hook that marks at once and leaves the sweeping to whoever comes. */
static int mark_only(void *context, uint64_t span_bytes, unsigned attempt, struct ol_error *error) {
	struct ol_heap *heap = context;
	if (ol_heap_is_idle(heap))
		ol_heap_mark(heap);
	check(heap);
	return 1;
}

static void a_marking_in_before_mapping_saves_the_new_pages_unswept(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	ol_heap_set_hooks(heap, &(struct ol_heap_hooks){ heap, mark_only, NULL });
	char *large = slab(heap, OL_MIB).object;
	for (unsigned i = 0; i < 10; i++)
		assert_ptr_equal(slab(heap, OL_MIB).object, large);
	char *small = slab(heap, 8192).object;
	for (unsigned i = 0; i < 10; i++)
		assert_ptr_equal(slab(heap, 8192).object, small);
	world_destroy(world);
}

static void growth_is_foretold(void **state) {
	struct world *world = world_create(OL_HEAP_ARENA_BYTES * 4);
	struct ol_heap *heap = world->heap;
	struct hook_notes *notes = hook(heap);
	struct ol_random random = ol_random_seeded(7);
	ol_root held[64];
	for (unsigned i = 0; i < 64; i++)
		held[i] = root(heap, NULL);
	for (unsigned step = 0; step < 2000; step++) {
		uint64_t page_count = 5 + ol_random_below(&random, step % 50 == 0 ? 3000 : 60);
		struct ol_heap_stats before = ol_heap_stats(heap);
		uint64_t growth_bytes = ol_heap_growth_bytes(heap, page_count * OL_HEAP_PAGE_BYTES);
		struct ol_heap_stats after = ol_heap_stats(heap);
		assert_memory_equal(&before, &after, sizeof before);
		char *object = slab(heap, page_count * OL_HEAP_PAGE_BYTES - 100).object;
		assert_int_equal(notes->commit_released_bytes, growth_bytes);
		ol_heap_root_store(heap, held[ol_random_below(&random, 64)], object);
		if (ol_random_below(&random, 20) == 0)
			collect(heap);
		if (ol_random_below(&random, 10) == 0)
			ol_heap_scavenge(heap, ol_random_below(&random, 4 * OL_MIB));
	}
	assert_int_equal(ol_heap_growth_bytes(heap, OL_GIB), OL_GIB);
	assert_int_equal(ol_heap_growth_bytes(heap, 1) % OL_HEAP_PAGE_BYTES, 0);
	world_destroy(world);
}

#define HEAP_SWEEP_TESTS \
	cmocka_unit_test(sweeping_goes_on_in_the_order_of_addresses), \
		cmocka_unit_test(a_refill_takes_an_unswept_span_before_a_new_one), \
		cmocka_unit_test(a_refill_gives_up_after_a_hundred_unswept_spans), \
		cmocka_unit_test(a_large_object_reclaims_as_many_pages_as_it_wants), \
		cmocka_unit_test(a_dead_large_object_serves_the_next_one_unswept), \
		cmocka_unit_test(a_marking_in_before_mapping_saves_the_new_pages_unswept), \
		cmocka_unit_test(growth_is_foretold)

#endif
