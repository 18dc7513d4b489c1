/* heap_failure_tests.h -- Refused requests for memory, and damage that the check must find. */
#ifndef OL_TESTS_HEAP_FAILURE_TESTS_H
#define OL_TESTS_HEAP_FAILURE_TESTS_H

#include "heap_support.h"

/* The state of a scripted run on a memory that refuses one request. */
struct script {
	struct world world;
	unsigned refusal_count;
};

/* After a refusal: as before, and sound. The same call succeeds the next time. */
static void assert_refused(struct script *script, int result, const struct ol_error *error,
	const struct ol_heap_stats *before) {
	assert_int_equal(result, -ENOMEM);
	assert_int_equal(error->code, -ENOMEM);
	struct ol_heap_stats after = ol_heap_stats(script->world.heap);
	assert_memory_equal(before, &after, sizeof after);
	check(script->world.heap);
	script->refusal_count++;
}

static void *script_allocate(
	struct script *script, bool is_node, uint32_t slot_count, uint64_t bytes) {
	struct ol_heap *heap = script->world.heap;
	struct ol_allocation allocation = { 0 };
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		struct ol_heap_stats before = ol_heap_stats(heap);
		struct ol_error error;
		int result = is_node ? ol_heap_allocate_node(heap, slot_count, bytes, &allocation, &error)
							 : ol_heap_allocate_slab(heap, bytes, &allocation, &error);
		if (result == 0)
			return allocation.object;
		assert_null(allocation.object);
		assert_refused(script, result, &error, &before);
	}
	fail_msg("refused twice");
	return NULL;
}

static ol_root script_root(struct script *script, void *object) {
	ol_root id = OL_ROOT_NONE;
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		struct ol_heap_stats before = ol_heap_stats(script->world.heap);
		struct ol_error error;
		int result = ol_heap_root_create(script->world.heap, object, &id, &error);
		if (result == 0)
			return id;
		assert_int_equal(id, OL_ROOT_NONE);
		assert_refused(script, result, &error, &before);
	}
	fail_msg("refused twice");
	return id;
}

/* Everything that asks for memory: small spans enough to grow the descriptors, large objects,
 * growth, roots beyond the first step, a mark stack beyond the first step. */
static void run_script(struct script *script) {
	struct ol_heap *heap = script->world.heap;
	void *list = NULL;
	for (unsigned i = 0; i < 600; i++) {
		void *next = script_allocate(script, true, 2, 8000);
		ol_heap_store(heap, next, 0, list);
		list = next;
	}
	ol_root held = script_root(script, list);
	void *wide = script_allocate(script, true, 200, 0);
	script_root(script, wide);
	for (uint32_t i = 0; i < 200; i++) {
		void *middle = script_allocate(script, true, 200, 0);
		ol_heap_store(heap, wide, i, middle);
		for (uint32_t j = 0; j < 200; j++)
			ol_heap_store(heap, middle, j, script_allocate(script, true, 1, 0));
	}
	for (unsigned i = 0; i < 10; i++)
		script_allocate(script, false, 0, 5 * OL_MIB + i);
	for (unsigned i = 0; i < 9000; i++)
		script_root(script, list);
	struct ol_heap_marking marking = ol_heap_mark(heap);
	assert_int_equal(marking.marked_objects, 600 + 1 + 200 + 200 * 200);
	assert_int_equal(ol_heap_sweep(heap).freed_objects, 10);
	ol_heap_root_release(heap, held);
	for (unsigned i = 0; i < 100; i++)
		script_allocate(script, false, 0, 300 * OL_KIB);
	check(heap);
}

/* Whether the refused request was reached. */
static bool run_script_refusing(uint64_t refused_request) {
	struct script script = { 0 };
	world_init(&script.world, refused_request);
	struct ol_memory *memory = &script.world.watched.memory;
	struct ol_error error;
	if (ol_heap_create(memory, OL_GIB, &script.world.heap, &error) < 0) {
		assert_int_equal(error.code, -ENOMEM);
		assert_null(script.world.heap);
		assert_int_equal(script.world.watched.reserved_bytes, 0);
		assert_int_equal(ol_heap_create(memory, OL_GIB, &script.world.heap, &error), 0);
	}
	run_script(&script);
	bool was_reached = script.world.failing.requests >= refused_request;
	ol_heap_destroy(script.world.heap);
	assert_int_equal(script.world.watched.reserved_bytes, 0);
	return was_reached;
}

static void every_refused_request_leaves_the_heap_as_it_was(void **state) {
	uint64_t refused_request = 1;
	while (run_script_refusing(refused_request))
		refused_request++;
	/* Reservations, tables, descriptors, growth, roots. */
	assert_in_range(refused_request, 15, 1000);
}

static void a_refused_mark_stack_still_marks_everything(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	enum { COUNT = 120000 };
	char *big = node(heap, COUNT, 0).object;
	root(heap, big);
	for (uint32_t i = 0; i < COUNT; i++) {
		root(heap, node(heap, 1, 0).object);
		ol_heap_store(heap, big, i, node(heap, 0, 8).object);
	}
	/* Objects of 200 slots each, all on the stack at once. */
	for (uint32_t i = 0; i < 200; i++) {
		char *middle = node(heap, 200, 0).object;
		ol_heap_store(heap, big, i, middle);
		for (uint32_t j = 0; j < 200; j++)
			ol_heap_store(heap, middle, j, middle);
	}
	world->failing.refused_request = world->failing.requests + 1;
	struct ol_heap_marking marking = ol_heap_mark(heap);
	assert_true(world->failing.requests >= world->failing.refused_request);
	assert_int_equal(marking.marked_objects, 1 + 2 * COUNT);
	check(heap);
	assert_int_equal(ol_heap_sweep(heap).freed_objects, 200);
	world_destroy(world);
}

static void a_continuation_that_finds_no_room_is_not_lost(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	enum { SLOTS = 20000, QUEUE = 32, STEP_ENTRIES = OL_HEAP_STEP_BYTES / 8 };
	char *big = node(heap, SLOTS, 0).object;
	for (uint32_t i = 0; i < SLOTS; i++)
		ol_heap_store(heap, big, i, slab(heap, 16).object);
	/* The last roots are marked first. What the queue takes off the full stack, 32 slots put back
	 * on it; then big finds no room to note where to go on, and is refused more of it. */
	char *filler = node(heap, QUEUE, 0).object;
	char *leaf = slab(heap, 16).object;
	for (uint32_t i = 0; i < QUEUE; i++)
		ol_heap_store(heap, filler, i, leaf);
	for (unsigned i = 0; i < STEP_ENTRIES - 2; i++)
		root(heap, leaf);
	root(heap, big);
	root(heap, filler);
	world->failing.refused_request = world->failing.requests + 1;
	struct ol_heap_marking marking = ol_heap_mark(heap);
	assert_int_equal(marking.marked_objects, SLOTS + 3);
	assert_true(heap->marker.rescan_count > 0);
	ol_heap_sweep(heap);
	world_destroy(world);
}

static void a_second_descriptor_is_reserved_with_the_first(void **state) {
	for (unsigned offset = 0; offset < 2; offset++) {
		struct world *world = world_create(OL_GIB);
		for (unsigned i = 0; i < offset; i++)
			slab(world->heap, 100000);
		/* Spans of the 8 byte class, each with two descriptors, over several steps of the table. */
		for (unsigned i = 0; i < 1024 * 600; i++)
			slab(world->heap, 8);
		check(world->heap);
		world_destroy(world);
	}
}

/* Damages place by flipping bits, expects the check to notice, and mends it. */
#define assert_damage_is_found(heap, place, flip) \
	do { \
		struct ol_error damage_error = { 0 }; \
		__typeof__(place) sound = (place); \
		(place) = (__typeof__(place))(sound ^ (flip)); \
		assert_int_equal(ol_heap_check((heap), &damage_error), -EINVAL); \
		assert_non_null(strstr(damage_error.message, "heap check: ")); \
		(place) = sound; \
		check(heap); \
	} while (0)

/* A heap with a bit of everything: partly free and cached spans, free pages, unused roots. */
struct scene {
	struct world *world;
	char *kept; /* A node; slot 1 is a large slab. */
	ol_root held;
};

static struct scene scene_create(void) {
	struct scene scene = { .world = world_create(OL_GIB) };
	struct ol_heap *heap = scene.world->heap;
	scene.kept = node(heap, 2, 0).object;
	scene.held = root(heap, scene.kept);
	for (unsigned i = 0; i < 2000; i++) {
		char *next = node(heap, 1, 0).object;
		if (i % 3 == 0) {
			ol_heap_store(heap, next, 0, ol_heap_load(heap, scene.kept, 0));
			ol_heap_store(heap, scene.kept, 0, next);
		}
	}
	ol_heap_store(heap, scene.kept, 1, slab(heap, 100000).object);
	slab(heap, 100000);
	collect(heap);
	ol_heap_root_release(heap, root(heap, NULL));
	node(heap, 1, 0);
	return scene;
}

static void the_check_finds_damaged_objects_and_spans(void **state) {
	struct scene scene = scene_create();
	struct ol_heap *heap = scene.world->heap;
	char *kept = scene.kept;
	ol_root held = scene.held;
	uint32_t kept_index = ol_heap_span_index(heap, kept);
	struct ol_heap_span *kept_span = ol_heap_span_at(heap, kept_index);
	struct ol_heap_span *large_span =
		ol_heap_span_at(heap, ol_heap_span_index(heap, ol_heap_load(heap, kept, 1)));
	struct ol_heap_cache *cache = &heap->caches[ol_heap_class_kind(2, true)];
	struct ol_heap_span_list *partial = &heap->partial[ol_heap_class_kind(2, true)];
	assert_true(partial->first != 0 && cache->span != 0);
	struct ol_heap_span *partial_span = ol_heap_span_at(heap, partial->first);
	struct ol_heap_pages *pages = &heap->pages;
	uint64_t kept_page = ol_heap_page_of(pages, (uint64_t)(uintptr_t)kept);

	assert_damage_is_found(heap, *ol_heap_node_slot(kept, 0), 8);
	assert_damage_is_found(heap, *ol_heap_node_slot(kept, 1), 8);
	assert_damage_is_found(heap, *(uint64_t *)(void *)kept, 0x40);
	assert_damage_is_found(heap, heap->roots.entries[held], 16);
	assert_damage_is_found(heap, heap->roots.used_count, 1);
	assert_damage_is_found(heap, heap->roots.unused, 1);
	assert_damage_is_found(heap, kept_span->alloc_bits[0], 1);
	assert_damage_is_found(heap, kept_span->words[0], 1);
	assert_damage_is_found(heap, kept_span->allocated_count, 1);
	assert_damage_is_found(heap, kept_span->object_count, 1);
	assert_damage_is_found(heap, kept_span->state, OL_HEAP_SPAN_IN_USE ^ OL_HEAP_SPAN_EXTENSION);
	assert_damage_is_found(
		heap, kept_span->alloc_bits[kept_span->word_count - 1], UINT64_C(1) << 63);
	assert_damage_is_found(heap, partial_span->next, kept_index);
	assert_damage_is_found(heap, partial->first, partial->first);
	assert_damage_is_found(heap, heap->unused_span, heap->unused_span);
	assert_damage_is_found(heap, large_span->page_count, 1);
	assert_damage_is_found(heap, large_span->class_kind, 4);
	assert_damage_is_found(heap, pages->span_by_page[kept_page], 1);
	assert_damage_is_found(heap, pages->span_by_page[kept_page], kept_index);
	assert_damage_is_found(heap, cache->free_bits, cache->free_bits & -cache->free_bits);
	assert_damage_is_found(heap, cache->word, 1);
	assert_damage_is_found(heap, cache->object_bytes, 8);
	assert_damage_is_found(heap, heap->allocated_bytes, 16);
	assert_damage_is_found(heap, heap->mallocs_count, 1);
	assert_damage_is_found(heap, heap->span_count, 1);
	world_destroy(scene.world);
}

static void the_check_finds_damaged_pages_and_summaries(void **state) {
	struct scene scene = scene_create();
	struct ol_heap *heap = scene.world->heap;
	struct ol_heap_pages *pages = &heap->pages;

	assert_damage_is_found(heap, pages->chunks[0].free[0], 1);
	assert_damage_is_found(heap, pages->chunks[0].free[7], UINT64_C(1) << 63);
	assert_damage_is_found(heap, pages->chunks[0].released[0], 1);
	assert_damage_is_found(heap, pages->chunks[0].released[7], UINT64_C(1) << 63);
	assert_damage_is_found(heap, pages->levels[0][0].start_pages, 1);
	assert_damage_is_found(heap, pages->levels[0][0].has_resident, 1);
	assert_damage_is_found(heap, pages->levels[0][1].longest_pages, 1);
	assert_damage_is_found(heap, pages->levels[1][0].longest_pages, 1);
	assert_damage_is_found(heap, pages->levels[pages->level_count - 1][0].end_pages, 1);
	assert_damage_is_found(heap, pages->search_page, 0x100);
	assert_damage_is_found(heap, pages->free_pages, 1);
	assert_damage_is_found(heap, pages->released_pages, 1);
	assert_damage_is_found(heap, pages->inuse_pages, 1);
	assert_damage_is_found(heap, pages->touched_chunk_count, 1);
	assert_damage_is_found(heap, pages->touched_chunks[0], 1);
	world_destroy(scene.world);
}

#endif
