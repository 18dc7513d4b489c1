/* lines.c -- Lines that the reports of runs and of cages have in common. */
#include "report/lines.h"

#include <inttypes.h>
#include <string.h>

void ol_text_fact(FILE *stream, struct ol_style style, const char *label, const char *text) {
	ol_cells_paragraph(stream, style, label, OL_LABEL_COLUMNS, OL_PAINT_NONE, text);
}

enum ol_tone ol_outcome_tone(enum ol_outcome outcome) {
	switch (outcome) {
	case OL_OUTCOME_SURVIVED:
	case OL_OUTCOME_SHUT_DOWN:
		return OL_TONE_GOOD;
	case OL_OUTCOME_THROTTLED:
	case OL_OUTCOME_TIMED_OUT:
		return OL_TONE_WARN;
	default:
		return OL_TONE_BAD;
	}
}

const char *ol_outcome_mark(enum ol_outcome outcome, bool has_unicode) {
	static const char *const marks[][2] = {
		[OL_TONE_GOOD] = { "+", "✓" },
		[OL_TONE_WARN] = { "!", "!" },
		[OL_TONE_BAD] = { "X", "✗" },
	};
	return marks[ol_outcome_tone(outcome)][has_unicode];
}

void ol_text_verdict(
	FILE *stream, struct ol_style style, enum ol_outcome outcome, const char *text) {
	static const enum ol_paint paints[] = {
		[OL_TONE_GOOD] = OL_PAINT_STRONG_GOOD,
		[OL_TONE_WARN] = OL_PAINT_STRONG_WARN,
		[OL_TONE_BAD] = OL_PAINT_STRONG_BAD,
	};
	char line[OL_PARAGRAPH_BYTES + 8];
	snprintf(line, sizeof line, "%s %s", ol_outcome_mark(outcome, style.has_unicode), text);
	ol_cells_paragraph(stream, style, "", 1, paints[ol_outcome_tone(outcome)], line);
}

void ol_words_add_limits(struct ol_words *words, const char *separator,
	const struct ol_limits *limits, const struct ol_cage_facts *cage) {
	if (limits->limit_bytes == UINT64_MAX)
		ol_words_add(words, "no limit");
	else
		ol_words_add(words, "limit %s", OL_BYTES_TEXT(limits->limit_bytes));
	if (limits->swap_bytes == 0)
		ol_words_add(words, " %s no swap", separator);
	else if (limits->swap_bytes != UINT64_MAX)
		ol_words_add(words, " %s swap %s", separator, OL_BYTES_TEXT(limits->swap_bytes));
	if (limits->high_bytes != UINT64_MAX)
		ol_words_add(words, " %s high %s", separator, OL_BYTES_TEXT(limits->high_bytes));
	if (limits->address_space_bytes != UINT64_MAX)
		ol_words_add(
			words, " %s address space %s", separator, OL_BYTES_TEXT(limits->address_space_bytes));
	ol_words_add(words, " %s cgroup %s", separator, cage->mode);
	if (strcmp(cage->mode, "hybrid") == 0)
		ol_words_add(words, " (memory on v%" PRIu32 ")", cage->memory_version);
}

void ol_words_add_policy(
	struct ol_words *words, const char *separator, const struct ol_run_spec *spec) {
	ol_words_add(words, "%s%s%s (%s) %s ", spec->policy,
		spec->policy_argument[0] != '\0' ? ":" : "", spec->policy_argument, spec->rules, separator);
	if (spec->gogc == OL_GOGC_OFF)
		ol_words_add(words, "GOGC off");
	else
		ol_words_add(words, "GOGC %" PRId32, spec->gogc);
	if (spec->memory_limit_bytes >= OL_MEMORY_LIMIT_OFF)
		ol_words_add(words, " %s no memory limit", separator);
	else
		ol_words_add(
			words, " %s memory limit %s", separator, OL_BYTES_TEXT(spec->memory_limit_bytes));
	ol_words_add(words, " %s %s", separator,
		strcmp(spec->collector, "stw") == 0 ? "stop-the-world" : spec->collector);
}

void ol_words_add_options(struct ol_words *words, const struct ol_run_spec *spec) {
	for (uint32_t i = 0; i < spec->option_count && i < OL_OPTIONS_MAX; i++) {
		const struct ol_option_value *option = &spec->options[i];
		if (option->is_unset)
			continue;
		ol_words_add(words, "%s%s=", words->used > 0 ? ", " : "", option->name);
		switch ((enum ol_option_type)option->type) {
		case OL_OPTION_BOOLEAN:
			ol_words_add(words, "%s", option->boolean ? "true" : "false");
			break;
		case OL_OPTION_INTEGER:
			ol_words_add(words, "%" PRId64, option->integer);
			break;
		case OL_OPTION_NUMBER:
			ol_words_add(words, "%g", option->number);
			break;
		case OL_OPTION_SHARE:
			ol_words_add(words, "%g%%", 100 * option->number);
			break;
		case OL_OPTION_BYTES:
			ol_words_add(words, "%s", OL_BYTES_TEXT((uint64_t)option->integer));
			break;
		default:
			ol_words_add(words, "\"%s\"", option->string);
			break;
		}
	}
}
