/* report.h -- Facts made readable: text for people, JSON and gctrace lines for programs.
 *
 * Knows record/ only. Writes to the stream it is given and nowhere else. */
#ifndef OL_REPORT_REPORT_H
#define OL_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "record/record.h"

/* How a stream wants its text. */
struct ol_style {
	bool is_terminal; /* Lines may be redrawn. */
	bool has_color;   /* A terminal, and no NO_COLOR. */
	bool has_unicode; /* The locale's charset is UTF-8; otherwise plain ASCII bars. */
	unsigned columns; /* Width; 80 where unknown. */
};
/* Has the locale's characters looked up in the environment. */
struct ol_style ol_style_of(FILE *stream);

/* The text report, written as things happen: header at the start, a row when a phase ends, log
 * lines between, the verdict and its reasons at the end. */
struct ol_text_report; /* Opaque. */
int ol_text_report_create(FILE *stream, struct ol_style style, struct ol_text_report **ret_report,
	struct ol_error *error);
void ol_text_report_destroy(struct ol_text_report *report);
void ol_text_report_start(struct ol_text_report *report, const struct ol_run_summary *summary);
void ol_text_report_phase_begin(struct ol_text_report *report, const struct ol_phase *phase);
void ol_text_report_phase_end(struct ol_text_report *report, const struct ol_phase *phase);
void ol_text_report_gc(struct ol_text_report *report, const struct ol_gc_cycle *cycle);
void ol_text_report_event(struct ol_text_report *report, const struct ol_event *event);
/* A sign of life for long phases: redraws one line, on terminals only. */
void ol_text_report_sample(struct ol_text_report *report, const struct ol_sample *sample);
void ol_text_report_end(struct ol_text_report *report, const struct ol_run_summary *summary);
/* Instead of the end, when the lab could not finish the run: leaves the line clean. */
void ol_text_report_break_off(struct ol_text_report *report);

/* What a report begins with: title, cage, policy and options, as far as the summary knows them when
 * the cage stands. */
void ol_text_header(FILE *stream, struct ol_style style, const struct ol_run_summary *summary);
/* One more line of the same kind: a label and its text, wrapped. */
void ol_text_fact(FILE *stream, struct ol_style style, const char *label, const char *text);

/* The verdict alone, in one line: --quiet. */
void ol_text_report_verdict(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary);

/* The verdict with evidence, watchdog and reasons: what stands below the table. */
void ol_text_report_findings(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary);

/* Two sentences at most: why it ended as it did, in figures, and what to try. */
void ol_explain(const struct ol_run_summary *summary, char *buffer, size_t capacity);

/* One line for one of many runs (--repeat), and the counts at their end. */
void ol_text_report_run_line(
	FILE *stream, struct ol_style style, unsigned number, const struct ol_run_summary *summary);
struct ol_outcome_counts {
	uint64_t counts[OL_OUTCOME_COUNT];
	uint64_t total;
};
void ol_text_report_counts(
	FILE *stream, struct ol_style style, const struct ol_outcome_counts *counts);

/* One finding of the doctor: its mark, what was looked at, what was found, and the cure ("" for
 * none) below. */
enum ol_finding_state { OL_FINDING_GOOD, OL_FINDING_WEAK, OL_FINDING_BAD };
void ol_text_report_finding(FILE *stream, struct ol_style style, enum ol_finding_state state,
	const char *subject, const char *finding, const char *cure);

/* The line that Go 1.19 prints for a cycle under GODEBUG=gctrace=1, without its newline; cut to
 * capacity. */
void ol_gctrace_line(const struct ol_gc_cycle *cycle, char *buffer, size_t capacity);
/* Writes it, with its newline, at once. 0, or what the stream said. */
int ol_gctrace_write(FILE *stream, const struct ol_gc_cycle *cycle, struct ol_error *error);

/* The statistics as a label and a number a line, "memstats:" first; cut to capacity, which
 * OL_MEMSTATS_TEXT_BYTES always suffices for. Returns the length. */
enum { OL_MEMSTATS_TEXT_BYTES = 512 };
size_t ol_memstats_text(const struct ol_memstats *memstats, char *buffer, size_t capacity);

/* JSON: schema oomlab.run/1, one object, as docs/json.md describes. */
int ol_json_write_summary(
	FILE *stream, const struct ol_run_summary *summary, struct ol_error *error);
/* Its phases alone, as an array. */
int ol_json_write_phases(
	FILE *stream, const struct ol_run_summary *summary, struct ol_error *error);
/* schema oomlab.runs/1 for --repeat: begin, a summary each, end. */
int ol_json_begin_runs(FILE *stream, struct ol_error *error);
int ol_json_next_run(
	FILE *stream, bool is_first, const struct ol_run_summary *summary, struct ol_error *error);
int ol_json_end_runs(FILE *stream, const struct ol_outcome_counts *counts, struct ol_error *error);

/* The record of one run as JSON Lines: {"type":"header",...}, phase, gc, sample, event, summary. */
struct ol_json_record; /* Opaque. */
int ol_json_record_create(
	const char *path, struct ol_json_record **ret_record, struct ol_error *error);
/* The same on a stream, which is the record's from now on; path is how errors name it. */
int ol_json_record_create_on(
	FILE *stream, const char *path, struct ol_json_record **ret_record, struct ol_error *error);
/* Reports a full disk and the like at last here: 0 or what went wrong first. */
int ol_json_record_destroy(struct ol_json_record *record, struct ol_error *error);
void ol_json_record_header(struct ol_json_record *record, const struct ol_run_summary *summary);
void ol_json_record_phase(struct ol_json_record *record, const struct ol_phase *phase);
void ol_json_record_gc(struct ol_json_record *record, const struct ol_gc_cycle *cycle);
void ol_json_record_sample(struct ol_json_record *record, const struct ol_sample *sample);
void ol_json_record_event(struct ol_json_record *record, const struct ol_event *event);
void ol_json_record_summary(struct ol_json_record *record, const struct ol_run_summary *summary);

#endif
