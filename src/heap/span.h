/* span.h -- A run of pages that holds objects of one class and kind, or one large object.
 *
 * What marking needs of a span lies in its first cache line: the fields and the mark bits. Its
 * address follows from the span's index alone, so it can be fetched ahead. */
#ifndef OL_HEAP_SPAN_H
#define OL_HEAP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/heap.h"
#include "heap/size_class.h"

enum {
	OL_HEAP_BIT_WORDS = 8, /* 512 objects; only the 8 byte class has more. */
	/* A list for every class and kind: twice the class, plus one for nodes. */
	OL_HEAP_CLASS_KINDS = 2 * OL_HEAP_SIZE_CLASSES
};

enum ol_heap_span_state {
	OL_HEAP_SPAN_UNUSED, /* In the list of unused descriptors. */
	OL_HEAP_SPAN_IN_USE,
	OL_HEAP_SPAN_CACHED,   /* In use, and objects are being allocated from it. */
	OL_HEAP_SPAN_EXTENSION /* Holds nothing but the alloc bits of some span. */
};

struct ol_heap_span {
	char *base;
	uint32_t divide_magic;
	uint16_t object_count; /* Room for. */
	uint8_t class_kind;
	uint8_t state; /* enum ol_heap_span_state. */
	/* Mark bits, one an object, 0 behind the last object; then, unless there is an extension, the
	 * alloc bits. The mark bits of up to 384 objects share a cache line with the fields above. */
	uint64_t words[2 * OL_HEAP_BIT_WORDS];
	/* One bit an object, 1 behind the last object. In the second half of words, or, where the mark
	 * bits of more than 512 objects fill both halves, in the words of another descriptor. */
	uint64_t *alloc_bits;
	uint64_t object_bytes;
	uint32_t page_count;
	uint32_t next;             /* Span index: in a list of partly free or of unused spans. */
	uint32_t extension;        /* Span index; 0 for none. */
	uint16_t allocated_count;  /* Bits set in alloc_bits below object_count. */
	uint16_t word_count;       /* Of each bitmap. */
	uint32_t sweep_generation; /* The heap's, unless it awaits sweeping. */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct ol_heap_span) == 192, "three cache lines");
_Static_assert(offsetof(struct ol_heap_span, words) == 16, "mark bits in the first cache line");

static inline unsigned ol_heap_class_kind(unsigned size_class, bool is_node) {
	return 2 * size_class + is_node;
}

static inline bool ol_heap_span_is_node(const struct ol_heap_span *span) {
	return span->class_kind & 1;
}

static inline unsigned ol_heap_span_size_class(const struct ol_heap_span *span) {
	return span->class_kind / 2;
}

static inline bool ol_heap_span_is_used(const struct ol_heap_span *span) {
	return span->state == OL_HEAP_SPAN_IN_USE || span->state == OL_HEAP_SPAN_CACHED;
}

/* Index of the object that holds the byte at offset: a division by object_bytes. */
static inline uint32_t ol_heap_object_index(const struct ol_heap_span *span, uint64_t offset) {
	return (uint32_t)((offset * span->divide_magic) >> 32);
}

static inline bool ol_heap_span_has_mark(const struct ol_heap_span *span, uint32_t index) {
	uint64_t word = __atomic_load_n(&span->words[index / 64], __ATOMIC_RELAXED);
	return word >> (index % 64) & 1;
}

/* Sets mark bits of one word. */
static inline void ol_heap_span_set_marks(
	struct ol_heap_span *span, uint32_t word, uint64_t bits, bool is_atomic) {
	assert(word < span->word_count);
	if (is_atomic)
		__atomic_fetch_or(&span->words[word], bits, __ATOMIC_RELAXED);
	else
		span->words[word] |= bits;
}

/* The bits of word that stand for objects: all but in the last word. */
static inline uint64_t ol_heap_valid_bits(const struct ol_heap_span *span, unsigned word) {
	unsigned rest = span->object_count - word * 64;
	return rest >= 64 ? UINT64_MAX : (UINT64_C(1) << rest) - 1;
}

#endif
