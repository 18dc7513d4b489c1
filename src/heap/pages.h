/* pages.h -- The page allocator: which 8 KiB pages are free, and which of those are resident.
 *
 * Address-ordered first fit over per-chunk bitmaps, with a tree of summaries above them so that a
 * search looks at a few dozen entries at any heap size (Go's mpagealloc.go). Runs may cross chunk
 * borders. It also keeps the page map: which span starts at, or covers, a page. Knows neither
 * spans nor objects. */
#ifndef OL_HEAP_PAGES_H
#define OL_HEAP_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/chunk.h"
#include "heap/heap.h"
#include "heap/region.h"

#define OL_HEAP_PAGE_NONE UINT64_MAX

enum {
	OL_HEAP_FANOUT = 8, /* Children of one summary. */
	OL_HEAP_FANOUT_BITS = 3,
	OL_HEAP_LEVELS_MAX = 8 /* The root covers 8 to the power of 7 chunks: 8 TiB. */
};

struct ol_heap_pages {
	struct ol_memory *memory;
	char *base;             /* Of the objects' address space. */
	uint32_t *span_by_page; /* The page map; 0 is none. */
	struct ol_heap_chunk *chunks;
	uint64_t *touched_chunks; /* One bit a chunk: its bitmap or page map was written to. */
	uint64_t chunk_count_max;
	struct ol_heap_summary *levels[OL_HEAP_LEVELS_MAX]; /* 0: one entry a chunk. */
	unsigned level_count; /* In use: enough for chunk_count, at least 2. */
	uint64_t chunk_count; /* Chunks the heap has grown to; they are committed. */
	uint64_t search_page; /* No page below this one is free. */
	uint64_t touched_chunk_count;
	uint64_t inuse_pages;
	uint64_t free_pages;                /* Free and resident. */
	uint64_t released_pages;            /* Free and not resident. */
	struct ol_heap_region upper_region; /* All levels but the lowest. */
	struct ol_heap_region lowest_region;
	struct ol_heap_region chunk_region;
	struct ol_heap_region map_region;
	struct ol_heap_region touched_region;
};

/* How many bytes of address space the tables for address_bytes_max want. */
uint64_t ol_heap_pages_table_bytes(uint64_t address_bytes_max);

/* base: a reservation of address_bytes_max, an aligned multiple of the arena size. The tables are
 * cut from *table_address, which is moved behind them. */
int ol_heap_pages_init(struct ol_heap_pages *pages, struct ol_memory *memory, char *base,
	uint64_t address_bytes_max, char **table_address, struct ol_error *error);

/* Takes count pages at the lowest address, growing if nothing fits. The counters do not change:
 * that is ol_heap_pages_account's work, when the pages are really going to be used. -ENOMEM. */
int ol_heap_pages_take(struct ol_heap_pages *pages, uint64_t count, uint64_t *ret_page,
	uint64_t *ret_released_pages, struct ol_error *error);
/* How many of count pages would be without physical memory, if they were taken now. All of them
 * where there is no room. */
uint64_t ol_heap_pages_growth(const struct ol_heap_pages *pages, uint64_t count);
void ol_heap_pages_account(struct ol_heap_pages *pages, uint64_t count, uint64_t released_pages);

/* Pages taken earlier become free; they are resident. */
void ol_heap_pages_give(struct ol_heap_pages *pages, uint64_t page, uint64_t count);

/* Gives up to count free, resident pages back to the system, highest first. Returns how many. */
uint64_t ol_heap_pages_scavenge(struct ol_heap_pages *pages, uint64_t count);

/* The first page from page on that is in use; OL_HEAP_PAGE_NONE if there is none. */
uint64_t ol_heap_pages_next_used(const struct ol_heap_pages *pages, uint64_t page);

/* Sets the page map for [page, page + count). */
void ol_heap_pages_map(struct ol_heap_pages *pages, uint64_t page, uint64_t count, uint32_t span);

/* Bytes of the tables that hold something: what they may cost. */
uint64_t ol_heap_pages_metadata_bytes(const struct ol_heap_pages *pages);

/* Bitmaps against counters, summaries recomputed from below against what is stored (check_pages.c):
 * 0 or -EINVAL. */
int ol_heap_pages_check(const struct ol_heap_pages *pages, struct ol_error *error);

static inline uint64_t ol_heap_pages_count(const struct ol_heap_pages *pages) {
	return pages->chunk_count * OL_HEAP_CHUNK_PAGES;
}

/* The page of an address in the reservation. */
static inline uint64_t ol_heap_page_of(const struct ol_heap_pages *pages, uint64_t address) {
	return (address - (uint64_t)(uintptr_t)pages->base) / OL_HEAP_PAGE_BYTES;
}

static inline char *ol_heap_page_address(const struct ol_heap_pages *pages, uint64_t page) {
	return pages->base + page * OL_HEAP_PAGE_BYTES;
}

/* Pages below one entry of a level. */
static inline uint64_t ol_heap_level_pages(unsigned level) {
	return OL_HEAP_CHUNK_PAGES << (level * OL_HEAP_FANOUT_BITS);
}

/* The summary of a block of OL_HEAP_FANOUT children with child_pages each (summary.c). */
struct ol_heap_summary ol_heap_summary_merge(
	const struct ol_heap_summary *children, uint64_t child_pages);

/* Recomputes the tree above chunks [first, last] whose lowest level was set (summary.c). */
void ol_heap_summary_update(struct ol_heap_pages *pages, uint64_t first, uint64_t last);

/* Uses as many levels as chunk_count wants, after growth (summary.c). */
void ol_heap_summary_add_levels(struct ol_heap_pages *pages);

/* The lowest run of count free pages, or OL_HEAP_PAGE_NONE (summary.c). */
uint64_t ol_heap_summary_find(const struct ol_heap_pages *pages, uint64_t count);

/* The highest chunk with free, resident pages, or OL_HEAP_PAGE_NONE (summary.c). */
uint64_t ol_heap_summary_find_resident(const struct ol_heap_pages *pages);

#endif
