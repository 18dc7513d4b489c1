/* compare.h -- Scenarios against policies: a table of cells, and what the runs of each came to.
 *
 * Rows are scenarios in their circumstances, columns are policies. */
#ifndef OL_RECORD_COMPARE_H
#define OL_RECORD_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum {
	OL_COMPARE_CELLS_MAX = 20000,
	OL_COMPARE_RUNS_MAX = 200000, /* Of all cells together. */
	OL_COMPARE_POLICY_BYTES = 256 /* As written: "watermark:70/85", "./mine.lua". */
};

/* What one run adds to its cell. */
struct ol_compare_run {
	uint32_t outcome; /* enum ol_outcome. */
	uint32_t padding;
	uint64_t cage_peak_bytes;
	uint64_t garbage_bytes; /* At the end; UINT64_MAX: not known. */
	uint64_t num_gc;
	uint64_t wall_ns;
	double gc_cpu_fraction;
	struct ol_pauses pauses;
};

struct ol_compare_row {
	char scenario[OL_NAME_BYTES];
	char title[OL_TEXT_BYTES];
	char collector[OL_NAME_BYTES];
	char world[OL_NAME_BYTES];
	uint64_t limit_bytes;
	uint64_t memory_limit_bytes; /* OL_MEMORY_LIMIT_OFF; a policy may set its own. */
	int32_t gogc;                /* OL_GOGC_OFF. */
};

enum ol_compare_state {
	OL_COMPARE_MISSING, /* Its runs were not made, or not all. */
	OL_COMPARE_DONE,
	OL_COMPARE_REFUSED /* It cannot be: settings that do not go together, or too large. */
};

struct ol_compare_cell {
	enum ol_compare_state state;
	uint64_t run_count; /* So far; they are at runs[cell * repeat_count]. */
	int met;            /* As the scenario expects: 1 in all runs, 0 not, -1 it does not say. */
	char reason[OL_TEXT_BYTES]; /* Why refused, or what an error said; "". */
};

struct ol_compare {
	size_t row_count, column_count;
	uint64_t repeat_count; /* Runs of a cell. */
	struct ol_compare_row *rows;
	char (*policies)[OL_COMPARE_POLICY_BYTES]; /* The columns. */
	struct ol_compare_cell *cells;             /* Row by row. */
	struct ol_compare_run *runs;
	uint64_t jobs;                 /* At a time. */
	uint64_t wall_ns;              /* 0: all is pretended, and the same at any speed. */
	struct ol_system_facts system; /* As runs tell; all 0 before the first. */
};

#endif
