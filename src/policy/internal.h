/* internal.h -- What the policies share: arithmetic that cannot wrap, strict arguments, state. */
#ifndef OL_POLICY_INTERNAL_H
#define OL_POLICY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/units.h"
#include "policy/policy.h"
#include "record/record.h"

extern const struct ol_policy_type ol_policy_fixed;
extern const struct ol_policy_type ol_policy_go;
extern const struct ol_policy_type ol_policy_last_resort;
extern const struct ol_policy_type ol_policy_membalancer;
extern const struct ol_policy_type ol_policy_memory_limit;
extern const struct ol_policy_type ol_policy_never;
extern const struct ol_policy_type ol_policy_pressure;
extern const struct ol_policy_type ol_policy_target;
extern const struct ol_policy_type ol_policy_watchdog;
extern const struct ol_policy_type ol_policy_watermark;

/* The kernel charges a processor 64 pages at a time: usage may reach the limit this much before
 * the last of them are touched. Only the program's own processor counts: near the limit the kernel
 * takes the others' batches back. */
#define OL_POLICY_CHARGE_BATCH_BYTES (256 * OL_KIB)

/* a + b, or UINT64_MAX. */
static inline uint64_t ol_policy_add(uint64_t a, uint64_t b) {
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* a - b, or 0. */
static inline uint64_t ol_policy_subtract(uint64_t a, uint64_t b) {
	return a > b ? a - b : 0;
}

/* Truncated as Go's uint64(x), but defined for every x: 0 below 0 and for what is no number. */
static inline uint64_t ol_policy_whole(double bytes) {
	if (!(bytes > 0))
		return 0;
	return bytes < 0x1p64 ? (uint64_t)bytes : UINT64_MAX;
}

static inline uint64_t ol_policy_share(uint64_t whole_bytes, double percent) {
	return ol_policy_whole((double)whole_bytes * (percent / 100));
}

/* What the kernel counts against the limit; where that is unknown, what the heap has mapped. */
static inline uint64_t ol_policy_usage(const struct ol_policy_stats *stats) {
	return stats->cage_bytes != 0 ? stats->cage_bytes : stats->mapped_ready_bytes;
}

/* Of total_bytes what is neither an object nor free: tables, and waste inside spans. Go's nonHeap
 * where total_bytes is what the heap has mapped. */
static inline uint64_t ol_policy_beside_objects(
	const struct ol_policy_stats *stats, uint64_t total_bytes) {
	uint64_t objects_and_free = ol_policy_add(stats->free_bytes, stats->memstats.heap_alloc);
	return ol_policy_subtract(total_bytes, objects_and_free);
}

/* Tells the second question about a span from the first one about the next. */
struct ol_policy_attempt {
	bool is_ordered; /* A collection was ordered for the span in question. */
	uint64_t allocated_total_bytes;
};

static inline void ol_policy_attempt_order(
	struct ol_policy_attempt *attempt, const struct ol_policy_stats *stats) {
	*attempt = (struct ol_policy_attempt){ true, stats->allocated_total_bytes };
}

/* Whether this is the second question; the next one will be a first. Nothing can have been
 * allocated between the two. */
static inline bool ol_policy_attempt_take(
	struct ol_policy_attempt *attempt, const struct ol_policy_stats *stats) {
	bool is_again =
		attempt->is_ordered && attempt->allocated_total_bytes == stats->allocated_total_bytes;
	attempt->is_ordered = false;
	return is_again;
}

static inline bool ol_policy_has_limit(const struct ol_policy_cage *cage) {
	return cage->limit_bytes != UINT64_MAX;
}

/* 0, or -EINVAL: this policy is relative to a limit and there is none. */
int ol_policy_need_limit(
	const char *name, const struct ol_policy_cage *cage, struct ol_error *error);

/* 0, or -EINVAL where an argument was given. */
int ol_policy_no_argument(const char *name, const char *argument, struct ol_error *error);

/* Reads bytes above 0, or a share of the cage's limit as in "25%"; "" is default_percent of the
 * limit. -EINVAL, also where a share is asked for and there is no limit. */
int ol_policy_parse_bytes(const char *name, const char *argument, const struct ol_policy_cage *cage,
	double default_percent, uint64_t *ret_bytes, struct ol_error *error);

/* Reads a decimal number, "0.9" or "3e-10", and says where it ends. 0 or -EINVAL. One that no
 * double holds is infinite, or 0: the caller has bounds. */
int ol_policy_parse_number(const char *text, double *ret_number, const char **ret_rest);

/* The same for a number above 0 and at most 100; "90" and "90%". */
int ol_policy_parse_percent(const char *text, double *ret_percent, const char **ret_rest);

/* Zeroed memory of state_bytes that begins with a struct ol_policy; ops->destroy is
 * ol_policy_free. */
int ol_policy_make(size_t state_bytes, const struct ol_policy_ops *ops,
	struct ol_policy **ret_policy, struct ol_error *error);
void ol_policy_free(struct ol_policy *policy);

#endif
