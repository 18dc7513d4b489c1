/* svg.c -- A chart as SVG: for papers, where it may be printed in grey. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "chart/chart.h"
#include "chart/facts.h"
#include "report/markup.h"

enum {
	LEFT = 78, /* Of the plot: room for the ticks and their unit. */
	RIGHT = 24,
	TOP = 62,    /* Title, subtitle. */
	BOTTOM = 56, /* Ticks, and what they are. */
	LEGEND_ROW = 19,
	LEGEND_SAMPLE = 30,
	LEGEND_GAP = 22,
	MARKS_ROW = 18, /* Collections, above the plot. */
	TICK_ROW = 44,  /* Room for a tick of an axis. */
	TICK_COLUMN = 90,
	MARKED_MAX = 120, /* More collections than this are strokes, not figures. */
	FONT = 13,
	TITLE_FONT = 17,
	PHASE_FONT = 11,
	PHASE_PIXELS_MIN = 40
};
/* Text that stands over lines. */
#define HALO " stroke=\"#fff\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\""

/* Of a character, as a share of the font's size: its mean width. */
static const double character_share = 0.54;

struct look {
	const char *color, *dash; /* "": a whole line. */
	double width;
};

static const struct look curve_looks[OL_CHART_CURVES] = {
	[OL_CHART_CAGE] = { "#1f63c4", "", 2.6 },
	[OL_CHART_HEAP] = { "#b4560a", "9 3", 1.9 },
	[OL_CHART_GOAL] = { "#8a2fa8", "4 4", 1.7 },
	[OL_CHART_RSS] = { "#55615c", "1.5 4", 1.7 },
};
/* web/run_report.css has the same colours, and web/overlay.js the dashes. */
static const struct look run_looks[] = {
	{ "#0d47a1", "", 2.4 },
	{ "#c2570a", "9 4", 2.4 },
	{ "#0a9068", "2 4", 2.6 },
	{ "#c2479a", "12 4 2 4", 2.4 },
	{ "#006978", "5 3", 2.4 },
	{ "#4e4400", "14 3 3 3 3 3", 2.4 },
};
enum { RUN_LOOKS = sizeof run_looks / sizeof *run_looks };
static const char limit_color[] = "#c2182f";

/* Runs of the same colour differ in their dashes. */
static struct look look_of(size_t run) {
	struct look look = run_looks[run % RUN_LOOKS];
	look.dash = run_looks[(run + run / RUN_LOOKS) % RUN_LOOKS].dash;
	return look;
}

struct drawing {
	FILE *stream;
	const struct ol_chart *chart;
	double width, height;
	double left, top, right, bottom; /* Of the plot. */
	double end_ns, top_bytes;        /* Its right and its upper edge. */
};

static double x_of(const struct drawing *drawing, uint64_t ns) {
	return drawing->left + (drawing->right - drawing->left) * (double)ns / drawing->end_ns;
}

static double y_of(const struct drawing *drawing, uint64_t bytes) {
	double share = (double)bytes / drawing->top_bytes;
	return drawing->bottom - (drawing->bottom - drawing->top) * share;
}

/* anchor: "start", "middle", "end". */
static void put_words(const struct drawing *drawing, double x, double y, const char *anchor,
	const char *more, const char *text) {
	fprintf(
		drawing->stream, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor, more);
	ol_markup_put_text(drawing->stream, text);
	fputs("</text>\n", drawing->stream);
}

/* As much of a text as fits into width pixels, with an ellipsis where it is cut. */
static void cut_words(char *text, double width, double font) {
	size_t count_max = width > 0 ? (size_t)(width / (font * character_share)) : 0;
	size_t count = 0, bytes = 0;
	for (; text[bytes] != '\0'; bytes++) {
		bool is_start = ((unsigned char)text[bytes] & 0xc0) != 0x80;
		if (is_start && ++count > count_max)
			break;
	}
	/* An ellipsis takes three bytes: as many as are cut off, or more. */
	if (text[bytes] != '\0' && bytes + 3 < OL_PARAGRAPH_BYTES)
		snprintf(text + bytes, OL_PARAGRAPH_BYTES - bytes, "…");
}

static void put_stroke(const struct drawing *drawing, double x1, double y1, double x2, double y2,
	const struct look *look) {
	fprintf(drawing->stream,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
		"stroke-width=\"%.1f\"",
		x1, y1, x2, y2, look->color, look->width);
	if (look->dash[0] != '\0')
		fprintf(drawing->stream, " stroke-dasharray=\"%s\"", look->dash);
	fputs("/>\n", drawing->stream);
}

static void put_axes(const struct drawing *drawing) {
	static const struct look grid = { "#dfe4e2", "", 1 }, axis = { "#33403b", "", 1.2 };
	char text[OL_UNITS_TEXT_BYTES];
	uint64_t top_bytes = (uint64_t)drawing->top_bytes, end_ns = (uint64_t)drawing->end_ns;
	unsigned rows = (unsigned)((drawing->bottom - drawing->top) / TICK_ROW);
	unsigned columns = (unsigned)((drawing->right - drawing->left) / TICK_COLUMN);
	uint64_t step = ol_chart_byte_step(top_bytes, rows > 1 ? rows : 1);
	for (uint64_t bytes = 0; bytes <= top_bytes; bytes += step) {
		double y = y_of(drawing, bytes);
		put_stroke(drawing, drawing->left, y, drawing->right, y, &grid);
		put_words(drawing, drawing->left - 8, y + 4, "end", "", ol_chart_byte_tick(bytes, text));
	}
	step = ol_chart_time_step(end_ns, columns > 1 ? columns : 1);
	for (uint64_t ns = 0; ns <= end_ns; ns += step) {
		double x = x_of(drawing, ns);
		put_stroke(drawing, x, drawing->bottom, x, drawing->bottom + 5, &axis);
		put_words(
			drawing, x, drawing->bottom + 19, "middle", "", ol_chart_time_tick(ns, step, text));
	}
	put_stroke(drawing, drawing->left, drawing->bottom, drawing->right, drawing->bottom, &axis);
	put_stroke(drawing, drawing->left, drawing->top, drawing->left, drawing->bottom, &axis);
	double middle = (drawing->left + drawing->right) / 2;
	put_words(drawing, middle, drawing->height - 12, "middle", " fill=\"#4a5651\"",
		"time since the start");
	double y = (drawing->top + drawing->bottom) / 2;
	fprintf(drawing->stream,
		"<text transform=\"translate(16 %.1f) rotate(-90)\" text-anchor=\"middle\" "
		"fill=\"#4a5651\">memory</text>\n",
		y);
}

/* A curve, stepped where a value holds until the next. */
static void put_curve(const struct drawing *drawing, const struct ol_chart_run *run,
	enum ol_chart_curve curve, const struct look *look) {
	double last_y = 0;
	bool is_begun = false;
	fprintf(drawing->stream, "<path d=\"");
	for (size_t i = 0; i < run->point_count; i++) {
		uint64_t bytes = run->points[i].bytes[curve];
		if (bytes == UINT64_MAX)
			continue;
		double x = x_of(drawing, run->points[i].at_ns);
		/* Far outside it would only make numbers long; the clip path hides it. */
		double y = fmax(y_of(drawing, bytes), drawing->top - drawing->height);
		if (is_begun && curve == OL_CHART_GOAL)
			fprintf(drawing->stream, "L%.1f %.1f", x, last_y);
		fprintf(drawing->stream, "%c%.1f %.1f", is_begun ? 'L' : 'M', x, y);
		is_begun = true;
		last_y = y;
	}
	if (is_begun && curve == OL_CHART_GOAL)
		fprintf(drawing->stream, "L%.1f %.1f", x_of(drawing, run->end_ns), last_y);
	fprintf(drawing->stream,
		"\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-linejoin=\"round\"",
		look->color, look->width);
	if (look->dash[0] != '\0')
		fprintf(drawing->stream, " stroke-dasharray=\"%s\"", look->dash);
	fputs("/>\n", drawing->stream);
}

/* Where a run ended; a cross where it did not want to. */
static void put_end(
	const struct drawing *drawing, const struct ol_chart_run *run, const struct look *look) {
	uint64_t bytes = UINT64_MAX;
	for (size_t i = run->point_count; i > 0 && bytes == UINT64_MAX; i--)
		bytes = run->points[i - 1].bytes[OL_CHART_CAGE];
	if (bytes == UINT64_MAX || !run->recording->has_end)
		return;
	double x = x_of(drawing, run->end_ns), y = y_of(drawing, bytes);
	if (!run->is_dead) {
		fprintf(drawing->stream, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\"/>\n", x, y,
			look->color);
		return;
	}
	fprintf(drawing->stream,
		"<g stroke-width=\"2.4\"><circle cx=\"%.1f\" cy=\"%.1f\" r=\"8.5\" fill=\"#fff\" "
		"stroke=\"%s\"/><path d=\"M%.1f %.1fl8 8m0 -8l-8 8\" stroke=\"%s\"/></g>\n",
		x, y, look->color, x - 4, y - 4, look->color);
}

/* Every second phase has a ground of its own. */
static void put_phases(const struct drawing *drawing, const struct ol_run_summary *run) {
	for (uint64_t i = 0; run != NULL && i < run->phase_count && i < OL_PHASES_MAX; i += 2) {
		double x = x_of(drawing, run->phases[i].at_ns);
		double end_x = fmin(x_of(drawing, run->phases[i].end_ns), drawing->right);
		if (x < end_x)
			fprintf(drawing->stream,
				"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#f1f4f3\"/>\n",
				x, drawing->top, end_x - x, drawing->bottom - drawing->top);
	}
}

static void put_phase_names(const struct drawing *drawing, const struct ol_run_summary *run) {
	for (uint64_t i = 0; run != NULL && i < run->phase_count && i < OL_PHASES_MAX; i++) {
		char name[OL_PARAGRAPH_BYTES];
		double x = x_of(drawing, run->phases[i].at_ns);
		double end_x = fmin(x_of(drawing, run->phases[i].end_ns), drawing->right);
		if (!(end_x - x > PHASE_PIXELS_MIN))
			continue;
		snprintf(name, sizeof name, "%s", run->phases[i].name);
		cut_words(name, end_x - x - 8, PHASE_FONT);
		put_words(drawing, x + 5, drawing->bottom - 7, "start",
			" font-size=\"11\" fill=\"#4a5651\"" HALO, name);
	}
}

/* A full triangle for what was planned, a hollow diamond for what the program asked for. */
static void put_cycles(const struct drawing *drawing, const struct ol_chart_run *run) {
	static const struct look stroke = { "#14201c", "", 1 };
	const struct ol_recording *recording = run->recording;
	double y = drawing->top - 8, last_x = -10;
	for (size_t i = 0; i < recording->cycle_count; i++) {
		const struct ol_gc_cycle *cycle = &recording->cycles[i];
		double x = x_of(drawing, cycle->at_ns);
		if (x < last_x + 2 || x > drawing->right)
			continue;
		last_x = x;
		if (recording->cycle_count > MARKED_MAX)
			put_stroke(drawing, x, y - 5, x, y + 5, &stroke);
		else if (cycle->is_forced)
			fprintf(drawing->stream,
				"<path d=\"M%.1f %.1fl5 5.5l-5 5.5l-5 -5.5z\" fill=\"#fff\" stroke=\"#14201c\" "
				"stroke-width=\"1.5\"/>\n",
				x, y - 5.5);
		else
			fprintf(drawing->stream, "<path d=\"M%.1f %.1fh10l-5 9z\" fill=\"#14201c\"/>\n", x - 5,
				y - 4.5);
	}
}

/* Returns the y of its words: nothing where they would stand over those at words_y. */
static double put_limit(const struct drawing *drawing, uint64_t limit_bytes, double words_y) {
	static const struct look look = { limit_color, "", 2 };
	char text[OL_TEXT_BYTES];
	if (limit_bytes == UINT64_MAX)
		return words_y;
	double y = y_of(drawing, limit_bytes);
	put_stroke(drawing, drawing->left, y, drawing->right, y, &look);
	if (fabs(y - words_y) < LEGEND_ROW)
		return words_y;
	snprintf(text, sizeof text, "limit %s", OL_BYTES_TEXT(limit_bytes));
	put_words(drawing, drawing->left + 6, y - 6, "start",
		" font-weight=\"600\" fill=\"#c2182f\"" HALO, text);
	return y;
}

/* An entry of the legend; returns the x of the next, which may be in the next row. */
static double put_entry(
	const struct drawing *drawing, double x, double *y, const struct look *look, const char *text) {
	double width = LEGEND_SAMPLE + (double)strlen(text) * FONT * character_share + LEGEND_GAP;
	if (x > drawing->left && x + width > drawing->right) {
		x = drawing->left;
		*y += LEGEND_ROW;
	}
	if (drawing->stream != NULL) {
		put_stroke(drawing, x, *y - 4, x + LEGEND_SAMPLE - 6, *y - 4, look);
		put_words(drawing, x + LEGEND_SAMPLE, *y, "start", "", text);
	}
	return x + width;
}

static void word_curve(const struct ol_chart_run *run, enum ol_chart_curve curve,
	const struct drawing *drawing, char text[OL_TEXT_BYTES]) {
	uint64_t most_bytes = 0;
	bool is_never = false;
	for (size_t i = 0; i < run->point_count; i++) {
		uint64_t bytes = run->points[i].bytes[curve];
		is_never |= bytes != UINT64_MAX && ol_chart_is_never(bytes);
		if (bytes != UINT64_MAX && !ol_chart_is_never(bytes) && bytes > most_bytes)
			most_bytes = bytes;
	}
	const char *name = ol_chart_curve_name(curve);
	if (curve == OL_CHART_GOAL && is_never)
		snprintf(text, OL_TEXT_BYTES, "%s (at times never)", name);
	else if (curve == OL_CHART_GOAL && (double)most_bytes > drawing->top_bytes)
		snprintf(
			text, OL_TEXT_BYTES, "%s (up to %s, above the chart)", name, OL_BYTES_TEXT(most_bytes));
	else
		snprintf(text, OL_TEXT_BYTES, "%s", name);
}

/* Returns the y below it. With no stream it only measures. */
static double put_legend(const struct drawing *drawing, double y) {
	const struct ol_chart *chart = drawing->chart;
	double x = drawing->left;
	char text[OL_TEXT_BYTES];
	if (chart->run_count == 1) {
		for (unsigned curve = 0; curve < OL_CHART_CURVES; curve++) {
			if (!chart->runs[0].has_curve[curve])
				continue;
			word_curve(&chart->runs[0], (enum ol_chart_curve)curve, drawing, text);
			x = put_entry(drawing, x, &y, &curve_looks[curve], text);
		}
		return y + LEGEND_ROW;
	}
	for (size_t i = 0; i < chart->run_count; i++) {
		const struct ol_chart_run *run = &chart->runs[i];
		snprintf(text, sizeof text, "%s: %s, peak %s", run->recording->name,
			ol_chart_outcome(run->recording), OL_BYTES_TEXT(run->peak_bytes));
		const struct look look = look_of(i);
		x = put_entry(drawing, x, &y, &look, text);
	}
	return y + LEGEND_ROW;
}

static void add_title(struct ol_words *words, const struct ol_chart *chart) {
	char first[OL_PARAGRAPH_BYTES], other[OL_PARAGRAPH_BYTES];
	struct ol_words first_words = ol_words_in(first, sizeof first);
	bool is_same = true;
	ol_chart_words_add_title(&first_words, chart->runs[0].recording);
	for (size_t i = 1; i < chart->run_count; i++) {
		struct ol_words other_words = ol_words_in(other, sizeof other);
		ol_chart_words_add_title(&other_words, chart->runs[i].recording);
		is_same &= strcmp(first, other) == 0;
	}
	if (is_same)
		ol_words_add(words, "%s", first);
	else
		ol_words_add(words, "%zu runs", chart->run_count);
}

static void put_head(const struct drawing *drawing) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	const struct ol_chart *chart = drawing->chart;
	const struct ol_recording *first = chart->runs[0].recording;
	double width = drawing->right - drawing->left;
	add_title(&words, chart);
	cut_words(text, width, TITLE_FONT);
	put_words(drawing, drawing->left, 27, "start", " font-size=\"17\" font-weight=\"600\"", text);
	words = ol_words_in(text, sizeof text);
	if (chart->run_count == 1) {
		ol_words_add(&words, "%s ", ol_chart_mark(first, true));
		ol_chart_words_add_verdict(&words, first);
	} else {
		ol_words_add(&words, "usage of the cage in %zu runs", chart->run_count);
	}
	cut_words(text, width, FONT);
	put_words(drawing, drawing->left, 48, "start", " fill=\"#4a5651\"", text);
}

static void put_one(const struct drawing *drawing) {
	const struct ol_chart_run *run = &drawing->chart->runs[0];
	put_phases(drawing, run->recording->run);
	put_axes(drawing);
	fputs("<g clip-path=\"url(#plot)\">\n", drawing->stream);
	for (unsigned curve = OL_CHART_CURVES; curve > 0; curve--) {
		if (run->has_curve[curve - 1])
			put_curve(drawing, run, (enum ol_chart_curve)(curve - 1), &curve_looks[curve - 1]);
	}
	fputs("</g>\n", drawing->stream);
	put_phase_names(drawing, run->recording->run);
	(void)put_limit(drawing, run->limit_bytes, -LEGEND_ROW);
	put_cycles(drawing, run);
	put_end(drawing, run,
		run->is_dead ? &(struct look){ limit_color, "", 2 } : &curve_looks[OL_CHART_CAGE]);
}

static void put_several(const struct drawing *drawing) {
	const struct ol_chart *chart = drawing->chart;
	put_axes(drawing);
	double words_y = -LEGEND_ROW;
	/* Each limit once. */
	for (size_t i = 0; i < chart->run_count; i++) {
		bool is_drawn = false;
		for (size_t before = 0; before < i; before++)
			is_drawn |= chart->runs[before].limit_bytes == chart->runs[i].limit_bytes;
		if (!is_drawn)
			words_y = put_limit(drawing, chart->runs[i].limit_bytes, words_y);
	}
	for (size_t i = 0; i < chart->run_count; i++) {
		const struct look look = look_of(i);
		put_curve(drawing, &chart->runs[i], OL_CHART_CAGE, &look);
	}
	for (size_t i = 0; i < chart->run_count; i++) {
		const struct look look = look_of(i);
		put_end(drawing, &chart->runs[i], &look);
	}
}

void ol_chart_put_svg(FILE *stream, const struct ol_chart *chart, struct ol_chart_size size) {
	struct drawing drawing = {
		.chart = chart,
		.width = size.width,
		.height = size.height,
		.left = LEFT,
		.right = (double)size.width - RIGHT,
		.bottom = (double)size.height - BOTTOM,
		.end_ns = (double)chart->end_ns,
		.top_bytes = (double)chart->top_bytes * 1.08,
	};
	bool is_one = chart->run_count == 1;
	/* A legend of many rows leaves the plot a third at least. */
	double below_legend = put_legend(&drawing, TOP + LEGEND_ROW - 4);
	drawing.top = fmin(below_legend + (is_one ? MARKS_ROW - 8 : -8), drawing.bottom * 2 / 3);
	drawing.stream = stream;
	fprintf(stream,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" font-family=\"Helvetica, Arial, 'Liberation Sans', "
		"'DejaVu Sans', sans-serif\" font-size=\"%d\" fill=\"#14201c\" role=\"img\">\n<title>",
		size.width, size.height, size.width, size.height, FONT);
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	add_title(&words, chart);
	ol_markup_put_text(stream, text);
	fprintf(stream,
		"</title>\n<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n<clipPath id=\"plot\">"
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/></clipPath>\n",
		size.width, size.height, drawing.left, drawing.top, drawing.right - drawing.left,
		drawing.bottom - drawing.top);
	put_head(&drawing);
	put_legend(&drawing, TOP + LEGEND_ROW - 4);
	if (is_one)
		put_one(&drawing);
	else
		put_several(&drawing);
	fputs("</svg>\n", stream);
}
