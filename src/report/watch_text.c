/* watch_text.c -- One look at a group as one line of text. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "report/cells.h"
#include "report/group_report.h"
#include "report/words.h"

enum {
	TEXT_BYTES = 1024,
	NAME_COLUMNS = 34, /* A cage's own name: "oomlab-1234567-0123456789abcdef". */
	BAR_COLUMNS_MINIMUM = 6,
	BAR_COLUMNS_MAXIMUM = 30,
	TIME_BYTES = 32,
	MARK_BYTES = 40 /* Far less than a terminal's width. */
};

/* "12:00:01.3", here. */
static void format_time(uint64_t time_ns, char text[TIME_BYTES]) {
	time_t seconds = (time_t)(time_ns / OL_NS_PER_S);
	struct tm parts;
	if (localtime_r(&seconds, &parts) == NULL)
		parts = (struct tm){ 0 };
	size_t length = strftime(text, TIME_BYTES, "%H:%M:%S", &parts);
	snprintf(text + length, TIME_BYTES - length, ".%u",
		(unsigned)(time_ns % OL_NS_PER_S / (OL_NS_PER_S / 10)));
}

/* The end of a long path tells groups apart. */
static const char *short_name(const char *path) {
	const char *last = strrchr(path, '/');
	return last != NULL && last[1] != '\0' ? last + 1 : path;
}

static void add_bytes(struct ol_words *words, const char *label, uint64_t bytes) {
	if (bytes != OL_NOT_KNOWN)
		ol_words_add(words, "  %s %s", label, OL_BYTES_TEXT(bytes));
}

/* What is told where there is something to tell. */
static void add_rarities(struct ol_words *words, const struct ol_watch_row *row) {
	if (row->look.swap_bytes != OL_NOT_KNOWN && row->look.swap_bytes > 0)
		add_bytes(words, "swap", row->look.swap_bytes);
	if (row->pid > 0)
		ol_words_add(words, "  RSS of %" PRId32 " %s", row->pid, OL_BYTES_TEXT(row->rss_bytes));
	if (isfinite(row->look.stall_percent) && row->look.stall_percent > 0)
		ol_words_add(words, "  waiting %.1f %%", row->look.stall_percent);
	if (row->is_kept)
		ol_words_add(words, "  kept");
}

static void add_usage(struct ol_words *words, const struct ol_watch_row *row) {
	if (row->look.usage_bytes == OL_NOT_KNOWN)
		ol_words_add(words, "%10s", "no count");
	else
		ol_words_add(words, "%10s", OL_BYTES_TEXT(row->look.usage_bytes));
	add_bytes(words, "peak", row->look.peak_bytes);
	if (row->look.limit_bytes == OL_UNLIMITED)
		ol_words_add(words, "  no limit");
	else
		add_bytes(words, "limit", row->look.limit_bytes);
	add_rarities(words, row);
}

static bool has_share(const struct ol_watch_row *row) {
	return row->look.limit_bytes != OL_UNLIMITED && row->look.limit_bytes > 0 &&
		   row->look.usage_bytes != OL_NOT_KNOWN;
}

static void put_bar(
	FILE *stream, struct ol_style style, const struct ol_watch_row *row, unsigned columns) {
	uint64_t usage_bytes = row->look.usage_bytes;
	double share = (double)usage_bytes / (double)row->look.limit_bytes;
	ol_cells_paint(stream, style, share >= 0.9 ? OL_PAINT_BAD : OL_PAINT_DIM);
	ol_cells_put_bar(stream, style, usage_bytes, row->look.limit_bytes, columns);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	fprintf(stream, " %3.0f %%", share * 100);
}

/* "✗ 2 OOM kills" */
static void format_mark(
	struct ol_style style, const struct ol_watch_row *row, char *text, size_t capacity) {
	if (row->killed_count == 0)
		return;
	struct ol_words words = ol_words_in(text, capacity);
	ol_words_add(&words, "  %s ", style.has_unicode ? "✗" : "X");
	ol_words_add_count(&words, row->killed_count, "OOM kill", "OOM kills");
}

static void put_mark(FILE *stream, struct ol_style style, const char *mark) {
	if (*mark == '\0')
		return;
	ol_cells_paint(stream, style, OL_PAINT_STRONG_BAD);
	ol_cells_put(stream, style, mark);
	ol_cells_paint(stream, style, OL_PAINT_NONE);
}

/* On a terminal: cut to the width, so that it can be redrawn, with as much of a bar as fits. */
static void put_redrawn(FILE *stream, struct ol_style style, const struct ol_watch_row *row,
	bool has_name, const char *text, const char *mark) {
	enum { SHARE_COLUMNS = 8 }; /* Two blanks, one, and "100 %". */
	unsigned room = style.columns - 1;
	if (has_name) {
		unsigned name_columns = room / 3 < NAME_COLUMNS ? room / 3 : NAME_COLUMNS;
		ol_cells_put_left(stream, style, short_name(row->path), name_columns);
		room -= name_columns;
	}
	room -= ol_cells_width(style, mark);
	unsigned width = ol_cells_width(style, text);
	ol_cells_put_left(stream, style, text, width < room ? width : room);
	unsigned rest = width + SHARE_COLUMNS < room ? room - width - SHARE_COLUMNS : 0;
	if (has_share(row) && rest >= BAR_COLUMNS_MINIMUM) {
		fputs("  ", stream);
		put_bar(stream, style, row, rest < BAR_COLUMNS_MAXIMUM ? rest : BAR_COLUMNS_MAXIMUM);
	}
	put_mark(stream, style, mark);
}

void ol_watch_text_row(
	FILE *stream, struct ol_style style, const struct ol_watch_row *row, bool has_name) {
	char text[TEXT_BYTES];
	char mark[MARK_BYTES] = "";
	char time_text[TIME_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	format_mark(style, row, mark, sizeof mark);
	add_usage(&words, row);
	if (style.is_terminal) {
		put_redrawn(stream, style, row, has_name, text, mark);
		return;
	}
	format_time(row->time_ns, time_text);
	fprintf(stream, "%s  ", time_text);
	if (has_name) {
		ol_cells_put(stream, style, row->path);
		fputs("  ", stream);
	}
	fprintf(stream, "%s%s", text, mark);
	fputc('\n', stream);
}

void ol_watch_text_note(FILE *stream, struct ol_style style, uint64_t time_ns, const char *text) {
	char time_text[TIME_BYTES];
	format_time(time_ns, time_text);
	fprintf(stream, "%s  ", time_text);
	ol_cells_put(stream, style, text);
	fputc('\n', stream);
}
