/* cage_libcgroup.c -- The only file that knows libcgroup: create, attach, delete.
 *
 * Values are written and read elsewhere, by plain system calls: libcgroup opens each file anew,
 * takes five times as long, and keeps no errno of a failed open. Its names (struct cgroup,
 * cgroup_*) must not collide with ours.
 *
 * What it costs (6.18, one core): its first call 0.5 to 0.7 ms, nearly all of it page faults on
 * 1 MiB of tables; then create 0.13 ms, attach 0.07 ms, delete 0.05 ms. */
#include <libcgroup.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cage/internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int start_result;
static char memory_mount[OL_PATH_BYTES]; /* Where libcgroup found memory when it started. */

static void start(void) {
	/* It logs to standard output otherwise. */
	cgroup_set_logger(NULL, CGROUP_LOG_ERROR, NULL);
	start_result = cgroup_init();
	if (start_result != 0)
		return;
	OL_AUTO_FREE char *mount = NULL;
	start_result = cgroup_get_subsys_mount_point("memory", &mount);
	if (start_result == 0 && mount != NULL)
		snprintf(memory_mount, sizeof memory_mount, "%s", mount);
}

void ol_cage_warm_up(void) {
	pthread_once(&once, start);
}

static void free_group(struct cgroup **group) {
	if (*group != NULL)
		cgroup_free(group);
}
#define AUTO_GROUP __attribute__((cleanup(free_group)))

/* libcgroup reads the mount table once in a process's life. Where it means another mount than we
 * do, it must not act: it would make directories there. */
static struct cgroup *new_group(const struct ol_cage_chain *chain, const char *path) {
	ol_cage_warm_up();
	if (start_result != 0 || strcmp(memory_mount, chain->mount) != 0)
		return NULL;
	AUTO_GROUP struct cgroup *group = cgroup_new_cgroup(path);
	if (group == NULL || cgroup_add_controller(group, "memory") == NULL)
		return NULL;
	struct cgroup *result = group;
	group = NULL;
	return result;
}

int ol_libcgroup_create(const struct ol_cage_chain *chain, const char *path) {
	AUTO_GROUP struct cgroup *group = new_group(chain, path);
	if (group == NULL)
		return -1;
	/* 1: leave owner and mode alone. On v2 it writes "+memory" at every level from the top, which
	 * does nothing where that is on already, and fails where this user may not write. */
	return cgroup_create_cgroup(group, 1) == 0 ? 0 : -1;
}

int ol_libcgroup_attach(const struct ol_cage_chain *chain, const char *path, pid_t pid) {
	AUTO_GROUP struct cgroup *group = new_group(chain, path);
	if (group == NULL)
		return -1;
	return cgroup_attach_task_pid(group, pid) == 0 ? 0 : -1;
}

int ol_libcgroup_delete(const struct ol_cage_chain *chain, const char *path) {
	AUTO_GROUP struct cgroup *group = new_group(chain, path);
	if (group == NULL)
		return -1;
	/* Never the other flags: they move what still runs to the parent, out of every limit. With
	 * this one, libcgroup 2.0.2 says success when the group was not empty: callers must look. */
	return cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_EMPTY_ONLY) == 0 ? 0 : -1;
}

int ol_libcgroup_describe(char ret_text[OL_TEXT_BYTES]) {
	ol_cage_warm_up();
	/* cgroup_strerror(0) says "Cgroup is not compiled in": never ask it about success. */
	if (start_result != 0)
		snprintf(
			ret_text, OL_TEXT_BYTES, "libcgroup did not start: %s", cgroup_strerror(start_result));
	else
		snprintf(ret_text, OL_TEXT_BYTES, "libcgroup finds memory at %.400s", memory_mount);
	return start_result == 0 ? 0 : -1;
}
