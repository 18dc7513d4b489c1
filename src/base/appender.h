/* appender.h -- Text built piece by piece in a fixed buffer, without printf: for hot paths.
 *
 * What does not fit is left out and remembered in is_cut; the buffer is always terminated. */
#ifndef OL_BASE_APPENDER_H
#define OL_BASE_APPENDER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OL_UINT64_DIGITS_MAX = 20 };

struct ol_appender {
	char *buffer;
	size_t capacity; /* NUL included: at least 1. */
	size_t used;     /* Below capacity. */
	bool is_cut;
};

static inline struct ol_appender ol_appender_in(char *buffer, size_t capacity) {
	assert(capacity > 0);
	buffer[0] = '\0';
	return (struct ol_appender){ .buffer = buffer, .capacity = capacity };
}

/* All of the piece or as much of it as fits. */
static inline void ol_append_bytes(struct ol_appender *appender, const char *piece, size_t bytes) {
	size_t room_bytes = appender->capacity - 1 - appender->used;
	if (bytes > room_bytes) {
		bytes = room_bytes;
		appender->is_cut = true;
	}
	memcpy(appender->buffer + appender->used, piece, bytes);
	appender->used += bytes;
	appender->buffer[appender->used] = '\0';
}

static inline void ol_append(struct ol_appender *appender, const char *text) {
	ol_append_bytes(appender, text, strlen(text));
}

static inline void ol_append_uint64(struct ol_appender *appender, uint64_t number) {
	char digits[OL_UINT64_DIGITS_MAX];
	size_t first = sizeof digits;
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	ol_append_bytes(appender, digits + first, sizeof digits - first);
}

#endif
