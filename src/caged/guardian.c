/* guardian.c -- Ends what is in the cage, and removes it, when the lab is killed.
 *
 * The kernel can be asked to kill a child with its parent, but not the child's children. The
 * guardian sits outside of the cage and waits for the end of a pipe whose other end only the lab
 * has. It shares the lab's lock on the group, so that no other lab takes the cage for a dead one's
 * meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdnoreturn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "caged/internal.h"

static const char all_done = '.';

/* Out of the terminal's reach, and of the reader's that waits for the lab's output to end. */
static void step_aside(void) {
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	(void)chdir("/");
	(void)prctl(PR_SET_NAME, "oomlab-guardian");
	OL_AUTO_CLOSE int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(null_fd, fd);
}

noreturn static void guard(struct ol_cage *cage, const char *give_back_to, int fd) {
	char word = '\0';
	ssize_t count;
	step_aside();
	do
		count = read(fd, &word, 1);
	while (count < 0 && errno == EINTR);
	if (count == 1 && word == all_done)
		_exit(0);
	if (give_back_to != NULL)
		(void)ol_cage_give_back(cage, give_back_to, NULL);
	(void)ol_cage_destroy(cage, NULL);
	_exit(0);
}

int ol_guardian_start(struct ol_cage *cage, const char *give_back_to,
	struct ol_guardian *ret_guardian, struct ol_error *error) {
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return ol_error_set_errno(error, -errno, "cannot make a pipe for the cage's guardian");
	OL_AUTO_CLOSE int read_fd = fds[0];
	OL_AUTO_CLOSE int write_fd = fds[1];
	pid_t pid = fork();
	if (pid < 0)
		return ol_error_set_errno(error, -errno, "cannot start the cage's guardian");
	if (pid == 0) {
		close(write_fd);
		guard(cage, give_back_to, read_fd);
	}
	*ret_guardian = (struct ol_guardian){ .pid = pid, .fd = ol_steal_fd(&write_fd) };
	return 0;
}

void ol_guardian_dismiss(struct ol_guardian *guardian) {
	if (guardian->fd < 0)
		return;
	(void)write(guardian->fd, &all_done, 1);
	close(guardian->fd);
	guardian->fd = -1;
}

void ol_guardian_reap(struct ol_guardian *guardian) {
	if (guardian->pid == 0)
		return;
	while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*guardian = (struct ol_guardian){ .fd = -1 };
}
