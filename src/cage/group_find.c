/* group_find.c -- Finds groups: one by what people call it, and all cages of the lab. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cage/group_internal.h"

/* What people call a group, and those that are called so. */
struct named {
	const char *name;
	int count;
	char first[OL_PATH_BYTES];
	char second[OL_PATH_BYTES];
};

static bool compare_name(int fd, const char *path, void *context) {
	struct named *named = context;
	if (strcmp(strrchr(path, '/') + 1, named->name) != 0)
		return false;
	snprintf(named->count == 0 ? named->first : named->second, OL_PATH_BYTES, "%s", path);
	return ++named->count == 2;
}

static int fail_absent(
	const struct ol_cage_system *system, const char *name, struct ol_error *error) {
	if (*name == '/' && access(name, F_OK) == 0)
		return ol_error_set(error, -ENOENT,
			"%.300s is no group of the hierarchy that counts memory, which is mounted at %.200s",
			name, system->mount);
	return ol_error_set(error, -ENOENT,
		"there is no control group '%.300s' below %.200s; name one by its path from there, as in "
		"/user.slice/x, or a process of it by its PID",
		name, system->mount);
}

/* One that is called so, wherever it is. */
static int open_named(const struct ol_cage_system *system, const char *name,
	struct ol_group **ret_group, struct ol_error *error) {
	struct named named = { .name = name };
	int result = ol_cage_each_path(system, compare_name, &named, error);
	if (result < 0)
		return result;
	if (named.count == 2)
		return ol_error_set(error, -ENOTUNIQ,
			"several control groups are called '%.128s': name one by its path, as in %.256s or "
			"%.256s",
			name, named.first, named.second);
	if (named.count == 0)
		return fail_absent(system, name, error);
	return ol_group_open_path(system, named.first, ret_group, error);
}

/* below joined with name, if such a group is there; -ENOENT otherwise. */
static int try_path(const struct ol_cage_system *system, const char *below, const char *name,
	struct ol_group **ret_group, struct ol_error *error) {
	char path[OL_PATH_BYTES];
	int result = ol_cage_join_path(path, below, name, error);
	return result < 0 ? result : ol_group_open_path(system, path, ret_group, error);
}

int ol_group_open(const struct ol_cage_system *system, const char *name,
	struct ol_group **ret_group, struct ol_error *error) {
	char below[OL_PATH_BYTES];
	size_t mount_length = strlen(system->mount);
	if (*name == '\0')
		return ol_error_set(error, -EINVAL, "a control group's name is wanted, not ''");
	if (system->memory_version != 0 && strncmp(name, system->mount, mount_length) == 0 &&
		(name[mount_length] == '/' || name[mount_length] == '\0'))
		return ol_group_open_path(system, name + mount_length, ret_group, error);
	int result = ol_group_open_path(system, name, ret_group, error);
	if (result != -ENOENT || system->memory_version == 0)
		return result;
	if (*name == '/') {
		/* As /proc/PID/cgroup has it, where the mount shows a part of the hierarchy only. */
		if (ol_cage_path_below(system->root, name, below) && strcmp(below, name) != 0)
			result = ol_group_open_path(system, below, ret_group, NULL);
	} else if (*system->own_group != '\0') {
		result = try_path(system, system->own_group, name, ret_group, NULL);
	}
	if (result == -ENOENT && strchr(name, '/') == NULL)
		return open_named(system, name, ret_group, error);
	return result == -ENOENT ? fail_absent(system, name, error) : result;
}

struct cages {
	void (*each)(const char *path, enum ol_cage_state state, void *context);
	void *context;
};

/* A living lab holds its group's lock. Ours is shared, and let go of at once: a lab that wants the
 * group meanwhile waits for it or looks again. */
static bool is_locked(int fd) {
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(fd, LOCK_UN);
	return false;
}

static bool tell_cage(int fd, const char *path, void *context) {
	const struct cages *cages = context;
	const char *name = strrchr(path, '/') + 1;
	if (ol_cage_is_kept_name(name))
		cages->each(path, OL_CAGE_KEPT, cages->context);
	else if (ol_cage_is_name(name, strlen(name)))
		cages->each(path, is_locked(fd) ? OL_CAGE_LIVING : OL_CAGE_STALE, cages->context);
	return false;
}

int ol_group_each_cage(const struct ol_cage_system *system,
	void (*each)(const char *path, enum ol_cage_state state, void *context), void *context,
	struct ol_error *error) {
	struct cages cages = { each, context };
	if (system->memory_version == 0)
		return ol_error_set(error, -ENOENT,
			"this machine has no memory controller, so there are no cages; oomlab doctor says why");
	return ol_cage_each_path(system, tell_cage, &cages, error);
}
