/* sampler.c -- Takes samples when they are due. */
#include "sampler/sampler.h"

#include <stddef.h>

#include "process/process.h"

void ol_sampler_init(struct ol_sampler *sampler, const struct ol_clock *clock,
	const struct ol_cage *cage, const struct ol_flight *flight, int statm_fd, uint64_t period_ns) {
	uint64_t now_ns = ol_clock_now_ns(clock);
	*sampler = (struct ol_sampler){
		.clock = clock,
		.cage = cage,
		.flight = flight,
		.statm_fd = statm_fd,
		.start_ns = now_ns,
		.period_ns = period_ns,
		.due_ns = period_ns == 0 ? UINT64_MAX : now_ns + period_ns,
	};
}

int ol_sampler_poll(struct ol_sampler *sampler) {
	uint64_t now_ns = ol_clock_now_ns(sampler->clock);
	if (now_ns < sampler->due_ns)
		return 0;
	sampler->due_ns += sampler->period_ns;
	if (sampler->due_ns <= now_ns)
		sampler->due_ns = now_ns + sampler->period_ns;
	struct ol_sample sample = {
		.at_ns = now_ns - sampler->start_ns,
		.rss_bytes = ol_process_statm_rss(sampler->statm_fd),
	};
	/* A process that is being ended lets go of its memory before it is gone: nobody's sample. */
	if (sampler->statm_fd >= 0 && sample.rss_bytes == 0)
		return 0;
	sample.cage_bytes = sample.rss_bytes;
	int result = sampler->cage != NULL ? ol_cage_read_usage(sampler->cage, &sample.cage_bytes) : 0;
	if (result < 0)
		return result;
	struct ol_last_words words = ol_flight_read(sampler->flight);
	sample.touched_bytes = words.touched_bytes;
	sample.memstats = words.memstats;
	if (sampler->on_sample != NULL)
		sampler->on_sample(sampler->context, &sample);
	return 0;
}
