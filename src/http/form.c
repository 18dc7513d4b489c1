/* form.c -- A form's body, taken apart where it stands. */
#include "http/form.h"

#include <string.h>

static int digit(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* Lower case, of a letter. */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns how much is left of it; a NUL is put behind that. */
static size_t decode(char *text, size_t bytes) {
	size_t kept = 0;
	for (size_t i = 0; i < bytes; i++) {
		char c = text[i] == '+' ? ' ' : text[i];
		if (c == '%' && bytes - i > 2 && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
			c = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
			i += 2;
		}
		text[kept++] = c;
	}
	text[kept] = '\0';
	return kept;
}

void ol_http_form_decode(char *form, size_t form_bytes,
	void (*take)(void *context, const struct ol_http_text *text), void *context) {
	while (form_bytes > 0 && (form[form_bytes - 1] == '\n' || form[form_bytes - 1] == '\r'))
		form_bytes--;
	for (size_t start = 0; start < form_bytes;) {
		char *name = form + start;
		const char *end = memchr(name, '&', form_bytes - start);
		size_t part_bytes = end != NULL ? (size_t)(end - name) : form_bytes - start;
		start += part_bytes + 1;
		if (part_bytes == 0)
			continue;
		/* Both ends are found before decoding puts NULs there. */
		char *equals = memchr(name, '=', part_bytes);
		size_t name_bytes = equals != NULL ? (size_t)(equals - name) : part_bytes;
		struct ol_http_text text = { .name = name, .name_bytes = decode(name, name_bytes) };
		if (equals != NULL) {
			text.text = equals + 1;
			text.text_bytes = decode(equals + 1, part_bytes - name_bytes - 1);
		}
		take(context, &text);
	}
}
