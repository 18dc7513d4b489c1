/* load.h -- Bulk work on a heap: a structure that a program keeps, and the loop that fills it.
 *
 * A load allocates by slices, so that its caller can listen, tell and let time pass between them.
 * All it keeps alive hangs on one or two roots. It knows no clock, no run and no Lua; how fast it
 * may go is its caller's affair.
 *
 * Bytes are the heap's everywhere: an object counts as what its size class or its pages take. What
 * a load keeps its objects by (a table, the pieces of a window: 8 bytes an object) is on the same
 * heap, and is not counted.
 *
 *   churn      objects are made, and dropped when live_bytes of younger ones are there.
 *   ramp       a churn that drops nothing.
 *   cache      a table of entries; a request finds its entry, or replaces one.
 *   queue      linked nodes, first in, first out.
 *   tree       a binary tree of nodes, of which parts are dropped and built anew.
 *   survivors  objects are made, then all but a share of them, evenly spread, are dropped. */
#ifndef OL_WORKLOAD_LOAD_H
#define OL_WORKLOAD_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "collector/collector.h"
#include "heap/heap.h"
#include "memory/memory.h"

struct ol_load; /* Opaque. */

/* What a load works on; stays the caller's, and outlives it. */
struct ol_load_world {
	struct ol_heap *heap;
	struct ol_collector *collector; /* Of that heap. */
	struct ol_memory *memory;
	_Atomic uint64_t *touched_bytes; /* How far the present slice has come; NULL is fine. */
};

enum ol_load_kind {
	OL_LOAD_CHURN,
	OL_LOAD_RAMP,
	OL_LOAD_CACHE,
	OL_LOAD_QUEUE,
	OL_LOAD_TREE,
	OL_LOAD_SURVIVORS
};

/* As asked for, header and slots of a node included; drawn evenly from both and all between. */
struct ol_load_sizes {
	uint64_t bytes_min;
	uint64_t bytes_max;
};

enum {
	OL_LOAD_NODE_BYTES_MIN = 24, /* Of a churn's node: a header, two slots, both empty. */
	OL_LOAD_ITEM_BYTES_MIN = 16, /* Of a queue's: a header, the slot for the next. */
	OL_LOAD_TREE_DEPTH_MAX = 32, /* Levels. */
};
#define OL_LOAD_OBJECT_BYTES_MAX (UINT64_C(1) << 40)
#define OL_LOAD_ENTRIES_MAX      ((uint64_t)OL_HEAP_SLOTS_MAX)

struct ol_load_spec {
	enum ol_load_kind kind;
	struct ol_load_sizes sizes; /* Of all but a tree. */
	union {
		struct {
			uint64_t live_bytes; /* Kept at most. 0: each object is garbage at once. */
			bool is_nodes;       /* Else slabs. */
		} churn;
		struct {
			uint64_t entries;        /* Filled at first; 1 to OL_LOAD_ENTRIES_MAX. */
			double hit_share;        /* Of the requests, 0 to 1. */
			bool is_oldest_replaced; /* Else a random one. */
		} cache;
		struct {
			uint64_t backlog; /* Items that stay. */
			uint64_t burst;   /* Items that come at once, before the oldest leave; from 1. */
		} queue;
		struct {
			unsigned depth; /* Levels, from 1; built at first. */
			uint64_t payload_bytes;
		} tree;
		struct {
			double keep_share; /* 0 to 1. */
		} survivors;
	};
};

/* Where to stop: so much more than now, whichever comes first; UINT64_MAX for no end. What is built
 * at first, a cache's entries and a tree, is built whole. An operation is an object made, a request
 * answered, an item queued, or a part of a tree built anew. */
struct ol_load_goal {
	uint64_t objects; /* Count. */
	uint64_t bytes;
	uint64_t operations; /* Count. */
};

struct ol_load_totals {
	uint64_t live_objects; /* Kept by the load now; count. */
	uint64_t live_bytes;
	uint64_t allocated_objects; /* So far; count. */
	uint64_t allocated_bytes;
	uint64_t operations; /* Count. */
};

/* What one slice did. */
struct ol_load_progress {
	uint64_t objects; /* Count. */
	uint64_t bytes;
	uint64_t small_bytes; /* Of these, what small objects took: written by plain stores. */
	uint64_t operations;  /* Count. */
	bool is_done;         /* The goal is reached. */
};

/* Has a goal of nothing: a step builds what is built at first. The same seed makes the same objects
 * in the same order. -EINVAL; errors of ol_collector_new_node. */
int ol_load_create(const struct ol_load_world *world, uint64_t seed,
	const struct ol_load_spec *spec, struct ol_load **ret_load, struct ol_error *error);
/* Lets go of all that it keeps. NULL is fine. */
void ol_load_destroy(struct ol_load *load);

void ol_load_set_goal(struct ol_load *load, const struct ol_load_goal *goal);

/* A slice of work: ends when it has written so many bytes or done so many operations, at the goal,
 * or after some thousand operations in any case. Both from 1. A large object may be written in
 * several slices. Errors as ol_collector_new_slab; the load stays usable, and its totals tell how
 * far it came. */
int ol_load_step(struct ol_load *load, uint64_t bytes_max, uint64_t operations_max,
	struct ol_load_progress *ret_progress, struct ol_error *error);

/* What the next slice may ask for: its bytes, or those of the next object, or of the rest of the
 * present one, if that is larger. */
uint64_t ol_load_request_bytes(const struct ol_load *load, uint64_t bytes_max);

struct ol_load_totals ol_load_totals(const struct ol_load *load);

#endif
