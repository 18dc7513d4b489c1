/* report_summary.h -- Summaries made by hand for test_report.c: the default run, killed and saved.
 */
#ifndef TESTS_REPORT_SUMMARY_H
#define TESTS_REPORT_SUMMARY_H

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "record/record.h"

/* The figures of the default run: real Go 1.19's, rounded. */
enum { SPIKE_BYTES = 30198988, LITTLE_BYTES = 3355443, BASELINE_BYTES = 700 << 10 };

static inline void set_name(char *name, const char *text) {
	snprintf(name, OL_NAME_BYTES, "%s", text);
}

static inline struct ol_run_spec spike_spec(void) {
	struct ol_run_spec spec = {
		.spec_bytes = sizeof spec,
		.scenario = "spike",
		.title = "A spike, released, then a little more",
		.policy = "go",
		.rules = "go1.19",
		.collector = "stw",
		.world = "real",
		.limit_bytes = 32 * OL_MIB,
		.high_bytes = UINT64_MAX,
		.parent_limit_bytes = UINT64_MAX,
		.address_space_bytes = UINT64_MAX,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
		.seed = 1,
		.gogc = 100,
		.option_count = 1,
		.options = { { .name = "gc", .type = OL_OPTION_BOOLEAN } },
	};
	return spec;
}

static inline struct ol_memstats spike_memstats(void) {
	return (struct ol_memstats){
		.alloc = 30204000,
		.mallocs = 12,
		.frees = 2,
		.heap_alloc = 30204000,
		.heap_objects = 10,
		.heap_inuse = 30212096,
		.heap_sys = 33554432,
		.heap_idle = 3342336,
		.heap_released = 3342336,
		.last_gc_ns = UINT64_C(1700000000000000000),
		.next_gc = 60724976,
		.num_gc = 1,
		.gc_cpu_fraction = 0.0125,
	};
}

/* Killed in its second phase, with all of the first one's slab unreclaimed. */
static inline void make_killed(struct ol_run_summary *summary) {
	memset(summary, 0, sizeof *summary);
	summary->spec = spike_spec();
	summary->cage = (struct ol_cage_facts){ "hybrid", 1, 1, "/oomlab-1-a" };
	summary->system = (struct ol_system_facts){ "6.1.0", "madvise", "0.1.0", 2, 4096 };
	summary->outcome = OL_OUTCOME_OOM_KILLED;
	summary->evidence = (struct ol_evidence){
		.exit_status = -1,
		.signal = 9,
		.oom_kill_delta = 1,
		.limited_by = OL_LIMITED_BY_OWN,
		.kernel_line = "Memory cgroup out of memory: Killed process 42 (oomlab-subject)",
	};
	summary->baseline_bytes = BASELINE_BYTES;
	summary->cage_peak_bytes = 32 * OL_MIB;
	summary->wall_ns = 21300000;
	summary->phase_count = 2;
	struct ol_phase *spike = &summary->phases[0];
	*spike = (struct ol_phase){
		.name = "spike",
		.at_ns = 1000000,
		.end_ns = 14000000,
		.requested_bytes = SPIKE_BYTES,
		.cage_bytes = 31000000,
		.garbage_bytes = SPIKE_BYTES,
		.memstats = spike_memstats(),
	};
	struct ol_phase *little = &summary->phases[1];
	*little = *spike;
	set_name(little->name, "a little more");
	little->at_ns = spike->end_ns;
	little->end_ns = 21000000;
	little->requested_bytes = LITTLE_BYTES;
	little->cage_bytes = 32 * OL_MIB;
	little->memstats.heap_alloc += LITTLE_BYTES;
	summary->last_words = (struct ol_last_words){
		.phase = "a little more",
		.activity = OL_ACTIVITY_TOUCHING,
		.at_ns = 20000000,
		.request_bytes = LITTLE_BYTES,
		.touched_bytes = 2990080,
		.cage_bytes = 32 * OL_MIB,
		.garbage_bytes = SPIKE_BYTES,
		.garbage_counted_at_ns = 14000000,
		.allocated_since_count_bytes = LITTLE_BYTES,
		.script_bytes = 40000,
		.script_peak_bytes = 50000,
		.metadata_bytes = 90000,
		.memstats = little->memstats,
	};
}

/* The same with --gc: the slab was collected between the phases. */
static inline void make_survived(struct ol_run_summary *summary) {
	make_killed(summary);
	summary->spec.options[0].boolean = 1;
	summary->outcome = OL_OUTCOME_SURVIVED;
	summary->evidence = (struct ol_evidence){ .has_frame_end = 1 };
	summary->cage_peak_bytes = 31000000;
	for (int i = 0; i < 2; i++) {
		struct ol_phase *phase = &summary->phases[i];
		phase->cage_bytes = 31000000;
		phase->garbage_bytes = 0;
		phase->memstats.heap_alloc = i == 0 ? 6000 : 6000 + LITTLE_BYTES;
		phase->memstats.heap_inuse = i == 0 ? 16384 : 3375104;
		phase->memstats.heap_idle = phase->memstats.heap_sys - phase->memstats.heap_inuse;
		phase->memstats.next_gc = 4 * OL_MIB;
		phase->memstats.num_gc = 2;
		phase->memstats.num_forced_gc = 1;
	}
	summary->last_words.activity = OL_ACTIVITY_ENDING;
	summary->last_words.touched_bytes = LITTLE_BYTES;
	summary->last_words.cage_bytes = 31000000;
	summary->last_words.garbage_bytes = 0;
	summary->last_words.allocated_since_count_bytes = 0;
	summary->last_words.memstats = summary->phases[1].memstats;
}

#endif
