/* canvas.h -- Lines drawn in a grid of terminal cells: by braille dots, or by one letter a cell. */
#ifndef OL_CHART_CANVAS_H
#define OL_CHART_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "report/report.h"

enum { OL_CANVAS_COLUMNS_MAX = 160, OL_CANVAS_ROWS_MAX = 40 };

/* How a line looks: by colour where there is one, by gaps or its letter everywhere. */
struct ol_ink {
	const char *color; /* An escape sequence. */
	char letter;       /* Where there is no braille. */
	unsigned on, off;  /* Dots drawn, dots left out; off 0: a whole line. */
};

struct ol_canvas_cell {
	uint8_t dots;             /* Bits as in U+2800. */
	const struct ol_ink *ink; /* Of whoever was drawn last; NULL: the cell is empty. */
	const char *glyph;        /* Over all dots; NULL: none. */
};

struct ol_canvas {
	struct ol_style style;
	unsigned columns, rows;         /* Cells. */
	unsigned dot_columns, dot_rows; /* Of the whole. */
	struct ol_canvas_cell cells[OL_CANVAS_ROWS_MAX][OL_CANVAS_COLUMNS_MAX];
};

void ol_canvas_init(
	struct ol_canvas *canvas, struct ol_style style, unsigned columns, unsigned rows);

/* From one dot to another, the upper left being (0, 0); dots outside are left out. phase counts the
 * dots of a line that has gaps, over its pieces. */
void ol_canvas_line(struct ol_canvas *canvas, const struct ol_ink *ink, long x1, long y1, long x2,
	long y2, unsigned *phase);

/* Puts a glyph into the cell of a dot; glyph is one cell wide and lives as long as the canvas. */
void ol_canvas_mark(
	struct ol_canvas *canvas, const struct ol_ink *ink, const char *glyph, long x, long y);
/* The same, where nothing is drawn yet, through a whole row of cells. */
void ol_canvas_rule(struct ol_canvas *canvas, const struct ol_ink *ink, const char *glyph, long y);

/* A row of cells; is_padded: with the empty ones at its end, since something follows. */
void ol_canvas_put_row(FILE *stream, const struct ol_canvas *canvas, unsigned row, bool is_padded);

/* Text in an ink's colour. */
void ol_ink_begin(FILE *stream, struct ol_style style, const struct ol_ink *ink);
void ol_ink_end(FILE *stream, struct ol_style style);

#endif
