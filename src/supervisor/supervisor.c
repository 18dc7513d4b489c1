/* supervisor.c -- One subject from its start to its evidence. */
#include "supervisor/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "record/flight.h"
#include "record/frame.h"
#include "sampler/sampler.h"
#include "supervisor/launch.h"
#include "supervisor/system.h"
#include "supervisor/verdict.h"

enum {
	GUARD_PERIOD_MS = 100, /* How often the cage is looked after while nothing else happens. */
	PRESSURE_PERCENT = 80  /* Of the limit: what a version 1 cage tells of. */
};

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

/* One supervision under way. */
struct supervision {
	const struct ol_supervisor_sink *sink;
	struct ol_run_summary *summary;
	struct ol_clock clock;
	struct ol_cage *cage;
	struct ol_flight *flight;
	int flight_fd;
	struct ol_subject subject;
	struct ol_sampler sampler;
	uint64_t start_ns;
	bool is_ready; /* In its cage, its program about to start. */
	bool is_phase_open;
	bool is_timed_out;
	bool is_cage_lost;        /* The group was taken away from outside. */
	uint64_t killed_at_bytes; /* Usage just before the lab killed it; 0 if it did not. */
	enum ol_outcome own_word;
	struct ol_frame frame;
};

static void note_phase_end(struct supervision *self, const struct ol_phase *phase) {
	struct ol_run_summary *summary = self->summary;
	if (summary->phase_count > 0 && summary->phase_count <= OL_PHASES_MAX)
		summary->phases[summary->phase_count - 1] = *phase;
	self->is_phase_open = false;
	if (self->sink->on_phase_end != NULL)
		self->sink->on_phase_end(self->sink->context, phase);
}

static void note_phase_begin(struct supervision *self, const struct ol_phase *phase) {
	struct ol_run_summary *summary = self->summary;
	summary->phase_count++;
	if (summary->phase_count <= OL_PHASES_MAX)
		summary->phases[summary->phase_count - 1] = *phase;
	self->is_phase_open = true;
	if (self->sink->on_phase_begin != NULL)
		self->sink->on_phase_begin(self->sink->context, phase);
}

static void note_frame(struct supervision *self) {
	const struct ol_frame *frame = &self->frame;
	const struct ol_supervisor_sink *sink = self->sink;
	switch ((enum ol_frame_kind)frame->kind) {
	case OL_FRAME_READY:
		self->is_ready = true;
		self->summary->baseline_bytes = frame->ready.baseline_bytes;
		break;
	case OL_FRAME_PHASE_BEGIN:
		note_phase_begin(self, &frame->phase);
		break;
	case OL_FRAME_PHASE_END:
		note_phase_end(self, &frame->phase);
		break;
	case OL_FRAME_GC:
		if (sink->on_gc != NULL)
			sink->on_gc(sink->context, &frame->gc);
		break;
	case OL_FRAME_EVENT:
		if (sink->on_event != NULL)
			sink->on_event(sink->context, &frame->event);
		break;
	case OL_FRAME_END:
		self->summary->evidence.has_frame_end = 1;
		self->own_word = frame->end.outcome;
		memcpy(self->summary->error_message, frame->end.message, sizeof frame->end.message);
		memcpy(self->summary->error_traceback, frame->end.traceback, sizeof frame->end.traceback);
		break;
	case OL_FRAME_KIND_COUNT:
		break;
	}
}

/* Takes all frames that are there. A subject that sends rubbish is ended. */
static int take_frames(struct supervision *self, struct ol_error *error) {
	for (;;) {
		int result = ol_frame_receive(self->subject.socket_fd, &self->frame, error);
		if (result == 0 || result == -ENOTCONN)
			return result;
		if (result < 0)
			return result;
		note_frame(self);
	}
}

static void kill_subject(struct supervision *self) {
	/* A dead process holds nothing any more: this is the last moment to look. */
	(void)ol_cage_read_usage(self->cage, &self->killed_at_bytes);
	/* Until we reap it, no other process can have its number. */
	(void)kill(self->subject.pid, SIGKILL);
}

/* Whether the kernel is about to end the subject, or has: it leaves its group some time before it
 * can be reaped. Field 9 of its stat is the kernel's task flags; behind the name, which may hold
 * anything, it is the seventh. */
static bool is_ending(pid_t pid) {
	enum { PF_EXITING = 4, STAT_BYTES = 1024 };
	char path[64], text[STAT_BYTES];
	unsigned long flags;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (ol_file_read(path, text, sizeof text, NULL) < 0)
		return true;
	const char *fields = strrchr(text, ')');
	if (fields == NULL || sscanf(fields, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		return true;
	return (flags & PF_EXITING) != 0;
}

/* Looks whether the cage still holds the subject: somebody may have removed the group or moved the
 * process out, and then nothing would limit it. Before it is ready it may be on its way in. */
static void guard(struct supervision *self) {
	struct ol_cage_counters counters;
	if (!self->is_ready)
		return;
	int result = ol_cage_read_counters(self->cage, &counters, NULL);
	if ((result == 0 && counters.process_count > 0) || is_ending(self->subject.pid))
		return;
	self->is_cage_lost = true;
	kill_subject(self);
}

/* Milliseconds until something is due: a sample, the time limit, the guard. */
static int wait_ms(const struct supervision *self, uint64_t deadline_ns, uint64_t guard_ns) {
	uint64_t now_ns = ol_clock_now_ns(&self->clock);
	uint64_t due_ns = self->sampler.due_ns;
	if (deadline_ns < due_ns)
		due_ns = deadline_ns;
	if (guard_ns < due_ns)
		due_ns = guard_ns;
	if (due_ns <= now_ns)
		return 0;
	return (int)((due_ns - now_ns + OL_NS_PER_MS - 1) / OL_NS_PER_MS);
}

/* Ends the subject when its time is up, when asked to, or when it is no longer in its cage. */
struct watch {
	uint64_t deadline_ns;
	uint64_t guard_ns;
	bool is_interrupted;
};

static void look_after(struct supervision *self, struct watch *watch) {
	if (atomic_load(&is_interrupted) && !watch->is_interrupted) {
		watch->is_interrupted = true;
		kill_subject(self);
	}
	uint64_t now_ns = ol_clock_now_ns(&self->clock);
	if (now_ns >= watch->deadline_ns) {
		self->is_timed_out = true;
		watch->deadline_ns = UINT64_MAX;
		kill_subject(self);
	}
	if (ol_sampler_poll(&self->sampler) < 0 || now_ns >= watch->guard_ns) {
		guard(self);
		watch->guard_ns = now_ns + GUARD_PERIOD_MS * OL_NS_PER_MS;
	}
}

/* Listens until the subject has ended. */
static int listen_to_end(struct supervision *self, struct ol_error *error) {
	const uint64_t timeout_ns = self->summary->spec.timeout_ns;
	struct watch watch = {
		.deadline_ns = timeout_ns > 0 ? self->start_ns + timeout_ns : UINT64_MAX,
		.guard_ns = self->start_ns + GUARD_PERIOD_MS * OL_NS_PER_MS,
	};
	bool is_connected = true;
	int result = 0;
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = self->subject.pid_fd, .events = POLLIN },
			{ .fd = is_connected ? self->subject.socket_fd : -1, .events = POLLIN },
			{ .fd = watch.is_interrupted ? -1 : atomic_load(&interrupt_fd), .events = POLLIN },
		};
		int ready = poll(fds, 3, wait_ms(self, watch.deadline_ns, watch.guard_ns));
		if (ready < 0 && errno != EINTR)
			return ol_error_set_errno(error, -errno, "cannot wait for the subject");
		/* Frames first: what it said before it ended counts. */
		if (ready > 0 && is_connected && (fds[0].revents | fds[1].revents) != 0) {
			int taken = take_frames(self, error);
			is_connected = taken == 0;
			if (taken == -EPROTO) {
				result = taken;
				kill_subject(self);
			}
		}
		if (ready > 0 && fds[0].revents != 0)
			break;
		if (!is_connected && self->subject.pid_fd < 0)
			break; /* Before it has quite ended; reaping waits for that. */
		look_after(self, &watch);
	}
	if (watch.is_interrupted && result == 0)
		result = ol_error_set(error, -EINTR, "interrupted");
	return result;
}

static void reap(struct supervision *self) {
	struct ol_evidence *evidence = &self->summary->evidence;
	int status;
	pid_t pid;
	do
		pid = waitpid(self->subject.pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	evidence->exit_status = -1;
	if (pid != self->subject.pid)
		return;
	if (WIFEXITED(status))
		evidence->exit_status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		evidence->signal = WTERMSIG(status);
}

/* A phase that its subject did not live to end gets its end from the last words. */
static void close_phase(struct supervision *self) {
	struct ol_run_summary *summary = self->summary;
	if (!self->is_phase_open || summary->phase_count == 0 || summary->phase_count > OL_PHASES_MAX)
		return;
	struct ol_phase phase = summary->phases[summary->phase_count - 1];
	phase.end_ns = summary->wall_ns;
	phase.requested_bytes = summary->last_words.phase_requested_bytes;
	phase.cage_bytes = summary->last_words.cage_bytes;
	phase.garbage_bytes = summary->last_words.garbage_bytes;
	phase.memstats = summary->last_words.memstats;
	note_phase_end(self, &phase);
}

static void judge(struct supervision *self, const struct ol_cage_counters *counters) {
	struct ol_run_summary *summary = self->summary;
	struct ol_verdict_facts facts = {
		.evidence = &summary->evidence,
		.own_word = self->own_word,
		.is_timed_out = self->is_timed_out,
		.stall_ns = counters->stall_ns,
		.wall_ns = summary->wall_ns,
	};
	summary->outcome = ol_verdict(&facts);
	if (self->is_cage_lost) {
		summary->outcome = OL_OUTCOME_LAB_ERROR;
		snprintf(summary->error_message, sizeof summary->error_message,
			"the control group %s was removed or emptied from outside while the subject ran; the "
			"subject was ended rather than left to run unlimited",
			summary->cage.path);
	} else if (summary->outcome == OL_OUTCOME_LAB_ERROR && summary->error_message[0] == '\0') {
		snprintf(summary->error_message, sizeof summary->error_message,
			"the subject ended with exit status %d and without a word",
			summary->evidence.exit_status);
	}
}

/* After the end: everything that the verdict and the report rest on, read before the group goes. */
static int read_evidence(struct supervision *self, struct ol_error *error) {
	struct ol_run_summary *summary = self->summary;
	summary->last_words = ol_flight_read(self->flight);
	struct ol_cage_counters counters = { 0 };
	struct ol_error reason;
	if (ol_cage_read_evidence(self->cage, &counters, &summary->evidence, &reason) < 0) {
		if (!self->is_cage_lost)
			return ol_error_set(error, -EIO, "the evidence cannot be read: %s", reason.message);
	}
	summary->cage_peak_bytes = counters.peak_bytes;
	if (self->killed_at_bytes > 0)
		summary->last_words.cage_bytes = self->killed_at_bytes;
	/* The kernel empties a dead process before anybody can look; where it killed at the limit the
	 * peak is what the cage held then. */
	if (summary->evidence.oom_kill_delta > 0 &&
		counters.peak_bytes > summary->last_words.cage_bytes)
		summary->last_words.cage_bytes = counters.peak_bytes;
	judge(self, &counters);
	close_phase(self);
	return 0;
}

static int set_up(struct supervision *self, struct ol_error *error) {
	struct ol_run_summary *summary = self->summary;
	const struct ol_run_spec *spec = &summary->spec;
	/* What the machine is like does not change while we run. */
	static struct ol_cage_system system;
	if (system.memory_version == 0) {
		int result = ol_cage_detect(&system, error);
		if (result < 0)
			return result;
	}
	struct ol_cage_limits limits = {
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
	};
	int result = ol_flight_create(&self->flight_fd, &self->flight, error);
	if (result < 0)
		return result;
	const char *parent = spec->parent_group[0] != '\0' ? spec->parent_group : NULL;
	result = ol_cage_create(&system, parent, &limits, &self->cage, error);
	if (result < 0)
		return result;
	summary->cage = ol_cage_facts(self->cage);
	summary->system = ol_system_facts();
	return 0;
}

static int tear_down(struct supervision *self, struct ol_error *error) {
	int result = ol_cage_destroy(self->cage, error);
	ol_flight_close(self->flight);
	if (self->flight_fd >= 0)
		close(self->flight_fd);
	return result;
}

/* Where nothing can tell of pressure the run goes on without, and its record says so. */
static void watch_pressure(struct supervision *self) {
	struct ol_run_spec *spec = &self->summary->spec;
	struct ol_cage_pressure pressure;
	struct ol_error reason;
	if (!spec->wants_pressure)
		return;
	if (ol_cage_watch_pressure(self->cage, PRESSURE_PERCENT, &pressure, &reason) >= 0) {
		spec->pressure_kind = pressure.kind;
		return;
	}
	struct ol_event event = { .kind = "policy" };
	snprintf(event.text, sizeof event.text, "%.511s", reason.message);
	if (self->sink->on_event != NULL)
		self->sink->on_event(self->sink->context, &event);
}

static int run_subject(
	struct supervision *self, const struct ol_supervisor_texts *texts, struct ol_error *error) {
	struct ol_run_summary *summary = self->summary;
	if (self->sink->on_start != NULL)
		self->sink->on_start(self->sink->context, summary);
	watch_pressure(self);
	self->start_ns = ol_clock_now_ns(&self->clock);
	int result = ol_subject_launch(&summary->spec, texts->script, texts->policy, self->cage,
		self->flight_fd, &self->subject, error);
	if (result < 0)
		return result;
	ol_sampler_init(
		&self->sampler, &self->clock, self->cage, self->flight, summary->spec.sample_period_ns);
	self->sampler.context = self->sink->context;
	self->sampler.on_sample = self->sink->on_sample;
	result = listen_to_end(self, error);
	if (result < 0)
		kill_subject(self);
	reap(self);
	summary->wall_ns = ol_clock_now_ns(&self->clock) - self->start_ns;
	ol_subject_finish(&self->subject);
	if (result < 0)
		return result;
	return read_evidence(self, error);
}

static int open_interrupt_fd(struct ol_error *error) {
	if (atomic_load(&interrupt_fd) >= 0)
		return 0;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot prepare to be interrupted");
	atomic_store(&interrupt_fd, fd);
	return 0;
}

int ol_supervise(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error) {
	assert(spec->spec_bytes == sizeof *spec);
	int result = open_interrupt_fd(error);
	if (result < 0)
		return result;
	if (atomic_load(&is_interrupted))
		return ol_error_set(error, -EINTR, "interrupted");
	OL_AUTO_FREE struct supervision *self = calloc(1, sizeof *self);
	if (self == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to supervise a run");
	memset(ret_summary, 0, sizeof *ret_summary);
	ret_summary->spec = *spec;
	self->sink = sink;
	self->summary = ret_summary;
	self->clock = ol_clock_real();
	self->flight_fd = -1;
	result = set_up(self, error);
	if (result == 0)
		result = run_subject(self, texts, error);
	/* What went wrong first is what people must read. */
	struct ol_error tear_down_error;
	int tear_down_result = tear_down(self, &tear_down_error);
	if (result == 0 && tear_down_result < 0 && !self->is_cage_lost)
		return ol_error_set(error, tear_down_result, "%s", tear_down_error.message);
	return result;
}
