/* policy.h -- Who decides when to collect, how far the heap may grow, and when to give up.
 *
 * A policy is told facts and answers with orders; the collector carries them out. It has no heap,
 * no clock and no cage, so the same policy runs against a real limit, a pretend one, or a unit
 * test. Go's own decisions (pacer/) stand wherever a policy orders nothing.
 *
 * Every call happens on the program's thread, at a point where a collection may run. A callback
 * that is NULL is not called, and what it would have been told is not computed. */
#ifndef OL_POLICY_POLICY_H
#define OL_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/record.h"

/* The cage, as the lab set it up. UINT64_MAX where there is none. */
struct ol_policy_cage {
	uint64_t limit_bytes;
	uint64_t swap_bytes;
	uint64_t high_bytes;
	uint64_t processors; /* Count. */
};

/* What a policy may look at whenever it is called. */
struct ol_policy_stats {
	uint64_t at_ns;                 /* Since the run's start. */
	uint64_t marked_bytes;          /* Go's heapMarked, M: live after the last cycle. */
	uint64_t heap_live_bytes;       /* Go's heapLive, L: M and what was allocated since. */
	uint64_t goal_bytes;            /* The goal as planned now: Go's NextGC. */
	uint64_t mapped_ready_bytes;    /* Everything mapped and not released. */
	uint64_t free_bytes;            /* Free and resident: heap_idle - heap_released. */
	uint64_t unswept_bytes;         /* Spans that await sweeping. */
	uint64_t cage_bytes;            /* Usage of the cage; 0 where unknown. */
	uint64_t gc_ns;                 /* Spent collecting so far, processor time. */
	uint64_t allocated_total_bytes; /* Objects allocated since the start. */
	uint64_t memory_limit_bytes;    /* GOMEMLIMIT now; OL_MEMORY_LIMIT_OFF. */
	int32_t gogc;                   /* GOGC now; OL_GOGC_OFF. */
	bool is_collecting;             /* A cycle is under way. */
	struct ol_memstats memstats;
};

struct ol_policy_pressure {
	enum ol_pressure_kind kind;
	uint64_t at_ns;
	uint64_t cage_bytes;
};

/* What a policy wants. All zero before every call; carried out in this order after it. */
struct ol_policy_orders {
	bool has_gogc;
	int32_t gogc; /* Percent; OL_GOGC_OFF. */
	bool has_memory_limit;
	uint64_t memory_limit_bytes; /* OL_MEMORY_LIMIT_OFF. */
	uint64_t ballast_bytes;      /* on_start only: a slab that is held and never touched. */
	bool is_collect;             /* A full cycle, everything swept. */
	uint64_t scavenge_bytes;     /* Free pages to give back; UINT64_MAX for all. */
	bool is_refused;             /* before_grow only: the allocation fails, out-of-memory. */
	bool is_end;                 /* The program ends in good order: outcome shut-down. */
	bool is_error;               /* The policy itself is broken: outcome script-error. */
	char reason[OL_TEXT_BYTES];  /* One line for the report. Wanted with the last three. */
};

struct ol_policy;

struct ol_policy_ops {
	void (*on_start)(struct ol_policy *policy, const struct ol_policy_cage *cage,
		const struct ol_policy_stats *stats, struct ol_policy_orders *orders);
	void (*on_gc_end)(struct ol_policy *policy, const struct ol_gc_cycle *cycle,
		const struct ol_policy_stats *stats, struct ol_policy_orders *orders);
	/* Every tick_period_ns, or as soon after as the program reaches such a point. */
	void (*on_tick)(struct ol_policy *policy, const struct ol_policy_stats *stats,
		struct ol_policy_orders *orders);
	void (*on_pressure)(struct ol_policy *policy, const struct ol_policy_pressure *pressure,
		const struct ol_policy_stats *stats, struct ol_policy_orders *orders);
	/* A span is about to be taken, and bytes > 0 of it hold no physical memory yet. After a
	 * collection or a scavenge that this orders, it is asked once more about the same span; what it
	 * then says about collecting is not obeyed (a policy that keeps asking must not hang). */
	void (*before_grow)(struct ol_policy *policy, uint64_t bytes,
		const struct ol_policy_stats *stats, struct ol_policy_orders *orders);
	/* The heap size to aim at, in place of Go's by GOGC: the next cycle starts so as to end there
	 * (under stop-the-world: at 0.95 of the way from live to there, as Go's). Asked when a cycle
	 * ends, at the start, and after every other callback. 0: Go's own. A memory limit still holds.
	 */
	uint64_t (*goal)(struct ol_policy *policy, const struct ol_policy_stats *stats);
	void (*destroy)(struct ol_policy *policy);
};

/* A policy's state begins with this. */
struct ol_policy {
	const struct ol_policy_ops *ops;
	uint64_t tick_period_ns; /* 0: no ticks. May change at any call. */
};

/* A policy as the user finds it: oomlab list policies, oomlab help NAME. */
struct ol_policy_type {
	const char *name;     /* "membalancer". */
	const char *title;    /* One line. */
	const char *argument; /* What may follow the name and a colon: "BYTES"; NULL for nothing. */
	const char *source;   /* Whose rule it is, and where it is written. */
	const char *rule;     /* The exact rule, some lines. */
	/* argument: "" where none was given. -EINVAL with what was expected. */
	int (*create)(const char *argument, const struct ol_policy_cage *cage,
		struct ol_policy **ret_policy, struct ol_error *error);
	bool wants_pressure; /* The lab has to watch the cage for it. */
};

/* Those written in C; the others are Lua files, found by name in lua/lab/policy/. */
extern const struct ol_policy_type *const ol_policy_types[];
extern const size_t ol_policy_types_count;

/* NULL if none has this name. */
const struct ol_policy_type *ol_policy_find(const char *name);

void ol_policy_destroy(struct ol_policy *policy); /* NULL is fine. */

#endif
