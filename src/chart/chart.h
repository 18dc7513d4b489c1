/* chart.h -- Recordings drawn: as one HTML file, as SVG and PNG for papers, and in a terminal.
 *
 * One run is shown with all its curves, several by the usage of their cages, laid over each other
 * from their starts on. */
#ifndef OL_CHART_CHART_H
#define OL_CHART_CHART_H

#include <stddef.h>
#include <stdio.h>

#include "chart/model.h"
#include "report/report.h"

enum {
	OL_CHART_PIXELS_MIN = 320,
	OL_CHART_PIXELS_MAX = 8000,
	OL_CHART_WIDTH_DEFAULT = 960,
	OL_CHART_HEIGHT_DEFAULT = 540,
	OL_CHART_SCALE_MAX = 8
};

struct ol_chart_size {
	unsigned width, height; /* Pixels, before scale. */
	double scale;           /* Of a PNG: pixels of it to one of these. */
};

/* A drawing of its own: text stays text, no script, nothing from elsewhere. What is told by colour
 * is told by dashes too. */
void ol_chart_put_svg(FILE *stream, const struct ol_chart *chart, struct ol_chart_size size);

/* The same drawing as pixels, by rsvg-convert, a program of librsvg. ret_png is for free().
 * -ENOENT: it is not installed. */
int ol_chart_render_png(const struct ol_chart *chart, struct ol_chart_size size, char **ret_png,
	size_t *ret_bytes, struct ol_error *error);

/* With everything around it: title, settings, verdict and why, or the table of several runs. */
void ol_chart_put_text(FILE *stream, struct ol_style style, const struct ol_chart *chart);

/* The page, whole and needing nothing else. 0, or -ENOMEM. */
int ol_chart_put_html(FILE *stream, const struct ol_chart *chart, struct ol_error *error);

#endif
