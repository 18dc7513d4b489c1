/* marker.h -- What one marker holds: its stack, its counts, and the pool it shares with others.
 *
 * A stack holds references still to be marked. An entry with bit 0 set is a node that is marked
 * and of which only a part was scanned, perhaps nothing; below it lies the index of the next slot,
 * a multiple of a piece, so that its own bit 0 is clear. Knows neither spans nor marks. */
#ifndef OL_HEAP_MARKER_H
#define OL_HEAP_MARKER_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"
#include "heap/region.h"

struct ol_heap_stack {
	struct ol_heap_region region;
	uint64_t *entries;
	uint64_t entry_count;
	uint64_t entry_count_committed;
	uint64_t entry_count_max;  /* Of the reservation, or what a test set. */
	uint64_t entry_count_peak; /* Of this marking. The statistics read it from another thread. */
	uint64_t kept_bytes;       /* Touched and not given back. */
	bool is_refused;           /* After one refusal a round makes do with what there is. */
};

/* What markers give away when others have nothing to do. */
struct ol_heap_pool {
	pthread_mutex_t mutex;
	struct ol_heap_stack stack;
	/* entry_count of the stack, to be looked at without the mutex, in a cache line of its own. */
	uint64_t waiting_count __attribute__((aligned(64)));
} __attribute__((aligned(64)));

struct ol_heap_marker {
	struct ol_heap_stack stack;
	struct ol_heap_pool *pool; /* NULL but while several markers mark. */
	uint64_t work_bytes;       /* Of slots scanned in steps. Other threads read it. */
	uint64_t rescan_count;     /* Since the heap was created: overflows of the stack. */
	bool has_overflowed;
	struct ol_heap_marking marking;
} __attribute__((aligned(64)));

/* The markers beside the program's own, and what all share: a reservation of its own. */
struct ol_heap_crew {
	uint64_t reservation_bytes;
	struct ol_heap_pool pool;
	struct ol_heap_marker markers[OL_HEAP_MARKERS_MAX - 1];
};

/* Room for count more entries, after committing more of the stack if need be. */
bool ol_heap_stack_make_room(struct ol_heap_stack *stack, uint64_t count);
/* Keeps one step of the stack and gives the rest of what was touched back to the system. */
void ol_heap_stack_shrink(struct ol_heap_stack *stack);
/* As a stack that holds nothing: cut from *address, one step of it committed. */
int ol_heap_stack_init(struct ol_heap_stack *stack, struct ol_memory *memory, char **address,
	uint64_t entry_count_max, struct ol_error *error);

/* Moves the upper part of a marker's stack, about entry_count entries, into the pool; false if
 * nothing was moved. */
bool ol_heap_marker_give(struct ol_heap_marker *marker, uint64_t entry_count);
/* Takes a batch out of the pool onto a stack that is empty; false if there was none. */
bool ol_heap_marker_take(struct ol_heap_marker *marker);
/* Gives all that it holds, if others want it or it is much: for the program's marker, which goes on
 * to something else. */
void ol_heap_marker_publish(struct ol_heap_marker *marker);

static inline bool ol_heap_stack_has_room(struct ol_heap_stack *stack, uint64_t count) {
	return stack->entry_count + count <= stack->entry_count_committed ||
		   ol_heap_stack_make_room(stack, count);
}

static inline void ol_heap_stack_push(struct ol_heap_stack *stack, uint64_t entry) {
	assert(stack->entry_count < stack->entry_count_committed);
	stack->entries[stack->entry_count++] = entry;
}

/* The stack's owner notes how high it was. */
static inline void ol_heap_stack_note_peak(struct ol_heap_stack *stack, uint64_t entry_count) {
	if (entry_count > stack->entry_count_peak)
		__atomic_store_n(&stack->entry_count_peak, entry_count, __ATOMIC_RELAXED);
}

static inline bool ol_heap_pool_is_empty(const struct ol_heap_pool *pool) {
	return __atomic_load_n(&pool->waiting_count, __ATOMIC_RELAXED) == 0;
}

#endif
