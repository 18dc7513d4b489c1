/* summary.c -- The tree of free-run summaries: merge, update, search.
 *
 * Every entry covers the eight below it. A block of eight is two cache lines, so a search costs
 * two lines a level, and seven levels cover a terabyte. The root is the first entry of the lowest
 * level that covers what the heap has grown to: a small heap has a low tree, whatever its address
 * space. */
#include <assert.h>
#include <string.h>

#include "heap/pages.h"

struct ol_heap_summary ol_heap_summary_merge(
	const struct ol_heap_summary *children, uint64_t child_pages) {
	assert(children != NULL);
	assert(child_pages >= OL_HEAP_CHUNK_PAGES);
	struct ol_heap_summary merged = children[0];
	uint64_t covered_pages = child_pages;
	for (unsigned i = 1; i < OL_HEAP_FANOUT; i++) {
		const struct ol_heap_summary *child = &children[i];
		if (merged.start_pages == covered_pages)
			merged.start_pages += child->start_pages;
		uint32_t crossing_pages = merged.end_pages + child->start_pages;
		if (crossing_pages > merged.longest_pages)
			merged.longest_pages = crossing_pages;
		if (child->longest_pages > merged.longest_pages)
			merged.longest_pages = child->longest_pages;
		merged.end_pages =
			child->end_pages + (child->end_pages == child_pages ? merged.end_pages : 0);
		merged.has_resident |= child->has_resident;
		covered_pages += child_pages;
	}
	return merged;
}

void ol_heap_summary_add_levels(struct ol_heap_pages *pages) {
	assert(pages->level_count >= 2);
	assert(pages->chunk_count > 0);
	while (pages->chunk_count * OL_HEAP_CHUNK_PAGES > ol_heap_level_pages(pages->level_count - 1)) {
		unsigned level = pages->level_count++;
		assert(pages->level_count <= OL_HEAP_LEVELS_MAX);
		pages->levels[level][0] =
			ol_heap_summary_merge(pages->levels[level - 1], ol_heap_level_pages(level - 1));
	}
}

void ol_heap_summary_update(struct ol_heap_pages *pages, uint64_t first, uint64_t last) {
	assert(first <= last);
	assert(last < pages->chunk_count);
	for (unsigned level = 1; level < pages->level_count; level++) {
		const struct ol_heap_summary *below = pages->levels[level - 1];
		first /= OL_HEAP_FANOUT;
		last /= OL_HEAP_FANOUT;
		bool has_changed = false;
		for (uint64_t entry = first; entry <= last; entry++) {
			struct ol_heap_summary merged = ol_heap_summary_merge(
				&below[entry * OL_HEAP_FANOUT], ol_heap_level_pages(level - 1));
			if (memcmp(&merged, &pages->levels[level][entry], sizeof merged) == 0)
				continue;
			pages->levels[level][entry] = merged;
			has_changed = true;
		}
		if (!has_changed)
			return;
	}
}

uint64_t ol_heap_summary_find(const struct ol_heap_pages *pages, uint64_t count) {
	assert(count > 0);
	assert(pages->level_count >= 2);
	unsigned level = pages->level_count - 1;
	if (pages->levels[level]->longest_pages < count)
		return OL_HEAP_PAGE_NONE;
	uint64_t entry = 0; /* At level: it holds, or begins, a run that is long enough. */
	while (level > 0) {
		level--;
		uint64_t entry_pages = ol_heap_level_pages(level);
		uint64_t first = entry * OL_HEAP_FANOUT;
		uint64_t end = first + OL_HEAP_FANOUT;
		uint64_t hint = pages->search_page / entry_pages;
		uint64_t run_pages = 0; /* Free pages just before the entry. */
		entry = hint > first && hint < end ? hint : first;
		for (;; entry++) {
			/* The level above promised a run. */
			assert(entry < end);
			const struct ol_heap_summary *summary = &pages->levels[level][entry];
			if (run_pages + summary->start_pages >= count)
				return entry * entry_pages - run_pages;
			if (summary->longest_pages >= count)
				break;
			if (summary->start_pages == entry_pages)
				run_pages += entry_pages;
			else
				run_pages = summary->end_pages;
		}
	}
	unsigned page = ol_heap_chunk_find(&pages->chunks[entry], (unsigned)count);
	assert(page < OL_HEAP_CHUNK_BITS);
	return entry * OL_HEAP_CHUNK_PAGES + page;
}

uint64_t ol_heap_summary_find_resident(const struct ol_heap_pages *pages) {
	assert(pages->level_count >= 2);
	unsigned level = pages->level_count - 1;
	if (pages->levels[level]->has_resident == 0)
		return OL_HEAP_PAGE_NONE;
	uint64_t entry = 0;
	while (level > 0) {
		level--;
		uint64_t first = entry * OL_HEAP_FANOUT;
		entry = first + OL_HEAP_FANOUT - 1;
		while (pages->levels[level][entry].has_resident == 0) {
			assert(entry > first);
			entry--;
		}
	}
	return entry;
}
