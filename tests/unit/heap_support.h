/* heap_support.h -- What the heap's tests share: a watched memory, calls that must succeed. */
#ifndef OL_TESTS_HEAP_SUPPORT_H
#define OL_TESTS_HEAP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/units.h"
#include "heap/heap.h"
#include "heap/heap_internal.h"

/* A memory that counts what is reserved and released on its way to another one. */
struct watched_memory {
	struct ol_memory memory;
	struct ol_memory *below;
	uint64_t reserved_bytes; /* Not given back yet. */
	uint64_t release_calls;
	uint64_t released_bytes;
};

static int watched_reserve(struct ol_memory *memory, uint64_t bytes, uint64_t alignment_bytes,
	void **ret_address, struct ol_error *error) {
	struct watched_memory *self = (struct watched_memory *)memory;
	int result = self->below->ops->reserve(self->below, bytes, alignment_bytes, ret_address, error);
	if (result == 0)
		self->reserved_bytes += bytes;
	return result;
}

static int watched_commit(
	struct ol_memory *memory, void *address, uint64_t bytes, struct ol_error *error) {
	struct watched_memory *self = (struct watched_memory *)memory;
	return self->below->ops->commit(self->below, address, bytes, error);
}

static void watched_release(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct watched_memory *self = (struct watched_memory *)memory;
	self->release_calls++;
	self->released_bytes += bytes;
	self->below->ops->release(self->below, address, bytes);
}

static void watched_touch(struct ol_memory *memory, void *address, uint64_t bytes, uint8_t fill,
	_Atomic uint64_t *touched_bytes) {
	struct watched_memory *self = (struct watched_memory *)memory;
	self->below->ops->touch(self->below, address, bytes, fill, touched_bytes);
}

static void watched_unreserve(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct watched_memory *self = (struct watched_memory *)memory;
	self->reserved_bytes -= bytes;
	self->below->ops->unreserve(self->below, address, bytes);
}

static uint64_t watched_resident_bytes(struct ol_memory *memory) {
	struct watched_memory *self = (struct watched_memory *)memory;
	return self->below->ops->resident_bytes(self->below);
}

static const struct ol_memory_ops watched_ops = {
	.reserve = watched_reserve,
	.commit = watched_commit,
	.release = watched_release,
	.touch = watched_touch,
	.unreserve = watched_unreserve,
	.resident_bytes = watched_resident_bytes,
};

/* A heap and everything below it. */
struct world {
	struct ol_memory_mmap system;
	struct ol_memory_failing failing;
	struct watched_memory watched;
	struct ol_heap *heap;
};

static void world_init(struct world *world, uint64_t refused_request) {
	ol_memory_mmap_init(&world->system, false);
	ol_memory_failing_init(&world->failing, &world->system.memory, refused_request);
	world->watched =
		(struct watched_memory){ .memory.ops = &watched_ops, .below = &world->failing.memory };
	world->heap = NULL;
}

/* A heap of address_bytes_max on the system's memory. */
static struct world *world_create(uint64_t address_bytes_max) {
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	world_init(world, 0);
	struct ol_error error;
	assert_int_equal(
		ol_heap_create(&world->watched.memory, address_bytes_max, &world->heap, &error), 0);
	return world;
}

static void check(struct ol_heap *heap) {
	struct ol_error error;
	if (ol_heap_check(heap, &error) < 0)
		fail_msg("%s", error.message);
}

static void world_destroy(struct world *world) {
	check(world->heap);
	ol_heap_destroy(world->heap);
	assert_int_equal(world->watched.reserved_bytes, 0);
	free(world);
}

static struct ol_allocation slab(struct ol_heap *heap, uint64_t bytes) {
	struct ol_allocation allocation;
	struct ol_error error;
	if (ol_heap_allocate_slab(heap, bytes, &allocation, &error) < 0)
		fail_msg("%s", error.message);
	return allocation;
}

static struct ol_allocation node(
	struct ol_heap *heap, uint32_t slot_count, uint64_t payload_bytes) {
	struct ol_allocation allocation;
	struct ol_error error;
	if (ol_heap_allocate_node(heap, slot_count, payload_bytes, &allocation, &error) < 0)
		fail_msg("%s", error.message);
	return allocation;
}

static ol_root root(struct ol_heap *heap, void *object) {
	ol_root id = OL_ROOT_NONE;
	struct ol_error error;
	if (ol_heap_root_create(heap, object, &id, &error) < 0)
		fail_msg("%s", error.message);
	return id;
}

/* Marks and sweeps, with a check in between and behind. */
static struct ol_heap_sweeping collect(struct ol_heap *heap) {
	ol_heap_mark(heap);
	check(heap);
	struct ol_heap_sweeping sweeping = ol_heap_sweep(heap);
	check(heap);
	return sweeping;
}

/* Of a piece of the address space, what is in physical memory. */
static uint64_t resident_bytes(const void *address, uint64_t bytes) {
	uint64_t system_page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t count = bytes / system_page_bytes;
	unsigned char *is_resident = malloc(count);
	assert_non_null(is_resident);
	assert_int_equal(mincore((void *)(uintptr_t)address, bytes, is_resident), 0);
	uint64_t resident_count = 0;
	for (uint64_t i = 0; i < count; i++)
		resident_count += is_resident[i] & 1;
	free(is_resident);
	return resident_count * system_page_bytes;
}

#endif
