/* command_cage.c -- oomlab cage: any program in a cage; what became of it, and why. */
#include <stdio.h>

#include "cli/cage_request.h"
#include "cli/cage_session.h"
#include "cli/command.h"

int ol_command_cage(int argc, char **argv) {
	static struct ol_cage_request request; /* Large. */
	int status = ol_cage_request_parse(&request, argc, argv);
	if (status != OL_EXIT_DONE)
		return status;
	if (request.is_help) {
		ol_command_cage_help();
		return OL_EXIT_DONE;
	}
	return ol_cage_session(&request);
}

void ol_command_cage_help(void) {
	puts("usage: oomlab cage [options] [--] COMMAND [ARGUMENT...]\n"
		 "       oomlab cage [options] --pid=PID\n\n"
		 "Runs any program, and all that it starts, in a memory cage: with this terminal,\n"
		 "its signals and job control, and its exit status (128 + signal; 127 where there\n"
		 "is no such command). When it has ended, standard error gets what became of it\n"
		 "and how we know: which process the kernel killed, whose limit it was, peak, time\n"
		 "near the limit. A shell works too: oomlab cage --limit=100MB -- bash\n\n"
		 "options:");
	ol_cli_print_options(ol_cage_options, ol_cage_options_count);
	puts("\n--on-limit's command runs outside of the cage, with OOMLAB_PID, OOMLAB_GROUP,\n"
		 "OOMLAB_USAGE_BYTES and OOMLAB_LIMIT_BYTES in its environment. See docs/cage.md.\n"
		 "exit status: the command's; 1 --expect was not met; 2 bad usage; 4 the lab could\n"
		 "not do its work; 126 not executable; 127 not found.");
}
