/* command_run.c -- oomlab run: a scenario in its cage, or an experiment that makes runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "batch/jobs.h"
#include "cli/command.h"
#include "cli/run_request.h"
#include "cli/run_session.h"
#include "cli/say.h"
#include "cli/script_handle.h"
#include "cli/signals.h"
#include "report/report.h"

static void print_line(void *context, const char *line) {
	const struct ol_run_request *request = context;
	if (request->is_quiet)
		return;
	fputs(line, stdout);
	fputc('\n', stdout);
	fflush(stdout);
}

static void print_progress(void *context, const char *line) {
	const struct ol_run_request *request = context;
	if (!request->is_quiet)
		fprintf(stderr, "%s\n", line);
}

static int apply_settings(void *context, struct ol_plan *plan, struct ol_error *error) {
	return ol_run_request_apply_settings(context, plan, error);
}

static int run_experiment(struct ol_run_request *request) {
	struct ol_script_host host = {
		.context = request,
		.apply_settings = apply_settings,
		.print = print_line,
		.run = ol_batch_script_runs,
		.progress = print_progress,
	};
	int met = -1;
	struct ol_script_failure failure = { "" };
	struct ol_error error = { 0 };
	ol_signals_catch();
	int result = ol_script_run_experiment(request->script, &host, &met, &failure, &error);
	int signal_number = ol_signals_caught();
	if (signal_number != 0) {
		ol_say("interrupted by SIG%s; nothing is left behind", sigabbrev_np(signal_number));
		return OL_EXIT_SIGNAL + signal_number;
	}
	if (result == -EBADMSG)
		return ol_script_status(result, &failure, &error);
	if (result < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	if (met != 0)
		return OL_EXIT_DONE;
	ol_say("%s did not find what it expected", ol_script_name(request->script));
	return OL_EXIT_UNMET;
}

/* Its requests are its program: alone it would do nothing, and survive that. */
static int refuse_service(const struct ol_run_request *request) {
	size_t route_count;
	(void)ol_script_routes(request->script, &route_count);
	if (route_count == 0)
		return OL_EXIT_DONE;
	const char *name = ol_script_name(request->script);
	return ol_say_usage("%s answers requests: oomlab serve %s", name, name);
}

int ol_command_run(int argc, char **argv) {
	OL_AUTO_FREE struct ol_run_request *request = calloc(1, sizeof *request);
	if (request == NULL) {
		ol_say("no memory for the command line");
		return OL_EXIT_LAB;
	}
	int status = ol_run_request_parse(request, &ol_run_form, argc, argv);
	if (status == OL_EXIT_DONE && !request->is_help)
		status = refuse_service(request);
	if (status == OL_EXIT_DONE) {
		if (request->is_help) {
			ol_command_run_help();
			ol_run_request_print_script(request);
		} else if (ol_script_kind(request->script) == OL_SCRIPT_EXPERIMENT) {
			status = run_experiment(request);
		} else {
			status = ol_run_session(request);
		}
	}
	ol_run_request_finish(request);
	return status;
}

void ol_command_run_help(void) {
	puts("usage: oomlab run [SCRIPT] [options] [--script-option=value]\n\n"
		 "Runs a scenario in a memory cage and tells how it ended and why; or an\n"
		 "experiment, which makes runs of its own. SCRIPT is a name (oomlab list) or the\n"
		 "path of a Lua file; the default is spike. Settings come from the scenario, then\n"
		 "GOGC and GOMEMLIMIT of the environment, then the command line; the last one\n"
		 "wins. Sizes: 33554432, 32M, 32MiB, 0.5GiB, 100MB.\n\n"
		 "options:");
	ol_cli_print_options(ol_run_form.options, ol_run_form.option_count);
	ol_run_request_print_settings();
	puts("\nThe original program's -limit N, -limit=N and -gc are taken as well.\n"
		 "exit status: 0 done (an OOM kill is a result), 1 an expectation was not met,\n"
		 "2 bad usage, 3 the script raised an error, 4 the lab could not do its work.");
}
