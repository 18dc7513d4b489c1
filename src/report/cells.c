/* cells.c -- Text in terminal cells: made safe, measured, padded, wrapped, coloured. */
#include "report/cells.h"

#include <assert.h>
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "report/utf8.h"

enum {
	COLUMNS_DEFAULT = 80,
	COLUMNS_MINIMUM = 60,  /* Narrower terminals wrap: a table needs its columns. */
	COLUMNS_MAXIMUM = 160, /* Wider lines are hard to read. */
	PUT_BYTES = 256        /* Written at once. */
};

static unsigned columns_of(FILE *stream) {
	struct winsize size;
	unsigned columns = COLUMNS_DEFAULT;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	if (columns < COLUMNS_MINIMUM)
		return COLUMNS_MINIMUM;
	return columns > COLUMNS_MAXIMUM ? COLUMNS_MAXIMUM : columns;
}

struct ol_style ol_style_of(FILE *stream) {
	/* Only characters: numbers are read and written in the C locale everywhere. Not at the start of
	 * the program: files are read for it, and who prints later need not wait for it. */
	static bool is_locale_known;
	if (!is_locale_known)
		setlocale(LC_CTYPE, "");
	is_locale_known = true;
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	bool is_terminal = isatty(fileno(stream)) == 1;
	return (struct ol_style){
		.is_terminal = is_terminal && terminal != NULL && strcmp(terminal, "dumb") != 0,
		.has_color = is_terminal && (no_color == NULL || *no_color == '\0') && terminal != NULL &&
					 strcmp(terminal, "dumb") != 0,
		.has_unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.columns = is_terminal ? columns_of(stream) : COLUMNS_DEFAULT,
	};
}

void ol_cells_paint(FILE *stream, struct ol_style style, enum ol_paint paint) {
	static const char *const sequences[] = {
		[OL_PAINT_NONE] = "\033[0m",
		[OL_PAINT_BOLD] = "\033[1m",
		[OL_PAINT_DIM] = "\033[2m",
		[OL_PAINT_GOOD] = "\033[32m",
		[OL_PAINT_WARN] = "\033[33m",
		[OL_PAINT_BAD] = "\033[31m",
		[OL_PAINT_STRONG_GOOD] = "\033[1;32m",
		[OL_PAINT_STRONG_WARN] = "\033[1;33m",
		[OL_PAINT_STRONG_BAD] = "\033[1;31m",
	};
	if (style.has_color)
		fputs(sequences[paint], stream);
}

/* One character as it may be shown. */
struct cell {
	char text[OL_UTF8_BYTES_MAX + 1];
	unsigned width;
};

/* Takes one character off text and returns the bytes it took. */
static size_t next_cell(struct ol_style style, const char *text, struct cell *ret_cell) {
	uint32_t point;
	size_t length = ol_utf8_decode(text, &point);
	*ret_cell = (struct cell){ "?", 1 };
	if (length == 0)
		return 1;
	if (point == '\t' || point == '\n' || point == '\r') {
		*ret_cell = (struct cell){ " ", 1 };
		return length;
	}
	/* C0 and C1 controls and DEL; then marks that turn the direction of what follows. */
	bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
	bool is_bidi = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
	if (is_control || is_bidi || (point >= 0x80 && !style.has_unicode))
		return length;
	int width = point < 0x80 ? 1 : wcwidth((wchar_t)point);
	memcpy(ret_cell->text, text, length);
	ret_cell->text[length] = '\0';
	ret_cell->width = width < 0 ? 1 : (unsigned)width;
	return length;
}

unsigned ol_cells_width(struct ol_style style, const char *text) {
	unsigned width = 0;
	while (*text != '\0') {
		struct cell cell;
		text += next_cell(style, text, &cell);
		width += cell.width;
	}
	return width;
}

/* Writes as much as fits into width cells; returns the cells used. */
static unsigned put_within(
	FILE *stream, struct ol_style style, const char *text, unsigned width, size_t bytes_max) {
	char bytes[PUT_BYTES];
	size_t length = 0;
	unsigned used = 0;
	const char *end = text + strnlen(text, bytes_max);
	while (text < end) {
		struct cell cell;
		text += next_cell(style, text, &cell);
		if (used + cell.width > width)
			break;
		/* By the piece: stderr has no buffer, and each character would be a system call. */
		if (length + OL_UTF8_BYTES_MAX > sizeof bytes) {
			fwrite(bytes, 1, length, stream);
			length = 0;
		}
		memcpy(bytes + length, cell.text, strlen(cell.text));
		length += strlen(cell.text);
		used += cell.width;
	}
	fwrite(bytes, 1, length, stream);
	return used;
}

void ol_cells_put(FILE *stream, struct ol_style style, const char *text) {
	put_within(stream, style, text, UINT32_MAX, SIZE_MAX);
}

static void put_spaces(FILE *stream, unsigned count) {
	fprintf(stream, "%*s", (int)count, "");
}

void ol_cells_put_left(FILE *stream, struct ol_style style, const char *text, unsigned width) {
	const char *ellipsis = style.has_unicode ? "…" : "~";
	if (ol_cells_width(style, text) <= width) {
		put_spaces(stream, width - put_within(stream, style, text, width, SIZE_MAX));
		return;
	}
	assert(width > 1);
	unsigned used = put_within(stream, style, text, width - 1, SIZE_MAX);
	fputs(ellipsis, stream);
	put_spaces(stream, width - 1 - used);
}

void ol_cells_put_right(FILE *stream, struct ol_style style, const char *text, unsigned width) {
	unsigned needed = ol_cells_width(style, text);
	if (needed < width)
		put_spaces(stream, width - needed);
	ol_cells_put_left(stream, style, text, needed < width ? needed : width);
}

/* The bytes of text, up to a space, that fit into width cells: at least one character. */
static size_t line_bytes(struct ol_style style, const char *text, unsigned width) {
	size_t bytes = 0, last_space = 0;
	unsigned used = 0;
	while (text[bytes] != '\0') {
		struct cell cell;
		size_t step = next_cell(style, text + bytes, &cell);
		if (text[bytes] == ' ')
			last_space = bytes;
		if (used + cell.width > width && bytes > 0)
			return last_space > 0 ? last_space : bytes;
		used += cell.width;
		bytes += step;
	}
	return bytes;
}

void ol_cells_wrapped(
	FILE *stream, struct ol_style style, unsigned indent, enum ol_paint paint, const char *text) {
	assert(indent + 20 < COLUMNS_MINIMUM);
	unsigned width = style.columns - indent - 1;
	do {
		size_t bytes = line_bytes(style, text, width);
		if (paint != OL_PAINT_NONE)
			ol_cells_paint(stream, style, paint);
		put_within(stream, style, text, UINT32_MAX, bytes);
		if (paint != OL_PAINT_NONE)
			ol_cells_paint(stream, style, OL_PAINT_NONE);
		fputc('\n', stream);
		text += bytes;
		text += strspn(text, " ");
		if (*text != '\0')
			put_spaces(stream, indent);
	} while (*text != '\0');
}

void ol_cells_paragraph(FILE *stream, struct ol_style style, const char *label, unsigned indent,
	enum ol_paint paint, const char *text) {
	fputc(' ', stream);
	if (indent > 1) {
		ol_cells_paint(stream, style, OL_PAINT_BOLD);
		ol_cells_put_left(stream, style, label, indent - 1);
		ol_cells_paint(stream, style, OL_PAINT_NONE);
	}
	ol_cells_wrapped(stream, style, indent, paint, text);
}

void ol_cells_put_bar(
	FILE *stream, struct ol_style style, uint64_t bytes, uint64_t whole_bytes, unsigned columns) {
	unsigned full = bytes >= whole_bytes
						? columns
						: (unsigned)((double)bytes / (double)whole_bytes * columns + 0.5);
	for (unsigned i = 0; i < columns; i++)
		fputs(i < full ? (style.has_unicode ? "█" : "#") : (style.has_unicode ? "·" : "."), stream);
}

const char *ol_cells_separator(struct ol_style style) {
	return style.has_unicode ? "·" : "-";
}
