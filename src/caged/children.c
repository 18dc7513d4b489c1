/* children.c -- Reaps what has ended, and stops with a command that was stopped.
 *
 * The lab is the reaper of whatever in the cage loses its parent, so that nothing of it escapes the
 * accounts. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "caged/internal.h"

/* As long as the terminal's own signal may still be on its way to us. */
#define STOP_PAUSE_NS (20 * OL_NS_PER_MS)

static uint64_t time_ns(struct timeval time) {
	return (uint64_t)time.tv_sec * OL_NS_PER_S + (uint64_t)time.tv_usec * OL_NS_PER_US;
}

static void add_usage(struct ol_caged_summary *summary, const struct rusage *usage) {
	uint64_t rss_bytes = (uint64_t)usage->ru_maxrss * OL_KIB;
	summary->user_ns += time_ns(usage->ru_utime);
	summary->system_ns += time_ns(usage->ru_stime);
	summary->major_faults += (uint64_t)usage->ru_majflt;
	summary->minor_faults += (uint64_t)usage->ru_minflt;
	if (rss_bytes > summary->rss_peak_bytes)
		summary->rss_peak_bytes = rss_bytes;
}

/* The terminal's doing, or that of a shell in front of it that suspends itself. */
static bool is_terminal_stop(const struct ol_caged *self, int signal_number) {
	if (signal_number == SIGTSTP || signal_number == SIGTTIN || signal_number == SIGTTOU)
		return true;
	pid_t group = getpgid(self->summary->pid);
	return self->terminal.fd >= 0 && group != getpgrp() && tcgetpgrp(self->terminal.fd) == group;
}

static void note_command(struct ol_caged *self, int status) {
	struct ol_evidence *evidence = &self->summary->evidence;
	if (WIFSTOPPED(status)) {
		if (is_terminal_stop(self, WSTOPSIG(status)))
			self->stop_due_ns = ol_caged_now_ns(self) + STOP_PAUSE_NS;
		return;
	}
	if (WIFCONTINUED(status)) {
		self->stop_due_ns = UINT64_MAX;
		return;
	}
	self->has_ended = true;
	evidence->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	evidence->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void ol_caged_reap(struct ol_caged *self) {
	struct rusage usage;
	int status;
	pid_t pid;
	while ((pid = wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, &usage)) > 0) {
		if (pid == self->guardian.pid) {
			self->guardian.pid = 0;
			continue;
		}
		bool has_ended = WIFEXITED(status) || WIFSIGNALED(status);
		if (pid == self->helper_pid && has_ended)
			self->helper_pid = 0;
		else if (has_ended)
			add_usage(self->summary, &usage);
		if (pid == self->summary->pid)
			note_command(self, status);
	}
}

/* A command in our own process group stops with us by itself. One that has made a group of its own,
 * as shells do, has stopped alone, and the shell that started us waits for our stop. */
void ol_caged_follow_stop(struct ol_caged *self) {
	self->stop_due_ns = UINT64_MAX;
	pid_t group = getpgid(self->summary->pid);
	ol_terminal_take_back(&self->terminal);
	(void)kill(getpid(), SIGSTOP);
	/* Continued. */
	if (group > 0 && group != getpgrp() && self->terminal.fd >= 0 &&
		tcgetpgrp(self->terminal.fd) == getpgrp())
		ol_terminal_hand_over(&self->terminal, group);
	(void)kill(group > 0 && group != getpgrp() ? -group : self->summary->pid, SIGCONT);
}
