/* command_compare.c -- oomlab compare: scenarios against policies, in cages, in one table. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/compare_request.h"
#include "cli/compare_session.h"
#include "cli/say.h"

int ol_command_compare(int argc, char **argv) {
	OL_AUTO_FREE struct ol_compare_request *request = calloc(1, sizeof *request);
	if (request == NULL) {
		ol_say("no memory for the command line");
		return OL_EXIT_LAB;
	}
	int status = ol_compare_request_parse(request, argc, argv);
	if (status == OL_EXIT_DONE && request->is_help)
		ol_command_compare_help();
	else if (status == OL_EXIT_DONE)
		status = ol_compare_session(request);
	ol_compare_request_finish(request);
	return status;
}

void ol_command_compare_help(void) {
	puts("usage: oomlab compare [SCRIPT...] [options] [--script-option=value]\n\n"
		 "Runs each scenario under each policy, each run in a cage of its own, several at\n"
		 "a time, and tells in one table who survives and at which cost. Without a SCRIPT,\n"
		 "or with 'all', all bundled scenarios; 'all' is a list of policies or collectors,\n"
		 "too. A script's option goes to every scenario that has it.\n\n"
		 "options:");
	ol_compare_request_print_options();
	puts("\nexit status: 0 done (a kill is a result), 1 with --check: an expectation was not\n"
		 "met, 2 bad usage, 3 a script raised an error, 4 the lab could not make a run.");
}
