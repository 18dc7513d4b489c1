/* sampler.h -- One look at flight recorder and cage every so often, handed to a sink.
 *
 * Owns neither and starts no thread: whoever waits asks when the next look is due. */
#ifndef OL_SAMPLER_SAMPLER_H
#define OL_SAMPLER_SAMPLER_H

#include <stdint.h>

#include "cage/cage.h"
#include "clock/clock.h"
#include "record/flight.h"
#include "record/record.h"

struct ol_sampler {
	const struct ol_clock *clock;
	const struct ol_cage *cage; /* NULL: none; then resident memory stands for its usage. */
	const struct ol_flight *flight;
	int statm_fd;       /* The subject's /proc/PID/statm; -1: not known. */
	uint64_t start_ns;  /* at_ns of a sample counts from here. */
	uint64_t period_ns; /* 0: never. */
	uint64_t due_ns;    /* Clock time of the next look. */
	void *context;
	void (*on_sample)(void *context, const struct ol_sample *sample);
};

/* The first look is due one period after now. */
void ol_sampler_init(struct ol_sampler *sampler, const struct ol_clock *clock,
	const struct ol_cage *cage, const struct ol_flight *flight, int statm_fd, uint64_t period_ns);

/* Takes a sample if one is due, and the subject is not about to end. Looks that were missed are not
 * made up for. 0, or the error of reading the cage (-ENOENT, -ENODEV: the group is gone). */
int ol_sampler_poll(struct ol_sampler *sampler);

#endif
