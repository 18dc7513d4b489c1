/* test_lab_faults.c -- The lab and its subject ended at bad moments: nothing may be left behind.
 *
 * Runs the built oomlab below a parent group of its own, so that labs beside it do not matter, and
 * as a subreaper, so that no orphan escapes it. Needs root and a memory hierarchy of version 1 or 2
 * whose root is writable. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/random.h"
#include "base/units.h"
#include "cage/cage.h"

enum { OUTPUT_BYTES = 1 << 16, ARGUMENTS_MAX = 16, PATH_BYTES = 2048 };

static const char *program;
static char parent_name[64];
static char parent_directory[PATH_BYTES];
static int parent_fd = -1;

static void sleep_us(uint64_t us) {
	struct timespec time = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };
	nanosleep(&time, NULL);
}

/* A lab under way, with what it prints. */
struct lab {
	pid_t pid;
	int output_fd;
	char output[OUTPUT_BYTES];
	size_t output_bytes;
};

static void start_lab(struct lab *lab, const char *const *arguments) {
	char group[128];
	snprintf(group, sizeof group, "--group=%s", parent_name);
	const char *argv[ARGUMENTS_MAX + 3] = { program, "run", group };
	for (int i = 0; arguments[i] != NULL; i++)
		argv[3 + i] = arguments[i];
	int pipe_fds[2];
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		dup2(pipe_fds[1], STDERR_FILENO);
		/* Whoever runs the tests may ignore these (nohup, a job in the background). */
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		execv(program, (char *const *)argv);
		_exit(126);
	}
	close(pipe_fds[1]);
	*lab = (struct lab){ .pid = pid, .output_fd = pipe_fds[0] };
}

/* Reads until the text has come, or 20 s are over. */
static void wait_for_output(struct lab *lab, const char *text) {
	while (strstr(lab->output, text) == NULL) {
		struct pollfd ready = { .fd = lab->output_fd, .events = POLLIN };
		if (poll(&ready, 1, 20000) <= 0)
			fail_msg("'%s' did not come; got: %s", text, lab->output);
		ssize_t count = read(
			lab->output_fd, lab->output + lab->output_bytes, OUTPUT_BYTES - 1 - lab->output_bytes);
		if (count <= 0)
			fail_msg("'%s' did not come before the end; got: %s", text, lab->output);
		lab->output_bytes += (size_t)count;
		lab->output[lab->output_bytes] = '\0';
	}
}

/* Reads the rest and returns the exit status, 128 + signal for a killed one. A lab that does not
 * end within 30 s is ended here. */
static int join_lab(struct lab *lab) {
	for (;;) {
		struct pollfd ready = { .fd = lab->output_fd, .events = POLLIN };
		if (poll(&ready, 1, 30000) == 0) {
			kill(lab->pid, SIGKILL);
			waitpid(lab->pid, NULL, 0);
			fail_msg("the lab does not end");
		}
		ssize_t count = read(
			lab->output_fd, lab->output + lab->output_bytes, OUTPUT_BYTES - 1 - lab->output_bytes);
		if (count <= 0)
			break;
		lab->output_bytes += (size_t)count;
	}
	lab->output[lab->output_bytes] = '\0';
	close(lab->output_fd);
	int status;
	assert_int_equal(waitpid(lab->pid, &status, 0), lab->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_lab(struct lab *lab, const char *const *arguments) {
	start_lab(lab, arguments);
	return join_lab(lab);
}

/* Directories of our name below the parent; the name of the last goes to ret_name. */
static int count_groups(char ret_name[256]) {
	DIR *directory = opendir(parent_directory);
	assert_non_null(directory);
	int count = 0;
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		if (strncmp(entry->d_name, "oomlab", 6) != 0)
			continue;
		count++;
		if (ret_name != NULL)
			snprintf(ret_name, 256, "%s", entry->d_name);
	}
	closedir(directory);
	return count;
}

/* Every descendant that lost its parent comes to us: reaps them and returns how many lived on for
 * longer than a second. */
static int count_lingering(void) {
	for (int sleeps = 0; sleeps < 100;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (pid == 0) {
			sleep_us(10000);
			sleeps++;
		}
	}
	return 1;
}

/* Writes a scenario into a file of its own; the caller unlinks it. */
static void write_script(char path[64], const char *program_text) {
	snprintf(path, 64, "/tmp/oomlab-test-XXXXXX.lua");
	int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	dprintf(fd,
		"local lab = require 'lab'\n"
		"return lab.scenario { title = 'fault', program = function(heap)\n%s\nend }\n",
		program_text);
	close(fd);
}

/* Holds memory and goes on for ever. */
static const char endless[] = "local held = heap:phase('hold'):slab(1 << 20)\n"
							  "print('holding')\n"
							  "while true do heap:slab(1000):release() end";

static void a_lab_killed_at_any_moment_leaves_nothing_after_the_next_run(void **state) {
	(void)state;
	struct ol_random random = ol_random_seeded(20261121);
	static struct lab lab;
	for (int i = 0; i < 200; i++) {
		start_lab(&lab, (const char *[]){ "--quiet", "--limit=8M", NULL });
		sleep_us(ol_random_below(&random, 25000));
		assert_int_equal(kill(lab.pid, SIGKILL), 0);
		join_lab(&lab);
	}
	assert_int_equal(run_lab(&lab, (const char *[]){ "--quiet", "--limit=8M", NULL }), 0);
	assert_int_equal(count_lingering(), 0);
	assert_int_equal(count_groups(NULL), 0);
}

static void a_subject_dies_with_its_lab_before_any_other_lab_comes(void **state) {
	(void)state;
	char path[64];
	write_script(path, endless);
	static struct lab lab;
	start_lab(&lab, (const char *[]){ path, NULL });
	wait_for_output(&lab, "holding");
	assert_int_equal(kill(lab.pid, SIGKILL), 0);
	join_lab(&lab);
	unlink(path);
	assert_int_equal(count_lingering(), 0);
	assert_int_equal(count_groups(NULL), 1);
	assert_int_equal(run_lab(&lab, (const char *[]){ "--quiet", "--limit=8M", NULL }), 0);
	assert_int_equal(count_groups(NULL), 0);
}

static void labs_side_by_side_do_not_hurt_each_other(void **state) {
	(void)state;
	static struct lab labs[2];
	const char *const arguments[] = { "--repeat=30", "--limit=8M", "--format=json", NULL };
	start_lab(&labs[0], arguments);
	start_lab(&labs[1], arguments);
	for (int i = 0; i < 2; i++) {
		/* The whole of the output is long; what counts is the end. */
		static char tail[OUTPUT_BYTES];
		size_t kept = 0;
		char chunk[4096];
		for (ssize_t count; (count = read(labs[i].output_fd, chunk, sizeof chunk)) > 0;) {
			if (kept + (size_t)count >= sizeof tail) {
				memmove(tail, tail + sizeof tail / 2, kept - sizeof tail / 2);
				kept -= sizeof tail / 2;
			}
			memcpy(tail + kept, chunk, (size_t)count);
			kept += (size_t)count;
			tail[kept] = '\0';
		}
		assert_int_equal(join_lab(&labs[i]), 0);
		if (strstr(tail, "\"oom-killed\":30") == NULL && strstr(tail, "\"oom-killed\": 30") == NULL)
			fail_msg("not 30 of 30: %s", tail + (kept > 300 ? kept - 300 : 0));
	}
	assert_int_equal(count_groups(NULL), 0);
}

static void a_subject_killed_by_a_stranger_is_not_called_an_oom_kill(void **state) {
	(void)state;
	char path[64], name[256], procs[PATH_BYTES + 512], text[64];
	write_script(path, endless);
	static struct lab lab;
	start_lab(&lab, (const char *[]){ path, NULL });
	wait_for_output(&lab, "holding");
	assert_int_equal(count_groups(name), 1);
	snprintf(procs, sizeof procs, "%s/%s/cgroup.procs", parent_directory, name);
	assert_true(ol_file_read(procs, text, sizeof text, NULL) > 0);
	assert_int_equal(kill((pid_t)strtol(text, NULL, 10), SIGKILL), 0);
	assert_int_equal(join_lab(&lab), 0);
	unlink(path);
	assert_non_null(strstr(lab.output, "KILLED"));
	assert_null(strstr(lab.output, "OOM-KILLED"));
	assert_int_equal(count_groups(NULL), 0);
}

static void a_group_removed_from_outside_ends_the_run_rather_than_its_limit(void **state) {
	(void)state;
	char path[64], name[256], file[PATH_BYTES + 512], text[64];
	write_script(path, endless);
	static struct lab lab;
	start_lab(&lab, (const char *[]){ path, NULL });
	wait_for_output(&lab, "holding");
	assert_int_equal(count_groups(name), 1);
	snprintf(file, sizeof file, "%s/%s/cgroup.procs", parent_directory, name);
	assert_true(ol_file_read(file, text, sizeof text, NULL) > 0);
	/* Out into the test's own group first: a group with a process in it cannot be removed. */
	pid_t subject = (pid_t)strtol(text, NULL, 10);
	struct ol_cage_system system;
	assert_int_equal(ol_cage_detect(&system, NULL), 0);
	snprintf(file, sizeof file, "%s%s/cgroup.procs", system.mount, system.own_group);
	assert_int_equal(ol_file_write_at(AT_FDCWD, file, text, NULL), 0);
	snprintf(file, sizeof file, "%s/%s", parent_directory, name);
	(void)rmdir(file);
	assert_int_equal(join_lab(&lab), 4);
	unlink(path);
	assert_non_null(strstr(lab.output, "from outside"));
	assert_true(kill(subject, 0) < 0 && errno == ESRCH);
	assert_int_equal(count_groups(NULL), 0);
}

static void an_interrupted_lab_cleans_up_and_says_so_by_its_status(void **state) {
	(void)state;
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		char path[64];
		write_script(path, endless);
		static struct lab lab;
		start_lab(&lab, (const char *[]){ path, NULL });
		wait_for_output(&lab, "holding");
		assert_int_equal(kill(lab.pid, signals[i]), 0);
		assert_int_equal(join_lab(&lab), 128 + signals[i]);
		unlink(path);
		assert_int_equal(count_groups(NULL), 0);
		assert_int_equal(count_lingering(), 0);
	}
}

static void every_refused_request_for_memory_ends_clearly(void **state) {
	(void)state;
	static struct lab lab;
	int refused = 0, collected = 0, killed = 0;
	for (int number = 1; number <= 40; number++) {
		char option[64];
		snprintf(option, sizeof option, "--fail-memory-request=%d", number);
		int status = run_lab(
			&lab, (const char *[]){ option, "--limit=16M", "--format=json", "--quiet", NULL });
		bool is_refused = strstr(lab.output, "\"outcome\":\"out-of-memory\"") != NULL;
		/* The full collection before a refusal is final may be what saves it. */
		bool is_collected = strstr(lab.output, "\"outcome\":\"survived\"") != NULL;
		bool is_killed = strstr(lab.output, "\"outcome\":\"oom-killed\"") != NULL;
		if (is_refused + is_collected + is_killed != 1 || status != 0)
			fail_msg("request %d: status %d: %s", number, status, lab.output);
		refused += is_refused;
		collected += is_collected;
		killed += is_killed;
	}
	/* Late numbers are never reached. */
	assert_true(refused > 0 && collected > 0 && killed > 0);
	assert_int_equal(count_groups(NULL), 0);
}

static int make_parent(void **state) {
	(void)state;
	program = getenv("OOMLAB");
	struct ol_cage_system system;
	struct ol_error error;
	if (program == NULL || ol_cage_detect(&system, &error) < 0)
		return -1;
	snprintf(parent_name, sizeof parent_name, "oomlab-faults-%d", (int)getpid());
	snprintf(parent_directory, sizeof parent_directory, "%s/%s", system.mount, parent_name);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (mkdir(parent_directory, 0755) < 0)
		return -1;
	/* Locked, as a living lab's groups are: labs beside us must not take it for a dead one's. */
	parent_fd = open(parent_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return parent_fd < 0 ? -1 : flock(parent_fd, LOCK_SH);
}

static int remove_parent(void **state) {
	(void)state;
	close(parent_fd);
	return rmdir(parent_directory);
}

int main(void) {
	struct ol_cage_system system;
	struct ol_error error;
	if (ol_cage_detect(&system, &error) < 0 || geteuid() != 0) {
		printf("1..0 # SKIP needs root and a memory controller\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lab_killed_at_any_moment_leaves_nothing_after_the_next_run),
		cmocka_unit_test(a_subject_dies_with_its_lab_before_any_other_lab_comes),
		cmocka_unit_test(labs_side_by_side_do_not_hurt_each_other),
		cmocka_unit_test(a_subject_killed_by_a_stranger_is_not_called_an_oom_kill),
		cmocka_unit_test(a_group_removed_from_outside_ends_the_run_rather_than_its_limit),
		cmocka_unit_test(an_interrupted_lab_cleans_up_and_says_so_by_its_status),
		cmocka_unit_test(every_refused_request_for_memory_ends_clearly),
	};
	return cmocka_run_group_tests_name("faults", tests, make_parent, remove_parent);
}
