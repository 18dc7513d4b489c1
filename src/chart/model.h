/* model.h -- What all charts of a report draw: curves, marks and axes, from recordings.
 *
 * Knows no format. A recording is only referred to: it must outlive the model. */
#ifndef OL_CHART_MODEL_H
#define OL_CHART_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "records/records.h"
#include "report/lines.h"

enum ol_chart_curve {
	OL_CHART_CAGE, /* Usage of the cage. */
	OL_CHART_HEAP, /* memstats.heap_alloc. */
	OL_CHART_GOAL, /* memstats.next_gc. */
	OL_CHART_RSS,
	OL_CHART_CURVES
};
/* "cage", "heap", "next GC", "RSS". */
const char *ol_chart_curve_name(enum ol_chart_curve curve);

/* UINT64_MAX: not known then. */
struct ol_chart_point {
	uint64_t at_ns;
	uint64_t order; /* Among those of the same moment. */
	uint64_t bytes[OL_CHART_CURVES];
};

enum { OL_CHART_POINTS_MAX = 2000 }; /* More than any of the drawings has columns. */

struct ol_chart_run {
	const struct ol_recording *recording;
	struct ol_chart_point *points; /* In the order of time, thinned: no peak is lost. */
	size_t point_count;
	uint64_t limit_bytes; /* UINT64_MAX: none. */
	uint64_t peak_bytes;  /* Of the cage. */
	uint64_t end_ns;
	bool has_curve[OL_CHART_CURVES];
	bool is_dead; /* It did not end in its own way: the end gets a cross. */
};

struct ol_chart {
	struct ol_chart_run runs[OL_RECORDINGS_MAX];
	size_t run_count;
	uint64_t end_ns;    /* The longest, at least 1 µs. */
	uint64_t top_bytes; /* What the byte axis must show, goals far beyond the limits left out. */
};

int ol_chart_init(
	const struct ol_recordings *recordings, struct ol_chart *ret_chart, struct ol_error *error);
void ol_chart_finish(struct ol_chart *chart);

/* A goal from here on stands for "never". */
bool ol_chart_is_never(uint64_t bytes);

/* Round steps for an axis from 0 to end, at most count_max of them, at least one: for bytes powers
 * of two, for times 1, 2 or 5 of a power of ten, and beyond minutes of 60. */
uint64_t ol_chart_byte_step(uint64_t end_bytes, unsigned count_max);
uint64_t ol_chart_time_step(uint64_t end_ns, unsigned count_max);
/* "24 MiB", "0.5 s", "1:30": as few digits as the step needs. */
const char *ol_chart_byte_tick(uint64_t bytes, char buffer[OL_UNITS_TEXT_BYTES]);
const char *ol_chart_time_tick(uint64_t ns, uint64_t step_ns, char buffer[OL_UNITS_TEXT_BYTES]);

#endif
