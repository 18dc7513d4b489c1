/* histogram.h -- Counts of values in steps that grow with them: percentiles from fixed memory.
 *
 * Log-linear, 16 steps to each power of two: values below 32 are told exactly, larger ones to a
 * sixteenth. It keeps no values and knows no unit. A zeroed struct is an empty histogram. */
#ifndef OL_BASE_HISTOGRAM_H
#define OL_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
	OL_HISTOGRAM_STEPS = 16, /* To a power of two. */
	/* 0 to 15 have a bucket each; so has every sixteenth of the powers from 2^4 to 2^63. */
	OL_HISTOGRAM_BUCKETS = OL_HISTOGRAM_STEPS * (1 + 60)
};

struct ol_histogram {
	uint64_t count;
	uint64_t total; /* Sum of the values; stays at UINT64_MAX where they exceed it. */
	uint64_t max;   /* 0 while empty. */
	uint64_t buckets[OL_HISTOGRAM_BUCKETS];
};

void ol_histogram_add(struct ol_histogram *histogram, uint64_t value);

/* The value that percent (0 to 100) of the values do not exceed: the upper edge of its bucket, the
 * largest value that falls in it, and never more than max. 0 while empty. */
uint64_t ol_histogram_percentile(const struct ol_histogram *histogram, double percent);

#endif
