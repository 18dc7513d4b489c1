/* object.c -- What an address is, and the slots of nodes. */
#include <assert.h>

#include "base/hot_assert.h"
#include "heap/heap_internal.h"

bool ol_heap_is_object(const struct ol_heap *heap, const void *address) {
	assert(heap != NULL);
	if (!ol_heap_holds(heap, address))
		return false;
	uint32_t span_index = ol_heap_span_index(heap, address);
	if (span_index == 0)
		return false;
	const struct ol_heap_span *span = ol_heap_span_at(heap, span_index);
	assert(ol_heap_span_is_used(span));
	uint64_t offset = (uint64_t)((const char *)address - span->base);
	uint32_t index = ol_heap_object_index(span, offset);
	return index < span->object_count && index * span->object_bytes == offset &&
		   ol_heap_span_is_allocated(heap, span, index);
}

bool ol_heap_is_node(const struct ol_heap *heap, const void *object) {
	assert(ol_heap_holds(heap, object));
	uint32_t span_index = ol_heap_span_index(heap, object);
	assert(span_index != 0);
	return ol_heap_span_is_node(ol_heap_span_at(heap, span_index));
}

uint64_t ol_heap_object_bytes(const struct ol_heap *heap, const void *object) {
	assert(ol_heap_holds(heap, object));
	uint32_t span_index = ol_heap_span_index(heap, object);
	assert(span_index != 0);
	return ol_heap_span_at(heap, span_index)->object_bytes;
}

uint32_t ol_heap_slot_count(const struct ol_heap *heap, const void *node) {
	assert(ol_heap_holds(heap, node));
	assert(ol_heap_is_node(heap, node));
	(void)heap;
	return (uint32_t)ol_heap_node_slots(node);
}

/* Yuasa's barrier: what the marking's snapshot reached through this slot is still found. */
static __attribute__((noinline)) void store_while_marking(
	struct ol_heap *heap, uint64_t *slot, const void *target) {
	assert(heap->phase == OL_HEAP_PHASE_MARKING);
	if (*slot != 0)
		ol_heap_shade(heap, (const void *)(uintptr_t)*slot);
	/* A root may hold it that lets go before it is looked at. */
	if (heap->has_grey_roots && target != NULL)
		ol_heap_shade(heap, target);
	/* A marker that sees the target sees what was written to it before. */
	__atomic_store_n(slot, (uint64_t)(uintptr_t)target, __ATOMIC_RELEASE);
}

void ol_heap_store(struct ol_heap *heap, void *node, uint32_t index, void *target) {
	hot_assert(ol_heap_holds(heap, node));
	hot_assert(index < ol_heap_node_slots(node));
	hot_assert(target == NULL || ol_heap_holds(heap, target));
	uint64_t *slot = ol_heap_node_slot(node, index);
	if (__builtin_expect(heap->phase == OL_HEAP_PHASE_MARKING, 0))
		store_while_marking(heap, slot, target);
	else
		*slot = (uint64_t)(uintptr_t)target;
}

void ol_heap_note_store(struct ol_heap *heap, void *node, uint32_t index) {
	assert(ol_heap_holds(heap, node));
	assert(index < ol_heap_node_slots(node));
	uint64_t *slot = ol_heap_node_slot(node, index);
	ol_memory_note_written(heap->memory, slot, sizeof *slot);
}
