/* progress.h -- One line on a terminal that says how far a long piece of work has come. */
#ifndef OL_CLI_PROGRESS_H
#define OL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "report/report.h"

struct ol_progress {
	bool is_shown; /* Standard error is a terminal, and nobody wants quiet. */
	struct ol_style style;
	const char *unit; /* "runs" */
	uint64_t start_ns, shown_ns;
};

void ol_progress_init(struct ol_progress *progress, const char *unit, bool is_quiet);
/* Redraws the line, now and then. */
void ol_progress_tell(struct ol_progress *progress, uint64_t done_count, uint64_t whole_count,
	uint64_t running_count);
/* Takes the line away. */
void ol_progress_end(struct ol_progress *progress);
uint64_t ol_progress_elapsed_ns(const struct ol_progress *progress);

#endif
