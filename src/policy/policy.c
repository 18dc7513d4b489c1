/* policy.c -- The policies that are written in C, by name. */
#include "policy/policy.h"

#include <string.h>

#include "policy/internal.h"

const struct ol_policy_type *const ol_policy_types[] = {
	&ol_policy_go,
	&ol_policy_memory_limit,
	&ol_policy_target,
	&ol_policy_membalancer,
	&ol_policy_fixed,
	&ol_policy_watermark,
	&ol_policy_pressure,
	&ol_policy_last_resort,
	&ol_policy_never,
	&ol_policy_watchdog,
};
const size_t ol_policy_types_count = sizeof ol_policy_types / sizeof(const struct ol_policy_type *);

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
