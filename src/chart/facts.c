/* facts.c -- What is said of a recording in words: verdict, reason, settings and figures. */
#include "chart/facts.h"

#include <inttypes.h>
#include <string.h>

#include "report/caged_words.h"
#include "report/report.h"

enum ol_tone ol_chart_tone(const struct ol_recording *recording) {
	if (!recording->has_end)
		return OL_TONE_WARN;
	return ol_outcome_tone(
		recording->is_cage ? recording->caged->outcome : recording->run->outcome);
}

const char *ol_chart_outcome(const struct ol_recording *recording) {
	if (!recording->has_end)
		return "no end";
	return ol_outcome_name(
		recording->is_cage ? recording->caged->outcome : recording->run->outcome);
}

const char *ol_chart_mark(const struct ol_recording *recording, bool has_unicode) {
	if (!recording->has_end)
		return "?";
	return ol_outcome_mark(
		recording->is_cage ? recording->caged->outcome : recording->run->outcome, has_unicode);
}

void ol_chart_words_add_verdict(struct ol_words *words, const struct ol_recording *recording) {
	char text[OL_PARAGRAPH_BYTES] = "NO END: the record breaks off before its run does";
	if (recording->has_end && recording->is_cage)
		ol_caged_verdict(recording->caged, text, sizeof text);
	else if (recording->has_end)
		ol_verdict_line(recording->run, text, sizeof text);
	ol_words_add(words, "%s", text);
}

void ol_chart_words_add_reason(struct ol_words *words, const struct ol_recording *recording) {
	char text[OL_PARAGRAPH_BYTES] =
		"The lab that wrote it was killed, or is still at it; what it wrote until then is shown.";
	if (recording->has_end && recording->is_cage)
		ol_caged_explain(recording->caged, text, sizeof text);
	else if (recording->has_end)
		ol_explain(recording->run, text, sizeof text);
	ol_words_add(words, "%s", text);
}

void ol_chart_words_add_evidence(
	struct ol_words *words, const char *separator, const struct ol_recording *recording) {
	char text[OL_PARAGRAPH_BYTES];
	if (!recording->has_end)
		return;
	if (recording->is_cage) {
		ol_words_add_evidence(
			words, separator, &recording->caged->evidence, recording->caged->wall_ns);
	} else {
		ol_evidence_line(recording->run, separator, text, sizeof text);
		ol_words_add(words, "%s", text);
	}
}

void ol_chart_words_add_title(struct ol_words *words, const struct ol_recording *recording) {
	if (recording->is_cage)
		ol_words_add(words, "%s", recording->caged->spec.command);
	else
		ol_words_add(words, "%s%s%s", recording->run->spec.scenario,
			recording->run->spec.title[0] != '\0' ? ": " : "", recording->run->spec.title);
}

/* The rows. run: NULL for a cage. */

static const struct ol_run_summary *run_of(const struct ol_chart_run *run) {
	return run->recording->run;
}

static const struct ol_run_summary *ended_run_of(const struct ol_chart_run *run) {
	return run->recording->has_end ? run->recording->run : NULL;
}

static const struct ol_caged_summary *ended_cage_of(const struct ol_chart_run *run) {
	return run->recording->has_end ? run->recording->caged : NULL;
}

static void add_what(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL)
		ol_words_add(words, "%s", run_of(run)->spec.scenario);
	else
		ol_words_add(words, "%s", run->recording->caged->spec.command);
}

static void add_options(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL)
		ol_words_add_options(words, &run_of(run)->spec);
}

static void add_limit(struct ol_words *words, const struct ol_chart_run *run) {
	if (run->limit_bytes == UINT64_MAX)
		ol_words_add(words, "none");
	else
		ol_words_add(words, "%s", OL_BYTES_TEXT(run->limit_bytes));
}

static void add_policy(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) == NULL)
		return;
	const struct ol_run_spec *spec = &run_of(run)->spec;
	ol_words_add(words, "%s%s%s", spec->policy, spec->policy_argument[0] != '\0' ? ":" : "",
		spec->policy_argument);
}

static void add_gogc(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) == NULL)
		return;
	if (run_of(run)->spec.gogc == OL_GOGC_OFF)
		ol_words_add(words, "off");
	else
		ol_words_add(words, "%" PRId32, run_of(run)->spec.gogc);
}

static void add_memory_limit(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL && run_of(run)->spec.memory_limit_bytes < OL_MEMORY_LIMIT_OFF)
		ol_words_add(words, "%s", OL_BYTES_TEXT(run_of(run)->spec.memory_limit_bytes));
}

static void add_collector(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL)
		ol_words_add(words, "%s", run_of(run)->spec.collector);
}

static void add_rules(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL)
		ol_words_add(words, "%s", run_of(run)->spec.rules);
}

static void add_world(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL)
		ol_words_add(words, "%s", run_of(run)->spec.world);
}

static void add_seed(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) != NULL)
		ol_words_add(words, "%" PRIu64, run_of(run)->spec.seed);
}

static void add_outcome(struct ol_words *words, const struct ol_chart_run *run) {
	ol_words_add(words, "%s", ol_chart_outcome(run->recording));
}

static void add_peak(struct ol_words *words, const struct ol_chart_run *run) {
	ol_words_add(words, "%s", OL_BYTES_TEXT(run->peak_bytes));
	if (run->limit_bytes != UINT64_MAX && run->limit_bytes > 0)
		ol_words_add(words, " (%.0f %%)", 100 * (double)run->peak_bytes / (double)run->limit_bytes);
}

static void add_heap(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_run_of(run) != NULL)
		ol_words_add(words, "%s", OL_BYTES_TEXT(ended_run_of(run)->last_words.memstats.heap_alloc));
}

static void add_goal(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_run_of(run) == NULL)
		return;
	uint64_t goal_bytes = ended_run_of(run)->last_words.memstats.next_gc;
	if (ol_chart_is_never(goal_bytes))
		ol_words_add(words, "never");
	else
		ol_words_add(words, "%s", OL_BYTES_TEXT(goal_bytes));
}

static void add_garbage(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_run_of(run) != NULL && ended_run_of(run)->last_words.garbage_bytes != UINT64_MAX)
		ol_words_add(words, "%s", OL_BYTES_TEXT(ended_run_of(run)->last_words.garbage_bytes));
}

static void add_cycles(struct ol_words *words, const struct ol_chart_run *run) {
	if (run_of(run) == NULL)
		return;
	uint64_t forced = 0;
	for (size_t i = 0; i < run->recording->cycle_count; i++)
		forced += run->recording->cycles[i].is_forced;
	ol_words_add(words, "%" PRIu64, run->recording->cycle_total);
	if (forced > 0)
		ol_words_add(words, " (%" PRIu64 " forced)", forced);
}

static void add_gc_cpu(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_run_of(run) != NULL)
		ol_words_add(
			words, "%.1f %%", 100 * ended_run_of(run)->last_words.memstats.gc_cpu_fraction);
}

static void add_longest_pause(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_run_of(run) != NULL && ended_run_of(run)->last_words.pauses.pauses > 0)
		ol_words_add(words, "%s", OL_DURATION_TEXT(ended_run_of(run)->last_words.pauses.max_ns));
}

static void add_pauses(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_run_of(run) == NULL || ended_run_of(run)->last_words.pauses.pauses == 0)
		return;
	const struct ol_pauses *pauses = &ended_run_of(run)->last_words.pauses;
	ol_words_add(
		words, "%" PRIu64 ", %s in all", pauses->pauses, OL_DURATION_TEXT(pauses->total_ns));
}

static void add_rss_peak(struct ol_words *words, const struct ol_chart_run *run) {
	uint64_t peak_bytes = 0;
	for (size_t i = 0; i < run->recording->sample_count; i++) {
		uint64_t rss_bytes = run->recording->samples[i].rss_bytes;
		peak_bytes = rss_bytes > peak_bytes ? rss_bytes : peak_bytes;
	}
	if (ended_cage_of(run) != NULL)
		peak_bytes = ended_cage_of(run)->rss_peak_bytes;
	if (peak_bytes > 0)
		ol_words_add(words, "%s", OL_BYTES_TEXT(peak_bytes));
}

static void add_kills(struct ol_words *words, const struct ol_chart_run *run) {
	if (ended_cage_of(run) != NULL)
		ol_words_add(words, "%" PRIu64, ol_caged_kill_count(ended_cage_of(run)));
	else if (ended_run_of(run) != NULL)
		ol_words_add(words, "%" PRIu64, ended_run_of(run)->evidence.oom_kill_delta);
}

static void add_duration(struct ol_words *words, const struct ol_chart_run *run) {
	ol_words_add(words, "%s", OL_DURATION_TEXT(run->end_ns));
}

const struct ol_chart_fact ol_chart_facts[OL_CHART_FACT_COUNT] = {
	{ "program", true, add_what },
	{ "options", true, add_options },
	{ "limit", true, add_limit },
	{ "policy", true, add_policy },
	{ "GOGC", true, add_gogc },
	{ "memory limit", true, add_memory_limit },
	{ "collector", true, add_collector },
	{ "rules", true, add_rules },
	{ "world", true, add_world },
	{ "seed", true, add_seed },
	{ "outcome", false, add_outcome },
	{ "peak", false, add_peak },
	{ "cycles", false, add_cycles },
	{ "GC CPU", false, add_gc_cpu },
	{ "longest pause", false, add_longest_pause },
	{ "pauses", false, add_pauses },
	{ "heap at the end", false, add_heap },
	{ "next GC then", false, add_goal },
	{ "garbage then", false, add_garbage },
	{ "RSS peak", false, add_rss_peak },
	{ "OOM kills", false, add_kills },
	{ "lasted", false, add_duration },
};
