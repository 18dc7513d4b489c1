/* pacer.h -- Go's pacer by era: where the next collection should start and where it should end.
 *
 * Arithmetic on one small struct: no clock, no I/O, no allocation. The names are Go's
 * (runtime/mgc.go, runtime/mgcpacer.go), the units are at their ends. All integer divisions
 * truncate, doubles are IEEE, and the grouping of each formula is Go's, so that results agree bit
 * for bit. What each era does is told in docs/pacer.md. */
#ifndef OL_PACER_PACER_H
#define OL_PACER_PACER_H

#include <stdbool.h>
#include <stdint.h>

enum ol_pacer_rules {
	OL_PACER_GO_1_16, /* Trigger-ratio feedback; stacks and globals do not count; no memory limit.
					   */
	OL_PACER_GO_1_19, /* Cons/mark ratio smoothed by a PI controller; memory limit. */
	OL_PACER_GO_1_21, /* Cons/mark ratio: the maximum of the last five; more headroom. */
	OL_PACER_RULES_COUNT
};

/* "go1.16", "go1.19", "go1.21": the stable names. */
const char *ol_pacer_rules_name(enum ol_pacer_rules rules);
/* 0, or -EINVAL for a name that is none. */
int ol_pacer_rules_parse(const char *name, enum ol_pacer_rules *ret_rules);

/* What the memory limit is held against (Go: mappedReady, heapFree, heapAlloc). */
struct ol_pacer_memory {
	uint64_t mapped_ready_bytes; /* Everything mapped and not released to the system. */
	uint64_t heap_free_bytes;    /* Of that free, not released. */
	uint64_t heap_alloc_bytes;   /* Of that objects allocated and not swept. */
};

enum { OL_PACER_CONS_MARKS = 4 };

struct ol_pacer {
	enum ol_pacer_rules rules;
	int32_t gc_percent;             /* GOGC; -1 for off. */
	uint64_t memory_limit_bytes;    /* GOMEMLIMIT; 2^63 - 1 for none. */
	uint64_t globals_bytes;         /* Scannable globals, G, as the last cycle found. */
	uint64_t heap_minimum_bytes;    /* H: 4 MiB * GOGC / 100. */
	uint64_t heap_marked_bytes;     /* M: live after the last cycle. */
	uint64_t last_heap_scan_bytes;  /* Scannable heap the last cycle found. */
	uint64_t last_stack_scan_bytes; /* S. */
	uint64_t percent_goal_bytes;    /* Goal by GOGC alone; 2^64 - 1 with GOGC off. */
	uint64_t set_goal_bytes;        /* Takes its place; 0: nobody set one. */
	uint64_t sweep_minimum_bytes;   /* Lowest trigger that leaves time to sweep. */
	uint64_t runway_bytes;          /* What is likely to be allocated during a cycle. */
	uint64_t triggered_bytes;       /* Trigger of the cycle that runs; 2^64 - 1 between cycles. */
	double cons_mark;               /* Bytes allocated per byte marked, per CPU share. */
	double pi_error_integral;       /* go1.19: of the controller that smooths cons_mark. */
	double last_cons_marks[OL_PACER_CONS_MARKS]; /* go1.21: as measured, oldest first. */
	double trigger_ratio;                        /* go1.16: the trigger is M * (1 + this). */
	uint64_t trigger_bytes;                      /* go1.16: planned when the last cycle ended. */
};

/* A pacer before its first cycle: nothing marked, no speed known. */
void ol_pacer_init(struct ol_pacer *pacer, enum ol_pacer_rules rules, int32_t gc_percent,
	uint64_t memory_limit_bytes);

/* Go's SetGCPercent and SetMemoryLimit. heap_live_bytes is L. */
void ol_pacer_set_limits(struct ol_pacer *pacer, int32_t gc_percent, uint64_t memory_limit_bytes,
	uint64_t heap_live_bytes, bool is_sweep_done);

/* A goal in place of the one by GOGC, from now on, not even held to the minimum heap; 0 for GOGC's
 * again. A memory limit still holds. Not Go's: nothing else of the plan changes. */
void ol_pacer_set_goal(struct ol_pacer *pacer, uint64_t goal_bytes);

/* The goal that the memory limit alone allows, never below what is live; 2^64 - 1 in go1.16. */
uint64_t ol_pacer_memory_limit_goal(
	const struct ol_pacer *pacer, const struct ol_pacer_memory *memory);

/* The heap goal: Go's NextGC. */
uint64_t ol_pacer_goal(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory);

/* heap_live at which a cycle starts; at most the goal. Equal to the goal, and to what is live, when
 * the memory limit lies below the live heap: then every test of the trigger starts a cycle. */
uint64_t ol_pacer_trigger(const struct ol_pacer *pacer, const struct ol_pacer_memory *memory);

/* A cycle starts, with heap_live_bytes allocated: L. */
void ol_pacer_start_cycle(
	struct ol_pacer *pacer, uint64_t heap_live_bytes, const struct ol_pacer_memory *memory);

/* How far a cycle has come, for Go's revise. */
struct ol_pacer_progress {
	uint64_t heap_live_bytes; /* L now. */
	uint64_t heap_scan_bytes; /* Scannable heap now: found by the last cycle and allocated since. */
	uint64_t max_stack_bytes; /* All stacks, whether scanned or not. */
	uint64_t globals_bytes;   /* All globals. */
	uint64_t heap_scan_work_bytes;
	uint64_t stack_scan_work_bytes;
	uint64_t globals_scan_work_bytes;
};

/* Scan work an allocating program owes per byte it allocates, so that the cycle ends at its goal.
 */
double ol_pacer_assist_work_per_byte(const struct ol_pacer *pacer,
	const struct ol_pacer_progress *progress, const struct ol_pacer_memory *memory);

/* What a cycle did, for ol_pacer_end_cycle. */
struct ol_pacer_cycle {
	uint64_t heap_live_bytes;    /* L at its end. */
	uint64_t marked_bytes;       /* M found. */
	uint64_t heap_scan_bytes;    /* Scan work: heap, */
	uint64_t stack_scan_bytes;   /* stacks, */
	uint64_t globals_scan_bytes; /* globals. */
	double utilization;          /* CPU share of the collector, 0.25 without assists. */
	double idle_utilization;     /* CPU share of idle-time marking. */
	bool is_forced;              /* By the program: go1.16 learns nothing from it. */
};

/* A cycle ended: learns its speed and plans the next. */
void ol_pacer_end_cycle(struct ol_pacer *pacer, const struct ol_pacer_cycle *cycle);

#endif
