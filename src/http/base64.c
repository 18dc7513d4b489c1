/* base64.c -- Base64 of RFC 4648, read strictly. */
#include "http/base64.h"

#include <errno.h>
#include <stdint.h>

static int digit_of(char c) {
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -EINVAL;
}

int ol_base64_decode(const char *text, size_t text_bytes, unsigned char *buffer, size_t capacity,
	size_t *ret_decoded_bytes) {
	if (text_bytes % 4 != 0)
		return -EINVAL;
	size_t padding = 0;
	while (padding < 2 && padding < text_bytes && text[text_bytes - 1 - padding] == '=')
		padding++;
	size_t decoded_bytes = text_bytes / 4 * 3 - padding;
	if (decoded_bytes > capacity)
		return -ENOSPC;
	uint32_t bits = 0;
	size_t used = 0;
	for (size_t i = 0; i < text_bytes - padding; i++) {
		int digit = digit_of(text[i]);
		if (digit < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)digit;
		/* Every digit but each group's first completes a byte. */
		if (i % 4 != 0)
			buffer[used++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	/* What padding cut off was zero, or two texts would mean the same. */
	if (padding > 0 && (bits & ((1u << 2 * padding) - 1)) != 0)
		return -EINVAL;
	*ret_decoded_bytes = used;
	return 0;
}
