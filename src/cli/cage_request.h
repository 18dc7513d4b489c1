/* cage_request.h -- A command line of oomlab cage, checked. */
#ifndef OL_CLI_CAGE_REQUEST_H
#define OL_CLI_CAGE_REQUEST_H

#include <stdbool.h>

#include "cli/options.h"
#include "record/caged.h"

struct ol_cage_request {
	struct ol_caged_spec spec;
	char *const *command; /* NULL-terminated; empty where a process is adopted. */
	const char *record_path;
	const char *report_path;
	char dump_parent[OL_PATH_BYTES]; /* ""; nothing is left behind. */
	bool is_json;
	bool is_quiet;
	bool is_watched; /* --watch. */
	bool is_help;
	bool has_expectation;
	enum ol_outcome expectation;
};

/* The options, for --help. */
extern const struct ol_cli_option ol_cage_options[];
extern const size_t ol_cage_options_count;

/* OL_EXIT_DONE, or OL_EXIT_USAGE after saying why. The request refers to argv. */
int ol_cage_request_parse(struct ol_cage_request *request, int argc, char **argv);

#endif
