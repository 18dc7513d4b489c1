/* terminal.c -- The terminal goes to the command and comes back.
 *
 * The command runs in our process group, so that the terminal's signals reach it as they would
 * without us. A shell makes a group of its own and puts that in front; when it is killed it cannot
 * undo that. */
#include <fcntl.h>
#include <unistd.h>

#include "caged/internal.h"

void ol_terminal_save(struct ol_terminal *terminal) {
	*terminal = (struct ol_terminal){ .fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) };
	if (terminal->fd < 0)
		return;
	if (tcgetattr(terminal->fd, &terminal->settings) < 0) {
		ol_terminal_close(terminal);
		return;
	}
	terminal->was_foreground = tcgetpgrp(terminal->fd) == getpgrp();
}

/* Who is not in front may not change the terminal, unless it lets SIGTTOU pass. */
static void block_output_stop(sigset_t *ret_former) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, ret_former);
}

void ol_terminal_hand_over(const struct ol_terminal *terminal, pid_t group) {
	sigset_t former;
	block_output_stop(&former);
	(void)tcsetpgrp(terminal->fd, group);
	sigprocmask(SIG_SETMASK, &former, NULL);
}

void ol_terminal_take_back(const struct ol_terminal *terminal) {
	if (terminal->fd >= 0 && terminal->was_foreground && tcgetpgrp(terminal->fd) != getpgrp())
		ol_terminal_hand_over(terminal, getpgrp());
}

void ol_terminal_mend(const struct ol_terminal *terminal) {
	sigset_t former;
	if (terminal->fd < 0 || !terminal->was_foreground)
		return;
	block_output_stop(&former);
	(void)tcsetattr(terminal->fd, TCSANOW, &terminal->settings);
	sigprocmask(SIG_SETMASK, &former, NULL);
}

void ol_terminal_close(struct ol_terminal *terminal) {
	if (terminal->fd >= 0)
		close(terminal->fd);
	terminal->fd = -1;
}
