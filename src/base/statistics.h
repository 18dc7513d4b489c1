/* statistics.h -- What many runs say together: a share with its uncertainty, a median. */
#ifndef OL_BASE_STATISTICS_H
#define OL_BASE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* A share, and between which shares the true one is with 95 % confidence: Wilson's interval, which
 * holds for few trials and for shares of 0 and 1, too. */
struct ol_share {
	double share, low, high; /* 0 to 1. */
};
/* success_count of trial_count; without a trial nothing is known: 0, from 0 to 1. */
struct ol_share ol_share_of(uint64_t success_count, uint64_t trial_count);

/* The middle one, or the mean of the two; sorts the numbers. count is not 0. */
double ol_median(double *numbers, size_t count);

#endif
