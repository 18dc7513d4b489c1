/* heap_internal.h -- The heap's fields, and what its files and its tests call of one another.
 *
 * Not for other modules: they include heap.h. */
#ifndef OL_HEAP_HEAP_INTERNAL_H
#define OL_HEAP_HEAP_INTERNAL_H

#include <assert.h>

#include "base/hot_assert.h"
#include "heap/heap.h"
#include "heap/marker.h"
#include "heap/pages.h"
#include "heap/region.h"
#include "heap/span.h"

#define OL_HEAP_NODE_HEADER_BYTES UINT64_C(8)

/* Where the next small objects of one class and kind come from: the free objects of one word of
 * the cached span's alloc bits. The bits of that word are set already; what free_bits still
 * holds is not allocated. */
struct ol_heap_cache {
	uint64_t free_bits;
	char *word_base; /* Address of the object of bit 0. */
	uint64_t object_bytes;
	uint32_t span; /* 0 for none. */
	uint32_t word;
};

/* Partly free, swept spans, lowest address first. Span indexes, 0 for none. */
struct ol_heap_span_list {
	uint32_t first;
	uint32_t last;
};

/* Roots. A used entry holds an address; an unused one the next unused id, shifted, with bit 0
 * set. */
struct ol_heap_roots {
	struct ol_heap_region region;
	uint64_t *entries;
	uint32_t entry_count; /* Ever used at once. */
	uint32_t entry_count_max;
	uint32_t used_count;
	ol_root unused; /* First of the list; OL_ROOT_NONE if it is empty. */
};

enum ol_heap_phase {
	OL_HEAP_PHASE_IDLE,
	OL_HEAP_PHASE_MARKING, /* Between ol_heap_mark_begin and ol_heap_mark_end. */
	OL_HEAP_PHASE_SWEEPING /* Until the last span is swept. */
};

struct ol_heap {
	struct ol_memory *memory;
	char *reservation; /* Of the tables; this struct lies at its start. */
	uint64_t reservation_bytes;
	uint64_t address_bytes_max;
	struct ol_heap_hooks hooks;
	struct ol_heap_span *spans; /* Index 0 is none. */
	/* So far, and at the start of pages, a cache line each of what markers look up all the time
	 * and the program seldom changes. */
	struct ol_heap_pages pages __attribute__((aligned(64)));
	/* Changes in the stopped world only: markers read it. */
	enum ol_heap_phase phase;
	bool is_committing;   /* In before_commit: pages are picked and belong to nobody. */
	uint32_t span_count;  /* Descriptors ever used at once, index 0 included. */
	uint32_t unused_span; /* First of the list of unused descriptors. */
	struct ol_heap_region span_region;
	struct ol_heap_roots roots;
	struct ol_heap_marker marker; /* The program's own: marker 0. */
	struct ol_heap_crew *crew;    /* NULL while there is no other marker. */
	unsigned marker_count;
	bool has_grey_roots;            /* Marking has begun and the roots are yet to be taken. */
	uint64_t mallocs_count_begin;   /* When marking by steps began. */
	uint64_t allocated_bytes_begin; /* The same. */
	uint32_t sweep_generation;      /* A span of another one awaits sweeping. */
	uint64_t sweep_page;            /* No span below it awaits sweeping. */
	uint64_t unswept_pages;
	uint64_t unswept_live_bytes; /* Of marked objects in spans that await sweeping. */
	uint64_t mallocs_count;
	uint64_t frees_count;
	uint64_t allocated_bytes;
	uint64_t freed_bytes; /* Swept so far. */
	uint64_t live_bytes;
	uint64_t scan_bytes;
	struct ol_heap_span_list partial[OL_HEAP_CLASS_KINDS];
	struct ol_heap_cache caches[OL_HEAP_CLASS_KINDS];
};

static inline struct ol_heap_span *ol_heap_span_at(const struct ol_heap *heap, uint32_t index) {
	return &heap->spans[index];
}

/* The span that begins at or covers an address of the heap; index 0 for none. For interior
 * addresses of large objects it is none. */
static inline uint32_t ol_heap_span_index(const struct ol_heap *heap, const void *address) {
	return heap->pages.span_by_page[ol_heap_page_of(&heap->pages, (uint64_t)(uintptr_t)address)];
}

static inline struct ol_heap_marker *ol_heap_marker_at(struct ol_heap *heap, unsigned index) {
	return index == 0 ? &heap->marker : &heap->crew->markers[index - 1];
}

static inline bool ol_heap_is_swept(const struct ol_heap *heap, const struct ol_heap_span *span) {
	return span->sweep_generation == heap->sweep_generation;
}

/* In the address space that the heap has grown to. Not for markers: the program lets it grow. */
static inline bool ol_heap_holds(const struct ol_heap *heap, const void *address) {
	return (uint64_t)(uintptr_t)address - (uint64_t)(uintptr_t)heap->pages.base <
		   heap->pages.chunk_count * OL_HEAP_CHUNK_BYTES;
}

static inline uint64_t ol_heap_node_slots(const void *node) {
	return *(const uint64_t *)node;
}

static inline uint64_t *ol_heap_node_slot(const void *node, uint64_t index) {
	return (uint64_t *)(uintptr_t)((const char *)node + OL_HEAP_NODE_HEADER_BYTES) + index;
}

/* span.c: a new span of page_count pages. class_kind's class is 0 for a large object. is_zero says
 * that all its pages read as zero. The hook before_mapping is the caller's work. */
int ol_heap_span_create(struct ol_heap *heap, unsigned class_kind, uint64_t page_count,
	uint32_t *ret_span, bool *ret_is_zero, struct ol_error *error);
/* Gives the descriptor back, and clears the page map; the pages are the caller's work. */
void ol_heap_span_destroy(struct ol_heap *heap, uint32_t index);
/* At the end of the list of its class and kind: the highest address so far. */
void ol_heap_span_list_push(struct ol_heap *heap, unsigned class_kind, uint32_t index);
/* Where its address belongs. */
void ol_heap_span_list_insert(struct ol_heap *heap, unsigned class_kind, uint32_t index);
/* The span with the lowest address at or behind *page, moving *page behind it; 0 for none. */
uint32_t ol_heap_next_span(const struct ol_heap *heap, uint64_t *page);
/* The object of this index is allocated. */
bool ol_heap_span_is_allocated(
	const struct ol_heap *heap, const struct ol_heap_span *span, uint32_t index);

/* allocate.c: detaches all caches; what they had not handed out is free. The lists of partly free
 * spans do not get the spans back, unless is_listed. */
void ol_heap_flush_caches(struct ol_heap *heap, bool is_listed);

/* mark.c: marks what marker 0's stack holds, and all that is reachable from it; world stopped. */
void ol_heap_drain(struct ol_heap *heap);
/* Marks an object that somebody held a reference to; its slots are scanned later. */
void ol_heap_shade(struct ol_heap *heap, const void *object);

/* mark_cycle.c: marks what the roots reach, and nothing else; returns what was found. */
struct ol_heap_marking ol_heap_mark_reachable(struct ol_heap *heap);
uint64_t ol_heap_mark_stack_entries(uint64_t address_bytes_max);

/* marker.c: gives the other markers' memory back. */
void ol_heap_crew_destroy(struct ol_heap *heap);
/* For tests: the mark stacks and the pool hold no more than this many entries from now on, at
 * least 4. */
void ol_heap_limit_mark_stack(struct ol_heap *heap, uint64_t entry_count_max);

/* sweep.c: from here on all spans await sweeping, in which live_bytes are marked. */
void ol_heap_start_sweeping(struct ol_heap *heap, uint64_t live_bytes);
/* Sweeps spans until one of this class and kind has free objects, which is then the first of its
 * list; some at most. */
void ol_heap_sweep_for_refill(struct ol_heap *heap, unsigned class_kind);
/* Sweeps until page_count pages were given back, or all is swept. */
void ol_heap_reclaim(struct ol_heap *heap, uint64_t page_count);

/* roots.c */
uint32_t ol_heap_roots_max(uint64_t address_bytes_max);
static inline bool ol_heap_root_is_unused(uint64_t entry) {
	return entry & 1;
}
static inline void ol_heap_root_set(struct ol_heap *heap, ol_root root, void *object) {
	hot_assert(root < heap->roots.entry_count);
	hot_assert(!ol_heap_root_is_unused(heap->roots.entries[root]));
	heap->roots.entries[root] = (uint64_t)(uintptr_t)object;
}

#endif
