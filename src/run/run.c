/* run.c -- One scenario's world inside the cage, and what it tells the lab. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "base/units.h"
#include "memory/memory.h"
#include "policy/policy_cage.h"
#include "run/internal.h"
#include "run/profile.h"

enum {
	TOUCH_BYTES = 256 << 10,       /* Between two looks at what else is due. */
	LONG_TOUCH_BYTES = 16 << 10,   /* From here on the world may stop while it is written. */
	COUNT_EVERY_BYTES = 256 << 10, /* Garbage is counted anew after so much was asked for. */
	COUNT_SHARE_INVERSE = 50,      /* Counting may take a fiftieth of the time, ... */
	COUNT_FREE_NS = 2000000,       /* ... and two milliseconds more. */
	COUNT_OBJECT_NS = 20,          /* What an object costs, to a virtual clock. */
};

/* What a virtual clock is told of small objects: serving one, writing a byte to it. */
#define SMALL_OBJECT_NS 15.0
#define SMALL_BYTE_NS   0.06
/* ... and of one instruction of Lua. */
#define INSTRUCTION_NS 2
/* ... and of a byte that it comes to hold. */
#define SCRIPT_BYTE_NS 1.3
/* ... of a request of its own, and of word to the lab. */
#define REQUEST_NS 900
#define FRAME_NS   4000
/* ... and of what a subject does before its program begins: it reads its script. */
#define START_NS 250000

uint64_t ol_run_elapsed_ns(const struct ol_run *run) {
	return ol_clock_now_ns(run->clock) - run->start_ns;
}

uint64_t ol_run_cage_bytes(const struct ol_run *run) {
	char text[32];
	if (run->links.pretence != NULL)
		return run->links.pretence->usage_bytes(run->links.pretence->context);
	if (run->links.usage_fd < 0)
		return run->spec.is_uncaged ? run->memory->ops->resident_bytes(run->memory) : 0;
	ssize_t count = pread(run->links.usage_fd, text, sizeof text - 1, 0);
	if (count <= 0)
		return 0;
	text[count] = '\0';
	return strtoull(text, NULL, 10);
}

void ol_run_write_flight(struct ol_run *run, enum ol_activity activity) {
	if (run->collector == NULL)
		return; /* A policy collects before there is anything to tell. */
	run->words.activity = activity;
	run->words.at_ns = ol_run_elapsed_ns(run);
	run->words.memstats = ol_collector_memstats(run->collector);
	run->words.pauses = ol_collector_pauses(run->collector);
	run->words.metadata_bytes = ol_heap_stats(run->heap).metadata_bytes;
	run->words.is_cycle_active = ol_collector_is_marking(run->collector);
	if (run->words.is_cycle_active) {
		run->words.garbage_bytes = UINT64_MAX;
		run->words.garbage_counted_at_ns = 0;
	}
	if (run->links.flight != NULL)
		ol_flight_write(run->links.flight, &run->words);
}

int ol_run_send(const struct ol_run_links *links, struct ol_frame *frame, struct ol_error *error) {
	if (links == NULL)
		return 0;
	if (links->pretence != NULL)
		return links->pretence->send(links->pretence->context, frame, error);
	return links->socket_fd >= 0 ? ol_frame_send(links->socket_fd, frame, error) : 0;
}

static int send_frame(struct ol_run *run, enum ol_frame_kind kind, struct ol_error *error) {
	run->frame.kind = kind;
	ol_clock_spend_ns(run->clock, FRAME_NS);
	return ol_run_send(&run->links, &run->frame, error);
}

static void note_garbage(struct ol_run *run, uint64_t bytes) {
	run->words.garbage_bytes = bytes;
	run->words.garbage_counted_at_ns = ol_run_elapsed_ns(run);
	run->words.allocated_since_count_bytes = 0;
}

static void on_cycle(void *context, const struct ol_gc_cycle *cycle) {
	struct ol_run *run = context;
	note_garbage(run, ol_heap_is_idle(run->heap) ? 0 : cycle->freed_bytes);
	run->frame.gc = *cycle;
	run->frame.gc.at_ns = cycle->at_ns - run->start_ns;
	/* A lab that is gone is noticed by the next phase or log line; a cycle has nobody to tell. */
	(void)send_frame(run, OL_FRAME_GC, NULL);
	/* The program may be writing to its memory meanwhile. */
	ol_run_write_flight(run, run->words.activity);
}

static void on_swept(void *context) {
	struct ol_run *run = context;
	/* All that is left was found live, or allocated since. */
	if (run->words.garbage_bytes != 0) {
		note_garbage(run, 0);
		ol_run_write_flight(run, run->words.activity);
	}
}

static void on_activity(void *context, bool is_collecting) {
	ol_run_write_flight(context, is_collecting ? OL_ACTIVITY_COLLECTING : OL_ACTIVITY_RUNNING);
}

static int send_event(
	struct ol_run *run, const char *kind, const char *text, struct ol_error *error) {
	run->frame.event = (struct ol_event){ .at_ns = ol_run_elapsed_ns(run) };
	snprintf(run->frame.event.kind, sizeof run->frame.event.kind, "%s", kind);
	snprintf(run->frame.event.text, sizeof run->frame.event.text, "%s", text);
	return send_frame(run, OL_FRAME_EVENT, error);
}

static void on_order(void *context, const char *text) {
	/* As with cycles: there is nobody to tell where the lab is gone. */
	(void)send_event(context, "policy", text, NULL);
}

static void scan_stacks(void *context) {
	struct ol_run *run = context;
	ol_run_scan_stacks(run, &run->heaps[0]);
}

static uint64_t cage_bytes(void *context) {
	return ol_run_cage_bytes(context);
}

/* Address space for the heap: much more than the cage can hold, so that it is the cage that ends a
 * run. Under a limit of address space four times as much as the cage, and not so much that the
 * limit is met before the heap begins. */
static uint64_t heap_address_bytes(const struct ol_run_spec *spec) {
	bool is_capped = spec->address_space_bytes != UINT64_MAX;
	uint64_t bytes = spec->limit_bytes > OL_TIB ? spec->limit_bytes : spec->limit_bytes * 4;
	if (bytes < 4 * OL_GIB && !is_capped)
		bytes = 4 * OL_GIB;
	if (bytes > OL_HEAP_ADDRESS_BYTES_MAX)
		bytes = OL_HEAP_ADDRESS_BYTES_MAX;
	if (is_capped && bytes > spec->address_space_bytes / 2)
		bytes = spec->address_space_bytes / 2;
	bytes -= bytes % OL_HEAP_ARENA_BYTES;
	return bytes < OL_HEAP_ARENA_BYTES ? OL_HEAP_ARENA_BYTES : bytes;
}

/* "SIZE RESIDENT ...", in pages. What cannot be read stays as it is. */
static void note_address_space(struct ol_run *run) {
	char text[128];
	unsigned long long pages, resident_pages;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (run->links.pretence != NULL) {
		const struct ol_run_pretence *pretence = run->links.pretence;
		run->words.address_space_bytes = pretence->address_space_bytes(pretence->context);
		run->words.resident_bytes = run->memory->ops->resident_bytes(run->memory);
		return;
	}
	if (ol_file_read("/proc/self/statm", text, sizeof text, NULL) <= 0 ||
		sscanf(text, "%llu %llu", &pages, &resident_pages) != 2)
		return;
	run->words.address_space_bytes = pages * page_bytes;
	run->words.resident_bytes = resident_pages * page_bytes;
}

static int create_parts(struct ol_run *run, struct ol_error *error) {
	const struct ol_run_spec *spec = &run->spec;
	ol_memory_mmap_init(&run->memory_mmap, spec->has_huge_pages);
	struct ol_memory *below =
		run->links.pretence != NULL ? run->links.pretence->memory : &run->memory_mmap.memory;
	ol_memory_failing_init(&run->memory_failing, below, spec->fail_memory_request);
	run->memory = spec->fail_memory_request > 0 ? &run->memory_failing.memory : below;
	enum ol_pacer_rules rules;
	if (ol_pacer_rules_parse(spec->rules, &rules) < 0)
		return ol_error_set(error, -EINVAL, "there are no rules '%.32s'", spec->rules);
	enum ol_collector_mode mode;
	if (ol_collector_mode_parse(spec->collector, &mode) < 0)
		return ol_error_set(error, -EINVAL, "there is no collector '%.32s'", spec->collector);
	/* With threads the run is a race, and the program's speed decides it: not ours. */
	run->memory_mmap.is_bytewise = mode == OL_COLLECTOR_CONCURRENT;
	run->words.heap_address_bytes = heap_address_bytes(spec);
	int result = ol_heap_create(run->memory, run->words.heap_address_bytes, &run->heap, error);
	if (result < 0)
		return result;
	run->config = (struct ol_collector_config){
		.mode = mode,
		.rules = rules,
		.gogc = spec->gogc,
		.memory_limit_bytes = spec->memory_limit_bytes,
		.trigger_test =
			spec->is_trigger_before_mapping ? OL_TRIGGER_BEFORE_MAPPING : OL_TRIGGER_AFTER_SERVING,
		.has_go_runtime = true,
		.is_stress = spec->is_stress,
		.processors = run->links.pretence != NULL ? run->links.pretence->processors : 0,
		.context = run,
		.on_cycle = on_cycle,
		.on_activity = on_activity,
		.on_swept = on_swept,
		.on_order = on_order,
		.cage_bytes = cage_bytes,
		.scan_stacks = scan_stacks,
		.policy = run->links.policy,
		.cage = ol_policy_cage_of(spec),
		.pressure_fd = run->links.pressure_fd,
		.pressure_kind = (enum ol_pressure_kind)spec->pressure_kind,
	};
	result = ol_collector_create(run->heap, run->clock, &run->config, &run->collector, error);
	run->heaps[0] = (struct ol_run_heap){ run, run->heap, run->collector, 0 };
	run->heap_count = 1;
	run->used = &run->heaps[0];
	return result;
}

int ol_run_create(const struct ol_run_spec *spec, const struct ol_run_links *links,
	struct ol_run **ret_run, struct ol_error *error) {
	struct ol_run *run = calloc(1, sizeof *run);
	if (run == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the run");
	run->spec = *spec;
	run->links = *links;
	run->real_clock = ol_clock_real();
	run->clock = links->pretence != NULL ? links->pretence->clock : &run->real_clock;
	run->random = ol_random_seeded(spec->seed);
	run->start_ns = ol_clock_now_ns(run->clock);
	run->place = OL_PROFILE_NOWHERE;
	run->words.limit_now_bytes = spec->limit_bytes;
	ol_os_real_init(&run->os_real, links->socket_fd, links->flight);
	run->os = links->os != NULL ? links->os : &run->os_real.os;
	int result = spec->wants_profile ? ol_profile_create(&run->profile, error) : 0;
	if (result == 0)
		result = create_parts(run, error);
	if (result < 0) {
		ol_run_destroy(run);
		return result;
	}
	ol_run_write_flight(run, OL_ACTIVITY_STARTING);
	*ret_run = run;
	return 0;
}

void ol_run_destroy(struct ol_run *run) {
	if (run == NULL)
		return;
	ol_run_release_holdings(run);
	for (unsigned i = 0; i < run->reservation_count; i++)
		run->memory->ops->unreserve(
			run->memory, run->reservations[i].address, run->reservations[i].bytes);
	ol_run_end_loads(run);
	ol_run_destroy_other_heaps(run);
	ol_collector_destroy(run->collector);
	ol_heap_destroy(run->heap);
	ol_profile_destroy(run->profile);
	free(run);
}

const struct ol_run_spec *ol_run_spec(const struct ol_run *run) {
	return &run->spec;
}

void ol_run_note_script_bytes(struct ol_run *run, uint64_t bytes, uint64_t peak_bytes) {
	if (bytes > run->words.script_bytes)
		ol_clock_spend_ns(
			run->clock, (uint64_t)((double)(bytes - run->words.script_bytes) * SCRIPT_BYTE_NS));
	run->words.script_bytes = bytes;
	run->words.script_peak_bytes = peak_bytes;
}

int ol_run_begin(struct ol_run *run, struct ol_error *error) {
	ol_clock_spend_ns(run->clock, START_NS);
	ol_run_hear_pretence(run);
	run->frame.ready = (struct ol_frame_ready){
		.at_ns = ol_run_elapsed_ns(run),
		.baseline_bytes = ol_run_cage_bytes(run),
	};
	run->words.cage_bytes = run->frame.ready.baseline_bytes;
	note_address_space(run);
	int result = send_frame(run, OL_FRAME_READY, error);
	if (result < 0)
		return result;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	return 0;
}

/* Of the first heap, and notes it. */
static uint64_t count_garbage(struct ol_run *run) {
	/* A cycle under way uses the same marks. */
	if (!ol_heap_is_idle(run->heap)) {
		run->words.garbage_bytes = UINT64_MAX;
		run->words.garbage_counted_at_ns = 0;
		return UINT64_MAX;
	}
	uint64_t begin_ns = ol_clock_now_ns(run->clock);
	uint64_t reachable_bytes = ol_heap_count_reachable_bytes(run->heap);
	uint64_t allocated_bytes = ol_heap_stats(run->heap).allocated_bytes;
	assert(reachable_bytes <= allocated_bytes);
	note_garbage(run, allocated_bytes - reachable_bytes);
	run->counting_ns += ol_clock_now_ns(run->clock) - begin_ns;
	/* A virtual clock does not see it. */
	if (run->clock->is_virtual) {
		struct ol_heap_stats stats = ol_heap_stats(run->heap);
		run->counting_ns += (stats.mallocs_count - stats.frees_count) * COUNT_OBJECT_NS;
	}
	return run->words.garbage_bytes;
}

uint64_t ol_run_garbage_bytes(struct ol_run *run) {
	struct ol_heap *heap = run->used->heap;
	if (heap == run->heap)
		return count_garbage(run);
	if (!ol_heap_is_idle(heap))
		return UINT64_MAX;
	return ol_heap_stats(heap).allocated_bytes - ol_heap_count_reachable_bytes(heap);
}

/* Counting walks what is live. It may cost a small share of the run; beyond that the last count
 * stands, and the last words say how old it is. */
static bool may_count(const struct ol_run *run) {
	return run->counting_ns < ol_run_elapsed_ns(run) / COUNT_SHARE_INVERSE + COUNT_FREE_NS;
}

int ol_run_end_phase(struct ol_run *run, struct ol_error *error) {
	if (!run->has_phase)
		return 0;
	if (may_count(run) || !ol_heap_is_idle(run->heap))
		(void)count_garbage(run);
	ol_run_note_other_heaps(run);
	ol_run_hear_pretence(run);
	run->phase.end_ns = ol_run_elapsed_ns(run);
	run->phase.cage_bytes = ol_run_cage_bytes(run);
	run->phase.requested_bytes = run->words.phase_requested_bytes;
	run->phase.garbage_bytes = run->words.garbage_bytes;
	run->phase.memstats = ol_collector_memstats(run->collector);
	run->words.cage_bytes = run->phase.cage_bytes;
	run->has_phase = false;
	run->frame.phase = run->phase;
	return send_frame(run, OL_FRAME_PHASE_END, error);
}

int ol_run_phase(struct ol_run *run, const char *name, struct ol_error *error) {
	int result = ol_run_end_phase(run, error);
	if (result < 0)
		return result;
	run->phase = (struct ol_phase){ .at_ns = ol_run_elapsed_ns(run) };
	snprintf(run->phase.name, sizeof run->phase.name, "%s", name);
	memcpy(run->words.phase, run->phase.name, sizeof run->words.phase);
	if (run->profile != NULL)
		ol_profile_set_phase(run->profile, run->phase.name);
	run->words.phase_requested_bytes = 0;
	run->has_phase = true;
	run->frame.phase = run->phase;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	return send_frame(run, OL_FRAME_PHASE_BEGIN, error);
}

static void send_profile(struct ol_run *run) {
	struct ol_frame_profile *profile = &run->frame.profile;
	const struct ol_profile_site *site;
	uint32_t cursor = 0;
	do {
		memset(profile, 0, sizeof *profile);
		while (profile->site_count < OL_FRAME_SITES_MAX &&
			   ol_profile_next(run->profile, &cursor, &site))
			profile->sites[profile->site_count++] = *site;
		if (profile->site_count > 0)
			(void)send_frame(run, OL_FRAME_PROFILE, NULL);
	} while (profile->site_count == OL_FRAME_SITES_MAX);
}

void ol_run_end(
	struct ol_run *run, enum ol_outcome outcome, const char *message, const char *traceback) {
	ol_run_write_flight(run, OL_ACTIVITY_ENDING);
	/* The last frames of a run: if the lab is gone there is nobody left to tell. */
	(void)ol_run_end_phase(run, NULL);
	(void)count_garbage(run);
	ol_run_note_other_heaps(run);
	note_address_space(run);
	ol_run_write_flight(run, OL_ACTIVITY_ENDING);
	bool is_in_order = outcome == OL_OUTCOME_SHUT_DOWN;
	bool is_watched = run->profile != NULL || run->spec.watchdog.is_on;
	if (is_in_order && run->profile != NULL)
		send_profile(run);
	run->frame.end = (struct ol_frame_end){ .at_ns = ol_run_elapsed_ns(run), .outcome = outcome };
	if (message != NULL)
		snprintf(run->frame.end.message, sizeof run->frame.end.message, "%s", message);
	if (traceback != NULL)
		snprintf(run->frame.end.traceback, sizeof run->frame.end.traceback, "%s", traceback);
	(void)send_frame(run, OL_FRAME_END, NULL);
	if (is_in_order && is_watched && run->links.socket_fd >= 0)
		ol_run_await_witness(run);
}

void ol_run_begin_writing(struct ol_run *run, uint64_t bytes) {
	if (!run->has_phase)
		(void)ol_run_phase(run, "program", NULL);
	ol_clock_spend_ns(run->clock, REQUEST_NS);
	ol_run_poll(run, bytes);
	ol_run_note_other_heaps(run);
	run->words.request_bytes = bytes;
	if (run->links.flight != NULL)
		atomic_store_explicit(&run->links.flight->touched_bytes, 0, memory_order_relaxed);
}

void ol_run_begin_beside(struct ol_run *run, uint64_t bytes) {
	ol_run_begin_writing(run, bytes);
	run->words.phase_requested_bytes += bytes;
	ol_run_write_flight(run, OL_ACTIVITY_ALLOCATING);
}

void ol_run_begin_request(struct ol_run *run, uint64_t bytes) {
	ol_run_begin_writing(run, bytes);
	run->words.phase_requested_bytes += bytes;
	if (run->used->heap == run->heap) {
		if (!ol_heap_is_idle(run->heap) ||
			(run->words.allocated_since_count_bytes + bytes >= COUNT_EVERY_BYTES && may_count(run)))
			(void)count_garbage(run);
		run->words.allocated_since_count_bytes += bytes;
	} else {
		run->words.beside_requested_bytes += bytes;
	}
	ol_run_write_flight(run, OL_ACTIVITY_ALLOCATING);
}

static void fill_randomly(struct ol_random *random, char *address, uint64_t bytes) {
	while (bytes > 0) {
		uint64_t number = ol_random_next(random);
		uint64_t piece_bytes = bytes < sizeof number ? bytes : sizeof number;
		memcpy(address, &number, piece_bytes);
		address += piece_bytes;
		bytes -= piece_bytes;
	}
}

uint64_t ol_run_piece_bytes(const struct ol_run *run) {
	const struct ol_run_pretence *pretence = run->links.pretence;
	const struct ol_policy *policy = run->links.policy;
	bool is_asked = policy != NULL && (policy->ops->on_tick || policy->ops->on_pressure);
	if (pretence == NULL || is_asked || ol_collector_verdict(run->collector, NULL) < 0)
		return TOUCH_BYTES;
	uint64_t quiet_bytes = pretence->quiet_bytes(pretence->context);
	return quiet_bytes > TOUCH_BYTES ? quiet_bytes : TOUCH_BYTES;
}

/* Others may stop the world meanwhile: the object is held, and nothing but its payload is
 * written. */
void ol_run_touch(struct ol_run *run, char *address, uint64_t bytes, enum ol_fill kind) {
	static const uint8_t fill = 0xff; /* As the original program fills its slabs. */
	_Atomic uint64_t *touched =
		run->links.flight != NULL ? &run->links.flight->touched_bytes : NULL;
	ol_run_note_other_heaps(run);
	ol_run_write_flight(run, OL_ACTIVITY_TOUCHING);
	while (bytes > 0) {
		uint64_t piece_bytes = ol_run_piece_bytes(run);
		if (piece_bytes > bytes)
			piece_bytes = bytes;
		/* Little is written before anybody could have stopped the world for it. */
		bool is_long = piece_bytes >= LONG_TOUCH_BYTES;
		if (is_long)
			ol_run_leave(run);
		run->memory->ops->touch(run->memory, address, piece_bytes, fill, touched);
		if (kind == OL_FILL_RANDOM && !run->memory->is_pretend)
			fill_randomly(&run->random, address, piece_bytes);
		if (is_long)
			ol_run_enter(run);
		address += piece_bytes;
		bytes -= piece_bytes;
		if (bytes > 0 || run->links.pretence != NULL)
			ol_run_poll(run, piece_bytes);
		if (ol_collector_verdict(run->collector, NULL) < 0)
			break; /* What is left unwritten nobody will read. */
	}
	/* Once is enough: the next request, phase or end writes the rest of the truth. */
	run->words.activity = OL_ACTIVITY_RUNNING;
}

/* Before it is written to: what ends the run there is told, too. */
static void note_allocated(struct ol_run *run, ol_root root) {
	if (run->profile != NULL)
		ol_profile_note_allocated(run->profile, run->place, 1,
			ol_heap_object_bytes(run->used->heap, ol_heap_root_load(run->used->heap, root)));
}

int ol_run_slab(struct ol_run *run, uint64_t bytes, enum ol_fill fill, ol_root *ret_root,
	struct ol_error *error) {
	ol_run_begin_request(run, bytes);
	ol_root root = OL_ROOT_NONE;
	int result = ol_collector_verdict(run->collector, error);
	if (result == 0)
		result = ol_collector_allocate_slab(run->used->collector, bytes, &root, error);
	if (result < 0)
		return result;
	note_allocated(run, root);
	ol_run_touch(run, ol_heap_root_load(run->used->heap, root), bytes, fill);
	*ret_root = root;
	return ol_collector_verdict(run->collector, error);
}

int ol_run_write_slab(struct ol_run *run, ol_root root, struct ol_error *error) {
	void *slab = ol_heap_root_load(run->used->heap, root);
	uint64_t bytes = ol_heap_object_bytes(run->used->heap, slab);
	ol_run_begin_writing(run, bytes);
	ol_run_touch(run, slab, bytes, OL_FILL_BYTE);
	return ol_collector_verdict(run->collector, error);
}

int ol_run_node(struct ol_run *run, uint32_t slot_count, uint64_t payload_bytes, ol_root *ret_root,
	struct ol_error *error) {
	ol_run_begin_request(run, payload_bytes);
	ol_root root = OL_ROOT_NONE;
	int result = ol_collector_verdict(run->collector, error);
	if (result == 0)
		result = ol_collector_allocate_node(
			run->used->collector, slot_count, payload_bytes, &root, error);
	if (result < 0)
		return result;
	note_allocated(run, root);
	if (payload_bytes > 0)
		ol_run_touch(run,
			ol_heap_payload(run->used->heap, ol_heap_root_load(run->used->heap, root)),
			payload_bytes, OL_FILL_BYTE);
	*ret_root = root;
	return ol_collector_verdict(run->collector, error);
}

int ol_run_reserve(struct ol_run *run, uint64_t bytes, struct ol_error *error) {
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct ol_reservation *reservation = &run->reservations[run->reservation_count];
	if (run->reservation_count == OL_RUN_RESERVATIONS_MAX)
		return ol_error_set(
			error, -ENOSPC, "a program makes at most %d reservations", OL_RUN_RESERVATIONS_MAX);
	if (bytes > INT64_MAX)
		return ol_error_set(error, -ENOMEM, "there is no address space of that size");
	bytes = (bytes + page_bytes - 1) / page_bytes * page_bytes;
	run->words.request_bytes = bytes;
	ol_run_write_flight(run, OL_ACTIVITY_ALLOCATING);
	int result =
		run->memory->ops->reserve(run->memory, bytes, page_bytes, &reservation->address, error);
	if (result < 0)
		return result;
	reservation->bytes = bytes;
	run->reservation_count++;
	run->words.reserved_bytes += bytes;
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	return 0;
}

void ol_run_spend_allocation(struct ol_run *run, uint64_t object_count, uint64_t bytes) {
	double cost_ns = (double)object_count * SMALL_OBJECT_NS + (double)bytes * SMALL_BYTE_NS;
	ol_clock_spend_ns(run->clock, (uint64_t)cost_ns);
}

int ol_run_spend_instructions(struct ol_run *run, uint64_t count, struct ol_error *error) {
	const struct ol_run_pretence *pretence = run->links.pretence;
	ol_clock_spend_ns(run->clock, count * INSTRUCTION_NS);
	if (pretence == NULL)
		return 0;
	int result = pretence->poll(pretence->context, error);
	if (result < 0)
		ol_collector_break_off(run->collector, error);
	return result;
}

struct ol_profile *ol_run_profile(struct ol_run *run) {
	return run->profile;
}

void ol_run_set_place(struct ol_run *run, uint32_t place) {
	run->place = place;
}

uint32_t ol_run_place(const struct ol_run *run) {
	return run->place;
}

void ol_run_tag(struct ol_run *run, const char *tag) {
	if (run->profile != NULL)
		ol_profile_set_tag(run->profile, tag);
}

int ol_run_log(struct ol_run *run, const char *text, struct ol_error *error) {
	return send_event(run, "log", text, error);
}
