/* test_cage.c -- A cage's life in real control groups: limits, kills, evidence, removal.
 *
 * Faults of the world around it are in test_cage_faults.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cage/internal.h"
#include "cage_support.h"

static struct ol_cage_system world;
static struct ol_error error;
static int fd_count_at_start;
static pid_t lab_pids[8]; /* The processes that made cages. */
static int lab_count;

static struct ol_cage_limits limit_of(uint64_t bytes) {
	return (struct ol_cage_limits){ .limit_bytes = bytes, .high_bytes = UINT64_MAX };
}

static struct ol_cage *make_cage(const char *parent, uint64_t bytes) {
	struct ol_cage_limits limits = limit_of(bytes);
	return make_cage_under(&world, parent, &limits);
}

/* A child that waits for its attachment, touches bytes, and ends. */
static pid_t start_toucher(struct ol_cage *cage, uint64_t bytes) {
	int pipe_fds[2];
	char go = 0;
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(pipe_fds[1]);
		if (read(pipe_fds[0], &go, 1) != 1)
			_exit(99);
		char *memory =
			mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
		memset(memory, 1, bytes);
		_exit(0);
	}
	int result = ol_cage_attach(cage, pid, &error);
	close(pipe_fds[0]);
	assert_int_equal(write(pipe_fds[1], &go, result < 0 ? 0 : 1), result < 0 ? 0 : 1);
	close(pipe_fds[1]);
	if (result < 0)
		fail_msg("%s", error.message);
	return pid;
}

/* A child that waits for its end; it is in the cage when this returns. */
static pid_t start_sleeper(struct ol_cage *cage) {
	int pipe_fds[2];
	char byte = 0;
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = ol_cage_fork(cage, &error);
	assert_true(pid >= 0);
	if (pid == 0) {
		if (ol_cage_enter(cage) < 0 || write(pipe_fds[1], &byte, 1) != 1)
			_exit(98);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return pid;
}

static int end_of(pid_t pid) {
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool can_read_log(void) {
	int fd = ol_kernel_log_open();
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static uint64_t read_limit(const struct ol_cage *cage, const char *v1_name, const char *v2_name) {
	char path[2 * OL_PATH_BYTES];
	char text[64] = "";
	snprintf(path, sizeof path, "%s/%s", ol_cage_directory(cage),
		world.memory_version == 1 ? v1_name : v2_name);
	assert_true(ol_file_read(path, text, sizeof text, &error) > 0);
	return strtoull(text, NULL, 10);
}

static void a_cage_has_its_limits_and_is_gone_when_destroyed(void **state) {
	(void)state;
	struct ol_cage_limits limits = {
		.limit_bytes = 32 * OL_MIB + 100,
		.swap_bytes = 8 * OL_MIB,
		.high_bytes = 24 * OL_MIB,
	};
	struct ol_cage *cage;
	if (ol_cage_create(&world, NULL, &limits, &cage, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(read_limit(cage, "memory.limit_in_bytes", "memory.max"), 32 * OL_MIB);
	assert_int_equal(read_limit(cage, "memory.soft_limit_in_bytes", "memory.high"), 24 * OL_MIB);
	if (cage->has_swap_limit)
		assert_int_equal(read_limit(cage, "memory.memsw.limit_in_bytes", "memory.swap.max"),
			(world.memory_version == 1 ? 40 : 8) * OL_MIB);
	struct ol_cage_facts facts = ol_cage_facts(cage);
	assert_string_equal(facts.mode, world.mode);
	assert_int_equal(facts.memory_version, world.memory_version);
	assert_string_equal(facts.path, ol_cage_directory(cage));
	assert_non_null(strstr(ol_cage_directory(cage), ol_cage_path(cage)));
	destroy(cage);
}

static void no_swap_is_the_limit_itself_on_v1_and_zero_on_v2(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 4 * OL_MIB);
	if (cage->has_swap_limit)
		assert_int_equal(read_limit(cage, "memory.memsw.limit_in_bytes", "memory.swap.max"),
			world.memory_version == 1 ? 4 * OL_MIB : 0);
	destroy(cage);
}

static void beyond_the_limit_is_a_kill_by_its_own_limit(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 4 * OL_MIB);
	pid_t pid = start_toucher(cage, 8 * OL_MIB);
	int status = end_of(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	struct ol_evidence evidence = { .exit_status = -1, .signal = 9 };
	struct ol_cage_counters counters;
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	assert_int_equal(evidence.oom_kill_delta, 1);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_OWN);
	assert_string_equal(evidence.limiting_group, ol_cage_path(cage));
	assert_int_equal(evidence.signal, 9); /* Not its business. */
	assert_int_equal(evidence.swap_peak_bytes, 0);
	if (can_read_log()) /* The pid in it may be another one, seen from within a container. */
		assert_non_null(strstr(evidence.kernel_line, "Killed process "));
	assert_int_equal(ol_cage_read_counters(cage, &counters, &error), 0);
	if (world.has_peak)
		assert_int_equal(counters.peak_bytes, 4 * OL_MIB);
	assert_int_equal(counters.process_count, 0);
	destroy(cage);
}

static void within_the_limit_is_no_kill(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 16 * OL_MIB);
	assert_int_equal(end_of(start_toucher(cage, 4 * OL_MIB)), 0);
	struct ol_evidence evidence = { 0 };
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	assert_int_equal(evidence.oom_kill_delta, 0);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_NONE);
	assert_string_equal(evidence.kernel_line, "");
	destroy(cage);
}

static void a_strangers_sigkill_is_no_kill_by_a_limit(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 16 * OL_MIB);
	pid_t pid = start_sleeper(cage);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(WTERMSIG(end_of(pid)), SIGKILL);
	struct ol_evidence evidence = { 0 };
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	assert_int_equal(evidence.oom_kill_delta, 0);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_NONE);
	destroy(cage);
}

/* Makes "oomlab-test-PID" beside a cage that keeps the memory controller there. */
static struct ol_cage *make_parent(
	const char *limit, char ret_path[OL_PATH_BYTES], char ret_directory[OL_PATH_BYTES]) {
	char file[OL_PATH_BYTES + 64];
	char name[64];
	struct ol_cage *keeper = make_cage(NULL, 4 * OL_MIB);
	snprintf(name, sizeof name, "oomlab-test-%d", (int)getpid());
	assert_int_equal(ol_cage_join_path(ret_path, keeper->chain.path, name, &error), 0);
	assert_int_equal(ol_cage_join_path(ret_directory, world.mount, ret_path, &error), 0);
	assert_int_equal(mkdir(ret_directory, 0755), 0);
	snprintf(file, sizeof file, "%s/%s", ret_directory,
		world.memory_version == 1 ? "memory.limit_in_bytes" : "memory.max");
	assert_int_equal(ol_file_write_at(-1, file, limit, &error), 0);
	return keeper;
}

static void an_ancestors_limit_is_named(void **state) {
	(void)state;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	struct ol_cage *keeper = make_parent("16777216", path, directory);
	struct ol_cage *cage = make_cage(path, 64 * OL_MIB);
	int status = end_of(start_toucher(cage, 32 * OL_MIB));
	assert_true(WIFSIGNALED(status));
	struct ol_evidence evidence = { 0 };
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	assert_int_equal(evidence.oom_kill_delta, 1);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_ANCESTOR);
	assert_string_equal(evidence.limiting_group, path);
	/* The same by the counters alone, as where the kernel's log may not be read. */
	int log_fd = cage->kills.log.fd;
	cage->kills.log.fd = -1;
	cage->kills.witness = (struct ol_oom_kill){ 0 };
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	cage->kills.log.fd = log_fd;
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_ANCESTOR);
	assert_string_equal(evidence.limiting_group, path);
	assert_string_equal(evidence.kernel_line, "");
	destroy(cage);
	assert_int_equal(rmdir(directory), 0);
	destroy(keeper);
}

static void counters_alone_tell_the_own_limit_too(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 4 * OL_MIB);
	assert_true(WIFSIGNALED(end_of(start_toucher(cage, 8 * OL_MIB))));
	int log_fd = cage->kills.log.fd;
	cage->kills.log.fd = -1;
	struct ol_evidence evidence = { 0 };
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	cage->kills.log.fd = log_fd;
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_OWN);
	assert_string_equal(evidence.limiting_group, ol_cage_path(cage));
	destroy(cage);
}

static void a_forked_child_is_inside_before_it_does_anything(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 16 * OL_MIB);
	pid_t pid = ol_cage_fork(cage, &error);
	assert_true(pid >= 0);
	if (pid == 0) {
		char text[OL_CAGE_LIST_BYTES];
		if (ol_cage_enter(cage) < 0 ||
			ol_file_read("/proc/self/cgroup", text, sizeof text, NULL) < 0)
			_exit(98);
		_exit(strstr(text, cage->name) != NULL ? 0 : 97);
	}
	assert_int_equal(end_of(pid), 0);
	destroy(cage);
}

static void usage_grows_with_what_is_touched(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, 32 * OL_MIB);
	uint64_t usage_bytes = UINT64_MAX;
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
	assert_true(usage_bytes < 4 * OL_MIB);
	int pipe_fds[2];
	char byte = 0;
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = ol_cage_fork(cage, &error);
	assert_true(pid >= 0);
	if (pid == 0) {
		if (ol_cage_enter(cage) < 0)
			_exit(98);
		memset(mmap(NULL, 8 * OL_MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			1, 8 * OL_MIB);
		if (write(pipe_fds[1], &byte, 1) != 1)
			_exit(97);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	struct ol_cage_counters counters;
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
	assert_true(usage_bytes >= 8 * OL_MIB);
	assert_int_equal(ol_cage_read_counters(cage, &counters, &error), 0);
	assert_int_equal(counters.process_count, 1);
	assert_int_equal(ol_cage_kill(cage, &error), 0);
	assert_int_equal(WTERMSIG(end_of(pid)), SIGKILL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	destroy(cage);
}

static void destroying_ends_all_that_runs_in_it_and_below_it(void **state) {
	(void)state;
	char below[OL_PATH_BYTES + 64];
	char file[OL_PATH_BYTES + 96];
	char text[32];
	pid_t pids[3];
	struct ol_cage *cage = make_cage(NULL, 16 * OL_MIB);
	for (int i = 0; i < 3; i++)
		pids[i] = start_sleeper(cage);
	snprintf(below, sizeof below, "%s/below", ol_cage_directory(cage));
	assert_int_equal(mkdir(below, 0755), 0);
	snprintf(file, sizeof file, "%s/cgroup.procs", below);
	snprintf(text, sizeof text, "%d", (int)pids[2]);
	assert_int_equal(ol_file_write_at(-1, file, text, &error), 0);
	destroy(cage);
	for (int i = 0; i < 3; i++)
		assert_int_equal(WTERMSIG(end_of(pids[i])), SIGKILL);
}

static void a_dead_labs_cage_is_removed_with_what_runs_in_it(void **state) {
	(void)state;
	struct {
		pid_t pid;
		char directory[OL_PATH_BYTES];
	} left;
	int pipe_fds[2];
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* So that we see the orphan's end. */
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t lab = fork();
	assert_true(lab >= 0);
	if (lab == 0) {
		struct ol_cage_limits limits = limit_of(16 * OL_MIB);
		struct ol_cage *cage;
		if (ol_cage_create(&world, NULL, &limits, &cage, &error) < 0)
			_exit(98);
		snprintf(left.directory, sizeof left.directory, "%s", ol_cage_directory(cage));
		left.pid = ol_cage_fork(cage, &error);
		if (left.pid == 0) {
			if (ol_cage_enter(cage) < 0)
				_exit(97);
			close_range(3, ~0U, 0); /* As exec would: no lock outlives its lab. */
			for (;;)
				pause();
		}
		while (left.pid > 0 && ol_cage_each_process(cage->directory_fd, NULL, NULL) < 1)
			usleep(100);
		if (write(pipe_fds[1], &left, sizeof left) != sizeof left)
			_exit(96);
		raise(SIGKILL);
	}
	close(pipe_fds[1]);
	lab_pids[lab_count++] = lab;
	assert_int_equal(read(pipe_fds[0], &left, sizeof left), sizeof left);
	assert_int_equal(WTERMSIG(end_of(lab)), SIGKILL);
	/* The end of the file tells that the orphan, too, has closed what it inherited. */
	assert_int_equal(read(pipe_fds[0], &left, sizeof left), 0);
	destroy(make_cage(NULL, OL_MIB));
	/* A lab beside this test may have been faster, and be at it right now. */
	struct ol_cage_patience patience = { 0 };
	while (access(left.directory, F_OK) == 0 && ol_cage_wait(&patience))
		;
	assert_int_equal(access(left.directory, F_OK), -1);
	assert_int_equal(WTERMSIG(end_of(left.pid)), SIGKILL);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	close(pipe_fds[0]);
}

static void a_living_labs_cage_is_left_alone(void **state) {
	(void)state;
	int sockets[2];
	char directory[OL_PATH_BYTES] = "";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pid_t lab = fork();
	assert_true(lab >= 0);
	if (lab == 0) {
		struct ol_cage_limits limits = limit_of(16 * OL_MIB);
		struct ol_cage *cage;
		close(sockets[0]);
		if (ol_cage_create(&world, NULL, &limits, &cage, &error) < 0)
			_exit(98);
		snprintf(directory, sizeof directory, "%s", ol_cage_directory(cage));
		if (write(sockets[1], directory, sizeof directory) != sizeof directory ||
			read(sockets[1], directory, 1) < 0)
			_exit(97);
		uint64_t limit_bytes = read_limit(cage, "memory.limit_in_bytes", "memory.max");
		_exit(ol_cage_destroy(cage, &error) < 0 || limit_bytes != 16 * OL_MIB);
	}
	lab_pids[lab_count++] = lab;
	close(sockets[1]);
	assert_int_equal(read(sockets[0], directory, sizeof directory), sizeof directory);
	assert_true(ol_cage_remove_stale(&world, NULL, &error) >= 0);
	destroy(make_cage(NULL, OL_MIB));
	assert_int_equal(access(directory, F_OK), 0);
	close(sockets[0]);
	assert_int_equal(end_of(lab), 0);
	assert_int_equal(access(directory, F_OK), -1);
}

static void only_names_of_cages_are_ever_removed(void **state) {
	(void)state;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	struct ol_cage *keeper = make_parent("16777216", path, directory);
	assert_true(ol_cage_remove_stale(&world, NULL, &error) >= 0);
	assert_int_equal(rmdir(directory), 0);
	destroy(keeper);
}

static void two_processes_make_a_hundred_cages_each(void **state) {
	(void)state;
	pid_t pids[2];
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		for (int j = 0; pids[i] == 0 && j < 100; j++) {
			struct ol_cage_limits limits = limit_of(4 * OL_MIB);
			struct ol_cage *cage;
			uint64_t usage_bytes;
			if (ol_cage_create(&world, NULL, &limits, &cage, &error) < 0 ||
				read_limit(cage, "memory.limit_in_bytes", "memory.max") != 4 * OL_MIB ||
				ol_cage_read_usage(cage, &usage_bytes) < 0 || ol_cage_destroy(cage, &error) < 0) {
				print_message("# %s\n", error.message);
				_exit(1);
			}
		}
		if (pids[i] == 0)
			_exit(0);
		lab_pids[lab_count++] = pids[i];
	}
	assert_int_equal(end_of(pids[0]), 0);
	assert_int_equal(end_of(pids[1]), 0);
}

static void no_fd_is_left_open(void **state) {
	(void)state;
	assert_int_equal(count_fds(), fd_count_at_start);
}

static void no_cage_of_these_tests_is_left(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(NULL, OL_MIB);
	char path[OL_PATH_BYTES];
	assert_int_equal(ol_cage_join_path(path, world.mount, cage->chain.path, &error), 0);
	destroy(cage);
	DIR *list = opendir(path);
	assert_non_null(list);
	for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
		for (int i = 0; i < lab_count; i++) {
			char prefix[32];
			snprintf(prefix, sizeof prefix, "oomlab-%d-", (int)lab_pids[i]);
			if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
				fail_msg("%s is left", entry->d_name);
		}
	}
	closedir(list);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cage_has_its_limits_and_is_gone_when_destroyed),
		cmocka_unit_test(no_swap_is_the_limit_itself_on_v1_and_zero_on_v2),
		cmocka_unit_test(beyond_the_limit_is_a_kill_by_its_own_limit),
		cmocka_unit_test(within_the_limit_is_no_kill),
		cmocka_unit_test(a_strangers_sigkill_is_no_kill_by_a_limit),
		cmocka_unit_test(an_ancestors_limit_is_named),
		cmocka_unit_test(counters_alone_tell_the_own_limit_too),
		cmocka_unit_test(a_forked_child_is_inside_before_it_does_anything),
		cmocka_unit_test(usage_grows_with_what_is_touched),
		cmocka_unit_test(destroying_ends_all_that_runs_in_it_and_below_it),
		cmocka_unit_test(a_dead_labs_cage_is_removed_with_what_runs_in_it),
		cmocka_unit_test(a_living_labs_cage_is_left_alone),
		cmocka_unit_test(only_names_of_cages_are_ever_removed),
		cmocka_unit_test(two_processes_make_a_hundred_cages_each),
		cmocka_unit_test(no_fd_is_left_open),
		cmocka_unit_test(no_cage_of_these_tests_is_left),
	};
	/* cmocka's own skip() writes "not ok # SKIP", which meson takes for a failure. */
	struct ol_cage_limits limits = limit_of(OL_MIB);
	struct ol_cage *cage;
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &limits, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	lab_pids[lab_count++] = getpid();
	fd_count_at_start = count_fds();
	return cmocka_run_group_tests_name("cage", tests, NULL, NULL);
}
