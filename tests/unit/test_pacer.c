/* test_pacer.c -- The pacer against Go 1.19.8's own: every cycle of every recorded scenario. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

/* Whether the next row of the record fits what the pacer plans from this row's end. */
static void check_row(const struct table *table, struct ol_pacer *pacer) {
	assert_true(whole(table, "heap_marked") == pacer->heap_marked_bytes);
	uint64_t trigger = ol_pacer_trigger(pacer, &no_overhead);
	/* The harness never starts a cycle below what is live. */
	if (trigger < pacer->heap_marked_bytes)
		trigger = pacer->heap_marked_bytes;
	assert_true(trigger == whole(table, "trigger"));
	assert_true(pacer->runway_bytes == whole(table, "runway_at_start"));
	assert_true(pacer->cons_mark == real(table, "consmark_at_start"));

	ol_pacer_start_cycle(pacer, ol_pacer_trigger(pacer, &no_overhead));
	assert_true(ol_pacer_goal(pacer, &no_overhead) == whole(table, "goal"));
	/* Scan work as the record implies it: heap scanned is what the next row was paced by. */
	uint64_t stack_bytes = whole(table, "in_stack_bytes");
	uint64_t globals_bytes = whole(table, "globals_bytes");
	uint64_t base_bytes = whole(table, "next_heap_marked_base");
	struct ol_pacer_cycle cycle = {
		.heap_live_bytes = whole(table, "peak"),
		.marked_bytes = base_bytes + whole(table, "bytes_allocated_black"),
		.heap_scan_bytes = (uint64_t)((double)base_bytes * real(table, "in_scannable_frac")),
		.stack_scan_bytes = stack_bytes,
		.globals_scan_bytes = globals_bytes,
		.utilization = real(table, "gc_utilization"),
	};
	ol_pacer_end_cycle(pacer, &cycle);
	assert_true(pacer->heap_marked_bytes == whole(table, "heap_marked_next"));
	assert_true(pacer->cons_mark == real(table, "consmark_next"));
	assert_true(pacer->pi_error_integral == real(table, "pi_err_integral_next"));
	assert_true(pacer->runway_bytes == whole(table, "runway_next"));
	assert_true(ol_pacer_goal(pacer, &no_overhead) == whole(table, "goal_next"));
	assert_true(ol_pacer_trigger(pacer, &no_overhead) == whole(table, "trigger_next"));
}

static int check_file(const char *path) {
	struct table *table = calloc(1, sizeof *table);
	assert_non_null(table);
	open_table(table, path);
	struct ol_pacer pacer;
	int rows = 0;
	while (next_row(table)) {
		if (rows++ == 0)
			ol_pacer_init(&pacer, (int32_t)strtol(cell(table, "gc_percent"), NULL, 10),
				whole(table, "memory_limit"));
		check_row(table, &pacer);
	}
	fclose(table->stream);
	free(table);
	return rows;
}

static void every_recorded_cycle_of_go_1_19_is_planned_alike_to_the_bit(void **state) {
	(void)state;
	const char *data = getenv("OOMLAB_TEST_DATA");
	assert_non_null(data);
	char path[4096];
	snprintf(path, sizeof path, "%s/pacer", data);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	int files = 0, cycles = 0;
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		if (strncmp(entry->d_name, "go1.19_", 7) != 0)
			continue;
		snprintf(path, sizeof path, "%s/pacer/%s", data, entry->d_name);
		cycles += check_file(path);
		files++;
	}
	closedir(directory);
	assert_int_equal(files, 13);
	assert_true(cycles >= 750);
}

static const uint64_t mib = UINT64_C(1) << 20;

static void before_the_first_cycle_the_goal_is_four_mib_and_the_trigger_at_61_of_64(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, 100, INT64_MAX);
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
		ol_pacer_init(&pacer, cases[i].percent, INT64_MAX);
		ol_pacer_start_cycle(&pacer, ol_pacer_trigger(&pacer, &no_overhead));
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
	ol_pacer_init(&pacer, -1, INT64_MAX);
	/* nonHeap = 9 - 1 - 3 MiB. */
	struct ol_pacer_memory memory = { 9 * mib, 1 * mib, 3 * mib };
	assert_true(ol_pacer_goal(&pacer, &memory) == INT64_MAX - 5 * mib - 1 * mib);
}

static void a_memory_limit_below_the_live_heap_makes_collection_continuous(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, 100, 16 * mib);
	ol_pacer_start_cycle(&pacer, ol_pacer_trigger(&pacer, &no_overhead));
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
	ol_pacer_init(&pacer, -1, 64 * mib);
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
	ol_pacer_init(&pacer, 0, INT64_MAX);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 0);
	assert_int_equal(ol_pacer_trigger(&pacer, &no_overhead), 0);
}

static void a_speed_that_is_no_number_resets_the_controller(void **state) {
	(void)state;
	struct ol_pacer pacer;
	ol_pacer_init(&pacer, 100, INT64_MAX);
	ol_pacer_start_cycle(&pacer, ol_pacer_trigger(&pacer, &no_overhead));
	/* No scan work at all: bytes allocated over zero bytes marked is infinite. */
	struct ol_pacer_cycle cycle = {
		.heap_live_bytes = 8 * mib, .marked_bytes = mib, .utilization = 0.25
	};
	ol_pacer_end_cycle(&pacer, &cycle);
	assert_true(pacer.cons_mark == 0 && pacer.pi_error_integral == 0);
	assert_int_equal(ol_pacer_goal(&pacer, &no_overhead), 4 * mib);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_cycle_of_go_1_19_is_planned_alike_to_the_bit),
		cmocka_unit_test(before_the_first_cycle_the_goal_is_four_mib_and_the_trigger_at_61_of_64),
		cmocka_unit_test(the_goal_after_the_spike_is_what_real_go_planned),
		cmocka_unit_test(without_gogc_and_limit_the_goal_is_the_memory_limits_own),
		cmocka_unit_test(a_memory_limit_below_the_live_heap_makes_collection_continuous),
		cmocka_unit_test(the_memory_limit_keeps_one_mib_of_headroom),
		cmocka_unit_test(gogc_zero_collects_always),
		cmocka_unit_test(a_speed_that_is_no_number_resets_the_controller),
	};
	return cmocka_run_group_tests_name("pacer", tests, NULL, NULL);
}
