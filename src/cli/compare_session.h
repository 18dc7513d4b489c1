/* compare_session.h -- Carries out a comparison: makes its runs, keeps what they came to, tells. */
#ifndef OL_CLI_COMPARE_SESSION_H
#define OL_CLI_COMPARE_SESSION_H

#include "cli/compare_request.h"

/* Returns the exit status. */
int ol_compare_session(struct ol_compare_request *request);

#endif
