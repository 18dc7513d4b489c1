/* histogram.c -- From a value to its bucket, and back to the bucket's upper edge. */
#include "base/histogram.h"

#include <assert.h>
#include <math.h>

enum { STEP_BITS = 4 };
static_assert(1 << STEP_BITS == OL_HISTOGRAM_STEPS, "a step is told by the bits below the highest");

static unsigned bucket_of(uint64_t value) {
	if (value < OL_HISTOGRAM_STEPS)
		return (unsigned)value;
	unsigned shift = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
	/* value >> shift is 16 to 31: the highest bit, which counts as one power, and the step. */
	return shift * OL_HISTOGRAM_STEPS + (unsigned)(value >> shift);
}

/* For the last bucket the sum wraps to 0, and what is below it is UINT64_MAX, as it should. */
static uint64_t upper_edge(unsigned bucket) {
	if (bucket < OL_HISTOGRAM_STEPS)
		return bucket;
	unsigned shift = bucket / OL_HISTOGRAM_STEPS - 1;
	uint64_t step = bucket % OL_HISTOGRAM_STEPS;
	return ((OL_HISTOGRAM_STEPS + step + 1) << shift) - 1;
}

void ol_histogram_add(struct ol_histogram *histogram, uint64_t value) {
	unsigned bucket = bucket_of(value);
	assert(bucket < OL_HISTOGRAM_BUCKETS);
	histogram->buckets[bucket]++;
	histogram->count++;
	if (__builtin_add_overflow(histogram->total, value, &histogram->total))
		histogram->total = UINT64_MAX;
	if (value > histogram->max)
		histogram->max = value;
}

uint64_t ol_histogram_percentile(const struct ol_histogram *histogram, double percent) {
	assert(percent >= 0 && percent <= 100);
	double rank = ceil(percent * (double)histogram->count / 100);
	uint64_t below = 0;
	for (unsigned bucket = 0; bucket < OL_HISTOGRAM_BUCKETS; bucket++) {
		below += histogram->buckets[bucket];
		if (below > 0 && (double)below >= rank) {
			uint64_t edge = upper_edge(bucket);
			return edge < histogram->max ? edge : histogram->max;
		}
	}
	return histogram->max;
}
