/* launch.c -- Fork into the cage, exec: nothing of ours stays in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "caged/internal.h"

enum { EXIT_NOT_STARTED = 127 };

/* What the child says when it could not become the command. */
struct refusal {
	int32_t is_command_bad;
	int32_t code; /* errno. */
};

struct pipe_ends {
	int read_fd;
	int write_fd;
};

noreturn static void give_up(int fd, bool is_command_bad, int code) {
	struct refusal refusal = { .is_command_bad = is_command_bad, .code = code };
	(void)write(fd, &refusal, sizeof refusal);
	_exit(EXIT_NOT_STARTED);
}

/* False: nobody is there any more who could say it. */
static bool wait_for_word(int fd) {
	char word;
	ssize_t count;
	do
		count = read(fd, &word, 1);
	while (count < 0 && errno == EINTR);
	return count == 1;
}

/* In the child: async-signal-safe calls only. */
noreturn static void run_child(
	const struct ol_launch *launch, pid_t lab_pid, struct pipe_ends go, int refusal_fd) {
	close(go.write_fd);
	if (launch->guardian != NULL) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != lab_pid)
			_exit(EXIT_NOT_STARTED); /* The lab died before it could be asked to take us along. */
	}
	int result = ol_cage_enter(launch->cage);
	if (result < 0)
		give_up(refusal_fd, false, -result);
	/* Whatever it takes to be ready for it, the lab does meanwhile. */
	if (!wait_for_word(go.read_fd))
		_exit(EXIT_NOT_STARTED);
	if (launch->address_space_bytes != UINT64_MAX) {
		struct rlimit limit = { launch->address_space_bytes, launch->address_space_bytes };
		if (setrlimit(RLIMIT_AS, &limit) < 0)
			give_up(refusal_fd, false, errno);
	}
	signal(SIGPIPE, SIG_DFL);
	if (launch->is_child_ignored)
		signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, launch->signal_mask, NULL);
	execvp(launch->command[0], launch->command);
	give_up(refusal_fd, true, errno);
}

static int make_pipe(struct pipe_ends *ret_ends, struct ol_error *error) {
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return ol_error_set_errno(error, -errno, "cannot make a pipe to the command");
	*ret_ends = (struct pipe_ends){ .read_fd = fds[0], .write_fd = fds[1] };
	return 0;
}

static void end_child(pid_t pid) {
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Until it has become the command, or says why not. */
static int hear(
	int fd, pid_t pid, const char *name, bool *ret_is_command_bad, struct ol_error *error) {
	struct refusal refusal;
	ssize_t count;
	do
		count = read(fd, &refusal, sizeof refusal);
	while (count < 0 && errno == EINTR);
	if (count != (ssize_t)sizeof refusal)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_is_command_bad = refusal.is_command_bad;
	if (!refusal.is_command_bad)
		return ol_error_set_errno(
			error, -refusal.code, "cannot put the command into its control group");
	return ol_error_set_errno(error, -refusal.code, "cannot execute %.256s", name);
}

pid_t ol_launch(const struct ol_launch *launch, struct ol_refused *ret_refused,
	bool *ret_is_refused_known, bool *ret_is_command_bad, struct ol_error *error) {
	struct pipe_ends go = { -1, -1 }, refusal = { -1, -1 };
	*ret_is_command_bad = false;
	*ret_is_refused_known = false;
	int result = make_pipe(&go, error);
	if (result < 0)
		return result;
	OL_AUTO_CLOSE int go_read_fd = go.read_fd;
	OL_AUTO_CLOSE int go_write_fd = go.write_fd;
	result = make_pipe(&refusal, error);
	if (result < 0)
		return result;
	OL_AUTO_CLOSE int refusal_read_fd = refusal.read_fd;
	OL_AUTO_CLOSE int refusal_write_fd = refusal.write_fd;
	pid_t lab_pid = getpid();
	pid_t pid = ol_cage_fork(launch->cage, error);
	if (pid < 0)
		return pid;
	if (pid == 0)
		run_child(launch, lab_pid, (struct pipe_ends){ go_read_fd, go_write_fd }, refusal_write_fd);
	/* First: the guardian would keep it open. */
	close(ol_steal_fd(&refusal_write_fd));
	if (launch->guardian != NULL)
		result = ol_guardian_start(launch->cage, NULL, launch->guardian, error);
	if (result < 0) {
		end_child(pid);
		return result;
	}
	if (launch->address_space_bytes != UINT64_MAX)
		*ret_is_refused_known = ol_refused_open(pid, ret_refused);
	(void)write(go_write_fd, "", 1);
	result = hear(refusal_read_fd, pid, launch->command[0], ret_is_command_bad, error);
	if (result < 0 && *ret_is_refused_known) {
		ol_refused_close(ret_refused);
		*ret_is_refused_known = false;
	}
	return result < 0 ? result : pid;
}
