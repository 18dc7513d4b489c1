/* pages.c -- Bits of pages. */
#include "pretend/pages.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = 0, ALL = 1, WORDS = OL_PRETEND_CHUNK_PAGES / 64 };

int ol_pretend_pages_init(struct ol_pretend_pages *pages, uint64_t room_pages) {
	assert(room_pages > 0);
	uint64_t chunk_count = (room_pages + OL_PRETEND_CHUNK_PAGES - 1) / OL_PRETEND_CHUNK_PAGES;
	/* Large ones come from the system as zeros that are not there before they are used. */
	uintptr_t *chunks = calloc(chunk_count, sizeof *chunks);
	if (chunks == NULL)
		return -ENOMEM;
	*pages = (struct ol_pretend_pages){ .chunks = chunks, .chunk_count = chunk_count };
	return 0;
}

static uint64_t *bits_of(uintptr_t chunk) {
	return (uint64_t *)chunk; // NOLINT(performance-no-int-to-ptr)
}

void ol_pretend_pages_finish(struct ol_pretend_pages *pages) {
	/* Where no page is in there are no bits: a chunk that loses its last page loses them. */
	for (uint64_t i = 0; pages->page_count > 0 && i < pages->chunk_count; i++)
		if (pages->chunks[i] > ALL)
			free(bits_of(pages->chunks[i]));
	free(pages->chunks);
	*pages = (struct ol_pretend_pages){ 0 };
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

uint64_t ol_pretend_pages_count(
	const struct ol_pretend_pages *pages, uint64_t first, uint64_t count) {
	assert(count > 0);
	uintptr_t chunk = pages->chunks[first / OL_PRETEND_CHUNK_PAGES];
	unsigned begin = first % OL_PRETEND_CHUNK_PAGES;
	assert(begin + count <= OL_PRETEND_CHUNK_PAGES);
	if (chunk <= ALL)
		return chunk == ALL ? count : 0;
	const uint64_t *bits = bits_of(chunk);
	uint64_t found = 0;
	unsigned last = (begin + (unsigned)count - 1) / 64;
	for (unsigned word = begin / 64; word <= last; word++)
		found += (unsigned)__builtin_popcountll(bits[word] & mask_of(begin, (unsigned)count, word));
	return found;
}

/* Bits in place of none or all. NULL: no memory. */
static uint64_t *spread(uintptr_t *chunk) {
	if (*chunk > ALL)
		return bits_of(*chunk);
	uint64_t *bits = malloc(WORDS * sizeof *bits);
	if (bits == NULL)
		return NULL;
	memset(bits, *chunk == ALL ? 0xff : 0, WORDS * sizeof *bits);
	*chunk = (uintptr_t)bits;
	return bits;
}

/* None or all in place of bits, where they say that. */
static void gather(uintptr_t *chunk) {
	uint64_t *bits = bits_of(*chunk);
	if (bits[0] != 0 && bits[0] != UINT64_MAX)
		return;
	for (unsigned word = 1; word < WORDS; word++)
		if (bits[word] != bits[0])
			return;
	*chunk = bits[0] == 0 ? NONE : ALL;
	free(bits);
}

int64_t ol_pretend_pages_set(
	struct ol_pretend_pages *pages, uint64_t first, uint64_t count, bool is_in) {
	uintptr_t *chunk = &pages->chunks[first / OL_PRETEND_CHUNK_PAGES];
	unsigned begin = first % OL_PRETEND_CHUNK_PAGES;
	int64_t changed = (int64_t)ol_pretend_pages_count(pages, first, count);
	if (is_in)
		changed = (int64_t)count - changed;
	if (changed == 0)
		return 0;
	if (changed == OL_PRETEND_CHUNK_PAGES) {
		if (*chunk > ALL)
			free(bits_of(*chunk));
		*chunk = is_in ? ALL : NONE;
	} else {
		uint64_t *bits = spread(chunk);
		if (bits == NULL)
			return -ENOMEM;
		unsigned last = (begin + (unsigned)count - 1) / 64;
		for (unsigned word = begin / 64; word <= last; word++) {
			uint64_t mask = mask_of(begin, (unsigned)count, word);
			bits[word] = is_in ? bits[word] | mask : bits[word] & ~mask;
		}
		gather(chunk);
	}
	pages->page_count += is_in ? (uint64_t)changed : -(uint64_t)changed;
	return changed;
}

int ol_pretend_pages_copy(struct ol_pretend_pages *to, const struct ol_pretend_pages *from) {
	struct ol_pretend_pages copy;
	if (ol_pretend_pages_init(&copy, from->chunk_count * OL_PRETEND_CHUNK_PAGES) < 0)
		return -ENOMEM;
	copy.page_count = from->page_count;
	for (uint64_t i = 0; from->page_count > 0 && i < from->chunk_count; i++) {
		copy.chunks[i] = from->chunks[i];
		if (from->chunks[i] <= ALL)
			continue;
		copy.chunks[i] = NONE;
		uint64_t *bits = spread(&copy.chunks[i]);
		if (bits == NULL) {
			ol_pretend_pages_finish(&copy);
			return -ENOMEM;
		}
		memcpy(bits, bits_of(from->chunks[i]), WORDS * sizeof *bits);
	}
	ol_pretend_pages_finish(to);
	*to = copy;
	return 0;
}
