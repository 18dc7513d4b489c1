/* window.h -- Objects in the order in which they came, on the heap: one enters, the oldest leaves.
 *
 * A ring of nodes of one size, each of which refers to the next and to some objects. It grows where
 * it is full, and stays as large as it was. */
#ifndef OL_WORKLOAD_WINDOW_H
#define OL_WORKLOAD_WINDOW_H

#include <stdint.h>

#include "collector/collector.h"
#include "heap/heap.h"

enum {
	OL_WINDOW_SLOTS = 127, /* Of one node: 1 KiB with its header. Slot 0 refers to the next. */
	OL_WINDOW_NEXT = 0,
	OL_WINDOW_FIRST = 1,
};

/* A place between two objects: the one behind it, if there is one, is in that slot, or is the first
 * of the next node if there is no such slot. */
struct ol_window_cursor {
	void *node;
	uint32_t slot;
};

struct ol_window {
	struct ol_heap *heap;
	struct ol_collector *collector;
	ol_root root; /* Holds a node, and so the ring. */
	struct ol_window_cursor oldest;
	struct ol_window_cursor end;
	uint64_t count; /* Objects. */
};

/* holder is free to be used. Errors as ol_collector_new_node and ol_heap_root_create. */
int ol_window_init(struct ol_window *window, struct ol_heap *heap, struct ol_collector *collector,
	ol_root holder, struct ol_error *error);
/* Of one that is all zeros or was not made: nothing. */
void ol_window_finish(struct ol_window *window);

/* The ring has no place left: gets one. */
int ol_window_grow(struct ol_window *window, ol_root holder, struct ol_error *error);

/* Before one enters; then that cannot fail. Errors as ol_collector_new_node. */
static inline int ol_window_reserve(
	struct ol_window *window, ol_root holder, struct ol_error *error) {
	return window->end.slot < OL_WINDOW_SLOTS ? 0 : ol_window_grow(window, holder, error);
}

static inline void ol_window_enter(struct ol_window *window, void *object) {
	ol_heap_store(window->heap, window->end.node, window->end.slot, object);
	window->end.slot++;
	window->count++;
}

/* Where the object behind a cursor is; there must be one. */
static inline void ol_window_settle(
	const struct ol_window *window, struct ol_window_cursor *cursor) {
	if (cursor->slot < OL_WINDOW_SLOTS)
		return;
	cursor->node = ol_heap_load(window->heap, cursor->node, OL_WINDOW_NEXT);
	cursor->slot = OL_WINDOW_FIRST;
}

/* The oldest of at least one leaves: returns it. Nothing holds it any more. */
static inline void *ol_window_leave(struct ol_window *window) {
	ol_window_settle(window, &window->oldest);
	struct ol_window_cursor *oldest = &window->oldest;
	void *object = ol_heap_load(window->heap, oldest->node, oldest->slot);
	ol_heap_store(window->heap, oldest->node, oldest->slot, NULL);
	oldest->slot++;
	if (--window->count == 0) {
		oldest->slot = OL_WINDOW_FIRST;
		window->end = *oldest;
	}
	return object;
}

#endif
