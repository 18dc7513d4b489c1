/* mark_cycle.c -- A marking from its roots to its end: at once, by steps, or only to count. */
#include <assert.h>

#include "heap/heap_internal.h"

uint64_t ol_heap_mark_stack_entries(uint64_t address_bytes_max) {
	/* One reference for every 128 bytes; a stack seldom holds more than a small part of the heap.
	 */
	assert(address_bytes_max >= OL_HEAP_ARENA_BYTES);
	return address_bytes_max / 128;
}

static bool is_marked(const struct ol_heap *heap, uint64_t object) {
	const void *address = (const void *)(uintptr_t)object;
	assert(ol_heap_holds(heap, address));
	const struct ol_heap_span *span = ol_heap_span_at(heap, ol_heap_span_index(heap, address));
	uint32_t index = ol_heap_object_index(span, (uint64_t)((const char *)address - span->base));
	assert(index < span->object_count);
	return ol_heap_span_has_mark(span, index);
}

/* Pushes the unmarked targets of a marked node, marking whenever the stack is full. */
static void rescan_node(struct ol_heap *heap, const void *node) {
	struct ol_heap_stack *stack = &heap->marker.stack;
	uint64_t slot_count = ol_heap_node_slots(node);
	assert(stack->entry_count == 0);
	for (uint64_t i = 0; i < slot_count; i++) {
		uint64_t target = *ol_heap_node_slot(node, i);
		if (target == 0 || is_marked(heap, target))
			continue;
		if (!ol_heap_stack_has_room(stack, 1))
			ol_heap_drain(heap);
		ol_heap_stack_push(stack, target);
	}
	ol_heap_drain(heap);
	assert(stack->entry_count == 0);
}

/* Looks at all marked nodes again. */
static void rescan(struct ol_heap *heap) {
	assert(heap->marker.stack.entry_count == 0);
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

/* Rescans until no stack overflowed. */
static void find_what_was_lost(struct ol_heap *heap) {
	struct ol_heap_marker *marker = &heap->marker;
	assert(marker->stack.entry_count == 0);
	while (marker->has_overflowed) {
		marker->has_overflowed = false;
		marker->stack.is_refused = false;
		rescan(heap);
	}
	assert(marker->stack.entry_count == 0);
}

/* Pushes what the roots hold. Where the stack is full: marks all that it leads to, or, in a
 * marking by steps, only what the root holds itself. */
static void push_roots(struct ol_heap *heap) {
	const struct ol_heap_roots *roots = &heap->roots;
	struct ol_heap_stack *stack = &heap->marker.stack;
	assert(roots->used_count <= roots->entry_count);
	assert(stack->entry_count == 0 || heap->phase == OL_HEAP_PHASE_MARKING);
	for (uint32_t root = 0; root < roots->entry_count; root++) {
		uint64_t entry = roots->entries[root];
		if (entry == 0 || ol_heap_root_is_unused(entry))
			continue;
		if (!ol_heap_stack_has_room(stack, 1)) {
			if (heap->phase == OL_HEAP_PHASE_MARKING) {
				ol_heap_shade(heap, (const void *)(uintptr_t)entry);
				continue;
			}
			ol_heap_drain(heap);
		}
		ol_heap_stack_push(stack, entry);
	}
	ol_heap_stack_note_peak(stack, stack->entry_count);
}

static void prepare_marker(struct ol_heap_marker *marker, struct ol_heap_pool *pool) {
	assert(marker->stack.entry_count == 0);
	assert(pool == NULL || pool->waiting_count == 0);
	marker->stack.entry_count_peak = 0;
	marker->stack.is_refused = false;
	marker->pool = pool;
	marker->work_bytes = 0;
	marker->has_overflowed = false;
	marker->marking = (struct ol_heap_marking){ 0 };
}

struct ol_heap_marking ol_heap_mark_reachable(struct ol_heap *heap) {
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	struct ol_heap_marker *marker = &heap->marker;
	prepare_marker(marker, NULL);
	marker->marking.roots_bytes = heap->roots.used_count * sizeof(uint64_t);
	push_roots(heap);
	ol_heap_drain(heap);
	find_what_was_lost(heap);
	ol_heap_stack_shrink(&marker->stack);
	assert(marker->marking.marked_bytes <= heap->allocated_bytes);
	return marker->marking;
}

static void start_sweeping(struct ol_heap *heap, const struct ol_heap_marking *marking) {
	assert(marking->marked_bytes <= heap->allocated_bytes);
	heap->live_bytes = marking->marked_bytes;
	heap->scan_bytes = marking->scan_work_bytes;
	ol_heap_start_sweeping(heap, marking->marked_bytes);
}

struct ol_heap_marking ol_heap_mark(struct ol_heap *heap) {
	assert(!heap->is_committing);
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	ol_heap_flush_caches(heap, false);
	struct ol_heap_marking marking = ol_heap_mark_reachable(heap);
	start_sweeping(heap, &marking);
	return marking;
}

void ol_heap_mark_prepare(struct ol_heap *heap) {
	assert(!heap->is_committing);
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	ol_heap_flush_caches(heap, true);
	struct ol_heap_pool *pool = heap->crew != NULL ? &heap->crew->pool : NULL;
	for (unsigned i = 0; i < heap->marker_count; i++)
		prepare_marker(ol_heap_marker_at(heap, i), pool);
	if (pool != NULL) {
		pool->stack.entry_count_peak = 0;
		pool->stack.is_refused = false;
	}
	heap->mallocs_count_begin = heap->mallocs_count;
	heap->allocated_bytes_begin = heap->allocated_bytes;
	heap->has_grey_roots = true;
	heap->phase = OL_HEAP_PHASE_MARKING;
}

void ol_heap_mark_roots(struct ol_heap *heap) {
	assert(heap->phase == OL_HEAP_PHASE_MARKING);
	assert(heap->has_grey_roots);
	heap->has_grey_roots = false;
	heap->marker.marking.roots_bytes = heap->roots.used_count * sizeof(uint64_t);
	push_roots(heap);
	ol_heap_marker_publish(&heap->marker);
}

void ol_heap_mark_begin(struct ol_heap *heap) {
	ol_heap_mark_prepare(heap);
	ol_heap_mark_roots(heap);
}

uint64_t ol_heap_mark_work_bytes(const struct ol_heap *heap) {
	uint64_t work_bytes = __atomic_load_n(&heap->marker.work_bytes, __ATOMIC_RELAXED);
	assert(heap->marker_count >= 1);
	assert(heap->marker_count == 1 || heap->crew != NULL);
	for (unsigned i = 0; i + 1 < heap->marker_count; i++)
		work_bytes += __atomic_load_n(&heap->crew->markers[i].work_bytes, __ATOMIC_RELAXED);
	return work_bytes;
}

bool ol_heap_mark_is_done(const struct ol_heap *heap) {
	assert(heap->phase == OL_HEAP_PHASE_MARKING);
	bool is_done = heap->marker.stack.entry_count == 0 && !heap->has_grey_roots;
	for (unsigned i = 0; i + 1 < heap->marker_count; i++)
		is_done &= heap->crew->markers[i].stack.entry_count == 0;
	assert(heap->marker_count == 1 || heap->crew != NULL);
	return is_done && (heap->crew == NULL || heap->crew->pool.stack.entry_count == 0);
}

/* What the other markers found becomes the program's; from here on it marks alone. */
static void collect_crew(struct ol_heap *heap) {
	struct ol_heap_marker *own = &heap->marker;
	own->pool = NULL;
	if (heap->crew == NULL)
		return;
	for (unsigned i = 0; i + 1 < heap->marker_count; i++) {
		struct ol_heap_marker *other = &heap->crew->markers[i];
		assert(other->stack.entry_count == 0);
		own->marking.marked_bytes += other->marking.marked_bytes;
		own->marking.marked_objects += other->marking.marked_objects;
		own->marking.scan_work_bytes += other->marking.scan_work_bytes;
		own->has_overflowed |= other->has_overflowed;
		other->pool = NULL;
		ol_heap_stack_shrink(&other->stack);
	}
	assert(heap->crew->pool.waiting_count == 0);
	ol_heap_stack_shrink(&heap->crew->pool.stack);
}

struct ol_heap_marking ol_heap_mark_end(struct ol_heap *heap) {
	assert(!heap->is_committing);
	assert(ol_heap_mark_is_done(heap));
	/* First: what a cache has not handed out is marked, but no object that may be scanned. */
	ol_heap_flush_caches(heap, false);
	collect_crew(heap);
	find_what_was_lost(heap);
	ol_heap_stack_shrink(&heap->marker.stack);
	struct ol_heap_marking marking = heap->marker.marking;
	marking.marked_objects += heap->mallocs_count - heap->mallocs_count_begin;
	marking.marked_bytes += heap->allocated_bytes - heap->allocated_bytes_begin;
	start_sweeping(heap, &marking);
	return marking;
}

uint64_t ol_heap_count_reachable_bytes(struct ol_heap *heap) {
	assert(!heap->is_committing);
	assert(heap->phase == OL_HEAP_PHASE_IDLE);
	struct ol_heap_marking marking = ol_heap_mark_reachable(heap);
	uint64_t page = 0;
	for (uint32_t index; (index = ol_heap_next_span(heap, &page)) != 0;) {
		struct ol_heap_span *span = ol_heap_span_at(heap, index);
		for (unsigned word = 0; word < span->word_count; word++)
			span->words[word] = 0;
	}
	return marking.marked_bytes;
}
