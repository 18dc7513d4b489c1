/* clock.c -- Real and virtual time. */
#include "clock/clock.h"

#include <errno.h>
#include <time.h>

#include "base/units.h"

struct ol_clock ol_clock_real(void) {
	return (struct ol_clock){ .is_virtual = false };
}

struct ol_clock ol_clock_virtual(uint64_t unix_start_ns) {
	return (struct ol_clock){ .is_virtual = true, .virtual_unix_now_ns = unix_start_ns };
}

static uint64_t read_clock_ns(clockid_t id) {
	struct timespec now;
	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t ol_clock_now_ns(const struct ol_clock *clock) {
	return clock->is_virtual ? clock->virtual_now_ns : read_clock_ns(CLOCK_MONOTONIC);
}

uint64_t ol_clock_unix_ns(const struct ol_clock *clock) {
	return clock->is_virtual ? clock->virtual_unix_now_ns + clock->virtual_now_ns
							 : read_clock_ns(CLOCK_REALTIME);
}

void ol_clock_sleep_ns(struct ol_clock *clock, uint64_t duration_ns) {
	if (clock->is_virtual) {
		clock->virtual_now_ns += duration_ns;
		return;
	}
	struct timespec left = {
		.tv_sec = (time_t)(duration_ns / OL_NS_PER_S),
		.tv_nsec = (long)(duration_ns % OL_NS_PER_S),
	};
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

void ol_clock_spend_ns(struct ol_clock *clock, uint64_t duration_ns) {
	if (clock->is_virtual)
		clock->virtual_now_ns += duration_ns;
}
