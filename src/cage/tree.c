/* tree.c -- Every group of the hierarchy with its path, from the top down. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cage/internal.h"

struct tree {
	ol_cage_visit_path visit;
	void *context;
	char path[OL_PATH_BYTES]; /* Of the group under way; "" for the top. */
	bool is_done;
};

static int visit_group(int parent_fd, const char *name, int depth, void *context) {
	struct tree *tree = context;
	size_t length = strlen(tree->path);
	if (tree->is_done || length + 1 + strlen(name) >= sizeof tree->path)
		return 0;
	OL_AUTO_CLOSE int fd = ol_cage_open_group(parent_fd, name);
	if (fd < 0)
		return 0;
	snprintf(tree->path + length, sizeof tree->path - length, "/%s", name);
	tree->is_done = tree->visit(fd, tree->path, tree->context);
	if (!tree->is_done)
		ol_cage_each_group(fd, depth, visit_group, tree);
	tree->path[length] = '\0';
	return 1;
}

int ol_cage_each_path(const struct ol_cage_system *system, ol_cage_visit_path visit, void *context,
	struct ol_error *error) {
	struct tree tree = { .visit = visit, .context = context };
	OL_AUTO_CLOSE int fd = open(system->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(
			error, -errno, "cannot open the control groups at %.400s", system->mount);
	if (!visit(fd, "/", context))
		ol_cage_each_group(fd, 0, visit_group, &tree);
	return 0;
}
