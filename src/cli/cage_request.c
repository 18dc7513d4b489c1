/* cage_request.c -- Reads a command line of oomlab cage and checks every value. */
#include "cli/cage_request.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/command.h"
#include "cli/say.h"
#include "supervisor/plan.h"

#define SAMPLE_PERIOD_NS (10 * OL_NS_PER_MS)
#define GRACE_NS         (5 * OL_NS_PER_S)

const struct ol_cli_option ol_cage_options[] = {
	{ "limit", 'l', "SIZE", "memory the cage may use (32MiB)", true },
	{ "swap", 0, "SIZE", "swap it may use beside (0: none)", true },
	{ "high", 0, "SIZE|N%|off", "throttle above this: memory.high (off)", true },
	{ "address-space", 0, "SIZE|off", "address space of each process: RLIMIT_AS (off)", false },
	{ "timeout", 0, "SECONDS", "end the command after this time (none)", true },
	{ "group", 0, "NAME", "control group to nest the cage in (the lab's choice)", true },
	{ "sample-period", 0, "SECONDS", "between two looks at the usage (10ms)", true },
	{ "watchdog", 0, "N%|SIZE[,every=15s]", "tell it to end before the kernel kills it", true },
	{ "on-limit", 0, "COMMAND", "how it is told: kill -USR1 $OOMLAB_PID (SIGTERM)", false },
	{ "grace", 0, "SECONDS|never", "from telling it to end to SIGKILL (5)", false },
	{ "dump", 0, "DIR|off", "what the watchdog leaves behind, in a directory there (/tmp)", true },
	{ "pid", 0, "PID", "cage a running process: what it touches from now on counts", false },
	{ "keep", 0, NULL, "command and cage live on when the lab is killed", false },
	{ "watch", 'w', NULL, "show usage, peak and limit while it runs", false },
	{ "record", 0, "FILE", "write all that happens to FILE, JSON Lines", false },
	{ "report", 0, "FILE.html", "draw it: one file for a browser", false },
	{ "format", 0, "text|json", "json: the summary on standard output, at the end (text)", false },
	{ "expect", 0, "OUTCOME", "exit 1 unless it ends so, and 0 if it does", false },
	{ "quiet", 'q', NULL, "nothing but the verdict", false },
	{ "help", 'h', NULL, "print this", false },
};
const size_t ol_cage_options_count = sizeof ol_cage_options / sizeof *ol_cage_options;

static int say_bad(const char *name, const char *value, const struct ol_error *error) {
	return ol_say_usage("--%s=%.64s: %s", name, value, error->message);
}

/* No least size as for runs, whose heap reserves address space itself. */
static int take_address_space(struct ol_cage_request *request, const char *value) {
	struct ol_error error;
	request->spec.address_space_bytes = UINT64_MAX;
	if (value == NULL || strcmp(value, "off") == 0)
		return OL_EXIT_DONE;
	if (ol_parse_bytes(value, 0, &request->spec.address_space_bytes, &error) < 0)
		return say_bad("address-space", value, &error);
	return OL_EXIT_DONE;
}

/* What runs have too is checked by the same table. */
static int take_settings(struct ol_cage_request *request, const struct ol_cli_line *line) {
	static struct ol_plan plan; /* Large. */
	struct ol_error error;
	ol_plan_init(&plan);
	for (size_t i = 0; i < line->given_count; i++) {
		const struct ol_cli_given *given = &line->given[i];
		if (given->option->is_setting &&
			ol_plan_set(&plan, given->option->name, given->value, &error) < 0)
			return ol_say_usage("--%s", error.message);
	}
	if (ol_plan_finish(&plan, &error) < 0)
		return ol_say_usage("--%s", error.message);
	const struct ol_run_spec *spec = &plan.spec;
	request->spec = (struct ol_caged_spec){
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
		.timeout_ns = spec->timeout_ns,
		.sample_period_ns = spec->sample_period_ns > 0 ? spec->sample_period_ns : SAMPLE_PERIOD_NS,
		.grace_ns = GRACE_NS,
		.watchdog = spec->watchdog,
	};
	memcpy(request->dump_parent, spec->dump_parent, sizeof spec->dump_parent);
	memcpy(request->spec.parent_group, spec->parent_group, sizeof spec->parent_group);
	return take_address_space(request, ol_cli_value(line, "address-space"));
}

static int take_watchdog(struct ol_cage_request *request, const struct ol_cli_line *line) {
	struct ol_caged_spec *spec = &request->spec;
	const char *on_limit = ol_cli_value(line, "on-limit");
	const char *grace = ol_cli_value(line, "grace");
	struct ol_error error;
	if (on_limit != NULL && !spec->watchdog.is_on)
		return ol_say_usage("--on-limit says what a watchdog does; add --watchdog=90%%");
	if (request->dump_parent[0] != '\0' && !spec->watchdog.is_on)
		return ol_say_usage("--dump is what a watchdog leaves behind; add --watchdog=90%%");
	if (on_limit != NULL && (*on_limit == '\0' || strlen(on_limit) >= sizeof spec->on_limit))
		return ol_say_usage(
			"--on-limit: expected a shell command of 1 to %zu bytes", sizeof spec->on_limit - 1);
	snprintf(spec->on_limit, sizeof spec->on_limit, "%s", on_limit != NULL ? on_limit : "");
	if (grace != NULL && strcmp(grace, "never") == 0)
		spec->grace_ns = UINT64_MAX;
	else if (grace != NULL && ol_parse_duration(grace, &spec->grace_ns, &error) < 0)
		return say_bad("grace", grace, &error);
	return OL_EXIT_DONE;
}

static int take_pid(struct ol_cage_request *request, const char *value) {
	int64_t pid;
	struct ol_error error;
	if (value == NULL)
		return OL_EXIT_DONE;
	if (ol_parse_integer(value, 1, INT32_MAX, &pid, &error) < 0)
		return say_bad("pid", value, &error);
	request->spec.adopted_pid = (int32_t)pid;
	if (request->command[0] != NULL)
		return ol_say_usage(
			"--pid cages a process that runs already, and '%.64s' is a command; it is one or the "
			"other",
			request->command[0]);
	if (request->spec.address_space_bytes != UINT64_MAX)
		return ol_say_usage("--address-space works on a command that is started, not with --pid");
	if (request->spec.is_kept)
		return ol_say_usage("--keep: a process caged by --pid always lives on");
	return OL_EXIT_DONE;
}

static int take_output(struct ol_cage_request *request, const struct ol_cli_line *line) {
	const char *format = ol_cli_value(line, "format");
	if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return ol_say_usage("--format=%.64s: expected text or json", format);
	request->is_json = format != NULL && strcmp(format, "json") == 0;
	request->is_quiet = ol_cli_value(line, "quiet") != NULL;
	request->is_watched = ol_cli_value(line, "watch") != NULL;
	request->record_path = ol_cli_value(line, "record");
	request->report_path = ol_cli_value(line, "report");
	if (request->record_path != NULL && *request->record_path == '\0')
		return ol_say_usage("--record=: expected the name of a file");
	if (request->report_path != NULL && *request->report_path == '\0')
		return ol_say_usage("--report=: expected the name of a file");
	const char *expect = ol_cli_value(line, "expect");
	if (expect == NULL)
		return OL_EXIT_DONE;
	request->has_expectation = true;
	return ol_cli_take_outcome(expect, &request->expectation);
}

/* The command as people read it: its words with spaces between, cut. */
static void join_command(struct ol_cage_request *request) {
	char *text = request->spec.command;
	size_t used = 0;
	for (char *const *word = request->command; *word != NULL; word++) {
		int length = snprintf(text + used, OL_COMMAND_BYTES - used, "%s%s",
			word != request->command ? " " : "", *word);
		used += (size_t)length;
		if (used >= OL_COMMAND_BYTES)
			return;
	}
}

int ol_cage_request_parse(struct ol_cage_request *request, int argc, char **argv) {
	static struct ol_cli_line line; /* Large. */
	struct ol_cli_table table;
	struct ol_error error;
	char **command;
	*request = (struct ol_cage_request){ 0 };
	ol_cli_table_init(&table, ol_cage_options, ol_cage_options_count, false);
	if (ol_cli_parse_before_command(argc, argv, &table, &line, &command, &error) < 0)
		return ol_say_usage("cage: %s", error.message);
	request->command = command;
	request->is_help = ol_cli_value(&line, "help") != NULL;
	if (request->is_help)
		return OL_EXIT_DONE;
	int status = take_settings(request, &line);
	request->spec.is_kept = ol_cli_value(&line, "keep") != NULL;
	if (status == OL_EXIT_DONE)
		status = take_watchdog(request, &line);
	if (status == OL_EXIT_DONE)
		status = take_pid(request, ol_cli_value(&line, "pid"));
	if (status == OL_EXIT_DONE)
		status = take_output(request, &line);
	if (status != OL_EXIT_DONE)
		return status;
	if (request->command[0] == NULL && request->spec.adopted_pid == 0)
		return ol_say_usage(
			"cage: which command? for example: oomlab cage --limit=100MB -- python3 job.py");
	join_command(request);
	return OL_EXIT_DONE;
}
