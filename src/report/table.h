/* table.h -- The table of a run: one row a phase, in one unit, with the cage as a bar.
 *
 * Every row has the same columns, so that the eye can go down them. */
#ifndef OL_REPORT_TABLE_H
#define OL_REPORT_TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "report/report.h"
#include "report/unit.h"

struct ol_table {
	FILE *stream;
	struct ol_style style;
	uint64_t limit_bytes;
	struct ol_unit unit; /* All sizes are told in it. */
	unsigned name_columns;
	unsigned bar_columns;
	/* What the rows so far made the legend worth. */
	bool has_goal_beyond;
	bool has_garbage;
	bool has_idle;
};

/* What a row does not know, or what does not apply. */
#define OL_ROW_UNKNOWN UINT64_MAX

enum ol_row_kind {
	OL_ROW_PLAIN,
	OL_ROW_KILLED, /* Marked. */
	OL_ROW_LIVE    /* Under way: no newline, dim. */
};

struct ol_row {
	const char *name;
	enum ol_row_kind kind;
	uint64_t asked_bytes;
	uint64_t heap_bytes;
	uint64_t goal_bytes;
	uint64_t garbage_bytes;
	uint64_t idle_bytes; /* Held by the heap for reuse: only in the bar. */
	uint64_t cage_bytes;
};

/* A goal so far away that no heap reaches it: GOGC=off prints 2^63 less a little. */
#define OL_GOAL_NEVER (UINT64_C(1) << 62)

/* Heap, goal and idle of a row, from statistics. */
void ol_row_set_memstats(struct ol_row *row, const struct ol_memstats *stats);

void ol_table_init(
	struct ol_table *table, FILE *stream, struct ol_style style, uint64_t limit_bytes);
void ol_table_head(struct ol_table *table);
void ol_table_row(struct ol_table *table, const struct ol_row *row);
/* What the marks of the rows mean; nothing if there were none. */
void ol_table_legend(const struct ol_table *table);

#endif
