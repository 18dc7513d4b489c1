/* watch_screen.c -- Writes what watch sees, in the form that standard output is to get.
 *
 * What cannot be written is noticed at the end (ol_finish_stdout), and by the loop at each look. */
#include "cli/watch_screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ROWS_DEFAULT = 24, ROWS_MINIMUM = 4, MARGIN_ROWS = 2 };

void ol_watch_screen_begin(struct ol_watch_screen *screen, const struct ol_watch_header *header) {
	/* A frame at once: what comes piece by piece flickers. */
	(void)setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	if (screen->is_json)
		(void)ol_watch_json_header(stdout, header, NULL);
}

static size_t rows_of_terminal(void) {
	struct winsize size;
	unsigned rows = ROWS_DEFAULT;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
		rows = size.ws_row;
	return (rows < ROWS_MINIMUM ? ROWS_MINIMUM : rows) - MARGIN_ROWS;
}

static void draw_rows(struct ol_watch_screen *screen, struct ol_style style,
	const struct ol_watch_row *rows, size_t count) {
	size_t shown = rows_of_terminal();
	if (count <= shown)
		shown = count;
	if (screen->drawn_rows > 0)
		printf("\033[%uA", screen->drawn_rows);
	for (size_t i = 0; i < shown; i++) {
		fputs("\r", stdout);
		ol_watch_text_row(stdout, style, &rows[i], screen->has_names);
		fputs("\033[K\n", stdout);
	}
	screen->drawn_rows = (unsigned)shown;
	if (shown < count) {
		printf("\rand %zu more\033[K\n", count - shown);
		screen->drawn_rows++;
	}
	fputs("\033[J", stdout);
}

void ol_watch_screen_rows(
	struct ol_watch_screen *screen, const struct ol_watch_row *rows, size_t count) {
	struct ol_style style = ol_style_of(stdout); /* The window may have changed. */
	if (screen->is_json) {
		for (size_t i = 0; i < count; i++)
			(void)ol_watch_json_row(stdout, &rows[i], NULL);
	} else if (style.is_terminal) {
		draw_rows(screen, style, rows, count);
	} else {
		for (size_t i = 0; i < count; i++)
			ol_watch_text_row(stdout, style, &rows[i], screen->has_names);
	}
	fflush(stdout);
}

void ol_watch_screen_note(
	struct ol_watch_screen *screen, const char *path, uint64_t time_ns, const char *text) {
	if (screen->is_json) {
		if (path != NULL)
			(void)ol_watch_json_gone(stdout, path, NULL);
		return;
	}
	/* Stands above the lines that are redrawn. */
	if (screen->drawn_rows > 0)
		printf("\033[%uA\r\033[J", screen->drawn_rows);
	screen->drawn_rows = 0;
	ol_watch_text_note(stdout, ol_style_of(stdout), time_ns, text);
	fflush(stdout);
}

void ol_watch_screen_end(struct ol_watch_screen *screen, const char *reason) {
	if (screen->is_json)
		(void)ol_watch_json_end(stdout, reason, NULL);
}
