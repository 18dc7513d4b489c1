/* jobs.h -- The runs of an experiment, made as a batch. */
#ifndef OL_BATCH_JOBS_H
#define OL_BATCH_JOBS_H

#include "base/error.h"
#include "script/script_lab.h"

/* For struct ol_script_host: as its run; context is of no account. */
int ol_batch_script_runs(void *context, const struct ol_script_runs *runs, struct ol_error *error);

#endif
