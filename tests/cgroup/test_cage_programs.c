/* test_cage_programs.c -- What anybody's program may do in a cage: be killed several times over,
 * make groups and limits of its own, be a lab itself, and outlive the lab.
 *
 * Also runs in the virtual machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cage/internal.h"
#include "cage_inmate.h"
#include "cage_support.h"

enum { TELLING_MS_MAX = 20000, STATUS_BAD = 99 };

static struct ol_cage_system world;
static struct ol_error error;
static int fd_count_at_start;

static struct ol_cage *make_cage(uint64_t bytes) {
	struct ol_cage_limits limits = { .limit_bytes = bytes, .high_bytes = UINT64_MAX };
	return make_cage_under(&world, NULL, &limits);
}

__attribute__((noreturn)) static void touch(const char *name, uint64_t bytes) {
	(void)prctl(PR_SET_NAME, name);
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 1, bytes);
	_exit(0);
}

static pid_t start_toucher(struct ol_cage *cage, const char *name, uint64_t bytes) {
	pid_t pid = ol_cage_fork(cage, &error);
	if (pid == 0 && ol_cage_enter(cage) == 0)
		touch(name, bytes);
	if (pid == 0)
		_exit(STATUS_BAD);
	if (pid < 0)
		fail_msg("%s", error.message);
	return pid;
}

static int end_of(pid_t pid) {
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_killed(pid_t pid) {
	int status = end_of(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void expect_success(pid_t pid) {
	assert_int_equal(end_of(pid), 0);
}

/* The kernel writes its line while the victim may be dying on another processor. */
static int take_kills(
	struct ol_cage *cage, struct ol_oom_kill *ret_kills, int capacity, int wanted) {
	struct ol_cage_patience patience = { 0 };
	int count = 0;
	do
		count += ol_cage_take_kills(cage, ret_kills + count, (size_t)(capacity - count));
	while (count < wanted && count < capacity && ol_cage_wait(&patience));
	return count;
}

static bool can_read_log(const struct ol_cage *cage) {
	if (ol_cage_kernel_log_fd(cage) >= 0)
		return true;
	print_message("# the kernel's log may not be read here\n");
	return false;
}

/* Ten kills in five seconds, on the whole machine, and the kernel leaves out where they were. */
static void expect_limited_by(
	const struct ol_oom_kill *kill, enum ol_limited_by expected, const char *group) {
	bool is_left_out = kill->limited_by == OL_LIMITED_BY_NONE;
	if (is_left_out)
		print_message("# the kernel has left out whose limit it was\n");
	else
		assert_int_equal(kill->limited_by, expected);
	assert_string_equal(kill->limiting_group, is_left_out ? "" : group);
}

static struct ol_evidence read_evidence(struct ol_cage *cage) {
	struct ol_evidence evidence = { 0 };
	if (ol_cage_read_evidence(cage, NULL, &evidence, &error) < 0)
		fail_msg("%s", error.message);
	return evidence;
}

static void kills_are_told_one_by_one_with_name_number_and_size(void **state) {
	(void)state;
	static const char *const names[] = { "first one", "x,task_memcg=/o", ") total-vm:9" };
	struct ol_cage *cage = make_cage(8 * OL_MIB);
	struct ol_oom_kill kills[4];
	assert_int_equal(ol_cage_take_kills(cage, kills, 4), 0);
	bool can_read = can_read_log(cage);
	for (int i = 0; i < 3; i++) {
		pid_t pid = start_toucher(cage, names[i], 16 * OL_MIB);
		expect_killed(pid);
		if (!can_read) {
			assert_int_equal(ol_cage_take_kills(cage, kills, 4), 0);
			continue;
		}
		assert_true(tells(ol_cage_kernel_log_fd(cage), TELLING_MS_MAX));
		assert_int_equal(take_kills(cage, kills, 4, 1), 1);
		assert_int_equal(kills[0].pid, pid);
		assert_string_equal(kills[0].name, names[i]);
		/* What it shares with this test since the fork is in it. */
		assert_in_range(kills[0].anon_bytes, 7 * OL_MIB, 32 * OL_MIB);
		assert_int_equal(kills[0].at_ns, 0);
		assert_int_equal(kills[0].is_command, 0);
		assert_non_null(strstr(kills[0].kernel_line, "Killed process "));
		expect_limited_by(&kills[0], OL_LIMITED_BY_OWN, ol_cage_path(cage));
	}
	assert_int_equal(ol_cage_take_kills(cage, kills, 4), 0);
	struct ol_evidence evidence = read_evidence(cage);
	assert_int_equal(evidence.oom_kill_delta, 3);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_OWN);
	assert_int_equal(*evidence.kernel_line != '\0', can_read);
	destroy(cage);
}

static void many_kills_in_a_row_are_all_told(void **state) {
	(void)state;
	enum { ROWS = 25 };
	static struct ol_oom_kill kills[ROWS];
	pid_t pids[ROWS];
	struct ol_cage *cage = make_cage(2 * OL_MIB);
	for (int i = 0; i < ROWS; i++) {
		pids[i] = start_toucher(cage, "row", 4 * OL_MIB);
		expect_killed(pids[i]);
	}
	if (can_read_log(cage)) {
		assert_int_equal(take_kills(cage, kills, ROWS, ROWS), ROWS);
		for (int i = 0; i < ROWS; i++)
			assert_int_equal(kills[i].pid, pids[i]);
	}
	assert_int_equal(read_evidence(cage).oom_kill_delta, ROWS);
	destroy(cage);
}

static void kills_in_one_cage_are_not_told_in_another(void **state) {
	(void)state;
	struct ol_oom_kill kill;
	struct ol_cage *quiet = make_cage(16 * OL_MIB);
	struct ol_cage *cage = make_cage(2 * OL_MIB);
	expect_killed(start_toucher(cage, "x", 4 * OL_MIB));
	if (can_read_log(cage))
		assert_int_equal(take_kills(cage, &kill, 1, 1), 1);
	assert_int_equal(ol_cage_take_kills(quiet, &kill, 1), 0);
	assert_int_equal(read_evidence(quiet).oom_kill_delta, 0);
	destroy(cage);
	destroy(quiet);
}

/* Makes a group in the cage, limited to bytes where these are not 0. */
static void make_inner(const struct ol_cage *cage, const char *name, uint64_t bytes,
	char ret_directory[OL_PATH_BYTES]) {
	char text[32];
	bool is_v1 = world.memory_version == 1;
	snprintf(ret_directory, OL_PATH_BYTES, "%.900s/%.64s", ol_cage_directory(cage), name);
	if (!is_v1 && !ol_cage_lists_memory(cage->directory_fd, "cgroup.subtree_control"))
		assert_int_equal(
			ol_file_write_at(cage->directory_fd, "cgroup.subtree_control", "+memory", &error), 0);
	assert_int_equal(mkdir(ret_directory, 0755), 0);
	int fd = open(ret_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
	const char *file = is_v1 ? "memory.limit_in_bytes" : "memory.max";
	if (bytes != 0)
		assert_int_equal(ol_file_write_at(fd, file, text, &error), 0);
	close(fd);
}

/* In a group below the cage, which notes it as a member before it is killed. */
static void touch_inside(
	struct ol_cage *cage, const char *directory, const char *name, uint64_t bytes) {
	int pipe_fds[2];
	char byte;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(pipe_fds[1]);
		int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (ol_file_write_at(fd, "cgroup.procs", "0", NULL) < 0 || read(pipe_fds[0], &byte, 1) < 0)
			_exit(STATUS_BAD);
		touch(name, bytes);
	}
	struct ol_cage_counters counters;
	struct ol_cage_patience patience = { 0 };
	do
		assert_int_equal(ol_cage_read_counters(cage, &counters, &error), 0);
	while (counters.process_count == 0 && ol_cage_wait(&patience));
	ol_cage_note_members(cage);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	expect_killed(pid);
}

static void the_limit_of_a_group_made_inside_is_called_inner(void **state) {
	(void)state;
	char directory[OL_PATH_BYTES];
	char path[OL_PATH_BYTES];
	struct ol_oom_kill kill;
	struct ol_cage *cage = make_cage(32 * OL_MIB);
	make_inner(cage, "inner", 4 * OL_MIB, directory);
	assert_int_equal(ol_cage_join_path(path, ol_cage_path(cage), "inner", &error), 0);
	touch_inside(cage, directory, "x", 8 * OL_MIB);
	if (can_read_log(cage)) {
		assert_int_equal(take_kills(cage, &kill, 1, 1), 1);
		expect_limited_by(&kill, OL_LIMITED_BY_INNER, path);
	}
	struct ol_evidence evidence = read_evidence(cage);
	assert_int_equal(evidence.oom_kill_delta, 1);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_INNER);
	assert_string_equal(evidence.limiting_group, path);
	/* The same by the counters alone. */
	int log_fd = cage->kills.log.fd;
	cage->kills = (struct ol_cage_kills){ .log.fd = -1 };
	evidence = read_evidence(cage);
	cage->kills.log.fd = log_fd;
	assert_int_equal(evidence.oom_kill_delta, 1);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_INNER);
	assert_string_equal(evidence.limiting_group, path);
	destroy(cage);
}

static void the_cages_own_limit_counts_in_the_groups_below_it(void **state) {
	(void)state;
	char directory[OL_PATH_BYTES];
	struct ol_cage *cage = make_cage(8 * OL_MIB);
	make_inner(cage, "roomy", 0, directory);
	touch_inside(cage, directory, "x", 16 * OL_MIB);
	struct ol_evidence evidence = read_evidence(cage);
	assert_int_equal(evidence.oom_kill_delta, 1);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_OWN);
	assert_string_equal(evidence.limiting_group, ol_cage_path(cage));
	destroy(cage);
}

static void a_kill_in_a_group_that_is_gone_still_counts(void **state) {
	(void)state;
	char directory[OL_PATH_BYTES];
	struct ol_cage *cage = make_cage(32 * OL_MIB);
	bool is_counted = world.memory_version == 2 || can_read_log(cage);
	make_inner(cage, "gone", 4 * OL_MIB, directory);
	touch_inside(cage, directory, "x", 8 * OL_MIB);
	assert_int_equal(read_evidence(cage).oom_kill_delta, 1);
	struct ol_cage_patience patience = { 0 };
	while (rmdir(directory) < 0 && ol_cage_wait(&patience))
		;
	assert_int_equal(access(directory, F_OK), -1);
	struct ol_evidence evidence = read_evidence(cage);
	assert_int_equal(evidence.oom_kill_delta, is_counted ? 1 : 0);
	if (is_counted)
		assert_int_equal(evidence.limited_by, OL_LIMITED_BY_INNER);
	destroy(cage);
}

static void a_group_that_goes_as_a_whole_is_told_process_by_process(void **state) {
	(void)state;
	struct ol_oom_kill kills[8];
	struct ol_cage *cage = make_cage(16 * OL_MIB);
	if (ol_file_write_at(cage->directory_fd, "memory.oom.group", "1", &error) < 0) {
		print_message("# version 1 kills one process at a time\n");
		destroy(cage);
		return;
	}
	struct inmate inmates[2] = { start_inmate(cage), start_inmate(cage) };
	for (int i = 0; i < 2; i++)
		hold(&inmates[i], OL_MIB);
	expect_killed(start_toucher(cage, "x", 32 * OL_MIB));
	for (int i = 0; i < 2; i++) {
		expect_killed(inmates[i].pid);
		close(inmates[i].order_fd);
		close(inmates[i].reply_fd);
	}
	if (can_read_log(cage)) {
		assert_int_equal(take_kills(cage, kills, 3, 3), 3);
		assert_int_equal(ol_cage_take_kills(cage, kills + 3, 1), 0);
		for (int i = 0; i < 3; i++)
			expect_limited_by(&kills[i], OL_LIMITED_BY_OWN, ol_cage_path(cage));
	}
	assert_int_equal(read_evidence(cage).limited_by, OL_LIMITED_BY_OWN);
	destroy(cage);
}

/* ---- A lab in a cage ---- */

/* A whole lab's life, in a process of its own. Says in its exit status what went wrong. */
__attribute__((noreturn)) static void be_a_lab(const char *outer_path, bool is_over_outer_limit) {
	struct ol_cage_system system;
	struct ol_cage *cage;
	struct ol_evidence evidence = { 0 };
	struct ol_cage_limits limits = { .limit_bytes = 64 * OL_MIB, .high_bytes = UINT64_MAX };
	if (ol_cage_detect(&system, &error) < 0 ||
		ol_cage_create(&system, NULL, &limits, &cage, &error) < 0) {
		print_message("# %s\n", error.message);
		_exit(10);
	}
	size_t length = strlen(outer_path);
	if (strncmp(ol_cage_path(cage), outer_path, length) != 0 || ol_cage_path(cage)[length] != '/')
		_exit(11);
	if (ol_cage_remove_stale(&system, NULL, &error) < 0)
		_exit(12);
	pid_t pid = start_toucher(cage, "subject", (is_over_outer_limit ? 32 : 2) * OL_MIB);
	int status;
	if (waitpid(pid, &status, 0) != pid || WIFSIGNALED(status) != is_over_outer_limit)
		_exit(13);
	if (ol_cage_read_evidence(cage, NULL, &evidence, &error) < 0)
		_exit(14);
	if (is_over_outer_limit &&
		(evidence.limited_by != OL_LIMITED_BY_ANCESTOR ||
			strcmp(evidence.limiting_group, outer_path) != 0 || evidence.oom_kill_delta != 1))
		_exit(15);
	_exit(ol_cage_destroy(cage, &error) < 0 ? 16 : 0);
}

static pid_t start_lab(struct ol_cage *outer, bool is_over_outer_limit) {
	pid_t pid = ol_cage_fork(outer, &error);
	assert_true(pid >= 0);
	if (pid == 0 && ol_cage_enter(outer) == 0)
		be_a_lab(ol_cage_path(outer), is_over_outer_limit);
	if (pid == 0)
		_exit(STATUS_BAD);
	return pid;
}

static void a_lab_in_a_cage_makes_its_cages_below_it(void **state) {
	(void)state;
	struct ol_cage *outer = make_cage(16 * OL_MIB);
	expect_success(start_lab(outer, false));
	assert_int_equal(read_evidence(outer).oom_kill_delta, 0);
	destroy(outer);
}

static void the_outer_limit_counts_and_is_named_by_the_inner_lab(void **state) {
	(void)state;
	struct ol_oom_kill kill = { 0 };
	struct ol_cage *outer = make_cage(16 * OL_MIB);
	expect_success(start_lab(outer, true));
	if (can_read_log(outer) && take_kills(outer, &kill, 1, 1) == 1) {
		assert_string_equal(kill.name, "subject");
		expect_limited_by(&kill, OL_LIMITED_BY_OWN, ol_cage_path(outer));
	}
	struct ol_evidence evidence = read_evidence(outer);
	assert_int_equal(evidence.oom_kill_delta, world.memory_version == 2 || kill.pid != 0 ? 1 : 0);
	destroy(outer);
}

/* A shell, as it were: it starts three labs at once, and then a fourth, with what the others have
 * left behind. */
__attribute__((noreturn)) static void be_a_shell(const char *outer_path) {
	enum { LABS = 3 };
	for (int round = 0; round < 2; round++) {
		int lab_count = round == 0 ? LABS : 1;
		for (int i = 0; i < lab_count; i++)
			if (fork() == 0)
				be_a_lab(outer_path, false);
		for (int i = 0; i < lab_count; i++) {
			int status;
			if (wait(&status) < 0 || !WIFEXITED(status))
				_exit(20);
			if (WEXITSTATUS(status) != 0)
				_exit(WEXITSTATUS(status));
		}
	}
	_exit(0);
}

static void labs_beside_others_in_a_cage_work_too(void **state) {
	(void)state;
	struct ol_cage *outer = make_cage(32 * OL_MIB);
	struct ol_cage_counters counters;
	struct inmate inmate = start_inmate(outer);
	hold(&inmate, OL_MIB);
	pid_t pid = ol_cage_fork(outer, &error);
	assert_true(pid >= 0);
	if (pid == 0 && ol_cage_enter(outer) == 0)
		be_a_shell(ol_cage_path(outer));
	if (pid == 0)
		_exit(STATUS_BAD);
	expect_success(pid);
	hold(&inmate, 2 * OL_MIB); /* Whatever group it is in by now, it is in the cage. */
	assert_int_equal(ol_cage_read_counters(outer, &counters, &error), 0);
	assert_int_equal(counters.process_count, 1);
	assert_true(counters.usage_bytes >= 2 * OL_MIB);
	end_inmate(&inmate);
	destroy(outer);
}

/* ---- Kept groups ---- */

static void a_kept_group_outlives_its_lab_until_it_is_empty(void **state) {
	(void)state;
	char directory[OL_PATH_BYTES];
	struct ol_cage_limits limits = {
		.limit_bytes = 16 * OL_MIB,
		.high_bytes = UINT64_MAX,
		.is_kept = true,
	};
	struct ol_cage *cage = make_cage_under(&world, NULL, &limits);
	assert_non_null(strstr(ol_cage_path(cage), "/oomlab-kept-"));
	snprintf(directory, sizeof directory, "%s", ol_cage_directory(cage));
	destroy(make_cage(OL_MIB));
	assert_int_equal(access(directory, F_OK), 0); /* Empty, but its lab lives. */
	struct inmate inmate = start_inmate(cage);
	hold(&inmate, OL_MIB);
	ol_cage_leave(cage);
	destroy(make_cage(OL_MIB));
	assert_true(ol_cage_remove_stale(&world, NULL, &error) >= 0);
	assert_int_equal(access(directory, F_OK), 0);
	hold(&inmate, 2 * OL_MIB);
	/* Its limit stays, too. */
	tell_to_hold(&inmate, 32 * OL_MIB);
	expect_killed(inmate.pid);
	close(inmate.order_fd);
	close(inmate.reply_fd);
	struct ol_cage_patience patience = { 0 };
	do
		destroy(make_cage(OL_MIB));
	while (access(directory, F_OK) == 0 && ol_cage_wait(&patience));
	assert_int_equal(access(directory, F_OK), -1);
}

static void a_kept_group_with_processes_only_below_it_stays(void **state) {
	(void)state;
	char directory[OL_PATH_BYTES];
	struct ol_cage_limits limits = {
		.is_unlimited = true,
		.high_bytes = UINT64_MAX,
		.is_kept = true,
	};
	struct ol_cage *cage = make_cage_under(&world, NULL, &limits);
	make_inner(cage, "empty", 0, directory);
	make_inner(cage, "below", 0, directory);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close_range(3, (unsigned)fd - 1, 0); /* The lock must not outlive its lab. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)ol_file_write_at(fd, "cgroup.procs", "0", NULL);
		for (;;)
			pause();
	}
	struct ol_cage_counters counters;
	struct ol_cage_patience patience = { 0 };
	do
		assert_int_equal(ol_cage_read_counters(cage, &counters, &error), 0);
	while (counters.process_count == 0 && ol_cage_wait(&patience));
	assert_int_equal(counters.process_count, 1);
	char kept[OL_PATH_BYTES];
	char empty[OL_PATH_BYTES + 16];
	snprintf(kept, sizeof kept, "%s", ol_cage_directory(cage));
	snprintf(empty, sizeof empty, "%s/empty", kept);
	ol_cage_leave(cage);
	assert_true(ol_cage_remove_stale(&world, NULL, &error) >= 0);
	assert_int_equal(access(directory, F_OK), 0);
	assert_int_equal(access(empty, F_OK), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(WTERMSIG(end_of(pid)), SIGKILL);
	patience = (struct ol_cage_patience){ 0 };
	do
		destroy(make_cage(OL_MIB));
	while (access(kept, F_OK) == 0 && ol_cage_wait(&patience));
	assert_int_equal(access(kept, F_OK), -1);
}

static void an_unlimited_cage_only_watches(void **state) {
	(void)state;
	struct ol_cage_limits limits = { .is_unlimited = true, .high_bytes = UINT64_MAX };
	struct ol_cage *cage = make_cage_under(&world, NULL, &limits);
	struct ol_cage_counters counters;
	expect_success(start_toucher(cage, "x", 32 * OL_MIB));
	assert_int_equal(ol_cage_read_counters(cage, &counters, &error), 0);
	if (world.has_peak)
		assert_true(counters.peak_bytes >= 32 * OL_MIB);
	assert_int_equal(counters.oom_kill_count, 0);
	destroy(cage);
}

static void no_fd_is_left_open(void **state) {
	(void)state;
	assert_int_equal(count_fds(), fd_count_at_start);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kills_are_told_one_by_one_with_name_number_and_size),
		cmocka_unit_test(kills_in_one_cage_are_not_told_in_another),
		cmocka_unit_test(the_limit_of_a_group_made_inside_is_called_inner),
		cmocka_unit_test(the_cages_own_limit_counts_in_the_groups_below_it),
		cmocka_unit_test(a_kill_in_a_group_that_is_gone_still_counts),
		cmocka_unit_test(a_group_that_goes_as_a_whole_is_told_process_by_process),
		cmocka_unit_test(a_lab_in_a_cage_makes_its_cages_below_it),
		cmocka_unit_test(the_outer_limit_counts_and_is_named_by_the_inner_lab),
		cmocka_unit_test(labs_beside_others_in_a_cage_work_too),
		cmocka_unit_test(a_kept_group_outlives_its_lab_until_it_is_empty),
		cmocka_unit_test(a_kept_group_with_processes_only_below_it_stays),
		cmocka_unit_test(an_unlimited_cage_only_watches),
		cmocka_unit_test(many_kills_in_a_row_are_all_told),
		cmocka_unit_test(no_fd_is_left_open),
	};
	/* cmocka's own skip() writes "not ok # SKIP", which meson takes for a failure. */
	struct ol_cage_limits limits = { .limit_bytes = OL_MIB, .high_bytes = UINT64_MAX };
	struct ol_cage *cage;
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &limits, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	fd_count_at_start = count_fds();
	return cmocka_run_group_tests_name("cage_programs", tests, NULL, NULL);
}
