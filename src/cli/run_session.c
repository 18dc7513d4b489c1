/* run_session.c -- Carries out a request: the runs, what is told of each, and the judgement. */
#include "cli/run_session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/run_dump.h"
#include "cli/run_report.h"
#include "cli/say.h"
#include "cli/script_handle.h"
#include "cli/signals.h"
#include "report/report.h"
#include "supervisor/supervisor.h"
#include "world/world.h"

enum { RECORD_PERIOD_MS = 10, LIVE_PERIOD_MS = 100 };

struct session {
	struct ol_run_request *request;
	FILE *story;                       /* Where the text goes: stdout if in text, else stderr. */
	struct ol_style style;             /* Of the story. */
	struct ol_text_report *text;       /* NULL: quiet, or one of many. */
	struct ol_json_record *records[2]; /* What --record asked for, what a report is made of. */
	size_t record_count;
	struct ol_run_dump *dump; /* NULL: none. */
	struct ol_run_summary *summary;
	struct ol_outcome_counts counts;
};

static void on_start(void *context, const struct ol_run_summary *summary) {
	struct session *session = context;
	if (session->text != NULL)
		ol_text_report_start(session->text, summary);
	for (size_t i = 0; i < session->record_count; i++)
		ol_json_record_header(session->records[i], summary);
	ol_run_dump_start(session->dump, summary);
}

static void on_phase_begin(void *context, const struct ol_phase *phase) {
	struct session *session = context;
	if (session->text != NULL)
		ol_text_report_phase_begin(session->text, phase);
}

static void on_phase_end(void *context, const struct ol_phase *phase) {
	struct session *session = context;
	if (session->text != NULL)
		ol_text_report_phase_end(session->text, phase);
	for (size_t i = 0; i < session->record_count; i++)
		ol_json_record_phase(session->records[i], phase);
	ol_run_dump_phase(session->dump, phase);
}

static void on_gc(void *context, const struct ol_gc_cycle *cycle) {
	struct session *session = context;
	if (session->text != NULL)
		ol_text_report_gc(session->text, cycle);
	/* A stdout that takes no more is told of when the run is over. */
	if (session->request->format == OL_RUN_GCTRACE)
		(void)ol_gctrace_write(stdout, cycle, NULL);
	for (size_t i = 0; i < session->record_count; i++)
		ol_json_record_gc(session->records[i], cycle);
	ol_run_dump_gc(session->dump, cycle);
}

static void on_sample(void *context, const struct ol_sample *sample) {
	struct session *session = context;
	if (session->text != NULL)
		ol_text_report_sample(session->text, sample);
	for (size_t i = 0; i < session->record_count; i++)
		ol_json_record_sample(session->records[i], sample);
	ol_run_dump_sample(session->dump, sample);
}

static void on_event(void *context, const struct ol_event *event) {
	struct session *session = context;
	if (session->text != NULL)
		ol_text_report_event(session->text, event);
	for (size_t i = 0; i < session->record_count; i++)
		ol_json_record_event(session->records[i], event);
	ol_run_dump_event(session->dump, event);
}

static void on_act(void *context, const struct ol_supervisor_scene *scene) {
	const struct session *session = context;
	ol_run_dump_act(session->dump, scene);
}

static void on_profile(void *context, const struct ol_profile_site *sites, uint32_t site_count) {
	const struct session *session = context;
	ol_run_dump_profile(session->dump, sites, site_count);
}

/* What the run was to show, against what it showed. */
static int judge(struct session *session) {
	const struct ol_run_request *request = session->request;
	const struct ol_run_summary *summary = session->summary;
	if (request->has_expectation && summary->outcome == request->expectation)
		return OL_EXIT_DONE;
	if (summary->outcome == OL_OUTCOME_SCRIPT_ERROR) {
		ol_say_script_error(summary->error_message, summary->error_traceback);
		return OL_EXIT_SCRIPT;
	}
	if (summary->outcome == OL_OUTCOME_LAB_ERROR) {
		ol_say("%s", summary->error_message);
		return OL_EXIT_LAB;
	}
	if (request->has_expectation) {
		ol_say("expected %s, but the run ended %s", ol_outcome_name(request->expectation),
			ol_outcome_name(summary->outcome));
		return OL_EXIT_UNMET;
	}
	/* No scenario says what is to become of it when a request is refused on purpose. */
	if (summary->spec.fail_memory_request > 0)
		return OL_EXIT_DONE;
	int met = -1;
	struct ol_script_failure failure = { "" };
	struct ol_error error;
	int result = ol_script_expect(request->script, summary, &met, &failure, &error);
	if (result < 0)
		return ol_script_status(result, &failure, &error);
	if (met != 0)
		return OL_EXIT_DONE;
	ol_say("the run ended %s, which is not what %s expects with these options",
		ol_outcome_name(summary->outcome), summary->spec.scenario);
	return OL_EXIT_UNMET;
}

/* What is told once a run is over. */
static int tell(struct session *session, int64_t number) {
	const struct ol_run_request *request = session->request;
	const struct ol_run_summary *summary = session->summary;
	struct ol_error error = { 0 };
	if (session->text != NULL)
		ol_text_report_end(session->text, summary);
	else if (request->is_repeat_given && !request->is_quiet)
		ol_text_report_run_line(session->story, session->style, (unsigned)number, summary);
	else if (request->format != OL_RUN_JSON && !request->is_repeat_given)
		ol_text_report_verdict(session->story, session->style, summary);
	for (size_t i = 0; i < session->record_count; i++)
		ol_json_record_summary(session->records[i], summary);
	session->counts.counts[summary->outcome]++;
	session->counts.total++;
	int result = 0;
	if (request->format == OL_RUN_JSON && request->is_repeat_given)
		result = ol_json_next_run(stdout, number == 1, summary, &error);
	else if (request->format == OL_RUN_JSON)
		result = ol_json_write_summary(stdout, summary, &error);
	/* A stdout that takes no more is told of once, at the end of the program. */
	return result < 0 || ferror(stdout) ? OL_EXIT_LAB : OL_EXIT_DONE;
}

/* What the run is to leave behind. Whoever did not ask for it is told that there will be none, and
 * has the run all the same. */
static int open_dump(struct session *session, struct ol_error *error) {
	struct ol_run_request *request = session->request;
	struct ol_run_spec *spec = &request->plan.spec;
	bool is_wanted = request->plan.has_dump;
	/* A series would leave a heap of them. */
	if (request->is_repeat_given && !is_wanted)
		spec->dump_parent[0] = '\0';
	int result = 0;
	if (spec->dump_parent[0] != '\0')
		result = ol_run_dump_create(spec, &session->dump, error);
	spec->wants_profile = session->dump != NULL;
	if (result == 0 || is_wanted)
		return result;
	ol_say("%s", error->message);
	return 0;
}

static int open_run(struct session *session, struct ol_error *error) {
	const struct ol_run_request *request = session->request;
	int result = 0;
	if (!request->is_quiet && !request->is_repeat_given)
		result = ol_text_report_create(session->story, session->style, &session->text, error);
	return result < 0 ? result : open_dump(session, error);
}

static void close_run(struct session *session) {
	ol_text_report_destroy(session->text);
	ol_run_dump_destroy(session->dump);
	session->text = NULL;
	session->dump = NULL;
}

/* The run is over: what it leaves behind, what is told of it, and the judgement. */
static int conclude(struct session *session, int64_t number) {
	struct ol_error error = { 0 };
	int dump_result = ol_run_dump_end(session->dump, session->summary, &error);
	int status = tell(session, number);
	if (status == OL_EXIT_DONE)
		status = judge(session);
	if (dump_result == 0)
		return status;
	ol_say("%s", error.message);
	return OL_EXIT_LAB;
}

static int run_once(struct session *session, int64_t number) {
	const struct ol_run_request *request = session->request;
	struct ol_supervisor_sink sink = {
		.context = session,
		.on_start = on_start,
		.on_phase_begin = on_phase_begin,
		.on_phase_end = on_phase_end,
		.on_gc = on_gc,
		.on_sample = on_sample,
		.on_event = on_event,
		.on_act = on_act,
		.on_profile = on_profile,
	};
	struct ol_error error = { 0 };
	size_t text_bytes;
	struct ol_supervisor_texts texts = {
		.script = ol_script_text(request->script, &text_bytes),
		.policy = ol_script_policy_text(request->policy),
	};
	int result = open_run(session, &error);
	if (result == 0)
		result = ol_world_run(&request->plan.spec, &texts, &sink, session->summary, &error);
	int status = OL_EXIT_LAB;
	if (result == 0) {
		status = conclude(session, number);
	} else {
		ol_text_report_break_off(session->text);
		if (ol_signals_caught() == 0)
			ol_say("%s", error.message);
	}
	close_run(session);
	return status;
}

static int run_all(struct session *session) {
	const struct ol_run_request *request = session->request;
	int status = OL_EXIT_DONE;
	for (int64_t number = 1; number <= request->repeat_count; number++) {
		int run_status = run_once(session, number);
		if (run_status > status)
			status = run_status;
		/* What is wrong with a script or the machine is wrong with every run. */
		if (ol_signals_caught() != 0 || run_status > OL_EXIT_UNMET)
			break;
	}
	return status;
}

static int open_records(struct session *session, struct ol_run_report *report) {
	const struct ol_run_request *request = session->request;
	struct ol_error error = { 0 };
	int result = 0;
	if (request->record_path != NULL) {
		result = ol_json_record_create(request->record_path, &session->records[0], &error);
		session->record_count += result == 0;
	}
	if (result == 0 && request->report.path != NULL) {
		result = ol_run_report_begin(
			report, &request->report, &session->records[session->record_count], &error);
		session->record_count += result == 0;
	}
	if (result == 0)
		return OL_EXIT_DONE;
	ol_say("%s", error.message);
	return OL_EXIT_LAB;
}

static int close_records(struct session *session) {
	int status = OL_EXIT_DONE;
	for (size_t i = 0; i < session->record_count; i++) {
		struct ol_error error = { 0 };
		if (ol_json_record_destroy(session->records[i], &error) == 0)
			continue;
		ol_say("%s", error.message);
		status = OL_EXIT_LAB;
	}
	session->record_count = 0;
	return status;
}

static int run_and_count(struct session *session) {
	const struct ol_run_request *request = session->request;
	bool is_json_list = request->format == OL_RUN_JSON && request->is_repeat_given;
	struct ol_error error = { 0 };
	int status = OL_EXIT_DONE;
	if (!is_json_list || ol_json_begin_runs(stdout, &error) == 0)
		status = run_all(session);
	if (is_json_list)
		(void)ol_json_end_runs(stdout, &session->counts, &error);
	if (request->is_repeat_given && (request->format != OL_RUN_JSON || !request->is_quiet))
		ol_text_report_counts(session->story, session->style, &session->counts);
	return status;
}

/* Opens and closes what surrounds the runs. */
static int run_framed(struct session *session) {
	__attribute__((cleanup(ol_run_report_finish))) struct ol_run_report report = { 0 };
	struct ol_error error = { 0 };
	int status = open_records(session, &report);
	if (status == OL_EXIT_DONE)
		status = run_and_count(session);
	int closing_status = close_records(session);
	if (closing_status != OL_EXIT_DONE)
		return closing_status;
	if (session->request->report.path == NULL || session->counts.total == 0)
		return status;
	if (ol_run_report_write(&report, &session->request->report, &error) == 0)
		return status;
	ol_say("%s", error.message);
	return OL_EXIT_LAB;
}

/* Samples are for the record, for the line that shows a long phase moving, and to tell what the
 * looks of a watchdog missed. */
static void choose_sample_period(struct session *session) {
	struct ol_run_request *request = session->request;
	uint64_t *period_ns = &request->plan.spec.sample_period_ns;
	bool is_live = session->style.is_terminal && !request->is_quiet && !request->is_repeat_given;
	bool is_recorded = request->record_path != NULL || request->report.path != NULL ||
					   request->plan.spec.watchdog.is_on;
	if (*period_ns == 0 && is_recorded)
		*period_ns = RECORD_PERIOD_MS * OL_NS_PER_MS;
	else if (*period_ns == 0 && is_live)
		*period_ns = LIVE_PERIOD_MS * OL_NS_PER_MS;
}

int ol_run_session(struct ol_run_request *request) {
	OL_AUTO_FREE struct ol_run_summary *summary = calloc(1, sizeof *summary);
	if (summary == NULL) {
		ol_say("no memory for the run");
		return OL_EXIT_LAB;
	}
	struct session session = {
		.request = request,
		.story = request->format == OL_RUN_TEXT ? stdout : stderr,
		.summary = summary,
	};
	session.style = ol_style_of(session.story);
	/* Lines that come on stdout would run into one that is being redrawn. */
	session.style.is_terminal &= request->format != OL_RUN_GCTRACE;
	choose_sample_period(&session);
	ol_signals_catch();
	int status = run_framed(&session);
	int signal_number = ol_signals_caught();
	if (signal_number == 0)
		return status;
	ol_say("interrupted by SIG%s; the cage is removed, nothing is left behind",
		sigabbrev_np(signal_number));
	return OL_EXIT_SIGNAL + signal_number;
}
