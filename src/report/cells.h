/* cells.h -- Text in terminal cells: made safe, measured, padded, wrapped, coloured.
 *
 * Names and log lines come from scripts: no control character of theirs reaches the terminal, and
 * what is no UTF-8 shows as a question mark. Knows no record. */
#ifndef OL_REPORT_CELLS_H
#define OL_REPORT_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/report.h"

/* What a colour says; nothing is said by colour alone. */
enum ol_paint {
	OL_PAINT_NONE,
	OL_PAINT_BOLD,
	OL_PAINT_DIM,
	OL_PAINT_GOOD,
	OL_PAINT_WARN,
	OL_PAINT_BAD,
	OL_PAINT_STRONG_GOOD,
	OL_PAINT_STRONG_WARN,
	OL_PAINT_STRONG_BAD
};

/* Begins a colour, or ends it with OL_PAINT_NONE. Nothing at all where the style has none. */
void ol_cells_paint(FILE *stream, struct ol_style style, enum ol_paint paint);

/* How many cells a text takes, as ol_cells_put writes it. */
unsigned ol_cells_width(struct ol_style style, const char *text);
void ol_cells_put(FILE *stream, struct ol_style style, const char *text);
/* Padded with spaces to exactly width cells, or cut with an ellipsis. */
void ol_cells_put_left(FILE *stream, struct ol_style style, const char *text, unsigned width);
void ol_cells_put_right(FILE *stream, struct ol_style style, const char *text, unsigned width);

/* Wraps at spaces to the style's width. The label stands in the left margin of the first line,
 * bold; the text begins at column indent on each. Ends with a newline. */
void ol_cells_paragraph(FILE *stream, struct ol_style style, const char *label, unsigned indent,
	enum ol_paint paint, const char *text);

/* The same for a line whose first indent cells were written already. */
void ol_cells_wrapped(
	FILE *stream, struct ol_style style, unsigned indent, enum ol_paint paint, const char *text);

/* A bar of columns cells, as much of it filled as bytes are of whole_bytes (not 0). */
void ol_cells_put_bar(
	FILE *stream, struct ol_style style, uint64_t bytes, uint64_t whole_bytes, unsigned columns);

/* "·" or "-": what stands between two facts of a line. */
const char *ol_cells_separator(struct ol_style style);

#endif
