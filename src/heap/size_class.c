/* size_class.c -- The table of size classes, and sizes rounded to it. */
#include "heap/size_class.h"

/* clang-format off */
#define CLASS(bytes, pages) \
	{ \
		.object_bytes = (bytes), \
		.page_count = (pages), \
		.divide_magic = UINT32_MAX / (bytes) + 1, \
		.object_count = (pages) * OL_HEAP_PAGE_BYTES / (bytes), \
	}

const struct ol_heap_size_class ol_heap_size_classes[OL_HEAP_SIZE_CLASSES] = {
	{ .object_bytes = 0 }, /* Large objects. */
	CLASS(8, 1), CLASS(16, 1), CLASS(24, 1), CLASS(32, 1), CLASS(48, 1), CLASS(64, 1),
	CLASS(80, 1), CLASS(96, 1), CLASS(112, 1), CLASS(128, 1), CLASS(144, 1), CLASS(160, 1),
	CLASS(176, 1), CLASS(192, 1), CLASS(208, 1), CLASS(224, 1), CLASS(240, 1), CLASS(256, 1),
	CLASS(288, 1), CLASS(320, 1), CLASS(352, 1), CLASS(384, 1), CLASS(416, 1), CLASS(448, 1),
	CLASS(480, 1), CLASS(512, 1), CLASS(576, 1), CLASS(640, 1), CLASS(704, 1), CLASS(768, 1),
	CLASS(896, 1), CLASS(1024, 1), CLASS(1152, 1), CLASS(1280, 1), CLASS(1408, 2), CLASS(1536, 1),
	CLASS(1792, 2), CLASS(2048, 1), CLASS(2304, 2), CLASS(2688, 1), CLASS(3072, 3), CLASS(3200, 2),
	CLASS(3456, 3), CLASS(4096, 1), CLASS(4864, 3), CLASS(5376, 2), CLASS(6144, 3), CLASS(6528, 4),
	CLASS(6784, 5), CLASS(6912, 6), CLASS(8192, 1), CLASS(9472, 7), CLASS(9728, 6),
	CLASS(10240, 5), CLASS(10880, 4), CLASS(12288, 3), CLASS(13568, 5), CLASS(14336, 7),
	CLASS(16384, 2), CLASS(18432, 9), CLASS(19072, 7), CLASS(20480, 5), CLASS(21760, 8),
	CLASS(24576, 3), CLASS(27264, 10), CLASS(28672, 7), CLASS(32768, 4),
};

const uint8_t ol_heap_class_by_8_bytes[129] = {
	0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15,
	16, 16, 17, 17, 18, 18, 19, 19, 19, 19, 20, 20, 20, 20, 21, 21, 21, 21, 22, 22, 22, 22, 23,
	23, 23, 23, 24, 24, 24, 24, 25, 25, 25, 25, 26, 26, 26, 26, 27, 27, 27, 27, 27, 27, 27, 27,
	28, 28, 28, 28, 28, 28, 28, 28, 29, 29, 29, 29, 29, 29, 29, 29, 30, 30, 30, 30, 30, 30, 30,
	30, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 32, 32, 32, 32, 32, 32,
	32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
};

const uint8_t ol_heap_class_by_128_bytes[249] = {
	32, 33, 34, 35, 36, 37, 37, 38, 38, 39, 39, 40, 40, 40, 41, 41, 41, 42, 43, 43, 44, 44, 44,
	44, 44, 45, 45, 45, 45, 45, 45, 46, 46, 46, 46, 47, 47, 47, 47, 47, 47, 48, 48, 48, 49, 49,
	50, 51, 51, 51, 51, 51, 51, 51, 51, 51, 51, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 53, 53,
	54, 54, 54, 54, 55, 55, 55, 55, 55, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 57, 57, 57,
	57, 57, 57, 57, 57, 57, 57, 58, 58, 58, 58, 58, 58, 59, 59, 59, 59, 59, 59, 59, 59, 59, 59,
	59, 59, 59, 59, 59, 59, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 61,
	61, 61, 61, 61, 62, 62, 62, 62, 62, 62, 62, 62, 62, 62, 62, 63, 63, 63, 63, 63, 63, 63, 63,
	63, 63, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 66,
	66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67,
	67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67,
};
/* clang-format on */

uint64_t ol_heap_size_class_bytes(unsigned size_class) {
	assert(size_class > 0);
	assert(size_class < OL_HEAP_SIZE_CLASSES);
	return ol_heap_size_classes[size_class].object_bytes;
}

uint64_t ol_heap_size_class_span_bytes(unsigned size_class) {
	assert(size_class > 0);
	assert(size_class < OL_HEAP_SIZE_CLASSES);
	return ol_heap_size_classes[size_class].page_count * OL_HEAP_PAGE_BYTES;
}
