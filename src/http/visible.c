/* visible.c -- What a client sent, made fit to be shown. */
#include "http/visible.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "report/utf8.h"

/* Bytes of the printable character that text begins with, or 0. */
static size_t printable_bytes(const char *text, size_t text_bytes) {
	/* The decoder wants terminated text; a hostile one may end within a character. */
	char piece[OL_UTF8_BYTES_MAX + 1] = { 0 };
	memcpy(piece, text, text_bytes < OL_UTF8_BYTES_MAX ? text_bytes : OL_UTF8_BYTES_MAX);
	if (piece[0] == '\0')
		return 0;
	uint32_t point = 0;
	size_t bytes = ol_utf8_decode(piece, &point);
	bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
	/* These reorder or hide what stands around them. */
	bool is_tricky = (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
					 (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
	return bytes > 0 && !is_control && !is_tricky ? bytes : 0;
}

const char *ol_visible(const char *text, size_t text_bytes, char *buffer, size_t capacity) {
	static const char ellipsis[] = "...";
	assert(capacity > 2 * sizeof ellipsis);
	size_t used = 0, used_before_ellipsis = 0;
	for (size_t i = 0; i < text_bytes;) {
		char piece[OL_UTF8_BYTES_MAX + 1];
		size_t bytes = printable_bytes(text + i, text_bytes - i);
		size_t piece_bytes = bytes;
		if (bytes > 0)
			memcpy(piece, text + i, bytes);
		else
			piece_bytes = (size_t)snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)text[i]);
		if (used + piece_bytes >= capacity) {
			memcpy(buffer + used_before_ellipsis, ellipsis, sizeof ellipsis);
			return buffer;
		}
		memcpy(buffer + used, piece, piece_bytes);
		used += piece_bytes;
		if (used + sizeof ellipsis <= capacity)
			used_before_ellipsis = used;
		i += bytes > 0 ? bytes : 1;
	}
	buffer[used] = '\0';
	return buffer;
}
