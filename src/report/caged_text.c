/* caged_text.c -- A caged program told on a terminal: a line at the start, one at each kill, the
 * line of --watch, and the report at its end. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/caged_report.h"
#include "report/caged_words.h"
#include "report/lines.h"
#include "report/sparkline.h"

enum {
	WATCH_BAR_COLUMNS_MIN = 6, /* Less is no picture. */
	WATCH_BAR_COLUMNS_MAX = 40,
	WATCH_TEXT_BYTES = 256,
	MARKED_PERCENT = 90 /* From here on the curve has the colour of danger. */
};

/* What a curve or bar is measured by: the limit, or where there is none, the peak. */
static uint64_t scale_of(const struct ol_caged_summary *summary) {
	if (summary->spec.limit_bytes != UINT64_MAX)
		return summary->spec.limit_bytes;
	return summary->peak_bytes > 0 ? summary->peak_bytes : 1;
}

void ol_caged_text_start(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	const struct ol_caged_spec *spec = &summary->spec;
	const struct ol_limits limits = { spec->limit_bytes, spec->swap_bytes, spec->high_bytes,
		spec->address_space_bytes };
	const char *dot = ol_cells_separator(style);
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_limits(&words, dot, &limits, &summary->cage);
	if (spec->sample_period_ns > 0)
		ol_words_add(&words, " %s watched every %s", dot, OL_DURATION_TEXT(spec->sample_period_ns));
	if (spec->watchdog.is_on)
		ol_words_add(
			&words, " %s watchdog at %s", dot, OL_BYTES_TEXT(spec->watchdog.threshold_bytes));
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

static void put_bar(
	FILE *stream, struct ol_style style, uint64_t bytes, uint64_t whole_bytes, unsigned columns) {
	unsigned full = bytes >= whole_bytes
						? columns
						: (unsigned)((double)bytes / (double)whole_bytes * columns + 0.5);
	for (unsigned i = 0; i < columns; i++)
		fputs(i < full ? (style.has_unicode ? "█" : "#") : (style.has_unicode ? "·" : "."), stream);
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
		put_bar(stream, style, sample->cage_bytes, limit_bytes, bar_columns);
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

/* What stands for what, and from when to when: "0      # is the limit, 95.4 MiB     12.30 s". */
static void put_axis(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary,
	unsigned cell_count) {
	char scale[WATCH_TEXT_BYTES], end[OL_UNITS_TEXT_BYTES];
	ol_format_duration(summary->wall_ns, end);
	snprintf(scale, sizeof scale, "%s is the %s, %s", ol_sparkline_full(style),
		summary->spec.limit_bytes != UINT64_MAX ? "limit" : "peak",
		OL_BYTES_TEXT(scale_of(summary)));
	unsigned scale_columns = ol_cells_width(style, scale);
	unsigned room = cell_count - 1 - (unsigned)strlen(end);
	fprintf(stream, "%*s", OL_LABEL_COLUMNS, "");
	ol_cells_paint(stream, style, OL_PAINT_DIM);
	if (scale_columns + 4 <= room) {
		unsigned left = (room - scale_columns) / 2;
		fprintf(stream, "0%*s%s%*s%s", (int)left, "", scale, (int)(room - left - scale_columns), "",
			end);
	} else {
		fprintf(stream, "0%*s%s", (int)room, "", end);
	}
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	fputc('\n', stream);
}

static void put_usage(FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	size_t count =
		summary->usage_count < OL_USAGE_POINTS_MAX ? summary->usage_count : OL_USAGE_POINTS_MAX;
	if (count == 0)
		return;
	unsigned cell_count = style.columns - OL_LABEL_COLUMNS - 1;
	uint64_t scale_bytes = scale_of(summary);
	uint64_t marked_bytes =
		summary->spec.limit_bytes != UINT64_MAX ? scale_bytes / 100 * MARKED_PERCENT : UINT64_MAX;
	fputc(' ', stream);
	ol_cells_paint(stream, style, OL_PAINT_BOLD);
	ol_cells_put_left(stream, style, "usage", OL_LABEL_COLUMNS - 1);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	ol_sparkline_put(
		stream, style, summary->usage_bytes, count, cell_count, scale_bytes, marked_bytes);
	fputc('\n', stream);
	put_axis(stream, style, summary, cell_count);
}

/* Each line of a fact is a paragraph; the first carries the label. */
static void put_fact(FILE *stream, struct ol_style style, const char *label, char *text) {
	bool is_kernel = strcmp(label, "kernel") == 0;
	for (char *line; (line = strsep(&text, "\n")) != NULL; label = "")
		ol_cells_paragraph(
			stream, style, label, OL_LABEL_COLUMNS, is_kernel ? OL_PAINT_DIM : OL_PAINT_NONE, line);
}

void ol_caged_text_end(
	FILE *stream, struct ol_style style, const struct ol_caged_summary *summary) {
	char text[OL_CAGED_FACT_BYTES];
	fputc('\n', stream);
	ol_caged_verdict_line(stream, style, summary);
	for (size_t i = 0; i < OL_CAGED_FACT_COUNT; i++) {
		const struct ol_caged_fact *fact = &ol_caged_facts[i];
		if (fact->is_after_usage && (i == 0 || !ol_caged_facts[i - 1].is_after_usage))
			put_usage(stream, style, summary);
		struct ol_words words = ol_words_in(text, sizeof text);
		fact->add(&words, ol_cells_separator(style), summary);
		if (words.used > 0)
			put_fact(stream, style, fact->label, text);
	}
	fputc('\n', stream);
	fflush(stream);
}
