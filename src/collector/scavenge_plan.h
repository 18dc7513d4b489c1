/* scavenge_plan.h -- Go's scavenger: how much free memory to keep, and how fast to give it back.
 *
 * Arithmetic only: who gives pages back, and when, is told in background.c, incremental.c and
 * collector.c. Source: Go 1.19.8, runtime/mgcscavenge.go. */
#ifndef OL_COLLECTOR_SCAVENGE_PLAN_H
#define OL_COLLECTOR_SCAVENGE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "pacer/pacer.h"

#define OL_SCAVENGE_BITE_BYTES  (UINT64_C(64) << 10)
#define OL_SCAVENGE_WORK_NS     UINT64_C(1000000) /* At least so long, then it sleeps. */
#define OL_SCAVENGE_BITE_NS     10000             /* Nominal, where no clock is looked at. */
#define OL_SCAVENGE_SLEEP_NS    1e9               /* After its first batch. */
#define OL_SCAVENGE_BATCH_BITES (OL_SCAVENGE_WORK_NS / OL_SCAVENGE_BITE_NS)
#define OL_SCAVENGE_OFF         UINT64_MAX

struct ol_scavenge_plan {
	enum ol_pacer_rules rules;
	uint64_t percent_goal_bytes; /* By GOGC: of spans in use and free ones; OL_SCAVENGE_OFF. */
	uint64_t limit_goal_bytes;   /* By the memory limit: of everything mapped ready. */
	double sleep_ratio;          /* Work a sleep, by a PI controller that aims at 1 %. */
	double error_integral;
};

void ol_scavenge_plan_init(struct ol_scavenge_plan *plan, enum ol_pacer_rules rules);

/* After each commit of the pacer. last_inuse_bytes: spans in use when the last marking ended, 0
 * before the first cycle; goal_bytes and last_goal_bytes: the heap goal now and one cycle ago. */
void ol_scavenge_plan_set(struct ol_scavenge_plan *plan, uint64_t last_inuse_bytes,
	uint64_t goal_bytes, uint64_t last_goal_bytes, uint64_t memory_limit_bytes);

/* More is held than either goal allows. */
bool ol_scavenge_plan_wants(
	const struct ol_scavenge_plan *plan, uint64_t retained_bytes, uint64_t mapped_ready_bytes);

/* What an allocation has to give back before it takes pages: released_bytes of them hold no memory
 * yet, grown_bytes of those are new address space. */
uint64_t ol_scavenge_plan_before_commit(const struct ol_scavenge_plan *plan,
	uint64_t memory_limit_bytes, uint64_t retained_bytes, uint64_t mapped_ready_bytes,
	uint64_t released_bytes, uint64_t grown_bytes);

/* It worked for work_ns and slept for slept_ns before that; returns how long to sleep now. */
uint64_t ol_scavenge_plan_sleep_ns(
	struct ol_scavenge_plan *plan, uint64_t work_ns, uint64_t slept_ns);

#endif
