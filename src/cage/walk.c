/* walk.c -- A group and the groups below it, one after the other.
 *
 * Groups come and go meanwhile: what is gone is passed over. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cage/internal.h"

int ol_cage_open_group(int parent_fd, const char *name) {
	return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The kernel counts a group's groups as links to its directory. */
static bool has_groups(int directory_fd) {
	struct stat status;
	return fstat(directory_fd, &status) < 0 || status.st_nlink != 2;
}

int ol_cage_each_group(int directory_fd, int depth, ol_cage_visit_group visit, void *context) {
	if (depth >= OL_CAGE_DEPTH_MAX || !has_groups(directory_fd))
		return 0;
	OL_AUTO_CLOSE int list_fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL)
		return 0;
	(void)ol_steal_fd(&list_fd); /* closedir() closes it. */
	int sum = 0;
	struct dirent *entry;
	for (int i = 0; i < OL_CAGE_ENTRIES_MAX && (entry = readdir(list)) != NULL; i++)
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			sum += visit(directory_fd, entry->d_name, depth + 1, context);
	closedir(list);
	return sum;
}

struct walk {
	void (*each)(pid_t pid, void *context);
	void *context;
};

static int count_group(int parent_fd, const char *name, int depth, void *context) {
	const struct walk *walk = context;
	OL_AUTO_CLOSE int fd = ol_cage_open_group(parent_fd, name);
	if (fd < 0)
		return 0;
	int process_count = ol_cage_each_process(fd, walk->each, walk->context);
	return (process_count > 0 ? process_count : 0) +
		   ol_cage_each_group(fd, depth, count_group, context);
}

int ol_cage_each_process_below(
	int directory_fd, void (*each)(pid_t pid, void *context), void *context) {
	struct walk walk = { each, context };
	return count_group(directory_fd, ".", 0, &walk);
}
