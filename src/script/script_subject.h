/* script_subject.h -- A scenario's program and a policy in Lua, run inside the cage. */
#ifndef OL_SCRIPT_SCRIPT_SUBJECT_H
#define OL_SCRIPT_SCRIPT_SUBJECT_H

#include <stddef.h>

#include "run/run.h"

/* The Lua state that both are run in. First comes it, then the policy, then the run that asks the
 * policy, then the program; they are destroyed the other way round. Opaque. */
struct ol_script_subject;

/* spec and links must outlive it. links: for lines that are printed before there is a run; NULL for
 * nowhere. Everything Lua holds is counted and capped at spec->script_memory_bytes_max. -EBADMSG:
 * the cap is too low. */
int ol_script_subject_create(const struct ol_run_spec *spec, const struct ol_run_links *links,
	struct ol_script_subject **ret_subject, struct ol_error *error);
void ol_script_subject_destroy(struct ol_script_subject *subject); /* NULL is fine. */

/* Makes the policy that the spec names, in C or in Lua (policy_text is spec->policy_bytes long).
 * *ret_policy is NULL for Go's own rules. -EBADMSG: its file is at fault. */
int ol_script_policy_create(struct ol_script_subject *subject, const char *policy_text,
	struct ol_policy **ret_policy, struct ol_error *error);

/* Loads the script's text (spec->script_bytes long, named as spec->script_path in errors), finds
 * the scenario spec->scenario_index, runs its program(heap, opt, cage) between ol_run_begin and
 * ol_run_end, which are called in here. What Lua holds is told to the flight recorder. Once. Never
 * raises, never exits. */
void ol_script_run_program(
	struct ol_script_subject *subject, struct ol_run *run, const char *script_text);

/* What to tell of a run that error ended, in any of the functions here or in ol_run_create. */
struct ol_script_end {
	enum ol_outcome outcome;
	const char *message;   /* Valid as long as subject and error. */
	const char *traceback; /* NULL: none. */
};
/* subject: NULL where there is none. */
struct ol_script_end ol_script_end_by(
	const struct ol_script_subject *subject, const struct ol_error *error);

#endif
