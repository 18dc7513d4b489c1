/* canvas.c -- Lines drawn in a grid of terminal cells: by braille dots, or by one letter a cell. */
#include "chart/canvas.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BRAILLE_COLUMNS = 2, BRAILLE_ROWS = 4 };

void ol_canvas_init(
	struct ol_canvas *canvas, struct ol_style style, unsigned columns, unsigned rows) {
	assert(columns > 0 && columns <= OL_CANVAS_COLUMNS_MAX);
	assert(rows > 0 && rows <= OL_CANVAS_ROWS_MAX);
	*canvas = (struct ol_canvas){ .style = style, .columns = columns, .rows = rows };
	canvas->dot_columns = columns * (style.has_unicode ? BRAILLE_COLUMNS : 1);
	canvas->dot_rows = rows * (style.has_unicode ? BRAILLE_ROWS : 1);
}

/* NULL: outside. */
static struct ol_canvas_cell *cell_at(struct ol_canvas *canvas, long x, long y) {
	if (x < 0 || y < 0 || x >= canvas->dot_columns || y >= canvas->dot_rows)
		return NULL;
	if (canvas->style.has_unicode)
		return &canvas->cells[y / BRAILLE_ROWS][x / BRAILLE_COLUMNS];
	return &canvas->cells[y][x];
}

static void put_dot(struct ol_canvas *canvas, const struct ol_ink *ink, long x, long y) {
	/* How U+2800 numbers the dots of a cell. */
	static const uint8_t bits[BRAILLE_ROWS][BRAILLE_COLUMNS] = { { 0x01, 0x08 }, { 0x02, 0x10 },
		{ 0x04, 0x20 }, { 0x40, 0x80 } };
	struct ol_canvas_cell *cell = cell_at(canvas, x, y);
	if (cell == NULL)
		return;
	cell->dots |= bits[y % BRAILLE_ROWS][x % BRAILLE_COLUMNS];
	cell->ink = ink;
}

static long clamp(long value, long most) {
	return value < -1 ? -1 : value > most ? most : value;
}

void ol_canvas_line(struct ol_canvas *canvas, const struct ol_ink *ink, long x1, long y1, long x2,
	long y2, unsigned *phase) {
	/* What lies far outside is as good as just outside, and takes no time. */
	x1 = clamp(x1, canvas->dot_columns);
	x2 = clamp(x2, canvas->dot_columns);
	y1 = clamp(y1, canvas->dot_rows);
	y2 = clamp(y2, canvas->dot_rows);
	long dx = labs(x2 - x1), dy = -labs(y2 - y1);
	long step_x = x1 < x2 ? 1 : -1, step_y = y1 < y2 ? 1 : -1;
	long fault = dx + dy; /* Bresenham's. */
	for (;;) {
		if (ink->off == 0 || *phase % (ink->on + ink->off) < ink->on)
			put_dot(canvas, ink, x1, y1);
		if (x1 == x2 && y1 == y2)
			break;
		++*phase;
		long doubled = 2 * fault;
		if (doubled >= dy) {
			fault += dy;
			x1 += step_x;
		}
		if (doubled <= dx) {
			fault += dx;
			y1 += step_y;
		}
	}
}

void ol_canvas_mark(
	struct ol_canvas *canvas, const struct ol_ink *ink, const char *glyph, long x, long y) {
	struct ol_canvas_cell *cell = cell_at(canvas, clamp(x, canvas->dot_columns - 1), y);
	if (cell == NULL)
		return;
	cell->glyph = glyph;
	cell->ink = ink;
}

void ol_canvas_rule(struct ol_canvas *canvas, const struct ol_ink *ink, const char *glyph, long y) {
	long step = canvas->style.has_unicode ? BRAILLE_COLUMNS : 1;
	for (long x = 0; x < canvas->dot_columns; x += step) {
		struct ol_canvas_cell *cell = cell_at(canvas, x, y);
		if (cell != NULL && cell->ink == NULL)
			ol_canvas_mark(canvas, ink, glyph, x, y);
	}
}

void ol_ink_begin(FILE *stream, struct ol_style style, const struct ol_ink *ink) {
	if (style.has_color)
		fputs(ink->color, stream);
}

void ol_ink_end(FILE *stream, struct ol_style style) {
	if (style.has_color)
		fputs("\033[0m", stream);
}

static void put_cell(FILE *stream, struct ol_style style, const struct ol_canvas_cell *cell) {
	if (cell->glyph != NULL) {
		fputs(cell->glyph, stream);
	} else if (cell->ink == NULL) {
		fputc(' ', stream);
	} else if (!style.has_unicode) {
		fputc(cell->ink->letter, stream);
	} else { /* U+2800 and the dots, in UTF-8. */
		fputc(0xe2, stream);
		fputc(0xa0 | cell->dots >> 6, stream);
		fputc(0x80 | (cell->dots & 0x3f), stream);
	}
}

void ol_canvas_put_row(FILE *stream, const struct ol_canvas *canvas, unsigned row, bool is_padded) {
	const struct ol_ink *ink = NULL;
	unsigned columns = canvas->columns;
	while (!is_padded && columns > 0 && canvas->cells[row][columns - 1].ink == NULL)
		columns--;
	for (unsigned column = 0; column < columns; column++) {
		const struct ol_canvas_cell *cell = &canvas->cells[row][column];
		if (cell->ink != ink && ink != NULL)
			ol_ink_end(stream, canvas->style);
		if (cell->ink != ink && cell->ink != NULL)
			ol_ink_begin(stream, canvas->style, cell->ink);
		ink = cell->ink;
		put_cell(stream, canvas->style, cell);
	}
	if (ink != NULL)
		ol_ink_end(stream, canvas->style);
}
