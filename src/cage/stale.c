/* stale.c -- Removes what dead labs left behind, and kept groups that have become empty.
 *
 * A living lab holds a lock on its group's directory; the kernel lets go of it when the lab dies,
 * however it dies. So a group of our name whose lock can be had is nobody's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cage/internal.h"

static bool begins_with(const char *name, const char *prefix) {
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* "oomlab-PID-0123456789abcdef" or "oomlab-kept-PID-0123456789abcdef", exactly: people may name
 * their own groups oomlab-something. */
bool ol_cage_is_name(const char *name, size_t length) {
	enum { RANDOM_DIGITS = 16 };
	const char *end = name + length;
	const char *prefix =
		begins_with(name, OL_CAGE_KEPT_PREFIX) ? OL_CAGE_KEPT_PREFIX : OL_CAGE_PREFIX;
	if (!begins_with(name, prefix))
		return false;
	const char *number = name + strlen(prefix);
	size_t digits = strspn(number, "0123456789");
	const char *rest = number + digits;
	return digits > 0 && *rest == '-' && strspn(rest + 1, "0123456789abcdef") == RANDOM_DIGITS &&
		   rest + 1 + RANDOM_DIGITS == end;
}

static bool is_cage(const char *name) {
	return ol_cage_is_name(name, strlen(name));
}

bool ol_cage_is_kept_name(const char *name) {
	return begins_with(name, OL_CAGE_KEPT_PREFIX) && is_cage(name);
}

static bool is_leaf(const char *name) {
	if (!begins_with(name, OL_CAGE_LEAF_PREFIX))
		return false;
	const char *number = name + strlen(OL_CAGE_LEAF_PREFIX);
	size_t digits = strspn(number, "0123456789");
	return digits > 0 && number[digits] == '\0';
}

/* Returns 1 if it removed the group. */
static int sweep_one(int parent_fd, const char *name) {
	/* A leaf holds its lab, or is empty; the kernel refuses to remove the former. */
	if (is_leaf(name))
		return unlinkat(parent_fd, name, AT_REMOVEDIR) == 0;
	OL_AUTO_CLOSE int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Whose it is tells the permission to write: another user's group is not ours to remove. */
	if (fd < 0 || faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0 ||
		flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (ol_cage_is_kept_name(name))
		return ol_cage_remove_empty_tree(parent_fd, name);
	return ol_cage_remove_tree(parent_fd, name, name, NULL) == 0;
}

/* Calls sweep_one() for each group of ours, or only looks whether there is one. */
static int search(int parent_fd, bool is_sweep) {
	OL_AUTO_CLOSE int list_fd = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL)
		return 0;
	(void)ol_steal_fd(&list_fd); /* closedir() closes it. */
	int found_count = 0;
	struct dirent *entry;
	for (int i = 0; i < OL_CAGE_ENTRIES_MAX && (entry = readdir(list)) != NULL; i++) {
		if (entry->d_type != DT_DIR)
			continue;
		if (is_sweep && (is_cage(entry->d_name) || is_leaf(entry->d_name)))
			found_count += sweep_one(parent_fd, entry->d_name);
		else if (!is_sweep && is_cage(entry->d_name))
			found_count++;
	}
	closedir(list);
	return found_count;
}

int ol_cage_sweep(int parent_fd) {
	return search(parent_fd, true);
}

bool ol_cage_has_cages(int parent_fd) {
	return search(parent_fd, false) > 0;
}

int ol_cage_remove_stale(
	const struct ol_cage_system *system, const char *parent, struct ol_error *error) {
	struct ol_cage_chain chain;
	int result = ol_cage_place(system, parent, &chain, error);
	if (result < 0)
		return result;
	result = ol_cage_sweep(ol_cage_parent_fd(&chain));
	ol_cage_chain_release(&chain);
	return result;
}
