/* process.c -- Opens a process for good, and says whether it lives and what it is called. */
#include "process/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "process/internal.h"

enum { THREADS_MAX = 65536, COMMAND_READ_BYTES = 4096 };

int ol_process_fail(
	const struct ol_process *process, int code, const char *what, struct ol_error *error) {
	if (code == -ENOENT || code == -ESRCH)
		return ol_error_set(
			error, -ESRCH, "process %d is gone: it has ended meanwhile", (int)process->pid);
	return ol_error_set_errno(error, code, "process %d: %s", (int)process->pid, what);
}

/* "12 (NAME) STATE PPID ...": the name may hold anything, brackets and spaces included. Behind it
 * field 9 of stat, the kernel's task flags, is the seventh, and field 20, the threads, the 18th. */
int ol_process_task_state(int task_fd, struct ol_task_state *ret_state) {
	enum { PF_EXITING = 0x4, PF_KTHREAD = 0x200000 };
	char text[OL_PROCESS_STAT_BYTES];
	unsigned long flags;
	unsigned long long thread_count;
	int result = ol_file_read_at(task_fd, "stat", text, sizeof text, NULL);
	if (result < 0)
		return result == -ENOENT ? -ESRCH : result;
	const char *fields = strrchr(text, ')');
	if (fields == NULL ||
		sscanf(fields, ") %*c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %llu",
			&flags, &thread_count) != 2)
		return -EBADMSG;
	*ret_state = (struct ol_task_state){
		.is_ending = (flags & PF_EXITING) != 0,
		.is_kernel = (flags & PF_KTHREAD) != 0,
		.thread_count = thread_count,
	};
	return 0;
}

int ol_process_open_living_thread(const struct ol_process *process) {
	OL_AUTO_CLOSE int list_fd =
		openat(process->directory_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL)
		return -ESRCH;
	(void)ol_steal_fd(&list_fd); /* closedir() closes it. */
	int found_fd = -ESRCH;
	struct dirent *entry;
	for (int i = 0; i < THREADS_MAX && found_fd < 0 && (entry = readdir(list)) != NULL; i++) {
		struct ol_task_state state;
		if (entry->d_name[0] == '.')
			continue;
		OL_AUTO_CLOSE int fd =
			openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && ol_process_task_state(fd, &state) == 0 && !state.is_ending)
			found_fd = ol_steal_fd(&fd);
	}
	closedir(list);
	return found_fd;
}

/* /proc lets every thread be opened by its number as if it were a process. */
static int check_is_process(const struct ol_process *process, struct ol_error *error) {
	char text[OL_PROCESS_STATUS_BYTES];
	int group_pid;
	int result = ol_file_read_at(process->directory_fd, "status", text, sizeof text, NULL);
	if (result < 0)
		return ol_process_fail(process, result, "cannot read its /proc entry", error);
	const char *line = strstr(text, "\nTgid:");
	if (line == NULL || sscanf(line, "\nTgid: %d", &group_pid) != 1)
		return ol_process_fail(process, -EBADMSG, "cannot read its /proc entry", error);
	if (group_pid != process->pid)
		return ol_error_set(error, -ESRCH, "there is no process %d: that is a thread of process %d",
			(int)process->pid, group_pid);
	return 0;
}

int ol_process_open(pid_t pid, struct ol_process *ret_process, struct ol_error *error) {
	struct ol_process process = { .pid = pid, .directory_fd = -1, .pid_fd = -1 };
	char path[32];
	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	process.directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process.directory_fd < 0 && errno == ENOENT && access("/proc/self", F_OK) < 0)
		return ol_error_set(error, -ENOENT,
			"/proc is not mounted, so no process can be looked at; mount it: "
			"mount -t proc proc /proc");
	if (process.directory_fd < 0 && errno == ENOENT)
		return ol_error_set(error, -ESRCH, "there is no process %d", (int)pid);
	if (process.directory_fd < 0)
		return ol_error_set_errno(error, -errno, "process %d: cannot open %s", (int)pid, path);
	/* The directory was opened before: where it still has its process now, the number meant that
	 * one. */
	process.pid_fd = pidfd_open(pid, 0);
	int result = check_is_process(&process, error);
	if (result < 0)
		ol_process_close(&process);
	else
		*ret_process = process;
	return result;
}

void ol_process_close(struct ol_process *process) {
	if (process->directory_fd >= 0)
		close(process->directory_fd);
	if (process->pid_fd >= 0)
		close(process->pid_fd);
	process->directory_fd = process->pid_fd = -1;
}

bool ol_process_is_alive(const struct ol_process *process) {
	struct ol_task_state state;
	struct pollfd end = { .fd = process->pid_fd, .events = POLLIN };
	if (process->pid_fd >= 0 && poll(&end, 1, 0) > 0)
		return false;
	if (ol_process_task_state(process->directory_fd, &state) < 0)
		return false;
	if (!state.is_ending || state.thread_count <= 1)
		return !state.is_ending;
	OL_AUTO_CLOSE int thread_fd = ol_process_open_living_thread(process);
	return thread_fd >= 0;
}

int ol_process_signal(const struct ol_process *process, int signal_number, struct ol_error *error) {
	/* A directory of /proc does as well as a pidfd, from Linux 5.1 on. */
	int fd = process->pid_fd >= 0 ? process->pid_fd : process->directory_fd;
	if (pidfd_send_signal(fd, signal_number, NULL, 0) == 0)
		return 0;
	int code = -errno;
	return ol_process_fail(process, code, "cannot send it a signal", error);
}

int ol_process_name(const struct ol_process *process, char ret_name[OL_PROCESS_NAME_BYTES],
	struct ol_error *error) {
	char text[OL_PROCESS_NAME_BYTES * 2];
	int result = ol_file_read_at(process->directory_fd, "comm", text, sizeof text, NULL);
	if (result < 0)
		return ol_process_fail(process, result, "cannot read its name", error);
	text[result > 0 ? result - 1 : 0] = '\0'; /* A name may hold a newline; the last one is not. */
	snprintf(ret_name, OL_PROCESS_NAME_BYTES, "%.*s", OL_PROCESS_NAME_BYTES - 1, text);
	return 0;
}

int ol_process_command(
	const struct ol_process *process, char *buffer, size_t capacity, struct ol_error *error) {
	char text[COMMAND_READ_BYTES];
	char name[OL_PROCESS_NAME_BYTES];
	OL_AUTO_CLOSE int fd = openat(process->directory_fd, "cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof text) : -1;
	if (length < 0)
		return ol_process_fail(process, -errno, "cannot read its command line", error);
	while (length > 0 && text[length - 1] == '\0')
		length--;
	if (length == 0) {
		int result = ol_process_name(process, name, error);
		if (result == 0)
			snprintf(buffer, capacity, "[%s]", name);
		return result;
	}
	for (ssize_t i = 0; i < length; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	snprintf(buffer, capacity, "%.*s", (int)length, text);
	return 0;
}
