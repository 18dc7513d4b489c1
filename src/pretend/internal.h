/* internal.h -- The pretend kernel's fields, and what its files call of one another. */
#ifndef OL_PRETEND_INTERNAL_H
#define OL_PRETEND_INTERNAL_H

#include "pretend/pages.h"
#include "pretend/pretend.h"

enum {
	OL_PRETEND_WATCHES_MAX = 2,
	OL_PRETEND_REGIONS_MAX = 1 << 16,
	OL_PRETEND_BATCH_PAGES = 64 /* Linux charges a group by so many: MEMCG_CHARGE_BATCH. */
};

/* What a virtual clock is told: so much a page that is faulted in and filled, so much a byte that
 * is written once more. The collector counts half a nanosecond a fresh byte, too. */
#define OL_PRETEND_FRESH_PAGE_NS 2048
#define OL_PRETEND_WRITE_BYTE_NS 0.1

struct ol_pretend_watch {
	uint64_t threshold_pages;
	int fd;
	bool is_above;
};

struct ol_pretend {
	struct ol_memory memory; /* What the heap is given. */
	struct ol_memory_mmap below;
	struct ol_pretend_config config;
	/* The cage, in pages. usage counts what is charged: stock of it is not used yet. */
	uint64_t limit_pages; /* The smaller one of its own and its parent's, swap included. */
	uint64_t usage_pages;
	uint64_t stock_pages;
	uint64_t peak_pages;
	uint64_t beside_pages; /* Of the process itself. */
	uint64_t resident_pages;
	uint64_t high_count;
	uint64_t stall_ns;
	uint64_t address_space_bytes;
	bool is_killed;
	bool is_kill_told;
	bool is_short;        /* Of real memory. */
	unsigned check_count; /* Modulo its range. */
	unsigned watch_count;
	struct ol_pretend_watch watches[OL_PRETEND_WATCHES_MAX];
	/* Sorted by address. */
	struct ol_pretend_region *regions;
	unsigned region_count;
	unsigned region_room;
};

/* kernel.c: charges pages one by one, so to say. Returns how many of them; fewer: it was killed. */
uint64_t ol_pretend_charge(struct ol_pretend *pretend, uint64_t page_count);
/* Tells of the kill, where there was one that was not told of. */
void ol_pretend_tell_kill(struct ol_pretend *pretend);
void ol_pretend_uncharge(struct ol_pretend *pretend, uint64_t page_count);

/* memory.c */
void ol_pretend_memory_init(struct ol_pretend *pretend);
void ol_pretend_memory_finish(struct ol_pretend *pretend);

#endif
