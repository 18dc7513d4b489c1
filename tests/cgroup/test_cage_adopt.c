/* test_cage_adopt.c -- Running processes taken into a cage, and given back.
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
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cage/internal.h"
#include "cage_support.h"

enum { NOBODY = 65534, THREADS = 3 };

static struct ol_cage_system world;
static struct ol_error error;
static int fd_count_at_start;

static struct ol_cage *make_cage(void) {
	struct ol_cage_limits limits = { .limit_bytes = 32 * OL_MIB, .high_bytes = UINT64_MAX };
	return make_cage_under(&world, NULL, &limits);
}

/* Somebody's program, with threads and a process of its own; it knows of no cage. */
struct program {
	pid_t pid;
	int pid_fd;
	int order_fd; /* A number of bytes to touch. */
	int reply_fd;
};

static void *wait_for_ever(void *nothing) {
	for (;;)
		pause();
	return nothing;
}

__attribute__((noreturn)) static void be_a_program(int order_fd, int reply_fd) {
	uint64_t bytes = 0;
	for (int i = 1; i < THREADS; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
			_exit(97);
	}
	do {
		if (bytes > 0) {
			char *memory =
				mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memset(memory, 1, bytes);
		}
		if (write(reply_fd, "", 1) != 1)
			break;
	} while (read(order_fd, &bytes, sizeof bytes) == sizeof bytes);
	_exit(0);
}

/* In the group at directory, NULL for this test's own. */
static struct program start_program(const char *directory) {
	int orders[2];
	int replies[2];
	char byte;
	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	assert_int_equal(pipe2(replies, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = directory != NULL ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		close(orders[1]);
		close(replies[0]);
		if (directory != NULL && ol_file_write_at(fd, "cgroup.procs", "0", NULL) < 0)
			_exit(98);
		be_a_program(orders[0], replies[1]);
	}
	close(orders[0]);
	close(replies[1]);
	int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(pid_fd >= 0);
	assert_int_equal(read(replies[0], &byte, 1), 1);
	return (struct program){ pid, pid_fd, orders[1], replies[0] };
}

static void touch(const struct program *program, uint64_t bytes) {
	char byte;
	assert_int_equal(write(program->order_fd, &bytes, sizeof bytes), sizeof bytes);
	assert_int_equal(read(program->reply_fd, &byte, 1), 1);
}

static void end_program(const struct program *program) {
	assert_int_equal(kill(program->pid, SIGKILL), 0);
	assert_int_equal(waitpid(program->pid, NULL, 0), program->pid);
	close(program->pid_fd);
	close(program->order_fd);
	close(program->reply_fd);
}

static void group_of(pid_t pid, char ret_path[OL_PATH_BYTES]) {
	assert_int_equal(ol_cage_group_of(pid, world.memory_version, world.root, ret_path), 0);
}

static void expect_group(pid_t pid, const char *expected) {
	char path[OL_PATH_BYTES];
	group_of(pid, path);
	assert_string_equal(path, expected);
}

/* Threads have a number in /proc, too. */
static int count_threads_in(pid_t pid, const char *path) {
	char directory[64];
	int count = 0;
	snprintf(directory, sizeof directory, "/proc/%d/task", (int)pid);
	DIR *list = opendir(directory);
	assert_non_null(list);
	for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
		char group[OL_PATH_BYTES];
		pid_t thread = atoi(entry->d_name);
		if (thread <= 0)
			continue;
		group_of(thread, group);
		count += strcmp(group, path) == 0;
	}
	closedir(list);
	return count;
}

static void a_running_program_is_caged_with_all_its_threads_and_given_back(void **state) {
	(void)state;
	char before[OL_PATH_BYTES];
	char from[OL_PATH_BYTES] = "";
	uint64_t usage_bytes;
	struct ol_cage *cage = make_cage();
	struct program program = start_program(NULL);
	group_of(program.pid, before);
	touch(&program, 4 * OL_MIB);
	if (ol_cage_adopt(cage, program.pid, program.pid_fd, from, &error) < 0)
		fail_msg("%s", error.message);
	assert_string_equal(from, before);
	assert_int_equal(count_threads_in(program.pid, ol_cage_path(cage)), THREADS);
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
	assert_true(usage_bytes < 3 * OL_MIB); /* What it had stays where it was. */
	touch(&program, 8 * OL_MIB);
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
	assert_true(usage_bytes >= 8 * OL_MIB);
	if (ol_cage_give_back(cage, from, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(count_threads_in(program.pid, before), THREADS);
	touch(&program, OL_MIB);
	destroy(cage);
	touch(&program, OL_MIB); /* It has survived that. */
	end_program(&program);
}

static void an_adopted_programs_kill_is_told_as_its_own(void **state) {
	(void)state;
	char from[OL_PATH_BYTES];
	struct ol_evidence evidence = { 0 };
	struct ol_cage *cage = make_cage();
	struct program program = start_program(NULL);
	assert_int_equal(ol_cage_adopt(cage, program.pid, program.pid_fd, from, &error), 0);
	uint64_t bytes = 64 * OL_MIB;
	assert_int_equal(write(program.order_fd, &bytes, sizeof bytes), sizeof bytes);
	int status;
	assert_int_equal(waitpid(program.pid, &status, 0), program.pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
	assert_int_equal(evidence.oom_kill_delta, 1);
	assert_int_equal(evidence.limited_by, OL_LIMITED_BY_OWN);
	struct ol_oom_kill kill;
	if (ol_cage_kernel_log_fd(cage) >= 0) {
		assert_int_equal(ol_cage_take_kills(cage, &kill, 1), 1);
		assert_int_equal(kill.pid, program.pid);
	}
	close(program.pid_fd);
	close(program.order_fd);
	close(program.reply_fd);
	/* Dead already: */
	destroy(cage);
}

/* "oomlab-test-PID" beside the cage. */
static void make_group(
	const struct ol_cage *cage, char ret_path[OL_PATH_BYTES], char ret_directory[OL_PATH_BYTES]) {
	char name[64];
	snprintf(name, sizeof name, "oomlab-test-%d", (int)getpid());
	assert_int_equal(ol_cage_join_path(ret_path, cage->chain.path, name, &error), 0);
	assert_int_equal(ol_cage_join_path(ret_directory, world.mount, ret_path, &error), 0);
	assert_int_equal(mkdir(ret_directory, 0755), 0);
}

static void remove_group(const char *directory) {
	struct ol_cage_patience patience = { 0 };
	while (rmdir(directory) < 0 && ol_cage_wait(&patience))
		;
	assert_int_equal(access(directory, F_OK), -1);
}

static void what_was_started_inside_is_given_back_too(void **state) {
	(void)state;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	char from[OL_PATH_BYTES];
	char below[OL_PATH_BYTES];
	struct ol_cage *cage = make_cage();
	make_group(cage, path, directory);
	struct program first = start_program(directory);
	snprintf(below, sizeof below, "%.900s/below", ol_cage_directory(cage));
	assert_int_equal(mkdir(below, 0755), 0);
	struct program second = start_program(below);
	assert_int_equal(ol_cage_adopt(cage, first.pid, first.pid_fd, from, &error), 0);
	assert_string_equal(from, path);
	if (ol_cage_give_back(cage, from, &error) < 0)
		fail_msg("%s", error.message);
	expect_group(first.pid, path);
	expect_group(second.pid, path);
	struct ol_cage_counters counters;
	assert_int_equal(ol_cage_read_counters(cage, &counters, &error), 0);
	assert_int_equal(counters.process_count, 0);
	destroy(cage);
	end_program(&first);
	end_program(&second);
	remove_group(directory);
}

static void where_the_former_group_is_gone_the_next_one_above_takes_it(void **state) {
	(void)state;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	char from[OL_PATH_BYTES];
	struct ol_cage *cage = make_cage();
	make_group(cage, path, directory);
	struct program program = start_program(directory);
	assert_int_equal(ol_cage_adopt(cage, program.pid, program.pid_fd, from, &error), 0);
	remove_group(directory);
	int result = ol_cage_give_back(cage, from, &error);
	/* On version 2 the group above hands memory down, and the one above that is not the guest's. */
	if (world.memory_version == 2 && geteuid() != 0) {
		assert_int_equal(result, -EACCES);
		assert_non_null(strstr(error.message, "run as root"));
		expect_group(program.pid, ol_cage_path(cage));
		end_program(&program);
	} else {
		assert_int_equal(result, 0);
		expect_group(program.pid, cage->chain.path);
		end_program(&program);
	}
	destroy(cage);
}

static void version_1_puts_beside_the_cage_what_version_2_puts_one_level_up(void **state) {
	(void)state;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	char below[OL_PATH_BYTES + 16];
	char from[OL_PATH_BYTES];
	struct ol_cage *cage = make_cage();
	make_group(cage, path, directory);
	snprintf(below, sizeof below, "%s/below", directory);
	assert_int_equal(mkdir(below, 0755), 0);
	struct program program = start_program(below);
	assert_int_equal(ol_cage_adopt(cage, program.pid, program.pid_fd, from, &error), 0);
	remove_group(below);
	assert_int_equal(ol_cage_give_back(cage, from, &error), 0);
	expect_group(program.pid, world.memory_version == 1 ? cage->chain.path : path);
	end_program(&program);
	destroy(cage);
	remove_group(directory);
}

static void expect_refusal(
	struct ol_cage *cage, pid_t pid, int pid_fd, int expected, const char *words) {
	char from[OL_PATH_BYTES] = "untouched";
	assert_int_equal(ol_cage_adopt(cage, pid, pid_fd, from, &error), expected);
	if (strstr(error.message, words) == NULL)
		fail_msg("%s: lacks \"%s\"", error.message, words);
	assert_string_equal(from, "untouched");
	assert_int_equal(cage->attached_pid, 0);
}

static void what_cannot_be_caged_is_refused_with_the_reason(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage();
	struct program program = start_program(NULL);
	expect_refusal(cage, 0, program.pid_fd, -EINVAL, "no process");
	expect_refusal(cage, -5, program.pid_fd, -EINVAL, "no process");
	expect_refusal(cage, 1, program.pid_fd, -EPERM, "keeps the whole system going");
	expect_refusal(cage, getpid(), program.pid_fd, -EPERM, "the lab itself");
	char name[64] = "";
	if (ol_file_read("/proc/2/comm", name, sizeof name, NULL) > 0 &&
		strcmp(name, "kthreadd\n") == 0)
		expect_refusal(cage, 2, program.pid_fd, -EPERM, "thread of the kernel");
	/* Dead, at first not reaped yet. */
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)program.pid, &info, WEXITED | WNOWAIT), 0);
	expect_refusal(cage, program.pid, program.pid_fd, -ESRCH, "has ended");
	struct program other = start_program(NULL);
	expect_refusal(cage, program.pid, other.pid_fd, -ESRCH, "not taken notice");
	int pid_fd = dup(program.pid_fd);
	end_program(&program);
	expect_refusal(cage, program.pid, pid_fd, -ESRCH, "has ended");
	/* Its number is another's by now. */
	expect_refusal(cage, other.pid, pid_fd, -ESRCH, "has ended");
	close(pid_fd);
	end_program(&other);
	destroy(cage);
}

static void what_is_in_another_labs_cage_stays_there(void **state) {
	(void)state;
	char from[OL_PATH_BYTES];
	struct ol_cage *other = make_cage();
	struct ol_cage *cage = make_cage();
	struct program program = start_program(NULL);
	assert_int_equal(ol_cage_adopt(other, program.pid, program.pid_fd, from, &error), 0);
	expect_refusal(cage, program.pid, program.pid_fd, -EBUSY, "in a cage already");
	expect_group(program.pid, ol_cage_path(other));
	assert_int_equal(ol_cage_give_back(other, from, &error), 0);
	end_program(&program);
	destroy(cage);
	destroy(other);
}

/* The process ends, and a stranger gets its number, while the kernel is about to move it: what
 * looks like a pidfd here becomes readable by the very move. */
static void a_stranger_with_the_number_of_one_that_ended_is_put_back(void **state) {
	(void)state;
	char file[OL_PATH_BYTES + 32];
	char before[OL_PATH_BYTES];
	char from[OL_PATH_BYTES] = "untouched";
	struct ol_cage *cage = make_cage();
	struct program stranger = start_program(NULL);
	group_of(stranger.pid, before);
	int ends_on_move_fd = inotify_init1(IN_CLOEXEC);
	snprintf(file, sizeof file, "%s/cgroup.procs", ol_cage_directory(cage));
	assert_true(inotify_add_watch(ends_on_move_fd, file, IN_MODIFY) >= 0);
	assert_int_equal(ol_cage_adopt(cage, stranger.pid, ends_on_move_fd, from, &error), -ESRCH);
	char bytes[512];
	assert_true(read(ends_on_move_fd, bytes, sizeof bytes) > 0); /* It was moved. */
	close(ends_on_move_fd);
	expect_group(stranger.pid, before);
	assert_int_equal(count_threads_in(stranger.pid, before), THREADS);
	assert_string_equal(from, "untouched");
	assert_int_equal(cage->attached_pid, 0);
	end_program(&stranger);
	destroy(cage);
}

static void who_may_not_move_it_is_told_what_that_takes(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage();
	struct program program = start_program(NULL);
	if (geteuid() != 0) {
		print_message("# skipped: only root can become somebody who may not\n");
	} else {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			char from[OL_PATH_BYTES];
			if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
				_exit(97);
			int result = ol_cage_adopt(cage, program.pid, program.pid_fd, from, &error);
			_exit(result == -EACCES && strstr(error.message, "run as root") != NULL ? 0 : 96);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	end_program(&program);
	destroy(cage);
}

static void no_fd_is_left_open(void **state) {
	(void)state;
	assert_int_equal(count_fds(), fd_count_at_start);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_program_is_caged_with_all_its_threads_and_given_back),
		cmocka_unit_test(an_adopted_programs_kill_is_told_as_its_own),
		cmocka_unit_test(what_was_started_inside_is_given_back_too),
		cmocka_unit_test(where_the_former_group_is_gone_the_next_one_above_takes_it),
		cmocka_unit_test(version_1_puts_beside_the_cage_what_version_2_puts_one_level_up),
		cmocka_unit_test(what_cannot_be_caged_is_refused_with_the_reason),
		cmocka_unit_test(what_is_in_another_labs_cage_stays_there),
		cmocka_unit_test(a_stranger_with_the_number_of_one_that_ended_is_put_back),
		cmocka_unit_test(who_may_not_move_it_is_told_what_that_takes),
		cmocka_unit_test(no_fd_is_left_open),
	};
	/* cmocka's own skip() writes "not ok # SKIP", which meson takes for a failure. */
	struct ol_cage *cage;
	struct ol_cage_limits limits = { .limit_bytes = OL_MIB, .high_bytes = UINT64_MAX };
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &limits, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	fd_count_at_start = count_fds();
	return cmocka_run_group_tests_name("cage_adopt", tests, NULL, NULL);
}
