/* caged_report.h -- How the end of anybody's program in a cage is told: text, JSON, record, HTML.
 *
 * Beside report.h, which tells runs. Knows record/ only; writes to the stream or file it is given
 * and nowhere else. The program's own output goes to the same terminal: while it runs, little is
 * said. */
#ifndef OL_REPORT_CAGED_REPORT_H
#define OL_REPORT_CAGED_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "record/caged.h"
#include "report/report.h"

/* One or two lines when it starts: which cage, how it is watched, what adoption means. */
void ol_caged_text_start(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary);

/* --watch: usage, peak and limit. On a terminal the line is redrawn in place, and before anything
 * else is written ol_caged_text_watch_end takes it away; elsewhere each is a line with its time. */
void ol_caged_text_watch(FILE *stream, struct ol_style style, const struct ol_caged_summary *so_far,
	const struct ol_caged_sample *sample);
void ol_caged_text_watch_end(FILE *stream, struct ol_style style);

/* One line each, as it happens. */
void ol_caged_text_kill(FILE *stream, struct ol_style style, const struct ol_oom_kill *kill);
void ol_caged_text_event(FILE *stream, struct ol_style style, const struct ol_event *event);

/* The report: the verdict, what it rests on, figures, usage over time, what to conclude. */
void ol_caged_text_end(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary);

/* The verdict alone, in one line: --quiet. */
void ol_caged_verdict_line(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary);

/* One object, schema oomlab.cage/1, as docs/json.md describes. */
int ol_caged_json_write_summary(
	FILE *stream, const struct ol_caged_summary *summary, struct ol_error *error);

/* The lines of a cage's record; made, ended and told of events by ol_json_record_create, _destroy
 * and _event of report.h, so that one tool reads both kinds. */
void ol_caged_json_record_header(
	struct ol_json_record *record, const struct ol_caged_summary *summary);
void ol_caged_json_record_sample(
	struct ol_json_record *record, const struct ol_caged_sample *sample);
void ol_caged_json_record_kill(struct ol_json_record *record, const struct ol_oom_kill *kill);
void ol_caged_json_record_summary(
	struct ol_json_record *record, const struct ol_caged_summary *summary);

/* --report: one HTML file that needs no network, with everything the text has and a chart of usage
 * and RSS. Whether it can be written is told before the program is started: 0, or why not. */
int ol_caged_html_check(const char *path, struct ol_error *error);
/* samples and events in the order of time; more of them than a page can show are thinned, the
 * highest kept. Written beside path and then put in its place: there is never half a file. What is
 * no regular file (a pipe, /dev/stdout) is written to as it is. */
int ol_caged_html_write(const char *path, const struct ol_caged_summary *summary,
	const struct ol_caged_sample *samples, size_t count, const struct ol_event *events,
	size_t event_count, struct ol_error *error);

#endif
