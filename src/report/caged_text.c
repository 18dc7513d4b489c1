/* caged_text.c -- A caged program told on a terminal: a line at the start, one at each kill, the
 * line of --watch, and the report at its end. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/caged_curve.h"
#include "report/caged_report.h"
#include "report/caged_words.h"
#include "report/lines.h"

enum {
	WATCH_BAR_COLUMNS_MIN = 6, /* Less is no picture. */
	WATCH_BAR_COLUMNS_MAX = 40,
	WATCH_TEXT_BYTES = 256
};

void ol_caged_text_start(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	const struct ol_caged_spec *spec = &summary->spec;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_caged_words_add_cage(&words, ol_cells_separator(style), summary);
	ol_cells_paragraph(stream, style, "cage", OL_LABEL_COLUMNS, OL_PAINT_DIM, text);
	if (spec->adopted_pid != 0) {
		snprintf(text, sizeof text,
			"pid %" PRId32 ": what it touches from now on is charged to this cage; what it holds "
			"already stays charged where it was",
			spec->adopted_pid);
		ol_cells_paragraph(stream, style, "adopted", OL_LABEL_COLUMNS, OL_PAINT_DIM, text);
	}
	fflush(stream);
}

void ol_caged_text_watch(FILE *stream, struct ol_style style, const struct ol_caged_summary *so_far,
	const struct ol_caged_sample *sample) {
	uint64_t limit_bytes = so_far->spec.limit_bytes;
	uint64_t peak_bytes =
		so_far->peak_bytes > sample->cage_bytes ? so_far->peak_bytes : sample->cage_bytes;
	char text[WATCH_TEXT_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	if (!style.is_terminal)
		ol_words_add(&words, "%10s ", OL_DURATION_TEXT(sample->at_ns));
	ol_words_add(&words, "%10s", OL_BYTES_TEXT(sample->cage_bytes));
	if (limit_bytes != UINT64_MAX)
		ol_words_add(&words, " of %s %3.0f %%", OL_BYTES_TEXT(limit_bytes),
			100 * (double)sample->cage_bytes / (double)limit_bytes);
	ol_words_add(&words, "  peak %s ", OL_BYTES_TEXT(peak_bytes));
	unsigned room = style.columns > words.used + 2 ? style.columns - (unsigned)words.used - 2 : 0;
	unsigned bar_columns = room < WATCH_BAR_COLUMNS_MAX ? room : WATCH_BAR_COLUMNS_MAX;
	fputs(style.is_terminal ? "\r\033[K " : " ", stream);
	ol_cells_paint(stream, style, OL_PAINT_DIM);
	fputs(text, stream);
	if (limit_bytes != UINT64_MAX && bar_columns >= WATCH_BAR_COLUMNS_MIN)
		ol_cells_put_bar(stream, style, sample->cage_bytes, limit_bytes, bar_columns);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	if (!style.is_terminal)
		fputc('\n', stream);
	fflush(stream);
}

void ol_caged_text_watch_end(FILE *stream, struct ol_style style) {
	if (style.is_terminal)
		fputs("\r\033[K", stream);
	fflush(stream);
}

void ol_caged_text_kill(FILE *stream, struct ol_style style, const struct ol_oom_kill *kill) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "%s %s: the kernel killed ", style.has_unicode ? "✗" : "X",
		OL_DURATION_TEXT(kill->at_ns));
	ol_words_add_process(&words, kill->name, kill->pid);
	if (kill->anon_bytes > 0)
		ol_words_add(&words, ", %s of its own", OL_BYTES_TEXT(kill->anon_bytes));
	ol_words_add(&words, ",");
	ol_words_add_limiter(&words, "at", (enum ol_limited_by)kill->limited_by, kill->limiting_group);
	if (kill->limited_by == OL_LIMITED_BY_NONE)
		ol_words_add(&words, " for want of memory");
	ol_cells_paragraph(stream, style, "", 1, OL_PAINT_STRONG_BAD, text);
	fflush(stream);
}

void ol_caged_text_event(FILE *stream, struct ol_style style, const struct ol_event *event) {
	char text[OL_TEXT_BYTES + sizeof event->kind + 4];
	snprintf(text, sizeof text, "%s: %s", event->kind, event->text);
	ol_cells_paragraph(stream, style, "", 1, OL_PAINT_DIM, text);
	fflush(stream);
}

void ol_caged_verdict_line(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	char text[OL_PARAGRAPH_BYTES];
	ol_caged_verdict(summary, text, sizeof text);
	ol_text_verdict(stream, style, summary->outcome, text);
	fflush(stream);
}

static void put_usage(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	if (summary->usage_count == 0)
		return;
	fputc(' ', stream);
	ol_cells_paint(stream, style, OL_PAINT_BOLD);
	ol_cells_put_left(stream, style, "usage", OL_LABEL_COLUMNS - 1);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	ol_caged_put_curve(
		stream, style, summary, style.columns - OL_LABEL_COLUMNS - 1, OL_LABEL_COLUMNS);
}

/* Each line of a fact is a paragraph; the first carries the label. */
static void put_fact(
	FILE *stream, struct ol_style style, const struct ol_caged_fact *fact, char *text) {
	const char *label = fact->label;
	for (char *line; (line = strsep(&text, "\n")) != NULL; label = "")
		ol_cells_paragraph(stream, style, label, OL_LABEL_COLUMNS,
			fact->place == OL_CAGED_QUOTE ? OL_PAINT_DIM : OL_PAINT_NONE, line);
}

void ol_caged_text_end(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	char text[OL_CAGED_FACT_BYTES];
	bool has_usage = false;
	fputc('\n', stream);
	ol_caged_verdict_line(stream, style, summary);
	for (size_t i = 0; i < OL_CAGED_FACT_COUNT; i++) {
		const struct ol_caged_fact *fact = &ol_caged_facts[i];
		if (fact->place >= OL_CAGED_STORY && !has_usage) {
			put_usage(stream, style, summary);
			has_usage = true;
		}
		struct ol_words words = ol_words_in(text, sizeof text);
		fact->add(&words, ol_cells_separator(style), summary);
		if (words.used > 0)
			put_fact(stream, style, fact, text);
	}
	fputc('\n', stream);
	fflush(stream);
}
