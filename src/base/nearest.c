/* nearest.c -- Distances between names. */
#include "base/nearest.h"

#include <limits.h>
#include <string.h>

/* Damerau-Levenshtein (optimal string alignment) over short names. */
static unsigned name_distance(const char *a, const char *b) {
	enum { LENGTH_MAX = 40 };
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length > LENGTH_MAX || b_length > LENGTH_MAX)
		return UINT_MAX; /* Far from everything, however long the misspelt name. */
	unsigned rows[LENGTH_MAX + 1][LENGTH_MAX + 1];
	for (size_t i = 0; i <= a_length; i++)
		rows[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		for (size_t j = 1; j <= b_length; j++) {
			unsigned best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (rows[i - 1][j] + 1 < best)
				best = rows[i - 1][j] + 1;
			if (rows[i][j - 1] + 1 < best)
				best = rows[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				rows[i - 2][j - 2] + 1 < best)
				best = rows[i - 2][j - 2] + 1;
			rows[i][j] = best;
		}
	}
	return rows[a_length][b_length];
}

const char *ol_nearest_name(const char *misspelt, const char *const *names, size_t count) {
	const char *nearest = NULL;
	unsigned distance_best = (unsigned)(strlen(misspelt) / 3 + 1);
	for (size_t i = 0; i < count; i++) {
		unsigned distance = name_distance(misspelt, names[i]);
		if (distance <= distance_best && (nearest == NULL || distance < distance_best)) {
			nearest = names[i];
			distance_best = distance;
		}
	}
	return nearest;
}
