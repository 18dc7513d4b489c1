/* lab_core.c -- lab.core in the lab: the settings there are, and runs of an experiment. */
#include <errno.h>
#include <string.h>

#include <lauxlib.h>

#include "base/units.h"
#include "script/job.h"
#include "script/push.h"
#include "script/script_internal.h"
#include "script/script_policy.h"
#include "supervisor/capacity.h"

enum { OL_SCRIPT_RUNS_MAX = 10000 }; /* Of one lab.runs. */

static int check_policy(const struct ol_run_spec *spec, const char *text, struct ol_error *error) {
	struct ol_error reason;
	int result = ol_script_policy_check(spec, &reason);
	if (result < 0)
		return ol_error_set(error, result, "policy=%.64s: %s", text, reason.message);
	return 0;
}

/***
 * Tells whether a text is a value for a run setting.
 * @function core.check_setting
 * @tparam string name  as in core.setting_names
 * @tparam string text
 * @treturn[1] boolean true
 * @return[2] nil
 * @treturn[2] string what was expected
 */
static int core_check_setting(lua_State *L) {
	const char *name = luaL_checkstring(L, 1);
	const char *text = luaL_checkstring(L, 2);
	struct ol_plan *plan = lua_newuserdatauv(L, sizeof *plan, 0); /* name, text, plan */
	struct ol_error error;

	ol_plan_init(plan);
	int result = strlen(text) < OL_SCRIPT_SETTING_BYTES
					 ? ol_script_set(plan, name, text, &error)
					 : ol_error_set(&error, -EINVAL, "%s: the value is too long", name);
	if (result == 0 && strcmp(name, "policy") == 0)
		result = check_policy(&plan->spec, text, &error);

	if (result < 0) {
		lua_pushnil(L);                   /* ..., nil */
		lua_pushstring(L, error.message); /* ..., nil, message */
		return 2;
	}
	lua_pushboolean(L, true); /* ..., true */
	return 1;
}

/* One run of lab.runs. Lives in a userdata: Lua's collector owns it, so that an error leaves
 * nothing behind. */
struct wanted_run {
	char name[OL_PATH_BYTES]; /* Of another script; "" for a scenario of this one. */
	lua_Integer index;        /* Of the scenario in this script. */
	size_t setting_count;
	size_t option_count;
	struct ol_script_setting pairs[]; /* Settings, then options. */
};

/* All of them. */
struct wanted_runs {
	lua_State *L;
	struct ol_script *experiment;
	bool is_lab_error;   /* The lab could not do its work: no script can mend that. */
	size_t failed_index; /* Otherwise: the run that cannot be. */
	struct wanted_run **runs;
};

/* How many { name, text } the list at index has. */
static size_t count_pairs(lua_State *L, int index, size_t pair_max) {
	luaL_checktype(L, index, LUA_TTABLE);
	lua_Integer count = (lua_Integer)lua_rawlen(L, index);
	if ((uint64_t)count > pair_max)
		luaL_error(L, "more than %d values", (int)pair_max);
	return (size_t)count;
}

static void check_pairs(lua_State *L, int index, struct ol_script_setting *pairs, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct ol_script_setting *pair = &pairs[i];
		lua_rawgeti(L, index, (lua_Integer)i + 1); /* pair */
		luaL_checktype(L, -1, LUA_TTABLE);
		lua_rawgeti(L, -1, 1); /* pair, name */
		lua_rawgeti(L, -2, 2); /* pair, name, text */
		const char *name = luaL_checkstring(L, -2), *text = luaL_checkstring(L, -1);
		if (strlen(name) >= sizeof pair->name || strlen(text) >= sizeof pair->text)
			luaL_error(L, "the value of '%s' is too long", name);
		strcpy(pair->name, name);
		strcpy(pair->text, text);
		lua_pop(L, 3);
	}
}

/* Reads { scenario, settings, options }, on top of the stack, and leaves it as a userdata. */
static struct wanted_run *check_run(lua_State *L) {
	int entry = lua_gettop(L);
	luaL_checktype(L, entry, LUA_TTABLE);
	lua_rawgeti(L, entry, 1); /* ..., scenario */
	lua_rawgeti(L, entry, 2); /* ..., scenario, settings */
	lua_rawgeti(L, entry, 3); /* ..., scenario, settings, options */
	size_t setting_count = count_pairs(L, entry + 2, OL_SCRIPT_SETTINGS_MAX);
	size_t option_count = count_pairs(L, entry + 3, OL_OPTIONS_MAX);
	size_t bytes = sizeof(struct wanted_run) +
				   (setting_count + option_count) * sizeof(struct ol_script_setting);
	struct wanted_run *run = lua_newuserdatauv(L, bytes, 0); /* ..., options, run */
	memset(run, 0, bytes);
	run->setting_count = setting_count;
	run->option_count = option_count;
	if (lua_type(L, entry + 1) == LUA_TSTRING) {
		const char *name = lua_tostring(L, entry + 1);
		if (*name == '\0' || strlen(name) >= sizeof run->name)
			luaL_error(L, "that is no name of a script");
		strcpy(run->name, name);
	} else {
		luaL_checktype(L, entry + 1, LUA_TTABLE);
		ol_script_raw_field(L, entry + 1, "index"); /* ..., run, index */
		run->index = luaL_checkinteger(L, -1);
		if (run->index < 0)
			luaL_error(L, "not a scenario");
		lua_pop(L, 1);
	}
	check_pairs(L, entry + 2, run->pairs, setting_count);
	check_pairs(L, entry + 3, run->pairs + setting_count, option_count);
	lua_replace(L, entry);
	lua_settop(L, entry); /* run */
	return run;
}

static int open_run(
	void *context, size_t index, struct ol_script_job **ret_job, struct ol_error *error) {
	struct wanted_runs *wanted = context;
	const struct wanted_run *run = wanted->runs[index];
	const struct ol_script_host *host = wanted->experiment->host;
	struct ol_script_job_request request = {
		.name = run->name[0] != '\0' ? run->name : NULL,
		.experiment = run->name[0] != '\0' ? NULL : wanted->experiment,
		.index = run->index,
		.apply_settings = host->apply_settings,
		.context = host->context,
		.settings = run->pairs,
		.setting_count = run->setting_count,
		.options = run->pairs + run->setting_count,
		.option_count = run->option_count,
	};
	int result = ol_script_job_open(&request, ret_job, NULL, error);
	if (result < 0) {
		wanted->is_lab_error = false;
		wanted->failed_index = index;
	}
	return result;
}

static int keep_summary(lua_State *L) {
	/* results, index, summary */
	ol_script_push_summary(L, lua_touserdata(L, 3)); /* ..., table */
	lua_rawseti(L, 1, lua_tointeger(L, 2));
	return 0;
}

/* The results are on top of the stack. An error of Lua's, such as no memory, must not jump past
 * whoever makes the runs. */
static int run_done(
	void *context, size_t index, const struct ol_run_summary *summary, struct ol_error *error) {
	struct wanted_runs *wanted = context;
	lua_State *L = wanted->L;
	lua_pushcfunction(L, keep_summary);                         /* results, keep_summary */
	lua_pushvalue(L, -2);                                       /* results, keep_summary, results */
	lua_pushinteger(L, (lua_Integer)index + 1);                 /* ..., results, index */
	lua_pushlightuserdata(L, (struct ol_run_summary *)summary); /* ..., index, summary */
	if (lua_pcall(L, 3, 0, 0) == LUA_OK)
		return 0;
	wanted->is_lab_error = false;
	wanted->failed_index = index;
	const char *reason = lua_tostring(L, -1); /* results, message */
	int result = ol_error_set(error, -ENOMEM, "%s", reason != NULL ? reason : "an error");
	lua_pop(L, 1);
	return result;
}

/***
 * Runs scenarios, each in a cage of its own, several at a time, and waits for their ends.
 * @function core.run_all
 * @tparam table runs  list of { scenario, settings, options }: the name of a script or a
 * declaration of this one; and two lists of { name, text }
 * @treturn[1] table the summaries, plain, in the same order
 * @return[2] nil
 * @treturn[2] string what was wrong with one of them
 * @treturn[2] integer which one it is
 */
static int core_run_all(lua_State *L) {
	struct ol_lua *lua = ol_lua_of(L);
	struct ol_script *experiment = lua->config.context;
	const struct ol_script_host *host = experiment->host;
	luaL_checktype(L, 1, LUA_TTABLE);
	if (host == NULL || host->run == NULL) {
		lua_pushnil(L);                                                           /* ..., nil */
		lua_pushliteral(L, "works only while the program of an experiment runs"); /* ..., message */
		return 2;
	}
	lua_settop(L, 1);
	lua_Unsigned count = lua_rawlen(L, 1);
	if (count > OL_SCRIPT_RUNS_MAX)
		return luaL_error(L, "more than %d runs at a time", OL_SCRIPT_RUNS_MAX);
	struct wanted_runs wanted = { .L = L, .experiment = experiment, .is_lab_error = true };
	wanted.runs = lua_newuserdatauv(L, (size_t)(count + 1) * sizeof(struct wanted_run *), 0);
	lua_createtable(L, (int)count, 0); /* list, pointers, owned */
	for (lua_Unsigned i = 0; i < count; i++) {
		lua_rawgeti(L, 1, (lua_Integer)i + 1); /* ..., entry */
		wanted.runs[i] = check_run(L);         /* ..., run */
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_createtable(L, (int)count, 0); /* ..., results */
	luaL_checkstack(L, LUA_MINSTACK, NULL);

	struct ol_script_runs runs = {
		.count = (size_t)count, .context = &wanted, .open = open_run, .done = run_done
	};
	struct ol_error error;
	ol_lua_set_deadline(lua, 0); /* A run may take as long as it likes. */
	int result = host->run(host->context, &runs, &error);
	ol_lua_set_deadline(lua, OL_SCRIPT_SECONDS_MAX * OL_NS_PER_S);

	if (result < 0 && wanted.is_lab_error)
		return ol_lua_abort(L, result, error.message);
	if (result < 0) {
		lua_pushnil(L);                                           /* ..., nil */
		lua_pushstring(L, error.message);                         /* ..., nil, message */
		lua_pushinteger(L, (lua_Integer)wanted.failed_index + 1); /* ..., index */
		return 3;
	}
	return 1;
}

/***
 * What a limit may be on this machine just now: memory that could be had, free swap included.
 * @function core.memory_available
 * @treturn integer bytes
 */
static int core_memory_available(lua_State *L) {
	uint64_t bytes = ol_capacity_available_bytes();

	ol_lua_push_uint64(L, bytes > 0 ? bytes : INT64_MAX); /* bytes */
	return 1;
}

/***
 * A line for whoever waits for an experiment: it is none of its results.
 * @function core.progress
 * @tparam string line
 */
static int core_progress(lua_State *L) {
	const struct ol_script *experiment = ol_lua_of(L)->config.context;
	const struct ol_script_host *host = experiment->host;
	const char *line = luaL_checkstring(L, 1);

	if (host != NULL && host->progress != NULL)
		host->progress(host->context, line);
	return 0;
}

static void set_setting_names(lua_State *L) {
	lua_createtable(L, (int)ol_settings_count, 0); /* core, names */
	for (size_t i = 0; i < ol_settings_count; i++) {
		if (ol_plan_is_users(ol_settings[i].name))
			continue;
		lua_pushstring(L, ol_settings[i].name); /* core, names, name */
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	}
	lua_setfield(L, -2, "setting_names");
}

static void set_outcome_names(lua_State *L) {
	lua_createtable(L, OL_OUTCOME_COUNT, 0); /* core, names */
	for (int outcome = 0; outcome < OL_OUTCOME_COUNT; outcome++) {
		lua_pushstring(L, ol_outcome_name((enum ol_outcome)outcome)); /* core, names, name */
		lua_rawseti(L, -2, outcome + 1);
	}
	lua_setfield(L, -2, "outcome_names");
}

void ol_script_open_lab_core(lua_State *L) {
	static const luaL_Reg functions[] = {
		{ "check_setting", core_check_setting },
		{ "run_all", core_run_all },
		{ "memory_available", core_memory_available },
		{ "progress", core_progress },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, functions, 0); /* core */
	set_setting_names(L);
	set_outcome_names(L);
}
