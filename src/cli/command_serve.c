/* command_serve.c -- oomlab serve: hands over to the program that serves.
 *
 * That one is another program because the HTTP library, and what it needs, cannot be linked
 * statically: every other command would start later for it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/say.h"
#include "cli/serve_form.h"
#include "supervisor/launch.h"

static const struct ol_cli_option serve_options[] = {
	{ "listen", 0, "ADDRESS:PORT", "where to listen (0.0.0.0:1112); port 0 takes a free one",
		false },
	{ "allow-host", 0, "NAME", "a name that may stand in an URL of ours; may be given again",
		false },
	{ "token-file", 0, "FILE", "ask everybody for the token that is in FILE", false },
	{ "no-cage", 0, NULL, "without a control group: nothing but RLIMIT_DATA limits the heap",
		false },
	{ "request-timeout", 0, "SECONDS", "what the heap may take to answer (30)", false },
	{ "record", 0, "FILE", "write all that happens to FILE, JSON Lines", false },
	{ "quiet", 'q', NULL, "say nothing but errors", false },
	{ "help", 'h', NULL, "print this, with the script's own options", false },
};
const struct ol_run_form ol_serve_form = {
	serve_options,
	sizeof serve_options / sizeof *serve_options,
	"interactive",
	NULL,
};

int ol_command_serve(int argc, char **argv) {
	char path[OL_PATH_BYTES];
	struct ol_error error;
	(void)argc;
	if (ol_program_find("oomlab-serve", path, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	execv(path, argv);
	ol_say("cannot start %s: %s", path, strerror(errno));
	return OL_EXIT_LAB;
}

void ol_command_serve_help(void) {
	puts("usage: oomlab serve [SCRIPT] [options] [--script-option=value]\n\n"
		 "Puts a heap into a memory cage and lets you play with it: in a browser, with\n"
		 "curl, or from programs. When a request overflows the cage, the kernel kills the\n"
		 "heap; the server stays, tells why, and the next request meets a fresh heap.\n"
		 "SCRIPT is one that registers routes with lab.http; the default is interactive.\n"
		 "See docs/http.md.\n\n"
		 "options:");
	ol_cli_print_options(ol_serve_form.options, ol_serve_form.option_count);
	ol_run_request_print_settings();
	puts("\nexit status: 0 ended in good order (Ctrl-C, SIGTERM), 2 bad usage,\n"
		 "3 the script raised an error, 4 the lab could not do its work.");
}
