/* statistics.c -- Shares and medians. */
#include "base/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

struct ol_share ol_share_of(uint64_t success_count, uint64_t trial_count) {
	const double z = 1.959963984540054; /* The normal distribution's 97.5 % quantile. */
	assert(success_count <= trial_count);
	if (trial_count == 0)
		return (struct ol_share){ .high = 1 };
	double n = (double)trial_count, p = (double)success_count / n;
	double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
	return (struct ol_share){
		.share = p,
		/* Exact at the ends, where rounding would leave a trace. */
		.low = success_count == 0 ? 0 : centre - half,
		.high = success_count == trial_count ? 1 : centre + half,
	};
}

static int compare_numbers(const void *a, const void *b) {
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

double ol_median(double *numbers, size_t count) {
	assert(count > 0);
	qsort(numbers, count, sizeof *numbers, compare_numbers);
	double upper = numbers[count / 2];
	return count % 2 == 1 ? upper : (numbers[count / 2 - 1] + upper) / 2;
}
