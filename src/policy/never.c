/* never.c -- No collection at all: what a program costs without its collector. */
#include "policy/internal.h"

static void on_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	orders->has_gogc = true;
	orders->gogc = OL_GOGC_OFF;
	orders->has_memory_limit = true;
	orders->memory_limit_bytes = OL_MEMORY_LIMIT_OFF;
}

static const struct ol_policy_ops ops = { .on_start = on_start, .destroy = ol_policy_free };

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	int code = ol_policy_no_argument(ol_policy_never.name, argument, error);
	if (code < 0)
		return code;
	return ol_policy_make(sizeof(struct ol_policy), &ops, ret_policy, error);
}

const struct ol_policy_type ol_policy_never = {
	.name = "never",
	.title = "Never collects: GOGC and the memory limit are both off",
	.source = "Go's GOGC=off without GOMEMLIMIT; OpenJDK's Epsilon, JEP 318, is the same idea",
	.rule = "At the start: GOGC = off, memory limit = off, whatever was set. Nothing after that.\n"
			"A collection that the program itself asks for still runs, and so does the one before\n"
			"an allocation fails because the system refuses memory.",
	.create = create,
};
