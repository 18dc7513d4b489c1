/* run_report.c -- The report of runs that have just been made: their record is kept in memory. */
#include "cli/run_report.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "report/new_file.h"

/* How the runs are called in the report: "run", or "run #2". */
static const char record_name[] = "run";

int ol_run_report_begin(struct ol_run_report *report, const struct ol_report_output *output,
	struct ol_json_record **ret_record, struct ol_error *error) {
	int result = ol_new_file_check(output->path, error);
	if (result < 0)
		return result;
	FILE *stream = open_memstream(&report->text, &report->bytes);
	if (stream == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the record of the report");
	return ol_json_record_create_on(stream, record_name, ret_record, error);
}

int ol_run_report_write(const struct ol_run_report *report, const struct ol_report_output *output,
	struct ol_error *error) {
	OL_AUTO_FREE struct ol_recordings *recordings = calloc(1, sizeof *recordings);
	OL_AUTO_FCLOSE FILE *stream = fmemopen(report->text, report->bytes, "r");
	if (recordings == NULL || stream == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the report");
	int result = ol_recordings_read(stream, record_name, recordings, error);
	if (result == 0)
		result = ol_report_output_write(output, recordings, error);
	if (result == 0)
		ol_report_say_gaps(recordings);
	ol_recordings_finish(recordings);
	return result;
}

void ol_run_report_finish(struct ol_run_report *report) {
	free(report->text);
	report->text = NULL;
}
