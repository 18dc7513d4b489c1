/* target.c -- A minimum heap: no collection for growth below a size, Go's rule above it. */
#include "policy/internal.h"

#define DEFAULT_PERCENT 25.0

struct target {
	struct ol_policy policy;
	uint64_t target_bytes;
};

static uint64_t goal(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	uint64_t target_bytes = ((struct target *)policy)->target_bytes;
	return stats->goal_bytes < target_bytes ? target_bytes : 0;
}

static const struct ol_policy_ops ops = { .goal = goal, .destroy = ol_policy_free };

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	uint64_t target_bytes;
	int code = ol_policy_parse_bytes(
		ol_policy_target.name, argument, cage, DEFAULT_PERCENT, &target_bytes, error);
	if (code < 0)
		return code;
	code = ol_policy_make(sizeof(struct target), &ops, ret_policy, error);
	if (code < 0)
		return code;
	((struct target *)*ret_policy)->target_bytes = target_bytes;
	return 0;
}

const struct ol_policy_type ol_policy_target = {
	.name = "target",
	.title = "A minimum heap: the goal is never below BYTES",
	.argument = "BYTES",
	.source = "The minimum heap that golang/go issue 23044 proposes; a ballast gets it by a trick",
	.rule =
		"goal = max(Go's own goal, BYTES). BYTES may be a share of the cage's limit, as in 30%;\n"
		"default a quarter of it. Nothing is allocated for it, unlike a ballast: the goal\n"
		"of a large heap is Go's to the byte. A memory limit still holds.",
	.create = create,
};
