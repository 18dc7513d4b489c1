/* end.c -- Ends what runs in a group, and removes it with the groups below it.
 *
 * Processes come and go while this looks: every ESRCH, ENOENT, ENODEV and EBUSY on the way is the
 * weather, not an error. The normal case, an empty group, costs one rmdir and no waiting. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/internal.h"

/* A process of another pid namespace shows as 0, which kill() would take for our own group. */
static void kill_one(pid_t pid, void *context) {
	(void)context;
	if (pid > 0)
		(void)kill(pid, SIGKILL);
}

/* Version 2 knows without a walk whether anything is left, here or below. */
static bool is_populated(int directory_fd) {
	char text[OL_CAGE_EVENTS_BYTES];
	uint64_t populated;
	if (ol_file_read_at(directory_fd, "cgroup.events", text, sizeof text, NULL) < 0 ||
		ol_keyed_uint64(text, "populated", &populated) < 0)
		return false;
	return populated != 0;
}

/* Version 2 from 5.14 on kills a whole tree at one word. */
static bool kill_at_once(int directory_fd) {
	OL_AUTO_CLOSE int fd = openat(directory_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, "1", 1) == 1;
}

int ol_cage_end_processes(int directory_fd, const char *directory, struct ol_error *error) {
	struct ol_cage_patience patience = { 0 };
	do {
		if (!kill_at_once(directory_fd)) {
			if (ol_cage_each_process_below(directory_fd, kill_one, NULL) == 0 &&
				!is_populated(directory_fd))
				return 0;
		} else if (!is_populated(directory_fd)) {
			return 0;
		}
	} while (ol_cage_wait(&patience));
	return ol_error_set(error, -ETIMEDOUT,
		"processes in control group %.400s do not end though they were sent SIGKILL; they hang in "
		"the kernel, or belong to another pid namespace: see cgroup.procs there",
		directory);
}

static int remove_group(int parent_fd, const char *name, int depth, void *context) {
	OL_AUTO_CLOSE int fd = ol_cage_open_group(parent_fd, name);
	if (fd >= 0)
		ol_cage_each_group(fd, depth, remove_group, context);
	(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
	return 0;
}

bool ol_cage_remove_empty_tree(int parent_fd, const char *name) {
	OL_AUTO_CLOSE int fd = ol_cage_open_group(parent_fd, name);
	if (fd < 0 || ol_cage_each_process_below(fd, NULL, NULL) > 0 || is_populated(fd))
		return false;
	ol_cage_each_group(fd, 0, remove_group, NULL);
	return unlinkat(parent_fd, name, AT_REMOVEDIR) == 0;
}

int ol_cage_remove_tree(
	int parent_fd, const char *name, const char *directory, struct ol_error *error) {
	struct ol_cage_patience patience = { 0 };
	while (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0) {
		int code = -errno;
		if (code == -ENOENT || code == -ENODEV)
			return 0;
		OL_AUTO_CLOSE int fd = code == -EBUSY ? ol_cage_open_group(parent_fd, name) : -1;
		if (fd >= 0) {
			int result = ol_cage_end_processes(fd, directory, error);
			if (result < 0)
				return result;
			ol_cage_each_group(fd, 0, remove_group, NULL);
		}
		/* Shortly after its last process has ended, a group is still busy. */
		if (code != -EBUSY || !ol_cage_wait(&patience))
			return ol_error_set_errno(error, code, "cannot remove control group %.400s", directory);
	}
	return 0;
}
