/* collector.c -- Stop-the-world cycles, when the pacer says so. */
#include "collector/collector.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Every background worker marks, none assists: what Go's pacer assumes of a cycle's CPU share. */
static const double cycle_utilization = 0.25;

struct ol_collector {
	struct ol_collector_quick quick; /* First. */
	struct ol_heap *heap;
	struct ol_clock *clock;
	struct ol_collector_config config;
	struct ol_pacer pacer;
	uint64_t start_ns;      /* Of the collector; gc_cpu_fraction is a share of the time since. */
	uint64_t collecting_ns; /* Spent in cycles. */
	uint64_t last_gc_unix_ns;
	uint64_t cycles;
	uint64_t forced_cycles;
	bool is_collecting;
};

static struct ol_pacer_memory pacer_memory(const struct ol_heap_stats *stats) {
	return (struct ol_pacer_memory){
		.mapped_ready_bytes = stats->mapped_ready_bytes,
		.heap_free_bytes = stats->free_bytes,
		.heap_alloc_bytes = stats->allocated_bytes,
	};
}

static void end_pacer_cycle(struct ol_collector *collector, uint64_t heap_live_bytes,
	const struct ol_heap_marking *marking, bool is_forced) {
	struct ol_pacer_cycle cycle = {
		.heap_live_bytes = heap_live_bytes,
		.marked_bytes = marking->marked_bytes,
		.heap_scan_bytes = marking->scan_work_bytes,
		.globals_scan_bytes = marking->roots_bytes,
		.utilization = cycle_utilization,
		.is_forced = is_forced,
	};
	ol_pacer_end_cycle(&collector->pacer, &cycle);
}

static void run_cycle(struct ol_collector *collector, bool is_forced) {
	assert(!collector->is_collecting);
	collector->is_collecting = true;
	if (collector->config.on_activity != NULL)
		collector->config.on_activity(collector->config.context, true);

	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	struct ol_heap_stats before = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = pacer_memory(&before);
	uint64_t trigger_bytes = ol_pacer_trigger(&collector->pacer, &memory);
	ol_pacer_start_cycle(&collector->pacer, before.live_bytes, &memory);
	uint64_t goal_bytes = ol_pacer_goal(&collector->pacer, &memory);

	struct ol_heap_marking marking = ol_heap_mark(collector->heap);
	struct ol_heap_sweeping sweeping = ol_heap_sweep(collector->heap);
	end_pacer_cycle(collector, before.live_bytes, &marking, is_forced);

	uint64_t pause_ns = ol_clock_now_ns(collector->clock) - begin_ns;
	collector->collecting_ns += pause_ns;
	collector->last_gc_unix_ns = ol_clock_unix_ns(collector->clock);
	collector->cycles++;
	collector->forced_cycles += is_forced;
	collector->is_collecting = false;

	struct ol_heap_stats after = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory_after = pacer_memory(&after);
	struct ol_gc_cycle cycle = {
		.number = collector->cycles,
		.at_ns = begin_ns,
		.pause_ns = pause_ns,
		.trigger_bytes = trigger_bytes,
		.start_bytes = before.live_bytes,
		.end_bytes = before.live_bytes,
		.marked_bytes = marking.marked_bytes,
		.goal_bytes = goal_bytes,
		.next_goal_bytes = ol_pacer_goal(&collector->pacer, &memory_after),
		.scan_work_bytes = marking.scan_work_bytes,
		.freed_bytes = sweeping.freed_bytes,
		.is_forced = is_forced,
	};
	if (collector->config.on_activity != NULL)
		collector->config.on_activity(collector->config.context, false);
	if (collector->config.on_cycle != NULL)
		collector->config.on_cycle(collector->config.context, &cycle);
}

/* Go's gcTrigger{kind: gcTriggerHeap}.test(). extra_bytes: about to be allocated, not yet live. */
static bool is_triggered(const struct ol_collector *collector, uint64_t extra_bytes) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = pacer_memory(&stats);
	return stats.live_bytes + extra_bytes >= ol_pacer_trigger(&collector->pacer, &memory);
}

static void before_mapping(void *context, uint64_t span_bytes) {
	struct ol_collector *collector = context;
	if (collector->config.trigger_test != OL_TRIGGER_BEFORE_MAPPING || collector->is_collecting)
		return;
	if (is_triggered(collector, span_bytes))
		run_cycle(collector, false);
}

/* Go's allocation-time scavenging: pages that come back from the system must not carry what is
 * mapped over the memory limit while free pages lie about. */
static void before_commit(void *context, uint64_t released_bytes) {
	struct ol_collector *collector = context;
	uint64_t limit_bytes = collector->pacer.memory_limit_bytes;
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	uint64_t wanted_bytes = stats.mapped_ready_bytes + released_bytes;
	if (wanted_bytes > limit_bytes)
		ol_heap_scavenge(collector->heap, wanted_bytes - limit_bytes);
}

int ol_collector_create(struct ol_heap *heap, struct ol_clock *clock,
	const struct ol_collector_config *config, struct ol_collector **ret_collector,
	struct ol_error *error) {
	struct ol_collector *collector = calloc(1, sizeof *collector);
	if (collector == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the collector");
	collector->heap = heap;
	collector->quick.heap = config->is_stress ? NULL : heap;
	collector->clock = clock;
	collector->config = *config;
	collector->start_ns = ol_clock_now_ns(clock);
	ol_pacer_init(&collector->pacer, config->rules, config->gogc, config->memory_limit_bytes);
	struct ol_heap_hooks hooks = {
		.context = collector,
		.before_mapping = before_mapping,
		.before_commit = before_commit,
	};
	ol_heap_set_hooks(heap, &hooks);
	*ret_collector = collector;
	return 0;
}

void ol_collector_destroy(struct ol_collector *collector) {
	if (collector == NULL)
		return;
	ol_heap_set_hooks(collector->heap, &(struct ol_heap_hooks){ 0 });
	free(collector);
}

/* What is asked for: a slab of payload_bytes, or a node. */
struct request {
	bool is_node;
	uint32_t slot_count;
	uint64_t bytes;
};

static int serve(struct ol_collector *collector, const struct request *request,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	if (request->is_node)
		return ol_heap_allocate_node(
			collector->heap, request->slot_count, request->bytes, ret_allocation, error);
	return ol_heap_allocate_slab(collector->heap, request->bytes, ret_allocation, error);
}

/* Before it fails for want of memory, everything dead is collected and given back, once. */
static int serve_at_any_cost(struct ol_collector *collector, const struct request *request,
	struct ol_allocation *ret_allocation, struct ol_error *error) {
	int result = serve(collector, request, ret_allocation, error);
	if (result != -ENOMEM)
		return result;
	run_cycle(collector, false);
	ol_heap_scavenge(collector->heap, UINT64_MAX);
	return serve(collector, request, ret_allocation, error);
}

/* What was allocated is held by now. */
static void after_serving(struct ol_collector *collector, const struct ol_allocation *allocation) {
	if (collector->config.is_stress ||
		(allocation->is_slow_path && collector->config.trigger_test == OL_TRIGGER_AFTER_SERVING &&
			is_triggered(collector, 0)))
		run_cycle(collector, false);
}

static int allocate(struct ol_collector *collector, const struct request *request,
	ol_root *ret_root, struct ol_error *error) {
	struct ol_allocation allocation;
	int result = serve_at_any_cost(collector, request, &allocation, error);
	if (result < 0)
		return result;
	ol_root root;
	result = ol_heap_root_create(collector->heap, allocation.object, &root, error);
	if (result < 0)
		return result;
	after_serving(collector, &allocation);
	*ret_root = root;
	return 0;
}

int ol_collector_allocate_slab(
	struct ol_collector *collector, uint64_t bytes, ol_root *ret_root, struct ol_error *error) {
	return allocate(collector, &(struct request){ .bytes = bytes }, ret_root, error);
}

int ol_collector_allocate_node(struct ol_collector *collector, uint32_t slot_count,
	uint64_t payload_bytes, ol_root *ret_root, struct ol_error *error) {
	return allocate(collector,
		&(struct request){ .is_node = true, .slot_count = slot_count, .bytes = payload_bytes },
		ret_root, error);
}

/* As allocate, but what is new is held by holder. */
static int allocate_held(struct ol_collector *collector, const struct request *request,
	ol_root holder, void **ret_object, struct ol_error *error) {
	struct ol_allocation allocation;
	int result = serve_at_any_cost(collector, request, &allocation, error);
	if (result < 0)
		return result;
	ol_heap_root_store(collector->heap, holder, allocation.object);
	after_serving(collector, &allocation);
	*ret_object = allocation.object;
	return 0;
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
	run_cycle(collector, true);
}

void ol_collector_set_limits(
	struct ol_collector *collector, int32_t gogc, uint64_t memory_limit_bytes) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	ol_pacer_set_limits(&collector->pacer, gogc, memory_limit_bytes, stats.live_bytes);
}

struct ol_memstats ol_collector_memstats(const struct ol_collector *collector) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = pacer_memory(&stats);
	uint64_t elapsed_ns = ol_clock_now_ns(collector->clock) - collector->start_ns;
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
		.gc_cpu_fraction =
			elapsed_ns == 0 ? 0 : (double)collector->collecting_ns / (double)elapsed_ns,
	};
}
