/* compare_html.c -- A comparison as one page: no script, nothing fetched. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/compare_page.h"
#include "report/compare_report.h"
#include "report/lines.h"
#include "report/markup.h"
#include "report/words.h"

struct page {
	FILE *stream;
	const struct ol_compare *compare;
};

static const char *const mark_classes[OL_MARK_COUNT] = {
	[OL_MARK_SURVIVED] = "good",
	[OL_MARK_SHUT_DOWN] = "good",
	[OL_MARK_THROTTLED] = "warn",
	[OL_MARK_REFUSED_MEMORY] = "bad",
	[OL_MARK_KILLED] = "bad",
	[OL_MARK_ERROR] = "bad",
	[OL_MARK_DIFFERENT] = "warn",
	[OL_MARK_CANNOT_BE] = "none",
	[OL_MARK_MISSING] = "none",
};

static void put_title(void *context) {
	const struct page *page = context;
	const struct ol_compare *compare = page->compare;
	size_t scenario_count = 1;
	for (size_t i = 1; i < compare->row_count; i++)
		scenario_count += strcmp(compare->rows[i - 1].scenario, compare->rows[i].scenario) != 0;
	char text[64];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_count(&words, scenario_count, "scenario", "scenarios");
	ol_words_add(&words, ", ");
	ol_words_add_count(&words, compare->column_count, "policy", "policies");
	fputs(text, page->stream);
}

static void put_mark_head(const struct page *page) {
	fputs("  <thead><tr><th scope=\"col\">scenario</th><th scope=\"col\">limit</th>", page->stream);
	for (size_t i = 0; i < page->compare->column_count; i++) {
		fputs("<th scope=\"col\"><span>", page->stream);
		ol_markup_put_text(page->stream, page->compare->policies[i]);
		fputs("</span></th>", page->stream);
	}
	fputs("</tr></thead>\n  <tbody>\n", page->stream);
}

/* What a pointer that rests on a mark is told. */
static void put_hint(
	const struct page *page, const struct ol_compare_cell *cell, enum ol_compare_mark mark) {
	struct ol_compare_sum sum;
	fputs(" title=\"", page->stream);
	if (cell->run_count > 0 && ol_compare_sum_of(page->compare, cell, &sum, NULL) == 0) {
		if (page->compare->repeat_count > 1)
			fprintf(page->stream, "%" PRIu64 " of %" PRIu64 " ended well; ", sum.good_count,
				cell->run_count);
		fprintf(page->stream, "%s, peak %s", ol_outcome_name(sum.outcome),
			OL_BYTES_TEXT((uint64_t)sum.cage_peak_bytes));
	} else {
		ol_markup_put_text(
			page->stream, cell->reason[0] != '\0' ? cell->reason : ol_compare_mark_meaning(mark));
	}
	fputc('"', page->stream);
}

static void put_mark_cell(const struct page *page, size_t row, size_t column) {
	const struct ol_compare_cell *cell = ol_compare_cell_at(page->compare, row, column);
	enum ol_compare_mark mark = ol_compare_mark_of(page->compare, cell);
	struct ol_compare_sum sum;
	fprintf(page->stream, "<td class=\"mark %s\"", mark_classes[mark]);
	put_hint(page, cell, mark);
	fputc('>', page->stream);
	if (mark == OL_MARK_DIFFERENT && ol_compare_sum_of(page->compare, cell, &sum, NULL) == 0)
		fprintf(page->stream, "%.0f", 100 * ol_share_of(sum.good_count, cell->run_count).share);
	else
		fputs(ol_compare_mark_text(mark, true), page->stream);
	fputs("</td>", page->stream);
}

static void put_marks(void *context) {
	const struct page *page = context;
	const struct ol_compare *compare = page->compare;
	put_mark_head(page);
	for (size_t i = 0; i < compare->row_count; i++) {
		char label[OL_COMPARE_LABEL_BYTES];
		ol_compare_row_label(compare, &compare->rows[i], label);
		fputs("  <tr><th scope=\"row\">", page->stream);
		ol_markup_put_text(page->stream, compare->rows[i].scenario);
		fputs("</th><td class=\"limit\">", page->stream);
		ol_markup_put_text(page->stream, label);
		fputs("</td>", page->stream);
		for (size_t column = 0; column < compare->column_count; column++)
			put_mark_cell(page, i, column);
		fputs("</tr>\n", page->stream);
	}
	fputs("  </tbody>\n", page->stream);
}

static void put_legend(void *context) {
	const struct page *page = context;
	const struct ol_compare *compare = page->compare;
	bool is_marked[OL_MARK_COUNT] = { false };
	for (size_t i = 0; i < compare->row_count * compare->column_count; i++)
		is_marked[ol_compare_mark_of(compare, &compare->cells[i])] = true;
	for (unsigned mark = 0; mark < OL_MARK_COUNT; mark++) {
		if (!is_marked[mark])
			continue;
		bool is_share = mark == OL_MARK_DIFFERENT;
		fprintf(page->stream, "  <li><b class=\"%s\">%s</b>%s</li>\n", mark_classes[mark],
			is_share ? "70" : ol_compare_mark_text((enum ol_compare_mark)mark, true),
			is_share ? "% of the runs ended well"
					 : ol_compare_mark_meaning((enum ol_compare_mark)mark));
	}
}

static void put_number(const struct page *page, const char *text) {
	fprintf(page->stream, "<td class=\"number\">%s</td>", text);
}

static void put_verdicts(
	const struct page *page, const struct ol_compare_cell *cell, const struct ol_compare_sum *sum) {
	fputs("<td>", page->stream);
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		enum ol_compare_mark mark = ol_compare_mark_of_outcome((enum ol_outcome)i);
		if (sum->counts[i] == 0)
			continue;
		fprintf(page->stream, "<span class=\"verdict %s\">%s %s</span>", mark_classes[mark],
			ol_compare_mark_text(mark, true), ol_outcome_name((enum ol_outcome)i));
		if (page->compare->repeat_count == 1)
			continue;
		struct ol_share share = ol_share_of(sum->counts[i], cell->run_count);
		fprintf(page->stream, " %.0f %% <small>(%.0f to %.0f)</small> ", 100 * share.share,
			100 * share.low, 100 * share.high);
	}
	if (cell->met == 0)
		fputs(" <small>not as its scenario expects</small>", page->stream);
	if (cell->reason[0] != '\0') {
		fputs("<br><small>", page->stream);
		ol_markup_put_text(page->stream, cell->reason);
		fputs("</small>", page->stream);
	}
	fputs("</td>", page->stream);
}

static void put_figure_row(const struct page *page, size_t row, size_t column) {
	const struct ol_compare *compare = page->compare;
	const struct ol_compare_cell *cell = ol_compare_cell_at(compare, row, column);
	struct ol_compare_sum sum;
	char text[64];
	fputs("  <tr><th scope=\"row\">", page->stream);
	ol_markup_put_text(page->stream, compare->policies[column]);
	fputs("</th>", page->stream);
	if (cell->run_count == 0 || ol_compare_sum_of(compare, cell, &sum, NULL) < 0) {
		fputs("<td colspan=\"8\" class=\"none\">", page->stream);
		ol_markup_put_text(page->stream, cell->reason[0] != '\0' ? cell->reason : "not run");
		fputs("</td></tr>\n", page->stream);
		return;
	}
	put_verdicts(page, cell, &sum);
	put_number(page, OL_BYTES_TEXT((uint64_t)sum.cage_peak_bytes));
	fprintf(page->stream,
		"<td><meter min=\"0\" max=\"%" PRIu64 "\" high=\"%" PRIu64
		"\" value=\"%.0f\"></meter></td>",
		compare->rows[row].limit_bytes, compare->rows[row].limit_bytes - 1, sum.cage_peak_bytes);
	snprintf(text, sizeof text, "%.1f %%", 100 * sum.gc_cpu_fraction);
	put_number(page, text);
	snprintf(text, sizeof text, "%.0f", sum.num_gc);
	put_number(page, text);
	bool has_paused = sum.pause_max_ns > 0;
	put_number(page, has_paused ? OL_DURATION_TEXT((uint64_t)sum.pause_p99_ns) : "–");
	put_number(page, has_paused ? OL_DURATION_TEXT((uint64_t)sum.pause_max_ns) : "–");
	put_number(page, isnan(sum.garbage_bytes) ? "–" : OL_BYTES_TEXT((uint64_t)sum.garbage_bytes));
	fputs("</tr>\n", page->stream);
}

static void put_figures(void *context) {
	const struct page *page = context;
	const struct ol_compare *compare = page->compare;
	for (size_t i = 0; i < compare->row_count; i++) {
		char label[OL_COMPARE_LABEL_BYTES];
		ol_compare_row_label(compare, &compare->rows[i], label);
		fputs("  <div class=\"scroll\"><table class=\"figures\">\n  <caption>", page->stream);
		ol_markup_put_text(page->stream, compare->rows[i].scenario);
		fputs(" <small>", page->stream);
		ol_markup_put_text(page->stream, label);
		fputs(" · ", page->stream);
		ol_markup_put_text(page->stream, compare->rows[i].title);
		fputs("</small></caption>\n  <thead><tr><th scope=\"col\">policy</th><th "
			  "scope=\"col\">verdict</th>",
			page->stream);
		static const char *const heads[] = { "peak", "of the limit", "GC CPU", "cycles",
			"pauses, p99", "longest", "garbage at the end" };
		for (size_t head = 0; head < sizeof heads / sizeof *heads; head++)
			fprintf(page->stream, "<th scope=\"col\"%s>%s</th>",
				head == 1 ? "" : " class=\"number\"", heads[head]);
		fputs("</tr></thead>\n  <tbody>\n", page->stream);
		for (size_t column = 0; column < compare->column_count; column++)
			put_figure_row(page, i, column);
		fputs("  </tbody></table></div>\n", page->stream);
	}
}

static void put_maker(void *context) {
	const struct page *page = context;
	char text[OL_PARAGRAPH_BYTES];
	ol_compare_footer(page->compare, "·", text, sizeof text);
	ol_markup_put_text(page->stream, text);
}

void ol_compare_html(FILE *stream, const struct ol_compare *compare) {
	static const struct ol_markup_gap gaps[] = {
		{ "title", put_title },
		{ "marks", put_marks },
		{ "legend", put_legend },
		{ "figures", put_figures },
		{ "made-by", put_maker },
	};
	struct page page = { stream, compare };
	ol_markup_put_page(stream, ol_compare_page, gaps, sizeof gaps / sizeof *gaps, &page);
}
