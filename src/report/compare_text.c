/* compare_text.c -- A comparison as text: a mark a cell, and the figures row by row. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/cells.h"
#include "report/compare_report.h"
#include "report/lines.h"
#include "report/unit.h"
#include "report/words.h"

enum {
	NAME_COLUMNS_MAXIMUM = 28, /* Of scenarios and policies. */
	LABEL_COLUMNS_MAXIMUM = 40,
	VERDICT_COLUMNS_MINIMUM = 15,
	SHARE_COLUMNS = 14,  /* "100 %  84-100", and a space. */
	FIGURE_COLUMNS = 47, /* Peak, share, cycles, two pauses, garbage. */
	BAR_COLUMNS_MINIMUM = 8,
	BAR_COLUMNS_MAXIMUM = 20,
	COLUMNS_MAXIMUM = 100,
	GAP_COLUMNS = 2
};

struct text {
	FILE *stream;
	struct ol_style style;
	const struct ol_compare *compare;
	unsigned scenario_columns, label_columns, policy_columns, verdict_columns, bar_columns;
	bool is_marked[OL_MARK_COUNT]; /* What the legend has to explain. */
	const char *last_reason;       /* That was told in this row; NULL. */
	bool is_unmet;                 /* Some cell is not as its scenario expects. */
};

static const enum ol_paint mark_paints[OL_MARK_COUNT] = {
	[OL_MARK_SURVIVED] = OL_PAINT_STRONG_GOOD,
	[OL_MARK_SHUT_DOWN] = OL_PAINT_STRONG_GOOD,
	[OL_MARK_THROTTLED] = OL_PAINT_STRONG_WARN,
	[OL_MARK_REFUSED_MEMORY] = OL_PAINT_STRONG_BAD,
	[OL_MARK_KILLED] = OL_PAINT_STRONG_BAD,
	[OL_MARK_ERROR] = OL_PAINT_STRONG_BAD,
	[OL_MARK_DIFFERENT] = OL_PAINT_STRONG_WARN,
	[OL_MARK_CANNOT_BE] = OL_PAINT_DIM,
	[OL_MARK_MISSING] = OL_PAINT_DIM,
};

static void widen(unsigned *columns, unsigned wanted, unsigned maximum) {
	if (wanted > maximum)
		wanted = maximum;
	if (wanted > *columns)
		*columns = wanted;
}

static void measure(struct text *text) {
	const struct ol_compare *compare = text->compare;
	for (size_t i = 0; i < compare->row_count; i++) {
		char label[OL_COMPARE_LABEL_BYTES];
		ol_compare_row_label(compare, &compare->rows[i], label);
		widen(&text->scenario_columns, ol_cells_width(text->style, compare->rows[i].scenario),
			NAME_COLUMNS_MAXIMUM);
		widen(&text->label_columns, ol_cells_width(text->style, label), LABEL_COLUMNS_MAXIMUM);
	}
	for (size_t i = 0; i < compare->column_count; i++)
		widen(&text->policy_columns, ol_cells_width(text->style, compare->policies[i]),
			NAME_COLUMNS_MAXIMUM);
	text->verdict_columns = VERDICT_COLUMNS_MINIMUM;
	for (size_t i = 0; i < compare->row_count * compare->column_count; i++) {
		const struct ol_compare_cell *cell = &compare->cells[i];
		for (uint64_t run = 0; run < cell->run_count; run++) {
			uint32_t outcome = compare->runs[i * compare->repeat_count + run].outcome;
			const char *name = ol_outcome_name((enum ol_outcome)outcome);
			widen(&text->verdict_columns, (unsigned)strlen(name) + (cell->met == 0 ? 4 : 2),
				COLUMNS_MAXIMUM);
		}
	}
	unsigned used = 2 + text->policy_columns + text->verdict_columns + FIGURE_COLUMNS +
					(compare->repeat_count > 1 ? SHARE_COLUMNS : 0);
	unsigned columns =
		text->style.columns < COLUMNS_MAXIMUM ? text->style.columns : COLUMNS_MAXIMUM;
	if (columns >= used + GAP_COLUMNS + BAR_COLUMNS_MINIMUM)
		widen(&text->bar_columns, columns - used - GAP_COLUMNS, BAR_COLUMNS_MAXIMUM);
}

static void put_painted(const struct text *text, enum ol_paint paint, const char *words) {
	ol_cells_paint(text->stream, text->style, paint);
	ol_cells_put(text->stream, text->style, words);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
}

static void put_spaces(const struct text *text, unsigned count) {
	fprintf(text->stream, "%*s", (int)count, "");
}

/* ---- The marks ------------------------------------------------------------------------------- */

/* How wide a column is that has its policy's name above it. */
static unsigned column_width(const struct text *text, size_t column) {
	unsigned width = ol_cells_width(text->style, text->compare->policies[column]);
	return width < 4 ? 4 : width;
}

static unsigned margin(const struct text *text) {
	return 1 + text->scenario_columns + GAP_COLUMNS + text->label_columns;
}

static bool fits_side_by_side(const struct text *text) {
	unsigned used = margin(text);
	for (size_t i = 0; i < text->compare->column_count; i++)
		used += GAP_COLUMNS + column_width(text, i);
	return used <= text->style.columns;
}

static void put_heads_side_by_side(const struct text *text) {
	put_spaces(text, margin(text));
	for (size_t i = 0; i < text->compare->column_count; i++) {
		put_spaces(text, GAP_COLUMNS);
		ol_cells_paint(text->stream, text->style, OL_PAINT_BOLD);
		ol_cells_put_left(
			text->stream, text->style, text->compare->policies[i], column_width(text, i));
		ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
	}
	fputc('\n', text->stream);
}

/* Names of any length above narrow columns: a stair. */
static void put_heads_as_stair(const struct text *text, unsigned stride) {
	for (size_t i = 0; i < text->compare->column_count; i++) {
		put_spaces(text, margin(text));
		ol_cells_paint(text->stream, text->style, OL_PAINT_DIM);
		for (size_t above = 0; above < i; above++)
			fprintf(
				text->stream, "%*s%s", (int)stride - 1, "", text->style.has_unicode ? "│" : "|");
		ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
		put_spaces(text, stride - 1);
		put_painted(text, OL_PAINT_BOLD, text->compare->policies[i]);
		fputc('\n', text->stream);
	}
}

/* A mark, or where runs ended differently the share that ended well. */
static void put_mark(
	struct text *text, const struct ol_compare_cell *cell, unsigned width, bool is_left) {
	enum ol_compare_mark mark = ol_compare_mark_of(text->compare, cell);
	char words[16];
	struct ol_compare_sum sum;
	snprintf(words, sizeof words, "%s", ol_compare_mark_text(mark, text->style.has_unicode));
	if (mark == OL_MARK_DIFFERENT && ol_compare_sum_of(text->compare, cell, &sum, NULL) == 0)
		snprintf(
			words, sizeof words, "%.0f", 100 * ol_share_of(sum.good_count, cell->run_count).share);
	text->is_marked[mark] = true;
	ol_cells_paint(text->stream, text->style, mark_paints[mark]);
	if (is_left)
		ol_cells_put_left(text->stream, text->style, words, width);
	else
		ol_cells_put_right(text->stream, text->style, words, width);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
}

static void put_mark_row(struct text *text, size_t index, unsigned stride) {
	const struct ol_compare *compare = text->compare;
	const struct ol_compare_row *row = &compare->rows[index];
	char label[OL_COMPARE_LABEL_BYTES];
	bool is_first = index == 0 || strcmp(row[-1].scenario, row->scenario) != 0;
	ol_compare_row_label(compare, row, label);
	fputc(' ', text->stream);
	ol_cells_put_left(
		text->stream, text->style, is_first ? row->scenario : "", text->scenario_columns);
	put_spaces(text, GAP_COLUMNS);
	ol_cells_paint(text->stream, text->style, OL_PAINT_DIM);
	ol_cells_put_left(text->stream, text->style, label, text->label_columns);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
	for (size_t i = 0; i < compare->column_count; i++) {
		const struct ol_compare_cell *cell = ol_compare_cell_at(compare, index, i);
		if (stride == 0)
			put_spaces(text, GAP_COLUMNS);
		bool is_last = i + 1 == compare->column_count;
		put_mark(text, cell,
			stride > 0 ? stride
			: is_last  ? 1
					   : column_width(text, i),
			stride == 0);
	}
	fputc('\n', text->stream);
}

static void put_legend(const struct text *text) {
	char words[OL_PARAGRAPH_BYTES];
	struct ol_words legend = ol_words_in(words, sizeof words);
	for (unsigned mark = 0; mark < OL_MARK_COUNT; mark++) {
		if (!text->is_marked[mark])
			continue;
		ol_words_add(&legend, "%s%s %s", legend.used > 0 ? "   " : "",
			mark == OL_MARK_DIFFERENT
				? "70"
				: ol_compare_mark_text((enum ol_compare_mark)mark, text->style.has_unicode),
			mark == OL_MARK_DIFFERENT ? "% ended well"
									  : ol_compare_mark_meaning((enum ol_compare_mark)mark));
	}
	ol_cells_paragraph(text->stream, text->style, "", 1, OL_PAINT_DIM, words);
}

static void put_marks(struct text *text) {
	bool is_wide = fits_side_by_side(text);
	unsigned stride = is_wide ? 0 : text->compare->repeat_count > 1 ? 4 : 3;
	if (is_wide)
		put_heads_side_by_side(text);
	else
		put_heads_as_stair(text, stride);
	for (size_t i = 0; i < text->compare->row_count; i++)
		put_mark_row(text, i, stride);
	fputc('\n', text->stream);
	put_legend(text);
}

/* ---- The figures ----------------------------------------------------------------------------- */

static void put_right(const struct text *text, const char *words, unsigned width) {
	fputc(' ', text->stream);
	ol_cells_put_right(text->stream, text->style, words, width - 1);
}

/* In seven cells: "9.5 us", "109 us", "1.3 ms", "12.5 s". */
static void put_pause(const struct text *text, double ns, unsigned width) {
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	enum { UNITS = sizeof units / sizeof *units };
	char words[32];
	size_t unit = 0;
	while (unit + 1 < UNITS && ns >= 999.5 * units[unit].ns)
		unit++;
	double number = ns / units[unit].ns;
	snprintf(words, sizeof words, "%.*f %s", number < 99.95 && unit > 0 ? 1 : 0, number,
		units[unit].name);
	put_right(text, words, width);
}

static void put_bytes(const struct text *text, struct ol_unit unit, double bytes, unsigned width) {
	char words[OL_UNIT_TEXT_BYTES] = "-";
	if (!isnan(bytes))
		ol_unit_format(unit, ol_unit_steps(unit, (int64_t)bytes), words);
	put_right(text, words, width);
}

static void put_figures(const struct text *text, const struct ol_compare_row *row,
	struct ol_unit unit, const struct ol_compare_sum *sum) {
	char words[64];
	put_bytes(text, unit, sum->cage_peak_bytes, 8);
	snprintf(words, sizeof words, "%.1f %%", 100 * sum->gc_cpu_fraction);
	put_right(text, words, 8);
	snprintf(words, sizeof words, "%.0f", sum->num_gc);
	put_right(text, words, 7);
	if (sum->pause_max_ns > 0) {
		put_pause(text, sum->pause_p99_ns, 8);
		put_pause(text, sum->pause_max_ns, 8);
	} else {
		put_right(text, "-", 8);
		put_right(text, "-", 8);
	}
	put_bytes(text, unit, sum->garbage_bytes, 8);
	if (text->bar_columns == 0)
		return;
	put_spaces(text, GAP_COLUMNS);
	enum ol_compare_mark mark = ol_compare_mark_of_outcome(sum->outcome);
	ol_cells_paint(text->stream, text->style,
		mark_paints[mark] == OL_PAINT_STRONG_GOOD ? OL_PAINT_GOOD : OL_PAINT_BAD);
	ol_cells_put_bar(text->stream, text->style, (uint64_t)sum->cage_peak_bytes, row->limit_bytes,
		text->bar_columns);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
}

static void put_outcome(struct text *text, const struct ol_compare_cell *cell,
	enum ol_outcome outcome, uint64_t count) {
	char words[64];
	enum ol_compare_mark mark = ol_compare_mark_of_outcome(outcome);
	const char *unmet = text->style.has_unicode ? " ≠" : " *";
	snprintf(words, sizeof words, "%s %s%s", ol_compare_mark_text(mark, text->style.has_unicode),
		ol_outcome_name(outcome), cell->met == 0 ? unmet : "");
	text->is_unmet |= cell->met == 0;
	ol_cells_paint(text->stream, text->style, mark_paints[mark]);
	ol_cells_put_left(text->stream, text->style, words, text->verdict_columns);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
	if (text->compare->repeat_count == 1)
		return;
	struct ol_share share = ol_share_of(count, cell->run_count);
	snprintf(words, sizeof words, "%3.0f %%  %.0f-%.0f", 100 * share.share, 100 * share.low,
		100 * share.high);
	ol_cells_put_left(text->stream, text->style, words, SHARE_COLUMNS);
}

static void put_policy(const struct text *text, const char *policy) {
	fputc(' ', text->stream);
	ol_cells_put_left(text->stream, text->style, policy, text->policy_columns);
	fputc(' ', text->stream);
}

/* Why a cell cannot be, whole. */
static void put_reason(const struct text *text, const char *mark, const char *reason) {
	char words[OL_TEXT_BYTES + 16];
	snprintf(words, sizeof words, "%s %s", mark, reason);
	ol_cells_wrapped(text->stream, text->style, text->policy_columns + 2, OL_PAINT_NONE, words);
}

/* What was said at the end, in one line; the other forms have the rest. Not twice in a row. */
static void put_words(struct text *text, const char *reason, enum ol_outcome outcome) {
	unsigned columns = text->style.columns - text->policy_columns - 3;
	bool is_error = outcome == OL_OUTCOME_SCRIPT_ERROR || outcome == OL_OUTCOME_LAB_ERROR;
	if (text->last_reason != NULL && strcmp(text->last_reason, reason) == 0)
		return;
	text->last_reason = reason;
	put_policy(text, "");
	if (is_error) {
		ol_cells_wrapped(text->stream, text->style, text->policy_columns + 2, OL_PAINT_BAD, reason);
		return;
	}
	ol_cells_paint(text->stream, text->style, OL_PAINT_DIM);
	if (ol_cells_width(text->style, reason) > columns)
		ol_cells_put_left(text->stream, text->style, reason, columns);
	else
		ol_cells_put(text->stream, text->style, reason);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
	fputc('\n', text->stream);
}

static void put_cell(struct text *text, size_t row, size_t column, struct ol_unit unit) {
	const struct ol_compare *compare = text->compare;
	const struct ol_compare_cell *cell = ol_compare_cell_at(compare, row, column);
	struct ol_compare_sum sum;
	char mark[16];
	put_policy(text, compare->policies[column]);
	if (cell->run_count == 0 || ol_compare_sum_of(compare, cell, &sum, NULL) < 0) {
		snprintf(mark, sizeof mark, "%s",
			ol_compare_mark_text(ol_compare_mark_of(compare, cell), text->style.has_unicode));
		put_reason(text, mark, cell->reason[0] != '\0' ? cell->reason : "not run");
		return;
	}
	put_outcome(text, cell, sum.outcome, sum.counts[sum.outcome]);
	put_figures(text, &compare->rows[row], unit, &sum);
	fputc('\n', text->stream);
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		if (i == sum.outcome || sum.counts[i] == 0)
			continue;
		put_policy(text, "");
		put_outcome(text, cell, (enum ol_outcome)i, sum.counts[i]);
		fputc('\n', text->stream);
	}
	if (cell->reason[0] != '\0')
		put_words(text, cell->reason, sum.outcome);
}

static void put_row_head(const struct text *text, const struct ol_compare_row *row) {
	char label[OL_COMPARE_LABEL_BYTES], words[OL_COMPARE_LABEL_BYTES + OL_TEXT_BYTES + 16];
	ol_compare_row_label(text->compare, row, label);
	snprintf(words, sizeof words, "  %s %s %s", label, ol_cells_separator(text->style), row->title);
	fputs("\n ", text->stream);
	put_painted(text, OL_PAINT_BOLD, row->scenario);
	unsigned used = 1 + ol_cells_width(text->style, row->scenario);
	unsigned columns = text->style.columns > used ? text->style.columns - used : 0;
	ol_cells_paint(text->stream, text->style, OL_PAINT_DIM);
	if (columns > 1 && ol_cells_width(text->style, words) > columns)
		ol_cells_put_left(text->stream, text->style, words, columns);
	else
		ol_cells_put(text->stream, text->style, words);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
	fputc('\n', text->stream);
}

static void put_figure_heads(const struct text *text, struct ol_unit unit) {
	char policy[32];
	snprintf(policy, sizeof policy, "(%s)", unit.name);
	ol_cells_paint(text->stream, text->style, OL_PAINT_DIM);
	put_policy(text, policy);
	ol_cells_put_left(text->stream, text->style, "verdict", text->verdict_columns);
	if (text->compare->repeat_count > 1)
		ol_cells_put_left(text->stream, text->style, "share  95 %", SHARE_COLUMNS);
	fprintf(text->stream, "%8s%8s%7s%8s%8s%8s", "peak", "GC CPU", "cycles", "p99", "longest",
		"garbage");
	if (text->bar_columns > 0)
		fputs("  peak of limit", text->stream);
	ol_cells_paint(text->stream, text->style, OL_PAINT_NONE);
	fputc('\n', text->stream);
}

static void put_row(struct text *text, size_t index) {
	const struct ol_compare_row *row = &text->compare->rows[index];
	struct ol_unit unit = ol_unit_of(row->limit_bytes, 2);
	text->last_reason = NULL;
	put_row_head(text, row);
	put_figure_heads(text, unit);
	for (size_t i = 0; i < text->compare->column_count; i++)
		put_cell(text, index, i, unit);
}

void ol_compare_text(
	FILE *stream, struct ol_style style, const struct ol_compare *compare, bool is_brief) {
	struct text text = { .stream = stream, .style = style, .compare = compare };
	char footer[OL_PARAGRAPH_BYTES];
	measure(&text);
	put_marks(&text);
	for (size_t i = 0; !is_brief && i < compare->row_count; i++)
		put_row(&text, i);
	if (text.is_unmet)
		fprintf(stream, "\n %s not as the scenario expects\n", style.has_unicode ? "≠" : "*");
	ol_compare_footer(compare, ol_cells_separator(style), footer, sizeof footer);
	fputc('\n', stream);
	ol_cells_paragraph(stream, style, "", 1, OL_PAINT_DIM, footer);
}
