/* supervisor.c -- A run from its start to its end, and how it is interrupted. */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "supervisor/supervision.h"

static atomic_bool is_interrupted;
static atomic_int interrupt_fd = -1;

void ol_supervisor_interrupt(void) {
	atomic_store(&is_interrupted, true);
	int fd = atomic_load(&interrupt_fd);
	uint64_t one = 1;
	/* A full counter is as readable as one that was just raised. */
	if (fd >= 0 && write(fd, &one, sizeof one) < 0)
		return;
}

bool ol_supervisor_is_interrupted(void) {
	return atomic_load(&is_interrupted);
}

int ol_supervisor_interrupt_fd(struct ol_error *error) {
	if (atomic_load(&interrupt_fd) >= 0)
		return atomic_load(&interrupt_fd);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot prepare to be interrupted");
	atomic_store(&interrupt_fd, fd);
	return fd;
}

/* Steps until the subject has ended; an interrupt ends it. */
static int step_to_end(struct ol_supervision *supervision, int fd, struct ol_error *error) {
	enum { INTERRUPT = OL_SUPERVISION_FDS };
	struct pollfd fds[OL_SUPERVISION_FDS + 1];
	bool is_ending = false;
	int result = 1;
	while (result > 0) {
		ol_supervision_poll_fds(supervision, fds);
		fds[INTERRUPT] = (struct pollfd){ .fd = is_ending ? -1 : fd, .events = POLLIN };
		if (poll(fds, OL_SUPERVISION_FDS + 1, ol_supervision_wait_ms(supervision)) < 0 &&
			errno != EINTR)
			return ol_error_set_errno(error, -errno, "cannot wait for the subject");
		result = ol_supervision_step(supervision, error);
		if (result > 0 && !is_ending && ol_supervisor_is_interrupted()) {
			is_ending = true;
			ol_supervision_kill(supervision, false);
		}
	}
	if (is_ending && result == 0)
		return ol_error_set(error, -EINTR, "interrupted");
	return result;
}

int ol_supervise(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error) {
	int fd = ol_supervisor_interrupt_fd(error);
	if (fd < 0)
		return fd;
	if (ol_supervisor_is_interrupted())
		return ol_error_set(error, -EINTR, "interrupted");
	struct ol_supervision *supervision;
	int result = ol_supervision_start(spec, texts, sink, ret_summary, &supervision, error);
	if (result < 0)
		return result;
	result = step_to_end(supervision, fd, error);
	/* What went wrong first is what people must read. */
	int finish_result = ol_supervision_finish(supervision, result < 0 ? NULL : error);
	return result < 0 ? result : finish_result;
}
