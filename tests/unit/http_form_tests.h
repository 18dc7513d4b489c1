/* http_form_tests.h -- Forms, taken apart where they stand. */
#ifndef TESTS_UNIT_HTTP_FORM_TESTS_H
#define TESTS_UNIT_HTTP_FORM_TESTS_H

#include <stdio.h>
#include <string.h>

#include "http/form.h"

struct form_parts {
	char text[256]; /* "[name=text]" each; "[name]" where there was no "="; NULs as "0". */
};

static void add_form_bytes(char *out, const char *bytes, size_t count) {
	size_t used = strlen(out);
	for (size_t i = 0; i < count; i++)
		out[used + i] = bytes[i] == '\0' ? '0' : bytes[i];
	out[used + count] = '\0';
}

static void take_form_part(void *context, const struct ol_http_text *text) {
	char *out = ((struct form_parts *)context)->text;
	strcat(out, "[");
	add_form_bytes(out, text->name, text->name_bytes);
	assert_int_equal(text->name[text->name_bytes], '\0');
	if (text->text != NULL) {
		strcat(out, "=");
		add_form_bytes(out, text->text, text->text_bytes);
		assert_int_equal(text->text[text->text_bytes], '\0');
	}
	strcat(out, "]");
}

static void a_form_is_its_names_and_texts_decoded(void **state) {
	static const struct {
		const char *form, *parts;
	} cases[] = {
		{ "bytes=20M", "[bytes=20M]" },
		{ "a=1&b=2", "[a=1][b=2]" },
		{ "a=b=c&&d", "[a=b=c][d]" },
		{ "=x&y=", "[=x][y=]" },
		{ "a%20b=c+d%2Be", "[a b=c d+e]" },
		{ "a=%2&b=%zz&c=%", "[a=%2][b=%zz][c=%]" },
		{ "a=%00b%26c", "[a=0b&c]" },
		{ "a=1\r\n", "[a=1]" },
		{ "&&", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char form[64];
		struct form_parts parts = { "" };
		snprintf(form, sizeof form, "%s", cases[i].form);
		ol_http_form_decode(form, strlen(form), take_form_part, &parts);
		assert_string_equal(parts.text, cases[i].parts);
	}
}

#endif
