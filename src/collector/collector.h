/* collector.h -- The conductor: an allocation crosses the trigger, a cycle runs, the heap is swept,
 * scavenged, and the pacer plans the next.
 *
 * Stop-the-world. Owns no heap; decides nothing about how far the heap may grow (pacer/). */
#ifndef OL_COLLECTOR_COLLECTOR_H
#define OL_COLLECTOR_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "clock/clock.h"
#include "heap/heap.h"
#include "pacer/pacer.h"
#include "record/record.h"

struct ol_collector; /* Opaque. */

/* When the trigger is tested. Go tests it after the allocation that crosses it was served; testing
 * before anything is mapped decides survival when the request plus the garbage exceed the limit. */
enum ol_trigger_test { OL_TRIGGER_AFTER_SERVING, OL_TRIGGER_BEFORE_MAPPING };

struct ol_collector_config {
	enum ol_pacer_rules rules;
	int32_t gogc;                /* Percent; OL_GOGC_OFF. */
	uint64_t memory_limit_bytes; /* Go's GOMEMLIMIT; OL_MEMORY_LIMIT_OFF. */
	enum ol_trigger_test trigger_test;
	bool is_stress; /* A cycle at every allocation. */
	/* Both may be NULL. on_activity is told when collecting begins and when it ends. */
	void *context;
	void (*on_cycle)(void *context, const struct ol_gc_cycle *cycle);
	void (*on_activity)(void *context, bool is_collecting);
};

/* heap and clock must outlive it. Installs itself as the heap's hooks. */
int ol_collector_create(struct ol_heap *heap, struct ol_clock *clock,
	const struct ol_collector_config *config, struct ol_collector **ret_collector,
	struct ol_error *error);
void ol_collector_destroy(struct ol_collector *collector); /* NULL is fine. */

/* Allocates, holds the object by a new root, then tests the trigger: a cycle may run before this
 * returns, and finds the object live. Errors as ol_heap_allocate_slab; before an -ENOMEM a full
 * cycle is run and everything free scavenged, once. */
int ol_collector_allocate_slab(
	struct ol_collector *collector, uint64_t bytes, ol_root *ret_root, struct ol_error *error);
int ol_collector_allocate_node(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root *ret_root, struct ol_error *error);

/* Go's runtime.GC(): a full cycle, everything swept on return. */
void ol_collector_collect(struct ol_collector *collector);

/* Go's debug.SetGCPercent and SetMemoryLimit: the goal is planned anew. */
void ol_collector_set_limits(
	struct ol_collector *collector, int32_t gogc, uint64_t memory_limit_bytes);

struct ol_memstats ol_collector_memstats(const struct ol_collector *collector);

#endif
