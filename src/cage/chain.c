/* chain.c -- Version 2: has the memory controller handed down to the cage's parent, and takes it
 * back when the last lab leaves.
 *
 * Every lab holds a shared lock on each directory of its chain for as long as its cage lives. What
 * a lab enabled it marks with an extended attribute on the directory. Whoever gets the exclusive
 * lock finds no other lab below, and gives back what is marked: a lab that was killed in between
 * leaves that to the next one. On version 1 every group has every controller of its hierarchy. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/internal.h"

/* "user" attributes need a kernel of 2020 or later; "trusted" ones need root. */
static const char *const markers[] = { "user.oomlab", "trusted.oomlab" };
enum { MARKERS = sizeof markers / sizeof *markers };

static void mark(int fd) {
	for (int i = 0; i < MARKERS; i++)
		if (fsetxattr(fd, markers[i], "memory", 6, 0) == 0)
			return;
	/* Without a mark, memory stays handed down: that limits and costs nobody anything. */
}

static bool is_marked(int fd) {
	for (int i = 0; i < MARKERS; i++)
		if (fgetxattr(fd, markers[i], NULL, 0) >= 0)
			return true;
	return false;
}

static void unmark(int fd) {
	for (int i = 0; i < MARKERS; i++)
		(void)fremovexattr(fd, markers[i]);
}

/* The directory of a cage is locked by the lab that made it, to say that it lives. Labs inside of
 * it lock a file there. */
static int open_lock(struct ol_cage_chain *chain, int level, struct ol_error *error) {
	char path[OL_PATH_BYTES];
	ol_cage_level_path(chain, level, path);
	const char *name = strrchr(path, '/') + 1;
	if (!ol_cage_is_name(name, strlen(name)))
		return 0;
	int fd = openat(chain->fds[level], "cgroup.subtree_control", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ol_cage_fail(error, -errno, chain->mount, "cannot open %s%s/cgroup.subtree_control",
			chain->mount, path);
	chain->lock_fds[level] = fd;
	return 0;
}

static int lock_fd(const struct ol_cage_chain *chain, int level) {
	return chain->lock_fds[level] >= 0 ? chain->lock_fds[level] : chain->fds[level];
}

int ol_cage_chain_hold(struct ol_cage_chain *chain, struct ol_error *error) {
	if (chain->memory_version == 1)
		return 0;
	for (int i = 0; i < chain->count; i++) {
		struct ol_cage_patience patience = { 0 };
		int result = open_lock(chain, i, error);
		if (result < 0)
			return result;
		/* Nobody holds the exclusive lock for longer than a few system calls. */
		while (flock(lock_fd(chain, i), LOCK_SH | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK && errno != EINTR)
				return ol_error_set_errno(error, -errno, "cannot lock a directory of %.300s%.300s",
					chain->mount, chain->path);
			if (!ol_cage_wait(&patience))
				return ol_error_set(error, -EBUSY,
					"another program keeps %.200s%.300s or a group above it locked; end it, or "
					"choose another group by --group=NAME",
					chain->mount, chain->path);
		}
	}
	return 0;
}

/* The kernel refused "+memory" since the group has processes. In a cage of ours they may start
 * others while they are moved. */
static int enable_in_use(struct ol_cage_chain *chain, int level, struct ol_error *error) {
	char path[OL_PATH_BYTES];
	int result = -EBUSY;
	ol_cage_level_path(chain, level, path);
	for (int i = 0; i < OL_CAGE_ATTEMPTS_MAX && result == -EBUSY; i++) {
		result = ol_cage_leaf_enter(chain, level, error);
		if (result < 0)
			return result;
		result = ol_cage_write(
			chain->fds[level], chain, path, "cgroup.subtree_control", "+memory", error);
	}
	if (result < 0)
		ol_cage_leaf_leave(chain, level);
	return result;
}

int ol_cage_chain_enable(struct ol_cage_chain *chain, struct ol_error *error) {
	if (chain->memory_version == 1 ||
		ol_cage_lists_memory(ol_cage_parent_fd(chain), "cgroup.subtree_control"))
		return 0;
	for (int i = 0; i < chain->count; i++) {
		char path[OL_PATH_BYTES];
		int fd = chain->fds[i];
		if (ol_cage_lists_memory(fd, "cgroup.subtree_control"))
			continue;
		ol_cage_level_path(chain, i, path);
		if (!ol_cage_lists_memory(fd, "cgroup.controllers"))
			return ol_error_set(error, -ENOENT,
				"control group %.200s%.300s is not given the memory controller by the group above "
				"it; write +memory to that one's cgroup.subtree_control, or let systemd do it "
				"(Delegate=memory)",
				chain->mount, path);
		struct ol_error refusal;
		int result = ol_cage_write(fd, chain, path, "cgroup.subtree_control", "+memory", &refusal);
		if (result == -EBUSY)
			result = enable_in_use(chain, i, &refusal);
		if (result < 0) {
			if (error != NULL)
				*error = refusal;
			return result;
		}
		mark(fd);
	}
	return 0;
}

/* Whether somebody has come to rely on memory being handed down here: a limit or a protection in a
 * group below, which "-memory" would strip. */
static bool is_relied_on(int fd) {
	static const struct {
		const char *file, *idle;
	} settings[] = { { "memory.max", "max\n" }, { "memory.high", "max\n" },
		{ "memory.swap.max", "max\n" }, { "memory.min", "0\n" }, { "memory.low", "0\n" } };
	OL_AUTO_CLOSE int list_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL)
		return true;
	(void)ol_steal_fd(&list_fd); /* closedir() closes it. */
	bool is_used = false;
	struct dirent *entry;
	for (int i = 0; !is_used && (entry = readdir(list)) != NULL; i++) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		OL_AUTO_CLOSE int group_fd =
			openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		for (size_t j = 0; j < sizeof settings / sizeof *settings; j++) {
			char value[64];
			if (group_fd >= 0 &&
				ol_file_read_at(group_fd, settings[j].file, value, sizeof value, NULL) >= 0 &&
				strcmp(value, settings[j].idle) != 0)
				is_used = true;
		}
		is_used |= i >= OL_CAGE_ENTRIES_MAX;
	}
	closedir(list);
	return is_used;
}

static void give_back(const struct ol_cage_chain *chain, int level) {
	int fd = chain->fds[level];
	/* Upgrading lets go of the shared lock first; this lab needs it no more. */
	if (!is_marked(fd) || flock(lock_fd(chain, level), LOCK_EX | LOCK_NB) < 0)
		return;
	if (ol_cage_has_cages(fd))
		(void)ol_cage_sweep(fd);
	if (ol_cage_has_cages(fd))
		return;
	if (!is_relied_on(fd)) {
		struct ol_error ignored;
		char path[OL_PATH_BYTES];
		ol_cage_level_path(chain, level, path);
		if (ol_cage_write(fd, chain, path, "cgroup.subtree_control", "-memory", &ignored) < 0)
			return; /* A group below hands it down further: its user will give it back, or not. */
	}
	unmark(fd);
	ol_cage_leaf_leave(chain, level);
}

void ol_cage_chain_close(struct ol_cage_chain *chain) {
	while (chain->count > 0) {
		chain->count--;
		close(chain->fds[chain->count]);
		if (chain->lock_fds[chain->count] >= 0)
			close(chain->lock_fds[chain->count]);
	}
}

void ol_cage_chain_release(struct ol_cage_chain *chain) {
	for (int i = chain->count - 1; i >= 0 && chain->memory_version == 2; i--)
		give_back(chain, i);
	ol_cage_chain_close(chain);
}
