/* serve_form.h -- What oomlab serve takes beside the run's settings: for the command's help, and
 * for the program that serves. */
#ifndef OL_CLI_SERVE_FORM_H
#define OL_CLI_SERVE_FORM_H

#include "cli/run_request.h"

extern const struct ol_run_form ol_serve_form;

#endif
