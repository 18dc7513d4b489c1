/* group.h -- Any memory control group, whoever made it: found, watched and listed, never changed.
 *
 * Reads only, locks nothing for longer than a look, and never waits. Cages of one's own are
 * cage.h's matter. */
#ifndef OL_CAGE_GROUP_H
#define OL_CAGE_GROUP_H

#include <sys/types.h>

#include "cage/cage.h"
#include "record/group.h"

/* Opaque. Keeps the files open that change from look to look. One that was removed stays removed,
 * even where another one was made in its place. */
struct ol_group;

/* By a name of any of these kinds: a directory below the mount ("/sys/fs/cgroup/memory/a/b"), a
 * path ("/a/b", as /proc/PID/cgroup has it), a path from the top or from the lab's own group
 * ("a/b"), or the last part of a path, where only one group is called so ("b"). -ENOENT: no such
 * group; -ENOTUNIQ: several. */
int ol_group_open(const struct ol_cage_system *system, const char *name,
	struct ol_group **ret_group, struct ol_error *error);
/* By its path below the mount, "/" for the top. */
int ol_group_open_path(const struct ol_cage_system *system, const char *path,
	struct ol_group **ret_group, struct ol_error *error);
/* The group that a process is charged to: on version 2 not always the one that it is in. -ESRCH: no
 * such process; -EXDEV: its group cannot be seen from here. The number may be another process's by
 * now: whoever minds looks at the process again, afterwards. */
int ol_group_of_process(const struct ol_cage_system *system, pid_t pid, struct ol_group **ret_group,
	struct ol_error *error);
/* The one that it is in. */
int ol_group_path_of_process(const struct ol_cage_system *system, pid_t pid,
	char ret_path[OL_PATH_BYTES], struct ol_error *error);
void ol_group_close(struct ol_group *group); /* NULL is fine. */

const char *ol_group_path(const struct ol_group *group);

/* What changes, from files that are open: some microseconds, but where version 1 has groups below,
 * whose kills it does not count for those above. -ENOENT: the group is gone. */
int ol_group_look(
	const struct ol_group *group, struct ol_group_look *ret_look, struct ol_error *error);
/* Everything: about a millisecond, and more with many groups below. */
int ol_group_read(
	const struct ol_group *group, struct ol_group_facts *ret_facts, struct ol_error *error);

/* Calls each with the pid of every process in it and in groups below; 0 stands for one of another
 * pid namespace. */
void ol_group_each_process(
	const struct ol_group *group, void (*each)(pid_t pid, void *context), void *context);

/* Calls each with the path of every cage of any lab, wherever it is in the hierarchy. -ENOENT:
 * there is no memory controller. */
int ol_group_each_cage(const struct ol_cage_system *system,
	void (*each)(const char *path, enum ol_cage_state state, void *context), void *context,
	struct ol_error *error);

#endif
