/* utf8.c -- One character of UTF-8 at a time, checked. */
#include "report/utf8.h"

#include <assert.h>
#include <string.h>

size_t ol_utf8_decode(const char *text, uint32_t *ret_point) {
	const unsigned char *bytes = (const unsigned char *)text;
	/* By the number of bytes: the smallest point that may be written with so many. */
	static const uint32_t point_minimum[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = bytes[0] < 0x80             ? 1
					: (bytes[0] & 0xe0) == 0xc0 ? 2
					: (bytes[0] & 0xf0) == 0xe0 ? 3
					: (bytes[0] & 0xf8) == 0xf0 ? 4
												: 0;
	if (length == 0)
		return 0;
	uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		/* A NUL is no continuation: nothing behind the end is read. */
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	if (point < point_minimum[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return length;
}

void ol_utf8_repair(const char *text, char *buffer, size_t capacity) {
	static const char replacement[] = "\xef\xbf\xbd";
	assert(capacity > 0);
	size_t used = 0;
	while (*text != '\0') {
		uint32_t point;
		size_t length = ol_utf8_decode(text, &point);
		const char *source = length > 0 ? text : replacement;
		size_t source_bytes = length > 0 ? length : sizeof replacement - 1;
		if (used + source_bytes >= capacity)
			break;
		memcpy(buffer + used, source, source_bytes);
		used += source_bytes;
		text += length > 0 ? length : 1;
	}
	buffer[used] = '\0';
}
