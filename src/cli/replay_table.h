/* replay_table.h -- A CSV file of numbers, read by the names of its columns.
 *
 * No quoting: the files hold numbers and plain names. Every refusal names line and column. */
#ifndef OL_CLI_REPLAY_TABLE_H
#define OL_CLI_REPLAY_TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum { OL_REPLAY_COLUMNS_MAX = 128, OL_REPLAY_LINE_BYTES = 16384, OL_REPLAY_ROWS_MAX = 1000000 };

struct ol_replay_table {
	FILE *stream;
	const char *path;
	uint64_t line; /* Of the row last read, 1 for the heading. */
	size_t column_count;
	char heading[OL_REPLAY_LINE_BYTES];
	char row[OL_REPLAY_LINE_BYTES];
	const char *names[OL_REPLAY_COLUMNS_MAX];
	const char *cells[OL_REPLAY_COLUMNS_MAX];
};

/* Opens path ("-" is standard input) and reads the heading. The table is large. */
int ol_replay_open(struct ol_replay_table *table, const char *path, struct ol_error *error);
void ol_replay_close(struct ol_replay_table *table);

/* The index of a column; -ENOENT where there is none of that name. */
int ol_replay_column(const struct ol_replay_table *table, const char *name, struct ol_error *error);

/* 1: a row was read; 0: the end; -EBADMSG: a row of another length than the heading, or too long.
 */
int ol_replay_next(struct ol_replay_table *table, struct ol_error *error);

/* A cell of the present row. -EBADMSG: not such a number. */
int ol_replay_whole(const struct ol_replay_table *table, int column, int64_t minimum,
	int64_t *ret_number, struct ol_error *error);
int ol_replay_real(const struct ol_replay_table *table, int column, double minimum,
	double *ret_number, struct ol_error *error);

#endif
