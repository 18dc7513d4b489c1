/* explain.c -- Why a run ended as it did, in figures: only what the summary's facts show.
 *
 * Each reason is a function; which one holds is decided by the outcome and, for a kill at the
 * cage's own limit, by what the garbage could have covered. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/report.h"
#include "report/table.h"
#include "report/words.h"

/* Less than this share of the limit is not worth a sentence. */
static const uint64_t notable_share = 64;

/* What the reasons are made of. */
struct findings {
	const struct ol_run_summary *summary;
	const struct ol_last_words *last;
	uint64_t limit_bytes;
	uint64_t garbage_bytes;   /* Never more than the heap. */
	uint64_t missing_bytes;   /* Of the last request: not yet touched. */
	uint64_t uncounted_bytes; /* Allocated since garbage was counted, the last request apart. */
	uint64_t idle_bytes;      /* Free pages that the heap did not give back. */
	uint64_t cycle_count;     /* Collections in the last phase. */
	bool has_count;           /* Garbage was counted, and no collection has run since. */
	bool is_request_open;
};

static struct findings find(const struct ol_run_summary *summary) {
	const struct ol_last_words *last = &summary->last_words;
	struct findings found = {
		.summary = summary,
		.last = last,
		/* The program may have had another one set. */
		.limit_bytes =
			last->limit_now_bytes > 0 ? last->limit_now_bytes : summary->spec.limit_bytes,
		.garbage_bytes = last->garbage_bytes,
		.uncounted_bytes = last->allocated_since_count_bytes,
	};
	if (last->memstats.heap_idle > last->memstats.heap_released)
		found.idle_bytes = last->memstats.heap_idle - last->memstats.heap_released;
	uint64_t cycles_before = 0;
	/* A service keeps its latest phases, so that the last but one is there. */
	if (summary->phase_count > 1 && summary->phase_count <= OL_PHASES_MAX)
		cycles_before = summary->phases[summary->phase_count - 2].memstats.num_gc;
	else if (summary->phase_count > OL_PHASES_MAX && summary->spec.is_service)
		cycles_before = summary->phases[OL_PHASES_MAX - 2].memstats.num_gc;
	if (last->memstats.num_gc > cycles_before)
		found.cycle_count = last->memstats.num_gc - cycles_before;
	/* A count from before a collection counts what is gone. When exactly it was made is not among
	 * the facts, so a phase with both is not relied on. */
	found.has_count = last->garbage_counted_at_ns > 0 && found.cycle_count == 0 &&
					  found.garbage_bytes <= last->memstats.heap_alloc;
	found.is_request_open =
		last->activity == OL_ACTIVITY_ALLOCATING || last->activity == OL_ACTIVITY_TOUCHING;
	if (!found.is_request_open)
		return found;
	if (last->request_bytes > last->touched_bytes)
		found.missing_bytes = last->request_bytes - last->touched_bytes;
	found.uncounted_bytes -=
		found.uncounted_bytes < last->request_bytes ? found.uncounted_bytes : last->request_bytes;
	return found;
}

static bool is_notable(const struct findings *found, uint64_t bytes) {
	return bytes > 0 && bytes >= found->limit_bytes / notable_share;
}

static const struct ol_option_value *find_option(
	const struct ol_run_summary *summary, const char *name) {
	for (uint32_t i = 0; i < summary->spec.option_count && i < OL_OPTIONS_MAX; i++) {
		if (strcmp(summary->spec.options[i].name, name) == 0)
			return &summary->spec.options[i];
	}
	return NULL;
}

/* What to try, if collecting is what was missing. */
static void add_hint(struct ol_words *words, const struct ol_run_summary *summary) {
	const struct ol_option_value *gc = find_option(summary, "gc");
	if (gc != NULL && gc->type == OL_OPTION_BOOLEAN && !gc->boolean)
		ol_words_add(words, " Run again with --gc to see the difference.");
	else if (summary->spec.memory_limit_bytes >= OL_MEMORY_LIMIT_OFF)
		ol_words_add(
			words, " Run again with --memlimit=90%%, which plans collections by the limit.");
}

static void explain_garbage(struct ol_words *words, const struct findings *found) {
	const struct ol_run_spec *spec = &found->summary->spec;
	const struct ol_memstats *stats = &found->last->memstats;
	bool has_memory_limit = spec->memory_limit_bytes < OL_MEMORY_LIMIT_OFF;
	ol_words_add(words, "%s of the heap was garbage, but ", OL_BYTES_TEXT(found->garbage_bytes));
	if (spec->gogc == OL_GOGC_OFF && !has_memory_limit) {
		ol_words_add(
			words, "with GOGC off and no memory limit nothing ever asks for a collection.");
	} else if (stats->next_gc > found->limit_bytes && stats->heap_alloc < stats->next_gc) {
		ol_words_add(words, "the next collection was planned at %s, %s beyond the limit of %s",
			OL_BYTES_TEXT(stats->next_gc), OL_BYTES_TEXT(stats->next_gc - found->limit_bytes),
			OL_BYTES_TEXT(found->limit_bytes));
		if (has_memory_limit)
			ol_words_add(
				words, " (the memory limit is %s)", OL_BYTES_TEXT(spec->memory_limit_bytes));
		ol_words_add(words, ", so nothing asked for one before the cage was full.");
	} else {
		ol_words_add(words,
			"the next collection was planned at %s, and with the heap at %s the cage of %s was "
			"full first",
			OL_BYTES_TEXT(stats->next_gc), OL_BYTES_TEXT(stats->heap_alloc),
			OL_BYTES_TEXT(found->limit_bytes));
		if (found->summary->baseline_bytes > 0)
			ol_words_add(words, ": it held %s before the first allocation",
				OL_BYTES_TEXT(found->summary->baseline_bytes));
		ol_words_add(words, ".");
	}
	add_hint(words, found->summary);
}

/* The first phase: baseline and request are all there is. */
static bool is_request_beyond(const struct findings *found) {
	const struct ol_run_summary *summary = found->summary;
	return summary->phase_count <= 1 && found->is_request_open && summary->baseline_bytes > 0 &&
		   summary->baseline_bytes + found->last->request_bytes > found->limit_bytes;
}

static void explain_request_beyond(struct ol_words *words, const struct findings *found) {
	uint64_t baseline_bytes = found->summary->baseline_bytes;
	uint64_t request_bytes = found->last->request_bytes;
	uint64_t sum_bytes = baseline_bytes + request_bytes;
	ol_words_add(words,
		"The cage held %s before the first allocation (the baseline); with the %s asked for that "
		"is %s, %s more than the limit of %s.",
		OL_BYTES_TEXT(baseline_bytes), OL_BYTES_TEXT(request_bytes), OL_BYTES_TEXT(sum_bytes),
		OL_BYTES_TEXT(sum_bytes - found->limit_bytes), OL_BYTES_TEXT(found->limit_bytes));
	ol_words_add(words, " No collection can help the first request: it takes a larger --limit.");
}

/* The parts of what the cage held, without claiming that they are all. */
static void add_parts(struct ol_words *words, const struct findings *found) {
	uint64_t baseline_bytes = found->summary->baseline_bytes;
	uint64_t heap_bytes = found->last->memstats.heap_alloc;
	uint64_t sum_bytes = heap_bytes + baseline_bytes;
	ol_words_add(words, "a heap of %s", OL_BYTES_TEXT(heap_bytes));
	if (found->last->other_heaps_bytes > 0) {
		ol_words_add(words, ", %s in other heaps", OL_BYTES_TEXT(found->last->other_heaps_bytes));
		sum_bytes += found->last->other_heaps_bytes;
	}
	if (found->last->off_heap_bytes > 0) {
		ol_words_add(words, ", %s beside it", OL_BYTES_TEXT(found->last->off_heap_bytes));
		sum_bytes += found->last->off_heap_bytes;
	}
	if (found->last->stack_bytes > 0) {
		ol_words_add(words, ", stacks of %s", OL_BYTES_TEXT(found->last->stack_bytes));
		sum_bytes += found->last->stack_bytes;
	}
	if (found->last->activity == OL_ACTIVITY_ALLOCATING) {
		ol_words_add(words, ", %s asked for", OL_BYTES_TEXT(found->last->request_bytes));
		sum_bytes += found->last->request_bytes;
	}
	ol_words_add(words, " and a baseline of %s", OL_BYTES_TEXT(baseline_bytes));
	if (sum_bytes > found->limit_bytes)
		ol_words_add(words, " make %s, %s more than the limit of %s", OL_BYTES_TEXT(sum_bytes),
			OL_BYTES_TEXT(sum_bytes - found->limit_bytes), OL_BYTES_TEXT(found->limit_bytes));
	else
		ol_words_add(words,
			" stood against a limit of %s (the script held %s, the heap's tables %s)",
			OL_BYTES_TEXT(found->limit_bytes), OL_BYTES_TEXT(found->last->script_bytes),
			OL_BYTES_TEXT(found->last->metadata_bytes));
}

/* Collected, but into pages that the request did not get. */
static bool is_idle_enough(const struct findings *found) {
	return found->cycle_count > 0 && found->is_request_open &&
		   is_notable(found, found->idle_bytes) && found->idle_bytes >= found->missing_bytes &&
		   !found->summary->spec.is_trigger_before_mapping;
}

static void explain_idle(struct ol_words *words, const struct findings *found) {
	ol_words_add(words,
		"A collection ran in this phase, but its request had been given pages before (the trigger "
		"is tested after serving, as in Go), and the heap still held %s of free pages beside them "
		"when the cage of %s was full",
		OL_BYTES_TEXT(found->idle_bytes), OL_BYTES_TEXT(found->limit_bytes));
	if (found->summary->baseline_bytes > 0)
		ol_words_add(words, " (%s of it before the first allocation)",
			OL_BYTES_TEXT(found->summary->baseline_bytes));
	if (strcmp(found->summary->spec.collector, "concurrent") == 0)
		ol_words_add(words,
			". They had not been given back to the system yet: with threads that is a race, and "
			"the next run may win it.");
	else
		ol_words_add(words, ". Run again with --trigger-test=before to see the difference.");
}

static void explain_marking(struct ol_words *words, const struct findings *found) {
	ol_words_add(words,
		"A cycle was under way beside the program, and was not done when the cage was full: the "
		"heap stood at %s, and what of it had been let go of was not known yet.",
		OL_BYTES_TEXT(found->last->memstats.heap_alloc));
	add_hint(words, found->summary);
}

static void explain_live(struct ol_words *words, const struct findings *found) {
	if (found->cycle_count > 0 && found->last->garbage_counted_at_ns > 0)
		ol_words_add(words, "Collections ran in this phase, and what they left did not fit: ");
	else if (!found->has_count)
		ol_words_add(words, "Its garbage was never counted: ");
	else if (is_notable(found, found->garbage_bytes))
		ol_words_add(words, "Collecting the %s of garbage would not have covered the %s missing: ",
			OL_BYTES_TEXT(found->garbage_bytes), OL_BYTES_TEXT(found->missing_bytes));
	else if (found->garbage_bytes == 0 && found->last->other_heaps_bytes > 0)
		ol_words_add(words, "The first heap held no garbage: ");
	else if (found->garbage_bytes == 0)
		ol_words_add(words, "There was no garbage to collect: ");
	else
		ol_words_add(
			words, "Little of the heap was garbage (%s): ", OL_BYTES_TEXT(found->garbage_bytes));
	add_parts(words, found);
	ol_words_add(words, ".");
	if (found->last->child_count > 0) {
		ol_words_add(words, " ");
		ol_words_add_count(words, found->last->child_count, "child", "children");
		ol_words_add(words, " had all pages of the fork: what was written since was there twice.");
	}
	if (is_notable(found, found->uncounted_bytes))
		ol_words_add(words, " Another %s were allocated after the count and may be garbage too.",
			OL_BYTES_TEXT(found->uncounted_bytes));
	else if (found->has_count)
		ol_words_add(words, " It takes a larger --limit, or less that is live.");
}

static void explain_own_limit(struct ol_words *words, const struct findings *found) {
	bool is_garbage_enough = found->has_count && is_notable(found, found->garbage_bytes) &&
							 found->garbage_bytes >= found->missing_bytes;
	if (found->last->activity == OL_ACTIVITY_COLLECTING) {
		ol_words_add(words,
			"A collection was under way, but the cage was full before it was done: the heap stood "
			"at %s, %s of it garbage when last counted.",
			OL_BYTES_TEXT(found->last->memstats.heap_alloc), OL_BYTES_TEXT(found->garbage_bytes));
		return;
	}
	if (is_request_beyond(found))
		explain_request_beyond(words, found);
	else if (found->last->is_cycle_active)
		explain_marking(words, found);
	else if (is_idle_enough(found))
		explain_idle(words, found);
	else if (is_garbage_enough)
		explain_garbage(words, found);
	else
		explain_live(words, found);
}

void ol_words_add_foreign_limit(struct ol_words *words, const struct ol_evidence *evidence,
	uint64_t limit_bytes, uint64_t peak_bytes, bool is_of_ours) {
	if (evidence->limited_by == OL_LIMITED_BY_SYSTEM)
		ol_words_add(words, "The machine itself ran out of memory; the cage");
	else
		ol_words_add(words, "The limit of %s struck first; the cage",
			evidence->limiting_group[0]                   ? evidence->limiting_group
			: evidence->limited_by == OL_LIMITED_BY_INNER ? "a group inside the cage"
														  : "a group above the cage");
	if (limit_bytes == UINT64_MAX)
		ol_words_add(words, " itself had none");
	else if (evidence->limited_by == OL_LIMITED_BY_SYSTEM)
		ol_words_add(words, "'s limit of %s was not what killed it", OL_BYTES_TEXT(limit_bytes));
	else
		ol_words_add(
			words, "'s own limit of %s was not what killed it", OL_BYTES_TEXT(limit_bytes));
	if (peak_bytes > 0)
		ol_words_add(words, " (it peaked at %s)", OL_BYTES_TEXT(peak_bytes));
	ol_words_add(words, ".");
	if (evidence->limited_by == OL_LIMITED_BY_ANCESTOR && is_of_ours)
		ol_words_add(words, " That group was made around the cage: raise --parent-limit.");
	else if (evidence->limited_by == OL_LIMITED_BY_ANCESTOR)
		ol_words_add(words, " Raise the limit of that group, or choose another with --group.");
}

void ol_words_add_throttling(struct ol_words *words, uint64_t high_bytes, uint64_t high_count) {
	ol_words_add(words, "It went over memory.high");
	if (high_bytes != UINT64_MAX)
		ol_words_add(words, " (%s)", OL_BYTES_TEXT(high_bytes));
	ol_words_add(words,
		" %" PRIu64 " times, and the kernel held it back each time instead of killing it.",
		high_count);
}

void ol_words_add_stranger(struct ol_words *words, int signal_number) {
	ol_words_add(
		words, "The cage counted no OOM kill: signal %d came from elsewhere.", signal_number);
}

/* The phase that gave back most: what it began with, plus what it asked for, less what was left. */
static const struct ol_phase *most_freed(
	const struct ol_run_summary *summary, uint64_t *ret_freed_bytes) {
	const struct ol_phase *best = NULL;
	uint64_t before_bytes = 0;
	*ret_freed_bytes = 0;
	for (uint64_t i = 0; i < summary->phase_count && i < OL_PHASES_MAX; i++) {
		const struct ol_phase *phase = &summary->phases[i];
		uint64_t had_bytes = before_bytes + phase->requested_bytes;
		before_bytes = phase->memstats.heap_alloc;
		if (had_bytes > before_bytes && had_bytes - before_bytes > *ret_freed_bytes) {
			*ret_freed_bytes = had_bytes - before_bytes;
			best = phase;
		}
	}
	return best;
}

static void add_collections(struct ol_words *words, const struct ol_memstats *stats) {
	ol_words_add_count(words, stats->num_gc, "collection", "collections");
	if (stats->num_forced_gc == stats->num_gc)
		ol_words_add(words, ", asked for,");
	else if (stats->num_forced_gc > 0)
		ol_words_add(words, ", %" PRIu64 " of them asked for,", stats->num_forced_gc);
}

static void explain_survival(struct ol_words *words, const struct findings *found) {
	const struct ol_run_summary *summary = found->summary;
	const struct ol_memstats *stats = &found->last->memstats;
	uint64_t requested_bytes = 0;
	for (uint64_t i = 0; i < summary->phase_count && i < OL_PHASES_MAX; i++)
		requested_bytes += summary->phases[i].requested_bytes;
	/* No collection makes room for what is not the heap's. */
	uint64_t beside_bytes = found->last->beside_requested_bytes;
	requested_bytes -= beside_bytes < requested_bytes ? beside_bytes : requested_bytes;
	uint64_t sum_bytes = requested_bytes + summary->baseline_bytes;
	if (found->limit_bytes != summary->spec.limit_bytes)
		ol_words_add(words, "At its end the program had the cage's limit at %s. ",
			OL_BYTES_TEXT(found->limit_bytes));
	else if (summary->cage_peak_bytes >= found->limit_bytes)
		ol_words_add(words, "The cage filled to its limit, and nothing was killed. ");
	else if (summary->cage_peak_bytes > 0)
		ol_words_add(words, "%s of the limit was never used. ",
			OL_BYTES_TEXT(found->limit_bytes - summary->cage_peak_bytes));
	if (stats->num_gc == 0 && sum_bytes <= found->limit_bytes) {
		ol_words_add(words,
			"No collection was needed: all that was asked for, %s, fitted beside the baseline of "
			"%s.",
			OL_BYTES_TEXT(requested_bytes), OL_BYTES_TEXT(summary->baseline_bytes));
		return;
	}
	size_t start = words->used;
	add_collections(words, stats);
	if (words->buffer[start] == 'o')
		words->buffer[start] = 'O';
	/* Where swap was allowed, not every kernel tells how much of it was used: it may be what made
	 * room. */
	bool may_have_swapped = summary->spec.swap_bytes > 0;
	if (sum_bytes <= found->limit_bytes || may_have_swapped) {
		ol_words_add(words, " ran; %s was asked for in all%s.", OL_BYTES_TEXT(requested_bytes),
			may_have_swapped ? ", and swap was allowed beside the limit" : "");
		return;
	}
	ol_words_add(words,
		" made room: %s was asked for in all, which with the baseline of %s is more "
		"than the limit",
		OL_BYTES_TEXT(requested_bytes), OL_BYTES_TEXT(summary->baseline_bytes));
	uint64_t freed_bytes;
	const struct ol_phase *phase = most_freed(summary, &freed_bytes);
	/* A phase's sum does not tell what it asked for beside the heap. */
	if (phase != NULL && beside_bytes == 0)
		ol_words_add(words, "; \"%s\" gave back %s", phase->name, OL_BYTES_TEXT(freed_bytes));
	ol_words_add(words, ".");
}

static void add_too_late(struct ol_words *words, const struct ol_run_summary *summary) {
	const struct ol_watchdog_facts *facts = &summary->watchdog;
	if (facts->way == OL_WATCHDOG_NOT)
		return;
	ol_words_add(words,
		" Its watchdog told it to end at %s, too late for what it was doing: a lower threshold "
		"leaves more time.",
		OL_BYTES_TEXT(facts->acted_bytes));
}

/* A cap on address space refuses what is mapped, whether or not there is anything in it. */
static void explain_address_space(struct ol_words *words, const struct findings *found) {
	const struct ol_last_words *last = found->last;
	uint64_t cap_bytes = found->summary->spec.address_space_bytes;
	ol_words_add(words,
		"The address space was capped at %s, and %s of it were mapped (%s that the heap reserves "
		"for objects, %s by the program): the program saw the refusal, and the cage's limit was "
		"not what stopped it.",
		OL_BYTES_TEXT(cap_bytes), OL_BYTES_TEXT(last->address_space_bytes),
		OL_BYTES_TEXT(last->heap_address_bytes), OL_BYTES_TEXT(last->reserved_bytes));
	ol_words_add(words, " %s were resident%s.", OL_BYTES_TEXT(last->resident_bytes),
		last->resident_bytes < last->address_space_bytes / 8
			? ": it was addresses that were short, not memory"
			: "");
}

static void explain_refusal(struct ol_words *words, const struct findings *found) {
	const struct ol_run_summary *summary = found->summary;
	if (summary->spec.fail_memory_request > 0)
		ol_words_add(words,
			"Request %" PRIu32 " for pages was refused on purpose: "
			"--fail-memory-request.",
			summary->spec.fail_memory_request);
	else if (summary->spec.address_space_bytes != UINT64_MAX)
		explain_address_space(words, found);
	else
		ol_words_add(words, "The system refused more memory with the heap at %s.",
			OL_BYTES_TEXT(found->last->memstats.heap_alloc));
}

static void explain_overdue(struct ol_words *words, const struct ol_run_summary *summary) {
	const struct ol_watchdog_facts *facts = &summary->watchdog;
	uint64_t waited_ns =
		facts->ended_at_ns > facts->acted_at_ns ? facts->ended_at_ns - facts->acted_at_ns : 0;
	ol_words_add(words,
		"It hears that it is to end where it allocates, or writes to what it has allocated. It did "
		"neither for %s, and the lab killed it.",
		OL_DURATION_TEXT(waited_ns));
}

static void explain_shut_down(struct ol_words *words, const struct findings *found) {
	const struct ol_run_summary *summary = found->summary;
	const struct ol_memstats *stats = &found->last->memstats;
	if (summary->watchdog.way == OL_WATCHDOG_NOT) {
		ol_words_add(words, "It ended itself with the cage at %s of %s.",
			OL_BYTES_TEXT(found->last->cage_bytes), OL_BYTES_TEXT(found->limit_bytes));
		return;
	}
	ol_words_add(words, "%s were left to the limit of %s, and the heap held %s",
		OL_BYTES_TEXT(found->limit_bytes > summary->watchdog.peak_bytes
						  ? found->limit_bytes - summary->watchdog.peak_bytes
						  : 0),
		OL_BYTES_TEXT(found->limit_bytes), OL_BYTES_TEXT(stats->heap_alloc));
	/* Counted at the end, whatever was collected before. */
	bool is_counted = found->garbage_bytes <= stats->heap_alloc;
	if (is_counted && is_notable(found, found->garbage_bytes))
		ol_words_add(words, ", %s of it garbage", OL_BYTES_TEXT(found->garbage_bytes));
	if (is_counted && found->garbage_bytes > stats->heap_alloc / 4 &&
		summary->spec.memory_limit_bytes >= OL_MEMORY_LIMIT_OFF)
		ol_words_add(words,
			". A collection would have come before the end with --memlimit=%.0f%%, which is below "
			"the threshold.",
			90.0 * (double)summary->spec.watchdog.threshold_bytes / (double)found->limit_bytes);
	else
		ol_words_add(words, ": what it leaves behind tells which line of the script.");
}

static void explain_other(struct ol_words *words, const struct findings *found) {
	const struct ol_run_summary *summary = found->summary;
	const struct ol_last_words *last = found->last;
	switch (summary->outcome) {
	case OL_OUTCOME_TIMED_OUT:
		ol_words_add(words,
			"Its time was up while it was %s, with the heap at %s; the cage had peaked at %s of "
			"%s, and ",
			last->activity == OL_ACTIVITY_TOUCHING
				? "filling new memory"
				: ol_activity_name((enum ol_activity)last->activity),
			OL_BYTES_TEXT(last->memstats.heap_alloc), OL_BYTES_TEXT(summary->cage_peak_bytes),
			OL_BYTES_TEXT(found->limit_bytes));
		ol_words_add_count(words, last->memstats.num_gc, "collection", "collections");
		ol_words_add(words, " had run. A longer --timeout shows whether it would have ended.");
		break;
	case OL_OUTCOME_THROTTLED:
		ol_words_add_throttling(words, summary->spec.high_bytes, summary->evidence.high_delta);
		break;
	case OL_OUTCOME_SHUT_DOWN:
		explain_shut_down(words, found);
		break;
	case OL_OUTCOME_KILLED:
		if (summary->is_overdue)
			explain_overdue(words, summary);
		else
			ol_words_add_stranger(words, summary->evidence.signal);
		break;
	default:
		ol_words_add(words, "%s", summary->error_message);
		break;
	}
}

/* The group that struck is the one that was made for the cage to stand in: the cage is directly
 * below it. */
static bool is_limit_around(const struct ol_run_summary *summary) {
	const char *group = summary->evidence.limiting_group;
	const char *end = strrchr(summary->cage.path, '/');
	size_t length = strlen(group);
	return summary->spec.parent_limit_bytes != UINT64_MAX && end != NULL && length > 0 &&
		   (size_t)(end - summary->cage.path) >= length && memcmp(end - length, group, length) == 0;
}

void ol_explain(const struct ol_run_summary *summary, char *buffer, size_t capacity) {
	struct ol_words words = ol_words_in(buffer, capacity);
	struct findings found = find(summary);
	switch (summary->outcome) {
	case OL_OUTCOME_SURVIVED:
		explain_survival(&words, &found);
		break;
	case OL_OUTCOME_OOM_KILLED:
		explain_own_limit(&words, &found);
		add_too_late(&words, summary);
		break;
	case OL_OUTCOME_OOM_KILLED_BY_ANCESTOR:
		ol_words_add_foreign_limit(&words, &summary->evidence, found.limit_bytes,
			summary->cage_peak_bytes, is_limit_around(summary));
		break;
	case OL_OUTCOME_OUT_OF_MEMORY:
		explain_refusal(&words, &found);
		break;
	default:
		explain_other(&words, &found);
		break;
	}
}
