/* internal.h -- What the kinds of loads share: objects, sizes, budgets. */
#ifndef OL_WORKLOAD_INTERNAL_H
#define OL_WORKLOAD_INTERNAL_H

#include <assert.h>
#include <string.h>

#include "base/random.h"
#include "heap/size_class.h"
#include "workload/load.h"
#include "workload/window.h"

enum {
	OL_LOAD_FILL = 0xff,           /* As everything in this lab is filled. */
	OL_LOAD_OPERATIONS_MAX = 8192, /* Of one slice: what costs no bytes must end, too. */
	OL_LOAD_NODE_HEADER_BYTES = 8, /* A node's slot count. */
	OL_LOAD_SLOT_BYTES = 8,
};

/* What is left of a slice. */
struct ol_load_budget {
	uint64_t bytes;
	uint64_t operations;
	uint64_t bytes_max; /* As it was. */
};

struct ol_load_ops {
	int (*start)(struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error);
	/* Until the budget is used up or, if nothing is half done, the goal is reached. */
	int (*advance)(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error);
	void (*finish)(struct ol_load *load); /* Of a load that was started, perhaps not to the end. */
};

struct ol_churn {
	struct ol_window window;
	uint64_t live_bytes_max;
	bool is_nodes;
};

struct ol_cache {
	ol_root root; /* Holds table. */
	void *table;  /* A node of a slot an entry. */
	uint64_t entries;
	uint64_t filled_entries;
	uint64_t hit_bound; /* A request hits if 32 random bits are below. */
	uint64_t oldest;    /* Entry that is replaced next. */
	bool is_oldest_replaced;
};

struct ol_queue {
	ol_root root; /* Holds first, which holds the next, and so on. */
	void *first;  /* NULL: there is none. */
	void *last;
	uint64_t backlog;
	uint64_t burst;
	uint64_t arrived; /* Items of the present burst. */
};

/* A part of a tree is built from its top down, left before right; all of it hangs on the tree at
 * any time. */
struct ol_tree {
	ol_root root;
	uint64_t payload_bytes;
	uint64_t node_bytes; /* In the heap. */
	unsigned depth;
	unsigned height;       /* Of the part that is being built. */
	void *place;           /* Its parent; NULL: it is the whole. */
	uint32_t place_side;   /* Slot. */
	bool is_top_missing;   /* Nothing of it is there yet. */
	bool is_first;         /* The first tree is not built yet. */
	unsigned branch_count; /* Nodes of it that still lack something below them, topmost first. */
	struct {
		void *node;
		uint32_t sides; /* That have been built. */
	} branches[OL_LOAD_TREE_DEPTH_MAX];
};

struct ol_survivors {
	struct ol_window window;
	struct ol_window_cursor cursor; /* What is behind it is not thinned yet. */
	uint64_t keep_step;             /* 2^32 for all. */
	uint64_t keep_sum;              /* One stays whenever this has come to 2^32. */
};

struct ol_load {
	const struct ol_load_ops *ops;
	struct ol_load_world world;
	struct ol_random random;
	ol_root holder; /* Of what was made last, until something else holds it. */
	/* The next size is drawn ahead, so that it can be told. */
	uint64_t size_min_bytes;
	uint64_t size_choices; /* Count; 1: all are of the same size. */
	uint64_t next_bytes;
	uint64_t next_object_bytes; /* In the heap. */
	struct ol_load_totals totals;
	uint64_t small_bytes;    /* Of the allocated bytes, what small objects took. */
	struct ol_load_goal end; /* In terms of totals. */
	char *unwritten;         /* The rest of a large object. */
	uint64_t unwritten_bytes;
	bool is_busy;                  /* Something is half done, whatever the goal. */
	_Atomic uint64_t untold_bytes; /* touched_bytes where nobody wants it. */
	union {
		struct ol_churn churn;
		struct ol_cache cache;
		struct ol_queue queue;
		struct ol_tree tree;
		struct ol_survivors survivors;
	};
};

extern const struct ol_load_ops ol_load_churn_ops, ol_load_cache_ops, ol_load_queue_ops,
	ol_load_tree_ops, ol_load_survivors_ops;

/* What an object of so many bytes takes in the heap. */
static inline uint64_t ol_load_heap_bytes(uint64_t bytes) {
	if (bytes <= OL_HEAP_SMALL_BYTES_MAX)
		return ol_heap_size_classes[ol_heap_size_class_of(bytes)].object_bytes;
	return (bytes + OL_HEAP_PAGE_BYTES - 1) / OL_HEAP_PAGE_BYTES * OL_HEAP_PAGE_BYTES;
}

/* Even over 0 to bound - 1, without a division where bound has 32 bits. */
static inline uint64_t ol_load_draw(struct ol_load *load, uint64_t bound) {
	if (bound <= UINT32_MAX)
		return (ol_random_next(&load->random) >> 32) * bound >> 32;
	return ol_random_below(&load->random, bound);
}

static inline void ol_load_draw_size(struct ol_load *load) {
	if (load->size_choices == 1)
		return;
	load->next_bytes = load->size_min_bytes + ol_load_draw(load, load->size_choices);
	load->next_object_bytes = ol_load_heap_bytes(load->next_bytes);
}

/* Of an object that this load has made. */
static inline uint64_t ol_load_object_bytes(const struct ol_load *load, const void *object) {
	return load->size_choices == 1 ? load->next_object_bytes
								   : ol_heap_object_bytes(load->world.heap, object);
}

static inline bool ol_load_has_budget(const struct ol_load_budget *budget) {
	return budget->bytes > 0 && budget->operations > 0;
}

static inline void ol_load_charge(struct ol_load_budget *budget, uint64_t bytes) {
	budget->bytes -= bytes < budget->bytes ? bytes : budget->bytes;
}

static inline bool ol_load_is_at_goal(const struct ol_load *load) {
	const struct ol_load_totals *totals = &load->totals;
	return totals->allocated_bytes >= load->end.bytes ||
		   totals->allocated_objects >= load->end.objects ||
		   totals->operations >= load->end.operations;
}

static inline void ol_load_finish_operation(struct ol_load *load, struct ol_load_budget *budget) {
	load->totals.operations++;
	budget->operations--;
}

/* load.c: writes as much of what is unwritten as the budget allows. */
void ol_load_write(struct ol_load *load, struct ol_load_budget *budget);

/* What was made of bytes in the heap is written from payload on, at once if it is small, and
 * counted. */
static inline void ol_load_note_made(struct ol_load *load, struct ol_load_budget *budget,
	void *payload, uint64_t payload_bytes, uint64_t object_bytes) {
	struct ol_load_totals *totals = &load->totals;
	totals->allocated_objects++;
	totals->allocated_bytes += object_bytes;
	totals->live_objects++;
	totals->live_bytes += object_bytes;
	if (__builtin_expect(object_bytes > OL_HEAP_SMALL_BYTES_MAX, 0)) {
		/* Its header and its slots are written already, or count as that. */
		ol_load_charge(budget, object_bytes - payload_bytes);
		load->unwritten = payload;
		load->unwritten_bytes = payload_bytes;
		ol_load_write(load, budget);
		return;
	}
	if (load->world.memory->is_pretend)
		ol_memory_note_written(load->world.memory, payload, payload_bytes);
	else
		memset(payload, OL_LOAD_FILL, payload_bytes);
	load->small_bytes += object_bytes;
	ol_load_charge(budget, object_bytes);
	atomic_store_explicit(
		load->world.touched_bytes, budget->bytes_max - budget->bytes, memory_order_relaxed);
}

static inline void ol_load_note_dropped(struct ol_load *load, uint64_t object_bytes) {
	assert(load->totals.live_objects > 0);
	load->totals.live_objects--;
	load->totals.live_bytes -= object_bytes;
}

/* A slab of the next size, held by the holder. */
static inline int ol_load_make_slab(
	struct ol_load *load, struct ol_load_budget *budget, void **ret_slab, struct ol_error *error) {
	uint64_t bytes = load->next_bytes, object_bytes = load->next_object_bytes;
	int result = ol_collector_new_slab(load->world.collector, bytes, load->holder, ret_slab, error);
	if (result < 0)
		return result;
	ol_load_draw_size(load);
	ol_load_note_made(load, budget, *ret_slab, bytes, object_bytes);
	return 0;
}

/* The same for a node of slot_count slots, all empty. */
static inline int ol_load_make_node(struct ol_load *load, struct ol_load_budget *budget,
	uint32_t slot_count, void **ret_node, struct ol_error *error) {
	uint64_t payload_bytes =
		load->next_bytes - OL_LOAD_NODE_HEADER_BYTES - slot_count * OL_LOAD_SLOT_BYTES;
	uint64_t object_bytes = load->next_object_bytes;
	int result = ol_collector_new_node(
		load->world.collector, slot_count, payload_bytes, load->holder, ret_node, error);
	if (result < 0)
		return result;
	ol_load_draw_size(load);
	ol_load_note_made(
		load, budget, ol_heap_payload(load->world.heap, *ret_node), payload_bytes, object_bytes);
	return 0;
}

#endif
