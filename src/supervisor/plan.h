/* plan.h -- A run's settings by name and text, checked: from the command line, the environment,
 * a scenario's own fields or lab.run's overrides, all by the same table. */
#ifndef OL_SUPERVISOR_PLAN_H
#define OL_SUPERVISOR_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/nearest.h"
#include "record/record.h"

/* One setting: what --help prints and what is checked. */
struct ol_setting {
	const char *name;     /* "limit": --limit=SIZE, limit = in Lua. */
	char letter;          /* 'l' for -l; 0 for none. */
	const char *argument; /* "SIZE", "N|off", "stw" ...; NULL for a flag that takes none. */
	const char *doc;      /* One line, with its default. */
};

extern const struct ol_setting ol_settings[];
extern const size_t ol_settings_count;

/* The names that a setting may have, NULL at their end; NULL for one that is no choice of a few. */
const char *const *ol_plan_choices(const char *setting);

/* A run spec under construction. Sizes that are shares of the limit wait for it. */
struct ol_plan {
	struct ol_run_spec spec;
	double memory_limit_percent; /* 90 for --memlimit=90%; 0 when bytes were given. */
	double high_percent;
	double parent_limit_percent;
	char watchdog[128]; /* "90%,every=15s"; "": none. */
	bool has_dump;      /* Where a dump goes was said, be it nowhere. */
};

/* Defaults: 32 MiB, no swap, GOGC 100, no memory limit, go, go1.19, stw, real, seed 1. */
void ol_plan_init(struct ol_plan *plan);

/* Sets one setting from text ("" or "true" for flags). -ENOENT: no such setting. -EINVAL, -ERANGE:
 * a bad value; the message names setting, value and what was expected. */
int ol_plan_set(struct ol_plan *plan, const char *name, const char *text, struct ol_error *error);

/* Whether only the user may set it: a script cannot give itself what it is denied. */
bool ol_plan_is_users(const char *name);

/* GOGC and GOMEMLIMIT as Go reads them: call after the scenario's own settings and before the
 * command line's. A malformed value is an error, as in Go. */
int ol_plan_set_environment(struct ol_plan *plan, struct ol_error *error);

/* Resolves shares and defaults that depend on the limit, and checks what only the whole can tell.
 */
int ol_plan_finish(struct ol_plan *plan, struct ol_error *error);

#endif
