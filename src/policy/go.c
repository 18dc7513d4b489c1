/* go.c -- Go's own rules: this policy orders nothing. */
#include "policy/internal.h"

static const struct ol_policy_ops ops = { .destroy = ol_policy_free };

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	int code = ol_policy_no_argument(ol_policy_go.name, argument, error);
	if (code < 0)
		return code;
	return ol_policy_make(sizeof(struct ol_policy), &ops, ret_policy, error);
}

const struct ol_policy_type ol_policy_go = {
	.name = "go",
	.title = "Go's own rules: GOGC, and GOMEMLIMIT where it is set",
	.source = "The Go authors: runtime/mgcpacer.go of the release that --rules names",
	.rule =
		"Orders nothing. After a cycle that found M bytes live the next is planned to end at\n"
		"  goal = M + (M + stacks + globals) * GOGC / 100, at least 4 MiB * GOGC / 100,\n"
		"or below, where GOMEMLIMIT asks for less. The rules of go1.16 leave stacks and globals\n"
		"out, and know no GOMEMLIMIT. Go does not look at the cage.",
	.create = create,
};
