/* sweep.c -- Makes what the last marking did not find reusable, span by span.
 *
 * One cursor walks over the spans in the order of addresses, whoever moves it: the collector, or
 * an allocation that looks for room. So the lists of partly free spans come out in the order of
 * addresses too, and low addresses are used again first. A span made since the marking has the
 * present generation: there is nothing to sweep in it. */
#include <assert.h>

#include "heap/heap_internal.h"

enum { REFILL_SPANS_MAX = 100 }; /* Go 1.19, mcentral.cacheSpan: spanBudget. */

/* One call's work. */
struct sweeper {
	struct ol_heap_sweeping done;
	/* Pages of dead spans that lie side by side, not yet given back. */
	uint64_t run_page;
	uint64_t run_pages;
};

void ol_heap_start_sweeping(struct ol_heap *heap, uint64_t live_bytes) {
	assert(heap->phase != OL_HEAP_PHASE_SWEEPING);
	assert(heap->unswept_pages == 0);
	for (unsigned i = 0; i < OL_HEAP_CLASS_KINDS; i++)
		heap->partial[i] = (struct ol_heap_span_list){ 0, 0 };
	heap->sweep_generation++;
	heap->sweep_page = 0;
	heap->unswept_pages = heap->pages.inuse_pages;
	heap->unswept_live_bytes = live_bytes;
	heap->phase = heap->unswept_pages > 0 ? OL_HEAP_PHASE_SWEEPING : OL_HEAP_PHASE_IDLE;
}

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

static void give_run(struct ol_heap *heap, struct sweeper *sweeper) {
	if (sweeper->run_pages == 0)
		return;
	assert(heap->phase == OL_HEAP_PHASE_SWEEPING);
	assert(sweeper->run_page + sweeper->run_pages <= ol_heap_pages_count(&heap->pages));
	ol_heap_pages_give(&heap->pages, sweeper->run_page, sweeper->run_pages);
	sweeper->run_pages = 0;
}

static void add_to_run(
	struct ol_heap *heap, struct sweeper *sweeper, uint64_t page, uint64_t page_count) {
	assert(page_count > 0);
	if (sweeper->run_page + sweeper->run_pages != page)
		give_run(heap, sweeper);
	if (sweeper->run_pages == 0)
		sweeper->run_page = page;
	assert(page >= sweeper->run_page);
	sweeper->run_pages += page_count;
	sweeper->done.freed_pages += page_count;
}

/* Sweeps the next span that awaits it; there is one. A span without live objects is given back,
 * unless it is of the wanted class and kind. Whether one of those has free objects now. */
static bool sweep_next(struct ol_heap *heap, struct sweeper *sweeper, unsigned wanted_class_kind) {
	assert(heap->unswept_pages > 0);
	uint32_t index;
	struct ol_heap_span *span;
	do {
		index = ol_heap_next_span(heap, &heap->sweep_page);
		assert(index != 0);
		span = ol_heap_span_at(heap, index);
	} while (ol_heap_is_swept(heap, span));
	uint32_t freed_count = sweep_span(span);
	span->sweep_generation = heap->sweep_generation;
	assert(span->page_count <= heap->unswept_pages);
	heap->unswept_pages -= span->page_count;
	heap->unswept_live_bytes -= span->allocated_count * span->object_bytes;
	sweeper->done.swept_pages += span->page_count;
	sweeper->done.freed_objects += freed_count;
	sweeper->done.freed_bytes += freed_count * span->object_bytes;
	bool is_wanted = span->class_kind == wanted_class_kind;
	if (span->allocated_count == 0 && !is_wanted) {
		add_to_run(heap, sweeper, heap->sweep_page - span->page_count, span->page_count);
		ol_heap_span_destroy(heap, index);
		return false;
	}
	if (span->allocated_count == span->object_count)
		return false;
	ol_heap_span_list_push(heap, span->class_kind, index);
	return is_wanted;
}

static void finish(struct ol_heap *heap, struct sweeper *sweeper) {
	give_run(heap, sweeper);
	assert(sweeper->done.freed_bytes <= heap->allocated_bytes);
	heap->frees_count += sweeper->done.freed_objects;
	heap->allocated_bytes -= sweeper->done.freed_bytes;
	heap->freed_bytes += sweeper->done.freed_bytes;
	if (heap->phase == OL_HEAP_PHASE_SWEEPING && heap->unswept_pages == 0) {
		assert(heap->unswept_live_bytes == 0);
		heap->phase = OL_HEAP_PHASE_IDLE;
	}
}

struct ol_heap_sweeping ol_heap_sweep_some(struct ol_heap *heap, uint64_t page_count) {
	assert(!heap->is_committing);
	assert(heap->phase == OL_HEAP_PHASE_SWEEPING || heap->unswept_pages == 0);
	struct sweeper sweeper = { 0 };
	while (heap->unswept_pages > 0 && sweeper.done.swept_pages < page_count)
		(void)sweep_next(heap, &sweeper, OL_HEAP_CLASS_KINDS);
	finish(heap, &sweeper);
	return sweeper.done;
}

struct ol_heap_sweeping ol_heap_sweep(struct ol_heap *heap) {
	return ol_heap_sweep_some(heap, UINT64_MAX);
}

void ol_heap_sweep_for_refill(struct ol_heap *heap, unsigned class_kind) {
	assert(!heap->is_committing);
	assert(heap->partial[class_kind].first == 0);
	struct sweeper sweeper = { 0 };
	bool has_found = false;
	for (unsigned i = 0; i < REFILL_SPANS_MAX && heap->unswept_pages > 0 && !has_found; i++)
		has_found = sweep_next(heap, &sweeper, class_kind);
	finish(heap, &sweeper);
}

void ol_heap_reclaim(struct ol_heap *heap, uint64_t page_count) {
	assert(!heap->is_committing);
	assert(page_count > 0);
	struct sweeper sweeper = { 0 };
	while (heap->unswept_pages > 0 && sweeper.done.freed_pages < page_count)
		(void)sweep_next(heap, &sweeper, OL_HEAP_CLASS_KINDS);
	finish(heap, &sweeper);
}
