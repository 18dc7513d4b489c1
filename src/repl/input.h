/* input.h -- Lines as they are typed: edited at a terminal, or as they come. */
#ifndef OL_REPL_INPUT_H
#define OL_REPL_INPUT_H

#include "repl/session.h"

struct ol_repl_input; /* Opaque. */

enum { OL_REPL_TEXT_BYTES_MAX = OL_BODY_BYTES_MAX };

enum ol_repl_line {
	OL_REPL_LINE_TYPED,
	OL_REPL_LINE_DROPPED, /* Ctrl-C: what was typed is of no account. */
	OL_REPL_LINE_NONE,    /* Ctrl-D, or the end of the input. */
	OL_REPL_LINE_LONG,    /* Longer than can be taken. */
	OL_REPL_LINE_LOST,    /* The heap could not be renewed: ol_repl_input_status. */
	OL_REPL_LINE_ENDED    /* By a signal. */
};

/* At a terminal (is_edited) with completion and history. The session is waited on meanwhile. */
int ol_repl_input_create(struct ol_repl_session *session, bool is_edited,
	struct ol_repl_input **ret_input, struct ol_error *error);
void ol_repl_input_destroy(struct ol_repl_input *input); /* NULL is fine. Keeps the history. */

/* The next line without its newline, good until the one after. is_more: it goes on with the last.
 */
enum ol_repl_line ol_repl_input_next(
	struct ol_repl_input *input, bool is_more, const char **ret_line, size_t *ret_bytes);
/* With OL_REPL_LINE_LOST: what to exit with. */
int ol_repl_input_status(const struct ol_repl_input *input);
/* What was typed, all of its lines: into the history. */
void ol_repl_input_remember(struct ol_repl_input *input, const char *text);

#endif
