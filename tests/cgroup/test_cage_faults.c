/* test_cage_faults.c -- What a cage does, and says, when the world around it is broken.
 *
 * Missing, read-only, full, hidden: prepared in a mount namespace of a child's own, so that nothing
 * of the machine changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cage/internal.h"

static struct ol_cage_system world;
static struct ol_error error;
static const struct ol_cage_limits four_mib = {
	.limit_bytes = 4 * OL_MIB,
	.high_bytes = UINT64_MAX,
};

static struct ol_cage *make_cage(void) {
	struct ol_cage *cage = NULL;
	if (ol_cage_create(&world, NULL, &four_mib, &cage, &error) < 0)
		fail_msg("%s", error.message);
	return cage;
}

static void destroy(struct ol_cage *cage) {
	if (ol_cage_destroy(cage, &error) < 0)
		fail_msg("%s", error.message);
}

static void expect_words(const char *text, const char *const *words) {
	for (; *words != NULL; words++)
		if (strstr(text, *words) == NULL)
			fail_msg("no \"%s\" in: %s", *words, text);
}
#define EXPECT_WORDS(text, ...) expect_words(text, (const char *const[]){ __VA_ARGS__, NULL })

/* What a child in a broken world reports. */
struct report {
	int is_prepared;
	int detected;
	int created;
	struct ol_cage_system system;
	struct ol_error detect_error;
	struct ol_error create_error;
	char path[OL_PATH_BYTES];
	int check_count;
	struct ol_check checks[OL_CHECKS_MAX];
};

/* Detects anew, but creates by what was known before, as a lab does that runs on. */
static void try_everything(struct report *report, const char *parent) {
	struct ol_cage *cage = NULL;
	report->detected = ol_cage_detect(&report->system, &report->detect_error);
	report->created = ol_cage_create(&world, parent, &four_mib, &cage, &report->create_error);
	if (report->created >= 0) {
		snprintf(report->path, sizeof report->path, "%s", ol_cage_path(cage));
		report->created = ol_cage_destroy(cage, &report->create_error);
	}
	report->check_count = ol_cage_examine(report->checks);
}

/* NULL where this user may not make a mount namespace; then there is nothing to test. */
static const struct report *in_broken_world(int (*prepare)(void), const char *parent) {
	static struct report report;
	int pipe_fds[2];
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		memset(&report, 0, sizeof report);
		report.is_prepared = unshare(CLONE_NEWNS) == 0 &&
							 mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
							 prepare() == 0;
		if (report.is_prepared)
			try_everything(&report, parent);
		_exit(write(pipe_fds[1], &report, sizeof report) != sizeof report);
	}
	close(pipe_fds[1]);
	size_t length = 0;
	ssize_t count;
	while ((count = read(pipe_fds[0], (char *)&report + length, sizeof report - length)) > 0)
		length += (size_t)count;
	close(pipe_fds[0]);
	assert_int_equal(length, sizeof report);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (!report.is_prepared)
		print_message("# skipped: this user may not make a mount namespace\n");
	return report.is_prepared ? &report : NULL;
}

static int make_read_only(void) {
	return mount(world.mount, world.mount, NULL, MS_BIND, NULL) |
		   mount(NULL, world.mount, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

static void read_only_control_groups_are_refused_with_the_remount(void **state) {
	(void)state;
	const struct report *report = in_broken_world(make_read_only, NULL);
	if (report == NULL)
		return;
	assert_int_equal(report->detected, 0);
	assert_int_equal(report->created, -EROFS);
	EXPECT_WORDS(
		report->create_error.message, world.mount, "Read-only file system", "mount -o remount,rw");
	report = in_broken_world(make_read_only, "/");
	assert_int_equal(report->created, -EROFS);
	EXPECT_WORDS(report->create_error.message, world.mount, "mount -o remount,rw");
}

static int hide(void) {
	return mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL);
}

static void missing_control_groups_are_refused_with_the_mount(void **state) {
	(void)state;
	const struct report *report = in_broken_world(hide, NULL);
	if (report == NULL)
		return;
	assert_int_equal(report->detected, -ENOENT);
	assert_string_equal(report->system.mode, "none");
	assert_int_equal(report->system.memory_version, 0);
	EXPECT_WORDS(report->detect_error.message, "mount -t cgroup");
	assert_int_equal(report->created, -ENOENT);
	EXPECT_WORDS(report->create_error.message, world.mount);
	int bad_count = 0;
	for (int i = 0; i < report->check_count; i++) {
		bad_count += report->checks[i].state == OL_CHECK_BAD;
		if (report->checks[i].state == OL_CHECK_BAD)
			EXPECT_WORDS(report->checks[i].cure, "mount -t cgroup");
	}
	assert_int_equal(bad_count, 1);
}

static int cover(void) {
	return mount("none", world.mount, "tmpfs", 0, NULL);
}

static void a_file_system_on_top_is_never_taken_for_control_groups(void **state) {
	(void)state;
	const struct report *report = in_broken_world(cover, NULL);
	if (report == NULL)
		return;
	assert_int_equal(report->detected, -ENOENT);
	assert_int_equal(report->created, -ENOENT);
	EXPECT_WORDS(report->create_error.message, world.mount, "something else is mounted there");
}

static char inner_path[OL_PATH_BYTES];
static char inner_directory[OL_PATH_BYTES];

static int show_inner_only(void) {
	return mount(inner_directory, world.mount, NULL, MS_BIND, NULL);
}

static void a_mount_that_shows_one_group_only_is_understood(void **state) {
	(void)state;
	struct ol_cage *keeper = make_cage();
	char name[64];
	snprintf(name, sizeof name, "oomlab-test-%d", (int)getpid());
	assert_int_equal(ol_cage_join_path(inner_path, keeper->chain.path, name, &error), 0);
	assert_int_equal(ol_cage_join_path(inner_directory, world.mount, inner_path, &error), 0);
	assert_int_equal(mkdir(inner_directory, 0755), 0);
	const struct report *report = in_broken_world(show_inner_only, NULL);
	assert_int_equal(rmdir(inner_directory), 0);
	destroy(keeper);
	if (report == NULL)
		return;
	assert_int_equal(report->detected, 0);
	assert_string_equal(report->system.mount, world.mount);
	assert_string_equal(report->system.own_group, ""); /* The lab is not below it. */
	assert_int_equal(report->created, 0);
	EXPECT_WORDS(report->path, "/oomlab-");
}

static int hide_own_position(void) {
	return unshare(CLONE_NEWCGROUP);
}

static void a_cgroup_namespace_changes_names_only(void **state) {
	(void)state;
	const struct report *report = in_broken_world(hide_own_position, NULL);
	if (report == NULL)
		return;
	assert_int_equal(report->detected, 0);
	assert_int_equal(report->created, 0);
}

static void full_control_groups_are_refused_with_the_file_to_raise(void **state) {
	(void)state;
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	char file[OL_PATH_BYTES + 64];
	struct ol_cage *keeper = make_cage();
	struct ol_cage *cage = NULL;
	if (world.memory_version == 1) {
		destroy(keeper);
		print_message("# skipped: version 1 has no limit to the number of groups\n");
		return;
	}
	assert_int_equal(ol_cage_join_path(path, keeper->chain.path, "oomlab-test-full", &error), 0);
	assert_int_equal(ol_cage_join_path(directory, world.mount, path, &error), 0);
	assert_int_equal(mkdir(directory, 0755), 0);
	snprintf(file, sizeof file, "%s/cgroup.max.descendants", directory);
	assert_int_equal(ol_file_write_at(-1, file, "0", &error), 0);
	assert_int_equal(ol_cage_create(&world, path, &four_mib, &cage, &error), -EAGAIN);
	EXPECT_WORDS(error.message, directory, "cgroup.max.descendants");
	assert_int_equal(rmdir(directory), 0);
	destroy(keeper);
}

static void a_group_removed_from_outside_is_a_clear_error_and_destroyed_in_peace(void **state) {
	(void)state;
	uint64_t usage_bytes;
	struct ol_cage_counters counters;
	struct ol_evidence evidence = { 0 };
	struct ol_cage *cage = make_cage();
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(rmdir(ol_cage_directory(cage)), 0);
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), -ENOENT);
	assert_int_equal(ol_cage_read_counters(cage, &counters, &error), -ENOENT);
	EXPECT_WORDS(error.message, ol_cage_directory(cage), "removed from outside");
	assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), -ENOENT);
	int result = ol_cage_attach(cage, pid, &error);
	assert_true(result == -ENOENT || result == -ENODEV);
	EXPECT_WORDS(error.message, ol_cage_directory(cage), "removed from outside");
	assert_int_equal(ol_cage_enter(cage), -ENOENT);
	assert_int_equal(ol_cage_kill(cage, &error), 0);
	destroy(cage);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_process_that_has_ended_cannot_be_attached(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage();
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ol_cage_attach(cage, pid, &error), -ESRCH);
	EXPECT_WORDS(error.message, "has ended");
	assert_int_equal(ol_cage_attach(cage, 0, &error), -EINVAL);
	destroy(cage);
}

static void limits_that_are_none_are_refused(void **state) {
	(void)state;
	struct ol_cage *cage = NULL;
	const struct ol_cage_limits limits[] = {
		{ .limit_bytes = 4095, .high_bytes = UINT64_MAX },
		{ .limit_bytes = 0, .high_bytes = UINT64_MAX },
		{ .limit_bytes = UINT64_MAX, .high_bytes = UINT64_MAX },
		{ .limit_bytes = 4 * OL_MIB, .high_bytes = 1 },
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		assert_int_equal(ol_cage_create(&world, NULL, &limits[i], &cage, &error), -EINVAL);
		EXPECT_WORDS(error.message, "bytes");
		assert_null(cage);
	}
}

static void a_parent_must_exist_and_stay_within(void **state) {
	(void)state;
	struct ol_cage *cage = NULL;
	destroy(make_cage());
	assert_int_equal(ol_cage_create(&world, "oomlab-none/x", &four_mib, &cage, &error), -ENOENT);
	EXPECT_WORDS(error.message, "mkdir -p ", world.mount, "/oomlab-none/x");
	assert_int_equal(ol_cage_create(&world, "/../x", &four_mib, &cage, &error), -EINVAL);
	EXPECT_WORDS(error.message, "..");
	char deep[4 * OL_PATH_BYTES] = "";
	memset(deep, 'x', sizeof deep - 1);
	assert_int_equal(ol_cage_create(&world, deep, &four_mib, &cage, &error), -ENAMETOOLONG);
	assert_int_equal(ol_cage_remove_stale(&world, "oomlab-none", &error), -ENOENT);
	assert_null(cage);
}

static void the_doctor_makes_a_cage_and_has_a_cure_for_whatever_is_not_good(void **state) {
	(void)state;
	struct ol_check checks[OL_CHECKS_MAX];
	destroy(make_cage());
	int count = ol_cage_examine(checks);
	assert_true(count >= 8 && count <= OL_CHECKS_MAX);
	for (int i = 0; i < count; i++) {
		assert_true(strlen(checks[i].subject) > 0 && strlen(checks[i].finding) > 0);
		assert_int_equal(checks[i].state == OL_CHECK_GOOD, strlen(checks[i].cure) == 0);
		if (checks[i].state == OL_CHECK_BAD)
			fail_msg("%s: %s", checks[i].subject, checks[i].finding);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_only_control_groups_are_refused_with_the_remount),
		cmocka_unit_test(missing_control_groups_are_refused_with_the_mount),
		cmocka_unit_test(a_file_system_on_top_is_never_taken_for_control_groups),
		cmocka_unit_test(a_mount_that_shows_one_group_only_is_understood),
		cmocka_unit_test(a_cgroup_namespace_changes_names_only),
		cmocka_unit_test(full_control_groups_are_refused_with_the_file_to_raise),
		cmocka_unit_test(a_group_removed_from_outside_is_a_clear_error_and_destroyed_in_peace),
		cmocka_unit_test(a_process_that_has_ended_cannot_be_attached),
		cmocka_unit_test(limits_that_are_none_are_refused),
		cmocka_unit_test(a_parent_must_exist_and_stay_within),
		cmocka_unit_test(the_doctor_makes_a_cage_and_has_a_cure_for_whatever_is_not_good),
	};
	struct ol_cage *cage;
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &four_mib, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	return cmocka_run_group_tests_name("cage_faults", tests, NULL, NULL);
}
