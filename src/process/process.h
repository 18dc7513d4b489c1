/* process.h -- What the kernel says of one process: its memory, its name, whether it lives.
 *
 * Reads /proc and judges nothing. An open process stays that one: when it has ended and another one
 * has its number, every call says -ESRCH. */
#ifndef OL_PROCESS_PROCESS_H
#define OL_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "record/group.h"

struct ol_process {
	pid_t pid;
	int directory_fd; /* /proc/PID. */
	int pid_fd;       /* Readable when it has ended; -1 before Linux 5.3. */
};

/* -ESRCH: no such process (a thread's number is none); otherwise what /proc says. One that has
 * ended and was not reaped yet can be opened. */
int ol_process_open(pid_t pid, struct ol_process *ret_process, struct ol_error *error);
/* A process of none (all zero but fds -1) is fine. */
void ol_process_close(struct ol_process *process);

/* False once it is being ended: it holds no memory any more, even where nobody has reaped it. True
 * while any of its threads lives on. */
bool ol_process_is_alive(const struct ol_process *process);
/* 0, -ESRCH, -EPERM. By pidfd: never reaches another process of the same number. */
int ol_process_signal(const struct ol_process *process, int signal_number, struct ol_error *error);

/* Everything, to the page where smaps_rollup may be read; some tenths of a millisecond for a large
 * process. -ESRCH. */
int ol_process_read_memory(
	const struct ol_process *process, struct ol_process_memory *ret_memory, struct ol_error *error);
/* The same without what costs time: has_pss is false, and what is resident may be off by some tens
 * of pages a thread or processor. */
int ol_process_read_status(
	const struct ol_process *process, struct ol_process_memory *ret_memory, struct ol_error *error);

/* Resident bytes by one pread of /proc/PID/statm, which was opened before; 0 where it is gone. */
int ol_process_open_statm(pid_t pid); /* -1 where there is none. */
uint64_t ol_process_statm_rss(int statm_fd);

/* "python3": the kernel's name for it (comm), made of what it was started as. */
int ol_process_name(
	const struct ol_process *process, char ret_name[OL_PROCESS_NAME_BYTES], struct ol_error *error);
/* Its command line with spaces between the words, cut; the name in brackets where it has none. */
int ol_process_command(
	const struct ol_process *process, char *buffer, size_t capacity, struct ol_error *error);

#endif
