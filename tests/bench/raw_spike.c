/* raw_spike.c -- The spike with nothing around it: what the kernel alone costs.
 *
 * Usage: raw_spike LIMIT_BYTES [--huge-pages] [--phases] [--run COMMAND ARGUMENT...]
 * mkdir, limit, fork, join, touch until killed, reap, rmdir. No heap, no policy, no report: every
 * other program of the bench is measured against this floor. --phases prints where the time went.
 * --run: the child becomes COMMAND instead, and does what it likes.
 * Exit status: 0 the kernel killed the child for want of memory, 1 it did not, 2 bad usage, 4 no
 * cage could be made; with --run that of COMMAND, 128 and more where a signal ended it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SURVIVED = 1, EXIT_USAGE = 2, EXIT_NO_CAGE = 4 };
enum { RMDIR_TRIES_MAX = 1000, HUGE_PAGE_BYTES = 2 << 20 };

/* The files of the two kinds of hierarchy that can own the memory controller. */
struct hierarchy {
	const char *parent; /* where the group is made */
	const char *limit;
	const char *swap;     /* absent without swap accounting: then it is left out */
	const char *events;   /* holds a line "oom_kill N" */
	const char *join;     /* takes "0", the writer itself */
	bool is_swap_a_total; /* v1 counts memory and swap together, v2 swap alone */
};
static const struct hierarchy v1_hierarchy = {
	"/sys/fs/cgroup/memory",
	"memory.limit_in_bytes",
	"memory.memsw.limit_in_bytes",
	"memory.oom_control",
	"tasks",
	true,
};
static const struct hierarchy v2_hierarchy = {
	"/sys/fs/cgroup",
	"memory.max",
	"memory.swap.max",
	"memory.events",
	"cgroup.procs",
	false,
};

/* When each step ended. The page is shared, so that the child's stamps outlive it. */
enum step { START, MADE, LIMITED, FORKED, JOINED, SPIKED, MORE, REAPED, REMOVED, STEPS };
static const char *const step_names[STEPS] = {
	"",
	"mkdir",
	"limit",
	"fork",
	"join",
	"touch 90 %",
	"touch 10 %",
	"kill, reap",
	"rmdir",
};
struct stamps {
	uint64_t at_ns[STEPS];
	volatile uint64_t more_bytes; /* of the last tenth, as far as it got */
};

static char group[PATH_MAX / 2];

static void stamp(struct stamps *stamps, enum step step) {
	if (stamps == NULL)
		return;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	stamps->at_ns[step] = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static _Noreturn void give_up(const char *what) {
	fprintf(stderr, "raw_spike: %s: %s: %s\n", group, what, strerror(errno));
	if (group[0] != '\0')
		rmdir(group);
	exit(EXIT_NO_CAGE);
}

static int write_file(const char *directory, const char *name, const char *text) {
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t written = write(fd, text, strlen(text));
	int saved = errno;
	close(fd);
	errno = saved;
	return written < 0 ? -1 : 0;
}

static uint64_t read_oom_kills(const struct hierarchy *hierarchy) {
	char path[PATH_MAX], text[1024];
	snprintf(path, sizeof path, "%s/%s", group, hierarchy->events);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (length < 0)
		give_up(hierarchy->events);
	close(fd);
	text[length] = '\0';
	const char *line = strstr(text, "oom_kill ");
	return line == NULL ? 0 : strtoull(line + strlen("oom_kill "), NULL, 10);
}

/* Memory first, then memory and swap: v1 refuses a total below the part. */
static void set_limit(const struct hierarchy *hierarchy, uint64_t limit_bytes) {
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, limit_bytes);
	if (write_file(group, hierarchy->limit, text) < 0)
		give_up(hierarchy->limit);
	if (write_file(group, hierarchy->swap, hierarchy->is_swap_a_total ? text : "0") < 0 &&
		errno != ENOENT)
		give_up(hierarchy->swap);
}

static uint8_t *map(uint64_t bytes, bool is_huge) {
	/* Room to align in: a huge page is only used where a whole aligned one fits. */
	size_t slack_bytes = is_huge ? HUGE_PAGE_BYTES : 0;
	uint8_t *start = mmap(NULL, bytes + slack_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		_exit(EXIT_NO_CAGE);
	if (is_huge) {
		start += -(uintptr_t)start & (HUGE_PAGE_BYTES - 1);
		madvise(start, bytes, MADV_HUGEPAGE);
	} else {
		/* Where huge pages are always on, the work would not be the same. */
		madvise(start, bytes, MADV_NOHUGEPAGE);
	}
	return start;
}

/* The kernel waits for an RCU grace period (about 10 ms) before it moves a process by
 * cgroup.procs. A single thread that moves itself by v1's "tasks" is spared that, and so is a
 * child that is born in its group, which v2 alone offers. */
static pid_t fork_child(const struct hierarchy *hierarchy, bool *ret_has_joined) {
	*ret_has_joined = false;
	if (hierarchy == &v2_hierarchy) {
		int fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct clone_args args = {
			.flags = CLONE_INTO_CGROUP,
			.exit_signal = SIGCHLD,
			.cgroup = (uint64_t)fd,
		};
		pid_t child = fd < 0 ? -1 : (pid_t)syscall(SYS_clone3, &args, sizeof args);
		if (fd >= 0)
			close(fd);
		*ret_has_joined = child >= 0;
		if (child >= 0)
			return child;
	}
	return fork();
}

/* Nine tenths, kept, then one tenth: only the kernel ends it before _exit. */
static _Noreturn void touch_until_killed(
	uint64_t limit_bytes, bool is_huge, struct stamps *stamps) {
	uint64_t more_bytes = limit_bytes / 10;
	uint64_t spike_bytes = limit_bytes - more_bytes;
	memset(map(spike_bytes, is_huge), 0xff, spike_bytes);
	stamp(stamps, SPIKED);

	uint8_t *more = map(more_bytes, is_huge);
	if (stamps == NULL) {
		memset(more, 0xff, more_bytes);
	} else {
		for (uint64_t done = 0; done < more_bytes; done += 4096) {
			memset(more + done, 0xff, more_bytes - done < 4096 ? more_bytes - done : 4096);
			stamps->more_bytes = done + 4096;
			stamp(stamps, MORE);
		}
	}
	_exit(EXIT_SURVIVED);
}

static void print_phases(const struct stamps *stamps, uint64_t limit_bytes) {
	uint64_t touched_bytes[STEPS] = { 0 };
	touched_bytes[SPIKED] = limit_bytes - limit_bytes / 10;
	touched_bytes[MORE] = stamps->more_bytes;
	for (enum step step = MADE; step < STEPS; step++) {
		double us = (double)(stamps->at_ns[step] - stamps->at_ns[step - 1]) / 1e3;
		printf("%-10s %9.1f us", step_names[step], us);
		if (touched_bytes[step] > 0)
			printf("  %7.1f us/MiB", us / ((double)touched_bytes[step] / (1 << 20)));
		putchar('\n');
	}
	printf(
		"%-10s %9.1f us\n", "sum", (double)(stamps->at_ns[REMOVED] - stamps->at_ns[START]) / 1e3);
}

/* A group whose last task was just reaped may still be busy for a moment. */
static void remove_group(void) {
	for (int tries = 0; rmdir(group) < 0; tries++) {
		if (errno != EBUSY || tries == RMDIR_TRIES_MAX)
			give_up("rmdir");
		usleep(100);
	}
}

struct options {
	uint64_t limit_bytes;
	bool is_huge;
	bool is_phases;
	char **command; /* NULL: the spike. */
};

static bool parse_options(int argc, char **argv, struct options *ret_options) {
	struct options options = { .limit_bytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 0 };
	for (int i = 2; i < argc && options.command == NULL; i++) {
		if (strcmp(argv[i], "--huge-pages") == 0)
			options.is_huge = true;
		else if (strcmp(argv[i], "--phases") == 0)
			options.is_phases = true;
		else if (strcmp(argv[i], "--run") == 0 && i + 1 < argc && !options.is_phases)
			options.command = argv + i + 1;
		else
			return false;
	}
	*ret_options = options;
	return options.limit_bytes >= 1 << 20;
}

int main(int argc, char **argv) {
	struct options options;
	if (!parse_options(argc, argv, &options)) {
		fputs("usage: raw_spike LIMIT_BYTES [--huge-pages] [--phases | --run COMMAND ...]\n"
			  "LIMIT_BYTES: from 1048576 on\n",
			stderr);
		return EXIT_USAGE;
	}
	struct stamps *stamps = NULL;
	if (options.is_phases) {
		/* Touched here, so that the cage does not pay for it. */
		stamps = mmap(NULL, sizeof *stamps, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (stamps == MAP_FAILED)
			give_up("mmap");
	}

	stamp(stamps, START);
	const struct hierarchy *hierarchy = &v1_hierarchy;
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) {
		hierarchy = &v2_hierarchy;
		write_file(hierarchy->parent, "cgroup.subtree_control", "+memory");
	}
	snprintf(group, sizeof group, "%s/oomlab-bench-raw-%d", hierarchy->parent, (int)getpid());
	if (mkdir(group, 0755) < 0)
		give_up("mkdir");
	stamp(stamps, MADE);
	set_limit(hierarchy, options.limit_bytes);
	stamp(stamps, LIMITED);

	bool has_joined;
	pid_t child = fork_child(hierarchy, &has_joined);
	if (child < 0)
		give_up("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stamp(stamps, FORKED);
		if (!has_joined && write_file(group, hierarchy->join, "0") < 0)
			_exit(EXIT_NO_CAGE);
		stamp(stamps, JOINED);
		if (options.command == NULL)
			touch_until_killed(options.limit_bytes, options.is_huge, stamps);
		execvp(options.command[0], options.command);
		_exit(EXIT_NO_CAGE);
	}
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	stamp(stamps, REAPED);

	uint64_t oom_kills = read_oom_kills(hierarchy);
	remove_group();
	stamp(stamps, REMOVED);
	if (options.is_phases)
		print_phases(stamps, options.limit_bytes);
	if (options.command != NULL)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && oom_kills == 1)
		return EXIT_SUCCESS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_CAGE) {
		fputs("raw_spike: the child could not join the group or map its memory\n", stderr);
		return EXIT_NO_CAGE;
	}
	fprintf(
		stderr, "raw_spike: not killed: wait status %d, oom_kill %" PRIu64 "\n", status, oom_kills);
	return EXIT_SURVIVED;
}
