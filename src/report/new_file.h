/* new_file.h -- A file that is there whole or not at all. */
#ifndef OL_REPORT_NEW_FILE_H
#define OL_REPORT_NEW_FILE_H

#include <limits.h>
#include <stdio.h>

#include "base/error.h"

struct ol_new_file {
	FILE *stream;               /* To write to. */
	char path[PATH_MAX];        /* Where it is to be; links are followed. */
	char beside[PATH_MAX + 32]; /* Where it is while it is written; "": there already. */
};

/* Opens a file beside path, of path's mode or the usual one. What is there and is no regular file
 * is opened itself. 0, or a negative errno value with a message that names path. */
int ol_new_file_open(struct ol_new_file *file, const char *path, struct ol_error *error);
/* Puts it in its place; everything written counts: a full disk is told here, and leaves what was
 * there before. The file is closed in any case. */
int ol_new_file_finish(struct ol_new_file *file, struct ol_error *error);
/* Instead of that: leaves nothing. */
void ol_new_file_drop(struct ol_new_file *file);

#endif
