/* sparkline.h -- A curve in one line of text: a cell for each piece of time, as high as its most.
 */
#ifndef OL_REPORT_SPARKLINE_H
#define OL_REPORT_SPARKLINE_H

#include <stdio.h>

#include "report/cells.h"

/* Writes exactly cell_count cells (count at least 1) of points that lie equally far apart; each
 * shows the largest of the points in its piece of time, against scale_bytes. From marked_bytes on
 * (UINT64_MAX: never) cells have the colour of danger. */
void ol_sparkline_put(FILE *stream, struct ol_style style, const uint64_t *bytes, size_t count,
	unsigned cell_count, uint64_t scale_bytes, uint64_t marked_bytes);

/* The highest cell: what stands for scale_bytes. */
const char *ol_sparkline_full(struct ol_style style);

#endif
