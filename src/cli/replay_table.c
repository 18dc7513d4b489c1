/* replay_table.c -- CSV by column name. */
#include "cli/replay_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 1: a line without its end; 0: none is left; -EBADMSG: too long. */
static int read_line(
	struct ol_replay_table *table, char buffer[OL_REPLAY_LINE_BYTES], struct ol_error *error) {
	if (fgets(buffer, OL_REPLAY_LINE_BYTES, table->stream) == NULL) {
		if (ferror(table->stream))
			return ol_error_set_errno(error, -EIO, "%s: cannot read", table->path);
		return 0;
	}
	table->line++;
	size_t length = strcspn(buffer, "\r\n");
	if (buffer[length] == '\0' && !feof(table->stream))
		return ol_error_set(error, -EBADMSG, "%s:%" PRIu64 ": the line is longer than %d bytes",
			table->path, table->line, OL_REPLAY_LINE_BYTES - 2);
	buffer[length] = '\0';
	return 1;
}

/* Cuts a line at its commas, in place. Returns how many cells, or -EBADMSG. */
static int split(const struct ol_replay_table *table, char *line,
	const char *cells[OL_REPLAY_COLUMNS_MAX], struct ol_error *error) {
	int count = 0;
	for (char *cell = strsep(&line, ","); cell != NULL; cell = strsep(&line, ",")) {
		if (count == OL_REPLAY_COLUMNS_MAX)
			return ol_error_set(error, -EBADMSG, "%s:%" PRIu64 ": more than %d columns",
				table->path, table->line, OL_REPLAY_COLUMNS_MAX);
		cells[count++] = cell;
	}
	return count;
}

int ol_replay_open(struct ol_replay_table *table, const char *path, struct ol_error *error) {
	*table = (struct ol_replay_table){ .path = path };
	table->stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (table->stream == NULL)
		return ol_error_set_errno(error, -errno, "cannot open %.256s", path);
	int result = read_line(table, table->heading, error);
	if (result == 0)
		return ol_error_set(error, -EBADMSG, "%s: empty; expected a heading and rows", path);
	if (result > 0)
		result = split(table, table->heading, table->names, error);
	if (result < 0)
		return result;
	table->column_count = (size_t)result;
	return 0;
}

void ol_replay_close(struct ol_replay_table *table) {
	if (table->stream != NULL && table->stream != stdin)
		fclose(table->stream);
}

int ol_replay_column(
	const struct ol_replay_table *table, const char *name, struct ol_error *error) {
	for (size_t i = 0; i < table->column_count; i++) {
		if (strcmp(table->names[i], name) == 0)
			return (int)i;
	}
	return ol_error_set(error, -ENOENT, "%s:1: there is no column %s", table->path, name);
}

int ol_replay_next(struct ol_replay_table *table, struct ol_error *error) {
	int result = read_line(table, table->row, error);
	if (result <= 0)
		return result;
	if (table->line > OL_REPLAY_ROWS_MAX)
		return ol_error_set(error, -EBADMSG, "%s:%" PRIu64 ": more than %d rows", table->path,
			table->line, OL_REPLAY_ROWS_MAX);
	int count = split(table, table->row, table->cells, error);
	if (count < 0)
		return count;
	if ((size_t)count != table->column_count)
		return ol_error_set(error, -EBADMSG,
			"%s:%" PRIu64 ": %d cells, but the heading has %zu columns", table->path, table->line,
			count, table->column_count);
	return 1;
}

static int bad_cell(
	const struct ol_replay_table *table, int column, const char *expected, struct ol_error *error) {
	return ol_error_set(error, -EBADMSG, "%s:%" PRIu64 ": column %s: '%.64s' is not %s",
		table->path, table->line, table->names[column], table->cells[column], expected);
}

int ol_replay_whole(const struct ol_replay_table *table, int column, int64_t minimum,
	int64_t *ret_number, struct ol_error *error) {
	const char *cell = table->cells[column];
	char *end;
	errno = 0;
	long long number = strtoll(cell, &end, 10);
	if (errno != 0 || end == cell || *end != '\0' || *cell == ' ' || number < minimum)
		return bad_cell(table, column, "a whole number in range", error);
	*ret_number = number;
	return 0;
}

int ol_replay_real(const struct ol_replay_table *table, int column, double minimum,
	double *ret_number, struct ol_error *error) {
	const char *cell = table->cells[column];
	char *end;
	double number = strtod(cell, &end);
	if (end == cell || *end != '\0' || *cell == ' ' || !isfinite(number) || number < minimum)
		return bad_cell(table, column, "a number in range", error);
	*ret_number = number;
	return 0;
}
