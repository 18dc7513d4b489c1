/* text.c -- A chart in a terminal, with what is said of it above and below. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "chart/canvas.h"
#include "chart/chart.h"
#include "chart/facts.h"
#include "report/cells.h"

enum {
	LEFT = 10,  /* Ticks, and the axis. */
	RIGHT = 15, /* Names of the curves. */
	ROWS = 18,
	TICK_ROWS = 3, /* At least so many rows from one tick to the next. */
	TICK_COLUMNS = 12,
	ROW_BYTES = 4 * OL_CANVAS_COLUMNS_MAX,
	COLUMNS_OF_TABLE_MAX = OL_CHART_FACT_COUNT
};

static const struct ol_ink curve_inks[OL_CHART_CURVES] = {
	[OL_CHART_CAGE] = { "\033[1;36m", '#', 1, 0 },
	[OL_CHART_HEAP] = { "\033[33m", 'h', 3, 1 },
	[OL_CHART_GOAL] = { "\033[35m", 'g', 2, 2 },
	[OL_CHART_RSS] = { "\033[2m", 'r', 1, 3 },
};
static const struct ol_ink run_inks[] = {
	{ "\033[1;36m", 'A', 1, 0 },
	{ "\033[1;33m", 'B', 4, 2 },
	{ "\033[1;35m", 'C', 2, 2 },
	{ "\033[1;32m", 'D', 1, 2 },
	{ "\033[1;34m", 'E', 6, 3 },
	{ "\033[1m", 'F', 1, 4 },
};
enum { RUN_INKS = sizeof run_inks / sizeof *run_inks };

/* Each run has a letter of its own. */
static struct ol_ink ink_of(size_t run) {
	struct ol_ink ink = run_inks[run % RUN_INKS];
	ink.letter = (char)('A' + run);
	return ink;
}
static const struct ol_ink limit_ink = { "\033[31m", '-', 1, 0 };
static const struct ol_ink dead_ink = { "\033[1;31m", 'X', 1, 0 };

struct plot {
	FILE *stream;
	struct ol_style style;
	const struct ol_chart *chart;
	struct ol_canvas canvas;
	double end_ns, top_bytes;
	uint64_t byte_step, time_step_ns;
	struct ol_ink inks[OL_RECORDINGS_MAX];
	const struct ol_ink *label_inks[ROWS];
	char labels[ROWS][RIGHT * 4];
};

static long x_of(const struct plot *plot, uint64_t ns) {
	return lround((plot->canvas.dot_columns - 1) * ((double)ns / plot->end_ns));
}

static long y_of(const struct plot *plot, uint64_t bytes) {
	double share = fmin((double)bytes / plot->top_bytes, 2); /* Twice the height is out of sight. */
	return lround((plot->canvas.dot_rows - 1) * (1 - share));
}

static unsigned row_of(const struct plot *plot, long y) {
	unsigned dots = plot->canvas.dot_rows / plot->canvas.rows;
	if (y < 0)
		return 0;
	return (unsigned)y / dots < ROWS ? (unsigned)y / dots : ROWS - 1;
}

/* Beside the row in which a curve ends, or the nearest that is free. */
static void add_label(struct plot *plot, const struct ol_ink *ink, unsigned row, const char *text) {
	for (unsigned distance = 0; distance < ROWS; distance++) {
		const unsigned rows[] = { row + distance, row - distance };
		for (size_t i = 0; i < 2; i++) {
			if (rows[i] >= ROWS || plot->label_inks[rows[i]] != NULL)
				continue;
			plot->label_inks[rows[i]] = ink;
			snprintf(plot->labels[rows[i]], sizeof plot->labels[rows[i]], "%s", text);
			return;
		}
	}
}

/* Draws a curve and returns the row in which it ends; ROWS: there is none. */
static unsigned draw_curve(struct plot *plot, const struct ol_chart_run *run,
	enum ol_chart_curve curve, const struct ol_ink *ink) {
	long last_x = 0, last_y = 0;
	bool is_begun = false;
	unsigned phase = 0;
	for (size_t i = 0; i < run->point_count; i++) {
		uint64_t bytes = run->points[i].bytes[curve];
		if (bytes == UINT64_MAX)
			continue;
		long x = x_of(plot, run->points[i].at_ns), y = y_of(plot, bytes);
		if (is_begun && curve == OL_CHART_GOAL) {
			ol_canvas_line(&plot->canvas, ink, last_x, last_y, x, last_y, &phase);
			last_x = x;
		}
		if (!is_begun) {
			last_x = x;
			last_y = y;
		}
		ol_canvas_line(&plot->canvas, ink, last_x, last_y, x, y, &phase);
		is_begun = true;
		last_x = x;
		last_y = y;
	}
	if (is_begun && curve == OL_CHART_GOAL)
		ol_canvas_line(&plot->canvas, ink, last_x, last_y, x_of(plot, run->end_ns), last_y, &phase);
	return is_begun ? row_of(plot, last_y) : ROWS;
}

/* Where it died. */
static void draw_end(struct plot *plot, const struct ol_chart_run *run) {
	uint64_t bytes = UINT64_MAX;
	for (size_t i = run->point_count; i > 0 && bytes == UINT64_MAX; i--)
		bytes = run->points[i - 1].bytes[OL_CHART_CAGE];
	if (run->is_dead && bytes != UINT64_MAX)
		ol_canvas_mark(&plot->canvas, &dead_ink, plot->style.has_unicode ? "✗" : "X",
			x_of(plot, run->end_ns), y_of(plot, bytes));
}

static void draw_limits(struct plot *plot) {
	for (size_t i = 0; i < plot->chart->run_count; i++) {
		uint64_t limit_bytes = plot->chart->runs[i].limit_bytes;
		if (limit_bytes == UINT64_MAX)
			continue;
		long y = y_of(plot, limit_bytes);
		ol_canvas_rule(&plot->canvas, &limit_ink, plot->style.has_unicode ? "─" : "-", y);
		if (i == 0 || plot->chart->runs[i - 1].limit_bytes != limit_bytes)
			add_label(plot, &limit_ink, row_of(plot, y), "limit");
	}
}

static void draw_one(struct plot *plot) {
	const struct ol_chart_run *run = &plot->chart->runs[0];
	/* What matters most is drawn last; its name is placed first. */
	unsigned rows[OL_CHART_CURVES];
	for (unsigned curve = OL_CHART_CURVES; curve > 0; curve--) {
		rows[curve - 1] = ROWS;
		if (run->has_curve[curve - 1])
			rows[curve - 1] =
				draw_curve(plot, run, (enum ol_chart_curve)(curve - 1), &curve_inks[curve - 1]);
	}
	draw_limits(plot);
	for (unsigned curve = 0; curve < OL_CHART_CURVES; curve++) {
		if (rows[curve] < ROWS)
			add_label(plot, &curve_inks[curve], rows[curve],
				ol_chart_curve_name((enum ol_chart_curve)curve));
	}
	draw_end(plot, run);
}

static void draw_several(struct plot *plot) {
	for (size_t i = 0; i < plot->chart->run_count; i++) {
		const struct ol_chart_run *run = &plot->chart->runs[i];
		const struct ol_ink *ink = &plot->inks[i];
		plot->inks[i] = ink_of(i);
		unsigned row = draw_curve(plot, run, OL_CHART_CAGE, ink);
		if (row < ROWS)
			add_label(plot, ink, row, run->recording->name);
	}
	draw_limits(plot);
	for (size_t i = 0; i < plot->chart->run_count; i++)
		draw_end(plot, &plot->chart->runs[i]);
}

/* The tick of a row, where it has one. */
static void put_left(const struct plot *plot, unsigned row) {
	char text[OL_UNITS_TEXT_BYTES];
	const char *axis = plot->style.has_unicode ? "│" : "|";
	text[0] = '\0';
	for (uint64_t bytes = 0; (double)bytes <= plot->top_bytes; bytes += plot->byte_step) {
		if (row_of(plot, y_of(plot, bytes)) == row) {
			ol_chart_byte_tick(bytes, text);
			axis = plot->style.has_unicode ? "┤" : "+";
		}
	}
	fprintf(plot->stream, "%*s %s", LEFT - 2, text, axis);
}

static void put_rows(const struct plot *plot) {
	for (unsigned row = 0; row < plot->canvas.rows; row++) {
		put_left(plot, row);
		ol_canvas_put_row(plot->stream, &plot->canvas, row, plot->label_inks[row] != NULL);
		if (plot->label_inks[row] != NULL) {
			const struct ol_ink *ink = plot->label_inks[row];
			ol_ink_begin(plot->stream, plot->style, ink);
			fputc(' ', plot->stream);
			if (!plot->style.has_unicode && ink != &limit_ink)
				fprintf(plot->stream, "%c ", ink->letter);
			unsigned room = plot->style.has_unicode ? RIGHT - 2 : RIGHT - 4;
			unsigned width = ol_cells_width(plot->style, plot->labels[row]);
			ol_cells_put_left(
				plot->stream, plot->style, plot->labels[row], width < room ? width : room);
			ol_ink_end(plot->stream, plot->style);
		}
		fputc('\n', plot->stream);
	}
}

/* Text laid into a row of cells, where there is room; glyphs are one cell wide. */
struct row {
	char cells[OL_CANVAS_COLUMNS_MAX][5];
	unsigned columns;
};

static void init_row(struct row *row, unsigned columns, const char *glyph) {
	row->columns = columns;
	for (unsigned i = 0; i < columns; i++)
		snprintf(row->cells[i], sizeof row->cells[i], "%s", glyph);
}

static void set_cell(struct row *row, unsigned column, const char *glyph) {
	if (column < row->columns)
		snprintf(row->cells[column], sizeof row->cells[column], "%s", glyph);
}

static void put_row(const struct plot *plot, const char *label, const struct row *row) {
	char text[ROW_BYTES + 1];
	struct ol_words words = ol_words_in(text, sizeof text);
	for (unsigned i = 0; i < row->columns; i++)
		ol_words_add(&words, "%s", row->cells[i]);
	while (words.used > 0 && text[words.used - 1] == ' ')
		text[--words.used] = '\0';
	fprintf(plot->stream, "%*s ", LEFT - 2, label);
	fprintf(plot->stream, "%s%s\n", *label == '\0' ? "" : " ", text);
}

static unsigned column_of(const struct plot *plot, uint64_t ns) {
	long column = lround((plot->canvas.columns - 1) * ((double)ns / plot->end_ns));
	return (unsigned)(column < plot->canvas.columns ? column : plot->canvas.columns - 1);
}

static void put_time_axis(const struct plot *plot) {
	struct row line, ticks;
	char text[OL_UNITS_TEXT_BYTES];
	init_row(&line, plot->canvas.columns, plot->style.has_unicode ? "─" : "-");
	init_row(&ticks, plot->canvas.columns, " ");
	unsigned free_column = 0;
	for (uint64_t ns = 0; (double)ns <= plot->end_ns; ns += plot->time_step_ns) {
		unsigned column = column_of(plot, ns);
		set_cell(&line, column, plot->style.has_unicode ? "┴" : "+");
		ol_chart_time_tick(ns, plot->time_step_ns, text);
		unsigned length = (unsigned)strlen(text);
		unsigned start = column > length / 2 ? column - length / 2 : 0;
		if (start < free_column || start + length > plot->canvas.columns)
			continue;
		for (unsigned i = 0; i < length; i++)
			set_cell(&ticks, start + i, (char[]){ text[i], '\0' });
		free_column = start + length + 1;
	}
	fprintf(plot->stream, "%*s %s", LEFT - 2, "", plot->style.has_unicode ? "└" : "+");
	for (unsigned i = 0; i < line.columns; i++)
		fputs(line.cells[i], plot->stream);
	fputc('\n', plot->stream);
	put_row(plot, " ", &ticks);
}

/* Below the axis: when collections began, and which phase it was. */
static void put_cycles(const struct plot *plot) {
	const struct ol_recording *recording = plot->chart->runs[0].recording;
	bool has_unicode = plot->style.has_unicode, has_forced = false;
	struct row row;
	if (recording->cycle_count == 0)
		return;
	init_row(&row, plot->canvas.columns, " ");
	for (size_t i = 0; i < recording->cycle_count; i++) {
		bool is_forced = recording->cycles[i].is_forced != 0;
		has_forced |= is_forced;
		set_cell(&row, column_of(plot, recording->cycles[i].at_ns),
			is_forced ? (has_unicode ? "◇" : "o") : (has_unicode ? "▲" : "^"));
	}
	put_row(plot, "cycles", &row);
	if (has_forced)
		fprintf(plot->stream, "%*s   %s asked for by the program\n", LEFT - 2, "",
			has_unicode ? "◇" : "o");
}

static void put_phases(const struct plot *plot) {
	const struct ol_run_summary *run = plot->chart->runs[0].recording->run;
	struct row row;
	if (run == NULL || run->phase_count == 0)
		return;
	init_row(&row, plot->canvas.columns, " ");
	unsigned free_column = 0;
	for (uint64_t i = 0; i < run->phase_count && i < OL_PHASES_MAX; i++) {
		unsigned column = column_of(plot, run->phases[i].at_ns);
		unsigned end = i + 1 < run->phase_count ? column_of(plot, run->phases[i + 1].at_ns)
												: plot->canvas.columns;
		if (column < free_column)
			continue;
		set_cell(&row, column, plot->style.has_unicode ? "╵" : "'");
		free_column = column + 1;
		/* A name is ASCII mostly; another one would not fit its cells. */
		const char *name = run->phases[i].name;
		for (; *name > ' ' - 1 && *name < 0x7f && free_column + 1 < end; name++)
			set_cell(&row, free_column++, (char[]){ *name, '\0' });
	}
	put_row(plot, "phases", &row);
}

static void put_chart(FILE *stream, struct ol_style style, const struct ol_chart *chart) {
	unsigned columns = style.columns - LEFT - RIGHT;
	if (columns > OL_CANVAS_COLUMNS_MAX)
		columns = OL_CANVAS_COLUMNS_MAX;
	struct plot plot = {
		.stream = stream,
		.style = style,
		.chart = chart,
		.end_ns = (double)chart->end_ns,
		.top_bytes = (double)chart->top_bytes * 1.05,
	};
	ol_canvas_init(&plot.canvas, style, columns, ROWS);
	plot.byte_step = ol_chart_byte_step(chart->top_bytes, ROWS / TICK_ROWS);
	plot.time_step_ns = ol_chart_time_step(chart->end_ns, columns / TICK_COLUMNS);
	if (chart->run_count == 1)
		draw_one(&plot);
	else
		draw_several(&plot);
	put_rows(&plot);
	put_time_axis(&plot);
	if (chart->run_count == 1) {
		put_cycles(&plot);
		put_phases(&plot);
	}
}

static void put_cage_findings(
	FILE *stream, struct ol_style style, const struct ol_recording *recording) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_chart_words_add_verdict(&words, recording);
	if (recording->has_end)
		ol_text_verdict(stream, style, recording->caged->outcome, text);
	else
		ol_cells_paragraph(stream, style, "", 1, OL_PAINT_STRONG_WARN, text);
	words = ol_words_in(text, sizeof text);
	ol_chart_words_add_evidence(&words, ol_cells_separator(style), recording);
	if (words.used > 0)
		ol_text_fact(stream, style, "evidence", text);
	words = ol_words_in(text, sizeof text);
	ol_chart_words_add_reason(&words, recording);
	ol_text_fact(stream, style, "why", text);
}

static void put_single(FILE *stream, struct ol_style style, const struct ol_chart *chart) {
	const struct ol_recording *recording = chart->runs[0].recording;
	if (recording->is_cage) {
		fputc('\n', stream);
		ol_cells_paragraph(stream, style, "", 1, OL_PAINT_BOLD, recording->caged->spec.command);
	} else {
		ol_text_header(stream, style, recording->run);
	}
	fputc('\n', stream);
	put_chart(stream, style, chart);
	fputc('\n', stream);
	if (recording->is_cage || !recording->has_end)
		put_cage_findings(stream, style, recording);
	else
		ol_text_report_findings(stream, style, recording->run);
}

/* Whether this setting is worth a column: it is not the same everywhere. */
static bool is_different(const struct ol_chart *chart, const struct ol_chart_fact *fact) {
	char first[OL_CHART_FACT_BYTES], other[OL_CHART_FACT_BYTES];
	struct ol_words words = ol_words_in(first, sizeof first);
	fact->add(&words, &chart->runs[0]);
	for (size_t i = 1; i < chart->run_count; i++) {
		words = ol_words_in(other, sizeof other);
		fact->add(&words, &chart->runs[i]);
		if (strcmp(first, other) != 0)
			return true;
	}
	return false;
}

static bool is_said(const struct ol_chart *chart, const struct ol_chart_fact *fact) {
	char text[OL_CHART_FACT_BYTES];
	bool is_any = false;
	for (size_t i = 0; i < chart->run_count; i++) {
		struct ol_words words = ol_words_in(text, sizeof text);
		fact->add(&words, &chart->runs[i]);
		is_any |= words.used > 0;
	}
	return is_any;
}

struct column {
	const struct ol_chart_fact *fact;
	unsigned width;
};

static unsigned width_of(
	const struct ol_chart *chart, struct ol_style style, const struct ol_chart_fact *fact) {
	char text[OL_CHART_FACT_BYTES];
	unsigned width = ol_cells_width(style, fact->label);
	for (size_t i = 0; i < chart->run_count; i++) {
		struct ol_words words = ol_words_in(text, sizeof text);
		fact->add(&words, &chart->runs[i]);
		unsigned one = ol_cells_width(style, text);
		width = one > width ? one : width;
	}
	return width;
}

/* What tells the runs apart first, then what came of them; as many columns as there is room for. */
static size_t choose_columns(const struct ol_chart *chart, struct ol_style style, unsigned room,
	struct column columns[COLUMNS_OF_TABLE_MAX]) {
	size_t count = 0;
	for (size_t i = 0; i < OL_CHART_FACT_COUNT; i++) {
		const struct ol_chart_fact *fact = &ol_chart_facts[i];
		if (fact->is_setting ? !is_different(chart, fact) : !is_said(chart, fact))
			continue;
		unsigned width = width_of(chart, style, fact);
		if (width + 2 > room)
			continue;
		columns[count++] = (struct column){ fact, width };
		room -= width + 2;
	}
	return count;
}

static void put_table(FILE *stream, struct ol_style style, const struct ol_chart *chart) {
	struct column columns[COLUMNS_OF_TABLE_MAX];
	char text[OL_CHART_FACT_BYTES];
	unsigned name_width = 4;
	for (size_t i = 0; i < chart->run_count; i++) {
		unsigned width = ol_cells_width(style, chart->runs[i].recording->name);
		name_width = width > name_width ? width : name_width;
	}
	size_t count = choose_columns(chart, style, style.columns - name_width - 4, columns);
	ol_cells_paint(stream, style, OL_PAINT_DIM);
	fprintf(stream, "   %-*s", (int)name_width, "run");
	for (size_t i = 0; i < count; i++)
		fprintf(
			stream, "  %-*s", i + 1 < count ? (int)columns[i].width : 0, columns[i].fact->label);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	fputc('\n', stream);
	for (size_t i = 0; i < chart->run_count; i++) {
		const struct ol_chart_run *run = &chart->runs[i];
		fprintf(stream, " %s ", ol_chart_mark(run->recording, style.has_unicode));
		const struct ol_ink ink = ink_of(i);
		ol_ink_begin(stream, style, &ink);
		ol_cells_put_left(stream, style, run->recording->name, name_width);
		ol_ink_end(stream, style);
		for (size_t column = 0; column < count; column++) {
			struct ol_words words = ol_words_in(text, sizeof text);
			columns[column].fact->add(&words, run);
			fputs("  ", stream);
			if (column + 1 < count)
				ol_cells_put_left(stream, style, text, columns[column].width);
			else
				ol_cells_put(stream, style, text);
		}
		fputc('\n', stream);
	}
}

void ol_chart_put_text(FILE *stream, struct ol_style style, const struct ol_chart *chart) {
	if (chart->run_count == 1) {
		put_single(stream, style, chart);
		return;
	}
	char text[OL_PARAGRAPH_BYTES];
	snprintf(text, sizeof text, "Usage of the cage in %zu runs", chart->run_count);
	fputc('\n', stream);
	ol_cells_paragraph(stream, style, "", 1, OL_PAINT_BOLD, text);
	fputc('\n', stream);
	put_chart(stream, style, chart);
	fputc('\n', stream);
	put_table(stream, style, chart);
}
