/* internal.h -- The collector's fields, and what its files call of one another. */
#ifndef OL_COLLECTOR_INTERNAL_H
#define OL_COLLECTOR_INTERNAL_H

#include <stdatomic.h>

#include "base/histogram.h"
#include "collector/collector.h"
#include "collector/limiter.h"
#include "collector/scavenge_plan.h"
#include "collector/world.h"

#define OL_COLLECTOR_FORCED_PERIOD_NS   (UINT64_C(120) * 1000000000) /* Go's forcegcperiod. */
#define OL_COLLECTOR_PRESSURE_PERIOD_NS UINT64_C(1000000)    /* Between two looks at the fd. */
#define OL_COLLECTOR_ASSIST_BYTES       (UINT64_C(64) << 10) /* Go's gcOverAssistWork. */

/* Incremental mode counts time in what the program does, so that the same seed gives the same run:
 * so much an allocated byte (first writing to fresh pages: docs/performance.md), so much a byte
 * scanned. */
#define OL_COLLECTOR_ALLOCATE_NS 0.5
#define OL_COLLECTOR_SCAN_NS     1.0
/* What a virtual clock is told, as measured (docs/pretend.md): so much a stop of the world, an
 * object found, a byte of slots scanned, a span given back; by steps, what is found is counted in
 * what is scanned and in the roots. */
#define OL_COLLECTOR_STOP_NS       3000.0
#define OL_COLLECTOR_STACK_BYTE_NS 0.1
#define OL_COLLECTOR_OBJECT_NS     20.0
#define OL_COLLECTOR_SLOT_BYTE_NS  0.1
#define OL_COLLECTOR_STEP_BYTE_NS  0.7
#define OL_COLLECTOR_TAKE_ROOT_NS  5.0
#define OL_COLLECTOR_MARK_ROOT_NS  50.0
#define OL_COLLECTOR_SWEEP_SPAN_NS 30.0

struct ol_concurrent; /* concurrent.c: threads. */

/* What a cycle by steps takes by fixed costs: policies are told these times, so that what they
 * decide is the same for the same seed. Facts and reports tell the measured ones. */
struct ol_cycle_costs {
	double pause_ns;
	double assist_ns;
	double background_ns;
};

/* The cycle under way. */
struct ol_cycle {
	bool is_active;
	uint64_t mark_begin_ns;      /* The world went on. */
	double assist_credit_work;   /* Scan work done ahead; below 0: owed. */
	double background_work;      /* Incremental: of the background share, not done yet. */
	double cost_begin_ns;        /* Incremental: the cost clock at its start. */
	double assist_cost_ns;       /* Incremental: of that, spent assisting. */
	struct ol_cycle_costs costs; /* Incremental: the times that a policy is told. */
	struct ol_gc_cycle facts;
};

struct ol_collector {
	struct ol_collector_quick quick; /* First. */
	struct ol_heap *heap;
	struct ol_clock *clock;
	struct ol_collector_config config;
	struct ol_pacer pacer;
	struct ol_limiter limiter;
	struct ol_scavenge_plan scavenge_plan;
	struct ol_histogram pauses;
	struct ol_cycle cycle;
	struct ol_concurrent *concurrent; /* NULL in other modes. */
	uint64_t processors;              /* Count. */
	uint64_t globals_bytes;           /* Of a Go runtime, counted beside our roots. */
	uint64_t stack_bytes;             /* Of the program's stacks. */
	uint64_t start_ns;                /* Of the collector; gc_cpu_fraction is of the time since. */
	uint64_t gc_cpu_ns;               /* Spent in cycles, as Go counts it. */
	uint64_t last_gc_ns;
	uint64_t last_gc_unix_ns;
	uint64_t last_goal_bytes;  /* One cycle ago; 0 before the first. */
	uint64_t last_inuse_bytes; /* When the last marking ended. */
	uint64_t cycles;
	uint64_t forced_cycles;
	uint64_t trigger_bytes;      /* Valid while there is no memory limit. */
	double sweep_pages_per_byte; /* Proportional sweep; 0: nothing is left. */
	double sweep_debt_pages;
	uint64_t seen_live_bytes;        /* heap_live when what allocation owes was last looked at. */
	bool is_swept;                   /* The last cycle's garbage is gone, and everybody was told. */
	double cost_ns;                  /* Incremental: the cost clock. */
	double gc_cost_ns;               /* Incremental: of all cycles, as policies are told. */
	double next_batch_ns;            /* Without threads: the scavenger sleeps until then. */
	double scavenge_allowance_ns;    /* Incremental: of the background scavenger. */
	_Atomic bool is_scavenger_awake; /* Something was swept since it last found nothing to do. */
	uint64_t grown_bytes;            /* Address space of the heap when it last grew. */
	unsigned slow_paths;             /* Count, modulo its range. */
	/* Policy. */
	unsigned consulting_depth;
	bool is_gc_end_due; /* A cycle ended in another thread; the policy is yet to be told. */
	struct ol_gc_cycle ended_cycle;
	uint64_t next_tick_ns;
	uint64_t next_pressure_ns;
	bool is_refused;         /* The policy refused what is being allocated. */
	struct ol_error verdict; /* code 0: none. */
};

/* Time as this mode counts it, since any point: the clock's, or the cost clock's. */
uint64_t ol_collector_now_ns(const struct ol_collector *collector);
/* What the memory limit is held against. */
struct ol_pacer_memory ol_collector_memory(
	const struct ol_collector *collector, const struct ol_heap_stats *stats);
double ol_collector_gc_cpu_fraction(const struct ol_collector *collector);

/* cycle.c: what all modes share of a cycle. */
void ol_cycle_begin(struct ol_collector *collector, bool is_forced);
/* The first stop is over; the program goes on. Not with stop-the-world. */
void ol_cycle_begin_marking(struct ol_collector *collector, uint64_t stop_begin_ns);
/* Marking ended: tells the pacer, plans the next. */
struct ol_cycle_end {
	struct ol_heap_marking marking;
	uint64_t heap_live_bytes; /* L when marking ended. */
	uint64_t allocated_bytes; /* Objects then: what of them is not marked is dead. */
	uint64_t inuse_bytes;     /* Spans then. */
	uint64_t stop_begin_ns;
	double assist_utilization; /* Share of the processors that assists took. */
	double idle_utilization;
};
void ol_cycle_end(struct ol_collector *collector, const struct ol_cycle_end *end);
void ol_cycle_run_stopped(struct ol_collector *collector, bool is_forced);
/* L >= trigger, with extra_bytes on top that are about to be allocated. */
bool ol_cycle_is_triggered(const struct ol_collector *collector, uint64_t extra_bytes);
/* Of a cycle without threads: the stacks of the program are read. With threads markers spend the
 * time that it takes. */
void ol_cycle_scan_stacks(struct ol_collector *collector);
/* The pacer's plan changed: what is derived from it is computed anew. */
void ol_cycle_replan(struct ol_collector *collector);
/* Scan work owed per allocated byte, now. */
double ol_cycle_assist_ratio(struct ol_collector *collector);
/* Proportional sweep: as many pages as the allocation of bytes is worth. */
void ol_cycle_sweep_share(struct ol_collector *collector, uint64_t bytes);
/* Tells everybody, once, when the last span was swept. */
void ol_cycle_note_swept(struct ol_collector *collector);

/* collector.c: a bite of what the scavenger's goals want given back. false: nothing more. */
bool ol_collector_scavenge_bite(struct ol_collector *collector);
/* A full cycle, everything swept when it returns; one under way is finished first. */
void ol_collector_run_full(struct ol_collector *collector, bool is_forced);
/* Go's forcegcperiod: two minutes since the last cycle. */
bool ol_collector_is_cycle_overdue(const struct ol_collector *collector);
/* Starts a cycle as the mode does it. */
void ol_collector_start(struct ol_collector *collector, bool is_forced);

/* incremental.c */
void ol_incremental_begin(struct ol_collector *collector, bool is_forced);
/* For the allocation of bytes: the background's share, the assist, the scavenger. */
void ol_incremental_advance(struct ol_collector *collector, uint64_t bytes);
/* To the end of the cycle under way. */
void ol_incremental_finish(struct ol_collector *collector);

/* concurrent.c, background.c */
int ol_concurrent_create(struct ol_collector *collector, struct ol_error *error);
void ol_concurrent_destroy(struct ol_collector *collector);
void ol_concurrent_begin(struct ol_collector *collector, bool is_forced);
void ol_concurrent_assist(struct ol_collector *collector, uint64_t bytes);
/* Nobody marks between these two. */
void ol_concurrent_pause(struct ol_collector *collector);
void ol_concurrent_resume(struct ol_collector *collector);
/* Waits for the end of the cycle under way; helps. */
void ol_concurrent_finish(struct ol_collector *collector);

/* consult.c: everything that asks the policy, and does as it orders. All but _start do nothing
 * without a policy. */
void ol_consult_start(struct ol_collector *collector);
void ol_consult_gc_end(struct ol_collector *collector, const struct ol_gc_cycle *cycle);
void ol_consult_due(struct ol_collector *collector);
/* 1: something was done about it, and the policy wants to be asked again. -ENOMEM: refused. */
int ol_consult_before_grow(
	struct ol_collector *collector, uint64_t span_bytes, unsigned attempt, struct ol_error *error);

#endif
