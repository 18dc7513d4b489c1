/* batch.c -- Starts runs while there is room, and waits for whichever ends next. */
#include "batch/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

enum {
	FDS_MAX = OL_BATCH_JOBS_MAX * OL_SUPERVISION_FDS + 1,
	PROGRESS_PERIOD_MS = 100 /* Whoever looks on is told at least so often. */
};

/* A place for one run at a time. */
struct slot {
	void *run; /* NULL: it is free. */
	uint64_t number;
	uint64_t bytes; /* Set aside for it. */
	struct ol_run_summary *summary;
};

struct batch {
	const struct ol_batch_room *room;
	const struct ol_batch_engine *engine;
	const struct ol_batch_source *source;
	int interrupt_fd;
	bool is_drained; /* There is no next run. */
	int result;      /* Negative: all is to end. */
	bool has_waiting;
	struct ol_batch_run waiting; /* For room. */
	uint64_t running_count;
	uint64_t running_bytes;
	struct slot slots[OL_BATCH_JOBS_MAX];
};

static void tell_progress(const struct batch *batch) {
	if (batch->source->on_progress != NULL)
		batch->source->on_progress(batch->source->context, batch->running_count);
}

/* Ends all that runs. What went wrong first is what people must read. */
static void fail(
	struct batch *batch, int result, const struct ol_error *reason, struct ol_error *error) {
	if (batch->result < 0)
		return;
	batch->result = result;
	if (error != NULL)
		*error = *reason;
	for (size_t i = 0; i < batch->room->jobs; i++) {
		if (batch->slots[i].run != NULL)
			batch->engine->kill(batch->slots[i].run);
	}
}

static void tell_done(struct batch *batch, uint64_t number, int result,
	const struct ol_run_summary *summary, const struct ol_error *reason, struct ol_error *error) {
	struct ol_error failure = { 0 };
	int answer =
		batch->source->done(batch->source->context, number, result, summary, reason, &failure);
	if (answer < 0)
		fail(batch, answer, &failure, error);
	tell_progress(batch);
}

static uint64_t bytes_of(const struct ol_run_spec *spec) {
	uint64_t bytes = spec->limit_bytes;
	return bytes > UINT64_MAX - OL_BATCH_RUN_BYTES ? UINT64_MAX : bytes + OL_BATCH_RUN_BYTES;
}

static struct slot *free_slot(struct batch *batch) {
	for (size_t i = 0; i < batch->room->jobs; i++) {
		if (batch->slots[i].run == NULL)
			return &batch->slots[i];
	}
	return NULL;
}

static int prepare(struct slot *slot, struct ol_error *reason) {
	if (slot->summary == NULL)
		slot->summary = calloc(1, sizeof *slot->summary);
	return slot->summary != NULL ? 0 : ol_error_set(reason, -ENOMEM, "no memory for a run");
}

static void run_at_once(struct batch *batch, struct slot *slot, struct ol_error *error) {
	const struct ol_batch_run *wanted = &batch->waiting;
	uint64_t number = wanted->number;
	struct ol_error reason;
	batch->has_waiting = false;
	int result = prepare(slot, &reason);
	if (result == 0)
		result = batch->engine->run_at_once(wanted->spec, &wanted->texts, slot->summary, &reason);
	tell_done(batch, number, result, result < 0 ? NULL : slot->summary, &reason, error);
}

static void refuse_too_large(struct batch *batch, struct ol_error *error) {
	struct ol_error reason;
	batch->has_waiting = false;
	ol_error_set(&reason, -E2BIG,
		"too large: it may use %s, and %s are free here; --world=pretend takes any size",
		ol_format_bytes(batch->waiting.spec->limit_bytes, (char[OL_UNITS_TEXT_BYTES]){ 0 }),
		ol_format_bytes(batch->room->memory_bytes, (char[OL_UNITS_TEXT_BYTES]){ 0 }));
	tell_done(batch, batch->waiting.number, -E2BIG, NULL, &reason, error);
}

static void start_in(struct batch *batch, struct slot *slot, struct ol_error *error) {
	const struct ol_batch_run *wanted = &batch->waiting;
	struct ol_error reason;
	batch->has_waiting = false;
	int result = prepare(slot, &reason);
	if (result == 0)
		result =
			batch->engine->start(wanted->spec, &wanted->texts, slot->summary, &slot->run, &reason);
	if (result < 0) {
		slot->run = NULL;
		tell_done(batch, wanted->number, result, NULL, &reason, error);
		return;
	}
	slot->number = wanted->number;
	slot->bytes = bytes_of(wanted->spec);
	batch->running_count++;
	batch->running_bytes += slot->bytes;
	tell_progress(batch);
}

/* Starts the run that waits. False: it has to wait on. */
static bool start_waiting(struct batch *batch, struct ol_error *error) {
	uint64_t bytes = bytes_of(batch->waiting.spec);
	struct slot *slot = free_slot(batch);
	bool is_at_once = batch->engine->is_at_once(batch->waiting.spec);
	if (!is_at_once && bytes > batch->room->memory_bytes) {
		refuse_too_large(batch, error);
		return true;
	}
	if (slot == NULL || (!is_at_once && bytes > batch->room->memory_bytes - batch->running_bytes))
		return false;
	if (is_at_once)
		run_at_once(batch, slot, error);
	else
		start_in(batch, slot, error);
	return true;
}

/* The interrupted are told so: it is the first that went wrong, if nothing else did. */
static void look_for_interrupt(struct batch *batch, struct ol_error *error) {
	struct ol_error reason;
	if (batch->result < 0 || !ol_supervisor_is_interrupted())
		return;
	ol_error_set(&reason, -EINTR, "interrupted");
	fail(batch, -EINTR, &reason, error);
}

static void start_all(struct batch *batch, struct ol_error *error) {
	while (batch->result == 0 && !(batch->is_drained && !batch->has_waiting)) {
		look_for_interrupt(batch, error);
		if (batch->result < 0)
			return;
		if (!batch->has_waiting) {
			struct ol_error reason;
			int result = batch->source->next(batch->source->context, &batch->waiting, &reason);
			if (result < 0)
				fail(batch, result, &reason, error);
			batch->is_drained = result == 0;
			batch->has_waiting = result > 0;
			continue;
		}
		if (!start_waiting(batch, error))
			return;
	}
}

static void end(struct batch *batch, struct slot *slot, int result, struct ol_error *reason,
	struct ol_error *error) {
	int finish_result = batch->engine->finish(slot->run, result < 0 ? NULL : reason);
	if (result == 0)
		result = finish_result;
	if (batch->result < 0)
		result = ol_error_set(reason, -EINTR, "cut short");
	slot->run = NULL;
	batch->running_count--;
	batch->running_bytes -= slot->bytes;
	tell_done(batch, slot->number, result, result < 0 ? NULL : slot->summary, reason, error);
}

static void step_all(struct batch *batch, struct ol_error *error) {
	for (size_t i = 0; i < batch->room->jobs; i++) {
		struct slot *slot = &batch->slots[i];
		struct ol_error reason = { 0 };
		if (slot->run == NULL)
			continue;
		int result = batch->engine->step(slot->run, &reason);
		if (result <= 0)
			end(batch, slot, result, &reason, error);
	}
}

static int wait_ms_of(const struct batch *batch) {
	int wait_ms = batch->source->on_progress != NULL ? PROGRESS_PERIOD_MS : -1;
	for (size_t i = 0; i < batch->room->jobs; i++) {
		const struct slot *slot = &batch->slots[i];
		int slot_ms = slot->run != NULL ? batch->engine->wait_ms(slot->run) : -1;
		if (slot_ms >= 0 && (wait_ms < 0 || slot_ms < wait_ms))
			wait_ms = slot_ms;
	}
	return wait_ms;
}

static void wait_for_any(struct batch *batch, struct ol_error *error) {
	struct pollfd fds[FDS_MAX];
	nfds_t count = 0;
	if (batch->result == 0)
		fds[count++] = (struct pollfd){ .fd = batch->interrupt_fd, .events = POLLIN };
	for (size_t i = 0; i < batch->room->jobs; i++) {
		if (batch->slots[i].run == NULL)
			continue;
		batch->engine->poll_fds(batch->slots[i].run, &fds[count]);
		count += OL_SUPERVISION_FDS;
	}
	if (poll(fds, count, wait_ms_of(batch)) < 0 && errno != EINTR) {
		struct ol_error reason;
		int result = ol_error_set_errno(&reason, -errno, "cannot wait for the runs");
		fail(batch, result, &reason, error);
	}
}

int ol_batch_run(const struct ol_batch_room *room, const struct ol_batch_engine *engine,
	const struct ol_batch_source *source, struct ol_error *error) {
	assert(room->jobs >= 1 && room->jobs <= OL_BATCH_JOBS_MAX);
	int fd = ol_supervisor_interrupt_fd(error);
	OL_AUTO_FREE struct batch *batch = calloc(1, sizeof *batch);
	if (fd < 0)
		return fd;
	if (batch == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the runs");
	batch->room = room;
	batch->engine = engine;
	batch->source = source;
	batch->interrupt_fd = fd;
	start_all(batch, error);
	while (batch->running_count > 0) {
		wait_for_any(batch, error);
		step_all(batch, error);
		look_for_interrupt(batch, error);
		start_all(batch, error);
	}
	for (size_t i = 0; i < room->jobs; i++)
		free(batch->slots[i].summary);
	return batch->result;
}
