/* test_compare.c -- A comparison told in each of its forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/compare_report.h"

enum { ROWS = 2, COLUMNS = 3, REPEATS = 4 };

/* Two scenarios by three policies: done, different, refused; missing in all of the second. */
static struct {
	struct ol_compare compare;
	struct ol_compare_row rows[ROWS];
	char policies[COLUMNS][OL_COMPARE_POLICY_BYTES];
	struct ol_compare_cell cells[ROWS * COLUMNS];
	struct ol_compare_run runs[ROWS * COLUMNS * REPEATS];
} given;

static void set_run(
	size_t cell, size_t run, enum ol_outcome outcome, uint64_t peak_bytes, uint64_t garbage_bytes) {
	given.runs[cell * REPEATS + run] = (struct ol_compare_run){
		.outcome = outcome,
		.cage_peak_bytes = peak_bytes,
		.garbage_bytes = garbage_bytes,
		.num_gc = 10 + run,
		.gc_cpu_fraction = 0.125,
		.pauses = { .pauses = 3, .p99_ns = 109100, .max_ns = 1300000 },
	};
	given.cells[cell].run_count = run + 1;
	given.cells[cell].state = run + 1 == REPEATS ? OL_COMPARE_DONE : OL_COMPARE_MISSING;
}

static int fill(void **state) {
	(void)state;
	memset(&given, 0, sizeof given);
	for (size_t i = 0; i < ROWS; i++)
		given.rows[i] = (struct ol_compare_row){
			.scenario = "spike",
			.title = "A spike, then more",
			.collector = "stw",
			.world = "real",
			.limit_bytes = 32 * OL_MIB,
			.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
			.gogc = 100,
		};
	strcpy(given.rows[1].scenario, "say \"<b>\", twice");
	strcpy(given.policies[0], "go");
	strcpy(given.policies[1], "watermark:70/85");
	strcpy(given.policies[2], "last-resort");
	for (size_t i = 0; i < ROWS * COLUMNS; i++)
		given.cells[i].met = -1;
	for (size_t run = 0; run < REPEATS; run++) {
		set_run(0, run, OL_OUTCOME_OOM_KILLED, 32 * OL_MIB, 28 * OL_MIB);
		set_run(1, run, run < 3 ? OL_OUTCOME_SURVIVED : OL_OUTCOME_OOM_KILLED,
			(16 + 4 * run) * OL_MIB, run == 0 ? UINT64_MAX : run * OL_MIB);
	}
	given.cells[2].state = OL_COMPARE_REFUSED;
	strcpy(given.cells[2].reason, "policy=last-resort: it \"cannot\" be, at all");
	given.cells[1].met = 0;
	given.compare = (struct ol_compare){
		.row_count = ROWS,
		.column_count = COLUMNS,
		.repeat_count = REPEATS,
		.rows = given.rows,
		.policies = given.policies,
		.cells = given.cells,
		.runs = given.runs,
		.jobs = 2,
		.wall_ns = 1500 * OL_NS_PER_MS,
	};
	return 0;
}

enum form { TEXT, BRIEF, CSV, JSON, HTML };

/* For free(). */
static char *tell(enum form form, struct ol_style style) {
	char *text = NULL;
	size_t length;
	struct ol_error error;
	FILE *stream = open_memstream(&text, &length);
	assert_non_null(stream);
	if (form == TEXT || form == BRIEF)
		ol_compare_text(stream, style, &given.compare, form == BRIEF);
	else if (form == CSV)
		ol_compare_csv(stream, &given.compare);
	else if (form == JSON)
		assert_int_equal(ol_compare_json(stream, &given.compare, &error), 0);
	else
		ol_compare_html(stream, &given.compare);
	fclose(stream);
	return text;
}

static const struct ol_style plain = { .columns = 100 };

static void assert_has(const char *text, const char *part) {
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void a_cell_is_the_median_of_its_runs_and_its_most_frequent_end(void **state) {
	struct ol_compare_sum sum;
	assert_int_equal(ol_compare_sum_of(&given.compare, &given.cells[1], &sum, NULL), 0);
	assert_int_equal(sum.outcome, OL_OUTCOME_SURVIVED);
	assert_int_equal(sum.good_count, 3);
	assert_float_equal(sum.cage_peak_bytes, 22.0 * OL_MIB, 0);
	/* One run does not know its garbage: the others do. */
	assert_float_equal(sum.garbage_bytes, 2.0 * OL_MIB, 0);
}

static void of_two_ends_as_frequent_the_worse_is_told(void **state) {
	struct ol_compare_sum sum;
	set_run(1, 2, OL_OUTCOME_OOM_KILLED, 0, 0);
	given.cells[1].run_count = 4;
	assert_int_equal(ol_compare_sum_of(&given.compare, &given.cells[1], &sum, NULL), 0);
	assert_int_equal(sum.outcome, OL_OUTCOME_OOM_KILLED);
}

static void marks_come_first_and_say_how_each_cell_ended(void **state) {
	OL_AUTO_FREE char *text = tell(BRIEF, plain);
	assert_has(text, " spike             32.0 MiB  X     75               -\n");
	assert_has(text, " say \"<b>\", twice  32.0 MiB  .     .                .\n");
	assert_has(text, "X killed   70 % ended well   - cannot be   . not run\n");
	assert_has(text, "3 cells are missing");
	assert_null(strstr(text, "verdict"));
}

static void policies_that_do_not_fit_side_by_side_stand_on_a_stair(void **state) {
	const struct ol_style narrow = { .columns = 60 };
	OL_AUTO_FREE char *text = tell(BRIEF, narrow);
	assert_has(text, "\n                              |   watermark:70/85\n");
	assert_has(text, "\n                              |   |   last-resort\n");
	assert_has(text, "\n spike             32.0 MiB   X  75   -\n");
}

static void figures_tell_shares_with_their_interval(void **state) {
	OL_AUTO_FREE char *text = tell(TEXT, plain);
	assert_has(text, "share  95 %");
	assert_has(text, " 75 %  30-95      22.0  12.5 %     12  109 us  1.3 ms     2.0");
	assert_has(text, " + survived *    75 %");
	assert_has(text, "* not as the scenario expects\n");
	assert_has(text, "X oom-killed *  25 %  5-70");
	assert_has(text, " last-resort     - policy=last-resort: it \"cannot\" be, at all\n");
}

static size_t longest_line(const char *text) {
	size_t longest = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		if (length > longest)
			longest = length;
		text += length + (text[length] == '\n');
	}
	return longest;
}

static void no_line_is_longer_than_the_terminal_is_wide(void **state) {
	OL_AUTO_FREE char *text = tell(TEXT, plain);
	assert_in_range(longest_line(text), 80, 100);
	given.compare.repeat_count = 1;
	const struct ol_style narrow = { .columns = 80 };
	OL_AUTO_FREE char *single = tell(TEXT, narrow);
	assert_in_range(longest_line(single), 60, 80);
}

static void csv_has_a_line_a_cell_and_quotes_what_it_must(void **state) {
	OL_AUTO_FREE char *text = tell(CSV, plain);
	size_t lines = 0;
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 1 + ROWS * COLUMNS);
	assert_has(text, "\"say \"\"<b>\"\", twice\",go,stw,real,33554432,off,100,missing,0,");
	assert_has(text, ",\"policy=last-resort: it \"\"cannot\"\" be, at all\"\n");
	assert_has(text, "spike,watermark:70/85,stw,real,33554432,off,100,done,4,survived,0.75,");
}

/* Outside of quotes. */
static size_t count_commas(const char *line) {
	size_t count = 0;
	bool is_quoted = false;
	for (; *line != '\n'; line++) {
		is_quoted ^= *line == '"';
		count += *line == ',' && !is_quoted;
	}
	return count;
}

static void every_line_of_csv_has_as_many_fields_as_the_head(void **state) {
	OL_AUTO_FREE char *text = tell(CSV, plain);
	size_t count = count_commas(text);
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_int_equal(count_commas(line), count);
}

static void json_has_a_cell_each_with_its_shares(void **state) {
	OL_AUTO_FREE char *text = tell(JSON, plain);
	json_t *root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "oomlab.compare/1");
	json_t *cells = json_object_get(root, "cells");
	assert_int_equal(json_array_size(cells), ROWS * COLUMNS);
	const char *outcome = NULL;
	double share = 0, low = 0, garbage = 0;
	int is_met = 1;
	assert_int_equal(json_unpack(json_array_get(cells, 1), "{s:s, s:{s:{s:F, s:F}}, s:F, s:b}",
						 "outcome", &outcome, "outcomes", "survived", "share", &share, "low", &low,
						 "garbage_bytes_at_end", &garbage, "met", &is_met),
		0);
	assert_string_equal(outcome, "survived");
	assert_float_equal(share, 0.75, 0);
	assert_float_equal(low, 0.3006, 0.0001);
	assert_float_equal(garbage, 2.0 * OL_MIB, 0);
	assert_int_equal(is_met, 0);
	assert_int_equal(json_integer_value(json_object_get(root, "missing_count")), 3);
	json_decref(root);
}

static void the_page_takes_no_text_for_markup(void **state) {
	OL_AUTO_FREE char *text = tell(HTML, plain);
	assert_has(text, "say &#34;&#60;b&#62;&#34;, twice");
	assert_null(strstr(text, "say \"<b>"));
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "<script"));
	assert_has(text, "</html>");
}

static void what_was_only_pretended_took_no_time(void **state) {
	OL_AUTO_FREE char *real = tell(BRIEF, plain);
	assert_has(real, "8 runs in 1.50 s, 2 at a time\n");
	given.compare.wall_ns = 0;
	OL_AUTO_FREE char *pretended = tell(BRIEF, plain);
	assert_has(pretended, "8 runs\n");
	OL_AUTO_FREE char *json = tell(JSON, plain);
	assert_has(json, "\"jobs\":null,\"wall_ns\":null");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_cell_is_the_median_of_its_runs_and_its_most_frequent_end, fill),
		cmocka_unit_test_setup(of_two_ends_as_frequent_the_worse_is_told, fill),
		cmocka_unit_test_setup(marks_come_first_and_say_how_each_cell_ended, fill),
		cmocka_unit_test_setup(policies_that_do_not_fit_side_by_side_stand_on_a_stair, fill),
		cmocka_unit_test_setup(figures_tell_shares_with_their_interval, fill),
		cmocka_unit_test_setup(no_line_is_longer_than_the_terminal_is_wide, fill),
		cmocka_unit_test_setup(csv_has_a_line_a_cell_and_quotes_what_it_must, fill),
		cmocka_unit_test_setup(every_line_of_csv_has_as_many_fields_as_the_head, fill),
		cmocka_unit_test_setup(json_has_a_cell_each_with_its_shares, fill),
		cmocka_unit_test_setup(what_was_only_pretended_took_no_time, fill),
		cmocka_unit_test_setup(the_page_takes_no_text_for_markup, fill),
	};
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
