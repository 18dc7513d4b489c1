/* evidence.c -- Whose limit killed what was in the cage.
 *
 * Judges nothing: whether something was killed at all is the cage's own oom_kill counter; whose
 * limit it was says the kernel's log, or else the counters of the groups above. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/internal.h"

/* The kernel writes its line while the victim may be dying on another processor. */
enum { LOG_ATTEMPTS_MAX = 6 };

/* Times that this very group's own limit had nothing left to give. */
static uint64_t local_oom_count(int directory_fd) {
	char text[OL_CAGE_EVENTS_BYTES];
	uint64_t count = 0;
	/* Absent on version 1, at the top of version 2, and before 5.2. */
	if (ol_file_read_at(directory_fd, "memory.events.local", text, sizeof text, NULL) >= 0)
		(void)ol_keyed_uint64(text, "oom", &count);
	return count;
}

void ol_cage_snapshot_ancestors(struct ol_cage_chain *chain) {
	for (int i = 0; i < chain->count && chain->memory_version == 2; i++)
		chain->oom_counts[i] = local_oom_count(chain->fds[i]);
}

/* Version 1 has no such counter; a group whose peak is its limit was at its limit. */
static bool was_full(int directory_fd) {
	uint64_t peak_bytes;
	uint64_t limit_bytes;
	if (ol_cage_read_number(directory_fd, "memory.max_usage_in_bytes", &peak_bytes) >= 0 &&
		ol_cage_read_number(directory_fd, "memory.limit_in_bytes", &limit_bytes) >= 0 &&
		peak_bytes >= limit_bytes)
		return true;
	return ol_cage_read_number(directory_fd, "memory.memsw.max_usage_in_bytes", &peak_bytes) >= 0 &&
		   ol_cage_read_number(directory_fd, "memory.memsw.limit_in_bytes", &limit_bytes) >= 0 &&
		   peak_bytes >= limit_bytes;
}

static bool own_limit_hit(const struct ol_cage *cage) {
	if (cage->chain.memory_version == 1)
		return was_full(cage->directory_fd);
	return local_oom_count(cage->directory_fd) > 0;
}

static bool ancestor_limit_hit(const struct ol_cage_chain *chain, int level) {
	if (chain->memory_version == 1)
		return was_full(chain->fds[level]);
	return local_oom_count(chain->fds[level]) > chain->oom_counts[level];
}

static void judge_by_counters(const struct ol_cage *cage, struct ol_evidence *evidence) {
	if (own_limit_hit(cage)) {
		evidence->limited_by = OL_LIMITED_BY_OWN;
		snprintf(evidence->limiting_group, sizeof evidence->limiting_group, "%s", cage->path);
		return;
	}
	/* The nearest one first: it is the one that was reached first. */
	for (int i = cage->chain.count - 1; i >= 0; i--) {
		if (!ancestor_limit_hit(&cage->chain, i))
			continue;
		evidence->limited_by = OL_LIMITED_BY_ANCESTOR;
		ol_cage_level_path(&cage->chain, i, evidence->limiting_group);
		return;
	}
	evidence->limited_by = OL_LIMITED_BY_SYSTEM;
}

/* The kernel's name of a group, as seen from our mount: the part of its name for our own cage that
 * comes before our name for it is above what we see. */
static const char *name_here(const struct ol_kernel_log_finding *finding, const char *path) {
	size_t kernel_length = strlen(finding->task_group);
	size_t length = strlen(path);
	if (kernel_length <= length || strcmp(finding->task_group + kernel_length - length, path) != 0)
		return finding->group;
	size_t above_length = kernel_length - length;
	if (strncmp(finding->group, finding->task_group, above_length) == 0 &&
		finding->group[above_length] == '/')
		return finding->group + above_length;
	return finding->group;
}

static void search_log(struct ol_cage *cage) {
	struct ol_cage_patience patience = { 0 };
	for (int i = 0; cage->kernel_log_fd >= 0 && i < LOG_ATTEMPTS_MAX; i++) {
		ol_kernel_log_search(cage->kernel_log_fd, cage->name, cage->attached_pid, &cage->finding);
		if (*cage->finding.line != '\0' || !ol_cage_wait(&patience))
			return;
	}
}

int ol_cage_read_evidence(struct ol_cage *cage, struct ol_cage_counters *ret_counters,
	struct ol_evidence *ret_evidence, struct ol_error *error) {
	struct ol_cage_counters counters;
	int result = ol_cage_read_counters(cage, &counters, error);
	if (result < 0)
		return result;
	struct ol_evidence evidence = *ret_evidence;
	evidence.oom_kill_delta = counters.oom_kill_count; /* The group is new: it began at 0. */
	evidence.high_delta = counters.high_count;
	evidence.swap_peak_bytes = counters.swap_peak_bytes;
	evidence.limited_by = OL_LIMITED_BY_NONE;
	*evidence.limiting_group = '\0';
	*evidence.kernel_line = '\0';
	if (evidence.oom_kill_delta > 0) {
		search_log(cage);
		const struct ol_kernel_log_finding *finding = &cage->finding;
		if (finding->limited_by != OL_LIMITED_BY_NONE) {
			evidence.limited_by = finding->limited_by;
			snprintf(evidence.limiting_group, sizeof evidence.limiting_group, "%s",
				name_here(finding, cage->path));
		} else {
			judge_by_counters(cage, &evidence);
		}
		snprintf(evidence.kernel_line, sizeof evidence.kernel_line, "%s", finding->line);
	}
	if (ret_counters != NULL)
		*ret_counters = counters;
	*ret_evidence = evidence;
	return 0;
}
