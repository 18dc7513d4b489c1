/* cage_libcgroup.c -- The only file that knows libcgroup: attaching, and what the doctor asks it.
 *
 * Groups are made, limited, read and removed elsewhere, by plain system calls. libcgroup's first
 * call alone costs 0.5 to 0.7 ms (page faults on 1 MiB of tables), a quarter of all that a lab
 * spends on a small experiment; its create and delete twice the kernel's own time; it opens each
 * value anew; and it loses the errno that our errors must name. Its names (struct cgroup, cgroup_*)
 * must not collide with ours. */
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

static void free_group(struct cgroup **group) {
	if (*group != NULL)
		cgroup_free(group);
}
#define AUTO_GROUP __attribute__((cleanup(free_group)))

/* libcgroup reads the mount table once in a process's life. Where it means another mount than we
 * do, it must not act: it would make directories there. */
static struct cgroup *new_group(const struct ol_cage_chain *chain, const char *path) {
	pthread_once(&once, start);
	if (start_result != 0 || strcmp(memory_mount, chain->mount) != 0)
		return NULL;
	AUTO_GROUP struct cgroup *group = cgroup_new_cgroup(path);
	if (group == NULL || cgroup_add_controller(group, "memory") == NULL)
		return NULL;
	struct cgroup *result = group;
	group = NULL;
	return result;
}

int ol_libcgroup_attach(const struct ol_cage_chain *chain, const char *path, pid_t pid) {
	AUTO_GROUP struct cgroup *group = new_group(chain, path);
	if (group == NULL)
		return -1;
	return cgroup_attach_task_pid(group, pid) == 0 ? 0 : -1;
}

int ol_libcgroup_describe(char ret_text[OL_TEXT_BYTES]) {
	pthread_once(&once, start);
	/* cgroup_strerror(0) says "Cgroup is not compiled in": never ask it about success. */
	if (start_result != 0)
		snprintf(
			ret_text, OL_TEXT_BYTES, "libcgroup did not start: %s", cgroup_strerror(start_result));
	else
		snprintf(ret_text, OL_TEXT_BYTES, "libcgroup finds memory at %.400s", memory_mount);
	return start_result == 0 ? 0 : -1;
}
