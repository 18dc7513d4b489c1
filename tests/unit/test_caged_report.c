/* test_caged_report.c -- What is told of caged programs, from summaries made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "caged_report_html_tests.h"
#include "caged_report_json_tests.h"
#include "caged_report_summary.h"
#include "caged_report_verdict_tests.h"
#include "report/caged_report.h"
#include "report/caged_words.h"
#include "report/sparkline.h"

static const struct ol_style plain = { .columns = 80 };
static const struct ol_style unicode = { .has_unicode = true, .columns = 80 };

/* Large: kept off the stack. */
static struct ol_caged_summary summary;

static void the_recipes_end_reads_as_it_should(void **state) {
	static const char expected[] =
		" cage       limit 95.4 MiB - no swap - cgroup hybrid (memory on v1) - watched\n"
		"            every 10.0 ms\n"
		"\n"
		" X OOM-KILLED by the cage's limit: the command, python3 (pid 123)\n"
		" evidence   signal 9 (SIGKILL) - oom_kill +1 - limit: own - took 12.30 s\n"
		" killed     12.30 s: python3 (pid 123), the command, 95.0 MiB of its own\n"
		" kernel     \"Memory cgroup out of memory: Killed process 123 (python3)\n"
		"            total-vm:104372kB, anon-rss:97280kB\"\n"
		" peak       95.4 MiB (99999744 bytes), 100.0 % of the limit in whole pages -\n"
		"            largest process 95.0 MiB\n"
		" above      50 % for 1.20 s - 75 % for 800.0 ms - 90 % for 300.0 ms\n"
		" faults     12 pages had to be read in (major faults)\n"
		" CPU        user 1.20 s - system 300.0 ms - 12 % of the time\n"
		" usage      ...........:::::::::::-----------===========+++++++++++*********###\n"
		"            0                 # is the limit, 95.4 MiB                  12.30 s\n"
		" why        It wanted more than the cage's 95.4 MiB: 95.0 MiB was the command's\n"
		"            own, the other 376.0 KiB what the kernel holds for it, files, and\n"
		"            other processes. It was seen above 90 % for 300.0 ms before the\n"
		"            end: --watchdog=90% tells it then.\n"
		"\n";
	make_caged_victim(&summary);
	OL_AUTO_FREE char *text = caged_report_of(plain, &summary);
	assert_string_equal(text, expected);
}

static void five_kills_are_told_and_the_others_counted(void **state) {
	make_caged_victim(&summary);
	for (int32_t pid = 200; summary.kill_told_count < OL_KILLS_MAX; pid++)
		add_caged_kill(&summary, pid, "worker", false);
	summary.kill_count = 40;
	OL_AUTO_FREE char *text = caged_report_of((struct ol_style){ .columns = 100 }, &summary);
	assert_non_null(strstr(text, "12.30 s: worker (pid 203), 95.0 MiB of its own\n"));
	assert_null(strstr(text, "pid 204"));
	assert_non_null(strstr(text, "\n            and 35 more\n"));
	assert_non_null(strstr(text, "(pid 123), and 39 more of its processes"));
}

static void what_a_program_calls_itself_does_not_reach_the_terminal(void **state) {
	static const char hostile[] = "a\nb\033[2J\a\xff\xc2\x9b";
	make_caged_victim(&summary);
	set_text(summary.kills[0].name, sizeof summary.kills[0].name, hostile);
	set_text(summary.kills[0].limiting_group, OL_PATH_BYTES, hostile);
	set_text(summary.evidence.kernel_line, sizeof summary.evidence.kernel_line, hostile);
	set_text(summary.evidence.limiting_group, OL_PATH_BYTES, hostile);
	set_text(summary.dump_directory, sizeof summary.dump_directory, hostile);
	summary.kills[0].limited_by = OL_LIMITED_BY_ANCESTOR;
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	struct ol_event event = { .kind = "watchdog" };
	set_text(event.text, sizeof event.text, hostile);
	ol_caged_text_kill(stream, unicode, &summary.kills[0]);
	ol_caged_text_event(stream, unicode, &event);
	ol_caged_text_end(stream, unicode, &summary);
	fclose(stream);
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strchr(text, '\xff'));
	assert_non_null(strstr(text, " killed     12.30 s: a?b?[2J"));
	free(text);
}

static void without_its_colours_a_report_is_the_same_text(void **state) {
	make_caged_victim(&summary);
	OL_AUTO_FREE char *text = caged_report_of(unicode, &summary);
	struct ol_style style = unicode;
	style.has_color = true;
	OL_AUTO_FREE char *coloured = caged_report_of(style, &summary);
	/* The end of the curve, where the cage is nearly full. */
	assert_non_null(strstr(coloured, "\033[31m█"));
	char *out = coloured;
	for (const char *in = coloured; *in != '\0';) {
		if (*in == '\033')
			in += strcspn(in, "m") + 1;
		else
			*out++ = *in++;
	}
	*out = '\0';
	assert_string_equal(coloured, text);
}

static char *watched(struct ol_style style, uint64_t limit_bytes) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	struct ol_caged_sample sample = { .at_ns = 1200 * OL_NS_PER_MS, .cage_bytes = 50 * OL_MIB };
	make_caged_survivor(&summary);
	summary.spec.limit_bytes = limit_bytes;
	ol_caged_text_watch(stream, style, &summary, &sample);
	sample.cage_bytes = 70 * OL_MIB; /* Above the peak that is known. */
	ol_caged_text_watch(stream, style, &summary, &sample);
	ol_caged_text_watch_end(stream, style);
	fclose(stream);
	return text;
}

static void what_is_watched_is_a_line_a_look_or_one_line_redrawn(void **state) {
	OL_AUTO_FREE char *lines = watched(plain, 100 * OL_MIB);
	assert_string_equal(lines,
		"     1.20 s   50.0 MiB of 100.0 MiB  50 %  peak 60.0 MiB ###########...........\n"
		"     1.20 s   70.0 MiB of 100.0 MiB  70 %  peak 70.0 MiB ###############.......\n");
	struct ol_style terminal = { .columns = 60, .is_terminal = true };
	OL_AUTO_FREE char *redrawn = watched(terminal, 100 * OL_MIB);
	assert_string_equal(redrawn,
		"\r\033[K   50.0 MiB of 100.0 MiB  50 %  peak 60.0 MiB #######......"
		"\r\033[K   70.0 MiB of 100.0 MiB  70 %  peak 70.0 MiB #########...."
		"\r\033[K");
	terminal.columns = 40;
	OL_AUTO_FREE char *narrow = watched(terminal, UINT64_MAX);
	assert_non_null(strstr(narrow, "\r\033[K   50.0 MiB  peak 60.0 MiB \r"));
}

static void a_kill_is_told_in_one_line_with_its_limit(void **state) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	make_caged_victim(&summary);
	struct ol_oom_kill kill = summary.kills[0];
	ol_caged_text_kill(stream, (struct ol_style){ .columns = 100 }, &kill);
	kill.limited_by = OL_LIMITED_BY_NONE;
	kill.anon_bytes = 0;
	ol_caged_text_kill(stream, unicode, &kill);
	fclose(stream);
	assert_string_equal(text,
		" X 12.30 s: the kernel killed python3 (pid 123), 95.0 MiB of its own, at the "
		"cage's limit\n"
		" ✗ 12.30 s: the kernel killed python3 (pid 123), for want of memory\n");
	free(text);
}

static void adoption_is_said_to_leave_old_pages_where_they_are(void **state) {
	make_caged_survivor(&summary);
	summary.spec.adopted_pid = 123;
	summary.spec.watchdog = (struct ol_watchdog_spec){ .is_on = 1, .threshold_bytes = OL_MIB };
	OL_AUTO_FREE char *text = caged_report_of((struct ol_style){ .columns = 160 }, &summary);
	assert_non_null(strstr(text, "watched every 10.0 ms - watchdog at 1.0 MiB\n"));
	assert_non_null(strstr(text,
		"\n adopted    pid 123: what it touches from now on is charged to this cage; what it holds "
		"already stays"));
}

static char *curve(const uint64_t *bytes, size_t count, unsigned cells) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	ol_sparkline_put(stream, plain, bytes, count, cells, 80, UINT64_MAX);
	fclose(stream);
	return text;
}

static void a_cell_of_a_curve_shows_the_most_of_its_time(void **state) {
	static const uint64_t bytes[] = { 0, 10, 79, 9, 80, 200, 20, 21 };
	static const struct {
		size_t count;
		unsigned cells;
		const char *text;
	} cases[] = {
		{ 8, 8, ".:#.##--" },
		{ 8, 4, ":##-" },
		{ 8, 3, "###" }, /* A point that two cells share counts in both. */
		{ 3, 7, "..::###" },
		{ 1, 3, "..." },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		OL_AUTO_FREE char *text = curve(bytes, cases[i].count, cases[i].cells);
		assert_string_equal(text, cases[i].text);
	}
}

static void a_curve_without_points_is_left_out(void **state) {
	make_caged_survivor(&summary);
	summary.usage_count = 0;
	summary.wall_ns = 0;
	summary.peak_bytes = 0;
	OL_AUTO_FREE char *text = caged_report_of(plain, &summary);
	assert_null(strstr(text, "usage"));
	assert_non_null(strstr(text, " peak       largest process 58.0 MiB\n"));
	assert_non_null(strstr(text, "How full the cage was is not known."));
	summary.spec.limit_bytes = UINT64_MAX;
	summary.usage_count = 3;
	OL_AUTO_FREE char *unknown = caged_report_of(plain, &summary);
	assert_non_null(strstr(unknown, " usage "));
}

static void a_watchdog_tells_what_it_did_and_what_looks_would_have_missed(void **state) {
	static const struct {
		struct ol_watchdog_spec spec;
		struct ol_watchdog_facts facts;
		const char *text;
	} cases[] = {
		{ { 0 }, { 0 }, "" },
		{ { .is_on = 1, .threshold_bytes = 90 << 20, .every_ns = 15 * OL_NS_PER_S },
			{ .crossed_at_ns = UINT64_MAX, .acted_at_ns = UINT64_MAX, .peak_bytes = 1 << 20 },
			"had nothing to do: usage never reached 90.0 MiB" },
		{ { .is_on = 1, .threshold_bytes = 90 << 20, .every_ns = 15 * OL_NS_PER_S },
			{ .crossed_at_ns = 7, .acted_at_ns = UINT64_MAX },
			"did not act, though usage reached 90.0 MiB before the first of its looks every "
			"15.00 s" },
		{ { .is_on = 1, .threshold_bytes = 90 << 20, .every_ns = 15 * OL_NS_PER_S, .measure = 1 },
			{ .crossed_at_ns = 7,
				.acted_at_ns = UINT64_MAX,
				.look_count = 2,
				.seen_bytes_max = 4 << 20,
				.missed_count = 1,
				.missed_bytes = 26 << 20,
				.missed_ns = 120 * OL_NS_PER_MS },
			"did not act, though resident memory reached 90.0 MiB: its 2 looks, every 15.00 s, saw "
			"at most 4.0 MiB; looks alone missed one spike to the threshold, 26.0 MiB above what "
			"the look before saw, for 120.0 ms" },
		{ { .is_on = 1, .threshold_bytes = 90 << 20, .every_ns = OL_NS_PER_S, .wants_notice = 1 },
			{ .way = OL_WATCHDOG_LOOK,
				.below_at_ns = 100 * OL_NS_PER_MS,
				.crossed_at_ns = 200 * OL_NS_PER_MS,
				.acted_at_ns = 400 * OL_NS_PER_MS,
				.acted_bytes = 92 << 20,
				.look_count = 1,
				.missed_count = 3,
				.missed_bytes = 1 << 20,
				.missed_ns = 5 },
			"acted on a look at 92.0 MiB, 200.0 ms to 300.0 ms after usage crossed 90.0 MiB; the "
			"end took 0 ns; looks alone missed 3 spikes to the threshold, the highest 1.0 MiB "
			"above what the look before saw, for 5 ns; the kernel could not be asked to tell" },
		{ { .is_on = 1, .threshold_bytes = 90 << 20, .every_ns = OL_NS_PER_S },
			{ .way = OL_WATCHDOG_NOTICE,
				.crossed_at_ns = 7,
				.acted_at_ns = 7,
				.acted_bytes = 92 << 20,
				.next_look_ns = 5,
				.missed_count = 2,
				.missed_bytes = 92 << 20,
				.missed_ns = 3 },
			"acted on the kernel's notice at 92.0 MiB, at most 7 ns after usage crossed 90.0 MiB; "
			"the next of its looks every 1.00 s was 5 ns away; looks alone missed 2 spikes to the "
			"threshold, the highest 92.0 MiB, for 3 ns" },
		{ { .is_on = 1, .threshold_bytes = 90 << 20, .every_ns = 0, .wants_notice = 1 },
			{ .way = OL_WATCHDOG_NOTICE,
				.has_notice = 1,
				.crossed_at_ns = UINT64_MAX,
				.acted_at_ns = 7,
				.acted_bytes = 90 << 20,
				.next_look_ns = UINT64_MAX },
			"acted on the kernel's notice at 90.0 MiB, before any sample had seen usage cross 90.0 "
			"MiB" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[1024];
		struct ol_watchdog_facts facts = cases[i].facts;
		facts.ended_at_ns = facts.way == OL_WATCHDOG_LOOK ? facts.acted_at_ns : UINT64_MAX;
		struct ol_words words = ol_words_in(text, sizeof text);
		ol_words_add_watchdog(&words, &cases[i].spec, &facts);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recipes_end_reads_as_it_should),
		cmocka_unit_test(each_way_to_end_has_its_verdict_and_its_reason),
		cmocka_unit_test(the_verdict_alone_is_the_reports_first_line),
		cmocka_unit_test(no_report_is_wider_than_its_columns),
		cmocka_unit_test(five_kills_are_told_and_the_others_counted),
		cmocka_unit_test(what_a_program_calls_itself_does_not_reach_the_terminal),
		cmocka_unit_test(without_its_colours_a_report_is_the_same_text),
		cmocka_unit_test(what_is_watched_is_a_line_a_look_or_one_line_redrawn),
		cmocka_unit_test(a_kill_is_told_in_one_line_with_its_limit),
		cmocka_unit_test(adoption_is_said_to_leave_old_pages_where_they_are),
		cmocka_unit_test(a_cell_of_a_curve_shows_the_most_of_its_time),
		cmocka_unit_test(a_curve_without_points_is_left_out),
		cmocka_unit_test(a_watchdog_tells_what_it_did_and_what_looks_would_have_missed),
		cmocka_unit_test(a_cages_summary_has_every_field_and_reads_back),
		cmocka_unit_test(what_is_unknown_of_a_cage_is_null),
		cmocka_unit_test(hostile_text_of_a_caged_program_still_makes_valid_json),
		cmocka_unit_test(a_cages_record_is_read_as_a_runs_is),
		cmocka_unit_test(a_full_disk_spoils_a_cages_summary_aloud),
		cmocka_unit_test(a_page_has_every_gap_filled_and_nothing_that_breaks_out),
		cmocka_unit_test(a_page_lists_kills_and_events_in_the_order_of_time),
		cmocka_unit_test(a_page_takes_the_place_of_what_was_there_and_its_mode),
		cmocka_unit_test(a_page_that_cannot_be_written_is_refused_with_its_reason),
		cmocka_unit_test(a_page_that_does_not_fit_leaves_what_was_there),
		cmocka_unit_test(looking_whether_a_page_can_be_written_leaves_nothing),
	};
	return cmocka_run_group_tests_name("caged_report", tests, NULL, NULL);
}
