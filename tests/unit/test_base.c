/* test_base.c -- Units, errors, small files, histograms. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/histogram.h"
#include "base/random.h"
#include "base/statistics.h"
#include "base/tail.h"
#include "base/units.h"

static void sizes_are_powers_of_two_or_of_ten(void **state) {
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "1", 1 },
		{ "33554432", 33554432 },
		{ "33554432B", 33554432 },
		{ "32M", 33554432 },
		{ "32MiB", 33554432 },
		{ "32 MiB", 33554432 },
		{ "0.5GiB", 536870912 },
		{ "100MB", 100000000 },
		{ "1kB", 1000 },
		{ "1K", 1024 },
		{ "1TiB", OL_TIB },
		{ "9223372036854775807", INT64_MAX },
		{ "0", 0 },
		{ "1.5K", 1536 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bytes = 1234;
		struct ol_error error;
		assert_int_equal(ol_parse_bytes(cases[i].text, 0, &bytes, &error), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void what_is_no_size_is_refused_and_quoted(void **state) {
	(void)state;
	static const char *const texts[] = { "", "abc", "-1", "+1", " 1", "1e3", "0x20", "inf", "nan",
		"1.", ".5", "32MiBs", "32 M iB", "1,5M", "90%", "1 ", "--" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		uint64_t bytes = 1234;
		struct ol_error error;
		assert_int_equal(ol_parse_bytes(texts[i], 0, &bytes, &error), -EINVAL);
		assert_int_equal(bytes, 1234);
		assert_non_null(strstr(error.message, "expected bytes"));
	}
}

static void a_size_beyond_63_bits_is_out_of_range(void **state) {
	(void)state;
	static const char *const texts[] = { "9223372036854775808", "8589934592GiB", "99999999999T",
		"18446744073709551616" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		uint64_t bytes;
		struct ol_error error;
		assert_int_equal(ol_parse_bytes(texts[i], 0, &bytes, &error), -ERANGE);
	}
}

static void a_share_is_taken_of_the_whole(void **state) {
	(void)state;
	uint64_t bytes;
	assert_int_equal(ol_parse_bytes("90%", 33554432, &bytes, NULL), 0);
	assert_int_equal(bytes, 30198988);
	assert_int_equal(ol_parse_bytes("100%", 33554432, &bytes, NULL), 0);
	assert_int_equal(bytes, 33554432);
	assert_int_equal(ol_parse_bytes("101%", 33554432, &bytes, NULL), -ERANGE);
}

static void durations_have_units(void **state) {
	(void)state;
	uint64_t ns;
	assert_int_equal(ol_parse_duration("2", &ns, NULL), 0);
	assert_int_equal(ns, 2 * OL_NS_PER_S);
	assert_int_equal(ol_parse_duration("0.5", &ns, NULL), 0);
	assert_int_equal(ns, OL_NS_PER_S / 2);
	assert_int_equal(ol_parse_duration("250ms", &ns, NULL), 0);
	assert_int_equal(ns, 250 * OL_NS_PER_MS);
	assert_int_equal(ol_parse_duration("2m", &ns, NULL), 0);
	assert_int_equal(ns, 120 * OL_NS_PER_S);
	assert_int_equal(ol_parse_duration("0", &ns, NULL), -ERANGE);
	assert_int_equal(ol_parse_duration("-1", &ns, NULL), -EINVAL);
	assert_int_equal(ol_parse_duration("1 fortnight", &ns, NULL), -EINVAL);
}

static void integers_are_whole_and_in_range(void **state) {
	(void)state;
	int64_t value;
	assert_int_equal(ol_parse_integer("-3", -5, 5, &value, NULL), 0);
	assert_int_equal(value, -3);
	assert_int_equal(ol_parse_integer("6", -5, 5, &value, NULL), -ERANGE);
	assert_int_equal(ol_parse_integer("1.5", -5, 5, &value, NULL), -EINVAL);
	assert_int_equal(ol_parse_integer("", -5, 5, &value, NULL), -EINVAL);
	assert_int_equal(ol_parse_integer("99999999999999999999", 0, INT64_MAX, &value, NULL), -EINVAL);
}

static void bytes_print_with_one_decimal(void **state) {
	(void)state;
	char text[OL_UNITS_TEXT_BYTES];
	assert_string_equal(ol_format_bytes(0, text), "0 B");
	assert_string_equal(ol_format_bytes(1023, text), "1023 B");
	assert_string_equal(ol_format_bytes(30198988, text), "28.8 MiB");
	assert_string_equal(ol_format_bytes(33554432, text), "32.0 MiB");
	assert_string_equal(ol_format_bytes(OL_MIB - 1, text), "1.0 MiB");
	assert_string_equal(ol_format_bytes(UINT64_MAX, text), "16.0 EiB");
	assert_string_equal(ol_format_duration(1300000, text), "1.3 ms");
}

static void an_error_is_cut_to_its_buffer_and_keeps_its_code(void **state) {
	(void)state;
	char long_text[2 * OL_ERROR_MESSAGE_BYTES];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	struct ol_error error;
	assert_int_equal(ol_error_set_errno(&error, -ENOENT, "%s", long_text), -ENOENT);
	assert_int_equal(error.code, -ENOENT);
	assert_int_equal(strlen(error.message), OL_ERROR_MESSAGE_BYTES - 1);
	assert_int_equal(ol_error_set(NULL, -EIO, "nobody asked"), -EIO);
	ol_error_set_errno(&error, -ENOENT, "cannot open %s", "x");
	assert_string_equal(error.message, "cannot open x: No such file or directory");
}

static void a_file_larger_than_the_buffer_is_refused(void **state) {
	(void)state;
	char path[] = "/tmp/oomlab-test-XXXXXX";
	OL_AUTO_CLOSE int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345\n", 6), 6);
	char buffer[16];
	assert_int_equal(ol_file_read(path, buffer, sizeof buffer, NULL), 6);
	assert_string_equal(buffer, "12345\n");
	struct ol_error error;
	assert_int_equal(ol_file_read(path, buffer, 6, &error), -EFBIG);
	uint64_t value;
	assert_int_equal(ol_file_read_uint64_at(-1, path, &value, &error), 0);
	assert_int_equal(value, 12345);
	assert_int_equal(ol_file_write_at(-1, path, "max\n", &error), 0);
	unlink(path);
	assert_int_equal(ol_file_read(path, buffer, sizeof buffer, &error), -ENOENT);
	assert_non_null(strstr(error.message, path));
}

static void a_keyed_line_is_found_by_its_whole_key(void **state) {
	(void)state;
	uint64_t value = 0;
	static const char text[] = "low 1\noom 2\noom_kill 3\n";
	assert_int_equal(ol_keyed_uint64(text, "oom", &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(ol_keyed_uint64(text, "oom_kill", &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(ol_keyed_uint64(text, "kill", &value), -ENOENT);
}

static void the_same_seed_gives_the_same_numbers(void **state) {
	(void)state;
	struct ol_random a = ol_random_seeded(42), b = ol_random_seeded(42), c = ol_random_seeded(43);
	bool is_different = false;
	for (int i = 0; i < 1000; i++) {
		uint64_t value = ol_random_next(&a);
		assert_true(value == ol_random_next(&b));
		is_different |= value != ol_random_next(&c);
	}
	assert_true(is_different);
	/* First output for seed 0, from the authors' reference. */
	struct ol_random zero = ol_random_seeded(0);
	assert_true(ol_random_next(&zero) == UINT64_C(0xe220a8397b1dcdaf));
}

static void a_histogram_of_one_value_tells_it_as_every_percentile(void **state) {
	(void)state;
	static const uint64_t values[] = { 0, 1, 15, 16, 31, 32, 33, 1000, 123456789, UINT64_MAX };
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct ol_histogram histogram = { 0 };
		ol_histogram_add(&histogram, values[i]);
		assert_int_equal(histogram.count, 1);
		assert_true(histogram.total == values[i] && histogram.max == values[i]);
		assert_true(ol_histogram_percentile(&histogram, 0) == values[i]);
		assert_true(ol_histogram_percentile(&histogram, 50) == values[i]);
		assert_true(ol_histogram_percentile(&histogram, 100) == values[i]);
	}
}

static void an_empty_histogram_tells_zero(void **state) {
	(void)state;
	struct ol_histogram histogram = { 0 };
	assert_int_equal(ol_histogram_percentile(&histogram, 0), 0);
	assert_int_equal(ol_histogram_percentile(&histogram, 99), 0);
	assert_int_equal(ol_histogram_percentile(&histogram, 100), 0);
}

static void a_percentile_is_the_upper_edge_of_its_bucket(void **state) {
	(void)state;
	struct ol_histogram histogram = { 0 };
	for (uint64_t value = 1; value <= 100; value++)
		ol_histogram_add(&histogram, value);
	assert_int_equal(histogram.count, 100);
	assert_int_equal(histogram.total, 5050);
	assert_int_equal(histogram.max, 100);
	static const struct {
		double percent;
		uint64_t value;
	} cases[] = {
		{ 0, 1 },
		{ 1, 1 },
		{ 10, 10 },
		{ 31, 31 }, /* Below 32 each value has its own. */
		{ 32, 33 },
		{ 33, 33 },
		{ 34, 35 }, /* From 32 on, two share one. */
		{ 50, 51 },
		{ 64, 67 },
		{ 65, 67 }, /* From 64 on, four do. */
		{ 67.5, 71 },
		{ 90, 91 },
		{ 99, 99 },
		{ 99.5, 100 }, /* 100 to 103, but max is 100. */
		{ 100, 100 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(ol_histogram_percentile(&histogram, cases[i].percent), cases[i].value);
}

static void a_histogram_is_never_wrong_by_more_than_a_sixteenth(void **state) {
	(void)state;
	struct ol_random random = ol_random_seeded(7);
	for (int i = 0; i < 100000; i++) {
		uint64_t value = ol_random_next(&random) >> ol_random_below(&random, 64);
		struct ol_histogram histogram = { 0 };
		ol_histogram_add(&histogram, value);
		histogram.max = UINT64_MAX; /* Not to be cut to it. */
		uint64_t edge = ol_histogram_percentile(&histogram, 100);
		assert_true(edge >= value && edge - value <= value / 16);
	}
}

static void the_sum_of_a_histogram_never_wraps(void **state) {
	(void)state;
	struct ol_histogram histogram = { 0 };
	ol_histogram_add(&histogram, UINT64_MAX - 1);
	ol_histogram_add(&histogram, 1);
	assert_true(histogram.total == UINT64_MAX);
	ol_histogram_add(&histogram, 5);
	assert_true(histogram.total == UINT64_MAX);
	assert_int_equal(histogram.count, 3);
}

static void a_tail_keeps_the_last_of_what_was_written_from_a_lines_start_on(void **state) {
	(void)state;
	struct ol_tail *tail;
	FILE *stream;
	size_t length;
	assert_int_equal(ol_tail_create(&tail, &stream, NULL), 0);
	fputs("first\nsecond\n", stream);
	fflush(stream);
	assert_false(ol_tail_is_cut(tail));
	char *text = ol_tail_take(tail, NULL, 0, &length, NULL);
	assert_int_equal(length, 13);
	assert_memory_equal(text, "first\nsecond\n", length);
	free(text);
	/* Lines of 16 bytes that count: the last one is known, and the first one that is whole. */
	uint64_t lines = OL_TAIL_BYTES / 16 + 1000;
	for (uint64_t i = 0; i < lines; i++)
		fprintf(stream, "%015llu\n", (unsigned long long)i);
	assert_int_equal(fclose(stream), 0);
	assert_true(ol_tail_is_cut(tail));
	text = ol_tail_take(tail, "head\n", 5, &length, NULL);
	assert_memory_equal(text, "head\n", 5);
	assert_int_equal((length - 5) % 16, 0);
	assert_true(length - 5 >= OL_TAIL_BYTES - 16 && length - 5 <= OL_TAIL_BYTES);
	uint64_t first = strtoull(text + 5, NULL, 10);
	for (uint64_t i = 0; i < (length - 5) / 16; i++)
		assert_int_equal(strtoull(text + 5 + i * 16, NULL, 10), first + i);
	assert_int_equal(strtoull(text + length - 16, NULL, 10), lines - 1);
	free(text);
	ol_tail_destroy(tail);
}

static void assert_share(uint64_t success_count, uint64_t trial_count, double low, double high) {
	struct ol_share share = ol_share_of(success_count, trial_count);
	assert_float_equal(share.low, low, 0.00005);
	assert_float_equal(share.high, high, 0.00005);
}

/* The figures are of R's binom.confint(..., methods = "wilson"). */
static void a_share_lies_within_wilsons_interval(void **state) {
	(void)state;
	assert_share(11, 20, 0.3421, 0.7418);
	assert_share(1, 10, 0.0179, 0.4042);
	assert_share(50, 100, 0.4038, 0.5962);
	assert_float_equal(ol_share_of(11, 20).share, 0.55, 1e-12);
}

static void a_share_of_all_or_none_is_still_uncertain(void **state) {
	(void)state;
	assert_share(0, 20, 0, 0.1611);
	assert_share(20, 20, 0.8389, 1);
	assert_share(0, 0, 0, 1);
	assert_true(ol_share_of(20, 20).high == 1 && ol_share_of(0, 20).low == 0);
}

static void a_median_is_the_middle_or_between_two(void **state) {
	(void)state;
	double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 2 }, one[] = { 7 };
	assert_float_equal(ol_median(odd, 3), 5, 0);
	assert_float_equal(ol_median(even, 4), 2.5, 0);
	assert_float_equal(ol_median(one, 1), 7, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_lies_within_wilsons_interval),
		cmocka_unit_test(a_share_of_all_or_none_is_still_uncertain),
		cmocka_unit_test(a_median_is_the_middle_or_between_two),
		cmocka_unit_test(a_tail_keeps_the_last_of_what_was_written_from_a_lines_start_on),
		cmocka_unit_test(sizes_are_powers_of_two_or_of_ten),
		cmocka_unit_test(what_is_no_size_is_refused_and_quoted),
		cmocka_unit_test(a_size_beyond_63_bits_is_out_of_range),
		cmocka_unit_test(a_share_is_taken_of_the_whole),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(integers_are_whole_and_in_range),
		cmocka_unit_test(bytes_print_with_one_decimal),
		cmocka_unit_test(an_error_is_cut_to_its_buffer_and_keeps_its_code),
		cmocka_unit_test(a_file_larger_than_the_buffer_is_refused),
		cmocka_unit_test(a_keyed_line_is_found_by_its_whole_key),
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(a_histogram_of_one_value_tells_it_as_every_percentile),
		cmocka_unit_test(an_empty_histogram_tells_zero),
		cmocka_unit_test(a_percentile_is_the_upper_edge_of_its_bucket),
		cmocka_unit_test(a_histogram_is_never_wrong_by_more_than_a_sixteenth),
		cmocka_unit_test(the_sum_of_a_histogram_never_wraps),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
