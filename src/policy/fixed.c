/* fixed.c -- A heap of one size, as the JVM's: collect when it is full, then refuse. */
#include <stdio.h>

#include "policy/internal.h"

#define DEFAULT_PERCENT 25.0

/* HotSpot's GCTimeLimit, GCHeapFreeLimit and AdaptiveSizePolicyGCTimeLimitThreshold. */
#define GC_TIME_PERCENT_MAX   98.0
#define HEAP_FREE_PERCENT_MIN 2.0
enum { OVERHEAD_CYCLES_MAX = 5 };

struct fixed {
	struct ol_policy policy;
	uint64_t heap_bytes;
	struct ol_policy_attempt attempt;
	uint64_t last_end_ns;
	unsigned overhead_cycles; /* In a row. */
	bool is_overhead_exceeded;
	double gc_time_percent; /* Of the last cycle, for the message. */
	uint64_t heap_free_bytes;
};

/* HotSpot's check_gc_overhead_limit: one cycle within its limits begins the count anew. */
static void check_overhead(
	struct fixed *state, const struct ol_gc_cycle *cycle, const struct ol_policy_stats *stats) {
	double elapsed_ns = (double)ol_policy_subtract(stats->at_ns, state->last_end_ns);
	double stopped_ns = (double)ol_policy_add(cycle->pause_ns, cycle->assist_ns);
	state->gc_time_percent = elapsed_ns > 0 ? 100 * stopped_ns / elapsed_ns : 0;
	state->heap_free_bytes = ol_policy_subtract(
		state->heap_bytes, ol_policy_add(ol_policy_beside_objects(stats, stats->mapped_ready_bytes),
							   stats->marked_bytes));
	bool is_over =
		state->gc_time_percent > GC_TIME_PERCENT_MAX &&
		state->heap_free_bytes < ol_policy_share(state->heap_bytes, HEAP_FREE_PERCENT_MIN);
	if (!is_over) {
		state->overhead_cycles = 0;
		state->is_overhead_exceeded = false;
	} else if (++state->overhead_cycles == OVERHEAD_CYCLES_MAX) {
		state->overhead_cycles = 0;
		state->is_overhead_exceeded = true;
	}
}

static void on_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	((struct fixed *)policy)->last_end_ns = stats->at_ns;
}

static void on_gc_end(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct fixed *state = (struct fixed *)policy;
	/* System.gc() proves nothing; what this policy ordered is forced too, and does. */
	bool is_programs = cycle->is_forced && !state->attempt.is_ordered;
	if (!is_programs)
		check_overhead(state, cycle, stats);
	state->last_end_ns = stats->at_ns;
	/* A heap that lives on the pages it has would never ask to grow, and could not be refused. */
	if (state->is_overhead_exceeded)
		orders->scavenge_bytes = UINT64_MAX;
}

static void refuse_overhead(struct fixed *state, struct ol_policy_orders *orders) {
	char heap_free[OL_UNITS_TEXT_BYTES], heap[OL_UNITS_TEXT_BYTES];
	state->is_overhead_exceeded = false;
	orders->is_refused = true;
	snprintf(orders->reason, sizeof orders->reason,
		"GC overhead limit exceeded: %d cycles in a row took more than %g %% of the time and left "
		"less than %g %% of the heap free; the last %.1f %%, and %s of %s",
		OVERHEAD_CYCLES_MAX, GC_TIME_PERCENT_MAX, HEAP_FREE_PERCENT_MIN, state->gc_time_percent,
		ol_format_bytes(state->heap_free_bytes, heap_free),
		ol_format_bytes(state->heap_bytes, heap));
}

static void before_grow(struct ol_policy *policy, uint64_t bytes,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct fixed *state = (struct fixed *)policy;
	bool is_again = ol_policy_attempt_take(&state->attempt, stats);
	if (state->is_overhead_exceeded) {
		refuse_overhead(state, orders);
		return;
	}
	if (ol_policy_add(stats->mapped_ready_bytes, bytes) <= state->heap_bytes)
		return;
	char mapped[OL_UNITS_TEXT_BYTES], growth[OL_UNITS_TEXT_BYTES], heap[OL_UNITS_TEXT_BYTES];
	ol_format_bytes(stats->mapped_ready_bytes, mapped);
	ol_format_bytes(bytes, growth);
	ol_format_bytes(state->heap_bytes, heap);
	if (is_again) {
		orders->is_refused = true;
		snprintf(orders->reason, sizeof orders->reason,
			"heap space: after a full collection %s in use and growth of %s do not fit a heap of "
			"%s",
			mapped, growth, heap);
		return;
	}
	ol_policy_attempt_order(&state->attempt, stats);
	orders->is_collect = true;
	orders->scavenge_bytes = UINT64_MAX;
	snprintf(orders->reason, sizeof orders->reason,
		"%s mapped and growth of %s do not fit a heap of %s", mapped, growth, heap);
}

static uint64_t goal(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	return ((struct fixed *)policy)->heap_bytes;
}

static const struct ol_policy_ops ops = {
	.on_start = on_start,
	.on_gc_end = on_gc_end,
	.before_grow = before_grow,
	.goal = goal,
	.destroy = ol_policy_free,
};

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	uint64_t heap_bytes;
	int code = ol_policy_parse_bytes(
		ol_policy_fixed.name, argument, cage, DEFAULT_PERCENT, &heap_bytes, error);
	if (code < 0)
		return code;
	code = ol_policy_make(sizeof(struct fixed), &ops, ret_policy, error);
	if (code < 0)
		return code;
	((struct fixed *)*ret_policy)->heap_bytes = heap_bytes;
	return 0;
}

const struct ol_policy_type ol_policy_fixed = {
	.name = "fixed",
	.title = "A heap of BYTES, as a JVM's: collect when full, then refuse",
	.argument = "BYTES",
	.source = "HotSpot, Parallel collector: -Xmx, MaxRAMPercentage, UseGCOverheadLimit",
	.rule =
		"The goal is BYTES, whatever is live: no collection before the heap is nearly full (with\n"
		"stop-the-world at 0.95 of the way from live to BYTES). BYTES may be a share of the\n"
		"cage's limit; default 25 %, the JVM's MaxRAMPercentage (in less than some 250 MiB a JVM\n"
		"takes 50 %: fixed:50%).\n"
		"Where mapped bytes and the growth of a span exceed BYTES: collect and give everything\n"
		"free back; the span still does not fit: refused. Soft references, which the JVM clears\n"
		"by one more collection, do not exist here.\n"
		"GC overhead limit: in 5 cycles in a row the program stood still for more than 98 % of\n"
		"the time since the last cycle's end, and less than 2 % of BYTES were free after: the\n"
		"next growth is refused, and what is free is given back so that there is one. A cycle\n"
		"within these limits begins the count anew; the program's own collections do not count.",
	.create = create,
};
