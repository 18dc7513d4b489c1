/* test_report.c -- What people read and what programs read, from summaries made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/cells.h"
#include "report/report.h"
#include "report/utf8.h"
#include "report_explain_tests.h"
#include "report_gctrace_tests.h"
#include "report_json_tests.h"
#include "report_summary.h"

static const struct ol_style plain = { .columns = 80 };
static const struct ol_style unicode = { .has_unicode = true, .columns = 80 };

/* Large: kept off the stack. */
static struct ol_run_summary summary;
static struct ol_error error;

/* Writes a whole report into memory, as the supervisor would have it written. */
static char *report_of(struct ol_style style, const struct ol_run_summary *facts) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	struct ol_text_report *report;
	static struct ol_run_summary known; /* What the supervisor knows so far. */
	known = (struct ol_run_summary){ .spec = facts->spec, .cage = facts->cage };
	assert_int_equal(ol_text_report_create(stream, style, &report, &error), 0);
	ol_text_report_start(report, &known);
	known.baseline_bytes = facts->baseline_bytes;
	for (uint64_t i = 0; i < facts->phase_count && i < OL_PHASES_MAX; i++) {
		struct ol_event event = { .kind = "log", .text = "filled a slab" };
		struct ol_gc_cycle cycle = {
			.number = i + 1, .start_bytes = 4 << 20, .marked_bytes = 4096
		};
		cycle.next_goal_bytes = 4 << 20;
		ol_text_report_phase_begin(report, &facts->phases[i]);
		ol_text_report_event(report, &event);
		if (i == 0)
			ol_text_report_gc(report, &cycle);
		if (i + 1 == facts->phase_count)
			known = *facts;
		ol_text_report_phase_end(report, &facts->phases[i]);
	}
	ol_text_report_end(report, facts);
	ol_text_report_destroy(report);
	fclose(stream);
	return text;
}

static void the_default_run_reads_as_it_should(void **state) {
	static const char expected[] =
		"\n"
		" spike: A spike, released, then a little more\n"
		" cage       limit 32.0 MiB - no swap - cgroup hybrid (memory on v1)\n"
		" policy     go (go1.19) - GOGC 100 - no memory limit - stop-the-world\n"
		" options    gc=false\n"
		"\n"
		" phase (MiB)       asked    heap next GC  garbage    cage  of 32.0\n"
		" ----------------------------------------------------------------------------\n"
		" baseline              -       -       -        -     0.7  #.................\n"
		"    filled a slab\n"
		"    gc 1: heap 4.0 MiB, 4.0 KiB of it live, next planned at 4.0 MiB\n"
		" spike              28.8    28.8    57.9!    28.8    29.6  #%%%%%%%%%%%%%%%%.\n"
		"    filled a slab\n"
		" a little more       3.2    32.0    57.9!    28.8    32.0  ##%%%%%%%%%%%%%%%% X\n"
		" # in use   % garbage   . free   ! beyond the limit\n"
		"\n"
		" X OOM-KILLED by the cage's limit in \"a little more\", 2.9 of 3.2 MiB touched\n"
		" evidence   signal 9 (SIGKILL) - oom_kill +1 - limit: own - took 21.3 ms\n"
		" kernel     \"Memory cgroup out of memory: Killed process 42 (oomlab-subject)\"\n"
		" why        28.8 MiB of the heap was garbage, but the next collection was\n"
		"            planned at 57.9 MiB, 25.9 MiB beyond the limit of 32.0 MiB, so\n"
		"            nothing asked for one before the cage was full. Run again with --gc\n"
		"            to see the difference.\n"
		"\n";
	make_killed(&summary);
	OL_AUTO_FREE char *text = report_of(plain, &summary);
	assert_string_equal(text, expected);
}

static void options_are_told_where_they_have_a_value(void **state) {
	make_survived(&summary);
	summary.spec.option_count = 4;
	summary.spec.options[0] =
		(struct ol_option_value){ .name = "chunk", .type = OL_OPTION_BYTES, .is_unset = 1 };
	summary.spec.options[1] =
		(struct ol_option_value){ .name = "first", .type = OL_OPTION_SHARE, .number = 0.625 };
	summary.spec.options[2] =
		(struct ol_option_value){ .name = "second", .type = OL_OPTION_SHARE, .is_unset = 1 };
	summary.spec.options[3] =
		(struct ol_option_value){ .name = "size", .type = OL_OPTION_BYTES, .integer = 65536 };
	OL_AUTO_FREE char *text = report_of(plain, &summary);
	assert_non_null(strstr(text, "\n options    first=62.5%, size=64.0 KiB\n"));
	summary.spec.option_count = 1;
	OL_AUTO_FREE char *none = report_of(plain, &summary);
	assert_null(strstr(none, "options"));
}

static void pauses_are_told_in_a_line_only_where_there_were_any(void **state) {
	make_survived(&summary);
	OL_AUTO_FREE char *without = report_of(plain, &summary);
	assert_null(strstr(without, "pauses"));
	summary.last_words.pauses = (struct ol_pauses){ 12, 1500000, 31900, 210000, 400000 };
	OL_AUTO_FREE char *text = report_of(plain, &summary);
	assert_non_null(
		strstr(text, "\n pauses     12: p50 31.9 us, p99 210.0 us, max 400.0 us\n why "));
}

static void a_run_that_survives_tells_how_close_it_was_and_what_made_room(void **state) {
	make_survived(&summary);
	OL_AUTO_FREE char *text = report_of(plain, &summary);
	assert_non_null(strstr(text, " + SURVIVED: the cage peaked at 29.6 MiB of 32.0 MiB\n"));
	assert_non_null(strstr(text, "2 collections, 1 of them asked"));
	assert_non_null(strstr(text, "- kept for reuse"));
	assert_null(strstr(text, "% garbage"));
	assert_null(strstr(text, "!"));
	assert_null(strstr(text, "X"));
}

/* Where the number columns end and the bar begins must not depend on names or figures. */
static void check_columns(const char *text, struct ol_style style) {
	unsigned bar_columns = 0, rows = 0;
	OL_AUTO_FREE char *copy = strdup(text);
	char *rest = copy;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		unsigned width = ol_cells_width(style, line);
		assert_true(width <= style.columns);
		char *bar = strstr(line, style.has_unicode ? "█" : "#");
		/* Rows only: the legend shows its marks too. */
		if (bar == NULL || strstr(line, "in use") != NULL)
			continue;
		unsigned whole = ol_cells_width(style, line);
		*bar = '\0';
		unsigned before = ol_cells_width(style, line);
		if (bar_columns == 0)
			bar_columns = before;
		assert_int_equal(before, bar_columns);
		assert_true(whole - before <= 42);
		rows++;
	}
	/* The narrowest have no room for a bar. */
	assert_true(style.columns < 70 || rows >= 3);
}

static void a_small_cage_tells_in_figures_what_its_baseline_takes(void **state) {
	make_killed(&summary);
	summary.spec.limit_bytes = 8 << 20;
	summary.baseline_bytes = 512 << 10;
	OL_AUTO_FREE char *text = report_of(plain, &summary);
	assert_non_null(strstr(text, "512.0 KiB of the 8.0 MiB were charged"));
	assert_non_null(strstr(text, "7.5 MiB were left for"));
	summary.spec.limit_bytes = 32 << 20;
	OL_AUTO_FREE char *other_text = report_of(plain, &summary);
	assert_null(strstr(other_text, "were charged"));
}

static void rows_are_aligned_whatever_is_in_them(void **state) {
	static const unsigned widths[] = { 60, 80, 100, 120, 160 };
	static const uint64_t limits_bytes[] = { 4 << 20, 32 << 20, UINT64_C(3) << 30,
		UINT64_C(1) << 50 };
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		for (size_t limit = 0; limit < sizeof limits_bytes / sizeof *limits_bytes; limit++) {
			make_killed(&summary);
			summary.spec.limit_bytes = limits_bytes[limit];
			summary.phase_count = 3;
			summary.phases[2] = summary.phases[1];
			set_name(summary.phases[0].name, "a phase with a name that is far too long for it");
			set_name(summary.phases[1].name, "größer, 記憶の中で大きくなる段階");
			summary.phases[0].memstats.next_gc = UINT64_C(9223372036845015455);
			summary.phases[1].memstats.next_gc = UINT64_C(1) << 55;
			summary.phases[1].requested_bytes = 1;
			struct ol_style style = { .has_unicode = true, .columns = widths[i] };
			OL_AUTO_FREE char *wide = report_of(style, &summary);
			check_columns(wide, style);
			assert_non_null(strstr(wide, "never"));
			assert_non_null(strstr(wide, "✗"));
			style.has_unicode = false;
			OL_AUTO_FREE char *ascii = report_of(style, &summary);
			check_columns(ascii, style);
			for (const char *c = ascii; *c != '\0'; c++)
				assert_true((unsigned char)*c < 0x80);
		}
	}
}

static void nothing_is_coloured_without_colours(void **state) {
	make_killed(&summary);
	OL_AUTO_FREE char *text = report_of(unicode, &summary);
	assert_null(strchr(text, '\033'));
	struct ol_style style = unicode;
	style.has_color = true;
	OL_AUTO_FREE char *coloured = report_of(style, &summary);
	assert_non_null(strstr(coloured, "\033[1;31m"));
	/* Without its colours it is the same text: they say nothing of their own. */
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

static void control_characters_of_a_script_do_not_reach_the_terminal(void **state) {
	make_killed(&summary);
	set_name(summary.spec.title, "\033[2Jgone\a");
	set_name(summary.phases[0].name, "a\rb\033]0;title\a");
	set_name(summary.last_words.phase, "\xff\xfe\xc2\x9b"
									   "31m");
	OL_AUTO_FREE char *text = report_of(unicode, &summary);
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strchr(text, '\xff'));
}

static void an_open_phase_gets_its_row_from_the_last_words(void **state) {
	make_killed(&summary);
	summary.last_words.memstats.mallocs = 1;
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	struct ol_text_report *report;
	assert_int_equal(ol_text_report_create(stream, plain, &report, &error), 0);
	ol_text_report_start(report, &summary);
	ol_text_report_phase_begin(report, &summary.phases[1]);
	ol_text_report_end(report, &summary);
	ol_text_report_destroy(report);
	fclose(stream);
	assert_non_null(strstr(text, " a little more       3.2    32.0    57.9!    28.8    32.0  ##"));
	free(text);
}

static void a_phase_shows_three_collections_and_counts_the_rest(void **state) {
	make_survived(&summary);
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	struct ol_text_report *report;
	assert_int_equal(ol_text_report_create(stream, plain, &report, &error), 0);
	ol_text_report_start(report, &summary);
	ol_text_report_phase_begin(report, &summary.phases[0]);
	for (uint64_t number = 1; number <= 1000; number++) {
		struct ol_gc_cycle cycle = { .number = number, .next_goal_bytes = UINT64_C(1) << 62 };
		ol_text_report_gc(report, &cycle);
	}
	ol_text_report_phase_end(report, &summary.phases[0]);
	ol_text_report_break_off(report);
	ol_text_report_destroy(report);
	fclose(stream);
	assert_non_null(strstr(text, "gc 3: "));
	assert_non_null(strstr(text, "planned at no size"));
	assert_null(strstr(text, "gc 4: "));
	assert_non_null(strstr(text, "gc: 997 more"));
	free(text);
}

static void many_runs_are_told_by_a_line_each_and_their_shares(void **state) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	make_killed(&summary);
	ol_text_report_run_line(stream, plain, 7, &summary);
	struct ol_outcome_counts counts = { .total = 20 };
	counts.counts[OL_OUTCOME_OOM_KILLED] = 19;
	counts.counts[OL_OUTCOME_SURVIVED] = 1;
	ol_text_report_counts(stream, plain, &counts);
	fclose(stream);
	assert_string_equal(text,
		"      7  oom-killed                 21.3 ms  peak   32.0 MiB - a little more\n"
		" survived                    1 of 20    5.0 %  ##\n"
		" oom-killed                 19 of 20   95.0 %  #############################\n");
	free(text);
}

static void text_is_measured_in_cells_and_cut_to_fit(void **state) {
	assert_int_equal(ol_cells_width(unicode, "größer"), 6);
	assert_int_equal(ol_cells_width(plain, "größer"), 6);
	assert_int_equal(ol_cells_width(unicode, "\xff"
											 "a\xe2\x82"),
		4);
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	ol_cells_put_left(stream, plain, "abcdef", 4);
	ol_cells_put_right(stream, plain, "ab", 4);
	ol_cells_put_left(stream, unicode, "größer", 4);
	fclose(stream);
	assert_string_equal(text, "abc~  abgrö…");
	free(text);
}

static void only_well_formed_utf8_is_decoded(void **state) {
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{ "a", 1 },
		{ "\xc3\xa9", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "\x80", 0 },
		{ "\xc3", 0 },
		{ "\xc0\xaf", 0 },
		{ "\xe0\x80\xaf", 0 },
		{ "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 },
		{ "\xf8\x88\x80\x80\x80", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t point;
		assert_int_equal(ol_utf8_decode(cases[i].text, &point), cases[i].length);
	}
	char repaired[16];
	ol_utf8_repair("a\xff"
				   "b\xe2\x82",
		repaired, sizeof repaired);
	assert_string_equal(repaired, "a\xef\xbf\xbd"
								  "b\xef\xbf\xbd\xef\xbf\xbd");
	ol_utf8_repair("éé", repaired, 4);
	assert_string_equal(repaired, "é");
}

#include "report_watchdog_tests.h"

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_run_reads_as_it_should),
		cmocka_unit_test(a_run_that_survives_tells_how_close_it_was_and_what_made_room),
		cmocka_unit_test(options_are_told_where_they_have_a_value),
		cmocka_unit_test(pauses_are_told_in_a_line_only_where_there_were_any),
		cmocka_unit_test(a_small_cage_tells_in_figures_what_its_baseline_takes),
		cmocka_unit_test(rows_are_aligned_whatever_is_in_them),
		cmocka_unit_test(nothing_is_coloured_without_colours),
		cmocka_unit_test(control_characters_of_a_script_do_not_reach_the_terminal),
		cmocka_unit_test(an_open_phase_gets_its_row_from_the_last_words),
		cmocka_unit_test(a_phase_shows_three_collections_and_counts_the_rest),
		cmocka_unit_test(many_runs_are_told_by_a_line_each_and_their_shares),
		cmocka_unit_test(text_is_measured_in_cells_and_cut_to_fit),
		cmocka_unit_test(only_well_formed_utf8_is_decoded),
		cmocka_unit_test(each_reason_says_what_the_facts_show_and_no_more),
		cmocka_unit_test(a_reason_that_does_not_fit_is_cut_and_terminated),
		cmocka_unit_test(where_swap_was_allowed_no_collection_is_credited_with_the_room),
		cmocka_unit_test(a_run_that_needed_no_collection_is_not_credited_with_one),
		cmocka_unit_test(a_run_that_was_told_to_end_says_by_whom_when_and_what_is_left),
		cmocka_unit_test(garbage_that_stood_in_the_way_of_a_watched_run_is_told_with_a_cure),
		cmocka_unit_test(a_program_that_did_not_listen_was_killed_by_the_lab_and_no_stranger),
		cmocka_unit_test(a_watchdog_that_came_too_late_is_told_beside_the_kill),
		cmocka_unit_test(capped_addresses_are_told_against_what_was_resident),
		cmocka_unit_test(a_watched_runs_json_has_its_watchdog_and_its_dump),
		cmocka_unit_test(the_summary_reads_back_field_by_field),
		cmocka_unit_test(what_is_unset_is_null_and_gogc_off_is_a_word),
		cmocka_unit_test(an_option_that_was_not_given_and_has_no_default_is_not_told),
		cmocka_unit_test(bad_utf8_still_makes_valid_json),
		cmocka_unit_test(numbers_that_are_none_are_null),
		cmocka_unit_test(phases_beyond_those_kept_are_counted),
		cmocka_unit_test(many_runs_are_one_object),
		cmocka_unit_test(a_record_begins_with_its_header_and_ends_with_the_summary),
		cmocka_unit_test(a_full_disk_is_told_at_the_end_and_once),
		cmocka_unit_test(a_cycle_reads_as_go_prints_it),
		cmocka_unit_test(times_have_two_digits_as_in_go),
		cmocka_unit_test(a_share_of_processor_time_is_cut_to_whole_percent),
		cmocka_unit_test(any_cycle_at_all_makes_a_line_that_readers_of_gctrace_know),
		cmocka_unit_test(a_line_is_written_at_once_and_a_full_disk_is_told),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
