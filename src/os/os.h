/* os.h -- The system seam: what a program asks of the kernel beside pages: a child, a file, another
 * limit of its cage.
 *
 * real.c is the real side, inside the cage. Each piece of work is bounded, so that whoever calls
 * can do what else is due in between. Knows no heap, no Lua and no control group. */
#ifndef OL_OS_OS_H
#define OL_OS_OS_H

#include <stdint.h>

#include "base/error.h"
#include "record/flight.h"

struct ol_os;

struct ol_os_child {
	int64_t id; /* Of the implementation: a pid. */
};

struct ol_os_file {
	int64_t id;     /* Of the implementation: an fd. */
	uint64_t bytes; /* Written so far. */
};

/* Of one call that writes or reads a file: so much at most. */
#define OL_OS_PIECE_BYTES (UINT64_C(256) << 10)

struct ol_os_ops {
	/* A child that shares all pages of now, copy on write, and sleeps until it is ended. It ends
	 * with this process. Where the kernel is short of memory in the cage, it kills this process and
	 * not the child. Not in a process with more than one thread. */
	int (*fork)(struct ol_os *os, struct ol_os_child *ret_child, struct ol_error *error);
	/* Ends it and waits until its pages are its parent's alone again. */
	void (*end_child)(struct ol_os *os, const struct ol_os_child *child);

	/* An empty file on a disk, without a name: it ends with this process. Its pages are in the page
	 * cache, charged to the cage, and the kernel may reclaim them at any time. bytes: that are
	 * going to be written; -ENOSPC where the disk has no room for them. -ENOTSUP: no directory for
	 * temporary files is on a disk. */
	int (*create_file)(
		struct ol_os *os, uint64_t bytes, struct ol_os_file *ret_file, struct ol_error *error);
	/* Appends bytes, OL_OS_PIECE_BYTES at most, which are on the disk on return: clean pages. */
	int (*write_file)(
		struct ol_os *os, struct ol_os_file *file, uint64_t bytes, struct ol_error *error);
	/* Reads so many bytes from at_bytes on, OL_OS_PIECE_BYTES at most; within what was written. */
	int (*read_file)(struct ol_os *os, const struct ol_os_file *file, uint64_t at_bytes,
		uint64_t bytes, struct ol_error *error);
	void (*release_file)(struct ol_os *os, struct ol_os_file *file);

	/* Has the cage's limit set. -EBUSY: refused, more is used (v1); where the kernel does not
	 * refuse (v2) it reclaims and then kills, before this returns. -ENOTSUP: there is no cage.
	 * -ERANGE: less than a page. */
	int (*set_limit)(struct ol_os *os, uint64_t bytes, struct ol_error *error);
};

struct ol_os {
	const struct ol_os_ops *ops;
};

/* The kernel's. */
struct ol_os_real {
	struct ol_os os;
	int socket_fd;            /* To the lab, which alone sets limits; -1 for none. */
	struct ol_flight *flight; /* Where it answers; NULL for none. */
	uint32_t request_number;  /* Of the last one. */
	unsigned child_count;     /* That live. */
	int former_score;         /* oom_score_adj without children. */
};
void ol_os_real_init(struct ol_os_real *os, int socket_fd, struct ol_flight *flight);

#endif
