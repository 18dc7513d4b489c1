/* place.c -- Where the cage goes: opens the chain of groups down to its parent.
 *
 * The parent is the one that was asked for, or the cage that the lab is in itself, or the top of
 * the hierarchy where this user may write to it (root), or else the highest group above the lab
 * that was delegated to this user. Creates and changes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cage/internal.h"

static void close_below(struct ol_cage_chain *chain, int count) {
	while (chain->count > count)
		close(chain->fds[--chain->count]);
}

void ol_cage_level_path(
	const struct ol_cage_chain *chain, int level, char ret_path[OL_PATH_BYTES]) {
	size_t length = 0;
	for (int i = 0; i < level && chain->path[length] != '\0'; i++)
		length += 1 + strcspn(chain->path + length + 1, "/");
	snprintf(ret_path, OL_PATH_BYTES, "%.*s", length > 0 ? (int)length : 1, chain->path);
}

static int open_top(
	const struct ol_cage_system *system, struct ol_cage_chain *chain, struct ol_error *error) {
	struct statfs file_system;
	int fd = open(system->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(
			error, -errno, "cannot open the control groups at %.400s", system->mount);
	chain->fds[chain->count++] = fd;
	long magic = system->memory_version == 1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC;
	if (fstatfs(fd, &file_system) < 0 || file_system.f_type != magic)
		return ol_error_set(error, -ENOENT,
			"the control groups are no longer at %.300s: something else is mounted there; unmount "
			"that, or mount them again: mount -t %s %.300s",
			system->mount, system->memory_version == 1 ? "cgroup -o memory cgroup" : "cgroup2 none",
			system->mount);
	return 0;
}

/* Opens every level of path, which begins with "/" and has no "..", no "//" and no end "/". */
static int open_levels(const struct ol_cage_system *system, const char *path,
	struct ol_cage_chain *chain, struct ol_error *error) {
	for (const char *next = path; next[0] == '/' && next[1] != '\0';) {
		char name[OL_PATH_BYTES];
		size_t length = strcspn(next + 1, "/");
		snprintf(name, sizeof name, "%.*s", (int)length, next + 1);
		if (chain->count == OL_CAGE_DEPTH_MAX)
			return ol_error_set(error, -ENAMETOOLONG,
				"control group %.300s is more than %d levels deep; choose one higher up by "
				"--group=NAME",
				path, OL_CAGE_DEPTH_MAX - 1);
		int fd =
			openat(ol_cage_parent_fd(chain), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			return ol_error_set(error, -ENOENT,
				"there is no control group %.300s; make it first: mkdir -p %.128s%.300s", path,
				system->mount, path);
		if (fd < 0)
			return ol_cage_fail(
				error, -errno, system->mount, "cannot open %s%s", system->mount, path);
		chain->fds[chain->count++] = fd;
		next += 1 + length;
	}
	snprintf(chain->path, sizeof chain->path, "%s", path);
	return 0;
}

/* What this user needs to make groups in a group and to move processes between them. Returns 0, or
 * a negative errno value and the file that is in the way. */
static int check_writable(int fd, int memory_version, const char **ret_file) {
	const char *const files[] = { ".", "cgroup.procs", "cgroup.subtree_control" };
	for (int i = 0; i < (memory_version == 2 ? 3 : 2); i++) {
		*ret_file = files[i];
		if (faccessat(fd, files[i], W_OK, AT_EACCESS) < 0)
			return -errno;
	}
	return 0;
}

static int refuse_own(
	const struct ol_cage_system *system, int code, const char *file, struct ol_error *error) {
	return ol_cage_fail(error, code, system->mount,
		"cannot make control groups in the lab's own one: cannot write to %s%s/%s", system->mount,
		strcmp(system->own_group, "/") == 0 ? "" : system->own_group,
		strcmp(file, ".") == 0 ? "" : file);
}

size_t ol_cage_find_innermost(const char *path) {
	size_t length = 0;
	for (const char *next = path; *next == '/';) {
		size_t part_length = strcspn(next + 1, "/");
		bool is_cage = ol_cage_is_name(next + 1, part_length);
		next += 1 + part_length;
		if (is_cage)
			length = (size_t)(next - path);
	}
	return length;
}

/* A cage that was made elsewhere would be out of the reach of this one's limit. */
static int choose_own_cage(const struct ol_cage_system *system, size_t path_length,
	struct ol_cage_chain *chain, struct ol_error *error) {
	const char *file;
	char path[OL_PATH_BYTES];
	snprintf(path, sizeof path, "%.*s", (int)path_length, system->own_group);
	int result = open_levels(system, path, chain, error);
	if (result < 0)
		return result;
	int code = check_writable(ol_cage_parent_fd(chain), system->memory_version, &file);
	return code < 0 ? refuse_own(system, code, file, error) : 0;
}

/* From the lab's own group upwards, as far as this user may write without a gap. */
static int choose_delegated(
	const struct ol_cage_system *system, struct ol_cage_chain *chain, struct ol_error *error) {
	const char *file = "";
	if (*system->own_group == '\0')
		return ol_error_set(error, -EACCES,
			"may not write to the top of %.200s, and the lab's own control group is outside of it; "
			"run as root, or name a delegated group by --group=NAME",
			system->mount);
	int result = open_levels(system, system->own_group, chain, error);
	if (result < 0)
		return result;
	int writable_count = 0;
	for (int i = chain->count - 1; i >= 0; i--, writable_count++) {
		int code = check_writable(chain->fds[i], system->memory_version, &file);
		if (code < 0 && writable_count == 0)
			return refuse_own(system, code, file, error);
		if (code < 0)
			break;
	}
	/* The highest that is writable is the last but writable_count - 1. */
	close_below(chain, chain->count - writable_count + 1);
	char path[OL_PATH_BYTES];
	ol_cage_level_path(chain, chain->count - 1, path);
	snprintf(chain->path, sizeof chain->path, "%s", path);
	return 0;
}

static int choose(
	const struct ol_cage_system *system, struct ol_cage_chain *chain, struct ol_error *error) {
	const char *file;
	size_t length = ol_cage_find_innermost(system->own_group);
	if (length > 0)
		return choose_own_cage(system, length, chain, error);
	int code = check_writable(chain->fds[0], system->memory_version, &file);
	if (code == -EROFS)
		return ol_cage_fail(
			error, code, system->mount, "cannot make control groups in %s", system->mount);
	return code < 0 ? choose_delegated(system, chain, error) : 0;
}

int ol_cage_place(const struct ol_cage_system *system, const char *parent,
	struct ol_cage_chain *ret_chain, struct ol_error *error) {
	struct ol_cage_chain *chain = ret_chain;
	char path[OL_PATH_BYTES];
	*chain = (struct ol_cage_chain){ .memory_version = system->memory_version, .path = "/" };
	for (int i = 0; i < OL_CAGE_DEPTH_MAX; i++)
		chain->lock_fds[i] = -1;
	if (system->memory_version == 0)
		return ol_error_set(error, -ENOENT,
			"this machine has no memory controller to make a cage with; oomlab doctor says why");
	snprintf(chain->mount, sizeof chain->mount, "%s", system->mount);
	snprintf(chain->root, sizeof chain->root, "%s", system->root);
	int result = parent != NULL ? ol_cage_normalize_path(parent, path, error) : 0;
	if (result >= 0)
		result = open_top(system, chain, error);
	if (result >= 0)
		result =
			parent != NULL ? open_levels(system, path, chain, error) : choose(system, chain, error);
	if (result < 0)
		close_below(chain, 0);
	return result;
}
