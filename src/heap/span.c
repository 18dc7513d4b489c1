/* span.c -- Span descriptors: a table whose indexes are used again, and the walk over spans. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "heap/heap_internal.h"

/* Makes room for count descriptors beyond those that are listed as unused. */
static int reserve_descriptors(struct ol_heap *heap, uint32_t count, struct ol_error *error) {
	assert(count > 0);
	assert(heap->span_count > 0);
	for (uint32_t index = heap->unused_span; index != 0 && count > 0;
		 index = ol_heap_span_at(heap, index)->next)
		count--;
	return ol_heap_region_commit(&heap->span_region,
		(heap->span_count + (uint64_t)count) * sizeof(struct ol_heap_span), error);
}

static uint32_t take_descriptor(struct ol_heap *heap, enum ol_heap_span_state state) {
	uint32_t index = heap->unused_span;
	if (index != 0)
		heap->unused_span = ol_heap_span_at(heap, index)->next;
	else
		index = heap->span_count++;
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert((char *)(span + 1) <= heap->span_region.address + heap->span_region.committed_bytes);
	assert(span->state == OL_HEAP_SPAN_UNUSED);
	memset(span, 0, sizeof *span);
	span->state = (uint8_t)state;
	return index;
}

static void give_descriptor(struct ol_heap *heap, uint32_t index) {
	assert(index > 0);
	assert(index < heap->span_count);
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	span->state = OL_HEAP_SPAN_UNUSED;
	span->next = heap->unused_span;
	heap->unused_span = index;
}

static void set_up_bits(struct ol_heap *heap, struct ol_heap_span *span) {
	assert(span->object_count > 0);
	span->word_count = (uint16_t)((span->object_count + 63) / 64);
	span->alloc_bits = span->words + OL_HEAP_BIT_WORDS;
	if (span->word_count > OL_HEAP_BIT_WORDS) {
		assert(span->word_count <= 2 * OL_HEAP_BIT_WORDS);
		span->extension = take_descriptor(heap, OL_HEAP_SPAN_EXTENSION);
		span->alloc_bits = ol_heap_span_at(heap, span->extension)->words;
	}
	unsigned last = span->word_count - 1u;
	span->alloc_bits[last] = ~ol_heap_valid_bits(span, last);
}

/* Lets the hook see what is about to be used, then counts it. */
static void commit_pages(struct ol_heap *heap, uint64_t page_count, uint64_t released_pages) {
	assert(!heap->is_committing);
	if (heap->hooks.before_commit != NULL) {
		heap->is_committing = true;
		heap->hooks.before_commit(heap->hooks.context, released_pages * OL_HEAP_PAGE_BYTES);
		assert(heap->is_committing);
		heap->is_committing = false;
	}
	ol_heap_pages_account(&heap->pages, page_count, released_pages);
}

int ol_heap_span_create(struct ol_heap *heap, unsigned class_kind, uint64_t page_count,
	uint32_t *ret_span, bool *ret_is_zero, struct ol_error *error) {
	assert(class_kind < OL_HEAP_CLASS_KINDS);
	assert(page_count > 0);
	const struct ol_heap_size_class *class = &ol_heap_size_classes[class_kind / 2];
	bool has_extension = class->object_count > OL_HEAP_BIT_WORDS * 64;
	int result = reserve_descriptors(heap, 1 + has_extension, error);
	if (result < 0)
		return result;
	uint64_t page;
	uint64_t released_pages;
	result = ol_heap_pages_take(&heap->pages, page_count, &page, &released_pages, error);
	if (result < 0)
		return result;
	commit_pages(heap, page_count, released_pages);

	bool is_large = class_kind / 2 == 0;
	uint32_t index = take_descriptor(heap, OL_HEAP_SPAN_IN_USE);
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	span->base = ol_heap_page_address(&heap->pages, page);
	span->object_bytes = is_large ? page_count * OL_HEAP_PAGE_BYTES : class->object_bytes;
	span->page_count = (uint32_t)page_count;
	span->divide_magic = class->divide_magic;
	span->object_count = is_large ? 1 : class->object_count;
	span->class_kind = (uint8_t)class_kind;
	span->sweep_generation = heap->sweep_generation;
	set_up_bits(heap, span);
	/* References are to the start of objects, so one entry finds a large one. */
	ol_heap_pages_map(&heap->pages, page, is_large ? 1 : page_count, index);
	/* The walk over unswept spans goes on behind a span that was put around where it stands. */
	if (page < heap->sweep_page && heap->sweep_page < page + page_count)
		heap->sweep_page = page + page_count;
	*ret_span = index;
	*ret_is_zero = released_pages == page_count;
	return 0;
}

void ol_heap_span_destroy(struct ol_heap *heap, uint32_t index) {
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(span->state == OL_HEAP_SPAN_IN_USE);
	uint64_t page = ol_heap_page_of(&heap->pages, (uint64_t)(uintptr_t)span->base);
	assert(heap->pages.span_by_page[page] == index);
	bool is_large = ol_heap_span_size_class(span) == 0;
	ol_heap_pages_map(&heap->pages, page, is_large ? 1 : span->page_count, 0);
	if (span->extension != 0)
		give_descriptor(heap, span->extension);
	give_descriptor(heap, index);
}

void ol_heap_span_list_push(struct ol_heap *heap, unsigned class_kind, uint32_t index) {
	assert(class_kind < OL_HEAP_CLASS_KINDS);
	struct ol_heap_span_list *list = &heap->partial[class_kind];
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(span->class_kind == class_kind);
	span->next = 0;
	if (list->first == 0)
		list->first = index;
	else
		ol_heap_span_at(heap, list->last)->next = index;
	list->last = index;
}

void ol_heap_span_list_insert(struct ol_heap *heap, unsigned class_kind, uint32_t index) {
	struct ol_heap_span_list *list = &heap->partial[class_kind];
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(span->class_kind == class_kind);
	/* What was taken from the list was its first, so the search seldom goes far. */
	uint32_t before = 0;
	uint32_t behind = list->first;
	while (behind != 0 && ol_heap_span_at(heap, behind)->base < span->base) {
		before = behind;
		behind = ol_heap_span_at(heap, behind)->next;
	}
	assert(behind != index);
	span->next = behind;
	if (before == 0)
		list->first = index;
	else
		ol_heap_span_at(heap, before)->next = index;
	if (behind == 0)
		list->last = index;
}

uint32_t ol_heap_next_span(const struct ol_heap *heap, uint64_t *page) {
	assert(!heap->is_committing);
	uint64_t used = ol_heap_pages_next_used(&heap->pages, *page);
	if (used == OL_HEAP_PAGE_NONE)
		return 0;
	uint32_t index = heap->pages.span_by_page[used];
	assert(index != 0);
	const struct ol_heap_span *span = ol_heap_span_at(heap, index);
	*page = used + span->page_count;
	return index;
}

bool ol_heap_span_is_allocated(
	const struct ol_heap *heap, const struct ol_heap_span *span, uint32_t index) {
	assert(index < span->object_count);
	assert(ol_heap_span_is_used(span));
	unsigned word = index / 64;
	uint64_t bit = UINT64_C(1) << (index % 64);
	if ((span->alloc_bits[word] & bit) == 0)
		return false;
	if (span->state != OL_HEAP_SPAN_CACHED)
		return true;
	const struct ol_heap_cache *cache = &heap->caches[span->class_kind];
	return cache->word != word || (cache->free_bits & bit) == 0;
}
