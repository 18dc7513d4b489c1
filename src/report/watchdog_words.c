/* watchdog_words.c -- What a watchdog did, and what looks alone would have missed, in a sentence.
 */
#include <inttypes.h>

#include "report/caged_words.h"

static void add_measure(struct ol_words *words, const struct ol_watchdog_spec *spec) {
	ol_words_add(words, "%s", spec->measure == OL_WATCHDOG_RSS ? "resident memory" : "usage");
}

static void add_latency(struct ol_words *words, const struct ol_watchdog_spec *spec,
	const struct ol_watchdog_facts *facts) {
	if (facts->crossed_at_ns > facts->acted_at_ns) {
		ol_words_add(words, ", before any sample had seen ");
		add_measure(words, spec);
		ol_words_add(words, " cross %s", OL_BYTES_TEXT(spec->threshold_bytes));
		return;
	}
	/* It crossed between two measurements, and nobody knows when. */
	if (facts->crossed_at_ns < facts->acted_at_ns)
		ol_words_add(
			words, ", %s to ", OL_DURATION_TEXT(facts->acted_at_ns - facts->crossed_at_ns));
	else
		ol_words_add(words, ", at most ");
	ol_words_add(words, "%s after ", OL_DURATION_TEXT(facts->acted_at_ns - facts->below_at_ns));
	add_measure(words, spec);
	ol_words_add(words, " crossed %s", OL_BYTES_TEXT(spec->threshold_bytes));
}

static void add_action(struct ol_words *words, const struct ol_watchdog_spec *spec,
	const struct ol_watchdog_facts *facts) {
	bool is_notice = facts->way == OL_WATCHDOG_NOTICE;
	ol_words_add(words, "acted on %s at %s", is_notice ? "the kernel's notice" : "a look",
		OL_BYTES_TEXT(facts->acted_bytes));
	add_latency(words, spec, facts);
	if (is_notice && facts->next_look_ns != UINT64_MAX)
		ol_words_add(words, "; the next of its looks every %s was %s away",
			OL_DURATION_TEXT(spec->every_ns), OL_DURATION_TEXT(facts->next_look_ns));
	if (facts->ended_at_ns != UINT64_MAX && facts->ended_at_ns >= facts->acted_at_ns)
		ol_words_add(
			words, "; the end took %s", OL_DURATION_TEXT(facts->ended_at_ns - facts->acted_at_ns));
}

static void add_inaction(struct ol_words *words, const struct ol_watchdog_spec *spec,
	const struct ol_watchdog_facts *facts) {
	if (facts->crossed_at_ns == UINT64_MAX && facts->peak_bytes < spec->threshold_bytes) {
		ol_words_add(words, "had nothing to do: ");
		add_measure(words, spec);
		ol_words_add(words, " never reached %s", OL_BYTES_TEXT(spec->threshold_bytes));
		return;
	}
	ol_words_add(words, "did not act, though ");
	add_measure(words, spec);
	ol_words_add(words, " reached %s", OL_BYTES_TEXT(spec->threshold_bytes));
	if (spec->every_ns == 0)
		return;
	if (facts->look_count == 0) {
		ol_words_add(
			words, " before the first of its looks every %s", OL_DURATION_TEXT(spec->every_ns));
		return;
	}
	ol_words_add(words, ": its ");
	ol_words_add_count(words, facts->look_count, "look", "looks");
	ol_words_add(words, ", every %s, saw at most %s", OL_DURATION_TEXT(spec->every_ns),
		OL_BYTES_TEXT(facts->seen_bytes_max));
}

static void add_missed(struct ol_words *words, const struct ol_watchdog_facts *facts) {
	/* The spike that the kernel told of is the one that it acted on. */
	bool is_alone = facts->way == OL_WATCHDOG_NOTICE && facts->missed_count == 1;
	bool has_looked = facts->look_count > 0;
	if (is_alone && has_looked)
		ol_words_add(words, "; the look before saw %s less", OL_BYTES_TEXT(facts->missed_bytes));
	if (is_alone || facts->missed_count == 0)
		return;
	ol_words_add(words, "; looks alone missed ");
	ol_words_add_count(words, facts->missed_count, "spike", "spikes");
	ol_words_add(words, " to the threshold, %s%s%s, for %s",
		facts->missed_count > 1 ? "the highest " : "", OL_BYTES_TEXT(facts->missed_bytes),
		has_looked ? " above what the look before saw" : "", OL_DURATION_TEXT(facts->missed_ns));
}

void ol_words_add_watchdog(struct ol_words *words, const struct ol_watchdog_spec *spec,
	const struct ol_watchdog_facts *facts) {
	if (!spec->is_on)
		return;
	if (facts->way == OL_WATCHDOG_NOT)
		add_inaction(words, spec, facts);
	else
		add_action(words, spec, facts);
	add_missed(words, facts);
	if (spec->wants_notice && !facts->has_notice)
		ol_words_add(words, "; the kernel could not be asked to tell");
}
