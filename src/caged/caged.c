/* caged.c -- A command's time in its cage, from beginning to end. */
#include "caged/caged.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "caged/internal.h"

uint64_t ol_caged_now_ns(const struct ol_caged *self) {
	return ol_clock_now_ns(&self->clock) - self->start_ns;
}

void ol_caged_tell(struct ol_caged *self, const char *kind, const char *format, ...) {
	struct ol_event event = { .at_ns = ol_caged_now_ns(self) };
	va_list arguments;
	if (self->sink->on_event == NULL)
		return;
	snprintf(event.kind, sizeof event.kind, "%s", kind);
	va_start(arguments, format);
	vsnprintf(event.text, sizeof event.text, format, arguments);
	va_end(arguments);
	self->sink->on_event(self->sink->context, &event);
}

static int make_cage(struct ol_caged *self, struct ol_error *error) {
	const struct ol_caged_spec *spec = &self->summary->spec;
	struct ol_cage_system system;
	int result = ol_cage_detect(&system, error);
	if (result < 0)
		return result;
	struct ol_cage_limits limits = {
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
		/* What was adopted is not the lab's to kill, though the lab be dead. */
		.is_kept = spec->is_kept || spec->adopted_pid != 0,
	};
	const char *parent = spec->parent_group[0] != '\0' ? spec->parent_group : NULL;
	result = ol_cage_create(&system, parent, &limits, &self->cage, error);
	if (result < 0)
		return result;
	self->summary->cage = ol_cage_facts(self->cage);
	self->summary->has_stall = system.has_pressure;
	return 0;
}

static int adopt(struct ol_caged *self, struct ol_error *error) {
	const struct ol_caged_spec *spec = &self->summary->spec;
	int result = ol_process_open((pid_t)spec->adopted_pid, &self->process, error);
	if (result >= 0)
		result = ol_cage_adopt(
			self->cage, self->process.pid, self->process.pid_fd, self->came_from, error);
	if (result < 0)
		return result;
	self->summary->pid = spec->adopted_pid;
	result = ol_guardian_start(self->cage, self->came_from, &self->guardian, error);
	if (result < 0)
		(void)ol_cage_give_back(self->cage, self->came_from, NULL);
	return result;
}

static int start(
	struct ol_caged *self, char *const *command, bool *ret_is_command_bad, struct ol_error *error) {
	const struct ol_caged_spec *spec = &self->summary->spec;
	struct ol_launch launch = {
		.command = command,
		.cage = self->cage,
		.address_space_bytes = spec->address_space_bytes,
		.guardian = spec->is_kept ? NULL : &self->guardian,
		.signal_mask = &self->former_mask,
		.is_child_ignored = self->former_child_action.sa_handler == SIG_IGN,
	};
	bool is_refused_known;
	pid_t pid = ol_launch(&launch, &self->refused, &is_refused_known, ret_is_command_bad, error);
	if (pid < 0)
		return pid;
	self->summary->pid = pid;
	self->summary->is_refused_known = is_refused_known;
	/* It may have ended by now; nobody has reaped it, and its number is its own. */
	(void)ol_process_open(pid, &self->process, NULL);
	return 0;
}

/* What may happen, besides that it is time for something. */
enum happening { SIGNALS, LOG, END, HAPPENINGS };

/* One set for all: each fd that ppoll() is given costs something with every sample. The watchdog's
 * notice is not in it: some of these are taken by the first poll, and a set polls twice. */
static int watch_all(struct ol_caged *self, struct ol_error *error) {
	const int fds[HAPPENINGS] = {
		[SIGNALS] = self->signal_fd,
		[LOG] = ol_cage_kernel_log_fd(self->cage),
		[END] = self->summary->spec.adopted_pid != 0 ? self->process.pid_fd : -1,
	};
	OL_AUTO_CLOSE int set_fd = epoll_create1(EPOLL_CLOEXEC);
	bool is_made = set_fd >= 0;
	for (uint32_t i = 0; is_made && i < HAPPENINGS; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
		is_made = fds[i] < 0 || epoll_ctl(set_fd, EPOLL_CTL_ADD, fds[i], &event) == 0;
	}
	if (!is_made)
		return ol_error_set_errno(error, -errno, "cannot wait for what happens in a cage");
	return ol_steal_fd(&set_fd);
}

/* has_happened is all false before. Returns whether there is a notice. */
static bool wait_until(struct ol_caged *self, int set_fd, bool has_happened[HAPPENINGS]) {
	enum { SET, NOTICE, FDS };
	struct epoll_event events[HAPPENINGS];
	struct pollfd fds[FDS] = {
		[SET] = { .fd = set_fd, .events = POLLIN },
		[NOTICE] = { .fd = self->has_notice ? self->notice.fd : -1, .events = POLLIN },
	};
	uint64_t now_ns = ol_caged_now_ns(self);
	uint64_t due_ns = ol_caged_due_ns(self);
	uint64_t rest_ns = due_ns > now_ns ? due_ns - now_ns : 0;
	struct timespec rest = {
		.tv_sec = (time_t)(rest_ns / OL_NS_PER_S),
		.tv_nsec = (long)(rest_ns % OL_NS_PER_S),
	};
	/* In nanoseconds, which epoll_wait() does not know. */
	if (ppoll(fds, FDS, due_ns == UINT64_MAX ? NULL : &rest, NULL) <= 0)
		return false;
	int count = fds[SET].revents != 0 ? epoll_wait(set_fd, events, HAPPENINGS, 0) : 0;
	for (int i = 0; i < count; i++)
		has_happened[events[i].data.u32] = true;
	return fds[NOTICE].revents != 0;
}

/* Until the command has ended, or an adopted process was let go. */
static void loop(struct ol_caged *self, int set_fd) {
	while (!self->has_ended) {
		bool has_happened[HAPPENINGS] = { false };
		bool has_notice = wait_until(self, set_fd, has_happened);
		if (has_happened[LOG])
			ol_caged_take_kills(self);
		if (has_notice)
			ol_caged_notice(self);
		if (has_happened[SIGNALS])
			ol_caged_signals_take(self);
		if (has_happened[END])
			self->has_ended = true;
		if (!self->has_ended)
			ol_caged_watch(self);
	}
}

static int run(
	struct ol_caged *self, char *const *command, bool *ret_is_command_bad, struct ol_error *error) {
	bool is_adopted = self->summary->spec.adopted_pid != 0;
	int result = make_cage(self, error);
	if (result >= 0)
		result = ol_caged_watch_open(self, error);
	if (result < 0)
		return result;
	self->start_ns = ol_clock_now_ns(&self->clock);
	result = is_adopted ? adopt(self, error) : start(self, command, ret_is_command_bad, error);
	if (result < 0)
		return result;
	self->statm_fd = ol_process_open_statm(self->summary->pid);
	if (self->sink->on_start != NULL)
		self->sink->on_start(self->sink->context, self->summary);
	OL_AUTO_CLOSE int set_fd = watch_all(self, error);
	if (set_fd < 0)
		return set_fd;
	/* Only a crossing is told, and an adopted process may be above the threshold already. */
	if (self->has_notice && is_adopted)
		ol_caged_notice(self);
	loop(self, set_fd);
	return ol_caged_finish(self, error);
}

/* What was adopted is never ended with its cage, whatever went wrong. */
static bool leaves_cage(const struct ol_caged *self) {
	const struct ol_caged_spec *spec = &self->summary->spec;
	if (self->cage == NULL || (!spec->is_kept && spec->adopted_pid == 0))
		return false;
	if (spec->adopted_pid != 0 && self->came_from[0] != '\0')
		(void)ol_cage_give_back(self->cage, self->came_from, NULL);
	return ol_cage_count_processes(self->cage) > 0;
}

static int tear_down(struct ol_caged *self, struct ol_error *error) {
	int result = 0;
	bool leaves = leaves_cage(self);
	ol_caged_watch_close(self);
	if (self->summary->is_refused_known)
		ol_refused_close(&self->refused);
	ol_process_close(&self->process);
	if (leaves)
		ol_cage_leave(self->cage);
	else
		result = ol_cage_destroy(self->cage, error);
	ol_guardian_dismiss(&self->guardian);
	ol_guardian_reap(&self->guardian);
	ol_terminal_close(&self->terminal);
	ol_caged_signals_close(self);
	return result;
}

int ol_caged_run(const struct ol_caged_spec *spec, char *const *command,
	const struct ol_caged_sink *sink, struct ol_caged_summary *ret_summary,
	bool *ret_is_command_bad, struct ol_error *error) {
	OL_AUTO_FREE struct ol_caged *self = calloc(1, sizeof *self);
	OL_AUTO_FREE struct ol_oom_kill *kills = malloc(OL_KILLS_MAX * sizeof *kills);
	if (self == NULL || kills == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to watch a command with");
	ret_summary->spec = *spec;
	ret_summary->cage = (struct ol_cage_facts){ .mode = "none" };
	ret_summary->evidence.exit_status = -1;
	*ret_is_command_bad = false;
	self->sink = sink;
	self->kills = kills;
	self->summary = ret_summary;
	self->clock = ol_clock_real();
	self->start_ns = ol_clock_now_ns(&self->clock);
	self->process = (struct ol_process){ .directory_fd = -1, .pid_fd = -1 };
	self->statm_fd = self->guardian.fd = -1;
	ol_terminal_save(&self->terminal);
	/* What loses its parent in the cage becomes ours to reap. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	int result = ol_caged_signals_open(self, error);
	if (result >= 0)
		result = run(self, command, ret_is_command_bad, error);
	struct ol_error reason;
	int end_result = tear_down(self, &reason);
	if (result >= 0 && end_result < 0)
		return ol_error_set(error, end_result, "%s", reason.message);
	return result;
}
