/* caged_html.c -- The report of a caged program as one HTML file.
 *
 * The page is fixed, what is known of the program is put into its gaps: as text with everything
 * escaped that HTML could take for its own, and once as JSON for the chart. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/caged_curve.h"
#include "report/caged_page.h"
#include "report/caged_report.h"
#include "report/caged_words.h"
#include "report/json_value.h"
#include "report/lines.h"
#include "report/markup.h"
#include "report/new_file.h"

enum {
	SAMPLES_MAX = 4000, /* More than a screen has columns. */
	EVENTS_MAX = 1000,
	CURVE_CELLS = 64
};

struct page {
	FILE *stream;
	const struct ol_caged_summary *summary;
	const struct ol_caged_sample *samples;
	size_t sample_count;
	const struct ol_event *events;
	size_t event_count;
	bool has_failed; /* Out of memory for the data; the stream remembers its own failures. */
};

static const struct ol_style page_style = { .has_unicode = true, .columns = CURVE_CELLS };
static const char separator[] = "·";

/* Sentences: an option in them is not broken at its hyphens. */
static void put_prose(FILE *stream, char *text) {
	static const char of_options[] = "abcdefghijklmnopqrstuvwxyz0123456789=%-";
	for (char *option; (option = strstr(text, "--")) != NULL;) {
		size_t length = strspn(option, of_options);
		*option = '\0';
		ol_markup_put_text(stream, text);
		fprintf(stream, "<code>--%.*s</code>", (int)length - 2, option + 2);
		text = option + length;
	}
	ol_markup_put_text(stream, text);
}

static void put_command(void *context) {
	struct page *page = context;
	ol_markup_put_text(page->stream, page->summary->spec.command);
}

static void put_verdict(void *context) {
	struct page *page = context;
	char text[OL_PARAGRAPH_BYTES];
	ol_caged_verdict(page->summary, text, sizeof text);
	ol_markup_put_text(page->stream, text);
}

static void put_title(void *context) {
	struct page *page = context;
	fprintf(page->stream, "%s: ", ol_outcome_name(page->summary->outcome));
	put_command(page);
	fputs(" · oomlab cage", page->stream);
}

static void put_tone(void *context) {
	struct page *page = context;
	static const char *const names[] = {
		[OL_TONE_GOOD] = "good",
		[OL_TONE_WARN] = "warn",
		[OL_TONE_BAD] = "dead",
	};
	fputs(names[ol_outcome_tone(page->summary->outcome)], page->stream);
}

static void put_mark(void *context) {
	struct page *page = context;
	fputs(ol_outcome_mark(page->summary->outcome, true), page->stream);
}

static void put_reason(void *context) {
	struct page *page = context;
	char text[OL_PARAGRAPH_BYTES];
	ol_caged_explain(page->summary, text, sizeof text);
	put_prose(page->stream, text);
}

static void put_evidence(void *context) {
	struct page *page = context;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_evidence(&words, separator, &page->summary->evidence, page->summary->wall_ns);
	ol_markup_put_text(page->stream, text);
}

static void put_curve(void *context) {
	struct page *page = context;
	const struct ol_caged_summary *summary = page->summary;
	if (summary->usage_count > 0)
		ol_caged_put_curve(page->stream, page_style, summary, CURVE_CELLS, 0);
	else
		fputs("too short for a curve", page->stream);
}

static void put_curve_words(void *context) {
	struct page *page = context;
	const struct ol_caged_summary *summary = page->summary;
	fprintf(page->stream, "Usage of the cage over %s: it peaked at %s",
		OL_DURATION_TEXT(summary->wall_ns), OL_BYTES_TEXT(summary->peak_bytes));
	if (summary->spec.limit_bytes != UINT64_MAX)
		fprintf(page->stream, " of %s", OL_BYTES_TEXT(summary->spec.limit_bytes));
}

static void put_row(struct page *page, const char *label, const char *text) {
	fprintf(page->stream, "  <tr><th scope=\"row\">%s</th><td>", label);
	ol_markup_put_text(page->stream, text);
	fputs("</td></tr>\n", page->stream);
}

static void put_facts(void *context) {
	struct page *page = context;
	char text[OL_CAGED_FACT_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_caged_words_add_cage(&words, separator, page->summary);
	put_row(page, "cage", text);
	for (size_t i = 0; i < OL_CAGED_FACT_COUNT; i++) {
		/* These stand with the verdict. */
		if (ol_caged_facts[i].place == OL_CAGED_EVIDENCE ||
			ol_caged_facts[i].place == OL_CAGED_REASON)
			continue;
		words = ol_words_in(text, sizeof text);
		ol_caged_facts[i].add(&words, separator, page->summary);
		if (words.used > 0)
			put_row(page, ol_caged_facts[i].label, text);
	}
}

static void put_event_row(
	struct page *page, uint64_t at_ns, const char *kind, const char *title, const char *text) {
	fprintf(page->stream, "  <tr data-kind=\"%s\"><td class=\"when\">%s</td><th scope=\"row\">",
		kind, OL_DURATION_TEXT(at_ns));
	ol_markup_put_text(page->stream, title);
	fputs("</th><td>", page->stream);
	ol_markup_put_text(page->stream, text);
	fputs("</td></tr>\n", page->stream);
}

static void put_kill_row(struct page *page, const struct ol_oom_kill *kill) {
	char title[OL_NAME_BYTES], text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(title, sizeof title);
	ol_words_add(&words, "✗ ");
	ol_words_add_process(&words, kill->name, kill->pid);
	words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "killed by the kernel, %s of its own,", OL_BYTES_TEXT(kill->anon_bytes));
	ol_words_add_limiter(&words, "at", (enum ol_limited_by)kill->limited_by, kill->limiting_group);
	put_event_row(page, kill->at_ns, "killed", title, text);
}

/* Kills and events in the order of time, the end last. */
static void put_events(void *context) {
	struct page *page = context;
	const struct ol_caged_summary *summary = page->summary;
	uint32_t kill_count =
		summary->kill_told_count < OL_KILLS_MAX ? summary->kill_told_count : OL_KILLS_MAX;
	size_t event_count = page->event_count < EVENTS_MAX ? page->event_count : EVENTS_MAX;
	uint32_t kill = 0;
	char text[OL_PARAGRAPH_BYTES];
	for (size_t event = 0; kill < kill_count || event < event_count;) {
		bool is_kill = event == event_count || (kill < kill_count && summary->kills[kill].at_ns <=
																		 page->events[event].at_ns);
		if (is_kill) {
			put_kill_row(page, &summary->kills[kill++]);
			continue;
		}
		const struct ol_event *told = &page->events[event++];
		put_event_row(page, told->at_ns, "log", told->kind, told->text);
	}
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add_end(&words, summary);
	put_event_row(page, summary->wall_ns, "life", "the command's end", text);
}

static void put_maker(void *context) {
	struct page *page = context;
	const struct ol_system_facts *system = &page->summary->system;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(
		&words, "oomlab %s %s Linux %s %s ", system->oomlab, separator, system->kernel, separator);
	ol_words_add_count(&words, system->cpus, "processor", "processors");
	ol_markup_put_text(page->stream, text);
}

/* Of each piece of time the highest: when the cage was fullest, and the most of each figure. */
static json_t *json_of_samples(const struct page *page) {
	size_t count = page->sample_count < SAMPLES_MAX ? page->sample_count : SAMPLES_MAX;
	json_t *series = json_object(), *at = json_array(), *cage = json_array(), *rss = json_array();
	int result = 0;
	for (size_t piece = 0; piece < count; piece++) {
		size_t end = (piece + 1) * page->sample_count / count;
		size_t first = piece * page->sample_count / count;
		struct ol_caged_sample most = page->samples[first];
		for (size_t i = first + 1; i < end; i++) {
			const struct ol_caged_sample *sample = &page->samples[i];
			if (sample->rss_bytes > most.rss_bytes)
				most.rss_bytes = sample->rss_bytes;
			if (sample->cage_bytes > most.cage_bytes) {
				most.cage_bytes = sample->cage_bytes;
				most.at_ns = sample->at_ns;
			}
		}
		result |= json_array_append_new(at, ol_json_uint64(most.at_ns));
		result |= json_array_append_new(cage, ol_json_uint64(most.cage_bytes));
		result |= json_array_append_new(rss, ol_json_uint64(most.rss_bytes));
	}
	result |= json_object_set_new(series, "at_ns", at);
	result |= json_object_set_new(series, "cage_bytes", cage);
	result |= json_object_set_new(series, "rss_bytes", rss);
	return ol_json_checked(series, result);
}

static void put_data(void *context) {
	struct page *page = context;
	json_t *root = json_object(), *summary = json_object();
	int result = ol_json_add_caged_summary(summary, page->summary);
	result |= json_object_set_new(root, "summary", summary);
	result |= json_object_set_new(root, "series", json_of_samples(page));
	result |= ol_markup_put_json(page->stream, root);
	page->has_failed |= result != 0;
}

static const struct ol_markup_gap gaps[] = {
	{ "title", put_title },
	{ "command", put_command },
	{ "tone", put_tone },
	{ "mark", put_mark },
	{ "verdict", put_verdict },
	{ "why", put_reason },
	{ "evidence", put_evidence },
	{ "curve", put_curve },
	{ "curve-words", put_curve_words },
	{ "facts", put_facts },
	{ "events", put_events },
	{ "made-by", put_maker },
	{ "data", put_data },
};

int ol_caged_html_check(const char *path, struct ol_error *error) {
	return ol_new_file_check(path, error);
}

int ol_caged_html_write(const char *path, const struct ol_caged_summary *summary,
	const struct ol_caged_sample *samples, size_t count, const struct ol_event *events,
	size_t event_count, struct ol_error *error) {
	OL_AUTO_FREE char *text = NULL;
	size_t length = 0;
	struct page page = {
		.stream = open_memstream(&text, &length),
		.summary = summary,
		.samples = samples,
		.sample_count = count,
		.events = events,
		.event_count = event_count,
	};
	bool is_whole = page.stream != NULL;
	if (is_whole) {
		ol_markup_put_page(page.stream, ol_caged_page, gaps, sizeof gaps / sizeof *gaps, &page);
		is_whole = !page.has_failed && !ferror(page.stream);
		is_whole &= fclose(page.stream) == 0;
	}
	if (!is_whole)
		return ol_error_set(error, -ENOMEM, "no memory to write the report to '%.512s'", path);
	return ol_new_file_write(path, text, length, error);
}
