/* compare_request.c -- Reads a command line of oomlab compare, finds scripts and policies, and
 * checks every value. */
#include "cli/compare_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/units.h"
#include "batch/batch.h"
#include "cli/command.h"
#include "cli/run_request.h"
#include "cli/say.h"
#include "cli/script_handle.h"
#include "report/new_file.h"

enum { REPEAT_COUNT_MAX = 10000 };

const char *const ol_compare_axis_names[OL_AXIS_COUNT] = {
	[OL_AXIS_LIMIT] = "limit",
	[OL_AXIS_COLLECTOR] = "collector",
	[OL_AXIS_MEMLIMIT] = "memlimit",
	[OL_AXIS_GOGC] = "gogc",
	[OL_AXIS_POLICY] = "policy",
};

static const struct ol_cli_option own_options[] = {
	{ "policy", 0, "A,B,...", "policies to compare (all built-in ones)", false },
	{ "collector", 0, "A,B,...", "collectors, each a row (the scenario's)", false },
	{ "limit", 'l', "SIZE,...", "limits of the cage, each a row (the scenario's)", false },
	{ "memlimit", 0, "SIZE|N%|off,...", "memory limits for the collector, each a row", false },
	{ "gogc", 0, "N|off,...", "GOGC, each a row", false },
	{ "repeat", 'r', "N", "runs of each cell (1); tells shares with 95 % intervals", false },
	{ "jobs", 'j', "N", "runs at a time (processors), as far as memory allows", false },
	{ "format", 0, "text|csv|json|html", "what the output is (text)", false },
	{ "output", 'o', "FILE", "write it to FILE; the text still comes to standard output", false },
	{ "check", 0, NULL, "exit 1 if a scenario's own expectation is not met", false },
	{ "quiet", 'q', NULL, "the marks alone, and no progress", false },
	{ "help", 'h', NULL, "print this", false },
};
enum { OWN_COUNT = sizeof own_options / sizeof *own_options };

/* ---- Scripts --------------------------------------------------------------------------------- */

/* A scenario that ends by itself. */
static bool is_comparable(const struct ol_script *script) {
	size_t route_count;
	(void)ol_script_routes(script, &route_count);
	return route_count == 0 && ol_script_kind(script) == OL_SCRIPT_SCENARIO;
}

struct adding {
	struct ol_compare_request *request;
	int status;
};

static bool is_known(const struct ol_compare_request *request, const struct ol_script *script) {
	for (size_t i = 0; i < request->script_count; i++) {
		if (strcmp(ol_script_path(request->scripts[i]), ol_script_path(script)) == 0)
			return true;
	}
	return false;
}

/* NULL: it says why in status. */
static int open_one(struct ol_compare_request *request, const char *name, bool is_named) {
	OL_AUTO_SCRIPT struct ol_script *script = NULL;
	int status = ol_open_script(name, &script);
	if (status != OL_EXIT_DONE)
		return status;
	if (!is_comparable(script) && !is_named)
		return OL_EXIT_DONE;
	if (!is_comparable(script))
		return ol_say_usage("%s is %s; only scenarios are compared", name,
			ol_script_kind(script) == OL_SCRIPT_EXPERIMENT ? "an experiment" : "a service");
	if (is_known(request, script))
		return is_named ? ol_say_usage("%s is named twice", name) : OL_EXIT_DONE;
	if (request->script_count == OL_COMPARE_SCRIPTS_MAX)
		return ol_say_usage("more than %d scripts", OL_COMPARE_SCRIPTS_MAX);
	request->scripts[request->script_count++] = script;
	script = NULL;
	return OL_EXIT_DONE;
}

static void add_bundled(void *context, const char *name) {
	struct adding *adding = context;
	if (adding->status == OL_EXIT_DONE)
		adding->status = open_one(adding->request, name, false);
}

static int open_all(struct ol_compare_request *request) {
	struct adding adding = { request, OL_EXIT_DONE };
	struct ol_error error;
	if (ol_script_list(add_bundled, &adding, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	return adding.status;
}

static int open_scripts(struct ol_compare_request *request) {
	const struct ol_cli_line *line = &request->line;
	int status = line->word_count == 0 ? open_all(request) : OL_EXIT_DONE;
	for (size_t i = 0; i < line->word_count && status == OL_EXIT_DONE; i++) {
		bool is_all = strcmp(line->words[i], "all") == 0;
		status = is_all ? open_all(request) : open_one(request, line->words[i], true);
	}
	return status;
}

/* An option goes to every script that has it; one that none has is a mistake. */
static int set_script_option(struct ol_compare_request *request, const struct ol_cli_given *given) {
	bool is_known_option = false;
	for (size_t i = 0; i < request->script_count; i++) {
		struct ol_error error;
		int result = ol_script_set_option(request->scripts[i], given->name, given->value, &error);
		if (result == -ENOENT)
			continue;
		if (result < 0)
			return ol_say_usage(
				"%s: --%s: %s", ol_script_name(request->scripts[i]), given->name, error.message);
		is_known_option = true;
	}
	if (is_known_option)
		return OL_EXIT_DONE;
	struct ol_error error;
	ol_cli_error_unknown(&request->table, request->script_count == 1 ? request->scripts[0] : NULL,
		given->written, &error);
	return ol_say_usage("%s", error.message);
}

static int set_script_options(struct ol_compare_request *request) {
	int status = OL_EXIT_DONE;
	for (size_t i = 0; i < request->line.given_count && status == OL_EXIT_DONE; i++) {
		if (request->line.given[i].option == NULL)
			status = set_script_option(request, &request->line.given[i]);
	}
	return status;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static int say_bad_value(enum ol_compare_axis axis, const char *value, int result,
	const struct ol_script_failure *failure, const struct ol_error *error) {
	struct ol_error whole;
	const char *name = ol_compare_axis_names[axis];
	size_t name_bytes = strlen(name);
	if (result == -EBADMSG)
		return ol_script_status(result, failure, error);
	if (strncmp(error->message, name, name_bytes) == 0 && error->message[name_bytes] == '=')
		ol_error_set(&whole, result, "--%s", error->message);
	else
		ol_error_set(&whole, result, "--%s=%.64s: %s", name, value, error->message);
	return ol_script_status(result, failure, &whole);
}

static int check_value(enum ol_compare_axis axis, const char *value) {
	struct ol_script_failure failure = { "" };
	struct ol_error error;
	struct ol_plan plan;
	OL_AUTO_POLICY struct ol_script_policy *policy = NULL;
	ol_plan_init(&plan);
	int result = axis == OL_AXIS_POLICY
					 ? ol_open_policy(value, &policy, &failure, &error)
					 : ol_plan_set(&plan, ol_compare_axis_names[axis], value, &error);
	return result < 0 ? say_bad_value(axis, value, result, &failure, &error) : OL_EXIT_DONE;
}

static int add_value(struct ol_compare_list *list, enum ol_compare_axis axis, const char *value) {
	const char *name = ol_compare_axis_names[axis];
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->values[i], value) == 0)
			return ol_say_usage("--%s: %.64s is named twice", name, value);
	}
	if (list->count == OL_COMPARE_VALUES_MAX)
		return ol_say_usage("--%s: more than %d values", name, OL_COMPARE_VALUES_MAX);
	if (strlen(value) >= sizeof list->values[0])
		return ol_say_usage("--%s=%.64s...: the value is too long", name, value);
	strcpy(list->values[list->count++], value);
	return check_value(axis, value);
}

struct policy_adding {
	struct ol_compare_list *list;
	int status;
};

static void add_policy(void *context, const char *name) {
	struct policy_adding *adding = context;
	if (adding->status == OL_EXIT_DONE)
		adding->status = add_value(adding->list, OL_AXIS_POLICY, name);
}

static int add_all(struct ol_compare_list *list, enum ol_compare_axis axis) {
	struct policy_adding adding = { list, OL_EXIT_DONE };
	struct ol_error error;
	const char *const *choices = ol_plan_choices(ol_compare_axis_names[axis]);
	if (axis == OL_AXIS_POLICY && ol_script_policy_list(add_policy, &adding, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	for (size_t i = 0; axis == OL_AXIS_COLLECTOR && choices[i] != NULL; i++) {
		if (adding.status == OL_EXIT_DONE)
			adding.status = add_value(list, axis, choices[i]);
	}
	return adding.status;
}

/* "A,B,C" */
static int parse_list(struct ol_compare_request *request, enum ol_compare_axis axis) {
	const char *text = ol_cli_value(&request->line, ol_compare_axis_names[axis]);
	struct ol_compare_list *list = &request->lists[axis];
	int status = OL_EXIT_DONE;
	if (text == NULL)
		return axis == OL_AXIS_POLICY ? add_all(list, axis) : OL_EXIT_DONE;
	while (status == OL_EXIT_DONE) {
		char value[OL_SCRIPT_SETTING_BYTES + 1];
		size_t length = strcspn(text, ",");
		snprintf(value, sizeof value, "%.*s",
			(int)(length < sizeof value ? length : sizeof value - 1), text);
		bool has_all = axis == OL_AXIS_POLICY || axis == OL_AXIS_COLLECTOR;
		if (length == 0)
			return ol_say_usage(
				"--%s: a value is missing in the list", ol_compare_axis_names[axis]);
		status = has_all && strcmp(value, "all") == 0 ? add_all(list, axis)
													  : add_value(list, axis, value);
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	return status;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static int parse_number(const struct ol_compare_request *request, const char *name, int64_t maximum,
	int64_t *ret_number) {
	const char *text = ol_cli_value(&request->line, name);
	struct ol_error error;
	if (text != NULL && ol_parse_integer(text, 1, maximum, ret_number, &error) < 0)
		return ol_say_usage("--%s=%.64s: %s", name, text, error.message);
	return OL_EXIT_DONE;
}

static int parse_output(struct ol_compare_request *request) {
	static const char *const formats[] = {
		[OL_COMPARE_TEXT] = "text",
		[OL_COMPARE_CSV] = "csv",
		[OL_COMPARE_JSON] = "json",
		[OL_COMPARE_HTML] = "html",
	};
	struct ol_error error;
	const char *format = ol_cli_value(&request->line, "format");
	int index = format == NULL ? OL_COMPARE_TEXT
							   : ol_name_index(formats, sizeof formats / sizeof *formats, format);
	if (index < 0)
		return ol_say_usage("--format=%.64s: expected text, csv, json or html", format);
	request->format = (enum ol_compare_format)index;
	request->output_path = ol_cli_value(&request->line, "output");
	if (request->output_path != NULL && ol_new_file_check(request->output_path, &error) < 0)
		return ol_say_usage("--output: %s", error.message);
	return OL_EXIT_DONE;
}

static int check_settings(struct ol_compare_request *request) {
	struct ol_plan plan;
	struct ol_error error;
	if (ol_cli_value(&request->line, "dump") != NULL)
		return ol_say_usage("--dump: the runs of a comparison leave none behind; oomlab run does");
	ol_plan_init(&plan);
	if (ol_compare_request_apply(request, &plan, &error) < 0)
		return ol_say_usage("%s", error.message);
	size_t cell_count =
		ol_compare_request_row_count(request) * request->lists[OL_AXIS_POLICY].count;
	if (cell_count > OL_COMPARE_CELLS_MAX ||
		cell_count * (uint64_t)request->repeat_count > OL_COMPARE_RUNS_MAX)
		return ol_say_usage("%zu cells of %lld runs are too many; at most %d cells and %d runs",
			cell_count, (long long)request->repeat_count, OL_COMPARE_CELLS_MAX,
			OL_COMPARE_RUNS_MAX);
	return OL_EXIT_DONE;
}

int ol_compare_request_parse(struct ol_compare_request *request, int argc, char **argv) {
	struct ol_error error;
	*request = (struct ol_compare_request){ .repeat_count = 1 };
	ol_cli_table_init(&request->table, own_options, OWN_COUNT, true);
	if (ol_cli_parse(argc, argv, &request->table, &request->line, &error) < 0)
		return ol_say_usage("%s", error.message);
	request->is_help = ol_cli_value(&request->line, "help") != NULL;
	if (request->is_help)
		return OL_EXIT_DONE;
	ol_take_trust(&request->line);
	request->is_quiet = ol_cli_value(&request->line, "quiet") != NULL;
	request->is_check = ol_cli_value(&request->line, "check") != NULL;
	int status = parse_number(request, "repeat", REPEAT_COUNT_MAX, &request->repeat_count);
	if (status == OL_EXIT_DONE)
		status = parse_number(request, "jobs", OL_BATCH_JOBS_MAX, &request->jobs);
	if (status == OL_EXIT_DONE)
		status = parse_output(request);
	for (unsigned axis = 0; axis < OL_AXIS_COUNT && status == OL_EXIT_DONE; axis++)
		status = parse_list(request, (enum ol_compare_axis)axis);
	if (status == OL_EXIT_DONE)
		status = open_scripts(request);
	if (status == OL_EXIT_DONE)
		status = set_script_options(request);
	return status == OL_EXIT_DONE ? check_settings(request) : status;
}

void ol_compare_request_finish(struct ol_compare_request *request) {
	for (size_t i = 0; i < request->script_count; i++)
		ol_script_close(request->scripts[i]);
}

int ol_compare_request_apply(void *context, struct ol_plan *plan, struct ol_error *error) {
	const struct ol_compare_request *request = context;
	return ol_cli_apply_settings(&request->line, plan, error);
}

/* A list without values leaves the scenario's own. */
static size_t choices_of(const struct ol_compare_list *list) {
	return list->count > 0 ? list->count : 1;
}

size_t ol_compare_request_row_count(const struct ol_compare_request *request) {
	size_t count = request->script_count;
	for (unsigned axis = 0; axis < OL_AXIS_POLICY; axis++)
		count *= choices_of(&request->lists[axis]);
	return count;
}

struct ol_compare_place ol_compare_request_place(
	const struct ol_compare_request *request, size_t row) {
	struct ol_compare_place place = { 0 };
	for (unsigned axis = OL_AXIS_POLICY; axis-- > 0;) {
		const struct ol_compare_list *list = &request->lists[axis];
		size_t choice = row % choices_of(list);
		row /= choices_of(list);
		if (list->count == 0)
			continue;
		struct ol_script_setting *setting = &place.settings[place.setting_count++];
		strcpy(setting->name, ol_compare_axis_names[axis]);
		strcpy(setting->text, list->values[choice]);
	}
	place.script = request->scripts[row];
	return place;
}

void ol_compare_request_print_options(void) {
	static struct ol_cli_table table; /* Large. */
	ol_cli_print_options(own_options, OWN_COUNT);
	puts("\nsettings of all runs:");
	ol_cli_table_init(&table, NULL, 0, true);
	for (size_t i = 0; i < table.count; i++) {
		const char *name = table.options[i].name;
		if (ol_name_index(ol_compare_axis_names, OL_AXIS_COUNT, name) < 0 &&
			strcmp(name, "dump") != 0)
			ol_cli_print_options(&table.options[i], 1);
	}
}
