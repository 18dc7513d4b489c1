/* report_watchdog_tests.h -- What is told of a run that was watched, or whose addresses were
 * capped.
 *
 * Part of test_report.c. */
#ifndef TESTS_REPORT_WATCHDOG_TESTS_H
#define TESTS_REPORT_WATCHDOG_TESTS_H

#include "report/report.h"
#include "report_summary.h"

/* Told to end at 29 MiB by the kernel's notice, with little garbage. */
static void make_shut_down(struct ol_run_summary *facts) {
	make_survived(facts);
	facts->outcome = OL_OUTCOME_SHUT_DOWN;
	facts->spec.watchdog = (struct ol_watchdog_spec){
		.is_on = 1,
		.wants_notice = 1,
		.threshold_bytes = 28 * OL_MIB,
		.every_ns = 15 * OL_NS_PER_S,
	};
	facts->watchdog = (struct ol_watchdog_facts){
		.way = OL_WATCHDOG_NOTICE,
		.has_notice = 1,
		.notice_count = 1,
		.below_at_ns = 10000000,
		.crossed_at_ns = 12000000,
		.acted_at_ns = 12000000,
		.acted_bytes = 29 * OL_MIB,
		.next_look_ns = 14 * OL_NS_PER_S,
		.ended_at_ns = 15000000,
		.peak_bytes = 30 * OL_MIB,
	};
	facts->last_words.memstats.heap_alloc = 28 * OL_MIB;
	facts->last_words.garbage_bytes = 0;
}

static void a_run_that_was_told_to_end_says_by_whom_when_and_what_is_left(void **state) {
	static struct ol_run_summary facts;
	make_shut_down(&facts);
	snprintf(facts.dump_directory, sizeof facts.dump_directory, "/tmp/oomlab-spike-1");
	OL_AUTO_FREE char *text = report_of(plain, &facts);
	assert_non_null(strstr(text, "watchdog\n            at 28.0 MiB"));
	assert_non_null(strstr(text, "\n + SHUT DOWN in good order by its watchdog: "));
	assert_non_null(strstr(text, "\n watchdog   acted on the kernel's notice at 29.0 MiB, at most "
								 "2.0 ms after\n            usage crossed 28.0 MiB; "));
	assert_non_null(strstr(text, "\n dump       /tmp/oomlab-spike-1\n"));
	assert_non_null(strstr(text, "go tool pprof -top heap.pb.gz"));
	assert_non_null(strstr(text, "\n why        2.0 MiB were left to the limit of 32.0 MiB"));
	assert_null(strstr(text, "--memlimit"));
	facts.watchdog = (struct ol_watchdog_facts){ .acted_at_ns = UINT64_MAX };
	facts.spec.watchdog.is_on = 0;
	OL_AUTO_FREE char *by_policy = report_of(plain, &facts);
	assert_non_null(strstr(by_policy, "\n + SHUT DOWN in good order by its policy: "));
	assert_null(strstr(by_policy, "\n watchdog "));
}

static void garbage_that_stood_in_the_way_of_a_watched_run_is_told_with_a_cure(void **state) {
	static struct ol_run_summary facts;
	char text[2048];
	make_shut_down(&facts);
	facts.last_words.garbage_bytes = 14 * OL_MIB;
	ol_explain(&facts, text, sizeof text);
	assert_non_null(strstr(text, "14.0 MiB of it garbage"));
	assert_non_null(strstr(text, "--memlimit=79%"));
	facts.spec.memory_limit_bytes = 20 * OL_MIB;
	ol_explain(&facts, text, sizeof text);
	assert_null(strstr(text, "--memlimit"));
}

static void a_program_that_did_not_listen_was_killed_by_the_lab_and_no_stranger(void **state) {
	static struct ol_run_summary facts;
	make_shut_down(&facts);
	facts.outcome = OL_OUTCOME_KILLED;
	facts.evidence = (struct ol_evidence){ .exit_status = -1, .signal = 9 };
	facts.is_overdue = 1;
	facts.watchdog.ended_at_ns = facts.watchdog.acted_at_ns + 5 * OL_NS_PER_S;
	OL_AUTO_FREE char *text = report_of(plain, &facts);
	assert_non_null(strstr(text, " X KILLED by the lab: told to end by its watchdog, it did not"));
	assert_non_null(strstr(text, "neither for 5.00 s"));
	assert_null(strstr(text, "elsewhere"));
}

static void a_watchdog_that_came_too_late_is_told_beside_the_kill(void **state) {
	static struct ol_run_summary facts;
	char text[2048];
	make_killed(&facts);
	ol_explain(&facts, text, sizeof text);
	assert_null(strstr(text, "watchdog"));
	facts.watchdog.way = OL_WATCHDOG_NOTICE;
	facts.watchdog.acted_bytes = 31 * OL_MIB;
	ol_explain(&facts, text, sizeof text);
	assert_non_null(strstr(text, "Its watchdog told it to end at 31.0 MiB, too late"));
}

static void capped_addresses_are_told_against_what_was_resident(void **state) {
	static struct ol_run_summary facts;
	make_survived(&facts);
	facts.last_words.address_space_bytes = 240 * OL_MIB;
	OL_AUTO_FREE char *uncapped = report_of(plain, &facts);
	assert_null(strstr(uncapped, "\n addresses "));
	facts.outcome = OL_OUTCOME_OUT_OF_MEMORY;
	facts.spec.address_space_bytes = 480 * OL_MIB;
	facts.last_words.heap_address_bytes = 192 * OL_MIB;
	facts.last_words.resident_bytes = 2 * OL_MIB;
	OL_AUTO_FREE char *text = report_of(plain, &facts);
	assert_non_null(strstr(text, "\n addresses  240.0 MiB mapped of 480.0 MiB"));
	assert_non_null(strstr(text, "it was addresses that were"));
	facts.last_words.resident_bytes = 100 * OL_MIB;
	OL_AUTO_FREE char *full = report_of(plain, &facts);
	assert_null(strstr(full, "it was addresses that were"));
}

static void a_watched_runs_json_has_its_watchdog_and_its_dump(void **state) {
	static struct ol_run_summary facts;
	make_shut_down(&facts);
	json_t *root = json_of(&facts);
	const json_t *watchdog = json_object_get(root, "watchdog");
	assert_string_equal(json_string_value(json_object_get(watchdog, "way")), "notice");
	assert_int_equal(json_integer_value(json_object_get(watchdog, "threshold_bytes")), 28 * OL_MIB);
	assert_true(json_is_null(json_object_get(root, "dump")));
	json_decref(root);
	snprintf(facts.dump_directory, sizeof facts.dump_directory, "/tmp/x");
	facts.spec.watchdog.is_on = 0;
	root = json_of(&facts);
	assert_true(json_is_null(json_object_get(root, "watchdog")));
	assert_string_equal(json_string_value(json_object_get(root, "dump")), "/tmp/x");
	json_decref(root);
}

#endif
