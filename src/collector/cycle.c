/* cycle.c -- What all modes share of a cycle: its facts, what the pacer is told, what follows from
 * the pacer's plan. */
#include <assert.h>

#include "collector/go_runtime.h"
#include "collector/internal.h"

/* The background's share of the processors while a cycle runs: what Go's pacer assumes. */
static const double background_share = 0.25;
static const uint64_t sweep_distance_bytes = UINT64_C(1) << 20;

uint64_t ol_collector_now_ns(const struct ol_collector *collector) {
	if (collector->config.mode == OL_COLLECTOR_INCREMENTAL)
		return (uint64_t)collector->cost_ns;
	return ol_clock_now_ns(collector->clock);
}

static uint64_t runtime_mapped_bytes(
	const struct ol_collector *collector, const struct ol_heap_stats *stats) {
	if (!collector->config.has_go_runtime)
		return 0;
	return ol_go_runtime_mapped_bytes(
		stats->inuse_bytes + stats->free_bytes + stats->released_bytes, collector->cycles > 0);
}

struct ol_pacer_memory ol_collector_memory(
	const struct ol_collector *collector, const struct ol_heap_stats *stats) {
	return (struct ol_pacer_memory){
		.mapped_ready_bytes = stats->mapped_ready_bytes + collector->stack_bytes +
							  runtime_mapped_bytes(collector, stats),
		.heap_free_bytes = stats->free_bytes,
		.heap_alloc_bytes = stats->allocated_bytes,
	};
}

double ol_collector_gc_cpu_fraction(const struct ol_collector *collector) {
	uint64_t elapsed_ns = ol_clock_now_ns(collector->clock) - collector->start_ns;
	if (elapsed_ns == 0)
		return 0;
	double fraction =
		(double)collector->gc_cpu_ns / ((double)elapsed_ns * (double)collector->processors);
	return fraction > 1 ? 1 : fraction;
}

void ol_cycle_replan(struct ol_collector *collector) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	collector->trigger_bytes = ol_pacer_trigger(&collector->pacer, &memory);
	ol_scavenge_plan_set(&collector->scavenge_plan, collector->last_inuse_bytes,
		ol_pacer_goal(&collector->pacer, &memory), collector->last_goal_bytes,
		collector->pacer.memory_limit_bytes);
	collector->sweep_pages_per_byte = 0;
	if (stats.unswept_bytes == 0)
		return;
	/* Go: swept by the time the next cycle is due, with a mebibyte to spare. */
	uint64_t distance_bytes = OL_HEAP_PAGE_BYTES;
	if (collector->trigger_bytes > stats.live_bytes + sweep_distance_bytes + OL_HEAP_PAGE_BYTES)
		distance_bytes = collector->trigger_bytes - stats.live_bytes - sweep_distance_bytes;
	collector->sweep_pages_per_byte =
		(double)stats.unswept_bytes / (double)OL_HEAP_PAGE_BYTES / (double)distance_bytes;
	collector->sweep_debt_pages = 0;
}

/* Go's gcTrigger{kind: gcTriggerHeap}.test(). */
bool ol_cycle_is_triggered(const struct ol_collector *collector, uint64_t extra_bytes) {
	if (collector->pacer.memory_limit_bytes == OL_MEMORY_LIMIT_OFF)
		return ol_heap_live_bytes(collector->heap) + extra_bytes >= collector->trigger_bytes;
	/* The limit's goal moves with everything that is mapped. */
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	return stats.live_bytes + extra_bytes >= ol_pacer_trigger(&collector->pacer, &memory);
}

double ol_cycle_assist_ratio(struct ol_collector *collector) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	struct ol_pacer_progress progress = {
		.heap_live_bytes = stats.live_bytes,
		.heap_scan_bytes = stats.scan_bytes,
		.max_stack_bytes = collector->stack_bytes,
		.globals_bytes = collector->cycle.facts.roots_bytes,
		.heap_scan_work_bytes = ol_heap_mark_work_bytes(collector->heap),
		.stack_scan_work_bytes = collector->cycle.facts.stack_bytes,
		.globals_scan_work_bytes = collector->cycle.facts.roots_bytes,
	};
	return ol_pacer_assist_work_per_byte(&collector->pacer, &progress, &memory);
}

void ol_cycle_sweep_share(struct ol_collector *collector, uint64_t bytes) {
	if (collector->sweep_pages_per_byte == 0)
		return;
	collector->sweep_debt_pages += (double)bytes * collector->sweep_pages_per_byte;
	if (collector->sweep_debt_pages < 1)
		return;
	struct ol_heap_sweeping sweeping =
		ol_heap_sweep_some(collector->heap, (uint64_t)collector->sweep_debt_pages);
	collector->sweep_debt_pages -= (double)sweeping.swept_pages;
	ol_cycle_note_swept(collector);
}

/* Go's background scavenger works for a millisecond and then sleeps for a second. Without a
 * background the work is done at once, and the second is counted in what is allocated meanwhile,
 * so that the same program is served alike each time. */
static void scavenge_batch(struct ol_collector *collector) {
	double now_ns =
		(double)ol_heap_stats(collector->heap).allocated_total_bytes * OL_COLLECTOR_ALLOCATE_NS;
	if (now_ns < collector->next_batch_ns)
		return;
	unsigned bites = 0;
	while (bites < OL_SCAVENGE_BATCH_BITES && ol_collector_scavenge_bite(collector))
		bites++;
	if (bites < OL_SCAVENGE_BATCH_BITES)
		collector->is_scavenger_awake = false;
	if (bites > 0)
		collector->next_batch_ns = now_ns + OL_SCAVENGE_SLEEP_NS;
}

void ol_cycle_note_swept(struct ol_collector *collector) {
	if (collector->is_swept || !ol_heap_is_idle(collector->heap))
		return;
	collector->is_swept = true;
	collector->sweep_pages_per_byte = 0;
	collector->is_scavenger_awake = true;
	if (collector->concurrent == NULL)
		scavenge_batch(collector);
	if (collector->config.on_swept != NULL)
		collector->config.on_swept(collector->config.context);
}

void ol_cycle_begin(struct ol_collector *collector, bool is_forced) {
	assert(!collector->cycle.is_active);
	/* What the last cycle left is swept before the next begins. */
	ol_heap_sweep(collector->heap);
	ol_cycle_note_swept(collector);
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	collector->cycle = (struct ol_cycle){
		.is_active = true,
		.cost_begin_ns = collector->cost_ns,
		.facts = {
			.number = collector->cycles + 1,
			.at_ns = ol_clock_now_ns(collector->clock),
			.trigger_bytes = ol_pacer_trigger(&collector->pacer, &memory),
			.start_bytes = stats.live_bytes,
			.roots_bytes = stats.roots_bytes + collector->globals_bytes,
			.stack_bytes = collector->stack_bytes,
			.processors = collector->processors,
			.is_forced = is_forced,
		},
	};
	ol_pacer_start_cycle(&collector->pacer, stats.live_bytes, &memory);
}

void ol_cycle_begin_marking(struct ol_collector *collector, uint64_t stop_begin_ns) {
	struct ol_cycle *cycle = &collector->cycle;
	cycle->mark_begin_ns = ol_clock_now_ns(collector->clock);
	cycle->facts.sweep_term_ns = cycle->mark_begin_ns - stop_begin_ns;
	ol_histogram_add(&collector->pauses, cycle->facts.sweep_term_ns);
	ol_limiter_transition(&collector->limiter, true,
		collector->config.mode == OL_COLLECTOR_CONCURRENT ? cycle->facts.sweep_term_ns : 0,
		ol_collector_now_ns(collector));
	collector->seen_live_bytes = ol_heap_live_bytes(collector->heap);
}

/* The pacer learns; returns the goal that this cycle had. */
static uint64_t tell_pacer(struct ol_collector *collector, const struct ol_cycle_end *end) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	uint64_t goal_bytes = ol_pacer_goal(&collector->pacer, &memory);
	struct ol_pacer_cycle cycle = {
		.heap_live_bytes = end->heap_live_bytes,
		.marked_bytes = end->marking.marked_bytes,
		.heap_scan_bytes = end->marking.scan_work_bytes,
		.stack_scan_bytes = collector->cycle.facts.stack_bytes,
		.globals_scan_bytes = end->marking.roots_bytes + collector->globals_bytes,
		.utilization = background_share + end->assist_utilization,
		.idle_utilization = end->idle_utilization,
		.is_forced = collector->cycle.facts.is_forced,
	};
	ol_pacer_end_cycle(&collector->pacer, &cycle);
	collector->last_goal_bytes = goal_bytes;
	collector->last_inuse_bytes = end->inuse_bytes;
	return goal_bytes;
}

static void note_times(struct ol_collector *collector, const struct ol_cycle_end *end) {
	struct ol_gc_cycle *facts = &collector->cycle.facts;
	uint64_t now_ns = ol_clock_now_ns(collector->clock);
	facts->mark_term_ns = now_ns - end->stop_begin_ns;
	if (collector->cycle.mark_begin_ns != 0)
		facts->mark_ns = end->stop_begin_ns - collector->cycle.mark_begin_ns;
	facts->pause_ns = facts->sweep_term_ns + facts->mark_term_ns;
	ol_histogram_add(&collector->pauses, facts->mark_term_ns);
	collector->gc_cpu_ns +=
		facts->pause_ns * collector->processors + facts->assist_ns + facts->background_ns;
	collector->last_gc_ns = ol_collector_now_ns(collector);
	collector->last_gc_unix_ns = ol_clock_unix_ns(collector->clock);
	ol_limiter_transition(&collector->limiter, false,
		collector->config.mode == OL_COLLECTOR_INCREMENTAL ? 0 : facts->mark_term_ns,
		collector->last_gc_ns);
	facts->gc_cpu_fraction = ol_collector_gc_cpu_fraction(collector);
}

void ol_cycle_end(struct ol_collector *collector, const struct ol_cycle_end *end) {
	struct ol_gc_cycle *facts = &collector->cycle.facts;
	assert(collector->cycle.is_active);
	facts->goal_bytes = tell_pacer(collector, end);
	facts->end_bytes = end->heap_live_bytes;
	facts->marked_bytes = end->marking.marked_bytes;
	facts->scan_work_bytes = end->marking.scan_work_bytes;
	facts->freed_bytes = end->allocated_bytes - end->marking.marked_bytes;
	collector->cycles++;
	collector->forced_cycles += facts->is_forced;
	collector->cycle.is_active = false;
	collector->is_swept = false;
	note_times(collector, end);
	ol_cycle_replan(collector);
	ol_cycle_note_swept(collector);
	collector->seen_live_bytes = ol_heap_live_bytes(collector->heap);
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_pacer_memory memory = ol_collector_memory(collector, &stats);
	facts->next_goal_bytes = ol_pacer_goal(&collector->pacer, &memory);
	if (collector->config.on_cycle != NULL)
		collector->config.on_cycle(collector->config.context, facts);
}

/* A virtual clock is told what a cycle in the stopped world took. */
static void spend_cycle(struct ol_collector *collector, const struct ol_heap_marking *marking,
	const struct ol_heap_sweeping *sweeping) {
	/* A large object is a span of its own; of small ones many share a page. */
	uint64_t spans = sweeping->freed_objects < sweeping->swept_pages ? sweeping->freed_objects
																	 : sweeping->swept_pages;
	double cost_ns = OL_COLLECTOR_STOP_NS +
					 (double)marking->scan_work_bytes * OL_COLLECTOR_SLOT_BYTE_NS +
					 (double)marking->marked_objects * OL_COLLECTOR_OBJECT_NS +
					 (double)spans * OL_COLLECTOR_SWEEP_SPAN_NS;
	ol_clock_spend_ns(collector->clock, (uint64_t)cost_ns);
}

void ol_cycle_scan_stacks(struct ol_collector *collector) {
	if (collector->stack_bytes == 0)
		return;
	if (collector->config.scan_stacks != NULL)
		collector->config.scan_stacks(collector->config.context);
	ol_clock_spend_ns(
		collector->clock, (uint64_t)((double)collector->stack_bytes * OL_COLLECTOR_STACK_BYTE_NS));
}

void ol_cycle_run_stopped(struct ol_collector *collector, bool is_forced) {
	if (collector->config.on_activity != NULL)
		collector->config.on_activity(collector->config.context, true);
	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	ol_cycle_begin(collector, is_forced);
	ol_cycle_scan_stacks(collector);
	struct ol_heap_stats before = ol_heap_stats(collector->heap);
	struct ol_cycle_end end = {
		.heap_live_bytes = before.live_bytes,
		.allocated_bytes = before.allocated_bytes,
		.inuse_bytes = before.inuse_bytes,
		.stop_begin_ns = begin_ns,
		.marking = ol_heap_mark(collector->heap),
	};
	struct ol_heap_sweeping sweeping = ol_heap_sweep(collector->heap);
	spend_cycle(collector, &end.marking, &sweeping);
	ol_cycle_end(collector, &end);
	if (collector->config.on_activity != NULL)
		collector->config.on_activity(collector->config.context, false);
	ol_consult_gc_end(collector, &collector->cycle.facts);
}
