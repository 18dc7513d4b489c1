/* group.c -- Opens a group that is not ours, and looks at what changes in it. */
#include "cage/group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/group_internal.h"

/* Version 1's "no limit" is the largest number of whole pages that fits into 63 bits. */
#define V1_UNLIMITED_BYTES (UINT64_C(1) << 62)

enum { ROOT_INODE = 1 };

int ol_group_read_fd(int fd, uint64_t *ret_number) {
	char text[32];
	if (fd < 0) {
		*ret_number = OL_NOT_KNOWN;
		return 0;
	}
	ssize_t length = pread(fd, text, sizeof text - 1, 0);
	if (length < 0)
		return errno == ENODEV ? -ENOENT : -errno;
	text[length] = '\0';
	uint64_t number = strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
	*ret_number = number >= V1_UNLIMITED_BYTES ? UINT64_MAX : number;
	return 0;
}

static int open_file(const struct ol_group *group, const char *v1_name, const char *v2_name) {
	const char *name = group->memory_version == 1 ? v1_name : v2_name;
	return name != NULL ? openat(group->directory_fd, name, O_RDONLY | O_CLOEXEC) : -1;
}

/* Its own limit and those of the groups above, as far as they count for it. */
static void open_limits(struct ol_group *group) {
	bool is_v1 = group->memory_version == 1;
	const char *name = is_v1 ? "memory.limit_in_bytes" : "memory.max";
	char directory[OL_PATH_BYTES];
	snprintf(directory, sizeof directory, "%s", group->directory);
	size_t mount_length = strlen(directory) - (group->path[1] != '\0' ? strlen(group->path) : 0);
	while (group->limit_count < OL_CAGE_DEPTH_MAX) {
		OL_AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* Before Linux 5.11 version 1 may have groups that do not count for those above. */
		uint64_t is_counted_above = 1;
		if (is_v1 && group->limit_count > 0)
			(void)ol_cage_read_number(fd, "memory.use_hierarchy", &is_counted_above);
		if (fd < 0 || is_counted_above == 0)
			return;
		/* -1 for the top of version 2, which has no limit. */
		group->limit_fds[group->limit_count++] = openat(fd, name, O_RDONLY | O_CLOEXEC);
		if (strlen(directory) <= mount_length)
			return;
		*strrchr(directory, '/') = '\0';
	}
}

int ol_group_tightest(const struct ol_group *group, uint64_t *ret_limit_bytes, int *ret_level) {
	*ret_limit_bytes = group->hidden_limit_bytes;
	*ret_level = -1;
	for (int i = 0; i < group->limit_count; i++) {
		uint64_t limit_bytes = OL_UNLIMITED;
		int result = ol_group_read_fd(group->limit_fds[i], &limit_bytes);
		if (result < 0)
			return result;
		/* "<=": where a hidden one is as tight, the visible one is it. */
		if (limit_bytes < *ret_limit_bytes ||
			(*ret_level < 0 && limit_bytes == *ret_limit_bytes && limit_bytes != OL_UNLIMITED)) {
			*ret_limit_bytes = limit_bytes;
			*ret_level = i;
		}
	}
	return 0;
}

/* Version 1 tells the tightest of all limits above, whether we see those groups or not. */
static void find_hidden_limit(struct ol_group *group) {
	char text[OL_GROUP_STAT_BYTES];
	uint64_t whole_bytes = OL_UNLIMITED;
	uint64_t visible_bytes;
	int level;
	group->hidden_limit_bytes = OL_UNLIMITED;
	if (group->memory_version != 1 ||
		ol_file_read_at(group->directory_fd, "memory.stat", text, sizeof text, NULL) < 0 ||
		ol_keyed_uint64(text, "hierarchical_memory_limit", &whole_bytes) < 0 ||
		ol_group_tightest(group, &visible_bytes, &level) < 0)
		return;
	if (whole_bytes < visible_bytes && whole_bytes < V1_UNLIMITED_BYTES)
		group->hidden_limit_bytes = whole_bytes;
}

static void open_files(struct ol_group *group) {
	struct stat status;
	group->is_root = fstat(group->directory_fd, &status) == 0 && status.st_ino == ROOT_INODE;
	group->usage_fd = open_file(group, "memory.usage_in_bytes", "memory.current");
	/* Nothing is charged to the top of version 1: what its peak counts is the groups below. */
	if (!group->is_root)
		group->peak_fd = open_file(group, "memory.max_usage_in_bytes", "memory.peak");
	group->swap_fd = open_file(group, "memory.memsw.usage_in_bytes", "memory.swap.current");
	group->events_fd = open_file(group, "memory.oom_control", "memory.events");
	group->pressure_fd = open_file(group, NULL, "memory.pressure");
	open_limits(group);
	find_hidden_limit(group);
}

static void close_quietly(struct ol_group **group) {
	ol_group_close(*group);
}

void ol_group_close(struct ol_group *group) {
	if (group == NULL)
		return;
	int fds[] = { group->directory_fd, group->usage_fd, group->peak_fd, group->swap_fd,
		group->events_fd, group->pressure_fd };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	for (int i = 0; i < group->limit_count; i++) {
		if (group->limit_fds[i] >= 0)
			close(group->limit_fds[i]);
	}
	free(group);
}

int ol_group_open_path(const struct ol_cage_system *system, const char *path,
	struct ol_group **ret_group, struct ol_error *error) {
	if (system->memory_version == 0)
		return ol_error_set(error, -ENOENT,
			"this machine has no memory controller, so no group counts memory; oomlab doctor says "
			"why");
	__attribute__((cleanup(close_quietly))) struct ol_group *group = calloc(1, sizeof *group);
	if (group == NULL)
		return ol_error_set_errno(error, -ENOMEM, "cannot keep a group's records");
	group->directory_fd = group->usage_fd = group->peak_fd = -1;
	group->swap_fd = group->events_fd = group->pressure_fd = -1;
	group->memory_version = system->memory_version;
	int result = ol_cage_normalize_path(path, group->path, error);
	if (result >= 0)
		result = ol_cage_join_path(group->directory, system->mount, group->path, error);
	if (result < 0)
		return result;
	if (strcmp(group->path, "/") == 0)
		snprintf(group->directory, sizeof group->directory, "%s", system->mount);
	group->directory_fd = open(group->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group->directory_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return ol_error_set(error, -ENOENT, "there is no control group %.300s below %.200s",
			group->path, system->mount);
	if (group->directory_fd < 0)
		return ol_error_set_errno(error, -errno, "cannot open %.500s", group->directory);
	struct statfs file_system;
	long magic = system->memory_version == 1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC;
	if (fstatfs(group->directory_fd, &file_system) < 0 || file_system.f_type != magic)
		return ol_error_set(error, -ENOENT,
			"%.500s is no control group: something else is mounted there", group->directory);
	open_files(group);
	*ret_group = group;
	group = NULL;
	return 0;
}

bool ol_group_has_usage(const struct ol_group *group) {
	return group->usage_fd >= 0;
}

const char *ol_group_path(const struct ol_group *group) {
	return group->path;
}

/* Version 1 counts a kill only where its victim was. */
static uint64_t kill_count(const struct ol_group *group) {
	char text[OL_CAGE_EVENTS_BYTES];
	uint64_t count;
	ssize_t length = group->events_fd >= 0 ? pread(group->events_fd, text, sizeof text - 1, 0) : -1;
	if (length < 0)
		return OL_NOT_KNOWN;
	text[length] = '\0';
	if (ol_keyed_uint64(text, "oom_kill", &count) < 0)
		return OL_NOT_KNOWN;
	return group->memory_version == 1 ? count + ol_cage_kills_below(group->directory_fd) : count;
}

/* Version 1 counts memory and swap together; memory.stat, which tells them apart, takes longer to
 * read than all the rest, and is read where there is something to tell only. */
static uint64_t swap_bytes(const struct ol_group *group, uint64_t usage_bytes) {
	char text[OL_GROUP_STAT_BYTES];
	uint64_t bytes = OL_NOT_KNOWN;
	(void)ol_group_read_fd(group->swap_fd, &bytes);
	if (group->memory_version == 2 || bytes == OL_NOT_KNOWN)
		return bytes;
	if (bytes <= usage_bytes)
		return 0;
	bytes = 0;
	if (ol_file_read_at(group->directory_fd, "memory.stat", text, sizeof text, NULL) >= 0)
		(void)ol_keyed_uint64(text, "total_swap", &bytes);
	return bytes;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS" */
static void read_stall(const struct ol_group *group, struct ol_group_look *look) {
	char text[OL_CAGE_EVENTS_BYTES];
	look->stall_ns = OL_NOT_KNOWN;
	look->stall_percent = NAN;
	ssize_t length =
		group->pressure_fd >= 0 ? pread(group->pressure_fd, text, sizeof text - 1, 0) : -1;
	text[length > 0 ? length : 0] = '\0';
	const char *average = strstr(text, "some avg10=");
	const char *total = average != NULL ? strstr(average, "total=") : NULL;
	if (total == NULL)
		return;
	look->stall_percent = strtod(average + strlen("some avg10="), NULL);
	look->stall_ns = strtoull(total + strlen("total="), NULL, 10) * OL_NS_PER_US;
}

int ol_group_look(
	const struct ol_group *group, struct ol_group_look *ret_look, struct ol_error *error) {
	struct ol_group_look look = { 0 };
	int level;
	int result = ol_group_read_fd(group->usage_fd, &look.usage_bytes);
	if (result >= 0)
		result = ol_group_read_fd(group->peak_fd, &look.peak_bytes);
	if (result >= 0)
		result = ol_group_tightest(group, &look.limit_bytes, &level);
	/* Version 2 has groups without the controller of memory, and so without a usage to fail at. */
	if (result >= 0 && group->usage_fd < 0 &&
		faccessat(group->directory_fd, "cgroup.procs", F_OK, 0) < 0)
		result = -ENOENT;
	if (result == -ENOENT)
		return ol_error_set(
			error, -ENOENT, "the control group %.500s is gone: it was removed", group->path);
	if (result < 0)
		return ol_error_set_errno(error, result, "cannot read the usage of %.500s", group->path);
	look.swap_bytes = swap_bytes(group, look.usage_bytes);
	look.oom_kill_count = kill_count(group);
	read_stall(group, &look);
	*ret_look = look;
	return 0;
}

void ol_group_each_process(
	const struct ol_group *group, void (*each)(pid_t pid, void *context), void *context) {
	(void)ol_cage_each_process_below(group->directory_fd, each, context);
}
