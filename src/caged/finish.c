/* finish.c -- After the command's end: what it left, the evidence, the verdict; and a clean
 * machine.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "caged/internal.h"

/* How long --on-limit's command may run on when the program has ended, where no grace says so. */
#define HELPER_PATIENCE_NS (5 * OL_NS_PER_S)
#define PAUSE_NS           (5 * OL_NS_PER_MS)

static void end_helper(struct ol_caged *self) {
	uint64_t due_ns = self->kill_due_ns;
	if (due_ns == UINT64_MAX)
		due_ns = ol_caged_now_ns(self) + HELPER_PATIENCE_NS;
	while (self->helper_pid != 0 && ol_caged_now_ns(self) < due_ns) {
		ol_clock_sleep_ns(&self->clock, PAUSE_NS);
		ol_caged_reap(self);
	}
	if (self->helper_pid == 0)
		return;
	ol_caged_tell(self, "watchdog", "--on-limit's command did not end, and was killed");
	(void)kill(-self->helper_pid, SIGKILL);
	while (waitpid(self->helper_pid, NULL, 0) < 0 && errno == EINTR)
		;
	self->helper_pid = 0;
}

/* What the command left running in its cage. */
static int settle_rest(struct ol_caged *self, struct ol_error *error) {
	struct ol_caged_summary *summary = self->summary;
	/* Where it cannot be read the evidence will say so. */
	(void)ol_cage_read_usage(self->cage, &summary->end_bytes);
	summary->left_count = (uint32_t)ol_cage_count_processes(self->cage);
	if (summary->left_count == 0) {
		/* What a lab that is killed from here on leaves behind is an empty group, which the next
		 * lab removes; waiting for the guardian after that would be waiting twice. */
		ol_guardian_dismiss(&self->guardian);
		return 0;
	}
	if (summary->spec.adopted_pid != 0)
		return ol_cage_give_back(self->cage, self->came_from, error);
	if (summary->spec.is_kept)
		return 0;
	int result = ol_cage_kill(self->cage, error);
	ol_caged_reap(self);
	return result;
}

static int read_evidence(struct ol_caged *self, struct ol_error *error) {
	struct ol_caged_summary *summary = self->summary;
	struct ol_cage_counters counters = { 0 };
	struct ol_error reason;
	if (ol_cage_read_evidence(self->cage, &counters, &summary->evidence, &reason) < 0)
		return ol_error_set(error, -EIO,
			"the evidence cannot be read: %s; the control group %s was removed from outside",
			reason.message, summary->cage.path);
	ol_caged_take_kills(self);
	if (summary->evidence.oom_kill_delta > summary->kill_count)
		summary->kill_count = summary->evidence.oom_kill_delta;
	summary->peak_bytes = counters.peak_bytes;
	if (self->curve.peak_bytes > summary->peak_bytes)
		summary->peak_bytes = self->curve.peak_bytes;
	summary->stall_ns = counters.stall_ns;
	return 0;
}

static void close_watchdog(struct ol_caged *self) {
	struct ol_caged_summary *summary = self->summary;
	if (!self->watchdog.spec.is_on)
		return;
	uint64_t peak_bytes =
		self->watchdog.spec.measure == OL_WATCHDOG_USAGE ? summary->peak_bytes : 0;
	summary->watchdog = ol_watchdog_end(&self->watchdog, summary->wall_ns, peak_bytes);
}

int ol_caged_finish(struct ol_caged *self, struct ol_error *error) {
	struct ol_caged_summary *summary = self->summary;
	summary->wall_ns = ol_caged_now_ns(self);
	ol_terminal_take_back(&self->terminal);
	if (summary->evidence.signal > 0)
		ol_terminal_mend(&self->terminal);
	if (summary->is_refused_known)
		summary->refused_count = ol_refused_count(&self->refused);
	int result = self->is_cage_lost ? 0 : settle_rest(self, error);
	end_helper(self);
	if (self->is_cage_lost)
		return ol_error_set(error, -EIO,
			"the control group %s was removed or emptied from outside while the command ran; it %s",
			summary->cage.path,
			summary->spec.adopted_pid != 0 ? "runs on, unwatched"
										   : "was ended rather than left to run unlimited");
	if (result >= 0)
		result = read_evidence(self, error);
	if (result < 0)
		return result;
	close_watchdog(self);
	ol_caged_judge(summary, &self->circumstances);
	return 0;
}
