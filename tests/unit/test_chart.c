/* test_chart.c -- Recordings drawn: axes, the terminal's chart, SVG and HTML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "chart/canvas.h"
#include "chart/chart.h"
#include "records_support.h"

/* Large: kept off the stack. */
static struct ol_run_summary facts;
static struct ol_recordings recordings;
static struct ol_chart chart;
static struct ol_error error;

static const struct ol_chart_size size = { 640, 360, 1 };

static int finish(void **state) {
	ol_chart_finish(&chart);
	ol_recordings_finish(&recordings);
	recordings = (struct ol_recordings){ 0 };
	return 0;
}

static void add_run(void (*make)(struct ol_run_summary *summary), const char *name) {
	size_t bytes;
	make(&facts);
	OL_AUTO_FREE char *text = record_of(&facts, &bytes);
	assert_int_equal(read_text(text, bytes, name, &recordings, &error), 0);
}

enum form { TEXT, ASCII, SVG, HTML };

/* For free(). */
static char *drawn(enum form form) {
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	if (form == HTML)
		assert_int_equal(ol_chart_put_html(stream, &chart, &error), 0);
	else if (form == SVG)
		ol_chart_put_svg(stream, &chart, size);
	else
		ol_chart_put_text(
			stream, (struct ol_style){ .has_unicode = form == TEXT, .columns = 80 }, &chart);
	fclose(stream);
	return text;
}

static void the_axes_have_round_steps(void **state) {
	char text[OL_UNITS_TEXT_BYTES];
	assert_int_equal(ol_chart_byte_step(32 * OL_MIB, 6), 8 * OL_MIB);
	assert_int_equal(ol_chart_byte_step(1, 6), 1);
	assert_int_equal(ol_chart_time_step(20 * OL_NS_PER_MS, 5), 5 * OL_NS_PER_MS);
	assert_int_equal(ol_chart_time_step(59 * OL_NS_PER_S, 6), 10 * OL_NS_PER_S);
	assert_int_equal(ol_chart_time_step(3600 * OL_NS_PER_S, 6), 600 * OL_NS_PER_S);
	/* However long: a hundred years have few ticks. */
	uint64_t century_ns = UINT64_C(3155760000) * OL_NS_PER_S;
	assert_true(century_ns / ol_chart_time_step(century_ns, 6) <= 6);
	assert_string_equal(ol_chart_byte_tick(OL_GIB * 3 / 2, text), "1.5 GiB");
	assert_string_equal(ol_chart_time_tick(15 * OL_NS_PER_MS, 5 * OL_NS_PER_MS, text), "15 ms");
	assert_string_equal(ol_chart_time_tick(3 * OL_NS_PER_S / 2, OL_NS_PER_S / 2, text), "1.5 s");
	assert_string_equal(ol_chart_time_tick(90 * OL_NS_PER_S, 30 * OL_NS_PER_S, text), "1:30");
}

static void a_line_goes_from_dot_to_dot(void **state) {
	static struct ol_canvas canvas;
	static const struct ol_ink ink = { "", '*', 1, 0 };
	unsigned phase = 0;
	char *text = NULL;
	size_t bytes;
	ol_canvas_init(&canvas, (struct ol_style){ .has_unicode = true }, 4, 2);
	ol_canvas_line(&canvas, &ink, 0, 7, 7, 0, &phase);
	ol_canvas_line(&canvas, &ink, -1000000, 7, 1000000, 7, &phase); /* Ends outside. */
	FILE *stream = open_memstream(&text, &bytes);
	ol_canvas_put_row(stream, &canvas, 0, true);
	fputc('|', stream);
	ol_canvas_put_row(stream, &canvas, 1, false);
	fclose(stream);
	assert_string_equal(text, "  ⡠⠊|⣠⣊⣀⣀");
	free(text);
}

static void the_axes_reach_what_is_drawn_and_goals_within_reason(void **state) {
	add_run(make_killed, "a");
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	assert_int_equal(chart.end_ns, facts.wall_ns);
	assert_int_equal(chart.top_bytes, 60724976); /* The goal, below two limits. */
	assert_true(chart.runs[0].is_dead);
	assert_true(chart.runs[0].has_curve[OL_CHART_GOAL]);
	assert_false(chart.runs[0].has_curve[OL_CHART_RSS]); /* One sample is no curve. */
	ol_chart_finish(&chart);
	recordings.list[0].run->spec.limit_bytes = 16 * OL_MIB;
	recordings.list[0].run->cage_peak_bytes = 17 * OL_MIB;
	for (size_t i = 0; i < 2; i++)
		recordings.list[0].run->phases[i].cage_bytes = 16 * OL_MIB;
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	/* The goal is too far away; the heap is not left out. */
	assert_in_range(chart.top_bytes, 30 * OL_MIB, 34 * OL_MIB);
	ol_chart_finish(&chart);
	add_run(make_survived, "b");
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	assert_int_equal(chart.top_bytes, 32 * OL_MIB); /* Of several only cages are drawn. */
	assert_false(chart.runs[1].is_dead);
}

static void a_run_is_drawn_in_a_terminal(void **state) {
	static const char expected[] =
		"\n"
		" spike: A spike, released, then a little more\n"
		" cage       limit 32.0 MiB · no swap · cgroup hybrid (memory on v1)\n"
		" policy     go (go1.19) · GOGC 100 · no memory limit · stop-the-world\n"
		" options    gc=false\n"
		"\n"
		"         │                       ⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀⢀⡀ next GC\n"
		"         │                       ⠆\n"
		"         │                       ⠆\n"
		"  48 MiB ┤                       ⠆\n"
		"         │                       ⠆\n"
		"         │                       ⠆\n"
		"         │                       ⠆\n"
		"         │                       ⠆                                heap\n"
		"  32 MiB ┤───────────────────────⠆────────────────⢀⣀⣀⣀⣀⣀⣀⣀⣀⣠⡤⠤⠤⠤✗ limit\n"
		"         │                       ⠖⠂⠒⠂⠒⠂⠒⠂⠒⠂⣒⠦⠒⠋⠛⠋⠉⠁⠉⠁⠉⠁           cage\n"
		"         │                       ⠆     ⢀⡠⠔⠊\n"
		"         │                       ⠆  ⣀⠤⠒⠁\n"
		"         │                     ⢀⣀⠦⠒⠉\n"
		"  16 MiB ┤                 ⣀⠤⠔⠊⠁ ⠆\n"
		"         │            ⢀⡠⠔⠒⠉      ⠆\n"
		"         │        ⣀⠤⠒⠊⠁          ⠆\n"
		"         │   ⣀⡠⠔⠊⠉               ⠆\n"
		"       0 ┤⠤⠒⠉\n"
		"         └┴────────────┴───────────┴────────────┴────────────┴───\n"
		"          0          5 ms        10 ms        15 ms        20 ms\n"
		"  cycles                         ▲\n"
		"  phases     ╵spike                          ╵a little more\n"
		"\n"
		" ✗ OOM-KILLED by the cage's limit in \"a little more\", 2.9 of 3.2 MiB touched\n"
		" evidence   signal 9 (SIGKILL) · oom_kill +1 · limit: own · took 21.3 ms\n"
		" kernel     \"Memory cgroup out of memory: Killed process 42 (oomlab-subject)\"\n"
		" why        28.8 MiB of the heap was garbage, but the next collection was\n"
		"            planned at 57.9 MiB, 25.9 MiB beyond the limit of 32.0 MiB, so\n"
		"            nothing asked for one before the cage was full. Run again with --gc\n"
		"            to see the difference.\n"
		"\n";
	add_run(make_killed, "a");
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	OL_AUTO_FREE char *text = drawn(TEXT);
	assert_string_equal(text, expected);
}

static void two_runs_are_told_apart_without_unicode_and_colours(void **state) {
	static const char expected[] =
		"\n"
		" Usage of the cage in 2 runs\n"
		"\n"
		"         |                                                        limit\n"
		"  32 MiB +--------------------------------------------AAAAAAAAAAX A killed\n"
		"         |                                  AABBBBAABBBB  BBBB    B survived\n"
		"         |                                BB\n"
		"         |                              BB\n"
		"  24 MiB +                            AA\n"
		"         |                          BB\n"
		"         |                        BB\n"
		"         |                      AA\n"
		"  16 MiB +                   BBB\n"
		"         |                 AB\n"
		"         |              BBA\n"
		"         |            BB\n"
		"   8 MiB +         BAA\n"
		"         |       BB\n"
		"         |    AAB\n"
		"         |  BB\n"
		"       0 +BB\n"
		"         ++------------+-----------+------------+------------+---\n"
		"          0          5 ms        10 ms        15 ms        20 ms\n"
		"\n"
		"   run       options   outcome     peak              cycles  GC CPU  RSS peak\n"
		" X killed    gc=false  oom-killed  32.0 MiB (100 %)  1       1.2 %   21.0 MiB\n"
		" + survived  gc=true   survived    29.6 MiB (92 %)   1       1.2 %   21.0 MiB\n";
	add_run(make_killed, "killed.jsonl");
	add_run(make_survived, "survived.jsonl");
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	OL_AUTO_FREE char *text = drawn(ASCII);
	assert_string_equal(text, expected);
}

static void the_drawing_has_axes_limit_curves_marks_and_the_kill(void **state) {
	static const char *const parts[] = {
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"360\"",
		">time since the start</text>",
		">memory</text>",
		">limit 32.0 MiB</text>",
		">48 MiB</text>",
		">10 ms</text>",
		">spike: A spike, released, then a little more</text>",
		">next GC</text>",
		"stroke-dasharray=\"4 4\"",     /* Of the goal. */
		"h10l-5 9z\" fill=\"#14201c\"", /* A collection. */
		"l8 8m0 -8l-8 8\" stroke=\"#c2182f\"",
		"</svg>\n",
	};
	add_run(make_killed, "a");
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	OL_AUTO_FREE char *text = drawn(SVG);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strstr(text, parts[i]) == NULL)
			fail_msg("%s is not in %s", parts[i], text);
	}
	assert_null(strstr(text, "script"));
	assert_null(strstr(text, "nan"));
}

static void make_hostile(struct ol_run_summary *summary) {
	make_killed(summary);
	snprintf(summary->spec.title, sizeof summary->spec.title,
		"</script></title></text>\x1b[31m&\"'<b>{{data}}\xe2\x80\xae\xef\xbf\xbf");
	set_name(summary->phases[0].name, "</noscript><img src=x>");
}

static void names_of_a_record_stay_text(void **state) {
	add_run(make_hostile, "<i>\x1b");
	assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
	for (enum form form = TEXT; form <= HTML; form++) {
		OL_AUTO_FREE char *text = drawn(form);
		assert_null(strchr(text, 0x1b));
		if (form < SVG)
			continue;
		assert_null(strstr(text, "<b>"));
		assert_null(strstr(text, "<i>"));
		assert_null(strstr(text, "<img"));
		/* The page's script cleans what it shows; all else is written clean. */
		if (form == SVG)
			assert_null(strstr(text, "\xe2\x80\xae"));
	}
}

/* Whatever is done to a record, it is read and drawn, or refused. */
static void no_damaged_record_does_harm(void **state) {
	enum { ROUNDS = 400, WOUNDS_MAX = 6 };
	static const char inserts[] = "0123456789-{}[]\",:enul.\\ \x80\n";
	size_t bytes, drawn_count = 0;
	struct ol_random random = ol_random_seeded(6);
	make_killed(&facts);
	OL_AUTO_FREE char *whole = record_of(&facts, &bytes);
	OL_AUTO_FREE char *damaged = malloc(bytes);
	for (int round = 0; round < ROUNDS; round++) {
		memcpy(damaged, whole, bytes);
		uint64_t wounds = 1 + ol_random_next(&random) % WOUNDS_MAX;
		for (uint64_t i = 0; i < wounds; i++)
			damaged[ol_random_next(&random) % bytes] =
				inserts[ol_random_next(&random) % (sizeof inserts - 1)];
		/* A name that is none any more is a field of another version: all else is drawn. */
		if (read_text(damaged, bytes, "damaged", &recordings, &error) == 0) {
			assert_int_equal(ol_chart_init(&recordings, &chart, &error), 0);
			for (enum form form = TEXT; form <= SVG; form++)
				free(drawn(form));
			drawn_count++;
		}
		finish(state);
	}
	assert_in_range(drawn_count, ROUNDS / 20, ROUNDS - 1);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_axes_have_round_steps),
		cmocka_unit_test(a_line_goes_from_dot_to_dot),
		cmocka_unit_test_teardown(the_axes_reach_what_is_drawn_and_goals_within_reason, finish),
		cmocka_unit_test_teardown(a_run_is_drawn_in_a_terminal, finish),
		cmocka_unit_test_teardown(two_runs_are_told_apart_without_unicode_and_colours, finish),
		cmocka_unit_test_teardown(the_drawing_has_axes_limit_curves_marks_and_the_kill, finish),
		cmocka_unit_test_teardown(names_of_a_record_stay_text, finish),
		cmocka_unit_test_teardown(no_damaged_record_does_harm, finish),
	};
	return cmocka_run_group_tests_name("chart", tests, NULL, NULL);
}
