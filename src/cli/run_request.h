/* run_request.h -- What a command line of oomlab run asks for, checked, before anything is done. */
#ifndef OL_CLI_RUN_REQUEST_H
#define OL_CLI_RUN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/report_output.h"
#include "record/record.h"
#include "script/script_lab.h"
#include "script/script_policy.h"
#include "supervisor/plan.h"

enum ol_run_format { OL_RUN_TEXT, OL_RUN_JSON, OL_RUN_GCTRACE };

/* A command that runs a script: what it takes beside the run's settings, and which script it takes
 * where none is named. */
struct ol_run_form {
	const struct ol_cli_option *options;
	size_t option_count;
	const char *script;
	const char *text; /* Of the one and only script, which script names then; NULL: it is found. */
};
extern const struct ol_run_form ol_run_form;

struct ol_run_request {
	const struct ol_run_form *form;
	struct ol_cli_table table;
	struct ol_cli_line line;
	struct ol_script *script;
	struct ol_plan draft;            /* For a scenario: as asked for, not finished. */
	struct ol_plan plan;             /* The same finished, and filled. */
	struct ol_script_policy *policy; /* For an experiment: its runs open their own. */
	int64_t repeat_count;
	bool is_repeat_given;           /* --repeat=1 is one of many, too. */
	const char *record_path;        /* NULL: none. */
	struct ol_report_output report; /* path NULL: none. */
	enum ol_run_format format;
	bool has_expectation;
	enum ol_outcome expectation;
	bool is_quiet;
	bool is_help; /* Only the script, if any, was looked at. */
};

/* OL_EXIT_DONE, or says what was wrong and returns the exit status. The request is large: keep it
 * off the stack. Finish it whatever was returned. */
int ol_run_request_parse(
	struct ol_run_request *request, const struct ol_run_form *form, int argc, char **argv);
void ol_run_request_finish(struct ol_run_request *request);

/* The environment's settings, then the command line's, over what the plan holds. */
int ol_run_request_apply_settings(
	const struct ol_run_request *request, struct ol_plan *plan, struct ol_error *error);

/* The same for any command's line. */
int ol_cli_apply_settings(
	const struct ol_cli_line *line, struct ol_plan *plan, struct ol_error *error);

/* What --help ends with: the settings of a run, and the options and the synopsis of the script. */
void ol_run_request_print_settings(void);
void ol_run_request_print_script(const struct ol_run_request *request);

#endif
