/* watchdog.c -- The program watches itself, as koron's article has it, and leaves in good order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/internal.h"

#define TICK_PERIOD_NS   (10 * OL_NS_PER_MS)
#define DEFAULT_ARGUMENT "90/15"

struct watchdog {
	struct ol_policy policy;
	uint64_t threshold_bytes;
	uint64_t every_ns;
	uint64_t due_ns;
	bool is_warned; /* By the kernel: then it looks at every tick. */
};

static void look(const struct watchdog *state, const struct ol_policy_stats *stats,
	struct ol_policy_orders *orders) {
	uint64_t usage_bytes = ol_policy_usage(stats);
	if (usage_bytes < state->threshold_bytes)
		return;
	orders->is_end = true;
	char usage[OL_UNITS_TEXT_BYTES], threshold[OL_UNITS_TEXT_BYTES];
	snprintf(orders->reason, sizeof orders->reason, "usage %s has reached the threshold of %s",
		ol_format_bytes(usage_bytes, usage), ol_format_bytes(state->threshold_bytes, threshold));
}

/* Looks that were slept over are not made up for. */
static void on_tick(struct ol_policy *policy, const struct ol_policy_stats *stats,
	struct ol_policy_orders *orders) {
	struct watchdog *state = (struct watchdog *)policy;
	bool is_due = stats->at_ns >= state->due_ns;
	if (is_due)
		state->due_ns = (stats->at_ns / state->every_ns + 1) * state->every_ns;
	/* The warning is over when usage is well below the threshold again. */
	if (ol_policy_usage(stats) < state->threshold_bytes / 4 * 3)
		state->is_warned = false;
	if (is_due || state->is_warned)
		look(state, stats, orders);
}

static void on_pressure(struct ol_policy *policy, const struct ol_policy_pressure *pressure,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct watchdog *state = (struct watchdog *)policy;
	state->is_warned = true;
	look(state, stats, orders);
}

/* Once warned, a program that allocates faster than any clock ticks looks before it grows. */
static void before_grow(struct ol_policy *policy, uint64_t bytes,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	const struct watchdog *state = (struct watchdog *)policy;
	if (state->is_warned)
		look(state, stats, orders);
}

static const struct ol_policy_ops ops = {
	.before_grow = before_grow,
	.on_tick = on_tick,
	.on_pressure = on_pressure,
	.destroy = ol_policy_free,
};

/* "90", "90%", "90/15", "90%/500ms". */
static int parse(const char *text, uint64_t limit_bytes, struct watchdog *state) {
	double percent;
	const char *rest;
	if (ol_policy_parse_percent(text, &percent, &rest) < 0 || (*rest != '\0' && *rest != '/'))
		return -EINVAL;
	if (ol_parse_duration(*rest == '/' ? rest + 1 : "15", &state->every_ns, NULL) < 0)
		return -EINVAL;
	state->threshold_bytes = ol_policy_share(limit_bytes, percent);
	return state->every_ns < TICK_PERIOD_NS ? -EINVAL : 0;
}

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	struct watchdog state = { .due_ns = 0 };
	if (parse(*argument != '\0' ? argument : DEFAULT_ARGUMENT, cage->limit_bytes, &state) < 0)
		return ol_error_set(error, -EINVAL,
			"policy watchdog: '%.64s' is no threshold; expected a percentage above 0 and at most "
			"100, and perhaps a time of 10 ms or more, as in watchdog:90 or watchdog:90/15",
			argument);
	int code = ol_policy_need_limit(ol_policy_watchdog.name, cage, error);
	if (code < 0)
		return code;
	code = ol_policy_make(sizeof state, &ops, ret_policy, error);
	if (code < 0)
		return code;
	state.due_ns = state.every_ns;
	state.policy = **ret_policy;
	state.policy.tick_period_ns = TICK_PERIOD_NS;
	*(struct watchdog *)*ret_policy = state;
	return 0;
}

const struct ol_policy_type ol_policy_watchdog = {
	.name = "watchdog",
	.title = "The program looks at its usage, and leaves in good order",
	.argument = "PERCENT[/SECONDS]",
	.source = "koron, \"Go (and Docker) and OOM, since then\": apoptosis, and its package phymem;\n"
			  "the kernel's word beside the looks is oomlab's own",
	.rule =
		"Every 15 seconds the program looks at the cage's usage (the article: at its resident\n"
		"memory), and ends in good order at 90 % of the limit and above. When the kernel signals\n"
		"pressure it looks at once, and then every 10 ms and whenever its heap is about to grow,\n"
		"for as long as usage is above three quarters of the threshold. It can look only where it\n"
		"allocates or writes to new memory.\n"
		"Compare --watchdog, with which somebody outside of the cage looks.",
	.create = create,
	.wants_pressure = true,
};
