/* chunk.h -- The bitmaps of one chunk, 512 pages, and what the summary tree keeps of them.
 *
 * All zeros means: every page in use. A chunk in the middle of a huge new object is therefore
 * never written to, and its bitmap costs no memory. Knows no heap. */
#ifndef OL_HEAP_CHUNK_H
#define OL_HEAP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OL_HEAP_CHUNK_WORDS = 8, /* 512 pages, one bit each. */
	OL_HEAP_CHUNK_BITS = 512
};

struct ol_heap_chunk {
	uint64_t free[OL_HEAP_CHUNK_WORDS];     /* 1: not in use. */
	uint64_t released[OL_HEAP_CHUNK_WORDS]; /* 1: free and without physical memory. */
};

/* Free runs in a piece of the address space, as in Go's mpagealloc.go: the one at its start, the
 * longest, the one at its end; and whether any of its free pages is resident. A yes or no, because
 * a count would change with every page and so change every summary above. */
struct ol_heap_summary {
	uint32_t start_pages;
	uint32_t longest_pages;
	uint32_t end_pages;
	uint32_t has_resident; /* 0 or 1. */
};

/* Pages [first, first + count) of one chunk. */
struct ol_heap_chunk_range {
	unsigned first;
	unsigned count;
};

/* The bits of a range that lie in one word of the bitmap. */
static inline uint64_t ol_heap_range_mask(struct ol_heap_chunk_range range, unsigned word) {
	unsigned low = word * 64;
	unsigned end = range.first + range.count;
	if (end <= low || range.first >= low + 64)
		return 0;
	uint64_t mask = UINT64_MAX;
	if (range.first > low)
		mask &= UINT64_MAX << (range.first - low);
	if (end < low + 64)
		mask &= ~(UINT64_MAX << (end - low));
	return mask;
}

static inline bool ol_heap_chunk_is_free(const struct ol_heap_chunk *chunk, unsigned page) {
	return chunk->free[page / 64] >> (page % 64) & 1;
}

/* The first page from `from` on whose free bit is is_free; OL_HEAP_CHUNK_BITS if there is none. */
unsigned ol_heap_chunk_next(const struct ol_heap_chunk *chunk, unsigned from, bool is_free);

/* The lowest run of count free pages; OL_HEAP_CHUNK_BITS if there is none. */
unsigned ol_heap_chunk_find(const struct ol_heap_chunk *chunk, unsigned count);

/* The highest run of free, resident pages, cut from below to pages_max; count 0 if there is
 * none. */
struct ol_heap_chunk_range ol_heap_chunk_find_resident(
	const struct ol_heap_chunk *chunk, unsigned pages_max);

/* Takes free pages into use; returns how many of them were released. */
unsigned ol_heap_chunk_take(struct ol_heap_chunk *chunk, struct ol_heap_chunk_range range);

/* Makes pages free: resident, or released (fresh address space). */
void ol_heap_chunk_give(
	struct ol_heap_chunk *chunk, struct ol_heap_chunk_range range, bool is_released);

struct ol_heap_summary ol_heap_chunk_summarize(const struct ol_heap_chunk *chunk);

#endif
