/* watch.c -- What the lab sees of a command: samples, the watchdog's looks, the kernel's words. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "caged/internal.h"

/* Reading /proc/PID/status costs more than a sample. */
#define STATUS_PERIOD_NS (10 * OL_NS_PER_MS)
#define RSS_PERIOD_NS    (10 * OL_NS_PER_MS)
#define GUARD_PERIOD_NS  (250 * OL_NS_PER_MS)

static uint64_t measure(const struct ol_caged *self, uint64_t cage_bytes, uint64_t rss_bytes) {
	return self->watchdog.spec.measure == OL_WATCHDOG_RSS ? rss_bytes : cage_bytes;
}

static uint64_t measure_now(const struct ol_caged *self) {
	uint64_t bytes = 0;
	if (self->watchdog.spec.measure == OL_WATCHDOG_RSS)
		return ol_process_statm_rss(self->statm_fd);
	(void)ol_cage_read_usage(self->cage, &bytes);
	return bytes;
}

int ol_caged_watch_open(struct ol_caged *self, struct ol_error *error) {
	const struct ol_caged_spec *spec = &self->summary->spec;
	self->sample_due_ns = spec->sample_period_ns;
	self->timeout_due_ns = spec->timeout_ns > 0 ? spec->timeout_ns : UINT64_MAX;
	self->kill_due_ns = self->stop_due_ns = UINT64_MAX;
	self->guard_due_ns = GUARD_PERIOD_NS;
	self->circumstances.is_log_known = ol_cage_knows_victims(self->cage);
	if (!spec->watchdog.is_on)
		return 0;
	struct ol_error reason;
	if (spec->watchdog.wants_notice) {
		bool may_hold = spec->watchdog.measure == OL_WATCHDOG_USAGE;
		self->has_notice = ol_cage_notice_open(self->cage, spec->watchdog.threshold_bytes, may_hold,
							   &self->notice, &reason) >= 0;
		if (!self->has_notice)
			ol_caged_tell(self, "watchdog", "%s", reason.message);
	}
	if (!self->has_notice && spec->watchdog.every_ns == 0)
		return ol_error_set(error, -EOPNOTSUPP,
			"the watchdog would never look: the kernel's notice is not to be had here, and "
			"every=never was asked for; give it every=SECONDS");
	ol_watchdog_init(&self->watchdog, &spec->watchdog, self->has_notice);
	return 0;
}

void ol_caged_watch_close(struct ol_caged *self) {
	if (self->has_notice)
		ol_cage_notice_close(self->cage, &self->notice);
	self->has_notice = false;
	if (self->statm_fd >= 0)
		close(self->statm_fd);
	self->statm_fd = -1;
}

static void set_number(const char *name, uint64_t number) {
	char text[32];
	snprintf(text, sizeof text, "%" PRIu64, number);
	(void)setenv(name, text, 1);
}

/* In a child: the command that the user wants run when the limit is near. It runs outside of the
 * cage. */
static void run_on_limit(struct ol_caged *self) {
	const struct ol_caged_summary *summary = self->summary;
	sigaction(SIGCHLD, &self->former_child_action, NULL);
	sigprocmask(SIG_SETMASK, &self->former_mask, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* What it starts can be ended with it. */
	(void)setpgid(0, 0);
	set_number("OOMLAB_PID", (uint64_t)summary->pid);
	set_number("OOMLAB_USAGE_BYTES", self->watchdog.facts.acted_bytes);
	set_number("OOMLAB_LIMIT_BYTES", summary->spec.limit_bytes);
	(void)setenv("OOMLAB_GROUP", summary->cage.path, 1);
	execl("/bin/sh", "sh", "-c", summary->spec.on_limit, (char *)NULL);
	_exit(127);
}

static void tell_to_end(struct ol_caged *self) {
	const struct ol_caged_spec *spec = &self->summary->spec;
	if (spec->on_limit[0] == '\0') {
		if (spec->adopted_pid != 0)
			(void)ol_process_signal(&self->process, SIGTERM, NULL);
		else
			(void)kill(self->summary->pid, SIGTERM);
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		run_on_limit(self);
	if (pid < 0)
		ol_caged_tell(self, "watchdog", "cannot start --on-limit's command: %s", strerror(errno));
	else
		self->helper_pid = pid;
}

static void act(struct ol_caged *self) {
	struct ol_caged_summary *summary = self->summary;
	self->circumstances.has_acted = true;
	summary->watchdog = self->watchdog.facts;
	if (summary->spec.grace_ns != UINT64_MAX)
		self->kill_due_ns = ol_caged_now_ns(self) + summary->spec.grace_ns;
	if (self->sink->on_act != NULL)
		self->sink->on_act(self->sink->context, summary);
	/* An orderly end may need memory: it must not be held back any more. */
	if (self->has_notice)
		(void)ol_cage_notice_let_go(self->cage, &self->notice);
	tell_to_end(self);
	if (self->sink->on_told != NULL)
		self->sink->on_told(self->sink->context, summary);
}

void ol_caged_notice(struct ol_caged *self) {
	const struct ol_watchdog_spec *spec = &self->watchdog.spec;
	uint64_t now_ns = ol_caged_now_ns(self);
	uint64_t bytes = measure_now(self);
	ol_cage_notice_take(&self->notice);
	/* The kernel's word may be of less, or late: of a spike that is over the peak tells. */
	if (bytes < spec->threshold_bytes && !ol_cage_has_reached(self->cage, spec->threshold_bytes))
		ol_watchdog_sample(&self->watchdog, now_ns, bytes);
	else if (ol_watchdog_notice(&self->watchdog, now_ns, bytes))
		act(self);
}

/* A look costs as much as one at the usage. Where nobody minds, it is not taken a thousand times a
 * second, unless the process may be about to end. */
static uint64_t look_at_rss(struct ol_caged *self, uint64_t now_ns, uint64_t cage_bytes) {
	bool is_wanted = self->sink->wants_rss ||
					 (self->watchdog.spec.is_on && self->watchdog.spec.measure == OL_WATCHDOG_RSS);
	if (is_wanted || cage_bytes < self->curve.last_bytes || now_ns >= self->rss_due_ns) {
		self->rss_bytes = ol_process_statm_rss(self->statm_fd);
		self->rss_due_ns = now_ns + RSS_PERIOD_NS;
	}
	return self->rss_bytes;
}

static void take_sample(struct ol_caged *self, uint64_t now_ns) {
	struct ol_caged_sample sample = { .at_ns = now_ns };
	if (ol_cage_read_usage(self->cage, &sample.cage_bytes) < 0)
		return;
	sample.rss_bytes = look_at_rss(self, now_ns, sample.cage_bytes);
	/* A process that is being ended lets go of its memory before it is gone: nobody's sample. */
	if (self->statm_fd >= 0 && sample.rss_bytes == 0)
		return;
	ol_curve_add(&self->curve, self->summary, &sample);
	if (self->watchdog.spec.is_on)
		ol_watchdog_sample(
			&self->watchdog, now_ns, measure(self, sample.cage_bytes, sample.rss_bytes));
	if (self->sink->on_sample != NULL)
		self->sink->on_sample(self->sink->context, &sample);
}

/* The largest address space is in no counter of the cage. */
static void note_address_space(struct ol_caged *self, uint64_t now_ns) {
	struct ol_caged_summary *summary = self->summary;
	struct ol_process_memory memory;
	if (summary->spec.address_space_bytes == UINT64_MAX || now_ns < self->status_due_ns)
		return;
	self->status_due_ns = now_ns + STATUS_PERIOD_NS;
	if (ol_process_read_status(&self->process, &memory, NULL) >= 0 &&
		memory.vsz_peak_bytes > summary->address_space_peak_bytes)
		summary->address_space_peak_bytes = memory.vsz_peak_bytes;
}

void ol_caged_take_kills(struct ol_caged *self) {
	struct ol_caged_summary *summary = self->summary;
	int count = ol_cage_take_kills(self->cage, self->kills, OL_KILLS_MAX);
	for (int i = 0; i < count && i < OL_KILLS_MAX; i++) {
		struct ol_oom_kill *kill = &self->kills[i];
		kill->at_ns = ol_caged_now_ns(self);
		kill->is_command = self->circumstances.is_log_known && kill->pid == summary->pid;
		if (summary->kill_told_count < OL_KILLS_MAX)
			summary->kills[summary->kill_told_count++] = *kill;
		if (self->sink->on_kill != NULL)
			self->sink->on_kill(self->sink->context, kill);
	}
	summary->kill_count += (uint64_t)count;
}

/* Somebody may have removed the group, or moved the processes out: nothing would limit them. */
static void guard(struct ol_caged *self, uint64_t now_ns) {
	self->guard_due_ns = now_ns + GUARD_PERIOD_NS;
	ol_cage_note_members(self->cage);
	if (ol_cage_count_processes(self->cage) > 0 || !ol_process_is_alive(&self->process))
		return;
	self->is_cage_lost = true;
	if (self->summary->spec.adopted_pid != 0)
		self->has_ended = true;
	else
		(void)kill(self->summary->pid, SIGKILL);
}

/* Everything ends: its time is up, or its grace. */
static void end_all(struct ol_caged *self) {
	self->summary->is_ended_by_lab = 1;
	if (self->summary->spec.adopted_pid != 0)
		(void)ol_process_signal(&self->process, SIGKILL, NULL);
	else
		(void)ol_cage_kill(self->cage, NULL);
}

static void on_timeout(struct ol_caged *self, uint64_t now_ns) {
	self->timeout_due_ns = UINT64_MAX;
	if (self->summary->spec.adopted_pid != 0) {
		self->summary->was_let_go = 1;
		self->has_ended = true;
		return;
	}
	self->circumstances.is_timed_out = true;
	(void)kill(self->summary->pid, SIGTERM);
	(void)kill(self->summary->pid, SIGCONT);
	if (self->summary->spec.grace_ns != UINT64_MAX)
		self->kill_due_ns = now_ns + self->summary->spec.grace_ns;
}

void ol_caged_watch(struct ol_caged *self) {
	uint64_t now_ns = ol_caged_now_ns(self);
	uint64_t period_ns = self->summary->spec.sample_period_ns;
	if (now_ns >= self->sample_due_ns) {
		take_sample(self, now_ns);
		note_address_space(self, now_ns);
		/* Looks that were missed are not made up for. */
		self->sample_due_ns += period_ns * ((now_ns - self->sample_due_ns) / period_ns + 1);
	}
	if (self->watchdog.spec.is_on && now_ns >= ol_watchdog_due_ns(&self->watchdog) &&
		ol_watchdog_look(&self->watchdog, now_ns, measure_now(self)))
		act(self);
	if (now_ns >= self->timeout_due_ns)
		on_timeout(self, now_ns);
	if (now_ns >= self->kill_due_ns) {
		self->kill_due_ns = UINT64_MAX;
		end_all(self);
	}
	if (now_ns >= self->guard_due_ns)
		guard(self, now_ns);
	if (now_ns >= self->stop_due_ns)
		ol_caged_follow_stop(self);
}

uint64_t ol_caged_due_ns(const struct ol_caged *self) {
	uint64_t dues_ns[] = {
		self->sample_due_ns,
		self->timeout_due_ns,
		self->kill_due_ns,
		self->stop_due_ns,
		self->guard_due_ns,
		self->watchdog.spec.is_on ? ol_watchdog_due_ns(&self->watchdog) : UINT64_MAX,
	};
	uint64_t due_ns = UINT64_MAX;
	for (size_t i = 0; i < sizeof dues_ns / sizeof *dues_ns; i++) {
		if (dues_ns[i] < due_ns)
			due_ns = dues_ns[i];
	}
	return due_ns;
}
