/* collector.c -- Create, allocate, collect: what a program calls, whatever the mode. */
#include "collector/collector.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/processors.h"
#include "collector/concurrent.h"
#include "collector/go_runtime.h"

enum { LOOK_EVERY = 64 }; /* Slow paths between two looks at the clock. */

static const char *const mode_names[OL_COLLECTOR_MODE_COUNT] = {
	[OL_COLLECTOR_STW] = "stw",
	[OL_COLLECTOR_INCREMENTAL] = "incremental",
	[OL_COLLECTOR_CONCURRENT] = "concurrent",
};

int ol_collector_mode_parse(const char *name, enum ol_collector_mode *ret_mode) {
	int index = ol_name_index(mode_names, OL_COLLECTOR_MODE_COUNT, name);
	if (index >= 0)
		*ret_mode = (enum ol_collector_mode)index;
	return index < 0 ? index : 0;
}

static int before_mapping(
	void *context, uint64_t span_bytes, unsigned attempt, struct ol_error *error) {
	struct ol_collector *collector = context;
	if (attempt == 0 && collector->config.trigger_test == OL_TRIGGER_BEFORE_MAPPING &&
		!collector->cycle.is_active && ol_cycle_is_triggered(collector, span_bytes)) {
		ol_collector_start(collector, false);
		return 1;
	}
	return ol_consult_before_grow(collector, span_bytes, attempt, error);
}

/* Go's scavenging by allocations: pages that come back from the system must not carry what is
 * mapped over the memory limit while free pages lie about, and growth is paid for by free pages
 * beyond the goal. */
static void before_commit(void *context, uint64_t released_bytes) {
	struct ol_collector *collector = context;
	if (collector->limiter.is_limiting)
		return;
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	uint64_t sys_bytes = stats.inuse_bytes + stats.free_bytes + stats.released_bytes;
	uint64_t grown_bytes = sys_bytes - collector->grown_bytes;
	collector->grown_bytes = sys_bytes;
	uint64_t bytes = ol_scavenge_plan_before_commit(&collector->scavenge_plan,
		collector->pacer.memory_limit_bytes, stats.inuse_bytes + stats.free_bytes,
		ol_collector_memory(collector, &stats).mapped_ready_bytes, released_bytes, grown_bytes);
	if (bytes > 0)
		ol_heap_scavenge(collector->heap, bytes);
}

bool ol_collector_scavenge_bite(struct ol_collector *collector) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	return ol_scavenge_plan_wants(&collector->scavenge_plan, stats.inuse_bytes + stats.free_bytes,
			   ol_collector_memory(collector, &stats).mapped_ready_bytes) &&
		   ol_heap_scavenge(collector->heap, OL_SCAVENGE_BITE_BYTES) > 0;
}

int ol_collector_create(struct ol_heap *heap, struct ol_clock *clock,
	const struct ol_collector_config *config, struct ol_collector **ret_collector,
	struct ol_error *error) {
	assert(config->mode != OL_COLLECTOR_CONCURRENT || !clock->is_virtual);
	struct ol_collector *collector = calloc(1, sizeof *collector);
	if (collector == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the collector");
	collector->heap = heap;
	collector->quick.heap = config->is_stress ? NULL : heap;
	collector->clock = clock;
	collector->config = *config;
	collector->processors = config->processors > 0 ? config->processors : ol_processor_count();
	if (config->mode == OL_COLLECTOR_INCREMENTAL)
		collector->processors = 1;
	collector->start_ns = ol_clock_now_ns(clock);
	collector->is_swept = true;
	ol_pacer_init(&collector->pacer, config->rules, config->gogc, config->memory_limit_bytes);
	collector->globals_bytes = config->has_go_runtime ? OL_GO_RUNTIME_GLOBALS_BYTES : 0;
	collector->pacer.globals_bytes = collector->globals_bytes;
	ol_limiter_init(&collector->limiter, collector->processors, ol_collector_now_ns(collector));
	ol_scavenge_plan_init(&collector->scavenge_plan, config->rules);
	if (config->mode == OL_COLLECTOR_CONCURRENT) {
		int result = ol_concurrent_create(collector, error);
		if (result < 0) {
			free(collector);
			return result;
		}
	}
	struct ol_heap_hooks hooks = {
		.context = collector,
		.before_mapping = before_mapping,
		.before_commit = before_commit,
	};
	ol_heap_set_hooks(heap, &hooks);
	ol_cycle_replan(collector);
	*ret_collector = collector;
	ol_consult_start(collector);
	return 0;
}

void ol_collector_destroy(struct ol_collector *collector) {
	if (collector == NULL)
		return;
	collector->config.policy = NULL;
	ol_concurrent_destroy(collector);
	if (collector->cycle.is_active)
		ol_incremental_finish(collector);
	ol_heap_sweep(collector->heap);
	ol_heap_set_hooks(collector->heap, &(struct ol_heap_hooks){ 0 });
	free(collector);
}

void ol_collector_start(struct ol_collector *collector, bool is_forced) {
	assert(!collector->cycle.is_active);
	switch (collector->config.mode) {
	case OL_COLLECTOR_STW:
		ol_cycle_run_stopped(collector, is_forced);
		break;
	case OL_COLLECTOR_INCREMENTAL:
		ol_incremental_begin(collector, is_forced);
		break;
	case OL_COLLECTOR_CONCURRENT:
		ol_concurrent_begin(collector, is_forced);
		break;
	}
}

static void finish_cycle(struct ol_collector *collector) {
	if (!collector->cycle.is_active)
		return;
	if (collector->concurrent != NULL)
		ol_concurrent_finish(collector);
	else
		ol_incremental_finish(collector);
}

void ol_collector_run_full(struct ol_collector *collector, bool is_forced) {
	finish_cycle(collector);
	ol_collector_start(collector, is_forced);
	finish_cycle(collector);
	ol_heap_sweep(collector->heap);
	ol_cycle_note_swept(collector);
	ol_consult_due(collector);
}

bool ol_collector_is_cycle_overdue(const struct ol_collector *collector) {
	return collector->cycles > 0 && collector->pacer.gc_percent >= 0 &&
		   !collector->cycle.is_active &&
		   ol_collector_now_ns(collector) - collector->last_gc_ns > OL_COLLECTOR_FORCED_PERIOD_NS;
}

void ol_collector_poll(struct ol_collector *collector) {
	if (collector->concurrent != NULL) {
		if (ol_world_is_wanted(&collector->concurrent->world))
			ol_world_yield(&collector->concurrent->world);
	} else if (ol_collector_is_cycle_overdue(collector)) {
		ol_collector_start(collector, false);
	}
	ol_consult_due(collector);
}

/* What is asked for: a slab of bytes, or a node with so much payload. */
struct request {
	bool is_node;
	uint32_t slot_count;
	uint64_t bytes;
};

static inline int serve(struct ol_collector *collector, const struct request *request,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	if (request->is_node)
		return ol_heap_allocate_node(
			collector->heap, request->slot_count, request->bytes, ret_allocation, error);
	return ol_heap_allocate_slab(collector->heap, request->bytes, ret_allocation, error);
}

/* What allocations owe: sweeping in proportion, marking while a cycle runs. */
static void pay(struct ol_collector *collector, uint64_t bytes) {
	ol_cycle_sweep_share(collector, bytes);
	if (collector->config.mode == OL_COLLECTOR_INCREMENTAL)
		ol_incremental_advance(collector, bytes);
	else if (collector->cycle.is_active)
		ol_concurrent_assist(collector, bytes);
}

static bool is_large(const struct request *request) {
	return request->bytes > OL_HEAP_SMALL_BYTES_MAX ||
		   request->slot_count > OL_HEAP_SMALL_BYTES_MAX / sizeof(uint64_t);
}

/* The slow path was taken, and the object is held by a root: Go's test of its trigger, and
 * whatever else is due. */
static __attribute__((noinline)) void look_around(struct ol_collector *collector) {
	if (collector->config.mode != OL_COLLECTOR_STW) {
		uint64_t live_bytes = ol_heap_live_bytes(collector->heap);
		if (live_bytes > collector->seen_live_bytes)
			pay(collector, live_bytes - collector->seen_live_bytes);
		collector->seen_live_bytes = ol_heap_live_bytes(collector->heap);
	}
	if (collector->config.is_stress)
		ol_collector_run_full(collector, false);
	else if (!collector->cycle.is_active &&
			 collector->config.trigger_test == OL_TRIGGER_AFTER_SERVING &&
			 ol_cycle_is_triggered(collector, 0))
		ol_collector_start(collector, false);
	if (++collector->slow_paths % LOOK_EVERY == 0 || collector->config.policy != NULL ||
		collector->concurrent != NULL)
		ol_collector_poll(collector);
}

/* Serves; before memory is refused all that is dead is collected and given back, once. */
static int allocate(struct ol_collector *collector, const struct request *request,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	if (collector->verdict.code != 0)
		return ol_collector_verdict(collector, error);
	bool is_large_object = is_large(request);
	if (is_large_object && collector->config.mode != OL_COLLECTOR_STW)
		pay(collector, request->bytes + request->slot_count * sizeof(uint64_t));
	collector->is_refused = false;
	int result = serve(collector, request, ret_allocation, error);
	if (result == -ENOMEM && !collector->is_refused) {
		ol_collector_run_full(collector, false);
		ol_heap_scavenge(collector->heap, UINT64_MAX);
		result = serve(collector, request, ret_allocation, error);
	}
	/* A policy may have ended the run on the way. */
	if (collector->verdict.code != 0)
		return ol_collector_verdict(collector, error);
	if (is_large_object)
		collector->seen_live_bytes = ol_heap_live_bytes(collector->heap);
	return result;
}

static inline bool is_look_due(
	const struct ol_collector *collector, const struct ol_allocation *allocation) {
	return allocation->is_slow_path || collector->config.is_stress;
}

static int allocate_rooted(struct ol_collector *collector, const struct request *request,
	ol_root *ret_root, struct ol_error *error) {
	struct ol_allocation allocation;
	int result = allocate(collector, request, &allocation, error);
	if (result < 0)
		return result;
	ol_root root;
	result = ol_heap_root_create(collector->heap, allocation.object, &root, error);
	if (result < 0)
		return result;
	if (is_look_due(collector, &allocation))
		look_around(collector);
	*ret_root = root;
	return 0;
}

static int allocate_held(struct ol_collector *collector, const struct request *request,
	ol_root holder, void **ret_object, struct ol_error *error) {
	struct ol_allocation allocation;
	int result = allocate(collector, request, &allocation, error);
	if (result < 0)
		return result;
	ol_heap_root_store(collector->heap, holder, allocation.object);
	*ret_object = allocation.object;
	if (is_look_due(collector, &allocation))
		look_around(collector);
	return 0;
}

int ol_collector_allocate_slab(
	struct ol_collector *collector, uint64_t bytes, ol_root *ret_root, struct ol_error *error) {
	return allocate_rooted(collector, &(struct request){ .bytes = bytes }, ret_root, error);
}

int ol_collector_allocate_node(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root *ret_root, struct ol_error *error) {
	return allocate_rooted(collector,
		&(struct request){ .is_node = true, .slot_count = slot_count, .bytes = payload_bytes },
		ret_root, error);
}

int ol_collector_new_slab_slowly(struct ol_collector *collector, uint64_t bytes, ol_root holder,
	void **ret_object, struct ol_error *error) {
	return allocate_held(collector, &(struct request){ .bytes = bytes }, holder, ret_object, error);
}

int ol_collector_new_node_slowly(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root holder, void **ret_object, struct ol_error *error) {
	return allocate_held(collector,
		&(struct request){ .is_node = true, .slot_count = slot_count, .bytes = payload_bytes },
		holder, ret_object, error);
}

void ol_collector_collect(struct ol_collector *collector) {
	ol_collector_run_full(collector, true);
}

uint64_t ol_collector_free_os_memory(struct ol_collector *collector) {
	ol_collector_run_full(collector, true);
	return ol_heap_scavenge(collector->heap, UINT64_MAX);
}

void ol_collector_leave(struct ol_collector *collector) {
	if (collector->concurrent != NULL)
		ol_world_leave(&collector->concurrent->world);
}

void ol_collector_enter(struct ol_collector *collector) {
	if (collector->concurrent != NULL)
		ol_world_enter(&collector->concurrent->world);
}

bool ol_collector_is_marking(const struct ol_collector *collector) {
	return collector->cycle.is_active;
}

int ol_collector_check(struct ol_collector *collector, struct ol_error *error) {
	if (collector->concurrent != NULL)
		ol_concurrent_pause(collector);
	int result = ol_heap_check(collector->heap, error);
	if (collector->concurrent != NULL)
		ol_concurrent_resume(collector);
	return result;
}

int ol_collector_verdict(const struct ol_collector *collector, struct ol_error *error) {
	if (collector->verdict.code == 0)
		return 0;
	return ol_error_set(error, collector->verdict.code, "%s", collector->verdict.message);
}

void ol_collector_end(struct ol_collector *collector, const char *reason) {
	struct ol_error error;
	ol_error_set(&error, -ECANCELED, "%s", reason);
	ol_collector_break_off(collector, &error);
}

void ol_collector_break_off(struct ol_collector *collector, const struct ol_error *error) {
	if (collector->verdict.code != 0)
		return;
	collector->verdict = *error;
	collector->quick.heap = NULL; /* The next allocation takes the slow path, and sees it. */
}

void ol_collector_set_stack_bytes(struct ol_collector *collector, uint64_t bytes) {
	collector->stack_bytes = bytes;
}

void ol_collector_set_limits(
	struct ol_collector *collector, int32_t gogc, uint64_t memory_limit_bytes) {
	ol_pacer_set_limits(&collector->pacer, gogc, memory_limit_bytes,
		ol_heap_live_bytes(collector->heap), ol_heap_is_idle(collector->heap));
	ol_cycle_replan(collector);
}

struct ol_memstats ol_collector_memstats(const struct ol_collector *collector) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	return (struct ol_memstats){
		.alloc = stats.allocated_bytes,
		.mallocs = stats.mallocs_count,
		.frees = stats.frees_count,
		.heap_alloc = stats.allocated_bytes,
		.heap_idle = stats.free_bytes + stats.released_bytes,
		.heap_objects = stats.mallocs_count - stats.frees_count,
		.heap_inuse = stats.inuse_bytes,
		.heap_released = stats.released_bytes,
		.heap_sys = stats.inuse_bytes + stats.free_bytes + stats.released_bytes,
		.last_gc_ns = collector->last_gc_unix_ns,
		.next_gc = ol_pacer_goal(&collector->pacer, &memory),
		.num_gc = collector->cycles,
		.num_forced_gc = collector->forced_cycles,
		.gc_cpu_fraction = ol_collector_gc_cpu_fraction(collector),
	};
}

struct ol_pauses ol_collector_pauses(const struct ol_collector *collector) {
	const struct ol_histogram *pauses = &collector->pauses;
	return (struct ol_pauses){
		.pauses = pauses->count,
		.total_ns = pauses->total,
		.p50_ns = ol_histogram_percentile(pauses, 50),
		.p99_ns = ol_histogram_percentile(pauses, 99),
		.max_ns = pauses->max,
	};
}
