/* check.c -- Walks the whole heap and checks every invariant.
 *
 * The invariants, in the order of the walk: pages and their summaries; every used page belongs to
 * exactly one span; bitmaps, counts and kind of each span; every slot of what may still be used is
 * empty or refers to such an object; caches, lists of partly free spans, unused descriptors, roots;
 * and the heap's counters are the sums of what was seen.
 *
 * In every phase: while marking, spans are as ever but for their mark bits, which other threads may
 * set meanwhile; while sweeping, what counts in an unswept span is what is marked. */
#include <assert.h>
#include <errno.h>

#include "heap/heap_internal.h"

#define VIOLATION(error, ...) ol_error_set((error), -EINVAL, "heap check: " __VA_ARGS__)

struct totals {
	uint64_t span_count;
	uint64_t extension_count;
	uint64_t inuse_pages;
	uint64_t object_count;
	uint64_t object_bytes;
	uint64_t marked_bytes; /* Without what is marked in caches and not handed out. */
	uint64_t unswept_pages;
	uint64_t partial_count; /* Spans that should be in a list. */
	uint64_t cached_count;
};

static const struct ol_heap_cache *cache_of(
	const struct ol_heap *heap, const struct ol_heap_span *span) {
	assert(span->class_kind < OL_HEAP_CLASS_KINDS);
	const struct ol_heap_cache *cache = &heap->caches[span->class_kind];
	assert(span->state != OL_HEAP_SPAN_CACHED || cache->span != 0);
	return cache;
}

/* An object that the program may still have: not one that only awaits being swept away. */
static bool is_usable(const struct ol_heap *heap, const void *address) {
	if (!ol_heap_is_object(heap, address))
		return false;
	const struct ol_heap_span *span = ol_heap_span_at(heap, ol_heap_span_index(heap, address));
	assert(ol_heap_span_is_used(span));
	assert((const char *)address >= span->base);
	uint64_t offset = (uint64_t)((const char *)address - span->base);
	return ol_heap_is_swept(heap, span) ||
		   ol_heap_span_has_mark(span, ol_heap_object_index(span, offset));
}

/* All pages of a span are in use, and the page map leads to it from where it should. */
static int check_span_pages(
	const struct ol_heap *heap, uint32_t index, uint64_t page, struct ol_error *error) {
	const struct ol_heap_span *span = ol_heap_span_at(heap, index);
	const struct ol_heap_pages *pages = &heap->pages;
	assert(page < ol_heap_pages_count(pages));
	assert(span->page_count > 0);
	if (span->base != ol_heap_page_address(pages, page))
		return VIOLATION(error, "span %u is found at page %llu, where it does not begin", index,
			(unsigned long long)page);
	if (page + span->page_count > ol_heap_pages_count(pages))
		return VIOLATION(error, "span %u ends beyond the heap", index);
	bool is_large = ol_heap_span_size_class(span) == 0;
	uint64_t end = page + span->page_count;
	for (uint64_t i = page; i < end; i++) {
		uint64_t chunk = i / OL_HEAP_CHUNK_PAGES;
		bool is_touched = pages->touched_chunks[chunk / 64] >> (chunk % 64) & 1;
		if (!is_touched) {
			/* In the middle of a huge object: nothing was ever written here. */
			i = (chunk + 1) * OL_HEAP_CHUNK_PAGES - 1;
			continue;
		}
		if (ol_heap_chunk_is_free(&pages->chunks[chunk], (unsigned)(i % OL_HEAP_CHUNK_PAGES)))
			return VIOLATION(error, "page %llu of span %u is free", (unsigned long long)i, index);
		uint32_t expected = !is_large || i == page ? index : 0;
		if (pages->span_by_page[i] != expected)
			return VIOLATION(error, "the page map says page %llu belongs to span %u, not %u",
				(unsigned long long)i, pages->span_by_page[i], expected);
	}
	return 0;
}

/* The fields of a span against its size class. */
static int check_span_shape(const struct ol_heap *heap, uint32_t index, struct ol_error *error) {
	const struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(index > 0);
	assert(index < heap->span_count);
	if (!ol_heap_span_is_used(span))
		return VIOLATION(error, "span %u is in the page map but not in use", index);
	if (span->class_kind >= OL_HEAP_CLASS_KINDS)
		return VIOLATION(error, "span %u has no size class", index);
	const struct ol_heap_size_class *class = &ol_heap_size_classes[ol_heap_span_size_class(span)];
	bool is_large = ol_heap_span_size_class(span) == 0;
	uint64_t object_bytes = is_large ? span->page_count * OL_HEAP_PAGE_BYTES : class->object_bytes;
	unsigned object_count = is_large ? 1 : class->object_count;
	if (span->object_bytes != object_bytes || span->object_count != object_count ||
		span->divide_magic != class->divide_magic ||
		(!is_large && span->page_count != class->page_count))
		return VIOLATION(error, "span %u is not what its size class %u says", index,
			ol_heap_span_size_class(span));
	bool is_extended = span->extension != 0;
	if (span->word_count != (object_count + 63) / 64 ||
		is_extended != (span->word_count > OL_HEAP_BIT_WORDS))
		return VIOLATION(error, "span %u has bitmaps of a wrong size", index);
	const uint64_t *alloc_bits = span->words + OL_HEAP_BIT_WORDS;
	if (is_extended) {
		const struct ol_heap_span *extension = ol_heap_span_at(heap, span->extension);
		if (extension->state != OL_HEAP_SPAN_EXTENSION)
			return VIOLATION(error, "the extension of span %u is none", index);
		alloc_bits = extension->words;
	}
	if (span->alloc_bits != alloc_bits)
		return VIOLATION(error, "the alloc bits of span %u lie elsewhere", index);
	if (is_large && span->state == OL_HEAP_SPAN_CACHED)
		return VIOLATION(error, "span %u holds a large object and is cached", index);
	return 0;
}

static int check_node(
	const struct ol_heap *heap, const void *node, uint64_t object_bytes, struct ol_error *error) {
	assert(ol_heap_is_object(heap, node));
	uint64_t slot_count = ol_heap_node_slots(node);
	assert(object_bytes >= OL_HEAP_NODE_HEADER_BYTES);
	if (slot_count > OL_HEAP_SLOTS_MAX ||
		OL_HEAP_NODE_HEADER_BYTES + slot_count * sizeof(uint64_t) > object_bytes)
		return VIOLATION(error, "node %p says it has %llu slots: too many for its %llu bytes", node,
			(unsigned long long)slot_count, (unsigned long long)object_bytes);
	for (uint64_t i = 0; i < slot_count; i++) {
		const void *target = (const void *)(uintptr_t)*ol_heap_node_slot(node, i);
		if (target != NULL && !is_usable(heap, target))
			return VIOLATION(error, "slot %llu of node %p holds %p, which is no object",
				(unsigned long long)i, node, target);
	}
	return 0;
}

/* Mark bits are where the phase allows them, and on allocated objects only. free is what a cache
 * has not handed out of this word. */
static int check_marks(const struct ol_heap *heap, uint32_t index, unsigned word, uint64_t free,
	struct ol_error *error) {
	const struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(word < span->word_count);
	assert((free & ~span->alloc_bits[word]) == 0);
	bool is_marking = heap->phase == OL_HEAP_PHASE_MARKING;
	uint64_t mark = __atomic_load_n(&span->words[word], __ATOMIC_RELAXED);
	uint64_t valid = ol_heap_valid_bits(span, word);
	if ((span->alloc_bits[word] | valid) != UINT64_MAX || (mark & ~valid) != 0)
		return VIOLATION(error, "span %u has bits set or clear behind its last object", index);
	if (mark != 0 && !is_marking && ol_heap_is_swept(heap, span))
		return VIOLATION(error, "span %u has mark bits left over", index);
	if (is_marking && (free & ~mark) != 0)
		return VIOLATION(error, "span %u is cached and has an object that is not black", index);
	if ((mark & ~span->alloc_bits[word]) != 0 || (!is_marking && (mark & free) != 0))
		return VIOLATION(error, "span %u has a marked object that is not allocated", index);
	return 0;
}

/* The bitmaps of a span, and its nodes. */
static int check_span_objects(
	const struct ol_heap *heap, uint32_t index, struct totals *totals, struct ol_error *error) {
	const struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(span->word_count > 0);
	const struct ol_heap_cache *cache = cache_of(heap, span);
	uint32_t set_count = 0;
	for (unsigned word = 0; word < span->word_count; word++) {
		bool is_cached = span->state == OL_HEAP_SPAN_CACHED && cache->word == word;
		uint64_t free = is_cached ? cache->free_bits : 0;
		if ((free & ~span->alloc_bits[word]) != 0)
			return VIOLATION(error, "span %u is cached and its objects are free as well", index);
		int result = check_marks(heap, index, word, free, error);
		if (result < 0)
			return result;
		uint64_t alloc = span->alloc_bits[word] & ol_heap_valid_bits(span, word);
		set_count += (uint32_t)__builtin_popcountll(alloc);
		alloc &= ~free;
		uint64_t mark = __atomic_load_n(&span->words[word], __ATOMIC_RELAXED) & alloc;
		totals->marked_bytes += (uint64_t)__builtin_popcountll(mark) * span->object_bytes;
		totals->object_count += (uint64_t)__builtin_popcountll(alloc);
		totals->object_bytes += (uint64_t)__builtin_popcountll(alloc) * span->object_bytes;
		uint64_t left = ol_heap_is_swept(heap, span) ? alloc : mark;
		for (; ol_heap_span_is_node(span) && left != 0; left &= left - 1) {
			unsigned object = word * 64 + (unsigned)__builtin_ctzll(left);
			result = check_node(
				heap, span->base + object * span->object_bytes, span->object_bytes, error);
			if (result < 0)
				return result;
		}
	}
	if (set_count != span->allocated_count)
		return VIOLATION(error, "span %u has %u objects allocated, its counter says %u", index,
			set_count, span->allocated_count);
	assert(set_count <= span->object_count);
	return 0;
}

/* A span that awaits sweeping does so in the phase of it, before the cursor, uncached. */
static int check_generation(
	const struct ol_heap *heap, uint32_t index, uint64_t page, struct ol_error *error) {
	const struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(ol_heap_span_is_used(span));
	assert(page < ol_heap_pages_count(&heap->pages));
	if (heap->phase == OL_HEAP_PHASE_SWEEPING && page < heap->sweep_page &&
		heap->sweep_page < page + span->page_count)
		return VIOLATION(error, "sweeping is to go on in the middle of span %u", index);
	if (ol_heap_is_swept(heap, span))
		return 0;
	if (span->sweep_generation != heap->sweep_generation - 1 ||
		heap->phase != OL_HEAP_PHASE_SWEEPING || page < heap->sweep_page)
		return VIOLATION(error, "span %u was forgotten when its likes were swept", index);
	if (span->state == OL_HEAP_SPAN_CACHED)
		return VIOLATION(error, "span %u is cached before it was swept", index);
	return 0;
}

static int check_spans(const struct ol_heap *heap, struct totals *totals, struct ol_error *error) {
	assert(!heap->is_committing);
	uint64_t page = 0;
	while ((page = ol_heap_pages_next_used(&heap->pages, page)) != OL_HEAP_PAGE_NONE) {
		uint32_t index = heap->pages.span_by_page[page];
		if (index == 0 || index >= heap->span_count)
			return VIOLATION(
				error, "page %llu is in use and belongs to no span", (unsigned long long)page);
		int result = check_span_shape(heap, index, error);
		if (result == 0)
			result = check_span_pages(heap, index, page, error);
		if (result == 0)
			result = check_generation(heap, index, page, error);
		if (result == 0)
			result = check_span_objects(heap, index, totals, error);
		if (result < 0)
			return result;
		const struct ol_heap_span *span = ol_heap_span_at(heap, index);
		assert(span->page_count > 0);
		totals->span_count++;
		totals->extension_count += span->extension != 0;
		totals->inuse_pages += span->page_count;
		if (!ol_heap_is_swept(heap, span))
			totals->unswept_pages += span->page_count;
		else if (span->state == OL_HEAP_SPAN_CACHED)
			totals->cached_count++;
		else if (span->allocated_count < span->object_count)
			totals->partial_count++;
		page += span->page_count;
	}
	return 0;
}

static int check_caches(
	const struct ol_heap *heap, const struct totals *totals, struct ol_error *error) {
	assert(heap->span_count > 0);
	uint64_t cached_count = 0;
	for (unsigned i = 0; i < OL_HEAP_CLASS_KINDS; i++) {
		const struct ol_heap_cache *cache = &heap->caches[i];
		if (cache->span == 0) {
			if (cache->free_bits != 0)
				return VIOLATION(error, "cache %u has objects but no span", i);
			continue;
		}
		cached_count++;
		const struct ol_heap_span *span = ol_heap_span_at(heap, cache->span);
		if (cache->span >= heap->span_count || span->state != OL_HEAP_SPAN_CACHED ||
			span->class_kind != i || cache->word >= span->word_count ||
			cache->object_bytes != span->object_bytes)
			return VIOLATION(error, "cache %u holds span %u, which is not its", i, cache->span);
		if (cache->word_base != span->base + cache->word * 64 * span->object_bytes ||
			(cache->free_bits & ~ol_heap_valid_bits(span, cache->word)) != 0)
			return VIOLATION(error, "cache %u does not agree with its span %u", i, cache->span);
	}
	assert(cached_count <= OL_HEAP_CLASS_KINDS);
	if (cached_count != totals->cached_count)
		return VIOLATION(error, "%llu spans are cached, the caches hold %llu",
			(unsigned long long)totals->cached_count, (unsigned long long)cached_count);
	return 0;
}

/* All swept spans with room that are not cached, and no others, are in the list of their class and
 * kind, lowest address first. */
static int check_lists(
	const struct ol_heap *heap, const struct totals *totals, struct ol_error *error) {
	uint64_t listed_count = 0;
	for (unsigned i = 0; i < OL_HEAP_CLASS_KINDS; i++) {
		const char *base_before = NULL;
		uint32_t last = 0;
		for (uint32_t index = heap->partial[i].first; index != 0;) {
			const struct ol_heap_span *span = ol_heap_span_at(heap, index);
			if (index >= heap->span_count || span->state != OL_HEAP_SPAN_IN_USE ||
				!ol_heap_is_swept(heap, span) || span->class_kind != i ||
				span->allocated_count >= span->object_count)
				return VIOLATION(
					error, "span %u is in list %u, where it does not belong", index, i);
			if (span->base <= base_before)
				return VIOLATION(error, "list %u is not in the order of addresses", i);
			base_before = span->base;
			last = index;
			index = span->next;
			listed_count++;
		}
		if (last != 0 && last != heap->partial[i].last)
			return VIOLATION(error, "list %u does not end where it says", i);
	}
	assert(listed_count <= heap->span_count);
	if (listed_count != totals->partial_count)
		return VIOLATION(error, "%llu spans are partly free, %llu are in lists",
			(unsigned long long)totals->partial_count, (unsigned long long)listed_count);
	return 0;
}

/* Every descriptor is a span that was seen, an extension of one, or unused and listed. */
static int check_descriptors(
	const struct ol_heap *heap, const struct totals *totals, struct ol_error *error) {
	assert(heap->span_count > 0);
	uint64_t unused_count = 0;
	for (uint32_t index = heap->unused_span; index != 0;) {
		const struct ol_heap_span *span = ol_heap_span_at(heap, index);
		if (index >= heap->span_count || span->state != OL_HEAP_SPAN_UNUSED ||
			unused_count >= heap->span_count)
			return VIOLATION(error, "span %u is listed as unused and is not", index);
		unused_count++;
		index = span->next;
	}
	uint64_t known_count = totals->span_count + totals->extension_count + unused_count + 1;
	assert(known_count > 0);
	if (known_count != heap->span_count)
		return VIOLATION(error, "%u span descriptors, but %llu are accounted for", heap->span_count,
			(unsigned long long)known_count);
	return 0;
}

static int check_roots(const struct ol_heap *heap, struct ol_error *error) {
	const struct ol_heap_roots *roots = &heap->roots;
	assert(roots->entry_count <= roots->entry_count_max);
	uint32_t used_count = 0;
	for (uint32_t root = 0; root < roots->entry_count; root++) {
		if (ol_heap_root_is_unused(roots->entries[root]))
			continue;
		used_count++;
		const void *object = (const void *)(uintptr_t)roots->entries[root];
		if (object != NULL && !is_usable(heap, object))
			return VIOLATION(error, "root %u holds %p, which is no object", root, object);
	}
	if (used_count != roots->used_count)
		return VIOLATION(
			error, "%u roots are used, the counter says %u", used_count, roots->used_count);
	uint32_t unused_count = 0;
	for (ol_root root = roots->unused; root != OL_ROOT_NONE;) {
		if (root >= roots->entry_count || !ol_heap_root_is_unused(roots->entries[root]) ||
			unused_count >= roots->entry_count)
			return VIOLATION(error, "root %u is listed as unused and is not", root);
		unused_count++;
		root = (ol_root)(roots->entries[root] >> 1);
	}
	assert(used_count <= roots->entry_count);
	if (used_count + unused_count != roots->entry_count)
		return VIOLATION(error, "%u of %u roots are neither used nor listed as unused",
			roots->entry_count - used_count - unused_count, roots->entry_count);
	return 0;
}

static int check_counters(
	const struct ol_heap *heap, const struct totals *totals, struct ol_error *error) {
	assert(heap->frees_count <= heap->mallocs_count);
	if (totals->inuse_pages != heap->pages.inuse_pages)
		return VIOLATION(error, "spans have %llu pages, the counter says %llu",
			(unsigned long long)totals->inuse_pages, (unsigned long long)heap->pages.inuse_pages);
	if (totals->object_count != heap->mallocs_count - heap->frees_count)
		return VIOLATION(error, "%llu objects are allocated, the counters say %llu",
			(unsigned long long)totals->object_count,
			(unsigned long long)(heap->mallocs_count - heap->frees_count));
	if (totals->object_bytes != heap->allocated_bytes)
		return VIOLATION(error, "objects have %llu bytes, the counter says %llu",
			(unsigned long long)totals->object_bytes, (unsigned long long)heap->allocated_bytes);
	if (totals->unswept_pages != heap->unswept_pages ||
		(heap->phase == OL_HEAP_PHASE_SWEEPING) != (heap->unswept_pages > 0))
		return VIOLATION(error, "%llu pages await sweeping, the counter says %llu",
			(unsigned long long)totals->unswept_pages, (unsigned long long)heap->unswept_pages);
	/* Others may be marking at this moment. */
	if (heap->phase == OL_HEAP_PHASE_MARKING && heap->marker_count > 1)
		return 0;
	uint64_t marked_bytes = heap->unswept_live_bytes;
	if (heap->phase == OL_HEAP_PHASE_MARKING)
		marked_bytes =
			heap->marker.marking.marked_bytes + heap->allocated_bytes - heap->allocated_bytes_begin;
	if (totals->marked_bytes != marked_bytes)
		return VIOLATION(error, "%llu bytes are marked, the counters say %llu",
			(unsigned long long)totals->marked_bytes, (unsigned long long)marked_bytes);
	assert(totals->marked_bytes <= totals->object_bytes);
	return 0;
}

int ol_heap_check(struct ol_heap *heap, struct ol_error *error) {
	assert(heap != NULL);
	assert(!heap->is_committing);
	struct totals totals = { 0 };
	int result = ol_heap_pages_check(&heap->pages, error);
	if (result == 0)
		result = check_spans(heap, &totals, error);
	if (result == 0)
		result = check_caches(heap, &totals, error);
	if (result == 0)
		result = check_lists(heap, &totals, error);
	if (result == 0)
		result = check_descriptors(heap, &totals, error);
	if (result == 0)
		result = check_roots(heap, error);
	if (result == 0)
		result = check_counters(heap, &totals, error);
	return result;
}
