/* test_watchdog.c -- When a program is told to end, and what looks alone would have missed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "watchdog/watchdog.h"

#define LIMIT (32 * OL_MIB)
#define NEVER UINT64_MAX

static const struct ol_watchdog_spec usual = {
	.is_on = 1,
	.wants_notice = 1,
	.threshold_bytes = 1000,
	.every_ns = 15,
};

static struct ol_watchdog fresh(void) {
	struct ol_watchdog watchdog;
	ol_watchdog_init(&watchdog, &usual, true);
	return watchdog;
}

static void a_threshold_alone_brings_the_defaults(void **state) {
	(void)state;
	struct ol_watchdog_spec spec;
	assert_int_equal(ol_watchdog_parse("75%", LIMIT, &spec, NULL), 0);
	assert_int_equal(spec.is_on, 1);
	assert_int_equal(spec.threshold_bytes, 24 * OL_MIB);
	assert_int_equal(spec.every_ns, 15 * OL_NS_PER_S);
	assert_int_equal(spec.measure, OL_WATCHDOG_USAGE);
	assert_int_equal(spec.wants_notice, 1);
	assert_int_equal(spec.padding, 0);
}

static void every_word_of_a_watchdog_is_read(void **state) {
	(void)state;
	struct ol_watchdog_spec spec;
	assert_int_equal(
		ol_watchdog_parse("20MiB,notice=off,of=rss,every=250ms", LIMIT, &spec, NULL), 0);
	assert_int_equal(spec.threshold_bytes, 20 * OL_MIB);
	assert_int_equal(spec.every_ns, 250 * OL_NS_PER_MS);
	assert_int_equal(spec.measure, OL_WATCHDOG_RSS);
	assert_int_equal(spec.wants_notice, 0);
	assert_int_equal(ol_watchdog_parse("100%,every=never", LIMIT, &spec, NULL), 0);
	assert_int_equal(spec.threshold_bytes, LIMIT);
	assert_int_equal(spec.every_ns, 0);
	assert_int_equal(ol_watchdog_parse("5GiB", 0, &spec, NULL), 0);
	assert_int_equal(spec.threshold_bytes, 5 * OL_GIB);
}

static void a_bad_watchdog_is_told_what_was_expected(void **state) {
	(void)state;
	static const struct {
		const char *text;
		uint64_t limit_bytes;
		int code;
		const char *expected; /* In the message. */
	} cases[] = {
		{ "", LIMIT, -EINVAL, "as in 90%" },
		{ "ninety", LIMIT, -EINVAL, "as in 90%" },
		{ "-1", LIMIT, -EINVAL, "as in 90%" },
		{ ",every=15s", LIMIT, -EINVAL, "as in 90%" },
		{ "90%", 0, -EINVAL, "expected a size" },
		{ "90", LIMIT, -ERANGE, "expected a share as in 90%" },
		{ "0%", LIMIT, -ERANGE, "less than one page" },
		{ "0", 0, -ERANGE, "less than one page" },
		{ "101%", LIMIT, -ERANGE, "up to 100%" },
		{ "33MiB", LIMIT, -ERANGE, "above the limit, 32.0 MiB" },
		{ "90%,", LIMIT, -EINVAL, "has no value" },
		{ "90%,every", LIMIT, -EINVAL, "'every' has no value" },
		{ "90%,every=", LIMIT, -EINVAL, "or never" },
		{ "90%,every=soon", LIMIT, -EINVAL, "250ms or 2m, or never" },
		{ "90%,every=0", LIMIT, -ERANGE, "at most a year" },
		{ "90%,every=999us", LIMIT, -ERANGE, "1 ms or more" },
		{ "90%,of=cpu", LIMIT, -EINVAL, "usage or rss" },
		{ "90%,notice=maybe", LIMIT, -EINVAL, "on or off" },
		{ "90%,evry=15s", LIMIT, -EINVAL, "did you mean 'every'" },
		{ "90%,notic=on", LIMIT, -EINVAL, "did you mean 'notice'" },
		{ "90%,colour=red", LIMIT, -EINVAL, "expected every=DURATION|never" },
		{ "90%,=red", LIMIT, -EINVAL, "there is no ''" },
		{ "90%,every=1s,every=2s", LIMIT, -EINVAL, "given twice" },
		{ "90%,every=never,notice=off", LIMIT, -EINVAL, "neither look nor be told" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_watchdog_spec spec = usual;
		struct ol_error error = { .message = "" };
		int result = ol_watchdog_parse(cases[i].text, cases[i].limit_bytes, &spec, &error);
		if (result != cases[i].code || strstr(error.message, cases[i].expected) == NULL)
			fail_msg("'%s': %d, %s", cases[i].text, result, error.message);
		if (result < 0)
			assert_memory_equal(&spec, &usual, sizeof spec);
	}
}

static void an_endless_watchdog_is_refused(void **state) {
	(void)state;
	char text[4096];
	struct ol_watchdog_spec spec;
	struct ol_error error;
	memset(text, '9', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(ol_watchdog_parse(text, LIMIT, &spec, &error), -EINVAL);
	assert_non_null(strstr(error.message, "too long"));
}

static void a_look_acts_at_the_threshold_and_only_once(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_int_equal(ol_watchdog_due_ns(&watchdog), 15);
	assert_false(ol_watchdog_look(&watchdog, 15, 999));
	assert_int_equal(ol_watchdog_due_ns(&watchdog), 30);
	assert_true(ol_watchdog_look(&watchdog, 31, 1000));
	assert_true(ol_watchdog_due_ns(&watchdog) == NEVER);
	assert_false(ol_watchdog_look(&watchdog, 45, 2000));
	assert_false(ol_watchdog_notice(&watchdog, 46, 2000));
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 50, 2100);
	assert_int_equal(facts.way, OL_WATCHDOG_LOOK);
	assert_int_equal(facts.look_count, 2);
	assert_int_equal(facts.acted_at_ns, 31);
	assert_int_equal(facts.acted_bytes, 1000);
	assert_int_equal(facts.seen_bytes_max, 1000);
	assert_int_equal(facts.crossed_at_ns, 31);
	assert_int_equal(facts.ended_at_ns, 50);
	assert_int_equal(facts.peak_bytes, 2100);
	assert_int_equal(facts.missed_count, 0);
	assert_true(facts.next_look_ns == NEVER);
}

static void a_notice_acts_and_tells_when_a_look_would_have_come(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_false(ol_watchdog_look(&watchdog, 15, 200));
	ol_watchdog_sample(&watchdog, 17, 1001);
	assert_true(ol_watchdog_notice(&watchdog, 18, 1100));
	assert_false(ol_watchdog_notice(&watchdog, 19, 1300));
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 25, 0);
	assert_int_equal(facts.way, OL_WATCHDOG_NOTICE);
	assert_int_equal(facts.notice_count, 2);
	assert_int_equal(facts.below_at_ns, 15);
	assert_int_equal(facts.crossed_at_ns, 17);
	assert_int_equal(facts.acted_at_ns, 18);
	assert_int_equal(facts.next_look_ns, 12);
	assert_int_equal(facts.ended_at_ns, 25);
	/* No look saw this one: it is what looks alone would have missed. */
	assert_int_equal(facts.missed_count, 1);
	assert_int_equal(facts.missed_bytes, 1300 - 200);
	assert_int_equal(facts.missed_ns, 25 - 17);
}

static void a_notice_acts_though_usage_has_fallen_again(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_true(ol_watchdog_notice(&watchdog, 3, 400));
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 5, 1200);
	assert_int_equal(facts.acted_bytes, 400);
	assert_true(facts.crossed_at_ns == NEVER);
	assert_int_equal(facts.missed_count, 1);
	assert_int_equal(facts.missed_bytes, 1200);
}

static void a_notice_acts_on_resident_memory_only_at_the_threshold(void **state) {
	(void)state;
	struct ol_watchdog_spec spec = usual;
	struct ol_watchdog watchdog;
	spec.measure = OL_WATCHDOG_RSS;
	ol_watchdog_init(&watchdog, &spec, true);
	assert_false(ol_watchdog_notice(&watchdog, 3, 999));
	assert_true(ol_watchdog_notice(&watchdog, 4, 1000));
	assert_int_equal(watchdog.facts.notice_count, 2);
}

static void samples_make_it_act_never(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	ol_watchdog_sample(&watchdog, 3, 5000);
	assert_int_equal(ol_watchdog_due_ns(&watchdog), 15);
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 5, 0);
	assert_int_equal(facts.way, OL_WATCHDOG_NOT);
	assert_true(facts.acted_at_ns == NEVER);
	assert_true(facts.ended_at_ns == NEVER);
	assert_int_equal(facts.crossed_at_ns, 3);
}

static void spikes_between_two_looks_are_counted_and_the_highest_is_told(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_false(ol_watchdog_look(&watchdog, 15, 300));
	ol_watchdog_sample(&watchdog, 16, 1000);
	ol_watchdog_sample(&watchdog, 17, 1400);
	ol_watchdog_sample(&watchdog, 19, 999); /* The first: 1100 above the look, for 3. */
	ol_watchdog_sample(&watchdog, 20, 1350);
	ol_watchdog_sample(&watchdog, 25, 10); /* The second is lower. */
	assert_false(ol_watchdog_look(&watchdog, 30, 100));
	ol_watchdog_sample(&watchdog, 31, 1300);
	ol_watchdog_sample(&watchdog, 32, 10); /* The third is 1200 above its look. */
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 40, 1400);
	assert_int_equal(facts.missed_count, 3);
	assert_int_equal(facts.missed_bytes, 1200);
	assert_int_equal(facts.missed_ns, 1);
	assert_int_equal(facts.seen_bytes_max, 300);
	assert_int_equal(facts.peak_bytes, 1400);
}

static void a_spike_that_a_look_sees_is_not_missed(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	ol_watchdog_sample(&watchdog, 14, 1200);
	assert_true(ol_watchdog_look(&watchdog, 15, 1100));
	ol_watchdog_sample(&watchdog, 16, 1500);
	ol_watchdog_sample(&watchdog, 17, 100);
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 18, 0);
	assert_int_equal(facts.missed_count, 0);
	assert_int_equal(facts.missed_bytes, 0);
	assert_int_equal(facts.peak_bytes, 1500);
}

static void a_look_that_comes_after_a_spike_has_missed_it(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	ol_watchdog_sample(&watchdog, 14, 1200);
	assert_false(ol_watchdog_look(&watchdog, 15, 700));
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 16, 0);
	assert_int_equal(facts.missed_count, 1);
	assert_int_equal(facts.missed_bytes, 1200); /* No look came before it. */
	assert_int_equal(facts.missed_ns, 1);
}

static void a_spike_that_ends_the_program_is_missed_at_its_full_height(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_false(ol_watchdog_look(&watchdog, 15, 100));
	ol_watchdog_sample(&watchdog, 20, 1100);
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 22, 1600);
	assert_int_equal(facts.missed_count, 1);
	assert_int_equal(facts.missed_bytes, 1500);
	assert_int_equal(facts.missed_ns, 2);
}

static void a_spike_that_no_sample_saw_is_told_by_the_kernels_peak(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_false(ol_watchdog_look(&watchdog, 15, 100));
	struct ol_watchdog_facts facts = ol_watchdog_end(&watchdog, 22, 1600);
	assert_int_equal(facts.missed_count, 1);
	assert_int_equal(facts.missed_bytes, 1500);
	assert_int_equal(facts.missed_ns, 0);
	assert_true(facts.crossed_at_ns == NEVER);
	watchdog = fresh();
	assert_int_equal(ol_watchdog_end(&watchdog, 22, 999).missed_count, 0);
}

static void looks_that_were_slept_over_are_not_made_up_for(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	assert_false(ol_watchdog_look(&watchdog, 100, 1));
	assert_int_equal(ol_watchdog_due_ns(&watchdog), 105);
	assert_int_equal(watchdog.facts.look_count, 1);
	assert_false(ol_watchdog_look(&watchdog, NEVER - 3, 1));
	assert_true(ol_watchdog_due_ns(&watchdog) == NEVER);
}

static void a_clock_that_jumps_back_makes_no_endless_figures(void **state) {
	(void)state;
	struct ol_watchdog watchdog = fresh();
	ol_watchdog_sample(&watchdog, 40, 1200);
	ol_watchdog_sample(&watchdog, 20, 100);
	assert_int_equal(watchdog.facts.missed_ns, 0);
	assert_false(ol_watchdog_look(&watchdog, 10, 100));
	assert_int_equal(ol_watchdog_due_ns(&watchdog), 15);
	assert_true(ol_watchdog_notice(&watchdog, 60, 1000));
	assert_int_equal(watchdog.facts.next_look_ns, 0); /* It was due long ago. */
}

static void a_watchdog_that_never_looks_acts_on_notice_alone(void **state) {
	(void)state;
	struct ol_watchdog_spec spec = usual;
	struct ol_watchdog watchdog;
	spec.every_ns = 0;
	ol_watchdog_init(&watchdog, &spec, true);
	assert_true(ol_watchdog_due_ns(&watchdog) == NEVER);
	assert_true(ol_watchdog_notice(&watchdog, 3, 1000));
	assert_true(watchdog.facts.next_look_ns == NEVER);
}

static void a_notice_that_is_not_wanted_is_not_there(void **state) {
	(void)state;
	struct ol_watchdog_spec spec = usual;
	struct ol_watchdog watchdog = fresh();
	assert_int_equal(watchdog.facts.has_notice, 1);
	ol_watchdog_init(&watchdog, &spec, false);
	assert_int_equal(watchdog.facts.has_notice, 0);
	spec.wants_notice = 0;
	ol_watchdog_init(&watchdog, &spec, true);
	assert_int_equal(watchdog.facts.has_notice, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_threshold_alone_brings_the_defaults),
		cmocka_unit_test(every_word_of_a_watchdog_is_read),
		cmocka_unit_test(a_bad_watchdog_is_told_what_was_expected),
		cmocka_unit_test(an_endless_watchdog_is_refused),
		cmocka_unit_test(a_look_acts_at_the_threshold_and_only_once),
		cmocka_unit_test(a_notice_acts_and_tells_when_a_look_would_have_come),
		cmocka_unit_test(a_notice_acts_though_usage_has_fallen_again),
		cmocka_unit_test(a_notice_acts_on_resident_memory_only_at_the_threshold),
		cmocka_unit_test(samples_make_it_act_never),
		cmocka_unit_test(spikes_between_two_looks_are_counted_and_the_highest_is_told),
		cmocka_unit_test(a_spike_that_a_look_sees_is_not_missed),
		cmocka_unit_test(a_look_that_comes_after_a_spike_has_missed_it),
		cmocka_unit_test(a_spike_that_ends_the_program_is_missed_at_its_full_height),
		cmocka_unit_test(a_spike_that_no_sample_saw_is_told_by_the_kernels_peak),
		cmocka_unit_test(looks_that_were_slept_over_are_not_made_up_for),
		cmocka_unit_test(a_clock_that_jumps_back_makes_no_endless_figures),
		cmocka_unit_test(a_watchdog_that_never_looks_acts_on_notice_alone),
		cmocka_unit_test(a_notice_that_is_not_wanted_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
