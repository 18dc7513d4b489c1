/* load.c -- Loads in a run: by slices, between which everybody is heard and told. */
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "run/internal.h"
#include "run/profile.h"

enum {
	SLICE_BYTES = 256 << 10,
	SLICE_OPERATIONS = 1 << 20, /* The load's own maximum is below. */
	SLICES_PER_S = 100,         /* Where the rate is given: no step in it is seen. */
	WAIT_NS_MIN = 1000000,      /* What is less is made good later. */
};

struct ol_run_load {
	struct ol_run *run;
	struct ol_load *load;
	struct ol_run_heap *heap;
	enum ol_load_kind kind;
	uint32_t place;               /* In the heap profile; of all that it allocates. */
	struct ol_load_totals noted;  /* In the profile. */
	struct ol_run_load *previous; /* In the run's list. */
	struct ol_run_load *next;
};

/* What a rate counts. */
static bool is_by_operations(enum ol_load_kind kind) {
	return kind == OL_LOAD_CACHE || kind == OL_LOAD_QUEUE || kind == OL_LOAD_TREE;
}

static uint64_t units_of(const struct ol_run_load *load) {
	struct ol_load_totals totals = ol_load_totals(load->load);
	return is_by_operations(load->kind) ? totals.operations : totals.allocated_bytes;
}

static void note_profile(struct ol_run_load *load) {
	struct ol_load_totals before = load->noted, now = ol_load_totals(load->load);
	struct ol_profile *profile = load->run->profile;
	load->noted = now;
	if (profile == NULL)
		return;
	uint64_t objects = now.allocated_objects - before.allocated_objects;
	uint64_t bytes = now.allocated_bytes - before.allocated_bytes;
	ol_profile_note_allocated(profile, load->place, objects, bytes);
	ol_profile_note_released(profile, load->place, before.live_objects + objects - now.live_objects,
		before.live_bytes + bytes - now.live_bytes);
}

static int run_slice(struct ol_run_load *load, uint64_t bytes_max, uint64_t operations_max,
	bool *ret_is_done, struct ol_error *error) {
	struct ol_run *run = load->run;
	uint64_t request_bytes = ol_load_request_bytes(load->load, bytes_max);
	uint64_t piece_bytes = ol_run_piece_bytes(run);
	/* A large object, or the rest of one, is a slice of its own where nobody minds. */
	if (request_bytes > bytes_max && piece_bytes > bytes_max)
		bytes_max = request_bytes < piece_bytes ? request_bytes : piece_bytes;
	ol_run_begin_request(run, request_bytes);
	int result = ol_run_verdict(run, error);
	if (result < 0)
		return result;
	struct ol_load_progress progress;
	result = ol_load_step(load->load, bytes_max, operations_max, &progress, error);
	note_profile(load);
	/* Once is enough: the next request, phase or end writes the rest of the truth. */
	run->words.activity = OL_ACTIVITY_RUNNING;
	if (result < 0)
		return result;
	/* It may have come to less, or to a little more. */
	run->words.phase_requested_bytes += progress.bytes - request_bytes;
	if (load->heap == ol_run_first_heap(run))
		run->words.allocated_since_count_bytes += progress.bytes - request_bytes;
	else
		run->words.beside_requested_bytes += progress.bytes - request_bytes;
	*ret_is_done = progress.is_done;
	/* To find an entry takes about as long as to make one. */
	ol_run_spend_allocation(run,
		progress.operations > progress.objects ? progress.operations : progress.objects,
		progress.small_bytes);
	if (run->links.pretence != NULL)
		ol_run_poll(run, progress.bytes);
	return ol_run_verdict(run, error);
}

/* Sleeps while it is ahead of its rate; not beyond the end. */
static int keep_pace(struct ol_run_load *load, double per_second, uint64_t units, uint64_t begin_ns,
	uint64_t end_ns, struct ol_error *error) {
	struct ol_run *run = load->run;
	double due_ns = (double)begin_ns + (double)units / per_second * (double)OL_NS_PER_S;
	uint64_t now_ns = ol_run_elapsed_ns(run);
	if (due_ns > (double)end_ns)
		due_ns = (double)end_ns;
	if (due_ns < (double)(now_ns + WAIT_NS_MIN))
		return 0;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	return ol_run_wait(run, (uint64_t)due_ns - now_ns, error);
}

static uint64_t slice_share(double per_second, uint64_t max) {
	double share = per_second / SLICES_PER_S;
	if (share >= (double)max)
		return max;
	return share < 1 ? 1 : (uint64_t)share;
}

int ol_run_load_go_on(
	struct ol_run_load *load, const struct ol_run_load_plan *plan, struct ol_error *error) {
	struct ol_run *run = load->run;
	ol_run_use(run, load->heap);
	bool is_paced = plan->per_second > 0, is_counted = is_by_operations(load->kind);
	uint64_t bytes_max = SLICE_BYTES, operations_max = SLICE_OPERATIONS;
	if (is_paced && is_counted)
		operations_max = slice_share(plan->per_second, operations_max);
	else if (is_paced)
		bytes_max = slice_share(plan->per_second, bytes_max);
	uint64_t units_begin = units_of(load), now_ns = ol_run_elapsed_ns(run), begin_ns = now_ns;
	uint64_t end_ns = plan->ns_max > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + plan->ns_max;
	ol_load_set_goal(load->load, &plan->goal);
	bool is_done = false;
	int result = 0;
	while (result == 0 && !is_done && now_ns < end_ns) {
		result = run_slice(load, bytes_max, operations_max, &is_done, error);
		uint64_t units = units_of(load) - units_begin;
		/* The rate does not count what is built at first. */
		if (units == 0)
			begin_ns = ol_run_elapsed_ns(run);
		if (result == 0 && is_paced)
			result = keep_pace(load, plan->per_second, units, begin_ns, end_ns, error);
		now_ns = ol_run_elapsed_ns(run);
	}
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	return result;
}

/* Each load has random numbers of its own, whatever the others do. */
static uint64_t next_seed(struct ol_run *run) {
	struct ol_random random = ol_random_seeded(run->spec.seed);
	random = ol_random_seeded(ol_random_next(&random) + run->load_count++);
	return ol_random_next(&random);
}

int ol_run_load_create(struct ol_run *run, const struct ol_load_spec *spec,
	const struct ol_run_load_plan *plan, struct ol_run_load **ret_load, struct ol_error *error) {
	struct ol_run_load *load = calloc(1, sizeof *load);
	if (load == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a load");
	*load = (struct ol_run_load){
		.run = run,
		.heap = run->used,
		.kind = spec->kind,
		.place = run->place,
		.next = run->loads,
	};
	if (run->loads != NULL)
		run->loads->previous = load;
	run->loads = load;
	struct ol_load_world world = {
		.heap = run->used->heap,
		.collector = run->used->collector,
		.memory = run->memory,
		.touched_bytes = run->links.flight != NULL ? &run->links.flight->touched_bytes : NULL,
	};
	/* A cache's table is the first thing it asks for. */
	ol_run_begin_request(
		run, spec->kind == OL_LOAD_CACHE ? spec->cache.entries * sizeof(uint64_t) : 0);
	int result = ol_load_create(&world, next_seed(run), spec, &load->load, error);
	if (result == 0)
		result = ol_run_load_go_on(load, plan, error);
	if (result < 0) {
		ol_run_load_release(load);
		return result;
	}
	*ret_load = load;
	return 0;
}

enum ol_load_kind ol_run_load_kind(const struct ol_run_load *load) {
	return load->kind;
}

struct ol_load_totals ol_run_load_totals(const struct ol_run_load *load) {
	return ol_load_totals(load->load);
}

void ol_run_load_release(struct ol_run_load *load) {
	struct ol_run *run = load->run;
	if (run->profile != NULL)
		ol_profile_note_released(
			run->profile, load->place, load->noted.live_objects, load->noted.live_bytes);
	if (load->previous != NULL)
		load->previous->next = load->next;
	else
		run->loads = load->next;
	if (load->next != NULL)
		load->next->previous = load->previous;
	ol_load_destroy(load->load);
	free(load);
}

void ol_run_end_loads(struct ol_run *run) {
	while (run->loads != NULL)
		ol_run_load_release(run->loads);
}
