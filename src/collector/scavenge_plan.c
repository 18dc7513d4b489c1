/* scavenge_plan.c -- The two goals of the scavenger, and its pace. */
#include "collector/scavenge_plan.h"

#include <math.h>

#include "record/record.h"

static const double cpu_share = 0.01; /* Of one processor, the background scavenger aims at. */
static const double sleep_ratio_first = 0.001;
static const double sleep_ratio_min = 0.001, sleep_ratio_max = 1000;
static const uint64_t page_bytes = 4096;

void ol_scavenge_plan_init(struct ol_scavenge_plan *plan, enum ol_pacer_rules rules) {
	*plan = (struct ol_scavenge_plan){
		.rules = rules,
		.percent_goal_bytes = OL_SCAVENGE_OFF,
		.limit_goal_bytes = OL_SCAVENGE_OFF,
		.sleep_ratio = sleep_ratio_first,
	};
}

/* Meant are 95 % of the limit. Go 1.19 to 1.21 multiply by 95.0 instead of 0.95 (issue 62449), so
 * that the goal is never exceeded and the limit never makes the background scavenger run. */
static uint64_t limit_goal(enum ol_pacer_rules rules, uint64_t memory_limit_bytes) {
	if (rules == OL_PACER_GO_1_16 || memory_limit_bytes == OL_MEMORY_LIMIT_OFF)
		return OL_SCAVENGE_OFF;
	double factor = rules == OL_PACER_GO_1_19 ? 95.0 : 0.95;
	double goal = (double)memory_limit_bytes * factor;
	return goal >= 0x1p64 ? OL_SCAVENGE_OFF : (uint64_t)goal;
}

void ol_scavenge_plan_set(struct ol_scavenge_plan *plan, uint64_t last_inuse_bytes,
	uint64_t goal_bytes, uint64_t last_goal_bytes, uint64_t memory_limit_bytes) {
	plan->limit_goal_bytes = limit_goal(plan->rules, memory_limit_bytes);
	plan->percent_goal_bytes = OL_SCAVENGE_OFF;
	if (last_goal_bytes == 0)
		return;
	double ratio = (double)goal_bytes / (double)last_goal_bytes;
	double goal = (double)last_inuse_bytes * ratio;
	goal += goal / 10;
	if (goal >= 0x1p63)
		return;
	plan->percent_goal_bytes = ((uint64_t)goal + page_bytes - 1) / page_bytes * page_bytes;
}

bool ol_scavenge_plan_wants(
	const struct ol_scavenge_plan *plan, uint64_t retained_bytes, uint64_t mapped_ready_bytes) {
	return retained_bytes > plan->percent_goal_bytes || mapped_ready_bytes > plan->limit_goal_bytes;
}

uint64_t ol_scavenge_plan_before_commit(const struct ol_scavenge_plan *plan,
	uint64_t memory_limit_bytes, uint64_t retained_bytes, uint64_t mapped_ready_bytes,
	uint64_t released_bytes, uint64_t grown_bytes) {
	uint64_t wanted_bytes = 0;
	if (memory_limit_bytes != OL_MEMORY_LIMIT_OFF &&
		mapped_ready_bytes + released_bytes > memory_limit_bytes)
		wanted_bytes = mapped_ready_bytes + released_bytes - memory_limit_bytes;
	if (grown_bytes > 0 && plan->percent_goal_bytes != OL_SCAVENGE_OFF &&
		retained_bytes + grown_bytes > plan->percent_goal_bytes) {
		uint64_t overage_bytes = retained_bytes + grown_bytes - plan->percent_goal_bytes;
		if (overage_bytes > grown_bytes)
			overage_bytes = grown_bytes;
		if (overage_bytes > wanted_bytes)
			wanted_bytes = overage_bytes;
	}
	return wanted_bytes;
}

/* Go's piController as the scavenger tunes it. */
static void revise_sleep_ratio(struct ol_scavenge_plan *plan, double share, double period_ns) {
	static const double kp = 0.3375, ti = 3.2e6, tt = 1e9;
	double raw = kp * (cpu_share - share) + plan->error_integral;
	double output = fmin(fmax(raw, sleep_ratio_min), sleep_ratio_max);
	plan->error_integral +=
		(kp * period_ns / ti) * (cpu_share - share) + (period_ns / tt) * (output - raw);
	if (!isfinite(plan->error_integral)) {
		plan->error_integral = 0;
		output = sleep_ratio_first;
	}
	plan->sleep_ratio = output;
}

uint64_t ol_scavenge_plan_sleep_ns(
	struct ol_scavenge_plan *plan, uint64_t work_ns, uint64_t slept_ns) {
	double period_ns = (double)(work_ns + slept_ns);
	if (slept_ns > 0)
		revise_sleep_ratio(plan, (double)work_ns / period_ns, period_ns);
	return (uint64_t)((double)work_ns / plan->sleep_ratio);
}
