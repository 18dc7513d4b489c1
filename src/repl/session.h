/* session.h -- The heap behind the prompt: one at a time, watched while it is waited for.
 *
 * Does not read what is typed. Signals come only while something is waited for here. */
#ifndef OL_REPL_SESSION_H
#define OL_REPL_SESSION_H

#include <stddef.h>

#include "cli/run_request.h"
#include "record/exchange.h"
#include "report/report.h"

struct ol_repl_session; /* Opaque. */

enum ol_repl_event {
	OL_REPL_INPUT,       /* There is something to read. */
	OL_REPL_READY,       /* The heap can be asked. */
	OL_REPL_ANSWERED,    /* It has answered what was asked. */
	OL_REPL_DIED,        /* It has ended. */
	OL_REPL_INTERRUPTED, /* Ctrl-C. */
	OL_REPL_TERMINATED,  /* SIGTERM or SIGHUP. */
	OL_REPL_TIMED_OUT
};

/* From here on SIGINT, SIGTERM and SIGHUP are held back but for ol_repl_session_wait. request must
 * outlive the session. */
int ol_repl_session_create(const struct ol_run_request *request, struct ol_style style,
	struct ol_repl_session **ret_session, struct ol_error *error);
/* Ends its heap; nothing is left behind. */
void ol_repl_session_destroy(struct ol_repl_session *session); /* NULL is fine. */

/* A fresh heap, in place of one that has ended, if any: that one's story is told first. Returns
 * the exit status; not OL_EXIT_DONE: there is none, and it was said why. */
int ol_repl_session_renew(struct ol_repl_session *session);

/* What happens next; input_fd -1 and timeout_ms -1: nothing is to be read, no matter when. */
enum ol_repl_event ol_repl_session_wait(
	struct ol_repl_session *session, int input_fd, int timeout_ms);

/* Runs a line, or asks for names to complete one. Ctrl-C breaks it off, a second one ends the heap.
 * OL_REPL_ANSWERED: there is an answer, good until the next question; OL_REPL_DIED: renew is due;
 * OL_REPL_TERMINATED; OL_REPL_TIMED_OUT. */
enum ol_repl_event ol_repl_session_ask(struct ol_repl_session *session, enum ol_request_kind kind,
	const char *text, size_t text_bytes, int timeout_ms);
const struct ol_answer *ol_repl_session_answer(const struct ol_repl_session *session);

/* The signal that ended the prompt, or 0. */
int ol_repl_session_signal(void);

/* How the heap is, in a line. */
void ol_repl_status_put(FILE *stream, struct ol_style style, const struct ol_run_spec *spec,
	const struct ol_answer *answer);

#endif
