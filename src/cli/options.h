/* options.h -- The command line: one table of options drives parsing, help and suggestions.
 *
 * GNU conventions: --name=value, --name value, -l value, -lvalue, options anywhere, "--" ends
 * them, the last one wins. The original program's single-dash long options (-limit 32M, -gc) are
 * taken too. Options that the table does not know are kept: they may be the script's own. */
#ifndef OL_CLI_OPTIONS_H
#define OL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "record/record.h"
#include "script/script_lab.h"
#include "supervisor/plan.h"

struct ol_cli_option {
	const char *name;     /* "record" */
	char letter;          /* 'l', or 0. */
	const char *argument; /* "FILE"; NULL for a flag. */
	const char *doc;
	bool is_setting; /* One of ol_settings: goes to ol_plan_set. */
};

enum {
	OL_CLI_OPTIONS_MAX = 64,
	OL_CLI_ARGUMENTS_MAX = 256, /* Options as given. */
	OL_CLI_WORDS_MAX = 4096,    /* Lists of PIDs. */
	OL_CLI_NAME_BYTES = 80
};

struct ol_cli_table {
	struct ol_cli_option options[OL_CLI_OPTIONS_MAX];
	size_t count;
};

/* The command's own options, and behind them, if has_settings, those of ol_settings. */
void ol_cli_table_init(struct ol_cli_table *table, const struct ol_cli_option *own,
	size_t own_count, bool has_settings);

/* One option as it was given. */
struct ol_cli_given {
	const struct ol_cli_option *option; /* NULL: not in the table. */
	char name[OL_CLI_NAME_BYTES];       /* Without dashes. */
	const char *written;                /* As typed, for messages. */
	const char *value;                  /* NULL: none. */
	/* The word behind an unknown option that has no "=": its value, or a word of its own. It
	 * stands among the words too. -1 for none. */
	int loose_word;
};

struct ol_cli_line {
	struct ol_cli_given given[OL_CLI_ARGUMENTS_MAX];
	size_t given_count;
	const char *words[OL_CLI_WORDS_MAX]; /* Not options. */
	bool is_loose[OL_CLI_WORDS_MAX];
	size_t word_count;
};

/* Parses argv[1] on. -EINVAL: a known option lacks its value or has one too many. -E2BIG. */
int ol_cli_parse(int argc, char **argv, const struct ol_cli_table *table,
	struct ol_cli_line *ret_line, struct ol_error *error);

/* The same for commands that have no script: an unknown option, or more than word_count_max
 * words, is -EINVAL, with a suggestion. */
int ol_cli_parse_all(int argc, char **argv, const struct ol_cli_table *table, size_t word_count_max,
	struct ol_cli_line *ret_line, struct ol_error *error);

/* The same for a command that runs another: options end at "--" or at the first word, and
 * ret_command is what follows, up to argv's NULL. */
int ol_cli_parse_before_command(int argc, char **argv, const struct ol_cli_table *table,
	struct ol_cli_line *ret_line, char ***ret_command, struct ol_error *error);

/* The last value given for name, "" for a flag, or NULL. */
const char *ol_cli_value(const struct ol_cli_line *line, const char *name);

/* The value of --expect. OL_EXIT_DONE, or OL_EXIT_USAGE after naming all outcomes. */
int ol_cli_take_outcome(const char *name, enum ol_outcome *ret_outcome);

/* Takes a word off the line: it was the script's name. */
void ol_cli_remove_word(struct ol_cli_line *line, size_t index);

/* Takes the value of a script's option: the loose word is consumed if the option wants one.
 * Returns NULL for a flag without a value. */
const char *ol_cli_take_value(
	struct ol_cli_line *line, struct ol_cli_given *given, bool wants_value);

/* Says that an option is unknown, with the nearest of the table's and the script's. */
void ol_cli_error_unknown(const struct ol_cli_table *table, const struct ol_script *script,
	const char *written, struct ol_error *error);

/* Prints the options, aligned: "  -l, --limit=SIZE   memory the cage may use". */
void ol_cli_print_options(const struct ol_cli_option *options, size_t count);
void ol_cli_print_script_options(const struct ol_script *script);

#endif
