/* pages.c -- Take, give, grow and scavenge pages. */
#include "heap/pages.h"

#include <assert.h>
#include <errno.h>

static uint64_t chunks_of(uint64_t address_bytes_max) {
	assert(address_bytes_max > 0);
	assert(address_bytes_max % OL_HEAP_ARENA_BYTES == 0);
	return address_bytes_max / OL_HEAP_CHUNK_BYTES;
}

/* Entries of a level, in whole blocks. */
static uint64_t level_entries(uint64_t chunk_count_max, unsigned level) {
	assert(chunk_count_max > 0);
	assert(level < OL_HEAP_LEVELS_MAX);
	uint64_t entry_chunks = UINT64_C(1) << (level * OL_HEAP_FANOUT_BITS);
	uint64_t entries = (chunk_count_max + entry_chunks - 1) / entry_chunks;
	return (entries + OL_HEAP_FANOUT - 1) / OL_HEAP_FANOUT * OL_HEAP_FANOUT;
}

/* Levels until one entry covers everything. */
static unsigned levels_of(uint64_t chunk_count_max) {
	unsigned level_count = 1;
	uint64_t covered_chunks = 1;
	while (covered_chunks < chunk_count_max) {
		covered_chunks *= OL_HEAP_FANOUT;
		level_count++;
	}
	assert(level_count >= 2);
	assert(level_count <= OL_HEAP_LEVELS_MAX);
	return level_count;
}

static uint64_t upper_bytes_of(uint64_t chunk_count_max) {
	uint64_t entries = 0;
	for (unsigned level = 1; level < levels_of(chunk_count_max); level++)
		entries += level_entries(chunk_count_max, level);
	return entries * sizeof(struct ol_heap_summary);
}

static uint64_t lowest_bytes_of(uint64_t chunk_count) {
	return level_entries(chunk_count, 0) * sizeof(struct ol_heap_summary);
}

static uint64_t chunk_bytes_of(uint64_t chunk_count) {
	return chunk_count * sizeof(struct ol_heap_chunk);
}

static uint64_t map_bytes_of(uint64_t chunk_count) {
	return chunk_count * OL_HEAP_CHUNK_PAGES * sizeof(uint32_t);
}

static uint64_t touched_bytes_of(uint64_t chunk_count) {
	return (chunk_count + 63) / 64 * sizeof(uint64_t);
}

uint64_t ol_heap_pages_table_bytes(uint64_t address_bytes_max) {
	assert(address_bytes_max <= OL_HEAP_ADDRESS_BYTES_MAX);
	uint64_t chunk_count = chunks_of(address_bytes_max);
	return ol_heap_region_bytes(upper_bytes_of(chunk_count)) +
		   ol_heap_region_bytes(lowest_bytes_of(chunk_count)) +
		   ol_heap_region_bytes(chunk_bytes_of(chunk_count)) +
		   ol_heap_region_bytes(map_bytes_of(chunk_count)) +
		   ol_heap_region_bytes(touched_bytes_of(chunk_count));
}

int ol_heap_pages_init(struct ol_heap_pages *pages, struct ol_memory *memory, char *base,
	uint64_t address_bytes_max, char **table_address, struct ol_error *error) {
	assert((uintptr_t)base % OL_HEAP_ARENA_BYTES == 0);
	assert(address_bytes_max <= OL_HEAP_ADDRESS_BYTES_MAX);
	uint64_t chunk_count = chunks_of(address_bytes_max);
	*pages = (struct ol_heap_pages){
		.memory = memory,
		.base = base,
		.chunk_count_max = chunk_count,
		.level_count = 2,
		.upper_region = ol_heap_region_cut(memory, table_address, upper_bytes_of(chunk_count)),
		.lowest_region = ol_heap_region_cut(memory, table_address, lowest_bytes_of(chunk_count)),
		.touched_region = ol_heap_region_cut(memory, table_address, touched_bytes_of(chunk_count)),
		.chunk_region = ol_heap_region_cut(memory, table_address, chunk_bytes_of(chunk_count)),
		.map_region = ol_heap_region_cut(memory, table_address, map_bytes_of(chunk_count)),
	};
	/* The root first, so that the upper levels of a small heap share a page. */
	struct ol_heap_summary *entries = (struct ol_heap_summary *)pages->upper_region.address;
	for (unsigned level = levels_of(chunk_count) - 1; level > 0; level--) {
		pages->levels[level] = entries;
		entries += level_entries(chunk_count, level);
	}
	pages->levels[0] = (struct ol_heap_summary *)pages->lowest_region.address;
	pages->touched_chunks = (uint64_t *)pages->touched_region.address;
	pages->chunks = (struct ol_heap_chunk *)pages->chunk_region.address;
	pages->span_by_page = (uint32_t *)pages->map_region.address;
	/* All upper levels at once: committed address space costs nothing until it is written to. */
	return ol_heap_region_commit(&pages->upper_region, upper_bytes_of(chunk_count), error);
}

static void touch_chunk(struct ol_heap_pages *pages, uint64_t chunk) {
	assert(chunk < pages->chunk_count);
	assert(pages->touched_chunk_count <= pages->chunk_count);
	uint64_t bit = UINT64_C(1) << (chunk % 64);
	if (pages->touched_chunks[chunk / 64] & bit)
		return;
	pages->touched_chunks[chunk / 64] |= bit;
	pages->touched_chunk_count++;
}

enum change { CHANGE_TAKE, CHANGE_GIVE, CHANGE_GIVE_FRESH };

/* Changes the bitmaps of a run and the summaries above it. Returns, for a take, how many of the
 * pages were released. */
static uint64_t change_run(
	struct ol_heap_pages *pages, uint64_t page, uint64_t count, enum change change) {
	assert(count > 0);
	assert(page + count <= ol_heap_pages_count(pages));
	uint64_t released_pages = 0;
	uint64_t first = page / OL_HEAP_CHUNK_PAGES;
	uint64_t last = (page + count - 1) / OL_HEAP_CHUNK_PAGES;
	for (uint64_t chunk = first; chunk <= last; chunk++) {
		uint64_t chunk_page = chunk * OL_HEAP_CHUNK_PAGES;
		uint64_t low = page > chunk_page ? page - chunk_page : 0;
		uint64_t high = page + count - chunk_page;
		if (high > OL_HEAP_CHUNK_PAGES)
			high = OL_HEAP_CHUNK_PAGES;
		struct ol_heap_chunk_range range = { (unsigned)low, (unsigned)(high - low) };
		touch_chunk(pages, chunk);
		if (change == CHANGE_TAKE)
			released_pages += ol_heap_chunk_take(&pages->chunks[chunk], range);
		else
			ol_heap_chunk_give(&pages->chunks[chunk], range, change == CHANGE_GIVE_FRESH);
		pages->levels[0][chunk] = ol_heap_chunk_summarize(&pages->chunks[chunk]);
	}
	ol_heap_summary_update(pages, first, last);
	return released_pages;
}

/* Free pages at the very end of what the heap has grown to. */
static uint64_t end_pages(const struct ol_heap_pages *pages) {
	uint64_t end_pages = 0;
	uint64_t chunk = pages->chunk_count;
	while (chunk > 0) {
		uint32_t run_pages = pages->levels[0][--chunk].end_pages;
		end_pages += run_pages;
		if (run_pages < OL_HEAP_CHUNK_PAGES)
			break;
	}
	assert(end_pages <= ol_heap_pages_count(pages));
	return end_pages;
}

/* Commits chunk_count more chunks and the tables for them. Fails without a change: committed
 * address space that nobody uses yet is none. */
static int commit_chunks(
	struct ol_heap_pages *pages, uint64_t chunk_count, struct ol_error *error) {
	assert(chunk_count > 0);
	uint64_t whole_count = pages->chunk_count + chunk_count;
	assert(whole_count <= pages->chunk_count_max);
	int result = ol_heap_region_commit(&pages->lowest_region, lowest_bytes_of(whole_count), error);
	if (result == 0)
		result = ol_heap_region_commit(&pages->chunk_region, chunk_bytes_of(whole_count), error);
	if (result == 0)
		result = ol_heap_region_commit(&pages->map_region, map_bytes_of(whole_count), error);
	if (result == 0)
		result =
			ol_heap_region_commit(&pages->touched_region, touched_bytes_of(whole_count), error);
	if (result == 0)
		result = pages->memory->ops->commit(pages->memory,
			pages->base + pages->chunk_count * OL_HEAP_CHUNK_BYTES,
			chunk_count * OL_HEAP_CHUNK_BYTES, error);
	return result;
}

/* Grows by count pages rounded up to chunks, as Go does, and takes the run at the lowest address,
 * which begins with the free pages at the old end. The chunks in the middle of a huge run are
 * never written to. */
static int grow_and_take(struct ol_heap_pages *pages, uint64_t count, uint64_t *ret_page,
	uint64_t *ret_released_pages, struct ol_error *error) {
	uint64_t old_end = ol_heap_pages_count(pages);
	uint64_t tail_pages = end_pages(pages);
	assert(tail_pages < count);
	uint64_t chunk_count = (count + OL_HEAP_CHUNK_PAGES - 1) / OL_HEAP_CHUNK_PAGES;
	uint64_t chunk_count_left = pages->chunk_count_max - pages->chunk_count;
	if (chunk_count > chunk_count_left)
		chunk_count = chunk_count_left;
	uint64_t fresh_pages = chunk_count * OL_HEAP_CHUNK_PAGES;
	if (tail_pages + fresh_pages < count)
		return ol_error_set(error, -ENOMEM,
			"the heap's address space is used up: no room for %llu bytes in %llu",
			(unsigned long long)(count * OL_HEAP_PAGE_BYTES),
			(unsigned long long)(pages->chunk_count_max * OL_HEAP_CHUNK_BYTES));
	int result = commit_chunks(pages, chunk_count, error);
	if (result < 0)
		return result;
	pages->chunk_count += chunk_count;
	ol_heap_summary_add_levels(pages);
	pages->released_pages += fresh_pages;
	uint64_t released_pages = count - tail_pages;
	if (tail_pages > 0)
		released_pages += change_run(pages, old_end - tail_pages, tail_pages, CHANGE_TAKE);
	uint64_t end = old_end - tail_pages + count;
	uint64_t rest_pages = ol_heap_pages_count(pages) - end;
	if (rest_pages > 0)
		change_run(pages, end, rest_pages, CHANGE_GIVE_FRESH);
	*ret_page = old_end - tail_pages;
	*ret_released_pages = released_pages;
	return 0;
}

int ol_heap_pages_take(struct ol_heap_pages *pages, uint64_t count, uint64_t *ret_page,
	uint64_t *ret_released_pages, struct ol_error *error) {
	assert(count > 0);
	assert(pages->search_page <= ol_heap_pages_count(pages));
	uint64_t page = ol_heap_summary_find(pages, count);
	if (page == OL_HEAP_PAGE_NONE) {
		int result = grow_and_take(pages, count, &page, ret_released_pages, error);
		if (result < 0)
			return result;
	} else {
		*ret_released_pages = change_run(pages, page, count, CHANGE_TAKE);
	}
	/* A single page is the lowest free one; a longer run is known to be if it starts there. */
	if (count == 1 || page == pages->search_page)
		pages->search_page = page + count;
	*ret_page = page;
	return 0;
}

static uint64_t count_released(const struct ol_heap_pages *pages, uint64_t page, uint64_t count) {
	assert(page + count <= ol_heap_pages_count(pages));
	uint64_t released_pages = 0;
	uint64_t end = page + count;
	while (page < end) {
		unsigned first = (unsigned)(page % OL_HEAP_CHUNK_PAGES);
		uint64_t left_pages = OL_HEAP_CHUNK_PAGES - first;
		if (left_pages > end - page)
			left_pages = end - page;
		struct ol_heap_chunk_range range = { first, (unsigned)left_pages };
		const struct ol_heap_chunk *chunk = &pages->chunks[page / OL_HEAP_CHUNK_PAGES];
		for (unsigned word = 0; word < OL_HEAP_CHUNK_WORDS; word++)
			released_pages += (uint64_t)__builtin_popcountll(
				chunk->released[word] & ol_heap_range_mask(range, word));
		page += left_pages;
	}
	assert(released_pages <= count);
	return released_pages;
}

uint64_t ol_heap_pages_growth(const struct ol_heap_pages *pages, uint64_t count) {
	assert(count > 0);
	uint64_t page = ol_heap_summary_find(pages, count);
	if (page != OL_HEAP_PAGE_NONE)
		return count_released(pages, page, count);
	/* As grow_and_take: the free pages at the end, and fresh ones behind them. */
	uint64_t tail_pages = end_pages(pages);
	assert(tail_pages < count);
	uint64_t room_pages = (pages->chunk_count_max - pages->chunk_count) * OL_HEAP_CHUNK_PAGES;
	if (room_pages < count - tail_pages)
		return count;
	uint64_t end = ol_heap_pages_count(pages);
	return count - tail_pages + count_released(pages, end - tail_pages, tail_pages);
}

void ol_heap_pages_account(struct ol_heap_pages *pages, uint64_t count, uint64_t released_pages) {
	assert(released_pages <= count);
	assert(released_pages <= pages->released_pages);
	assert(count - released_pages <= pages->free_pages);
	pages->inuse_pages += count;
	pages->released_pages -= released_pages;
	pages->free_pages -= count - released_pages;
}

void ol_heap_pages_give(struct ol_heap_pages *pages, uint64_t page, uint64_t count) {
	assert(count > 0);
	assert(count <= pages->inuse_pages);
	change_run(pages, page, count, CHANGE_GIVE);
	pages->inuse_pages -= count;
	pages->free_pages += count;
	if (page < pages->search_page)
		pages->search_page = page;
}

uint64_t ol_heap_pages_scavenge(struct ol_heap_pages *pages, uint64_t count) {
	assert(pages->memory != NULL);
	uint64_t scavenged_pages = 0;
	/* A run that was marked released but not yet given back: it may go on in the chunk below. */
	uint64_t run_page = 0;
	uint64_t run_pages = 0;
	while (scavenged_pages < count) {
		uint64_t chunk = ol_heap_summary_find_resident(pages);
		if (chunk == OL_HEAP_PAGE_NONE)
			break;
		uint64_t left_pages = count - scavenged_pages;
		struct ol_heap_chunk_range range = ol_heap_chunk_find_resident(&pages->chunks[chunk],
			left_pages < OL_HEAP_CHUNK_PAGES ? (unsigned)left_pages : OL_HEAP_CHUNK_BITS);
		assert(range.count > 0);
		for (unsigned word = 0; word < OL_HEAP_CHUNK_WORDS; word++)
			pages->chunks[chunk].released[word] |= ol_heap_range_mask(range, word);
		pages->levels[0][chunk] = ol_heap_chunk_summarize(&pages->chunks[chunk]);
		ol_heap_summary_update(pages, chunk, chunk);
		uint64_t page = chunk * OL_HEAP_CHUNK_PAGES + range.first;
		if (run_pages > 0 && page + range.count != run_page) {
			pages->memory->ops->release(pages->memory, ol_heap_page_address(pages, run_page),
				run_pages * OL_HEAP_PAGE_BYTES);
			run_pages = 0;
		}
		run_page = page;
		run_pages += range.count;
		scavenged_pages += range.count;
	}
	if (run_pages > 0)
		pages->memory->ops->release(
			pages->memory, ol_heap_page_address(pages, run_page), run_pages * OL_HEAP_PAGE_BYTES);
	assert(scavenged_pages <= pages->free_pages);
	pages->free_pages -= scavenged_pages;
	pages->released_pages += scavenged_pages;
	return scavenged_pages;
}

uint64_t ol_heap_pages_next_used(const struct ol_heap_pages *pages, uint64_t page) {
	assert(pages->level_count > 0);
	while (page < ol_heap_pages_count(pages)) {
		uint64_t chunk = page / OL_HEAP_CHUNK_PAGES;
		unsigned first = (unsigned)(page % OL_HEAP_CHUNK_PAGES);
		/* A chunk that is free as a whole need not be read. */
		if (pages->levels[0][chunk].start_pages < OL_HEAP_CHUNK_PAGES) {
			unsigned next = ol_heap_chunk_next(&pages->chunks[chunk], first, false);
			if (next < OL_HEAP_CHUNK_BITS)
				return chunk * OL_HEAP_CHUNK_PAGES + next;
		}
		page = (chunk + 1) * OL_HEAP_CHUNK_PAGES;
	}
	assert(page == ol_heap_pages_count(pages));
	return OL_HEAP_PAGE_NONE;
}

void ol_heap_pages_map(struct ol_heap_pages *pages, uint64_t page, uint64_t count, uint32_t span) {
	assert(count > 0);
	assert(page + count <= ol_heap_pages_count(pages));
	for (uint64_t i = page; i < page + count; i++)
		pages->span_by_page[i] = span;
	touch_chunk(pages, page / OL_HEAP_CHUNK_PAGES);
	touch_chunk(pages, (page + count - 1) / OL_HEAP_CHUNK_PAGES);
}

uint64_t ol_heap_pages_metadata_bytes(const struct ol_heap_pages *pages) {
	assert(pages->touched_chunk_count <= pages->chunk_count);
	uint64_t touched_bytes =
		pages->touched_chunk_count *
		(sizeof(struct ol_heap_chunk) + OL_HEAP_CHUNK_PAGES * sizeof(uint32_t));
	/* Every level above holds an eighth of the one below. */
	uint64_t summary_bytes = pages->chunk_count * sizeof(struct ol_heap_summary) * 8 / 7;
	assert(summary_bytes <= pages->lowest_region.reserved_bytes * 2);
	return touched_bytes + summary_bytes + touched_bytes_of(pages->chunk_count);
}
