/* report_explain_tests.h -- The reasons: each variant says what its facts show, and no more.
 *
 * Part of test_report.c. */
#ifndef TESTS_REPORT_EXPLAIN_TESTS_H
#define TESTS_REPORT_EXPLAIN_TESTS_H

#include "report/report.h"
#include "report_summary.h"

static void without_gc_option(struct ol_run_summary *facts) {
	facts->spec.option_count = 0;
}

static void with_gogc_off(struct ol_run_summary *facts) {
	facts->spec.gogc = OL_GOGC_OFF;
	facts->last_words.memstats.next_gc = UINT64_C(9223372036845015455);
}

static void with_memory_limit_above(struct ol_run_summary *facts) {
	without_gc_option(facts);
	facts->spec.memory_limit_bytes = 64 * OL_MIB;
}

static void with_goal_within(struct ol_run_summary *facts) {
	facts->last_words.memstats.next_gc = 31 * OL_MIB;
	facts->last_words.memstats.heap_alloc = 30 * OL_MIB;
}

static void with_little_garbage(struct ol_run_summary *facts) {
	facts->last_words.garbage_bytes = 100000;
}

static void without_garbage(struct ol_run_summary *facts) {
	facts->last_words.garbage_bytes = 0;
}

static void with_too_little_garbage(struct ol_run_summary *facts) {
	facts->last_words.request_bytes = 20 * OL_MIB;
	facts->last_words.garbage_bytes = 4 * OL_MIB;
}

static void with_garbage_uncounted(struct ol_run_summary *facts) {
	facts->last_words.garbage_counted_at_ns = 0;
}

static void with_much_allocated_since(struct ol_run_summary *facts) {
	without_garbage(facts);
	facts->last_words.allocated_since_count_bytes += 9 * OL_MIB;
}

static void with_a_stale_count(struct ol_run_summary *facts) {
	facts->last_words.memstats.num_gc++;
	facts->last_words.memstats.heap_alloc = 2 * OL_MIB;
}

static void with_pages_kept(struct ol_run_summary *facts) {
	with_a_stale_count(facts);
	facts->last_words.memstats.heap_idle = 30 * OL_MIB;
	facts->last_words.memstats.heap_released = 2 * OL_MIB;
}

static void with_pages_kept_by_threads(struct ol_run_summary *summary) {
	with_pages_kept(summary);
	snprintf(summary->spec.collector, sizeof summary->spec.collector, "concurrent");
}

static void with_a_cycle_under_way(struct ol_run_summary *summary) {
	summary->last_words.garbage_bytes = UINT64_MAX;
	summary->last_words.garbage_counted_at_ns = 0;
	summary->last_words.is_cycle_active = 1;
}

static void in_the_first_phase(struct ol_run_summary *facts) {
	facts->spec.limit_bytes = 4 * OL_MIB;
	facts->phase_count = 1;
	facts->baseline_bytes = 819200;
	facts->last_words.request_bytes = 3774873;
	facts->last_words.touched_bytes = 3300000;
	facts->last_words.garbage_bytes = 0;
}

static void while_collecting(struct ol_run_summary *facts) {
	facts->last_words.activity = OL_ACTIVITY_COLLECTING;
}

static void by_an_ancestor(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_OOM_KILLED_BY_ANCESTOR;
	facts->evidence.limited_by = OL_LIMITED_BY_ANCESTOR;
	snprintf(facts->evidence.limiting_group, sizeof facts->evidence.limiting_group, "/team/a");
	facts->cage_peak_bytes = 20 * OL_MIB;
}

static void by_the_machine(struct ol_run_summary *facts) {
	by_an_ancestor(facts);
	facts->evidence.limited_by = OL_LIMITED_BY_SYSTEM;
}

static void by_a_stranger(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_KILLED;
	facts->evidence = (struct ol_evidence){ .exit_status = -1, .signal = 15 };
}

static void out_of_time(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_TIMED_OUT;
	facts->spec.timeout_ns = 2 * OL_NS_PER_S;
	facts->last_words.activity = OL_ACTIVITY_RUNNING;
}

static void held_back(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_THROTTLED;
	facts->spec.high_bytes = 24 * OL_MIB;
	facts->evidence.high_delta = 512;
}

static void refused(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_OUT_OF_MEMORY;
	facts->spec.address_space_bytes = 64 * OL_MIB;
}

static void refused_on_purpose(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_OUT_OF_MEMORY;
	facts->spec.fail_memory_request = 3;
}

static void with_an_error(struct ol_run_summary *facts) {
	facts->outcome = OL_OUTCOME_SCRIPT_ERROR;
	snprintf(facts->error_message, sizeof facts->error_message, "a.lua:3: no");
}

static const struct {
	const char *what;
	void (*change)(struct ol_run_summary *facts);
	const char *says[4];
	const char *says_not[3];
} explain_cases[] = {
	{ "a goal beyond the limit, no option gc", without_gc_option,
		{ "28.8 MiB of the heap was garbage", "25.9 MiB beyond", "--memlimit=90%" }, { "--gc" } },
	{ "GOGC off", with_gogc_off, { "with GOGC off and no memory limit", "--gc" }, { "planned" } },
	{ "a memory limit above the cage's", with_memory_limit_above,
		{ "(the memory limit is 64.0 MiB)", "beyond the limit" }, { "Run again" } },
	{ "a goal within the limit", with_goal_within,
		{ "planned at 31.0 MiB", "the heap at 30.0 MiB", "held 700.0 KiB before" },
		{ "beyond", "nothing asked" } },
	{ "little garbage", with_little_garbage,
		{ "Little of the heap was garbage (97.7 KiB)", "a baseline of 700.0 KiB make",
			"larger --limit" },
		{ "--gc", "planned" } },
	{ "no garbage", without_garbage, { "no garbage to collect", "larger --limit" }, { "--gc" } },
	{ "garbage that would not have covered the request", with_too_little_garbage,
		{ "Collecting the 4.0 MiB of garbage would not have covered the 17.1 MiB missing" },
		{ "--gc" } },
	{ "garbage never counted", with_garbage_uncounted, { "never counted" }, { "was garbage" } },
	{ "allocations since the count", with_much_allocated_since,
		{ "Another 9.0 MiB were allocated after the count" }, { "larger --limit" } },
	{ "a count older than a collection", with_a_stale_count, { "Collections ran in this phase" },
		{ "of the heap was garbage", "no garbage" } },
	{ "collected by threads, not given back in time", with_pages_kept_by_threads,
		{ "28.0 MiB of free pages", "a race", "the next run may win it" }, { "--trigger-test" } },
	{ "a cycle under way beside the program", with_a_cycle_under_way,
		{ "A cycle was under way", "was not known yet", "--gc" },
		{ "garbage", "Collections ran in this phase" } },
	{ "collected, but served before", with_pages_kept,
		{ "28.0 MiB of free pages", "--trigger-test=before" }, { "was garbage" } },
	{ "a first request beyond the limit", in_the_first_phase,
		{ "held 800.0 KiB before the first allocation", "3.6 MiB asked for", "is 4.4 MiB",
			"more than the limit of 4.0 MiB" },
		{ "garbage", "--gc" } },
	{ "a kill while collecting", while_collecting, { "A collection was under way" },
		{ "nothing asked" } },
	{ "an ancestor's limit", by_an_ancestor,
		{ "The limit of /team/a struck first", "peaked at 20.0 MiB", "--group" }, { "garbage" } },
	{ "the machine's memory", by_the_machine, { "The machine itself ran out of memory" },
		{ "--group", "/team/a" } },
	{ "a stranger's signal", by_a_stranger, { "no OOM kill", "signal 15" }, { "garbage" } },
	{ "a time limit", out_of_time,
		{ "was up while it was running", "one collection had run", "--timeout" }, { "garbage" } },
	{ "memory.high", held_back, { "memory.high (24.0 MiB) 512 times" }, { "garbage" } },
	{ "an address-space limit", refused, { "capped at 64.0 MiB" }, { "garbage" } },
	{ "a refusal on purpose", refused_on_purpose, { "--fail-memory-request" }, { "capped" } },
	{ "a script's error", with_an_error, { "a.lua:3: no" }, { "garbage" } },
};

static void each_reason_says_what_the_facts_show_and_no_more(void **state) {
	for (size_t i = 0; i < sizeof explain_cases / sizeof *explain_cases; i++) {
		static struct ol_run_summary facts;
		char text[2048];
		make_killed(&facts);
		explain_cases[i].change(&facts);
		ol_explain(&facts, text, sizeof text);
		for (int j = 0; j < 4 && explain_cases[i].says[j] != NULL; j++) {
			if (strstr(text, explain_cases[i].says[j]) == NULL)
				fail_msg(
					"%s: '%s' lacks '%s'", explain_cases[i].what, text, explain_cases[i].says[j]);
		}
		for (int j = 0; j < 3 && explain_cases[i].says_not[j] != NULL; j++) {
			if (strstr(text, explain_cases[i].says_not[j]) != NULL)
				fail_msg("%s: '%s' claims '%s'", explain_cases[i].what, text,
					explain_cases[i].says_not[j]);
		}
	}
}

static void a_reason_that_does_not_fit_is_cut_and_terminated(void **state) {
	static struct ol_run_summary facts;
	char text[2048];
	make_killed(&facts);
	for (size_t capacity = 1; capacity < 200; capacity++) {
		memset(text, 'x', sizeof text);
		ol_explain(&facts, text, capacity);
		assert_true(strlen(text) == capacity - 1);
	}
}

static void where_swap_was_allowed_no_collection_is_credited_with_the_room(void **state) {
	static struct ol_run_summary facts;
	char text[2048];
	make_survived(&facts);
	ol_explain(&facts, text, sizeof text);
	assert_non_null(strstr(text, "made room"));
	facts.spec.swap_bytes = 64 * OL_MIB;
	ol_explain(&facts, text, sizeof text);
	assert_null(strstr(text, "made room"));
	assert_non_null(strstr(text, "swap was allowed"));
}

static void a_run_that_needed_no_collection_is_not_credited_with_one(void **state) {
	static struct ol_run_summary facts;
	char text[2048];
	make_survived(&facts);
	facts.phases[0].requested_bytes = OL_MIB;
	facts.last_words.memstats.num_gc = 0;
	facts.last_words.memstats.num_forced_gc = 0;
	ol_explain(&facts, text, sizeof text);
	assert_non_null(strstr(text, "No collection was needed"));
	facts.last_words.memstats.num_gc = 3;
	ol_explain(&facts, text, sizeof text);
	assert_non_null(strstr(text, "3 collections ran"));
	assert_null(strstr(text, "made room"));
}

#endif
