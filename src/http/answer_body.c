/* answer_body.c -- What the subject answered, as the text or the JSON that a client gets. */
#include "http/answer_body.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/appender.h"
#include "http/visible.h"
#include "record/fields.h"
#include "report/json_value.h"
#include "report/report.h"

/* The sign and the digits of a double, its exponent, and ".0". */
enum { NUMBER_TEXT_BYTES = 40 };

static void append_text_value(struct ol_appender *text, const struct ol_option_value *value) {
	char number[NUMBER_TEXT_BYTES];
	/* Room for every byte of it as \x1b: shown whole. */
	char visible[4 * OL_OPTION_VALUE_BYTES + 16];
	switch ((enum ol_option_type)value->type) {
	case OL_OPTION_BOOLEAN:
		ol_append(text, value->boolean ? "true" : "false");
		return;
	case OL_OPTION_INTEGER:
	case OL_OPTION_BYTES:
		snprintf(number, sizeof number, "%" PRId64, value->integer);
		ol_append(text, number);
		return;
	case OL_OPTION_NUMBER:
		snprintf(number, sizeof number, "%.15g", value->number);
		ol_append(text, number);
		return;
	case OL_OPTION_SHARE:
		snprintf(number, sizeof number, "%.10g%%", 100 * value->number);
		ol_append(text, number);
		return;
	default:
		/* One line a value, whatever the script put into it. */
		ol_append(text, ol_visible(value->string, strlen(value->string), visible, sizeof visible));
	}
}

static int text_body(const struct ol_answer *answer, char *buffer, size_t capacity,
	size_t *ret_body_bytes, struct ol_error *error) {
	struct ol_appender text = ol_appender_in(buffer, capacity);
	for (uint32_t i = 0; i < answer->value_count && i < OL_ANSWER_VALUES_MAX; i++) {
		const struct ol_option_value *value = &answer->values[i];
		if (value->is_unset)
			continue;
		ol_append(&text, OL_VISIBLE(value->name));
		ol_append(&text, ":  ");
		append_text_value(&text, value);
		ol_append(&text, "\n");
	}
	if (answer->has_memstats) {
		char memstats[OL_MEMSTATS_TEXT_BYTES];
		if (text.used > 0)
			ol_append(&text, "\n");
		ol_append_bytes(
			&text, memstats, ol_memstats_text(&answer->memstats, memstats, sizeof memstats));
	}
	if (text.is_cut)
		return ol_error_set(error, -ENOSPC, "the answer does not fit into %zu bytes", capacity);
	*ret_body_bytes = text.used;
	return 0;
}

void ol_http_answer_line(const struct ol_answer *answer, char *buffer, size_t capacity) {
	struct ol_appender line = ol_appender_in(buffer, capacity);
	for (uint32_t i = 0; i < answer->value_count && i < OL_ANSWER_VALUES_MAX; i++) {
		const struct ol_option_value *value = &answer->values[i];
		if (value->is_unset)
			continue;
		ol_append(&line, line.used > 0 ? ", " : "");
		ol_append(&line, OL_VISIBLE(value->name));
		ol_append(&line, ": ");
		append_text_value(&line, value);
	}
	if (line.used == 0 && answer->has_memstats) {
		ol_append(&line, "heap alloc: ");
		ol_append_uint64(&line, answer->memstats.heap_alloc);
		ol_append(&line, ", next gc: ");
		ol_append_uint64(&line, answer->memstats.next_gc);
	}
	if (answer->has_body)
		ol_append_bytes(&line, answer->body, strnlen(answer->body, answer->body_bytes));
}

static int add_json_value(json_t *object, const struct ol_option_value *value) {
	char name[OL_NAME_BYTES];
	snprintf(name, sizeof name, "%s", value->name);
	for (char *c = name; *c != '\0'; c++) {
		if (*c == ' ')
			*c = '_';
	}
	/* jansson refuses names that are no UTF-8 as it refuses to work without memory. */
	return json_object_set_new(object, name, ol_json_option_value(value));
}

static json_t *json_of_answer(const struct ol_answer *answer) {
	json_t *object = json_object();
	int result = object == NULL ? -1 : 0;
	for (uint32_t i = 0; i < answer->value_count && i < OL_ANSWER_VALUES_MAX; i++) {
		if (!answer->values[i].is_unset)
			result |= add_json_value(object, &answer->values[i]);
	}
	if (answer->has_memstats)
		result |= json_object_set_new(
			object, "memstats", ol_json_of_record(&ol_memstats_type, &answer->memstats, NULL));
	return ol_json_checked(object, result);
}

static int json_body(const struct ol_answer *answer, char *buffer, size_t capacity,
	size_t *ret_body_bytes, struct ol_error *error) {
	json_t *object = json_of_answer(answer);
	if (object == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to write JSON");
	size_t body_bytes =
		json_dumpb(object, buffer, capacity, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(object);
	if (body_bytes == 0)
		return ol_error_set(error, -ENOMEM, "no memory to write JSON");
	if (body_bytes + 1 >= capacity)
		return ol_error_set(error, -ENOSPC, "the answer does not fit into %zu bytes", capacity);
	buffer[body_bytes] = '\n';
	buffer[body_bytes + 1] = '\0';
	*ret_body_bytes = body_bytes + 1;
	return 0;
}

int ol_http_answer_body(const struct ol_answer *answer, bool is_json, char *buffer, size_t capacity,
	size_t *ret_body_bytes, struct ol_error *error) {
	assert(!answer->has_body);
	assert(capacity > 0);
	return is_json ? json_body(answer, buffer, capacity, ret_body_bytes, error)
				   : text_body(answer, buffer, capacity, ret_body_bytes, error);
}

/* "1e-07" becomes "1e-7", as jansson has it. */
static void trim_exponent(char *text) {
	char *digits = strchr(text, 'e');
	if (digits == NULL)
		return;
	digits += digits[1] == '-' ? 2 : 1;
	size_t trimmed = strspn(digits, "+0");
	memmove(digits, digits + trimmed, strlen(digits + trimmed) + 1);
}

/* A double as jansson writes it with 17 digits. */
static void append_json_number(struct ol_appender *json, double number) {
	char text[NUMBER_TEXT_BYTES];
	if (!isfinite(number)) {
		ol_append(json, "null");
		return;
	}
	if (number == 0) { /* Before the first collection: the most frequent, and for free. */
		ol_append(json, signbit(number) ? "-0.0" : "0.0");
		return;
	}
	int length = snprintf(text, sizeof text - 2, "%.17g", number);
	if (text[strcspn(text, ".e")] == '\0')
		memcpy(text + length, ".0", 3);
	trim_exponent(text);
	ol_append(json, text);
}

size_t ol_http_memstats_json(const struct ol_memstats *memstats, char *buffer, size_t capacity) {
	assert(capacity >= OL_HTTP_MEMSTATS_JSON_BYTES);
	struct ol_appender json = ol_appender_in(buffer, capacity);
	for (size_t i = 0; i < ol_memstats_type.field_count; i++) {
		const struct ol_field *field = &ol_memstats_type.fields[i];
		ol_append(&json, i == 0 ? "{\"memstats\":{\"" : ",\"");
		ol_append(&json, field->name);
		ol_append(&json, "\":");
		if (field->type == OL_FIELD_NUMBER)
			append_json_number(&json, ol_field_number(field, memstats));
		else if (ol_field_uint64(field, memstats) > INT64_MAX)
			ol_append(&json, "null");
		else
			ol_append_uint64(&json, ol_field_uint64(field, memstats));
	}
	ol_append(&json, "}}\n");
	assert(!json.is_cut);
	return json.used;
}
