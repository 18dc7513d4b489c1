/* pretended.c -- The subject's side in this process, over a pretend kernel; then the evidence. */
#include "world/pretended.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "pretend/pretend.h"
#include "run/run.h"
#include "script/script_subject.h"
#include "supervisor/notes.h"
#include "supervisor/verdict.h"
#include "watchdog/watchdog.h"
#include "world/stuck.h"

enum {
	PRESSURE_PERCENT = 80, /* Of the limit: what a policy that wants word of pressure is told of. */
	REAL_SHARE = 2         /* Of the machine's memory: what a pretend world may take for real. */
};
/* Of a subject that has allocated nothing; and what malloc takes for a byte of Lua's: measured
 * (docs/pretend.md). */
static const uint64_t process_bytes = 268 * OL_KIB;
static const double malloc_factor = 1.27;
/* What a watchdog leaves it to end in good order. */
static const uint64_t grace_ns = 5 * OL_NS_PER_S;
/* Of a pretend run: 2001-09-09, a billion seconds after 1970. */
static const uint64_t unix_start_ns = UINT64_C(1000000000) * OL_NS_PER_S;

struct pretended {
	struct ol_run_summary *summary;
	const struct ol_supervisor_sink *sink;
	struct ol_notes notes;
	struct ol_clock clock;
	struct ol_pretend *pretend;
	struct ol_flight *flight;
	struct ol_last_words last_words; /* When it was killed. */
	struct ol_watchdog watchdog;
	struct ol_run_pretence pretence;
	struct ol_run_links links;
	uint64_t sample_due_ns;
	uint64_t deadline_ns;
	uint64_t overdue_ns; /* When it has had its time to end; UINT64_MAX: it was not told to. */
	bool is_over;        /* It does and says nothing any more. */
	bool is_timed_out;
	struct ol_error failure; /* The lab's own; code 0: none. */
};

static bool is_watched(const struct pretended *self) {
	return self->summary->spec.watchdog.is_on;
}

static int send(void *context, const struct ol_frame *frame, struct ol_error *error) {
	struct pretended *self = context;
	(void)error;
	if (!self->is_over)
		ol_notes_frame(&self->notes, frame);
	return 0;
}

static uint64_t usage_bytes(void *context) {
	return ol_pretend_usage_bytes(((const struct pretended *)context)->pretend);
}

static uint64_t address_space_bytes(void *context) {
	return ol_pretend_facts(((const struct pretended *)context)->pretend).address_space_bytes;
}

static void note_beside(void *context, uint64_t metadata_bytes, uint64_t script_bytes) {
	struct pretended *self = context;
	ol_pretend_note_beside(self->pretend,
		process_bytes + metadata_bytes + (uint64_t)((double)script_bytes * malloc_factor));
}

/* What it says from here on would not have been said. */
static void end(struct pretended *self) {
	if (self->is_over)
		return;
	self->is_over = true;
	self->last_words = ol_flight_read(self->flight);
	self->last_words.cage_bytes = ol_pretend_usage_bytes(self->pretend);
}

static void on_kill(void *context) {
	end(context);
}

static void take_sample(struct pretended *self, uint64_t now_ns) {
	struct ol_pretend_facts facts = ol_pretend_facts(self->pretend);
	struct ol_last_words words = ol_flight_read(self->flight);
	struct ol_sample sample = {
		.at_ns = now_ns,
		.cage_bytes = facts.usage_bytes,
		.rss_bytes = facts.resident_bytes,
		.touched_bytes = words.touched_bytes,
		.memstats = words.memstats,
	};
	uint64_t period_ns = self->summary->spec.sample_period_ns;
	self->sample_due_ns += (now_ns - self->sample_due_ns) / period_ns * period_ns + period_ns;
	if (is_watched(self))
		ol_watchdog_sample(&self->watchdog, now_ns,
			self->summary->spec.watchdog.measure == OL_WATCHDOG_RSS ? sample.rss_bytes
																	: sample.cage_bytes);
	if (self->sink->on_sample != NULL)
		self->sink->on_sample(self->sink->context, &sample);
}

static void act(struct pretended *self, uint64_t now_ns) {
	const struct ol_watchdog_spec *spec = &self->summary->spec.watchdog;
	char bytes[OL_UNITS_TEXT_BYTES], threshold[OL_UNITS_TEXT_BYTES];
	ol_format_bytes(self->watchdog.facts.acted_bytes, bytes);
	ol_format_bytes(spec->threshold_bytes, threshold);
	struct ol_event event = { .at_ns = now_ns, .kind = "watchdog" };
	snprintf(event.text, sizeof event.text, "%s: %s is %s, the threshold %s",
		self->watchdog.facts.way == OL_WATCHDOG_NOTICE ? "the kernel gave notice"
													   : "a look found it",
		spec->measure == OL_WATCHDOG_RSS ? "resident memory" : "usage", bytes, threshold);
	ol_flight_order_end(self->flight, event.text);
	self->overdue_ns = now_ns + grace_ns;
	if (self->sink->on_event != NULL)
		self->sink->on_event(self->sink->context, &event);
}

static void watch(struct pretended *self, uint64_t now_ns) {
	const struct ol_watchdog_spec *spec = &self->summary->spec.watchdog;
	if (self->watchdog.facts.way != OL_WATCHDOG_NOT)
		return;
	struct ol_pretend_facts facts = ol_pretend_facts(self->pretend);
	bool is_of_rss = spec->measure == OL_WATCHDOG_RSS;
	uint64_t bytes = is_of_rss ? facts.resident_bytes : facts.usage_bytes;
	bool has_crossed = facts.peak_bytes >= spec->threshold_bytes;
	bool is_to_act =
		spec->wants_notice && has_crossed && ol_watchdog_notice(&self->watchdog, now_ns, bytes);
	if (!is_to_act && now_ns >= ol_watchdog_due_ns(&self->watchdog))
		is_to_act = ol_watchdog_look(&self->watchdog, now_ns, bytes);
	if (is_to_act)
		act(self, now_ns);
}

/* Why it is over, for whoever still runs. */
static int tell_over(struct ol_error *error) {
	return ol_error_set(error, -EOWNERDEAD, "the run is over");
}

static int poll_pretence(void *context, struct ol_error *error) {
	struct pretended *self = context;
	ol_stuck_come_by();
	if (self->is_over)
		return tell_over(error);
	uint64_t now_ns = ol_clock_now_ns(&self->clock);
	if (now_ns >= self->sample_due_ns)
		take_sample(self, now_ns);
	if (is_watched(self))
		watch(self, now_ns);
	self->is_timed_out = now_ns >= self->deadline_ns;
	self->summary->is_overdue = now_ns >= self->overdue_ns;
	if (ol_supervisor_is_interrupted())
		ol_error_set(&self->failure, -EINTR, "interrupted");
	else
		(void)ol_pretend_check(self->pretend, &self->failure);
	if (!self->is_timed_out && !self->summary->is_overdue && self->failure.code == 0)
		return 0;
	end(self);
	return tell_over(error);
}

static uint64_t quiet_bytes(void *context) {
	const struct pretended *self = context;
	if (is_watched(self))
		return 0;
	uint64_t due_ns =
		self->sample_due_ns < self->deadline_ns ? self->sample_due_ns : self->deadline_ns;
	uint64_t now_ns = ol_clock_now_ns(&self->clock);
	/* A fresh byte takes half a nanosecond. */
	if (due_ns == UINT64_MAX)
		return UINT64_MAX;
	return due_ns > now_ns ? (due_ns - now_ns) * 2 : 0;
}

/* What a pretend world may really take, for nodes and tables. */
static uint64_t real_bytes_max(void) {
	uint64_t page_count = (uint64_t)sysconf(_SC_PHYS_PAGES);
	return page_count * (uint64_t)sysconf(_SC_PAGESIZE) / REAL_SHARE;
}

static int set_up(struct pretended *self, struct ol_error *error) {
	struct ol_run_spec *spec = &self->summary->spec;
	struct ol_pretend_config config = {
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
		.parent_limit_bytes = spec->parent_limit_bytes,
		.address_space_bytes = spec->address_space_bytes,
		.real_bytes_max = real_bytes_max(),
		.clock = &self->clock,
		.context = self,
		.on_kill = on_kill,
	};
	self->flight = calloc(1, sizeof *self->flight);
	if (self->flight == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the pretend world");
	self->flight->flight_bytes = sizeof *self->flight;
	int result = ol_pretend_create(&config, &self->pretend, error);
	if (result < 0)
		return result;
	self->pretence = (struct ol_run_pretence){
		.context = self,
		.clock = &self->clock,
		.memory = ol_pretend_memory(self->pretend),
		.processors = OL_PRETEND_PROCESSORS,
		.send = send,
		.usage_bytes = usage_bytes,
		.address_space_bytes = address_space_bytes,
		.note_beside = note_beside,
		.poll = poll_pretence,
		.quiet_bytes = quiet_bytes,
	};
	self->links = (struct ol_run_links){
		.socket_fd = -1,
		.usage_fd = -1,
		.pressure_fd = -1,
		.notice_fd = -1,
		.flight = self->flight,
		.os = ol_pretend_os(self->pretend),
		.pretence = &self->pretence,
	};
	if (!spec->wants_pressure)
		return 0;
	spec->pressure_kind = OL_PRESSURE_THRESHOLD;
	return ol_pretend_watch(
		self->pretend, spec->limit_bytes / 100 * PRESSURE_PERCENT, &self->links.pressure_fd, error);
}

static void tell_end(struct pretended *self, const struct ol_script_end *script_end) {
	struct ol_frame frame = { .kind = OL_FRAME_END, .end = { .outcome = script_end->outcome } };
	snprintf(frame.end.message, sizeof frame.end.message, "%s", script_end->message);
	snprintf(frame.end.traceback, sizeof frame.end.traceback, "%s",
		script_end->traceback != NULL ? script_end->traceback : "");
	(void)send(self, &frame, NULL);
}

/* As the subject's own main does it. */
static void run_program(struct pretended *self, const struct ol_supervisor_texts *texts) {
	const struct ol_run_spec *spec = &self->summary->spec;
	struct ol_script_subject *subject = NULL;
	struct ol_run *run = NULL;
	struct ol_error error;
	int result = ol_script_subject_create(spec, &self->links, &subject, &error);
	if (result == 0)
		result = ol_script_policy_create(subject, texts->policy, &self->links.policy, &error);
	if (result == 0)
		result = ol_run_create(spec, &self->links, &run, &error);
	if (result == 0) {
		ol_script_run_program(subject, run, texts->script);
	} else {
		struct ol_script_end script_end = ol_script_end_by(subject, &error);
		tell_end(self, &script_end);
	}
	end(self);
	ol_run_destroy(run);
	ol_policy_destroy(self->links.policy);
	ol_script_subject_destroy(subject);
}

static void note_evidence(struct pretended *self, const struct ol_pretend_facts *facts) {
	struct ol_run_summary *summary = self->summary;
	struct ol_evidence *evidence = &summary->evidence;
	bool is_ended = facts->is_killed || self->is_timed_out || summary->is_overdue;
	evidence->exit_status = is_ended ? -1 : 0;
	evidence->signal = is_ended ? SIGKILL : 0;
	evidence->oom_kill_delta = facts->is_killed;
	evidence->limited_by = facts->limited_by;
	evidence->high_delta = facts->high_count;
	evidence->swap_peak_bytes = facts->swap_peak_bytes;
	summary->last_words = self->last_words;
	summary->cage_peak_bytes = facts->peak_bytes;
	summary->wall_ns = ol_clock_now_ns(&self->clock);
	/* The kernel ends even those that it makes wait. */
	if (self->is_timed_out)
		summary->wall_ns = self->deadline_ns;
	if (is_watched(self))
		summary->watchdog = ol_watchdog_end(&self->watchdog, summary->wall_ns, facts->peak_bytes);
}

static void judge(struct pretended *self) {
	struct ol_run_summary *summary = self->summary;
	struct ol_pretend_facts facts = ol_pretend_facts(self->pretend);
	note_evidence(self, &facts);
	struct ol_verdict_facts verdict_facts = {
		.evidence = &summary->evidence,
		.own_word = self->notes.own_word,
		.is_timed_out = self->is_timed_out,
		.stall_ns = facts.stall_ns,
		.wall_ns = summary->wall_ns,
	};
	summary->outcome = ol_verdict(&verdict_facts);
	ol_notes_close_phase(&self->notes);
}

static void describe(struct ol_run_summary *summary) {
	summary->cage = (struct ol_cage_facts){
		.mode = "pretend",
		.memory_version = 2,
		.has_swap_limit = 1,
	};
	summary->system = (struct ol_system_facts){
		.kernel = "pretend",
		.thp = "never",
		.oomlab = OL_VERSION,
		.cpus = OL_PRETEND_PROCESSORS,
		.page_bytes = OL_PRETEND_PAGE_BYTES,
	};
}

int ol_pretended_run(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error) {
	assert(spec->spec_bytes == sizeof *spec);
	memset(ret_summary, 0, sizeof *ret_summary);
	ret_summary->spec = *spec;
	struct pretended self = {
		.summary = ret_summary,
		.sink = sink,
		.notes = { .sink = sink, .summary = ret_summary },
		.clock = ol_clock_virtual(unix_start_ns),
		.sample_due_ns = spec->sample_period_ns > 0 ? spec->sample_period_ns : UINT64_MAX,
		.deadline_ns = spec->timeout_ns > 0 ? spec->timeout_ns : UINT64_MAX,
		.overdue_ns = UINT64_MAX,
	};
	describe(ret_summary);
	int result = set_up(&self, error);
	if (result == 0) {
		if (is_watched(&self))
			ol_watchdog_init(&self.watchdog, &spec->watchdog, spec->watchdog.wants_notice);
		if (sink->on_start != NULL)
			sink->on_start(sink->context, ret_summary);
		ol_stuck_watch(spec->script_path);
		run_program(&self, texts);
		ol_stuck_unwatch();
		judge(&self);
		if (self.failure.code != 0)
			result = ol_error_set(error, self.failure.code, "%s", self.failure.message);
	}
	ol_pretend_destroy(self.pretend);
	free(self.flight);
	return result;
}
