/* run_session.h -- Carries out a request: the runs, what is told of each, and the judgement. */
#ifndef OL_CLI_RUN_SESSION_H
#define OL_CLI_RUN_SESSION_H

#include "cli/run_request.h"

/* Runs the request's scenario as often as asked. Returns the exit status. */
int ol_run_session(struct ol_run_request *request);

#endif
