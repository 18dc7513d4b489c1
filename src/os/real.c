/* real.c -- The kernel's side: fork, temporary files, and the lab, which alone sets limits. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "os/os.h"
#include "record/frame.h"

enum {
	VICTIM_SCORE = 1000,          /* The most: no other process of the cage comes before. */
	WRITE_BYTES = 64 << 10,       /* Of one system call. */
	FILE_NAMES_MAX = 100,         /* Tried, where the disk cannot make a file without one. */
	ANSWER_STEP_NS_FIRST = 20000, /* Between two looks whether the lab has answered, ... */
	ANSWER_STEP_NS_MAX = 1000000,
};
static const uint64_t disk_reserve_bytes = OL_GIB; /* Left to everybody else. */
static const uint64_t answer_ns_max = 10 * OL_NS_PER_S;

/* What is written, and where it is read to: nobody looks at it. */
static char scratch[WRITE_BYTES];

static struct ol_os_real *real_of(struct ol_os *os) {
	return (struct ol_os_real *)os;
}

/* Raising it is allowed to everybody, and so is going back. */
static int set_victim_score(int score) {
	char text[16];
	snprintf(text, sizeof text, "%d", score);
	OL_AUTO_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) > 0 ? 0 : -errno;
}

static int victim_score(void) {
	char text[16];
	return ol_file_read("/proc/self/oom_score_adj", text, sizeof text, NULL) > 0 ? atoi(text) : 0;
}

/* It holds pages, no more: not the socket either, whose end tells the lab that its parent ended. */
__attribute__((noreturn)) static void sleep_for_good(pid_t parent_pid) {
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent_pid)
		_exit(0);
	(void)close_range(0, ~0U, 0);
	for (;;)
		pause();
}

static void end_process(pid_t pid) {
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int real_fork(struct ol_os *os, struct ol_os_child *ret_child, struct ol_error *error) {
	struct ol_os_real *self = real_of(os);
	pid_t parent_pid = getpid();
	if (self->child_count == 0)
		self->former_score = victim_score();
	else
		(void)set_victim_score(self->former_score);
	pid_t pid = fork();
	int code = -errno;
	if (pid == 0)
		sleep_for_good(parent_pid);
	if (pid < 0 && self->child_count > 0)
		(void)set_victim_score(VICTIM_SCORE);
	if (pid < 0)
		return ol_error_set_errno(error, code, "the system refused a child");
	/* The child has the score from before: whatever it holds, its parent comes first. */
	int result = set_victim_score(VICTIM_SCORE);
	if (result < 0) {
		end_process(pid);
		return ol_error_set_errno(error, result,
			"cannot write to /proc/self/oom_score_adj, which makes the kernel kill the parent "
			"before its child");
	}
	self->child_count++;
	ret_child->id = pid;
	return 0;
}

static void real_end_child(struct ol_os *os, const struct ol_os_child *child) {
	struct ol_os_real *self = real_of(os);
	end_process((pid_t)child->id);
	self->child_count--;
	if (self->child_count == 0)
		(void)set_victim_score(self->former_score);
}

/* Files elsewhere are memory by another name: nothing could reclaim their pages. */
static int open_disk(const char *path) {
	struct statfs file_system;
	OL_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &file_system) < 0 || file_system.f_type == TMPFS_MAGIC ||
		file_system.f_type == RAMFS_MAGIC)
		return -1;
	return ol_steal_fd(&fd);
}

/* An fd, or -1. */
static int open_nameless(int directory_fd) {
	int fd = openat(directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	/* Not every file system makes files without a name. */
	for (int i = 0; fd < 0 && i < FILE_NAMES_MAX; i++) {
		char name[64];
		snprintf(name, sizeof name, "oomlab-%d-%d", (int)getpid(), i);
		fd = openat(directory_fd, name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			(void)unlinkat(directory_fd, name, 0);
		else if (errno != EEXIST)
			break;
	}
	return fd;
}

static int check_room(int fd, const char *path, uint64_t bytes, struct ol_error *error) {
	struct statvfs disk;
	char free_text[OL_UNITS_TEXT_BYTES], bytes_text[OL_UNITS_TEXT_BYTES];
	if (fstatvfs(fd, &disk) < 0)
		return ol_error_set_errno(error, -errno, "cannot tell how much room %.300s has", path);
	uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (bytes <= free_bytes && free_bytes - bytes >= disk_reserve_bytes)
		return 0;
	return ol_error_set(error, -ENOSPC,
		"a file of %s does not fit into %.300s: %s are free there, and 1 GiB of that is left to "
		"others; name a roomier disk: TMPDIR=DIRECTORY oomlab ...",
		ol_format_bytes(bytes, bytes_text), path, ol_format_bytes(free_bytes, free_text));
}

/* Where this system's users have their temporary files; a script has no say in it. */
static int real_create_file(
	struct ol_os *os, uint64_t bytes, struct ol_os_file *ret_file, struct ol_error *error) {
	(void)os;
	const char *const paths[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		OL_AUTO_CLOSE int directory_fd =
			paths[i] != NULL && paths[i][0] == '/' ? open_disk(paths[i]) : -1;
		OL_AUTO_CLOSE int fd = directory_fd >= 0 ? open_nameless(directory_fd) : -1;
		if (fd < 0)
			continue;
		int result = check_room(fd, paths[i], bytes, error);
		if (result == 0)
			*ret_file = (struct ol_os_file){ .id = ol_steal_fd(&fd) };
		return result;
	}
	return ol_error_set(error, -ENOTSUP,
		"none of TMPDIR, /var/tmp and /tmp is a directory on a disk that may be written to (a "
		"tmpfs is memory); name one: TMPDIR=DIRECTORY oomlab ...");
}

static int real_write_file(
	struct ol_os *os, struct ol_os_file *file, uint64_t bytes, struct ol_error *error) {
	(void)os;
	int fd = (int)file->id;
	uint64_t begin_bytes = file->bytes;
	for (uint64_t left_bytes = bytes; left_bytes > 0;) {
		size_t step_bytes = left_bytes < sizeof scratch ? left_bytes : sizeof scratch;
		ssize_t count = pwrite(fd, scratch, step_bytes, (off_t)file->bytes);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return ol_error_set_errno(error, -errno, "cannot write to a temporary file");
		file->bytes += (uint64_t)count;
		left_bytes -= (uint64_t)count;
	}
	/* Version 1 does not slow down who makes pages dirty in a cage: it kills. */
	if (sync_file_range(fd, (off_t)begin_bytes, (off_t)bytes,
			SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) < 0 &&
		fdatasync(fd) < 0)
		return ol_error_set_errno(error, -errno, "cannot write a temporary file to its disk");
	return 0;
}

static int real_read_file(struct ol_os *os, const struct ol_os_file *file, uint64_t at_bytes,
	uint64_t bytes, struct ol_error *error) {
	(void)os;
	while (bytes > 0) {
		size_t step_bytes = bytes < sizeof scratch ? bytes : sizeof scratch;
		ssize_t count = pread((int)file->id, scratch, step_bytes, (off_t)at_bytes);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return ol_error_set_errno(
				error, count < 0 ? -errno : -EIO, "cannot read a temporary file");
		at_bytes += (uint64_t)count;
		bytes -= (uint64_t)count;
	}
	return 0;
}

static void real_release_file(struct ol_os *os, struct ol_os_file *file) {
	(void)os;
	close((int)file->id);
	*file = (struct ol_os_file){ .id = -1 };
}

/* The lab's answer to the request of that number. */
static int await_answer(const struct ol_flight *flight, uint32_t number, struct ol_error *error) {
	struct timespec step = { 0, ANSWER_STEP_NS_FIRST };
	for (uint64_t waited_ns = 0; waited_ns < answer_ns_max; waited_ns += (uint64_t)step.tv_nsec) {
		int result;
		if (ol_flight_take_answer(flight, number, &result, error))
			return result;
		(void)nanosleep(&step, NULL);
		if (step.tv_nsec < ANSWER_STEP_NS_MAX)
			step.tv_nsec *= 2;
	}
	return ol_error_set(error, -ETIMEDOUT, "the lab does not answer");
}

static int real_set_limit(struct ol_os *os, uint64_t bytes, struct ol_error *error) {
	static struct ol_frame frame; /* Large. */
	struct ol_os_real *self = real_of(os);
	if (self->socket_fd < 0 || self->flight == NULL)
		return ol_error_set(error, -ENOTSUP, "there is no lab that could set a limit");
	frame.kind = OL_FRAME_LIMIT;
	frame.limit = (struct ol_frame_limit){ .number = ++self->request_number, .limit_bytes = bytes };
	int result = ol_frame_send(self->socket_fd, &frame, error);
	return result < 0 ? result : await_answer(self->flight, self->request_number, error);
}

static const struct ol_os_ops real_ops = {
	.fork = real_fork,
	.end_child = real_end_child,
	.create_file = real_create_file,
	.write_file = real_write_file,
	.read_file = real_read_file,
	.release_file = real_release_file,
	.set_limit = real_set_limit,
};

void ol_os_real_init(struct ol_os_real *os, int socket_fd, struct ol_flight *flight) {
	*os = (struct ol_os_real){
		.os.ops = &real_ops,
		.socket_fd = socket_fd,
		.flight = flight,
	};
}
