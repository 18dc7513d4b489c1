/* membership.c -- Which control group a process is in, and what it is called below our mount.
 *
 * The kernel names groups as our cgroup namespace sees them, our mount may show only a part of the
 * hierarchy, and neither need begin where the other does. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/group_internal.h"

bool ol_cage_find_membership(const char *groups, int version, char ret_path[OL_PATH_BYTES]) {
	for (const char *line = groups; *line != '\0';) {
		const char *controllers = strchr(line, ':');
		const char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (path == NULL)
			return false;
		char list[256];
		snprintf(list, sizeof list, "%.*s", (int)(path - controllers - 1), controllers + 1);
		size_t length = strcspn(path + 1, "\n");
		bool is_it = version == 2 ? *list == '\0' : ol_cage_has_word(list, "memory");
		if (is_it && length < OL_PATH_BYTES) {
			snprintf(ret_path, OL_PATH_BYTES, "%.*s", (int)length, path + 1);
			return true;
		}
		line = path + 1 + length;
		line += *line == '\n';
	}
	return false;
}

bool ol_cage_is_deleted(const char *path) {
	const char suffix[] = " (deleted)";
	size_t length = strlen(path);
	return length >= strlen(suffix) && strcmp(path + length - strlen(suffix), suffix) == 0;
}

bool ol_cage_path_below(const char *root, const char *path, char ret_path[OL_PATH_BYTES]) {
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return false;
	/* "/../x" is outside of what root shows. */
	if (strncmp(path + length, "/..", 3) == 0 && strchr("/", path[length + 3]) != NULL)
		return false;
	snprintf(ret_path, OL_PATH_BYTES, "%s", path[length] == '\0' ? "/" : path + length);
	return true;
}

/* As the kernel names it. -ENOENT: there is none, or its path is too long. */
static int read_membership(pid_t pid, int memory_version, char ret_path[OL_PATH_BYTES]) {
	char groups[OL_CAGE_MEMBERSHIP_BYTES];
	char name[32];
	snprintf(name, sizeof name, "/proc/%d/cgroup", (int)pid);
	int result = ol_file_read(name, groups, sizeof groups, NULL);
	if (result < 0)
		return result == -ENOENT ? -ESRCH : result;
	return ol_cage_find_membership(groups, memory_version, ret_path) ? 0 : -ENOENT;
}

int ol_cage_group_of(
	pid_t pid, int memory_version, const char *root, char ret_path[OL_PATH_BYTES]) {
	char path[OL_PATH_BYTES];
	int result = read_membership(pid, memory_version, path);
	if (result < 0)
		return result;
	if (ol_cage_is_deleted(path) || !ol_cage_path_below(root, path, ret_path))
		*ret_path = '\0';
	return 0;
}

struct search {
	pid_t pid;
	char *ret_path;
	bool is_found;
};

static void compare_pid(pid_t pid, void *context) {
	struct search *search = context;
	search->is_found |= pid == search->pid;
}

static bool look_for_pid(int fd, const char *path, void *context) {
	struct search *search = context;
	(void)ol_cage_each_process(fd, compare_pid, search);
	if (search->is_found)
		snprintf(search->ret_path, OL_PATH_BYTES, "%s", path);
	return search->is_found;
}

int ol_group_path_of_process(const struct ol_cage_system *system, pid_t pid,
	char ret_path[OL_PATH_BYTES], struct ol_error *error) {
	char path[OL_PATH_BYTES];
	if (system->memory_version == 0)
		return ol_error_set(error, -ENOENT,
			"this machine has no memory controller, so process %d is in no group that counts "
			"memory; oomlab doctor says why",
			(int)pid);
	int result = read_membership(pid, system->memory_version, path);
	if (result == -ESRCH)
		return ol_error_set(error, -ESRCH, "there is no process %d", (int)pid);
	if (result == -ENOENT)
		return ol_error_set(error, -ENOENT,
			"/proc/%d/cgroup names no group of the memory controller whose path has less than %d "
			"bytes",
			(int)pid, OL_PATH_BYTES);
	if (result < 0)
		return ol_error_set_errno(error, result, "cannot read /proc/%d/cgroup", (int)pid);
	if (ol_cage_path_below(system->root, path, ret_path))
		return 0;
	/* A mount that begins above our namespace, and a group within: the names between are not told.
	 * The group lists its processes, though. */
	struct search search = { .pid = pid, .ret_path = ret_path };
	if (strncmp(system->root, "/..", 3) == 0)
		(void)ol_cage_each_path(system, look_for_pid, &search, NULL);
	if (search.is_found)
		return 0;
	return ol_error_set(error, -EXDEV,
		"process %d is in control group %.256s, which is not below %.256s, where the mount at "
		"%.128s begins; look at it from outside of this container or namespace",
		(int)pid, path, system->root, system->mount);
}

int ol_group_of_process(const struct ol_cage_system *system, pid_t pid, struct ol_group **ret_group,
	struct ol_error *error) {
	char path[OL_PATH_BYTES];
	int result = ol_group_path_of_process(system, pid, path, error);
	if (result < 0)
		return result;
	struct ol_group *group = NULL;
	result = ol_group_open_path(system, path, &group, error);
	if (result == -ENOENT && ol_cage_is_deleted(path))
		return ol_error_set(error, -ENOENT,
			"the control group of process %d was removed: %.300s; the process has ended, or is "
			"about to",
			(int)pid, path);
	/* On version 2 a group may have no memory of its own: its tasks are charged to the nearest one
	 * above that has. */
	while (result >= 0 && !ol_group_has_usage(group) && strcmp(path, "/") != 0) {
		ol_group_close(group);
		char *last = strrchr(path, '/');
		last[last == path ? 1 : 0] = '\0';
		result = ol_group_open_path(system, path, &group, error);
	}
	if (result >= 0)
		*ret_group = group;
	return result;
}
