/* test_process.c -- What the kernel says of one process, and that it stays that one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "process/process.h"

enum { CHILD_BYTES = 8 << 20, ROUNDS = 200, PATIENCE_MS = 5000 };

/* A child that does what is asked of it and then sleeps until it is ended. */
static pid_t start_child(void (*act)(void)) {
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (act != NULL)
			act();
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_child(pid_t pid) {
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void sleep_ms(long ms) {
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static struct ol_process open_process(pid_t pid) {
	struct ol_process process;
	struct ol_error error = { 0 };
	if (ol_process_open(pid, &process, &error) < 0)
		fail_msg("%s", error.message);
	return process;
}

static void touch_memory(void) {
	char *bytes =
		mmap(NULL, CHILD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(bytes, 1, CHILD_BYTES);
}

static void memory_that_was_touched_is_resident(void **state) {
	pid_t pid = start_child(touch_memory);
	struct ol_process process = open_process(pid);
	struct ol_process_memory memory;
	struct ol_error error;
	assert_int_equal(ol_process_read_memory(&process, &memory, &error), 0);
	assert_true(memory.anon_bytes >= CHILD_BYTES && memory.anon_bytes < 2 * CHILD_BYTES);
	assert_int_equal(memory.rss_bytes, memory.anon_bytes + memory.file_bytes + memory.shmem_bytes);
	assert_true(memory.rss_peak_bytes >= memory.rss_bytes - OL_MIB);
	assert_true(memory.vsz_bytes > memory.anon_bytes && memory.vsz_peak_bytes >= memory.vsz_bytes);
	assert_true(memory.page_table_bytes > 0);
	assert_int_equal(memory.thread_count, 1);
	assert_true(memory.has_pss && memory.pss_bytes >= CHILD_BYTES);
	assert_true(memory.pss_bytes <= memory.rss_bytes + OL_MIB);
	assert_true(memory.private_bytes >= CHILD_BYTES && memory.private_bytes <= memory.rss_bytes);

	int statm_fd = ol_process_open_statm(pid);
	uint64_t rss_bytes = ol_process_statm_rss(statm_fd);
	assert_true(rss_bytes >= CHILD_BYTES && rss_bytes < 2 * CHILD_BYTES);
	struct ol_process_memory status;
	assert_int_equal(ol_process_read_status(&process, &status, &error), 0);
	assert_false(status.has_pss);
	assert_true(status.anon_bytes + OL_MIB > memory.anon_bytes);
	assert_true(status.anon_bytes < memory.anon_bytes + OL_MIB);
	end_child(pid);
	assert_int_equal(ol_process_statm_rss(statm_fd), 0);
	close(statm_fd);
	ol_process_close(&process);
}

static void an_ended_process_is_gone_even_before_it_is_reaped(void **state) {
	pid_t pid = start_child(NULL);
	struct ol_process process = open_process(pid);
	struct ol_process_memory memory;
	struct ol_error error;
	assert_true(ol_process_is_alive(&process));
	assert_int_equal(ol_process_signal(&process, SIGKILL, &error), 0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(ol_process_is_alive(&process));
	assert_int_equal(ol_process_read_memory(&process, &memory, &error), -ESRCH);
	assert_non_null(strstr(error.message, "gone"));
	waitpid(pid, NULL, 0);
	assert_false(ol_process_is_alive(&process));
	assert_int_equal(ol_process_read_memory(&process, &memory, &error), -ESRCH);
	assert_int_equal(ol_process_signal(&process, SIGKILL, &error), -ESRCH);
	char command[64];
	assert_int_equal(ol_process_name(&process, command, &error), -ESRCH);
	assert_int_equal(ol_process_command(&process, command, sizeof command, &error), -ESRCH);
	ol_process_close(&process);
}

/* The next process gets this number, unless somebody on this machine was faster. */
static bool aim_at(pid_t pid) {
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	bool is_aimed = fd >= 0 && dprintf(fd, "%d", (int)pid - 1) > 0;
	close(fd);
	return is_aimed;
}

/* A process that has ended, and another child that has got its number: false if somebody else on
 * this machine has got it. */
static bool give_number_away(struct ol_process *ret_process, pid_t *ret_other) {
	pid_t pid = start_child(NULL);
	*ret_process = open_process(pid);
	end_child(pid);
	*ret_other = aim_at(pid) ? start_child(NULL) : -1;
	if (*ret_other == pid)
		return true;
	if (*ret_other > 0)
		end_child(*ret_other);
	ol_process_close(ret_process);
	return false;
}

static void a_number_that_was_given_away_is_another_process(void **state) {
	struct ol_process process;
	pid_t other = 0;
	for (int i = 0; i < ROUNDS && other >= 0; i++) {
		if (!give_number_away(&process, &other))
			continue;
		struct ol_process_memory memory;
		struct ol_error error;
		assert_false(ol_process_is_alive(&process));
		assert_int_equal(ol_process_signal(&process, SIGKILL, &error), -ESRCH);
		assert_int_equal(ol_process_read_memory(&process, &memory, &error), -ESRCH);
		struct ol_process newer = open_process(other);
		assert_true(ol_process_is_alive(&newer));
		ol_process_close(&newer);
		end_child(other);
		ol_process_close(&process);
		return;
	}
	print_message("# skipped: no process may choose its number here, or others are faster\n");
}

static void take_hostile_name(void) {
	prctl(PR_SET_NAME, "a) R 1 (b\nc");
}

static void a_name_may_hold_brackets_spaces_and_newlines(void **state) {
	pid_t pid = start_child(take_hostile_name);
	struct ol_process process = open_process(pid);
	struct ol_error error;
	char name[OL_PROCESS_NAME_BYTES];
	assert_int_equal(ol_process_name(&process, name, &error), 0);
	assert_string_equal(name, "a) R 1 (b\nc");
	assert_true(ol_process_is_alive(&process));
	kill(pid, SIGKILL);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(ol_process_is_alive(&process));
	/* Its command line has gone with its memory: its name stands for it. */
	char command[64];
	assert_int_equal(ol_process_command(&process, command, sizeof command, &error), 0);
	assert_string_equal(command, "[a) R 1 (b\nc]");
	waitpid(pid, NULL, 0);
	ol_process_close(&process);
}

static void a_command_line_is_its_words_and_is_cut(void **state) {
	pid_t pid = vfork();
	if (pid == 0) {
		execlp("sleep", "sleep", "60", (char *)NULL);
		_exit(127);
	}
	struct ol_process process = open_process(pid);
	char command[64];
	struct ol_error error;
	/* vfork() returns when the exec is past failing, a little before its words are in place. */
	for (int i = 0; i < PATIENCE_MS; i++) {
		assert_int_equal(ol_process_command(&process, command, sizeof command, &error), 0);
		if (*command != '[')
			break;
		sleep_ms(1);
	}
	assert_string_equal(command, "sleep 60");
	assert_int_equal(ol_process_command(&process, command, 6, &error), 0);
	assert_string_equal(command, "sleep");
	end_child(pid);
	ol_process_close(&process);
}

static void *sleep_on(void *argument) {
	pause();
	return argument;
}

static void become_threads_only(void) {
	pthread_t thread;
	touch_memory();
	pthread_create(&thread, NULL, sleep_on, NULL);
}

static void end_first_thread(int signal_number) {
	syscall(SYS_exit, 0); /* This thread's end, not the process's. */
}

static void become_leaderless(void) {
	become_threads_only();
	signal(SIGUSR1, end_first_thread);
}

static void a_process_outlives_its_first_thread(void **state) {
	pid_t pid = start_child(become_leaderless);
	struct ol_process process = open_process(pid);
	struct ol_process_memory memory;
	struct ol_error error;
	assert_int_equal(syscall(SYS_tgkill, pid, pid, SIGUSR1), 0);
	char stat[512] = "";
	for (int i = 0; i < PATIENCE_MS && strstr(stat, ") Z ") == NULL; i++) {
		int fd = openat(process.directory_fd, "stat", O_RDONLY);
		ssize_t length = read(fd, stat, sizeof stat - 1);
		stat[length > 0 ? length : 0] = '\0';
		close(fd);
		sleep_ms(1);
	}
	assert_non_null(strstr(stat, ") Z "));
	assert_true(ol_process_is_alive(&process));
	assert_int_equal(ol_process_read_memory(&process, &memory, &error), 0);
	assert_true(memory.anon_bytes >= CHILD_BYTES);
	end_child(pid);
	assert_false(ol_process_is_alive(&process));
	ol_process_close(&process);
}

static void a_threads_number_is_no_process(void **state) {
	pid_t pid = start_child(become_threads_only);
	struct ol_process process = { .pid = 0, .directory_fd = -7, .pid_fd = -7 };
	struct ol_error error;
	char path[64];
	/* The second thread was made right after: its number is a little above. */
	pid_t thread = 0;
	for (pid_t next = pid + 1; next < pid + 1000 && thread == 0; next++) {
		snprintf(path, sizeof path, "/proc/%d/task/%d", (int)pid, (int)next);
		if (access(path, F_OK) == 0)
			thread = next;
	}
	assert_int_not_equal(thread, 0);
	assert_int_equal(ol_process_open(thread, &process, &error), -ESRCH);
	snprintf(path, sizeof path, "thread of process %d", (int)pid);
	assert_non_null(strstr(error.message, path));
	assert_int_equal(process.directory_fd, -7);
	end_child(pid);
}

static void numbers_of_nobody_are_refused(void **state) {
	struct ol_process process = { .pid = 0, .directory_fd = -7, .pid_fd = -7 };
	struct ol_error error;
	assert_int_equal(ol_process_open(4194304 + 5, &process, &error), -ESRCH);
	assert_string_equal(error.message, "there is no process 4194309");
	assert_int_equal(ol_process_open(-1, &process, NULL), -ESRCH);
	assert_int_equal(ol_process_open(0, &process, NULL), -ESRCH);
	assert_int_equal(process.pid_fd, -7);
	assert_int_equal(ol_process_open_statm(4194309), -1);
	assert_int_equal(ol_process_statm_rss(-1), 0);
	struct ol_process none = { .directory_fd = -1, .pid_fd = -1 };
	ol_process_close(&none);
}

static void a_thread_of_the_kernel_has_no_memory(void **state) {
	struct ol_process process;
	struct ol_process_memory memory;
	struct ol_error error;
	char name[OL_PROCESS_NAME_BYTES] = "";
	if (ol_process_open(2, &process, &error) < 0) {
		print_message("# skipped: the kernel's threads are not visible here\n");
		return;
	}
	assert_int_equal(ol_process_name(&process, name, &error), 0);
	if (strcmp(name, "kthreadd") != 0) {
		ol_process_close(&process);
		print_message("# skipped: the kernel's threads are not visible here\n");
		return;
	}
	assert_true(ol_process_is_alive(&process));
	assert_int_equal(ol_process_read_memory(&process, &memory, &error), 0);
	assert_true(memory.is_kernel_thread);
	assert_int_equal(memory.vsz_bytes, 0);
	char command[64];
	assert_int_equal(ol_process_command(&process, command, sizeof command, &error), 0);
	assert_string_equal(command, "[kthreadd]");
	ol_process_close(&process);
}

/* Killed at some moment while it is read: every answer is either whole or -ESRCH. */
static void a_process_that_dies_while_it_is_read_is_whole_or_gone(void **state) {
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = start_child(touch_memory);
		struct ol_process process = open_process(pid);
		struct ol_process_memory memory;
		struct ol_error error;
		pid_t killer = fork();
		if (killer == 0) {
			nanosleep(&(struct timespec){ 0, i * 5000 }, NULL);
			kill(pid, SIGKILL);
			_exit(0);
		}
		int result = 0;
		for (int j = 0; j < PATIENCE_MS && result == 0; j++) {
			result = ol_process_read_memory(&process, &memory, &error);
			if (result == 0)
				assert_true(memory.vsz_bytes > 0 && !memory.is_kernel_thread);
		}
		assert_int_equal(result, -ESRCH);
		assert_false(ol_process_is_alive(&process));
		waitpid(killer, NULL, 0);
		waitpid(pid, NULL, 0);
		ol_process_close(&process);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_was_touched_is_resident),
		cmocka_unit_test(an_ended_process_is_gone_even_before_it_is_reaped),
		cmocka_unit_test(a_number_that_was_given_away_is_another_process),
		cmocka_unit_test(a_name_may_hold_brackets_spaces_and_newlines),
		cmocka_unit_test(a_command_line_is_its_words_and_is_cut),
		cmocka_unit_test(a_process_outlives_its_first_thread),
		cmocka_unit_test(a_threads_number_is_no_process),
		cmocka_unit_test(numbers_of_nobody_are_refused),
		cmocka_unit_test(a_thread_of_the_kernel_has_no_memory),
		cmocka_unit_test(a_process_that_dies_while_it_is_read_is_whole_or_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
