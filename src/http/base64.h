/* base64.h -- Base64 of RFC 4648, read strictly: one way only to write a text. */
#ifndef OL_HTTP_BASE64_H
#define OL_HTTP_BASE64_H

#include <stddef.h>

/* Reads text_bytes of text. -EINVAL: a foreign character, bad padding, stray bits at the end.
 * -ENOSPC: more than capacity bytes. */
int ol_base64_decode(const char *text, size_t text_bytes, unsigned char *buffer, size_t capacity,
	size_t *ret_decoded_bytes);

#endif
