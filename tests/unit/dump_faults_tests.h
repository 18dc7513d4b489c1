/* dump_faults_tests.h -- Full disks, missing directories, writers that hang: the end is not held
 * up. */
#ifndef OL_TESTS_UNIT_DUMP_FAULTS_TESTS_H
#define OL_TESTS_UNIT_DUMP_FAULTS_TESTS_H

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/units.h"
#include "dump_support.h"

enum { LARGE_BYTES = 60 << 20 }; /* Takes a disk some time. */

static void a_parent_that_cannot_be_used_is_refused_before_the_program_runs(void **state) {
	struct ol_dump *dump;
	assert_int_equal(ol_dump_create("/nonexistent/x", "spike", &dump, &error), -ENOENT);
	assert_non_null(strstr(error.message, "/nonexistent/x"));
	assert_int_equal(ol_dump_create("/proc/self/status", "spike", &dump, &error), -ENOTDIR);

	char longest[OL_PATH_BYTES];
	memset(longest, 'a', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(ol_dump_create(longest, "spike", &dump, &error), -ENAMETOOLONG);
}

static void a_parent_that_may_not_be_written_to_is_refused_before_the_program_runs(void **state) {
	static const uid_t nobody = 65534;
	uid_t me = geteuid();
	assert_int_equal(chmod(parent, 0555), 0);
	assert_int_equal(me == 0 ? seteuid(nobody) : 0, 0);
	struct ol_dump *dump;
	int status = ol_dump_create(parent, "spike", &dump, &error);
	assert_int_equal(seteuid(me), 0);
	assert_int_equal(chmod(parent, 0700), 0);
	assert_int_equal(status, -EACCES);
	assert_non_null(strstr(error.message, parent));
}

static void a_parent_that_is_removed_meanwhile_is_told_of(void **state) {
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add(dump, "stats.txt", "x", 1, &error), 0);
	assert_int_equal(rmdir(parent), 0);
	assert_int_equal(write_and_finish(dump), -ENOENT);
	assert_string_equal(directory, "");
	assert_non_null(strstr(error.message, parent));
	ol_dump_destroy(dump);
	assert_int_equal(mkdir(parent, 0700), 0);
}

static void a_file_that_is_too_large_is_named_and_the_others_are_written(void **state) {
	enum { FILE_BYTES_MAX = 4096 };
	static char large[2 * FILE_BYTES_MAX];
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add(dump, "record.json", large, sizeof large, &error), 0);
	assert_int_equal(ol_dump_add(dump, "stats.txt", "held", 4, &error), 0);
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit low = { .rlim_cur = FILE_BYTES_MAX, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	int status = write_and_finish(dump);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, -EFBIG);
	assert_non_null(strstr(error.message, "record.json"));
	assert_non_null(strstr(error.message, "File too large"));
	assert_int_equal(stat_of("record.json").st_size, FILE_BYTES_MAX);
	assert_int_equal(stat_of("stats.txt").st_size, 4);
	ol_dump_destroy(dump);
}

/* In a process of its own, with a mount that nobody else sees. The exit status says what failed. */
static int dump_to_a_full_disk(void) {
	static char large[1 << 20];
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", parent, "tmpfs", 0, "size=64k") < 0)
		return 1;
	struct ol_dump *dump;
	if (ol_dump_create(parent, "spike", &dump, &error) < 0 ||
		ol_dump_add(dump, "record.json", large, sizeof large, &error) < 0 ||
		ol_dump_write(dump, &error) < 0)
		return 2;
	int status = ol_dump_finish(dump, PATIENCE_MS, directory, &error);
	ol_dump_destroy(dump);
	bool is_told = strstr(error.message, "record.json") != NULL &&
				   strstr(error.message, "No space left") != NULL && directory[0] != '\0';
	return status == -ENOSPC && is_told ? 0 : 3;
}

static void a_full_disk_is_told_with_the_files_name(void **state) {
	pid_t child = fork();
	if (child == 0)
		_exit(dump_to_a_full_disk());
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 1) {
		print_message("# skipped: this user may not make a mount namespace\n");
		return;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static pid_t stopped_writer;

/* A test that failed amid it leaves no process behind. */
static int end_stopped(void **state) {
	if (waitpid(stopped_writer, NULL, WNOHANG) == 0)
		kill(stopped_writer, SIGKILL);
	return end(state);
}

/* A writer that has made the directory and stands still amid a large file. */
static struct ol_dump *stop_a_writer(void) {
	char *large = calloc(1, LARGE_BYTES);
	assert_non_null(large);
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add(dump, "record.json", large, LARGE_BYTES, &error), 0);
	free(large);
	assert_int_equal(ol_dump_write(dump, &error), 0);
	struct pollfd word = { .fd = dump->word_fd, .events = POLLIN };
	assert_int_equal(poll(&word, 1, PATIENCE_MS), 1);
	stopped_writer = dump->writer;
	assert_int_equal(kill(dump->writer, SIGSTOP), 0);
	siginfo_t stopped;
	assert_int_equal(waitid(P_PID, (id_t)dump->writer, &stopped, WSTOPPED | WEXITED | WNOWAIT), 0);
	assert_int_equal(stopped.si_code, CLD_STOPPED);
	return dump;
}

static void a_writer_that_hangs_is_ended_in_time_and_what_it_wrote_stays(void **state) {
	struct ol_dump *dump = stop_a_writer();
	pid_t writer = dump->writer;
	struct timespec start;
	struct timespec stop;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(ol_dump_finish(dump, 100, directory, &error), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &stop);
	double ms =
		(double)(stop.tv_sec - start.tv_sec) * 1e3 + (double)(stop.tv_nsec - start.tv_nsec) / 1e6;
	assert_true(ms >= 99 && ms < 2000);
	assert_int_equal(kill(writer, 0), -1);
	assert_true(S_ISDIR(stat_of(".").st_mode));
	ol_dump_destroy(dump);
}

static void the_writer_stands_alone_with_nothing_open_that_it_does_not_need(void **state) {
	int inherited = dup(STDOUT_FILENO);
	struct ol_dump *dump = stop_a_writer();
	char fds[64];
	snprintf(fds, sizeof fds, "/proc/%d/fd", (int)dump->writer);
	/* The parent directory, its word, the dump's directory, a file. */
	assert_in_range(entry_count(fds), 3, 4);
	assert_int_equal(getsid(dump->writer), dump->writer);
	close(inherited);
	ol_dump_destroy(dump);
}

static void a_writer_at_work_is_ended_with_its_dump(void **state) {
	struct ol_dump *dump = stop_a_writer();
	pid_t writer = dump->writer;
	ol_dump_destroy(dump);
	assert_int_equal(kill(writer, 0), -1);
}

static void a_writer_that_somebody_ended_is_told_of(void **state) {
	struct ol_dump *dump = stop_a_writer();
	assert_int_equal(kill(dump->writer, SIGKILL), 0);
	assert_int_equal(ol_dump_finish(dump, PATIENCE_MS, directory, &error), -EIO);
	assert_non_null(strstr(error.message, "signal 9"));
	assert_int_not_equal(directory[0], '\0');
	ol_dump_destroy(dump);
}

static void a_writer_ends_its_work_though_the_lab_is_gone(void **state) {
	int pid_fds[2];
	assert_int_equal(pipe(pid_fds), 0);
	pid_t lab = fork();
	if (lab == 0) {
		struct ol_dump *dump = create_dump();
		char *large = calloc(1, LARGE_BYTES);
		ol_dump_add(dump, "a", large, LARGE_BYTES, NULL);
		ol_dump_add(dump, "last", "x", 1, NULL);
		ol_dump_write(dump, NULL);
		struct pollfd word = { .fd = dump->word_fd, .events = POLLIN };
		poll(&word, 1, PATIENCE_MS);
		kill(dump->writer, SIGSTOP);
		_exit(write(pid_fds[1], &dump->writer, sizeof dump->writer) < 0);
	}
	assert_int_equal(waitpid(lab, NULL, 0), lab);
	pid_t writer;
	assert_int_equal(read(pid_fds[0], &writer, sizeof writer), sizeof writer);
	close(pid_fds[0]);
	close(pid_fds[1]);
	assert_int_equal(kill(writer, SIGCONT), 0);
	for (int ms = 0; ms < 10000; ms += 10) {
		DIR *stream = opendir(parent);
		for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
			if (entry->d_name[0] != '.')
				path_in(parent, entry->d_name, directory);
		}
		closedir(stream);
		char last[OL_PATH_BYTES];
		path_in(directory, "last", last);
		if (access(last, F_OK) == 0)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("the writer left no file \"last\" in %s", parent);
}

static void what_is_more_than_memory_is_left_out_and_the_rest_is_written(void **state) {
#ifdef OL_CHECKED
	print_message("# skipped: the sanitizers need address space of their own\n");
	return;
#endif
	static char large[32 << 20];
	struct ol_dump *dump = create_dump();
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	struct rlimit low = { .rlim_cur = 4 << 20, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &low), 0);
	int status = ol_dump_add(dump, "record.json", large, sizeof large, &error);
	int copy_status = ol_dump_add_copy(dump, "status", "/proc/self/status", NULL);
	int finish_status = write_and_finish(dump);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(status, -ENOMEM);
	assert_int_equal(copy_status, 0);
	assert_int_equal(finish_status, 0);
	assert_int_equal(entry_count(directory), 1);
	ol_dump_destroy(dump);
}

#endif
