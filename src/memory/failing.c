/* failing.c -- A memory that refuses one request, to see what everybody above does then. */
#include <errno.h>

#include "memory/memory.h"

static bool is_refused(struct ol_memory_failing *self) {
	return ++self->requests == self->refused_request;
}

static int failing_reserve(struct ol_memory *memory, uint64_t bytes, uint64_t alignment_bytes,
	void **ret_address, struct ol_error *error) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	if (is_refused(self))
		return ol_error_set(error, -ENOMEM,
			"request %llu for memory (%llu bytes of address space) refused, as told",
			(unsigned long long)self->requests, (unsigned long long)bytes);
	return self->below->ops->reserve(self->below, bytes, alignment_bytes, ret_address, error);
}

static int failing_commit(
	struct ol_memory *memory, void *address, uint64_t bytes, struct ol_error *error) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	if (is_refused(self))
		return ol_error_set(error, -ENOMEM, "request %llu for memory (%llu bytes) refused, as told",
			(unsigned long long)self->requests, (unsigned long long)bytes);
	return self->below->ops->commit(self->below, address, bytes, error);
}

static void failing_release(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	self->below->ops->release(self->below, address, bytes);
}

static void failing_touch(struct ol_memory *memory, void *address, uint64_t bytes, uint8_t fill,
	_Atomic uint64_t *touched_bytes) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	self->below->ops->touch(self->below, address, bytes, fill, touched_bytes);
}

static void failing_unreserve(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	self->below->ops->unreserve(self->below, address, bytes);
}

static uint64_t failing_resident_bytes(struct ol_memory *memory) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	return self->below->ops->resident_bytes(self->below);
}

static void failing_note_written(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct ol_memory_failing *self = (struct ol_memory_failing *)memory;
	ol_memory_note_written(self->below, address, bytes);
}

static const struct ol_memory_ops failing_ops = {
	.reserve = failing_reserve,
	.commit = failing_commit,
	.release = failing_release,
	.touch = failing_touch,
	.unreserve = failing_unreserve,
	.resident_bytes = failing_resident_bytes,
	.note_written = failing_note_written,
};

void ol_memory_failing_init(
	struct ol_memory_failing *memory, struct ol_memory *below, uint64_t refused_request) {
	*memory = (struct ol_memory_failing){
		.memory = { .ops = &failing_ops, .is_pretend = below->is_pretend },
		.below = below,
		.refused_request = refused_request,
	};
}
