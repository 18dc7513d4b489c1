/* membalancer.c -- The square-root rule: headroom that pays for itself in collection time. */
#include <errno.h>
#include <math.h>

#include "policy/internal.h"

#define HEARTBEAT_NS       OL_NS_PER_S
#define ALLOCATION_DECAY   0.95
#define COLLECTION_DECAY   0.5
#define DEFAULT_C_PER_BYTE 3e-10
#define HEADROOM_BYTES_MIN (2 * OL_MIB)
#define C_PER_BYTE_MAX     1.0

/* V8's SmoothedBytesAndDuration: bytes and time are smoothed apart, so that a short measurement
 * weighs little. */
struct speed {
	bool is_known;
	double bytes;
	double ns;
};

struct membalancer {
	struct ol_policy policy;
	double c_per_byte;
	uint64_t limit_bytes;
	struct speed allocation; /* g */
	struct speed collection; /* s */
	uint64_t measured_at_ns;
	uint64_t measured_allocated_bytes;
	uint64_t measured_gc_ns;
};

static void update_speed(struct speed *speed, uint64_t bytes, uint64_t ns, double decay) {
	if (!speed->is_known) {
		*speed = (struct speed){ true, (double)bytes, (double)ns };
		return;
	}
	speed->bytes = speed->bytes * decay + (double)bytes * (1 - decay);
	speed->ns = speed->ns * decay + (double)ns * (1 - decay);
}

static void measure_allocation(struct membalancer *state, const struct ol_policy_stats *stats) {
	if (stats->at_ns <= state->measured_at_ns)
		return; /* No time has passed: what was allocated counts next time. */
	update_speed(&state->allocation,
		ol_policy_subtract(stats->allocated_total_bytes, state->measured_allocated_bytes),
		stats->at_ns - state->measured_at_ns, ALLOCATION_DECAY);
	state->measured_at_ns = stats->at_ns;
	state->measured_allocated_bytes = stats->allocated_total_bytes;
}

static void on_start(struct ol_policy *policy, const struct ol_policy_cage *cage,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct membalancer *state = (struct membalancer *)policy;
	state->measured_at_ns = stats->at_ns;
	state->measured_allocated_bytes = stats->allocated_total_bytes;
	state->measured_gc_ns = stats->gc_ns;
}

static void on_gc_end(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
	const struct ol_policy_stats *stats, struct ol_policy_orders *orders) {
	struct membalancer *state = (struct membalancer *)policy;
	measure_allocation(state, stats);
	uint64_t gc_ns = ol_policy_subtract(stats->gc_ns, state->measured_gc_ns);
	state->measured_gc_ns = stats->gc_ns;
	if (gc_ns > 0)
		update_speed(&state->collection, stats->marked_bytes, gc_ns, COLLECTION_DECAY);
}

static void on_tick(struct ol_policy *policy, const struct ol_policy_stats *stats,
	struct ol_policy_orders *orders) {
	measure_allocation((struct membalancer *)policy, stats);
}

static uint64_t goal(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	const struct membalancer *state = (struct membalancer *)policy;
	if (!state->allocation.is_known || !state->collection.is_known)
		return 0;
	double live_bytes = (double)stats->marked_bytes;
	double g = state->allocation.bytes / state->allocation.ns;
	double s = state->collection.bytes / state->collection.ns;
	/* Where nothing was ever live s is 0, and the quotient no number: no headroom by this rule. */
	uint64_t headroom_bytes = ol_policy_whole(sqrt(live_bytes * g / (state->c_per_byte * s)));
	if (headroom_bytes < HEADROOM_BYTES_MIN)
		headroom_bytes = HEADROOM_BYTES_MIN;
	uint64_t goal_bytes = ol_policy_add(stats->marked_bytes, headroom_bytes);
	if (state->limit_bytes == UINT64_MAX)
		return goal_bytes;
	uint64_t beside_bytes = ol_policy_beside_objects(stats, ol_policy_usage(stats));
	uint64_t room_bytes = ol_policy_subtract(
		state->limit_bytes, ol_policy_add(beside_bytes, OL_POLICY_CHARGE_BATCH_BYTES));
	if (goal_bytes > room_bytes)
		goal_bytes = room_bytes;
	/* Never below what is live, as Go's memory limit: then every test of the trigger collects. */
	return goal_bytes > stats->marked_bytes ? goal_bytes : ol_policy_add(stats->marked_bytes, 1);
}

static const struct ol_policy_ops ops = {
	.on_start = on_start,
	.on_gc_end = on_gc_end,
	.on_tick = on_tick,
	.goal = goal,
	.destroy = ol_policy_free,
};

static int create(const char *argument, const struct ol_policy_cage *cage,
	struct ol_policy **ret_policy, struct ol_error *error) {
	double c_per_byte = DEFAULT_C_PER_BYTE;
	const char *rest = "";
	if (*argument != '\0' &&
		(ol_policy_parse_number(argument, &c_per_byte, &rest) < 0 || *rest != '\0' ||
			!(c_per_byte > 0 && c_per_byte <= C_PER_BYTE_MAX)))
		return ol_error_set(error, -EINVAL,
			"policy membalancer: '%.64s' is no C; expected a number above 0 and at most 1, a share "
			"of a processor that a byte is worth, as in membalancer:3e-10",
			argument);
	int code = ol_policy_make(sizeof(struct membalancer), &ops, ret_policy, error);
	if (code < 0)
		return code;
	struct membalancer *state = (struct membalancer *)*ret_policy;
	state->policy.tick_period_ns = HEARTBEAT_NS;
	state->c_per_byte = c_per_byte;
	state->limit_bytes = cage->limit_bytes;
	return 0;
}

const struct ol_policy_type ol_policy_membalancer = {
	.name = "membalancer",
	.title = "Headroom by the square-root rule: L + sqrt(L * g / (C * s))",
	.argument = "C",
	.source =
		"Kirisame, Shenoy, Panchekha, \"Optimal heap limits for reducing browser memory use\",\n"
		"OOPSLA 2022; smoothing, floor and C as in V8, src/heap/memory-balancer.cc",
	.rule =
		"goal = L + sqrt(L * g / (C * s)), at least L + 2 MiB, and in a cage at most\n"
		"  limit - 256 KiB - what is used beside objects and free pages, but above L.\n"
		"L: bytes live after the last collection. g: bytes allocated per second, measured each\n"
		"second and at each collection's end. s: L over the processor seconds of a collection\n"
		"(V8 takes the heap at its start for L here). Bytes and seconds of g are smoothed by\n"
		"0.95 old + 0.05 new, of s by 0.5 and 0.5; the first measurement counts whole.\n"
		"C is one over bytes: g and s have the same unit, bytes per second, so only their ratio\n"
		"counts. At the goal one more byte saves C of a processor; 3e-10, V8's and the default,\n"
		"holds 1 GiB worth a third of a processor. A smaller C uses more memory; the same C in\n"
		"several heaps makes their sum best. Before the first collection Go's own goal holds.",
	.create = create,
};
