/* cage.c -- A cage's life: create, attach, enter, kill, destroy.
 *
 * Where it goes is place.c's matter, what limits it limits.c's, and what happened evidence.c's. */
#include "cage/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cage/internal.h"

/* Unique even among labs in different pid namespaces, which may have the same pid. Not from the
 * run's seed: two labs may run the same seed at the same time. */
static void make_name(bool is_kept, char ret_name[OL_CAGE_NAME_BYTES]) {
	uint64_t number;
	if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		number = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uintptr_t)ret_name;
	}
	const char *prefix = is_kept ? OL_CAGE_KEPT_PREFIX : OL_CAGE_PREFIX;
	snprintf(ret_name, OL_CAGE_NAME_BYTES, "%s%d-%016" PRIx64, prefix, (int)getpid(), number);
}

static int name_group(struct ol_cage *cage, struct ol_error *error) {
	make_name(cage->is_kept, cage->name);
	int result = ol_cage_join_path(cage->path, cage->chain.path, cage->name, error);
	if (result >= 0)
		result = ol_cage_join_path(cage->directory, cage->chain.mount, cage->path, error);
	return result;
}

/* Locks the new group, and finds out whether it is still there: between its making and its locking
 * it looked like a dead lab's. Where another lab has it locked, that one is either removing it or
 * letting go of it: which of the two, this waits for, so that none is left behind. */
static bool claim(struct ol_cage *cage) {
	struct stat mine;
	struct stat there;
	struct ol_cage_patience patience = { 0 };
	int parent_fd = ol_cage_parent_fd(&cage->chain);
	OL_AUTO_CLOSE int fd =
		openat(parent_fd, cage->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || !ol_cage_wait(&patience)) {
			(void)unlinkat(parent_fd, cage->name, AT_REMOVEDIR);
			return false;
		}
	}
	if (fstat(fd, &mine) < 0 || fstatat(parent_fd, cage->name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
		mine.st_ino != there.st_ino)
		return false;
	cage->directory_fd = ol_steal_fd(&fd);
	return true;
}

static int make_group(struct ol_cage *cage, struct ol_error *error) {
	int parent_fd = ol_cage_parent_fd(&cage->chain);
	for (int i = 0; i < OL_CAGE_ATTEMPTS_MAX; i++) {
		int result = name_group(cage, error);
		if (result < 0)
			return result;
		/* A group that is there already is no error here: the lock tells whose it is. */
		if (mkdirat(parent_fd, cage->name, 0755) < 0 && errno != EEXIST)
			return ol_cage_fail(
				error, -errno, cage->chain.mount, "cannot make control group %s", cage->directory);
		if (claim(cage))
			return 0;
	}
	return ol_error_set(error, -EBUSY,
		"control groups made in %.200s%.300s vanish at once; find out what removes them, or "
		"choose another group by --group=NAME",
		cage->chain.mount, cage->chain.path);
}

static int open_files(struct ol_cage *cage, struct ol_error *error) {
	bool is_v1 = cage->chain.memory_version == 1;
	const char *usage = is_v1 ? "memory.usage_in_bytes" : "memory.current";
	const char *enter = is_v1 ? "tasks" : "cgroup.procs";
	cage->usage_fd = openat(cage->directory_fd, usage, O_RDONLY | O_CLOEXEC);
	if (cage->usage_fd < 0)
		return ol_cage_fail(
			error, -errno, cage->chain.mount, "cannot open %s/%s", cage->directory, usage);
	cage->enter_fd = openat(cage->directory_fd, enter, O_WRONLY | O_CLOEXEC);
	if (cage->enter_fd < 0)
		return ol_cage_fail(
			error, -errno, cage->chain.mount, "cannot open %s/%s", cage->directory, enter);
	ol_cage_kills_init(cage);
	return 0;
}

static void destroy_quietly(struct ol_cage **cage) {
	(void)ol_cage_destroy(*cage, NULL);
}

/* A group that is a cage in all but what runs in it. */
static int create_outer(const struct ol_cage_system *system, const char *parent,
	const struct ol_cage_limits *limits, struct ol_cage **ret_cage, struct ol_error *error) {
	struct ol_cage_limits outer = {
		.limit_bytes = limits->outer_limit_bytes,
		.swap_bytes = limits->swap_bytes,
		.high_bytes = UINT64_MAX,
		.is_kept = limits->is_kept,
	};
	struct ol_error reason;
	int result = ol_cage_create(system, parent, &outer, ret_cage, &reason);
	if (result < 0)
		return ol_error_set(error, result, "the group around the cage: %s", reason.message);
	return 0;
}

int ol_cage_create(const struct ol_cage_system *system, const char *parent,
	const struct ol_cage_limits *limits, struct ol_cage **ret_cage, struct ol_error *error) {
	int result = ol_cage_check_limits(limits, error);
	if (result < 0)
		return result;
	__attribute__((cleanup(destroy_quietly))) struct ol_cage *cage = calloc(1, sizeof *cage);
	if (cage == NULL)
		return ol_error_set_errno(error, -ENOMEM, "cannot keep a cage's records");
	cage->directory_fd = cage->usage_fd = cage->enter_fd = cage->kills.log.fd = -1;
	cage->pressure_fd = cage->trigger_fd = -1;
	cage->is_kept = limits->is_kept;
	cage->limit_bytes = limits->is_unlimited ? UINT64_MAX : limits->limit_bytes;
	cage->swap_bytes = limits->swap_bytes;
	cage->high_bytes = limits->high_bytes;
	ol_cage_holds_init(cage);
	snprintf(cage->mode, sizeof cage->mode, "%s", system->mode);
	if (limits->outer_limit_bytes > 0)
		result = create_outer(system, parent, limits, &cage->outer, error);
	if (result >= 0)
		result = ol_cage_place(
			system, cage->outer != NULL ? cage->outer->path : parent, &cage->chain, error);
	if (result >= 0)
		result = ol_cage_chain_hold(&cage->chain, error);
	if (result < 0)
		return result;
	(void)ol_cage_sweep(ol_cage_parent_fd(&cage->chain));
	result = ol_cage_chain_enable(&cage->chain, error);
	if (result >= 0)
		result = make_group(cage, error);
	if (result >= 0)
		result = ol_cage_set_limits(cage, limits, error);
	if (result >= 0)
		result = open_files(cage, error);
	if (result < 0)
		return result;
	ol_cage_snapshot_ancestors(&cage->chain);
	*ret_cage = cage;
	cage = NULL;
	return 0;
}

static void close_fd(int fd) {
	if (fd >= 0)
		close(fd);
}

static void free_cage(struct ol_cage *cage) {
	close_fd(cage->directory_fd);
	close_fd(cage->usage_fd);
	close_fd(cage->enter_fd);
	close_fd(cage->kills.log.fd);
	free(cage);
}

int ol_cage_destroy(struct ol_cage *cage, struct ol_error *error) {
	int result = 0;
	if (cage == NULL)
		return 0;
	/* First: old kernels free a trigger with its group, though an epoll set still looks at it. */
	ol_cage_unwatch_pressure(cage);
	if (cage->directory_fd >= 0) {
		result = ol_cage_remove_tree(
			ol_cage_parent_fd(&cage->chain), cage->name, cage->directory, error);
	}
	ol_cage_chain_release(&cage->chain);
	int outer_result = ol_cage_destroy(cage->outer, result < 0 ? NULL : error);
	free_cage(cage);
	return result < 0 ? result : outer_result;
}

void ol_cage_leave(struct ol_cage *cage) {
	if (cage == NULL)
		return;
	ol_cage_unwatch_pressure(cage);
	ol_cage_holds_finish(cage);
	ol_cage_chain_close(&cage->chain);
	ol_cage_leave(cage->outer);
	free_cage(cage);
}

int ol_cage_attach(struct ol_cage *cage, pid_t pid, struct ol_error *error) {
	char text[32];
	snprintf(text, sizeof text, "%d", (int)pid);
	if (pid <= 0)
		return ol_error_set(error, -EINVAL, "%s is no process to put into a cage", text);
	int result = 0;
	if (ol_libcgroup_attach(&cage->chain, cage->path, pid) < 0)
		result = ol_cage_write(
			cage->directory_fd, &cage->chain, cage->path, "cgroup.procs", text, error);
	if (result == -ESRCH)
		return ol_error_set(error, result, "process %s has ended before it was in the cage", text);
	if (result >= 0)
		ol_cage_note_attached(cage, pid);
	return result;
}

pid_t ol_cage_fork(struct ol_cage *cage, struct ol_error *error) {
	pid_t pid = -1;
	if (cage->chain.memory_version == 2) {
		struct clone_args arguments = {
			.flags = CLONE_INTO_CGROUP,
			.exit_signal = SIGCHLD,
			.cgroup = (uint64_t)cage->directory_fd,
		};
		pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
		cage->is_inside = pid == 0; /* In the child's copy only. */
	}
	/* Version 1 cannot do that, nor can an old kernel or a strict seccomp filter. */
	if (pid < 0)
		pid = fork();
	if (pid < 0)
		return ol_error_set_errno(error, -errno, "cannot start a process");
	if (pid > 0)
		ol_cage_note_attached(cage, pid);
	return pid;
}

int ol_cage_enter(const struct ol_cage *cage) {
	if (cage->is_inside || write(cage->enter_fd, "0", 1) == 1)
		return 0;
	return errno == ENODEV ? -ENOENT : -errno;
}

int ol_cage_kill(struct ol_cage *cage, struct ol_error *error) {
	return ol_cage_end_processes(cage->directory_fd, cage->directory, error);
}

const char *ol_cage_directory(const struct ol_cage *cage) {
	return cage->directory;
}

const char *ol_cage_path(const struct ol_cage *cage) {
	return cage->path;
}

int ol_cage_usage_fd(const struct ol_cage *cage) {
	return cage->usage_fd;
}

struct ol_cage_facts ol_cage_facts(const struct ol_cage *cage) {
	struct ol_cage_facts facts = {
		.memory_version = (uint32_t)cage->chain.memory_version,
		.has_swap_limit = cage->has_swap_limit,
	};
	snprintf(facts.mode, sizeof facts.mode, "%s", cage->mode);
	snprintf(facts.path, sizeof facts.path, "%s", cage->directory);
	return facts;
}
