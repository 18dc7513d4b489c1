/* file.h -- Small files read and written whole: kernel counters, scripts, limits. */
#ifndef OL_BASE_FILE_H
#define OL_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Reads at most capacity - 1 bytes of path into buffer and ends them with a NUL. Returns the
 * number of bytes read, or a negative errno value with a message that names the file. A longer
 * file is -EFBIG. */
int ol_file_read(const char *path, char *buffer, size_t capacity, struct ol_error *error);

/* The same for a file named below an open directory. */
int ol_file_read_at(
	int directory_fd, const char *name, char *buffer, size_t capacity, struct ol_error *error);

/* Reads one unsigned decimal; "max" is UINT64_MAX. */
int ol_file_read_uint64_at(
	int directory_fd, const char *name, uint64_t *ret_value, struct ol_error *error);

/* Writes text to an existing file in one write(2), as kernel interface files want it. */
int ol_file_write_at(int directory_fd, const char *name, const char *text, struct ol_error *error);

/* Finds "key value" lines, as in memory.events and memory.stat: 0, or -ENOENT. */
int ol_keyed_uint64(const char *text, const char *key, uint64_t *ret_value);

#endif
