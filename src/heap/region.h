/* region.h -- A piece of reserved address space that is committed from its start, step by step.
 *
 * The heap's tables live in regions: their addresses never change, they cost address space only
 * until they grow, and every growth can be refused. Knows nothing of what is stored in them. */
#ifndef OL_HEAP_REGION_H
#define OL_HEAP_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "memory/memory.h"

/* Tables are committed in steps of this; a multiple of every system page size we know. */
#define OL_HEAP_STEP_BYTES UINT64_C(65536)

struct ol_heap_region {
	struct ol_memory *memory;
	char *address;
	uint64_t reserved_bytes;
	uint64_t committed_bytes; /* From the start. */
};

/* What a table of used_bytes takes of a reservation: whole steps. */
uint64_t ol_heap_region_bytes(uint64_t used_bytes);

/* Cuts the next region of used_bytes out of a reservation that begins at *address and moves
 * *address behind it. Nothing of the region is committed yet. */
struct ol_heap_region ol_heap_region_cut(
	struct ol_memory *memory, char **address, uint64_t used_bytes);

/* Makes at least the first bytes usable. -ENOMEM if the region is too short or the system refuses;
 * then nothing has changed. */
int ol_heap_region_commit(struct ol_heap_region *region, uint64_t bytes, struct ol_error *error);

#endif
