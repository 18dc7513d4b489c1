/* command.h -- The commands: one function a command, one table, and what they share. */
#ifndef OL_CLI_COMMAND_H
#define OL_CLI_COMMAND_H

#include <stddef.h>

#include "base/error.h"

/* Exit statuses of every command (docs/commands.md). A signal's is 128 + its number. */
enum {
	OL_EXIT_DONE = 0,   /* The experiment was carried out: an OOM kill is a result. */
	OL_EXIT_UNMET = 1,  /* What --expect or the script itself expects was not met; what was asked
						 * about is not there. */
	OL_EXIT_USAGE = 2,  /* Bad usage. */
	OL_EXIT_SCRIPT = 3, /* The script raised an error. */
	OL_EXIT_LAB = 4,    /* The lab could not do its work. */
	OL_EXIT_SIGNAL = 128
};

struct ol_command {
	const char *name;
	const char *synopsis; /* "run [SCRIPT] [options] [--script-option=value]" */
	const char *summary;  /* One line, lower case. */
	/* argv[0] is the command's name. Returns the exit status. */
	int (*run)(int argc, char **argv);
	/* Prints the command's own --help to stdout. */
	void (*help)(void);
};

extern const struct ol_command ol_commands[];
extern const size_t ol_commands_count;

/* NULL if there is none of that name. */
const struct ol_command *ol_command_find(const char *name);

int ol_command_run(int argc, char **argv);
int ol_command_serve(int argc, char **argv);
int ol_command_repl(int argc, char **argv);
int ol_command_cage(int argc, char **argv);
int ol_command_compare(int argc, char **argv);
int ol_command_watch(int argc, char **argv);
int ol_command_rss(int argc, char **argv);
int ol_command_report(int argc, char **argv);
int ol_command_list(int argc, char **argv);
int ol_command_help(int argc, char **argv);
int ol_command_definitions(int argc, char **argv);
int ol_command_doctor(int argc, char **argv);
int ol_command_pacer(int argc, char **argv);
int ol_command_test(int argc, char **argv);
int ol_command_version(int argc, char **argv);
void ol_command_run_help(void);
void ol_command_serve_help(void);
void ol_command_repl_help(void);
void ol_command_cage_help(void);
void ol_command_compare_help(void);
void ol_command_watch_help(void);
void ol_command_rss_help(void);
void ol_command_report_help(void);
void ol_command_list_help(void);
void ol_command_help_help(void);
void ol_command_definitions_help(void);
void ol_command_doctor_help(void);
void ol_command_pacer_help(void);
void ol_command_test_help(void);
void ol_command_version_help(void);

#endif
