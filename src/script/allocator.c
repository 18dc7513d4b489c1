/* allocator.c -- Counts what a Lua state holds and refuses what would pass its cap. */
#include "script/allocator.h"

#include <stdlib.h>

static bool is_refused(struct ol_allocator *allocator, uint64_t growth_bytes) {
	struct ol_allocator_faults *faults = allocator->faults;
	allocator->requests++;
	if (faults != NULL && allocator->requests - faults->first_refusal < faults->refusals) {
		faults->refused_count++;
		return true;
	}
	return growth_bytes > allocator->held_bytes_max - allocator->held_bytes;
}

static void *refuse(struct ol_allocator *allocator, const void *block, size_t new_bytes) {
	allocator->is_exhausted = true;
	allocator->refused_block = block;
	allocator->refused_bytes = new_bytes;
	allocator->refused_held_bytes = allocator->held_bytes;
	return NULL;
}

/* What was refused is asked for again, and there. */
static void grant(struct ol_allocator *allocator, const void *block, size_t new_bytes) {
	if (block == allocator->refused_block && new_bytes == allocator->refused_bytes)
		allocator->is_exhausted = false;
}

static void count(struct ol_allocator *allocator, size_t old_bytes, size_t new_bytes) {
	allocator->held_bytes += (uint64_t)new_bytes - (uint64_t)old_bytes;
	if (allocator->held_bytes > allocator->peak_bytes)
		allocator->peak_bytes = allocator->held_bytes;
	uint64_t change_bytes = allocator->held_bytes > allocator->told_bytes
								? allocator->held_bytes - allocator->told_bytes
								: allocator->told_bytes - allocator->held_bytes;
	if (allocator->on_change != NULL && change_bytes >= OL_ALLOCATOR_NOTE_BYTES) {
		allocator->told_bytes = allocator->held_bytes;
		allocator->on_change(allocator->context, allocator->held_bytes, allocator->peak_bytes);
	}
}

void *ol_allocator_reallocate(void *context, void *block, size_t old_bytes, size_t new_bytes) {
	struct ol_allocator *allocator = context;
	if (block == NULL)
		old_bytes = 0; /* Lua tells the kind of object here, not a size. */
	if (new_bytes == 0) {
		free(block);
		count(allocator, old_bytes, 0);
		return NULL;
	}
	if (new_bytes > old_bytes && is_refused(allocator, new_bytes - old_bytes))
		return refuse(allocator, block, new_bytes);
	if (allocator->is_exhausted && new_bytes > old_bytes)
		grant(allocator, block, new_bytes);
	void *new_block = realloc(block, new_bytes);
	if (new_block == NULL) {
		if (new_bytes <= old_bytes)
			return block; /* Lua relies on shrinking to succeed; the old block will do. */
		return refuse(allocator, block, new_bytes);
	}
	count(allocator, old_bytes, new_bytes);
	return new_block;
}
