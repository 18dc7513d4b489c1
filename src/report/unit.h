/* unit.h -- One unit for all sizes of a table, so that the eye can compare them. */
#ifndef OL_REPORT_UNIT_H
#define OL_REPORT_UNIT_H

#include <stddef.h>
#include <stdint.h>

struct ol_unit {
	uint64_t bytes;
	const char *name; /* "MiB" */
	int decimals;
};

/* For sizes up to whole_bytes. From MiB on the next larger one is taken when whole_bytes is factor
 * of it: 2 for a table whose rows are alike, more where small ones stand beside large ones. */
struct ol_unit ol_unit_of(uint64_t whole_bytes, uint64_t factor);

/* A size, or a difference of sizes, in the smallest steps that are shown (0.1 MiB), to the nearest;
 * and such a number as text, without the unit's name. */
int64_t ol_unit_steps(struct ol_unit unit, int64_t bytes);
enum { OL_UNIT_TEXT_BYTES = 32 };
void ol_unit_format(struct ol_unit unit, int64_t steps, char ret_text[OL_UNIT_TEXT_BYTES]);

#endif
