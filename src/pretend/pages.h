/* pages.h -- Which pages of a reservation are resident, by the bit where it has to be, by 4 MiB
 * where it can.
 *
 * A terabyte that is wholly resident costs 2 MiB here. Knows no limit and no charge. */
#ifndef OL_PRETEND_PAGES_H
#define OL_PRETEND_PAGES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	OL_PRETEND_CHUNK_PAGES = 1024, /* 4 MiB. */
	OL_PRETEND_TABLE_PAGES = 512   /* What one page of page tables is for: 2 MiB. */
};

/* One reservation of address space. */
struct ol_pretend_region {
	uint64_t address;
	uint64_t page_count;
	uintptr_t *chunks; /* A chunk's pages: 0 none, 1 all, else a pointer to its bits. */
	uint8_t *tables;   /* One byte for 2 MiB: something in it was once resident. */
	uint64_t resident_pages;
};

/* -ENOMEM. */
int ol_pretend_region_init(struct ol_pretend_region *region, uint64_t address, uint64_t page_count);
void ol_pretend_region_finish(struct ol_pretend_region *region);

/* Of pages [first, first + count), which lie in one chunk: how many are not resident. */
uint64_t ol_pretend_region_absent(
	const struct ol_pretend_region *region, uint64_t first, uint64_t count);
/* Makes them resident, or not; returns how many changed; -ENOMEM where there is no room for the
 * bits. */
int64_t ol_pretend_region_set(
	struct ol_pretend_region *region, uint64_t first, uint64_t count, bool is_resident);
/* Page tables that [first, first + count), in one chunk, wants and that are not there yet: count.
 * They are from here on. */
unsigned ol_pretend_region_add_tables(
	struct ol_pretend_region *region, uint64_t first, uint64_t count);

#endif
