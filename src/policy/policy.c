/* policy.c -- The policies that are written in C, by name. */
#include "policy/policy.h"

#include <string.h>

const struct ol_policy_type *const ol_policy_types[] = { NULL };
const size_t ol_policy_types_count = 0;

const struct ol_policy_type *ol_policy_find(const char *name) {
	for (size_t i = 0; i < ol_policy_types_count; i++) {
		if (strcmp(ol_policy_types[i]->name, name) == 0)
			return ol_policy_types[i];
	}
	return NULL;
}

void ol_policy_destroy(struct ol_policy *policy) {
	if (policy != NULL)
		policy->ops->destroy(policy);
}
