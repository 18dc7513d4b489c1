/* options.c -- Parses the command line by the table of options. */
#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"

void ol_cli_table_init(struct ol_cli_table *table, const struct ol_cli_option *own,
	size_t own_count, bool has_settings) {
	table->count = 0;
	for (size_t i = 0; i < own_count; i++)
		table->options[table->count++] = own[i];
	for (size_t i = 0; has_settings && i < ol_settings_count; i++) {
		assert(table->count < OL_CLI_OPTIONS_MAX);
		table->options[table->count++] = (struct ol_cli_option){
			.name = ol_settings[i].name,
			.letter = ol_settings[i].letter,
			.argument = ol_settings[i].argument,
			.doc = ol_settings[i].doc,
			.is_setting = true,
		};
	}
}

static const struct ol_cli_option *find_name(
	const struct ol_cli_table *table, const char *name, size_t name_bytes) {
	for (size_t i = 0; i < table->count; i++) {
		if (strlen(table->options[i].name) == name_bytes &&
			memcmp(table->options[i].name, name, name_bytes) == 0)
			return &table->options[i];
	}
	return NULL;
}

static const struct ol_cli_option *find_letter(const struct ol_cli_table *table, char letter) {
	for (size_t i = 0; i < table->count; i++) {
		if (table->options[i].letter == letter && letter != '\0')
			return &table->options[i];
	}
	return NULL;
}

static int add_word(struct ol_cli_line *line, const char *word, bool is_loose, int *ret_index,
	struct ol_error *error) {
	if (line->word_count == OL_CLI_WORDS_MAX)
		return ol_error_set(error, -E2BIG, "more than %d arguments", OL_CLI_WORDS_MAX);
	line->is_loose[line->word_count] = is_loose;
	*ret_index = (int)line->word_count;
	line->words[line->word_count++] = word;
	return 0;
}

static bool is_option(const char *argument) {
	return argument[0] == '-' && argument[1] != '\0';
}

/* What stands behind the name: "=value", the next argument, or nothing. *index is the argument's
 * and moves on if the next one was taken. */
static int take_value(int argc, char **argv, int *index, const char *value,
	struct ol_cli_line *line, struct ol_cli_given *given, struct ol_error *error) {
	given->value = value;
	given->loose_word = -1;
	bool has_next = *index + 1 < argc;
	if (given->option == NULL) {
		if (value != NULL || !has_next || is_option(argv[*index + 1]))
			return 0;
		return add_word(line, argv[++*index], true, &given->loose_word, error);
	}
	if (given->option->argument == NULL) {
		if (value == NULL)
			return 0;
		return ol_error_set(
			error, -EINVAL, "--%s takes no value: '%.64s'", given->option->name, given->written);
	}
	if (value != NULL)
		return 0;
	if (!has_next)
		return ol_error_set(error, -EINVAL, "--%s wants a value: --%s=%s", given->option->name,
			given->option->name, given->option->argument);
	given->value = argv[++*index];
	return 0;
}

/* NULL: too many. */
static struct ol_cli_given *add_given(struct ol_cli_line *line, const struct ol_cli_option *option,
	const char *name, size_t name_bytes, const char *written, struct ol_error *error) {
	if (line->given_count == OL_CLI_ARGUMENTS_MAX) {
		ol_error_set(error, -E2BIG, "more than %d options", OL_CLI_ARGUMENTS_MAX);
		return NULL;
	}
	struct ol_cli_given *given = &line->given[line->given_count++];
	*given = (struct ol_cli_given){ .option = option, .written = written, .loose_word = -1 };
	if (name_bytes >= sizeof given->name)
		name_bytes = sizeof given->name - 1;
	memcpy(given->name, name, name_bytes);
	return given;
}

/* --name, --name=value; and -name, -name=value where name is longer than a letter. */
static int parse_long(int argc, char **argv, int *index, const struct ol_cli_table *table,
	struct ol_cli_line *line, struct ol_error *error) {
	const char *written = argv[*index];
	const char *name = written + strspn(written, "-");
	size_t name_bytes = strcspn(name, "=");
	const char *value = name[name_bytes] == '=' ? name + name_bytes + 1 : NULL;
	struct ol_cli_given *given =
		add_given(line, find_name(table, name, name_bytes), name, name_bytes, written, error);
	if (given == NULL)
		return -E2BIG;
	return take_value(argc, argv, index, value, line, given, error);
}

/* -l, -l32M, -l 32M, -qh: letters that the table knows. */
static int parse_letters(int argc, char **argv, int *index, const struct ol_cli_table *table,
	struct ol_cli_line *line, struct ol_error *error) {
	const char *written = argv[*index];
	for (const char *letter = written + 1; *letter != '\0'; letter++) {
		const struct ol_cli_option *option = find_letter(table, *letter);
		if (option == NULL)
			return ol_error_set(
				error, -EINVAL, "unknown option '-%.1s' in '%.64s'", letter, written);
		struct ol_cli_given *given =
			add_given(line, option, option->name, strlen(option->name), written, error);
		if (given == NULL)
			return -E2BIG;
		if (option->argument == NULL)
			continue;
		const char *rest = letter[1] == '\0' ? NULL : letter + 1;
		if (rest != NULL && *rest == '=')
			rest++;
		return take_value(argc, argv, index, rest, line, given, error);
	}
	return 0;
}

/* Up to "--" or the first word; *index is then that argument's, or argc. */
static int parse_options(int argc, char **argv, int *index, const struct ol_cli_table *table,
	struct ol_cli_line *line, struct ol_error *error) {
	for (; *index < argc; (*index)++) {
		const char *argument = argv[*index];
		int result;
		if (!is_option(argument) || strcmp(argument, "--") == 0)
			return 0;
		if (argument[1] == '-' ||
			find_name(table, argument + 1, strcspn(argument + 1, "=")) != NULL ||
			find_letter(table, argument[1]) == NULL)
			result = parse_long(argc, argv, index, table, line, error);
		else
			result = parse_letters(argc, argv, index, table, line, error);
		if (result < 0)
			return result;
	}
	return 0;
}

int ol_cli_parse(int argc, char **argv, const struct ol_cli_table *table,
	struct ol_cli_line *ret_line, struct ol_error *error) {
	ret_line->given_count = ret_line->word_count = 0;
	bool is_ended = false;
	for (int i = 1; i < argc; i++) {
		int word;
		int result = is_ended ? 0 : parse_options(argc, argv, &i, table, ret_line, error);
		if (result < 0 || i == argc)
			return result;
		if (!is_ended && strcmp(argv[i], "--") == 0)
			is_ended = true;
		else
			result = add_word(ret_line, argv[i], false, &word, error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int refuse_unknown(
	const struct ol_cli_table *table, const struct ol_cli_line *line, struct ol_error *error) {
	for (size_t i = 0; i < line->given_count; i++) {
		if (line->given[i].option == NULL) {
			ol_cli_error_unknown(table, NULL, line->given[i].written, error);
			return error->code;
		}
	}
	return 0;
}

int ol_cli_parse_before_command(int argc, char **argv, const struct ol_cli_table *table,
	struct ol_cli_line *ret_line, char ***ret_command, struct ol_error *error) {
	ret_line->given_count = ret_line->word_count = 0;
	int index = 1;
	int result = parse_options(argc, argv, &index, table, ret_line, error);
	if (result >= 0)
		result = refuse_unknown(table, ret_line, error);
	if (result < 0)
		return result;
	if (index < argc && strcmp(argv[index], "--") == 0)
		index++;
	*ret_command = argv + index;
	return 0;
}

int ol_cli_parse_all(int argc, char **argv, const struct ol_cli_table *table, size_t word_count_max,
	struct ol_cli_line *ret_line, struct ol_error *error) {
	int result = ol_cli_parse(argc, argv, table, ret_line, error);
	if (result >= 0)
		result = refuse_unknown(table, ret_line, error);
	if (result < 0)
		return result;
	if (ret_line->word_count > word_count_max)
		return ol_error_set(
			error, -EINVAL, "unexpected argument '%.64s'", ret_line->words[word_count_max]);
	return 0;
}

const char *ol_cli_value(const struct ol_cli_line *line, const char *name) {
	for (size_t i = line->given_count; i > 0; i--) {
		const struct ol_cli_given *given = &line->given[i - 1];
		if (given->option != NULL && strcmp(given->option->name, name) == 0)
			return given->value != NULL ? given->value : "";
	}
	return NULL;
}

int ol_cli_take_outcome(const char *name, enum ol_outcome *ret_outcome) {
	char list[256] = "";
	if (ol_outcome_parse(name, ret_outcome) == 0)
		return OL_EXIT_DONE;
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
			ol_outcome_name((enum ol_outcome)i));
	}
	return ol_say_usage("--expect=%.64s: expected one of %s", name, list);
}

void ol_cli_remove_word(struct ol_cli_line *line, size_t index) {
	assert(index < line->word_count);
	line->word_count--;
	for (size_t i = index; i < line->word_count; i++) {
		line->words[i] = line->words[i + 1];
		line->is_loose[i] = line->is_loose[i + 1];
	}
	for (size_t i = 0; i < line->given_count; i++) {
		int *loose_word = &line->given[i].loose_word;
		if (*loose_word == (int)index)
			*loose_word = -1;
		else if (*loose_word > (int)index)
			(*loose_word)--;
	}
}

const char *ol_cli_take_value(
	struct ol_cli_line *line, struct ol_cli_given *given, bool wants_value) {
	if (given->value != NULL || given->loose_word < 0 || !wants_value)
		return given->value;
	size_t index = (size_t)given->loose_word;
	given->value = line->words[index];
	ol_cli_remove_word(line, index);
	return given->value;
}

void ol_cli_error_unknown(const struct ol_cli_table *table, const struct ol_script *script,
	const char *written, struct ol_error *error) {
	const char *names[OL_CLI_OPTIONS_MAX + OL_OPTIONS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++)
		names[count++] = table->options[i].name;
	size_t option_count = 0;
	const struct ol_option *options = NULL;
	if (script != NULL)
		options = ol_script_options(script, &option_count);
	for (size_t i = 0; i < option_count && i < OL_OPTIONS_MAX; i++)
		names[count++] = options[i].value.name;
	char name[OL_CLI_NAME_BYTES];
	snprintf(name, sizeof name, "%s", written + strspn(written, "-"));
	name[strcspn(name, "=")] = '\0';
	const char *nearest = ol_nearest_name(name, names, count);
	int dashes_and_name = (int)strcspn(written, "=");
	if (nearest != NULL)
		ol_error_set(error, -EINVAL, "unknown option '%.*s': did you mean --%s?", dashes_and_name,
			written, nearest);
	else
		ol_error_set(error, -EINVAL, "unknown option '%.*s'", dashes_and_name, written);
}
