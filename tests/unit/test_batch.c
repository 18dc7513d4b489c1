/* test_batch.c -- Which run begins when, and what is told of each: with runs that are only played.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "batch/batch.h"

enum { RUNS_MAX = 16 };

/* A run as a test wants it. */
struct played {
	uint64_t limit_bytes;
	int steps;      /* Until it ends. */
	int start_code; /* Negative: it cannot begin. */
	bool is_pretended;
	/* What became of it. */
	int result;
	bool is_told, is_killed;
};

static struct {
	struct played runs[RUNS_MAX];
	struct ol_run_spec specs[RUNS_MAX];
	size_t count, next;
	uint64_t running_count, running_count_max, running_bytes, running_bytes_max;
	char story[512];  /* "+0 +1 -0": what began and ended. */
	int done_code;    /* What done returns for a run that could not be made. */
	int interrupt_at; /* The step at which somebody is impatient; 0: nobody. */
	int step_count;
} play;

static void note(char sign, size_t number) {
	size_t used = strlen(play.story);
	snprintf(
		play.story + used, sizeof play.story - used, "%s%c%zu", used > 0 ? " " : "", sign, number);
}

static size_t number_of(const struct played *run) {
	return (size_t)(run - play.runs);
}

static bool is_at_once(const struct ol_run_spec *spec) {
	return play.runs[spec->scenario_index].is_pretended;
}

static int run_at_once(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	struct ol_run_summary *ret_summary, struct ol_error *error) {
	note('=', spec->scenario_index);
	ret_summary->spec = *spec;
	return 0;
}

static int start(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	struct ol_run_summary *ret_summary, void **ret_run, struct ol_error *error) {
	struct played *run = &play.runs[spec->scenario_index];
	if (run->start_code < 0)
		return ol_error_set(error, run->start_code, "no cage for %u", spec->scenario_index);
	note('+', spec->scenario_index);
	ret_summary->spec = *spec;
	play.running_count++;
	play.running_bytes += run->limit_bytes + OL_BATCH_RUN_BYTES;
	if (play.running_count > play.running_count_max)
		play.running_count_max = play.running_count;
	if (play.running_bytes > play.running_bytes_max)
		play.running_bytes_max = play.running_bytes;
	*ret_run = run;
	return 0;
}

static void poll_fds(const void *run, struct pollfd ret_fds[OL_SUPERVISION_FDS]) {
	for (size_t i = 0; i < OL_SUPERVISION_FDS; i++)
		ret_fds[i] = (struct pollfd){ .fd = -1 };
}

static int wait_ms(const void *run) {
	return 0;
}

static int step(void *context, struct ol_error *error) {
	struct played *run = context;
	play.step_count++;
	if (play.interrupt_at > 0 && play.step_count == play.interrupt_at)
		ol_supervisor_interrupt();
	return run->is_killed || --run->steps <= 0 ? 0 : 1;
}

static void kill_run(void *context) {
	struct played *run = context;
	run->is_killed = true;
}

static int finish(void *context, struct ol_error *error) {
	const struct played *run = context;
	note('-', number_of(run));
	play.running_count--;
	play.running_bytes -= run->limit_bytes + OL_BATCH_RUN_BYTES;
	return 0;
}

static const struct ol_batch_engine engine = { is_at_once, run_at_once, start, poll_fds, wait_ms,
	step, kill_run, finish };

static int next(void *context, struct ol_batch_run *ret_run, struct ol_error *error) {
	if (play.next == play.count)
		return 0;
	size_t number = play.next++;
	play.specs[number].limit_bytes = play.runs[number].limit_bytes;
	play.specs[number].scenario_index = (uint32_t)number;
	*ret_run = (struct ol_batch_run){ .spec = &play.specs[number], .number = number };
	return 1;
}

static int done(void *context, uint64_t number, int result, const struct ol_run_summary *summary,
	const struct ol_error *reason, struct ol_error *error) {
	struct played *run = &play.runs[number];
	assert_false(run->is_told);
	run->is_told = true;
	run->result = result;
	assert_int_equal(result == 0, summary != NULL);
	if (summary != NULL)
		assert_int_equal(summary->spec.scenario_index, number);
	if (result == 0 || play.done_code == 0)
		return 0;
	return ol_error_set(error, play.done_code, "%s", reason->message);
}

static int play_all(uint64_t jobs, uint64_t memory_bytes, struct ol_error *error) {
	const struct ol_batch_room room = { .jobs = jobs, .memory_bytes = memory_bytes };
	const struct ol_batch_source source = { .next = next, .done = done };
	return ol_batch_run(&room, &engine, &source, error);
}

static void begin(size_t count, uint64_t limit_bytes, int steps) {
	memset(&play, 0, sizeof play);
	play.count = count;
	for (size_t i = 0; i < count; i++)
		play.runs[i] = (struct played){ .limit_bytes = limit_bytes, .steps = steps };
}

static void a_batch_has_as_many_runs_at_a_time_as_there_are_jobs(void **state) {
	struct ol_error error;
	begin(7, 32 * OL_MIB, 3);
	assert_int_equal(play_all(3, OL_GIB, &error), 0);
	assert_int_equal(play.running_count_max, 3);
	for (size_t i = 0; i < play.count; i++) {
		assert_true(play.runs[i].is_told);
		assert_int_equal(play.runs[i].result, 0);
	}
}

static void runs_at_a_time_fit_into_the_memory_together(void **state) {
	struct ol_error error;
	begin(6, 100 * OL_MIB, 3);
	/* Room for two of 100 + 16 MiB, and not for three. */
	assert_int_equal(play_all(4, 300 * OL_MIB, &error), 0);
	assert_int_equal(play.running_count_max, 2);
	assert_true(play.running_bytes_max <= 300 * OL_MIB);
}

static void no_run_overtakes_one_that_waits_for_room(void **state) {
	struct ol_error error;
	begin(4, 10 * OL_MIB, 2);
	play.runs[1].limit_bytes = 200 * OL_MIB;
	play.runs[0].steps = 4;
	assert_int_equal(play_all(4, 220 * OL_MIB, &error), 0);
	/* The large one waits for the first, the small ones behind it wait with it. */
	assert_string_equal(play.story, "+0 -0 +1 -1 +2 +3 -2 -3");
}

static void a_run_that_would_not_fit_alone_is_refused_and_the_others_go_on(void **state) {
	struct ol_error error;
	begin(3, 10 * OL_MIB, 1);
	play.runs[1].limit_bytes = OL_GIB;
	assert_int_equal(play_all(2, 100 * OL_MIB, &error), 0);
	assert_int_equal(play.runs[0].result, 0);
	assert_int_equal(play.runs[1].result, -E2BIG);
	assert_int_equal(play.runs[2].result, 0);
	assert_null(strstr(play.story, "+1"));
}

static void a_limit_beyond_all_bounds_does_not_wrap_around(void **state) {
	struct ol_error error;
	begin(1, UINT64_MAX - 1, 1);
	assert_int_equal(play_all(1, OL_GIB, &error), 0);
	assert_int_equal(play.runs[0].result, -E2BIG);
}

static void pretended_runs_need_no_room(void **state) {
	struct ol_error error;
	begin(3, 10 * OL_MIB, 2);
	play.runs[1].is_pretended = true;
	play.runs[1].limit_bytes = OL_TIB;
	assert_int_equal(play_all(2, 100 * OL_MIB, &error), 0);
	assert_string_equal(play.story, "+0 =1 +2 -0 -2");
	assert_int_equal(play.runs[1].result, 0);
}

static void a_failure_that_is_not_borne_ends_all_that_run(void **state) {
	struct ol_error error = { 0 };
	begin(5, 10 * OL_MIB, 100);
	play.runs[1].start_code = -EPERM;
	play.done_code = -EPERM;
	assert_int_equal(play_all(3, OL_GIB, &error), -EPERM);
	assert_string_equal(error.message, "no cage for 1");
	assert_true(play.runs[0].is_killed);
	assert_int_equal(play.runs[0].result, -EINTR);
	assert_string_equal(play.story, "+0 -0");
}

static void a_failure_that_is_borne_is_one_run_s_affair(void **state) {
	struct ol_error error;
	begin(3, 10 * OL_MIB, 1);
	play.runs[1].start_code = -EPERM;
	assert_int_equal(play_all(1, OL_GIB, &error), 0);
	assert_int_equal(play.runs[1].result, -EPERM);
	assert_string_equal(play.story, "+0 -0 +2 -2");
}

/* The last: an interrupt is for good. */
static void an_interrupt_ends_all_that_run_and_begins_none(void **state) {
	struct ol_error error = { 0 };
	begin(5, 10 * OL_MIB, 100);
	play.interrupt_at = 4;
	assert_int_equal(play_all(2, OL_GIB, &error), -EINTR);
	assert_string_equal(play.story, "+0 +1 -0 -1");
	assert_int_equal(play.runs[0].result, -EINTR);
	assert_int_equal(play.runs[1].result, -EINTR);
	assert_false(play.runs[2].is_told);
}

static void this_machine_has_room_for_a_run(void **state) {
	struct ol_batch_room room;
	struct ol_error error;
	assert_int_equal(ol_batch_room(&room, &error), 0);
	assert_in_range(room.jobs, 1, OL_BATCH_JOBS_MAX);
	assert_in_range(room.memory_bytes, OL_MIB, OL_TIB * 1024);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_has_as_many_runs_at_a_time_as_there_are_jobs),
		cmocka_unit_test(runs_at_a_time_fit_into_the_memory_together),
		cmocka_unit_test(no_run_overtakes_one_that_waits_for_room),
		cmocka_unit_test(a_run_that_would_not_fit_alone_is_refused_and_the_others_go_on),
		cmocka_unit_test(a_limit_beyond_all_bounds_does_not_wrap_around),
		cmocka_unit_test(pretended_runs_need_no_room),
		cmocka_unit_test(a_failure_that_is_not_borne_ends_all_that_run),
		cmocka_unit_test(a_failure_that_is_borne_is_one_run_s_affair),
		cmocka_unit_test(this_machine_has_room_for_a_run),
		cmocka_unit_test(an_interrupt_ends_all_that_run_and_begins_none),
	};
	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
