/* cache.c -- A table of entries: a request finds its entry and reads it, or replaces one. */
#include <errno.h>

#include "workload/internal.h"

static int start(struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error) {
	struct ol_cache *cache = &load->cache;
	cache->root = OL_ROOT_NONE;
	if (spec->cache.entries == 0 || spec->cache.entries > OL_LOAD_ENTRIES_MAX)
		return ol_error_set(error, -EINVAL, "a cache has 1 to %llu entries",
			(unsigned long long)OL_LOAD_ENTRIES_MAX);
	if (!(spec->cache.hit_share >= 0 && spec->cache.hit_share <= 1))
		return ol_error_set(error, -EINVAL, "the share of hits is from 0 to 1");
	cache->entries = spec->cache.entries;
	cache->hit_bound = (uint64_t)(spec->cache.hit_share * 0x1p32);
	cache->is_oldest_replaced = spec->cache.is_oldest_replaced;
	int result = ol_collector_new_node(
		load->world.collector, (uint32_t)cache->entries, 0, load->holder, &cache->table, error);
	if (result == 0)
		result = ol_heap_root_create(load->world.heap, cache->table, &cache->root, error);
	load->is_busy = true; /* Until it is filled. */
	return result;
}

static void finish(struct ol_load *load) {
	if (load->cache.root != OL_ROOT_NONE)
		ol_heap_root_release(load->world.heap, load->cache.root);
}

/* A program looks at what it finds, at its first byte at least. */
static void read_entry(const struct ol_load *load, uint64_t entry) {
	const volatile char *object =
		ol_heap_load(load->world.heap, load->cache.table, (uint32_t)entry);
	if (!load->world.memory->is_pretend)
		(void)*object;
}

static int put_entry(
	struct ol_load *load, struct ol_load_budget *budget, uint64_t entry, struct ol_error *error) {
	void *object;
	int result = ol_load_make_slab(load, budget, &object, error);
	if (result < 0)
		return result;
	const void *old = ol_heap_load(load->world.heap, load->cache.table, (uint32_t)entry);
	if (old != NULL)
		ol_load_note_dropped(load, ol_load_object_bytes(load, old));
	ol_heap_store(load->world.heap, load->cache.table, (uint32_t)entry, object);
	return 0;
}

static int fill(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_cache *cache = &load->cache;
	while (cache->filled_entries < cache->entries && budget->bytes > 0) {
		ol_heap_note_store(load->world.heap, cache->table, (uint32_t)cache->filled_entries);
		int result = put_entry(load, budget, cache->filled_entries, error);
		if (result < 0)
			return result;
		cache->filled_entries++;
	}
	load->is_busy = cache->filled_entries < cache->entries;
	return 0;
}

static int replace(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_cache *cache = &load->cache;
	if (!cache->is_oldest_replaced)
		return put_entry(load, budget, ol_load_draw(load, cache->entries), error);
	int result = put_entry(load, budget, cache->oldest, error);
	if (result == 0)
		cache->oldest = (cache->oldest + 1) % cache->entries;
	return result;
}

static int advance(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	const struct ol_cache *cache = &load->cache;
	int result = load->is_busy ? fill(load, budget, error) : 0;
	while (result == 0 && ol_load_has_budget(budget) && !ol_load_is_at_goal(load)) {
		if (ol_load_draw(load, UINT64_C(1) << 32) < cache->hit_bound)
			read_entry(load, ol_load_draw(load, cache->entries));
		else
			result = replace(load, budget, error);
		if (result == 0)
			ol_load_finish_operation(load, budget);
	}
	return result;
}

const struct ol_load_ops ol_load_cache_ops = { start, advance, finish };
