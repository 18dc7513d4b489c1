/* options_print.c -- The options of a table or a script, as --help shows them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/options.h"

enum { OPTION_COLUMNS = 28, LINE_COLUMNS = 80, TEXT_BYTES = 1024 };

/* Prints doc from column OPTION_COLUMNS on, wrapped at spaces. */
static void print_doc(const char *doc) {
	unsigned width = LINE_COLUMNS - OPTION_COLUMNS - 1;
	while (strlen(doc) > width) {
		size_t bytes = width;
		while (bytes > 0 && doc[bytes] != ' ')
			bytes--;
		if (bytes == 0)
			bytes = width;
		printf("%.*s\n%*s", (int)bytes, doc, OPTION_COLUMNS, "");
		doc += bytes + strspn(doc + bytes, " ");
	}
	printf("%s\n", doc);
}

static void print_option(char letter, const char *name, const char *argument, const char *doc) {
	char text[TEXT_BYTES];
	if (letter != '\0')
		snprintf(text, sizeof text, "  -%c, --%s%s%s", letter, name, argument ? "=" : "",
			argument ? argument : "");
	else
		snprintf(text, sizeof text, "      --%s%s%s", name, argument ? "=" : "",
			argument ? argument : "");
	int length = printf("%-*s", OPTION_COLUMNS - 1, text);
	if (length >= OPTION_COLUMNS)
		printf("\n%*s", OPTION_COLUMNS, "");
	else
		putchar(' ');
	print_doc(doc);
}

void ol_cli_print_options(const struct ol_cli_option *options, size_t count) {
	for (size_t i = 0; i < count; i++)
		print_option(options[i].letter, options[i].name, options[i].argument, options[i].doc);
}

static const char *argument_of(const struct ol_option *option) {
	static const char *const arguments[OL_OPTION_TYPE_COUNT] = {
		[OL_OPTION_BOOLEAN] = NULL,
		[OL_OPTION_INTEGER] = "N",
		[OL_OPTION_NUMBER] = "NUMBER",
		[OL_OPTION_STRING] = "TEXT",
		[OL_OPTION_BYTES] = "SIZE",
		[OL_OPTION_SHARE] = "N%",
	};
	if (option->value.type >= OL_OPTION_TYPE_COUNT)
		return NULL;
	return arguments[option->value.type];
}

static int format_number(
	char *text, size_t capacity, const struct ol_option *option, double number) {
	char bytes_text[OL_UNITS_TEXT_BYTES];
	if (option->value.type == OL_OPTION_BYTES)
		return snprintf(text, capacity, "%s", ol_format_bytes((uint64_t)number, bytes_text));
	if (option->value.type == OL_OPTION_SHARE)
		return snprintf(text, capacity, "%.10g%%", 100 * number);
	return snprintf(text, capacity, "%.10g", number);
}

static void format_value(char *value, size_t capacity, const struct ol_option *option) {
	if (option->value.is_unset) {
		snprintf(value, capacity, "not set");
		return;
	}
	switch ((enum ol_option_type)option->value.type) {
	case OL_OPTION_BOOLEAN:
		snprintf(value, capacity, "%s", option->value.boolean ? "true" : "false");
		break;
	case OL_OPTION_INTEGER:
		snprintf(value, capacity, "%" PRId64, option->value.integer);
		break;
	case OL_OPTION_BYTES:
		format_number(value, capacity, option, (double)option->value.integer);
		break;
	case OL_OPTION_NUMBER:
	case OL_OPTION_SHARE:
		format_number(value, capacity, option, option->value.number);
		break;
	default:
		snprintf(value, capacity, "%s", option->value.string);
		break;
	}
}

/* " (10; 1 to 100)", " (fast; one of fast, slow)". */
static void describe(const struct ol_option *option, char *text, size_t capacity) {
	char value[OL_OPTION_VALUE_BYTES + 4], least[64], most[64];
	format_value(value, sizeof value, option);
	int used = snprintf(text, capacity, "%s (%s", option->doc, value);
	format_number(least, sizeof least, option, option->minimum);
	format_number(most, sizeof most, option, option->maximum);
	if (used < 0 || (size_t)used >= capacity)
		return;
	if (option->has_minimum && option->has_maximum)
		used += snprintf(text + used, capacity - (size_t)used, "; %s to %s", least, most);
	else if (option->has_minimum)
		used += snprintf(text + used, capacity - (size_t)used, "; at least %s", least);
	else if (option->has_maximum)
		used += snprintf(text + used, capacity - (size_t)used, "; at most %s", most);
	for (uint32_t i = 0; i < option->choice_count && (size_t)used < capacity; i++)
		used += snprintf(text + used, capacity - (size_t)used, "%s%s", i == 0 ? "; one of " : ", ",
			option->choices[i]);
	if ((size_t)used < capacity)
		snprintf(text + used, capacity - (size_t)used, ")");
}

void ol_cli_print_script_options(const struct ol_script *script) {
	size_t count;
	const struct ol_option *options = ol_script_options(script, &count);
	for (size_t i = 0; i < count; i++) {
		char text[TEXT_BYTES];
		describe(&options[i], text, sizeof text);
		print_option('\0', options[i].value.name, argument_of(&options[i]), text);
	}
}
