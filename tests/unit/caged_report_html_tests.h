/* caged_report_html_tests.h -- The HTML of a cage as a file: whole, escaped, or refused.
 *
 * Part of test_caged_report.c; how it looks and works is for tests/http/cage_report_test.mjs. */
#ifndef TESTS_CAGED_REPORT_HTML_TESTS_H
#define TESTS_CAGED_REPORT_HTML_TESTS_H

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "caged_report_summary.h"
#include "report/caged_report.h"

enum { PAGE_BYTES_MAX = 1 << 20 };

static struct ol_caged_summary page_facts;
static char page_directory[] = "/tmp/oomlab-page-XXXXXX";
static char page_path[sizeof page_directory + 32];
static char page_text[PAGE_BYTES_MAX];

/* A directory of the test's own, empty. */
static void begin_pages(void) {
	strcpy(page_directory + sizeof page_directory - 7, "XXXXXX");
	assert_non_null(mkdtemp(page_directory));
	snprintf(page_path, sizeof page_path, "%s/page.html", page_directory);
	make_caged_victim(&page_facts);
}

static int write_page(struct ol_error *error) {
	static const struct ol_caged_sample samples[] = { { 1, 2, 3 }, { 4, 5, 6 } };
	return ol_caged_html_write(page_path, &page_facts, samples, 2, NULL, 0, error);
}

static const char *read_page(void) {
	assert_true(ol_file_read(page_path, page_text, sizeof page_text, NULL) > 0);
	return page_text;
}

static unsigned count_of_files(void) {
	unsigned count = 0;
	DIR *directory = opendir(page_directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

static void end_pages(unsigned expected_count) {
	unsigned count = count_of_files();
	unlink(page_path);
	assert_int_equal(rmdir(page_directory), 0);
	assert_int_equal(count, expected_count);
}

static unsigned count_of(const char *text, const char *part) {
	unsigned count = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static void a_page_has_every_gap_filled_and_nothing_that_breaks_out(void **state) {
	static const char hostile[] = "</script><script>&\"'\xe2\x80\xae\xff\033";
	static const char *const gaps[] = { "policy", "style", "script", "title", "command", "tone",
		"mark", "verdict", "why", "evidence", "curve", "curve-words", "facts", "events", "made-by",
		"data" };
	begin_pages();
	set_text(page_facts.spec.command, OL_COMMAND_BYTES, hostile);
	set_text(page_facts.kills[0].name, OL_PROCESS_NAME_BYTES, "</script>");
	set_text(page_facts.evidence.kernel_line, OL_TEXT_BYTES, hostile);
	set_text(page_facts.dump_directory, OL_PATH_BYTES, hostile);
	assert_int_equal(write_page(NULL), 0);
	const char *text = read_page();
	for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
		char gap[32];
		snprintf(gap, sizeof gap, "{{%s}}", gaps[i]);
		assert_null(strstr(text, gap));
	}
	/* The chart's data, and the page's own. */
	assert_int_equal(count_of(text, "</script"), 2);
	assert_int_equal(count_of(text, "<script"), 2);
	assert_null(strchr(text, '\xff'));
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "\">&\""));
	/* The mark that turns text round: in the data only, where nothing is shown. */
	assert_int_equal(count_of(text, "\xe2\x80\xae"), 3);
	assert_non_null(
		strstr(text, "<code class=\"subtitle command\">&#60;/script&#62;&#60;script&#62;"
					 "&#38;&#34;&#39;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</code>"));
	assert_non_null(strstr(text, "\"command\":\"\\u003c/script>\\u003cscript>&\\\"'"));
	end_pages(1);
}

static void a_page_lists_kills_and_events_in_the_order_of_time(void **state) {
	static const char *const marks[] = { "first event", "(pid 124)", "second event", "(pid 125)",
		"third event", "the command&#39;s end" };
	struct ol_event events[] = { { .at_ns = 1 * OL_NS_PER_S, .kind = "log", .text = "first event" },
		{ .at_ns = 3 * OL_NS_PER_S, .kind = "log", .text = "second event" },
		{ .at_ns = 5 * OL_NS_PER_S, .kind = "log", .text = "third event" } };
	begin_pages();
	make_caged_parent(&page_facts);
	add_caged_kill(&page_facts, 125, "worker", false);
	page_facts.kills[0].at_ns = 2 * OL_NS_PER_S;
	page_facts.kills[1].at_ns = 4 * OL_NS_PER_S;
	assert_int_equal(ol_caged_html_write(page_path, &page_facts, NULL, 0, events, 3, NULL), 0);
	const char *text = strstr(read_page(), "<table class=\"events\">");
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		text = strstr(text, marks[i]);
		if (text == NULL)
			fail_msg("%s comes too early, or not at all", marks[i]);
	}
	end_pages(1);
}

static void a_page_takes_the_place_of_what_was_there_and_its_mode(void **state) {
	char link_path[sizeof page_path + 8];
	struct stat facts;
	begin_pages();
	FILE *stream = fopen(page_path, "we");
	fputs("what was there", stream);
	fclose(stream);
	assert_int_equal(chmod(page_path, 0640), 0);
	/* Through a link: the link stays one. */
	snprintf(link_path, sizeof link_path, "%s.link", page_path);
	assert_int_equal(symlink(page_path, link_path), 0);
	assert_int_equal(ol_caged_html_write(link_path, &page_facts, NULL, 0, NULL, 0, NULL), 0);
	assert_int_equal(lstat(link_path, &facts), 0);
	assert_true(S_ISLNK(facts.st_mode));
	assert_int_equal(stat(page_path, &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0640);
	assert_int_equal(strncmp(read_page(), "<!doctype html>", 15), 0);
	unlink(link_path);
	end_pages(1);
}

static void a_page_that_cannot_be_written_is_refused_with_its_reason(void **state) {
	struct ol_error reason;
	begin_pages();
	assert_int_equal(ol_caged_html_check("/nonexistent/page.html", &reason), -ENOENT);
	assert_non_null(strstr(reason.message, "/nonexistent/page.html"));
	assert_int_equal(ol_caged_html_check(page_directory, &reason), -EISDIR);
	assert_non_null(strstr(reason.message, page_directory));
	assert_int_equal(ol_caged_html_check("/dev/null/page.html", &reason), -ENOTDIR);
	assert_int_equal(ol_caged_html_check("", &reason), -ENOENT);
	/* A device is written to, and stays one. */
	struct stat facts;
	assert_int_equal(
		ol_caged_html_write("/dev/full", &page_facts, NULL, 0, NULL, 0, &reason), -ENOSPC);
	assert_non_null(strstr(reason.message, "/dev/full"));
	assert_int_equal(ol_caged_html_write("/dev/null", &page_facts, NULL, 0, NULL, 0, &reason), 0);
	assert_int_equal(stat("/dev/null", &facts), 0);
	assert_true(S_ISCHR(facts.st_mode));
	end_pages(0);
}

static void a_page_that_does_not_fit_leaves_what_was_there(void **state) {
	struct ol_error reason;
	struct rlimit old_limit, small = { 5000, 5000 };
	begin_pages();
	FILE *stream = fopen(page_path, "we");
	fputs("what was there", stream);
	fclose(stream);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
	small.rlim_max = old_limit.rlim_max;
	void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int result = write_page(&reason);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
	signal(SIGXFSZ, old_handler);
	assert_int_equal(result, -EFBIG);
	assert_non_null(strstr(reason.message, page_path));
	assert_string_equal(read_page(), "what was there");
	end_pages(1);
}

static void looking_whether_a_page_can_be_written_leaves_nothing(void **state) {
	begin_pages();
	assert_int_equal(ol_caged_html_check(page_path, NULL), 0);
	assert_int_equal(count_of_files(), 0);
	assert_int_equal(write_page(NULL), 0);
	struct stat before, after;
	assert_int_equal(stat(page_path, &before), 0);
	assert_int_equal(ol_caged_html_check(page_path, NULL), 0);
	assert_int_equal(stat(page_path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	/* Would wait for a reader, were it opened. */
	unlink(page_path);
	assert_int_equal(mkfifo(page_path, 0600), 0);
	assert_int_equal(ol_caged_html_check(page_path, NULL), 0);
	end_pages(1);
}

#endif
