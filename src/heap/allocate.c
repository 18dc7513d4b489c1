/* allocate.c -- Slabs and nodes: a fast path of a few instructions, span caches, large objects.
 *
 * The caches work like Go's mcache: one span a class and kind, and a span's free part is charged
 * to heap_live as a whole when a cache takes it. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/hot_assert.h"
#include "heap/heap_internal.h"

#define is_likely(condition) __builtin_expect(!!(condition), 1)

enum { ATTEMPTS_MAX = 2 }; /* Times that the hook is asked about one span. */

/* Loads the next word of the cached span that has free objects, from word on. */
static bool load_word(struct ol_heap *heap, struct ol_heap_cache *cache, uint32_t word) {
	struct ol_heap_span *span = ol_heap_span_at(heap, cache->span);
	assert(span->state == OL_HEAP_SPAN_CACHED);
	assert(cache->free_bits == 0);
	for (; word < span->word_count; word++) {
		uint64_t free_bits = ~span->alloc_bits[word];
		if (free_bits == 0)
			continue;
		span->alloc_bits[word] = UINT64_MAX;
		span->allocated_count += (uint16_t)__builtin_popcountll(free_bits);
		/* Born black: whatever is handed out while marking goes on survives it. */
		if (heap->phase == OL_HEAP_PHASE_MARKING)
			ol_heap_span_set_marks(span, word, free_bits, heap->marker_count > 1);
		cache->free_bits = free_bits;
		cache->word = word;
		cache->word_base = span->base + word * 64 * span->object_bytes;
		return true;
	}
	return false;
}

/* The world is stopped if the cache still holds free objects. */
static void detach(struct ol_heap *heap, struct ol_heap_cache *cache) {
	struct ol_heap_span *span = ol_heap_span_at(heap, cache->span);
	assert(span->state == OL_HEAP_SPAN_CACHED);
	span->state = OL_HEAP_SPAN_IN_USE;
	if (cache->free_bits != 0) {
		span->alloc_bits[cache->word] &= ~cache->free_bits;
		if (heap->phase == OL_HEAP_PHASE_MARKING)
			span->words[cache->word] &= ~cache->free_bits;
	}
	span->allocated_count -= (uint16_t)__builtin_popcountll(cache->free_bits);
	assert(span->allocated_count <= span->object_count);
	*cache = (struct ol_heap_cache){ 0 };
}

void ol_heap_flush_caches(struct ol_heap *heap, bool is_listed) {
	assert(heap->phase != OL_HEAP_PHASE_SWEEPING);
	for (unsigned i = 0; i < OL_HEAP_CLASS_KINDS; i++) {
		uint32_t index = heap->caches[i].span;
		if (index == 0)
			continue;
		detach(heap, &heap->caches[i]);
		assert(heap->caches[i].free_bits == 0);
		const struct ol_heap_span *span = ol_heap_span_at(heap, index);
		uint64_t free_count = span->object_count - span->allocated_count;
		if (!is_listed || free_count == 0)
			continue;
		ol_heap_span_list_insert(heap, i, index);
		/* Go 1.19, mcache.releaseAll: what was charged by the span and not used. */
		assert(heap->live_bytes >= free_count * span->object_bytes);
		heap->live_bytes -= free_count * span->object_bytes;
	}
}

static uint32_t pop_partial(struct ol_heap *heap, unsigned class_kind) {
	assert(class_kind < OL_HEAP_CLASS_KINDS);
	struct ol_heap_span_list *list = &heap->partial[class_kind];
	uint32_t index = list->first;
	if (index == 0)
		return 0;
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(span->allocated_count < span->object_count);
	list->first = span->next;
	span->next = 0;
	return index;
}

/* A partly free span that is swept, or gets swept for it. */
static uint32_t find_partial(struct ol_heap *heap, unsigned class_kind) {
	assert(!heap->is_committing);
	if (heap->partial[class_kind].first == 0 && heap->phase == OL_HEAP_PHASE_SWEEPING)
		ol_heap_sweep_for_refill(heap, class_kind);
	return pop_partial(heap, class_kind);
}

/* Gets the cache a span with free objects: a partly free one, or a new one. */
static int refill(struct ol_heap *heap, unsigned class_kind, struct ol_error *error) {
	struct ol_heap_cache *cache = &heap->caches[class_kind];
	assert(!heap->is_committing);
	assert(cache->free_bits == 0);
	const struct ol_heap_size_class *class = &ol_heap_size_classes[class_kind / 2];
	uint32_t index = find_partial(heap, class_kind);
	int is_changed = heap->hooks.before_mapping != NULL;
	for (unsigned attempt = 0; index == 0 && is_changed && attempt < ATTEMPTS_MAX; attempt++) {
		is_changed = heap->hooks.before_mapping(
			heap->hooks.context, class->page_count * OL_HEAP_PAGE_BYTES, attempt, error);
		if (is_changed < 0)
			return is_changed;
		/* A collection in there, or a part of one, may have found free objects for us. */
		if (is_changed)
			index = find_partial(heap, class_kind);
	}
	if (index == 0) {
		bool is_zero;
		int result =
			ol_heap_span_create(heap, class_kind, class->page_count, &index, &is_zero, error);
		if (result < 0)
			return result;
	}
	if (cache->span != 0)
		detach(heap, cache);
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	assert(span->state == OL_HEAP_SPAN_IN_USE);
	assert(ol_heap_is_swept(heap, span));
	span->state = OL_HEAP_SPAN_CACHED;
	cache->span = index;
	cache->object_bytes = span->object_bytes;
	/* Go 1.19, mcache.refill: the pages less the objects in use, the tail behind them included. */
	heap->live_bytes +=
		span->page_count * OL_HEAP_PAGE_BYTES - span->allocated_count * span->object_bytes;
	bool has_free = load_word(heap, cache, 0);
	assert(has_free);
	(void)has_free;
	return 0;
}

/* The cache has no object at hand: next word, or next span. */
static __attribute__((noinline)) int fill_cache(
	struct ol_heap *heap, unsigned class_kind, bool *ret_is_slow_path, struct ol_error *error) {
	struct ol_heap_cache *cache = &heap->caches[class_kind];
	assert(cache->free_bits == 0);
	assert(!heap->is_committing);
	if (cache->span != 0 && load_word(heap, cache, cache->word + 1))
		return 0;
	int result = refill(heap, class_kind, error);
	if (result == 0)
		*ret_is_slow_path = true;
	return result;
}

/* Hands out the next object of a cache that has one at hand. */
static inline void *hand_out(struct ol_heap *heap, struct ol_heap_cache *cache) {
	uint64_t free_bits = cache->free_bits;
	uint64_t object_bytes = cache->object_bytes;
	hot_assert(free_bits != 0);
	cache->free_bits = free_bits & (free_bits - 1);
	heap->mallocs_count++;
	heap->allocated_bytes += object_bytes;
	return cache->word_base + (unsigned)__builtin_ctzll(free_bits) * object_bytes;
}

/* bytes: from 1 to OL_HEAP_SMALL_BYTES_MAX. */
static inline struct ol_heap_cache *cache_for(struct ol_heap *heap, uint64_t bytes, bool is_node) {
	return &heap->caches[ol_heap_class_kind(ol_heap_size_class_of(bytes), is_node)];
}

/* What is larger is not worth the haste. Few slots are emptied by hand: a call of memset costs more
 * than they do. */
enum { QUICK_BYTES_MAX = 1024, QUICK_SLOTS_MAX = 8, QUICK_PAYLOAD_MAX = 512 };

/* A small slab, if a cache has one at hand; else NULL. */
static inline void *quick_slab(struct ol_heap *heap, uint64_t bytes) {
	hot_assert(!heap->is_committing);
	/* 0 wraps around to a large number. */
	if (!is_likely(bytes - 1 < QUICK_BYTES_MAX))
		return NULL;
	struct ol_heap_cache *cache = cache_for(heap, bytes, false);
	return is_likely(cache->free_bits != 0) ? hand_out(heap, cache) : NULL;
}

/* A node of few slots and little payload, if a cache has one at hand; else NULL. */
static inline void *quick_node(struct ol_heap *heap, uint32_t slot_count, uint64_t payload_bytes) {
	hot_assert(!heap->is_committing);
	/* No slots wrap around to many. */
	if (!is_likely(slot_count - 1 < QUICK_SLOTS_MAX && payload_bytes <= QUICK_PAYLOAD_MAX))
		return NULL;
	uint64_t slots_bytes = slot_count * sizeof(uint64_t);
	struct ol_heap_cache *cache =
		cache_for(heap, OL_HEAP_NODE_HEADER_BYTES + slots_bytes + payload_bytes, true);
	if (!is_likely(cache->free_bits != 0))
		return NULL;
	char *node = hand_out(heap, cache);
	*(uint64_t *)node = slot_count;
	heap->scan_bytes += slots_bytes;
	char *slot = node + OL_HEAP_NODE_HEADER_BYTES;
	char *end = slot + slots_bytes;
	do {
		*(uint64_t *)slot = 0;
		slot += sizeof(uint64_t);
		__asm__(""); /* Otherwise the compiler makes a call of memset of it. */
	} while (slot < end);
	return node;
}

static int allocate_small(struct ol_heap *heap, uint64_t bytes, bool is_node,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	struct ol_heap_cache *cache = cache_for(heap, bytes, is_node);
	bool is_slow_path = false;
	if (cache->free_bits == 0) {
		int result = fill_cache(heap, (unsigned)(cache - heap->caches), &is_slow_path, error);
		if (result < 0)
			return result;
	}
	void *object = hand_out(heap, cache);
	*ret_allocation = (struct ol_allocation){ object, cache->object_bytes, is_slow_path };
	return 0;
}

/* Before a large object's pages are taken. */
static int ask_for_pages(struct ol_heap *heap, uint64_t page_count, struct ol_error *error) {
	int is_changed = heap->hooks.before_mapping != NULL;
	for (unsigned attempt = 0; is_changed && attempt < ATTEMPTS_MAX; attempt++) {
		uint32_t generation = heap->sweep_generation;
		is_changed = heap->hooks.before_mapping(
			heap->hooks.context, page_count * OL_HEAP_PAGE_BYTES, attempt, error);
		if (is_changed < 0)
			return is_changed;
		/* A marking that ended in there has found something new to sweep. */
		if (heap->phase == OL_HEAP_PHASE_SWEEPING && heap->sweep_generation != generation)
			ol_heap_reclaim(heap, page_count);
	}
	return 0;
}

static int allocate_large(struct ol_heap *heap, uint64_t bytes, bool is_node,
	struct ol_allocation *ret_allocation, bool *ret_is_zero, struct ol_error *error) {
	assert(bytes > OL_HEAP_SMALL_BYTES_MAX);
	assert(!heap->is_committing);
	if (bytes > heap->address_bytes_max)
		return ol_error_set(error, -ENOMEM,
			"an object of %llu bytes does not fit into the heap's %llu bytes of address space",
			(unsigned long long)bytes, (unsigned long long)heap->address_bytes_max);
	uint64_t page_count = (bytes + OL_HEAP_PAGE_BYTES - 1) / OL_HEAP_PAGE_BYTES;
	if (heap->phase == OL_HEAP_PHASE_SWEEPING)
		ol_heap_reclaim(heap, page_count);
	int result = ask_for_pages(heap, page_count, error);
	if (result < 0)
		return result;
	uint32_t index;
	result = ol_heap_span_create(
		heap, ol_heap_class_kind(0, is_node), page_count, &index, ret_is_zero, error);
	if (result < 0)
		return result;
	struct ol_heap_span *span = ol_heap_span_at(heap, index);
	span->alloc_bits[0] = UINT64_MAX;
	span->allocated_count = 1;
	if (heap->phase == OL_HEAP_PHASE_MARKING)
		ol_heap_span_set_marks(span, 0, 1, false); /* Nobody knows it yet. */
	heap->mallocs_count++;
	heap->allocated_bytes += span->object_bytes;
	heap->live_bytes += span->object_bytes;
	*ret_allocation = (struct ol_allocation){ span->base, span->object_bytes, true };
	return 0;
}

int ol_heap_allocate_slab(struct ol_heap *heap, uint64_t bytes,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	assert(!heap->is_committing);
	assert(ret_allocation != NULL);
	if (bytes == 0)
		return ol_error_set(error, -EINVAL, "a slab has at least one byte");
	if (bytes <= OL_HEAP_SMALL_BYTES_MAX)
		return allocate_small(heap, bytes, false, ret_allocation, error);
	bool is_zero;
	return allocate_large(heap, bytes, false, ret_allocation, &is_zero, error);
}

int ol_heap_allocate_node(struct ol_heap *heap, uint32_t slot_count, uint64_t payload_bytes,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	assert(!heap->is_committing);
	assert(ret_allocation != NULL);
	if (slot_count == 0 && payload_bytes == 0)
		return ol_error_set(error, -EINVAL, "a node has slots or payload");
	if (slot_count > OL_HEAP_SLOTS_MAX)
		return ol_error_set(error, -EINVAL,
			"%lu slots are too many for one node: it has at most %lu", (unsigned long)slot_count,
			(unsigned long)OL_HEAP_SLOTS_MAX);
	if (payload_bytes > heap->address_bytes_max)
		return ol_error_set(error, -ENOMEM,
			"a payload of %llu bytes does not fit into the heap's %llu bytes of address space",
			(unsigned long long)payload_bytes, (unsigned long long)heap->address_bytes_max);
	uint64_t slots_bytes = slot_count * sizeof(uint64_t);
	uint64_t bytes = OL_HEAP_NODE_HEADER_BYTES + slots_bytes + payload_bytes;
	bool is_zero = false;
	int result = bytes <= OL_HEAP_SMALL_BYTES_MAX
					 ? allocate_small(heap, bytes, true, ret_allocation, error)
					 : allocate_large(heap, bytes, true, ret_allocation, &is_zero, error);
	if (result < 0)
		return result;
	/* What comes fresh from the system is zero and stays untouched. */
	/* The quick way tells nothing: a page has some object that came this way. */
	ol_memory_note_written(heap->memory, ret_allocation->object,
		OL_HEAP_NODE_HEADER_BYTES + (is_zero ? 0 : slots_bytes));
	*(uint64_t *)ret_allocation->object = slot_count;
	if (!is_zero)
		memset(ol_heap_node_slot(ret_allocation->object, 0), 0, slots_bytes);
	heap->scan_bytes += slots_bytes;
	return 0;
}

void *ol_heap_quick_slab(struct ol_heap *heap, uint64_t bytes, ol_root holder) {
	void *slab = quick_slab(heap, bytes);
	if (is_likely(slab != NULL))
		ol_heap_root_set(heap, holder, slab);
	return slab;
}

void *ol_heap_quick_node(
	struct ol_heap *heap, uint32_t slot_count, uint64_t payload_bytes, ol_root holder) {
	void *node = quick_node(heap, slot_count, payload_bytes);
	if (is_likely(node != NULL))
		ol_heap_root_set(heap, holder, node);
	return node;
}
