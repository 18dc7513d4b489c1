/* caged_report_json_tests.h -- The JSON of a cage, read back.
 *
 * Part of test_caged_report.c. */
#ifndef TESTS_CAGED_REPORT_JSON_TESTS_H
#define TESTS_CAGED_REPORT_JSON_TESTS_H

#include <errno.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "caged_report_summary.h"
#include "report/caged_report.h"

static struct ol_caged_summary json_facts;

static json_t *parse_caged(const char *text) {
	json_error_t problem;
	json_t *value = json_loads(text, 0, &problem);
	if (value == NULL)
		fail_msg("%s: %s", problem.text, text);
	return value;
}

static json_t *json_of_caged(const struct ol_caged_summary *facts) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	assert_int_equal(ol_caged_json_write_summary(stream, facts, NULL), 0);
	fclose(stream);
	assert_ptr_equal(strchr(text, '\n'), text + text_bytes - 1);
	json_t *value = parse_caged(text);
	free(text);
	return value;
}

/* As docs/json.md lists them. */
static const char *const caged_fields[] = { "schema", "command", "pid", "adopted", "was_let_go",
	"is_kept", "limit_bytes", "swap_bytes", "high_bytes", "address_space_bytes", "timeout_ns",
	"sample_period_ns", "cgroup", "outcome", "evidence", "kills", "kill_count",
	"is_command_oom_killed", "is_ended_by_lab", "cage_peak_bytes", "end_bytes", "rss_peak_bytes",
	"above", "stall_ns", "major_faults", "minor_faults", "user_ns", "system_ns", "wall_ns",
	"processes_left", "refused_count", "address_space_peak_bytes", "sample_count", "usage",
	"watchdog", "dump", "error", "system" };

static void a_cages_summary_has_every_field_and_reads_back(void **state) {
	make_caged_victim(&json_facts);
	json_t *root = json_of_caged(&json_facts);
	for (size_t i = 0; i < sizeof caged_fields / sizeof *caged_fields; i++) {
		if (json_object_get(root, caged_fields[i]) == NULL)
			fail_msg("there is no %s", caged_fields[i]);
	}
	assert_int_equal(json_object_size(root), sizeof caged_fields / sizeof *caged_fields);
	const char *schema, *command, *outcome, *limited_by, *name, *mode;
	json_int_t limit, peak, rss, anon, at, wall, above, step;
	int pid, victim, percent, is_command, is_killed, signal;
	assert_int_equal(
		json_unpack(root,
			"{s:s, s:s, s:i, s:I, s:s, s:{s:i, s:n, s:s}, s:[{s:I, s:i, s:s, s:b, s:I}], s:b, s:I, "
			"s:I, s:[{}, {}, {s:i, s:I}], s:I, s:{s:I}, s:{s:s}}",
			"schema", &schema, "command", &command, "pid", &pid, "limit_bytes", &limit, "outcome",
			&outcome, "evidence", "signal", &signal, "exit_status", "limited_by", &limited_by,
			"kills", "at_ns", &at, "pid", &victim, "name", &name, "is_command", &is_command,
			"anon_bytes", &anon, "is_command_oom_killed", &is_killed, "cage_peak_bytes", &peak,
			"rss_peak_bytes", &rss, "above", "percent", &percent, "ns", &above, "wall_ns", &wall,
			"usage", "step_ns", &step, "cgroup", "mode", &mode),
		0);
	assert_string_equal(schema, "oomlab.cage/1");
	assert_string_equal(command, "python3 service.py");
	assert_string_equal(outcome, "oom-killed");
	assert_string_equal(limited_by, "own");
	assert_string_equal(name, "python3");
	assert_string_equal(mode, "hybrid");
	assert_int_equal(pid, 123);
	assert_int_equal(victim, 123);
	assert_true(is_command && is_killed && signal == 9 && percent == 90);
	assert_int_equal(limit, RECIPE_LIMIT_BYTES);
	assert_int_equal(peak, RECIPE_PAGES_BYTES);
	assert_int_equal(rss, 95 * OL_MIB);
	assert_int_equal(anon, 95 * OL_MIB);
	assert_int_equal(at, 12300 * OL_NS_PER_MS);
	assert_int_equal(wall, 12300 * OL_NS_PER_MS);
	assert_int_equal(above, 300 * OL_NS_PER_MS);
	assert_int_equal(step, 410 * OL_NS_PER_MS);
	const json_t *bytes = json_object_get(json_object_get(root, "usage"), "bytes");
	assert_int_equal(json_array_size(bytes), 30);
	assert_int_equal(json_integer_value(json_array_get(bytes, 29)), RECIPE_PAGES_BYTES);
	json_decref(root);
}

static void what_is_unknown_of_a_cage_is_null(void **state) {
	make_caged_survivor(&json_facts);
	json_facts.spec.limit_bytes = UINT64_MAX;
	json_t *root = json_of_caged(&json_facts);
	assert_int_equal(
		json_unpack(root, "{s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n}", "limit_bytes",
			"high_bytes", "address_space_bytes", "timeout_ns", "stall_ns", "refused_count",
			"address_space_peak_bytes", "watchdog", "dump", "error"),
		0);
	json_decref(root);
	make_caged_apoptosis(&json_facts);
	json_facts.is_refused_known = json_facts.has_stall = 1;
	json_facts.watchdog.ended_at_ns = UINT64_MAX;
	set_text(json_facts.error_message, sizeof json_facts.error_message, "no");
	root = json_of_caged(&json_facts);
	const char *way, *measure, *dump, *message;
	json_int_t threshold, acted, stall, refused;
	int has_notice;
	assert_int_equal(
		json_unpack(root, "{s:I, s:I, s:s, s:{s:s}, s:{s:s, s:s, s:I, s:I, s:b, s:n}}", "stall_ns",
			&stall, "refused_count", &refused, "dump", &dump, "error", "message", &message,
			"watchdog", "way", &way, "measure", &measure, "threshold_bytes", &threshold,
			"acted_bytes", &acted, "has_notice", &has_notice, "ended_at_ns"),
		0);
	assert_string_equal(way, "notice");
	assert_string_equal(measure, "usage");
	assert_int_equal(threshold, 90 * OL_MIB);
	assert_int_equal(acted, 91 * OL_MIB);
	assert_true(has_notice);
	json_decref(root);
}

static void hostile_text_of_a_caged_program_still_makes_valid_json(void **state) {
	make_caged_victim(&json_facts);
	memset(json_facts.spec.command, 0xff, sizeof json_facts.spec.command - 1);
	set_text(json_facts.kills[0].name, sizeof json_facts.kills[0].name, "\"\n\xc3</script>");
	json_t *root = json_of_caged(&json_facts);
	const char *command, *name;
	assert_int_equal(
		json_unpack(root, "{s:s, s:[{s:s}]}", "command", &command, "kills", "name", &name), 0);
	assert_int_equal(strlen(command), 3 * (sizeof json_facts.spec.command - 1));
	assert_string_equal(name, "\"\n\xef\xbf\xbd</script>");
	json_decref(root);
}

static void a_cages_record_is_read_as_a_runs_is(void **state) {
	static const char *const types[] = { "header", "sample", "kill", "event", "summary" };
	char path[] = "/tmp/oomlab-cage-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	make_caged_victim(&json_facts);
	struct ol_json_record *record;
	struct ol_caged_sample sample = { .at_ns = 2, .cage_bytes = 3, .rss_bytes = 4 };
	struct ol_event event = { .at_ns = 1, .kind = "watchdog", .text = "one" };
	assert_int_equal(ol_json_record_create(path, &record, NULL), 0);
	ol_caged_json_record_header(record, &json_facts);
	ol_caged_json_record_sample(record, &sample);
	ol_caged_json_record_kill(record, &json_facts.kills[0]);
	ol_json_record_event(record, &event);
	ol_caged_json_record_summary(record, &json_facts);
	assert_int_equal(ol_json_record_destroy(record, NULL), 0);
	FILE *stream = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0, count = 0;
	for (; getline(&line, &capacity, stream) > 0; count++) {
		json_t *object = parse_caged(line);
		const char *type, *schema;
		json_int_t at, cage, rss, pid;
		assert_true(count < sizeof types / sizeof *types);
		assert_int_equal(json_unpack(object, "{s:s}", "type", &type), 0);
		assert_string_equal(type, types[count]);
		if (count == 0) {
			assert_int_equal(json_unpack(object, "{s:s}", "schema", &schema), 0);
			assert_string_equal(schema, "oomlab.record/1");
			assert_non_null(json_object_get(object, "command"));
		} else if (count == 1) {
			assert_int_equal(json_unpack(object, "{s:I, s:I, s:I}", "at_ns", &at, "cage_bytes",
								 &cage, "rss_bytes", &rss),
				0);
			assert_true(at == 2 && cage == 3 && rss == 4);
		} else if (count == 2) {
			assert_int_equal(json_unpack(object, "{s:I, s:I}", "at_ns", &at, "pid", &pid), 0);
			assert_int_equal(pid, 123);
		} else if (count == 4) {
			/* Without its type it is the very object that --format=json prints. */
			json_object_del(object, "type");
			json_t *summary_object = json_of_caged(&json_facts);
			assert_true(json_equal(object, summary_object));
			json_decref(summary_object);
		}
		json_decref(object);
	}
	assert_int_equal(count, sizeof types / sizeof *types);
	free(line);
	fclose(stream);
	unlink(path);
}

static void a_full_disk_spoils_a_cages_summary_aloud(void **state) {
	struct ol_error reason;
	make_caged_victim(&json_facts);
	OL_AUTO_FCLOSE FILE *full = fopen("/dev/full", "we");
	assert_int_equal(ol_caged_json_write_summary(full, &json_facts, &reason), -ENOSPC);
	assert_non_null(strstr(reason.message, "No space left"));
}

#endif
