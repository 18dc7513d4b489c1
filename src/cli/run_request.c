/* run_request.c -- Reads a command line of oomlab run, finds the script, and checks every value. */
#include "cli/run_request.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/script_handle.h"

static const int64_t repeat_count_max = 100000;

static const struct ol_cli_option run_options[] = {
	{ "repeat", 'r', "N", "run N times; tell how often each outcome (1)", false },
	{ "record", 0, "FILE", "write all that happens to FILE, JSON Lines", false },
	{ "report", 0, "FILE", "draw it: FILE.html, .svg, .png or .txt", false },
	{ "format", 0, "text|json|gctrace", "what standard output gets (text)", false },
	{ "expect", 0, "OUTCOME", "exit 1 unless the run ends so", false },
	{ "quiet", 'q', NULL, "nothing but the verdict", false },
	{ "help", 'h', NULL, "print this, with the script's own options", false },
};
const struct ol_run_form ol_run_form = {
	run_options,
	sizeof run_options / sizeof *run_options,
	"spike",
	NULL,
};

/* Dashes stand for underscores, as in lua/lab/options.lua. */
static bool is_name_of(const struct ol_option *option, const char *given_name) {
	const char *name = option->value.name;
	for (; *name != '\0' && *given_name != '\0'; name++, given_name++)
		if (*name != (*given_name == '-' ? '_' : *given_name))
			return false;
	return *name == *given_name;
}

/* NULL: none. "no-NAME" finds the boolean that it switches off. */
static const struct ol_option *find_script_option(
	const struct ol_script *script, const char *name) {
	size_t count;
	const struct ol_option *options = ol_script_options(script, &count);
	for (size_t i = 0; i < count; i++) {
		if (is_name_of(&options[i], name))
			return &options[i];
	}
	for (size_t i = 0; i < count && strncmp(name, "no-", 3) == 0; i++) {
		if (options[i].value.type == OL_OPTION_BOOLEAN && is_name_of(&options[i], name + 3))
			return &options[i];
	}
	return NULL;
}

static int say_unknown(const struct ol_run_request *request, const char *written) {
	const char *bare = written + strspn(written, "-");
	if (strcmp(bare, "interactive") == 0)
		return ol_say_usage("the interactive mode is a command: oomlab serve");
	struct ol_error error;
	ol_cli_error_unknown(&request->table, request->script, written, &error);
	return ol_say_usage("%s", error.message);
}

/* The only word stands behind an option that is not ours: "--gc mine", "--bytes 10M". The default
 * script's own options decide whether it is a value or names another script. */
static int open_by_loose_word(struct ol_run_request *request) {
	int status = ol_open_script(request->form->script, &request->script);
	if (status != OL_EXIT_DONE)
		return status;
	const struct ol_cli_given *given = request->line.given;
	while (given->loose_word != 0)
		given++;
	const struct ol_option *option = find_script_option(request->script, given->name);
	if (option != NULL && option->value.type != OL_OPTION_BOOLEAN)
		return OL_EXIT_DONE;
	struct ol_script_failure failure = { "" };
	struct ol_error error;
	struct ol_script *script;
	const char *name = request->line.words[0];
	int result = ol_script_open(name, &script, &failure, &error);
	if (result == -ENOENT && option == NULL)
		return say_unknown(request, given->written);
	if (result < 0)
		return ol_script_status(result, &failure, &error);
	ol_script_close(request->script);
	request->script = script;
	ol_cli_remove_word(&request->line, 0);
	return OL_EXIT_DONE;
}

static int open_own_script(struct ol_run_request *request) {
	const struct ol_run_form *form = request->form;
	struct ol_script_failure failure = { "" };
	struct ol_error error;
	if (request->line.word_count > 0 && !request->line.is_loose[0])
		return ol_say_usage(
			"unexpected argument '%.64s'; there is no script here", request->line.words[0]);
	int result = ol_script_open_text(form->script, form->text, &request->script, &failure, &error);
	return result < 0 ? ol_script_status(result, &failure, &error) : OL_EXIT_DONE;
}

static int open_script(struct ol_run_request *request) {
	struct ol_cli_line *line = &request->line;
	if (request->form->text != NULL)
		return open_own_script(request);
	for (size_t i = 0; i < line->word_count; i++) {
		if (line->is_loose[i])
			continue;
		const char *name = line->words[i];
		ol_cli_remove_word(line, i);
		return ol_open_script(name, &request->script);
	}
	if (line->word_count > 0)
		return open_by_loose_word(request);
	return ol_open_script(request->form->script, &request->script);
}

static int say_bad_value(const char *name, const char *value, const struct ol_error *error) {
	size_t name_bytes = strlen(name);
	/* Some messages name the option and its value themselves. */
	if (strncmp(error->message, name, name_bytes) == 0 && error->message[name_bytes] == '=')
		return ol_say_usage("--%s", error->message);
	if (value == NULL)
		return ol_say_usage("--%s: %s", name, error->message);
	return ol_say_usage("--%s=%.64s: %s", name, value, error->message);
}

static int set_script_options(struct ol_run_request *request) {
	for (size_t i = 0; i < request->line.given_count; i++) {
		struct ol_cli_given *given = &request->line.given[i];
		if (given->option != NULL)
			continue;
		const struct ol_option *option = find_script_option(request->script, given->name);
		if (option == NULL)
			return say_unknown(request, given->written);
		const char *value =
			ol_cli_take_value(&request->line, given, option->value.type != OL_OPTION_BOOLEAN);
		struct ol_error error;
		int result = ol_script_set_option(request->script, given->name, value, &error);
		if (result < 0)
			return say_bad_value(given->name, value, &error);
	}
	if (request->line.word_count > 0)
		return ol_say_usage(
			"unexpected argument '%.64s'; a run has one script", request->line.words[0]);
	return OL_EXIT_DONE;
}

static int parse_format(const char *name, enum ol_run_format *ret_format) {
	static const char *const names[] = {
		[OL_RUN_TEXT] = "text",
		[OL_RUN_JSON] = "json",
		[OL_RUN_GCTRACE] = "gctrace",
	};
	int index = ol_name_index(names, sizeof names / sizeof *names, name);
	if (index >= 0)
		*ret_format = (enum ol_run_format)index;
	return index < 0 ? index : 0;
}

static int parse_own(struct ol_run_request *request) {
	const struct ol_cli_line *line = &request->line;
	struct ol_error error;
	request->repeat_count = 1;
	const char *repeat = ol_cli_value(line, "repeat");
	request->is_repeat_given = repeat != NULL;
	if (repeat != NULL &&
		ol_parse_integer(repeat, 1, repeat_count_max, &request->repeat_count, &error) < 0)
		return say_bad_value("repeat", repeat, &error);
	const char *format = ol_cli_value(line, "format");
	if (format != NULL && parse_format(format, &request->format) < 0)
		return ol_say_usage("--format=%.64s: expected text, json or gctrace", format);
	request->record_path = ol_cli_value(line, "record");
	if (request->record_path != NULL && *request->record_path == '\0')
		return ol_say_usage("--record=: expected the name of a file");
	const char *report_path = ol_cli_value(line, "report");
	if (report_path != NULL &&
		ol_report_output_init(NULL, report_path, &request->report, &error) < 0)
		return ol_say_usage("--report: %s", error.message);
	request->is_quiet = ol_cli_value(line, "quiet") != NULL;
	const char *expect = ol_cli_value(line, "expect");
	if (expect == NULL)
		return OL_EXIT_DONE;
	request->has_expectation = true;
	return ol_cli_take_outcome(expect, &request->expectation);
}

int ol_run_request_apply_settings(
	const struct ol_run_request *request, struct ol_plan *plan, struct ol_error *error) {
	return ol_cli_apply_settings(&request->line, plan, error);
}

int ol_cli_apply_settings(
	const struct ol_cli_line *line, struct ol_plan *plan, struct ol_error *error) {
	int result = ol_plan_set_environment(plan, error);
	for (size_t i = 0; i < line->given_count && result == 0; i++) {
		const struct ol_cli_given *given = &line->given[i];
		if (given->option == NULL || !given->option->is_setting)
			continue;
		struct ol_error reason;
		const char *value = given->value != NULL ? given->value : "";
		result = ol_plan_set(plan, given->option->name, value, &reason);
		if (result < 0)
			ol_error_set(error, result, "--%s", reason.message);
	}
	return result;
}

static int say_bad_policy(const struct ol_run_request *request, int result,
	const struct ol_script_failure *failure, const struct ol_error *error) {
	const char *value = ol_cli_value(&request->line, "policy");
	if (result == -EBADMSG)
		return ol_script_status(result, failure, error);
	/* What the scenario itself names was found when it was loaded. */
	if (value == NULL)
		value = request->plan.spec.policy;
	struct ol_error whole;
	ol_error_set(&whole, result, "--policy=%.64s: %s", value, error->message);
	return ol_script_status(result, failure, &whole);
}

/* Whoever is to decide in the run, found and loaded before any cage is made. */
static int open_policy(struct ol_run_request *request) {
	struct ol_script_failure failure = { "" };
	struct ol_error error;
	struct ol_run_spec *spec = &request->plan.spec;
	int result = ol_script_policy_open(spec, &request->policy, &failure, &error);
	if (result == 0 && ol_script_kind(request->script) == OL_SCRIPT_SCENARIO)
		result = ol_script_policy_fill(request->policy, spec, &error);
	return result < 0 ? say_bad_policy(request, result, &failure, &error) : OL_EXIT_DONE;
}

/* Defaults, then the scenario's own settings, the environment's, the command line's. */
static int make_plan(struct ol_run_request *request) {
	bool is_scenario = ol_script_kind(request->script) == OL_SCRIPT_SCENARIO;
	struct ol_error error;
	ol_plan_init(&request->plan);
	if (is_scenario && ol_script_plan(request->script, &request->plan, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_SCRIPT;
	}
	if (ol_run_request_apply_settings(request, &request->plan, &error) < 0)
		return ol_say_usage("%s", error.message);
	/* An experiment's settings were only checked: they are applied to each of its runs. */
	if (!is_scenario)
		return open_policy(request);
	request->draft = request->plan;
	if (ol_plan_finish(&request->plan, &error) < 0 ||
		ol_script_fill(request->script, &request->plan.spec, &error) < 0)
		return ol_say_usage("%s", error.message);
	return open_policy(request);
}

/* An experiment makes runs of its own; what it does with them is its own affair. */
static int check_experiment(const struct ol_run_request *request) {
	static const char *const of_one_run[] = { "repeat", "record", "report", "format", "expect",
		"dump" };
	if (ol_script_kind(request->script) != OL_SCRIPT_EXPERIMENT)
		return OL_EXIT_DONE;
	for (size_t i = 0; i < sizeof of_one_run / sizeof *of_one_run; i++) {
		if (ol_cli_value(&request->line, of_one_run[i]) != NULL)
			return ol_say_usage("--%s is for a scenario, and %s is an experiment: it makes runs of "
								"its own",
				of_one_run[i], ol_script_name(request->script));
	}
	return OL_EXIT_DONE;
}

int ol_run_request_parse(
	struct ol_run_request *request, const struct ol_run_form *form, int argc, char **argv) {
	*request = (struct ol_run_request){ .format = OL_RUN_TEXT, .form = form };
	ol_cli_table_init(&request->table, form->options, form->option_count, true);
	struct ol_error error;
	if (ol_cli_parse(argc, argv, &request->table, &request->line, &error) < 0)
		return ol_say_usage("%s", error.message);
	ol_take_trust(&request->line);
	request->is_help = ol_cli_value(&request->line, "help") != NULL;
	int status = request->is_help ? OL_EXIT_DONE : parse_own(request);
	if (status == OL_EXIT_DONE)
		status = open_script(request);
	if (status != OL_EXIT_DONE || request->is_help)
		return status;
	status = set_script_options(request);
	if (status == OL_EXIT_DONE)
		status = check_experiment(request);
	return status == OL_EXIT_DONE ? make_plan(request) : status;
}

void ol_run_request_finish(struct ol_run_request *request) {
	ol_script_policy_close(request->policy);
	ol_script_close(request->script);
}

void ol_run_request_print_settings(void) {
	struct ol_cli_table table;
	puts("\nsettings of the run:");
	ol_cli_table_init(&table, NULL, 0, true);
	ol_cli_print_options(table.options, table.count);
}

void ol_run_request_print_script(const struct ol_run_request *request) {
	size_t count;
	const char *name = ol_script_name(request->script);
	const char *synopsis = ol_script_synopsis(request->script);
	ol_script_options(request->script, &count);
	printf("\n%s: %s\n", name, ol_script_title(request->script));
	if (count > 0) {
		printf("options of %s:\n", name);
		ol_cli_print_script_options(request->script);
	}
	if (*synopsis != '\0')
		printf("\n%s%s", synopsis, synopsis[strlen(synopsis) - 1] == '\n' ? "" : "\n");
}
