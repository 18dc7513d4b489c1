/* pages.h -- Sets of pages of a reservation, by the bit where it has to be, by 4 MiB where it can.
 *
 * A terabyte that is wholly in a set costs 2 MiB here. Knows no limit and no charge. */
#ifndef OL_PRETEND_PAGES_H
#define OL_PRETEND_PAGES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	OL_PRETEND_CHUNK_PAGES = 1024, /* 4 MiB. */
	OL_PRETEND_TABLE_PAGES = 512   /* What one page of page tables is for: 2 MiB. */
};

struct ol_pretend_pages {
	uintptr_t *chunks; /* A chunk's pages: 0 none, 1 all, else a pointer to its bits. */
	uint64_t chunk_count;
	uint64_t page_count; /* In the set. */
};

/* An empty set of pages 0 to room_pages - 1. -ENOMEM. */
int ol_pretend_pages_init(struct ol_pretend_pages *pages, uint64_t room_pages);
/* A set that was never initialised, but zero, is fine. */
void ol_pretend_pages_finish(struct ol_pretend_pages *pages);

/* Of pages [first, first + count), which lie in one chunk: how many are in the set. */
uint64_t ol_pretend_pages_count(
	const struct ol_pretend_pages *pages, uint64_t first, uint64_t count);
/* Puts them into the set, or takes them out; returns how many changed; -ENOMEM where there is no
 * room for the bits. */
int64_t ol_pretend_pages_set(
	struct ol_pretend_pages *pages, uint64_t first, uint64_t count, bool is_in);
/* Makes to what from is; both of the same room. -ENOMEM. */
int ol_pretend_pages_copy(struct ol_pretend_pages *to, const struct ol_pretend_pages *from);

/* Of [first, end): how many lie in the chunk of first. */
static inline uint64_t ol_pretend_pages_in_chunk(uint64_t first, uint64_t end) {
	uint64_t rest = OL_PRETEND_CHUNK_PAGES - first % OL_PRETEND_CHUNK_PAGES;
	return end - first < rest ? end - first : rest;
}

#endif
