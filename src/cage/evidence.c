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

/* 0 where there is no such file: on version 2 at the top, and before 5.2. */
static uint64_t event_count(int directory_fd, const char *file, const char *event) {
	char text[OL_CAGE_EVENTS_BYTES];
	uint64_t count = 0;
	if (ol_file_read_at(directory_fd, file, text, sizeof text, NULL) >= 0)
		(void)ol_keyed_uint64(text, event, &count);
	return count;
}

/* Version 2: times that this very group's own limit had nothing left to give. */
static uint64_t local_oom_count(int directory_fd) {
	return event_count(directory_fd, "memory.events.local", "oom");
}

/* Version 1: kills of processes in this very group. */
static uint64_t own_kill_count(int directory_fd) {
	return event_count(directory_fd, "memory.oom_control", "oom_kill");
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

/* A group below the cage whose own limit killed something. */
struct inner_search {
	int memory_version;
	bool is_found;
	char path[OL_PATH_BYTES]; /* While it searches: of the group it is in. */
};

static int search_below(int parent_fd, const char *name, int depth, void *context) {
	struct inner_search *search = context;
	char path[OL_PATH_BYTES];
	OL_AUTO_CLOSE int fd = search->is_found ? -1 : ol_cage_open_group(parent_fd, name);
	if (fd < 0 || ol_cage_join_path(path, search->path, name, NULL) < 0)
		return 0;
	size_t length = strlen(search->path);
	memcpy(search->path, path, sizeof path);
	search->is_found = search->memory_version == 1 ? own_kill_count(fd) > 0 && was_full(fd)
												   : local_oom_count(fd) > 0;
	if (!search->is_found)
		(void)ol_cage_each_group(fd, depth, search_below, search);
	if (!search->is_found)
		search->path[length] = '\0';
	return 0;
}

/* On version 2 the cage's counter has the groups below in it, those that are gone, too. */
static bool inner_limit_hit(const struct ol_cage *cage, struct ol_evidence *evidence) {
	struct inner_search search = { .memory_version = cage->chain.memory_version };
	snprintf(search.path, sizeof search.path, "%s", cage->path);
	(void)ol_cage_each_group(cage->directory_fd, 0, search_below, &search);
	if (search.is_found)
		snprintf(evidence->limiting_group, sizeof evidence->limiting_group, "%s", search.path);
	return search.is_found || (cage->chain.memory_version == 2 &&
								  event_count(cage->directory_fd, "memory.events", "oom") > 0);
}

/* No counter tells; but the kernel's line, though it lacks the place, says what ran out: a group
 * that is gone, of which only version 2 would still have an event, or one above what we see. */
static uint32_t judge_by_line(const struct ol_cage *cage) {
	static const char in_group[] = "Memory cgroup out of memory";
	if (strncmp(cage->kills.witness.kernel_line, in_group, sizeof in_group - 1) != 0)
		return OL_LIMITED_BY_SYSTEM;
	return cage->chain.memory_version == 1 ? OL_LIMITED_BY_INNER : OL_LIMITED_BY_ANCESTOR;
}

static void judge_by_counters(const struct ol_cage *cage, struct ol_evidence *evidence) {
	if (own_limit_hit(cage)) {
		evidence->limited_by = OL_LIMITED_BY_OWN;
		snprintf(evidence->limiting_group, sizeof evidence->limiting_group, "%s", cage->path);
		return;
	}
	if (inner_limit_hit(cage, evidence)) {
		evidence->limited_by = OL_LIMITED_BY_INNER;
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
	evidence->limited_by = judge_by_line(cage);
}

/* Version 1 counts a kill in the very group only. */
static int count_kills_below(int parent_fd, const char *name, int depth, void *context) {
	uint64_t *kill_count = context;
	OL_AUTO_CLOSE int fd = ol_cage_open_group(parent_fd, name);
	if (fd >= 0) {
		*kill_count += own_kill_count(fd);
		(void)ol_cage_each_group(fd, depth, count_kills_below, context);
	}
	return 0;
}

uint64_t ol_cage_kills_below(int directory_fd) {
	uint64_t kill_count = 0;
	(void)ol_cage_each_group(directory_fd, 0, count_kills_below, &kill_count);
	return kill_count;
}

/* All that the log and the counters know by now. */
static uint64_t count_kills(struct ol_cage *cage, uint64_t own_count) {
	ol_cage_read_log(cage);
	if (cage->chain.memory_version == 2)
		return own_count; /* Those below are in it. */
	uint64_t counted = own_count + ol_cage_kills_below(cage->directory_fd);
	return counted > cage->kills.count ? counted : cage->kills.count;
}

/* The log has its line a little after the counter has its one. */
static void wait_for_log(struct ol_cage *cage, uint64_t kill_count) {
	struct ol_cage_patience patience = { 0 };
	for (int i = 0; cage->kills.log.fd >= 0 && i < LOG_ATTEMPTS_MAX; i++) {
		if (cage->kills.count >= kill_count || !ol_cage_wait(&patience))
			return;
		ol_cage_read_log(cage);
	}
}

int ol_cage_read_evidence(struct ol_cage *cage, struct ol_cage_counters *ret_counters,
	struct ol_evidence *ret_evidence, struct ol_error *error) {
	struct ol_cage_counters counters;
	int result = ol_cage_read_counters(cage, &counters, error);
	if (result < 0)
		return result;
	struct ol_evidence evidence = *ret_evidence;
	/* The group is new: it began at 0. */
	evidence.oom_kill_delta = count_kills(cage, counters.oom_kill_count);
	evidence.high_delta = counters.high_count;
	evidence.swap_peak_bytes = counters.swap_peak_bytes;
	evidence.limited_by = OL_LIMITED_BY_NONE;
	*evidence.limiting_group = '\0';
	*evidence.kernel_line = '\0';
	if (evidence.oom_kill_delta > 0) {
		wait_for_log(cage, evidence.oom_kill_delta);
		if (evidence.oom_kill_delta > cage->kills.count)
			ol_cage_claim_strays(cage, evidence.oom_kill_delta - cage->kills.count);
		const struct ol_oom_kill *witness = &cage->kills.witness;
		if (witness->limited_by != OL_LIMITED_BY_NONE) {
			evidence.limited_by = witness->limited_by;
			snprintf(evidence.limiting_group, sizeof evidence.limiting_group, "%s",
				witness->limiting_group);
		} else {
			judge_by_counters(cage, &evidence);
		}
		snprintf(evidence.kernel_line, sizeof evidence.kernel_line, "%s", witness->kernel_line);
	}
	if (ret_counters != NULL)
		*ret_counters = counters;
	*ret_evidence = evidence;
	return 0;
}
