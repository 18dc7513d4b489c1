/* adopt.c -- Takes a running process into the cage, and gives what is in it back.
 *
 * Somebody else's process: it may end at any moment, and its number become another's. Only its
 * pidfd tells. Starts and ends nothing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/internal.h"

enum {
	PF_KTHREAD = 0x00200000, /* A kernel thread, among the kernel's flags of a task. */
	STAT_BYTES = 1024,
	ROUNDS_MAX = 100 /* Of giving back: what is forked meanwhile needs another one. */
};

static bool has_ended(int pid_fd) {
	struct pollfd ready = { .fd = pid_fd, .events = POLLIN };
	return poll(&ready, 1, 0) != 0;
}

static int say_ended(pid_t pid, struct ol_error *error) {
	return ol_error_set(
		error, -ESRCH, "process %d has ended; see what runs by ps, and name another one", (int)pid);
}

/* Field 3 of its stat is its state, field 9 the kernel's flags; both stand behind the name, which
 * may hold anything. */
static int check_kind(pid_t pid, struct ol_error *error) {
	char path[64];
	char text[STAT_BYTES];
	char state;
	unsigned long flags;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (ol_file_read(path, text, sizeof text, NULL) < 0)
		return say_ended(pid, error);
	const char *fields = strrchr(text, ')');
	if (fields == NULL || sscanf(fields, ") %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2)
		return ol_error_set(error, -EINVAL, "cannot make out what %s says", path);
	if ((flags & PF_KTHREAD) != 0)
		return ol_error_set(error, -EPERM,
			"process %d is a thread of the kernel, which is in no cage; name a program's process",
			(int)pid);
	if (state == 'Z' || state == 'X')
		return ol_error_set(error, -ESRCH,
			"process %d has ended, its parent has only not taken notice; name one that runs",
			(int)pid);
	return 0;
}

static int check_target(pid_t pid, int pid_fd, struct ol_error *error) {
	if (pid <= 0)
		return ol_error_set(error, -EINVAL,
			"%d is no process; expected a process number above 1, as ps tells", (int)pid);
	if (pid == 1)
		return ol_error_set(error, -EPERM,
			"process 1 keeps the whole system going, and is not put into a cage; name another one");
	if (pid == getpid())
		return ol_error_set(error, -EPERM,
			"process %d is the lab itself, which has to stay outside of the cage; name another "
			"one",
			(int)pid);
	if (has_ended(pid_fd))
		return say_ended(pid, error);
	return check_kind(pid, error);
}

/* Another lab watches over what is in its cage, and would end what leaves it. */
static int check_place(
	const struct ol_cage *cage, pid_t pid, const char *from, struct ol_error *error) {
	size_t length = ol_cage_find_innermost(from);
	bool stays_inside = strncmp(cage->path, from, length) == 0 && cage->path[length] == '/';
	if (length == 0 || stays_inside || strstr(from, "/" OL_CAGE_KEPT_PREFIX) != NULL)
		return 0;
	return ol_error_set(error, -EBUSY,
		"process %d is in a cage already, %.400s; wait until its lab has ended", (int)pid, from);
}

/* Writes a process's number to a group's cgroup.procs. */
static int move(int directory_fd, pid_t pid) {
	char text[32];
	snprintf(text, sizeof text, "%d", (int)pid);
	return ol_file_write_at(directory_fd, "cgroup.procs", text, NULL);
}

/* Version 2 asks for more than permission to write where the process goes. */
static int fail_to_move(const struct ol_cage *cage, int code, pid_t pid, const char *from,
	const char *to, struct ol_error *error) {
	if ((code == -EACCES || code == -EPERM) && cage->chain.memory_version == 2)
		return ol_error_set(error, code,
			"may not move process %d from control group %.200s to %.200s: that takes write "
			"permission to cgroup.procs in the group above both; run as root, or choose a group "
			"beside the process's own by --group=NAME",
			(int)pid, *from != '\0' ? from : "out of sight", to);
	if (code == -EACCES || code == -EPERM)
		return ol_error_set(error, code,
			"may not move process %d to control group %.300s: it is another user's; run as root, "
			"or as that user",
			(int)pid, to);
	return ol_cage_fail(error, code, cage->chain.mount, "cannot move process %d to %s%s", (int)pid,
		cage->chain.mount, to);
}

/* Cuts the last part off a path; false at the top. */
static bool go_up(char path[OL_PATH_BYTES]) {
	char *slash = strrchr(path, '/');
	if (slash == NULL || path[1] == '\0')
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* Moves a process to the group at path, or to what stands in for it; path is set to that. */
static int move_back(const struct ol_cage *cage, pid_t pid, char path[OL_PATH_BYTES]) {
	const struct ol_cage_chain *chain = &cage->chain;
	if (*path == '\0')
		snprintf(path, OL_PATH_BYTES, "%s", chain->path);
	for (;;) {
		const char *name = path + strspn(path, "/");
		OL_AUTO_CLOSE int fd = ol_cage_open_group(chain->fds[0], *name != '\0' ? name : ".");
		int code = fd < 0 ? -errno : move(fd, pid);
		/* Gone; or one of version 2 that hands controllers down, and so holds no processes. */
		bool is_closed =
			code == -ENOENT || code == -ENODEV || code == -EBUSY || code == -EOPNOTSUPP;
		if (!is_closed)
			return code;
		if (chain->memory_version == 1) {
			snprintf(path, OL_PATH_BYTES, "%s", chain->path);
			return move(ol_cage_parent_fd(chain), pid);
		}
		if (!go_up(path))
			return code;
	}
}

int ol_cage_adopt(struct ol_cage *cage, pid_t pid, int pid_fd, char ret_from[OL_PATH_BYTES],
	struct ol_error *error) {
	char from[OL_PATH_BYTES] = "";
	int result = check_target(pid, pid_fd, error);
	if (result < 0)
		return result;
	result = ol_cage_group_of(pid, cage->chain.memory_version, cage->chain.root, from);
	if (result < 0 && result != -ESRCH)
		return ol_cage_fail(
			error, result, cage->chain.mount, "cannot read /proc/%d/cgroup", (int)pid);
	if (result >= 0) {
		result = check_place(cage, pid, from, error);
		if (result < 0)
			return result;
		result = move(cage->directory_fd, pid);
	}
	bool is_moved = result >= 0;
	if (has_ended(pid_fd)) {
		/* Who was moved, if anybody, was another one. */
		if (is_moved)
			(void)move_back(cage, pid, from);
		return say_ended(pid, error);
	}
	if (!is_moved)
		return fail_to_move(cage, result, pid, from, cage->path, error);
	ol_cage_note_attached(cage, pid);
	memcpy(ret_from, from, sizeof from);
	return 0;
}

struct giving_back {
	const struct ol_cage *cage;
	char to[OL_PATH_BYTES];
	int code; /* The last one's that could not be moved. */
	pid_t pid;
};

static void give_one_back(pid_t pid, void *context) {
	struct giving_back *giving = context;
	/* 0 stands for one of another pid namespace, which cannot be named. */
	int code = pid > 0 ? move_back(giving->cage, pid, giving->to) : -ENXIO;
	if (code >= 0 || code == -ESRCH)
		return;
	giving->code = code;
	giving->pid = pid;
}

int ol_cage_give_back(struct ol_cage *cage, const char *from, struct ol_error *error) {
	struct giving_back giving = { .cage = cage };
	for (int i = 0; i < ROUNDS_MAX; i++) {
		giving.code = 0;
		snprintf(giving.to, sizeof giving.to, "%s", from);
		if (ol_cage_each_process_below(cage->directory_fd, give_one_back, &giving) == 0)
			return 0;
		if (giving.code == -ENXIO)
			return ol_error_set(error, giving.code,
				"processes of another pid namespace in %.400s cannot be moved; end them",
				cage->directory);
		if (giving.code < 0)
			return fail_to_move(cage, giving.code, giving.pid, cage->path, giving.to, error);
	}
	return ol_error_set(error, -EBUSY,
		"processes in %.400s start others faster than these can be moved back; stop them by "
		"kill -STOP, and try again",
		cage->directory);
}
