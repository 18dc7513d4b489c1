/* dump.h -- What a program leaves behind when it is told to end: a directory that only its owner
 * may read, with statistics, record, heap profile and the kernel's own figures.
 *
 * Two steps, so that a slow or full disk never delays the end: first everything is gathered in
 * memory, while the program still runs; then a process of its own writes it. */
#ifndef OL_DUMP_DUMP_H
#define OL_DUMP_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/profile.h"

struct ol_dump; /* Opaque. */

enum { OL_DUMP_FILES_MAX = 16, OL_DUMP_BYTES_MAX = 64 << 20 /* Of all files together. */ };

/* parent: an existing directory, which may be one that everybody writes to. In it
 * "oomlab-NAME-20261121T195501Z-PID" is to be made, mode 0700, with the moment of writing (UTC) and
 * the lab's pid; name is made safe for that. Makes nothing yet, but a parent that cannot be written
 * to is refused now. -ENOENT, -ENOTDIR, -EACCES, -EROFS, -ENAMETOOLONG, -ENOMEM. */
int ol_dump_create(
	const char *parent, const char *name, struct ol_dump **ret_dump, struct ol_error *error);
void ol_dump_destroy(struct ol_dump *dump); /* NULL is fine; a writer at work is ended. */

/* Gathers one file: bytes are copied. What goes beyond OL_DUMP_BYTES_MAX is cut, and the file's end
 * says so. Leave the file out: -ENOSPC (nothing of it would fit, or too many files), -EEXIST (there
 * is one of that name), -ENOMEM. A name is made safe too, and does not begin with a dot. */
int ol_dump_add(struct ol_dump *dump, const char *name, const void *bytes, size_t length,
	struct ol_error *error);
/* The same from a file of the kernel's, read now (memory.stat, smaps_rollup). */
int ol_dump_add_copy(
	struct ol_dump *dump, const char *name, const char *path, struct ol_error *error);
/* A heap profile in pprof's format: gzip'd protobuf, for `go tool pprof`. At most
 * OL_PROFILE_SITES_MAX sites, and one for all the rest. garbage_bytes: allocated, but held by
 * nobody (UINT64_MAX: not known). Never cut: -ENOSPC, -EEXIST, -ENOMEM leave it out. */
int ol_dump_add_profile(struct ol_dump *dump, const char *name, const struct ol_profile_site *sites,
	size_t site_count, uint64_t garbage_bytes, uint64_t wall_ns, struct ol_error *error);

/* Starts a process, a child of the lab's, that makes the directory and writes the files. Never
 * waits for the disk. Once; nothing is added after that. -EAGAIN, -ENOMEM, -EMFILE. */
int ol_dump_write(struct ol_dump *dump, struct ol_error *error);
/* Waits for it, at most patience_ms. 0; -ETIMEDOUT (it is ended; what it wrote stays); -EIO (it was
 * ended by somebody else); or what the disk said first, with the file's name: the other files are
 * written all the same. ret_directory (OL_PATH_BYTES) gets the directory as far as it came, also on
 * failure; "" where there is none. */
int ol_dump_finish(
	struct ol_dump *dump, int patience_ms, char *ret_directory, struct ol_error *error);

#endif
