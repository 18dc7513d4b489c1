/* arguments.c -- Texts of a request, checked against what the route takes. */
#include "http/arguments.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "base/units.h"
#include "http/visible.h"
#include "supervisor/plan.h"

enum { EXPECTED_BYTES = 384, LIMIT_TEXT_BYTES = 32, SUGGESTION_BYTES = OL_NAME_BYTES + 24 };

/* 20971520, not 2.09715e+07. */
static const char *limit_text(double limit, char buffer[LIMIT_TEXT_BYTES]) {
	bool is_whole = fabs(limit) < 0x1p63 && limit == trunc(limit);
	snprintf(buffer, LIMIT_TEXT_BYTES, is_whole ? "%.0f" : "%.15g", limit);
	return buffer;
}

static void add_range(const struct ol_option *argument, char *buffer, size_t capacity) {
	char minimum[LIMIT_TEXT_BYTES], maximum[LIMIT_TEXT_BYTES];
	limit_text(argument->minimum, minimum);
	limit_text(argument->maximum, maximum);
	size_t used = strlen(buffer);
	if (argument->has_minimum && argument->has_maximum)
		snprintf(buffer + used, capacity - used, ", %s to %s", minimum, maximum);
	else if (argument->has_minimum)
		snprintf(buffer + used, capacity - used, ", at least %s", minimum);
	else if (argument->has_maximum)
		snprintf(buffer + used, capacity - used, ", at most %s", maximum);
}

static void add_choices(const struct ol_option *argument, char *buffer, size_t capacity) {
	size_t used = 0;
	for (uint32_t i = 0; i < argument->choice_count && i < OL_CHOICES_MAX; i++) {
		int length = snprintf(
			buffer + used, capacity - used, "%s%s", i > 0 ? ", " : "", argument->choices[i]);
		if (length < 0 || (size_t)length >= capacity - used)
			return;
		used += (size_t)length;
	}
}

const char *ol_http_expected(const struct ol_option *argument, char *buffer, size_t capacity) {
	static const char *const kinds[] = {
		[OL_OPTION_BOOLEAN] = "true or false",
		[OL_OPTION_INTEGER] = "a whole number",
		[OL_OPTION_NUMBER] = "a number",
		[OL_OPTION_STRING] = "a text of at most 255 bytes, without control characters",
		[OL_OPTION_BYTES] = "a size, as in 20971520, 20M or 0.5GiB",
		[OL_OPTION_SHARE] = "a share, as in 80%, of more than 0% and at most 100%",
	};
	assert(argument->value.type < OL_OPTION_TYPE_COUNT);
	snprintf(buffer, capacity, "%s", kinds[argument->value.type]);
	if (argument->value.type == OL_OPTION_STRING && argument->choice_count > 0)
		add_choices(argument, buffer, capacity);
	else
		add_range(argument, buffer, capacity);
	return buffer;
}

/* A sign and digits; ol_parse_integer looks after the rest. */
static int parse_integer(const char *text, int64_t *ret_integer) {
	if (text[strspn(text, "+-0123456789")] != '\0')
		return -EINVAL;
	return ol_parse_integer(text, INT64_MIN, INT64_MAX, ret_integer, NULL);
}

/* Decimals only: strtod alone would take "inf", "nan", "0x20" and spaces. */
static int parse_number(const char *text, double *ret_number) {
	char *end;
	if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
		return -EINVAL;
	double number = strtod(text, &end);
	if (*end != '\0' || !isfinite(number))
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int parse_share(const char *text, double *ret_share) {
	char digits[LIMIT_TEXT_BYTES];
	size_t length = strspn(text, "0123456789.");
	double percent;
	if (length >= sizeof digits || strcmp(text + length, "%") != 0)
		return -EINVAL;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (parse_number(digits, &percent) < 0 || percent <= 0 || percent > 100)
		return -EINVAL;
	*ret_share = percent / 100;
	return 0;
}

static int parse_boolean(const char *text, uint32_t *ret_boolean) {
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
	for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*ret_boolean = i % 2;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_string(const struct ol_option *argument, const char *text, char *ret_string) {
	size_t length = strlen(text);
	if (length >= OL_OPTION_VALUE_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return -EINVAL;
	}
	bool is_choice = argument->choice_count == 0;
	for (uint32_t i = 0; i < argument->choice_count && i < OL_CHOICES_MAX; i++)
		is_choice = is_choice || strcmp(text, argument->choices[i]) == 0;
	if (!is_choice)
		return -EINVAL;
	memcpy(ret_string, text, length + 1);
	return 0;
}

static int parse_value(
	const struct ol_option *argument, const char *text, struct ol_option_value *value) {
	uint64_t bytes;
	int result;
	switch ((enum ol_option_type)value->type) {
	case OL_OPTION_BOOLEAN:
		return parse_boolean(text, &value->boolean);
	case OL_OPTION_INTEGER:
		return parse_integer(text, &value->integer);
	case OL_OPTION_NUMBER:
		return parse_number(text, &value->number);
	case OL_OPTION_STRING:
		return parse_string(argument, text, value->string);
	case OL_OPTION_SHARE:
		return parse_share(text, &value->number);
	case OL_OPTION_BYTES:
		result = ol_parse_bytes(text, 0, &bytes, NULL);
		if (result < 0)
			return result;
		value->integer = (int64_t)bytes;
		return 0;
	case OL_OPTION_TYPE_COUNT:
		break;
	}
	return -EINVAL;
}

static bool is_in_range(const struct ol_option *argument, const struct ol_option_value *value) {
	bool is_whole = value->type == OL_OPTION_INTEGER || value->type == OL_OPTION_BYTES;
	if (!is_whole && value->type != OL_OPTION_NUMBER)
		return true;
	double number = is_whole ? (double)value->integer : value->number;
	return (!argument->has_minimum || number >= argument->minimum) &&
		   (!argument->has_maximum || number <= argument->maximum);
}

static int check_one(const struct ol_option *argument, const struct ol_http_text *given,
	struct ol_option_value *value, struct ol_error *error) {
	char expected[EXPECTED_BYTES];
	const char *name = argument->value.name;
	ol_http_expected(argument, expected, sizeof expected);
	if (given->text == NULL)
		return ol_error_set(
			error, -EINVAL, "%s has no value: expected %s=, then %s", name, name, expected);
	if (given->text_bytes == 0)
		return ol_error_set(error, -EINVAL, "%s is empty: expected %s", name, expected);
	bool has_nul = memchr(given->text, '\0', given->text_bytes) != NULL;
	int result = has_nul ? -EINVAL : parse_value(argument, given->text, value);
	if (result == 0 && !is_in_range(argument, value))
		result = -ERANGE;
	if (result == 0) {
		value->is_unset = 0;
		return 0;
	}
	char shown[OL_VISIBLE_BYTES];
	ol_visible(given->text, given->text_bytes, shown, sizeof shown);
	bool is_negative = argument->value.type == OL_OPTION_BYTES && given->text[0] == '-';
	return ol_error_set(error, -EINVAL, "%s=%s%s: expected %s", name, shown,
		is_negative         ? " is negative"
		: result == -ERANGE ? " is out of range"
							: "",
		expected);
}

static int unknown_argument(
	const struct ol_route *route, const struct ol_http_text *given, struct ol_error *error) {
	const char *names[OL_ROUTE_ARGUMENTS_MAX];
	char shown[OL_VISIBLE_BYTES], suggestion[SUGGESTION_BYTES] = "";
	ol_visible(given->name, given->name_bytes, shown, sizeof shown);
	if (route->argument_count == 0)
		return ol_error_set(
			error, -EINVAL, "%s takes no arguments, but %s was given", route->path, shown);
	for (uint32_t i = 0; i < route->argument_count; i++)
		names[i] = route->arguments[i].value.name;
	/* Only what can be a name is compared with names. */
	const char *nearest = given->name_bytes < OL_VISIBLE_BYTES / 2
							  ? ol_nearest_name(shown, names, route->argument_count)
							  : NULL;
	if (nearest != NULL)
		snprintf(suggestion, sizeof suggestion, "; did you mean %s?", nearest);
	return ol_error_set(error, -EINVAL, "%s has no argument %s%s", route->path, shown, suggestion);
}

static int argument_index(const struct ol_route *route, const struct ol_http_text *given) {
	for (uint32_t i = 0; i < route->argument_count; i++) {
		const char *name = route->arguments[i].value.name;
		if (strlen(name) == given->name_bytes && memcmp(name, given->name, given->name_bytes) == 0)
			return (int)i;
	}
	return -EINVAL;
}

/* "bytes is missing: expected a size, as in 20M: /add?bytes=20M" */
static int missing_argument(
	const struct ol_route *route, const struct ol_option *argument, struct ol_error *error) {
	static const char *const examples[] = {
		[OL_OPTION_BOOLEAN] = "true",
		[OL_OPTION_INTEGER] = "10",
		[OL_OPTION_NUMBER] = "0.5",
		[OL_OPTION_STRING] = "TEXT",
		[OL_OPTION_BYTES] = "20M",
		[OL_OPTION_SHARE] = "80%25", /* As a query writes it. */
	};
	char expected[EXPECTED_BYTES];
	ol_http_expected(argument, expected, sizeof expected);
	const char *name = argument->value.name;
	const char *example =
		argument->choice_count > 0 ? argument->choices[0] : examples[argument->value.type];
	if (argument->value.type == OL_OPTION_BYTES && !argument->has_minimum && !argument->has_maximum)
		snprintf(expected, sizeof expected, "a size");
	return ol_error_set(error, -EINVAL, "%s is missing: expected %s, as in %s?%s=%s", name,
		expected, route->path, name, example);
}

int ol_http_check_arguments(const struct ol_route *route, const struct ol_http_text *texts,
	size_t text_count, struct ol_option_value ret_values[OL_ROUTE_ARGUMENTS_MAX],
	struct ol_error *error) {
	assert(route->argument_count <= OL_ROUTE_ARGUMENTS_MAX);
	struct ol_option_value values[OL_ROUTE_ARGUMENTS_MAX];
	bool is_given[OL_ROUTE_ARGUMENTS_MAX] = { false };
	if (text_count > OL_HTTP_TEXTS_MAX)
		return ol_error_set(error, -EINVAL, "more than %d arguments were given", OL_HTTP_TEXTS_MAX);
	for (uint32_t i = 0; i < route->argument_count; i++)
		values[i] = route->arguments[i].value;
	for (size_t i = 0; i < text_count; i++) {
		int index = argument_index(route, &texts[i]);
		if (index < 0)
			return unknown_argument(route, &texts[i], error);
		if (is_given[index])
			return ol_error_set(error, -EINVAL, "%s is given twice", values[index].name);
		is_given[index] = true;
		if (check_one(&route->arguments[index], &texts[i], &values[index], error) < 0)
			return -EINVAL;
	}
	for (uint32_t i = 0; i < route->argument_count; i++) {
		if (!is_given[i] && values[i].is_unset)
			return missing_argument(route, &route->arguments[i], error);
	}
	memcpy(ret_values, values, route->argument_count * sizeof *values);
	return 0;
}
