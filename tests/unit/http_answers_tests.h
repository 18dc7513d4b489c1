/* http_answers_tests.h -- Tests of what clients read: the five answers, in both forms.
 *
 * Part of test_http.c. */
#ifndef TESTS_HTTP_ANSWERS_TESTS_H
#define TESTS_HTTP_ANSWERS_TESTS_H

#include <errno.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "http/answer_body.h"
#include "http/negotiate.h"
#include "report/report.h"

static const struct ol_memstats some_memstats = {
	.alloc = 20971520,
	.mallocs = 12,
	.frees = 3,
	.heap_alloc = 20971521,
	.heap_idle = 1048576,
	.heap_objects = 9,
	.heap_inuse = 20979712,
	.heap_released = 524288,
	.heap_sys = 22028288,
	.last_gc_ns = UINT64_C(1700000000000000123),
	.next_gc = 41943040,
	.num_gc = 2,
	.num_forced_gc = 1,
	.gc_cpu_fraction = 0.0625,
};

#define SOME_MEMSTATS_TEXT \
	"memstats:\n" \
	"\tallocated: 20971520\n" \
	"\tmalloc objects: 12\n" \
	"\tfreed objects: 3\n" \
	"\theap alloc: 20971521\n" \
	"\theap idle: 1048576\n" \
	"\theap objects: 9\n" \
	"\theap in-use: 20979712\n" \
	"\theap released: 524288\n" \
	"\tlast gc: 1700000000000000123\n" \
	"\tnext gc: 41943040\n" \
	"\tnum gc: 2\n"

#define SOME_MEMSTATS_JSON \
	"\"memstats\":{\"alloc\":20971520,\"mallocs\":12,\"frees\":3,\"heap_alloc\":20971521," \
	"\"heap_idle\":1048576,\"heap_objects\":9,\"heap_inuse\":20979712,\"heap_released\":524288," \
	"\"heap_sys\":22028288,\"last_gc_ns\":1700000000000000123,\"next_gc\":41943040,\"num_gc\":2," \
	"\"num_forced_gc\":1,\"gc_cpu_fraction\":0.0625}"

/* Large: kept off the stack. */
static struct ol_answer an_answer;
static char answer_text[OL_BODY_BYTES_MAX];

static void begin_answer(void) {
	memset(&an_answer, 0, sizeof an_answer);
	an_answer.status = 200;
	an_answer.has_memstats = 1;
	an_answer.memstats = some_memstats;
}

static struct ol_option_value *add_value(const char *name, enum ol_option_type type) {
	struct ol_option_value *value = &an_answer.values[an_answer.value_count++];
	snprintf(value->name, sizeof value->name, "%s", name);
	value->type = type;
	return value;
}

static void check_answer(const char *text, const char *json) {
	size_t body_bytes = 0;
	assert_int_equal(
		ol_http_answer_body(&an_answer, false, answer_text, sizeof answer_text, &body_bytes, NULL),
		0);
	assert_string_equal(answer_text, text);
	assert_int_equal(body_bytes, strlen(text));
	assert_int_equal(
		ol_http_answer_body(&an_answer, true, answer_text, sizeof answer_text, &body_bytes, NULL),
		0);
	assert_string_equal(answer_text, json);
	assert_int_equal(body_bytes, strlen(json));
}

static void add_answers_as_it_always_did(void **state) {
	begin_answer();
	add_value("added", OL_OPTION_INTEGER)->integer = 20971520;
	check_answer(
		"added:  20971520\n\n" SOME_MEMSTATS_TEXT, "{\"added\":20971520," SOME_MEMSTATS_JSON "}\n");
}

static void rel_answers_as_it_always_did(void **state) {
	begin_answer();
	add_value("released", OL_OPTION_BYTES)->integer = 1000;
	add_value("not released", OL_OPTION_BYTES)->integer = 24;
	check_answer("released:  1000\nnot released:  24\n\n" SOME_MEMSTATS_TEXT,
		"{\"released\":1000,\"not_released\":24," SOME_MEMSTATS_JSON "}\n");
}

static void gc_stats_and_reset_answer_statistics_alone(void **state) {
	begin_answer();
	check_answer(SOME_MEMSTATS_TEXT, "{" SOME_MEMSTATS_JSON "}\n");
	char text[OL_MEMSTATS_TEXT_BYTES];
	assert_int_equal(
		ol_memstats_text(&some_memstats, text, sizeof text), strlen(SOME_MEMSTATS_TEXT));
	assert_string_equal(text, SOME_MEMSTATS_TEXT);
}

static void values_of_every_type_are_told_and_unset_ones_are_not(void **state) {
	begin_answer();
	an_answer.has_memstats = 0;
	add_value("deep", OL_OPTION_BOOLEAN)->boolean = 1;
	add_value("depth", OL_OPTION_INTEGER)->integer = -7;
	add_value("factor", OL_OPTION_NUMBER)->number = 0.1;
	add_value("share", OL_OPTION_SHARE)->number = 0.625;
	snprintf(add_value("name", OL_OPTION_STRING)->string, 32, "größer\n\"x\"");
	add_value("none", OL_OPTION_BYTES)->is_unset = 1;
	check_answer("deep:  true\ndepth:  -7\nfactor:  0.1\nshare:  62.5%\nname:  größer\\x0a\"x\"\n",
		"{\"deep\":true,\"depth\":-7,\"factor\":0.10000000000000001,\"share\":0.625,"
		"\"name\":\"größer\\n\\\"x\\\"\"}\n");
}

static void an_answer_of_nothing_is_empty(void **state) {
	begin_answer();
	an_answer.has_memstats = 0;
	check_answer("", "{}\n");
}

static void an_answer_that_does_not_fit_is_an_error_at_every_size(void **state) {
	begin_answer();
	add_value("added", OL_OPTION_INTEGER)->integer = 1;
	for (unsigned is_json = 0; is_json < 2; is_json++) {
		size_t whole_bytes = 0, body_bytes = 77;
		assert_int_equal(ol_http_answer_body(&an_answer, is_json, answer_text, sizeof answer_text,
							 &whole_bytes, NULL),
			0);
		for (size_t capacity = 1; capacity <= whole_bytes; capacity++)
			assert_int_equal(
				ol_http_answer_body(&an_answer, is_json, answer_text, capacity, &body_bytes, NULL),
				-ENOSPC);
		assert_int_equal(body_bytes, 77);
		assert_int_equal(ol_http_answer_body(
							 &an_answer, is_json, answer_text, whole_bytes + 1, &body_bytes, NULL),
			0);
	}
}

static void the_largest_statistics_fit_their_buffers_and_less_is_cut(void **state) {
	struct ol_memstats memstats;
	memset(&memstats, 0xff, sizeof memstats);
	memstats.gc_cpu_fraction = -0x1.fffffffffffffp-1022;
	char text[OL_MEMSTATS_TEXT_BYTES], json[OL_HTTP_MEMSTATS_JSON_BYTES];
	size_t text_bytes = ol_memstats_text(&memstats, text, sizeof text);
	assert_non_null(strstr(text, "\tnum gc: 18446744073709551615\n"));
	assert_int_equal(text_bytes, strlen(text));
	for (size_t capacity = 1; capacity <= text_bytes; capacity++) {
		char small[OL_MEMSTATS_TEXT_BYTES];
		assert_int_equal(ol_memstats_text(&memstats, small, capacity), capacity - 1);
		assert_int_equal(strlen(small), capacity - 1);
	}
	memset(&memstats, 0x7f, sizeof memstats);
	memstats.gc_cpu_fraction = -0x1.fffffffffffffp-1022;
	ol_http_memstats_json(&memstats, json, sizeof json);
}

static void statistics_are_the_same_json_by_both_ways(void **state) {
	static const double fractions[] = { 0, -0.0, 1, 0.1, 1e-7, 1e-300, 123456789, 1e17, NAN,
		INFINITY };
	static const uint64_t numbers[] = { 0, 9, 10, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX };
	char json[OL_HTTP_MEMSTATS_JSON_BYTES];
	begin_answer();
	for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
		an_answer.memstats.gc_cpu_fraction = fractions[i];
		an_answer.memstats.next_gc = numbers[i % (sizeof numbers / sizeof *numbers)];
		size_t body_bytes;
		assert_int_equal(ol_http_answer_body(
							 &an_answer, true, answer_text, sizeof answer_text, &body_bytes, NULL),
			0);
		assert_int_equal(ol_http_memstats_json(&an_answer.memstats, json, sizeof json), body_bytes);
		assert_string_equal(json, answer_text);
	}
}

static void json_is_told_to_those_who_prefer_it(void **state) {
	static const char *const json[] = { "application/json", "APPLICATION/JSON",
		"application/json;q=0.001", "application/json, text/plain;q=0.9",
		"text/plain;q=0.9, application/json", "application/json, */*;q=0.5", "application/*",
		"application/json;charset=utf-8;q=0.8, text/plain;q=0.7",
		"text/plain;q=0, application/json;q=0.1", " application/json ,",
		"text/plain;x=\",\";q=0.1, application/json;q=0.2" };
	for (size_t i = 0; i < sizeof json / sizeof *json; i++)
		assert_true(ol_http_wants_json(json[i], false));
	assert_true(ol_http_wants_json(NULL, true));
	assert_true(ol_http_wants_json("text/plain", true));
}

static void everybody_else_gets_text(void **state) {
	static const char *const text[] = { "", "*/*", "text/plain", "text/html", "text/*", ",;,=,\"",
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
		"text/html, application/json;q=0.9", "application/json, text/plain, */*",
		"application/json;q=0", "application/json;q=0.5, text/plain", "application/json;q=2",
		"application/json;q=0.1234", "application/json;q=", "application/json;q=1.1",
		"application/json;q=-1", "application/json;q=0.5, */*;q=0.6", "application/jsonp",
		"application/jso", "text/plain;q=0.3, */*", "x/y;a=\"application/json",
		"application/json;q=0.5;q=x" };
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		assert_false(ol_http_wants_json(text[i], false));
	assert_false(ol_http_wants_json(NULL, false));
}

static void an_endless_accept_is_read_so_far(void **state) {
	static char accept[8192];
	memset(accept, ',', sizeof accept - 1);
	memcpy(accept + sizeof accept - 17, "application/json", 16);
	assert_false(ol_http_wants_json(accept, false));
	memcpy(accept + OL_HTTP_ACCEPT_ITEMS_MAX - 1, "application/json", 16);
	assert_true(ol_http_wants_json(accept, false));
}

static void openmetrics_is_told_to_those_who_name_it(void **state) {
	assert_true(ol_http_wants_openmetrics(
		"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
		"version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
	assert_true(ol_http_wants_openmetrics("application/openmetrics-text"));
	assert_true(ol_http_wants_openmetrics("application/openmetrics-text, text/plain"));
	assert_false(ol_http_wants_openmetrics(NULL));
	assert_false(ol_http_wants_openmetrics("*/*"));
	assert_false(ol_http_wants_openmetrics("application/*"));
	assert_false(ol_http_wants_openmetrics("application/openmetrics-text;q=0"));
	assert_false(ol_http_wants_openmetrics("application/openmetrics-text;q=0.5, text/plain"));
	assert_false(ol_http_wants_openmetrics("application/openmetrics-text;version=2.0.0"));
}

static void an_answer_is_one_line_for_people(void **state) {
	static struct ol_answer answer; /* Large. */
	char line[64];
	(void)state;
	answer = (struct ol_answer){ .has_memstats = 1 };
	answer.memstats.heap_alloc = 5;
	answer.memstats.next_gc = 7;
	ol_http_answer_line(&answer, line, sizeof line);
	assert_string_equal(line, "heap alloc: 5, next gc: 7");
	answer.value_count = 2;
	answer.values[0] =
		(struct ol_option_value){ .name = "released", .type = OL_OPTION_INTEGER, .integer = 3 };
	answer.values[1] =
		(struct ol_option_value){ .name = "why", .type = OL_OPTION_STRING, .string = "a\nb" };
	ol_http_answer_line(&answer, line, sizeof line);
	assert_string_equal(line, "released: 3, why: a\\x0ab");
	answer = (struct ol_answer){ .has_body = 1, .body_bytes = 3, .body = "abcd" };
	ol_http_answer_line(&answer, line, sizeof line);
	assert_string_equal(line, "abc");
	ol_http_answer_line(&answer, line, 3);
	assert_string_equal(line, "ab");
}

#endif
