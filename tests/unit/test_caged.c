/* test_caged.c -- What is judged of a caged command, and the curve of its usage. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "caged/internal.h"

enum { COMMAND_PID = 100, CHILD_PID = 101 };

static struct ol_caged_summary *summary;
static struct ol_caged_circumstances circumstances;

static int set_up(void **state) {
	summary = calloc(1, sizeof *summary);
	circumstances = (struct ol_caged_circumstances){ .is_log_known = true };
	if (summary == NULL)
		return -1;
	summary->pid = COMMAND_PID;
	summary->wall_ns = OL_NS_PER_S;
	summary->spec.limit_bytes = 32 * OL_MIB;
	summary->spec.address_space_bytes = UINT64_MAX;
	summary->spec.sample_period_ns = 10 * OL_NS_PER_MS;
	return 0;
}

static int tear_down(void **state) {
	free(summary);
	return 0;
}

static void exits(int status) {
	summary->evidence.exit_status = status;
}

static void dies_of(int signal_number) {
	summary->evidence.exit_status = -1;
	summary->evidence.signal = signal_number;
}

/* The kernel's counter and its log agree. */
static void is_oom_killed(int pid, enum ol_limited_by limited_by) {
	struct ol_oom_kill *kill = &summary->kills[summary->kill_told_count++];
	*kill = (struct ol_oom_kill){
		.pid = pid,
		.limited_by = limited_by,
		.is_command = pid == COMMAND_PID,
	};
	summary->kill_count++;
	summary->evidence.oom_kill_delta++;
	summary->evidence.limited_by = limited_by;
}

static void must_be(enum ol_outcome outcome) {
	ol_caged_judge(summary, &circumstances);
	assert_string_equal(ol_outcome_name(summary->outcome), ol_outcome_name(outcome));
}

static void test_ends_by_itself(void **state) {
	exits(0);
	must_be(OL_OUTCOME_SURVIVED);
	exits(1);
	must_be(OL_OUTCOME_SURVIVED);
}

static void test_status_137_is_no_kill(void **state) {
	exits(137);
	must_be(OL_OUTCOME_SURVIVED);
	assert_false(summary->is_command_oom_killed);
}

static void test_own_limit(void **state) {
	dies_of(SIGKILL);
	is_oom_killed(COMMAND_PID, OL_LIMITED_BY_OWN);
	must_be(OL_OUTCOME_OOM_KILLED);
	assert_true(summary->is_command_oom_killed);
}

static void test_limit_above(void **state) {
	dies_of(SIGKILL);
	is_oom_killed(COMMAND_PID, OL_LIMITED_BY_ANCESTOR);
	must_be(OL_OUTCOME_OOM_KILLED_BY_ANCESTOR);
}

static void test_whole_machine(void **state) {
	dies_of(SIGKILL);
	is_oom_killed(COMMAND_PID, OL_LIMITED_BY_SYSTEM);
	must_be(OL_OUTCOME_OOM_KILLED_BY_ANCESTOR);
}

static void test_child_killed(void **state) {
	exits(0);
	is_oom_killed(CHILD_PID, OL_LIMITED_BY_OWN);
	must_be(OL_OUTCOME_OOM_KILLED);
	assert_false(summary->is_command_oom_killed);
}

static void test_stranger(void **state) {
	dies_of(SIGKILL);
	must_be(OL_OUTCOME_KILLED);
}

static void test_stranger_after_child(void **state) {
	dies_of(SIGKILL);
	is_oom_killed(CHILD_PID, OL_LIMITED_BY_OWN);
	must_be(OL_OUTCOME_KILLED);
	assert_false(summary->is_command_oom_killed);
}

static void test_no_log(void **state) {
	circumstances.is_log_known = false;
	dies_of(SIGKILL);
	must_be(OL_OUTCOME_KILLED);
	summary->evidence.oom_kill_delta = 1;
	summary->evidence.limited_by = OL_LIMITED_BY_OWN;
	must_be(OL_OUTCOME_OOM_KILLED);
	assert_true(summary->is_command_oom_killed);
}

static void test_inner_limit(void **state) {
	exits(0);
	is_oom_killed(CHILD_PID, OL_LIMITED_BY_INNER);
	must_be(OL_OUTCOME_SURVIVED);
}

static void test_inner_limit_of_command(void **state) {
	dies_of(SIGKILL);
	is_oom_killed(COMMAND_PID, OL_LIMITED_BY_INNER);
	must_be(OL_OUTCOME_OOM_KILLED);
}

static void test_inner_and_own_limit(void **state) {
	exits(0);
	is_oom_killed(CHILD_PID, OL_LIMITED_BY_OWN);
	is_oom_killed(CHILD_PID + 1, OL_LIMITED_BY_INNER);
	must_be(OL_OUTCOME_OOM_KILLED);
}

static void test_watchdog(void **state) {
	circumstances.has_acted = true;
	dies_of(SIGTERM);
	must_be(OL_OUTCOME_SHUT_DOWN);
	exits(0);
	must_be(OL_OUTCOME_SHUT_DOWN);
}

static void test_grace_is_over(void **state) {
	circumstances.has_acted = true;
	summary->is_ended_by_lab = 1;
	dies_of(SIGKILL);
	must_be(OL_OUTCOME_KILLED);
}

static void test_watchdog_too_late(void **state) {
	circumstances.has_acted = true;
	dies_of(SIGKILL);
	is_oom_killed(COMMAND_PID, OL_LIMITED_BY_OWN);
	must_be(OL_OUTCOME_OOM_KILLED);
}

static void test_throttled(void **state) {
	exits(0);
	summary->evidence.high_delta = 5;
	summary->stall_ns = summary->wall_ns / 2;
	must_be(OL_OUTCOME_SURVIVED);
	summary->stall_ns++;
	must_be(OL_OUTCOME_THROTTLED);
	summary->stall_ns = 0;
	circumstances.is_timed_out = true;
	must_be(OL_OUTCOME_THROTTLED);
}

static void test_watchdog_holds(void **state) {
	circumstances.has_acted = true;
	exits(0);
	summary->evidence.high_delta = 5;
	summary->stall_ns = summary->wall_ns;
	must_be(OL_OUTCOME_SHUT_DOWN);
}

static void test_timed_out(void **state) {
	circumstances.is_timed_out = true;
	dies_of(SIGTERM);
	must_be(OL_OUTCOME_TIMED_OUT);
}

static void test_refused(void **state) {
	summary->spec.address_space_bytes = 64 * OL_MIB;
	summary->is_refused_known = 1;
	exits(1);
	must_be(OL_OUTCOME_SURVIVED);
	summary->refused_count = 1;
	must_be(OL_OUTCOME_OUT_OF_MEMORY);
	dies_of(SIGABRT);
	must_be(OL_OUTCOME_OUT_OF_MEMORY);
	dies_of(SIGTERM);
	must_be(OL_OUTCOME_KILLED);
	summary->evidence.signal = 0;
	exits(0);
	must_be(OL_OUTCOME_SURVIVED);
}

static void test_refused_unknown(void **state) {
	summary->spec.address_space_bytes = 64 * OL_MIB;
	exits(1);
	summary->address_space_peak_bytes = 55 * OL_MIB;
	must_be(OL_OUTCOME_SURVIVED);
	summary->address_space_peak_bytes = 56 * OL_MIB;
	must_be(OL_OUTCOME_OUT_OF_MEMORY);
}

/* ---- The curve ---- */

static struct ol_curve draw(uint64_t sample_count, uint64_t (*usage)(uint64_t at_ms)) {
	struct ol_curve curve = { 0 };
	for (uint64_t i = 1; i <= sample_count; i++) {
		struct ol_caged_sample sample = {
			.at_ns = i * 10 * OL_NS_PER_MS,
			.cage_bytes = usage(i * 10),
		};
		ol_curve_add(&curve, summary, &sample);
	}
	return curve;
}

static uint64_t half_then_all(uint64_t at_ms) {
	return at_ms < 500 ? 16 * OL_MIB : 32 * OL_MIB;
}

static void test_levels(void **state) {
	struct ol_curve curve = draw(100, half_then_all);
	assert_int_equal(curve.peak_bytes, 32 * OL_MIB);
	assert_int_equal(summary->sample_count, 100);
	assert_int_equal(summary->level_ns[0], 990 * OL_NS_PER_MS);
	assert_int_equal(summary->level_ns[1], 500 * OL_NS_PER_MS);
	assert_int_equal(summary->level_ns[2], 500 * OL_NS_PER_MS);
}

static uint64_t one_peak(uint64_t at_ms) {
	return at_ms == 123450 ? 30 * OL_MIB : OL_MIB;
}

static void test_curve_is_bounded(void **state) {
	draw(100000, one_peak);
	assert_true(summary->usage_count <= OL_USAGE_POINTS_MAX);
	assert_true(summary->usage_count > OL_USAGE_POINTS_MAX / 3);
	uint64_t index = 123450 * OL_NS_PER_MS / summary->usage_step_ns;
	for (uint64_t i = 1; i < summary->usage_count; i++)
		assert_int_equal(summary->usage_bytes[i], i == index ? 30 * OL_MIB : OL_MIB);
}

static void test_gap_in_samples(void **state) {
	struct ol_curve curve = { 0 };
	struct ol_caged_sample first = { .at_ns = 10 * OL_NS_PER_MS, .cage_bytes = 20 * OL_MIB };
	struct ol_caged_sample late = { .at_ns = OL_NS_PER_S, .cage_bytes = OL_MIB };
	ol_curve_add(&curve, summary, &first);
	ol_curve_add(&curve, summary, &late);
	assert_int_equal(summary->usage_count, 101);
	assert_int_equal(summary->usage_bytes[50], 20 * OL_MIB);
	assert_int_equal(summary->level_ns[0], 990 * OL_NS_PER_MS);
}

#define TEST(function, sentence) \
	{ sentence, function, set_up, tear_down, NULL }

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_ends_by_itself, "caged: who ends by itself has survived, whatever its status"),
		TEST(test_status_137_is_no_kill, "caged: exit status 137 is no kill"),
		TEST(test_own_limit, "caged: the kernel's kill at the cage's limit"),
		TEST(test_limit_above, "caged: a kill at a limit above is the ancestor's"),
		TEST(test_whole_machine, "caged: a machine out of memory is no limit of the cage"),
		TEST(test_child_killed, "caged: a killed child counts though the command lives on"),
		TEST(test_stranger, "caged: a stranger's SIGKILL is no OOM kill"),
		TEST(test_stranger_after_child, "caged: nor is it one when a child was OOM-killed before"),
		TEST(test_no_log, "caged: without the kernel's log its counter and a SIGKILL have to do"),
		TEST(test_inner_limit, "caged: a kill by a limit inside is the command's own business"),
		TEST(test_inner_limit_of_command, "caged: ... unless it takes the command itself"),
		TEST(test_inner_and_own_limit, "caged: ... or the cage's own limit killed too"),
		TEST(test_watchdog, "caged: who ends when told to was shut down"),
		TEST(test_grace_is_over, "caged: who does not end in its grace was killed"),
		TEST(test_watchdog_too_late, "caged: the kernel's kill counts before the watchdog's word"),
		TEST(test_throttled, "caged: held for more than half of its time is throttled"),
		TEST(test_watchdog_holds, "caged: a watchdog that holds it back does not throttle it"),
		TEST(test_timed_out, "caged: its time was up"),
		TEST(test_refused, "caged: refused address space and a bad end are out of memory"),
		TEST(test_refused_unknown, "caged: where refusals are not counted the peak has to do"),
		TEST(test_levels, "caged: time is counted above each share of the limit"),
		TEST(test_curve_is_bounded, "caged: the curve is bounded, and no peak is lost"),
		TEST(test_gap_in_samples, "caged: between two samples usage was as at the first"),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
