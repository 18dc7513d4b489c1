/* session.c -- Starts a heap, asks it, hears its end. */
#include "repl/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/command.h"
#include "cli/say.h"
#include "report/cells.h"
#include "supervisor/supervision.h"

enum { PATIENCE_MS = 700, WATCHED_PERIOD_MS = 10, ENDING_MS_MAX = 2000 };

struct ol_repl_session {
	const struct ol_run_request *request;
	struct ol_style style;
	sigset_t open_mask; /* While it waits. */
	struct ol_supervisor_sink sink;
	struct ol_supervision *supervision; /* NULL: there is no heap. */
	bool is_ready;
	bool is_answered;
	bool is_ended_by_us; /* Ctrl-C: there is no story in that. */
	uint64_t heap_count;
	uint64_t asked_number;
	struct ol_run_summary summary;
	struct ol_request question;
	struct ol_answer answer;
};

static volatile sig_atomic_t interrupt_count;
static volatile sig_atomic_t end_signal;

static void note_signal(int signal_number) {
	if (signal_number == SIGINT)
		interrupt_count = interrupt_count + 1;
	else
		end_signal = signal_number;
}

int ol_repl_session_signal(void) {
	return (int)end_signal;
}

static void catch_signals(sigset_t *ret_open_mask) {
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t held;
	sigemptyset(&held);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction before, action = { .sa_handler = note_signal };
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&held, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &held, ret_open_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigdelset(ret_open_mask, signals[i]);
}

static void on_event(void *context, const struct ol_event *event) {
	const struct ol_repl_session *session = context;
	ol_cells_put(stdout, session->style, event->text);
	putchar('\n');
}

static void on_answer(void *context, const struct ol_answer *answer) {
	struct ol_repl_session *session = context;
	if (answer->number != session->asked_number)
		return; /* Of a question that was given up. */
	memcpy(&session->answer, answer, offsetof(struct ol_answer, body) + answer->body_bytes);
	session->is_answered = true;
}

int ol_repl_session_create(const struct ol_run_request *request, struct ol_style style,
	struct ol_repl_session **ret_session, struct ol_error *error) {
	struct ol_repl_session *session = calloc(1, sizeof *session);
	if (session == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the prompt");
	session->request = request;
	session->style = style;
	session->sink = (struct ol_supervisor_sink){
		.context = session,
		.on_event = on_event,
		.on_answer = on_answer,
	};
	catch_signals(&session->open_mask);
	*ret_session = session;
	return 0;
}

static int finish(struct ol_repl_session *session, struct ol_error *error) {
	int result = ol_supervision_finish(session->supervision, error);
	session->supervision = NULL;
	return result;
}

void ol_repl_session_destroy(struct ol_repl_session *session) {
	if (session == NULL)
		return;
	struct ol_error error;
	if (session->supervision != NULL) {
		ol_supervision_end(session->supervision);
		(void)ol_repl_session_wait(session, -1, ENDING_MS_MAX);
		if (finish(session, &error) < 0)
			ol_say("%s", error.message);
	}
	free(session);
}

/* The heap has ended: why. */
static int bury(struct ol_repl_session *session) {
	struct ol_error error;
	bool was_ready = session->is_ready;
	if (finish(session, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	const struct ol_run_summary *summary = &session->summary;
	if (summary->outcome == OL_OUTCOME_SCRIPT_ERROR) {
		ol_say_script_error(summary->error_message, summary->error_traceback);
		return OL_EXIT_SCRIPT;
	}
	if (summary->outcome == OL_OUTCOME_LAB_ERROR) {
		ol_say("%s", summary->error_message);
		return OL_EXIT_LAB;
	}
	if (!session->is_ended_by_us)
		ol_text_report_findings(stdout, session->style, summary);
	/* The next one would fare as it did. */
	if (!was_ready)
		return OL_EXIT_LAB;
	puts("A fresh heap takes its place; the names that were given are gone.");
	return OL_EXIT_DONE;
}

static int start(struct ol_repl_session *session) {
	const struct ol_run_request *request = session->request;
	struct ol_error error;
	size_t bytes;
	struct ol_supervisor_texts texts = {
		.script = ol_script_text(request->script, &bytes),
		.policy = ol_script_policy_text(request->policy),
	};
	session->is_ready = false;
	session->is_answered = false;
	session->is_ended_by_us = false;
	int result = ol_supervision_start(&request->plan.spec, &texts, &session->sink,
		&session->summary, &session->supervision, &error);
	if (result < 0) {
		session->supervision = NULL;
		ol_say("%s%s", error.message,
			request->plan.spec.is_uncaged ? "" : "; or without a cage: --no-cage");
		return OL_EXIT_LAB;
	}
	session->heap_count++;
	return OL_EXIT_DONE;
}

int ol_repl_session_renew(struct ol_repl_session *session) {
	int status = session->supervision != NULL ? bury(session) : OL_EXIT_DONE;
	if (status == OL_EXIT_DONE)
		status = start(session);
	while (status == OL_EXIT_DONE && !session->is_ready) {
		enum ol_repl_event event = ol_repl_session_wait(session, -1, -1);
		if (event == OL_REPL_TERMINATED)
			return OL_EXIT_SIGNAL + ol_repl_session_signal();
		if (event == OL_REPL_DIED)
			status = bury(session);
	}
	return status;
}

static uint64_t now_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / OL_NS_PER_MS;
}

/* Until something may have happened: the heap's fds, the input, a signal, or so long. */
static short await(struct ol_repl_session *session, int input_fd, int timeout_ms) {
	enum { INPUT = OL_SUPERVISION_FDS };
	struct pollfd fds[OL_SUPERVISION_FDS + 1];
	if (session->supervision != NULL) {
		int wait_ms = ol_supervision_wait_ms(session->supervision);
		ol_supervision_poll_fds(session->supervision, fds);
		if (timeout_ms < 0 || wait_ms < timeout_ms)
			timeout_ms = wait_ms;
	} else {
		for (int i = 0; i < OL_SUPERVISION_FDS; i++)
			fds[i] = (struct pollfd){ .fd = -1 };
	}
	fds[INPUT] = (struct pollfd){ .fd = input_fd, .events = POLLIN };
	struct timespec wait = { timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000 };
	if (ppoll(fds, OL_SUPERVISION_FDS + 1, timeout_ms < 0 ? NULL : &wait, &session->open_mask) < 0)
		return 0;
	return fds[INPUT].revents;
}

/* Signals first, or a heap that is busy could not be left. */
static bool next_event(struct ol_repl_session *session, enum ol_repl_event *ret_event) {
	struct ol_error error;
	if (end_signal != 0) {
		*ret_event = OL_REPL_TERMINATED;
	} else if (interrupt_count > 0) {
		interrupt_count = 0; /* Signals are held back here. */
		*ret_event = OL_REPL_INTERRUPTED;
	} else if (session->is_answered) {
		session->is_answered = false;
		*ret_event = OL_REPL_ANSWERED;
	} else if (session->supervision != NULL &&
			   ol_supervision_step(session->supervision, &error) <= 0) {
		/* What it said last may be the answer. */
		*ret_event = session->is_answered ? OL_REPL_ANSWERED : OL_REPL_DIED;
		session->is_answered = false;
	} else if (session->supervision != NULL && !session->is_ready &&
			   ol_supervision_is_ready(session->supervision)) {
		session->is_ready = true;
		*ret_event = OL_REPL_READY;
	} else {
		return false;
	}
	return true;
}

enum ol_repl_event ol_repl_session_wait(
	struct ol_repl_session *session, int input_fd, int timeout_ms) {
	uint64_t end_ms = timeout_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)timeout_ms;
	enum ol_repl_event event;
	short input = 0;
	for (;;) {
		if (next_event(session, &event))
			return event;
		if (session->is_answered)
			continue;
		if (input != 0)
			return OL_REPL_INPUT;
		uint64_t left_ms = end_ms == UINT64_MAX ? UINT64_MAX : end_ms - now_ms();
		if (end_ms != UINT64_MAX && (int64_t)left_ms <= 0)
			return OL_REPL_TIMED_OUT;
		input = await(session, input_fd, left_ms == UINT64_MAX ? -1 : (int)left_ms);
	}
}

enum ol_repl_event ol_repl_session_ask(struct ol_repl_session *session, enum ol_request_kind kind,
	const char *text, size_t text_bytes, int timeout_ms) {
	struct ol_request *question = &session->question;
	unsigned interrupts = 0;
	memset(question, 0, offsetof(struct ol_request, body));
	question->number = ++session->asked_number;
	question->kind = kind;
	memcpy(question->body, text, text_bytes);
	question->body_bytes = (uint32_t)text_bytes;
	/* Where it cannot be asked it has ended, which is seen next. */
	(void)ol_supervision_request(session->supervision, question, NULL);
	for (;;) {
		enum ol_repl_event event = ol_repl_session_wait(session, -1, timeout_ms);
		if (event == OL_REPL_INTERRUPTED && ++interrupts == 1) {
			ol_supervision_break_off(session->supervision);
			timeout_ms = PATIENCE_MS;
		} else if (event == OL_REPL_INTERRUPTED) {
			session->is_ended_by_us = true;
			ol_supervision_kill(session->supervision, false);
			timeout_ms = -1;
		} else if (event == OL_REPL_TIMED_OUT && interrupts > 0) {
			ol_say("it does not hear yet; Ctrl-C again ends the heap");
			timeout_ms = -1;
		} else if (event != OL_REPL_READY) {
			return event;
		}
	}
}

const struct ol_answer *ol_repl_session_answer(const struct ol_repl_session *session) {
	return &session->answer;
}
