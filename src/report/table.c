/* table.c -- The table of a run: one row a phase, in one unit, with the cage as a bar. */
#include "report/table.h"

#include <assert.h>
#include <string.h>

#include "report/cells.h"

enum {
	NUMBER_COLUMNS = 7,
	/* Of everything but name and bar: five numbers, each with a space before it, the goal's mark,
	 * margins and the kill mark. */
	FIXED_COLUMNS = 1 + 5 * (NUMBER_COLUMNS + 1) + 1 + 2 + 3,
	NAME_COLUMNS_MINIMUM = 15,
	NAME_COLUMNS_MAXIMUM = 28,
	BAR_COLUMNS_MINIMUM = 8, /* Less is no picture. */
	BAR_COLUMNS_MAXIMUM = 40,
	NUMBER_TEXT_BYTES = 40
};

void ol_table_init(
	struct ol_table *table, FILE *stream, struct ol_style style, uint64_t limit_bytes) {
	unsigned rest = style.columns > FIXED_COLUMNS ? style.columns - FIXED_COLUMNS : 0;
	unsigned name_columns = NAME_COLUMNS_MINIMUM;
	if (rest > NAME_COLUMNS_MINIMUM + 24)
		name_columns += (rest - NAME_COLUMNS_MINIMUM - 24) / 3;
	if (name_columns > NAME_COLUMNS_MAXIMUM)
		name_columns = NAME_COLUMNS_MAXIMUM;
	unsigned bar_columns = rest > name_columns ? rest - name_columns : 0;
	if (bar_columns > BAR_COLUMNS_MAXIMUM)
		bar_columns = BAR_COLUMNS_MAXIMUM;
	if (bar_columns < BAR_COLUMNS_MINIMUM)
		bar_columns = 0;
	*table = (struct ol_table){
		.stream = stream,
		.style = style,
		.limit_bytes = limit_bytes,
		.unit = ol_unit_of(limit_bytes, 2),
		.name_columns = name_columns,
		.bar_columns = bar_columns,
	};
}

static void format_number(const struct ol_table *table, uint64_t bytes, char *text) {
	double number = (double)bytes / (double)table->unit.bytes;
	double smallest = table->unit.decimals == 2 ? 0.01 : 0.1;
	if (bytes > 0 && number < smallest / 2)
		snprintf(text, NUMBER_TEXT_BYTES, "<%.*f", table->unit.decimals, smallest);
	else
		snprintf(text, NUMBER_TEXT_BYTES, "%.*f", table->unit.decimals, number);
	if (strlen(text) > NUMBER_COLUMNS)
		snprintf(text, NUMBER_TEXT_BYTES, "%.0f", number);
	if (strlen(text) > NUMBER_COLUMNS)
		snprintf(text, NUMBER_TEXT_BYTES, "%.1e", number);
}

static void put_number(const struct ol_table *table, uint64_t bytes, bool is_goal) {
	char text[NUMBER_TEXT_BYTES] = "-";
	if (bytes != OL_ROW_UNKNOWN && is_goal && bytes >= OL_GOAL_NEVER)
		snprintf(text, sizeof text, "never");
	else if (bytes != OL_ROW_UNKNOWN)
		format_number(table, bytes, text);
	fprintf(table->stream, " %*s", NUMBER_COLUMNS, text);
}

static const char *glyph_used(struct ol_style style) {
	return style.has_unicode ? "█" : "#";
}

static const char *glyph_garbage(struct ol_style style) {
	return style.has_unicode ? "▒" : "%";
}

static const char *glyph_idle(struct ol_style style) {
	return style.has_unicode ? "░" : "-";
}

static const char *glyph_free(struct ol_style style) {
	return style.has_unicode ? "·" : ".";
}

/* How many of cells a share takes, to the nearest. */
static unsigned share_cells(uint64_t bytes, uint64_t whole_bytes, unsigned cells) {
	if (whole_bytes == 0 || bytes >= whole_bytes)
		return bytes == 0 ? 0 : cells;
	return (unsigned)((double)bytes / (double)whole_bytes * cells + 0.5);
}

/* The parts of a bar, in cells. */
struct bar {
	unsigned used, garbage, idle, free;
};

static struct bar bar_of(const struct ol_table *table, const struct ol_row *row) {
	uint64_t cage_bytes = row->cage_bytes;
	uint64_t garbage_bytes = row->garbage_bytes == OL_ROW_UNKNOWN ? 0 : row->garbage_bytes;
	uint64_t idle_bytes = row->idle_bytes == OL_ROW_UNKNOWN ? 0 : row->idle_bytes;
	if (garbage_bytes > cage_bytes)
		garbage_bytes = cage_bytes;
	if (idle_bytes > cage_bytes - garbage_bytes)
		idle_bytes = cage_bytes - garbage_bytes;
	unsigned full = share_cells(cage_bytes, table->limit_bytes, table->bar_columns);
	if (full == 0 && cage_bytes > 0 && table->bar_columns > 0)
		full = 1;
	struct bar bar = {
		.garbage = share_cells(garbage_bytes, table->limit_bytes, table->bar_columns),
		.idle = share_cells(idle_bytes, table->limit_bytes, table->bar_columns),
		.free = table->bar_columns - full,
	};
	/* What is in use shows, however little it is: that is the point of the picture. */
	unsigned used_minimum = cage_bytes > garbage_bytes + idle_bytes && full > 1 ? 1 : 0;
	while (bar.garbage + bar.idle + used_minimum > full) {
		if (bar.garbage >= bar.idle)
			bar.garbage--;
		else
			bar.idle--;
	}
	bar.used = full - bar.garbage - bar.idle;
	return bar;
}

static void put_part(
	const struct ol_table *table, enum ol_paint paint, const char *glyph, unsigned count) {
	if (count == 0)
		return;
	ol_cells_paint(table->stream, table->style, paint);
	for (unsigned i = 0; i < count; i++)
		fputs(glyph, table->stream);
	ol_cells_paint(table->stream, table->style, OL_PAINT_NONE);
}

static void put_bar(const struct ol_table *table, const struct ol_row *row) {
	struct ol_style style = table->style;
	if (row->cage_bytes == OL_ROW_UNKNOWN)
		return;
	struct bar bar = bar_of(table, row);
	if (table->bar_columns > 0)
		fputs("  ", table->stream);
	put_part(table, row->kind == OL_ROW_KILLED ? OL_PAINT_BAD : OL_PAINT_GOOD, glyph_used(style),
		bar.used);
	put_part(table, OL_PAINT_WARN, glyph_garbage(style), bar.garbage);
	put_part(table, OL_PAINT_GOOD, glyph_idle(style), bar.idle);
	put_part(table, OL_PAINT_DIM, glyph_free(style), bar.free);
	if (row->kind == OL_ROW_KILLED)
		put_part(table, OL_PAINT_STRONG_BAD, style.has_unicode ? " ✗" : " X", 1);
}

void ol_row_set_memstats(struct ol_row *row, const struct ol_memstats *stats) {
	row->heap_bytes = stats->heap_alloc;
	row->goal_bytes = stats->next_gc;
	row->idle_bytes =
		stats->heap_idle > stats->heap_released ? stats->heap_idle - stats->heap_released : 0;
}

void ol_table_head(struct ol_table *table) {
	char name[32], limit[NUMBER_TEXT_BYTES];
	snprintf(name, sizeof name, "phase (%s)", table->unit.name);
	format_number(table, table->limit_bytes, limit);
	ol_cells_paint(table->stream, table->style, OL_PAINT_DIM);
	fprintf(table->stream, " %-*s %*s %*s %*s  %*s %*s%s%s\n ", (int)table->name_columns, name,
		NUMBER_COLUMNS, "asked", NUMBER_COLUMNS, "heap", NUMBER_COLUMNS, "next GC", NUMBER_COLUMNS,
		"garbage", NUMBER_COLUMNS, "cage", table->bar_columns > 0 ? "  of " : "",
		table->bar_columns > 0 ? limit : "");
	for (unsigned i = 0; i < FIXED_COLUMNS - 4 + table->name_columns + table->bar_columns; i++)
		fputs(table->style.has_unicode ? "─" : "-", table->stream);
	ol_cells_paint(table->stream, table->style, OL_PAINT_NONE);
	fputc('\n', table->stream);
}

void ol_table_row(struct ol_table *table, const struct ol_row *row) {
	FILE *stream = table->stream;
	bool is_beyond = row->goal_bytes != OL_ROW_UNKNOWN && row->goal_bytes > table->limit_bytes;
	fputc(' ', stream);
	enum ol_paint paint = row->kind == OL_ROW_KILLED ? OL_PAINT_STRONG_BAD
						  : row->kind == OL_ROW_LIVE ? OL_PAINT_DIM
													 : OL_PAINT_BOLD;
	ol_cells_paint(stream, table->style, paint);
	ol_cells_put_left(stream, table->style, row->name, table->name_columns);
	ol_cells_paint(stream, table->style, OL_PAINT_NONE);
	put_number(table, row->asked_bytes, false);
	put_number(table, row->heap_bytes, false);
	ol_cells_paint(stream, table->style, is_beyond ? OL_PAINT_WARN : OL_PAINT_NONE);
	put_number(table, row->goal_bytes, true);
	fputc(is_beyond ? '!' : ' ', stream);
	ol_cells_paint(stream, table->style, OL_PAINT_NONE);
	put_number(table, row->garbage_bytes, false);
	put_number(table, row->cage_bytes, false);
	put_bar(table, row);
	if (row->kind == OL_ROW_LIVE)
		return;
	fputc('\n', stream);
	table->has_goal_beyond |= is_beyond;
	table->has_garbage |= row->garbage_bytes != OL_ROW_UNKNOWN && row->garbage_bytes > 0;
	table->has_idle |= row->idle_bytes != OL_ROW_UNKNOWN && row->idle_bytes > 0;
}

void ol_table_legend(const struct ol_table *table) {
	struct ol_style style = table->style;
	ol_cells_paint(table->stream, style, OL_PAINT_DIM);
	fprintf(table->stream, " %s in use   ", glyph_used(style));
	if (table->has_garbage)
		fprintf(table->stream, "%s garbage   ", glyph_garbage(style));
	if (table->has_idle)
		fprintf(table->stream, "%s kept for reuse   ", glyph_idle(style));
	fprintf(table->stream, "%s free", glyph_free(style));
	if (table->has_goal_beyond)
		fputs("   ! beyond the limit", table->stream);
	ol_cells_paint(table->stream, style, OL_PAINT_NONE);
	fputc('\n', table->stream);
}
