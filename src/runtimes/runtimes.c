/* runtimes.c -- Finds the program behind env, nice, sh -c and their like, and who knows its
 * runtime.
 */
#include "runtimes/runtimes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "runtimes/internal.h"

enum { WRAPPERS_DEEP_MAX = 16 };

/* Programs that start another one, named in their own arguments. */
struct wrapper {
	const char *name;
	const char *value_letters; /* Short options that take the next word. */
	unsigned operand_count;    /* Words between the options and the command. */
	bool has_assignments;      /* Then NAME=VALUE. */
};

static const struct wrapper wrappers[] = {
	{ "env", "uC", 0, true },
	{ "exec", "a", 0, false },
	{ "ionice", "cn", 0, false },
	{ "nice", "n", 0, false },
	{ "nohup", "", 0, false },
	{ "setsid", "", 0, false },
	{ "stdbuf", "ioe", 0, false },
	{ "taskset", "", 1, false },
	{ "time", "fo", 0, false },
	{ "timeout", "ks", 1, false },
};

static const char *const shells[] = { "sh", "bash", "dash", "ash", "ksh", "zsh" };

static const struct {
	const char *program;
	void (*advise)(const struct ol_runtimes_command *command, struct ol_advice_list *list);
} runtimes[] = {
	{ "go", ol_runtimes_go },
	{ "node", ol_runtimes_node },
	{ "nodejs", ol_runtimes_node },
	{ "npm", ol_runtimes_node },
	{ "npx", ol_runtimes_node },
	{ "java", ol_runtimes_jvm },
};

static bool is_space(char byte) {
	return byte == ' ' || byte == '\t' || byte == '\n';
}

void ol_runtimes_split(const char *text, struct ol_runtimes_line *ret_line) {
	char *at = ret_line->text;
	const char *end = ret_line->text + sizeof ret_line->text - 1;
	size_t count = 0;
	while (count < OL_RUNTIMES_WORDS_MAX) {
		while (is_space(*text))
			text++;
		if (*text == '\0')
			break;
		char *word = at;
		char quote = '\0';
		for (; *text != '\0' && (quote != '\0' || !is_space(*text)) && at < end; text++) {
			if (*text == quote) {
				quote = '\0';
				continue;
			}
			if (quote == '\0' && (*text == '"' || *text == '\'')) {
				quote = *text;
				continue;
			}
			if (*text == '\\' && quote != '\'' && text[1] != '\0')
				text++;
			*at++ = *text;
		}
		if (at == end)
			break;
		*at++ = '\0';
		ret_line->words[count++] = word;
	}
	ret_line->words[count] = NULL;
}

const char *ol_runtimes_behind(const char *text, const char *prefix) {
	for (; *prefix != '\0'; prefix++, text++) {
		if ((*text == '_' ? '-' : *text) != *prefix)
			return NULL;
	}
	return text;
}

const char *ol_runtimes_number(const char *text, uint64_t *ret_number) {
	enum { DIGITS_MAX = 19 };
	uint64_t number = 0;
	size_t digits = 0;
	for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
		if (digits == DIGITS_MAX)
			return NULL;
		number = 10 * number + (uint64_t)(text[digits] - '0');
	}
	if (digits == 0)
		return NULL;
	*ret_number = number;
	return text + digits;
}

void ol_runtimes_say(
	struct ol_advice_list *list, bool is_warning, const char *setting, const char *format, ...) {
	if (list->count == OL_ADVICE_MAX)
		return;
	struct ol_advice *advice = &list->advice[list->count++];
	advice->is_warning = is_warning;
	snprintf(advice->setting, sizeof advice->setting, "%s", setting);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(advice->text, sizeof advice->text, format, arguments);
	va_end(arguments);
}

/* The value in "NAME=VALUE", or NULL. */
static const char *value_of(const char *assignment, const char *name) {
	size_t length = strlen(name);
	bool is_it = strncmp(assignment, name, length) == 0 && assignment[length] == '=';
	return is_it ? assignment + length + 1 : NULL;
}

const char *ol_runtimes_variable(const struct ol_runtimes_command *command, const char *name) {
	for (size_t i = command->assignment_count; i > 0; i--) {
		const char *assignment = command->assignments[i - 1];
		if (strcmp(assignment, name) == 0)
			return NULL;
		const char *value = value_of(assignment, name);
		if (value != NULL)
			return value;
	}
	if (command->is_environment_new)
		return NULL;
	for (size_t i = 0; command->environment[i] != NULL; i++) {
		const char *value = value_of(command->environment[i], name);
		if (value != NULL)
			return value;
	}
	return NULL;
}

static const char *base_name(const char *path) {
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static void assign(struct ol_runtimes_command *command, const char *assignment) {
	if (command->assignment_count < OL_RUNTIMES_ASSIGNMENTS_MAX)
		command->assignments[command->assignment_count++] = assignment;
}

static const char *const *skip_assignments(
	struct ol_runtimes_command *command, const char *const *words) {
	for (; *words != NULL && strchr(*words, '=') != NULL; words++)
		assign(command, *words);
	return words;
}

/* What env's own options do to the environment. */
static void note_env_option(
	struct ol_runtimes_command *command, const char *option, const char *next) {
	const char *unset = ol_runtimes_behind(option, "--unset=");
	if (strcmp(option, "-i") == 0 || strcmp(option, "-") == 0 ||
		strcmp(option, "--ignore-environment") == 0)
		command->is_environment_new = true;
	else if (strcmp(option, "-u") == 0 && next != NULL)
		assign(command, next);
	else if (unset != NULL)
		assign(command, unset);
}

/* The command that wrapper starts, from what stands behind its name. */
static const char *const *unwrap(
	const struct wrapper *wrapper, struct ol_runtimes_command *command, const char *const *words) {
	for (; *words != NULL && (*words)[0] == '-'; words++) {
		const char *option = *words;
		if (strcmp(option, "--") == 0) {
			words++;
			break;
		}
		if (wrapper->has_assignments)
			note_env_option(command, option, words[1]);
		bool has_value = option[1] != '\0' && option[2] == '\0' &&
						 strchr(wrapper->value_letters, option[1]) != NULL;
		if (has_value && words[1] != NULL)
			words++;
	}
	if (wrapper->has_assignments)
		words = skip_assignments(command, words);
	for (unsigned i = 0; i < wrapper->operand_count && *words != NULL; i++)
		words++;
	return words;
}

static bool is_shell(const char *program) {
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(program, shells[i]) == 0)
			return true;
	}
	return false;
}

/* The one plain command of "sh -c 'COMMAND'"; NULL where there is more to it. */
static const char *const *open_shell(
	struct ol_runtimes_command *command, const char *const *words) {
	for (; *words != NULL && (*words)[0] == '-'; words++) {
		if (strchr(*words, 'c') == NULL || (*words)[1] == '-')
			continue;
		const char *script = words[1];
		if (script == NULL || strpbrk(script, "|&;<>()$`\n") != NULL)
			return NULL;
		ol_runtimes_split(script, &command->line);
		return skip_assignments(command, command->line.words);
	}
	return NULL;
}

static void find_program(struct ol_runtimes_command *command, const char *const *words) {
	command->program = "";
	bool is_in_shell = false;
	for (int depth = 0; depth < WRAPPERS_DEEP_MAX && words != NULL && *words != NULL; depth++) {
		const char *program = base_name(*words);
		const struct wrapper *wrapper = NULL;
		for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
			if (strcmp(program, wrappers[i].name) == 0)
				wrapper = &wrappers[i];
		}
		if (wrapper != NULL) {
			words = unwrap(wrapper, command, words + 1);
		} else if (is_shell(program) && !is_in_shell) {
			words = open_shell(command, words + 1);
			is_in_shell = true; /* There is one line only. */
		} else {
			command->program = program;
			command->arguments = words + 1;
			return;
		}
	}
}

size_t ol_runtimes_advise(const char *const *arguments, const char *const *environment,
	uint64_t limit_bytes, struct ol_advice ret_advice[OL_ADVICE_MAX]) {
	struct ol_advice_list list = { .advice = ret_advice };
	if (limit_bytes == UINT64_MAX || arguments[0] == NULL)
		return 0;
	static const char *const nothing[] = { NULL };
	struct ol_runtimes_command command = {
		.environment = environment, .arguments = nothing, .limit_bytes = limit_bytes
	};
	find_program(&command, arguments);
	for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
		if (strcmp(command.program, runtimes[i].program) == 0) {
			runtimes[i].advise(&command, &list);
			return list.count;
		}
	}
	/* A Go program has any name; where there is a limit for one, it may be this. */
	ol_runtimes_go(&command, &list);
	return list.count;
}
