/* runtimes.h -- What a command tells its language's runtime about memory, against the cage's limit.
 *
 * Pure: reads words and environment, starts nothing. Knows Go, Node.js and the JVM. */
#ifndef OL_RUNTIMES_RUNTIMES_H
#define OL_RUNTIMES_RUNTIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum { OL_ADVICE_MAX = 8 };

struct ol_advice {
	bool is_warning;             /* The setting does not fit the cage; otherwise good to know. */
	char setting[OL_NAME_BYTES]; /* "GOMEMLIMIT=64MiB", "-Xmx512m", "--max-old-space-size": as met.
								  */
	char text[OL_TEXT_BYTES]; /* What it means here, and the value that fits: one or two sentences.
							   */
};

/* arguments, environment: NULL at their end; environment entries are "NAME=VALUE". Returns how many
 * were written. */
size_t ol_runtimes_advise(const char *const *arguments, const char *const *environment,
	uint64_t limit_bytes, struct ol_advice ret_advice[OL_ADVICE_MAX]);

#endif
