/* record.c -- The stable names of outcomes, activities and limits. */
#include "record/record.h"

#include <assert.h>

#include "base/names.h"
#include "record/caged.h"

static const char *const outcome_names[OL_OUTCOME_COUNT] = {
	[OL_OUTCOME_SURVIVED] = "survived",
	[OL_OUTCOME_OOM_KILLED] = "oom-killed",
	[OL_OUTCOME_OOM_KILLED_BY_ANCESTOR] = "oom-killed-by-ancestor",
	[OL_OUTCOME_THROTTLED] = "throttled",
	[OL_OUTCOME_SHUT_DOWN] = "shut-down",
	[OL_OUTCOME_OUT_OF_MEMORY] = "out-of-memory",
	[OL_OUTCOME_TIMED_OUT] = "timed-out",
	[OL_OUTCOME_KILLED] = "killed",
	[OL_OUTCOME_SCRIPT_ERROR] = "script-error",
	[OL_OUTCOME_LAB_ERROR] = "lab-error",
};

const char *ol_outcome_name(enum ol_outcome outcome) {
	assert((unsigned)outcome < OL_OUTCOME_COUNT);
	return outcome_names[outcome];
}

int ol_outcome_parse(const char *name, enum ol_outcome *ret_outcome) {
	int index = ol_name_index(outcome_names, OL_OUTCOME_COUNT, name);
	if (index >= 0)
		*ret_outcome = (enum ol_outcome)index;
	return index < 0 ? index : 0;
}

const char *ol_activity_name(enum ol_activity activity) {
	static const char *const names[OL_ACTIVITY_COUNT] = {
		[OL_ACTIVITY_STARTING] = "starting",
		[OL_ACTIVITY_RUNNING] = "running",
		[OL_ACTIVITY_ALLOCATING] = "allocating",
		[OL_ACTIVITY_TOUCHING] = "touching",
		[OL_ACTIVITY_COLLECTING] = "collecting",
		[OL_ACTIVITY_WAITING] = "waiting",
		[OL_ACTIVITY_ENDING] = "ending",
	};
	assert((unsigned)activity < OL_ACTIVITY_COUNT);
	return names[activity];
}

bool ol_world_name_is_pretend(const char *world) {
	return strcmp(world, "pretend") == 0;
}

const char *ol_limited_by_name(enum ol_limited_by limited_by) {
	static const char *const names[] = {
		[OL_LIMITED_BY_NONE] = "none",
		[OL_LIMITED_BY_OWN] = "own",
		[OL_LIMITED_BY_ANCESTOR] = "ancestor",
		[OL_LIMITED_BY_SYSTEM] = "system",
		[OL_LIMITED_BY_INNER] = "inner",
	};
	assert((unsigned)limited_by < sizeof names / sizeof *names);
	return names[limited_by];
}

const unsigned ol_level_percents[OL_LEVELS] = { 50, 75, 90 };

const char *ol_watchdog_measure_name(enum ol_watchdog_measure measure) {
	static const char *const names[OL_WATCHDOG_MEASURE_COUNT] = {
		[OL_WATCHDOG_USAGE] = "usage",
		[OL_WATCHDOG_RSS] = "rss",
	};
	assert((unsigned)measure < OL_WATCHDOG_MEASURE_COUNT);
	return names[measure];
}

const char *ol_watchdog_way_name(enum ol_watchdog_way way) {
	static const char *const names[OL_WATCHDOG_WAY_COUNT] = {
		[OL_WATCHDOG_NOT] = "none",
		[OL_WATCHDOG_LOOK] = "look",
		[OL_WATCHDOG_NOTICE] = "notice",
	};
	assert((unsigned)way < OL_WATCHDOG_WAY_COUNT);
	return names[way];
}
