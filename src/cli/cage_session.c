/* cage_session.c -- Carries out a request: the command in its cage, and what is told of it.
 *
 * Standard output is the command's; the story goes to standard error. */
#include "cli/cage_session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "caged/caged.h"
#include "cli/cage_dump.h"
#include "cli/command.h"
#include "cli/sample_store.h"
#include "cli/say.h"
#include "report/caged_report.h"
#include "report/report.h"
#include "runtimes/runtimes.h"
#include "supervisor/system.h"

#define WATCH_PERIOD_NS (300 * OL_NS_PER_MS)

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, EVENTS_MAX = 64, KILLS_SHOWN_MAX = 10 };

extern char **environ;

struct session {
	const struct ol_cage_request *request;
	bool has_style;
	struct ol_style style;         /* Of standard error; style_of() has it. */
	struct ol_json_record *record; /* NULL: none. */
	struct ol_sample_store samples;
	struct ol_event events[EVENTS_MAX];
	size_t event_count;
	uint64_t kill_count;
	struct ol_dump *dump; /* NULL: nothing was left behind. */
	struct ol_error dump_error;
	uint64_t watch_due_ns;
	bool is_watch_line; /* One is on the terminal. */
	struct ol_caged_summary *summary;
};

/* Looking for it takes a while: not before the command runs, unless there is something to say. */
static struct ol_style style_of(struct session *session) {
	if (!session->has_style)
		session->style = ol_style_of(stderr);
	session->has_style = true;
	return session->style;
}

static void clear_watch_line(struct session *session) {
	if (session->is_watch_line)
		ol_caged_text_watch_end(stderr, style_of(session));
	session->is_watch_line = false;
}

static void on_start(void *context, const struct ol_caged_summary *summary) {
	struct session *session = context;
	/* The command is being loaded meanwhile. */
	session->summary->system = ol_system_facts();
	(void)style_of(session);
	if (!session->request->is_quiet)
		ol_caged_text_start(stderr, style_of(session), summary);
	if (session->record != NULL)
		ol_caged_json_record_header(session->record, summary);
}

static void on_sample(void *context, const struct ol_caged_sample *sample) {
	struct session *session = context;
	ol_sample_store_add(&session->samples, sample);
	if (session->record != NULL)
		ol_caged_json_record_sample(session->record, sample);
	if (!session->request->is_watched || sample->at_ns < session->watch_due_ns)
		return;
	session->watch_due_ns = sample->at_ns + WATCH_PERIOD_NS;
	ol_caged_text_watch(stderr, style_of(session), session->summary, sample);
	session->is_watch_line = true;
}

static void on_kill(void *context, const struct ol_oom_kill *kill) {
	struct session *session = context;
	clear_watch_line(session);
	if (!session->request->is_quiet && session->kill_count < KILLS_SHOWN_MAX)
		ol_caged_text_kill(stderr, style_of(session), kill);
	else if (!session->request->is_quiet && session->kill_count == KILLS_SHOWN_MAX)
		ol_say("the kernel goes on killing; further kills are counted");
	session->kill_count++;
	if (session->record != NULL)
		ol_caged_json_record_kill(session->record, kill);
}

static void on_event(void *context, const struct ol_event *event) {
	struct session *session = context;
	clear_watch_line(session);
	if (!session->request->is_quiet)
		ol_caged_text_event(stderr, style_of(session), event);
	if (session->record != NULL)
		ol_json_record_event(session->record, event);
	if (session->event_count < EVENTS_MAX)
		session->events[session->event_count++] = *event;
}

static void tell_of_dump(struct session *session, const struct ol_error *error) {
	struct ol_event event = {
		.at_ns = session->summary->watchdog.acted_at_ns,
		.kind = "watchdog",
	};
	snprintf(event.text, sizeof event.text, "%s: %.460s",
		session->dump == NULL ? "nothing is left behind" : "not all is left behind",
		error->message);
	on_event(session, &event);
}

/* The command is not told to end before this is done: nothing is written, not even a line. */
static void on_act(void *context, const struct ol_caged_summary *summary) {
	struct session *session = context;
	const char *parent = session->request->dump_parent;
	if (parent[0] == '\0' ||
		ol_cage_dump_gather(parent, summary, &session->dump, &session->dump_error) < 0)
		session->dump = NULL;
}

static void on_told(void *context, const struct ol_caged_summary *summary) {
	struct session *session = context;
	struct ol_event event = { .at_ns = summary->watchdog.acted_at_ns, .kind = "watchdog" };
	char bytes[OL_UNITS_TEXT_BYTES];
	snprintf(event.text, sizeof event.text, "%s: the command is told to end",
		ol_format_bytes(summary->watchdog.acted_bytes, bytes));
	on_event(session, &event);
	if (session->dump != NULL)
		(void)ol_cage_dump_write(&session->dump, summary, session->samples.samples,
			session->samples.count, &session->dump_error);
	if (session->dump_error.code < 0)
		tell_of_dump(session, &session->dump_error);
}

/* What was told of memory to the language's runtime, and does not fit the cage. */
static void advise(struct session *session) {
	const struct ol_cage_request *request = session->request;
	struct ol_advice advice[OL_ADVICE_MAX];
	if (request->is_quiet || request->spec.adopted_pid != 0)
		return;
	size_t count = ol_runtimes_advise((const char *const *)request->command,
		(const char *const *)environ, request->spec.limit_bytes, advice);
	for (size_t i = 0; i < count; i++) {
		char text[OL_NAME_BYTES + OL_TEXT_BYTES];
		snprintf(text, sizeof text, "%s %s", advice[i].setting, advice[i].text);
		ol_text_fact(stderr, style_of(session), advice[i].is_warning ? "warning" : "note", text);
	}
}

static int report(struct session *session, const struct ol_caged_summary *summary) {
	const struct ol_cage_request *request = session->request;
	struct ol_error error = { 0 };
	int status = OL_EXIT_DONE;
	clear_watch_line(session);
	if (request->is_quiet)
		ol_caged_verdict_line(stderr, style_of(session), summary);
	else
		ol_caged_text_end(stderr, style_of(session), summary);
	if (session->record != NULL)
		ol_caged_json_record_summary(session->record, summary);
	if (request->is_json && ol_caged_json_write_summary(stdout, summary, &error) < 0)
		status = OL_EXIT_LAB;
	if (request->report_path != NULL &&
		ol_caged_html_write(request->report_path, summary, session->samples.samples,
			session->samples.count, session->events, session->event_count, &error) < 0) {
		ol_say("%s", error.message);
		status = OL_EXIT_LAB;
	}
	return status;
}

static int exit_status(const struct session *session, const struct ol_caged_summary *summary) {
	const struct ol_cage_request *request = session->request;
	if (request->has_expectation) {
		if (summary->outcome == request->expectation)
			return OL_EXIT_DONE;
		ol_say("expected %s, but it ended %s", ol_outcome_name(request->expectation),
			ol_outcome_name(summary->outcome));
		return OL_EXIT_UNMET;
	}
	if (summary->evidence.signal > 0)
		return OL_EXIT_SIGNAL + summary->evidence.signal;
	/* Only the parent of an adopted process learns its status. */
	return summary->evidence.exit_status > 0 ? summary->evidence.exit_status : OL_EXIT_DONE;
}

static int say_failure(int result, bool is_command_bad, const struct ol_error *error) {
	ol_say("%s", error->message);
	if (!is_command_bad)
		return OL_EXIT_LAB;
	return result == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* They are drawn, or left behind. */
static bool wants_samples(const struct ol_cage_request *request) {
	return request->report_path != NULL || request->spec.watchdog.is_on;
}

static int run(struct session *session, struct ol_caged_summary *summary) {
	const struct ol_cage_request *request = session->request;
	struct ol_caged_sink sink = {
		.context = session,
		.wants_rss = session->record != NULL || wants_samples(request),
		.on_start = on_start,
		.on_sample = on_sample,
		.on_kill = on_kill,
		.on_event = on_event,
		.on_act = on_act,
		.on_told = on_told,
	};
	struct ol_error error = { 0 };
	bool is_command_bad;
	int result =
		ol_caged_run(&request->spec, request->command, &sink, summary, &is_command_bad, &error);
	clear_watch_line(session);
	if (session->dump != NULL)
		ol_cage_dump_finish(session->dump, summary);
	if (result < 0)
		return say_failure(result, is_command_bad, &error);
	int status = report(session, summary);
	return status != OL_EXIT_DONE ? status : exit_status(session, summary);
}

int ol_cage_session(struct ol_cage_request *request) {
	/* Large, and mostly never touched: each page that is costs a fault, and each fork its share. */
	static struct ol_caged_summary summary_pages;
	static struct session session_pages;
	struct ol_caged_summary *summary = &summary_pages;
	struct session *session = &session_pages;
	struct ol_error error;
	session->request = request;
	session->summary = summary;
	if (request->record_path != NULL &&
		ol_json_record_create(request->record_path, &session->record, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	if (request->report_path != NULL && ol_caged_html_check(request->report_path, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	if (wants_samples(request))
		ol_sample_store_init(&session->samples);
	advise(session);
	int status = run(session, summary);
	if (ol_json_record_destroy(session->record, &error) < 0) {
		ol_say("%s", error.message);
		status = OL_EXIT_LAB;
	}
	ol_sample_store_finish(&session->samples);
	return status;
}
