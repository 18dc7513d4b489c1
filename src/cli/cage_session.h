/* cage_session.h -- Carries out a request: the command in its cage, and what is told of it. */
#ifndef OL_CLI_CAGE_SESSION_H
#define OL_CLI_CAGE_SESSION_H

#include "cli/cage_request.h"

/* Returns the exit status of oomlab cage: the command's, or 128 + the signal that ended it; 126 and
 * 127 for one that cannot be executed or found; OL_EXIT_LAB; or what --expect makes of it. */
int ol_cage_session(struct ol_cage_request *request);

#endif
