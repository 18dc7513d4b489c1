/* caged_report_summary.h -- Summaries of caged programs made by hand, one for each way to end. */
#ifndef TESTS_CAGED_REPORT_SUMMARY_H
#define TESTS_CAGED_REPORT_SUMMARY_H

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "record/caged.h"

/* The recipe's: 100 MB, no multiple of a page. */
enum { RECIPE_LIMIT_BYTES = 100000000, RECIPE_PAGES_BYTES = 99999744 };

static inline void set_text(char *text, size_t capacity, const char *words) {
	snprintf(text, capacity, "%s", words);
}

static inline struct ol_caged_spec recipe_spec(void) {
	return (struct ol_caged_spec){
		.limit_bytes = RECIPE_LIMIT_BYTES,
		.high_bytes = UINT64_MAX,
		.address_space_bytes = UINT64_MAX,
		.sample_period_ns = 10 * OL_NS_PER_MS,
		.grace_ns = 5 * OL_NS_PER_S,
		.command = "python3 service.py",
	};
}

/* A service that grows by 20 MiB at a time and lives. */
static inline void make_caged_survivor(struct ol_caged_summary *summary) {
	memset(summary, 0, sizeof *summary);
	summary->spec = recipe_spec();
	summary->cage = (struct ol_cage_facts){ "hybrid", 1, 1, "/oomlab-7-a" };
	summary->system = (struct ol_system_facts){ "6.1.0", "madvise", "0.1.0", 2, 4096 };
	summary->outcome = OL_OUTCOME_SURVIVED;
	summary->pid = 123;
	summary->peak_bytes = 60 * OL_MIB;
	summary->end_bytes = OL_MIB;
	summary->rss_peak_bytes = 58 * OL_MIB;
	summary->wall_ns = 12300 * OL_NS_PER_MS;
	summary->user_ns = 1200 * OL_NS_PER_MS;
	summary->system_ns = 300 * OL_NS_PER_MS;
	summary->minor_faults = 24000;
	summary->level_ns[0] = 1200 * OL_NS_PER_MS;
	summary->sample_count = 1230;
	summary->usage_step_ns = 410 * OL_NS_PER_MS;
	summary->usage_count = 30;
	for (unsigned i = 0; i < summary->usage_count; i++)
		summary->usage_bytes[i] = (i / 5 + 1) * 10 * OL_MIB;
	summary->watchdog.crossed_at_ns = UINT64_MAX;
	summary->watchdog.acted_at_ns = UINT64_MAX;
	summary->watchdog.ended_at_ns = UINT64_MAX;
}

static inline void add_caged_kill(
	struct ol_caged_summary *summary, int32_t pid, const char *name, bool is_command) {
	struct ol_oom_kill *kill = &summary->kills[summary->kill_told_count++];
	*kill = (struct ol_oom_kill){
		.at_ns = 12300 * OL_NS_PER_MS,
		.pid = pid,
		.is_command = is_command,
		.limited_by = OL_LIMITED_BY_OWN,
		.anon_bytes = 95 * OL_MIB,
	};
	set_text(kill->name, sizeof kill->name, name);
	summary->kill_count++;
	summary->evidence.oom_kill_delta++;
	summary->evidence.limited_by = OL_LIMITED_BY_OWN;
	summary->outcome = OL_OUTCOME_OOM_KILLED;
}

/* The same, asked once more. */
static inline void make_caged_victim(struct ol_caged_summary *summary) {
	make_caged_survivor(summary);
	summary->evidence.exit_status = -1;
	summary->evidence.signal = 9;
	add_caged_kill(summary, 123, "python3", true);
	set_text(summary->evidence.kernel_line, sizeof summary->evidence.kernel_line,
		"Memory cgroup out of memory: Killed process 123 (python3) total-vm:104372kB, "
		"anon-rss:97280kB");
	summary->is_command_oom_killed = 1;
	summary->peak_bytes = RECIPE_PAGES_BYTES;
	summary->rss_peak_bytes = 95 * OL_MIB;
	summary->level_ns[1] = 800 * OL_NS_PER_MS;
	summary->level_ns[2] = 300 * OL_NS_PER_MS;
	summary->major_faults = 12;
	summary->usage_bytes[29] = RECIPE_PAGES_BYTES;
}

/* One of its children went, and it ended as if nothing had been. */
static inline void make_caged_parent(struct ol_caged_summary *summary) {
	make_caged_victim(summary);
	summary->evidence.exit_status = 0;
	summary->evidence.signal = 0;
	summary->is_command_oom_killed = 0;
	summary->kills[0].is_command = 0;
	summary->kills[0].pid = 124;
	set_text(
		summary->spec.command, sizeof summary->spec.command, "sh -c 'python3 service.py; true'");
}

static inline void make_caged_apoptosis(struct ol_caged_summary *summary) {
	make_caged_survivor(summary);
	summary->outcome = OL_OUTCOME_SHUT_DOWN;
	summary->peak_bytes = 92 * OL_MIB;
	summary->spec.watchdog = (struct ol_watchdog_spec){
		.is_on = 1,
		.wants_notice = 1,
		.threshold_bytes = 90 * OL_MIB,
		.every_ns = 15 * OL_NS_PER_S,
	};
	summary->watchdog = (struct ol_watchdog_facts){
		.way = OL_WATCHDOG_NOTICE,
		.has_notice = 1,
		.notice_count = 1,
		.below_at_ns = 11990 * OL_NS_PER_MS,
		.crossed_at_ns = 12000 * OL_NS_PER_MS,
		.acted_at_ns = 12000 * OL_NS_PER_MS + 400 * OL_NS_PER_US,
		.acted_bytes = 91 * OL_MIB,
		.next_look_ns = 3 * OL_NS_PER_S,
		.ended_at_ns = 12300 * OL_NS_PER_MS,
		.peak_bytes = 92 * OL_MIB,
	};
	set_text(summary->dump_directory, sizeof summary->dump_directory, "/var/tmp/oomlab-python3-1");
}

#endif
