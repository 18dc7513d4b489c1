/* caged_curve.c -- Usage over time in one line of text, and what its axes mean below. */
#include <string.h>

#include "report/caged_curve.h"
#include "report/lines.h"
#include "report/sparkline.h"

enum { MARKED_PERCENT = 90, /* From here on it has the colour of danger. */ SCALE_BYTES = 96 };

/* What it is measured by: the limit, or where there is none, the peak. */
static uint64_t scale_of(const struct ol_caged_summary *summary) {
	if (summary->spec.limit_bytes != UINT64_MAX)
		return summary->spec.limit_bytes;
	return summary->peak_bytes > 0 ? summary->peak_bytes : 1;
}

/* What stands for what, and from when to when: "0      # is the limit, 95.4 MiB     12.30 s". */
static void put_axis(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary,
	unsigned cell_count) {
	char scale[SCALE_BYTES], end[OL_UNITS_TEXT_BYTES];
	ol_format_duration(summary->wall_ns, end);
	snprintf(scale, sizeof scale, "%s is the %s, %s", ol_sparkline_full(style),
		summary->spec.limit_bytes != UINT64_MAX ? "limit" : "peak",
		OL_BYTES_TEXT(scale_of(summary)));
	unsigned scale_columns = ol_cells_width(style, scale);
	unsigned room = cell_count - 1 - (unsigned)strlen(end);
	unsigned left = scale_columns + 4 <= room ? (room - scale_columns) / 2 : room;
	fprintf(stream, "0%*s", (int)left, "");
	if (left < room)
		fprintf(stream, "%s%*s", scale, (int)(room - left - scale_columns), "");
	fputs(end, stream);
}

void ol_caged_put_curve(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary,
	unsigned cell_count, unsigned indent) {
	size_t count =
		summary->usage_count < OL_USAGE_POINTS_MAX ? summary->usage_count : OL_USAGE_POINTS_MAX;
	uint64_t scale_bytes = scale_of(summary);
	uint64_t marked_bytes =
		summary->spec.limit_bytes != UINT64_MAX ? scale_bytes / 100 * MARKED_PERCENT : UINT64_MAX;
	ol_sparkline_put(
		stream, style, summary->usage_bytes, count, cell_count, scale_bytes, marked_bytes);
	fprintf(stream, "\n%*s", (int)indent, "");
	ol_cells_paint(stream, style, OL_PAINT_DIM);
	put_axis(stream, style, summary, cell_count);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	fputc('\n', stream);
}
