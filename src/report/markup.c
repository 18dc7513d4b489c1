/* markup.c -- Text and data put into HTML and XML so that nothing in them is taken for markup. */
#include "report/markup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "report/utf8.h"

void ol_markup_put_text(FILE *stream, const char *text) {
	while (*text != '\0') {
		uint32_t point = 0;
		size_t length = ol_utf8_decode(text, &point);
		bool is_control = (point < 0x20 && point != '\n') || (point >= 0x7f && point < 0xa0);
		bool is_bidi = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
		bool is_none = point == 0xfffe || point == 0xffff;
		if (length == 0 || is_control || is_bidi || is_none)
			fputs("\xef\xbf\xbd", stream);
		else if (strchr("&<>\"'", *text) != NULL)
			fprintf(stream, "&#%" PRIu32 ";", point);
		else
			fwrite(text, 1, length, stream);
		text += length > 0 ? length : 1;
	}
}

/* In JSON "<" stands in strings only; written as an escape, nothing in them can end the element. */
static int put_json_piece(const char *piece, size_t length, void *stream) {
	for (size_t i = 0; i < length; i++) {
		if (piece[i] == '<')
			fputs("\\u003c", stream);
		else
			fputc(piece[i], stream);
	}
	return 0;
}

int ol_markup_put_json(FILE *stream, json_t *value) {
	int result = value == NULL ? -1
							   : json_dump_callback(value, put_json_piece, stream,
									 JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(value);
	return result;
}

/* The gap that text begins with, behind its braces; NULL: it is none. */
static const struct ol_markup_gap *gap_at(
	const char *text, const struct ol_markup_gap *gaps, size_t gap_count, size_t *ret_length) {
	for (size_t i = 0; i < gap_count; i++) {
		size_t length = strlen(gaps[i].name);
		if (strncmp(text, gaps[i].name, length) == 0 && strncmp(text + length, "}}", 2) == 0) {
			*ret_length = length + 2;
			return &gaps[i];
		}
	}
	return NULL;
}

void ol_markup_put_page(FILE *stream, const char *page, const struct ol_markup_gap *gaps,
	size_t gap_count, void *context) {
	const char *text = page;
	for (const char *braces; (braces = strstr(text, "{{")) != NULL;) {
		size_t gap_length = 0;
		fwrite(text, 1, (size_t)(braces - text), stream);
		const struct ol_markup_gap *gap = gap_at(braces + 2, gaps, gap_count, &gap_length);
		if (gap != NULL)
			gap->put(context);
		else
			fputs("{{", stream);
		text = braces + 2 + gap_length;
	}
	fputs(text, stream);
}
