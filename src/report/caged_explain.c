/* caged_explain.c -- What to conclude from how a caged program ended: only what its facts show. */
#include <inttypes.h>

#include "report/caged_words.h"

enum {
	CLOSE_PERCENT = 99,  /* Of the limit: as good as full, since charging is by batches. */
	SIGNAL_STATUS = 128, /* Shells report a signal as an exit status of so much more. */
	SIGNALS_MAX = 64
};

static bool has_limit(const struct ol_caged_summary *summary) {
	return summary->spec.limit_bytes != UINT64_MAX;
}

static bool is_close(const struct ol_caged_summary *summary) {
	uint64_t limit_bytes = ol_caged_whole_limit(summary);
	return summary->peak_bytes >= limit_bytes - limit_bytes / 100 * (100 - CLOSE_PERCENT);
}

static void explain_survival(struct ol_words *words, const struct ol_caged_summary *summary) {
	uint64_t limit_bytes = ol_caged_whole_limit(summary);
	int32_t status = summary->evidence.exit_status;
	if (!has_limit(summary))
		ol_words_add(words, "It was only watched: no limit was set.");
	else if (summary->peak_bytes == 0)
		ol_words_add(words, "How full the cage was is not known.");
	else if (is_close(summary))
		ol_words_add(words,
			"The cage was full: the kernel found pages to take back, and without them it was one "
			"batch from a kill. A larger --limit shows what it takes when nothing presses.");
	else
		ol_words_add(words, "%s of the limit was never used.",
			OL_BYTES_TEXT(limit_bytes - summary->peak_bytes));
	if (status > SIGNAL_STATUS && status <= SIGNAL_STATUS + SIGNALS_MAX)
		ol_words_add(words,
			" A shell ends with status %" PRId32
			" where a program of its own died of signal %" PRId32
			"; nobody was killed for memory here.",
			status, status - SIGNAL_STATUS);
}

/* What a watchdog would have had: time between 90 % and the kill. */
static void add_warning_time(struct ol_words *words, const struct ol_caged_summary *summary) {
	uint64_t warned_ns = summary->level_ns[OL_LEVELS - 1];
	if (summary->spec.watchdog.is_on || warned_ns == 0)
		return;
	ol_words_add(words,
		" It was seen above %u %% for %s before the end: --watchdog=%u%% tells it then.",
		ol_level_percents[OL_LEVELS - 1], OL_DURATION_TEXT(warned_ns),
		ol_level_percents[OL_LEVELS - 1]);
}

static void explain_own_kill(struct ol_words *words, const struct ol_caged_summary *summary) {
	if (!summary->is_command_oom_killed) {
		ol_words_add(words,
			"The kernel chose another process than the command, which may not have noticed: its "
			"own end says nothing of the work that was lost.");
		add_warning_time(words, summary);
		return;
	}
	uint64_t limit_bytes = ol_caged_whole_limit(summary), own_bytes = 0;
	for (uint32_t i = 0; i < summary->kill_told_count && i < OL_KILLS_MAX; i++) {
		if (summary->kills[i].is_command)
			own_bytes = summary->kills[i].anon_bytes;
	}
	ol_words_add(words, "It wanted more than the cage's %s", OL_BYTES_TEXT(limit_bytes));
	if (own_bytes > 0 && own_bytes < limit_bytes)
		ol_words_add(words,
			": %s was the command's own, the other %s what the kernel holds for it, files, and "
			"other processes",
			OL_BYTES_TEXT(own_bytes), OL_BYTES_TEXT(limit_bytes - own_bytes));
	ol_words_add(words, ".");
	add_warning_time(words, summary);
}

static void explain_refusal(struct ol_words *words, const struct ol_caged_summary *summary) {
	uint64_t cap_bytes = summary->spec.address_space_bytes;
	ol_words_add(words, "It saw the refusals and could end in order");
	if (cap_bytes != UINT64_MAX && summary->rss_peak_bytes > 0)
		ol_words_add(words, ": the cap of %s counts addresses, and at most %s was resident",
			OL_BYTES_TEXT(cap_bytes), OL_BYTES_TEXT(summary->rss_peak_bytes));
	if (summary->peak_bytes > 0 && has_limit(summary))
		ol_words_add(words, "; the cage, at %s of %s, was not what stopped it",
			OL_BYTES_TEXT(summary->peak_bytes), OL_BYTES_TEXT(summary->spec.limit_bytes));
	ol_words_add(words, ".");
}

static void explain_kill(struct ol_words *words, const struct ol_caged_summary *summary) {
	if (!summary->is_ended_by_lab)
		ol_words_add_stranger(words, summary->evidence.signal);
	else if (summary->watchdog.acted_at_ns != UINT64_MAX && summary->spec.watchdog.is_on)
		ol_words_add(words,
			"Its watchdog told it to end, and %s later it had not. A longer --grace lets it "
			"finish.",
			OL_DURATION_TEXT(summary->spec.grace_ns));
	else
		ol_words_add(words, "The lab itself was told to end, and took it along.");
}

void ol_caged_explain(const struct ol_caged_summary *summary, char *buffer, size_t capacity) {
	struct ol_words words = ol_words_in(buffer, capacity);
	const struct ol_evidence *evidence = &summary->evidence;
	switch (summary->outcome) {
	case OL_OUTCOME_SURVIVED:
		explain_survival(&words, summary);
		break;
	case OL_OUTCOME_OOM_KILLED:
	case OL_OUTCOME_OOM_KILLED_BY_ANCESTOR:
		if (evidence->limited_by == OL_LIMITED_BY_OWN)
			explain_own_kill(&words, summary);
		else if (evidence->limited_by != OL_LIMITED_BY_NONE)
			ol_words_add_foreign_limit(
				&words, evidence, summary->spec.limit_bytes, summary->peak_bytes, false);
		break;
	case OL_OUTCOME_THROTTLED:
		ol_words_add_throttling(&words, summary->spec.high_bytes, evidence->high_delta);
		break;
	case OL_OUTCOME_SHUT_DOWN:
		if (has_limit(summary) && summary->peak_bytes > 0 &&
			summary->peak_bytes < ol_caged_whole_limit(summary))
			ol_words_add(&words, "It left with %s of the limit to spare.",
				OL_BYTES_TEXT(ol_caged_whole_limit(summary) - summary->peak_bytes));
		break;
	case OL_OUTCOME_OUT_OF_MEMORY:
		explain_refusal(&words, summary);
		break;
	case OL_OUTCOME_TIMED_OUT:
		ol_words_add(&words, "A longer --timeout shows whether it would have ended.");
		break;
	case OL_OUTCOME_KILLED:
		explain_kill(&words, summary);
		break;
	default:
		break;
	}
}
