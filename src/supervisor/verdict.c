/* verdict.c -- Judges by the evidence, the kernel's counters before anybody's word. */
#include "supervisor/verdict.h"

#include <signal.h>

/* Above memory.high a program is made to wait. A run that spent half its time so, or had to be
 * ended while it did, was neither survived nor killed. One that ended itself was told to, perhaps
 * by a watchdog that held it there. */
static bool is_throttled(const struct ol_verdict_facts *facts) {
	bool is_in_order = facts->evidence->has_frame_end && facts->own_word == OL_OUTCOME_SHUT_DOWN;
	if (facts->evidence->high_delta == 0 || is_in_order)
		return false;
	return facts->is_timed_out || facts->stall_ns > facts->wall_ns / 2;
}

enum ol_outcome ol_verdict(const struct ol_verdict_facts *facts) {
	const struct ol_evidence *evidence = facts->evidence;
	/* Exit status 137 is no proof of an OOM kill, and neither is a lone SIGKILL: the kernel's own
	 * counter is, together with a SIGKILL that was not ours. */
	if (evidence->oom_kill_delta > 0 && evidence->signal == SIGKILL)
		return evidence->limited_by == OL_LIMITED_BY_OWN ? OL_OUTCOME_OOM_KILLED
														 : OL_OUTCOME_OOM_KILLED_BY_ANCESTOR;
	if (is_throttled(facts))
		return OL_OUTCOME_THROTTLED;
	if (facts->is_timed_out)
		return OL_OUTCOME_TIMED_OUT;
	if (evidence->signal != 0)
		return OL_OUTCOME_KILLED;
	if (!evidence->has_frame_end)
		return OL_OUTCOME_LAB_ERROR;
	return facts->own_word;
}
