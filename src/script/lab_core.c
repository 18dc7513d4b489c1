/* lab_core.c -- lab.core in the lab: the settings there are, and running a subject. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/units.h"
#include "script/script_internal.h"
#include "script/script_policy.h"

/* What the looks of a watchdog missed is told by samples. */
#define WATCHED_SAMPLE_PERIOD_NS (10 * OL_NS_PER_MS)

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
					 ? ol_plan_set(plan, name, text, &error)
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

/* One lab.run: what is wanted, and what came of it. Lives in a userdata: Lua's collector owns it,
 * so that an error leaves nothing behind. */
struct request {
	struct ol_script *experiment;
	char name[OL_PATH_BYTES]; /* Of another script; "" for a scenario of this one. */
	lua_Integer index;        /* Of the scenario in this script. */
	size_t setting_count;
	struct ol_script_setting settings[OL_SCRIPT_SETTINGS_MAX];
	size_t option_count;
	struct ol_script_setting options[OL_OPTIONS_MAX];
	struct ol_plan plan;
	struct ol_run_summary summary;
	bool is_lab_error; /* The lab could not do its work: no script can mend that. */
	struct ol_error error;
};

/* Reads the list of { name, text } at index. */
static size_t check_pairs(
	lua_State *L, int index, struct ol_script_setting *pairs, size_t pair_max) {
	luaL_checktype(L, index, LUA_TTABLE);
	lua_Integer count = (lua_Integer)lua_rawlen(L, index);
	if ((uint64_t)count > pair_max)
		luaL_error(L, "more than %d values", (int)pair_max);
	for (lua_Integer i = 1; i <= count; i++) {
		struct ol_script_setting *pair = &pairs[i - 1];
		lua_rawgeti(L, index, i); /* pair */
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
	return (size_t)count;
}

static int open_scenario(
	const struct request *request, struct ol_script **ret_script, struct ol_error *error) {
	if (request->name[0] != '\0')
		return ol_script_open(request->name, ret_script, NULL, error);
	/* The same script once more, as the subject will read it. */
	struct ol_script_source source = request->experiment->source;
	source.text = malloc(source.text_bytes + 1);
	if (source.text == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the script");
	memcpy(source.text, request->experiment->source.text, source.text_bytes + 1);
	return ol_script_load(&source, request->index, ret_script, NULL, error);
}

static int set_override(
	struct ol_plan *plan, const struct ol_script_setting *setting, struct ol_error *error) {
	if (strcmp(setting->name, "dump") == 0)
		return ol_error_set(error, -EINVAL,
			"dump=%.64s: the runs of an experiment leave none behind; oomlab run does",
			setting->text);
	return ol_plan_set(plan, setting->name, setting->text, error);
}

static int make_plan(struct request *request, struct ol_script *scenario, struct ol_error *error) {
	const struct ol_script_host *host = request->experiment->host;
	struct ol_plan *plan = &request->plan;
	ol_plan_init(plan);
	int result = ol_script_plan(scenario, plan, error);
	if (result == 0 && host->apply_settings != NULL)
		result = host->apply_settings(host->context, plan, error);
	for (size_t i = 0; result == 0 && i < request->setting_count; i++)
		result = set_override(plan, &request->settings[i], error);
	for (size_t i = 0; result == 0 && i < request->option_count; i++)
		result = ol_script_set_option(
			scenario, request->options[i].name, request->options[i].text, error);
	if (result == 0)
		result = ol_plan_finish(plan, error);
	if (result == 0)
		result = ol_script_fill(scenario, &plan->spec, error);
	if (plan->spec.watchdog.is_on && plan->spec.sample_period_ns == 0)
		plan->spec.sample_period_ns = WATCHED_SAMPLE_PERIOD_NS;
	/* Nobody is there to write it. */
	plan->spec.dump_parent[0] = '\0';
	plan->spec.wants_profile = 0;
	return result;
}

static int open_policy(
	struct ol_run_spec *spec, struct ol_script_policy **ret_policy, struct ol_error *error) {
	struct ol_error reason;
	int result = ol_script_policy_open(spec, ret_policy, NULL, &reason);
	if (result == 0)
		result = ol_script_policy_fill(*ret_policy, spec, &reason);
	if (result < 0)
		return ol_error_set(error, result, "policy=%s: %s", spec->policy, reason.message);
	return 0;
}

/* Plain C: cannot raise. */
static int supervise(struct request *request) {
	struct ol_script *scenario = NULL;
	struct ol_script_policy *policy = NULL;
	struct ol_run_spec *spec = &request->plan.spec;
	int result = open_scenario(request, &scenario, &request->error);
	if (scenario == NULL)
		return result;
	result = make_plan(request, scenario, &request->error);
	if (result == 0)
		result = open_policy(spec, &policy, &request->error);
	if (result == 0) {
		struct ol_supervisor_sink sink = { 0 };
		struct ol_supervisor_texts texts = { scenario->source.text, ol_script_policy_text(policy) };
		result = ol_supervise(spec, &texts, &sink, &request->summary, &request->error);
		request->is_lab_error = result < 0;
	}
	ol_script_policy_close(policy);
	ol_script_close(scenario);
	return result;
}

/***
 * Runs a scenario in a cage and waits for its end.
 * @function core.supervise
 * @tparam string|table scenario  the name of a script, or a declaration of this one
 * @tparam table settings  list of { name, text }
 * @tparam table options  list of { name, text }
 * @treturn[1] table the summary, plain
 * @return[2] nil
 * @treturn[2] string what was wrong with the request
 */
static int core_supervise(lua_State *L) {
	struct ol_lua *lua = ol_lua_of(L);
	struct ol_script *experiment = lua->config.context;
	if (experiment->host == NULL) {
		lua_pushnil(L);                                                           /* ..., nil */
		lua_pushliteral(L, "works only while the program of an experiment runs"); /* ..., message */
		return 2;
	}
	lua_settop(L, 3);
	struct request *request = lua_newuserdatauv(L, sizeof *request, 0); /* ..., request */
	memset(request, 0, sizeof *request);
	request->experiment = experiment;
	if (lua_type(L, 1) == LUA_TSTRING) {
		const char *name = lua_tostring(L, 1);
		if (*name == '\0' || strlen(name) >= sizeof request->name)
			return luaL_error(L, "that is no name of a script");
		strcpy(request->name, name);
	} else {
		luaL_checktype(L, 1, LUA_TTABLE);
		ol_script_raw_field(L, 1, "index"); /* ..., index */
		request->index = luaL_checkinteger(L, -1);
		luaL_argcheck(L, request->index >= 0, 1, "not a scenario");
		lua_pop(L, 1);
	}
	request->setting_count = check_pairs(L, 2, request->settings, OL_SCRIPT_SETTINGS_MAX);
	request->option_count = check_pairs(L, 3, request->options, OL_OPTIONS_MAX);

	int result = supervise(request);
	ol_lua_set_deadline(lua, OL_SCRIPT_SECONDS_MAX * OL_NS_PER_S);

	if (result < 0 && request->is_lab_error)
		return ol_lua_abort(L, result, request->error.message);
	if (result < 0) {
		lua_pushnil(L);                            /* ..., nil */
		lua_pushstring(L, request->error.message); /* ..., nil, message */
		return 2;
	}
	ol_script_push_summary(L, &request->summary); /* ..., summary */
	return 1;
}

static void set_setting_names(lua_State *L) {
	lua_createtable(L, (int)ol_settings_count, 0); /* core, names */
	for (size_t i = 0; i < ol_settings_count; i++) {
		lua_pushstring(L, ol_settings[i].name); /* core, names, name */
		lua_rawseti(L, -2, (lua_Integer)i + 1);
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
		{ "supervise", core_supervise },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, functions, 0); /* core */
	set_setting_names(L);
	set_outcome_names(L);
}
