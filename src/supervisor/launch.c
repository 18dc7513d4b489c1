/* launch.c -- Fork into the cage, exec. Nothing allocates between the two. */
#include "supervisor/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "process/process.h"
#include "record/frame.h"

enum { SUBJECT_FDS = 6, FD_TEXT_BYTES = 16, EXIT_NOT_STARTED = 127 };

int ol_program_find(const char *program, char path[OL_PATH_BYTES], struct ol_error *error) {
	static const char *const places[] = { "", "../libexec/oomlab/" };
	char own[OL_PATH_BYTES];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	if (length < 0)
		return ol_error_set_errno(error, -errno, "cannot tell where oomlab itself is");
	own[length] = '\0';
	char *name = strrchr(own, '/');
	if (name == NULL)
		return ol_error_set(error, -ENOENT, "cannot tell where oomlab itself is: %s", own);
	*name = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int needed = snprintf(path, OL_PATH_BYTES, "%s/%s%s", own, places[i], program);
		if (needed < OL_PATH_BYTES && access(path, X_OK) == 0)
			return 0;
	}
	return ol_error_set(error, -ENOENT,
		"%s is neither in %s nor in %s/../libexec/oomlab; build or install it again", program, own,
		own);
}

/* The first to read a file pays for its pages: read the executable out here, so that the cage does
 * not. Once a process; later the pages are there. */
static void warm(const char *path) {
	static bool is_warm;
	if (is_warm)
		return;
	OL_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* The exec will say why. */
	(void)readahead(fd, 0, 16 << 20);
	is_warm = true;
}

/* One file that the lab pays for: the spec, the script's text, the policy's. */
static int write_orders(const struct ol_run_spec *spec, const char *script_text,
	const char *policy_text, int *ret_fd, struct ol_error *error) {
	OL_AUTO_CLOSE int fd = memfd_create("oomlab-orders", MFD_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make the subject's orders");
	if (write(fd, spec, sizeof *spec) != (ssize_t)sizeof *spec ||
		write(fd, script_text, spec->script_bytes) != (ssize_t)spec->script_bytes ||
		(spec->policy_bytes > 0 &&
			write(fd, policy_text, spec->policy_bytes) != (ssize_t)spec->policy_bytes))
		return ol_error_set_errno(
			error, errno > 0 ? -errno : -EIO, "cannot write the subject's orders");
	*ret_fd = ol_steal_fd(&fd);
	return 0;
}

/* What the child needs, made before the fork. */
struct child_plan {
	const char *path;
	pid_t lab_pid;
	const struct ol_cage *cage;
	int socket_fd; /* The child's end. */
	int null_fd;
	int fds[SUBJECT_FDS]; /* -1 for none. */
	char texts[SUBJECT_FDS][FD_TEXT_BYTES];
	char *arguments[SUBJECT_FDS + 2];
	char temporary[OL_PATH_BYTES]; /* "TMPDIR=..."; "" for none. */
	uint64_t address_space_bytes;
	uint64_t data_bytes; /* RLIMIT_DATA: what limits it where there is no cage. */
	struct ol_frame failure;
};

/* In the child: async-signal-safe calls only. */
__attribute__((noreturn)) static void give_up(struct child_plan *plan, const char *what, int code) {
	char *message = plan->failure.end.message;
	const char *const parts[] = { what, ": ", strerrordesc_np(code) };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t length = strlen(message);
		if (parts[i] != NULL)
			strncat(message, parts[i], sizeof plan->failure.end.message - length - 1);
	}
	(void)ol_frame_send(plan->socket_fd, &plan->failure, NULL);
	_exit(EXIT_NOT_STARTED);
}

static void limit_resource(__rlimit_resource_t resource, uint64_t bytes) {
	struct rlimit limit = { bytes, bytes };
	if (bytes != UINT64_MAX)
		setrlimit(resource, &limit);
}

__attribute__((noreturn)) static void run_child(struct child_plan *plan) {
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != plan->lab_pid)
		_exit(EXIT_NOT_STARTED); /* The lab died before it could be asked to take us along. */
	int result = plan->cage != NULL ? ol_cage_enter(plan->cage) : 0;
	if (result < 0)
		give_up(plan, "cannot enter its control group", -result);
	setpgid(0, 0); /* Ctrl-C is for the lab; it ends us in good order. */
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN); /* A file that may grow no further is an error, not an end. */
	dup2(plan->null_fd, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	for (int i = 0; i < SUBJECT_FDS; i++)
		if (plan->fds[i] >= 0)
			fcntl(plan->fds[i], F_SETFD, 0);
	struct rlimit no_core = { 0, 0 };
	setrlimit(RLIMIT_CORE, &no_core);
	limit_resource(RLIMIT_AS, plan->address_space_bytes);
	limit_resource(RLIMIT_DATA, plan->data_bytes);
	char *environment[] = { plan->temporary[0] != '\0' ? plan->temporary : NULL, NULL };
	execve(plan->path, plan->arguments, environment);
	give_up(plan, plan->path, errno);
}

static void prepare_child(struct child_plan *plan) {
	plan->lab_pid = getpid();
	static char name[] = "oomlab-subject";
	plan->arguments[0] = name;
	for (int i = 0; i < SUBJECT_FDS; i++) {
		snprintf(plan->texts[i], sizeof plan->texts[i], "%d", plan->fds[i]);
		plan->arguments[i + 1] = plan->texts[i];
	}
	const char *directory = getenv("TMPDIR");
	if (directory != NULL && strlen(directory) + sizeof "TMPDIR=" <= sizeof plan->temporary)
		snprintf(plan->temporary, sizeof plan->temporary, "TMPDIR=%s", directory);
	plan->failure.kind = OL_FRAME_END;
	plan->failure.end.outcome = OL_OUTCOME_LAB_ERROR;
	snprintf(plan->failure.end.message, sizeof plan->failure.end.message,
		"the subject could not be started: ");
}

int ol_subject_launch(const struct ol_run_spec *spec, const char *script_text,
	const char *policy_text, struct ol_cage *cage, int flight_fd, int notice_fd,
	struct ol_subject *ret_subject, struct ol_error *error) {
	char path[OL_PATH_BYTES];
	int result = ol_program_find("oomlab-subject", path, error);
	if (result < 0)
		return result;
	warm(path);
	OL_AUTO_CLOSE int orders_fd = -1;
	result = write_orders(spec, script_text, policy_text, &orders_fd, error);
	if (result < 0)
		return result;
	int sockets[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return ol_error_set_errno(error, -errno, "cannot make a socket for the subject");
	OL_AUTO_CLOSE int own_socket = sockets[0];
	OL_AUTO_CLOSE int subject_socket = sockets[1];
	OL_AUTO_CLOSE int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	struct child_plan plan = {
		.path = path,
		.cage = cage,
		.socket_fd = subject_socket,
		.null_fd = null_fd,
		.fds = { subject_socket, orders_fd, flight_fd, cage != NULL ? ol_cage_usage_fd(cage) : -1,
			cage != NULL ? ol_cage_pressure_fd(cage) : -1, notice_fd },
		.address_space_bytes = spec->address_space_bytes,
		.data_bytes = cage != NULL ? UINT64_MAX : spec->limit_bytes,
	};
	prepare_child(&plan);
	pid_t pid = cage != NULL ? ol_cage_fork(cage, error) : fork();
	if (pid < 0)
		return cage != NULL ? (int)pid
							: ol_error_set_errno(error, -errno, "cannot start a process");
	if (pid == 0)
		run_child(&plan);
	*ret_subject = (struct ol_subject){
		.pid = pid,
		.pid_fd = pidfd_open(pid, 0),
		.socket_fd = ol_steal_fd(&own_socket),
		.statm_fd = ol_process_open_statm(pid),
	};
	return 0;
}

void ol_subject_finish(struct ol_subject *subject) {
	if (subject->pid_fd >= 0)
		close(subject->pid_fd);
	if (subject->statm_fd >= 0)
		close(subject->statm_fd);
	close(subject->socket_fd);
}
