/* compare_report.h -- A comparison told: in text, CSV, JSON, and as a page. */
#ifndef OL_REPORT_COMPARE_REPORT_H
#define OL_REPORT_COMPARE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/statistics.h"
#include "record/compare.h"
#include "report/report.h"

/* Verdicts first, a mark a cell; then, unless is_brief, the figures. */
void ol_compare_text(
	FILE *stream, struct ol_style style, const struct ol_compare *compare, bool is_brief);
/* A head, then a line a cell. */
void ol_compare_csv(FILE *stream, const struct ol_compare *compare);
/* One object: docs/json.md. */
int ol_compare_json(FILE *stream, const struct ol_compare *compare, struct ol_error *error);
/* One file that needs nothing else. */
void ol_compare_html(FILE *stream, const struct ol_compare *compare);

/* What the forms have in common. */

static inline const struct ol_compare_cell *ol_compare_cell_at(
	const struct ol_compare *compare, size_t row, size_t column) {
	return &compare->cells[row * compare->column_count + column];
}

/* The runs of a cell taken together. */
struct ol_compare_sum {
	uint64_t counts[OL_OUTCOME_COUNT];
	enum ol_outcome outcome; /* The most frequent; of several the worst. */
	uint64_t good_count;     /* Ended by themselves, in good order. */
	double cage_peak_bytes;  /* Medians; */
	double garbage_bytes;    /* NAN where no run knows. */
	double num_gc;
	double wall_ns;
	double gc_cpu_fraction;
	double pause_p99_ns;
	double pause_max_ns;
	double pause_total_ns;
};
/* Of a cell that has a run. -ENOMEM. */
int ol_compare_sum_of(const struct ol_compare *compare, const struct ol_compare_cell *cell,
	struct ol_compare_sum *ret_sum, struct ol_error *error);

/* How a cell is marked: a kind of end, or why there is none. */
enum ol_compare_mark {
	OL_MARK_SURVIVED,
	OL_MARK_SHUT_DOWN,
	OL_MARK_THROTTLED, /* Or timed out. */
	OL_MARK_REFUSED_MEMORY,
	OL_MARK_KILLED,
	OL_MARK_ERROR,
	OL_MARK_DIFFERENT, /* Runs ended differently. */
	OL_MARK_CANNOT_BE,
	OL_MARK_MISSING,
	OL_MARK_COUNT
};
enum ol_compare_mark ol_compare_mark_of_outcome(enum ol_outcome outcome);
enum ol_compare_mark ol_compare_mark_of(
	const struct ol_compare *compare, const struct ol_compare_cell *cell);
const char *ol_compare_mark_text(enum ol_compare_mark mark, bool has_unicode);
const char *ol_compare_mark_meaning(enum ol_compare_mark mark);

/* What tells rows apart beside scenario and limit. */
struct ol_compare_axes {
	bool has_collector, has_memory_limit, has_gogc, has_world;
};
struct ol_compare_axes ol_compare_axes_of(const struct ol_compare *compare);
/* "32.0 MiB", "32.0 MiB incremental gogc=50": the circumstances that rows differ in. */
enum { OL_COMPARE_LABEL_BYTES = 160 };
void ol_compare_row_label(const struct ol_compare *compare, const struct ol_compare_row *row,
	char label[OL_COMPARE_LABEL_BYTES]);

uint64_t ol_compare_missing_count(const struct ol_compare *compare);
/* "36 runs in 1.2 s, 2 at a time · Linux ... · 2 processors". */
void ol_compare_footer(
	const struct ol_compare *compare, const char *separator, char *text, size_t capacity);

#endif
