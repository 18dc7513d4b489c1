/* holding.c -- What a program holds beside its heap, from its request to its release. */
#include "run/holding.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/internal.h"

struct ol_run_holding {
	struct ol_run_holding *next;
	struct ol_run_holding **link; /* What refers to it. */
	uint64_t bytes;               /* As asked for. */
	uint64_t mapped_bytes;        /* Of whole pages. */
	void *address;
};

static int create(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error) {
	if (run->holding_count == OL_RUN_HOLDINGS_MAX)
		return ol_error_set(error, -ENOSPC,
			"a program holds at most %d things beside its heap; release some", OL_RUN_HOLDINGS_MAX);
	struct ol_run_holding *holding = calloc(1, sizeof *holding);
	if (holding == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a record of what is held");
	*holding = (struct ol_run_holding){
		.next = run->holdings,
		.link = &run->holdings,
		.bytes = bytes,
	};
	if (holding->next != NULL)
		holding->next->link = &holding->next;
	run->holdings = holding;
	run->holding_count++;
	*ret_holding = holding;
	return 0;
}

static void destroy(struct ol_run *run, struct ol_run_holding *holding) {
	*holding->link = holding->next;
	if (holding->next != NULL)
		holding->next->link = holding->link;
	run->holding_count--;
	free(holding);
}

/* Address space that can be written to. */
static int map(struct ol_run *run, struct ol_run_holding *holding, struct ol_error *error) {
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (holding->bytes > INT64_MAX)
		return ol_error_set(error, -ENOMEM, "there is no memory of that size");
	holding->mapped_bytes = (holding->bytes + page_bytes - 1) / page_bytes * page_bytes;
	int result = run->memory->ops->reserve(
		run->memory, holding->mapped_bytes, page_bytes, &holding->address, error);
	if (result < 0)
		return result;
	result = run->memory->ops->commit(run->memory, holding->address, holding->mapped_bytes, error);
	if (result < 0)
		run->memory->ops->unreserve(run->memory, holding->address, holding->mapped_bytes);
	return result;
}

int ol_run_hold_memory(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error) {
	struct ol_run_holding *holding = NULL;
	int result = create(run, bytes, &holding, error);
	if (result < 0)
		return result;
	ol_run_begin_beside(run, bytes);
	result = map(run, holding, error);
	if (result < 0) {
		destroy(run, holding);
		return result;
	}
	run->words.off_heap_bytes += bytes;
	run->words.off_heap_requested_bytes += bytes;
	ol_run_touch(run, holding->address, bytes, OL_FILL_BYTE);
	*ret_holding = holding;
	return ol_run_verdict(run, error);
}

int ol_run_write_holding(
	struct ol_run *run, const struct ol_run_holding *holding, struct ol_error *error) {
	ol_run_begin_writing(run, holding->bytes);
	ol_run_touch(run, holding->address, holding->bytes, OL_FILL_BYTE);
	return ol_run_verdict(run, error);
}

uint64_t ol_run_holding_bytes(const struct ol_run_holding *holding) {
	return holding->bytes;
}

void ol_run_release_holding(struct ol_run *run, struct ol_run_holding *holding) {
	run->memory->ops->unreserve(run->memory, holding->address, holding->mapped_bytes);
	run->words.off_heap_bytes -= holding->bytes;
	destroy(run, holding);
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
}

void ol_run_release_holdings(struct ol_run *run) {
	while (run->holdings != NULL)
		ol_run_release_holding(run, run->holdings);
}
