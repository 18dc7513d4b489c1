/* test_supervisor.c -- Settings and verdicts: the parts that need no cage. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "supervisor/capacity.h"
#include "supervisor/plan.h"
#include "supervisor/verdict.h"

static struct ol_plan fresh_plan(void) {
	struct ol_plan plan;
	ol_plan_init(&plan);
	return plan;
}

static void the_defaults_are_those_of_the_manual(void **state) {
	(void)state;
	struct ol_plan plan = fresh_plan();
	assert_int_equal(ol_plan_finish(&plan, NULL), 0);
	assert_int_equal(plan.spec.limit_bytes, 33554432);
	assert_int_equal(plan.spec.swap_bytes, 0);
	assert_int_equal(plan.spec.gogc, 100);
	assert_true(plan.spec.memory_limit_bytes == OL_MEMORY_LIMIT_OFF);
	assert_string_equal(plan.spec.rules, "go1.19");
	assert_int_equal(plan.spec.script_memory_bytes_max, 8 * OL_MIB);
}

static void what_a_machine_can_back_is_what_is_available_and_its_free_swap(void **state) {
	static const char meminfo[] = "MemTotal:  9 kB\nMemAvailable:   1024 kB\nSwapTotal: 5 kB\n"
								  "SwapFree: 1024 kB\n";
	(void)state;
	assert_int_equal(ol_capacity_of(meminfo), 2 * OL_MIB);
	assert_int_equal(ol_capacity_of("MemAvailable: 1024 kB\n"), OL_MIB);
	assert_int_equal(ol_capacity_of("SwapFree: 1024 kB\n"), 0);
	assert_true(ol_capacity_available_bytes() > 0);
}

static void a_limit_that_the_machine_cannot_back_is_refused_with_both_sizes(void **state) {
	struct ol_error error;
	(void)state;
	assert_int_equal(ol_capacity_check(2 * OL_GIB, 2 * OL_GIB, &error), 0);
	assert_int_equal(ol_capacity_check(UINT64_MAX, 0, &error), 0); /* Not known. */
	assert_int_equal(ol_capacity_check(40 * OL_GIB, 23 * OL_GIB, &error), -ENOMEM);
	assert_non_null(strstr(error.message, "limit=40.0 GiB: this machine has 23.0 GiB available"));
	assert_non_null(strstr(error.message, "--world=pretend"));
}

static void every_choice_that_is_told_can_be_set(void **state) {
	static const char *const settings[] = { "rules", "collector", "world" };
	(void)state;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const char *const *names = ol_plan_choices(settings[i]);
		assert_non_null(names[0]);
		for (; *names != NULL; names++) {
			struct ol_plan plan = fresh_plan();
			assert_int_equal(ol_plan_set(&plan, settings[i], *names, NULL), 0);
		}
	}
	assert_null(ol_plan_choices("limit"));
}

static void a_bad_value_names_setting_value_and_what_was_expected(void **state) {
	(void)state;
	static const struct {
		const char *name, *text;
		int code;
	} cases[] = {
		{ "limit", "abc", -EINVAL },
		{ "limit", "-1", -EINVAL },
		{ "limit", "0", -ERANGE },
		{ "limit", "4095", -ERANGE },
		{ "limit", "9223372036854775808", -ERANGE },
		{ "limit", "90%", -EINVAL },
		{ "gogc", "-5", -EINVAL },
		{ "gogc", "none", -EINVAL },
		{ "memlimit", "0", -ERANGE },
		{ "memlimit", "101%", -ERANGE },
		{ "memlimit", "x", -EINVAL },
		{ "collector", "serial", -EINVAL },
		{ "rules", "go1.5", -EINVAL },
		{ "seed", "-1", -ERANGE },
		{ "timeout", "0", -ERANGE },
		{ "timeout", "soon", -EINVAL },
		{ "group", "", -EINVAL },
		{ "script-memory", "1", -ERANGE },
		{ "huge-pages", "perhaps", -EINVAL },
		{ "trigger-test", "now", -EINVAL },
		{ "sample-period", "1us", -ERANGE },
		{ "high", "0", -ERANGE },
		{ "address-space", "1M", -ERANGE },
		{ "swap", "all", -EINVAL },
		{ "watchdog", "90", -ERANGE },
		{ "watchdog", "101%", -ERANGE },
		{ "watchdog", "90%,evry=1s", -EINVAL },
		{ "dump", "/nowhere/at/all", -ENOENT },
		{ "dump", "/dev/null", -ENOTDIR },
		{ "dump", "", -ENOENT },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_plan plan = fresh_plan(), before = plan;
		struct ol_error error;
		assert_int_equal(ol_plan_set(&plan, cases[i].name, cases[i].text, &error), cases[i].code);
		assert_memory_equal(&plan, &before, sizeof plan);
		assert_ptr_equal(strstr(error.message, cases[i].name), error.message);
		assert_non_null(strstr(error.message, cases[i].text));
	}
	struct ol_plan plan = fresh_plan();
	struct ol_error error;
	assert_int_equal(ol_plan_set(&plan, "lmit", "1M", &error), -ENOENT);
}

static void shares_are_taken_of_the_limit_that_was_given_last(void **state) {
	(void)state;
	struct ol_plan plan = fresh_plan();
	assert_int_equal(ol_plan_set(&plan, "memlimit", "90%", NULL), 0);
	assert_int_equal(ol_plan_set(&plan, "high", "50%", NULL), 0);
	assert_int_equal(ol_plan_set(&plan, "limit", "100000000", NULL), 0);
	assert_int_equal(ol_plan_finish(&plan, NULL), 0);
	assert_int_equal(plan.spec.memory_limit_bytes, 90000000);
	assert_int_equal(plan.spec.high_bytes, 50000000);
	/* Bytes given after a share win. */
	plan = fresh_plan();
	assert_int_equal(ol_plan_set(&plan, "memlimit", "90%", NULL), 0);
	assert_int_equal(ol_plan_set(&plan, "memlimit", "8M", NULL), 0);
	assert_int_equal(ol_plan_finish(&plan, NULL), 0);
	assert_int_equal(plan.spec.memory_limit_bytes, 8 * OL_MIB);
	plan = fresh_plan();
	assert_int_equal(ol_plan_set(&plan, "memlimit", "90%", NULL), 0);
	assert_int_equal(ol_plan_set(&plan, "memlimit", "off", NULL), 0);
	assert_int_equal(ol_plan_finish(&plan, NULL), 0);
	assert_true(plan.spec.memory_limit_bytes == OL_MEMORY_LIMIT_OFF);
}

static void a_watchdogs_threshold_is_a_share_of_the_limit_that_was_given_last(void **state) {
	(void)state;
	struct ol_plan plan = fresh_plan();
	assert_int_equal(ol_plan_set(&plan, "watchdog", "75%,every=2s", NULL), 0);
	assert_int_equal(ol_plan_set(&plan, "limit", "64M", NULL), 0);
	assert_int_equal(ol_plan_finish(&plan, NULL), 0);
	assert_int_equal(plan.spec.watchdog.threshold_bytes, 48 * OL_MIB);
	assert_int_equal(plan.spec.watchdog.every_ns, 2 * OL_NS_PER_S);
	assert_int_equal(plan.spec.watchdog.is_on, 1);
	struct ol_error error;
	plan = fresh_plan();
	assert_int_equal(ol_plan_set(&plan, "watchdog", "48M", NULL), 0);
	assert_int_equal(ol_plan_finish(&plan, &error), -ERANGE);
	assert_non_null(strstr(error.message, "watchdog=48M: "));
	plan = fresh_plan();
	assert_int_equal(ol_plan_set(&plan, "watchdog", "75%", NULL), 0);
	assert_int_equal(ol_plan_set(&plan, "watchdog", "off", NULL), 0);
	assert_int_equal(ol_plan_finish(&plan, NULL), 0);
	assert_int_equal(plan.spec.watchdog.is_on, 0);
	assert_string_equal(plan.spec.dump_parent, "");
}

static void a_watched_run_leaves_its_dump_where_temporary_files_go_unless_told(void **state) {
	(void)state;
	static const struct {
		const char *temporary, *watchdog, *dump, *expected;
	} cases[] = {
		{ "/dev/shm", "off", NULL, "" },
		{ "/dev/shm", "90%", NULL, "/dev/shm" },
		{ "", "90%", NULL, "/tmp" },
		{ NULL, "90%", NULL, "/tmp" },
		{ "/dev/shm", "90%", "off", "" },
		{ "/dev/shm", "90%", "/", "/" },
		{ "/dev/shm", "off", "/", "/" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_plan plan = fresh_plan();
		if (cases[i].temporary != NULL)
			setenv("TMPDIR", cases[i].temporary, 1);
		else
			unsetenv("TMPDIR");
		assert_int_equal(ol_plan_set(&plan, "watchdog", cases[i].watchdog, NULL), 0);
		if (cases[i].dump != NULL)
			assert_int_equal(ol_plan_set(&plan, "dump", cases[i].dump, NULL), 0);
		assert_int_equal(ol_plan_finish(&plan, NULL), 0);
		assert_string_equal(plan.spec.dump_parent, cases[i].expected);
		assert_int_equal(plan.spec.wants_profile, cases[i].expected[0] != '\0');
	}
}

static void the_environment_is_read_as_go_reads_it(void **state) {
	(void)state;
	static const struct {
		const char *gogc, *limit;
		int result;
		int32_t expected_gogc;
		uint64_t expected_bytes;
	} cases[] = {
		{ "50", "", 0, 50, OL_MEMORY_LIMIT_OFF },
		{ "off", "off", 0, OL_GOGC_OFF, OL_MEMORY_LIMIT_OFF },
		{ "", "28MiB", 0, 100, 28 * OL_MIB },
		{ "", "1000", 0, 100, 1000 },
		{ "many", "", -EINVAL, 100, OL_MEMORY_LIMIT_OFF },
		{ "", "28MB", -EINVAL, 100, OL_MEMORY_LIMIT_OFF },
		{ "", "90%", -EINVAL, 100, OL_MEMORY_LIMIT_OFF },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv("GOGC", cases[i].gogc, 1);
		setenv("GOMEMLIMIT", cases[i].limit, 1);
		struct ol_plan plan = fresh_plan();
		struct ol_error error;
		assert_int_equal(ol_plan_set_environment(&plan, &error), cases[i].result);
		assert_int_equal(plan.spec.gogc, cases[i].expected_gogc);
		assert_true(plan.spec.memory_limit_bytes == cases[i].expected_bytes);
	}
	unsetenv("GOGC");
	unsetenv("GOMEMLIMIT");
}

static void a_misspelt_name_finds_its_neighbour_and_nonsense_finds_none(void **state) {
	(void)state;
	static const char *const names[] = { "limit", "memlimit", "gogc", "timeout" };
	assert_string_equal(ol_nearest_name("lmit", names, 4), "limit");
	assert_string_equal(ol_nearest_name("gocg", names, 4), "gogc");
	assert_string_equal(ol_nearest_name("memlimt", names, 4), "memlimit");
	assert_null(ol_nearest_name("xylophone", names, 4));
	assert_null(ol_nearest_name("a-name-much-longer-than-any-that-the-table-can-hold", names, 4));
	char endless[1024] = { 0 };
	memset(endless, 'x', sizeof endless - 1);
	assert_null(ol_nearest_name(endless, names, 4));
}

static void the_verdict_rests_on_the_kernels_counter_not_on_the_exit(void **state) {
	(void)state;
	static const struct {
		const char *rule;
		struct ol_evidence evidence;
		enum ol_outcome own_word;
		bool is_timed_out;
		uint64_t stall_ns;
		enum ol_outcome expected;
	} cases[] = {
		{ "a kill that the kernel counted, at the own limit",
			{ .signal = SIGKILL, .oom_kill_delta = 1, .limited_by = OL_LIMITED_BY_OWN }, 0, false,
			0, OL_OUTCOME_OOM_KILLED },
		{ "the same at an ancestor's limit",
			{ .signal = SIGKILL, .oom_kill_delta = 1, .limited_by = OL_LIMITED_BY_ANCESTOR }, 0,
			false, 0, OL_OUTCOME_OOM_KILLED_BY_ANCESTOR },
		{ "a kill that the kernel did not count is a stranger's", { .signal = SIGKILL }, 0, false,
			0, OL_OUTCOME_KILLED },
		{ "exit status 137 is no kill", { .exit_status = 137, .has_frame_end = 1 },
			OL_OUTCOME_SURVIVED, false, 0, OL_OUTCOME_SURVIVED },
		{ "our own kill when time was up", { .signal = SIGKILL }, 0, true, 0,
			OL_OUTCOME_TIMED_OUT },
		{ "time up while memory.high held it", { .signal = SIGKILL, .high_delta = 3 }, 0, true, 0,
			OL_OUTCOME_THROTTLED },
		{ "an end after stalling most of the time", { .has_frame_end = 1, .high_delta = 3 },
			OL_OUTCOME_SURVIVED, false, 900, OL_OUTCOME_THROTTLED },
		{ "an end after a short stall", { .has_frame_end = 1, .high_delta = 3 },
			OL_OUTCOME_SURVIVED, false, 10, OL_OUTCOME_SURVIVED },
		{ "an end in good order, however long it was held before",
			{ .has_frame_end = 1, .high_delta = 3 }, OL_OUTCOME_SHUT_DOWN, false, 900,
			OL_OUTCOME_SHUT_DOWN },
		{ "an oom kill wins over the clock",
			{ .signal = SIGKILL, .oom_kill_delta = 1, .limited_by = OL_LIMITED_BY_OWN }, 0, true, 0,
			OL_OUTCOME_OOM_KILLED },
		{ "an end without a word", { .exit_status = 3 }, OL_OUTCOME_SURVIVED, false, 0,
			OL_OUTCOME_LAB_ERROR },
		{ "a script's error", { .has_frame_end = 1 }, OL_OUTCOME_SCRIPT_ERROR, false, 0,
			OL_OUTCOME_SCRIPT_ERROR },
		{ "a crash", { .signal = SIGSEGV }, 0, false, 0, OL_OUTCOME_KILLED },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_verdict_facts facts = {
			.evidence = &cases[i].evidence,
			.own_word = cases[i].own_word,
			.is_timed_out = cases[i].is_timed_out,
			.stall_ns = cases[i].stall_ns,
			.wall_ns = 1000,
		};
		if (ol_verdict(&facts) != cases[i].expected)
			fail_msg("%s: %s", cases[i].rule, ol_outcome_name(ol_verdict(&facts)));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_the_manual),
		cmocka_unit_test(what_a_machine_can_back_is_what_is_available_and_its_free_swap),
		cmocka_unit_test(a_limit_that_the_machine_cannot_back_is_refused_with_both_sizes),
		cmocka_unit_test(every_choice_that_is_told_can_be_set),
		cmocka_unit_test(a_bad_value_names_setting_value_and_what_was_expected),
		cmocka_unit_test(shares_are_taken_of_the_limit_that_was_given_last),
		cmocka_unit_test(a_watchdogs_threshold_is_a_share_of_the_limit_that_was_given_last),
		cmocka_unit_test(a_watched_run_leaves_its_dump_where_temporary_files_go_unless_told),
		cmocka_unit_test(the_environment_is_read_as_go_reads_it),
		cmocka_unit_test(a_misspelt_name_finds_its_neighbour_and_nonsense_finds_none),
		cmocka_unit_test(the_verdict_rests_on_the_kernels_counter_not_on_the_exit),
	};
	return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
