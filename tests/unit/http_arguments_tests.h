/* http_arguments_tests.h -- Tests of what a request's arguments may be, and what is said if not.
 *
 * Part of test_http.c. */
#ifndef TESTS_HTTP_ARGUMENTS_TESTS_H
#define TESTS_HTTP_ARGUMENTS_TESTS_H

#include <errno.h>
#include <string.h>

#include "http/arguments.h"
#include "http/visible.h"

static const struct ol_route add_route = { .path = "/add",
	.argument_count = 1,
	.arguments = { { .value = { .name = "bytes", .type = OL_OPTION_BYTES, .is_unset = 1 } } } };

static const struct ol_route all_route = { .path = "/all",
	.argument_count = 6,
	.arguments = {
		{ .value = { .name = "count", .type = OL_OPTION_INTEGER, .integer = 10 },
			.has_minimum = true,
			.minimum = 1,
			.has_maximum = true,
			.maximum = 1000 },
		{ .value = { .name = "factor", .type = OL_OPTION_NUMBER, .number = 0.5 },
			.has_minimum = true,
			.minimum = 0.25 },
		{ .value = { .name = "deep", .type = OL_OPTION_BOOLEAN } },
		{ .value = { .name = "order", .type = OL_OPTION_STRING, .string = "fifo" },
			.choice_count = 2,
			.choices = { "fifo", "lifo" } },
		{ .value = { .name = "label", .type = OL_OPTION_STRING } },
		{ .value = { .name = "part", .type = OL_OPTION_SHARE, .number = 0.8 } },
	} };

static const struct ol_route bare_route = { .path = "/gc" };

static struct ol_option_value checked_values[OL_ROUTE_ARGUMENTS_MAX];
static struct ol_error argument_error;

static struct ol_http_text text_of(const char *name, const char *text) {
	return (struct ol_http_text){ name, strlen(name), text, text != NULL ? strlen(text) : 0 };
}

static int check_argument(const struct ol_route *route, const char *name, const char *text) {
	struct ol_http_text given = text_of(name, text);
	return ol_http_check_arguments(route, &given, 1, checked_values, &argument_error);
}

static void check_argument_error(
	const struct ol_route *route, const char *name, const char *text, const char *expected) {
	assert_int_equal(check_argument(route, name, text), -EINVAL);
	assert_string_equal(argument_error.message, expected);
}

static void a_size_is_what_the_command_line_takes_for_one(void **state) {
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = { { "20971520", 20971520 }, { "20M", 20971520 }, { "20MiB", 20971520 },
		{ "0.5GiB", 536870912 }, { "100MB", 100000000 }, { "0", 0 },
		{ "9223372036854775807", INT64_MAX } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(check_argument(&add_route, "bytes", cases[i].text), 0);
		assert_int_equal(checked_values[0].integer, cases[i].bytes);
		assert_int_equal(checked_values[0].is_unset, 0);
		assert_string_equal(checked_values[0].name, "bytes");
	}
}

static void a_size_that_is_none_is_told_in_one_line(void **state) {
#define SIZE "expected a size, as in 20971520, 20M or 0.5GiB"
	check_argument_error(&add_route, "bytes", "abc", "bytes=abc: " SIZE);
	check_argument_error(&add_route, "bytes", "1e3", "bytes=1e3: " SIZE);
	check_argument_error(&add_route, "bytes", "0x20", "bytes=0x20: " SIZE);
	check_argument_error(&add_route, "bytes", "90%", "bytes=90%: " SIZE);
	check_argument_error(&add_route, "bytes", " 5", "bytes= 5: " SIZE);
	check_argument_error(&add_route, "bytes", "-5", "bytes=-5 is negative: " SIZE);
	check_argument_error(&add_route, "bytes", "9223372036854775808",
		"bytes=9223372036854775808 is out of range: " SIZE);
	check_argument_error(&add_route, "bytes", "", "bytes is empty: " SIZE);
	check_argument_error(&add_route, "bytes", NULL,
		"bytes has no value: expected bytes=, then a size, as in 20971520, 20M or 0.5GiB");
	check_argument_error(&add_route, "bytes", "20M\r\n<b>", "bytes=20M\\x0d\\x0a<b>: " SIZE);
#undef SIZE
}

static void what_is_missing_is_shown_by_an_example(void **state) {
	assert_int_equal(
		ol_http_check_arguments(&add_route, NULL, 0, checked_values, &argument_error), -EINVAL);
	assert_string_equal(
		argument_error.message, "bytes is missing: expected a size, as in /add?bytes=20M");
	struct ol_route route = all_route;
	route.arguments[3].value.is_unset = 1;
	assert_int_equal(
		ol_http_check_arguments(&route, NULL, 0, checked_values, &argument_error), -EINVAL);
	assert_string_equal(
		argument_error.message, "order is missing: expected fifo, lifo, as in /all?order=fifo");
}

static void an_argument_is_given_once(void **state) {
	struct ol_http_text given[] = { text_of("bytes", "1M"), text_of("bytes", "1M") };
	assert_int_equal(
		ol_http_check_arguments(&add_route, given, 2, checked_values, &argument_error), -EINVAL);
	assert_string_equal(argument_error.message, "bytes is given twice");
}

static void an_unknown_argument_is_named_with_the_nearest(void **state) {
	check_argument_error(
		&add_route, "byte", "1M", "/add has no argument byte; did you mean bytes?");
	check_argument_error(&add_route, "zzzzzzzz", "1M", "/add has no argument zzzzzzzz");
	check_argument_error(
		&add_route, "Bytes", "1M", "/add has no argument Bytes; did you mean bytes?");
	check_argument_error(&add_route, "", "1M", "/add has no argument ");
	check_argument_error(&bare_route, "x\n", "1", "/gc takes no arguments, but x\\x0a was given");
	static char long_name[8192];
	memset(long_name, 'b', sizeof long_name - 1);
	assert_int_equal(check_argument(&add_route, long_name, "1"), -EINVAL);
	assert_null(strstr(argument_error.message, "did you mean"));
}

static void a_nul_within_a_name_or_a_value_is_seen(void **state) {
	struct ol_http_text value = { "bytes", 5, "20M\0junk", 8 };
	assert_int_equal(
		ol_http_check_arguments(&add_route, &value, 1, checked_values, &argument_error), -EINVAL);
	assert_non_null(strstr(argument_error.message, "bytes=20M\\x00junk: expected"));
	struct ol_http_text name = { "bytes\0x", 7, "20M", 3 };
	assert_int_equal(
		ol_http_check_arguments(&add_route, &name, 1, checked_values, &argument_error), -EINVAL);
	assert_non_null(strstr(argument_error.message, "no argument bytes\\x00x"));
}

static void defaults_stand_where_nothing_was_given(void **state) {
	struct ol_http_text given[] = { text_of("order", "lifo"), text_of("deep", "Yes") };
	assert_int_equal(
		ol_http_check_arguments(&all_route, given, 2, checked_values, &argument_error), 0);
	assert_int_equal(checked_values[0].integer, 10);
	assert_true(checked_values[1].number == 0.5);
	assert_int_equal(checked_values[2].boolean, 1);
	assert_string_equal(checked_values[3].string, "lifo");
	assert_string_equal(checked_values[4].string, "");
	assert_true(checked_values[5].number == 0.8);
}

static void every_type_takes_what_it_is_and_nothing_else(void **state) {
	static const struct {
		const char *name, *text;
		bool is_good;
	} cases[] = { { "count", "1", true }, { "count", "+7", true }, { "count", "1000", true },
		{ "count", "0", false }, { "count", "1001", false }, { "count", "1.0", false },
		{ "count", " 1", false }, { "count", "1 ", false }, { "count", "1e2", false },
		{ "count", "--1", false }, { "count", "99999999999999999999", false },
		{ "factor", "0.25", true }, { "factor", "1e3", true }, { "factor", "0.2", false },
		{ "factor", "inf", false }, { "factor", "nan", false }, { "factor", "1e999", false },
		{ "factor", "0x1p3", false }, { "factor", "", false }, { "factor", "1.2.3", false },
		{ "deep", "true", true }, { "deep", "OFF", true }, { "deep", "0", true },
		{ "deep", "2", false }, { "deep", "truely", false }, { "order", "fifo", true },
		{ "order", "FIFO", false }, { "order", "filo", false }, { "label", "größer", true },
		{ "label", "a\tb", false }, { "label", "a\x7f", false }, { "part", "80%", true },
		{ "part", "100%", true }, { "part", "0.5%", true }, { "part", "0%", false },
		{ "part", "101%", false }, { "part", "80", false }, { "part", "%", false },
		{ "part", "1e1%", false }, { "part", "80%%", false } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(check_argument(&all_route, cases[i].name, cases[i].text),
			cases[i].is_good ? 0 : -EINVAL);
	assert_int_equal(check_argument(&all_route, "count", "-9223372036854775808"), -EINVAL);
}

static void what_was_expected_is_told_with_its_limits_and_choices(void **state) {
	check_argument_error(&all_route, "count", "1001",
		"count=1001 is out of range: expected a whole number, 1 to 1000");
	check_argument_error(&all_route, "factor", "0.2",
		"factor=0.2 is out of range: expected a number, at least 0.25");
	check_argument_error(&all_route, "deep", "2", "deep=2: expected true or false");
	check_argument_error(&all_route, "order", "filo", "order=filo: expected fifo, lifo");
	struct ol_route route = add_route;
	route.arguments[0].has_maximum = true;
	route.arguments[0].maximum = 1 << 30;
	assert_int_equal(check_argument(&route, "bytes", "2G"), -EINVAL);
	assert_non_null(strstr(argument_error.message, "at most 1073741824"));
}

static void a_text_has_a_longest_length(void **state) {
	char text[OL_OPTION_VALUE_BYTES + 1] = { 0 };
	memset(text, 'x', OL_OPTION_VALUE_BYTES);
	assert_int_equal(check_argument(&all_route, "label", text), -EINVAL);
	assert_non_null(strstr(argument_error.message, "at most 255 bytes"));
	text[OL_OPTION_VALUE_BYTES - 1] = '\0';
	assert_int_equal(check_argument(&all_route, "label", text), 0);
	assert_string_equal(checked_values[4].string, text);
}

static void arguments_are_counted_and_a_refusal_leaves_the_values_alone(void **state) {
	struct ol_http_text given[OL_HTTP_TEXTS_MAX + 1];
	for (size_t i = 0; i < OL_HTTP_TEXTS_MAX + 1; i++)
		given[i] = text_of("bytes", "1");
	memset(checked_values, 0x55, sizeof checked_values);
	struct ol_option_value before = checked_values[0];
	assert_int_equal(ol_http_check_arguments(
						 &add_route, given, OL_HTTP_TEXTS_MAX + 1, checked_values, &argument_error),
		-EINVAL);
	assert_string_equal(argument_error.message, "more than 64 arguments were given");
	assert_int_equal(ol_http_check_arguments(&add_route, given, 2, checked_values, NULL), -EINVAL);
	assert_memory_equal(checked_values, &before, sizeof before);
}

static void what_is_shown_is_cut_and_has_nothing_invisible(void **state) {
	char buffer[16];
	assert_string_equal(ol_visible("größer", 8, buffer, sizeof buffer), "größer");
	assert_string_equal(ol_visible("a\x1b[2J", 5, buffer, sizeof buffer), "a\\x1b[2J");
	assert_string_equal(ol_visible("\xff\0", 2, buffer, sizeof buffer), "\\xff\\x00");
	/* Cut within a character, as a buffer may end there. */
	assert_string_equal(ol_visible("a\xc3\xb6", 2, buffer, sizeof buffer), "a\\xc3");
	assert_string_equal(
		ol_visible("0123456789abcde", 15, buffer, sizeof buffer), "0123456789abcde");
	assert_string_equal(
		ol_visible("0123456789abcdef", 16, buffer, sizeof buffer), "0123456789ab...");
	assert_string_equal(ol_visible("0123456789\n\n", 12, buffer, sizeof buffer), "0123456789...");
	/* A mark that turns what follows around. */
	assert_string_equal(ol_visible("\xe2\x80\xae", 3, buffer, sizeof buffer), "\\xe2\\x80\\xae");
}

#endif
