/* pacer.c -- One face for the eras: ratio.c has Go up to 1.17, runway.c Go from 1.18 on. */
#include "pacer/pacer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "pacer/internal.h"

static const char *const rules_names[OL_PACER_RULES_COUNT] = {
	[OL_PACER_GO_1_16] = "go1.16",
	[OL_PACER_GO_1_19] = "go1.19",
	[OL_PACER_GO_1_21] = "go1.21",
};

const char *ol_pacer_rules_name(enum ol_pacer_rules rules) {
	assert((unsigned)rules < OL_PACER_RULES_COUNT);
	return rules_names[rules];
}

int ol_pacer_rules_parse(const char *name, enum ol_pacer_rules *ret_rules) {
	int index = ol_name_index(rules_names, OL_PACER_RULES_COUNT, name);
	if (index >= 0)
		*ret_rules = (enum ol_pacer_rules)index;
	return index < 0 ? index : 0;
}

static bool is_ratio(const struct ol_pacer *pacer) {
	return pacer->rules == OL_PACER_GO_1_16;
}

static void commit(struct ol_pacer *pacer, uint64_t heap_live_bytes, bool is_sweep_done) {
	if (is_ratio(pacer))
		ol_pacer_ratio_commit(pacer, heap_live_bytes, is_sweep_done);
	else
		ol_pacer_runway_commit(pacer, heap_live_bytes, is_sweep_done);
}

static void take_limits(struct ol_pacer *pacer, int32_t gc_percent, uint64_t memory_limit_bytes) {
	pacer->gc_percent = gc_percent < 0 ? -1 : gc_percent;
	pacer->memory_limit_bytes = memory_limit_bytes;
	pacer->heap_minimum_bytes =
		gc_percent < 0 ? 0 : OL_PACER_HEAP_MINIMUM_BYTES * (uint64_t)gc_percent / 100;
}

void ol_pacer_init(struct ol_pacer *pacer, enum ol_pacer_rules rules, int32_t gc_percent,
	uint64_t memory_limit_bytes) {
	assert((unsigned)rules < OL_PACER_RULES_COUNT);
	*pacer = (struct ol_pacer){ .rules = rules, .triggered_bytes = UINT64_MAX };
	take_limits(pacer, gc_percent, memory_limit_bytes);
	if (is_ratio(pacer))
		ol_pacer_ratio_init(pacer);
	commit(pacer, 0, true);
}

void ol_pacer_set_limits(struct ol_pacer *pacer, int32_t gc_percent, uint64_t memory_limit_bytes,
	uint64_t heap_live_bytes, bool is_sweep_done) {
	take_limits(pacer, gc_percent, memory_limit_bytes);
	commit(pacer, heap_live_bytes, is_sweep_done);
}

void ol_pacer_set_goal(struct ol_pacer *pacer, uint64_t goal_bytes) {
	pacer->set_goal_bytes = goal_bytes;
	if (is_ratio(pacer))
		ol_pacer_ratio_commit(pacer, 0, true);
	else
		ol_pacer_runway_plan_goal(pacer);
}

uint64_t ol_pacer_goal(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	uint64_t minimum_trigger;
	return is_ratio(pacer) ? ol_pacer_ratio_goal(pacer)
						   : ol_pacer_runway_goal(pacer, memory, &minimum_trigger);
}

uint64_t ol_pacer_trigger(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory) {
	return is_ratio(pacer) ? pacer->trigger_bytes : ol_pacer_runway_trigger(pacer, memory);
}

void ol_pacer_start_cycle(
	struct ol_pacer *pacer, uint64_t heap_live_bytes, const struct ol_pacer_memory *memory) {
	/* Go 1.20 changed this (issue 53892): from then on it is where the cycle really began. */
	pacer->triggered_bytes =
		pacer->rules == OL_PACER_GO_1_19 ? ol_pacer_trigger(pacer, memory) : heap_live_bytes;
	/* Go up to 1.17: never so little room that the program could not go on at all. */
	if (is_ratio(pacer))
		pacer->percent_goal_bytes = ol_pacer_max(
			pacer->percent_goal_bytes, heap_live_bytes + OL_PACER_SWEEP_DISTANCE_BYTES);
}

double ol_pacer_assist_work_per_byte(const struct ol_pacer *pacer,
	const struct ol_pacer_progress *progress, const struct ol_pacer_memory *memory) {
	return is_ratio(pacer) ? ol_pacer_ratio_assist(pacer, progress)
						   : ol_pacer_runway_assist(pacer, progress, memory);
}

void ol_pacer_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle) {
	assert(pacer->triggered_bytes != UINT64_MAX);
	if (is_ratio(pacer))
		ol_pacer_ratio_end_cycle(pacer, cycle);
	else
		ol_pacer_runway_end_cycle(pacer, cycle);
	pacer->triggered_bytes = UINT64_MAX;
	pacer->heap_marked_bytes = cycle->marked_bytes;
	pacer->last_heap_scan_bytes = cycle->heap_scan_bytes;
	pacer->last_stack_scan_bytes = cycle->stack_scan_bytes;
	pacer->globals_bytes = cycle->globals_scan_bytes;
	/* heap_live equals marked at the end of a cycle; sweeping has yet to be done. */
	commit(pacer, cycle->marked_bytes, false);
}
