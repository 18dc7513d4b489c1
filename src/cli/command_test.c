/* command_test.c -- oomlab test: what scripts expect, run and told in TAP. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "batch/batch.h"
#include "batch/jobs.h"
#include "cli/command.h"
#include "cli/run_request.h"
#include "cli/say.h"
#include "cli/script_handle.h"
#include "cli/signals.h"
#include "cli/tap.h"
#include "report/report.h"
#include "script/job.h"
#include "world/world.h"

enum { TEXT_BYTES_MAX = 1 << 20, WHY_BYTES = 1024 };

static const struct ol_cli_option test_options[] = {
	{ "help", 'h', NULL, "print this", false },
};

struct testing {
	struct ol_run_request request; /* Its table and line alone. */
	struct ol_tap tap;
	int status;
	const char *name; /* Of the script, as it was given or found. */
	struct ol_script_case test_case;
	struct ol_run_summary summary;
	struct ol_script_failure failure;
};

static int apply_settings(void *context, struct ol_plan *plan, struct ol_error *error) {
	const struct testing *testing = context;
	return ol_run_request_apply_settings(&testing->request, plan, error);
}

static void print_comment(void *context, const char *line) {
	ol_tap_comment(line);
}

static void fail(
	struct testing *testing, const char *part, int status, const struct ol_tap_reason *reason) {
	if (status > testing->status)
		testing->status = status;
	ol_tap_not_ok(&testing->tap, testing->name, part, reason);
}

/* A script, or the lab, is at fault. Nothing is told of an interrupt: that ends all of it. */
static void fail_with(
	struct testing *testing, const char *part, int result, const struct ol_error *error) {
	bool is_lab = result != -EBADMSG && result != -ENOENT && result != -EINVAL && result != -ERANGE;
	struct ol_tap_reason reason = {
		.message = error->message,
		.traceback = is_lab ? NULL : testing->failure.traceback,
	};
	if (ol_signals_caught() == 0)
		fail(testing, part, is_lab ? OL_EXIT_LAB : OL_EXIT_SCRIPT, &reason);
}

/* The run has ended: was that what it was to show? wanted: NULL for all of a scenario. */
static void judge(struct testing *testing, const char *part, const struct ol_script_case *wanted,
	struct ol_script *script) {
	const struct ol_run_summary *summary = &testing->summary;
	bool has_outcome = wanted != NULL && wanted->has_outcome;
	char why[WHY_BYTES] = "";
	struct ol_tap_reason reason = { .outcome = ol_outcome_name(summary->outcome), .why = why };
	int status = OL_EXIT_UNMET, met = -1;
	struct ol_error error;
	if (has_outcome && summary->outcome == wanted->outcome) {
		/* What else may be expected is asked of it below. */
	} else if (summary->outcome == OL_OUTCOME_SCRIPT_ERROR ||
			   summary->outcome == OL_OUTCOME_LAB_ERROR) {
		status = summary->outcome == OL_OUTCOME_SCRIPT_ERROR ? OL_EXIT_SCRIPT : OL_EXIT_LAB;
		reason.message = summary->error_message;
		reason.traceback = summary->error_traceback;
		fail(testing, part, status, &reason);
		return;
	} else if (has_outcome) {
		ol_explain(summary, why, sizeof why);
		reason.message = "the run did not end as the case wants it to";
		reason.expected = ol_outcome_name(wanted->outcome);
		fail(testing, part, status, &reason);
		return;
	}
	int result = ol_script_expect(script, summary, &met, &testing->failure, &error);
	if (result < 0) {
		fail_with(testing, part, result, &error);
	} else if (met == 0) {
		ol_explain(summary, why, sizeof why);
		reason.message = "the run ended otherwise than the script expects";
		fail(testing, part, status, &reason);
	} else if (met < 0 && !has_outcome) {
		ol_tap_skip(&testing->tap, testing->name, part, "no expectation");
	} else {
		ol_tap_ok(&testing->tap, testing->name, part);
	}
}

static void test_run(struct testing *testing, const struct ol_script_case *wanted) {
	const char *part = wanted != NULL ? wanted->name : "";
	struct ol_script_job_request request = {
		.name = testing->name,
		.apply_settings = apply_settings,
		.context = testing,
		.settings = wanted != NULL ? wanted->settings : NULL,
		.setting_count = wanted != NULL ? wanted->setting_count : 0,
		.options = wanted != NULL ? wanted->options : NULL,
		.option_count = wanted != NULL ? wanted->option_count : 0,
	};
	struct ol_supervisor_sink sink = { 0 };
	struct ol_script_job *job = NULL;
	struct ol_error error;
	int result = ol_script_job_open(&request, &job, &testing->failure, &error);
	if (result == 0) {
		struct ol_supervisor_texts texts = ol_script_job_texts(job);
		result = ol_world_run(ol_script_job_spec(job), &texts, &sink, &testing->summary, &error);
	}
	if (result == -EOPNOTSUPP) /* This machine cannot: that says nothing of the scenario. */
		ol_tap_skip(&testing->tap, testing->name, part, error.message);
	else if (result < 0)
		fail_with(testing, part, result, &error);
	else
		judge(testing, part, wanted, ol_script_job_script(job));
	ol_script_job_close(job);
}

static void test_experiment(struct testing *testing, struct ol_script *script) {
	struct ol_script_host host = {
		.context = testing,
		.apply_settings = apply_settings,
		.print = print_comment,
		.run = ol_batch_script_runs,
	};
	int met = -1;
	struct ol_error error;
	int result = ol_script_run_experiment(script, &host, &met, &testing->failure, &error);
	struct ol_tap_reason reason = { .message = "the experiment did not find what it expected" };
	if (result < 0)
		fail_with(testing, "", result, &error);
	else if (met == 0)
		fail(testing, "", OL_EXIT_UNMET, &reason);
	else
		ol_tap_ok(&testing->tap, testing->name, "");
}

static void test_cases(struct testing *testing, struct ol_script *script) {
	size_t count = ol_script_case_count(script);
	struct ol_error error;
	for (size_t i = 0; i < count && ol_signals_caught() == 0; i++) {
		int result = ol_script_case_read(script, i, &testing->test_case, &error);
		if (result < 0)
			fail_with(testing, "", result, &error);
		else
			test_run(testing, &testing->test_case);
	}
}

static void test_script(struct testing *testing, const char *name) {
	OL_AUTO_SCRIPT struct ol_script *script = NULL;
	struct ol_error error;
	size_t route_count;
	testing->name = name;
	int result = ol_script_open(name, &script, &testing->failure, &error);
	if (result == -ENOENT) {
		struct ol_tap_reason reason = { .message = error.message };
		fail(testing, "", OL_EXIT_USAGE, &reason);
		return;
	}
	if (result < 0) {
		fail_with(testing, "", result, &error);
		return;
	}
	(void)ol_script_routes(script, &route_count);
	if (route_count > 0) {
		ol_tap_skip(&testing->tap, name, "", "a service: its requests are its program");
	} else if (ol_script_kind(script) == OL_SCRIPT_EXPERIMENT) {
		test_experiment(testing, script);
	} else {
		test_run(testing, NULL);
		test_cases(testing, script);
	}
}

/* Modules and policies lie beside scripts: only what declares something to run is one. */
static bool is_script(const char *path, char *text) {
	struct stat status;
	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode) ||
		ol_file_read(path, text, TEXT_BYTES_MAX, NULL) < 0)
		return false;
	return strstr(text, "lab.scenario") != NULL || strstr(text, "lab.experiment") != NULL;
}

static int is_lua_file(const struct dirent *entry) {
	size_t length = strlen(entry->d_name);
	return length > 4 && strcmp(entry->d_name + length - 4, ".lua") == 0;
}

/* Every script of a directory, in order of name; not of those in it. */
static int test_directory(struct testing *testing, const char *directory) {
	struct dirent **entries;
	OL_AUTO_FREE char *text = malloc(TEXT_BYTES_MAX);
	int count = text != NULL ? scandir(directory, &entries, is_lua_file, alphasort) : -1;
	if (count < 0) {
		ol_say("%s: %s", directory, strerror(errno));
		return OL_EXIT_LAB;
	}
	uint64_t before = testing->tap.count;
	for (int i = 0; i < count; i++) {
		char path[OL_PATH_BYTES];
		int length = snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
		if (ol_signals_caught() == 0 && length < (int)sizeof path && is_script(path, text))
			test_script(testing, path);
		free(entries[i]);
	}
	free(entries);
	if (testing->tap.count == before && ol_signals_caught() == 0)
		return ol_say_usage("%s: no scenario and no experiment in it", directory);
	return OL_EXIT_DONE;
}

static int test_all(struct testing *testing) {
	const struct ol_cli_line *line = &testing->request.line;
	int status = OL_EXIT_DONE;
	ol_tap_begin(&testing->tap);
	for (size_t i = 0; i < line->word_count && ol_signals_caught() == 0; i++) {
		struct stat about;
		bool is_directory = stat(line->words[i], &about) == 0 && S_ISDIR(about.st_mode);
		int result = is_directory ? test_directory(testing, line->words[i]) : OL_EXIT_DONE;
		if (!is_directory)
			test_script(testing, line->words[i]);
		if (result > status)
			status = result;
	}
	int signal_number = ol_signals_caught();
	if (signal_number != 0) {
		char reason[64];
		snprintf(reason, sizeof reason, "interrupted by SIG%s", sigabbrev_np(signal_number));
		ol_tap_bail_out(reason);
		return OL_EXIT_SIGNAL + signal_number;
	}
	ol_tap_end(&testing->tap);
	return testing->status > status ? testing->status : status;
}

static int parse(struct testing *testing, int argc, char **argv) {
	struct ol_run_request *request = &testing->request;
	struct ol_error error;
	ol_cli_table_init(
		&request->table, test_options, sizeof test_options / sizeof *test_options, true);
	if (ol_cli_parse_all(argc, argv, &request->table, OL_CLI_WORDS_MAX, &request->line, &error) < 0)
		return ol_say_usage("%s", error.message);
	request->is_help = ol_cli_value(&request->line, "help") != NULL;
	if (request->is_help)
		return OL_EXIT_DONE;
	if (request->line.word_count == 0)
		return ol_say_usage("expected scripts to test: names, files or directories");
	/* What is wrong with a setting is wrong with every run. */
	ol_plan_init(&request->plan);
	if (ol_run_request_apply_settings(request, &request->plan, &error) < 0)
		return ol_say_usage("%s", error.message);
	ol_take_trust(&request->line);
	return OL_EXIT_DONE;
}

int ol_command_test(int argc, char **argv) {
	OL_AUTO_FREE struct testing *testing = calloc(1, sizeof *testing);
	if (testing == NULL) {
		ol_say("no memory for the command line");
		return OL_EXIT_LAB;
	}
	int status = parse(testing, argc, argv);
	if (status != OL_EXIT_DONE)
		return status;
	if (testing->request.is_help) {
		ol_command_test_help();
		return OL_EXIT_DONE;
	}
	ol_signals_catch();
	return test_all(testing);
}

void ol_command_test_help(void) {
	puts("usage: oomlab test FILE|DIRECTORY|SCRIPT... [options]\n\n"
		 "Runs each scenario by itself and in each of its cases, and each experiment, asks\n"
		 "whether that was what they expect, and prints the answers in TAP (version 14).\n"
		 "Of a directory all scenarios and experiments in it. A setting of a case wins\n"
		 "over the options here.\n\n"
		 "options:");
	ol_cli_print_options(test_options, sizeof test_options / sizeof *test_options);
	ol_run_request_print_settings();
	puts("\nexit status: 0 all as expected, 1 some not, 2 bad usage, 3 a script raised an\n"
		 "error, 4 the lab could not do its work.");
}
