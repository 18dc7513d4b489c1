/* collector.h -- The conductor: an allocation crosses the trigger, a cycle runs, the heap is swept,
 * scavenged, and the pacer or a policy plans the next.
 *
 * Owns no heap; decides nothing about how far the heap may grow (pacer/, policy/). One program
 * thread calls everything here. It owns the world: whatever it does with the heap itself (slots,
 * roots, statistics) needs no lock. Only in concurrent mode are there other threads; they touch the
 * heap while the program is between ol_collector_leave and ol_collector_enter, or waits in one of
 * the functions below. Marking alone goes on at any time. */
#ifndef OL_COLLECTOR_COLLECTOR_H
#define OL_COLLECTOR_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "clock/clock.h"
#include "heap/heap.h"
#include "pacer/pacer.h"
#include "policy/policy.h"
#include "record/record.h"

struct ol_collector; /* Opaque. */

enum ol_collector_mode {
	OL_COLLECTOR_STW,         /* Mark and sweep at once, the program stands still. */
	OL_COLLECTOR_INCREMENTAL, /* By steps that advance with allocation: deterministic. */
	OL_COLLECTOR_CONCURRENT   /* Threads mark, sweep and scavenge; the program runs on. */
};
enum { OL_COLLECTOR_MODE_COUNT = OL_COLLECTOR_CONCURRENT + 1 };
/* "stw", "incremental", "concurrent". 0, or -EINVAL for a name that is none. */
int ol_collector_mode_parse(const char *name, enum ol_collector_mode *ret_mode);

/* When the trigger is tested. Go tests it after the allocation that crosses it was served; testing
 * before anything is mapped decides survival when the request plus the garbage exceed the limit. */
enum ol_trigger_test { OL_TRIGGER_AFTER_SERVING, OL_TRIGGER_BEFORE_MAPPING };

struct ol_collector_config {
	enum ol_collector_mode mode;
	enum ol_pacer_rules rules;
	int32_t gogc;                /* Percent; OL_GOGC_OFF. */
	uint64_t memory_limit_bytes; /* Go's GOMEMLIMIT; OL_MEMORY_LIMIT_OFF. */
	enum ol_trigger_test trigger_test;
	bool has_go_runtime;      /* Count what Go maps and scans beside its heap: go_runtime.h. */
	bool is_stress;           /* A cycle at every allocation. */
	unsigned processors;      /* GOMAXPROCS; 0: as many as this process may use. */
	struct ol_policy *policy; /* NULL: Go's own rules. Must outlive the collector. */
	struct ol_policy_cage cage;
	/* Readable (POLLIN) when the cage is short of memory; a read of 64 bytes, which may fail, takes
	 * that. -1 for none. */
	int pressure_fd;
	enum ol_pressure_kind pressure_kind; /* What it then tells. */
	/* All may be NULL. on_activity is told when the program stops for collecting and when it goes
	 * on; on_swept when everything that a cycle found dead is free; on_order what a policy ordered,
	 * one line. on_cycle and on_swept may come from another thread, the world stopped. */
	void *context;
	void (*on_cycle)(void *context, const struct ol_gc_cycle *cycle);
	void (*on_activity)(void *context, bool is_collecting);
	void (*on_swept)(void *context);
	void (*on_order)(void *context, const char *text);
	uint64_t (*cage_bytes)(void *context);
	/* Reads all stacks, as a cycle does, where it is without threads. */
	void (*scan_stacks)(void *context);
};

/* heap and clock must outlive it. Installs itself as the heap's hooks. A real clock in concurrent
 * mode. Calls the policy's on_start. */
int ol_collector_create(struct ol_heap *heap, struct ol_clock *clock,
	const struct ol_collector_config *config, struct ol_collector **ret_collector,
	struct ol_error *error);
/* Ends its threads first; a cycle under way is finished. NULL is fine. */
void ol_collector_destroy(struct ol_collector *collector);

/* Allocates, holds the object by a new root, then tests the trigger: a cycle may start or run
 * before this returns, and finds the object live. Errors as ol_heap_allocate_slab; before an
 * -ENOMEM a full cycle is run and everything free scavenged, once. -ENOMEM also where the policy
 * refuses; -ECANCELED where it ends the program (see ol_collector_verdict). */
int ol_collector_allocate_slab(
	struct ol_collector *collector, uint64_t bytes, ol_root *ret_root, struct ol_error *error);
int ol_collector_allocate_node(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root *ret_root, struct ol_error *error);

/* The same for a program that keeps roots of its own: makes holder refer to the new object, and
 * makes no root. The quick way for small objects: most of them cost one call. */
static inline int ol_collector_new_slab(struct ol_collector *collector, uint64_t bytes,
	ol_root holder, void **ret_object, struct ol_error *error);
static inline int ol_collector_new_node(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root holder, void **ret_object, struct ol_error *error);

/* Go's runtime.GC(): a full cycle, everything swept on return. */
void ol_collector_collect(struct ol_collector *collector);
/* Go's debug.FreeOSMemory: that, and everything free is given back. Returns bytes released. */
uint64_t ol_collector_free_os_memory(struct ol_collector *collector);

/* Around work that touches no part of the heap but payload of objects that are held: others may
 * stop the world meanwhile. Not nested. */
void ol_collector_leave(struct ol_collector *collector);
void ol_collector_enter(struct ol_collector *collector);

/* A point at which ticks, pressure and waiting threads are served. Cheap; call it now and then
 * in long work between allocations. */
void ol_collector_poll(struct ol_collector *collector);

/* A cycle is marking, by steps or in threads. */
bool ol_collector_is_marking(const struct ol_collector *collector);

/* ol_heap_check, while nobody marks. */
int ol_collector_check(struct ol_collector *collector, struct ol_error *error);

/* 0; or why the run is to end: -ECANCELED in good order, -EBADMSG where its policy is broken,
 * whatever else it was broken off with. Stays once it is set. */
int ol_collector_verdict(const struct ol_collector *collector, struct ol_error *error);
/* Somebody else than the policy wants it to end in good order. */
void ol_collector_end(struct ol_collector *collector, const char *reason);
/* It is over, in whatever way error says: nothing is allocated any more. */
void ol_collector_break_off(struct ol_collector *collector, const struct ol_error *error);

/* The program has stacks of so many bytes: each cycle scans them as roots, a memory limit counts
 * them, and from Go 1.18 on a goal does, once a cycle has seen them. */
void ol_collector_set_stack_bytes(struct ol_collector *collector, uint64_t bytes);

/* Go's debug.SetGCPercent and SetMemoryLimit: the goal is planned anew. */
void ol_collector_set_limits(
	struct ol_collector *collector, int32_t gogc, uint64_t memory_limit_bytes);

struct ol_memstats ol_collector_memstats(const struct ol_collector *collector);
struct ol_pauses ol_collector_pauses(const struct ol_collector *collector);

/* What follows is for the two functions above alone. A collector begins with this. */
struct ol_collector_quick {
	struct ol_heap *heap; /* NULL where every allocation must take the slow way: under stress,
						   * and when the policy has ended the run. */
};
int ol_collector_new_slab_slowly(struct ol_collector *collector, uint64_t bytes, ol_root holder,
	void **ret_object, struct ol_error *error);
int ol_collector_new_node_slowly(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root holder, void **ret_object, struct ol_error *error);

static inline int ol_collector_new_slab(struct ol_collector *collector, uint64_t bytes,
	ol_root holder, void **ret_object, struct ol_error *error) {
	struct ol_heap *heap = ((const struct ol_collector_quick *)collector)->heap;
	void *slab = heap != NULL ? ol_heap_quick_slab(heap, bytes, holder) : NULL;
	if (__builtin_expect(slab == NULL, 0))
		return ol_collector_new_slab_slowly(collector, bytes, holder, ret_object, error);
	*ret_object = slab;
	return 0;
}

static inline int ol_collector_new_node(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root holder, void **ret_object, struct ol_error *error) {
	struct ol_heap *heap = ((const struct ol_collector_quick *)collector)->heap;
	void *node = heap != NULL ? ol_heap_quick_node(heap, slot_count, payload_bytes, holder) : NULL;
	if (__builtin_expect(node == NULL, 0))
		return ol_collector_new_node_slowly(
			collector, slot_count, payload_bytes, holder, ret_object, error);
	*ret_object = node;
	return 0;
}

#endif
