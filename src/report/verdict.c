/* verdict.c -- The verdict and what it rests on, a line each. */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/report.h"
#include "report/words.h"

struct ol_words ol_words_in(char *buffer, size_t capacity) {
	assert(capacity > 0);
	buffer[0] = '\0';
	return (struct ol_words){ .buffer = buffer, .capacity = capacity };
}

void ol_words_add(struct ol_words *words, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int length =
		vsnprintf(words->buffer + words->used, words->capacity - words->used, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	words->used += (size_t)length;
	if (words->used >= words->capacity)
		words->used = words->capacity - 1;
}

void ol_words_add_count(
	struct ol_words *words, uint64_t count, const char *singular, const char *plural) {
	if (count == 1)
		ol_words_add(words, "one %s", singular);
	else
		ol_words_add(words, "%" PRIu64 " %s", count, plural);
}

bool ol_was_killed(const struct ol_run_summary *summary) {
	return summary->outcome == OL_OUTCOME_OOM_KILLED ||
		   summary->outcome == OL_OUTCOME_OOM_KILLED_BY_ANCESTOR ||
		   summary->outcome == OL_OUTCOME_KILLED;
}

static void add_place(struct ol_words *words, const struct ol_run_summary *summary) {
	if (summary->last_words.phase[0] != '\0')
		ol_words_add(words, " in \"%s\"", summary->last_words.phase);
	else if (summary->last_words.activity == OL_ACTIVITY_STARTING)
		ol_words_add(words, " while starting");
	else if (summary->last_words.activity == OL_ACTIVITY_WAITING)
		ol_words_add(words, " while waiting for a request");
	else
		ol_words_add(words, " before the first phase");
}

/* "2.9 of 3.2 MiB": the unit once, where both have the same. */
static void add_touched(struct ol_words *words, uint64_t touched_bytes, uint64_t request_bytes) {
	char touched[OL_UNITS_TEXT_BYTES], request[OL_UNITS_TEXT_BYTES];
	ol_format_bytes(touched_bytes, touched);
	ol_format_bytes(request_bytes, request);
	char *touched_unit = strrchr(touched, ' ');
	if (strcmp(touched_unit, strrchr(request, ' ')) == 0)
		*touched_unit = '\0';
	ol_words_add(words, ", %s of %s touched", touched, request);
}

/* What it was doing: only as much as its last words say. */
static void add_activity(struct ol_words *words, const struct ol_last_words *last) {
	switch ((enum ol_activity)last->activity) {
	case OL_ACTIVITY_ALLOCATING:
		ol_words_add(words, ", allocating %s", OL_BYTES_TEXT(last->request_bytes));
		break;
	case OL_ACTIVITY_TOUCHING:
		add_touched(words, last->touched_bytes, last->request_bytes);
		break;
	case OL_ACTIVITY_COLLECTING:
		ol_words_add(words, ", while collecting");
		break;
	default:
		break;
	}
}

void ol_words_add_limiter(struct ol_words *words, const char *preposition,
	enum ol_limited_by limited_by, const char *limiting_group) {
	const char *group = limiting_group[0] != '\0' ? limiting_group : "a group";
	switch (limited_by) {
	case OL_LIMITED_BY_OWN:
		ol_words_add(words, " %s the cage's limit", preposition);
		break;
	case OL_LIMITED_BY_ANCESTOR:
		ol_words_add(words, " %s the limit of %s above the cage", preposition, group);
		break;
	case OL_LIMITED_BY_SYSTEM:
		ol_words_add(words, " because the whole machine was out of memory");
		break;
	case OL_LIMITED_BY_INNER:
		ol_words_add(words, " %s the limit of %s inside the cage", preposition, group);
		break;
	case OL_LIMITED_BY_NONE:
		break;
	}
}

static void add_peak(struct ol_words *words, const struct ol_run_summary *summary) {
	if (summary->spec.is_uncaged)
		ol_words_add(words, ": its memory peaked at %s, without a cage",
			OL_BYTES_TEXT(summary->cage_peak_bytes));
	else if (summary->cage_peak_bytes > 0)
		ol_words_add(words, ": the cage peaked at %s of %s",
			OL_BYTES_TEXT(summary->cage_peak_bytes), OL_BYTES_TEXT(summary->spec.limit_bytes));
}

static void add_ending(struct ol_words *words, const struct ol_run_summary *summary) {
	const struct ol_last_words *last = &summary->last_words;
	switch (summary->outcome) {
	case OL_OUTCOME_SHUT_DOWN:
		ol_words_add(
			words, " by its %s", summary->watchdog.way != OL_WATCHDOG_NOT ? "watchdog" : "policy");
		add_peak(words, summary);
		return;
	case OL_OUTCOME_SURVIVED:
		add_peak(words, summary);
		return;
	case OL_OUTCOME_OOM_KILLED:
	case OL_OUTCOME_OOM_KILLED_BY_ANCESTOR:
		ol_words_add_limiter(words, "by", (enum ol_limited_by)summary->evidence.limited_by,
			summary->evidence.limiting_group);
		add_place(words, summary);
		add_activity(words, last);
		return;
	case OL_OUTCOME_TIMED_OUT:
		if (summary->spec.timeout_ns > 0)
			ol_words_add(words, " after %s", OL_DURATION_TEXT(summary->spec.timeout_ns));
		break;
	case OL_OUTCOME_OUT_OF_MEMORY:
		/* Before the first request it was the heap's own tables that got no memory. */
		if (last->request_bytes > 0)
			ol_words_add(
				words, ": a request for %s was refused", OL_BYTES_TEXT(last->request_bytes));
		else
			ol_words_add(words, ": the heap got no memory to begin with");
		break;
	case OL_OUTCOME_KILLED:
		if (summary->is_overdue)
			ol_words_add(words, " by the lab: told to end by its watchdog, it did not");
		else if (summary->evidence.signal > 0)
			ol_words_add(words, " by signal %d, not for memory", summary->evidence.signal);
		break;
	case OL_OUTCOME_LAB_ERROR:
		return;
	default:
		break;
	}
	add_place(words, summary);
}

const char *ol_outcome_headline(enum ol_outcome outcome) {
	static const char *const names[OL_OUTCOME_COUNT] = {
		[OL_OUTCOME_SURVIVED] = "SURVIVED",
		[OL_OUTCOME_OOM_KILLED] = "OOM-KILLED",
		[OL_OUTCOME_OOM_KILLED_BY_ANCESTOR] = "OOM-KILLED",
		[OL_OUTCOME_THROTTLED] = "THROTTLED",
		[OL_OUTCOME_SHUT_DOWN] = "SHUT DOWN in good order",
		[OL_OUTCOME_OUT_OF_MEMORY] = "OUT OF MEMORY",
		[OL_OUTCOME_TIMED_OUT] = "TIMED OUT",
		[OL_OUTCOME_KILLED] = "KILLED",
		[OL_OUTCOME_SCRIPT_ERROR] = "SCRIPT ERROR",
		[OL_OUTCOME_LAB_ERROR] = "LAB ERROR",
	};
	assert((unsigned)outcome < OL_OUTCOME_COUNT);
	return names[outcome];
}

void ol_verdict_line(const struct ol_run_summary *summary, char *buffer, size_t capacity) {
	struct ol_words words = ol_words_in(buffer, capacity);
	ol_words_add(&words, "%s", ol_outcome_headline(summary->outcome));
	add_ending(&words, summary);
}

void ol_words_add_signal(struct ol_words *words, int signal_number) {
	const char *name = sigabbrev_np(signal_number);
	ol_words_add(words, "signal %d (SIG%s)", signal_number, name != NULL ? name : "?");
}

void ol_words_add_evidence(struct ol_words *words, const char *separator,
	const struct ol_evidence *evidence, uint64_t wall_ns) {
	if (evidence->signal > 0) {
		ol_words_add_signal(words, evidence->signal);
		ol_words_add(words, " %s ", separator);
	}
	if (evidence->exit_status >= 0)
		ol_words_add(words, "exit status %d %s ", evidence->exit_status, separator);
	ol_words_add(words, "oom_kill +%" PRIu64, evidence->oom_kill_delta);
	if (evidence->limited_by != OL_LIMITED_BY_NONE)
		ol_words_add(words, " %s limit: %s", separator,
			ol_limited_by_name((enum ol_limited_by)evidence->limited_by));
	if (evidence->high_delta > 0)
		ol_words_add(words, " %s high +%" PRIu64, separator, evidence->high_delta);
	if (evidence->swap_peak_bytes > 0)
		ol_words_add(
			words, " %s swap peak %s", separator, OL_BYTES_TEXT(evidence->swap_peak_bytes));
	if (wall_ns > 0)
		ol_words_add(words, " %s took %s", separator, OL_DURATION_TEXT(wall_ns));
}

void ol_evidence_line(
	const struct ol_run_summary *summary, const char *separator, char *buffer, size_t capacity) {
	struct ol_words words = ol_words_in(buffer, capacity);
	ol_words_add_evidence(&words, separator, &summary->evidence, summary->wall_ns);
}
