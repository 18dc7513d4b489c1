/* take.c -- Values taken out of JSON into structs, each checked. */
#include "records/take.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "record/watchdog.h"

void ol_take_text(const char *text, char *buffer, size_t capacity) {
	size_t length = strnlen(text, capacity);
	if (length == capacity) {
		length = capacity - 1;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(buffer, text, length);
	buffer[length] = '\0';
}

static int refuse(const char *name, const char *expected, struct ol_error *error) {
	return ol_error_set(error, -EBADMSG, "'%s' is not %s", name, expected);
}

static int take_uint64(
	const json_t *value, const char *name, uint64_t *number, struct ol_error *error) {
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return refuse(name, "a whole number from 0 on", error);
	*number = (uint64_t)json_integer_value(value);
	return 0;
}

static int take_int32(
	const json_t *value, const char *name, int32_t *number, struct ol_error *error) {
	json_int_t integer = json_integer_value(value);
	if (!json_is_integer(value) || integer < INT32_MIN || integer > INT32_MAX)
		return refuse(name, "a whole number", error);
	*number = (int32_t)integer;
	return 0;
}

static int take_boolean(
	const json_t *value, const char *name, uint32_t *boolean, struct ol_error *error) {
	if (!json_is_boolean(value))
		return refuse(name, "true or false", error);
	*boolean = json_is_true(value);
	return 0;
}

static int take_name(const json_t *value, const char *name, const char *(*name_of)(unsigned),
	unsigned count, uint32_t *index, struct ol_error *error) {
	const char *text = json_string_value(value);
	for (unsigned i = 0; text != NULL && i < count; i++) {
		if (strcmp(text, name_of(i)) == 0) {
			*index = i;
			return 0;
		}
	}
	return refuse(name, "a name that this version knows", error);
}

static const char *outcome_name(unsigned index) {
	return ol_outcome_name((enum ol_outcome)index);
}

static const char *limited_by_name(unsigned index) {
	return ol_limited_by_name((enum ol_limited_by)index);
}

static const char *measure_name(unsigned index) {
	return ol_watchdog_measure_name((enum ol_watchdog_measure)index);
}

static const char *way_name(unsigned index) {
	return ol_watchdog_way_name((enum ol_watchdog_way)index);
}

static const char *activity_name(unsigned index) {
	return ol_activity_name((enum ol_activity)index);
}

static int take_text_field(
	const json_t *value, const char *name, char *text, size_t capacity, struct ol_error *error) {
	if (!json_is_string(value))
		return refuse(name, "a text", error);
	ol_take_text(json_string_value(value), text, capacity);
	return 0;
}

static void take_null(const struct ol_take *take, void *field) {
	switch (take->kind) {
	case OL_TAKE_UINT64:
		*(uint64_t *)field = UINT64_MAX;
		return;
	case OL_TAKE_MEMORY_LIMIT:
		*(uint64_t *)field = OL_MEMORY_LIMIT_OFF;
		return;
	case OL_TAKE_INT32:
		*(int32_t *)field = -1;
		return;
	default:
		memset(field, 0, take->capacity_bytes);
	}
}

static int take_field(
	const json_t *value, const struct ol_take *take, void *field, struct ol_error *error) {
	uint64_t number = 0;
	int result;
	if (json_is_null(value)) {
		take_null(take, field);
		return 0;
	}
	switch (take->kind) {
	case OL_TAKE_UINT64:
	case OL_TAKE_UINT64_OR_0:
	case OL_TAKE_MEMORY_LIMIT:
		return take_uint64(value, take->name, field, error);
	case OL_TAKE_UINT32:
		result = take_uint64(value, take->name, &number, error);
		if (result == 0)
			*(uint32_t *)field = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
		return result;
	case OL_TAKE_INT32:
	case OL_TAKE_INT32_OR_0:
		return take_int32(value, take->name, field, error);
	case OL_TAKE_BOOLEAN:
		return take_boolean(value, take->name, field, error);
	case OL_TAKE_TEXT:
		return take_text_field(value, take->name, field, take->capacity_bytes, error);
	case OL_TAKE_GOGC:
		if (json_is_string(value) && strcmp(json_string_value(value), "off") == 0) {
			*(int32_t *)field = OL_GOGC_OFF;
			return 0;
		}
		return take_int32(value, take->name, field, error);
	case OL_TAKE_OUTCOME:
		return take_name(value, take->name, outcome_name, OL_OUTCOME_COUNT, field, error);
	case OL_TAKE_LIMITED_BY:
		return take_name(value, take->name, limited_by_name, OL_LIMITED_BY_INNER + 1, field, error);
	case OL_TAKE_MEASURE:
		return take_name(value, take->name, measure_name, OL_WATCHDOG_MEASURE_COUNT, field, error);
	case OL_TAKE_WAY:
		return take_name(value, take->name, way_name, OL_WATCHDOG_WAY_COUNT, field, error);
	}
	return refuse(take->name, "of a known kind", error);
}

int ol_take_fields(const json_t *object, const struct ol_take *takes, size_t count, void *record,
	struct ol_error *error) {
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, takes[i].name);
		if (value == NULL)
			continue;
		int result = take_field(value, &takes[i], (char *)record + takes[i].offset_bytes, error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int take_record_field(
	const json_t *value, const struct ol_field *field, void *record, struct ol_error *error) {
	void *place = (char *)record + field->offset_bytes;
	switch (field->type) {
	case OL_FIELD_UINT64:
		if (!json_is_null(value))
			return take_uint64(value, field->name, place, error);
		*(uint64_t *)place = UINT64_MAX;
		return 0;
	case OL_FIELD_BOOLEAN:
		return take_boolean(value, field->name, place, error);
	case OL_FIELD_NUMBER:
		if (!json_is_number(value) && !json_is_null(value))
			return refuse(field->name, "a number", error);
		*(double *)place = json_number_value(value);
		return 0;
	case OL_FIELD_TEXT:
		return take_text_field(value, field->name, place, field->capacity_bytes, error);
	case OL_FIELD_ACTIVITY:
		return take_name(value, field->name, activity_name, OL_ACTIVITY_COUNT, place, error);
	}
	return 0;
}

int ol_take_record(
	const json_t *object, const struct ol_record_type *type, void *record, struct ol_error *error) {
	for (size_t i = 0; i < type->field_count; i++) {
		const json_t *value = json_object_get(object, type->fields[i].name);
		int result = 0;
		if (value != NULL)
			result = take_record_field(value, &type->fields[i], record, error);
		if (result < 0)
			return result;
	}
	return 0;
}

int ol_take_object(
	const json_t *object, const char *name, const json_t **ret_object, struct ol_error *error) {
	const json_t *value = json_object_get(object, name);
	if (value != NULL && !json_is_object(value) && !json_is_null(value))
		return refuse(name, "an object", error);
	*ret_object = json_is_object(value) ? value : NULL;
	return 0;
}

int ol_take_array(
	const json_t *object, const char *name, const json_t **ret_array, struct ol_error *error) {
	const json_t *value = json_object_get(object, name);
	if (value != NULL && !json_is_array(value) && !json_is_null(value))
		return refuse(name, "an array", error);
	*ret_array = json_is_array(value) ? value : NULL;
	return 0;
}

int ol_take_demand(const json_t *object, const char *name, struct ol_error *error) {
	if (json_object_get(object, name) != NULL)
		return 0;
	return ol_error_set(error, -EBADMSG, "'%s' is missing", name);
}
