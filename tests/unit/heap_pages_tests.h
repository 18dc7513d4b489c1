/* heap_pages_tests.h -- The page allocator against a naive one, huge heaps, scavenging, hooks. */
#ifndef OL_TESTS_HEAP_PAGES_TESTS_H
#define OL_TESTS_HEAP_PAGES_TESTS_H

#include "heap_support.h"

enum { NAIVE_PAGES = 32768, NAIVE_RUNS_MAX = 512 };
enum naive_state { NAIVE_BEYOND, NAIVE_USED, NAIVE_FREE, NAIVE_RELEASED };

struct naive_pages {
	uint8_t states[NAIVE_PAGES]; /* enum naive_state. */
	uint64_t page_count;         /* Grown to. */
};

static uint64_t naive_find(const struct naive_pages *naive, uint64_t count) {
	uint64_t run_pages = 0;
	for (uint64_t page = 0; page < naive->page_count; page++) {
		run_pages = naive->states[page] >= NAIVE_FREE ? run_pages + 1 : 0;
		if (run_pages == count)
			return page + 1 - count;
	}
	return OL_HEAP_PAGE_NONE;
}

/* The lowest run, growing by whole chunks if there is none. */
static uint64_t naive_take(struct naive_pages *naive, uint64_t count, uint64_t *ret_released) {
	uint64_t page = naive_find(naive, count);
	if (page == OL_HEAP_PAGE_NONE) {
		uint64_t end = naive->page_count + (count + 511) / 512 * 512;
		uint64_t old_end = naive->page_count;
		naive->page_count = end < NAIVE_PAGES ? end : NAIVE_PAGES;
		memset(&naive->states[old_end], NAIVE_RELEASED, naive->page_count - old_end);
		page = naive_find(naive, count);
		if (page == OL_HEAP_PAGE_NONE) {
			memset(&naive->states[old_end], NAIVE_BEYOND, naive->page_count - old_end);
			naive->page_count = old_end;
			return page;
		}
	}
	*ret_released = 0;
	for (uint64_t i = page; i < page + count; i++) {
		*ret_released += naive->states[i] == NAIVE_RELEASED;
		naive->states[i] = NAIVE_USED;
	}
	return page;
}

static uint64_t naive_scavenge(struct naive_pages *naive, uint64_t count) {
	uint64_t scavenged_pages = 0;
	for (uint64_t page = naive->page_count; page-- > 0 && scavenged_pages < count;) {
		if (naive->states[page] != NAIVE_FREE)
			continue;
		naive->states[page] = NAIVE_RELEASED;
		scavenged_pages++;
	}
	return scavenged_pages;
}

static void assert_same_pages(const struct ol_heap_pages *pages, const struct naive_pages *naive) {
	struct ol_error error;
	if (ol_heap_pages_check(pages, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(ol_heap_pages_count(pages), naive->page_count);
	for (uint64_t page = 0; page < naive->page_count; page++) {
		const struct ol_heap_chunk *chunk = &pages->chunks[page / 512];
		bool is_free = chunk->free[page % 512 / 64] >> (page % 64) & 1;
		bool is_released = chunk->released[page % 512 / 64] >> (page % 64) & 1;
		assert_int_equal(is_free, naive->states[page] >= NAIVE_FREE);
		assert_int_equal(is_released, naive->states[page] == NAIVE_RELEASED);
	}
}

static void pages_are_taken_where_a_naive_search_finds_them(void **state) {
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct world *world = world_create(NAIVE_PAGES * OL_HEAP_PAGE_BYTES);
		struct ol_heap_pages *pages = &world->heap->pages;
		struct naive_pages *naive = calloc(1, sizeof *naive);
		struct {
			uint64_t page, count;
		} runs[NAIVE_RUNS_MAX];
		unsigned run_count = 0;
		struct ol_random random = ol_random_seeded(seed);
		for (unsigned step = 0; step < 8000; step++) {
			uint64_t choice = ol_random_below(&random, 100);
			if (choice < 2) {
				uint64_t count = ol_random_below(&random, 1500);
				assert_int_equal(
					ol_heap_pages_scavenge(pages, count), naive_scavenge(naive, count));
			} else if (choice < 52 && run_count < NAIVE_RUNS_MAX) {
				uint64_t bound = choice < 30 ? 4 : choice < 48 ? 100 : 3000;
				uint64_t count = 1 + ol_random_below(&random, bound);
				uint64_t released_pages = 0;
				uint64_t expected_released = 0;
				uint64_t page = OL_HEAP_PAGE_NONE;
				int result = ol_heap_pages_take(pages, count, &page, &released_pages, NULL);
				assert_int_equal(naive_take(naive, count, &expected_released), page);
				assert_int_equal(result, page == OL_HEAP_PAGE_NONE ? -ENOMEM : 0);
				assert_int_equal(released_pages, expected_released);
				if (result < 0)
					continue;
				ol_heap_pages_account(pages, count, released_pages);
				runs[run_count].page = page;
				runs[run_count++].count = count;
			} else if (run_count > 0) {
				uint64_t victim = ol_random_below(&random, run_count);
				ol_heap_pages_give(pages, runs[victim].page, runs[victim].count);
				memset(&naive->states[runs[victim].page], NAIVE_FREE, runs[victim].count);
				runs[victim] = runs[--run_count];
			}
			if (step % 16 == 0)
				assert_same_pages(pages, naive);
		}
		free(naive);
		/* No spans were made for these pages: give them back before the heap is checked. */
		while (run_count-- > 0)
			ol_heap_pages_give(pages, runs[run_count].page, runs[run_count].count);
		world_destroy(world);
	}
}

/* The thread sanitizer leaves no room for a terabyte, and keeps shadows of what is used. */
#ifndef __SANITIZE_THREAD__
static void a_slab_of_almost_a_terabyte_costs_little_and_comes_back(void **state) {
	struct world *world = world_create(OL_TIB);
	struct ol_heap *heap = world->heap;
	uint64_t bytes = OL_TIB - 3 * OL_HEAP_CHUNK_BYTES;
	uint64_t resident_before = world->system.memory.ops->resident_bytes(&world->system.memory);
	struct ol_allocation first = slab(heap, bytes);
	ol_root held = root(heap, first.object);
	assert_int_equal(ol_heap_stats(heap).inuse_bytes, bytes);
	assert_true(ol_heap_stats(heap).metadata_bytes < 6 * OL_MIB);
	struct ol_allocation small = slab(heap, 8);
	assert_true((char *)small.object >= (char *)first.object + bytes);
	collect(heap);
	uint64_t resident_after = world->system.memory.ops->resident_bytes(&world->system.memory);
	assert_true(resident_after < resident_before + OL_MIB);
	ol_heap_root_release(heap, held);
	collect(heap);
	assert_int_equal(ol_heap_stats(heap).inuse_bytes, 0);
	assert_ptr_equal(slab(heap, bytes).object, first.object);
	world_destroy(world);
}
#endif

static void a_higher_tree_knows_what_was_free_before(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *first = slab(heap, OL_HEAP_CHUNK_BYTES).object;
	root(heap, slab(heap, 7 * OL_HEAP_CHUNK_BYTES).object);
	collect(heap);
	/* Eight chunks are one block; this growth adds a level and leaves no fresh page behind. */
	unsigned level_count = heap->pages.level_count;
	slab(heap, 4 * OL_HEAP_CHUNK_BYTES);
	assert_int_equal(heap->pages.level_count, level_count + 1);
	check(heap);
	assert_ptr_equal(slab(heap, OL_HEAP_CHUNK_BYTES).object, first);
	world_destroy(world);
}

#ifndef __SANITIZE_THREAD__
static void a_heap_costs_next_to_nothing_before_its_first_object(void **state) {
	struct world *world = world_create(OL_TIB);
	assert_true(ol_heap_stats(world->heap).metadata_bytes < 32 * OL_KIB);
	struct ol_heap_stats stats = ol_heap_stats(world->heap);
	assert_int_equal(stats.mapped_ready_bytes, stats.metadata_bytes);
	assert_int_equal(resident_bytes(world->heap->reservation, 2 * OL_MIB) < 64 * OL_KIB, true);
	root(world->heap, slab(world->heap, 16).object);
	stats = ol_heap_stats(world->heap);
	assert_int_equal(stats.inuse_bytes, OL_HEAP_PAGE_BYTES);
	assert_int_equal(stats.free_bytes, 0);
	assert_int_equal(stats.released_bytes, OL_HEAP_CHUNK_BYTES - OL_HEAP_PAGE_BYTES);
	assert_true(stats.metadata_bytes < 32 * OL_KIB);
	world_destroy(world);
}
#endif

static void a_full_address_space_is_refused_and_nothing_has_changed(void **state) {
	struct world *world = world_create(OL_HEAP_ARENA_BYTES);
	struct ol_heap *heap = world->heap;
	struct ol_allocation allocation = { 0 };
	struct ol_error error;
	uint64_t most_bytes = OL_HEAP_ARENA_BYTES - OL_HEAP_PAGE_BYTES;
	root(heap, slab(heap, 8).object);
	struct ol_heap_stats before = ol_heap_stats(heap);
	assert_int_equal(ol_heap_allocate_slab(heap, most_bytes + 1, &allocation, &error), -ENOMEM);
	assert_int_equal(ol_heap_allocate_slab(heap, UINT64_MAX, &allocation, &error), -ENOMEM);
	assert_int_equal(ol_heap_allocate_node(heap, 1, UINT64_MAX, &allocation, &error), -ENOMEM);
	assert_int_equal(
		ol_heap_allocate_node(heap, OL_HEAP_SLOTS_MAX, 0, &allocation, &error), -ENOMEM);
	assert_null(allocation.object);
	struct ol_heap_stats after = ol_heap_stats(heap);
	assert_memory_equal(&before, &after, sizeof before);
	check(heap);
	/* The last page can be used: growth is cut to what is left. */
	assert_int_equal(slab(heap, most_bytes).object_bytes, most_bytes);
	check(heap);
	world_destroy(world);
}

static void scavenging_lowers_resident_memory_from_the_top(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	uint64_t bytes = 32 * OL_MIB;
	char *object = slab(heap, bytes).object;
	memset(object, 1, bytes);
	assert_int_equal(resident_bytes(object, bytes), bytes);
	collect(heap);
	assert_int_equal(resident_bytes(object, bytes), bytes);
	assert_int_equal(ol_heap_stats(heap).free_bytes, bytes);
	assert_int_equal(ol_heap_scavenge(heap, 8 * OL_MIB), 8 * OL_MIB);
	check(heap);
	assert_int_equal(world->watched.release_calls, 1);
	assert_int_equal(resident_bytes(object, 24 * OL_MIB), 24 * OL_MIB);
	assert_int_equal(resident_bytes(object + 24 * OL_MIB, 8 * OL_MIB), 0);
	assert_int_equal(ol_heap_stats(heap).free_bytes, 24 * OL_MIB);
	assert_int_equal(ol_heap_stats(heap).released_bytes, 8 * OL_MIB);
	assert_int_equal(ol_heap_scavenge(heap, 1), OL_HEAP_PAGE_BYTES);
	assert_int_equal(ol_heap_scavenge(heap, UINT64_MAX), 24 * OL_MIB - OL_HEAP_PAGE_BYTES);
	assert_int_equal(ol_heap_scavenge(heap, UINT64_MAX), 0);
	assert_int_equal(world->watched.release_calls, 3);
	assert_int_equal(world->watched.released_bytes, bytes);
	assert_int_equal(resident_bytes(object, bytes), 0);
	assert_int_equal(ol_heap_stats(heap).free_bytes, 0);
	assert_int_equal(ol_heap_stats(heap).released_bytes, bytes);
	world_destroy(world);
}

static void scavenging_spares_what_is_in_use(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *objects[64];
	for (unsigned i = 0; i < 64; i++) {
		objects[i] = slab(heap, 100 * OL_KIB).object;
		memset(objects[i], (int)i, 100 * OL_KIB);
		if (i % 2 == 0)
			root(heap, objects[i]);
	}
	collect(heap);
	assert_int_equal(ol_heap_scavenge(heap, UINT64_MAX), 32 * 104 * OL_KIB);
	check(heap);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(resident_bytes(objects[i], 100 * OL_KIB), i % 2 == 0 ? 100 * OL_KIB : 0);
	for (unsigned i = 0; i < 64; i += 2)
		assert_int_equal(objects[i][100 * OL_KIB - 1], i);
	world_destroy(world);
}

/* Hooks that note what they are told, and may act. */
struct hook_notes {
	struct ol_heap *heap;
	bool has_to_collect;
	bool has_to_scavenge;
	uint64_t mapping_calls;
	uint64_t mapping_bytes;
	uint64_t commit_calls;
	uint64_t commit_released_bytes;
	struct ol_heap_stats stats; /* In the last call. */
};

static int note_mapping(
	void *context, uint64_t span_bytes, unsigned attempt, struct ol_error *error) {
	struct hook_notes *notes = context;
	notes->mapping_calls++;
	notes->mapping_bytes = span_bytes;
	check(notes->heap);
	notes->stats = ol_heap_stats(notes->heap);
	if (notes->has_to_collect)
		collect(notes->heap);
	return notes->has_to_collect && attempt == 0;
}

static void note_commit(void *context, uint64_t released_bytes) {
	struct hook_notes *notes = context;
	notes->commit_calls++;
	notes->commit_released_bytes = released_bytes;
	notes->stats = ol_heap_stats(notes->heap);
	if (notes->has_to_scavenge)
		ol_heap_scavenge(notes->heap, UINT64_MAX);
}

static struct hook_notes *hook(struct ol_heap *heap) {
	static struct hook_notes notes;
	notes = (struct hook_notes){ .heap = heap };
	struct ol_heap_hooks hooks = { &notes, note_mapping, note_commit };
	ol_heap_set_hooks(heap, &hooks);
	return &notes;
}

static void before_commit_counts_the_released_pages_of_a_span(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	struct hook_notes *notes = hook(heap);
	slab(heap, OL_MIB);
	assert_int_equal(notes->commit_released_bytes, OL_MIB);
	assert_int_equal(notes->mapping_bytes, OL_MIB);
	/* As in Go, what is about to be charged is not counted as ready yet. */
	assert_int_equal(notes->stats.mapped_ready_bytes, notes->stats.metadata_bytes);
	collect(heap);
	slab(heap, 3 * OL_MIB);
	assert_int_equal(notes->commit_released_bytes, 2 * OL_MIB);
	collect(heap);
	slab(heap, 2 * OL_MIB);
	assert_int_equal(notes->commit_released_bytes, 0);
	collect(heap);
	ol_heap_scavenge(heap, OL_MIB);
	slab(heap, 3 * OL_MIB);
	assert_int_equal(notes->commit_released_bytes, OL_MIB);
	assert_int_equal(notes->commit_calls, 4);
	slab(heap, 8);
	assert_int_equal(notes->commit_calls, 5);
	assert_int_equal(notes->mapping_calls, 5);
	slab(heap, 8);
	assert_int_equal(notes->mapping_calls, 5);
	world_destroy(world);
}

static void scavenging_in_before_commit_spares_the_picked_pages(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	char *object = slab(heap, 4 * OL_MIB).object;
	memset(object, 7, 4 * OL_MIB);
	collect(heap);
	struct hook_notes *notes = hook(heap);
	notes->has_to_scavenge = true;
	assert_ptr_equal(slab(heap, OL_MIB).object, object);
	check(heap);
	assert_int_equal(notes->commit_released_bytes, 0);
	assert_int_equal(resident_bytes(object, OL_MIB), OL_MIB);
	assert_int_equal(resident_bytes(object + OL_MIB, 3 * OL_MIB), 0);
	assert_int_equal(ol_heap_stats(heap).released_bytes, 3 * OL_MIB);
	assert_int_equal(ol_heap_stats(heap).free_bytes, 0);
	world_destroy(world);
}

static void a_collection_in_before_mapping_saves_the_new_pages(void **state) {
	struct world *world = world_create(OL_GIB);
	struct ol_heap *heap = world->heap;
	struct hook_notes *notes = hook(heap);
	notes->has_to_collect = true;
	/* Large: the dead slab's pages serve the next one. */
	char *large = slab(heap, OL_MIB).object;
	for (unsigned i = 0; i < 10; i++)
		assert_ptr_equal(slab(heap, OL_MIB).object, large);
	/* A whole dead span comes back as pages. */
	char *small = slab(heap, 8192).object;
	for (unsigned i = 0; i < 10; i++)
		assert_ptr_equal(slab(heap, 8192).object, small);
	/* A partly free span is used instead of a new one. */
	char *first = slab(heap, 4096).object;
	root(heap, slab(heap, 4096).object);
	uint64_t inuse_bytes = ol_heap_stats(heap).inuse_bytes;
	struct ol_allocation third = slab(heap, 4096);
	assert_ptr_equal(third.object, first);
	assert_true(third.is_slow_path);
	assert_true(ol_heap_stats(heap).inuse_bytes <= inuse_bytes);
	world_destroy(world);
}

#endif
