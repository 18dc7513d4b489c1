/* report_output.h -- A report in the form that was asked for, into the file that was asked for. */
#ifndef OL_CLI_REPORT_OUTPUT_H
#define OL_CLI_REPORT_OUTPUT_H

#include "base/error.h"
#include "chart/chart.h"
#include "records/records.h"

enum ol_report_format {
	OL_REPORT_TEXT,
	OL_REPORT_HTML,
	OL_REPORT_SVG,
	OL_REPORT_PNG,
	OL_REPORT_FORMAT_COUNT
};

struct ol_report_output {
	enum ol_report_format format;
	const char *path; /* NULL: standard output. */
	struct ol_chart_size size;
};

/* format: what --format says, NULL for nothing; then the ending of path (NULL: standard output)
 * decides, and else it is text. size is the default's. -EINVAL: no such format or ending. */
int ol_report_output_init(const char *format, const char *path, struct ol_report_output *ret_output,
	struct ol_error *error);

/* Draws and writes. There is the whole file afterwards, or what was there before. */
int ol_report_output_write(const struct ol_report_output *output,
	const struct ol_recordings *recordings, struct ol_error *error);

/* Says on standard error what of the records is not in the report. */
void ol_report_say_gaps(const struct ol_recordings *recordings);

#endif
