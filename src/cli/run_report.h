/* run_report.h -- The report of runs that have just been made: their record is kept in memory. */
#ifndef OL_CLI_RUN_REPORT_H
#define OL_CLI_RUN_REPORT_H

#include "cli/report_output.h"
#include "report/report.h"

struct ol_run_report {
	char *text; /* The record, once it was closed. */
	size_t bytes;
};

/* Looks whether the report can be written where it is wanted, and begins a record, which is the
 * caller's to fill and to destroy before ol_run_report_write. */
int ol_run_report_begin(struct ol_run_report *report, const struct ol_report_output *output,
	struct ol_json_record **ret_record, struct ol_error *error);

/* Draws what the record says, as oomlab report would. */
int ol_run_report_write(const struct ol_run_report *report, const struct ol_report_output *output,
	struct ol_error *error);

void ol_run_report_finish(struct ol_run_report *report);

#endif
