/* end.c -- Ends what runs in a group, and removes it with the groups below it.
 *
 * Processes come and go while this looks: every ESRCH, ENOENT, ENODEV and EBUSY on the way is the
 * weather, not an error. The normal case, an empty group, costs one rmdir and no waiting. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/internal.h"

typedef int (*visit_group)(int parent_fd, const char *name, int depth);

/* Visits the groups directly below. Returns the sum of what the visits return. */
static int each_group(int directory_fd, int depth, visit_group visit) {
	OL_AUTO_CLOSE int list_fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 && depth < OL_CAGE_DEPTH_MAX ? fdopendir(list_fd) : NULL;
	if (list == NULL)
		return 0;
	(void)ol_steal_fd(&list_fd); /* closedir() closes it. */
	int sum = 0;
	struct dirent *entry;
	for (int i = 0; i < OL_CAGE_ENTRIES_MAX && (entry = readdir(list)) != NULL; i++)
		if (entry->d_type == DT_DIR && *entry->d_name != '.')
			sum += visit(directory_fd, entry->d_name, depth + 1);
	closedir(list);
	return sum;
}

static int open_group(int parent_fd, const char *name) {
	return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A process of another pid namespace shows as 0, which kill() would take for our own group. */
static void kill_one(pid_t pid, void *context) {
	(void)context;
	if (pid > 0)
		(void)kill(pid, SIGKILL);
}

/* Returns how many processes it found, here and below. */
static int kill_group(int parent_fd, const char *name, int depth) {
	OL_AUTO_CLOSE int fd = open_group(parent_fd, name);
	if (fd < 0)
		return 0;
	int process_count = ol_cage_each_process(fd, kill_one, NULL);
	return (process_count > 0 ? process_count : 0) + each_group(fd, depth, kill_group);
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
			if (kill_group(directory_fd, ".", 0) == 0 && !is_populated(directory_fd))
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

static int remove_group(int parent_fd, const char *name, int depth) {
	OL_AUTO_CLOSE int fd = open_group(parent_fd, name);
	if (fd >= 0)
		each_group(fd, depth, remove_group);
	(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
	return 0;
}

int ol_cage_remove_tree(
	int parent_fd, const char *name, const char *directory, struct ol_error *error) {
	struct ol_cage_patience patience = { 0 };
	while (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0) {
		int code = -errno;
		if (code == -ENOENT || code == -ENODEV)
			return 0;
		OL_AUTO_CLOSE int fd = code == -EBUSY ? open_group(parent_fd, name) : -1;
		if (fd >= 0) {
			int result = ol_cage_end_processes(fd, directory, error);
			if (result < 0)
				return result;
			each_group(fd, 0, remove_group);
		}
		/* Shortly after its last process has ended, a group is still busy. */
		if (code != -EBUSY || !ol_cage_wait(&patience))
			return ol_error_set_errno(error, code, "cannot remove control group %.400s", directory);
	}
	return 0;
}
