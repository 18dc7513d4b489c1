/* roots.c -- The root table: explicit references from outside, by id. */
#include <assert.h>
#include <errno.h>

#include "base/hot_assert.h"
#include "heap/heap_internal.h"

/* One root for every 64 bytes of address space, and at least enough for a toy. */
uint32_t ol_heap_roots_max(uint64_t address_bytes_max) {
	uint64_t count = address_bytes_max / 64;
	assert(count > 0);
	assert(OL_HEAP_ROOTS_MAX < OL_ROOT_NONE);
	return count < OL_HEAP_ROOTS_MAX ? (uint32_t)count : OL_HEAP_ROOTS_MAX;
}

int ol_heap_root_create(
	struct ol_heap *heap, void *object, ol_root *ret_root, struct ol_error *error) {
	struct ol_heap_roots *roots = &heap->roots;
	assert(object == NULL || ol_heap_is_object(heap, object));
	assert(roots->used_count <= roots->entry_count);
	ol_root root = roots->unused;
	if (root != OL_ROOT_NONE) {
		assert(ol_heap_root_is_unused(roots->entries[root]));
		roots->unused = (ol_root)(roots->entries[root] >> 1);
	} else {
		if (roots->entry_count == roots->entry_count_max)
			return ol_error_set(error, -ENOMEM, "this heap has room for %lu roots, all are in use",
				(unsigned long)roots->entry_count_max);
		int result = ol_heap_region_commit(
			&roots->region, (roots->entry_count + UINT64_C(1)) * sizeof(uint64_t), error);
		if (result < 0)
			return result;
		root = roots->entry_count++;
	}
	roots->entries[root] = (uint64_t)(uintptr_t)object;
	roots->used_count++;
	*ret_root = root;
	return 0;
}

void *ol_heap_root_load(const struct ol_heap *heap, ol_root root) {
	hot_assert(root < heap->roots.entry_count);
	hot_assert(!ol_heap_root_is_unused(heap->roots.entries[root]));
	return (void *)(uintptr_t)heap->roots.entries[root];
}

void ol_heap_root_store(struct ol_heap *heap, ol_root root, void *object) {
	hot_assert(object == NULL || ol_heap_holds(heap, object));
	ol_heap_root_set(heap, root, object);
}

void ol_heap_root_release(struct ol_heap *heap, ol_root root) {
	struct ol_heap_roots *roots = &heap->roots;
	assert(root < roots->entry_count);
	assert(!ol_heap_root_is_unused(roots->entries[root]));
	roots->entries[root] = (uint64_t)roots->unused << 1 | 1;
	roots->unused = root;
	roots->used_count--;
}
