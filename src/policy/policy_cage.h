/* policy_cage.h -- A run's cage as policies see it, from its spec: the same in the lab, where an
 * argument is checked, and in the subject. */
#ifndef OL_POLICY_POLICY_CAGE_H
#define OL_POLICY_POLICY_CAGE_H

#include "base/processors.h"
#include "policy/policy.h"

static inline struct ol_policy_cage ol_policy_cage_of(const struct ol_run_spec *spec) {
	return (struct ol_policy_cage){
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
		.processors =
			ol_world_name_is_pretend(spec->world) ? OL_PRETEND_PROCESSORS : ol_processor_count(),
	};
}

#endif
