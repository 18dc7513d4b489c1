/* pacer.c -- The go1.19 rules. Source: Go 1.19.8, runtime/mgcpacer.go; the facts are told in
 * docs/pacer.md, the wording and code are ours. */
#include "pacer/pacer.h"

#include <assert.h>
#include <math.h>

static const uint64_t heap_minimum_bytes = UINT64_C(4) << 20;
static const uint64_t sweep_minimum_distance_bytes = UINT64_C(1) << 20;
static const uint64_t minimum_runway_bytes = UINT64_C(64) << 10;
static const uint64_t memory_limit_headroom_bytes = UINT64_C(1) << 20;
static const double background_utilization = 0.25;

static uint64_t max_u64(uint64_t a, uint64_t b) {
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

/* Truncates as Go's uint64() does, and saturates where C would be undefined. */
static uint64_t truncate_to_u64(double value) {
	if (!(value > 0))
		return 0;
	return value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
}

/* Go's commit: the goal by GOGC, and the runway, from what the last cycle found. */
static void commit(struct ol_pacer *pacer, uint64_t heap_live_bytes, bool is_sweep_done) {
	pacer->sweep_minimum_bytes = is_sweep_done ? 0 : heap_live_bytes + sweep_minimum_distance_bytes;
	uint64_t marked = pacer->heap_marked_bytes;
	uint64_t roots = pacer->last_stack_scan_bytes + pacer->globals_bytes;
	uint64_t goal = UINT64_MAX;
	if (pacer->gc_percent >= 0)
		goal = marked + (marked + roots) * (uint64_t)pacer->gc_percent / 100;
	pacer->percent_goal_bytes = max_u64(goal, pacer->heap_minimum_bytes);
	pacer->runway_bytes =
		truncate_to_u64((pacer->cons_mark * (1 - background_utilization) / background_utilization) *
						(double)(pacer->last_heap_scan_bytes + pacer->last_stack_scan_bytes +
								 pacer->globals_bytes));
}

static void take_limits(struct ol_pacer *pacer, int32_t gc_percent, uint64_t memory_limit_bytes) {
	pacer->gc_percent = gc_percent < 0 ? -1 : gc_percent;
	pacer->memory_limit_bytes = memory_limit_bytes;
	pacer->heap_minimum_bytes =
		gc_percent < 0 ? 0 : heap_minimum_bytes * (uint64_t)gc_percent / 100;
}

void ol_pacer_init(struct ol_pacer *pacer, int32_t gc_percent, uint64_t memory_limit_bytes) {
	*pacer = (struct ol_pacer){ .triggered_bytes = UINT64_MAX };
	take_limits(pacer, gc_percent, memory_limit_bytes);
	commit(pacer, 0, true);
}

void ol_pacer_set_limits(struct ol_pacer *pacer, int32_t gc_percent, uint64_t memory_limit_bytes,
	uint64_t heap_live_bytes) {
	take_limits(pacer, gc_percent, memory_limit_bytes);
	commit(pacer, heap_live_bytes, true);
}

uint64_t ol_pacer_memory_limit_goal(
	const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	uint64_t limit = pacer->memory_limit_bytes;
	uint64_t non_heap =
		memory->mapped_ready_bytes - memory->heap_free_bytes - memory->heap_alloc_bytes;
	uint64_t overage = memory->mapped_ready_bytes > limit ? memory->mapped_ready_bytes - limit : 0;
	if (non_heap + overage >= limit)
		return pacer->heap_marked_bytes;
	uint64_t goal = limit - (non_heap + overage);
	uint64_t headroom = memory_limit_headroom_bytes;
	goal = goal < headroom || goal - headroom < headroom ? headroom : goal - headroom;
	return max_u64(goal, pacer->heap_marked_bytes);
}

static uint64_t goal_and_minimum_trigger(const struct ol_pacer *pacer,
	const struct ol_pacer_memory *memory, uint64_t *ret_minimum_trigger_bytes) {
	uint64_t goal = pacer->percent_goal_bytes;
	uint64_t limit_goal = ol_pacer_memory_limit_goal(pacer, memory);
	*ret_minimum_trigger_bytes = 0;
	if (limit_goal < goal)
		return limit_goal;
	goal = max_u64(goal, pacer->sweep_minimum_bytes);
	*ret_minimum_trigger_bytes = pacer->sweep_minimum_bytes;
	if (pacer->triggered_bytes != UINT64_MAX)
		goal = max_u64(goal, pacer->triggered_bytes + minimum_runway_bytes);
	return goal;
}

uint64_t ol_pacer_goal(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	uint64_t minimum_trigger;
	return goal_and_minimum_trigger(pacer, memory, &minimum_trigger);
}

uint64_t ol_pacer_trigger(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	uint64_t minimum;
	uint64_t goal = goal_and_minimum_trigger(pacer, memory, &minimum);
	uint64_t marked = pacer->heap_marked_bytes;
	if (marked >= goal)
		return goal;
	/* The trigger lies between 45/64 (0.70) and 61/64 (0.95) of the way from live to goal, or at
	 * most 4 MiB below a goal that is far away. */
	uint64_t step = (goal - marked) / 64;
	minimum = max_u64(minimum, max_u64(marked, marked + step * 45));
	uint64_t maximum = marked + step * 61;
	if (goal > heap_minimum_bytes && goal - heap_minimum_bytes > maximum)
		maximum = goal - heap_minimum_bytes;
	maximum = max_u64(maximum, minimum);
	uint64_t trigger = pacer->runway_bytes > goal ? minimum : goal - pacer->runway_bytes;
	return min_u64(max_u64(trigger, minimum), maximum);
}

void ol_pacer_start_cycle(struct ol_pacer *pacer, uint64_t trigger_bytes) {
	pacer->triggered_bytes = trigger_bytes;
}

/* Go's piController, tuned as gcController.consMarkController; period 1. */
static double next_cons_mark(struct ol_pacer *pacer, double current) {
	static const double kp = 0.9, ti = 4.0, tt = 1000, limit = 1000;
	double proportional = kp * (current - pacer->cons_mark);
	double raw = proportional + pacer->pi_error_integral;
	double output = raw < -limit ? -limit : raw > limit ? limit : raw;
	pacer->pi_error_integral +=
		(kp * 1 / ti) * (current - pacer->cons_mark) + (1 / tt) * (output - raw);
	if (isinf(pacer->pi_error_integral) || isnan(pacer->pi_error_integral) || isnan(output)) {
		pacer->pi_error_integral = 0;
		return 0;
	}
	return output;
}

void ol_pacer_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle) {
	assert(pacer->triggered_bytes != UINT64_MAX);
	if (cycle->heap_live_bytes > pacer->triggered_bytes) {
		uint64_t scan_work_bytes =
			cycle->heap_scan_bytes + cycle->stack_scan_bytes + cycle->globals_scan_bytes;
		double current = ((double)(cycle->heap_live_bytes - pacer->triggered_bytes) *
							 (cycle->utilization + cycle->idle_utilization)) /
						 ((double)scan_work_bytes * (1 - cycle->utilization));
		pacer->cons_mark = next_cons_mark(pacer, current);
	}
	pacer->triggered_bytes = UINT64_MAX;
	pacer->heap_marked_bytes = cycle->marked_bytes;
	pacer->last_heap_scan_bytes = cycle->heap_scan_bytes;
	pacer->last_stack_scan_bytes = cycle->stack_scan_bytes;
	pacer->globals_bytes = cycle->globals_scan_bytes;
	/* heap_live equals marked at the end of a cycle; sweeping has yet to be done. */
	commit(pacer, cycle->marked_bytes, false);
}
