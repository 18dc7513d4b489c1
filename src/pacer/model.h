/* model.h -- The cycle model of Go's own pacer test: allocation, marking and assists as rates, in
 * steps of 500 us.
 *
 * Pure arithmetic, no heap: it drives a pacer with the recorded inputs of a scenario, one cycle a
 * call. Source: what runtime/mgcpacer_test.go does in Go 1.19; told in docs/pacer.md. */
#ifndef OL_PACER_MODEL_H
#define OL_PACER_MODEL_H

#include <stdint.h>

#include "pacer/pacer.h"

/* What one cycle of a scenario is like. */
struct ol_pacer_model_input {
	double alloc_rate;     /* KiB per millisecond and processor. */
	double scan_rate;      /* The same, of a processor that only marks. */
	double growth_rate;    /* Of what is live, over the cycle before. */
	double scannable_frac; /* Share of the heap that holds references, 0 to 1. */
	uint64_t stack_bytes;
};

struct ol_pacer_model {
	struct ol_pacer pacer;
	uint64_t globals_bytes;
	int64_t processor_count;
	uint64_t cycle;           /* Number of the next, 1 for the first. */
	uint64_t heap_scan_bytes; /* Scannable heap so far. */
	int64_t black_bytes;      /* Allocated while the last cycle marked. */
};

/* What came of a cycle: the columns of the replay. */
struct ol_pacer_model_row {
	uint64_t cycle;
	uint64_t heap_marked_bytes;
	uint64_t trigger_bytes;
	uint64_t peak_bytes;
	uint64_t goal_bytes;
	double gc_utilization;
	int64_t assist_time_ns;
	int64_t gc_duration_ns;
	uint64_t revise_steps;
	double cons_mark_at_start;
	uint64_t runway_at_start_bytes;
	uint64_t heap_marked_next_bytes;
	uint64_t trigger_next_bytes;
	uint64_t goal_next_bytes;
	double cons_mark_next;
	uint64_t runway_next_bytes;
};

enum { OL_PACER_MODEL_STEPS_MAX = 1000000 }; /* Of one cycle; 500 s. */

void ol_pacer_model_init(struct ol_pacer_model *model, enum ol_pacer_rules rules,
	int32_t gc_percent, uint64_t memory_limit_bytes, uint64_t globals_bytes,
	int64_t processor_count);

/* Runs one cycle. 0, or -ERANGE where the inputs would make it last longer than
 * OL_PACER_MODEL_STEPS_MAX steps. */
int ol_pacer_model_cycle(struct ol_pacer_model *model, const struct ol_pacer_model_input *input,
	struct ol_pacer_model_row *ret_row);

#endif
