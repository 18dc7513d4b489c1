/* runway.c -- Go from 1.18 on: the trigger lies a runway before the goal, as long as what is likely
 * to be allocated while the cycle runs.
 *
 * Source: Go 1.19.8, runtime/mgcpacer.go, and the three rules that changed up to 1.21 (issues 53892
 * and 57069). Wording and code are ours. */
#include <math.h>
#include <string.h>

#include "pacer/internal.h"

static const uint64_t minimum_runway_bytes = UINT64_C(64) << 10;
static const uint64_t minimum_headroom_bytes = UINT64_C(1) << 20;
static const uint64_t headroom_percent = 3; /* From 1.21 on. */

void ol_pacer_runway_plan_goal(struct ol_pacer *pacer) {
	uint64_t marked = pacer->heap_marked_bytes;
	uint64_t roots = pacer->last_stack_scan_bytes + pacer->globals_bytes;
	uint64_t goal = UINT64_MAX;
	if (pacer->gc_percent >= 0)
		goal = marked + (marked + roots) * (uint64_t)pacer->gc_percent / 100;
	pacer->percent_goal_bytes = pacer->set_goal_bytes != 0
									? pacer->set_goal_bytes
									: ol_pacer_max(goal, pacer->heap_minimum_bytes);
}

/* Go's commit: the goal by GOGC, and the runway, from what the last cycle found. */
void ol_pacer_runway_commit(struct ol_pacer *pacer, uint64_t heap_live_bytes, bool is_sweep_done) {
	pacer->sweep_minimum_bytes =
		is_sweep_done ? 0 : heap_live_bytes + OL_PACER_SWEEP_DISTANCE_BYTES;
	ol_pacer_runway_plan_goal(pacer);
	pacer->runway_bytes = ol_pacer_truncate(
		(pacer->cons_mark * (1 - OL_PACER_BACKGROUND_SHARE) / OL_PACER_BACKGROUND_SHARE) *
		(double)(pacer->last_heap_scan_bytes + pacer->last_stack_scan_bytes +
				 pacer->globals_bytes));
}

/* What the memory limit keeps free for what the heap goal cannot foresee. */
static uint64_t headroom_bytes(const struct ol_pacer *pacer, uint64_t goal_bytes) {
	if (pacer->rules != OL_PACER_GO_1_21)
		return minimum_headroom_bytes;
	return ol_pacer_max(goal_bytes / 100 * headroom_percent, minimum_headroom_bytes);
}

uint64_t ol_pacer_memory_limit_goal(
	const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	uint64_t limit = pacer->memory_limit_bytes;
	if (pacer->rules == OL_PACER_GO_1_16)
		return UINT64_MAX;
	uint64_t non_heap =
		memory->mapped_ready_bytes - memory->heap_free_bytes - memory->heap_alloc_bytes;
	uint64_t overage = memory->mapped_ready_bytes > limit ? memory->mapped_ready_bytes - limit : 0;
	if (non_heap + overage >= limit)
		return pacer->heap_marked_bytes;
	uint64_t goal = limit - (non_heap + overage);
	uint64_t headroom = headroom_bytes(pacer, goal);
	goal = goal < headroom || goal - headroom < headroom ? headroom : goal - headroom;
	return ol_pacer_max(goal, pacer->heap_marked_bytes);
}

uint64_t ol_pacer_runway_goal(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory,
	uint64_t *ret_minimum_trigger_bytes) {
	uint64_t goal = pacer->percent_goal_bytes;
	uint64_t limit_goal = ol_pacer_memory_limit_goal(pacer, memory);
	*ret_minimum_trigger_bytes = 0;
	if (limit_goal < goal)
		return limit_goal;
	goal = ol_pacer_max(goal, pacer->sweep_minimum_bytes);
	*ret_minimum_trigger_bytes = pacer->sweep_minimum_bytes;
	if (pacer->triggered_bytes != UINT64_MAX)
		goal = ol_pacer_max(goal, pacer->triggered_bytes + minimum_runway_bytes);
	return goal;
}

uint64_t ol_pacer_runway_trigger(
	const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	uint64_t minimum;
	uint64_t goal = ol_pacer_runway_goal(pacer, memory, &minimum);
	uint64_t marked = pacer->heap_marked_bytes;
	if (marked >= goal)
		return goal;
	/* The trigger lies between 45/64 (0.70) and 61/64 (0.95) of the way from live to goal, or at
	 * most 4 MiB below a goal that is far away. */
	uint64_t step = (goal - marked) / 64;
	minimum = ol_pacer_max(minimum, ol_pacer_max(marked, marked + step * 45));
	uint64_t maximum = marked + step * 61;
	if (goal > OL_PACER_HEAP_MINIMUM_BYTES && goal - OL_PACER_HEAP_MINIMUM_BYTES > maximum)
		maximum = goal - OL_PACER_HEAP_MINIMUM_BYTES;
	maximum = ol_pacer_max(maximum, minimum);
	uint64_t trigger = pacer->runway_bytes > goal ? minimum : goal - pacer->runway_bytes;
	return ol_pacer_min(ol_pacer_max(trigger, minimum), maximum);
}

double ol_pacer_runway_assist(const struct ol_pacer *pacer,
	const struct ol_pacer_progress *progress, const struct ol_pacer_memory *memory) {
	int32_t percent = pacer->gc_percent < 0 ? OL_PACER_OFF_PERCENT : pacer->gc_percent;
	int64_t live = (int64_t)progress->heap_live_bytes;
	int64_t done = (int64_t)(progress->heap_scan_work_bytes + progress->stack_scan_work_bytes +
							 progress->globals_scan_work_bytes);
	/* In a steady state the same is scanned as in the last cycle; at worst everything. */
	int64_t expected = (int64_t)(pacer->last_heap_scan_bytes + pacer->last_stack_scan_bytes +
								 progress->globals_bytes);
	int64_t most =
		(int64_t)(progress->heap_scan_bytes + progress->max_stack_bytes + progress->globals_bytes);
	int64_t goal = (int64_t)ol_pacer_goal(pacer, memory);
	int64_t triggered = (int64_t)pacer->triggered_bytes;
	if (done > expected) {
		/* More than expected: the goal is moved out along the line begun, but not without end. */
		int64_t extrapolated =
			ol_pacer_truncate_signed((double)(goal - triggered) / (double)expected * (double)most) +
			triggered;
		int64_t hard = ol_pacer_truncate_signed((1.0 + (double)percent / 100.0) * (double)goal);
		expected = most;
		goal = extrapolated < hard ? extrapolated : hard;
	}
	if (live > goal) {
		goal = ol_pacer_truncate_signed((double)goal * 1.1);
		expected = most;
	}
	return ol_pacer_assist_ratio(expected, done, goal, live);
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

/* go1.21: the maximum of this and the last four measured, as a stand still makes one cycle look
 * slow. */
static double highest_cons_mark(struct ol_pacer *pacer, double current) {
	double highest = current;
	for (int i = 0; i < OL_PACER_CONS_MARKS; i++)
		if (pacer->last_cons_marks[i] > highest)
			highest = pacer->last_cons_marks[i];
	memmove(&pacer->last_cons_marks[0], &pacer->last_cons_marks[1],
		(OL_PACER_CONS_MARKS - 1) * sizeof pacer->last_cons_marks[0]);
	pacer->last_cons_marks[OL_PACER_CONS_MARKS - 1] = current;
	return highest;
}

void ol_pacer_runway_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle) {
	if (cycle->heap_live_bytes <= pacer->triggered_bytes)
		return;
	uint64_t scan_work_bytes =
		cycle->heap_scan_bytes + cycle->stack_scan_bytes + cycle->globals_scan_bytes;
	double current = ((double)(cycle->heap_live_bytes - pacer->triggered_bytes) *
						 (cycle->utilization + cycle->idle_utilization)) /
					 ((double)scan_work_bytes * (1 - cycle->utilization));
	pacer->cons_mark = pacer->rules == OL_PACER_GO_1_21 ? highest_cons_mark(pacer, current)
														: next_cons_mark(pacer, current);
}
