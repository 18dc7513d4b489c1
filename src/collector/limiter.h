/* limiter.h -- Go's GC CPU limiter: assists may not eat more than half of the program's time.
 *
 * A leaky bucket of one second a processor: collecting fills it, running empties it. While it is
 * full there are no assists and no scavenging by allocations. Pure: told the time. Source: Go
 * 1.19.8, runtime/mgclimit.go. */
#ifndef OL_COLLECTOR_LIMITER_H
#define OL_COLLECTOR_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define OL_LIMITER_NS_A_PROCESSOR UINT64_C(1000000000)
#define OL_LIMITER_PERIOD_NS      UINT64_C(10000000) /* An older state is brought up to date. */

struct ol_limiter {
	uint64_t processors; /* Count. */
	uint64_t updated_ns;
	uint64_t fill_ns;
	uint64_t assist_ns; /* Since the last update. */
	uint64_t idle_ns;   /* Since the last update: idle processors, marking or not. */
	bool is_cycle;      /* The background share is being spent. */
	bool is_limiting;
};

void ol_limiter_init(struct ol_limiter *limiter, uint64_t processors, uint64_t now_ns);

/* A cycle begins or ends at now_ns, after the world was stopped for stop_ns: all of that was
 * collecting, on every processor. */
void ol_limiter_transition(
	struct ol_limiter *limiter, bool is_cycle, uint64_t stop_ns, uint64_t now_ns);

void ol_limiter_add_assist(struct ol_limiter *limiter, uint64_t assist_ns);
void ol_limiter_add_idle(struct ol_limiter *limiter, uint64_t idle_ns);

/* Brings it up to date; a second call within OL_LIMITER_PERIOD_NS does nothing. */
void ol_limiter_update(struct ol_limiter *limiter, uint64_t now_ns);

#endif
