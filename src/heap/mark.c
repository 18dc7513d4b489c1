/* mark.c -- Marks what a stack leads to, with a short queue that fetches ahead.
 *
 * Every reference found goes onto the stack, marked or not. What is popped waits in a queue of a
 * few entries while the cache lines it needs are on their way: its span, the span's mark bits and
 * the object itself. By the time it leaves the queue, looking at it costs no miss (Cher, Hosking,
 * Vitek, "Software prefetching for mark-sweep garbage collection", ASPLOS 2004; Garner, Blackburn,
 * Frampton, "Effective prefetch for mark-sweep garbage collection", ISMM 2007).
 *
 * A full stack loses references that a marked node holds, never the marking: mark_cycle.c scans
 * marked nodes again. What nobody may hold any more, because it came from a root or out of an
 * overwritten slot, is marked before it could get lost. */
#include <assert.h>

#include "base/hot_assert.h"
#include "heap/heap_internal.h"

enum {
	AHEAD_MAX = 32,    /* References on their way into the cache; a power of two. */
	PIECE_SLOTS = 256, /* Slots of a big node that are scanned at once. */
	SHARE_MIN = 16,    /* Entries that are worth sharing. */
	SHARE_MAX = 512    /* Entries that are given away at once. */
};

/* A reference and its span, which were asked for. */
struct ahead {
	char *object;
	struct ol_heap_span *span;
};

/* The stack is full: what fits goes onto it, the rest is found by the rescan. */
static __attribute__((noinline)) void push_what_fits(
	struct ol_heap_marker *marker, const uint64_t *slots, uint64_t count) {
	struct ol_heap_stack *stack = &marker->stack;
	assert(count > 0);
	marker->has_overflowed = true;
	for (uint64_t i = 0; i < count && ol_heap_stack_has_room(stack, 1); i++) {
		uint64_t target = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);
		if (target != 0)
			ol_heap_stack_push(stack, target);
	}
	assert(stack->entry_count <= stack->entry_count_committed);
}

/* Pushes what count slots hold; there is room. Returns the new top. */
static inline uint64_t *push_slots(uint64_t *top, const uint64_t *slots, uint64_t count) {
	for (uint64_t i = 0; i < count; i++) {
		uint64_t target = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);
		/* An empty slot is written and then overwritten: cheaper than a branch. */
		*top = target;
		top += target != 0;
	}
	return top;
}

/* Among several markers, a full stack gives to the pool before it loses anything. */
static bool has_room(struct ol_heap_marker *marker, uint64_t count) {
	struct ol_heap_stack *stack = &marker->stack;
	assert(stack->entry_count <= stack->entry_count_committed);
	if (ol_heap_stack_has_room(stack, count))
		return true;
	return marker->pool != NULL && ol_heap_marker_give(marker, (stack->entry_count + 1) / 2) &&
		   ol_heap_stack_has_room(stack, count);
}

static bool push_node(struct ol_heap_marker *marker, const void *node, uint64_t first) {
	assert(first % PIECE_SLOTS == 0);
	if (!has_room(marker, 2)) {
		marker->has_overflowed = true;
		return false;
	}
	ol_heap_stack_push(&marker->stack, first);
	ol_heap_stack_push(&marker->stack, (uint64_t)(uintptr_t)node | 1);
	return true;
}

/* Scans the next slots of a node, or as many as are done at once, having noted where to go on.
 * Also for small nodes when the stack is nearly full. Returns how many. */
static __attribute__((noinline)) uint64_t scan_piece(
	struct ol_heap_marker *marker, const void *node, uint64_t first) {
	uint64_t slot_count = ol_heap_node_slots(node);
	assert(first < slot_count);
	uint64_t count = slot_count - first;
	if (count > PIECE_SLOTS) {
		count = PIECE_SLOTS;
		(void)push_node(marker, node, first + count);
	}
	assert(count > 0);
	const uint64_t *slots = ol_heap_node_slot(node, first);
	struct ol_heap_stack *stack = &marker->stack;
	if (has_room(marker, count)) {
		uint64_t *top = stack->entries + stack->entry_count;
		stack->entry_count = (uint64_t)(push_slots(top, slots, count) - stack->entries);
	} else {
		push_what_fits(marker, slots, count);
	}
	return count;
}

/* Sends for what marking a reference will look at: its span's first line, and the object's header
 * with its first slots, which may begin in one line and end in the next. */
static inline struct ahead send_for(const struct ol_heap *heap, uint64_t entry) {
	char *object = (char *)(uintptr_t)entry;
	hot_assert(entry - (uint64_t)(uintptr_t)heap->pages.base < heap->address_bytes_max);
	struct ol_heap_span *span = ol_heap_span_at(heap, ol_heap_span_index(heap, object));
	__builtin_prefetch(span, 1);
	__builtin_prefetch(object);
	__builtin_prefetch(object + OL_HEAP_NODE_HEADER_BYTES + sizeof(uint64_t));
	return (struct ahead){ object, span };
}

/* false if it was set before. */
static inline bool set_mark(struct ol_heap_span *span, uint32_t index, bool is_atomic) {
	hot_assert(index < span->object_count);
	uint64_t *word = &span->words[index / 64];
	uint64_t bit = UINT64_C(1) << (index % 64);
	if (!is_atomic) {
		if (*word & bit)
			return false;
		*word |= bit;
		return true;
	}
	/* Most objects that are found again were marked long ago: a look is cheaper than a lock. */
	if (__atomic_load_n(word, __ATOMIC_RELAXED) & bit)
		return false;
	return (__atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit) == 0;
}

/* Returns how many slots are to be scanned: 0 if it was marked before, or is a slab. */
static inline uint64_t mark_object(
	struct ahead ahead, struct ol_heap_marking *found, bool is_atomic) {
	struct ol_heap_span *span = ahead.span;
	uint32_t index = ol_heap_object_index(span, (uint64_t)(ahead.object - span->base));
	if (!set_mark(span, index, is_atomic))
		return 0;
	unsigned size_class = ol_heap_span_size_class(span);
	found->marked_objects++;
	/* A small object's size is in a table that is at hand; a span's own field is a line away. */
	found->marked_bytes += __builtin_expect(size_class != 0, 1)
							   ? ol_heap_size_classes[size_class].object_bytes
							   : span->object_bytes;
	if (!ol_heap_span_is_node(span))
		return 0;
	uint64_t slot_count = ol_heap_node_slots(ahead.object);
	hot_assert(slot_count <= OL_HEAP_SLOTS_MAX);
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

/* Among several markers: somebody may have nothing to do. */
static inline bool should_share(const struct ol_heap_marker *marker, uint64_t entry_count) {
	return entry_count >= SHARE_MIN && ol_heap_pool_is_empty(marker->pool);
}

static __attribute__((noinline)) void share(struct ol_heap_marker *marker) {
	uint64_t entry_count = marker->stack.entry_count / 2;
	assert(entry_count > 0);
	(void)ol_heap_marker_give(marker, entry_count < SHARE_MAX ? entry_count : SHARE_MAX);
	assert(marker->stack.entry_count > 0);
}

/* What a bounded drain may still do, and what it did. */
struct budget {
	uint64_t left_bytes;
	uint64_t scanned_count; /* Slots. */
};

/* Every slot scanned takes its 8 bytes; every reference looked at takes one, so that slabs and
 * what was marked before cannot make a step endless. */
static inline void spend(struct budget *budget, uint64_t slot_count) {
	uint64_t bytes = 1 + slot_count * sizeof(uint64_t);
	budget->left_bytes = budget->left_bytes > bytes ? budget->left_bytes - bytes : 0;
	budget->scanned_count += slot_count;
}

/* Marks until the stack is empty or, bounded, the budget is used up. The top of the stack is kept
 * in a register; only the way around full stacks, big nodes and sharing goes through the marker's
 * fields. */
static inline __attribute__((always_inline)) void drain(struct ol_heap *heap,
	struct ol_heap_marker *marker, struct budget *budget, bool is_bounded, bool is_atomic) {
	uint64_t *stack = marker->stack.entries;
	uint64_t *top = stack + marker->stack.entry_count;
	uint64_t *end = stack + marker->stack.entry_count_committed;
	uint64_t *peak = top;
	struct ol_heap_marking found = { 0 };
	struct ahead queue[AHEAD_MAX];
	unsigned first = 0;
	unsigned count = 0;
	for (;;) {
		const void *node = NULL;
		uint64_t slot = 0;
		bool is_closing = is_bounded && budget->left_bytes == 0;
		/* What waits goes back onto the stack; what finds no room there is worked off. */
		if (is_closing && count <= (uint64_t)(end - top))
			break;
		while (!is_closing && count < AHEAD_MAX && top > stack && node == NULL) {
			uint64_t entry = *--top;
			if (__builtin_expect(entry & 1, 0)) {
				hot_assert(top > stack);
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
			uint64_t slot_count = mark_object(next, &found, is_atomic);
			if (__builtin_expect(slot_count <= PIECE_SLOTS, 1) &&
				__builtin_expect(slot_count <= (uint64_t)(end - top), 1)) {
				top = push_slots(top, ol_heap_node_slot(next.object, 0), slot_count);
				peak = top > peak ? top : peak;
				if (is_bounded)
					spend(budget, slot_count);
				if (!is_atomic || !should_share(marker, (uint64_t)(top - stack)))
					continue;
			} else {
				node = next.object;
			}
		}
		marker->stack.entry_count = (uint64_t)(top - stack);
		if (node == NULL)
			share(marker);
		else
			spend(budget, scan_piece(marker, node, slot));
		top = stack + marker->stack.entry_count;
		peak = top > peak ? top : peak;
		end = stack + marker->stack.entry_count_committed;
	}
	while (count > 0)
		*top++ = (uint64_t)(uintptr_t)queue[(first + --count) % AHEAD_MAX].object;
	peak = top > peak ? top : peak;
	marker->stack.entry_count = (uint64_t)(top - stack);
	ol_heap_stack_note_peak(&marker->stack, (uint64_t)(peak - stack));
	note_found(&marker->marking, &found);
}

void ol_heap_drain(struct ol_heap *heap) {
	struct budget budget = { 0 };
	assert(heap->marker.pool == NULL);
	drain(heap, &heap->marker, &budget, false, false);
	assert(heap->marker.stack.entry_count == 0);
}

static __attribute__((noinline)) void drain_alone(
	struct ol_heap *heap, struct ol_heap_marker *marker, struct budget *budget) {
	drain(heap, marker, budget, true, false);
}

static __attribute__((noinline)) void drain_among_others(
	struct ol_heap *heap, struct ol_heap_marker *marker, struct budget *budget) {
	drain(heap, marker, budget, true, true);
}

uint64_t ol_heap_mark_some(
	struct ol_heap *heap, unsigned index, uint64_t work_bytes, bool *ret_is_idle) {
	assert(heap->phase == OL_HEAP_PHASE_MARKING);
	assert(index < heap->marker_count);
	struct ol_heap_marker *marker = ol_heap_marker_at(heap, index);
	struct budget budget = { .left_bytes = work_bytes > 0 ? work_bytes : 1 };
	bool is_idle = true;
	while (
		budget.left_bytes > 0 && (marker->stack.entry_count > 0 || ol_heap_marker_take(marker))) {
		is_idle = false;
		if (marker->pool == NULL)
			drain_alone(heap, marker, &budget);
		else
			drain_among_others(heap, marker, &budget);
	}
	/* The program's marker may not come back for long; the others will. */
	if (index == 0)
		ol_heap_marker_publish(marker);
	else if (should_share(marker, marker->stack.entry_count))
		share(marker);
	uint64_t done_bytes = budget.scanned_count * sizeof(uint64_t);
	__atomic_store_n(&marker->work_bytes, marker->work_bytes + done_bytes, __ATOMIC_RELAXED);
	*ret_is_idle = is_idle;
	return done_bytes;
}

void ol_heap_shade(struct ol_heap *heap, const void *object) {
	struct ol_heap_marker *marker = &heap->marker;
	assert(heap->phase == OL_HEAP_PHASE_MARKING);
	assert(ol_heap_holds(heap, object));
	struct ahead ahead = send_for(heap, (uint64_t)(uintptr_t)object);
	struct ol_heap_marking found = { 0 };
	uint64_t slot_count = mark_object(ahead, &found, heap->marker_count > 1);
	note_found(&marker->marking, &found);
	if (slot_count > 0 && push_node(marker, object, 0))
		ol_heap_marker_publish(marker);
}
