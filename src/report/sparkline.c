/* sparkline.c -- A curve in one line of text. */
#include "report/sparkline.h"

#include <assert.h>

enum { STEPS = 8 };

static const char *glyph(struct ol_style style, unsigned step) {
	static const char *const blocks[STEPS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[STEPS] = { ".", ":", "-", "=", "+", "*", "%", "#" };
	return (style.has_unicode ? blocks : plain)[step];
}

const char *ol_sparkline_full(struct ol_style style) {
	return glyph(style, STEPS - 1);
}

/* The most in the piece of time that a cell stands for: with fewer points than cells, the one
 * point that covers it. */
static uint64_t most_in_cell(
	const uint64_t *bytes, size_t count, unsigned cell, unsigned cell_count) {
	size_t first = (size_t)cell * count / cell_count;
	size_t end = ((size_t)(cell + 1) * count + cell_count - 1) / cell_count;
	uint64_t most = 0;
	for (size_t i = first; i < end; i++)
		most = bytes[i] > most ? bytes[i] : most;
	return most;
}

static unsigned step_of(uint64_t bytes, uint64_t scale_bytes) {
	if (bytes >= scale_bytes)
		return STEPS - 1;
	return (unsigned)((double)bytes / (double)scale_bytes * STEPS);
}

void ol_sparkline_put(FILE *stream, struct ol_style style, const uint64_t *bytes, size_t count,
	unsigned cell_count, uint64_t scale_bytes, uint64_t marked_bytes) {
	assert(count > 0 && scale_bytes > 0);
	bool was_marked = false;
	for (unsigned cell = 0; cell < cell_count; cell++) {
		uint64_t most = most_in_cell(bytes, count, cell, cell_count);
		bool is_marked = most >= marked_bytes;
		if (is_marked != was_marked)
			ol_cells_paint(stream, style, is_marked ? OL_PAINT_BAD : OL_PAINT_NONE);
		was_marked = is_marked;
		fputs(glyph(style, step_of(most, scale_bytes)), stream);
	}
	if (was_marked)
		ol_cells_paint(stream, style, OL_PAINT_NONE);
}
