/* jvm.c -- The JVM: how large its heap may become. Figures and rules were tried with OpenJDK 17.
 *
 * Metaspace, code and the threads' stacks lie beside the heap. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "runtimes/internal.h"

enum {
	BESIDE_MIB_LEAST = 24, /* A bare program: 17 to 20 MB, a small server 35. */
	BESIDE_MIB = 48,       /* What a server may be glad of; a quarter of a large cage. */
	BESIDE_PART = 4,
	DEFAULT_MIB = 126, /* No smaller by MaxRAMPercentage: below, MinRAMPercentage decides. */
	MAX_RAM_PERCENT = 25,
	MIN_RAM_PERCENT = 50
};

enum size { MAX_HEAP, INITIAL_HEAP, MAX_RAM, SIZES };
enum share { MAX_SHARE, MIN_SHARE, SHARES };

struct setting {
	bool is_set;
	char text[OL_NAME_BYTES];
};

struct settings {
	uint64_t bytes[SIZES]; /* 0: not set. */
	double percent[SHARES];
	struct setting size_settings[SIZES];
	struct setting share_settings[SHARES];
	bool has_container_support;
	bool is_touched; /* -XX:+AlwaysPreTouch. */
	const char *source;
};

static const struct {
	const char *prefix;
	enum size size;
} size_options[] = { { "-Xmx", MAX_HEAP }, { "-XX:MaxHeapSize=", MAX_HEAP },
	{ "-Xms", INITIAL_HEAP }, { "-XX:InitialHeapSize=", INITIAL_HEAP },
	{ "-XX:MaxRAM=", MAX_RAM } };

static const struct {
	const char *prefix;
	enum share share;
} share_options[] = { { "-XX:MaxRAMPercentage=", MAX_SHARE },
	{ "-XX:MinRAMPercentage=", MIN_SHARE } };

/* Options of the launcher that take the next word. */
static const char *const valued_options[] = { "-cp", "-classpath", "--class-path", "-p",
	"--module-path", "--upgrade-module-path", "--add-modules", "--limit-modules", "--source",
	"--add-exports", "--add-opens", "--add-reads", "--patch-module", "--enable-native-access" };

static bool parse_size(const char *text, uint64_t *ret_bytes) {
	static const char letters[] = "kmgt";
	uint64_t number;
	const char *rest = ol_runtimes_number(text, &number);
	if (rest == NULL || number == 0)
		return false;
	unsigned shift = 0;
	if (*rest != '\0') {
		const char *letter = strchr(letters, *rest | 0x20);
		if (letter == NULL || rest[1] != '\0')
			return false;
		shift = 10 * (unsigned)(letter - letters + 1);
	}
	if (number > (uint64_t)INT64_MAX >> shift)
		return false;
	*ret_bytes = number << shift;
	return true;
}

static const char *behind(const char *word, const char *prefix) {
	size_t length = strlen(prefix);
	return strncmp(word, prefix, length) == 0 ? word + length : NULL;
}

static void note(const struct settings *settings, const char *word, struct setting *setting) {
	setting->is_set = true;
	snprintf(setting->text, sizeof setting->text, "%s%s", settings->source, word);
}

static void note_word(struct settings *settings, const char *word) {
	for (size_t i = 0; i < sizeof size_options / sizeof *size_options; i++) {
		const char *value = behind(word, size_options[i].prefix);
		enum size size = size_options[i].size;
		if (value != NULL && parse_size(value, &settings->bytes[size]))
			note(settings, word, &settings->size_settings[size]);
	}
	for (size_t i = 0; i < sizeof share_options / sizeof *share_options; i++) {
		const char *value = behind(word, share_options[i].prefix);
		if (value == NULL)
			continue;
		char *end;
		double percent = strtod(value, &end);
		if (end == value || *end != '\0' || !(percent > 0 && percent <= 100))
			continue;
		settings->percent[share_options[i].share] = percent;
		note(settings, word, &settings->share_settings[share_options[i].share]);
	}
	if (strcmp(word, "-XX:+AlwaysPreTouch") == 0 || strcmp(word, "-XX:-AlwaysPreTouch") == 0)
		settings->is_touched = word[4] == '+';
	if (strcmp(word, "-XX:+UseContainerSupport") == 0 ||
		strcmp(word, "-XX:-UseContainerSupport") == 0)
		settings->has_container_support = word[4] == '+';
}

static void note_variable(struct settings *settings, const struct ol_runtimes_command *command,
	const char *name, const char *source) {
	const char *options = ol_runtimes_variable(command, name);
	if (options == NULL)
		return;
	struct ol_runtimes_line line;
	ol_runtimes_split(options, &line);
	settings->source = source;
	for (size_t i = 0; line.words[i] != NULL; i++)
		note_word(settings, line.words[i]);
	settings->source = "";
}

static bool takes_next_word(const char *word) {
	for (size_t i = 0; i < sizeof valued_options / sizeof *valued_options; i++) {
		if (strcmp(word, valued_options[i]) == 0)
			return true;
	}
	return false;
}

static void note_command(struct settings *settings, const char *const *words) {
	/* Behind the class, the module or the archive all words are the program's. */
	for (; *words != NULL && ((*words)[0] == '-' || (*words)[0] == '@'); words++) {
		note_word(settings, *words);
		if (takes_next_word(*words) && words[1] != NULL)
			words++;
	}
}

/* In the order in which the JVM applies them: the last one wins. */
static struct settings read_settings(const struct ol_runtimes_command *command) {
	struct settings settings = {
		.percent = { MAX_RAM_PERCENT, MIN_RAM_PERCENT }, .has_container_support = true, .source = ""
	};
	note_variable(&settings, command, "JAVA_TOOL_OPTIONS", "JAVA_TOOL_OPTIONS: ");
	note_variable(&settings, command, "JDK_JAVA_OPTIONS", "JDK_JAVA_OPTIONS: ");
	note_command(&settings, command->arguments);
	note_variable(&settings, command, "_JAVA_OPTIONS", "_JAVA_OPTIONS: ");
	return settings;
}

static uint64_t memory_bytes(const struct settings *settings, uint64_t limit_bytes) {
	return settings->bytes[MAX_RAM] > 0 ? settings->bytes[MAX_RAM] : limit_bytes;
}

static bool is_small(const struct settings *settings, uint64_t limit_bytes) {
	double bytes = (double)memory_bytes(settings, limit_bytes) / 100;
	return bytes * settings->percent[MIN_SHARE] < DEFAULT_MIB * (double)OL_MIB;
}

/* The largest that the heap may become, and the setting that makes it so; NULL: none does. */
static uint64_t heap_bytes(
	const struct settings *settings, uint64_t limit_bytes, const char **ret_setting) {
	const struct setting *sizes = settings->size_settings;
	*ret_setting = sizes[MAX_HEAP].is_set ? sizes[MAX_HEAP].text : NULL;
	if (sizes[MAX_HEAP].is_set)
		return settings->bytes[MAX_HEAP];

	double hundredth = (double)memory_bytes(settings, limit_bytes) / 100;
	enum share share = is_small(settings, limit_bytes) ? MIN_SHARE : MAX_SHARE;
	double bytes = hundredth * settings->percent[share];
	if (share == MAX_SHARE && bytes < DEFAULT_MIB * (double)OL_MIB)
		bytes = DEFAULT_MIB * (double)OL_MIB;
	if (settings->share_settings[share].is_set)
		*ret_setting = settings->share_settings[share].text;
	else if (sizes[MAX_RAM].is_set)
		*ret_setting = sizes[MAX_RAM].text;
	if (settings->bytes[INITIAL_HEAP] <= (uint64_t)bytes)
		return (uint64_t)bytes;
	*ret_setting = sizes[INITIAL_HEAP].text;
	return settings->bytes[INITIAL_HEAP];
}

/* "-Xmx47m". */
static void format_fitting(uint64_t limit_bytes, char fitting[OL_NAME_BYTES]) {
	uint64_t limit_mib = limit_bytes / OL_MIB;
	uint64_t part_mib = limit_mib / BESIDE_PART;
	uint64_t beside_mib = part_mib > BESIDE_MIB ? part_mib : BESIDE_MIB;
	uint64_t heap_mib = limit_mib > beside_mib + part_mib ? limit_mib - beside_mib : part_mib;
	snprintf(fitting, OL_NAME_BYTES, "-Xmx%" PRIu64 "m", heap_mib > 0 ? heap_mib : 1);
}

static void advise_start(const struct settings *settings, uint64_t limit_bytes, const char *fitting,
	struct ol_advice_list *list) {
	const struct setting *initial = &settings->size_settings[INITIAL_HEAP];
	const struct setting *largest = &settings->size_settings[MAX_HEAP];
	uint64_t bytes = settings->bytes[INITIAL_HEAP];
	char heap[OL_UNITS_TEXT_BYTES];
	char cage[OL_UNITS_TEXT_BYTES];
	if (initial->is_set && largest->is_set && bytes > settings->bytes[MAX_HEAP])
		ol_runtimes_say(list, true, initial->text,
			"is more than %.80s: the JVM does not start. %s fits, with an -Xms of no more.",
			largest->text, fitting);
	else if (initial->is_set && settings->is_touched &&
			 ol_runtimes_is_tight(bytes, BESIDE_MIB_LEAST * OL_MIB, limit_bytes))
		ol_runtimes_say(list, true, initial->text,
			"with -XX:+AlwaysPreTouch writes to %s at the start, in a cage of %s: the kernel kills "
			"before the program begins. %s fits, with an -Xms of no more.",
			ol_format_bytes(bytes, heap), ol_format_bytes(limit_bytes, cage), fitting);
}

void ol_runtimes_jvm(const struct ol_runtimes_command *command, struct ol_advice_list *list) {
	struct settings settings = read_settings(command);
	uint64_t limit_bytes = command->limit_bytes;
	char fitting[OL_NAME_BYTES];
	char heap_text[OL_UNITS_TEXT_BYTES];
	char cage[OL_UNITS_TEXT_BYTES];
	format_fitting(limit_bytes, fitting);
	ol_format_bytes(limit_bytes, cage);
	advise_start(&settings, limit_bytes, fitting, list);
	if (list->count > 0)
		return;

	bool has_size = settings.size_settings[MAX_HEAP].is_set;
	if (!settings.has_container_support && !has_size && !settings.size_settings[MAX_RAM].is_set) {
		ol_runtimes_say(list, true, "-XX:-UseContainerSupport",
			"has the JVM take its share of the machine's memory, not of the cage's %s. %s fits.",
			cage, fitting);
		return;
	}
	const char *setting;
	uint64_t bytes = heap_bytes(&settings, limit_bytes, &setting);
	const struct setting *share = &settings.share_settings[MAX_SHARE];
	if (setting != NULL && ol_runtimes_is_tight(bytes, BESIDE_MIB_LEAST * OL_MIB, limit_bytes))
		ol_runtimes_say(list, true, setting,
			"allows a heap of %s in a cage of %s, and the JVM needs some %d MiB beside it: the "
			"kernel kills before the heap is full. %s fits.",
			ol_format_bytes(bytes, heap_text), cage, BESIDE_MIB_LEAST, fitting);
	else if (!has_size && share->is_set && is_small(&settings, limit_bytes))
		ol_runtimes_say(list, false, share->text,
			"has no effect in so small a cage: -XX:MinRAMPercentage decides, and the heap gets %s. "
			"%s sets it.",
			ol_format_bytes(bytes, heap_text), fitting);
}
