/* command_repl.c -- oomlab repl: hands over to the program that has the prompt.
 *
 * That one is another program because the library that edits lines cannot be linked statically
 * everywhere: every other command would start later for it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/repl_form.h"
#include "cli/say.h"
#include "supervisor/launch.h"

static const struct ol_cli_option repl_options[] = {
	{ "no-cage", 0, NULL, "without a control group: nothing but RLIMIT_DATA limits the heap",
		false },
	{ "quiet", 'q', NULL, "values and errors alone: no line on the heap after each", false },
	{ "help", 'h', NULL, "print this", false },
};

/* The program does nothing: what is typed does. */
static const char repl_text[] = "return require \"lab\".scenario {\n"
								"  title = \"A heap at a prompt\",\n"
								"  program = function () end,\n"
								"}\n";

const struct ol_run_form ol_repl_form = {
	repl_options,
	sizeof repl_options / sizeof *repl_options,
	"prompt",
	repl_text,
};

int ol_command_repl(int argc, char **argv) {
	char path[OL_PATH_BYTES];
	struct ol_error error;
	(void)argc;
	if (ol_program_find("oomlab-repl", path, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	execv(path, argv);
	ol_say("cannot start %s: %s", path, strerror(errno));
	return OL_EXIT_LAB;
}

void ol_command_repl_help(void) {
	puts("usage: oomlab repl [options]\n\n"
		 "A prompt with a live heap in a live cage. What is typed is Lua, run in the cage,\n"
		 "with heap, cage and lab as in a scenario's program (docs/reference.md). An\n"
		 "expression shows its value, which _ holds then; what is named stays. After each\n"
		 "line stands how the heap is. Where a line overflows the cage, the kernel kills\n"
		 "the heap: the story is told, and the next line meets a fresh one.\n\n"
		 "Tab completes names, the arrows bring back what was typed before. Ctrl-C breaks\n"
		 "off the line that runs, and a second one ends the heap; Ctrl-D leaves. Without a\n"
		 "terminal, lines are read from standard input.\n\n"
		 "options:");
	ol_cli_print_options(ol_repl_form.options, ol_repl_form.option_count);
	ol_run_request_print_settings();
	puts("\nexit status: 0 done, 2 bad usage, 3 a line that was not typed at a terminal\n"
		 "raised an error, 4 the lab could not do its work.");
}
