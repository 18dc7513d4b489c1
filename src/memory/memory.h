/* memory.h -- The memory seam: where pages come from.
 *
 * Address space is reserved, parts of it are committed (readable and writable), touched (made
 * resident) and released (contents gone, physical memory given back, still committed). mmap.c
 * is the real side; failing.c refuses the Nth request of another memory. Knows no heap and no
 * cage. */
#ifndef OL_MEMORY_MEMORY_H
#define OL_MEMORY_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ol_memory;

/* Every address and bytes argument is a multiple of the system's page size, except in touch. */
struct ol_memory_ops {
	/* -ENOMEM where the address space is refused. */
	int (*reserve)(struct ol_memory *memory, uint64_t bytes, uint64_t alignment_bytes,
		void **ret_address, struct ol_error *error);
	/* Makes [address, address + bytes) of a reservation usable; reads as zero. -ENOMEM. */
	int (*commit)(struct ol_memory *memory, void *address, uint64_t bytes, struct ol_error *error);
	/* Gives physical pages back to the system; reads as zero afterwards. */
	void (*release)(struct ol_memory *memory, void *address, uint64_t bytes);
	/* Writes fill into every byte; after each step of at most 64 KiB adds what was written
	 * to *touched_bytes (NULL is fine), so that somebody outside can see how far it came. */
	void (*touch)(struct ol_memory *memory, void *address, uint64_t bytes, uint8_t fill,
		_Atomic uint64_t *touched_bytes);
	/* Ends a whole reservation. */
	void (*unreserve)(struct ol_memory *memory, void *address, uint64_t bytes);
	/* Resident bytes of the whole process, 0 where unknown. */
	uint64_t (*resident_bytes)(struct ol_memory *memory);
	/* Says that the bytes there are about to be written to, by plain stores. NULL: whoever keeps
	 * the account sees that by itself. */
	void (*note_written)(struct ol_memory *memory, void *address, uint64_t bytes);
};

struct ol_memory {
	const struct ol_memory_ops *ops;
	/* Nothing that is written to a slab is kept, or needs to be written: touch does not. */
	bool is_pretend;
};

/* See note_written. */
static inline void ol_memory_note_written(struct ol_memory *memory, void *address, uint64_t bytes) {
	if (memory->ops->note_written != NULL)
		memory->ops->note_written(memory, address, bytes);
}

struct ol_memory_mmap {
	struct ol_memory memory;
	bool has_huge_pages;
	/* touch writes byte after byte and takes a fault for each page, as a loop of a program does,
	 * instead of as fast as it goes: for whoever races with it. */
	bool is_bytewise;
};

/* The system's pages. Transparent huge pages are refused unless asked for: a touch is then one
 * 4 KiB page, as the lab's figures assume. */
void ol_memory_mmap_init(struct ol_memory_mmap *memory, bool has_huge_pages);

struct ol_memory_failing {
	struct ol_memory memory;
	struct ol_memory *below;
	uint64_t requests;        /* reserve and commit calls so far. */
	uint64_t refused_request; /* 1 refuses the first, 0 none. */
};

/* Passes everything on to below, but answers -ENOMEM to the refused_request-th reserve or
 * commit. */
void ol_memory_failing_init(
	struct ol_memory_failing *memory, struct ol_memory *below, uint64_t refused_request);

#endif
