/* new_file.h -- A file that is there whole or not at all. */
#ifndef OL_REPORT_NEW_FILE_H
#define OL_REPORT_NEW_FILE_H

#include <stddef.h>

#include "base/error.h"

/* Writes text beside path, then puts it in its place, with the mode of what was there; links are
 * followed. What is there and is no regular file is written to itself. 0, or a negative errno value
 * with a message that names path: then what was there before is there still. */
int ol_new_file_write(const char *path, const char *text, size_t length, struct ol_error *error);

/* Whether that would be so, but for the room on the disk. Leaves nothing. */
int ol_new_file_check(const char *path, struct ol_error *error);

#endif
