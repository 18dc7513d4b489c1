/* chunk.c -- Bit work on the two bitmaps of a chunk. */
#include "heap/chunk.h"

#include <assert.h>

static inline unsigned first_bit(uint64_t word) {
	return (unsigned)__builtin_ctzll(word);
}

static inline unsigned bits_above(uint64_t word) {
	return (unsigned)__builtin_clzll(word);
}

static inline unsigned count_bits(uint64_t word) {
	return (unsigned)__builtin_popcountll(word);
}

static inline unsigned larger(unsigned a, unsigned b) {
	return a > b ? a : b;
}

unsigned ol_heap_chunk_next(const struct ol_heap_chunk *chunk, unsigned from, bool is_free) {
	assert(chunk != NULL);
	assert(from <= OL_HEAP_CHUNK_BITS);
	uint64_t flip = is_free ? 0 : UINT64_MAX;
	uint64_t mask = UINT64_MAX << (from % 64);
	for (unsigned word = from / 64; word < OL_HEAP_CHUNK_WORDS; word++) {
		uint64_t found = (chunk->free[word] ^ flip) & mask;
		if (found != 0)
			return word * 64 + first_bit(found);
		mask = UINT64_MAX;
	}
	return OL_HEAP_CHUNK_BITS;
}

unsigned ol_heap_chunk_find(const struct ol_heap_chunk *chunk, unsigned count) {
	assert(count > 0);
	assert(count <= OL_HEAP_CHUNK_BITS);
	unsigned start = ol_heap_chunk_next(chunk, 0, true);
	while (start + count <= OL_HEAP_CHUNK_BITS) {
		unsigned end = ol_heap_chunk_next(chunk, start, false);
		if (end - start >= count)
			return start;
		start = ol_heap_chunk_next(chunk, end, true);
	}
	return OL_HEAP_CHUNK_BITS;
}

struct ol_heap_chunk_range ol_heap_chunk_find_resident(
	const struct ol_heap_chunk *chunk, unsigned pages_max) {
	assert(chunk != NULL);
	assert(pages_max > 0);
	struct ol_heap_chunk_range range = { 0, 0 };
	for (unsigned word = OL_HEAP_CHUNK_WORDS; word-- > 0;) {
		uint64_t resident = chunk->free[word] & ~chunk->released[word];
		unsigned top = 64; /* Bits of this word that are still to be looked at. */
		if (range.count == 0) {
			if (resident == 0)
				continue;
			top = 64 - bits_above(resident);
			range.first = word * 64 + top;
		}
		/* The run of ones that ends below top. */
		uint64_t others = ~resident & (top == 64 ? UINT64_MAX : (UINT64_C(1) << top) - 1);
		unsigned run_pages = others == 0 ? top : top - (64 - bits_above(others));
		if (run_pages > pages_max - range.count)
			run_pages = pages_max - range.count;
		range.first -= run_pages;
		range.count += run_pages;
		if (run_pages < top || range.count == pages_max)
			break;
	}
	return range;
}

unsigned ol_heap_chunk_take(struct ol_heap_chunk *chunk, struct ol_heap_chunk_range range) {
	assert(range.count > 0);
	assert(range.first + range.count <= OL_HEAP_CHUNK_BITS);
	unsigned released_pages = 0;
	unsigned last = (range.first + range.count - 1) / 64;
	for (unsigned word = range.first / 64; word <= last; word++) {
		uint64_t mask = ol_heap_range_mask(range, word);
		assert((chunk->free[word] & mask) == mask);
		released_pages += count_bits(chunk->released[word] & mask);
		chunk->free[word] &= ~mask;
		chunk->released[word] &= ~mask;
	}
	return released_pages;
}

void ol_heap_chunk_give(
	struct ol_heap_chunk *chunk, struct ol_heap_chunk_range range, bool is_released) {
	assert(range.count > 0);
	assert(range.first + range.count <= OL_HEAP_CHUNK_BITS);
	unsigned last = (range.first + range.count - 1) / 64;
	for (unsigned word = range.first / 64; word <= last; word++) {
		uint64_t mask = ol_heap_range_mask(range, word);
		assert((chunk->free[word] & mask) == 0);
		chunk->free[word] |= mask;
		if (is_released)
			chunk->released[word] |= mask;
	}
}

/* The longest run of ones in a word, if it is longer than at_least; otherwise at_least. */
static unsigned longest_run(uint64_t word, unsigned at_least) {
	unsigned run = 0;
	/* Each step takes one bit off every run. */
	while (word != 0) {
		word &= word << 1;
		run++;
	}
	assert(run <= 64);
	return larger(run, at_least);
}

struct ol_heap_summary ol_heap_chunk_summarize(const struct ol_heap_chunk *chunk) {
	assert(chunk != NULL);
	struct ol_heap_summary summary = { 0 };
	unsigned run = 0; /* Free pages just before this word. */
	bool is_at_start = true;
	uint64_t resident = 0;
	for (unsigned word = 0; word < OL_HEAP_CHUNK_WORDS; word++) {
		uint64_t free = chunk->free[word];
		resident |= free & ~chunk->released[word];
		if (free == UINT64_MAX) {
			run += 64;
			continue;
		}
		run += first_bit(~free);
		if (is_at_start)
			summary.start_pages = run;
		is_at_start = false;
		summary.longest_pages = larger(run, summary.longest_pages);
		run = bits_above(~free);
		/* What is left without the runs at both ends lies inside the word. */
		uint64_t inner = free & (free + 1);
		if (run > 0)
			inner &= UINT64_MAX >> run;
		summary.longest_pages = longest_run(inner, summary.longest_pages);
	}
	if (is_at_start)
		summary.start_pages = run;
	summary.longest_pages = larger(run, summary.longest_pages);
	summary.end_pages = run;
	summary.has_resident = resident != 0;
	assert(summary.longest_pages <= OL_HEAP_CHUNK_BITS);
	return summary;
}
