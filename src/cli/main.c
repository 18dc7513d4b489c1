/* main.c -- oomlab: finds the command and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"
#include "supervisor/plan.h"

const struct ol_command ol_commands[] = {
	{ "run", "run [SCRIPT] [options] [--script-option=value]",
		"run a scenario in a cage, or an experiment", ol_command_run, ol_command_run_help },
	{ "serve", "serve [SCRIPT] [options]", "a heap to play with, over HTTP and in a browser",
		ol_command_serve, ol_command_serve_help },
	{ "compare", "compare [SCRIPT...] --policy=A,B,...",
		"scenarios against policies: who survives, at which cost", ol_command_compare,
		ol_command_compare_help },
	{ "test", "test FILE|DIRECTORY|SCRIPT...", "whether scripts end as they expect, in TAP",
		ol_command_test, ol_command_test_help },
	{ "repl", "repl [options]", "a prompt with a live heap in a live cage", ol_command_repl,
		ol_command_repl_help },
	{ "cage", "cage [options] -- COMMAND [ARGUMENT...]",
		"any program in a cage: what became of it, and why", ol_command_cage,
		ol_command_cage_help },
	{ "watch", "watch [GROUP|PID] [--every=0.3]", "usage, peak and limit, look after look",
		ol_command_watch, ol_command_watch_help },
	{ "rss", "rss PID...", "memory of processes, and of the groups charged for it", ol_command_rss,
		ol_command_rss_help },
	{ "report", "report RECORD... [--output=FILE]", "records as a page, a picture or a chart",
		ol_command_report, ol_command_report_help },
	{ "list", "list [scenarios|services|policies]", "what there is to run", ol_command_list,
		ol_command_list_help },
	{ "help", "help [COMMAND|SCRIPT|POLICY]", "about a command, a script and its options, a policy",
		ol_command_help, ol_command_help_help },
	{ "definitions", "definitions [DIRECTORY]", "what an editor needs to complete scripts",
		ol_command_definitions, ol_command_definitions_help },
	{ "doctor", "doctor [--format=json]", "what this machine can do, and what mends the rest",
		ol_command_doctor, ol_command_doctor_help },
	{ "pacer", "pacer replay [--rules=RULES] FILE", "a pacer alone, driven by recorded inputs",
		ol_command_pacer, ol_command_pacer_help },
	{ "version", "version", "the version", ol_command_version, ol_command_version_help },
};
const size_t ol_commands_count = sizeof ol_commands / sizeof *ol_commands;

const struct ol_command *ol_command_find(const char *name) {
	for (size_t i = 0; i < ol_commands_count; i++) {
		if (strcmp(ol_commands[i].name, name) == 0)
			return &ol_commands[i];
	}
	return NULL;
}

int ol_command_version(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		ol_command_version_help();
	else if (argc > 1)
		return ol_say_usage("version takes no argument: '%.64s'", argv[1]);
	else
		puts("oomlab " OL_VERSION);
	return OL_EXIT_DONE;
}

void ol_command_version_help(void) {
	puts("usage: oomlab version\n\nPrints the version, as oomlab --version does.");
}

enum { COMMANDS_MAX = 32, KNOWN_BYTES = 256 };

static int run_unknown(const char *name) {
	const char *names[COMMANDS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < ol_commands_count && i < sizeof names / sizeof *names; i++)
		names[count++] = ol_commands[i].name;
	const char *bare = name + strspn(name, "-");
	if (strcmp(bare, "interactive") == 0)
		return ol_say_usage("the interactive mode is a command: oomlab serve");
	if (name[0] == '-')
		return ol_say_usage(
			"a command comes first: did you mean 'oomlab run %.64s'? (see oomlab help)", name);
	const char *nearest = ol_nearest_name(name, names, count);
	if (nearest != NULL)
		return ol_say_usage("unknown command '%.64s': did you mean %s?", name, nearest);
	char known[KNOWN_BYTES] = "";
	size_t length = 0;
	for (size_t i = 0; i < ol_commands_count && length < sizeof known; i++)
		length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
			i == 0 ? "" : (i + 1 == ol_commands_count ? " or " : ", "), ol_commands[i].name);
	return ol_say_usage("unknown command '%.64s'; expected %s", name, known);
}

static int run_command(int argc, char **argv) {
	if (argc < 2) {
		FILE *stream = stderr;
		fputs("usage: oomlab COMMAND [options]\n\n"
			  "oomlab run     the default scenario: why a program with room inside is killed\n"
			  "oomlab serve   the same by hand, in a browser\n"
			  "oomlab cage    your own program, or a shell: oomlab cage --limit=100MB -- bash\n"
			  "oomlab list    what else there is to run\n"
			  "oomlab help    everything\n",
			stream);
		return OL_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return ol_command_version(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return ol_command_help(argc - 1, argv + 1);
	const struct ol_command *command = ol_command_find(argv[1]);
	if (command == NULL)
		return run_unknown(argv[1]);
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv) {
	ol_keep_standard_fds();
	/* A reader that went away is noticed when writing, not by dying with a cage standing. */
	signal(SIGPIPE, SIG_IGN);
	ol_script_on_stuck(ol_say_stuck);
	return ol_finish_stdout(run_command(argc, argv));
}
