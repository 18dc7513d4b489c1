/* heaps.c -- More than one heap in a run: each has a collector and a pacer of its own.
 *
 * The first is the run's: the policy, the flight recorder's statistics and the cycles that are told
 * are about that one. The others go by Go's rules alone. */
#include <errno.h>

#include "run/internal.h"

struct ol_run_heap *ol_run_first_heap(struct ol_run *run) {
	return &run->heaps[0];
}

struct ol_run_heap *ol_run_used_heap(struct ol_run *run) {
	return run->used;
}

void ol_run_use(struct ol_run *run, struct ol_run_heap *heap) {
	run->used = heap;
}

struct ol_heap *ol_run_heap(struct ol_run *run) {
	return run->used->heap;
}

struct ol_memstats ol_run_memstats(const struct ol_run *run) {
	return ol_collector_memstats(run->used->collector);
}

void ol_run_collect(struct ol_run *run) {
	ol_collector_collect(run->used->collector);
}

uint64_t ol_run_free_os_memory(struct ol_run *run) {
	return ol_collector_free_os_memory(run->used->collector);
}

int ol_run_check(struct ol_run *run, struct ol_error *error) {
	return ol_collector_check(run->used->collector, error);
}

void ol_run_set_limits(struct ol_run *run, int32_t gogc, uint64_t memory_limit_bytes) {
	ol_collector_set_limits(run->used->collector, gogc, memory_limit_bytes);
}

static void on_activity(void *context, bool is_collecting) {
	const struct ol_run_heap *self = context;
	ol_run_write_flight(self->run, is_collecting ? OL_ACTIVITY_COLLECTING : OL_ACTIVITY_RUNNING);
}

static uint64_t cage_bytes(void *context) {
	const struct ol_run_heap *self = context;
	return ol_run_cage_bytes(self->run);
}

static void scan_stacks(void *context) {
	const struct ol_run_heap *self = context;
	ol_run_scan_stacks(self->run, self);
}

int ol_run_second_heap(struct ol_run *run, int32_t gogc, uint64_t memory_limit_bytes,
	struct ol_run_heap **ret_heap, struct ol_error *error) {
	struct ol_run_heap *self = &run->heaps[run->heap_count];
	if (run->heap_count == OL_RUN_HEAPS_MAX)
		return ol_error_set(error, -ENOSPC, "a program has at most %d heaps", OL_RUN_HEAPS_MAX);
	struct ol_collector_config config = run->config;
	config.gogc = gogc;
	config.memory_limit_bytes = memory_limit_bytes;
	config.policy = NULL;
	config.pressure_fd = -1;
	config.context = self;
	config.on_cycle = NULL;
	config.on_swept = NULL;
	config.on_order = NULL;
	config.on_activity = on_activity;
	config.cage_bytes = cage_bytes;
	config.scan_stacks = scan_stacks;
	*self = (struct ol_run_heap){ .run = run };
	ol_run_begin_beside(run, 0);
	/* Where addresses are short it takes the least that a heap can have. */
	uint64_t address_bytes = run->words.heap_address_bytes;
	if (run->spec.address_space_bytes != UINT64_MAX)
		address_bytes = OL_HEAP_ARENA_BYTES;
	int result = ol_heap_create(run->memory, address_bytes, &self->heap, error);
	if (result == 0)
		result = ol_collector_create(self->heap, run->clock, &config, &self->collector, error);
	if (result < 0) {
		ol_heap_destroy(self->heap);
		return result;
	}
	run->heap_count++;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	*ret_heap = self;
	return 0;
}

void ol_run_destroy_other_heaps(struct ol_run *run) {
	for (unsigned i = 1; i < run->heap_count; i++) {
		ol_collector_destroy(run->heaps[i].collector);
		ol_heap_destroy(run->heaps[i].heap);
	}
}

void ol_run_note_other_heaps(struct ol_run *run) {
	run->words.other_heaps_bytes = 0;
	for (unsigned i = 1; i < run->heap_count; i++)
		run->words.other_heaps_bytes += ol_heap_stats(run->heaps[i].heap).allocated_bytes;
}

uint64_t ol_run_metadata_bytes(const struct ol_run *run) {
	uint64_t bytes = ol_heap_stats(run->heap).metadata_bytes;
	for (unsigned i = 1; i < run->heap_count; i++)
		bytes += ol_heap_stats(run->heaps[i].heap).metadata_bytes;
	return bytes;
}

void ol_run_poll_collectors(struct ol_run *run) {
	ol_collector_poll(run->collector);
	for (unsigned i = 1; i < run->heap_count; i++)
		ol_collector_poll(run->heaps[i].collector);
}

void ol_run_leave(struct ol_run *run) {
	for (unsigned i = run->heap_count; i-- > 0;)
		ol_collector_leave(run->heaps[i].collector);
}

void ol_run_enter(struct ol_run *run) {
	for (unsigned i = 0; i < run->heap_count; i++)
		ol_collector_enter(run->heaps[i].collector);
}
