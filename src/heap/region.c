/* region.c -- Reserved address space, committed from its start. */
#include "heap/region.h"

#include <assert.h>
#include <errno.h>

uint64_t ol_heap_region_bytes(uint64_t used_bytes) {
	assert(used_bytes > 0);
	assert(used_bytes <= UINT64_MAX - OL_HEAP_STEP_BYTES);
	return (used_bytes + OL_HEAP_STEP_BYTES - 1) / OL_HEAP_STEP_BYTES * OL_HEAP_STEP_BYTES;
}

struct ol_heap_region ol_heap_region_cut(
	struct ol_memory *memory, char **address, uint64_t used_bytes) {
	assert(memory != NULL);
	assert((uintptr_t)*address % OL_HEAP_STEP_BYTES == 0);
	struct ol_heap_region region = {
		.memory = memory,
		.address = *address,
		.reserved_bytes = ol_heap_region_bytes(used_bytes),
	};
	*address += region.reserved_bytes;
	return region;
}

int ol_heap_region_commit(struct ol_heap_region *region, uint64_t bytes, struct ol_error *error) {
	assert(region->address != NULL);
	assert(region->committed_bytes <= region->reserved_bytes);
	if (bytes <= region->committed_bytes)
		return 0;
	if (bytes > region->reserved_bytes)
		return ol_error_set(error, -ENOMEM,
			"a table of the heap is full: %llu bytes wanted, %llu bytes reserved",
			(unsigned long long)bytes, (unsigned long long)region->reserved_bytes);
	uint64_t committed_bytes = ol_heap_region_bytes(bytes);
	int result =
		region->memory->ops->commit(region->memory, region->address + region->committed_bytes,
			committed_bytes - region->committed_bytes, error);
	if (result < 0)
		return result;
	region->committed_bytes = committed_bytes;
	return 0;
}
