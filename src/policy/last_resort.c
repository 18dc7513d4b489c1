/* last_resort.c -- Before the heap grows past the cage's limit, collect: all that was asked for. */
#include <stdio.h>

#include "policy/internal.h"

struct last_resort {
	struct ol_policy policy;
	uint64_t ceiling_bytes;
	struct ol_policy_attempt attempt;
};

static void before_grow(struct ol_policy *policy, uint64_t bytes,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct last_resort *state = (struct last_resort *)policy;
	bool is_again = ol_policy_attempt_take(&state->attempt, stats);
	uint64_t usage_bytes = ol_policy_usage(stats);
	uint64_t wanted_bytes = ol_policy_add(usage_bytes, bytes);
	if (is_again || wanted_bytes <= state->ceiling_bytes)
		return;
	ol_policy_attempt_order(&state->attempt, stats);
	orders->is_collect = true;
	orders->scavenge_bytes = wanted_bytes - state->ceiling_bytes;
	char usage[OL_UNITS_TEXT_BYTES], growth[OL_UNITS_TEXT_BYTES], ceiling[OL_UNITS_TEXT_BYTES];
	snprintf(orders->reason, sizeof orders->reason,
		"usage %s and growth of %s would pass %s, the limit less a charge batch",
		ol_format_bytes(usage_bytes, usage), ol_format_bytes(bytes, growth),
		ol_format_bytes(state->ceiling_bytes, ceiling));
}

static const struct ol_policy_ops ops = { .before_grow = before_grow, .destroy = ol_policy_free };

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	int code = ol_policy_no_argument(ol_policy_last_resort.name, argument, error);
	if (code < 0)
		return code;
	code = ol_policy_need_limit(ol_policy_last_resort.name, cage, error);
	if (code < 0)
		return code;
	code = ol_policy_make(sizeof(struct last_resort), &ops, ret_policy, error);
	if (code < 0)
		return code;
	((struct last_resort *)*ret_policy)->ceiling_bytes =
		ol_policy_subtract(cage->limit_bytes, OL_POLICY_CHARGE_BATCH_BYTES);
	return 0;
}

const struct ol_policy_type ol_policy_last_resort = {
	.name = "last-resort",
	.title = "Go, but collects before the heap would outgrow the cage",
	.source = "The wish of \"Experiments with Go's garbage collection\" (the 90 %/10 % spike)",
	.rule =
		"Before a span takes N bytes that hold no physical memory yet: where\n"
		"  usage + N > limit - 256 KiB\n"
		"collect, and give back as many free bytes as are over. Once a span: if it is still\n"
		"over then, the span is taken and the kernel decides. Usage is the cage's as the\n"
		"kernel counts it, where that is unknown what the heap has mapped; 256 KiB is the batch\n"
		"in which the kernel charges a processor. A span that is resident already grows\n"
		"nothing and is not asked about. Beside that Go's own rules.",
	.create = create,
};
