/* watermark.c -- go-watchdog's watermarks: forced collections at shares of the cage's limit. */
#include <errno.h>
#include <stdio.h>

#include "policy/internal.h"

#define TICK_PERIOD_NS  (100 * OL_NS_PER_MS)
#define DEFAULT_PERCENT "50/75/90"

enum { WATERMARKS_MAX = 16 };

/* go-watchdog's PolicyTempDisabled: usage is at the last watermark or above. */
static const uint64_t disabled_bytes = UINT64_MAX;

struct watermark {
	struct ol_policy policy;
	uint64_t thresholds_bytes[WATERMARKS_MAX]; /* As given, not sorted. */
	size_t threshold_count;
	uint64_t threshold_bytes; /* The one that usage is held against. */
};

/* go-watchdog's Evaluate. */
static void renew_threshold(struct watermark *state, const struct ol_policy_stats *stats) {
	uint64_t usage_bytes = ol_policy_usage(stats);
	state->threshold_bytes = disabled_bytes;
	for (size_t i = state->threshold_count; i-- > 0;) {
		if (usage_bytes < state->thresholds_bytes[i])
			state->threshold_bytes = state->thresholds_bytes[i];
	}
}

static void on_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	renew_threshold((struct watermark *)policy, stats);
}

static void on_gc_end(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	renew_threshold((struct watermark *)policy, stats);
}

static void on_tick(struct ol_policy *policy, const struct ol_policy_stats *stats,
	struct ol_policy_orders *orders) {
	const struct watermark *state = (struct watermark *)policy;
	uint64_t usage_bytes = ol_policy_usage(stats);
	if (state->threshold_bytes == disabled_bytes || usage_bytes < state->threshold_bytes)
		return;
	orders->is_collect = true;
	char usage[OL_UNITS_TEXT_BYTES], threshold[OL_UNITS_TEXT_BYTES];
	snprintf(orders->reason, sizeof orders->reason, "usage %s is at the watermark of %s",
		ol_format_bytes(usage_bytes, usage), ol_format_bytes(state->threshold_bytes, threshold));
}

static const struct ol_policy_ops ops = {
	.on_start = on_start,
	.on_gc_end = on_gc_end,
	.on_tick = on_tick,
	.destroy = ol_policy_free,
};

static int parse(const char *text, uint64_t limit_bytes, struct watermark *state) {
	for (const char *rest = text;; rest++) {
		double percent;
		if (state->threshold_count == WATERMARKS_MAX ||
			ol_policy_parse_percent(rest, &percent, &rest) < 0)
			return -EINVAL;
		state->thresholds_bytes[state->threshold_count++] = ol_policy_share(limit_bytes, percent);
		if (*rest == '\0')
			return 0;
		if (*rest != '/')
			return -EINVAL;
	}
}

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	struct watermark state = { .threshold_bytes = disabled_bytes };
	if (parse(*argument != '\0' ? argument : DEFAULT_PERCENT, cage->limit_bytes, &state) < 0)
		return ol_error_set(error, -EINVAL,
			"policy watermark: '%.64s' is no list of watermarks; expected up to %d percentages "
			"above 0 and at most 100, as in watermark:50/75/90",
			argument, WATERMARKS_MAX);
	int code = ol_policy_need_limit(ol_policy_watermark.name, cage, error);
	if (code < 0)
		return code;
	code = ol_policy_make(sizeof state, &ops, ret_policy, error);
	if (code < 0)
		return code;
	state.policy = **ret_policy;
	state.policy.tick_period_ns = TICK_PERIOD_NS;
	*(struct watermark *)*ret_policy = state;
	return 0;
}

const struct ol_policy_type ol_policy_watermark = {
	.name = "watermark",
	.title = "Forces a collection when usage reaches a watermark",
	.argument = "PERCENT/PERCENT/...",
	.source = "raulk/go-watchdog, NewWatermarkPolicy driven by CgroupDriven",
	.rule =
		"Thresholds t = limit * PERCENT / 100, truncated, in the order given, not sorted; default\n"
		"50/75/90 (go-watchdog has none; Lotus runs it with 50/60/70/85/90/92.5/95). At the\n"
		"start and after every collection, forced or not:\n"
		"  threshold = the first t with usage < t; none: disabled until the next collection.\n"
		"Every 100 ms: usage >= threshold forces a collection. Nothing is given back to the\n"
		"system, and between two looks it is blind: a spike that fits between them is not seen\n"
		"(go-watchdog's user chooses the period, its `frequency`). Usage is the cage's as the\n"
		"kernel counts it, where that is unknown what the heap has mapped. GOGC still holds.",
	.create = create,
};
