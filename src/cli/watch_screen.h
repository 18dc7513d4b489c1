/* watch_screen.h -- What watch shows: lines, a few lines that are redrawn, or JSON Lines. */
#ifndef OL_CLI_WATCH_SCREEN_H
#define OL_CLI_WATCH_SCREEN_H

#include "report/group_report.h"

struct ol_watch_screen {
	bool is_json;
	bool has_names; /* Several groups. */
	unsigned drawn_rows;
};

void ol_watch_screen_begin(struct ol_watch_screen *screen, const struct ol_watch_header *header);
/* All groups at one look. */
void ol_watch_screen_rows(
	struct ol_watch_screen *screen, const struct ol_watch_row *rows, size_t count);
/* A group has gone (path), or something else is to be known (path NULL, text only). */
void ol_watch_screen_note(
	struct ol_watch_screen *screen, const char *path, uint64_t time_ns, const char *text);
/* reason: one word, for JSON. */
void ol_watch_screen_end(struct ol_watch_screen *screen, const char *reason);

#endif
