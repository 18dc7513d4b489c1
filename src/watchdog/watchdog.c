/* watchdog.c -- Looks, notices and spikes, one at a time. */
#include "watchdog/watchdog.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "base/nearest.h"
#include "base/units.h"

enum { TEXT_BYTES_MAX = 128 };
static const uint64_t every_default_ns = 15 * OL_NS_PER_S;
static const uint64_t threshold_minimum_bytes = 4 * OL_KIB;
static const uint64_t every_minimum_ns = OL_NS_PER_MS;

#define NEVER UINT64_MAX

static uint64_t minus(uint64_t a, uint64_t b) {
	return a > b ? a - b : 0; /* Clocks may jump. */
}

static int set_every(
	const char *value, struct ol_watchdog_spec *spec, const char **ret_why, struct ol_error *why) {
	uint64_t every_ns = 0;
	if (strcmp(value, "never") != 0) {
		int result = ol_parse_duration(value, &every_ns, why);
		*ret_why = ", or never";
		if (result < 0)
			return result;
		if (every_ns < every_minimum_ns) {
			*ret_why = "";
			return ol_error_set(
				why, -ERANGE, "'%.64s' is out of range; expected 1 ms or more", value);
		}
	}
	spec->every_ns = every_ns;
	return 0;
}

static int set_of(
	const char *value, struct ol_watchdog_spec *spec, const char **ret_why, struct ol_error *why) {
	static const char *const names[] = { "usage", "rss" };
	int index = ol_name_index(names, OL_WATCHDOG_MEASURE_COUNT, value);
	*ret_why = "";
	if (index < 0)
		return ol_error_set(why, -EINVAL, "'%.64s' is no measure; expected usage or rss", value);
	spec->measure = (uint32_t)index;
	return 0;
}

static int set_notice(
	const char *value, struct ol_watchdog_spec *spec, const char **ret_why, struct ol_error *why) {
	static const char *const names[] = { "off", "on" };
	int index = ol_name_index(names, 2, value);
	*ret_why = "";
	if (index < 0)
		return ol_error_set(why, -EINVAL, "'%.64s' is no choice; expected on or off", value);
	spec->wants_notice = (uint32_t)index;
	return 0;
}

static const char *const word_names[] = { "every", "of", "notice" };
enum { WORDS = sizeof word_names / sizeof *word_names };
static int (*const word_functions[WORDS])(const char *, struct ol_watchdog_spec *, const char **,
	struct ol_error *) = { set_every, set_of, set_notice };

/* One "name=value" behind the threshold. seen has a bit a name. */
static int parse_word(
	char *word, struct ol_watchdog_spec *spec, unsigned *seen, struct ol_error *error) {
	static const char expected[] = "expected every=DURATION|never, of=usage|rss or notice=on|off";
	char *equals = strchr(word, '=');
	if (equals == NULL)
		return ol_error_set(error, -EINVAL, "'%.64s' has no value; %s", word, expected);
	*equals = '\0';
	int index = ol_name_index(word_names, WORDS, word);
	if (index < 0) {
		const char *nearest = ol_nearest_name(word, word_names, WORDS);
		if (nearest != NULL)
			return ol_error_set(
				error, -EINVAL, "there is no '%.64s'; did you mean '%s'?", word, nearest);
		return ol_error_set(error, -EINVAL, "there is no '%.64s'; %s", word, expected);
	}
	if ((*seen & 1U << index) != 0)
		return ol_error_set(error, -EINVAL, "'%s' is given twice; expected it once", word);
	*seen |= 1U << index;
	const char *rest;
	struct ol_error why;
	int result = word_functions[index](equals + 1, spec, &rest, &why);
	return result < 0 ? ol_error_set(error, result, "%s: %.600s%s", word, why.message, rest) : 0;
}

static int parse_threshold(
	const char *text, uint64_t limit_bytes, uint64_t *ret_bytes, struct ol_error *error) {
	uint64_t bytes;
	if (limit_bytes == 0 && strchr(text, '%') != NULL)
		return ol_error_set(error, -EINVAL,
			"'%.64s' is a share, and there is no limit; expected a size as in 90MiB", text);
	int result = ol_parse_bytes(text, limit_bytes, &bytes, error);
	if (result < 0)
		return result;
	if (bytes < threshold_minimum_bytes)
		return ol_error_set(error, -ERANGE,
			"'%.64s' is less than one page of memory; expected a share as in 90%%, or a size as in "
			"28MiB",
			text);
	if (limit_bytes != 0 && bytes > limit_bytes) {
		char limit_text[OL_UNITS_TEXT_BYTES];
		return ol_error_set(error, -ERANGE,
			"'%.64s' is above the limit, %s, and would never be reached; expected a share as in "
			"90%%",
			text, ol_format_bytes(limit_bytes, limit_text));
	}
	*ret_bytes = bytes;
	return 0;
}

int ol_watchdog_parse(const char *text, uint64_t limit_bytes, struct ol_watchdog_spec *ret_spec,
	struct ol_error *error) {
	char words[TEXT_BYTES_MAX];
	if (strlen(text) >= sizeof words)
		return ol_error_set(error, -EINVAL,
			"'%.64s...' is too long; expected a threshold as in 90%%,every=15s", text);
	strcpy(words, text);
	struct ol_watchdog_spec spec = {
		.is_on = 1,
		.measure = OL_WATCHDOG_USAGE,
		.wants_notice = 1,
		.every_ns = every_default_ns,
	};
	char *rest = words;
	int result = parse_threshold(strsep(&rest, ","), limit_bytes, &spec.threshold_bytes, error);
	unsigned seen = 0;
	while (result == 0 && rest != NULL)
		result = parse_word(strsep(&rest, ","), &spec, &seen, error);
	if (result < 0)
		return result;
	if (spec.every_ns == 0 && !spec.wants_notice)
		return ol_error_set(error, -EINVAL,
			"it would neither look nor be told; expected every=DURATION or notice=on");
	*ret_spec = spec;
	return 0;
}

void ol_watchdog_init(
	struct ol_watchdog *watchdog, const struct ol_watchdog_spec *spec, bool has_notice) {
	assert(spec->threshold_bytes > 0);
	*watchdog = (struct ol_watchdog){
		.spec = *spec,
		.facts = {
			.way = OL_WATCHDOG_NOT,
			.has_notice = has_notice && spec->wants_notice,
			.crossed_at_ns = NEVER,
			.acted_at_ns = NEVER,
			.next_look_ns = NEVER,
			.ended_at_ns = NEVER,
		},
		.due_ns = spec->every_ns > 0 ? spec->every_ns : NEVER,
		.spike_at_ns = NEVER,
	};
}

static bool has_acted(const struct ol_watchdog *watchdog) {
	return watchdog->facts.way != OL_WATCHDOG_NOT;
}

static bool is_in_spike(const struct ol_watchdog *watchdog) {
	return watchdog->spike_at_ns != NEVER;
}

uint64_t ol_watchdog_due_ns(const struct ol_watchdog *watchdog) {
	return has_acted(watchdog) ? NEVER : watchdog->due_ns;
}

static void begin_spike(struct ol_watchdog *watchdog, uint64_t at_ns) {
	if (!is_in_spike(watchdog))
		watchdog->spike_at_ns = at_ns;
}

/* It is over, and no look has seen it. */
static void miss_spike(struct ol_watchdog *watchdog, uint64_t at_ns) {
	struct ol_watchdog_facts *facts = &watchdog->facts;
	uint64_t bytes = minus(watchdog->spike_bytes, watchdog->looked_bytes);
	if (facts->missed_count++ == 0 || bytes > facts->missed_bytes) {
		facts->missed_bytes = bytes;
		facts->missed_ns = minus(at_ns, watchdog->spike_at_ns);
	}
	watchdog->spike_at_ns = NEVER;
	watchdog->spike_bytes = 0;
}

/* Whoever measured: spikes begin, grow and end by it. */
static void measure(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes) {
	struct ol_watchdog_facts *facts = &watchdog->facts;
	if (bytes > facts->peak_bytes)
		facts->peak_bytes = bytes;
	if (bytes >= watchdog->spec.threshold_bytes) {
		if (facts->crossed_at_ns == NEVER)
			facts->crossed_at_ns = at_ns;
		if (!has_acted(watchdog))
			begin_spike(watchdog, at_ns);
		if (is_in_spike(watchdog) && bytes > watchdog->spike_bytes)
			watchdog->spike_bytes = bytes;
		return;
	}
	if (facts->crossed_at_ns == NEVER)
		facts->below_at_ns = at_ns;
	if (is_in_spike(watchdog))
		miss_spike(watchdog, at_ns);
}

static void act(
	struct ol_watchdog *watchdog, enum ol_watchdog_way way, uint64_t at_ns, uint64_t bytes) {
	watchdog->facts.way = way;
	watchdog->facts.acted_at_ns = at_ns;
	watchdog->facts.acted_bytes = bytes;
}

bool ol_watchdog_look(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes) {
	struct ol_watchdog_facts *facts = &watchdog->facts;
	if (has_acted(watchdog))
		return false;
	facts->look_count++;
	/* Looks that were slept over are not made up for. */
	if (watchdog->spec.every_ns > 0) {
		uint64_t periods = at_ns / watchdog->spec.every_ns + 1;
		if (__builtin_mul_overflow(periods, watchdog->spec.every_ns, &watchdog->due_ns))
			watchdog->due_ns = NEVER;
	}
	measure(watchdog, at_ns, bytes);
	watchdog->looked_bytes = bytes;
	if (bytes > facts->seen_bytes_max)
		facts->seen_bytes_max = bytes;
	if (bytes < watchdog->spec.threshold_bytes)
		return false;
	watchdog->spike_at_ns = NEVER; /* Seen. */
	watchdog->spike_bytes = 0;
	act(watchdog, OL_WATCHDOG_LOOK, at_ns, bytes);
	return true;
}

bool ol_watchdog_notice(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes) {
	watchdog->facts.notice_count++;
	if (has_acted(watchdog)) {
		measure(watchdog, at_ns, bytes);
		return false;
	}
	/* The kernel tells of usage, which may have fallen again meanwhile. Of another measure its word
	 * says only that it is time to look. */
	bool is_there = bytes >= watchdog->spec.threshold_bytes;
	if (!is_there && watchdog->spec.measure != OL_WATCHDOG_USAGE) {
		measure(watchdog, at_ns, bytes);
		return false;
	}
	begin_spike(watchdog, at_ns);
	if (bytes > watchdog->spike_bytes)
		watchdog->spike_bytes = bytes;
	if (is_there)
		measure(watchdog, at_ns, bytes);
	watchdog->facts.next_look_ns =
		watchdog->due_ns == NEVER ? NEVER : minus(watchdog->due_ns, at_ns);
	act(watchdog, OL_WATCHDOG_NOTICE, at_ns, bytes);
	return true;
}

void ol_watchdog_sample(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes) {
	measure(watchdog, at_ns, bytes);
}

struct ol_watchdog_facts ol_watchdog_end(
	struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t peak_bytes) {
	struct ol_watchdog_facts *facts = &watchdog->facts;
	uint64_t threshold_bytes = watchdog->spec.threshold_bytes;
	/* What no measure of ours saw: a spike that ended the program, or came and went unseen. */
	if (peak_bytes > facts->peak_bytes) {
		bool is_unseen = facts->peak_bytes < threshold_bytes && peak_bytes >= threshold_bytes;
		if (is_unseen && !has_acted(watchdog))
			begin_spike(watchdog, at_ns);
		if (is_in_spike(watchdog))
			watchdog->spike_bytes = peak_bytes;
		facts->peak_bytes = peak_bytes;
	}
	if (is_in_spike(watchdog))
		miss_spike(watchdog, at_ns);
	if (has_acted(watchdog))
		facts->ended_at_ns = at_ns;
	return *facts;
}
