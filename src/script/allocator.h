/* allocator.h -- The memory of one Lua state: counted, capped, and refused on demand by tests.
 *
 * Knows no Lua beyond the shape of its allocation function. */
#ifndef OL_SCRIPT_ALLOCATOR_H
#define OL_SCRIPT_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For tests: the requests from first_refusal to first_refusal + refusals - 1, counted from 1, are
 * refused. Lua collects and asks a second time, so one refusal alone is a hidden one. */
struct ol_allocator_faults {
	uint64_t first_refusal;
	uint64_t refusals;
	uint64_t refused_count;
};

struct ol_allocator {
	uint64_t held_bytes;
	uint64_t peak_bytes;
	uint64_t held_bytes_max; /* Cap: a request that would pass it is refused. */

	uint64_t refused_bytes;      /* Size of the last refused request; 0 before the first. */
	uint64_t refused_held_bytes; /* What was held when it was refused. */
	const void *refused_block;   /* Which block was to grow; NULL: a new one. */
	/* A request was refused, and was not granted when Lua had collected and asked again. Lua's
	 * buffers, which are behind string.rep and its kin, ask once. */
	bool is_exhausted;

	uint64_t requests; /* Allocations and growths so far, count. */
	struct ol_allocator_faults *faults;

	/* Told whenever OL_ALLOCATOR_NOTE_BYTES more or less are held than at the last telling; may
	 * be NULL. */
	void (*on_change)(void *context, uint64_t held_bytes, uint64_t peak_bytes);
	void *context;
	uint64_t told_bytes;
};

enum { OL_ALLOCATOR_NOTE_BYTES = 32 << 10 };

/* A lua_Alloc; allocator is a struct ol_allocator. Shrinking is never refused. */
void *ol_allocator_reallocate(void *allocator, void *block, size_t old_bytes, size_t new_bytes);

#endif
