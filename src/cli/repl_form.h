/* repl_form.h -- What oomlab repl takes beside the run's settings: for the command's help, and for
 * the program behind it. */
#ifndef OL_CLI_REPL_FORM_H
#define OL_CLI_REPL_FORM_H

#include "cli/run_request.h"

extern const struct ol_run_form ol_repl_form;

#endif
