/* pages.c -- Bits of resident pages. */
#include "pretend/pages.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = 0, ALL = 1, WORDS = OL_PRETEND_CHUNK_PAGES / 64 };

int ol_pretend_region_init(
	struct ol_pretend_region *region, uint64_t address, uint64_t page_count) {
	assert(page_count > 0);
	uint64_t chunk_count = (page_count + OL_PRETEND_CHUNK_PAGES - 1) / OL_PRETEND_CHUNK_PAGES;
	*region = (struct ol_pretend_region){
		.address = address,
		.page_count = page_count,
		/* Large ones come from the system as zeros that are not there before they are used. */
		.chunks = calloc(chunk_count, sizeof *region->chunks),
		.tables = calloc(chunk_count * OL_PRETEND_CHUNK_PAGES / OL_PRETEND_TABLE_PAGES, 1),
	};
	if (region->chunks != NULL && region->tables != NULL)
		return 0;
	free(region->chunks);
	free(region->tables);
	return -ENOMEM;
}

void ol_pretend_region_finish(struct ol_pretend_region *region) {
	uint64_t chunk_count =
		(region->page_count + OL_PRETEND_CHUNK_PAGES - 1) / OL_PRETEND_CHUNK_PAGES;
	/* Where nothing is resident there are no bits: a chunk that loses its last page loses them. */
	for (uint64_t i = 0; region->resident_pages > 0 && i < chunk_count; i++)
		if (region->chunks[i] > ALL)
			free((uint64_t *)region->chunks[i]);
	free(region->chunks);
	free(region->tables);
}

/* The bits of pages [first, first + count) of a chunk that lie in one word. */
static uint64_t mask_of(unsigned first, unsigned count, unsigned word) {
	unsigned low = word * 64, end = first + count;
	if (end <= low || first >= low + 64)
		return 0;
	uint64_t mask = UINT64_MAX;
	if (first > low)
		mask &= UINT64_MAX << (first - low);
	if (end < low + 64)
		mask &= ~(UINT64_MAX << (end - low));
	return mask;
}

uint64_t ol_pretend_region_absent(
	const struct ol_pretend_region *region, uint64_t first, uint64_t count) {
	assert(first + count <= region->page_count);
	uintptr_t chunk = region->chunks[first / OL_PRETEND_CHUNK_PAGES];
	unsigned begin = first % OL_PRETEND_CHUNK_PAGES;
	assert(begin + count <= OL_PRETEND_CHUNK_PAGES);
	if (chunk <= ALL)
		return chunk == ALL ? 0 : count;
	const uint64_t *bits = (const uint64_t *)chunk;
	uint64_t absent = 0;
	unsigned last = (begin + (unsigned)count - 1) / 64;
	for (unsigned word = begin / 64; word <= last; word++)
		absent +=
			(unsigned)__builtin_popcountll(~bits[word] & mask_of(begin, (unsigned)count, word));
	return absent;
}

/* Bits in place of none or all. NULL: no memory. */
static uint64_t *spread(uintptr_t *chunk) {
	if (*chunk > ALL)
		return (uint64_t *)*chunk;
	uint64_t *bits = malloc(WORDS * sizeof *bits);
	if (bits == NULL)
		return NULL;
	memset(bits, *chunk == ALL ? 0xff : 0, WORDS * sizeof *bits);
	*chunk = (uintptr_t)bits;
	return bits;
}

/* None or all in place of bits, where they say that. */
static void gather(uintptr_t *chunk) {
	uint64_t *bits = (uint64_t *)*chunk;
	if (bits[0] != 0 && bits[0] != UINT64_MAX)
		return;
	for (unsigned word = 1; word < WORDS; word++)
		if (bits[word] != bits[0])
			return;
	*chunk = bits[0] == 0 ? NONE : ALL;
	free(bits);
}

int64_t ol_pretend_region_set(
	struct ol_pretend_region *region, uint64_t first, uint64_t count, bool is_resident) {
	assert(first + count <= region->page_count);
	uintptr_t *chunk = &region->chunks[first / OL_PRETEND_CHUNK_PAGES];
	unsigned begin = first % OL_PRETEND_CHUNK_PAGES;
	assert(begin + count <= OL_PRETEND_CHUNK_PAGES);
	int64_t changed = (int64_t)ol_pretend_region_absent(region, first, count);
	if (!is_resident)
		changed = (int64_t)count - changed;
	if (changed == 0)
		return 0;
	if (changed == OL_PRETEND_CHUNK_PAGES) {
		*chunk = is_resident ? ALL : NONE;
	} else {
		uint64_t *bits = spread(chunk);
		if (bits == NULL)
			return -ENOMEM;
		unsigned last = (begin + (unsigned)count - 1) / 64;
		for (unsigned word = begin / 64; word <= last; word++) {
			uint64_t mask = mask_of(begin, (unsigned)count, word);
			bits[word] = is_resident ? bits[word] | mask : bits[word] & ~mask;
		}
		gather(chunk);
	}
	region->resident_pages += is_resident ? (uint64_t)changed : -(uint64_t)changed;
	return changed;
}

unsigned ol_pretend_region_add_tables(
	struct ol_pretend_region *region, uint64_t first, uint64_t count) {
	unsigned added = 0;
	for (uint64_t i = first / OL_PRETEND_TABLE_PAGES;
		 i <= (first + count - 1) / OL_PRETEND_TABLE_PAGES; i++) {
		added += region->tables[i] == 0;
		region->tables[i] = 1;
	}
	return added;
}
