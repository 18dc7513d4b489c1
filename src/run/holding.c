/* holding.c -- What a program holds beside its heap, from its request to its release. */
#include "run/holding.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/internal.h"

enum kind { KIND_MEMORY, KIND_STACKS, KIND_CHILD, KIND_FILE };

struct ol_run_holding {
	struct ol_run_holding *next;
	struct ol_run_holding **link; /* What refers to it. */
	enum kind kind;
	struct ol_run_heap *heap; /* That was in use; of stacks the one whose cycles scan them. */
	uint64_t bytes;           /* As asked for; 0 of a child. */
	union {
		struct {
			void *address;
			uint64_t bytes; /* Of whole pages. */
		} mapping;
		struct ol_os_child child;
		struct ol_os_file file;
	};
};

static int create(struct ol_run *run, enum kind kind, uint64_t bytes,
	struct ol_run_holding **ret_holding, struct ol_error *error) {
	if (run->holding_count == OL_RUN_HOLDINGS_MAX)
		return ol_error_set(error, -ENOSPC,
			"a program holds at most %d things beside its heap; release some", OL_RUN_HOLDINGS_MAX);
	struct ol_run_holding *holding = calloc(1, sizeof *holding);
	if (holding == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a record of what is held");
	*holding = (struct ol_run_holding){
		.next = run->holdings,
		.link = &run->holdings,
		.kind = kind,
		.heap = run->used,
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
	const struct ol_memory_ops *ops = run->memory->ops;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (holding->bytes > INT64_MAX)
		return ol_error_set(error, -ENOMEM, "there is no memory of that size");
	uint64_t bytes = (holding->bytes + page_bytes - 1) / page_bytes * page_bytes;
	void *address;
	int result = ops->reserve(run->memory, bytes, page_bytes, &address, error);
	if (result < 0)
		return result;
	result = ops->commit(run->memory, address, bytes, error);
	if (result < 0) {
		ops->unreserve(run->memory, address, bytes);
		return result;
	}
	holding->mapping.address = address;
	holding->mapping.bytes = bytes;
	return 0;
}

/* Once it is mapped, or before it is unmapped. */
static void count_mapping(struct ol_run *run, const struct ol_run_holding *holding, bool is_held) {
	uint64_t change_bytes = is_held ? holding->bytes : -holding->bytes;
	if (holding->kind == KIND_MEMORY) {
		run->words.off_heap_bytes += change_bytes;
		return;
	}
	run->words.stack_bytes += change_bytes;
	holding->heap->stack_bytes += change_bytes;
	ol_collector_set_stack_bytes(holding->heap->collector, holding->heap->stack_bytes);
}

static int hold_mapping(struct ol_run *run, enum kind kind, uint64_t bytes,
	struct ol_run_holding **ret_holding, struct ol_error *error) {
	struct ol_run_holding *holding = NULL;
	int result = create(run, kind, bytes, &holding, error);
	if (holding == NULL)
		return result;
	ol_run_begin_beside(run, bytes);
	result = map(run, holding, error);
	if (result < 0) {
		destroy(run, holding);
		return result;
	}
	count_mapping(run, holding, true);
	run->words.beside_requested_bytes += bytes;
	ol_run_touch(run, holding->mapping.address, bytes, OL_FILL_BYTE);
	*ret_holding = holding;
	return ol_run_verdict(run, error);
}

int ol_run_hold_memory(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error) {
	return hold_mapping(run, KIND_MEMORY, bytes, ret_holding, error);
}

int ol_run_hold_stacks(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error) {
	return hold_mapping(run, KIND_STACKS, bytes, ret_holding, error);
}

/* Word by word, as a marker looks for what refers to an object; there is nothing that does. */
static void read_words(const volatile uint64_t *words, uint64_t count) {
	for (uint64_t i = 0; i < count; i++)
		(void)words[i];
}

void ol_run_scan_stacks(struct ol_run *run, const struct ol_run_heap *heap) {
	for (const struct ol_run_holding *holding = run->holdings; holding != NULL;
		 holding = holding->next)
		if (holding->kind == KIND_STACKS && holding->heap == heap && !run->memory->is_pretend)
			read_words(holding->mapping.address, holding->mapping.bytes / sizeof(uint64_t));
}

int ol_run_hold_child(
	struct ol_run *run, struct ol_run_holding **ret_holding, struct ol_error *error) {
	struct ol_run_holding *holding = NULL;
	if (strcmp(run->spec.collector, "concurrent") == 0)
		return ol_error_set(error, -ENOTSUP,
			"the concurrent collector has threads, and a process with threads forks none of them "
			"along; use --collector=stw or --collector=incremental");
	if (run->words.child_count == OL_RUN_CHILDREN_MAX)
		return ol_error_set(
			error, -ENOSPC, "a program has at most %d children", OL_RUN_CHILDREN_MAX);
	int result = create(run, KIND_CHILD, 0, &holding, error);
	if (holding == NULL)
		return result;
	ol_run_begin_beside(run, 0);
	result = run->os->ops->fork(run->os, &holding->child, error);
	if (result < 0) {
		destroy(run, holding);
		return result;
	}
	run->words.child_count++;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	*ret_holding = holding;
	return ol_run_verdict(run, error);
}

/* What is due meanwhile is done between the pieces. */
static int write_file(struct ol_run *run, struct ol_run_holding *holding, struct ol_error *error) {
	_Atomic uint64_t *written =
		run->links.flight != NULL ? &run->links.flight->touched_bytes : NULL;
	int result = ol_run_verdict(run, error);
	while (result == 0 && holding->file.bytes < holding->bytes) {
		uint64_t bytes = holding->bytes - holding->file.bytes;
		if (bytes > OL_OS_PIECE_BYTES)
			bytes = OL_OS_PIECE_BYTES;
		ol_run_leave(run);
		result = run->os->ops->write_file(run->os, &holding->file, bytes, error);
		ol_run_enter(run);
		if (result < 0)
			return result;
		run->words.file_bytes += bytes;
		if (written != NULL)
			atomic_fetch_add_explicit(written, bytes, memory_order_relaxed);
		ol_run_poll(run, bytes);
		result = ol_run_verdict(run, error);
	}
	return result;
}

int ol_run_hold_file(struct ol_run *run, uint64_t bytes, struct ol_run_holding **ret_holding,
	struct ol_error *error) {
	struct ol_run_holding *holding = NULL;
	int result = create(run, KIND_FILE, bytes, &holding, error);
	if (holding == NULL)
		return result;
	ol_run_begin_writing(run, bytes);
	result = run->os->ops->create_file(run->os, bytes, &holding->file, error);
	if (result < 0) {
		destroy(run, holding);
		return result;
	}
	ol_run_write_flight(run, OL_ACTIVITY_TOUCHING);
	result = write_file(run, holding, error);
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	if (result < 0)
		ol_run_release_holding(run, holding);
	else
		*ret_holding = holding;
	return result;
}

int ol_run_write_holding(
	struct ol_run *run, const struct ol_run_holding *holding, struct ol_error *error) {
	assert(holding->kind == KIND_MEMORY || holding->kind == KIND_STACKS);
	ol_run_begin_writing(run, holding->bytes);
	ol_run_touch(run, holding->mapping.address, holding->bytes, OL_FILL_BYTE);
	return ol_run_verdict(run, error);
}

int ol_run_read_holding(
	struct ol_run *run, const struct ol_run_holding *holding, struct ol_error *error) {
	assert(holding->kind == KIND_FILE);
	uint64_t at_bytes = 0;
	int result = ol_run_verdict(run, error);
	while (result == 0 && at_bytes < holding->bytes) {
		uint64_t bytes = holding->bytes - at_bytes;
		if (bytes > OL_OS_PIECE_BYTES)
			bytes = OL_OS_PIECE_BYTES;
		ol_run_leave(run);
		result = run->os->ops->read_file(run->os, &holding->file, at_bytes, bytes, error);
		ol_run_enter(run);
		if (result < 0)
			return result;
		at_bytes += bytes;
		ol_run_poll(run, bytes);
		result = ol_run_verdict(run, error);
	}
	return result;
}

uint64_t ol_run_holding_bytes(const struct ol_run_holding *holding) {
	return holding->bytes;
}

static void give_back(struct ol_run *run, struct ol_run_holding *holding) {
	switch (holding->kind) {
	case KIND_MEMORY:
	case KIND_STACKS:
		run->memory->ops->unreserve(run->memory, holding->mapping.address, holding->mapping.bytes);
		break;
	case KIND_CHILD:
		run->os->ops->end_child(run->os, &holding->child);
		break;
	case KIND_FILE:
		run->os->ops->release_file(run->os, &holding->file);
		break;
	}
	destroy(run, holding);
}

void ol_run_release_holding(struct ol_run *run, struct ol_run_holding *holding) {
	switch (holding->kind) {
	case KIND_MEMORY:
	case KIND_STACKS:
		count_mapping(run, holding, false);
		break;
	case KIND_CHILD:
		run->words.child_count--;
		break;
	case KIND_FILE:
		run->words.file_bytes -= holding->file.bytes;
		break;
	}
	give_back(run, holding);
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
}

/* The last words stay those of a run that held them. */
void ol_run_release_holdings(struct ol_run *run) {
	while (run->holdings != NULL)
		give_back(run, run->holdings);
}
