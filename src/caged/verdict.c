/* verdict.c -- Judges by the evidence: the kernel's kills before anybody's exit status. */
#include <stddef.h>

#include "caged/internal.h"

/* The kernel's kill that took the command itself, if any. */
static const struct ol_oom_kill *find_command(const struct ol_caged_summary *summary) {
	for (uint32_t i = 0; i < summary->kill_told_count; i++) {
		if (summary->kills[i].is_command)
			return &summary->kills[i];
	}
	return NULL;
}

/* Exit status 137 is no proof, and neither is a SIGKILL that the kernel's log does not know of.
 * Where the log cannot be read, or numbers processes in another way, a SIGKILL and the kernel's
 * counter have to do. */
static bool is_command_oom_killed(const struct ol_caged_summary *summary,
	const struct ol_caged_circumstances *circumstances, const struct ol_oom_kill *kill) {
	if (kill != NULL)
		return true;
	bool is_anonymous =
		!circumstances->is_log_known || summary->kill_told_count < summary->evidence.oom_kill_delta;
	return is_anonymous && summary->evidence.signal == SIGKILL && !summary->is_ended_by_lab &&
		   summary->evidence.oom_kill_delta > 0;
}

/* Whose limit killed: of the command, or else of the last that was killed. A group that was made
 * inside the cage, with a limit of its own, and kills others, is the command's own business. Of
 * many kills at once the log leaves out whose limit it was: then the counters testify. */
static enum ol_limited_by find_limiter(
	const struct ol_caged_summary *summary, const struct ol_oom_kill *command_kill) {
	uint32_t limiter = OL_LIMITED_BY_NONE;
	if (command_kill != NULL)
		limiter = command_kill->limited_by;
	for (uint32_t i = summary->kill_told_count; command_kill == NULL && i-- > 0;) {
		limiter = summary->kills[i].limited_by;
		if (limiter != OL_LIMITED_BY_INNER)
			break;
	}
	if (limiter == OL_LIMITED_BY_NONE)
		limiter = summary->evidence.limited_by;
	return (enum ol_limited_by)limiter;
}

/* Above memory.high a program is made to wait: half of its time so is neither life nor death. */
static bool is_throttled(const struct ol_caged_summary *summary, bool is_timed_out) {
	if (summary->evidence.high_delta == 0)
		return false;
	return is_timed_out || summary->stall_ns > summary->wall_ns / 2;
}

/* It ended as programs do that were refused memory. */
static bool has_ended_badly(const struct ol_evidence *evidence) {
	return evidence->exit_status > 0 || evidence->signal == SIGABRT ||
		   evidence->signal == SIGSEGV || evidence->signal == SIGBUS ||
		   evidence->signal == SIGTRAP || evidence->signal == SIGILL;
}

static bool is_out_of_memory(const struct ol_caged_summary *summary) {
	uint64_t cap_bytes = summary->spec.address_space_bytes;
	if (cap_bytes == UINT64_MAX || !has_ended_badly(&summary->evidence))
		return false;
	if (summary->is_refused_known)
		return summary->refused_count > 0;
	return summary->address_space_peak_bytes >= cap_bytes / 8 * 7;
}

void ol_caged_judge(
	struct ol_caged_summary *summary, const struct ol_caged_circumstances *circumstances) {
	const struct ol_evidence *evidence = &summary->evidence;
	const struct ol_oom_kill *command_kill = find_command(summary);
	bool is_killed = is_command_oom_killed(summary, circumstances, command_kill);
	summary->is_command_oom_killed = is_killed;
	enum ol_limited_by limiter = find_limiter(summary, command_kill);
	bool is_foreign_signal = evidence->signal > 0 && !is_killed;
	/* Where a child was killed and the command lives on, or exits for that reason, the cage has
	 * killed all the same; where somebody else's signal ended the command, that is what happened.
	 */
	bool has_killed_child = evidence->oom_kill_delta > 0 && limiter != OL_LIMITED_BY_INNER;
	bool is_oom = is_killed || (has_killed_child && !is_foreign_signal);
	if (is_oom)
		summary->outcome = limiter == OL_LIMITED_BY_ANCESTOR || limiter == OL_LIMITED_BY_SYSTEM
							   ? OL_OUTCOME_OOM_KILLED_BY_ANCESTOR
							   : OL_OUTCOME_OOM_KILLED;
	else if (circumstances->has_acted && !summary->is_ended_by_lab)
		summary->outcome = OL_OUTCOME_SHUT_DOWN;
	else if (!circumstances->has_acted && is_throttled(summary, circumstances->is_timed_out))
		summary->outcome = OL_OUTCOME_THROTTLED;
	else if (circumstances->is_timed_out)
		summary->outcome = OL_OUTCOME_TIMED_OUT;
	else if (is_out_of_memory(summary))
		summary->outcome = OL_OUTCOME_OUT_OF_MEMORY;
	else if (evidence->signal > 0)
		summary->outcome = OL_OUTCOME_KILLED;
	else
		summary->outcome = OL_OUTCOME_SURVIVED;
}
