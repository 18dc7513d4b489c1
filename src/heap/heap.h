/* heap.h -- A garbage-collected heap: pages, size classes, spans, objects, roots.
 *
 * Mechanism only: when to collect is decided above (collector/), how far it may grow above that
 * (policy/). It knows no clock, no cgroup and no Lua, and never touches a slab's bytes.
 *
 * Glossary (Go's words where Go has one):
 *   page        8 KiB, the heap's own unit; not the system's page.
 *   chunk       512 pages, 4 MiB: the step in which the heap grows.
 *   arena       64 MiB of reserved address space.
 *   size class  one of 67 object sizes up to 32 KiB; larger objects get spans of their own.
 *   span        a run of pages that holds objects of one class and kind, or one large object.
 *   slab        an object of plain bytes, never scanned (Go: noscan).
 *   node        an object with reference slots, scanned, then payload bytes.
 *   root        an explicit reference from outside the heap; what roots reach is live.
 *   live        reachable from the roots. dead: not. garbage: dead and not yet swept.
 *   heap_live   Go's heapLive: bytes marked by the last cycle plus what was allocated since,
 *               with the free part of a span charged at once when a cache takes it.
 *   mark        find what is live. sweep: make what is dead reusable. scavenge: give free pages
 *               back to the system; they stay ours and are "released" until used again.
 *   mapped ready  everything mapped and not released: what the system may charge us for. */
#ifndef OL_HEAP_HEAP_H
#define OL_HEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hot_assert.h"
#include "memory/memory.h"

#define OL_HEAP_PAGE_BYTES        UINT64_C(8192)
#define OL_HEAP_CHUNK_PAGES       UINT64_C(512)
#define OL_HEAP_CHUNK_BYTES       (OL_HEAP_PAGE_BYTES * OL_HEAP_CHUNK_PAGES)
#define OL_HEAP_ARENA_BYTES       (UINT64_C(64) << 20)
#define OL_HEAP_SMALL_BYTES_MAX   UINT64_C(32768)
#define OL_HEAP_SLOTS_MAX         UINT32_C(0x1000000) /* Slots of one node. */
#define OL_HEAP_ADDRESS_BYTES_MAX (UINT64_C(8) << 40)
#define OL_HEAP_ROOTS_MAX         UINT32_C(0x4000000) /* Roots of one heap. */

struct ol_heap; /* Opaque: the fields are in heap_internal.h. */

/* The heap asks before it takes pages. Both may be NULL. */
struct ol_heap_hooks {
	void *context;
	/* A span of span_bytes is about to be taken from the page allocator; nothing was changed yet,
	 * and a collection may run inside. 0: go on. 1: look again for free objects, and if there are
	 * none ask once more, with attempt 1. A negative code refuses: the allocation fails with it. */
	int (*before_mapping)(
		void *context, uint64_t span_bytes, unsigned attempt, struct ol_error *error);
	/* Pages were picked; released_bytes of them hold no physical memory yet (fresh or scavenged)
	 * and will be charged when touched. ol_heap_scavenge and ol_heap_stats may be called inside,
	 * nothing else; as in Go, mapped_ready_bytes does not count released_bytes yet. */
	void (*before_commit)(void *context, uint64_t released_bytes);
};

/* Reserves address_bytes_max (a multiple of the arena size, 64 MiB, up to 8 TiB) of address space
 * for objects, and a ninth of that again for its tables (a quarter at 64 MiB); commits next to
 * nothing. */
int ol_heap_create(struct ol_memory *memory, uint64_t address_bytes_max, struct ol_heap **ret_heap,
	struct ol_error *error);
void ol_heap_destroy(struct ol_heap *heap); /* NULL is fine. */
void ol_heap_set_hooks(struct ol_heap *heap, const struct ol_heap_hooks *hooks);

/* A root's id: stays valid until released; ids of released roots are used again. */
typedef uint32_t ol_root;
#define OL_ROOT_NONE UINT32_MAX

/* An allocation: the object, its usable bytes (its size class or whole pages), and whether the
 * slow path was taken (a large object, or a cache was refilled): only then does Go test its
 * trigger. */
struct ol_allocation {
	void *object;
	uint64_t object_bytes;
	bool is_slow_path;
};

/* Slab: bytes from 1 to the heap's address space; contents undefined, pages perhaps not resident.
 * Node: slot_count slots, all empty, and payload_bytes of undefined payload behind them; a node of
 * neither is -EINVAL. -ENOMEM when address space is used up or the system refuses; then nothing
 * has changed. */
int ol_heap_allocate_slab(struct ol_heap *heap, uint64_t bytes,
	struct ol_allocation *ret_allocation, struct ol_error *error);
int ol_heap_allocate_node(struct ol_heap *heap, uint32_t slot_count, uint64_t payload_bytes,
	struct ol_allocation *ret_allocation, struct ol_error *error);

/* The quick way for small objects, one call: a new object that holder refers to, where a cache has
 * one at hand. NULL where it has not, and for every other request; then nothing has changed, and
 * one of the two above is to be asked. Never a slow path. */
void *ol_heap_quick_slab(struct ol_heap *heap, uint64_t bytes, ol_root holder);
void *ol_heap_quick_node(
	struct ol_heap *heap, uint32_t slot_count, uint64_t payload_bytes, ol_root holder);

/* Nodes. index is below ol_heap_slot_count. target is NULL or an object of this heap. */
uint32_t ol_heap_slot_count(const struct ol_heap *heap, const void *node);
void ol_heap_store(struct ol_heap *heap, void *node, uint32_t index, void *target);
/* Before the first store to a slot of a node above OL_HEAP_SMALL_BYTES_MAX, whose slots may not be
 * resident: see ol_memory_note_written. Only a pretended memory wants to know. */
void ol_heap_note_store(struct ol_heap *heap, void *node, uint32_t index);
/* A node's first word is its slot count, then come the slots, then the payload. That is told here
 * so that these two, of which a program needs many, cost no call. */
static inline void *ol_heap_load(const struct ol_heap *heap, const void *node, uint32_t index) {
	const uint64_t *words = (const uint64_t *)node;
	hot_assert(index < words[0]);
	(void)heap;
	return (void *)(uintptr_t)words[1 + index];
}
/* Where the payload begins. */
static inline void *ol_heap_payload(const struct ol_heap *heap, void *node) {
	uint64_t *words = (uint64_t *)node;
	hot_assert(words[0] <= OL_HEAP_SLOTS_MAX);
	(void)heap;
	return words + 1 + words[0];
}

/* What an address is. false if it is not the start of an allocated object of this heap. */
bool ol_heap_is_object(const struct ol_heap *heap, const void *address);
bool ol_heap_is_node(const struct ol_heap *heap, const void *object);
uint64_t ol_heap_object_bytes(const struct ol_heap *heap, const void *object);

/* Roots. */
int ol_heap_root_create(
	struct ol_heap *heap, void *object, ol_root *ret_root, struct ol_error *error);
void *ol_heap_root_load(const struct ol_heap *heap, ol_root root);
void ol_heap_root_store(struct ol_heap *heap, ol_root root, void *object);
void ol_heap_root_release(struct ol_heap *heap, ol_root root);

/* A collection, in the order of its calls. The whole of it at once, the world stopped:
 *   ol_heap_mark, ol_heap_sweep.
 * Or by steps, between which the program goes on:
 *   ol_heap_mark_begin, ol_heap_mark_some ..., ol_heap_mark_end, ol_heap_sweep_some ...
 * "World stopped" means that no other thread is in any function of this heap but
 * ol_heap_mark_some. */

/* What a marking found. */
struct ol_heap_marking {
	uint64_t marked_bytes;    /* Of all objects found, and of those allocated meanwhile. */
	uint64_t marked_objects;  /* Count. */
	uint64_t scan_work_bytes; /* Of the nodes scanned: slots, not payload. */
	uint64_t roots_bytes;     /* 8 for every root in use: G in Go's rule. */
};

/* Marks what the roots reach, without a step between. Never fails and never allocates from the
 * system beyond a mark stack that was reserved before and falls back to rescanning when full.
 * Flushes the span caches, as Go does at cycle start. Everything must have been swept. */
struct ol_heap_marking ol_heap_mark(struct ol_heap *heap);

/* Marker 0 is the program's own: its write barrier and its assists. Others belong to a thread
 * each; marking is atomic as soon as there are any. Before the first marking, or between two.
 * -ENOMEM. */
enum { OL_HEAP_MARKERS_MAX = 64 };
int ol_heap_set_marker_count(struct ol_heap *heap, unsigned marker_count, struct ol_error *error);

/* Starts marking, world stopped: flushes the caches and shades what the roots hold. Until
 * ol_heap_mark_end new objects are born black, and a store shades what it overwrites (Yuasa's
 * barrier: what was reachable at the start is found), so roots need no barrier. Everything must
 * have been swept. */
void ol_heap_mark_begin(struct ol_heap *heap);

/* The same in two parts, as Go, which scans a stack when its turn comes: between them the program
 * goes on, and what its roots let go of meanwhile is not found. Until the second a store also
 * shades what it writes (Go's barrier while a stack is grey). Both with the world stopped. */
void ol_heap_mark_prepare(struct ol_heap *heap);
void ol_heap_mark_roots(struct ol_heap *heap);

/* Scans for about work_bytes of slots (at least one object; at most one piece of a big node more)
 * and returns how many it scanned. 0 with *ret_is_idle: this marker found nothing to do, neither on
 * its own stack nor in what the others share. May run in several threads, a marker each, while the
 * program goes on. */
uint64_t ol_heap_mark_some(
	struct ol_heap *heap, unsigned marker, uint64_t work_bytes, bool *ret_is_idle);

/* Scan work done so far in this marking, bytes; from any thread. */
uint64_t ol_heap_mark_work_bytes(const struct ol_heap *heap);

/* World stopped, and no thread in ol_heap_mark_some: nothing is left to be marked. */
bool ol_heap_mark_is_done(const struct ol_heap *heap);

/* Ends a marking that is done, world stopped: flushes the caches; from here on the spans await
 * sweeping. Rescans first if a mark stack overflowed. */
struct ol_heap_marking ol_heap_mark_end(struct ol_heap *heap);

/* Frees what the last marking did not find. */
struct ol_heap_sweeping {
	uint64_t freed_bytes;
	uint64_t freed_objects; /* Count. */
	uint64_t freed_pages;   /* Whole spans given back to the page allocator, in pages. */
	uint64_t swept_pages;   /* Looked at. */
};
/* Everything that is left to be swept; nothing if all was. */
struct ol_heap_sweeping ol_heap_sweep(struct ol_heap *heap);
/* The next spans in the order of addresses, until swept_pages reaches page_count or all is swept.
 * Allocation sweeps too: a refill looks for a span with free objects among the next unswept ones
 * (at most 100, as Go) before it takes a new one; a large object first sweeps until it freed as
 * many pages as it wants (Go's reclaim). */
struct ol_heap_sweeping ol_heap_sweep_some(struct ol_heap *heap, uint64_t page_count);

/* How many bytes a span of span_bytes would take, where the allocator would put it now, that hold
 * no physical memory yet. Changes nothing. */
uint64_t ol_heap_growth_bytes(const struct ol_heap *heap, uint64_t span_bytes);

/* Counts reachable bytes without collecting: nothing but the count comes of it. Only between
 * collections: see ol_heap_is_idle. */
uint64_t ol_heap_count_reachable_bytes(struct ol_heap *heap);

/* Neither marking nor sweeping is under way. */
bool ol_heap_is_idle(const struct ol_heap *heap);

/* Gives up to bytes of free, resident pages back to the system, highest addresses first, as Go
 * does, rounded up to pages. Returns how many bytes. UINT64_MAX for all. */
uint64_t ol_heap_scavenge(struct ol_heap *heap, uint64_t bytes);

/* Counters, all in bytes unless they say otherwise; Go's MemStats can be made of them. */
struct ol_heap_stats {
	uint64_t mallocs_count;
	uint64_t frees_count;
	uint64_t allocated_bytes;       /* Objects allocated and not swept: Go's HeapAlloc. */
	uint64_t allocated_total_bytes; /* Objects allocated so far: Go's TotalAlloc. */
	uint64_t inuse_bytes;           /* Spans in use: HeapInuse. */
	uint64_t free_bytes;            /* Free and resident: heapFree. */
	uint64_t released_bytes; /* Free and not resident: HeapReleased. Fresh growth counts here. */
	uint64_t live_bytes;     /* heap_live, see the glossary. */
	uint64_t scan_bytes;     /* Go's heapScan: scannable bytes found by the last mark plus those of
							  * nodes allocated since. */
	uint64_t metadata_bytes; /* The heap's own tables, as far as they were written to. */
	uint64_t mapped_ready_bytes; /* inuse + free + metadata. */
	uint64_t roots_count;
	uint64_t roots_bytes;
	uint64_t unswept_bytes; /* Spans that await sweeping. */
};
struct ol_heap_stats ol_heap_stats(const struct ol_heap *heap);
/* Of the statistics live_bytes alone, which every slow path asks for. */
uint64_t ol_heap_live_bytes(const struct ol_heap *heap);

/* Walks everything and checks every invariant: page map against bitmaps, spans against pages,
 * counters against what is there, mark bits, free lists, slots and roots against objects. 0, or
 * -EINVAL with the first violation named. */
int ol_heap_check(struct ol_heap *heap, struct ol_error *error);

/* The size class table, for tests and docs: class 1 to 67. */
uint64_t ol_heap_size_class_bytes(unsigned size_class);
uint64_t ol_heap_size_class_span_bytes(unsigned size_class);
enum { OL_HEAP_SIZE_CLASSES = 68 }; /* Class 0 stands for large objects. */

#endif
