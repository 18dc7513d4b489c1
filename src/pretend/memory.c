/* memory.c -- The pretend side of the memory seam: address space is real, its pages are counted. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "pretend/internal.h"

/* The region that holds an address; its index, or where it would stand. */
static unsigned region_index(const struct ol_pretend *pretend, uint64_t address) {
	unsigned low = 0, high = pretend->region_count;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		const struct ol_pretend_region *region = &pretend->regions[middle];
		if (region->address + region->page_count * OL_PRETEND_PAGE_BYTES <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct ol_pretend_region *region_of(struct ol_pretend *pretend, const void *address) {
	unsigned index = region_index(pretend, (uint64_t)(uintptr_t)address);
	assert(index < pretend->region_count);
	assert(pretend->regions[index].address <= (uint64_t)(uintptr_t)address);
	return &pretend->regions[index];
}

static void finish_region(struct ol_pretend_region *region) {
	ol_pretend_pages_finish(&region->resident);
	ol_pretend_pages_finish(&region->shared);
	free(region->tables);
}

static uint64_t table_count(const struct ol_pretend_region *region) {
	return region->page_count / OL_PRETEND_TABLE_PAGES + 1;
}

static int init_region(struct ol_pretend_region *region) {
	region->tables = calloc(table_count(region), 1);
	if (region->tables == NULL ||
		ol_pretend_pages_init(&region->resident, region->page_count) < 0) {
		free(region->tables);
		return -ENOMEM;
	}
	return 0;
}

static int add_region(struct ol_pretend *pretend, uint64_t address, uint64_t bytes) {
	if (pretend->region_count == OL_PRETEND_REGIONS_MAX)
		return -ENOMEM;
	if (pretend->region_count == pretend->region_room) {
		unsigned room = pretend->region_room == 0 ? 8 : 2 * pretend->region_room;
		struct ol_pretend_region *regions =
			realloc(pretend->regions, room * sizeof *pretend->regions);
		if (regions == NULL)
			return -ENOMEM;
		pretend->regions = regions;
		pretend->region_room = room;
	}
	struct ol_pretend_region region = {
		.address = address,
		.page_count = bytes / OL_PRETEND_PAGE_BYTES,
	};
	if (init_region(&region) < 0)
		return -ENOMEM;
	unsigned index = region_index(pretend, address);
	memmove(&pretend->regions[index + 1], &pretend->regions[index],
		(pretend->region_count - index) * sizeof *pretend->regions);
	pretend->regions[index] = region;
	pretend->region_count++;
	return 0;
}

static struct ol_pretend *pretend_of(struct ol_memory *memory) {
	return (struct ol_pretend *)memory; /* Its first field. */
}

static int pretend_reserve(struct ol_memory *memory, uint64_t bytes, uint64_t alignment_bytes,
	void **ret_address, struct ol_error *error) {
	struct ol_pretend *self = pretend_of(memory);
	struct ol_memory *below = &self->below.memory;
	if (bytes > self->config.address_space_bytes ||
		self->address_space_bytes > self->config.address_space_bytes - bytes)
		return ol_error_set(error, -ENOMEM,
			"cannot reserve %llu bytes of address space: Cannot allocate memory",
			(unsigned long long)bytes);
	void *address;
	int result = below->ops->reserve(below, bytes, alignment_bytes, &address, error);
	if (result < 0)
		return result;
	if (add_region(self, (uint64_t)(uintptr_t)address, bytes) < 0) {
		below->ops->unreserve(below, address, bytes);
		return ol_error_set(error, -ENOMEM, "no memory to pretend %llu bytes of address space",
			(unsigned long long)bytes);
	}
	self->address_space_bytes += bytes;
	*ret_address = address;
	return 0;
}

static int pretend_commit(
	struct ol_memory *memory, void *address, uint64_t bytes, struct ol_error *error) {
	struct ol_memory *below = &pretend_of(memory)->below.memory;
	return below->ops->commit(below, address, bytes, error);
}

/* A child keeps what its parent lets go of, or writes to: those pages are its own from here on.
 * Returns how many. */
static uint64_t leave_to_children(
	struct ol_pretend *self, struct ol_pretend_region *region, uint64_t first, uint64_t count) {
	if (region->shared.page_count == 0)
		return 0;
	int64_t changed = ol_pretend_pages_set(&region->shared, first, count, false);
	self->is_short |= changed < 0;
	uint64_t left_pages = changed > 0 ? (uint64_t)changed : 0;
	self->child_pages += left_pages;
	return left_pages;
}

/* Returns how many pages nobody has any more. */
static uint64_t drop_pages(
	struct ol_pretend *self, struct ol_pretend_region *region, uint64_t first, uint64_t end) {
	uint64_t dropped_pages = 0, left_pages = 0;
	self->written_page = 0;
	while (first < end) {
		uint64_t count = ol_pretend_pages_in_chunk(first, end);
		left_pages += leave_to_children(self, region, first, count);
		int64_t changed = ol_pretend_pages_set(&region->resident, first, count, false);
		self->is_short |= changed < 0;
		dropped_pages += changed > 0 ? (uint64_t)changed : 0;
		first += count;
	}
	self->resident_pages -= dropped_pages;
	return dropped_pages - left_pages;
}

static void pretend_release(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct ol_pretend *self = pretend_of(memory);
	struct ol_memory *below = &self->below.memory;
	struct ol_pretend_region *region = region_of(self, address);
	uint64_t first = ((uint64_t)(uintptr_t)address - region->address) / OL_PRETEND_PAGE_BYTES;
	ol_pretend_uncharge(
		self, drop_pages(self, region, first, first + bytes / OL_PRETEND_PAGE_BYTES));
	below->ops->release(below, address, bytes);
}

static void pretend_unreserve(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct ol_pretend *self = pretend_of(memory);
	struct ol_memory *below = &self->below.memory;
	unsigned index = region_index(self, (uint64_t)(uintptr_t)address);
	struct ol_pretend_region *region = &self->regions[index];
	assert(region->address == (uint64_t)(uintptr_t)address);
	ol_pretend_uncharge(self, drop_pages(self, region, 0, region->page_count));
	finish_region(region);
	memmove(region, region + 1, (self->region_count - index - 1) * sizeof *region);
	self->region_count--;
	self->address_space_bytes -= bytes;
	below->ops->unreserve(below, address, bytes);
}

/* Page tables that pages of one chunk want and that are not there yet: count. They are from here
 * on. */
static unsigned add_tables(struct ol_pretend_region *region, uint64_t first, uint64_t count) {
	unsigned added = 0;
	for (uint64_t i = first / OL_PRETEND_TABLE_PAGES;
		 i <= (first + count - 1) / OL_PRETEND_TABLE_PAGES; i++) {
		added += region->tables[i] == 0;
		region->tables[i] = 1;
	}
	return added;
}

/* Pages that are written to and that a child has, too, are copied; what the limit does not let be
 * is not. */
static void copy_shared(
	struct ol_pretend *self, struct ol_pretend_region *region, uint64_t first, uint64_t count) {
	if (region->shared.page_count == 0)
		return;
	uint64_t copied_pages =
		ol_pretend_charge(self, ol_pretend_pages_count(&region->shared, first, count));
	ol_clock_spend_ns(self->config.clock, copied_pages * OL_PRETEND_FRESH_PAGE_NS);
	if (!self->is_killed)
		(void)leave_to_children(self, region, first, count);
}

/* Makes pages of one chunk resident, as far as the limit lets it; returns how many of them, from
 * the first on, are so now. */
static uint64_t fault_in(
	struct ol_pretend *self, struct ol_pretend_region *region, uint64_t first, uint64_t count) {
	uint64_t absent_pages = count - ol_pretend_pages_count(&region->resident, first, count);
	copy_shared(self, region, first, count);
	if (absent_pages == 0)
		return self->is_killed ? 0 : count;
	unsigned table_pages = add_tables(region, first, count);
	uint64_t charged_pages = ol_pretend_charge(self, absent_pages + table_pages);
	ol_clock_spend_ns(self->config.clock, charged_pages * OL_PRETEND_FRESH_PAGE_NS);
	uint64_t done = count;
	if (charged_pages < absent_pages + table_pages) {
		/* Killed on the way: page by page to where that was. */
		uint64_t left_pages = charged_pages > table_pages ? charged_pages - table_pages : 0;
		for (done = 0; done < count && left_pages > 0; done++)
			left_pages -= 1 - ol_pretend_pages_count(&region->resident, first + done, 1);
	}
	int64_t changed = done > 0 ? ol_pretend_pages_set(&region->resident, first, done, true) : 0;
	self->is_short |= changed < 0;
	self->resident_pages += changed > 0 ? (uint64_t)changed : 0;
	return done;
}

int64_t ol_pretend_share_pages(struct ol_pretend *pretend) {
	int64_t table_pages = 0;
	pretend->written_page = 0;
	for (unsigned i = 0; i < pretend->region_count; i++) {
		struct ol_pretend_region *region = &pretend->regions[i];
		if (region->resident.page_count == 0)
			continue;
		if (ol_pretend_pages_copy(&region->shared, &region->resident) < 0)
			return -ENOMEM;
		for (uint64_t table = 0; table < table_count(region); table++)
			table_pages += region->tables[table];
	}
	return table_pages;
}

void ol_pretend_unshare_pages(struct ol_pretend *pretend) {
	for (unsigned i = 0; i < pretend->region_count; i++)
		ol_pretend_pages_finish(&pretend->regions[i].shared);
}

static void write_pages(
	struct ol_pretend *self, void *address, uint64_t bytes, _Atomic uint64_t *touched_bytes) {
	struct ol_pretend_region *region = region_of(self, address);
	uint64_t begin = (uint64_t)(uintptr_t)address - region->address, end = begin + bytes;
	uint64_t end_page = (end - 1) / OL_PRETEND_PAGE_BYTES + 1;
	uint64_t page = begin / OL_PRETEND_PAGE_BYTES, at = begin;
	while (page < end_page && !self->is_killed) {
		uint64_t count = ol_pretend_pages_in_chunk(page, end_page);
		uint64_t done = fault_in(self, region, page, count);
		uint64_t reached = (page + done) * OL_PRETEND_PAGE_BYTES;
		reached = reached < end ? reached : end;
		if (touched_bytes != NULL && reached > at)
			atomic_fetch_add_explicit(touched_bytes, reached - at, memory_order_relaxed);
		at = reached > at ? reached : at;
		page += count;
	}
	ol_pretend_tell_kill(self);
}

static void pretend_touch(struct ol_memory *memory, void *address, uint64_t bytes, uint8_t fill,
	_Atomic uint64_t *touched_bytes) {
	struct ol_pretend *self = pretend_of(memory);
	(void)fill;
	if (bytes == 0 || self->is_killed)
		return;
	uint64_t resident_pages = self->resident_pages;
	write_pages(self, address, bytes, touched_bytes);
	uint64_t fresh_bytes = (self->resident_pages - resident_pages) * OL_PRETEND_PAGE_BYTES;
	if (bytes > fresh_bytes)
		ol_clock_spend_ns(self->config.clock,
			(uint64_t)((double)(bytes - fresh_bytes) * OL_PRETEND_WRITE_BYTE_NS));
}

static void pretend_note_written(struct ol_memory *memory, void *address, uint64_t bytes) {
	struct ol_pretend *self = pretend_of(memory);
	uint64_t first = (uint64_t)(uintptr_t)address / OL_PRETEND_PAGE_BYTES;
	if (bytes == 0 || self->is_killed)
		return;
	uint64_t last = ((uint64_t)(uintptr_t)address + bytes - 1) / OL_PRETEND_PAGE_BYTES;
	/* Small objects lie side by side. */
	if (first == self->written_page && last == first)
		return;
	write_pages(self, address, bytes, NULL);
	self->written_page = last;
}

static uint64_t pretend_resident_bytes(struct ol_memory *memory) {
	return ol_pretend_facts(pretend_of(memory)).resident_bytes;
}

static const struct ol_memory_ops pretend_ops = {
	.reserve = pretend_reserve,
	.commit = pretend_commit,
	.release = pretend_release,
	.touch = pretend_touch,
	.unreserve = pretend_unreserve,
	.resident_bytes = pretend_resident_bytes,
	.note_written = pretend_note_written,
};

void ol_pretend_memory_init(struct ol_pretend *pretend) {
	pretend->memory = (struct ol_memory){ .ops = &pretend_ops, .is_pretend = true };
	ol_memory_mmap_init(&pretend->below, false);
}

void ol_pretend_memory_finish(struct ol_pretend *pretend) {
	struct ol_memory *below = &pretend->below.memory;
	for (unsigned i = 0; i < pretend->region_count; i++) {
		struct ol_pretend_region *region = &pretend->regions[i];
		below->ops->unreserve(below, (void *)(uintptr_t)region->address, // NOLINT
			region->page_count * OL_PRETEND_PAGE_BYTES);
		finish_region(region);
	}
	free(pretend->regions);
}

struct ol_memory *ol_pretend_memory(struct ol_pretend *pretend) {
	return &pretend->memory;
}
