/* batch.h -- Many runs, several at a time: as many as there are processors and memory for.
 *
 * Runs begin in the order in which they are asked for; none overtakes another, so that a large one
 * is not put off for ever. Knows no table and no script: whoever has runs gives one after another.
 */
#ifndef OL_BATCH_BATCH_H
#define OL_BATCH_BATCH_H

#include <stdint.h>

#include "base/error.h"
#include "batch/engine.h"
#include "record/record.h"
#include "supervisor/supervisor.h"

enum { OL_BATCH_JOBS_MAX = 64 }; /* At a time. */

/* What a run costs beside what its cage may hold: the lab's own, and the kernel's. */
#define OL_BATCH_RUN_BYTES (UINT64_C(16) << 20)

struct ol_batch_room {
	uint64_t jobs;         /* At a time; 1 to OL_BATCH_JOBS_MAX. */
	uint64_t memory_bytes; /* For the cages of all that run at a time. */
};

/* As many as there are processors, and the memory that is available: of the machine, and of the
 * cage that the lab itself is in. */
int ol_batch_room(struct ol_batch_room *ret_room, struct ol_error *error);

/* One run; everything in it has to last until it has ended. */
struct ol_batch_run {
	const struct ol_run_spec *spec;
	struct ol_supervisor_texts texts;
	uint64_t number; /* What done is told it by. */
};

struct ol_batch_source {
	void *context;
	/* 1: *ret_run is the next; 0: there is none any more. */
	int (*next)(void *context, struct ol_batch_run *ret_run, struct ol_error *error);
	/* A run has ended (result 0), or could not be made: -E2BIG where it would not fit if it were
	 * alone; then summary is NULL, and reason says why. One that an interrupt or a failure cut
	 * short is told of with -EINTR. The others go on where 0 is returned; otherwise error says why
	 * not. */
	int (*done)(void *context, uint64_t number, int result, const struct ol_run_summary *summary,
		const struct ol_error *reason, struct ol_error *error);
	/* Something has begun, ended, or gone on for a while; NULL: nobody looks. */
	void (*on_progress)(void *context, uint64_t running_count);
};

/* Makes all of them. 0; -EINTR after ol_supervisor_interrupt; or what next or done returned, or
 * what went wrong with waiting. In each case nothing runs any more, and nothing is left behind. */
int ol_batch_run(const struct ol_batch_room *room, const struct ol_batch_engine *engine,
	const struct ol_batch_source *source, struct ol_error *error);

#endif
