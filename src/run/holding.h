/* holding.h -- What a program holds beside its heap: memory that no collector knows of, children,
 * files.
 *
 * Each holding is its run's, which gives back at its end what was not released before. */
#ifndef OL_RUN_HOLDING_H
#define OL_RUN_HOLDING_H

#include <stdint.h>

#include "base/error.h"

struct ol_run;
struct ol_run_holding; /* Opaque. */

enum {
	OL_RUN_HOLDINGS_MAX = 65536, /* That a run may have at a time. */
	OL_RUN_CHILDREN_MAX = 64     /* Of them. */
};

/* Memory as a C library's malloc or mmap gets it: every byte written. -ENOMEM: refused; -ENOSPC:
 * too many holdings; see ol_run_verdict for what else. */
int ol_run_hold_memory(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error);
/* The same as stacks of the program: the collector knows of them. */
int ol_run_hold_stacks(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error);
/* A child that shares all pages of now: see os.h. -ENOTSUP with a collector that has threads. */
int ol_run_hold_child(
	struct ol_run *run, struct ol_run_holding **ret_holding, struct ol_error *error);
/* A file of so many bytes, whose pages are in the page cache: see os.h for errors. */
int ol_run_hold_file(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error);

/* Memory: writes all of it again. Errors: see ol_run_verdict. */
int ol_run_write_holding(
	struct ol_run *run, const struct ol_run_holding *holding, struct ol_error *error);
/* A file: reads all of it again. */
int ol_run_read_holding(
	struct ol_run *run, const struct ol_run_holding *holding, struct ol_error *error);
/* As asked for; 0 of a child. */
uint64_t ol_run_holding_bytes(const struct ol_run_holding *holding);
void ol_run_release_holding(struct ol_run *run, struct ol_run_holding *holding);

#endif
