/* test_pacer.c -- The pacer against Go's own: every cycle of every recorded scenario. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pacer/model.h"
#include "pacer/pacer.h"

enum { COLUMNS_MAX = 64, LINE_BYTES = 8192, NAME_BYTES = 64 };

struct table {
	FILE *stream;
	char names[COLUMNS_MAX][NAME_BYTES];
	char cells[COLUMNS_MAX][NAME_BYTES];
	int column_count;
};

static int split(char *line, char cells[COLUMNS_MAX][NAME_BYTES]) {
	int count = 0;
	line[strcspn(line, "\r\n")] = '\0';
	for (char *cell = strsep(&line, ","); cell != NULL; cell = strsep(&line, ",")) {
		assert_true(count < COLUMNS_MAX);
		snprintf(cells[count++], NAME_BYTES, "%s", cell);
	}
	return count;
}

static void open_table(struct table *table, const char *path) {
	char line[LINE_BYTES];
	table->stream = fopen(path, "r");
	assert_non_null(table->stream);
	assert_non_null(fgets(line, sizeof line, table->stream));
	table->column_count = split(line, table->names);
}

static bool next_row(struct table *table) {
	char line[LINE_BYTES];
	if (fgets(line, sizeof line, table->stream) == NULL)
		return false;
	assert_int_equal(split(line, table->cells), table->column_count);
	return true;
}

static const char *cell(const struct table *table, const char *name) {
	for (int i = 0; i < table->column_count; i++)
		if (strcmp(table->names[i], name) == 0)
			return table->cells[i];
	fail_msg("no column %s", name);
	return NULL;
}

static uint64_t whole(const struct table *table, const char *name) {
	return strtoull(cell(table, name), NULL, 10);
}

static double real(const struct table *table, const char *name) {
	return strtod(cell(table, name), NULL);
}

/* No memory beside the heap: what Go's harness has. */
static const struct ol_pacer_memory no_overhead = { 0 };

#define CHECK_WHOLE(column, value) \
	do { \
		if (whole(table, column) != (uint64_t)(value)) \
			fail_msg("%s cycle %s: %s is %llu, Go's is %s", cell(table, "scenario"), \
				cell(table, "cycle"), column, (unsigned long long)(value), cell(table, column)); \
	} while (0)
#define CHECK_REAL(column, value) \
	do { \
		if (real(table, column) != (value)) \
			fail_msg("%s cycle %s: %s is %.17g, Go's is %s", cell(table, "scenario"), \
				cell(table, "cycle"), column, (value), cell(table, column)); \
	} while (0)

/* One cycle driven by the row's inputs alone; everything it did must be what Go's pacer did. */
static void check_row(const struct table *table, struct ol_pacer_model *model) {
	struct ol_pacer_model_input input = {
		.alloc_rate = real(table, "in_alloc_rate"),
		.scan_rate = real(table, "in_scan_rate"),
		.growth_rate = real(table, "in_growth_rate"),
		.scannable_frac = real(table, "in_scannable_frac"),
		.stack_bytes = whole(table, "in_stack_bytes"),
	};
	struct ol_pacer_model_row row;
	assert_int_equal(ol_pacer_model_cycle(model, &input, &row), 0);
	CHECK_WHOLE("heap_marked", row.heap_marked_bytes);
	CHECK_WHOLE("trigger", row.trigger_bytes);
	CHECK_REAL("consmark_at_start", row.cons_mark_at_start);
	CHECK_WHOLE("runway_at_start", row.runway_at_start_bytes);
	CHECK_WHOLE("peak", row.peak_bytes);
	CHECK_WHOLE("goal", row.goal_bytes);
	CHECK_WHOLE("revise_steps", row.revise_steps);
	CHECK_WHOLE("assist_time_ns", row.assist_time_ns);
	CHECK_WHOLE("gc_duration_ns", row.gc_duration_ns);
	CHECK_REAL("gc_utilization", row.gc_utilization);
	CHECK_WHOLE("heap_marked_next", row.heap_marked_next_bytes);
	CHECK_WHOLE("trigger_next", row.trigger_next_bytes);
	CHECK_WHOLE("goal_next", row.goal_next_bytes);
	CHECK_REAL("consmark_next", row.cons_mark_next);
	CHECK_WHOLE("runway_next", row.runway_next_bytes);
	if (model->pacer.rules == OL_PACER_GO_1_19)
		CHECK_REAL("pi_err_integral_next", model->pacer.pi_error_integral);
}

static int check_file(const char *path, enum ol_pacer_rules rules) {
	struct table *table = calloc(1, sizeof *table);
	assert_non_null(table);
	open_table(table, path);
	struct ol_pacer_model model;
	int rows = 0;
	while (next_row(table)) {
		if (rows++ == 0)
			ol_pacer_model_init(&model, rules, (int32_t)strtol(cell(table, "gc_percent"), NULL, 10),
				whole(table, "memory_limit"), whole(table, "globals_bytes"),
				(int64_t)whole(table, "n_cores"));
		check_row(table, &model);
	}
	fclose(table->stream);
	free(table);
	return rows;
}

/* Checks every recorded scenario of these rules; returns how many cycles they have. */
static int check_records(enum ol_pacer_rules rules, int files_expected) {
	const char *data = getenv("OOMLAB_TEST_DATA");
	assert_non_null(data);
	char path[4096], prefix[32];
	snprintf(path, sizeof path, "%s/pacer", data);
	snprintf(prefix, sizeof prefix, "%s_", ol_pacer_rules_name(rules));
	DIR *directory = opendir(path);
	assert_non_null(directory);
	int files = 0, cycles = 0;
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(path, sizeof path, "%s/pacer/%s", data, entry->d_name);
		cycles += check_file(path, rules);
		files++;
	}
	closedir(directory);
	assert_int_equal(files, files_expected);
	return cycles;
}

static void every_recorded_cycle_of_go_1_19_is_the_same_to_the_bit(void **state) {
	(void)state;
	assert_int_equal(check_records(OL_PACER_GO_1_19, 13), 750);
}

static void every_recorded_cycle_of_go_1_21_is_the_same_to_the_bit(void **state) {
	(void)state;
	assert_int_equal(check_records(OL_PACER_GO_1_21, 6), 350);
}

static const uint64_t mib = UINT64_C(1) << 20;

static void before_the_first_cycle_the_goal_is_four_mib_and_the_trigger_at_61_of_64(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_19, 100, INT64_MAX);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 4 * mib);
	assert_int_equal(ol_pacer_trigger(&pacer, &no_overhead), 3997696);
}

/* The 90/10 spike at 32 MiB: measured on Go 1.19.8, S + G of the live process 226.5 KB. */
static void the_goal_after_the_spike_is_what_real_go_planned(void **state) {
	(void)state;
	static const struct {
		int32_t percent;
		uint64_t goal;
	} cases[] = { { 100, 60724976 }, { 50, 45487216 }, { 200, 91200784 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_pacer pacer;
		ol_pacer_init(&pacer, OL_PACER_GO_1_19, cases[i].percent, INT64_MAX);
		ol_pacer_start_cycle(&pacer, 4 * mib, &no_overhead);
		struct ol_pacer_cycle cycle = { .heap_live_bytes = 30249224,
			.marked_bytes = 30249224,
			.globals_scan_bytes = 226528,
			.utilization = 0.25 };
		ol_pacer_end_cycle(&pacer, &cycle);
		uint64_t goal = ol_pacer_goal(&pacer, &no_overhead);
		int64_t off = (int64_t)(goal - cases[i].goal);
		assert_true(off > -4096 && off < 4096);
	}
}

static void without_gogc_and_limit_the_goal_is_the_memory_limits_own(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_19, -1, INT64_MAX);
	/* nonHeap = 9 - 1 - 3 MiB. */
	struct ol_pacer_memory memory = { 9 * mib, 1 * mib, 3 * mib };
	assert_true(ol_pacer_goal(&pacer, &memory) == INT64_MAX - 5 * mib - 1 * mib);
}

static void a_memory_limit_below_the_live_heap_makes_collection_continuous(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_19, 100, 16 * mib);
	ol_pacer_start_cycle(&pacer, 4 * mib, &no_overhead);
	struct ol_pacer_cycle cycle = { .heap_live_bytes = 28 * mib,
		.marked_bytes = 28 * mib,
		.heap_scan_bytes = 8,
		.utilization = 0.25 };
	ol_pacer_end_cycle(&pacer, &cycle);
	struct ol_pacer_memory memory = { 30 * mib, 0, 28 * mib };
	assert_int_equal(ol_pacer_goal(&pacer, &memory), 28 * mib);
	assert_int_equal(ol_pacer_trigger(&pacer, &memory), 28 * mib);
}

static void the_memory_limit_keeps_one_mib_of_headroom(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_19, -1, 64 * mib);
	struct ol_pacer_memory memory = { 12 * mib, 2 * mib, 8 * mib };
	assert_int_equal(ol_pacer_memory_limit_goal(&pacer, &memory), (64 - 2 - 1) * mib);
	struct ol_pacer_memory tight = { 63 * mib, 0, mib / 2 };
	assert_int_equal(ol_pacer_memory_limit_goal(&pacer, &tight), mib);
	struct ol_pacer_memory over = { 70 * mib, 0, mib };
	assert_int_equal(ol_pacer_memory_limit_goal(&pacer, &over), 0);
}

static void gogc_zero_collects_always(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_19, 0, INT64_MAX);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 0);
	assert_int_equal(ol_pacer_trigger(&pacer, &no_overhead), 0);
}

static void a_speed_that_is_no_number_resets_the_controller(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_19, 100, INT64_MAX);
	ol_pacer_start_cycle(&pacer, 4 * mib, &no_overhead);
	/* No scan work at all: bytes allocated over zero bytes marked is infinite. */
	struct ol_pacer_cycle cycle = {
		.heap_live_bytes = 8 * mib, .marked_bytes = mib, .utilization = 0.25
	};
	ol_pacer_end_cycle(&pacer, &cycle);
	assert_true(pacer.cons_mark == 0 && pacer.pi_error_integral == 0);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 4 * mib);
}

static void go_1_16_triggers_first_at_the_minimum_heap_and_promises_a_mebibyte_of_room(
	void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_16, 100, INT64_MAX);
	assert_int_equal(ol_pacer_trigger(&pacer, &no_overhead), 4 * mib);
	ol_pacer_start_cycle(&pacer, 4 * mib, &no_overhead);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 5 * mib);
	assert_true(ol_pacer_memory_limit_goal(&pacer, &no_overhead) == UINT64_MAX);
}

/* Ends a cycle that began at its trigger, found marked_mib live and had grown to live_mib. */
static void end_ratio_cycle(struct ol_pacer *pacer, uint64_t live_mib, uint64_t marked_mib,
	double utilization, bool is_forced) {
	ol_pacer_start_cycle(pacer, ol_pacer_trigger(pacer, &no_overhead), &no_overhead);
	struct ol_pacer_cycle cycle = { .heap_live_bytes = live_mib * mib,
		.marked_bytes = marked_mib * mib,
		.globals_scan_bytes = 64 * mib,
		.utilization = utilization,
		.is_forced = is_forced };
	ol_pacer_end_cycle(pacer, &cycle);
}

static void go_1_16_counts_neither_stacks_nor_globals(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_16, 100, INT64_MAX);
	end_ratio_cycle(&pacer, 40, 40, 0.25, false);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 80 * mib);
}

static void go_1_16_corrects_its_ratio_by_half_the_error_within_bounds(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_16, 100, INT64_MAX);
	end_ratio_cycle(&pacer, 40, 40, 0.25, true);
	assert_true(pacer.trigger_ratio == 7.0 / 8);
	/* Grown from 40 to 80 MiB, the goal: error = 1 - 7/8 - u/0.3 * (1 - 7/8). */
	end_ratio_cycle(&pacer, 80, 40, 0.45, false);
	assert_true(pacer.trigger_ratio == 7.0 / 8 + 0.5 * (1 - 7.0 / 8 - 0.45 / 0.30 * (1 - 7.0 / 8)));
	end_ratio_cycle(&pacer, 400, 40, 0.9, false);
	assert_true(pacer.trigger_ratio == 0.6);
	end_ratio_cycle(&pacer, 56, 40, 0.25, false);
	end_ratio_cycle(&pacer, 41, 40, 0.25, false);
	end_ratio_cycle(&pacer, 41, 40, 0.25, false);
	assert_true(pacer.trigger_ratio == 0.95);
}

static void go_1_21_keeps_three_percent_of_a_large_limit_free(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, OL_PACER_GO_1_21, -1, 1000 * mib);
	assert_int_equal(
		ol_pacer_memory_limit_goal(&pacer, &no_overhead), 1000 * mib - 1000 * mib / 100 * 3);
	ol_pacer_init(&pacer, OL_PACER_GO_1_21, -1, 10 * mib);
	assert_int_equal(ol_pacer_memory_limit_goal(&pacer, &no_overhead), 9 * mib);
}

static void rates_that_never_end_a_cycle_are_refused(void **state) {
	(void)state;
	struct ol_pacer_model model;
	struct ol_pacer_model_row row;
	struct ol_pacer_model_input input = {
		.alloc_rate = 1, .scan_rate = 0, .growth_rate = 1, .scannable_frac = 1
	};
	ol_pacer_model_init(&model, OL_PACER_GO_1_19, 100, INT64_MAX, 0, 8);
	assert_int_equal(ol_pacer_model_cycle(&model, &input, &row), -ERANGE);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_cycle_of_go_1_19_is_the_same_to_the_bit),
		cmocka_unit_test(every_recorded_cycle_of_go_1_21_is_the_same_to_the_bit),
		cmocka_unit_test(before_the_first_cycle_the_goal_is_four_mib_and_the_trigger_at_61_of_64),
		cmocka_unit_test(the_goal_after_the_spike_is_what_real_go_planned),
		cmocka_unit_test(without_gogc_and_limit_the_goal_is_the_memory_limits_own),
		cmocka_unit_test(a_memory_limit_below_the_live_heap_makes_collection_continuous),
		cmocka_unit_test(the_memory_limit_keeps_one_mib_of_headroom),
		cmocka_unit_test(gogc_zero_collects_always),
		cmocka_unit_test(a_speed_that_is_no_number_resets_the_controller),
		cmocka_unit_test(
			go_1_16_triggers_first_at_the_minimum_heap_and_promises_a_mebibyte_of_room),
		cmocka_unit_test(go_1_16_counts_neither_stacks_nor_globals),
		cmocka_unit_test(go_1_16_corrects_its_ratio_by_half_the_error_within_bounds),
		cmocka_unit_test(go_1_21_keeps_three_percent_of_a_large_limit_free),
		cmocka_unit_test(rates_that_never_end_a_cycle_are_refused),
	};
	return cmocka_run_group_tests_name("pacer", tests, NULL, NULL);
}
