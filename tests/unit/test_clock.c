/* test_clock.c -- Real and virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "clock/clock.h"

static void a_virtual_clock_moves_only_when_told(void **state) {
	(void)state;
	struct ol_clock clock = ol_clock_virtual(1000);
	assert_int_equal(ol_clock_now_ns(&clock), 0);
	assert_int_equal(ol_clock_now_ns(&clock), 0);
	ol_clock_sleep_ns(&clock, 5);
	ol_clock_spend_ns(&clock, 7);
	assert_int_equal(ol_clock_now_ns(&clock), 12);
	assert_int_equal(ol_clock_unix_ns(&clock), 1012);
}

static void a_real_clock_sleeps_at_least_as_long_as_asked(void **state) {
	(void)state;
	struct ol_clock clock = ol_clock_real();
	uint64_t before_ns = ol_clock_now_ns(&clock);
	ol_clock_sleep_ns(&clock, 2 * OL_NS_PER_MS);
	uint64_t after_ns = ol_clock_now_ns(&clock);
	assert_true(after_ns - before_ns >= 2 * OL_NS_PER_MS);
	/* Spending is for virtual clocks; a year of it must not be waited for. */
	ol_clock_spend_ns(&clock, 366 * 86400 * OL_NS_PER_S);
	assert_true(ol_clock_unix_ns(&clock) > UINT64_C(1577836800) * OL_NS_PER_S);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_virtual_clock_moves_only_when_told),
		cmocka_unit_test(a_real_clock_sleeps_at_least_as_long_as_asked),
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
