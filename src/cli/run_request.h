/* run_request.h -- What a command line of oomlab run asks for, checked, before anything is done. */
#ifndef OL_CLI_RUN_REQUEST_H
#define OL_CLI_RUN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "record/record.h"
#include "script/script_lab.h"
#include "script/script_policy.h"
#include "supervisor/plan.h"

enum ol_run_format { OL_RUN_TEXT, OL_RUN_JSON, OL_RUN_GCTRACE };

struct ol_run_request {
	struct ol_cli_table table;
	struct ol_cli_line line;
	struct ol_script *script;
	struct ol_plan plan;             /* For a scenario: finished and filled. */
	struct ol_script_policy *policy; /* For an experiment: its runs open their own. */
	int64_t repeat_count;
	bool is_repeat_given;    /* --repeat=1 is one of many, too. */
	const char *record_path; /* NULL: none. */
	enum ol_run_format format;
	bool has_expectation;
	enum ol_outcome expectation;
	bool is_quiet;
	bool is_help; /* Only the script, if any, was looked at. */
};

/* OL_EXIT_DONE, or says what was wrong and returns the exit status. The request is large: keep it
 * off the stack. Finish it whatever was returned. */
int ol_run_request_parse(struct ol_run_request *request, int argc, char **argv);
void ol_run_request_finish(struct ol_run_request *request);

/* The environment's settings, then the command line's, over what the plan holds. */
int ol_run_request_apply_settings(
	const struct ol_run_request *request, struct ol_plan *plan, struct ol_error *error);

/* The options of run beside the settings. */
extern const struct ol_cli_option ol_run_options[];
extern const size_t ol_run_options_count;

#endif
