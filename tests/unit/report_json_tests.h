/* report_json_tests.h -- JSON read back with jansson, field by field, by the tables it came from.
 *
 * Part of test_report.c. */
#ifndef TESTS_REPORT_JSON_TESTS_H
#define TESTS_REPORT_JSON_TESTS_H

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "record/fields.h"
#include "report/report.h"
#include "report_summary.h"

static json_t *parse_json(const char *text) {
	json_error_t problem;
	json_t *value = json_loads(text, 0, &problem);
	if (value == NULL)
		fail_msg("%s: %s", problem.text, text);
	return value;
}

static json_t *json_of(const struct ol_run_summary *facts) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	assert_int_equal(ol_json_write_summary(stream, facts, NULL), 0);
	fclose(stream);
	assert_ptr_equal(strchr(text, '\n'), text + text_bytes - 1);
	json_t *value = parse_json(text);
	free(text);
	return value;
}

static void check_fields(
	const json_t *object, const struct ol_record_type *type, const void *record) {
	for (size_t i = 0; i < type->field_count; i++) {
		const struct ol_field *field = &type->fields[i];
		const json_t *value = json_object_get(object, field->name);
		if (value == NULL)
			fail_msg("%s lacks %s", type->name, field->name);
		switch (field->type) {
		case OL_FIELD_UINT64:
			assert_int_equal(json_integer_value(value), ol_field_uint64(field, record));
			break;
		case OL_FIELD_BOOLEAN:
			assert_int_equal(json_is_true(value), ol_field_uint32(field, record));
			break;
		case OL_FIELD_NUMBER:
			assert_true(json_real_value(value) == ol_field_number(field, record));
			break;
		case OL_FIELD_TEXT:
			assert_string_equal(json_string_value(value), ol_field_text(field, record));
			break;
		case OL_FIELD_ACTIVITY:
			assert_string_equal(json_string_value(value),
				ol_activity_name((enum ol_activity)ol_field_uint32(field, record)));
			break;
		}
	}
}

static void the_summary_reads_back_field_by_field(void **state) {
	static struct ol_run_summary facts;
	make_killed(&facts);
	facts.last_words.pauses = (struct ol_pauses){ 12, 1500000, 31000, 210000, 400000 };
	json_t *root = json_of(&facts);
	const char *scenario, *mode, *path, *policy, *rules, *collector, *world, *outcome, *limited_by;
	const char *schema, *kernel, *thp, *version;
	int is_gc, gogc, signal;
	json_int_t limit_bytes, swap_bytes, seed, kills, baseline, peak, garbage, wall, cpus, page;
	int result = json_unpack(root,
		"{s:s, s:s, s:{s:b}, s:I, s:I, s:{s:s, s:s}, s:{s:s, s:i, s:n, s:s}, s:s, s:s, s:I, s:s,"
		" s:{s:i, s:n, s:I, s:s}, s:I, s:I, s:I, s:I, s:{s:s, s:I, s:I, s:s, s:s}}",
		"schema", &schema, "scenario", &scenario, "options", "gc", &is_gc, "limit_bytes",
		&limit_bytes, "swap_bytes", &swap_bytes, "cgroup", "mode", &mode, "path", &path, "policy",
		"name", &policy, "gogc", &gogc, "memory_limit_bytes", "rules", &rules, "collector",
		&collector, "world", &world, "seed", &seed, "outcome", &outcome, "evidence", "signal",
		&signal, "exit_status", "oom_kill_delta", &kills, "limited_by", &limited_by,
		"baseline_bytes", &baseline, "cage_peak_bytes", &peak, "garbage_bytes_at_end", &garbage,
		"wall_ns", &wall, "system", "kernel", &kernel, "cpus", &cpus, "page_bytes", &page, "thp",
		&thp, "oomlab", &version);
	assert_int_equal(result, 0);
	assert_string_equal(schema, "oomlab.run/1");
	assert_string_equal(outcome, "oom-killed");
	assert_string_equal(limited_by, "own");
	assert_int_equal(limit_bytes, 32 * OL_MIB);
	assert_int_equal(gogc, 100);
	assert_int_equal(garbage, SPIKE_BYTES);
	assert_int_equal(signal, 9);
	assert_null(json_object_get(root, "error"));
	check_fields(json_object_get(root, "last_words"), &ol_last_words_type, &facts.last_words);
	check_fields(json_object_get(root, "memstats"), &ol_memstats_type, &facts.last_words.memstats);
	check_fields(json_object_get(root, "pauses"), &ol_pauses_type, &facts.last_words.pauses);
	const json_t *phases = json_object_get(root, "phases");
	assert_int_equal(json_array_size(phases), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *phase = json_array_get(phases, i);
		check_fields(phase, &ol_phase_type, &facts.phases[i]);
		check_fields(
			json_object_get(phase, "memstats"), &ol_memstats_type, &facts.phases[i].memstats);
	}
	json_decref(root);
}

static void what_is_unset_is_null_and_gogc_off_is_a_word(void **state) {
	static struct ol_run_summary facts;
	make_survived(&facts);
	facts.spec.gogc = OL_GOGC_OFF;
	facts.last_words.memstats.next_gc = UINT64_MAX;
	json_t *root = json_of(&facts);
	const char *gogc;
	int status;
	assert_int_equal(
		json_unpack(root, "{s:n, s:n, s:n, s:{s:n}, s:{s:s, s:n}, s:{s:n, s:i, s:n, s:n}}",
			"high_bytes", "address_space_bytes", "timeout_ns", "memstats", "next_gc", "policy",
			"gogc", &gogc, "memory_limit_bytes", "evidence", "signal", "exit_status", &status,
			"kernel_line", "limiting_group"),
		0);
	assert_string_equal(gogc, "off");
	json_decref(root);
}

static void an_option_that_was_not_given_and_has_no_default_is_not_told(void **state) {
	static struct ol_run_summary facts;
	make_killed(&facts);
	facts.spec.option_count = 3;
	facts.spec.options[1] =
		(struct ol_option_value){ .name = "first", .type = OL_OPTION_SHARE, .is_unset = 1 };
	facts.spec.options[2] =
		(struct ol_option_value){ .name = "second", .type = OL_OPTION_SHARE, .number = 0.25 };
	json_t *root = json_of(&facts);
	double second;
	assert_int_equal(json_unpack(root, "{s:{s:f}}", "options", "second", &second), 0);
	assert_true(second == 0.25);
	assert_int_equal(json_object_size(json_object_get(root, "options")), 2);
	json_decref(root);
}

static void bad_utf8_still_makes_valid_json(void **state) {
	static struct ol_run_summary facts;
	make_killed(&facts);
	facts.outcome = OL_OUTCOME_SCRIPT_ERROR;
	set_name(facts.phases[0].name, "\xff\xfe\"\n");
	memset(facts.error_message, 0x80, sizeof facts.error_message - 1);
	facts.spec.options[0].type = OL_OPTION_STRING;
	set_name(facts.spec.options[0].string, "\xc3");
	json_t *root = json_of(&facts);
	const char *name, *message, *option;
	assert_int_equal(
		json_unpack(root, "{s:[{s:s}, {}], s:{s:s, s:n}, s:{s:s}}", "phases", "name", &name,
			"error", "message", &message, "traceback", "options", "gc", &option),
		0);
	assert_string_equal(name, "\xef\xbf\xbd\xef\xbf\xbd\"\n");
	assert_int_equal(strlen(message), 3 * (sizeof facts.error_message - 1));
	assert_string_equal(option, "\xef\xbf\xbd");
	json_decref(root);
}

static void numbers_that_are_none_are_null(void **state) {
	static struct ol_run_summary facts;
	make_killed(&facts);
	facts.last_words.memstats.gc_cpu_fraction = 0.0 / (double)facts.last_words.is_torn;
	json_t *root = json_of(&facts);
	assert_int_equal(json_unpack(root, "{s:{s:n}}", "memstats", "gc_cpu_fraction"), 0);
	json_decref(root);
}

static void phases_beyond_those_kept_are_counted(void **state) {
	static struct ol_run_summary facts;
	make_killed(&facts);
	facts.phase_count = OL_PHASES_MAX + 7;
	json_t *root = json_of(&facts);
	assert_int_equal(json_array_size(json_object_get(root, "phases")), OL_PHASES_MAX);
	assert_int_equal(json_integer_value(json_object_get(root, "phase_count")), OL_PHASES_MAX + 7);
	json_decref(root);
}

static void many_runs_are_one_object(void **state) {
	static struct ol_run_summary facts;
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	struct ol_outcome_counts counts = { .total = 3 };
	counts.counts[OL_OUTCOME_OOM_KILLED] = 2;
	counts.counts[OL_OUTCOME_SURVIVED] = 1;
	make_killed(&facts);
	assert_int_equal(ol_json_begin_runs(stream, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ol_json_next_run(stream, i == 0, &facts, NULL), 0);
	assert_int_equal(ol_json_end_runs(stream, &counts, NULL), 0);
	fclose(stream);
	json_t *root = parse_json(text);
	free(text);
	int killed, survived;
	const char *schema;
	assert_int_equal(json_unpack(root, "{s:s, s:{s:i, s:i}}", "schema", &schema, "outcomes",
						 "oom-killed", &killed, "survived", &survived),
		0);
	assert_string_equal(schema, "oomlab.runs/1");
	assert_int_equal(json_array_size(json_object_get(root, "runs")), 3);
	assert_int_equal(killed, 2);
	assert_int_equal(survived, 1);
	json_decref(root);
}

static void a_record_begins_with_its_header_and_ends_with_the_summary(void **state) {
	static struct ol_run_summary facts;
	static const char *const types[] = { "header", "event", "gc", "sample", "phase", "summary" };
	char path[] = "/tmp/oomlab-record-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	make_killed(&facts);
	struct ol_json_record *record;
	struct ol_event event = { .at_ns = 1, .kind = "log", .text = "one" };
	struct ol_gc_cycle cycle = {
		.number = 1,
		.marked_bytes = 77,
		.sweep_term_ns = 2,
		.mark_ns = 3,
		.mark_term_ns = 4,
		.assist_ns = 5,
		.background_ns = 6,
		.idle_ns = 7,
		.roots_bytes = 8,
		.processors = 9,
		.gc_cpu_fraction = 0.25,
		.is_forced = 1,
	};
	struct ol_sample sample = { .at_ns = 2, .cage_bytes = 3, .memstats = spike_memstats() };
	assert_int_equal(ol_json_record_create(path, &record, NULL), 0);
	ol_json_record_header(record, &facts);
	ol_json_record_event(record, &event);
	ol_json_record_gc(record, &cycle);
	ol_json_record_sample(record, &sample);
	ol_json_record_phase(record, &facts.phases[0]);
	ol_json_record_summary(record, &facts);
	assert_int_equal(ol_json_record_destroy(record, NULL), 0);
	FILE *stream = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0, count = 0;
	while (getline(&line, &capacity, stream) > 0) {
		json_t *object = parse_json(line);
		assert_true(count < sizeof types / sizeof *types);
		assert_string_equal(json_string_value(json_object_get(object, "type")), types[count]);
		if (count == 2)
			check_fields(object, &ol_gc_cycle_type, &cycle);
		if (count == 3)
			check_fields(json_object_get(object, "memstats"), &ol_memstats_type, &sample.memstats);
		if (count == 5) {
			/* Without its type it is the very object that --format=json prints. */
			json_object_del(object, "type");
			json_t *summary_object = json_of(&facts);
			assert_true(json_equal(object, summary_object));
			json_decref(summary_object);
		}
		json_decref(object);
		count++;
	}
	assert_int_equal(count, sizeof types / sizeof *types);
	free(line);
	fclose(stream);
	unlink(path);
}

static void a_full_disk_is_told_at_the_end_and_once(void **state) {
	static struct ol_run_summary facts;
	struct ol_json_record *record;
	struct ol_error reason;
	make_killed(&facts);
	assert_int_equal(ol_json_record_create("/dev/full", &record, &reason), 0);
	ol_json_record_header(record, &facts);
	ol_json_record_summary(record, &facts);
	assert_int_equal(ol_json_record_destroy(record, &reason), -ENOSPC);
	assert_non_null(strstr(reason.message, "/dev/full"));
	assert_non_null(strstr(reason.message, "No space left"));
	assert_int_equal(ol_json_record_create("/nonexistent/x", &record, &reason), -ENOENT);
	assert_int_equal(ol_json_record_destroy(NULL, &reason), 0);
	FILE *full = fopen("/dev/full", "we");
	assert_int_equal(ol_json_write_summary(full, &facts, &reason), -ENOSPC);
	fclose(full);
}

#endif
