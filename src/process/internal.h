/* internal.h -- What the files of process/ share. Nobody outside process/ includes it. */
#ifndef OL_PROCESS_INTERNAL_H
#define OL_PROCESS_INTERNAL_H

#include "process/process.h"

enum {
	OL_PROCESS_STAT_BYTES = 1024,  /* More than a task's stat ever holds. */
	OL_PROCESS_STATUS_BYTES = 8192 /* Its status: two thirds of it are masks of CPUs and nodes. */
};

/* What a task's stat says of its life. */
struct ol_task_state {
	bool is_ending; /* The kernel is ending it, or has. */
	bool is_kernel; /* A thread of the kernel's own. */
	uint64_t thread_count;
};
/* task_fd: /proc/PID or /proc/PID/task/TID. -ESRCH, or what /proc says. */
int ol_process_task_state(int task_fd, struct ol_task_state *ret_state);

/* An fd on /proc/PID/task/TID of a thread that is not being ended: memory is its threads', and the
 * first one may end before the others. -ESRCH where there is none. */
int ol_process_open_living_thread(const struct ol_process *process);

/* -ENOENT and -ESRCH are one: it is gone. error: "process 12: WHAT: ...". */
int ol_process_fail(
	const struct ol_process *process, int code, const char *what, struct ol_error *error);

#endif
