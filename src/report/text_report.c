/* text_report.c -- The report of one run, written as things happen. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/caged_words.h"
#include "report/lines.h"
#include "report/report.h"
#include "report/table.h"

enum {
	STORY_COLUMNS = 4,        /* Log lines and collections, between the rows. */
	COLLECTIONS_SHOWN_MAX = 3 /* A phase; the others are counted. */
};

struct ol_text_report {
	FILE *stream;
	struct ol_style style;
	struct ol_table table;
	const struct ol_run_summary *summary; /* The supervisor's, filled as the run goes on. */
	struct ol_phase phase;                /* The open one. */
	bool has_phase;
	bool has_baseline_row;
	bool has_live_line;
	uint64_t collections_in_phase;
	uint64_t sampled_cage_bytes; /* The last sample in the open phase. */
	uint64_t mallocs_before;     /* Objects allocated when it began. */
};

int ol_text_report_create(FILE *stream, struct ol_style style, struct ol_text_report **ret_report,
	struct ol_error *error) {
	struct ol_text_report *report = calloc(1, sizeof *report);
	if (report == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the report");
	report->stream = stream;
	report->style = style;
	*ret_report = report;
	return 0;
}

void ol_text_report_destroy(struct ol_text_report *report) {
	free(report);
}

static void put_cage(FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	const struct ol_run_spec *spec = &summary->spec;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	if (spec->is_uncaged) {
		ol_words_add(&words,
			"nothing but RLIMIT_DATA of %s limits the heap: there will be refusals, no OOM kills",
			OL_BYTES_TEXT(spec->limit_bytes));
		ol_text_fact(stream, style, "NO CAGE", text);
		return;
	}
	const struct ol_limits limits = { spec->limit_bytes, spec->swap_bytes, spec->high_bytes,
		spec->address_space_bytes };
	ol_words_add_limits(&words, ol_cells_separator(style), &limits, &summary->cage);
	if (spec->parent_limit_bytes != UINT64_MAX)
		ol_words_add(&words, " %s in a group of %s", ol_cells_separator(style),
			OL_BYTES_TEXT(spec->parent_limit_bytes));
	if (spec->watchdog.is_on)
		ol_words_add(&words, " %s watchdog at %s", ol_cells_separator(style),
			OL_BYTES_TEXT(spec->watchdog.threshold_bytes));
	ol_text_fact(stream, style, "cage", text);
}

static void put_policy(FILE *stream, struct ol_style style, const struct ol_run_spec *spec) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_policy(&words, ol_cells_separator(style), spec);
	ol_text_fact(stream, style, "policy", text);
}

void ol_text_header(FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	const struct ol_run_spec *spec = &summary->spec;
	char title[OL_NAME_BYTES + OL_TEXT_BYTES + 2];
	fputc('\n', stream);
	snprintf(title, sizeof title, "%s: %s", spec->scenario, spec->title);
	ol_cells_paragraph(stream, style, "", 1, OL_PAINT_BOLD, title);
	put_cage(stream, style, summary);
	put_policy(stream, style, spec);
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_options(&words, spec);
	if (words.used > 0)
		ol_text_fact(stream, style, "options", text);
}

void ol_text_report_start(struct ol_text_report *report, const struct ol_run_summary *summary) {
	report->summary = summary;
	ol_table_init(&report->table, report->stream, report->style, summary->spec.limit_bytes);
	ol_text_header(report->stream, report->style, summary);
	fputc('\n', report->stream);
	ol_table_head(&report->table);
	fflush(report->stream);
}

/* Takes the line that is being redrawn off the screen. */
static void clear_live_line(struct ol_text_report *report) {
	if (report->has_live_line)
		fputs("\r\033[K", report->stream);
	report->has_live_line = false;
}

/* The first row, as soon as the supervisor knows the baseline. */
static void put_baseline(struct ol_text_report *report) {
	if (report->has_baseline_row || report->summary == NULL)
		return;
	report->has_baseline_row = true;
	uint64_t bytes = report->summary->baseline_bytes;
	struct ol_row row = {
		.name = "baseline",
		.asked_bytes = OL_ROW_UNKNOWN,
		.heap_bytes = OL_ROW_UNKNOWN,
		.goal_bytes = OL_ROW_UNKNOWN,
		.garbage_bytes = OL_ROW_UNKNOWN,
		.idle_bytes = OL_ROW_UNKNOWN,
		.cage_bytes = bytes > 0 ? bytes : OL_ROW_UNKNOWN,
	};
	ol_table_row(&report->table, &row);
}

void ol_text_report_phase_begin(struct ol_text_report *report, const struct ol_phase *phase) {
	clear_live_line(report);
	put_baseline(report);
	report->phase = *phase;
	report->has_phase = true;
	report->collections_in_phase = 0;
	report->sampled_cage_bytes = OL_ROW_UNKNOWN;
	fflush(report->stream);
}

static void put_story(struct ol_text_report *report, const char *text) {
	clear_live_line(report);
	fprintf(report->stream, "%*s", STORY_COLUMNS, "");
	ol_cells_wrapped(report->stream, report->style, STORY_COLUMNS, OL_PAINT_DIM, text);
}

/* How many collections a phase had beyond those shown. */
static void put_collections(struct ol_text_report *report) {
	if (report->collections_in_phase > COLLECTIONS_SHOWN_MAX) {
		char text[64];
		snprintf(text, sizeof text, "gc: %" PRIu64 " more",
			report->collections_in_phase - COLLECTIONS_SHOWN_MAX);
		put_story(report, text);
	}
	report->collections_in_phase = 0;
}

/* More garbage than heap: the count is older than a collection, and says nothing any more. */
static uint64_t known_garbage(uint64_t garbage_bytes, const struct ol_memstats *stats) {
	return garbage_bytes > stats->heap_alloc ? OL_ROW_UNKNOWN : garbage_bytes;
}

/* Whether the subject was ended from outside in the middle of things: the supervisor then ends the
 * phase, from the last words. */
static bool is_cut_short(const struct ol_run_summary *summary) {
	return summary != NULL && (ol_was_killed(summary) || summary->outcome == OL_OUTCOME_TIMED_OUT ||
								  summary->outcome == OL_OUTCOME_THROTTLED);
}

/* Takes out of a row what the last words do not show. */
static void doubt_last_words(const struct ol_text_report *report, struct ol_row *row,
	const struct ol_run_summary *summary, const struct ol_memstats *stats) {
	/* They hold the last request only. */
	if (stats->mallocs > report->mallocs_before + 1)
		row->asked_bytes = OL_ROW_UNKNOWN;
	/* Only where the limit struck is it known what the cage held in the end. */
	if (summary->outcome != OL_OUTCOME_OOM_KILLED)
		row->cage_bytes = report->sampled_cage_bytes;
	if (ol_was_killed(summary))
		row->kind = OL_ROW_KILLED;
}

void ol_text_report_phase_end(struct ol_text_report *report, const struct ol_phase *phase) {
	clear_live_line(report);
	put_collections(report);
	struct ol_row row = {
		.name = phase->name,
		.asked_bytes = phase->requested_bytes,
		.garbage_bytes = known_garbage(phase->garbage_bytes, &phase->memstats),
		.cage_bytes = phase->cage_bytes,
	};
	ol_row_set_memstats(&row, &phase->memstats);
	if (is_cut_short(report->summary))
		doubt_last_words(report, &row, report->summary, &phase->memstats);
	ol_table_row(&report->table, &row);
	report->mallocs_before = phase->memstats.mallocs;
	report->has_phase = false;
	fflush(report->stream);
}

void ol_text_report_gc(struct ol_text_report *report, const struct ol_gc_cycle *cycle) {
	report->collections_in_phase++;
	if (report->collections_in_phase > COLLECTIONS_SHOWN_MAX)
		return;
	char text[256];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "gc %" PRIu64 "%s: heap %s, %s of it live, next planned at ",
		cycle->number, cycle->is_forced ? " (asked for)" : "", OL_BYTES_TEXT(cycle->start_bytes),
		OL_BYTES_TEXT(cycle->marked_bytes));
	if (cycle->next_goal_bytes >= OL_GOAL_NEVER)
		ol_words_add(&words, "no size at all");
	else
		ol_words_add(&words, "%s", OL_BYTES_TEXT(cycle->next_goal_bytes));
	put_story(report, text);
	fflush(report->stream);
}

void ol_text_report_event(struct ol_text_report *report, const struct ol_event *event) {
	clear_live_line(report);
	put_baseline(report);
	char text[OL_TEXT_BYTES + 32];
	if (strcmp(event->kind, "log") == 0)
		snprintf(text, sizeof text, "%s", event->text);
	else
		snprintf(text, sizeof text, "%s: %s", event->kind, event->text);
	put_story(report, text);
	fflush(report->stream);
}

void ol_text_report_sample(struct ol_text_report *report, const struct ol_sample *sample) {
	report->sampled_cage_bytes = sample->cage_bytes;
	if (!report->style.is_terminal || !report->has_phase)
		return;
	clear_live_line(report);
	put_baseline(report);
	struct ol_row row = {
		.name = report->phase.name,
		.kind = OL_ROW_LIVE,
		.asked_bytes = OL_ROW_UNKNOWN,
		.garbage_bytes = OL_ROW_UNKNOWN,
		.cage_bytes = sample->cage_bytes,
	};
	ol_row_set_memstats(&row, &sample->memstats);
	ol_table_row(&report->table, &row);
	report->has_live_line = true;
	fflush(report->stream);
}

/* The row of a phase that nobody ended: its last words. */
static void put_last_row(struct ol_text_report *report, const struct ol_run_summary *summary) {
	const struct ol_last_words *last = &summary->last_words;
	put_collections(report);
	struct ol_row row = {
		.name = last->phase[0] != '\0' ? last->phase : report->phase.name,
		.asked_bytes = last->request_bytes,
		.garbage_bytes = last->garbage_counted_at_ns > 0
							 ? known_garbage(last->garbage_bytes, &last->memstats)
							 : OL_ROW_UNKNOWN,
		.cage_bytes = last->cage_bytes,
	};
	ol_row_set_memstats(&row, &last->memstats);
	if (is_cut_short(summary))
		doubt_last_words(report, &row, summary, &last->memstats);
	ol_table_row(&report->table, &row);
	report->has_phase = false;
}

void ol_text_report_verdict(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	char text[OL_PARAGRAPH_BYTES];
	ol_verdict_line(summary, text, sizeof text);
	ol_text_verdict(stream, style, summary->outcome, text);
}

/* In a small cage what the program takes beside its heap may decide: worth figures of its own from
 * a fortieth of the limit on. */
static void put_small_cage(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	char text[OL_PARAGRAPH_BYTES];
	uint64_t limit_bytes = summary->spec.limit_bytes, baseline_bytes = summary->baseline_bytes;
	if (baseline_bytes <= limit_bytes / 40 || baseline_bytes > limit_bytes)
		return;
	snprintf(text, sizeof text,
		"%s of the %s were charged before the first allocation (%.1f %%); %s were left for the "
		"heap",
		OL_BYTES_TEXT(baseline_bytes), OL_BYTES_TEXT(limit_bytes),
		100 * (double)baseline_bytes / (double)limit_bytes,
		OL_BYTES_TEXT(limit_bytes - baseline_bytes));
	ol_text_fact(stream, style, "baseline", text);
}

static void put_pauses(FILE *stream, struct ol_style style, const struct ol_pauses *pauses) {
	char text[OL_PARAGRAPH_BYTES];
	if (pauses->pauses == 0)
		return;
	snprintf(text, sizeof text, "%" PRIu64 ": p50 %s, p99 %s, max %s", pauses->pauses,
		OL_DURATION_TEXT(pauses->p50_ns), OL_DURATION_TEXT(pauses->p99_ns),
		OL_DURATION_TEXT(pauses->max_ns));
	ol_text_fact(stream, style, "pauses", text);
}

static void put_address_space(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	const struct ol_last_words *last = &summary->last_words;
	char text[OL_PARAGRAPH_BYTES];
	if (summary->spec.address_space_bytes == UINT64_MAX || last->address_space_bytes == 0)
		return;
	snprintf(text, sizeof text,
		"%s mapped of %s %s heap %s %s reserved by the program %s %s "
		"resident %s",
		OL_BYTES_TEXT(last->address_space_bytes), OL_BYTES_TEXT(summary->spec.address_space_bytes),
		ol_cells_separator(style), OL_BYTES_TEXT(last->heap_address_bytes),
		ol_cells_separator(style), OL_BYTES_TEXT(last->reserved_bytes), ol_cells_separator(style),
		OL_BYTES_TEXT(last->resident_bytes));
	ol_text_fact(stream, style, "addresses", text);
}

/* What its watchdog saw and did, and what is left of the run. */
static void put_watchdog(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_watchdog(&words, &summary->spec.watchdog, &summary->watchdog);
	if (words.used > 0)
		ol_text_fact(stream, style, "watchdog", text);
	if (summary->dump_directory[0] == '\0')
		return;
	ol_text_fact(stream, style, "dump", summary->dump_directory);
	if (summary->outcome == OL_OUTCOME_SHUT_DOWN)
		ol_text_fact(stream, style, "", "try: go tool pprof -top heap.pb.gz, in there");
}

void ol_text_report_findings(
	FILE *stream, struct ol_style style, const struct ol_run_summary *summary) {
	char text[OL_PARAGRAPH_BYTES];
	ol_text_report_verdict(stream, style, summary);
	ol_evidence_line(summary, ol_cells_separator(style), text, sizeof text);
	ol_text_fact(stream, style, "evidence", text);
	if (summary->evidence.kernel_line[0] != '\0') {
		snprintf(text, sizeof text, "\"%s\"", summary->evidence.kernel_line);
		ol_cells_paragraph(stream, style, "kernel", OL_LABEL_COLUMNS, OL_PAINT_DIM, text);
	}
	put_small_cage(stream, style, summary);
	put_pauses(stream, style, &summary->last_words.pauses);
	put_address_space(stream, style, summary);
	put_watchdog(stream, style, summary);
	/* Errors are for the caller to tell: on the error stream, with their traceback. */
	if (summary->outcome != OL_OUTCOME_SCRIPT_ERROR && summary->outcome != OL_OUTCOME_LAB_ERROR) {
		ol_explain(summary, text, sizeof text);
		ol_text_fact(stream, style, "why", text);
	}
	fputc('\n', stream);
}

void ol_text_report_end(struct ol_text_report *report, const struct ol_run_summary *summary) {
	clear_live_line(report);
	put_baseline(report);
	if (report->has_phase)
		put_last_row(report, summary);
	ol_table_legend(&report->table);
	fputc('\n', report->stream);
	ol_text_report_findings(report->stream, report->style, summary);
	fflush(report->stream);
}

void ol_text_report_break_off(struct ol_text_report *report) {
	if (report == NULL)
		return;
	clear_live_line(report);
	fflush(report->stream);
}
