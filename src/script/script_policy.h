/* script_policy.h -- Policies as the lab sees them: find, load, describe, check the argument.
 *
 * A policy is written in C (policy/), or in Lua: one of the library's, by name, or a file of the
 * user's. The lab asks none of them anything: that happens in the cage. */
#ifndef OL_SCRIPT_SCRIPT_POLICY_H
#define OL_SCRIPT_SCRIPT_POLICY_H

#include <stdbool.h>

#include "base/error.h"
#include "record/record.h"
#include "script/script_lab.h"

struct ol_script_policy; /* Opaque. */

/* Finds and loads the policy of a spec, as ol_plan_set has split it. -ENOENT: there is none, with a
 * suggestion. -EBADMSG: its file is at fault; ret_failure is filled (NULL is fine). */
int ol_script_policy_open(const struct ol_run_spec *spec, struct ol_script_policy **ret_policy,
	struct ol_script_failure *ret_failure, struct ol_error *error);
void ol_script_policy_close(struct ol_script_policy *policy); /* NULL is fine. */

/* Whether there is such a policy: -ENOENT with a suggestion. Loads nothing. */
int ol_script_policy_check(const struct ol_run_spec *spec, struct ol_error *error);

const char *ol_script_policy_name(const struct ol_script_policy *policy);
/* As --policy takes it: the name, or the file's path. */
const char *ol_script_policy_written(const struct ol_script_policy *policy);
const char *ol_script_policy_title(const struct ol_script_policy *policy);  /* One line. */
const char *ol_script_policy_source(const struct ol_script_policy *policy); /* Whose; "". */
const char *ol_script_policy_rule(const struct ol_script_policy *policy);   /* Lines; "". */
/* What may follow the name and a colon, "SIZE"; "" for nothing. */
const char *ol_script_policy_argument(const struct ol_script_policy *policy);
const char *ol_script_policy_argument_doc(const struct ol_script_policy *policy); /* Or "". */
/* The comment its file begins with; "" in C. */
const char *ol_script_policy_synopsis(const struct ol_script_policy *policy);
/* The lab has to watch the cage for it. */
bool ol_script_policy_wants_pressure(const struct ol_script_policy *policy);

/* Checks the argument against the finished spec, and writes into it where the policy is from and
 * how long its text is. -EINVAL: what was expected of the argument. */
int ol_script_policy_fill(
	struct ol_script_policy *policy, struct ol_run_spec *spec, struct ol_error *error);
/* What travels to the subject, spec->policy_bytes long; NULL where nothing does. */
const char *ol_script_policy_text(const struct ol_script_policy *policy);

/* Calls visit for every policy that a name can find, in order of name, each once. */
int ol_script_policy_list(
	void (*visit)(void *context, const char *name), void *context, struct ol_error *error);

#endif
