/* group_internal.h -- What the files of a group that is not ours share. */
#ifndef OL_CAGE_GROUP_INTERNAL_H
#define OL_CAGE_GROUP_INTERNAL_H

#include "cage/group.h"
#include "cage/internal.h"

enum { OL_GROUP_STAT_BYTES = 16384 }; /* More than memory.stat ever holds. */

/* Of the files, -1 where the kernel does not offer one. */
struct ol_group {
	int memory_version;
	bool is_root;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	int directory_fd;
	int usage_fd;
	int peak_fd;
	int swap_fd; /* Version 1: of memory and swap together. */
	int events_fd;
	int pressure_fd;
	int limit_count;
	int limit_fds[OL_CAGE_DEPTH_MAX]; /* From itself upwards. */
	uint64_t hidden_limit_bytes;      /* Version 1: of groups above what our mount shows. */
};

/* One number from a file that is kept open; OL_NOT_KNOWN where there is none. "max", and what
 * version 1 writes for it, is UINT64_MAX. -ENOENT: the group is gone. */
int ol_group_read_fd(int fd, uint64_t *ret_number);
/* False for version 2's top, and for its groups that were not handed the controller of memory. */
bool ol_group_has_usage(const struct ol_group *group);
/* The tightest limit, and whose: the level upwards from itself; -1: a hidden one. */
int ol_group_tightest(const struct ol_group *group, uint64_t *ret_limit_bytes, int *ret_level);

#endif
