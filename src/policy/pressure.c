/* pressure.c -- Collects and gives memory back when the kernel says that memory is short. */
#include <stdio.h>

#include "policy/internal.h"

#define PERIOD_NS (100 * OL_NS_PER_MS)

struct pressure {
	struct ol_policy policy;
	bool has_acted;
	uint64_t acted_at_ns;
};

static void on_pressure(struct ol_policy *policy, const struct ol_policy_pressure *pressure,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct pressure *state = (struct pressure *)policy;
	if (state->has_acted && ol_policy_subtract(stats->at_ns, state->acted_at_ns) < PERIOD_NS)
		return;
	state->has_acted = true;
	state->acted_at_ns = stats->at_ns;
	orders->is_collect = true;
	orders->scavenge_bytes = UINT64_MAX;
	char usage[OL_UNITS_TEXT_BYTES];
	ol_format_bytes(pressure->cage_bytes, usage);
	if (pressure->kind == OL_PRESSURE_THRESHOLD)
		snprintf(orders->reason, sizeof orders->reason,
			"the kernel tells that usage crossed a threshold, now %s", usage);
	else
		snprintf(orders->reason, sizeof orders->reason,
			"the kernel tells that tasks waited for memory, usage %s", usage);
}

static const struct ol_policy_ops ops = { .on_pressure = on_pressure, .destroy = ol_policy_free };

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	int code = ol_policy_no_argument(ol_policy_pressure.name, argument, error);
	if (code < 0)
		return code;
	return ol_policy_make(sizeof(struct pressure), &ops, ret_policy, error);
}

const struct ol_policy_type ol_policy_pressure = {
	.name = "pressure",
	.title = "Collects and gives back when the kernel signals pressure",
	.source = "oomlab's own; the signals are Linux': cgroup v1 memory thresholds\n"
			  "(cgroup.event_control), cgroup v2 memory.pressure (PSI)",
	.rule =
		"On a signal: a full collection, then every free page is given back. A signal less than\n"
		"100 ms after the last one that was acted on is ignored. Beside that Go's own rules.\n"
		"The program hears a signal at its next allocation or poll, not while it touches\n"
		"memory that it has already; where the kernel signals nothing this is plain Go.",
	.create = create,
	.wants_pressure = true,
};
