/* launch.h -- Starts a subject inside its cage: fork into it, exec.
 */
#ifndef OL_SUPERVISOR_LAUNCH_H
#define OL_SUPERVISOR_LAUNCH_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "cage/cage.h"
#include "record/record.h"

struct ol_subject {
	pid_t pid;
	int pid_fd;    /* Readable when the subject has ended; -1 before Linux 5.3: then the end of its
					* socket tells. */
	int socket_fd; /* Frames from it, requests to it. */
	int statm_fd;  /* Its /proc/PID/statm; -1 where there is none. */
};

/* Starts the subject executable with spec, texts and flight recorder, and with what tells of memory
 * pressure where the cage is watched; notice_fd (-1 for none) is its watchdog's. cage NULL: in
 * none, with its data limited to the limit. The texts are as long as the spec says; policy_text may
 * be NULL where that is 0. It dies with this process. On failure nothing is left running. */
int ol_subject_launch(const struct ol_run_spec *spec, const char *script_text,
	const char *policy_text, struct ol_cage *cage, int flight_fd, int notice_fd,
	struct ol_subject *ret_subject, struct ol_error *error);

/* Closes the fds; the process must have been reaped. */
void ol_subject_finish(struct ol_subject *subject);

/* Where a program of ours is: beside our own executable, or in ../libexec/oomlab. -ENOENT. */
int ol_program_find(const char *name, char path[OL_PATH_BYTES], struct ol_error *error);

#endif
