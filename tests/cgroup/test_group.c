/* test_group.c -- Groups that are not ours: found, read, watched and listed as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "cage/group.h"
#include "cage/internal.h"
#include "cage_support.h"

enum { TOUCHED_BYTES = 8 << 20, FILE_BYTES = 4 << 20, SLACK_BYTES = 2 << 20 };

static struct ol_cage_system world;
static struct ol_error error;
static const struct ol_cage_limits limits = { .limit_bytes = 32 << 20, .high_bytes = UINT64_MAX };

static struct ol_cage *make_cage(void) {
	return make_cage_under(&world, NULL, &limits);
}

/* A process in the cage that does something there and then waits for its end. */
static pid_t start_in(struct ol_cage *cage, void (*act)(void)) {
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = ol_cage_fork(cage, &error);
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ol_cage_enter(cage) == 0) {
			if (act != NULL)
				act();
			(void)!write(ready[1], "x", 1);
		}
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_process(pid_t pid) {
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct ol_group *open_group(const char *name) {
	struct ol_group *group = NULL;
	if (ol_group_open(&world, name, &group, &error) < 0)
		fail_msg("%s", error.message);
	return group;
}

static struct ol_group_facts read_group(const struct ol_group *group) {
	static struct ol_group_facts facts;
	if (ol_group_read(group, &facts, &error) < 0)
		fail_msg("%s", error.message);
	return facts;
}

/* ---- What /proc/PID/cgroup says ---- */

static void a_line_of_each_hierarchy_names_the_group(void **state) {
	static const struct {
		const char *text;
		int version;
		const char *path; /* NULL: none. */
	} cases[] = {
		{ "0::/\n", 2, "/" },
		{ "0::/user.slice/a:b\n", 2, "/user.slice/a:b" },
		{ "0::/x\n", 1, NULL },
		{ "9:name=memory:/n\n4:memory:/m\n0::/u\n", 1, "/m" },
		{ "4:cpu,memory,pids:/a b\n", 1, "/a b" },
		{ "4:memory:/m\n", 2, NULL },
		{ "4:memory:/m", 1, "/m" },
		{ "", 2, NULL },
		{ "nonsense", 2, NULL },
		{ "0::/gone (deleted)\n", 2, "/gone (deleted)" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[OL_PATH_BYTES] = "";
		bool is_found = ol_cage_find_membership(cases[i].text, cases[i].version, path);
		assert_int_equal(is_found, cases[i].path != NULL);
		if (is_found)
			assert_string_equal(path, cases[i].path);
	}
}

static void a_path_is_told_from_where_the_mount_begins(void **state) {
	static const struct {
		const char *root, *path, *below; /* below NULL: cannot be told. */
	} cases[] = {
		{ "/", "/", "/" }, { "/", "/a/b", "/a/b" }, { "/docker/x", "/docker/x", "/" },
		{ "/docker/x", "/docker/x/y", "/y" }, { "/docker/x", "/docker/xy", NULL },
		{ "/docker/x", "/", NULL }, { "/", "/../x", NULL }, { "/", "/..", NULL },
		{ "/", "/..x", "/..x" }, { "/..", "/../x", "/x" }, { "/..", "/../../x", NULL },
		{ "/..", "/", NULL }, /* The name of the namespace's own group is not told. */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char below[OL_PATH_BYTES] = "";
		bool is_told = ol_cage_path_below(cases[i].root, cases[i].path, below);
		assert_int_equal(is_told, cases[i].below != NULL);
		if (is_told)
			assert_string_equal(below, cases[i].below);
	}
}

/* ---- Found ---- */

static void a_group_is_found_by_path_directory_name_and_process(void **state) {
	struct ol_cage *cage = make_cage();
	pid_t pid = start_in(cage, NULL);
	const char *path = ol_cage_path(cage);
	char slashes[OL_PATH_BYTES + 4];
	snprintf(slashes, sizeof slashes, "/%s//", path);
	const char *const names[] = { path, path + 1, ol_cage_directory(cage), strrchr(path, '/') + 1,
		slashes };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct ol_group *group = open_group(names[i]);
		assert_string_equal(ol_group_path(group), path);
		ol_group_close(group);
	}
	struct ol_group *group = NULL;
	assert_int_equal(ol_group_of_process(&world, pid, &group, &error), 0);
	assert_string_equal(ol_group_path(group), path);
	ol_group_close(group);
	end_process(pid);
	destroy(cage);
}

static void what_is_no_group_is_refused_with_the_reason(void **state) {
	static const struct {
		const char *name;
		int code;
		const char *reason;
	} cases[] = {
		{ "oomlab-nosuch", -ENOENT, "there is no control group 'oomlab-nosuch' below" },
		{ "/oomlab-nosuch/x", -ENOENT, "there is no control group '/oomlab-nosuch/x' below" },
		{ "/usr", -ENOENT, "/usr is no group of the hierarchy that counts memory" },
		{ "/proc/self/cgroup", -ENOENT, "is no group of the hierarchy" },
		{ "../x", -EINVAL, "must not contain \"..\"" },
		{ "", -EINVAL, "not ''" },
		{ "cgroup.procs", -ENOENT, "there is no control group 'cgroup.procs'" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_group *group = (struct ol_group *)&world; /* Untouched on failure. */
		assert_int_equal(ol_group_open(&world, cases[i].name, &group, &error), cases[i].code);
		if (strstr(error.message, cases[i].reason) == NULL)
			fail_msg("'%s' does not say '%s'", error.message, cases[i].reason);
		assert_ptr_equal(group, &world);
	}
	struct ol_group *group = NULL;
	assert_int_equal(ol_group_of_process(&world, 4194304 + 5, &group, &error), -ESRCH);
	struct ol_cage_system none = { .mode = "none" };
	assert_int_equal(ol_group_open(&none, "/", &group, &error), -ENOENT);
	assert_int_equal(ol_group_of_process(&none, getpid(), &group, &error), -ENOENT);
}

static void one_of_several_groups_of_a_name_is_not_guessed(void **state) {
	struct ol_cage *cage = make_cage();
	char first[OL_PATH_BYTES + 32], second[OL_PATH_BYTES + 32];
	snprintf(first, sizeof first, "%s/oomlab-twin", ol_cage_directory(cage));
	snprintf(second, sizeof second, "%s/oomlab-twin/oomlab-twin", ol_cage_directory(cage));
	assert_int_equal(mkdir(first, 0755), 0);
	struct ol_group *group = open_group("oomlab-twin");
	ol_group_close(group);
	assert_int_equal(mkdir(second, 0755), 0);
	group = NULL;
	assert_int_equal(ol_group_open(&world, "oomlab-twin", &group, &error), -ENOTUNIQ);
	assert_non_null(strstr(error.message, "oomlab-twin/oomlab-twin"));
	rmdir(second);
	rmdir(first);
	destroy(cage);
}

static void unshare_groups(void) {
	(void)unshare(CLONE_NEWCGROUP);
}

/* Its mounts begin above its namespace, whose own group has no name in there. */
static void a_process_is_found_from_within_a_namespace_of_groups(void **state) {
	struct ol_cage *cage = make_cage();
	pid_t pid = ol_cage_fork(cage, &error);
	if (pid == 0) {
		struct ol_cage_system inner;
		struct ol_group *group = NULL;
		if (ol_cage_enter(cage) < 0)
			_exit(2);
		unshare_groups();
		if (ol_cage_detect(&inner, &error) < 0 || strncmp(inner.root, "/..", 3) != 0)
			_exit(3);
		if (ol_group_of_process(&inner, getpid(), &group, &error) < 0)
			_exit(4);
		_exit(strcmp(ol_group_path(group), ol_cage_path(cage)) == 0 ? 0 : 5);
	}
	int status;
	waitpid(pid, &status, 0);
	destroy(cage);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3) {
		print_message("# skipped: this user may not make a namespace of groups\n");
		return;
	}
	assert_int_equal(status, 0);
}

/* ---- Read ---- */

static void touch_memory(void) {
	char *bytes =
		mmap(NULL, TOUCHED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)madvise(bytes, TOUCHED_BYTES, MADV_NOHUGEPAGE);
	memset(bytes, 1, TOUCHED_BYTES);
}

/* Memory that nobody maps: shmem, as tmpfs is. */
static void write_file(void) {
	touch_memory();
	int fd = memfd_create("file", MFD_CLOEXEC);
	for (int i = 0; i < FILE_BYTES / 4096; i++) {
		static const char page[4096] = { 1 };
		(void)!write(fd, page, sizeof page);
	}
}

static void assert_about(uint64_t bytes, uint64_t expected_bytes) {
	if (bytes < expected_bytes || bytes > expected_bytes + SLACK_BYTES)
		fail_msg("%llu bytes, expected about %llu", (unsigned long long)bytes,
			(unsigned long long)expected_bytes);
}

static void what_is_touched_is_found_where_it_belongs(void **state) {
	struct ol_cage *cage = make_cage();
	pid_t pid = start_in(cage, write_file);
	struct ol_group *group = open_group(ol_cage_path(cage));
	struct ol_group_facts facts = read_group(group);
	assert_string_equal(facts.path, ol_cage_path(cage));
	assert_string_equal(facts.directory, ol_cage_directory(cage));
	assert_int_equal(facts.memory_version, world.memory_version);
	assert_about(facts.anon_bytes, TOUCHED_BYTES);
	assert_about(facts.shmem_bytes, FILE_BYTES);
	assert_true(facts.file_bytes < SLACK_BYTES);
	assert_true(facts.kernel_bytes > 0 && facts.kernel_bytes < SLACK_BYTES);
	assert_about(facts.look.usage_bytes, TOUCHED_BYTES + FILE_BYTES);
	assert_int_equal(facts.own_limit_bytes, 32 << 20);
	assert_int_equal(facts.look.limit_bytes, 32 << 20);
	assert_string_equal(facts.limiting_group, ol_cage_path(cage));
	assert_int_equal(facts.high_bytes, OL_UNLIMITED);
	assert_int_equal(facts.process_count, 1);
	assert_int_equal(facts.below_process_count, 0);
	assert_int_equal(facts.below_group_count, 0);
	assert_int_equal(facts.look.oom_kill_count, 0);
	assert_false(facts.is_root);
	if (world.has_peak)
		assert_true(facts.look.peak_bytes >= facts.look.usage_bytes);
	if (world.has_swap_limit) {
		assert_int_equal(facts.swap_limit_bytes, 0);
		assert_int_equal(facts.look.swap_bytes, 0);
	}
	if (world.has_pressure)
		assert_true(isfinite(facts.look.stall_percent) && facts.look.stall_ns != OL_NOT_KNOWN);
	ol_group_close(group);
	end_process(pid);
	destroy(cage);
}

static void the_tightest_limit_above_counts_and_is_named(void **state) {
	struct ol_cage *cage = make_cage();
	char directory[OL_PATH_BYTES + 32], path[OL_PATH_BYTES + 32];
	snprintf(directory, sizeof directory, "%s/inner", ol_cage_directory(cage));
	snprintf(path, sizeof path, "%s/inner", ol_cage_path(cage));
	assert_int_equal(mkdir(directory, 0755), 0);
	struct ol_group *group = open_group(path);
	struct ol_group_facts facts = read_group(group);
	/* Version 2 hands the controller down only where it is told to. */
	assert_int_equal(facts.own_limit_bytes, OL_UNLIMITED);
	assert_int_equal(facts.look.limit_bytes, 32 << 20);
	assert_string_equal(facts.limiting_group, ol_cage_path(cage));
	ol_group_close(group);

	struct ol_group *outer = open_group(ol_cage_path(cage));
	facts = read_group(outer);
	assert_int_equal(facts.below_group_count, 1);
	ol_group_close(outer);
	rmdir(directory);
	destroy(cage);
}

/* As in a container: the mount begins below the group whose limit counts. */
static void a_limit_above_the_mount_counts_and_has_no_name(void **state) {
	struct ol_cage *cage = make_cage();
	static struct ol_cage_system inner;
	struct ol_group *group = NULL;
	inner = world;
	assert_int_equal(ol_cage_join_path(inner.mount, ol_cage_directory(cage), "inner", &error), 0);
	assert_int_equal(ol_cage_join_path(inner.root, ol_cage_path(cage), "inner", &error), 0);
	assert_int_equal(mkdir(inner.mount, 0755), 0);
	/* As /proc/PID/cgroup has it, from above. */
	assert_int_equal(ol_group_open(&inner, inner.root, &group, &error), 0);
	struct ol_group_facts facts = read_group(group);
	assert_string_equal(facts.path, "/");
	assert_string_equal(facts.directory, inner.mount);
	assert_string_equal(facts.limiting_group, "");
	/* Version 2 tells nothing of groups above. */
	assert_int_equal(facts.look.limit_bytes, world.memory_version == 1 ? 32 << 20 : OL_UNLIMITED);
	ol_group_close(group);
	assert_int_equal(ol_group_of_process(&inner, getpid(), &group, &error), -EXDEV);
	assert_non_null(strstr(error.message, "from outside of this container"));
	rmdir(inner.mount);
	destroy(cage);
}

static void every_process_here_and_below_is_counted_once(void **state) {
	struct ol_cage *cage = make_cage();
	if (world.memory_version == 2) {
		destroy(cage);
		print_message("# skipped: here a group with processes has none below it\n");
		return;
	}
	char directory[OL_PATH_BYTES + 32], file[OL_PATH_BYTES + 64];
	snprintf(directory, sizeof directory, "%s/inner", ol_cage_directory(cage));
	snprintf(file, sizeof file, "%s/cgroup.procs", directory);
	assert_int_equal(mkdir(directory, 0755), 0);
	pid_t first = start_in(cage, NULL);
	pid_t second = start_in(cage, NULL);
	int fd = open(file, O_WRONLY);
	assert_true(dprintf(fd, "%d", (int)second) > 0);
	close(fd);
	struct ol_group *group = open_group(ol_cage_path(cage));
	struct ol_group_facts facts = read_group(group);
	assert_int_equal(facts.process_count, 1);
	assert_int_equal(facts.below_process_count, 1);
	ol_group_close(group);
	end_process(first);
	end_process(second);
	destroy(cage);
}

/* ---- Watched ---- */

static void overflow_memory(void) {
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 8; i++)
			touch_memory();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void a_look_sees_usage_peak_and_kill(void **state) {
	struct ol_cage *cage = make_cage();
	struct ol_group *group = open_group(ol_cage_path(cage));
	struct ol_group_look look;
	assert_int_equal(ol_group_look(group, &look, &error), 0);
	assert_true(look.usage_bytes < OL_MIB);
	assert_int_equal(look.oom_kill_count, 0);
	pid_t pid = start_in(cage, overflow_memory);
	assert_int_equal(ol_group_look(group, &look, &error), 0);
	assert_int_equal(look.oom_kill_count, 1);
	assert_int_equal(look.limit_bytes, 32 << 20);
	if (world.has_peak)
		assert_int_equal(look.peak_bytes, 32 << 20);
	end_process(pid);
	ol_group_close(group);
	destroy(cage);
}

static void a_kill_in_a_group_below_is_counted_here_too(void **state) {
	struct ol_cage *outer = make_cage();
	struct ol_cage *inner = make_cage_under(&world, ol_cage_path(outer),
		&(struct ol_cage_limits){ .limit_bytes = 16 << 20, .high_bytes = UINT64_MAX });
	struct ol_group *group = open_group(ol_cage_path(outer));
	pid_t pid = start_in(inner, overflow_memory);
	struct ol_group_look look;
	assert_int_equal(ol_group_look(group, &look, &error), 0);
	assert_int_equal(look.oom_kill_count, 1);
	end_process(pid);
	ol_group_close(group);
	destroy(inner);
	destroy(outer);
}

static void a_group_that_is_gone_is_gone_even_if_its_path_is_not(void **state) {
	struct ol_cage *cage = make_cage();
	char directory[OL_PATH_BYTES + 32], path[OL_PATH_BYTES + 32];
	snprintf(directory, sizeof directory, "%s/inner", ol_cage_directory(cage));
	snprintf(path, sizeof path, "%s/inner", ol_cage_path(cage));
	assert_int_equal(mkdir(directory, 0755), 0);
	struct ol_group *group = open_group(path);
	struct ol_group_look look;
	struct ol_group_facts facts;
	assert_int_equal(ol_group_look(group, &look, &error), 0);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_int_equal(ol_group_look(group, &look, &error), -ENOENT);
	assert_non_null(strstr(error.message, "gone"));
	assert_int_equal(ol_group_read(group, &facts, &error), -ENOENT);
	ol_group_close(group);
	assert_int_equal(rmdir(directory), 0);
	destroy(cage);
}

static void the_top_is_the_whole_machine(void **state) {
	struct ol_group *group = open_group("/");
	struct ol_group_facts facts = read_group(group);
	assert_string_equal(facts.path, "/");
	assert_string_equal(facts.directory, world.mount);
	if (strcmp(world.root, "/") == 0 && facts.is_root) {
		assert_int_equal(facts.look.limit_bytes, OL_UNLIMITED);
		assert_string_equal(facts.limiting_group, "");
	}
	ol_group_close(group);
}

/* ---- Listed ---- */

struct expected_cage {
	const char *path;
	int seen_count;
	enum ol_cage_state state;
};

static void note_cage(const char *path, enum ol_cage_state state, void *context) {
	struct expected_cage *expected = context;
	if (strcmp(path, expected->path) != 0)
		return;
	expected->seen_count++;
	expected->state = state;
}

static struct expected_cage find_cage(const char *path) {
	struct expected_cage expected = { .path = path };
	assert_int_equal(ol_group_each_cage(&world, note_cage, &expected, &error), 0);
	return expected;
}

static void cages_are_living_stale_or_kept(void **state) {
	struct ol_cage *cage = make_cage();
	struct expected_cage found = find_cage(ol_cage_path(cage));
	assert_int_equal(found.seen_count, 1);
	assert_int_equal(found.state, OL_CAGE_LIVING);

	/* Inside the cage, where no other lab sweeps. */
	static const struct {
		const char *name;
		int seen_count;
		enum ol_cage_state state;
	} cases[] = {
		{ "oomlab-12-0123456789abcdef", 1, OL_CAGE_STALE },
		{ "oomlab-kept-12-0123456789abcdef", 1, OL_CAGE_KEPT },
		{ "oomlab-kept-12-0123456789abcde", 0, 0 },
		{ "oomlab-12-0123456789abcdefa", 0, 0 },
		{ "oomlab-kept--0123456789abcdef", 0, 0 },
		{ "oomlab-mine", 0, 0 },
		{ "oomlab-lab-12", 0, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char directory[OL_PATH_BYTES + 64], path[OL_PATH_BYTES + 64];
		snprintf(directory, sizeof directory, "%s/%s", ol_cage_directory(cage), cases[i].name);
		snprintf(path, sizeof path, "%s/%s", ol_cage_path(cage), cases[i].name);
		assert_int_equal(mkdir(directory, 0755), 0);
		found = find_cage(path);
		assert_int_equal(found.seen_count, cases[i].seen_count);
		if (cases[i].seen_count > 0)
			assert_int_equal(found.state, cases[i].state);
		/* The look at its lock has left none. */
		int fd = open(directory, O_RDONLY | O_DIRECTORY);
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
		close(fd);
		assert_int_equal(rmdir(directory), 0);
	}
	destroy(cage);
}

static void nothing_is_left_open(void **state) {
	struct ol_cage *cage = make_cage();
	int fd_count = count_fds();
	struct ol_group *group = open_group(ol_cage_path(cage));
	(void)read_group(group);
	(void)find_cage(ol_cage_path(cage));
	ol_group_close(group);
	ol_group_close(NULL);
	(void)ol_group_open(&world, "oomlab-nosuch", &group, &error);
	assert_int_equal(count_fds(), fd_count);
	destroy(cage);
}

int main(void) {
	struct ol_cage *cage = NULL;
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &limits, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_each_hierarchy_names_the_group),
		cmocka_unit_test(a_path_is_told_from_where_the_mount_begins),
		cmocka_unit_test(a_group_is_found_by_path_directory_name_and_process),
		cmocka_unit_test(what_is_no_group_is_refused_with_the_reason),
		cmocka_unit_test(one_of_several_groups_of_a_name_is_not_guessed),
		cmocka_unit_test(a_process_is_found_from_within_a_namespace_of_groups),
		cmocka_unit_test(what_is_touched_is_found_where_it_belongs),
		cmocka_unit_test(the_tightest_limit_above_counts_and_is_named),
		cmocka_unit_test(a_limit_above_the_mount_counts_and_has_no_name),
		cmocka_unit_test(every_process_here_and_below_is_counted_once),
		cmocka_unit_test(a_look_sees_usage_peak_and_kill),
		cmocka_unit_test(a_kill_in_a_group_below_is_counted_here_too),
		cmocka_unit_test(a_group_that_is_gone_is_gone_even_if_its_path_is_not),
		cmocka_unit_test(the_top_is_the_whole_machine),
		cmocka_unit_test(cages_are_living_stale_or_kept),
		cmocka_unit_test(nothing_is_left_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
