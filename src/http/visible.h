/* visible.h -- What a client sent, made fit to be shown: cut, and nothing in it invisible. */
#ifndef OL_HTTP_VISIBLE_H
#define OL_HTTP_VISIBLE_H

#include <stddef.h>

enum { OL_VISIBLE_BYTES = 64 }; /* Enough to recognise a value by. */

/* Copies text_bytes of text: control characters and bytes that are no UTF-8 become \x1b, longer
 * text ends in "...". capacity must be above 8. Returns buffer. */
const char *ol_visible(const char *text, size_t text_bytes, char *buffer, size_t capacity);

/* Alive until the end of the enclosing block. */
#define OL_VISIBLE(text) \
	ol_visible((text), strlen(text), (char[OL_VISIBLE_BYTES]){ 0 }, OL_VISIBLE_BYTES)

#endif
