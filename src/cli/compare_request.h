/* compare_request.h -- What a command line of oomlab compare asks for, checked, before anything is
 * done. */
#ifndef OL_CLI_COMPARE_REQUEST_H
#define OL_CLI_COMPARE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "record/compare.h"
#include "script/job.h"

enum ol_compare_format { OL_COMPARE_TEXT, OL_COMPARE_CSV, OL_COMPARE_JSON, OL_COMPARE_HTML };

enum {
	OL_COMPARE_VALUES_MAX = 64,   /* Of one list: --gogc=50,100,200. */
	OL_COMPARE_SCRIPTS_MAX = 512, /* As many as there may be names. */
};

/* A setting that may have several values, each of which makes a row or a column. */
enum ol_compare_axis {
	OL_AXIS_LIMIT,
	OL_AXIS_COLLECTOR,
	OL_AXIS_MEMLIMIT,
	OL_AXIS_GOGC,
	OL_AXIS_POLICY,
	OL_AXIS_COUNT
};
extern const char *const ol_compare_axis_names[OL_AXIS_COUNT];

struct ol_compare_list {
	size_t count; /* 0: as each scenario has it by itself. */
	char values[OL_COMPARE_VALUES_MAX][OL_SCRIPT_SETTING_BYTES];
};

struct ol_compare_request {
	struct ol_cli_table table;
	struct ol_cli_line line;
	struct ol_script *scripts[OL_COMPARE_SCRIPTS_MAX];
	size_t script_count;
	struct ol_compare_list lists[OL_AXIS_COUNT];
	int64_t repeat_count;
	int64_t jobs; /* 0: as many as there is room for. */
	enum ol_compare_format format;
	const char *output_path; /* NULL: standard output. */
	bool is_quiet;
	bool is_check;
	bool is_help;
};

/* OL_EXIT_DONE, or says what was wrong and returns the exit status. The request is large: keep it
 * off the stack. Finish it whatever was returned. */
int ol_compare_request_parse(struct ol_compare_request *request, int argc, char **argv);
void ol_compare_request_finish(struct ol_compare_request *request);

/* What each row is made of: its script, and a value of each list, policies left out. */
struct ol_compare_place {
	struct ol_script *script;
	struct ol_script_setting settings[OL_AXIS_COUNT];
	size_t setting_count;
};
size_t ol_compare_request_row_count(const struct ol_compare_request *request);
struct ol_compare_place ol_compare_request_place(
	const struct ol_compare_request *request, size_t row);

/* The environment's settings and the command line's, but for the lists. */
int ol_compare_request_apply(void *context, struct ol_plan *plan, struct ol_error *error);

void ol_compare_request_print_options(void);

#endif
