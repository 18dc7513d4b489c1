/* go.c -- Go: GOMEMLIMIT and GOGC. Figures were measured with Go 1.19. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "runtimes/internal.h"

enum {
	SHARE_PERCENT = 90,     /* Of the limit: what Go's memory limit is best set to. */
	SHARE_PERCENT_MAX = 95, /* A busy program at 98 % survived, at 99 % it did not. */
	COMPILER_MIB = 256      /* "go run" of one small file: 180 MB; killed in 100 MB. */
};

/* As the runtime reads it: digits with B, KiB, MiB, GiB, TiB or nothing behind them. */
static bool parse_limit(const char *text, uint64_t *ret_bytes) {
	static const struct {
		const char *suffix;
		unsigned shift;
	} units[] = { { "", 0 }, { "B", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 },
		{ "TiB", 40 } };
	uint64_t number;
	const char *rest = ol_runtimes_number(text, &number);
	if (rest == NULL)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(rest, units[i].suffix) != 0)
			continue;
		if (number > (uint64_t)INT64_MAX >> units[i].shift)
			return false;
		*ret_bytes = number << units[i].shift;
		return true;
	}
	return false;
}

/* "GOMEMLIMIT=85MiB". */
static void format_fitting(uint64_t limit_bytes, char fitting[OL_NAME_BYTES]) {
	uint64_t bytes = limit_bytes / 100 * SHARE_PERCENT;
	bool is_small = bytes < 8 * OL_MIB;
	snprintf(fitting, OL_NAME_BYTES, "GOMEMLIMIT=%" PRIu64 "%s",
		bytes / (is_small ? OL_KIB : OL_MIB), is_small ? "KiB" : "MiB");
}

static void advise_limit(
	const struct ol_runtimes_command *command, const char *value, struct ol_advice_list *list) {
	char setting[OL_NAME_BYTES];
	char fitting[OL_NAME_BYTES];
	char cage[OL_UNITS_TEXT_BYTES];
	char left[OL_UNITS_TEXT_BYTES];
	snprintf(setting, sizeof setting, "GOMEMLIMIT=%.48s", value);
	format_fitting(command->limit_bytes, fitting);
	ol_format_bytes(command->limit_bytes, cage);
	uint64_t bytes;
	if (!parse_limit(value, &bytes)) {
		ol_runtimes_say(list, true, setting,
			"is no size that Go reads, and a Go program ends at once with \"malformed "
			"GOMEMLIMIT\": it wants digits with B, KiB, MiB, GiB or nothing behind them. %s fits.",
			fitting);
	} else if (bytes >= command->limit_bytes) {
		ol_runtimes_say(list, true, setting,
			"is not below the cage's %s: the kernel kills before Go begins to collect harder. %s "
			"fits.",
			cage, fitting);
	} else if (bytes > command->limit_bytes / 100 * SHARE_PERCENT_MAX) {
		ol_runtimes_say(list, true, setting,
			"leaves %s of the cage's %s to all that Go does not count: its program file, page "
			"tables, other processes. %s fits.",
			ol_format_bytes(command->limit_bytes - bytes, left), cage, fitting);
	}
}

static bool is_compiling(const struct ol_runtimes_command *command) {
	static const char *const compiling[] = { "run", "build", "test", "install", "vet" };
	const char *verb = command->arguments[0];
	for (size_t i = 0; verb != NULL && i < sizeof compiling / sizeof *compiling; i++) {
		if (strcmp(verb, compiling[i]) == 0)
			return true;
	}
	return false;
}

static void advise_tool(const struct ol_runtimes_command *command, struct ol_advice_list *list) {
	if (!is_compiling(command) || command->limit_bytes >= COMPILER_MIB * OL_MIB)
		return;
	char setting[OL_NAME_BYTES];
	char cage[OL_UNITS_TEXT_BYTES];
	snprintf(setting, sizeof setting, "go %s", command->arguments[0]);
	ol_runtimes_say(list, true, setting,
		"compiles inside the cage of %s, and the compiler alone may need 200 MiB: build the "
		"program outside, then cage what was built.",
		ol_format_bytes(command->limit_bytes, cage));
}

void ol_runtimes_go(const struct ol_runtimes_command *command, struct ol_advice_list *list) {
	bool is_tool = strcmp(command->program, "go") == 0;
	if (is_tool)
		advise_tool(command, list);
	const char *limit = ol_runtimes_variable(command, "GOMEMLIMIT");
	bool has_limit = limit != NULL && limit[0] != '\0' && strcmp(limit, "off") != 0;
	if (has_limit) {
		advise_limit(command, limit, list);
		return;
	}
	const char *growth = ol_runtimes_variable(command, "GOGC");
	char fitting[OL_NAME_BYTES];
	format_fitting(command->limit_bytes, fitting);
	if (growth != NULL && strcmp(growth, "off") == 0)
		ol_runtimes_say(list, true, "GOGC=off",
			"without GOMEMLIMIT: Go never collects, and the kernel kills whatever is garbage. %s "
			"beside it fits.",
			fitting);
	else if (is_tool)
		ol_runtimes_say(list, false, "GOMEMLIMIT",
			"is not set: Go does not know of the cage. %s has it collect harder near the limit (Go "
			"1.19 and later).",
			fitting);
}
