/* input.c -- Lines as they are typed: edited at a terminal by libedit, or as they come. */
#include "repl/input.h"

#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/command.h"
#include "repl/history.h"

enum { COMPLETION_MS_MAX = 1000, COMPLETION_BYTES_MAX = 1024, NAME_COLUMNS = 20, LINE_NAMES = 4 };

struct ol_repl_input {
	struct ol_repl_session *session;
	EditLine *editor; /* NULL: lines are taken as they come. */
	History *history;
	HistEvent event;
	bool is_more;
	enum ol_repl_line ending; /* Why there was no line. */
	int status;
	mbstate_t shift; /* Of a character that has not come whole. */
	size_t begun;    /* In buffer, without an editor: where the next line begins, */
	size_t used;     /* and what has been read. */
	char buffer[OL_REPL_TEXT_BYTES_MAX];
};

static struct ol_repl_input *input_of(EditLine *editor) {
	void *input = NULL;
	el_get(editor, EL_CLIENTDATA, &input);
	return input;
}

static char *prompt(EditLine *editor) {
	static char first[] = "oomlab> ", more[] = "     -> ";
	return input_of(editor)->is_more ? more : first;
}

/* Waits until there is something to read. False: ending says why there will be none. */
static bool await_input(struct ol_repl_input *input) {
	for (;;) {
		switch (ol_repl_session_wait(input->session, STDIN_FILENO, -1)) {
		case OL_REPL_INPUT:
			return true;
		case OL_REPL_INTERRUPTED:
			input->ending = OL_REPL_LINE_DROPPED;
			return false;
		case OL_REPL_TERMINATED:
			input->ending = OL_REPL_LINE_ENDED;
			return false;
		case OL_REPL_DIED:
			/* Not by what was typed: whoever types is told at once. */
			if (input->editor != NULL)
				putchar('\n');
			input->status = ol_repl_session_renew(input->session);
			input->ending = OL_REPL_LINE_LOST;
			if (input->status != OL_EXIT_DONE)
				return false;
			fflush(stdout);
			if (input->editor != NULL)
				el_set(input->editor, EL_REFRESH);
			break;
		case OL_REPL_READY:
		case OL_REPL_ANSWERED:
		case OL_REPL_TIMED_OUT:
			break;
		}
	}
}

/* libedit's: 1 a character, 0 the end, -1 an error. */
static int read_character(EditLine *editor, wchar_t *ret_character) {
	struct ol_repl_input *input = input_of(editor);
	for (;;) {
		char byte;
		input->ending = OL_REPL_LINE_NONE;
		if (!await_input(input))
			return -1;
		ssize_t count = read(STDIN_FILENO, &byte, 1);
		if (count <= 0)
			return (int)count;
		size_t taken = mbrtowc(ret_character, &byte, 1, &input->shift);
		if (taken == (size_t)-1)
			memset(&input->shift, 0, sizeof input->shift); /* Dropped. */
		else if (taken != (size_t)-2)
			return 1;
	}
}

/* How many bytes all of the names (one a line) begin with alike. */
static size_t common_bytes(const char *names, size_t bytes, size_t *ret_count) {
	size_t common = 0;
	size_t count = 0;
	for (const char *name = names; name < names + bytes; count++) {
		size_t length = strcspn(name, "\n"), same = 0;
		while (same < length && same < common && name[same] == names[same])
			same++;
		common = count == 0 ? length : same;
		name += length + (name[length] == '\n');
	}
	*ret_count = count;
	return common;
}

static void print_names(const char *names) {
	unsigned count = 0;
	for (const char *name = names; *name != '\0'; count++) {
		int length = (int)strcspn(name, "\n");
		printf("%s%-*.*s", count % LINE_NAMES == 0 ? "\n" : "", NAME_COLUMNS, length, name);
		name += length + (name[length] == '\n');
	}
	putchar('\n');
	fflush(stdout);
}

/* Tab: what all the names have in common is typed; where that is nothing they are shown. */
static unsigned char complete(EditLine *editor, int key) {
	struct ol_repl_input *input = input_of(editor);
	const LineInfo *line = el_line(editor);
	size_t bytes = (size_t)(line->cursor - line->buffer);
	size_t skipped = bytes > COMPLETION_BYTES_MAX ? bytes - COMPLETION_BYTES_MAX : 0;
	static char names[OL_BODY_BYTES_MAX + 1], rest[OL_NAME_BYTES];
	if (ol_repl_session_ask(input->session, OL_REQUEST_COMPLETE, line->buffer + skipped,
			bytes - skipped, COMPLETION_MS_MAX) != OL_REPL_ANSWERED)
		return CC_ERROR;
	const struct ol_answer *answer = ol_repl_session_answer(input->session);
	memcpy(names, answer->body, answer->body_bytes);
	names[answer->body_bytes] = '\0';
	size_t count, typed = 0;
	size_t common = common_bytes(names, answer->body_bytes, &count);
	/* As much of the line's end as begins the names. */
	for (size_t length = 1; length <= bytes && length <= common; length++)
		if (strncmp(line->cursor - length, names, length) == 0)
			typed = length;
	if (count == 0)
		return CC_ERROR;
	if (common > typed && common - typed < sizeof rest) {
		memcpy(rest, names + typed, common - typed);
		rest[common - typed] = '\0';
		return el_insertstr(editor, rest) < 0 ? CC_ERROR : CC_REFRESH;
	}
	if (count == 1)
		return CC_NORM;
	print_names(names);
	return CC_REDISPLAY;
}

static int open_editor(struct ol_repl_input *input, struct ol_error *error) {
	input->editor = el_init("oomlab", stdin, stdout, stderr);
	input->history = history_init();
	if (input->editor == NULL || input->history == NULL)
		return ol_error_set(error, -ENOMEM, "cannot edit lines at this terminal");
	el_set(input->editor, EL_CLIENTDATA, input);
	el_set(input->editor, EL_PROMPT, prompt);
	el_set(input->editor, EL_EDITOR, "emacs");
	el_set(input->editor, EL_GETCFN, read_character);
	el_set(input->editor, EL_ADDFN, "oomlab-complete", "completes a name", complete);
	el_set(input->editor, EL_BIND, "\t", "oomlab-complete", NULL);
	el_set(input->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	history(input->history, &input->event, H_SETSIZE, OL_REPL_HISTORY_LINES_MAX);
	history(input->history, &input->event, H_SETUNIQUE, 1);
	el_set(input->editor, EL_HIST, history, input->history);
	ol_repl_history_load(input->history);
	return 0;
}

int ol_repl_input_create(struct ol_repl_session *session, bool is_edited,
	struct ol_repl_input **ret_input, struct ol_error *error) {
	struct ol_repl_input *input = calloc(1, sizeof *input);
	if (input == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the prompt");
	input->session = session;
	int result = is_edited ? open_editor(input, error) : 0;
	if (result < 0) {
		ol_repl_input_destroy(input);
		return result;
	}
	*ret_input = input;
	return 0;
}

void ol_repl_input_destroy(struct ol_repl_input *input) {
	if (input == NULL)
		return;
	if (input->editor != NULL && input->history != NULL)
		ol_repl_history_save(input->history);
	if (input->editor != NULL)
		el_end(input->editor);
	if (input->history != NULL)
		history_end(input->history);
	free(input);
}

static enum ol_repl_line next_edited(
	struct ol_repl_input *input, const char **ret_line, size_t *ret_bytes) {
	int count = 0;
	input->ending = OL_REPL_LINE_NONE;
	const char *line = el_gets(input->editor, &count);
	if (line == NULL || count <= 0) {
		putchar('\n');
		return input->ending;
	}
	/* What comes back from the history may have several lines. */
	*ret_bytes = (size_t)count - (line[count - 1] == '\n');
	*ret_line = line;
	return *ret_bytes < OL_REPL_TEXT_BYTES_MAX ? OL_REPL_LINE_TYPED : OL_REPL_LINE_LONG;
}

static enum ol_repl_line next_plain(
	struct ol_repl_input *input, const char **ret_line, size_t *ret_bytes) {
	memmove(input->buffer, input->buffer + input->begun, input->used - input->begun);
	input->used -= input->begun;
	input->begun = 0;
	for (;;) {
		const char *end = memchr(input->buffer, '\n', input->used);
		ssize_t count = 0;
		if (end == NULL && input->used == sizeof input->buffer)
			return OL_REPL_LINE_LONG;
		if (end == NULL && !await_input(input))
			return input->ending;
		if (end == NULL)
			count =
				read(STDIN_FILENO, input->buffer + input->used, sizeof input->buffer - input->used);
		if (count > 0) {
			input->used += (size_t)count;
			continue;
		}
		if (end == NULL && input->used == 0)
			return OL_REPL_LINE_NONE;
		*ret_line = input->buffer;
		*ret_bytes = end != NULL ? (size_t)(end - input->buffer) : input->used;
		input->begun = end != NULL ? *ret_bytes + 1 : input->used;
		return OL_REPL_LINE_TYPED;
	}
}

enum ol_repl_line ol_repl_input_next(
	struct ol_repl_input *input, bool is_more, const char **ret_line, size_t *ret_bytes) {
	input->is_more = is_more;
	fflush(stdout);
	return input->editor != NULL ? next_edited(input, ret_line, ret_bytes)
								 : next_plain(input, ret_line, ret_bytes);
}

int ol_repl_input_status(const struct ol_repl_input *input) {
	return input->status;
}

void ol_repl_input_remember(struct ol_repl_input *input, const char *text) {
	if (input->history != NULL)
		history(input->history, &input->event, H_ENTER, text);
}
