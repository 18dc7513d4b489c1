/* mark.c -- Finds what the roots reach: a mark stack, and a short queue that fetches ahead.
 *
 * Every reference found goes onto the stack, marked or not. What is popped waits in a queue of a
 * few entries while the cache lines it needs are on their way: its span, the span's mark bits and
 * the object itself. By the time it leaves the queue, looking at it costs no miss (Cher, Hosking,
 * Vitek, "Software prefetching for mark-sweep garbage collection", ASPLOS 2004; Garner, Blackburn,
 * Frampton, "Effective prefetch for mark-sweep garbage collection", ISMM 2007).
 *
 * A full stack loses references, never the marking: marked nodes are scanned again for unmarked
 * targets until the stack did not overflow. */
#include <assert.h>

#include "heap/heap_internal.h"

enum {
	AHEAD_MAX = 32,   /* References on their way into the cache; a power of two. */
	PIECE_SLOTS = 256 /* Slots of a big node that are scanned at once. */
};

/* A reference and its span, which were asked for. */
struct ahead {
	char *object;
	struct ol_heap_span *span;
};

uint64_t ol_heap_mark_stack_entries(uint64_t address_bytes_max) {
	/* One reference for every 128 bytes; a stack seldom holds more than a small part of the heap.
	 */
	assert(address_bytes_max >= OL_HEAP_ARENA_BYTES);
	uint64_t entry_count = address_bytes_max / 128;
	assert(entry_count >= PIECE_SLOTS + 2);
	return entry_count;
}

void ol_heap_limit_mark_stack(struct ol_heap *heap, uint64_t entry_count_max) {
	assert(entry_count_max >= 4);
	assert(heap->marker.entry_count == 0);
	heap->marker.entry_count_max = entry_count_max;
	if (heap->marker.entry_count_committed > entry_count_max)
		heap->marker.entry_count_committed = entry_count_max;
}

/* Room for count more entries, after committing more of the stack if need be. */
static __attribute__((noinline)) bool make_room(struct ol_heap_marker *marker, uint64_t count) {
	uint64_t wanted_count = marker->entry_count + count;
	assert(marker->entry_count <= marker->entry_count_committed);
	if (wanted_count <= marker->entry_count_committed)
		return true;
	/* After one refusal this round makes do with what there is. */
	if (marker->has_overflowed || wanted_count > marker->entry_count_max)
		return false;
	uint64_t committed_count = 2 * marker->entry_count_committed;
	if (committed_count < wanted_count)
		committed_count = wanted_count;
	if (committed_count > marker->entry_count_max)
		committed_count = marker->entry_count_max;
	if (ol_heap_region_commit(&marker->region, committed_count * sizeof(uint64_t), NULL) < 0)
		return false;
	marker->entry_count_committed = committed_count;
	assert(wanted_count <= marker->entry_count_committed);
	return true;
}

static inline bool has_room(struct ol_heap_marker *marker, uint64_t count) {
	return marker->entry_count + count <= marker->entry_count_committed || make_room(marker, count);
}

static inline void push(struct ol_heap_marker *marker, uint64_t entry) {
	assert(marker->entry_count < marker->entry_count_committed);
	marker->stack[marker->entry_count++] = entry;
}

/* The stack is full: what fits goes onto it, the rest is found by the rescan. */
static __attribute__((noinline)) void push_what_fits(
	struct ol_heap_marker *marker, const uint64_t *slots, uint64_t count) {
	assert(count > 0);
	marker->has_overflowed = true;
	for (uint64_t i = 0; i < count && has_room(marker, 1); i++) {
		if (slots[i] != 0)
			push(marker, slots[i]);
	}
	assert(marker->entry_count <= marker->entry_count_committed);
}

/* Pushes what count slots hold; there is room. Returns the new top. */
static inline uint64_t *push_slots(uint64_t *top, const uint64_t *slots, uint64_t count) {
	for (uint64_t i = 0; i < count; i++) {
		/* An empty slot is written and then overwritten: cheaper than a branch. */
		*top = slots[i];
		top += slots[i] != 0;
	}
	return top;
}

/* Scans the next slots of a node, or as many as are done at once, having noted where to go on.
 * Also for small nodes when the stack is nearly full. */
static __attribute__((noinline)) void scan_piece(
	struct ol_heap_marker *marker, const void *node, uint64_t first) {
	uint64_t slot_count = ol_heap_node_slots(node);
	assert(first < slot_count);
	uint64_t count = slot_count - first;
	if (count > PIECE_SLOTS) {
		count = PIECE_SLOTS;
		if (has_room(marker, 2)) {
			push(marker, first + count);
			push(marker, (uint64_t)(uintptr_t)node | 1);
		} else {
			marker->has_overflowed = true;
		}
	}
	assert(count > 0);
	const uint64_t *slots = ol_heap_node_slot(node, first);
	if (has_room(marker, count)) {
		uint64_t *top = marker->stack + marker->entry_count;
		marker->entry_count = (uint64_t)(push_slots(top, slots, count) - marker->stack);
	} else {
		push_what_fits(marker, slots, count);
	}
}

/* Sends for what marking a reference will look at: its span's first line, and the object's header
 * with its first slots, which may begin in one line and end in the next. */
static inline struct ahead send_for(const struct ol_heap *heap, uint64_t entry) {
	char *object = (char *)(uintptr_t)entry;
	assert(ol_heap_holds(heap, object));
	struct ol_heap_span *span = ol_heap_span_at(heap, ol_heap_span_index(heap, object));
	__builtin_prefetch(span, 1);
	__builtin_prefetch(object);
	__builtin_prefetch(object + OL_HEAP_NODE_HEADER_BYTES + sizeof(uint64_t));
	return (struct ahead){ object, span };
}

/* Returns how many slots are to be scanned: 0 if it was marked before, or is a slab. */
static inline uint64_t mark_object(struct ahead ahead, struct ol_heap_marking *found) {
	struct ol_heap_span *span = ahead.span;
	uint32_t index = ol_heap_object_index(span, (uint64_t)(ahead.object - span->base));
	assert(index < span->object_count);
	uint64_t bit = UINT64_C(1) << (index % 64);
	if (span->words[index / 64] & bit)
		return 0;
	span->words[index / 64] |= bit;
	unsigned size_class = ol_heap_span_size_class(span);
	found->marked_objects++;
	/* A small object's size is in a table that is at hand; a span's own field is a line away. */
	found->marked_bytes += __builtin_expect(size_class != 0, 1)
							   ? ol_heap_size_classes[size_class].object_bytes
							   : span->object_bytes;
	if (!ol_heap_span_is_node(span))
		return 0;
	uint64_t slot_count = ol_heap_node_slots(ahead.object);
	assert(slot_count <= OL_HEAP_SLOTS_MAX);
	found->scan_work_bytes += slot_count * sizeof(uint64_t);
	return slot_count;
}

static void note_found(struct ol_heap_marking *sum, const struct ol_heap_marking *found) {
	sum->marked_objects += found->marked_objects;
	sum->marked_bytes += found->marked_bytes;
	sum->scan_work_bytes += found->scan_work_bytes;
	assert(sum->marked_bytes >= sum->marked_objects);
	assert(sum->scan_work_bytes <= sum->marked_bytes);
}

/* Marks until the stack is empty. The top of the stack is kept in a register; only the way around
 * full stacks and big nodes goes through the marker's fields. */
static void drain(struct ol_heap *heap) {
	struct ol_heap_marker *marker = &heap->marker;
	uint64_t *stack = marker->stack;
	uint64_t *top = stack + marker->entry_count;
	uint64_t *end = stack + marker->entry_count_committed;
	uint64_t *peak = top;
	struct ol_heap_marking found = { 0 };
	struct ahead queue[AHEAD_MAX];
	unsigned first = 0;
	unsigned count = 0;
	for (;;) {
		const void *node = NULL;
		uint64_t slot = 0;
		while (count < AHEAD_MAX && top > stack && node == NULL) {
			uint64_t entry = *--top;
			if (__builtin_expect(entry & 1, 0)) {
				assert(top > stack);
				node = (const void *)(uintptr_t)(entry & ~UINT64_C(1));
				slot = *--top;
			} else {
				queue[(first + count++) % AHEAD_MAX] = send_for(heap, entry);
			}
		}
		if (node == NULL) {
			if (count == 0)
				break;
			struct ahead next = queue[first++ % AHEAD_MAX];
			count--;
			uint64_t slot_count = mark_object(next, &found);
			if (__builtin_expect(slot_count <= PIECE_SLOTS, 1) &&
				__builtin_expect(slot_count <= (uint64_t)(end - top), 1)) {
				top = push_slots(top, ol_heap_node_slot(next.object, 0), slot_count);
				peak = top > peak ? top : peak;
				continue;
			}
			node = next.object;
		}
		marker->entry_count = (uint64_t)(top - stack);
		scan_piece(marker, node, slot);
		top = stack + marker->entry_count;
		peak = top > peak ? top : peak;
		end = stack + marker->entry_count_committed;
	}
	marker->entry_count = 0;
	if ((uint64_t)(peak - stack) > marker->entry_count_peak)
		marker->entry_count_peak = (uint64_t)(peak - stack);
	note_found(&marker->marking, &found);
}

static bool is_marked(const struct ol_heap *heap, uint64_t object) {
	const void *address = (const void *)(uintptr_t)object;
	assert(ol_heap_holds(heap, address));
	const struct ol_heap_span *span = ol_heap_span_at(heap, ol_heap_span_index(heap, address));
	uint32_t index = ol_heap_object_index(span, (uint64_t)((const char *)address - span->base));
	assert(index < span->object_count);
	return span->words[index / 64] >> (index % 64) & 1;
}

/* Pushes the unmarked targets of a marked node, marking whenever the stack is full. */
static void rescan_node(struct ol_heap *heap, const void *node) {
	struct ol_heap_marker *marker = &heap->marker;
	uint64_t slot_count = ol_heap_node_slots(node);
	assert(marker->entry_count == 0);
	for (uint64_t i = 0; i < slot_count; i++) {
		uint64_t target = *ol_heap_node_slot(node, i);
		if (target == 0 || is_marked(heap, target))
			continue;
		if (!has_room(marker, 1))
			drain(heap);
		push(marker, target);
	}
	drain(heap);
	assert(marker->entry_count == 0);
}

/* Looks at all marked nodes again. */
static void rescan(struct ol_heap *heap) {
	assert(heap->marker.entry_count == 0);
	heap->marker.rescan_count++;
	uint64_t page = 0;
	for (uint32_t index; (index = ol_heap_next_span(heap, &page)) != 0;) {
		const struct ol_heap_span *span = ol_heap_span_at(heap, index);
		assert(ol_heap_span_is_used(span));
		if (!ol_heap_span_is_node(span))
			continue;
		for (unsigned word = 0; word < span->word_count; word++) {
			/* Objects of this word that get marked meanwhile have been scanned already. */
			uint64_t marked = span->words[word];
			for (; marked != 0; marked &= marked - 1) {
				unsigned bit = (unsigned)__builtin_ctzll(marked);
				rescan_node(heap, span->base + (word * 64 + bit) * span->object_bytes);
			}
		}
	}
}

static void mark_roots(struct ol_heap *heap) {
	const struct ol_heap_roots *roots = &heap->roots;
	assert(roots->used_count <= roots->entry_count);
	assert(heap->marker.entry_count == 0);
	for (uint32_t root = 0; root < roots->entry_count; root++) {
		uint64_t entry = roots->entries[root];
		if (entry == 0 || ol_heap_root_is_unused(entry))
			continue;
		if (!has_room(&heap->marker, 1))
			drain(heap);
		push(&heap->marker, entry);
	}
	drain(heap);
}

/* Keeps one step of the stack and gives the rest of what was touched back to the system. */
static void shrink_stack(struct ol_heap_marker *marker) {
	uint64_t touched_bytes = marker->entry_count_peak * sizeof(uint64_t);
	assert(touched_bytes <= marker->region.committed_bytes);
	if (touched_bytes > OL_HEAP_STEP_BYTES) {
		marker->region.memory->ops->release(marker->region.memory,
			marker->region.address + OL_HEAP_STEP_BYTES,
			ol_heap_region_bytes(touched_bytes) - OL_HEAP_STEP_BYTES);
		touched_bytes = OL_HEAP_STEP_BYTES;
	}
	if (touched_bytes > marker->kept_bytes)
		marker->kept_bytes = touched_bytes;
	assert(marker->kept_bytes <= OL_HEAP_STEP_BYTES);
}

struct ol_heap_marking ol_heap_mark_reachable(struct ol_heap *heap) {
	struct ol_heap_marker *marker = &heap->marker;
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	assert(marker->entry_count == 0);
	marker->marking = (struct ol_heap_marking){
		.roots_bytes = heap->roots.used_count * sizeof(uint64_t),
	};
	marker->entry_count_peak = 0;
	marker->has_overflowed = false;
	mark_roots(heap);
	while (marker->has_overflowed) {
		marker->has_overflowed = false;
		rescan(heap);
	}
	shrink_stack(marker);
	return marker->marking;
}

struct ol_heap_marking ol_heap_mark(struct ol_heap *heap) {
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	ol_heap_flush_caches(heap);
	struct ol_heap_marking marking = ol_heap_mark_reachable(heap);
	assert(marking.marked_bytes <= heap->allocated_bytes);
	heap->live_bytes = marking.marked_bytes;
	heap->scan_bytes = marking.scan_work_bytes;
	heap->phase = OL_HEAP_PHASE_MARKED;
	return marking;
}

uint64_t ol_heap_count_reachable_bytes(struct ol_heap *heap) {
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	struct ol_heap_marking marking = ol_heap_mark_reachable(heap);
	uint64_t page = 0;
	for (uint32_t index; (index = ol_heap_next_span(heap, &page)) != 0;) {
		struct ol_heap_span *span = ol_heap_span_at(heap, index);
		for (unsigned word = 0; word < span->word_count; word++)
			span->words[word] = 0;
	}
	assert(marking.marked_bytes <= heap->allocated_bytes);
	return marking.marked_bytes;
}
