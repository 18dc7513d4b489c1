/* caged_curve.h -- Usage over time in one line of text, and what its axes mean below. */
#ifndef OL_REPORT_CAGED_CURVE_H
#define OL_REPORT_CAGED_CURVE_H

#include <stdio.h>

#include "record/caged.h"
#include "report/report.h"

/* summary has a point at least; cell_count: 24 and up. The line of the axes begins with indent
 * spaces. */
void ol_caged_put_curve(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary,
	unsigned cell_count, unsigned indent);

#endif
