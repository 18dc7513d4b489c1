/* incremental.c -- A cycle by steps that advance with allocation: no threads, no clock, the same
 * run for the same seed.
 *
 * Time is what the program did, by two fixed costs (internal.h). While a cycle runs the background
 * gets its quarter of that time, and allocations owe what the pacer asks beyond it, as in Go. The
 * background scavenger and the cycle that is due after two minutes keep the same time. */
#include <assert.h>

#include "collector/internal.h"

static const double background_work_per_byte =
	0.25 / 0.75 * OL_COLLECTOR_ALLOCATE_NS / OL_COLLECTOR_SCAN_NS;
static const double background_work_min = 4096;
static const double scavenge_share = 0.01;

/* Counts what a part of the cycle takes, and tells a virtual clock. */
static void spend(struct ol_collector *collector, double *part_ns, double cost_ns) {
	*part_ns += cost_ns;
	collector->gc_cost_ns += cost_ns;
	ol_clock_spend_ns(collector->clock, (uint64_t)cost_ns);
}

static double roots(const struct ol_collector *collector) {
	return (double)ol_heap_stats(collector->heap).roots_count;
}

void ol_incremental_begin(struct ol_collector *collector, bool is_forced) {
	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	ol_cycle_begin(collector, is_forced);
	spend(collector, &collector->cycle.costs.pause_ns,
		OL_COLLECTOR_STOP_NS + roots(collector) * OL_COLLECTOR_TAKE_ROOT_NS);
	ol_cycle_scan_stacks(collector);
	collector->cost_ns += (double)collector->stack_bytes * OL_COLLECTOR_SCAN_NS;
	ol_heap_mark_begin(collector->heap);
	ol_cycle_begin_marking(collector, begin_ns);
}

static void end_cycle(struct ol_collector *collector) {
	struct ol_cycle *cycle = &collector->cycle;
	struct ol_heap_stats before = ol_heap_stats(collector->heap);
	double duration_ns = collector->cost_ns - cycle->cost_begin_ns;
	struct ol_cycle_end end = {
		.heap_live_bytes = before.live_bytes,
		.allocated_bytes = before.allocated_bytes,
		.inuse_bytes = before.inuse_bytes,
		.stop_begin_ns = ol_clock_now_ns(collector->clock),
		.assist_utilization = duration_ns > 0 ? cycle->assist_cost_ns / duration_ns : 0,
		.marking = ol_heap_mark_end(collector->heap),
	};
	ol_cycle_end(collector, &end);
	ol_consult_gc_end(collector, &cycle->facts);
}

/* Scans for work bytes; returns how many, and ends the cycle if nothing was left. */
static double mark(
	struct ol_collector *collector, double work, uint64_t *time_ns, double *part_ns) {
	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	bool is_idle = false;
	uint64_t done = ol_heap_mark_some(collector->heap, 0, (uint64_t)work, &is_idle);
	collector->cost_ns += (double)done * OL_COLLECTOR_SCAN_NS;
	spend(collector, part_ns,
		(double)done * OL_COLLECTOR_STEP_BYTE_NS +
			(is_idle ? roots(collector) * OL_COLLECTOR_MARK_ROOT_NS : 0));
	*time_ns += ol_clock_now_ns(collector->clock) - begin_ns;
	if (is_idle)
		end_cycle(collector);
	return (double)done;
}

/* The cycle may be over afterwards. */
static void mark_background(struct ol_collector *collector, uint64_t bytes) {
	struct ol_cycle *cycle = &collector->cycle;
	cycle->background_work += (double)bytes * background_work_per_byte;
	if (cycle->background_work < background_work_min)
		return;
	uint64_t number = cycle->facts.number;
	double done = mark(collector, cycle->background_work, &cycle->facts.background_ns,
		&cycle->costs.background_ns);
	if (!cycle->is_active || cycle->facts.number != number)
		return;
	cycle->background_work -= done;
	cycle->assist_credit_work += done;
}

static void assist(struct ol_collector *collector, uint64_t bytes) {
	struct ol_cycle *cycle = &collector->cycle;
	if (collector->limiter.is_limiting)
		return;
	cycle->assist_credit_work -= (double)bytes * ol_cycle_assist_ratio(collector);
	if (cycle->assist_credit_work >= 0)
		return;
	double work = -cycle->assist_credit_work;
	if (work < (double)OL_COLLECTOR_ASSIST_BYTES)
		work = (double)OL_COLLECTOR_ASSIST_BYTES;
	double cost_before_ns = collector->cost_ns;
	uint64_t number = cycle->facts.number;
	double done = mark(collector, work, &cycle->facts.assist_ns, &cycle->costs.assist_ns);
	double cost_ns = collector->cost_ns - cost_before_ns;
	ol_limiter_add_assist(&collector->limiter, (uint64_t)cost_ns);
	if (!cycle->is_active || cycle->facts.number != number)
		return;
	cycle->assist_credit_work += done;
	cycle->assist_cost_ns += cost_ns;
}

/* A hundredth of the time, in bites. */
static void scavenge(struct ol_collector *collector, uint64_t bytes) {
	if (!collector->is_scavenger_awake)
		return;
	collector->scavenge_allowance_ns += (double)bytes * OL_COLLECTOR_ALLOCATE_NS * scavenge_share;
	while (collector->scavenge_allowance_ns >= OL_SCAVENGE_BITE_NS) {
		collector->scavenge_allowance_ns -= OL_SCAVENGE_BITE_NS;
		if (!ol_collector_scavenge_bite(collector)) {
			collector->is_scavenger_awake = false;
			collector->scavenge_allowance_ns = 0;
			return;
		}
	}
}

void ol_incremental_advance(struct ol_collector *collector, uint64_t bytes) {
	collector->cost_ns += (double)bytes * OL_COLLECTOR_ALLOCATE_NS;
	ol_limiter_update(&collector->limiter, ol_collector_now_ns(collector));
	if (!collector->cycle.is_active) {
		scavenge(collector, bytes);
		return;
	}
	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	mark_background(collector, bytes);
	if (collector->cycle.is_active)
		assist(collector, bytes);
	ol_histogram_add(&collector->pauses, ol_clock_now_ns(collector->clock) - begin_ns);
}

void ol_incremental_finish(struct ol_collector *collector) {
	uint64_t number = collector->cycle.facts.number;
	/* Each call marks something, or ends it. */
	while (collector->cycle.is_active && collector->cycle.facts.number == number)
		mark(collector, (double)(UINT64_C(1) << 40), &collector->cycle.facts.assist_ns,
			&collector->cycle.costs.assist_ns);
}
