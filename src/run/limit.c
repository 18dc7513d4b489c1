/* limit.c -- Another limit for the cage, asked for by the program itself. */
#include <errno.h>

#include "run/internal.h"

uint64_t ol_run_limit_bytes(const struct ol_run *run) {
	return run->words.limit_now_bytes;
}

int ol_run_set_limit(struct ol_run *run, uint64_t bytes, struct ol_error *error) {
	uint64_t former_bytes = run->words.limit_now_bytes;
	/* A version 2 kernel may kill before it answers: the last words know why. */
	run->words.limit_now_bytes = bytes;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	ol_run_leave(run);
	int result = run->os->ops->set_limit(run->os, bytes, error);
	ol_run_enter(run);
	if (result < 0)
		run->words.limit_now_bytes = former_bytes;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	ol_run_poll(run, 0);
	return result;
}
