/* caged_verdict.c -- The verdict on a caged program in one line. */
#include <inttypes.h>

#include "report/caged_words.h"

uint64_t ol_caged_whole_limit(const struct ol_caged_summary *summary) {
	uint64_t limit_bytes = summary->spec.limit_bytes, page_bytes = summary->system.page_bytes;
	if (limit_bytes == UINT64_MAX || page_bytes == 0)
		return limit_bytes;
	return limit_bytes - limit_bytes % page_bytes;
}

uint64_t ol_caged_kill_count(const struct ol_caged_summary *summary) {
	uint64_t counted = summary->evidence.oom_kill_delta;
	return summary->kill_count > counted ? summary->kill_count : counted;
}

void ol_words_add_process(struct ol_words *words, const char *name, int32_t pid) {
	size_t start = words->used;
	if (name[0] != '\0')
		ol_words_add(words, "%s (pid %" PRId32 ")", name, pid);
	else
		ol_words_add(words, "pid %" PRId32, pid);
	/* Anybody may give his process a name of control characters. */
	for (char *character = words->buffer + start; *character != '\0'; character++) {
		if ((unsigned char)*character < ' ')
			*character = '?';
	}
}

void ol_words_add_end(struct ol_words *words, const struct ol_caged_summary *summary) {
	const struct ol_evidence *evidence = &summary->evidence;
	if (evidence->signal > 0) {
		ol_words_add_signal(words, evidence->signal);
		if (summary->is_ended_by_lab)
			ol_words_add(words, " from the lab");
	} else if (evidence->exit_status >= 0) {
		ol_words_add(words, "exit status %" PRId32, evidence->exit_status);
		if (evidence->exit_status > 128)
			ol_words_add(words, " (by exit, not by a signal)");
	} else {
		ol_words_add(words, "an end that only its parent knows");
	}
}

static const struct ol_oom_kill *first_kill(
	const struct ol_caged_summary *summary, bool is_command) {
	for (uint32_t i = 0; i < summary->kill_told_count && i < OL_KILLS_MAX; i++) {
		if ((summary->kills[i].is_command != 0) == is_command)
			return &summary->kills[i];
	}
	return NULL;
}

/* ": the command, python3 (pid 123), and 2 more of its processes". */
static void add_victims(struct ol_words *words, const struct ol_caged_summary *summary) {
	uint64_t count = ol_caged_kill_count(summary);
	const struct ol_oom_kill *kill = first_kill(summary, summary->is_command_oom_killed != 0);
	if (summary->is_command_oom_killed) {
		ol_words_add(words, ": the command, ");
		ol_words_add_process(words, kill != NULL ? kill->name : "", summary->pid);
		if (count > 1)
			ol_words_add(words, ", and %" PRIu64 " more of its processes", count - 1);
		return;
	}
	ol_words_add(words, ": %" PRIu64 " of its processes", count);
	if (kill != NULL) {
		ol_words_add(words, count > 1 ? ", first " : ", ");
		ol_words_add_process(words, kill->name, kill->pid);
	}
	ol_words_add(words, "; the command itself ended with ");
	ol_words_add_end(words, summary);
}

static void add_peak(struct ol_words *words, const struct ol_caged_summary *summary) {
	if (summary->peak_bytes == 0)
		return;
	ol_words_add(words, "; the cage peaked at %s", OL_BYTES_TEXT(summary->peak_bytes));
	if (summary->spec.limit_bytes != UINT64_MAX)
		ol_words_add(words, " of %s", OL_BYTES_TEXT(summary->spec.limit_bytes));
}

static void add_throttling(struct ol_words *words, const struct ol_caged_summary *summary) {
	ol_words_add(words, ": held at memory.high");
	if (summary->spec.high_bytes != UINT64_MAX)
		ol_words_add(words, " (%s)", OL_BYTES_TEXT(summary->spec.high_bytes));
	if (summary->has_stall)
		ol_words_add(words, " for %s of %s", OL_DURATION_TEXT(summary->stall_ns),
			OL_DURATION_TEXT(summary->wall_ns));
	else
		ol_words_add(words, ", %" PRIu64 " times", summary->evidence.high_delta);
}

static void add_refusals(struct ol_words *words, const struct ol_caged_summary *summary) {
	if (summary->is_refused_known && summary->refused_count > 0) {
		ol_words_add(words, ": ");
		ol_words_add_count(words, summary->refused_count, "request for address space was refused",
			"requests for address space were refused");
	} else {
		ol_words_add(words, ": it was refused address space");
	}
	ol_words_add(words, ", and it ended with ");
	ol_words_add_end(words, summary);
}

static void add_shutdown(struct ol_words *words, const struct ol_caged_summary *summary) {
	ol_words_add(words, ": told by its watchdog");
	if (summary->watchdog.acted_at_ns != UINT64_MAX)
		ol_words_add(words, " at %s", OL_BYTES_TEXT(summary->watchdog.acted_bytes));
	ol_words_add(words, ", it ended with ");
	ol_words_add_end(words, summary);
}

static void add_ending(struct ol_words *words, const struct ol_caged_summary *summary) {
	const struct ol_evidence *evidence = &summary->evidence;
	switch (summary->outcome) {
	case OL_OUTCOME_SURVIVED:
		if (summary->was_let_go) {
			ol_words_add(words, ", and was let go before its end");
		} else {
			ol_words_add(words, " with ");
			ol_words_add_end(words, summary);
		}
		add_peak(words, summary);
		break;
	case OL_OUTCOME_OOM_KILLED:
	case OL_OUTCOME_OOM_KILLED_BY_ANCESTOR:
		ol_words_add_limiter(
			words, "by", (enum ol_limited_by)evidence->limited_by, evidence->limiting_group);
		add_victims(words, summary);
		break;
	case OL_OUTCOME_THROTTLED:
		add_throttling(words, summary);
		break;
	case OL_OUTCOME_SHUT_DOWN:
		add_shutdown(words, summary);
		break;
	case OL_OUTCOME_OUT_OF_MEMORY:
		add_refusals(words, summary);
		break;
	case OL_OUTCOME_TIMED_OUT:
		if (summary->spec.timeout_ns > 0)
			ol_words_add(words, " after %s", OL_DURATION_TEXT(summary->spec.timeout_ns));
		add_peak(words, summary);
		break;
	case OL_OUTCOME_KILLED:
		ol_words_add(words, " by ");
		ol_words_add_end(words, summary);
		ol_words_add(words, ", not an OOM kill: the kernel counted none");
		break;
	default:
		if (summary->error_message[0] != '\0')
			ol_words_add(words, ": %s", summary->error_message);
		break;
	}
}

void ol_caged_verdict(const struct ol_caged_summary *summary, char *buffer, size_t capacity) {
	struct ol_words words = ol_words_in(buffer, capacity);
	ol_words_add(&words, "%s", ol_outcome_headline(summary->outcome));
	add_ending(&words, summary);
}
