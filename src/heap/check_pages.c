/* check_pages.c -- Walks the page allocator and checks every invariant of it. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "heap/pages.h"

#define VIOLATION(error, ...) ol_error_set((error), -EINVAL, "heap check: " __VA_ARGS__)

struct page_totals {
	uint64_t free_pages; /* Resident or not. */
	uint64_t released_pages;
	uint64_t touched_chunks; /* Count. */
};

static int check_chunk(const struct ol_heap_pages *pages, uint64_t chunk,
	struct page_totals *totals, struct ol_error *error) {
	assert(chunk < pages->chunk_count);
	const struct ol_heap_chunk *bits = &pages->chunks[chunk];
	uint64_t any = 0;
	for (unsigned word = 0; word < OL_HEAP_CHUNK_WORDS; word++) {
		if (bits->released[word] & ~bits->free[word])
			return VIOLATION(error, "chunk %llu has released pages that are not free",
				(unsigned long long)chunk);
		totals->free_pages += (uint64_t)__builtin_popcountll(bits->free[word]);
		totals->released_pages += (uint64_t)__builtin_popcountll(bits->released[word]);
		any |= bits->free[word];
	}
	bool is_touched = pages->touched_chunks[chunk / 64] >> (chunk % 64) & 1;
	totals->touched_chunks += is_touched;
	if (any != 0 && !is_touched)
		return VIOLATION(
			error, "chunk %llu has free pages but was never touched", (unsigned long long)chunk);
	struct ol_heap_summary summary = ol_heap_chunk_summarize(bits);
	if (memcmp(&summary, &pages->levels[0][chunk], sizeof summary) != 0)
		return VIOLATION(error, "the summary of chunk %llu is not what its bitmap says",
			(unsigned long long)chunk);
	return 0;
}

/* Every block of a level against the entry above it. */
static int check_level(const struct ol_heap_pages *pages, unsigned level, struct ol_error *error) {
	assert(level > 0);
	assert(level < pages->level_count);
	uint64_t entry_chunks = UINT64_C(1) << (level * OL_HEAP_FANOUT_BITS);
	uint64_t entries = (pages->chunk_count + entry_chunks - 1) / entry_chunks;
	for (uint64_t entry = 0; entry < entries; entry++) {
		struct ol_heap_summary merged = ol_heap_summary_merge(
			&pages->levels[level - 1][entry * OL_HEAP_FANOUT], ol_heap_level_pages(level - 1));
		if (memcmp(&merged, &pages->levels[level][entry], sizeof merged) != 0)
			return VIOLATION(error, "summary %llu of level %u is not what lies below it",
				(unsigned long long)entry, level);
	}
	return 0;
}

/* Nothing beyond what the heap has grown to is free. */
static int check_end(const struct ol_heap_pages *pages, struct ol_error *error) {
	assert(pages->chunk_count <= pages->chunk_count_max);
	static const struct ol_heap_summary nothing = { 0 };
	uint64_t end = (pages->chunk_count + OL_HEAP_FANOUT - 1) / OL_HEAP_FANOUT * OL_HEAP_FANOUT;
	for (uint64_t chunk = pages->chunk_count; chunk < end; chunk++) {
		if (memcmp(&pages->levels[0][chunk], &nothing, sizeof nothing) != 0)
			return VIOLATION(error, "chunk %llu lies beyond the heap and has free pages",
				(unsigned long long)chunk);
	}
	uint64_t page = 0;
	if (pages->levels[pages->level_count - 1]->longest_pages > 0)
		page = ol_heap_summary_find(pages, 1);
	for (uint64_t chunk = 0; chunk < pages->chunk_count; chunk++) {
		unsigned first = ol_heap_chunk_next(&pages->chunks[chunk], 0, true);
		if (first == OL_HEAP_CHUNK_BITS)
			continue;
		uint64_t lowest = chunk * OL_HEAP_CHUNK_PAGES + first;
		if (lowest < pages->search_page || lowest != page)
			return VIOLATION(error, "page %llu is free but below the search hint %llu",
				(unsigned long long)lowest, (unsigned long long)pages->search_page);
		break;
	}
	return 0;
}

int ol_heap_pages_check(const struct ol_heap_pages *pages, struct ol_error *error) {
	assert(pages != NULL);
	assert(pages->level_count >= 2);
	struct page_totals totals = { 0 };
	for (uint64_t chunk = 0; chunk < pages->chunk_count; chunk++) {
		int result = check_chunk(pages, chunk, &totals, error);
		if (result < 0)
			return result;
	}
	for (unsigned level = 1; level < pages->level_count; level++) {
		int result = check_level(pages, level, error);
		if (result < 0)
			return result;
	}
	if (totals.released_pages != pages->released_pages)
		return VIOLATION(error, "%llu pages are released, the counter says %llu",
			(unsigned long long)totals.released_pages, (unsigned long long)pages->released_pages);
	if (totals.free_pages != pages->free_pages + pages->released_pages)
		return VIOLATION(error, "%llu pages are free, the counters say %llu",
			(unsigned long long)totals.free_pages,
			(unsigned long long)(pages->free_pages + pages->released_pages));
	if (ol_heap_pages_count(pages) - totals.free_pages != pages->inuse_pages)
		return VIOLATION(error, "%llu pages are in use, the counter says %llu",
			(unsigned long long)(ol_heap_pages_count(pages) - totals.free_pages),
			(unsigned long long)pages->inuse_pages);
	if (totals.touched_chunks != pages->touched_chunk_count)
		return VIOLATION(error, "%llu chunks were touched, the counter says %llu",
			(unsigned long long)totals.touched_chunks,
			(unsigned long long)pages->touched_chunk_count);
	return check_end(pages, error);
}
