/* heap.c -- Create, destroy, hooks, scavenging and statistics. */
#include <assert.h>
#include <errno.h>

#include "heap/heap_internal.h"

/* Where all tables of a heap lie, one behind the other in one reservation. */
static uint64_t table_bytes_of(uint64_t address_bytes_max) {
	assert(address_bytes_max > 0);
	assert(address_bytes_max <= OL_HEAP_ADDRESS_BYTES_MAX);
	uint64_t span_count = address_bytes_max / OL_HEAP_PAGE_BYTES;
	return ol_heap_region_bytes(sizeof(struct ol_heap)) +
		   ol_heap_pages_table_bytes(address_bytes_max) +
		   ol_heap_region_bytes(ol_heap_roots_max(address_bytes_max) * sizeof(uint64_t)) +
		   ol_heap_region_bytes(ol_heap_mark_stack_entries(address_bytes_max) * sizeof(uint64_t)) +
		   /* A span of the 8 byte class takes two descriptors; index 0 is none. */
		   ol_heap_region_bytes((2 * span_count + 1) * sizeof(struct ol_heap_span));
}

static int init_tables(
	struct ol_heap *heap, char *objects, char *table_address, struct ol_error *error) {
	uint64_t address_bytes_max = heap->address_bytes_max;
	assert(objects != NULL);
	int result = ol_heap_pages_init(
		&heap->pages, heap->memory, objects, address_bytes_max, &table_address, error);
	if (result < 0)
		return result;
	struct ol_heap_roots *roots = &heap->roots;
	roots->unused = OL_ROOT_NONE;
	roots->entry_count_max = ol_heap_roots_max(address_bytes_max);
	roots->region =
		ol_heap_region_cut(heap->memory, &table_address, roots->entry_count_max * sizeof(uint64_t));
	roots->entries = (uint64_t *)roots->region.address;

	result = ol_heap_stack_init(&heap->marker.stack, heap->memory, &table_address,
		ol_heap_mark_stack_entries(address_bytes_max), error);
	if (result < 0)
		return result;
	heap->marker_count = 1;

	uint64_t span_count = 2 * (address_bytes_max / OL_HEAP_PAGE_BYTES) + 1;
	heap->span_region =
		ol_heap_region_cut(heap->memory, &table_address, span_count * sizeof(struct ol_heap_span));
	heap->spans = (struct ol_heap_span *)heap->span_region.address;
	heap->span_count = 1;
	assert(table_address == heap->reservation + heap->reservation_bytes);
	return 0;
}

int ol_heap_create(struct ol_memory *memory, uint64_t address_bytes_max, struct ol_heap **ret_heap,
	struct ol_error *error) {
	assert(memory != NULL);
	assert(ret_heap != NULL);
	if (address_bytes_max == 0 || address_bytes_max % OL_HEAP_ARENA_BYTES != 0 ||
		address_bytes_max > OL_HEAP_ADDRESS_BYTES_MAX)
		return ol_error_set(error, -EINVAL,
			"a heap's address space is a multiple of %llu bytes, up to %llu: %llu is not",
			(unsigned long long)OL_HEAP_ARENA_BYTES, (unsigned long long)OL_HEAP_ADDRESS_BYTES_MAX,
			(unsigned long long)address_bytes_max);
	uint64_t table_bytes = table_bytes_of(address_bytes_max);
	void *table = NULL;
	int result = memory->ops->reserve(memory, table_bytes, OL_HEAP_STEP_BYTES, &table, error);
	if (result < 0)
		return result;
	void *objects = NULL;
	result = memory->ops->reserve(memory, address_bytes_max, OL_HEAP_ARENA_BYTES, &objects, error);
	if (result < 0)
		goto unreserve_table;
	char *table_address = table;
	struct ol_heap_region self = ol_heap_region_cut(memory, &table_address, sizeof(struct ol_heap));
	result = ol_heap_region_commit(&self, sizeof(struct ol_heap), error);
	if (result < 0)
		goto unreserve_objects;
	/* Committed memory reads as zero. */
	struct ol_heap *heap = table;
	heap->memory = memory;
	heap->reservation = table;
	heap->reservation_bytes = table_bytes;
	heap->address_bytes_max = address_bytes_max;
	result = init_tables(heap, objects, table_address, error);
	if (result < 0)
		goto unreserve_objects;
	*ret_heap = heap;
	return 0;

unreserve_objects:
	memory->ops->unreserve(memory, objects, address_bytes_max);
unreserve_table:
	memory->ops->unreserve(memory, table, table_bytes);
	return result;
}

void ol_heap_destroy(struct ol_heap *heap) {
	if (heap == NULL)
		return;
	assert(!heap->is_committing);
	assert((void *)heap->reservation == heap);
	ol_heap_crew_destroy(heap);
	struct ol_memory *memory = heap->memory;
	memory->ops->unreserve(memory, heap->pages.base, heap->address_bytes_max);
	/* The heap's own fields lie in here. */
	memory->ops->unreserve(memory, heap->reservation, heap->reservation_bytes);
}

void ol_heap_set_hooks(struct ol_heap *heap, const struct ol_heap_hooks *hooks) {
	assert(heap != NULL);
	assert(!heap->is_committing);
	heap->hooks = hooks != NULL ? *hooks : (struct ol_heap_hooks){ 0 };
}

bool ol_heap_is_idle(const struct ol_heap *heap) {
	assert(heap != NULL);
	assert((heap->phase == OL_HEAP_PHASE_SWEEPING) == (heap->unswept_pages > 0));
	return heap->phase == OL_HEAP_PHASE_IDLE;
}

uint64_t ol_heap_scavenge(struct ol_heap *heap, uint64_t bytes) {
	assert(heap != NULL);
	uint64_t page_count = bytes / OL_HEAP_PAGE_BYTES + (bytes % OL_HEAP_PAGE_BYTES != 0);
	uint64_t scavenged_pages = ol_heap_pages_scavenge(&heap->pages, page_count);
	assert(scavenged_pages <= page_count);
	return scavenged_pages * OL_HEAP_PAGE_BYTES;
}

uint64_t ol_heap_growth_bytes(const struct ol_heap *heap, uint64_t span_bytes) {
	assert(span_bytes > 0);
	assert(!heap->is_committing);
	uint64_t page_count = span_bytes / OL_HEAP_PAGE_BYTES + (span_bytes % OL_HEAP_PAGE_BYTES != 0);
	return ol_heap_pages_growth(&heap->pages, page_count) * OL_HEAP_PAGE_BYTES;
}

/* What was kept of a stack, or, while marking goes on, what was touched so far. */
static uint64_t stack_bytes(const struct ol_heap *heap, const struct ol_heap_stack *stack) {
	uint64_t peak_bytes =
		__atomic_load_n(&stack->entry_count_peak, __ATOMIC_RELAXED) * sizeof(uint64_t);
	assert(stack->kept_bytes <= OL_HEAP_STEP_BYTES);
	bool is_marking = heap->phase == OL_HEAP_PHASE_MARKING;
	return is_marking && peak_bytes > stack->kept_bytes ? peak_bytes : stack->kept_bytes;
}

static uint64_t crew_bytes(const struct ol_heap *heap) {
	const struct ol_heap_crew *crew = heap->crew;
	if (crew == NULL)
		return 0;
	assert(heap->marker_count > 1);
	uint64_t bytes = offsetof(struct ol_heap_crew, markers) + stack_bytes(heap, &crew->pool.stack);
	for (unsigned i = 0; i + 1 < heap->marker_count; i++)
		bytes += sizeof crew->markers[i] + stack_bytes(heap, &crew->markers[i].stack);
	return bytes;
}

static uint64_t metadata_bytes(const struct ol_heap *heap) {
	uint64_t bytes = sizeof(struct ol_heap) + ol_heap_pages_metadata_bytes(&heap->pages);
	bytes += heap->roots.entry_count * sizeof(uint64_t);
	bytes += stack_bytes(heap, &heap->marker.stack) + crew_bytes(heap);
	bytes += heap->span_count * sizeof(struct ol_heap_span);
	assert(heap->span_count > 0);
	assert(bytes >= sizeof(struct ol_heap));
	return bytes;
}

uint64_t ol_heap_live_bytes(const struct ol_heap *heap) {
	return heap->live_bytes;
}

struct ol_heap_stats ol_heap_stats(const struct ol_heap *heap) {
	const struct ol_heap_pages *pages = &heap->pages;
	assert(heap->frees_count <= heap->mallocs_count);
	struct ol_heap_stats stats = {
		.mallocs_count = heap->mallocs_count,
		.frees_count = heap->frees_count,
		.allocated_bytes = heap->allocated_bytes,
		.allocated_total_bytes = heap->allocated_bytes + heap->freed_bytes,
		.inuse_bytes = pages->inuse_pages * OL_HEAP_PAGE_BYTES,
		.free_bytes = pages->free_pages * OL_HEAP_PAGE_BYTES,
		.released_bytes = pages->released_pages * OL_HEAP_PAGE_BYTES,
		.live_bytes = heap->live_bytes,
		.scan_bytes = heap->scan_bytes,
		.metadata_bytes = metadata_bytes(heap),
		.roots_count = heap->roots.used_count,
		.roots_bytes = heap->roots.used_count * sizeof(uint64_t),
		.unswept_bytes = heap->unswept_pages * OL_HEAP_PAGE_BYTES,
	};
	stats.mapped_ready_bytes = stats.inuse_bytes + stats.free_bytes + stats.metadata_bytes;
	assert(stats.allocated_bytes <= stats.inuse_bytes);
	return stats;
}
