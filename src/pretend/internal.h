/* internal.h -- The pretend kernel's fields, and what its files call of one another. */
#ifndef OL_PRETEND_INTERNAL_H
#define OL_PRETEND_INTERNAL_H

#include "os/os.h"
#include "pretend/pages.h"
#include "pretend/pretend.h"

enum {
	OL_PRETEND_WATCHES_MAX = 2,
	OL_PRETEND_REGIONS_MAX = 1 << 16,
	OL_PRETEND_FILES_MAX = 256,
	OL_PRETEND_BATCH_PAGES = 64 /* Linux charges a group by so many: MEMCG_CHARGE_BATCH. */
};

/* What a virtual clock is told: so much a page that is faulted in and filled, so much a byte that
 * is written once more. The collector counts half a nanosecond a fresh byte, too. */
#define OL_PRETEND_FRESH_PAGE_NS 2048
#define OL_PRETEND_WRITE_BYTE_NS 0.07

struct ol_pretend_watch {
	uint64_t threshold_pages;
	int fd;
	bool is_above;
};

/* One reservation of address space. */
struct ol_pretend_region {
	uint64_t address;
	uint64_t page_count;
	struct ol_pretend_pages resident;
	struct ol_pretend_pages shared; /* Of those, what a child has, too; no room before a fork. */
	uint8_t *tables;                /* One byte for 2 MiB: something in it was once resident. */
};

/* A file of the program, whose pages are in the page cache as far as there is room. */
struct ol_pretend_file {
	bool is_open;
	uint64_t page_count;
	uint64_t cached_pages;
};

struct ol_pretend {
	struct ol_memory memory; /* What the heap is given. */
	struct ol_memory_mmap below;
	struct ol_os os;
	struct ol_pretend_config config;
	/* The cage, in pages. usage counts what is charged: stock of it is not used yet. */
	uint64_t limit_pages; /* The smaller one of its own and its parent's, swap included. */
	uint64_t usage_pages;
	uint64_t stock_pages;
	uint64_t peak_pages; /* In memory; what does not fit is in swap. */
	uint64_t swap_peak_pages;
	uint64_t beside_pages; /* Of the process itself. */
	uint64_t resident_pages;
	uint64_t cached_pages; /* Of files; can be reclaimed. */
	uint64_t child_pages;  /* That only children still have, or that they needed for themselves. */
	unsigned child_count;
	struct ol_pretend_file files[OL_PRETEND_FILES_MAX];
	uint64_t high_count;
	uint64_t stall_ns;
	uint64_t address_space_bytes;
	bool is_killed;
	bool is_kill_told;
	uint64_t
		written_page;     /* That nothing has to be done for if it is written once more; 0: none. */
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

/* Gives up to so many pages of files back; returns how many. */
uint64_t ol_pretend_reclaim(struct ol_pretend *pretend, uint64_t page_count);
/* The limits are others now: what is above is reclaimed; what cannot be kills. */
void ol_pretend_limit_changed(struct ol_pretend *pretend);

/* os.c */
void ol_pretend_os_init(struct ol_pretend *pretend);

/* memory.c: all pages of now are shared with a child; returns how many pages of tables that takes,
 * or -ENOMEM. */
int64_t ol_pretend_share_pages(struct ol_pretend *pretend);
void ol_pretend_unshare_pages(struct ol_pretend *pretend);

void ol_pretend_memory_init(struct ol_pretend *pretend);
void ol_pretend_memory_finish(struct ol_pretend *pretend);

#endif
