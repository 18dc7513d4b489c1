/* internal.h -- What the eras share. Nobody outside pacer/ includes it. */
#ifndef OL_PACER_INTERNAL_H
#define OL_PACER_INTERNAL_H

#include "pacer/pacer.h"

#define OL_PACER_HEAP_MINIMUM_BYTES   (UINT64_C(4) << 20)
#define OL_PACER_SWEEP_DISTANCE_BYTES (UINT64_C(1) << 20)
#define OL_PACER_BACKGROUND_SHARE     0.25
#define OL_PACER_OFF_PERCENT          100000 /* What a forced cycle takes for GOGC=off. */
#define OL_PACER_WORK_MINIMUM_BYTES   1000

static inline uint64_t ol_pacer_max(uint64_t a, uint64_t b) {
	return a > b ? a : b;
}

static inline uint64_t ol_pacer_min(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

/* Truncates as Go's uint64() does, and saturates where C would be undefined. */
static inline uint64_t ol_pacer_truncate(double value) {
	if (!(value > 0))
		return 0;
	return value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
}

/* The same for Go's int64(). */
static inline int64_t ol_pacer_truncate_signed(double value) {
	if (!(value < 0x1p63))
		return INT64_MAX;
	return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

/* expected work over the bytes left to the goal, both at least a little. */
static inline double ol_pacer_assist_ratio(
	int64_t expected_bytes, int64_t done_bytes, int64_t goal, int64_t heap_live_bytes) {
	int64_t work_bytes = expected_bytes - done_bytes;
	if (work_bytes < OL_PACER_WORK_MINIMUM_BYTES)
		work_bytes = OL_PACER_WORK_MINIMUM_BYTES;
	int64_t room_bytes = goal - heap_live_bytes;
	return (double)work_bytes / (double)(room_bytes < 1 ? 1 : room_bytes);
}

/* ratio.c: Go 1.5 to 1.17. */
void ol_pacer_ratio_init(struct ol_pacer *pacer);
void ol_pacer_ratio_commit(struct ol_pacer *pacer, uint64_t heap_live_bytes, bool is_sweep_done);
uint64_t ol_pacer_ratio_goal(const struct ol_pacer *pacer);
double ol_pacer_ratio_assist(
	const struct ol_pacer *pacer, const struct ol_pacer_progress *progress);
void ol_pacer_ratio_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle);

/* runway.c: Go 1.18 and later. */
void ol_pacer_runway_plan_goal(struct ol_pacer *pacer);
void ol_pacer_runway_commit(struct ol_pacer *pacer, uint64_t heap_live_bytes, bool is_sweep_done);
uint64_t ol_pacer_runway_goal(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory,
	uint64_t *ret_minimum_trigger_bytes);
uint64_t ol_pacer_runway_trigger(
	const struct ol_pacer *pacer, const struct ol_pacer_memory *memory);
double ol_pacer_runway_assist(const struct ol_pacer *pacer,
	const struct ol_pacer_progress *progress, const struct ol_pacer_memory *memory);
void ol_pacer_runway_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle);

#endif
