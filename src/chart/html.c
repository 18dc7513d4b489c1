/* html.c -- A report as one HTML file: the page is fixed, the recordings go into it as data.
 *
 * Who has no JavaScript sees the verdicts and the chart as SVG. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "chart/chart.h"
#include "chart/facts.h"
#include "chart/page.h"
#include "report/json_value.h"
#include "report/markup.h"

enum { MARKS_MAX = 2000 }; /* Collections that are marked: more than a screen has columns. */

static const char separator[] = "·";

struct page {
	FILE *stream;
	const struct ol_chart *chart;
	bool has_failed; /* Out of memory for the data. */
};

static json_t *json_of_words(const struct ol_recording *recording,
	void (*add)(struct ol_words *words, const struct ol_recording *recording)) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	add(&words, recording);
	return ol_json_text(text);
}

static void add_evidence(struct ol_words *words, const struct ol_recording *recording) {
	ol_chart_words_add_evidence(words, separator, recording);
}

static json_t *json_of_series(const struct ol_chart_run *run) {
	static const char *const names[OL_CHART_CURVES] = {
		[OL_CHART_CAGE] = "cage_bytes",
		[OL_CHART_HEAP] = "heap_bytes",
		[OL_CHART_GOAL] = "goal_bytes",
		[OL_CHART_RSS] = "rss_bytes",
	};
	json_t *series = json_object(), *at = json_array();
	int result = 0;
	for (size_t i = 0; i < run->point_count; i++)
		result |= json_array_append_new(at, json_real((double)run->points[i].at_ns / 1e6));
	result |= json_object_set_new(series, "at_ms", at);
	for (size_t curve = 0; curve < OL_CHART_CURVES; curve++) {
		json_t *column = json_array();
		for (size_t i = 0; i < run->point_count; i++)
			result |= json_array_append_new(column, ol_json_uint64(run->points[i].bytes[curve]));
		result |= json_object_set_new(series, names[curve], column);
	}
	return ol_json_checked(series, result);
}

static json_t *json_of_cycles(const struct ol_recording *recording) {
	json_t *cycles = json_array();
	int result = 0;
	size_t step = recording->cycle_count / MARKS_MAX + 1;
	for (size_t i = 0; i < recording->cycle_count; i += step) {
		const struct ol_gc_cycle *cycle = &recording->cycles[i];
		json_t *object = json_object();
		result |= json_object_set_new(object, "number", ol_json_uint64(cycle->number));
		result |= json_object_set_new(object, "at_ms", json_real((double)cycle->at_ns / 1e6));
		result |= json_object_set_new(object, "pause_ns", ol_json_uint64(cycle->pause_ns));
		result |= json_object_set_new(object, "start_bytes", ol_json_uint64(cycle->start_bytes));
		result |= json_object_set_new(object, "marked_bytes", ol_json_uint64(cycle->marked_bytes));
		result |=
			json_object_set_new(object, "next_goal_bytes", ol_json_uint64(cycle->next_goal_bytes));
		result |= json_object_set_new(object, "is_forced", ol_json_boolean(cycle->is_forced != 0));
		result |= json_array_append_new(cycles, object);
	}
	return ol_json_checked(cycles, result);
}

static json_t *json_of_phases(const struct ol_run_summary *run) {
	json_t *phases = json_array();
	int result = 0;
	for (uint64_t i = 0; run != NULL && i < run->phase_count && i < OL_PHASES_MAX; i++) {
		const struct ol_phase *phase = &run->phases[i];
		json_t *object = json_object();
		result |= json_object_set_new(object, "name", ol_json_text(phase->name));
		result |= json_object_set_new(object, "at_ms", json_real((double)phase->at_ns / 1e6));
		result |= json_object_set_new(object, "end_ms", json_real((double)phase->end_ns / 1e6));
		result |=
			json_object_set_new(object, "requested_bytes", ol_json_uint64(phase->requested_bytes));
		result |= json_object_set_new(object, "cage_bytes", ol_json_uint64(phase->cage_bytes));
		result |=
			json_object_set_new(object, "heap_bytes", ol_json_uint64(phase->memstats.heap_alloc));
		result |=
			json_object_set_new(object, "goal_bytes", ol_json_uint64(phase->memstats.next_gc));
		result |=
			json_object_set_new(object, "garbage_bytes", ol_json_uint64(phase->garbage_bytes));
		result |= json_array_append_new(phases, object);
	}
	return ol_json_checked(phases, result);
}

static json_t *json_of_events(const struct ol_recording *recording) {
	json_t *events = json_array();
	int result = 0;
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ol_event *event = &recording->events[i];
		json_t *object = json_object();
		result |= json_object_set_new(object, "at_ms", json_real((double)event->at_ns / 1e6));
		result |= json_object_set_new(object, "kind", ol_json_text(event->kind));
		result |= json_object_set_new(object, "text", ol_json_text(event->text));
		result |= json_array_append_new(events, object);
	}
	return ol_json_checked(events, result);
}

static json_t *json_of_facts(const struct ol_chart_run *run) {
	json_t *facts = json_array();
	int result = 0;
	for (size_t i = 0; i < OL_CHART_FACT_COUNT; i++) {
		char text[OL_CHART_FACT_BYTES];
		struct ol_words words = ol_words_in(text, sizeof text);
		ol_chart_facts[i].add(&words, run);
		json_t *object = json_object();
		result |= json_object_set_new(object, "label", json_string(ol_chart_facts[i].label));
		result |= json_object_set_new(
			object, "is_setting", ol_json_boolean(ol_chart_facts[i].is_setting));
		result |= json_object_set_new(object, "text", ol_json_text_or_null(text));
		result |= json_array_append_new(facts, object);
	}
	return ol_json_checked(facts, result);
}

static json_t *json_of_run(const struct ol_chart_run *run) {
	static const char *const tones[] = {
		[OL_TONE_GOOD] = "good",
		[OL_TONE_WARN] = "warn",
		[OL_TONE_BAD] = "dead",
	};
	const struct ol_recording *recording = run->recording;
	json_t *object = json_object();
	int result = json_object_set_new(object, "name", ol_json_text(recording->name));
	result |=
		json_object_set_new(object, "title", json_of_words(recording, ol_chart_words_add_title));
	result |= json_object_set_new(object, "is_cage", ol_json_boolean(recording->is_cage));
	result |= json_object_set_new(object, "outcome", json_string(ol_chart_outcome(recording)));
	result |= json_object_set_new(object, "tone", json_string(tones[ol_chart_tone(recording)]));
	result |= json_object_set_new(object, "mark", json_string(ol_chart_mark(recording, true)));
	result |= json_object_set_new(
		object, "verdict", json_of_words(recording, ol_chart_words_add_verdict));
	result |=
		json_object_set_new(object, "why", json_of_words(recording, ol_chart_words_add_reason));
	result |= json_object_set_new(object, "evidence", json_of_words(recording, add_evidence));
	result |= json_object_set_new(object, "is_dead", ol_json_boolean(run->is_dead));
	result |= json_object_set_new(object, "has_end", ol_json_boolean(recording->has_end));
	result |= json_object_set_new(object, "limit_bytes", ol_json_uint64(run->limit_bytes));
	result |= json_object_set_new(object, "peak_bytes", ol_json_uint64(run->peak_bytes));
	result |= json_object_set_new(object, "end_ns", ol_json_uint64(run->end_ns));
	result |= json_object_set_new(object, "facts", json_of_facts(run));
	result |= json_object_set_new(object, "series", json_of_series(run));
	result |= json_object_set_new(object, "gcs", json_of_cycles(recording));
	result |= json_object_set_new(object, "phases", json_of_phases(recording->run));
	result |= json_object_set_new(object, "events", json_of_events(recording));
	return ol_json_checked(object, result);
}

static void put_data(void *context) {
	struct page *page = context;
	json_t *root = json_object(), *runs = json_array();
	int result = 0;
	for (size_t i = 0; i < page->chart->run_count; i++)
		result |= json_array_append_new(runs, json_of_run(&page->chart->runs[i]));
	result |= json_object_set_new(root, "runs", runs);
	page->has_failed |= ol_markup_put_json(page->stream, ol_json_checked(root, result)) < 0;
}

static void put_title(void *context) {
	const struct page *page = context;
	const struct ol_recording *first = page->chart->runs[0].recording;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	if (page->chart->run_count == 1)
		ol_words_add(&words, "%s: %s", ol_chart_outcome(first), first->name);
	else
		ol_words_add(&words, "%zu runs: %s and others", page->chart->run_count, first->name);
	ol_markup_put_text(page->stream, text);
}

/* For who has no JavaScript. */
static void put_plain(void *context) {
	const struct page *page = context;
	static const struct ol_chart_size size = { OL_CHART_WIDTH_DEFAULT, OL_CHART_HEIGHT_DEFAULT, 1 };
	for (size_t i = 0; i < page->chart->run_count; i++) {
		const struct ol_recording *recording = page->chart->runs[i].recording;
		char text[OL_PARAGRAPH_BYTES];
		struct ol_words words = ol_words_in(text, sizeof text);
		ol_words_add(&words, "%s: ", recording->name);
		ol_chart_words_add_verdict(&words, recording);
		ol_words_add(&words, ". ");
		ol_chart_words_add_reason(&words, recording);
		fputs("<p>", page->stream);
		ol_markup_put_text(page->stream, text);
		fputs("</p>\n", page->stream);
	}
	ol_chart_put_svg(page->stream, page->chart, size);
}

static void put_maker(void *context) {
	const struct page *page = context;
	const struct ol_recording *first = page->chart->runs[0].recording;
	const struct ol_system_facts *system =
		first->is_cage ? &first->caged->system : &first->run->system;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "oomlab " OL_VERSION);
	if (!first->is_cage && ol_world_name_is_pretend(first->run->spec.world)) {
		ol_words_add(&words, " %s recorded in a pretend world", separator);
	} else if (system->kernel[0] != '\0') {
		ol_words_add(&words, " %s recorded on Linux %s, ", separator, system->kernel);
		ol_words_add_count(&words, system->cpus, "processor", "processors");
	}
	ol_markup_put_text(page->stream, text);
}

static const struct ol_markup_gap gaps[] = {
	{ "title", put_title },
	{ "plain", put_plain },
	{ "made-by", put_maker },
	{ "data", put_data },
};

int ol_chart_put_html(FILE *stream, const struct ol_chart *chart, struct ol_error *error) {
	struct page page = { .stream = stream, .chart = chart };
	ol_markup_put_page(stream, ol_run_page, gaps, sizeof gaps / sizeof *gaps, &page);
	if (page.has_failed)
		return ol_error_set(error, -ENOMEM, "no memory for the report");
	return 0;
}
