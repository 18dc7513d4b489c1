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

#endif
