/* ratio.c -- Go up to 1.17: the trigger is a ratio above what is live, corrected after each cycle.
 *
 * Sources: proposal 14951 and the 1.16 runtime. Its fixed point is a product of utilization and
 * overshoot, not the utilization wanted: the defect that the redesign of 1.18 mended. */
#include "pacer/internal.h"

static const double first_trigger_ratio = 7.0 / 8;
static const double goal_utilization = 0.30; /* 25 % dedicated and 5 % of expected assists. */
static const double gain = 0.5;

/* Before the first cycle what is live is made up, so that the trigger is the minimum heap. */
void ol_pacer_ratio_init(struct ol_pacer *pacer) {
	pacer->trigger_ratio = first_trigger_ratio;
	pacer->heap_marked_bytes =
		ol_pacer_truncate((double)pacer->heap_minimum_bytes / (1 + first_trigger_ratio));
}

void ol_pacer_ratio_commit(struct ol_pacer *pacer, uint64_t heap_live_bytes, bool is_sweep_done) {
	double ratio = pacer->trigger_ratio;
	uint64_t marked = pacer->heap_marked_bytes;
	if (pacer->set_goal_bytes != 0) {
		uint64_t goal = pacer->set_goal_bytes;
		pacer->percent_goal_bytes = goal;
		pacer->trigger_bytes = goal <= marked ? goal : marked + (goal - marked) / 64 * 61;
		return;
	}
	if (pacer->gc_percent < 0) {
		pacer->trigger_ratio = ratio < 0 ? 0 : ratio;
		pacer->trigger_bytes = pacer->percent_goal_bytes = UINT64_MAX;
		return;
	}
	double scale = (double)pacer->gc_percent / 100;
	if (ratio > 0.95 * scale)
		ratio = 0.95 * scale;
	else if (ratio < 0.6 * scale)
		ratio = 0.6 * scale;
	pacer->trigger_ratio = ratio;
	uint64_t minimum = pacer->heap_minimum_bytes;
	if (!is_sweep_done)
		minimum = ol_pacer_max(minimum, heap_live_bytes + OL_PACER_SWEEP_DISTANCE_BYTES);
	pacer->trigger_bytes = ol_pacer_max(ol_pacer_truncate((double)marked * (1 + ratio)), minimum);
	pacer->percent_goal_bytes =
		ol_pacer_max(marked + marked * (uint64_t)pacer->gc_percent / 100, pacer->trigger_bytes);
}

uint64_t ol_pacer_ratio_goal(const struct ol_pacer *pacer) {
	return pacer->percent_goal_bytes;
}

double ol_pacer_ratio_assist(
	const struct ol_pacer *pacer, const struct ol_pacer_progress *progress) {
	int64_t percent = pacer->gc_percent < 0 ? OL_PACER_OFF_PERCENT : pacer->gc_percent;
	int64_t live = (int64_t)progress->heap_live_bytes;
	int64_t done = (int64_t)progress->heap_scan_work_bytes;
	int64_t goal = (int64_t)ol_pacer_min(pacer->percent_goal_bytes, (uint64_t)INT64_MAX);
	/* In a steady state only what survived the last cycle is scanned again. */
	int64_t expected = (int64_t)progress->heap_scan_bytes * 100 / (100 + percent);
	if (live > goal || done > expected) {
		goal = ol_pacer_truncate_signed((double)goal * 1.1);
		expected = (int64_t)progress->heap_scan_bytes;
	}
	return ol_pacer_assist_ratio(expected, done, goal, live);
}

void ol_pacer_ratio_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle) {
	double marked = (double)pacer->heap_marked_bytes;
	if (cycle->is_forced || pacer->gc_percent < 0 || pacer->heap_marked_bytes == 0)
		return;
	double goal_growth = ((double)pacer->percent_goal_bytes - marked) / marked;
	if (goal_growth < 0)
		goal_growth = 0;
	double actual_growth = (double)cycle->heap_live_bytes / marked - 1;
	double ratio = pacer->trigger_ratio;
	double error =
		goal_growth - ratio - cycle->utilization / goal_utilization * (actual_growth - ratio);
	pacer->trigger_ratio = ratio + gain * error;
}
