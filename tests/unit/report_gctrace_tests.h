/* report_gctrace_tests.h -- Cycles as Go 1.19's own lines, compared with lines that Go printed.
 *
 * Part of test_report.c. */
#ifndef TESTS_REPORT_GCTRACE_TESTS_H
#define TESTS_REPORT_GCTRACE_TESTS_H

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/units.h"
#include "report/report.h"

enum { GCTRACE_BYTES = 512 };

/* Lines of Go 1.19.8, and the cycles that they tell of. */
static void a_cycle_reads_as_go_prints_it(void **state) {
	(void)state;
	static const struct {
		struct ol_gc_cycle cycle;
		const char *line;
	} cases[] = {
		{ { .number = 1,
			  .gc_cpu_fraction = 0.329,
			  .sweep_term_ns = 57999,
			  .mark_ns = 8499999,
			  .mark_term_ns = 4450000,
			  .background_ns = 110000,
			  .idle_ns = 119999,
			  .start_bytes = 30 * OL_MIB,
			  .end_bytes = 30 * OL_MIB + 4096,
			  .marked_bytes = 31 * OL_MIB - 1,
			  .goal_bytes = 4 * OL_MIB,
			  .roots_bytes = OL_MIB - 1,
			  .processors = 2 },
			"gc 1 @0.000s 32%: 0.057+8.4+4.4 ms clock, 0.11+0/0.11/0.11+8.9 ms cpu, "
			"30->30->30 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P" },
		{ { .number = 2,
			  .at_ns = 103999999,
			  .gc_cpu_fraction = 0.04,
			  .sweep_term_ns = 13000,
			  .mark_ns = 250000,
			  .mark_term_ns = 2500,
			  .background_ns = 72000,
			  .idle_ns = 91000,
			  .start_bytes = 30 * OL_MIB,
			  .end_bytes = 30 * OL_MIB,
			  .marked_bytes = 30 * OL_MIB,
			  .goal_bytes = 60 * OL_MIB,
			  .processors = 2,
			  .is_forced = 1 },
			"gc 2 @0.103s 4%: 0.013+0.25+0.002 ms clock, 0.026+0/0.072/0.091+0.005 ms cpu, "
			"30->30->30 MB, 60 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)" },
		/* Made up: every part different, the shape the same. */
		{ { .number = 1234567,
			  .at_ns = 3723004 * OL_NS_PER_MS,
			  .gc_cpu_fraction = 1,
			  .sweep_term_ns = 1000000,
			  .mark_ns = 20 * OL_NS_PER_MS,
			  .mark_term_ns = 3 * OL_NS_PER_S,
			  .assist_ns = 4000,
			  .background_ns = 5 * OL_NS_PER_MS,
			  .idle_ns = 60 * OL_NS_PER_MS,
			  .start_bytes = 7 * OL_MIB,
			  .end_bytes = 8 * OL_MIB,
			  .marked_bytes = 9 * OL_GIB,
			  .goal_bytes = UINT64_MAX,
			  .roots_bytes = 10 * OL_MIB,
			  .processors = 16,
			  .is_forced = 1 },
			"gc 1234567 @3723.004s 100%: 1.0+20+3000 ms clock, 16+0.004/5.0/60+48000 ms cpu, "
			"7->8->9216 MB, 17592186044415 MB goal, 0 MB stacks, 10 MB globals, 16 P (forced)" },
		{ { .number = 1 },
			"gc 1 @0.000s 0%: 0+0+0 ms clock, 0+0/0/0+0 ms cpu, 0->0->0 MB, 0 MB goal, "
			"0 MB stacks, 0 MB globals, 0 P" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[GCTRACE_BYTES];
		ol_gctrace_line(&cases[i].cycle, line, sizeof line);
		assert_string_equal(line, cases[i].line);
	}
}

/* What Go's fmtNSAsMS makes of it: two digits, at most three decimals, whole from 10 ms on. */
static void times_have_two_digits_as_in_go(void **state) {
	(void)state;
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "0" },
		{ 1000, "0.001" },
		{ 9999, "0.009" },
		{ 10000, "0.010" },
		{ 31415, "0.031" },
		{ 99999, "0.099" },
		{ 100000, "0.10" },
		{ 219999, "0.21" },
		{ 999999, "0.99" },
		{ 1000000, "1.0" },
		{ 1099999, "1.0" },
		{ 1234567, "1.2" },
		{ 9999999, "9.9" },
		{ 10000000, "10" },
		{ 10999999, "10" },
		{ 123456789, "123" },
		{ UINT64_C(3600000000000), "3600000" },
		{ UINT64_MAX, "18446744073709" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_gc_cycle cycle = { .number = 1, .mark_ns = cases[i].ns };
		char line[GCTRACE_BYTES], expected[GCTRACE_BYTES];
		ol_gctrace_line(&cycle, line, sizeof line);
		snprintf(expected, sizeof expected, "gc 1 @0.000s 0%%: 0+%s+0 ms clock, ", cases[i].text);
		assert_memory_equal(line, expected, strlen(expected));
	}
}

static void a_share_of_processor_time_is_cut_to_whole_percent(void **state) {
	(void)state;
	static const struct {
		double share;
		const char *text;
	} cases[] = { { 0, "@0.000s 0%:" }, { 0.0099, "@0.000s 0%:" }, { 0.01, "@0.000s 1%:" },
		{ 0.25999, "@0.000s 25%:" }, { 0.9999, "@0.000s 99%:" }, { 1, "@0.000s 100%:" },
		{ 2, "@0.000s 100%:" }, { 7e30, "@0.000s 100%:" }, { -1, "@0.000s 0%:" } };
	char line[GCTRACE_BYTES];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_gc_cycle cycle = { .number = 1, .gc_cpu_fraction = cases[i].share };
		ol_gctrace_line(&cycle, line, sizeof line);
		assert_non_null(strstr(line, cases[i].text));
	}
	struct ol_gc_cycle cycle = { .number = 1, .gc_cpu_fraction = __builtin_nan("") };
	ol_gctrace_line(&cycle, line, sizeof line);
	assert_non_null(strstr(line, "@0.000s 0%:"));
}

/* The pattern that readers of gctrace use, for the form that Go has had since 1.18. */
static void any_cycle_at_all_makes_a_line_that_readers_of_gctrace_know(void **state) {
	(void)state;
	regex_t pattern;
	assert_int_equal(
		regcomp(&pattern,
			"^gc [0-9]+ @[0-9]+\\.[0-9]{3}s [0-9]+%: [0-9.]+\\+[0-9.]+\\+[0-9.]+ ms clock, "
			"[0-9.]+\\+[0-9.]+/[0-9.]+/[0-9.]+\\+[0-9.]+ ms cpu, [0-9]+->[0-9]+->[0-9]+ MB, "
			"[0-9]+ MB goal, [0-9]+ MB stacks, [0-9]+ MB globals, [0-9]+ P( \\(forced\\))?$",
			REG_EXTENDED | REG_NOSUB),
		0);
	struct ol_random random = ol_random_seeded(1);
	for (int i = 0; i < 10000; i++) {
		struct ol_gc_cycle cycle;
		for (size_t at = 0; at < sizeof cycle; at += sizeof(uint64_t)) {
			uint64_t value = ol_random_next(&random) >> ol_random_below(&random, 64);
			memcpy((char *)&cycle + at, &value, sizeof value);
		}
		char line[GCTRACE_BYTES];
		ol_gctrace_line(&cycle, line, sizeof line);
		if (regexec(&pattern, line, 0, NULL, 0) != 0)
			fail_msg("%s", line);
	}
	regfree(&pattern);
}

static void a_line_is_written_at_once_and_a_full_disk_is_told(void **state) {
	(void)state;
	struct ol_gc_cycle cycle = { .number = 1 };
	struct ol_error reason;
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	assert_int_equal(ol_gctrace_write(stream, &cycle, &reason), 0);
	/* Not closed, and yet it is there. */
	assert_int_equal(text_bytes, strlen(text));
	assert_ptr_equal(strstr(text, " P\n"), text + text_bytes - 3);
	fclose(stream);
	free(text);
	FILE *full = fopen("/dev/full", "we");
	assert_int_equal(ol_gctrace_write(full, &cycle, &reason), -ENOSPC);
	fclose(full);
}

#endif
