/* size_class.h -- The 67 object sizes up to 32 KiB and the spans that hold them.
 *
 * Go 1.19's table (runtime/sizeclasses.go). A span is as many pages as it takes until what is
 * left behind its last object is at most an eighth of it (runtime/mksizeclasses.go). */
#ifndef OL_HEAP_SIZE_CLASS_H
#define OL_HEAP_SIZE_CLASS_H

#include <assert.h>
#include <stdint.h>

#include "base/hot_assert.h"
#include "heap/heap.h"

struct ol_heap_size_class {
	uint32_t object_bytes;
	uint32_t page_count; /* Of one span. */
	/* Multiplied with an offset into the span and shifted right by 32, it divides the offset by
	 * object_bytes: exact for all offsets that a span has. 0 for large objects: index 0. */
	uint32_t divide_magic;
	uint16_t object_count; /* Of one span. */
};

/* Indexed by class; class 0 is all zeros. */
extern const struct ol_heap_size_class ol_heap_size_classes[OL_HEAP_SIZE_CLASSES];

/* Class by size: in steps of 8 bytes up to 1 KiB, then in steps of 128. */
extern const uint8_t ol_heap_class_by_8_bytes[129];
extern const uint8_t ol_heap_class_by_128_bytes[249];

/* The smallest class whose objects hold bytes, from 1 to OL_HEAP_SMALL_BYTES_MAX. */
static inline unsigned ol_heap_size_class_of(uint64_t bytes) {
	hot_assert(bytes > 0);
	hot_assert(bytes <= OL_HEAP_SMALL_BYTES_MAX);
	if (bytes <= 1024)
		return ol_heap_class_by_8_bytes[(bytes + 7) / 8];
	return ol_heap_class_by_128_bytes[(bytes - 1024 + 127) / 128];
}

#endif
