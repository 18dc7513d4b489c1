/* counts.c -- Many runs: one line each, and their shares at the end. */
#include <inttypes.h>
#include <stdio.h>

#include "report/cells.h"
#include "report/report.h"
#include "report/words.h"

enum { OUTCOME_COLUMNS = 22, SHARE_COLUMNS = 30, SUBJECT_COLUMNS = 25 };

void ol_text_report_run_line(
	FILE *stream, struct ol_style style, unsigned number, const struct ol_run_summary *summary) {
	const char *dot = ol_cells_separator(style);
	fprintf(stream, " %6u  %-*s", number, OUTCOME_COLUMNS, ol_outcome_name(summary->outcome));
	fprintf(stream, "  %10s", OL_DURATION_TEXT(summary->wall_ns));
	if (summary->cage_peak_bytes > 0)
		fprintf(stream, "  peak %10s", OL_BYTES_TEXT(summary->cage_peak_bytes));
	if (summary->last_words.phase[0] != '\0') {
		fprintf(stream, " %s ", dot);
		ol_cells_put(stream, style, summary->last_words.phase);
	}
	fputc('\n', stream);
	fflush(stream);
}

void ol_text_report_counts(
	FILE *stream, struct ol_style style, const struct ol_outcome_counts *counts) {
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		uint64_t count = counts->counts[i];
		if (count == 0)
			continue;
		double share = (double)count / (double)counts->total;
		fprintf(stream, " %-*s %6" PRIu64 " of %" PRIu64 "  %5.1f %%  ", OUTCOME_COLUMNS,
			ol_outcome_name((enum ol_outcome)i), count, counts->total, share * 100);
		unsigned cells = (unsigned)(share * SHARE_COLUMNS + 0.5);
		for (unsigned cell = 0; cell < (cells > 0 ? cells : 1); cell++)
			fputs(style.has_unicode ? "█" : "#", stream);
		fputc('\n', stream);
	}
	fflush(stream);
}

void ol_text_report_finding(FILE *stream, struct ol_style style, enum ol_finding_state state,
	const char *subject, const char *finding, const char *cure) {
	static const struct {
		const char *mark, *word;
		enum ol_paint paint;
	} states[] = {
		[OL_FINDING_GOOD] = { "✓", "good", OL_PAINT_GOOD },
		[OL_FINDING_WEAK] = { "!", "weak", OL_PAINT_WARN },
		[OL_FINDING_BAD] = { "✗", "bad", OL_PAINT_BAD },
	};
	unsigned mark_columns = style.has_unicode ? 2 : 5;
	unsigned indent = mark_columns + SUBJECT_COLUMNS;
	fputc(' ', stream);
	ol_cells_paint(stream, style, states[state].paint);
	ol_cells_put_left(
		stream, style, style.has_unicode ? states[state].mark : states[state].word, mark_columns);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	ol_cells_put_left(stream, style, subject, SUBJECT_COLUMNS - 1);
	ol_cells_wrapped(stream, style, indent, OL_PAINT_NONE, finding);
	if (*cure == '\0')
		return;
	/* Never wrapped: people copy it. */
	fprintf(stream, "%*scure: ", (int)mark_columns + 1, "");
	ol_cells_paint(stream, style, OL_PAINT_BOLD);
	ol_cells_put(stream, style, cure);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	fputc('\n', stream);
}
