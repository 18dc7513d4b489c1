/* clock.h -- The clock seam: now, sleep, spend; a real side and a virtual one.
 *
 * Whoever needs time takes a clock. A virtual clock stands still until somebody sleeps or
 * spends, so that a run on it gives the same bytes on every machine. */
#ifndef OL_CLOCK_CLOCK_H
#define OL_CLOCK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct ol_clock {
	bool is_virtual;
	uint64_t virtual_now_ns;      /* Since the clock's start; only when virtual. */
	uint64_t virtual_unix_now_ns; /* Wall time of the clock's start; only when virtual. */
};

struct ol_clock ol_clock_real(void);
struct ol_clock ol_clock_virtual(uint64_t unix_start_ns);

/* Monotonic nanoseconds. */
uint64_t ol_clock_now_ns(const struct ol_clock *clock);

/* Nanoseconds since 1970, for Go's LastGC. */
uint64_t ol_clock_unix_ns(const struct ol_clock *clock);

void ol_clock_sleep_ns(struct ol_clock *clock, uint64_t duration_ns);

/* Says that work worth duration_ns was done: advances a virtual clock; a real one already
 * knows. */
void ol_clock_spend_ns(struct ol_clock *clock, uint64_t duration_ns);

#endif
