/* json_value.c -- Records as JSON values, driven by the tables of record/fields.h. */
#include "report/json_value.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "report/utf8.h"

json_t *ol_json_uint64(uint64_t number) {
	return number > INT64_MAX ? json_null() : json_integer((json_int_t)number);
}

json_t *ol_json_text(const char *text) {
	/* The longest text is a message; each of its bytes may become three. */
	char repaired[3 * OL_MESSAGE_BYTES + 1];
	ol_utf8_repair(text, repaired, sizeof repaired);
	return json_string(repaired);
}

json_t *ol_json_text_or_null(const char *text) {
	return *text == '\0' ? json_null() : ol_json_text(text);
}

json_t *ol_json_number(double number) {
	return isfinite(number) ? json_real(number) : json_null();
}

json_t *ol_json_boolean(bool is_true) {
	return json_boolean(is_true);
}

json_t *ol_json_option_value(const struct ol_option_value *option) {
	switch ((enum ol_option_type)option->type) {
	case OL_OPTION_BOOLEAN:
		return ol_json_boolean(option->boolean != 0);
	case OL_OPTION_INTEGER:
	case OL_OPTION_BYTES:
		return json_integer(option->integer);
	case OL_OPTION_NUMBER:
	case OL_OPTION_SHARE:
		return ol_json_number(option->number);
	default:
		return ol_json_text(option->string);
	}
}

static json_t *json_of_field(const struct ol_field *field, const void *record) {
	switch (field->type) {
	case OL_FIELD_UINT64:
		return ol_json_uint64(ol_field_uint64(field, record));
	case OL_FIELD_BOOLEAN:
		return ol_json_boolean(ol_field_uint32(field, record) != 0);
	case OL_FIELD_NUMBER:
		return ol_json_number(ol_field_number(field, record));
	case OL_FIELD_TEXT:
		return ol_json_text(ol_field_text(field, record));
	case OL_FIELD_ACTIVITY:
		return ol_json_text(ol_activity_name((enum ol_activity)ol_field_uint32(field, record)));
	}
	return NULL;
}

int ol_json_add_record(json_t *object, const struct ol_record_type *type, const void *record,
	const struct ol_memstats *memstats) {
	int result = 0;
	for (size_t i = 0; i < type->field_count; i++)
		result |= json_object_set_new(
			object, type->fields[i].name, json_of_field(&type->fields[i], record));
	if (memstats != NULL)
		result |= json_object_set_new(
			object, "memstats", ol_json_of_record(&ol_memstats_type, memstats, NULL));
	return result;
}

json_t *ol_json_of_record(
	const struct ol_record_type *type, const void *record, const struct ol_memstats *memstats) {
	json_t *object = json_object();
	if (object != NULL && ol_json_add_record(object, type, record, memstats) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int ol_json_write_line(FILE *stream, json_t *value, struct ol_error *error) {
	if (value == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to write JSON");
	errno = 0;
	int result = json_dumpf(value, stream, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(value);
	if (result == 0 && fputc('\n', stream) != EOF && fflush(stream) == 0)
		return 0;
	int code = errno != 0 ? -errno : -EIO;
	return ol_error_set_errno(error, code, "cannot write JSON");
}
