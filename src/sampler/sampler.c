/* sampler.c -- Takes samples when they are due. */
#include "sampler/sampler.h"

#include <stddef.h>

void ol_sampler_init(struct ol_sampler *sampler, const struct ol_clock *clock,
	const struct ol_cage *cage, const struct ol_flight *flight, uint64_t period_ns) {
	uint64_t now_ns = ol_clock_now_ns(clock);
	*sampler = (struct ol_sampler){
		.clock = clock,
		.cage = cage,
		.flight = flight,
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
	struct ol_sample sample = { .at_ns = now_ns - sampler->start_ns };
	int result = ol_cage_read_usage(sampler->cage, &sample.cage_bytes);
	if (result < 0)
		return result;
	struct ol_last_words words = ol_flight_read(sampler->flight);
	sample.touched_bytes = words.touched_bytes;
	sample.memstats = words.memstats;
	if (sampler->on_sample != NULL)
		sampler->on_sample(sampler->context, &sample);
	return 0;
}
