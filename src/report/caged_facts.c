/* caged_facts.c -- The figures below a caged program's verdict, a fact a function. */
#include <inttypes.h>
#include <string.h>

#include "report/caged_words.h"
#include "report/lines.h"

static double percent(uint64_t part, uint64_t whole) {
	return 100 * (double)part / (double)whole;
}

void ol_caged_words_add_cage(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	const struct ol_caged_spec *spec = &summary->spec;
	const struct ol_limits limits = { spec->limit_bytes, spec->swap_bytes, spec->high_bytes,
		spec->address_space_bytes };
	ol_words_add_limits(words, separator, &limits, &summary->cage);
	if (spec->sample_period_ns > 0)
		ol_words_add(
			words, " %s watched every %s", separator, OL_DURATION_TEXT(spec->sample_period_ns));
	if (spec->watchdog.is_on)
		ol_words_add(
			words, " %s watchdog at %s", separator, OL_BYTES_TEXT(spec->watchdog.threshold_bytes));
}

static void add_evidence(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	ol_words_add_evidence(words, separator, &summary->evidence, summary->wall_ns);
}

static void add_kill(struct ol_words *words, const struct ol_caged_summary *summary,
	const struct ol_oom_kill *kill) {
	ol_words_add(words, "%s%s: ", words->used > 0 ? "\n" : "", OL_DURATION_TEXT(kill->at_ns));
	ol_words_add_process(words, kill->name, kill->pid);
	if (kill->is_command)
		ol_words_add(words, ", the command");
	if (kill->anon_bytes > 0)
		ol_words_add(words, ", %s of its own", OL_BYTES_TEXT(kill->anon_bytes));
	/* Whose limit it was is in the verdict, unless kills had different ones. */
	if (kill->limited_by != summary->evidence.limited_by) {
		ol_words_add(words, ",");
		ol_words_add_limiter(
			words, "by", (enum ol_limited_by)kill->limited_by, kill->limiting_group);
	}
}

static void add_kills(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	uint64_t count = ol_caged_kill_count(summary);
	uint64_t told = 0;
	for (; told < summary->kill_told_count && told < OL_KILLS_WORDED_MAX; told++)
		add_kill(words, summary, &summary->kills[told]);
	if (told > 0 && count > told)
		ol_words_add(words, "\nand %" PRIu64 " more", count - told);
	else if (count > told)
		ol_words_add(
			words, "%" PRIu64 ", by the kernel's counter; its log could not be read", count);
}

static void add_kernel_line(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	if (summary->evidence.kernel_line[0] != '\0')
		ol_words_add(words, "\"%s\"", summary->evidence.kernel_line);
}

static void add_peak(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	uint64_t limit_bytes = summary->spec.limit_bytes;
	uint64_t whole_bytes = ol_caged_whole_limit(summary);
	if (summary->peak_bytes > 0) {
		ol_words_add(words, "%s", OL_BYTES_TEXT(summary->peak_bytes));
		bool is_cut = whole_bytes != limit_bytes && summary->peak_bytes >= whole_bytes;
		if (is_cut)
			ol_words_add(words, " (%" PRIu64 " bytes)", summary->peak_bytes);
		if (whole_bytes != UINT64_MAX && whole_bytes > 0)
			ol_words_add(words, ", %.1f %% of the limit%s",
				percent(summary->peak_bytes, whole_bytes), is_cut ? " in whole pages" : "");
	}
	if (summary->rss_peak_bytes > 0) {
		if (words->used > 0)
			ol_words_add(words, " %s ", separator);
		ol_words_add(words, "largest process %s", OL_BYTES_TEXT(summary->rss_peak_bytes));
	}
}

static void add_levels(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	if (summary->spec.limit_bytes == UINT64_MAX || summary->sample_count == 0)
		return;
	for (size_t i = 0; i < OL_LEVELS; i++) {
		if (i > 0)
			ol_words_add(words, " %s ", separator);
		if (summary->level_ns[i] == 0) {
			ol_words_add(words, "never seen at %u %% of the limit", ol_level_percents[i]);
			return;
		}
		ol_words_add(
			words, "%u %% for %s", ol_level_percents[i], OL_DURATION_TEXT(summary->level_ns[i]));
	}
}

static void add_stalls(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	if (!summary->has_stall)
		return;
	ol_words_add(words, "%s waiting for memory", OL_DURATION_TEXT(summary->stall_ns));
	if (summary->wall_ns > 0)
		ol_words_add(words, ", %.1f %% of the time", percent(summary->stall_ns, summary->wall_ns));
}

static void add_faults(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	if (summary->major_faults == 0)
		return;
	ol_words_add_count(words, summary->major_faults, "page had", "pages had");
	ol_words_add(words, " to be read in (major faults)");
}

static void add_processor(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	if (summary->spec.adopted_pid != 0)
		return; /* Its parent's to learn. */
	ol_words_add(words, "user %s %s system %s", OL_DURATION_TEXT(summary->user_ns), separator,
		OL_DURATION_TEXT(summary->system_ns));
	if (summary->wall_ns > 0)
		ol_words_add(words, " %s %.0f %% of the time", separator,
			percent(summary->user_ns + summary->system_ns, summary->wall_ns));
}

static void add_addresses(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	uint64_t cap_bytes = summary->spec.address_space_bytes;
	if (cap_bytes == UINT64_MAX && summary->refused_count == 0)
		return;
	if (summary->address_space_peak_bytes > 0)
		ol_words_add(words, "peak %s", OL_BYTES_TEXT(summary->address_space_peak_bytes));
	else
		ol_words_add(words, "peak not seen");
	if (cap_bytes != UINT64_MAX)
		ol_words_add(words, " of %s", OL_BYTES_TEXT(cap_bytes));
	ol_words_add(words, " %s ", separator);
	if (summary->is_refused_known)
		ol_words_add_count(words, summary->refused_count, "request refused", "requests refused");
	else
		ol_words_add(words, "refusals could not be counted");
}

static void add_left(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	if (summary->left_count == 0)
		return;
	ol_words_add_count(words, summary->left_count, "process", "processes");
	if (summary->spec.is_kept)
		ol_words_add(words, " ran on, and still may, in %s", summary->cage.path);
	else if (summary->spec.adopted_pid != 0)
		ol_words_add(words, " ran on, and went back to where it was adopted from");
	else
		ol_words_add(words, " ran on and %s ended", summary->left_count == 1 ? "was" : "were");
}

static void add_watchdog(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	ol_words_add_watchdog(words, &summary->spec.watchdog, &summary->watchdog);
}

static void add_dump(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	ol_words_add(words, "%s", summary->dump_directory);
}

static void add_reason(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary) {
	ol_caged_explain(summary, words->buffer, words->capacity);
	words->used = strlen(words->buffer);
}

const struct ol_caged_fact ol_caged_facts[OL_CAGED_FACT_COUNT] = {
	{ "evidence", OL_CAGED_EVIDENCE, add_evidence },
	{ "killed", OL_CAGED_FIGURE, add_kills },
	{ "kernel", OL_CAGED_QUOTE, add_kernel_line },
	{ "peak", OL_CAGED_FIGURE, add_peak },
	{ "above", OL_CAGED_FIGURE, add_levels },
	{ "stalls", OL_CAGED_FIGURE, add_stalls },
	{ "faults", OL_CAGED_FIGURE, add_faults },
	{ "CPU", OL_CAGED_FIGURE, add_processor },
	{ "addresses", OL_CAGED_FIGURE, add_addresses },
	{ "left", OL_CAGED_FIGURE, add_left },
	{ "watchdog", OL_CAGED_STORY, add_watchdog },
	{ "dump", OL_CAGED_STORY, add_dump },
	{ "why", OL_CAGED_REASON, add_reason },
};
