/* test_records.c -- Records read back: what was written comes out, what is no record is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "caged_report_summary.h"
#include "records_support.h"
#include "report/caged_report.h"

/* Large: kept off the stack. */
static struct ol_run_summary facts;
static struct ol_caged_summary caged;
static struct ol_recordings recordings;
static struct ol_error error;

static int finish(void **state) {
	ol_recordings_finish(&recordings);
	recordings = (struct ol_recordings){ 0 };
	return 0;
}

static void a_run_comes_out_of_its_record_as_it_went_in(void **state) {
	make_killed(&facts);
	facts.spec.watchdog = (struct ol_watchdog_spec){ .is_on = 1, .threshold_bytes = 30 << 20 };
	facts.watchdog.acted_at_ns = UINT64_MAX;
	facts.watchdog.ended_at_ns = UINT64_MAX;
	size_t bytes;
	OL_AUTO_FREE char *text = record_of(&facts, &bytes);
	assert_int_equal(read_text(text, bytes, "/tmp/a.jsonl", &recordings, &error), 0);
	assert_int_equal(recordings.count, 1);
	const struct ol_recording *recording = &recordings.list[0];
	assert_string_equal(recording->name, "a");
	assert_true(recording->has_end);
	assert_false(recording->is_cage);
	OL_AUTO_FREE char *written = summary_line(&facts);
	OL_AUTO_FREE char *read = summary_line(recording->run);
	assert_string_equal(read, written);
	assert_int_equal(recording->sample_count, 1);
	assert_int_equal(recording->samples[0].memstats.next_gc, 60724976);
	assert_int_equal(recording->cycle_total, 1);
	assert_int_equal(recording->cycles[0].next_goal_bytes, 60724976);
	assert_string_equal(recording->events[0].text, "said <b>this</b>");
}

static void a_cage_comes_out_of_its_record_as_it_went_in(void **state) {
	char *text = NULL;
	size_t bytes;
	struct ol_json_record *record;
	make_caged_apoptosis(&caged);
	caged.usage_count = 0; /* The curve is made of samples, and these are told one by one. */
	memset(caged.level_ns, 0, sizeof caged.level_ns);
	caged.usage_step_ns = 0;
	assert_int_equal(
		ol_json_record_create_on(open_memstream(&text, &bytes), "memory", &record, &error), 0);
	ol_caged_json_record_header(record, &caged);
	ol_caged_json_record_sample(
		record, &(struct ol_caged_sample){ .at_ns = 5, .cage_bytes = 6, .rss_bytes = 7 });
	ol_caged_json_record_summary(record, &caged);
	assert_int_equal(ol_json_record_destroy(record, &error), 0);
	assert_int_equal(read_text(text, bytes, "cage", &recordings, &error), 0);
	free(text);
	const struct ol_recording *recording = &recordings.list[0];
	assert_true(recording->is_cage);
	assert_int_equal(recording->samples[0].rss_bytes, 7);
	char *written = NULL, *read = NULL;
	FILE *stream = open_memstream(&written, &bytes);
	assert_int_equal(ol_caged_json_write_summary(stream, &caged, &error), 0);
	fclose(stream);
	stream = open_memstream(&read, &bytes);
	assert_int_equal(ol_caged_json_write_summary(stream, recording->caged, &error), 0);
	fclose(stream);
	assert_string_equal(read, written);
	free(written);
	free(read);
}

static void the_runs_of_a_series_are_numbered_and_namesakes_told_apart(void **state) {
	make_survived(&facts);
	size_t bytes;
	OL_AUTO_FREE char *text = record_of(&facts, &bytes);
	OL_AUTO_FREE char *twice = malloc(2 * bytes);
	memcpy(twice, text, bytes);
	memcpy(twice + bytes, text, bytes);
	assert_int_equal(read_text(twice, 2 * bytes, "x/spike.jsonl", &recordings, &error), 0);
	assert_int_equal(read_text(text, bytes, "y/one.jsonl", &recordings, &error), 0);
	assert_int_equal(read_text(text, bytes, "z/one.jsonl", &recordings, &error), 0);
	assert_int_equal(recordings.count, 4);
	assert_string_equal(recordings.list[0].name, "spike #1");
	assert_string_equal(recordings.list[1].name, "spike #2");
	assert_string_equal(recordings.list[2].name, "one");
	assert_string_equal(recordings.list[3].name, "z/one");
}

static void more_runs_than_a_report_holds_are_counted(void **state) {
	make_survived(&facts);
	size_t bytes;
	OL_AUTO_FREE char *text = record_of(&facts, &bytes);
	for (size_t i = 0; i < OL_RECORDINGS_MAX + 3; i++)
		assert_int_equal(read_text(text, bytes, "many", &recordings, &error), 0);
	assert_int_equal(recordings.count, OL_RECORDINGS_MAX);
	assert_int_equal(recordings.left_out, 3);
}

static void a_record_whose_lab_was_killed_is_read_up_to_there(void **state) {
	make_killed(&facts);
	size_t bytes;
	OL_AUTO_FREE char *text = record_of(&facts, &bytes);
	assert_int_equal(read_text(text, bytes - 40, "cut", &recordings, &error), 0);
	assert_true(recordings.is_cut);
	assert_int_equal(recordings.count, 1);
	assert_false(recordings.list[0].has_end);
	assert_int_equal(recordings.list[0].run->phase_count, 2);
	assert_int_equal(recordings.list[0].sample_count, 1);
}

#define HEADER "{\"type\":\"header\",\"schema\":\"oomlab.record/1\",\"scenario\":\"x\"}\n"
static const struct {
	const char *text, *complaint;
} malformed[] = {
	{ "\n", "f, line 1: no JSON" },
	{ "[]\n", "f, line 1: no JSON object" },
	{ "{}\n", "f, line 1: no 'type'" },
	{ "{\"schema\":\"oomlab.run/1\"}\n", "f, line 1: this is 'oomlab.run/1', an outcome" },
	{ "{\"type\":\"sample\",\"at_ns\":1}\n", "f, line 1: a 'sample' before any header" },
	{ "{\"type\":\"header\",\"schema\":\"oomlab.record/2\"}\n",
		"f, line 1: the schema is 'oomlab.record/2': expected oomlab.record/1" },
	{ "{\"type\":\"header\",\"schema\":\"oomlab.record/1\"}\n",
		"f, line 1: 'scenario' is missing" },
	{ "{\"type\":\"header\"", "f, line 1: no JSON" },
	{ HEADER "{\"type\":\"sample\",\"at_ns\":1}\n", "f, line 2: 'cage_bytes' is missing" },
	{ HEADER "{\"type\":\"sample\",\"at_ns\":-1,\"cage_bytes\":1}\n",
		"f, line 2: 'at_ns' is not a whole number from 0 on" },
	{ HEADER "{\"type\":\"sample\",\"at_ns\":1e99,\"cage_bytes\":1}\n",
		"f, line 2: 'at_ns' is not" },
	{ HEADER "{\"type\":\"sample\",\"at_ns\":99999999999999999999,\"cage_bytes\":1}\n",
		"f, line 2: no JSON" },
	{ HEADER "{\"type\":\"sample\",\"at_ns\":1,\"cage_bytes\":1,\"memstats\":[]}\n",
		"f, line 2: 'memstats' is not an object" },
	{ HEADER "{\"type\":\"gc\"}\n", "f, line 2: 'at_ns' is missing" },
	{ HEADER "{\"type\":\"gc\",\"at_ns\":1,\"is_forced\":1}\n",
		"f, line 2: 'is_forced' is not true or false" },
	{ HEADER "{\"type\":\"event\",\"at_ns\":1,\"text\":7}\n", "f, line 2: 'text' is not a text" },
	{ HEADER "{\"type\":\"event\",\"at_ns\":1,\"at_ns\":2}\n", "f, line 2: no JSON: duplicate" },
	{ HEADER "{\"type\":\"phase\",\"at_ns\":1,\"name\":null}\n",
		"f, line 2: 'name' is not a text" },
	{ HEADER "{\"type\":\"summary\"}\n", "f, line 2: 'outcome' is missing" },
	{ HEADER "{\"type\":\"summary\",\"outcome\":\"fine\"}\n",
		"f, line 2: 'outcome' is not a name" },
	{ HEADER "{\"type\":\"summary\",\"outcome\":\"survived\",\"phases\":{}}\n",
		"f, line 2: 'phases' is not an array" },
	{ HEADER "{\"type\":\"summary\",\"outcome\":\"survived\",\"phases\":[1]}\n",
		"f, line 2: a phase is not an object" },
	{ HEADER "{\"type\":\"summary\",\"outcome\":\"survived\"}\n{\"type\":\"gc\",\"at_ns\":1}\n",
		"f, line 3: a 'gc' behind the summary" },
	{ HEADER "{\"type\":\"event\",\"at_ns\":1,\"text\":\"\xff\"}\n", "f, line 2: no JSON" },
};

static void what_is_no_record_is_told_with_its_line(void **state) {
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		const char *text = malformed[i].text;
		assert_int_equal(read_text(text, strlen(text), "f", &recordings, &error), -EBADMSG);
		if (strncmp(error.message, malformed[i].complaint, strlen(malformed[i].complaint)) != 0)
			fail_msg("%s: %s", text, error.message);
		finish(state);
	}
	FILE *nothing = fopen("/dev/null", "r");
	assert_int_equal(ol_recordings_read(nothing, "f", &recordings, &error), -EBADMSG);
	fclose(nothing);
	assert_string_equal(error.message, "f is empty: no run in it");
}

static void a_line_without_end_is_refused(void **state) {
	FILE *zeros = fopen("/dev/zero", "r");
	assert_int_equal(ol_recordings_read(zeros, "f", &recordings, &error), -EBADMSG);
	fclose(zeros);
	assert_string_equal(error.message, "f, line 1: longer than any line of a record");
}

static void fields_of_other_versions_are_let_be(void **state) {
	static const char text[] =
		HEADER "{\"type\":\"news\",\"at_ns\":-5}\n"
			   "{\"type\":\"sample\",\"at_ns\":1,\"cage_bytes\":2,\"x\":[]}\n";
	assert_int_equal(read_text(text, sizeof text - 1, "f", &recordings, &error), 0);
	assert_int_equal(recordings.list[0].sample_count, 1);
}

static void too_many_samples_are_thinned_and_the_fullest_stays(void **state) {
	enum { SAMPLES = OL_RECORDING_SAMPLES_MAX + 1000, FULLEST = 77777 };
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	fputs(HEADER, stream);
	for (int i = 0; i < SAMPLES; i++)
		fprintf(stream, "{\"type\":\"sample\",\"at_ns\":%d,\"cage_bytes\":%d}\n", i,
			i == FULLEST ? 9999 : 5);
	fclose(stream);
	assert_int_equal(read_text(text, bytes, "f", &recordings, &error), 0);
	free(text);
	const struct ol_recording *recording = &recordings.list[0];
	assert_int_equal(recording->sample_count, OL_RECORDING_SAMPLES_MAX / 2 + 1000);
	uint64_t fullest_at_ns = 0;
	for (size_t i = 0; i < recording->sample_count; i++) {
		if (recording->samples[i].cage_bytes == 9999)
			fullest_at_ns = recording->samples[i].at_ns;
	}
	assert_int_equal(fullest_at_ns, FULLEST);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_run_comes_out_of_its_record_as_it_went_in, finish),
		cmocka_unit_test_teardown(a_cage_comes_out_of_its_record_as_it_went_in, finish),
		cmocka_unit_test_teardown(
			the_runs_of_a_series_are_numbered_and_namesakes_told_apart, finish),
		cmocka_unit_test_teardown(more_runs_than_a_report_holds_are_counted, finish),
		cmocka_unit_test_teardown(a_record_whose_lab_was_killed_is_read_up_to_there, finish),
		cmocka_unit_test_teardown(what_is_no_record_is_told_with_its_line, finish),
		cmocka_unit_test_teardown(a_line_without_end_is_refused, finish),
		cmocka_unit_test_teardown(fields_of_other_versions_are_let_be, finish),
		cmocka_unit_test_teardown(too_many_samples_are_thinned_and_the_fullest_stays, finish),
	};
	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
