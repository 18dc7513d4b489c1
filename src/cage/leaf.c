/* leaf.c -- Version 2: moves the lab out of the way when it is alone in the group that is to be
 * the cage's parent.
 *
 * Where that is a cage of ours, other processes in it go with the lab: they stay in that cage, and
 * whoever caged them looks at the groups below, too. The leaf needs no lock: the lab is inside for
 * as long as it lives, so that nobody can remove it, and an empty one is stale. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/internal.h"

struct census {
	pid_t lab;
	int other_count;
};

static void count_others(pid_t pid, void *context) {
	struct census *census = context;
	census->other_count += pid != census->lab;
}

struct move {
	const struct ol_cage_chain *chain;
	int directory_fd; /* Of where they go. */
	const char *path;
};

static void move_one(pid_t pid, void *context) {
	const struct move *move = context;
	struct ol_error ignored;
	char text[32];
	snprintf(text, sizeof text, "%d", (int)pid);
	/* One that ended meanwhile is out of the way, too. */
	(void)ol_cage_write(
		move->directory_fd, move->chain, move->path, "cgroup.procs", text, &ignored);
}

static void leaf_name(char ret_name[OL_CAGE_NAME_BYTES]) {
	snprintf(ret_name, OL_CAGE_NAME_BYTES, OL_CAGE_LEAF_PREFIX "%d", (int)getpid());
}

int ol_cage_leaf_enter(const struct ol_cage_chain *chain, int level, struct ol_error *error) {
	char path[OL_PATH_BYTES];
	char pid[32];
	char name[OL_CAGE_NAME_BYTES];
	struct census census = { .lab = getpid() };
	int fd = chain->fds[level];
	ol_cage_level_path(chain, level, path);
	int result = ol_cage_each_process(fd, count_others, &census);
	if (result < 0)
		return ol_cage_fail(
			error, result, chain->mount, "cannot read %s%s/cgroup.procs", chain->mount, path);
	const char *group = strrchr(path, '/') + 1;
	bool is_cage = ol_cage_is_name(group, strlen(group));
	if (census.other_count > 0 && !is_cage)
		return ol_error_set(error, -EBUSY,
			"other processes (%d) run in control group %.150s%.200s itself, so the kernel lets its "
			"children have no memory limits; start the lab in a group of its own: systemd-run "
			"--user --scope -p Delegate=yes -- oomlab ..., or name a group without processes by "
			"--group=NAME, or move those processes into a child group",
			census.other_count, chain->mount, path);
	leaf_name(name);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	for (int i = 0; i < OL_CAGE_ATTEMPTS_MAX; i++) {
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			return ol_cage_fail(error, -errno, chain->mount, "cannot make control group %s%s/%s",
				chain->mount, path, name);
		OL_AUTO_CLOSE int leaf_fd = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* Another lab may take the empty leaf for a stale one. */
		if (leaf_fd < 0)
			continue;
		result = ol_cage_write(leaf_fd, chain, path, "cgroup.procs", pid, error);
		if (result >= 0) {
			struct move move = { chain, leaf_fd, path };
			if (is_cage)
				(void)ol_cage_each_process(fd, move_one, &move);
			return 0;
		}
		if (result != -ENOENT && result != -ENODEV)
			break;
	}
	(void)unlinkat(fd, name, AT_REMOVEDIR);
	return result < 0 ? result
					  : ol_error_set(error, -EBUSY,
							"cannot move the lab into %.150s%.250s/%s: it keeps being removed",
							chain->mount, path, name);
}

void ol_cage_leaf_leave(const struct ol_cage_chain *chain, int level) {
	char path[OL_PATH_BYTES];
	char pid[32];
	char name[OL_CAGE_NAME_BYTES];
	struct ol_error ignored;
	int fd = chain->fds[level];
	leaf_name(name);
	if (faccessat(fd, name, F_OK, 0) < 0)
		return;
	ol_cage_level_path(chain, level, path);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	/* Refused while the group hands controllers down: then the lab stays, which does no harm. */
	if (ol_cage_write(fd, chain, path, "cgroup.procs", pid, &ignored) < 0)
		return;
	OL_AUTO_CLOSE int leaf_fd = ol_cage_open_group(fd, name);
	struct move move = { chain, fd, path };
	struct ol_cage_patience patience = { 0 };
	do {
		if (leaf_fd >= 0)
			(void)ol_cage_each_process(leaf_fd, move_one, &move);
	} while (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno == EBUSY && ol_cage_wait(&patience));
}
