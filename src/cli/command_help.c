/* command_help.c -- oomlab help: the commands, or one of them, or a script and its options. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/script_handle.h"

static void print_overview(void) {
	puts("oomlab -- why programs are killed for memory: a real heap in a real cage\n");
	puts("usage: oomlab COMMAND [options]\n");
	for (size_t i = 0; i < ol_commands_count; i++)
		printf("  %-9s %s\n", ol_commands[i].name, ol_commands[i].summary);
	puts("\noomlab list names the scripts; oomlab help NAME tells of a command, or of a script\n"
		 "what it asks and which options it has.\n");
	puts("exit status: 0 done (an OOM kill is a result), 1 an expectation was not met,\n"
		 "2 bad usage, 3 the script raised an error, 4 the lab could not do its work.");
}

int ol_help_script(const struct ol_script *script) {
	size_t option_count;
	ol_script_options(script, &option_count);
	printf("%s: %s\n\n", ol_script_name(script), ol_script_title(script));
	const char *synopsis = ol_script_synopsis(script);
	if (*synopsis != '\0')
		printf("%s%s\n", synopsis, synopsis[strlen(synopsis) - 1] == '\n' ? "" : "\n");
	printf("usage: oomlab run %s [options]%s\n", ol_script_name(script),
		option_count > 0 ? " [script options]" : "");
	if (option_count > 0) {
		puts("\nscript options:");
		ol_cli_print_script_options(script);
	}
	puts("\noomlab help run tells the options that every run has.");
	return OL_EXIT_DONE;
}

int ol_command_help(int argc, char **argv) {
	if (argc < 2) {
		print_overview();
		return OL_EXIT_DONE;
	}
	if (argc > 2)
		return ol_say_usage("unexpected argument '%.64s'", argv[2]);
	const struct ol_command *command = ol_command_find(argv[1]);
	if (strcmp(argv[1], "--help") == 0)
		command = ol_command_find("help");
	if (command != NULL) {
		command->help();
		return OL_EXIT_DONE;
	}
	if (argv[1][0] == '-')
		return ol_say_usage("unknown option '%.64s'", argv[1]);
	OL_AUTO_SCRIPT struct ol_script *script = NULL;
	int status = ol_open_script(argv[1], &script);
	return status != OL_EXIT_DONE ? status : ol_help_script(script);
}

void ol_command_help_help(void) {
	puts("usage: oomlab help [COMMAND|SCRIPT]\n\n"
		 "Without a name: the commands. With one: that command's options, or a script's\n"
		 "question, its options, their defaults and ranges.");
}
