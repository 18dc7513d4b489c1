/* signals.c -- Whatever is sent to us goes on to the command.
 *
 * What the terminal sends has reached the command already, which is in our process group. */
#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "caged/internal.h"

static const int forwarded[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

int ol_caged_signals_open(struct ol_caged *self, struct ol_error *error) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		sigaddset(&set, forwarded[i]);
	/* Who ignores SIGCHLD is never told how its child ended. */
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigemptyset(&plain.sa_mask);
	sigaction(SIGCHLD, &plain, &self->former_child_action);
	sigprocmask(SIG_BLOCK, &set, &self->former_mask);
	self->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd < 0)
		return ol_error_set_errno(error, -errno, "cannot wait for signals");
	return 0;
}

/* They stay blocked: one that comes too late for the command must not cost its report. */
void ol_caged_signals_close(struct ol_caged *self) {
	if (self->signal_fd >= 0)
		close(self->signal_fd);
	self->signal_fd = -1;
	sigaction(SIGCHLD, &self->former_child_action, NULL);
}

static void pass_on(struct ol_caged *self, const struct signalfd_siginfo *info) {
	int number = (int)info->ssi_signo;
	/* Adopted: it is not our child, and is let go. */
	if (self->summary->spec.adopted_pid != 0) {
		self->summary->was_let_go = 1;
		self->has_ended = true;
		return;
	}
	/* From the terminal, or the command's own, to its group: it has it already. */
	if (info->ssi_code == SI_KERNEL || (pid_t)info->ssi_pid == self->summary->pid)
		return;
	(void)kill(self->summary->pid, number);
}

void ol_caged_signals_take(struct ol_caged *self) {
	struct signalfd_siginfo info;
	bool has_children = false;
	while (read(self->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			has_children = true;
		else
			pass_on(self, &info);
	}
	if (has_children)
		ol_caged_reap(self);
}
