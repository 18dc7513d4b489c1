/* memory_limit.c -- Go with a memory limit that follows the cage: what automemlimit does. */
#include <errno.h>

#include "policy/internal.h"

#define DEFAULT_PERCENT 90.0

struct memory_limit {
	struct ol_policy policy;
	uint64_t memory_limit_bytes;
};

static void on_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	if (stats->memory_limit_bytes != OL_MEMORY_LIMIT_OFF)
		return;
	orders->has_memory_limit = true;
	orders->memory_limit_bytes = ((struct memory_limit *)policy)->memory_limit_bytes;
}

static const struct ol_policy_ops ops = { .on_start = on_start, .destroy = ol_policy_free };

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	double percent = DEFAULT_PERCENT;
	const char *rest = "";
	if (*argument != '\0' &&
		(ol_policy_parse_percent(argument, &percent, &rest) < 0 || *rest != '\0'))
		return ol_error_set(error, -EINVAL,
			"policy memory-limit: '%.64s' is no share of the limit; expected a percentage above 0 "
			"and at most 100, as in memory-limit:90",
			argument);
	int code = ol_policy_need_limit(ol_policy_memory_limit.name, cage, error);
	if (code < 0)
		return code;
	code = ol_policy_make(sizeof(struct memory_limit), &ops, ret_policy, error);
	if (code < 0)
		return code;
	((struct memory_limit *)*ret_policy)->memory_limit_bytes =
		ol_policy_share(cage->limit_bytes, percent);
	return 0;
}

const struct ol_policy_type ol_policy_memory_limit = {
	.name = "memory-limit",
	.title = "Go with GOMEMLIMIT = 90 % of the cage's limit",
	.argument = "PERCENT",
	.source = "KimMachineGun/automemlimit, memlimit.SetGoMemLimitWithOpts, defaults of v0.7",
	.rule =
		"At the start: GOMEMLIMIT = cage's limit * PERCENT / 100, truncated; PERCENT is above 0\n"
		"and at most 100, default 90. Does nothing where a memory limit is set already. The\n"
		"limit is read once: a cage that changes later is not followed. GOGC stays as it is.\n"
		"The rules of go1.16 know no memory limit: under them this is plain Go.",
	.create = create,
};
