/* sweep.c -- Makes what the last marking did not find reusable.
 *
 * Eager: the whole heap at once, in address order, so that the lists of partly free spans come
 * out in address order too and low addresses are used again first. sweep_span looks at one span
 * only and knows nothing of the others, which is what sweeping lazily would need. */
#include <assert.h>

#include "heap/heap_internal.h"

/* Pages of dead spans that lie side by side, not yet given back. */
struct dead_run {
	uint64_t page;
	uint64_t page_count;
};

/* Marked objects stay allocated, the others are free; the mark bits are clear for the next
 * marking. Returns the number of freed objects. */
static uint32_t sweep_span(struct ol_heap_span *span) {
	assert(span->state == OL_HEAP_SPAN_IN_USE);
	uint32_t live_count = 0;
	for (unsigned word = 0; word < span->word_count; word++) {
		uint64_t marked = span->words[word];
		assert((marked & ~span->alloc_bits[word]) == 0);
		live_count += (uint32_t)__builtin_popcountll(marked);
		span->alloc_bits[word] = marked;
		span->words[word] = 0;
	}
	unsigned last = span->word_count - 1u;
	span->alloc_bits[last] |= ~ol_heap_valid_bits(span, last);
	assert(live_count <= span->allocated_count);
	uint32_t freed_count = span->allocated_count - live_count;
	span->allocated_count = (uint16_t)live_count;
	return freed_count;
}

static void give_run(struct ol_heap *heap, struct dead_run *run) {
	if (run->page_count == 0)
		return;
	assert(heap->phase == OL_HEAP_PHASE_MARKED);
	assert(run->page + run->page_count <= ol_heap_pages_count(&heap->pages));
	ol_heap_pages_give(&heap->pages, run->page, run->page_count);
	*run = (struct dead_run){ 0, 0 };
}

static void add_to_run(
	struct ol_heap *heap, struct dead_run *run, uint64_t page, uint64_t page_count) {
	assert(page_count > 0);
	assert(page >= run->page + run->page_count);
	if (run->page + run->page_count != page)
		give_run(heap, run);
	if (run->page_count == 0)
		run->page = page;
	run->page_count += page_count;
}

struct ol_heap_sweeping ol_heap_sweep(struct ol_heap *heap) {
	assert(heap->phase == OL_HEAP_PHASE_MARKED);
	struct ol_heap_sweeping sweeping = { 0 };
	struct dead_run run = { 0, 0 };
	for (unsigned i = 0; i < OL_HEAP_CLASS_KINDS; i++)
		heap->partial[i] = (struct ol_heap_span_list){ 0, 0 };
	uint64_t page = 0;
	for (uint32_t index; (index = ol_heap_next_span(heap, &page)) != 0;) {
		struct ol_heap_span *span = ol_heap_span_at(heap, index);
		uint32_t freed_count = sweep_span(span);
		sweeping.freed_objects += freed_count;
		sweeping.freed_bytes += freed_count * span->object_bytes;
		if (span->allocated_count == 0) {
			sweeping.freed_pages += span->page_count;
			add_to_run(heap, &run, page - span->page_count, span->page_count);
			ol_heap_span_destroy(heap, index);
		} else if (span->allocated_count < span->object_count) {
			ol_heap_span_list_push(heap, span->class_kind, index);
		}
	}
	give_run(heap, &run);
	assert(sweeping.freed_bytes <= heap->allocated_bytes);
	heap->frees_count += sweeping.freed_objects;
	heap->allocated_bytes -= sweeping.freed_bytes;
	heap->freed_bytes += sweeping.freed_bytes;
	heap->phase = OL_HEAP_PHASE_IDLE;
	return sweeping;
}
