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
		printf("  %-11s %s\n", ol_commands[i].name, ol_commands[i].summary);
	puts("\noomlab list names the scripts and the policies; oomlab help NAME tells of a\n"
		 "command, of a script what it asks and which options it has, of a policy whose\n"
		 "rule it is.\n");
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
	size_t route_count;
	(void)ol_script_routes(script, &route_count);
	const char *command = route_count > 0 ? "serve" : "run";
	printf("usage: oomlab %s %s [options]%s\n", command, ol_script_name(script),
		option_count > 0 ? " [script options]" : "");
	if (option_count > 0) {
		puts("\nscript options:");
		ol_cli_print_script_options(script);
	}
	printf("\noomlab help %s tells the options that every %s has.\n", command,
		route_count > 0 ? "service" : "run");
	return OL_EXIT_DONE;
}

/* A rule may have several lines: each is indented. */
static void print_indented(const char *text) {
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		printf(length > 0 ? "  %.*s\n" : "\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

int ol_help_policy(const struct ol_script_policy *policy) {
	const char *argument = ol_script_policy_argument(policy);
	const char *argument_doc = ol_script_policy_argument_doc(policy);
	const char *synopsis = ol_script_policy_synopsis(policy);
	printf("%s: %s\n\n", ol_script_policy_name(policy), ol_script_policy_title(policy));
	if (*synopsis != '\0')
		printf("%s%s\n", synopsis, synopsis[strlen(synopsis) - 1] == '\n' ? "" : "\n");
	if (*ol_script_policy_source(policy) != '\0')
		printf("source: %s\n", ol_script_policy_source(policy));
	if (*ol_script_policy_rule(policy) != '\0') {
		puts("rule:");
		print_indented(ol_script_policy_rule(policy));
	}
	if (*ol_script_policy_source(policy) != '\0' || *ol_script_policy_rule(policy) != '\0')
		putchar('\n');
	printf("usage: oomlab run [SCRIPT] --policy=%s%s%s%s\n", ol_script_policy_written(policy),
		*argument != '\0' ? "[:" : "", argument, *argument != '\0' ? "]" : "");
	if (*argument_doc != '\0')
		printf("  %s: %s\n", argument, argument_doc);
	return OL_EXIT_DONE;
}

/* A script, a policy, or one of each. */
static int help_name(const char *name) {
	OL_AUTO_SCRIPT struct ol_script *script = NULL;
	OL_AUTO_POLICY struct ol_script_policy *policy = NULL;
	struct ol_script_failure failure = { "" }, policy_failure = { "" };
	struct ol_error error, policy_error;
	int result = ol_script_open(name, &script, &failure, &error);
	int policy_result = ol_open_policy(name, &policy, &policy_failure, &policy_error);
	if (script != NULL)
		ol_help_script(script);
	if (script != NULL && policy != NULL)
		puts("\nThere is a policy of that name, too:\n");
	if (policy != NULL)
		ol_help_policy(policy);
	if (script != NULL || policy != NULL)
		return OL_EXIT_DONE;
	if (result != -ENOENT)
		return ol_script_status(result, &failure, &error);
	if (policy_result == -EBADMSG || strstr(policy_error.message, "did you mean") != NULL)
		return ol_script_status(policy_result, &policy_failure, &policy_error);
	return ol_script_status(result, &failure, &error);
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
	return help_name(argv[1]);
}

void ol_command_help_help(void) {
	puts("usage: oomlab help [COMMAND|SCRIPT|POLICY]\n\n"
		 "Without a name: the commands. With one: that command's options, or a script's\n"
		 "question, its options, their defaults and ranges, or a policy's source and rule.");
}
