/* supervision.c -- One subject from its start to its evidence, a step at a time. */
#include "supervisor/supervision.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cage/cage.h"
#include "process/process.h"
#include "record/flight.h"
#include "record/frame.h"
#include "sampler/sampler.h"
#include "supervisor/capacity.h"
#include "supervisor/launch.h"
#include "supervisor/notes.h"
#include "supervisor/system.h"
#include "supervisor/verdict.h"
#include "supervisor/watch.h"

enum {
	GUARD_PERIOD_MS = 100, /* How often the cage is looked after while nothing else happens. */
	PRESSURE_PERCENT = 80  /* Of the limit: what a version 1 cage tells of. */
};

struct ol_supervision {
	const struct ol_supervisor_sink *sink;
	struct ol_run_summary *summary;
	struct ol_notes notes;
	struct ol_clock clock;
	struct ol_cage *cage;
	struct ol_flight *flight;
	int flight_fd;
	struct ol_subject subject;
	struct ol_sampler sampler;
	struct ol_watch watch;
	uint64_t start_ns;
	bool is_ready; /* In its cage, its program about to start. */
	bool is_timed_out;
	bool is_witnessed;        /* The sink has seen it at its end. */
	bool is_cage_lost;        /* The group was taken away from outside. */
	uint64_t rss_peak_bytes;  /* Once it was reaped. */
	bool is_killed;           /* By the lab. */
	bool is_connected;        /* The subject's end of the socket is open. */
	uint64_t killed_at_bytes; /* Usage just before the lab killed it; 0 if it did not. */
	uint64_t deadline_ns;     /* UINT64_MAX: none. */
	uint64_t guard_ns;        /* When the cage is looked after next. */
	union ol_arrival arrival;
};

static void tell_event(const struct ol_supervision *self, const struct ol_event *event) {
	if (event->text[0] != '\0' && self->sink->on_event != NULL)
		self->sink->on_event(self->sink->context, event);
}

/* It ends in good order, and holds what it has until somebody has looked: the end of what the lab
 * has to tell it says that this is done. */
static void witness(struct ol_supervision *self) {
	struct ol_supervisor_scene scene = {
		.pid = self->subject.pid,
		.cage_directory = self->cage != NULL ? ol_cage_directory(self->cage) : NULL,
	};
	if (self->is_witnessed)
		return;
	self->is_witnessed = true;
	if (self->sink->on_act != NULL)
		self->sink->on_act(self->sink->context, &scene);
	(void)shutdown(self->subject.socket_fd, SHUT_WR);
}

/* The program wants another limit. It is the one who waits for the answer, not we: but where the
 * kernel kills to get below (version 2), it does so before this returns. */
static void set_limit(struct ol_supervision *self, const struct ol_frame_limit *frame) {
	struct ol_error error;
	int result = self->cage != NULL
					 ? ol_cage_set_limit(self->cage, frame->limit_bytes, &error)
					 : ol_error_set(&error, -ENOTSUP, "there is no cage whose limit could be set");
	ol_flight_answer_limit(self->flight, frame->number, result, result < 0 ? &error : NULL);
}

static void note_frame(struct ol_supervision *self) {
	const struct ol_frame *frame = &self->arrival.frame;
	const struct ol_supervisor_sink *sink = self->sink;
	ol_notes_frame(&self->notes, frame);
	if (frame->kind == OL_FRAME_READY)
		self->is_ready = true;
	else if (frame->kind == OL_FRAME_END && self->notes.own_word == OL_OUTCOME_SHUT_DOWN)
		witness(self);
	else if (frame->kind == OL_FRAME_LIMIT)
		set_limit(self, &frame->limit);
	else if (frame->kind == OL_FRAME_ANSWER && sink->on_answer != NULL)
		sink->on_answer(sink->context, &self->arrival.answer_frame.answer);
}

/* Takes all frames that are there. A subject that sends rubbish is ended. */
static int take_frames(struct ol_supervision *self, struct ol_error *error) {
	for (;;) {
		int result = ol_frame_receive(self->subject.socket_fd, &self->arrival, error);
		if (result <= 0)
			return result;
		note_frame(self);
	}
}

static void kill_subject(struct ol_supervision *self) {
	/* A dead process holds nothing any more: this is the last moment to look. */
	if (!self->is_killed && self->cage != NULL)
		(void)ol_cage_read_usage(self->cage, &self->killed_at_bytes);
	self->is_killed = true;
	/* Until we reap it, no other process can have its number. */
	(void)kill(self->subject.pid, SIGKILL);
}

/* It leaves its group some time before it can be reaped. Its number is its own until then. */
static bool is_ending(pid_t pid) {
	struct ol_process process;
	if (ol_process_open(pid, &process, NULL) < 0)
		return true;
	bool is_alive = ol_process_is_alive(&process);
	ol_process_close(&process);
	return !is_alive;
}

/* Looks whether the cage still holds the subject: somebody may have removed the group or moved the
 * process out, and then nothing would limit it. Before it is ready it may be on its way in. */
static void guard(struct ol_supervision *self) {
	if (!self->is_ready || self->cage == NULL)
		return;
	if (ol_cage_has_process(self->cage, self->subject.pid) || is_ending(self->subject.pid))
		return;
	self->is_cage_lost = true;
	kill_subject(self);
}

void ol_supervision_poll_fds(
	const struct ol_supervision *self, struct pollfd ret_fds[OL_SUPERVISION_FDS]) {
	ret_fds[0] = (struct pollfd){ .fd = self->subject.pid_fd, .events = POLLIN };
	ret_fds[1] = (struct pollfd){
		.fd = self->is_connected ? self->subject.socket_fd : -1,
		.events = POLLIN,
	};
	ret_fds[2] = (struct pollfd){ .fd = ol_watch_fd(&self->watch), .events = POLLIN };
}

int ol_supervision_wait_ms(const struct ol_supervision *self) {
	uint64_t now_ns = ol_clock_now_ns(&self->clock);
	uint64_t due_ns = self->sampler.due_ns;
	if (self->deadline_ns < due_ns)
		due_ns = self->deadline_ns;
	if (self->guard_ns < due_ns)
		due_ns = self->guard_ns;
	uint64_t watch_ns = ol_watch_due_ns(&self->watch);
	if (watch_ns < due_ns)
		due_ns = watch_ns;
	if (due_ns <= now_ns)
		return 0;
	return (int)((due_ns - now_ns + OL_NS_PER_MS - 1) / OL_NS_PER_MS);
}

/* Tells the subject to end when its watchdog says so; ends it when it does not. */
static void look_by_watchdog(struct ol_supervision *self, uint64_t now_ns) {
	struct ol_event event;
	if (ol_watch_step(&self->watch, now_ns, &event)) {
		witness(self);
		tell_event(self, &event);
	} else if (ol_watch_is_overdue(&self->watch, now_ns) && !self->is_killed) {
		self->summary->is_overdue = 1;
		kill_subject(self);
	}
}

static void on_sample(void *context, const struct ol_sample *sample) {
	struct ol_supervision *self = context;
	ol_watch_sample(&self->watch, sample);
	if (self->sink->on_sample != NULL)
		self->sink->on_sample(self->sink->context, sample);
}

/* Ends the subject when its time is up, or when it is no longer in its cage. */
static void look_after(struct ol_supervision *self) {
	uint64_t now_ns = ol_clock_now_ns(&self->clock);
	if (now_ns >= self->deadline_ns)
		ol_supervision_kill(self, true);
	if (ol_sampler_poll(&self->sampler) < 0 || now_ns >= self->guard_ns) {
		guard(self);
		self->guard_ns = now_ns + GUARD_PERIOD_MS * OL_NS_PER_MS;
	}
}

int ol_supervision_step(struct ol_supervision *self, struct ol_error *error) {
	struct pollfd fds[OL_SUPERVISION_FDS];
	ol_supervision_poll_fds(self, fds);
	if (poll(fds, OL_SUPERVISION_FDS, 0) < 0)
		return errno == EINTR ? 1 : ol_error_set_errno(error, -errno, "cannot see the subject");
	/* It may have heard the kernel before us, and wait for us to look at it. */
	look_by_watchdog(self, ol_clock_now_ns(&self->clock));
	/* Frames next: what it said before it ended counts. */
	if (self->is_connected && (fds[0].revents | fds[1].revents) != 0) {
		int taken = take_frames(self, error);
		self->is_connected = taken == 0;
		if (taken == -EPROTO) {
			kill_subject(self);
			return taken;
		}
	}
	if (fds[0].revents != 0)
		return 0;
	if (!self->is_connected && self->subject.pid_fd < 0)
		return 0; /* Before it has quite ended; reaping waits for that. */
	look_after(self);
	return 1;
}

int ol_supervision_request(
	struct ol_supervision *self, const struct ol_request *request, struct ol_error *error) {
	return ol_request_send(self->subject.socket_fd, request, error);
}

void ol_supervision_break_off(struct ol_supervision *self) {
	if (self->summary->spec.is_prompt)
		(void)kill(self->subject.pid, SIGINT);
}

bool ol_supervision_is_ready(const struct ol_supervision *self) {
	return self->is_ready;
}

struct ol_last_words ol_supervision_last_words(const struct ol_supervision *self) {
	return ol_flight_read(self->flight);
}

uint64_t ol_supervision_elapsed_ns(const struct ol_supervision *self) {
	return ol_clock_now_ns(&self->clock) - self->start_ns;
}

void ol_supervision_end(struct ol_supervision *self) {
	(void)shutdown(self->subject.socket_fd, SHUT_WR);
}

void ol_supervision_kill(struct ol_supervision *self, bool is_timed_out) {
	self->is_timed_out |= is_timed_out;
	self->deadline_ns = UINT64_MAX;
	kill_subject(self);
}

static void reap(struct ol_supervision *self) {
	struct ol_evidence *evidence = &self->summary->evidence;
	struct rusage usage;
	int status;
	pid_t pid;
	do
		pid = wait4(self->subject.pid, &status, 0, &usage);
	while (pid < 0 && errno == EINTR);
	evidence->exit_status = -1;
	if (pid != self->subject.pid)
		return;
	self->rss_peak_bytes = (uint64_t)usage.ru_maxrss * OL_KIB;
	if (WIFEXITED(status))
		evidence->exit_status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		evidence->signal = WTERMSIG(status);
}

static void judge(struct ol_supervision *self, const struct ol_cage_counters *counters) {
	struct ol_run_summary *summary = self->summary;
	struct ol_verdict_facts facts = {
		.evidence = &summary->evidence,
		.own_word = self->notes.own_word,
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
static int read_evidence(struct ol_supervision *self, struct ol_error *error) {
	struct ol_run_summary *summary = self->summary;
	summary->last_words = ol_flight_read(self->flight);
	/* Without a cage only the process table knows. */
	struct ol_cage_counters counters = { .peak_bytes = self->rss_peak_bytes };
	struct ol_error reason;
	if (self->cage != NULL &&
		ol_cage_read_evidence(self->cage, &counters, &summary->evidence, &reason) < 0) {
		if (!self->is_cage_lost)
			return ol_error_set(error, -EIO, "the evidence cannot be read: %s", reason.message);
	}
	summary->cage_peak_bytes = counters.peak_bytes;
	summary->watchdog =
		ol_watch_end(&self->watch, summary->wall_ns, counters.peak_bytes, self->rss_peak_bytes);
	if (self->killed_at_bytes > 0)
		summary->last_words.cage_bytes = self->killed_at_bytes;
	/* The kernel empties a dead process before anybody can look; where it killed at the limit the
	 * peak is what the cage held then. */
	if (summary->evidence.oom_kill_delta > 0 &&
		counters.peak_bytes > summary->last_words.cage_bytes)
		summary->last_words.cage_bytes = counters.peak_bytes;
	judge(self, &counters);
	ol_notes_close_phase(&self->notes);
	return 0;
}

static int make_cage(struct ol_supervision *self, struct ol_error *error) {
	struct ol_run_summary *summary = self->summary;
	const struct ol_run_spec *spec = &summary->spec;
	/* What the machine is like does not change while we run. */
	static struct ol_cage_system system;
	if (system.memory_version == 0) {
		int result = ol_cage_detect(&system, error);
		if (result < 0)
			return result;
	}
	/* A soft limit, which version 1 has, throttles nobody: the run would be another one. */
	if (spec->high_bytes != UINT64_MAX && system.memory_version == 1)
		return ol_error_set(error, -EOPNOTSUPP,
			"high: cgroup version 1 has no memory.high, and version 1 has the memory here; boot "
			"with systemd.unified_cgroup_hierarchy=1, or try --world=pretend, which throttles");
	struct ol_cage_limits limits = {
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
		.outer_limit_bytes = spec->parent_limit_bytes != UINT64_MAX ? spec->parent_limit_bytes : 0,
	};
	const char *parent = spec->parent_group[0] != '\0' ? spec->parent_group : NULL;
	int result = ol_cage_create(&system, parent, &limits, &self->cage, error);
	if (result == 0)
		summary->cage = ol_cage_facts(self->cage);
	return result;
}

static int set_up(struct ol_supervision *self, struct ol_error *error) {
	const struct ol_run_spec *spec = &self->summary->spec;
	int result = 0;
	if (!spec->is_uncaged)
		result = ol_capacity_check_now(spec->limit_bytes, error);
	if (result < 0)
		return result;
	result = ol_flight_create(&self->flight_fd, &self->flight, error);
	if (result < 0)
		return result;
	self->summary->cage = (struct ol_cage_facts){ .mode = "none" };
	self->summary->system = ol_system_facts();
	return spec->is_uncaged ? 0 : make_cage(self, error);
}

static int tear_down(struct ol_supervision *self, struct ol_error *error) {
	ol_watch_close(&self->watch);
	int result = ol_cage_destroy(self->cage, error);
	ol_flight_close(self->flight);
	if (self->flight_fd >= 0)
		close(self->flight_fd);
	if (self->is_cage_lost)
		result = 0;
	free(self);
	return result;
}

/* Where nothing can tell of pressure the run goes on without, and its record says so. */
static void watch_pressure(struct ol_supervision *self) {
	struct ol_run_spec *spec = &self->summary->spec;
	struct ol_cage_pressure pressure;
	struct ol_error reason;
	if (!spec->wants_pressure || self->cage == NULL)
		return;
	if (ol_cage_watch_pressure(self->cage, PRESSURE_PERCENT, &pressure, &reason) >= 0) {
		spec->pressure_kind = pressure.kind;
		return;
	}
	struct ol_event event = { .kind = "policy" };
	snprintf(event.text, sizeof event.text, "%.511s", reason.message);
	tell_event(self, &event);
}

static int launch(
	struct ol_supervision *self, const struct ol_supervisor_texts *texts, struct ol_error *error) {
	struct ol_run_summary *summary = self->summary;
	const uint64_t timeout_ns = summary->spec.timeout_ns;
	if (self->sink->on_start != NULL)
		self->sink->on_start(self->sink->context, summary);
	watch_pressure(self);
	struct ol_event event;
	int result =
		ol_watch_open(&self->watch, &summary->spec, self->cage, self->flight, &event, error);
	if (result < 0)
		return result;
	tell_event(self, &event);
	self->start_ns = ol_clock_now_ns(&self->clock);
	result = ol_subject_launch(&summary->spec, texts->script, texts->policy, self->cage,
		self->flight_fd, ol_watch_shared_fd(&self->watch), &self->subject, error);
	if (result < 0)
		return result;
	self->is_connected = true;
	self->deadline_ns = timeout_ns > 0 ? self->start_ns + timeout_ns : UINT64_MAX;
	self->guard_ns = self->start_ns + GUARD_PERIOD_MS * OL_NS_PER_MS;
	ol_sampler_init(&self->sampler, &self->clock, self->cage, self->flight, self->subject.statm_fd,
		summary->spec.sample_period_ns);
	/* All times that the lab tells count from there. */
	self->sampler.start_ns = self->start_ns;
	self->sampler.context = self;
	self->sampler.on_sample = on_sample;
	ol_watch_start(&self->watch, self->start_ns, self->subject.statm_fd);
	return 0;
}

int ol_supervision_start(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_supervision **ret_supervision, struct ol_error *error) {
	assert(spec->spec_bytes == sizeof *spec);
	struct ol_supervision *self = calloc(1, sizeof *self);
	if (self == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to supervise a run");
	memset(ret_summary, 0, sizeof *ret_summary);
	ret_summary->spec = *spec;
	self->sink = sink;
	self->summary = ret_summary;
	self->notes = (struct ol_notes){ .sink = sink, .summary = ret_summary };
	self->clock = ol_clock_real();
	self->flight_fd = -1;
	int result = set_up(self, error);
	if (result == 0)
		result = launch(self, texts, error);
	if (result < 0) {
		/* What went wrong first is what people must read. */
		(void)tear_down(self, NULL);
		return result;
	}
	*ret_supervision = self;
	return 0;
}

int ol_supervision_finish(struct ol_supervision *self, struct ol_error *error) {
	struct pollfd fds[OL_SUPERVISION_FDS];
	ol_supervision_poll_fds(self, fds);
	bool has_ended = fds[0].fd >= 0 ? poll(fds, 1, 0) == 1 : !self->is_connected;
	if (!has_ended)
		kill_subject(self);
	reap(self);
	self->summary->wall_ns = ol_supervision_elapsed_ns(self);
	ol_subject_finish(&self->subject);
	int result = read_evidence(self, error);
	struct ol_error reason;
	int tear_down_result = tear_down(self, &reason);
	if (result == 0 && tear_down_result < 0)
		return ol_error_set(error, tear_down_result, "%s", reason.message);
	return result;
}
