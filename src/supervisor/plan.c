/* plan.c -- A run's settings, by name and text. */
#include "supervisor/plan.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "watchdog/watchdog.h"

static const uint64_t limit_default_bytes = 32 * OL_MIB;
static const uint64_t script_memory_default_bytes = 64 * OL_MIB;
/* A cage is never smaller: less than one page can hold nothing. */
static const uint64_t script_memory_minimum_bytes = 256 * OL_KIB;
static const uint64_t address_space_minimum_bytes = 192 * OL_MIB;
static const uint64_t bytes_unset = UINT64_MAX;

typedef int (*set_function)(struct ol_plan *plan, const char *text, struct ol_error *error);

static int set_limit(struct ol_plan *plan, const char *text, struct ol_error *error) {
	uint64_t bytes;
	int result = ol_parse_bytes(text, 0, &bytes, error);
	if (result < 0)
		return result;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (bytes < page_bytes)
		return ol_error_set(error, -ERANGE,
			"'%.64s' is less than one page; expected at least %llu bytes", text,
			(unsigned long long)page_bytes);
	plan->spec.limit_bytes = bytes;
	return 0;
}

static int set_swap(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return ol_parse_bytes(text, 0, &plan->spec.swap_bytes, error);
}

/* A size, or a share that waits for the limit; "off" where the setting knows it. */
static int set_share(const char *text, uint64_t off_bytes, uint64_t *ret_bytes, double *ret_percent,
	struct ol_error *error) {
	if (strcmp(text, "off") == 0) {
		*ret_bytes = off_bytes;
		*ret_percent = 0;
		return 0;
	}
	/* Any large whole will do to check a share; what it is a share of is known at the end. */
	uint64_t bytes;
	int result = ol_parse_bytes(text, OL_TIB, &bytes, error);
	if (result < 0)
		return result;
	*ret_percent = strchr(text, '%') != NULL ? strtod(text, NULL) : 0;
	if (bytes == 0)
		return ol_error_set(
			error, -ERANGE, "'%.64s' leaves nothing; expected more than 0, or off", text);
	*ret_bytes = bytes;
	return 0;
}

static int set_high(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return set_share(text, bytes_unset, &plan->spec.high_bytes, &plan->high_percent, error);
}

static int set_parent_limit(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return set_share(
		text, bytes_unset, &plan->spec.parent_limit_bytes, &plan->parent_limit_percent, error);
}

static int set_memlimit(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return set_share(text, OL_MEMORY_LIMIT_OFF, &plan->spec.memory_limit_bytes,
		&plan->memory_limit_percent, error);
}

static int set_address_space(struct ol_plan *plan, const char *text, struct ol_error *error) {
	if (strcmp(text, "off") == 0) {
		plan->spec.address_space_bytes = bytes_unset;
		return 0;
	}
	uint64_t bytes;
	int result = ol_parse_bytes(text, 0, &bytes, error);
	if (result < 0)
		return result;
	if (bytes < address_space_minimum_bytes)
		return ol_error_set(error, -ERANGE,
			"'%.64s' is too little: the heap alone reserves an arena of 64 MiB and its tables; "
			"expected at least 192MiB",
			text);
	plan->spec.address_space_bytes = bytes;
	return 0;
}

static int set_watchdog(struct ol_plan *plan, const char *text, struct ol_error *error) {
	struct ol_watchdog_spec spec = { 0 };
	bool is_off = strcmp(text, "off") == 0;
	/* What a share is of, and what no threshold is above, is known at the end. */
	int result = is_off ? 0 : ol_watchdog_parse(text, INT64_MAX, &spec, error);
	if (result < 0)
		return result;
	snprintf(plan->watchdog, sizeof plan->watchdog, "%s", is_off ? "" : text);
	return 0;
}

static int set_dump(struct ol_plan *plan, const char *text, struct ol_error *error) {
	struct stat status;
	bool is_off = strcmp(text, "off") == 0;
	if (strlen(text) >= sizeof plan->spec.dump_parent)
		return ol_error_set(error, -EINVAL, "expected a directory of up to %zu bytes, or off",
			sizeof plan->spec.dump_parent - 1);
	if (!is_off && stat(text, &status) < 0)
		return ol_error_set_errno(error, -errno, "expected a directory that exists, or off");
	if (!is_off && !S_ISDIR(status.st_mode))
		return ol_error_set(error, -ENOTDIR, "'%.64s' is no directory; expected one, or off", text);
	snprintf(plan->spec.dump_parent, sizeof plan->spec.dump_parent, "%s", is_off ? "" : text);
	plan->has_dump = true;
	return 0;
}

static int set_gogc(struct ol_plan *plan, const char *text, struct ol_error *error) {
	if (strcmp(text, "off") == 0) {
		plan->spec.gogc = OL_GOGC_OFF;
		return 0;
	}
	int64_t percent;
	if (ol_parse_integer(text, 0, 1000000, &percent, NULL) < 0)
		return ol_error_set(error, -EINVAL,
			"'%.64s' is no GOGC; expected a percentage from 0 to 1000000, or off", text);
	plan->spec.gogc = (int32_t)percent;
	return 0;
}

/* Settings that are one of a few names; the lists grow with what is built. */
static const struct {
	const char *setting;
	const char *const *names;
} choices[] = {
	{ "rules", (const char *const[]){ "go1.16", "go1.19", "go1.21", NULL } },
	{ "collector", (const char *const[]){ "stw", "incremental", "concurrent", NULL } },
	{ "world", (const char *const[]){ "real", "pretend", NULL } },
};

const char *const *ol_plan_choices(const char *setting) {
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		if (strcmp(setting, choices[i].setting) == 0)
			return choices[i].names;
	}
	return NULL;
}

static int set_choice(
	const char *setting, const char *text, char name[OL_NAME_BYTES], struct ol_error *error) {
	char list[256] = "";
	const char *const *names = ol_plan_choices(setting);
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0) {
			snprintf(name, OL_NAME_BYTES, "%s", text);
			return 0;
		}
		size_t length = strlen(list);
		snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	return ol_error_set(error, -EINVAL, "'%.64s' is not known here; expected %s", text, list);
}

#define SET_CHOICE(setting) \
	static int set_##setting(struct ol_plan *plan, const char *text, struct ol_error *error) { \
		return set_choice(#setting, text, plan->spec.setting, error); \
	}
SET_CHOICE(rules)
SET_CHOICE(collector)
SET_CHOICE(world)

/* Small letters, digits, - and _. */
static bool is_policy_name(const char *name, size_t length) {
	return length > 0 && length < OL_NAME_BYTES && name[0] >= 'a' && name[0] <= 'z' &&
		   strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") >= length;
}

/* Where NAME or FILE.lua ends and ":ARGUMENT" begins, or the text ends. */
static size_t policy_name_length(const char *text) {
	static const char suffix[] = ".lua";
	const char *file_end = strstr(text, ".lua:");
	size_t length = strlen(text);
	if (file_end != NULL)
		return (size_t)(file_end - text) + sizeof suffix - 1;
	if (length >= sizeof suffix - 1 && strcmp(text + length - sizeof suffix + 1, suffix) == 0)
		return length;
	return strcspn(text, ":");
}

/* NAME[:ARGUMENT] or FILE[:ARGUMENT]; which policies there are is not known here. */
static int set_policy(struct ol_plan *plan, const char *text, struct ol_error *error) {
	struct ol_run_spec *spec = &plan->spec;
	size_t length = policy_name_length(text);
	const char *argument = text + length + (text[length] == ':');
	bool is_file = memchr(text, '/', length) != NULL ||
				   (length > 4 && memcmp(text + length - 4, ".lua", 4) == 0);
	if (is_file ? length >= sizeof spec->policy_path : !is_policy_name(text, length))
		return ol_error_set(error, -EINVAL,
			"'%.64s' is no policy; expected NAME or FILE.lua, and perhaps :ARGUMENT", text);
	if (strlen(argument) >= sizeof spec->policy_argument)
		return ol_error_set(error, -EINVAL, "'%.64s...': a policy's argument has at most %zu bytes",
			argument, sizeof spec->policy_argument - 1);
	snprintf(spec->policy_argument, sizeof spec->policy_argument, "%s", argument);
	snprintf(spec->policy_path, sizeof spec->policy_path, "%.*s", is_file ? (int)length : 0, text);
	if (is_file) {
		const char *slash = memrchr(text, '/', length);
		size_t skipped = slash != NULL ? (size_t)(slash - text) + 1 : 0;
		text += skipped;
		length -= skipped;
		if (length > 4 && memcmp(text + length - 4, ".lua", 4) == 0)
			length -= 4;
	}
	snprintf(spec->policy, sizeof spec->policy, "%.*s", (int)length, text);
	return 0;
}

static int set_flag(const char *text, uint32_t *ret_flag, struct ol_error *error) {
	if (*text == '\0' || strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		*ret_flag = 1;
	else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		*ret_flag = 0;
	else
		return ol_error_set(error, -EINVAL, "'%.64s' is neither true nor false", text);
	return 0;
}

static int set_huge_pages(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return set_flag(text, &plan->spec.has_huge_pages, error);
}

static int set_stress(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return set_flag(text, &plan->spec.is_stress, error);
}

static int set_trigger_test(struct ol_plan *plan, const char *text, struct ol_error *error) {
	if (strcmp(text, "after") == 0)
		plan->spec.is_trigger_before_mapping = 0;
	else if (strcmp(text, "before") == 0)
		plan->spec.is_trigger_before_mapping = 1;
	else
		return ol_error_set(error, -EINVAL,
			"'%.64s' is no time to test the trigger; expected after or before", text);
	return 0;
}

static int set_seed(struct ol_plan *plan, const char *text, struct ol_error *error) {
	int64_t seed;
	int result = ol_parse_integer(text, 0, INT64_MAX, &seed, error);
	if (result == 0)
		plan->spec.seed = (uint64_t)seed;
	return result;
}

static int set_timeout(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return ol_parse_duration(text, &plan->spec.timeout_ns, error);
}

static int set_sample_period(struct ol_plan *plan, const char *text, struct ol_error *error) {
	uint64_t period_ns;
	int result = ol_parse_duration(text, &period_ns, error);
	if (result < 0)
		return result;
	if (period_ns < 100 * OL_NS_PER_US)
		return ol_error_set(error, -ERANGE, "'%.64s' is too often; expected at least 100us", text);
	plan->spec.sample_period_ns = period_ns;
	return 0;
}

static int set_group(struct ol_plan *plan, const char *text, struct ol_error *error) {
	if (*text == '\0' || strlen(text) >= sizeof plan->spec.parent_group)
		return ol_error_set(error, -EINVAL,
			"expected the name of a control group of up to %zu bytes",
			sizeof plan->spec.parent_group - 1);
	snprintf(plan->spec.parent_group, sizeof plan->spec.parent_group, "%s", text);
	return 0;
}

static int set_script_memory(struct ol_plan *plan, const char *text, struct ol_error *error) {
	uint64_t bytes;
	int result = ol_parse_bytes(text, 0, &bytes, error);
	if (result < 0)
		return result;
	if (bytes < script_memory_minimum_bytes)
		return ol_error_set(
			error, -ERANGE, "'%.64s' is too little for Lua; expected at least 256KiB", text);
	plan->spec.script_memory_bytes_max = bytes;
	return 0;
}

static int set_trusted(struct ol_plan *plan, const char *text, struct ol_error *error) {
	return set_flag(text, &plan->spec.is_trusted, error);
}

static int set_instruction_limit(struct ol_plan *plan, const char *text, struct ol_error *error) {
	int64_t count;
	int result = ol_parse_integer(text, 0, INT64_MAX, &count, error);
	if (result == 0)
		plan->spec.instructions_max = (uint64_t)count;
	return result;
}

static int set_fail_request(struct ol_plan *plan, const char *text, struct ol_error *error) {
	int64_t number;
	int result = ol_parse_integer(text, 0, UINT32_MAX, &number, error);
	if (result == 0)
		plan->spec.fail_memory_request = (uint32_t)number;
	return result;
}

const struct ol_setting ol_settings[] = {
	{ "limit", 'l', "SIZE", "memory the cage may use (32MiB)" },
	{ "swap", 0, "SIZE", "swap it may use beside (0: none)" },
	{ "high", 0, "SIZE|N%|off", "throttle above this: memory.high (off)" },
	{ "parent-limit", 0, "SIZE|N%|off", "of a group that the cage stands in (off)" },
	{ "address-space", 0, "SIZE|off", "address space it may map: RLIMIT_AS (off)" },
	{ "gogc", 0, "N|off", "percent the heap may grow before it is collected (100)" },
	{ "memlimit", 0, "SIZE|N%|off", "the collector's own limit, as GOMEMLIMIT (off)" },
	{ "rules", 0, "RULES", "whose pacer: go1.16, go1.19 or go1.21 (go1.19)" },
	{ "policy", 0, "NAME|FILE", "who decides when to collect; NAME:ARGUMENT (go)" },
	{ "collector", 0, "MODE", "how it collects: stw, incremental or concurrent (stw)" },
	{ "trigger-test", 0, "WHEN", "after an allocation was served, as Go, or before (after)" },
	{ "world", 0, "WORLD", "real: the kernel's own kill; pretend: any size (real)" },
	{ "huge-pages", 0, NULL, "ask for transparent huge pages" },
	{ "stress", 0, NULL, "collect at every allocation" },
	{ "seed", 0, "N", "of everything random in the run (1)" },
	{ "watchdog", 0, "N%|SIZE|off", "end it in good order there: 90%,every=15s (off)" },
	{ "dump", 0, "DIR|off", "what it leaves behind then (off; with a watchdog TMPDIR)" },
	{ "timeout", 0, "SECONDS", "end the run after this time (none)" },
	{ "sample-period", 0, "SECONDS", "between two samples of the record (10ms)" },
	{ "group", 0, "NAME", "control group to nest the cage in (the lab's choice)" },
	{ "script-memory", 0, "SIZE", "what the script itself may hold (a quarter of the limit)" },
	{ "instruction-limit", 0, "N", "Lua instructions the program may take (0: no end)" },
	{ "trusted", 0, NULL, "the script may use io, os, debug, load and any file" },
	{ "fail-memory-request", 0, "N",
		"refuse the Nth request for memory, to see the end (0: none)" },
};

static const set_function set_functions[] = {
	set_limit,
	set_swap,
	set_high,
	set_parent_limit,
	set_address_space,
	set_gogc,
	set_memlimit,
	set_rules,
	set_policy,
	set_collector,
	set_trigger_test,
	set_world,
	set_huge_pages,
	set_stress,
	set_seed,
	set_watchdog,
	set_dump,
	set_timeout,
	set_sample_period,
	set_group,
	set_script_memory,
	set_instruction_limit,
	set_trusted,
	set_fail_request,
};

const size_t ol_settings_count = sizeof ol_settings / sizeof *ol_settings;
static_assert(
	sizeof ol_settings / sizeof *ol_settings == sizeof set_functions / sizeof *set_functions,
	"one function a setting");

void ol_plan_init(struct ol_plan *plan) {
	*plan = (struct ol_plan){
		.spec = {
			.spec_bytes = sizeof plan->spec,
			.policy = "go",
			.rules = "go1.19",
			.collector = "stw",
			.world = "real",
			.limit_bytes = limit_default_bytes,
			.high_bytes = bytes_unset,
			.parent_limit_bytes = bytes_unset,
			.address_space_bytes = bytes_unset,
			.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
			.seed = 1,
			.gogc = 100,
		},
	};
}

int ol_plan_set(struct ol_plan *plan, const char *name, const char *text, struct ol_error *error) {
	for (size_t i = 0; i < ol_settings_count; i++) {
		if (strcmp(name, ol_settings[i].name) != 0)
			continue;
		struct ol_error reason;
		int result = set_functions[i](plan, text, &reason);
		if (result < 0)
			return ol_error_set(error, result, "%s=%.64s: %s", name, text, reason.message);
		return 0;
	}
	return ol_error_set(error, -ENOENT, "there is no setting '%.64s'", name);
}

bool ol_plan_is_users(const char *name) {
	return strcmp(name, "trusted") == 0;
}

int ol_plan_set_environment(struct ol_plan *plan, struct ol_error *error) {
	struct ol_error reason;
	const char *gogc = getenv("GOGC");
	if (gogc != NULL && *gogc != '\0' && set_gogc(plan, gogc, &reason) < 0)
		return ol_error_set(error, -EINVAL, "GOGC in the environment: %s", reason.message);
	const char *limit = getenv("GOMEMLIMIT");
	if (limit == NULL || *limit == '\0')
		return 0;
	/* Go knows these here, and no shares. */
	static const char *const suffixes[] = { "", "B", "KiB", "MiB", "GiB", "TiB" };
	size_t digits = strspn(limit, "0123456789");
	bool is_known = false;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		is_known |= digits > 0 && strcmp(limit + digits, suffixes[i]) == 0;
	if (strcmp(limit, "off") != 0 && !is_known)
		return ol_error_set(error, -EINVAL,
			"GOMEMLIMIT in the environment: '%.64s' is malformed; expected a whole number of "
			"bytes, alone or with B, KiB, MiB, GiB or TiB, or off",
			limit);
	if (set_memlimit(plan, limit, &reason) < 0)
		return ol_error_set(error, -EINVAL, "GOMEMLIMIT in the environment: %s", reason.message);
	return 0;
}

static uint64_t share_of(uint64_t whole_bytes, double percent) {
	return (uint64_t)((double)whole_bytes * percent / 100);
}

static int check_world(const struct ol_plan *plan, struct ol_error *error) {
	const struct ol_run_spec *spec = &plan->spec;
	if (!ol_world_name_is_pretend(spec->world))
		return 0;
	if (strcmp(spec->collector, "concurrent") == 0)
		return ol_error_set(error, -EINVAL,
			"collector=concurrent: its threads race, and the pretend world runs the same each "
			"time; take incremental, or world=real");
	if (spec->parent_group[0] != '\0')
		return ol_error_set(error, -EINVAL,
			"group=%.64s: the pretend world has no control groups; world=real has",
			spec->parent_group);
	if (spec->has_huge_pages)
		return ol_error_set(
			error, -EINVAL, "huge-pages: the pretend world has none; world=real may have");
	if (plan->has_dump && spec->dump_parent[0] != '\0')
		return ol_error_set(error, -EINVAL,
			"dump=%.64s: a pretend run has no process that could leave one; world=real has",
			spec->dump_parent);
	return 0;
}

/* What it leaves behind goes where temporary files go. */
static int finish_watchdog(struct ol_plan *plan, struct ol_error *error) {
	struct ol_run_spec *spec = &plan->spec;
	const char *directory = getenv("TMPDIR");
	struct ol_error reason;
	if (plan->watchdog[0] == '\0') {
		spec->wants_profile = spec->dump_parent[0] != '\0';
		return 0;
	}
	int result = ol_watchdog_parse(plan->watchdog, spec->limit_bytes, &spec->watchdog, &reason);
	if (result < 0)
		return ol_error_set(
			error, result, "watchdog=%.64s: %.600s", plan->watchdog, reason.message);
	/* A pretend run has no process that could leave one, and says the same each time. */
	if (!plan->has_dump && !ol_world_name_is_pretend(spec->world)) {
		bool is_usable =
			directory != NULL && *directory != '\0' && strlen(directory) < sizeof spec->dump_parent;
		snprintf(spec->dump_parent, sizeof spec->dump_parent, "%s", is_usable ? directory : "/tmp");
	}
	spec->wants_profile = spec->dump_parent[0] != '\0';
	return 0;
}

int ol_plan_finish(struct ol_plan *plan, struct ol_error *error) {
	struct ol_run_spec *spec = &plan->spec;
	if (plan->memory_limit_percent > 0)
		spec->memory_limit_bytes = share_of(spec->limit_bytes, plan->memory_limit_percent);
	if (plan->high_percent > 0)
		spec->high_bytes = share_of(spec->limit_bytes, plan->high_percent);
	if (plan->parent_limit_percent > 0)
		spec->parent_limit_bytes = share_of(spec->limit_bytes, plan->parent_limit_percent);
	if (spec->parent_limit_bytes < (uint64_t)sysconf(_SC_PAGESIZE))
		return ol_error_set(error, -ERANGE,
			"parent-limit: %" PRIu64
			" bytes are less than one page, the least that a group can hold",
			spec->parent_limit_bytes);
	if (spec->script_memory_bytes_max == 0) {
		uint64_t bytes = spec->limit_bytes / 4;
		if (bytes > script_memory_default_bytes)
			bytes = script_memory_default_bytes;
		if (bytes < script_memory_minimum_bytes)
			bytes = script_memory_minimum_bytes;
		spec->script_memory_bytes_max = bytes;
	}
	int result = check_world(plan, error);
	if (result == 0)
		result = finish_watchdog(plan, error);
	if (result < 0)
		return result;
	if (strcmp(spec->rules, "go1.16") == 0 && spec->memory_limit_bytes != OL_MEMORY_LIMIT_OFF)
		return ol_error_set(error, -EINVAL,
			"memlimit: go1.16 has no memory limit; it came with go1.19: --rules=go1.19");
	if (spec->swap_bytes > INT64_MAX - spec->limit_bytes)
		return ol_error_set(error, -ERANGE, "limit and swap together are out of range");
	return 0;
}
