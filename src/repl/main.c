/* main.c -- oomlab-repl: a prompt with a live heap in a live cage.
 *
 * A program of its own, started by oomlab: see cli/command_repl.c. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/repl_form.h"
#include "cli/say.h"
#include "repl/input.h"
#include "repl/session.h"
#include "report/cells.h"

enum { WATCH_PERIOD_MS = 10 };

struct prompt {
	struct ol_run_request *request;
	struct ol_repl_session *session;
	struct ol_repl_input *input;
	struct ol_style style;
	bool is_edited;
	bool has_failed; /* A line raised an error. */
	bool is_more;    /* The next line goes on with the text. */
	size_t used;
	char text[OL_REPL_TEXT_BYTES_MAX + 1];
};

/* Line by line: what a program makes up must not steer the terminal. */
static void print_body(const struct prompt *prompt, FILE *stream, const struct ol_answer *answer) {
	static char line[OL_BODY_BYTES_MAX + 1];
	const char *next = answer->body, *end = answer->body + answer->body_bytes;
	while (next < end) {
		const char *stop = memchr(next, '\n', (size_t)(end - next));
		size_t bytes = (size_t)((stop != NULL ? stop : end) - next);
		memcpy(line, next, bytes);
		line[bytes] = '\0';
		ol_cells_put(stream, prompt->style, line);
		putc('\n', stream);
		next += bytes + 1;
	}
}

static void tell_answer(struct prompt *prompt) {
	enum { STATUS_OK = 200 };
	const struct ol_answer *answer = ol_repl_session_answer(prompt->session);
	if (answer->status == STATUS_OK) {
		print_body(prompt, stdout, answer);
	} else {
		prompt->has_failed = true;
		fflush(stdout);
		fputs("error: ", stderr);
		print_body(prompt, stderr, answer);
	}
	if (!prompt->request->is_quiet)
		ol_repl_status_put(stdout, prompt->style, &prompt->request->plan.spec, answer);
}

/* Runs the text, or has it go on where it is unfinished. Returns the exit status; not OL_EXIT_DONE:
 * there is nothing more to be done. */
static int run_text(struct prompt *prompt) {
	enum ol_repl_event event =
		ol_repl_session_ask(prompt->session, OL_REQUEST_LINE, prompt->text, prompt->used, -1);
	prompt->is_more = event == OL_REPL_ANSWERED &&
					  ol_repl_session_answer(prompt->session)->status == OL_STATUS_UNFINISHED;
	if (prompt->is_more)
		return OL_EXIT_DONE;
	prompt->text[prompt->used] = '\0';
	ol_repl_input_remember(prompt->input, prompt->text);
	prompt->used = 0;
	if (event == OL_REPL_TERMINATED)
		return OL_EXIT_SIGNAL + ol_repl_session_signal();
	if (event == OL_REPL_DIED)
		return ol_repl_session_renew(prompt->session);
	tell_answer(prompt);
	return OL_EXIT_DONE;
}

/* One more line of the text. */
static int take_line(struct prompt *prompt, const char *line, size_t bytes) {
	bool is_blank = strspn(line, " \t\r") >= bytes;
	if (is_blank && prompt->used == 0)
		return OL_EXIT_DONE;
	if (prompt->used + bytes + 1 > OL_REPL_TEXT_BYTES_MAX) {
		ol_say("that is longer than the %d bytes that can be run at once", OL_REPL_TEXT_BYTES_MAX);
		prompt->has_failed = true;
		prompt->is_more = false;
		prompt->used = 0;
		return OL_EXIT_DONE;
	}
	if (prompt->used > 0)
		prompt->text[prompt->used++] = '\n';
	memcpy(prompt->text + prompt->used, line, bytes);
	prompt->used += bytes;
	return run_text(prompt);
}

static int end_of_input(const struct prompt *prompt) {
	if (prompt->used > 0)
		ol_say("the last line is unfinished");
	if (prompt->is_edited)
		return OL_EXIT_DONE;
	return prompt->has_failed || prompt->used > 0 ? OL_EXIT_SCRIPT : OL_EXIT_DONE;
}

static int converse(struct prompt *prompt) {
	int status = OL_EXIT_DONE;
	while (status == OL_EXIT_DONE) {
		const char *line = NULL;
		size_t bytes = 0;
		switch (ol_repl_input_next(prompt->input, prompt->is_more, &line, &bytes)) {
		case OL_REPL_LINE_TYPED:
			status = take_line(prompt, line, bytes);
			break;
		case OL_REPL_LINE_DROPPED:
			if (!prompt->is_edited)
				return OL_EXIT_SIGNAL + SIGINT;
			prompt->used = 0;
			prompt->is_more = false;
			break;
		case OL_REPL_LINE_LONG:
			ol_say("a line is longer than %d bytes", OL_REPL_TEXT_BYTES_MAX);
			return OL_EXIT_SCRIPT;
		case OL_REPL_LINE_LOST:
			return ol_repl_input_status(prompt->input);
		case OL_REPL_LINE_ENDED:
			return OL_EXIT_SIGNAL + ol_repl_session_signal();
		case OL_REPL_LINE_NONE:
			return end_of_input(prompt);
		}
	}
	return status;
}

static void print_banner(const struct prompt *prompt) {
	const struct ol_run_spec *spec = &prompt->request->plan.spec;
	char limit[OL_UNITS_TEXT_BYTES];
	printf("A heap in %s of %s: heap, cage and lab are yours. Tab completes, Ctrl-D leaves.\n"
		   "Try: s = heap:slab(10 * lab.MiB), then s:release(), heap:garbage(), heap:stats()\n",
		spec->is_uncaged ? "a process" : "a cage", ol_format_bytes(spec->limit_bytes, limit));
}

static int open_and_converse(struct prompt *prompt) {
	struct ol_error error;
	int status = OL_EXIT_LAB;
	if (ol_repl_session_create(prompt->request, prompt->style, &prompt->session, &error) < 0)
		ol_say("%s", error.message);
	else
		status = ol_repl_session_renew(prompt->session);
	if (status != OL_EXIT_DONE)
		return status;
	if (ol_repl_input_create(prompt->session, prompt->is_edited, &prompt->input, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	if (prompt->is_edited && !prompt->request->is_quiet)
		print_banner(prompt);
	return converse(prompt);
}

static int run(struct prompt *prompt, int argc, char **argv) {
	struct ol_run_request *request = prompt->request;
	int status = ol_run_request_parse(request, &ol_repl_form, argc, argv);
	if (status != OL_EXIT_DONE)
		return status;
	if (request->is_help) {
		ol_command_repl_help();
		return OL_EXIT_DONE;
	}
	struct ol_run_spec *spec = &request->plan.spec;
	if (strcmp(spec->world, "real") != 0)
		return ol_say_usage("--world=%.64s: a prompt has a real heap in a real cage", spec->world);
	if (request->plan.has_dump)
		return ol_say_usage("--dump is for a run or a server, not for a prompt");
	spec->is_service = 1;
	spec->is_prompt = 1;
	spec->is_uncaged = ol_cli_value(&request->line, "no-cage") != NULL;
	spec->dump_parent[0] = '\0';
	/* What the looks of a watchdog miss is told by samples. */
	if (spec->watchdog.is_on && spec->sample_period_ns == 0)
		spec->sample_period_ns = WATCH_PERIOD_MS * OL_NS_PER_MS;
	return open_and_converse(prompt);
}

int main(int argc, char **argv) {
	ol_keep_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "");
	OL_AUTO_FREE struct ol_run_request *request = calloc(1, sizeof *request);
	OL_AUTO_FREE struct prompt *prompt = calloc(1, sizeof *prompt);
	if (request == NULL || prompt == NULL) {
		ol_say("no memory for the command line");
		return OL_EXIT_LAB;
	}
	prompt->request = request;
	prompt->style = ol_style_of(stdout);
	prompt->is_edited = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	int status = run(prompt, argc, argv);
	ol_repl_input_destroy(prompt->input);
	ol_repl_session_destroy(prompt->session);
	ol_run_request_finish(request);
	return ol_finish_stdout(status);
}
