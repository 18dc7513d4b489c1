/* group_report.h -- Processes and the groups that are charged for them, in words, text and JSON.
 *
 * Knows record/ only; writes to the stream it is given and nowhere else. */
#ifndef OL_REPORT_GROUP_REPORT_H
#define OL_REPORT_GROUP_REPORT_H

#include <stdio.h>

#include "base/error.h"
#include "record/group.h"
#include "report/report.h"
#include "report/unit.h"

/* ---- Why a group's usage is not the RSS of its processes ---- */

enum ol_difference_kind {
	OL_DIFFERENCE_PAGE_CACHE, /* Files that nobody maps. */
	OL_DIFFERENCE_FILES,      /* Mapped files: charged elsewhere, counted twice. */
	OL_DIFFERENCE_SHMEM,
	OL_DIFFERENCE_SHARED_ANON, /* Counted twice after fork(). */
	OL_DIFFERENCE_ANON,        /* Charged elsewhere, or here for nobody. */
	OL_DIFFERENCE_KERNEL,
	OL_DIFFERENCE_SOCKETS,
	OL_DIFFERENCE_AHEAD,       /* Charged before it is used. */
	OL_DIFFERENCE_UNEXPLAINED, /* What memory.stat does not tell. */
	OL_DIFFERENCE_COUNT
};
const char *ol_difference_name(enum ol_difference_kind kind); /* "page-cache" */

/* One reason: so much is in the usage and in no RSS; negative the other way round. */
struct ol_difference {
	enum ol_difference_kind kind;
	int64_t bytes;
	char words[OL_TEXT_BYTES];
};

/* Fills in the reasons, none of them 0; they add up to usage less RSS to the byte. Returns how
 * many. The group has a usage, and is not the whole machine. */
size_t ol_group_differences(const struct ol_rss_group *group, uint64_t cpus, uint64_t page_bytes,
	struct ol_difference ret_differences[OL_DIFFERENCE_COUNT]);

/* The same in the unit's smallest step shown (0.1 MiB), such that what is shown adds up as well:
 * usage shown less RSS shown. ret_steps has a number for each difference. */
void ol_group_round(const struct ol_rss_group *group, struct ol_unit unit,
	const struct ol_difference *differences, size_t count, int64_t *ret_steps);

/* ---- rss ---- */

void ol_rss_text(FILE *stream, struct ol_style style, const struct ol_rss *rss);
/* One object, schema oomlab.rss/1, as docs/json.md describes. */
int ol_rss_json(FILE *stream, const struct ol_rss *rss, struct ol_error *error);

/* ---- watch ---- */

/* A line for people, with its newline; has_name: the group's path stands in it. On a terminal
 * without time and newline, with a bar, and cut to the width, so that it can be redrawn. */
void ol_watch_text_row(
	FILE *stream, struct ol_style style, const struct ol_watch_row *row, bool has_name);
/* A line that stays: what became of a group. */
void ol_watch_text_note(FILE *stream, struct ol_style style, uint64_t time_ns, const char *text);

/* Lines of JSON: header (schema oomlab.watch/1), sample, gone, end. */
struct ol_watch_header {
	const char *watched; /* "cages", "group", "process". */
	const char *path;    /* "" for cages. */
	int32_t pid;         /* 0: none. */
	uint64_t period_ns;
};
int ol_watch_json_header(
	FILE *stream, const struct ol_watch_header *header, struct ol_error *error);
int ol_watch_json_row(FILE *stream, const struct ol_watch_row *row, struct ol_error *error);
int ol_watch_json_gone(FILE *stream, const char *path, struct ol_error *error);
int ol_watch_json_end(FILE *stream, const char *reason, struct ol_error *error);

#endif
