/* test_dump.c -- What a program leaves behind: for its owner alone, whatever lies in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dump_faults_tests.h"
#include "dump_pprof_tests.h"
#include "dump_support.h"

static void a_dump_is_for_its_owner_alone_whatever_the_umask(void **state) {
	static const mode_t masks[] = { 0, 0777 };
	for (size_t i = 0; i < 2; i++) {
		mode_t before = umask(masks[i]);
		struct ol_dump *dump = create_dump();
		assert_int_equal(ol_dump_add(dump, "stats.txt", "held: 1\n", 8, &error), 0);
		int status = write_and_finish(dump);
		umask(before);
		assert_int_equal(status, 0);
		assert_int_equal(stat_of(".").st_mode, S_IFDIR | 0700);
		assert_int_equal(stat_of("stats.txt").st_mode, S_IFREG | 0600);
		char text[16];
		read_end("stats.txt", text, sizeof text);
		assert_string_equal(text, "held: 1\n");
		ol_dump_destroy(dump);
	}
}

static void its_name_tells_of_whom_and_when_it_is(void **state) {
	struct ol_dump *dump;
	assert_int_equal(ol_dump_create(parent, "my prog/../x", &dump, &error), 0);
	assert_int_equal(write_and_finish(dump), 0);
	char start[OL_PATH_BYTES];
	path_in(parent, "oomlab-my-prog-..-x-2", start);
	assert_memory_equal(directory, start, strlen(start));
	char rest[64];
	snprintf(rest, sizeof rest, "Z-%d", (int)getpid());
	assert_string_equal(strrchr(directory, 'Z'), rest);
	ol_dump_destroy(dump);
}

static void nothing_is_made_before_it_is_to_be_written(void **state) {
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add(dump, "stats.txt", "x", 1, &error), 0);
	assert_int_equal(entry_count(parent), 0);
	ol_dump_destroy(dump);
	assert_int_equal(entry_count(parent), 0);
	ol_dump_destroy(NULL);
}

/* Links that lie where the dump of any of the next seconds would be made. */
static void a_link_that_lies_in_its_way_is_not_followed(void **state) {
	enum { SECONDS = 30 };
	char elsewhere[OL_PATH_BYTES];
	path_in(parent, "elsewhere", elsewhere);
	assert_int_equal(mkdir(elsewhere, 0777), 0);
	time_t now = time(NULL);
	for (time_t at = now; at < now + SECONDS; at++) {
		char moment[32];
		struct tm broken_down;
		strftime(moment, sizeof moment, "%Y%m%dT%H%M%SZ", gmtime_r(&at, &broken_down));
		char name[64];
		snprintf(name, sizeof name, "oomlab-spike-%s-%d", moment, (int)getpid());
		char link[OL_PATH_BYTES];
		path_in(parent, name, link);
		assert_int_equal(symlink(elsewhere, link), 0);
	}
	for (int attempt = 0; attempt < 3; attempt++) {
		struct ol_dump *dump = create_dump();
		assert_int_equal(ol_dump_add(dump, "stats.txt", "x", 1, &error), 0);
		assert_int_equal(write_and_finish(dump), 0);
		assert_int_equal(stat_of("stats.txt").st_size, 1);
		assert_int_equal(stat_of(".").st_mode, S_IFDIR | 0700);
		ol_dump_destroy(dump);
	}
	assert_int_equal(entry_count(elsewhere), 0);
	assert_int_equal(entry_count(parent), 1 + SECONDS + 3);
}

static void what_does_not_fit_is_cut_and_its_end_says_so(void **state) {
	static char large[40 << 20];
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add(dump, "a", large, sizeof large, &error), 0);
	assert_int_equal(ol_dump_add(dump, "b", large, sizeof large, &error), 0);
	assert_int_equal(ol_dump_add(dump, "c", large, sizeof large, &error), -ENOSPC);
	assert_int_equal(write_and_finish(dump), 0);
	ol_dump_destroy(dump);
	assert_int_equal(stat_of("a").st_size, sizeof large);
	assert_in_range(stat_of("b").st_size, OL_DUMP_BYTES_MAX - sizeof large - 100,
		OL_DUMP_BYTES_MAX - sizeof large);
	static const char note[] = "\n[cut here: 25165728 bytes fitted into the dump]\n";
	char text[sizeof note];
	read_end("b", text, sizeof text);
	assert_string_equal(text, note);
	assert_int_equal(entry_count(directory), 2);
}

static void a_file_too_many_or_of_a_known_name_is_left_out(void **state) {
	struct ol_dump *dump = create_dump();
	for (char name[] = "a"; name[0] < 'a' + OL_DUMP_FILES_MAX; name[0]++) {
		assert_int_equal(ol_dump_add(dump, name, "", 0, &error), 0);
		int status = ol_dump_add(dump, name, "", 0, &error);
		assert_int_equal(status, name[0] == 'a' + OL_DUMP_FILES_MAX - 1 ? -ENOSPC : -EEXIST);
	}
	assert_int_equal(write_and_finish(dump), 0);
	assert_int_equal(entry_count(directory), OL_DUMP_FILES_MAX);
	ol_dump_destroy(dump);
}

static void a_file_of_the_kernels_is_copied_whole(void **state) {
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add_copy(dump, "status", "/proc/self/status", &error), 0);
	/* Longer than what is read at once. */
	assert_int_equal(ol_dump_add_copy(dump, "test", "/proc/self/exe", &error), 0);
	assert_int_equal(write_and_finish(dump), 0);
	char text[4096];
	read_end("status", text, sizeof text);
	assert_non_null(strstr(text, "VmRSS:"));
	struct stat executable;
	assert_int_equal(stat("/proc/self/exe", &executable), 0);
	assert_int_equal(stat_of("test").st_size, executable.st_size);
	ol_dump_destroy(dump);
}

static void a_file_that_is_gone_or_none_is_left_out_without_waiting(void **state) {
	char pipe_path[OL_PATH_BYTES];
	path_in(parent, "pipe", pipe_path);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	struct ol_dump *dump = create_dump();
	assert_int_equal(ol_dump_add_copy(dump, "a", "/proc/0/smaps_rollup", &error), -ENOENT);
	assert_non_null(strstr(error.message, "/proc/0/smaps_rollup"));
	assert_int_equal(ol_dump_add_copy(dump, "b", pipe_path, &error), -EINVAL);
	assert_int_equal(ol_dump_add_copy(dump, "c", parent, &error), -EINVAL);
	assert_int_equal(write_and_finish(dump), 0);
	assert_int_equal(entry_count(directory), 0);
	ol_dump_destroy(dump);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, begin, end)
#define STOPPED(name) cmocka_unit_test_setup_teardown(name, begin, end_stopped)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_dump_is_for_its_owner_alone_whatever_the_umask),
		TEST(its_name_tells_of_whom_and_when_it_is),
		TEST(nothing_is_made_before_it_is_to_be_written),
		TEST(a_link_that_lies_in_its_way_is_not_followed),
		TEST(what_does_not_fit_is_cut_and_its_end_says_so),
		TEST(a_file_too_many_or_of_a_known_name_is_left_out),
		TEST(a_file_of_the_kernels_is_copied_whole),
		TEST(a_file_that_is_gone_or_none_is_left_out_without_waiting),
		TEST(a_parent_that_cannot_be_used_is_refused_before_the_program_runs),
		TEST(a_parent_that_may_not_be_written_to_is_refused_before_the_program_runs),
		TEST(a_parent_that_is_removed_meanwhile_is_told_of),
		TEST(a_file_that_is_too_large_is_named_and_the_others_are_written),
		TEST(a_full_disk_is_told_with_the_files_name),
		STOPPED(a_writer_that_hangs_is_ended_in_time_and_what_it_wrote_stays),
		STOPPED(the_writer_stands_alone_with_nothing_open_that_it_does_not_need),
		STOPPED(a_writer_at_work_is_ended_with_its_dump),
		STOPPED(a_writer_that_somebody_ended_is_told_of),
		TEST(a_writer_ends_its_work_though_the_lab_is_gone),
		TEST(what_is_more_than_memory_is_left_out_and_the_rest_is_written),
		TEST(a_profile_is_byte_for_byte_what_the_format_says),
		TEST(what_is_compressed_comes_out_the_same),
		TEST(gzip_finds_nothing_wrong_with_a_profile),
		TEST(pprof_reads_every_figure_of_a_profile),
		TEST(pprof_shows_what_is_held_and_by_which_line_and_tag),
		TEST(a_profile_of_as_many_places_as_there_may_be_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
