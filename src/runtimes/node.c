/* node.c -- Node.js: what V8 may take for its heap. Figures were measured with Node 20.
 *
 * Buffers lie beside the heap: no setting of V8's limits them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "runtimes/internal.h"

enum {
	BESIDE_MIB_LEAST = 16, /* A bare server: 15 MB of the cage before its first request. */
	BESIDE_MIB = 32,       /* What a server may be glad of. */
	SEMI_SPACES = 3,       /* The young generation is three of them. */
	SEMI_SPACE_MIB_MAX = 16,
	SEMI_SPACE_PART = 256,  /* Of the memory, where nothing is set. */
	DEFAULT_MIB_MIN = 256,  /* V8 takes no less, however small its cage is. */
	DEFAULT_MIB_MAX = 2048, /* 4096 from 16 GiB on. */
	LARGE_MACHINE_GIB = 15,
	SETTING_MIB_MIN = 8 /* Less is no heap to run a program in. */
};

struct settings {
	uint64_t old_mib;   /* 0: not set. */
	uint64_t heap_mib;  /* All of the heap, --max-heap-size; 0: not set. */
	uint64_t semi_mib;  /* 0: not set. */
	bool lacks_value;   /* One stands without "=": Node does not start. */
	const char *source; /* "NODE_OPTIONS: " or "". */
	char setting[OL_NAME_BYTES];
};

/* Options that take the next word where they have no "=". */
static const char *const valued_options[] = { "-e", "--eval", "-p", "--print", "-pe", "-r",
	"--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions" };

static void note_size(
	struct settings *settings, const char *word, const char *prefix, uint64_t *size_mib) {
	const char *rest = ol_runtimes_behind(word, prefix);
	if (rest == NULL || (*rest != '=' && *rest != '\0'))
		return;
	uint64_t number;
	const char *end = *rest == '=' ? ol_runtimes_number(rest + 1, &number) : NULL;
	settings->lacks_value = *rest == '\0';
	if (!settings->lacks_value && (end == NULL || *end != '\0' || number > UINT64_MAX / OL_MIB / 8))
		return;
	if (!settings->lacks_value)
		*size_mib = number;
	snprintf(settings->setting, sizeof settings->setting, "%s%s", settings->source, word);
}

static void note_word(struct settings *settings, const char *word) {
	note_size(settings, word, "--max-semi-space-size", &settings->semi_mib);
	note_size(settings, word, "--max-heap-size", &settings->heap_mib);
	note_size(settings, word, "--max-old-space-size", &settings->old_mib);
}

static bool takes_next_word(const char *word) {
	for (size_t i = 0; i < sizeof valued_options / sizeof *valued_options; i++) {
		if (strcmp(word, valued_options[i]) == 0)
			return true;
	}
	return false;
}

/* npm and npx hand nothing of their own command line to Node. */
static bool is_npm(const struct ol_runtimes_command *command) {
	return strcmp(command->program, "npm") == 0 || strcmp(command->program, "npx") == 0;
}

static struct settings read_settings(const struct ol_runtimes_command *command) {
	struct settings settings = { .source = "NODE_OPTIONS: " };
	const char *options = ol_runtimes_variable(command, "NODE_OPTIONS");
	if (options != NULL) {
		struct ol_runtimes_line line;
		ol_runtimes_split(options, &line);
		for (size_t i = 0; line.words[i] != NULL; i++)
			note_word(&settings, line.words[i]);
	}
	if (is_npm(command))
		return settings;
	settings.source = "";
	/* Behind the script's name all words are the script's. */
	const char *const *words = command->arguments;
	for (; *words != NULL && (*words)[0] == '-' && strcmp(*words, "--") != 0; words++) {
		note_word(&settings, *words);
		if (takes_next_word(*words) && words[1] != NULL)
			words++;
	}
	return settings;
}

static uint64_t clamp(uint64_t value, uint64_t minimum, uint64_t maximum) {
	return value < minimum ? minimum : value > maximum ? maximum : value;
}

/* "--max-old-space-size=60 fits", as it is to be given to this program. */
static void format_fitting(
	const struct ol_runtimes_command *command, uint64_t young_mib, char fitting[OL_TEXT_BYTES]) {
	uint64_t limit_mib = command->limit_bytes / OL_MIB;
	uint64_t beside_mib = clamp(limit_mib / 8, BESIDE_MIB, UINT64_MAX) + young_mib;
	const char *way = is_npm(command) ? "NODE_OPTIONS=" : "";
	if (limit_mib < beside_mib + SETTING_MIB_MIN)
		snprintf(fitting, OL_TEXT_BYTES, "No setting fits: give Node a cage of %d MiB or more",
			BESIDE_MIB + SEMI_SPACES + SETTING_MIB_MIN);
	else
		snprintf(fitting, OL_TEXT_BYTES, "%s--max-old-space-size=%" PRIu64 " fits", way,
			limit_mib - beside_mib);
}

static void advise_default(const struct ol_runtimes_command *command, uint64_t default_mib,
	uint64_t young_mib, struct ol_advice_list *list) {
	char cage[OL_UNITS_TEXT_BYTES];
	char heap[OL_UNITS_TEXT_BYTES];
	char fitting[OL_TEXT_BYTES];
	ol_format_bytes(command->limit_bytes, cage);
	ol_format_bytes(default_mib * OL_MIB, heap);
	format_fitting(command, young_mib, fitting);
	if (ol_runtimes_is_tight(
			(default_mib + young_mib) * OL_MIB, BESIDE_MIB_LEAST * OL_MIB, command->limit_bytes))
		ol_runtimes_say(list, true, "--max-old-space-size",
			"is not set: V8 takes half of what it finds for its heap, but never less than %s, in a "
			"cage of %s. %.80s.",
			heap, cage, fitting);
	else if (default_mib < DEFAULT_MIB_MAX)
		ol_runtimes_say(list, false, "--max-old-space-size",
			"is not set: V8 takes %s of the cage's %s for its heap; before Node 20 it looks at the "
			"machine instead. %.80s.",
			heap, cage, fitting);
}

void ol_runtimes_node(const struct ol_runtimes_command *command, struct ol_advice_list *list) {
	struct settings settings = read_settings(command);
	uint64_t limit_mib = command->limit_bytes / OL_MIB;
	if (settings.lacks_value) {
		ol_runtimes_say(list, true, settings.setting,
			"wants its value behind \"=\": Node does not start like this.");
		return;
	}
	uint64_t semi_mib = settings.semi_mib > 0
							? settings.semi_mib
							: clamp(limit_mib / SEMI_SPACE_PART, 1, SEMI_SPACE_MIB_MAX);
	uint64_t young_mib = SEMI_SPACES * semi_mib;
	uint64_t default_mib = clamp(limit_mib / 2, DEFAULT_MIB_MIN,
		command->limit_bytes >= LARGE_MACHINE_GIB * OL_GIB ? 2 * DEFAULT_MIB_MAX : DEFAULT_MIB_MAX);
	if (settings.old_mib == 0 && settings.heap_mib == 0 && settings.semi_mib == 0) {
		advise_default(command, default_mib, young_mib, list);
		return;
	}
	uint64_t heap_mib = settings.heap_mib > 0  ? settings.heap_mib
						: settings.old_mib > 0 ? settings.old_mib + young_mib
											   : default_mib + young_mib;
	if (!ol_runtimes_is_tight(heap_mib * OL_MIB, BESIDE_MIB_LEAST * OL_MIB, command->limit_bytes))
		return;
	char cage[OL_UNITS_TEXT_BYTES];
	char heap[OL_UNITS_TEXT_BYTES];
	char fitting[OL_TEXT_BYTES];
	uint64_t fitting_young_mib = young_mib < limit_mib / 8 ? young_mib : SEMI_SPACES;
	format_fitting(command, fitting_young_mib, fitting);
	ol_runtimes_say(list, true, settings.setting,
		"allows V8 a heap of %s in a cage of %s, and Node needs some %d MiB beside it: the kernel "
		"kills before V8 collects hard. %.80s.",
		ol_format_bytes(heap_mib * OL_MIB, heap), ol_format_bytes(command->limit_bytes, cage),
		BESIDE_MIB_LEAST, fitting);
}
