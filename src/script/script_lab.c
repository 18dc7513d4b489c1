/* script_lab.c -- An open script: loading, and what it says of itself. */
#include "script/script_lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/units.h"
#include "script/core.h"
#include "script/script_internal.h"

int ol_script_enter(struct ol_script *script, lua_CFunction body, void *argument,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	ol_lua_set_deadline(script->lua, OL_SCRIPT_SECONDS_MAX * OL_NS_PER_S);
	int result = ol_lua_enter(script->lua, body, argument, error);
	ol_lua_set_deadline(script->lua, 0);
	if (ret_failure != NULL)
		snprintf(ret_failure->traceback, sizeof ret_failure->traceback, "%s",
			result < 0 ? script->lua->traceback : "");
	return result;
}

/* The comments the text begins with, without their dashes, and without the file's own name: who
 * shows them has named the script already. */
static char *read_synopsis(const char *text) {
	char *synopsis = malloc(strlen(text) + 1);
	char *out = synopsis;
	if (synopsis == NULL)
		return NULL;
	if (strncmp(text, "#!", 2) == 0)
		text += strcspn(text, "\n") + (strchr(text, '\n') != NULL);
	const char *title = strstr(text, ".lua -- ");
	if (strncmp(text, "-- ", 3) == 0 && title != NULL && title < text + strcspn(text, "\n"))
		text = title + strlen(".lua ");
	while (strncmp(text, "--", 2) == 0) {
		text += strspn(text, "-");
		text += *text == ' ';
		size_t length = strcspn(text, "\n");
		memcpy(out, text, length);
		out += length;
		*out++ = '\n';
		text += length + (text[length] == '\n');
	}
	if (out > synopsis)
		out--; /* The last newline. */
	*out = '\0';
	return synopsis;
}

struct loading {
	struct ol_script *script;
	lua_Integer wanted;
};

/* Which declaration is on top of the stack; -1: none. */
static lua_Integer find_declaration(lua_State *L) {
	lua_Integer count = ol_lua_count_declarations(L);
	for (lua_Integer i = 0; i < count; i++) {
		ol_lua_push_declaration(L, i); /* value, declaration */
		bool is_same = lua_rawequal(L, -1, -2);
		lua_pop(L, 1);
		if (is_same)
			return i;
	}
	return -1;
}

/* Raises, without a line: it is the whole file that is of another kind. */
static int refuse_result(lua_State *L, const char *wanted) {
	bool is_nil = lua_isnil(L, -1);
	const char *given = is_nil ? "nothing" : luaL_typename(L, -1);
	lua_pushfstring(
		L, "%s, not %s%s", wanted, is_nil ? "" : "a ", given); /* ..., result, message */
	return lua_error(L);
}

static int load_body(lua_State *L) {
	struct loading *loading = lua_touserdata(L, 1);
	struct ol_script *script = loading->script;
	lua_Integer index = loading->wanted;

	ol_lua_run_text(L, script->source.text, script->source.text_bytes, script->source.path);
	/* loading, result */
	bool is_policy = ol_lua_is_policy(L, -1);
	if (index == OL_SCRIPT_POLICY && is_policy)
		return 0;
	if (index == OL_SCRIPT_POLICY)
		return refuse_result(L, "a policy's file must return lab.policy{...}");
	if (is_policy) {
		lua_pushliteral(L, "this is a policy: it decides in a run, see --policy=FILE"); /* ... */
		return lua_error(L);
	}
	if (index == OL_SCRIPT_RETURNED)
		index = find_declaration(L);
	if (index < 0)
		return refuse_result(L, "a script must return lab.scenario{...} or lab.experiment{...}");
	ol_lua_push_declaration(L, index); /* loading, result, declaration */
	if (!lua_istable(L, -1))
		return luaL_error(L, "the script has no scenario of number %d", (int)index);
	ol_script_read_declaration(L, lua_gettop(L), script);
	ol_script_read_routes(L, script);
	script->declaration_index = index;
	return 0;
}

static bool is_trusting;

void ol_script_trust(void) {
	is_trusting = true;
}

void ol_script_on_stuck(void (*end)(const char *line)) {
	ol_lua_on_stuck = end;
}

static void log_line(void *context, const char *line) {
	const struct ol_script *script = context;
	/* What a script says while it is only being read would be said twice: the subject reads it
	 * again. */
	if (script->host != NULL && script->host->print != NULL)
		script->host->print(script->host->context, line);
}

int ol_script_load(struct ol_script_source *source, lua_Integer wanted,
	struct ol_script **ret_script, struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_script *script = calloc(1, sizeof *script);
	if (ret_failure != NULL)
		ret_failure->traceback[0] = '\0';
	if (script == NULL) {
		free(source->text);
		return ol_error_set(error, -ENOMEM, "no memory for the script");
	}
	script->source = *source;
	script->synopsis = read_synopsis(source->text);
	struct ol_lua_config config = {
		.side = OL_LUA_LAB,
		.script_path = script->source.path,
		.script_directory = script->source.directory,
		.library_directory = script->source.library,
		.memory_bytes_max = OL_SCRIPT_LAB_BYTES_MAX,
		.memory_advice = "outside the cage this is fixed; big data belongs in the heap",
		.seed = 1,
		.is_trusted = is_trusting,
		.context = script,
		.log = log_line,
		.open_core = ol_script_open_lab_core,
	};
	struct loading loading = { script, wanted };
	int result = script->synopsis == NULL ? ol_error_set(error, -ENOMEM, "no memory for the script")
										  : ol_lua_create(&config, &script->lua, error);
	if (result == 0)
		result = ol_lua_open(script->lua, error);
	if (result == 0)
		result = ol_script_enter(script, load_body, &loading, ret_failure, error);
	if (result < 0) {
		ol_script_close(script);
		return result;
	}
	*ret_script = script;
	return 0;
}

int ol_script_open(const char *name_or_path, struct ol_script **ret_script,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_script_source source;
	if (ret_failure != NULL)
		ret_failure->traceback[0] = '\0';
	int result = ol_script_find(name_or_path, &source, error);
	if (result < 0)
		return result;
	return ol_script_load(&source, OL_SCRIPT_RETURNED, ret_script, ret_failure, error);
}

int ol_script_open_text(const char *name, const char *text, struct ol_script **ret_script,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_script_source source = { .text = strdup(text), .text_bytes = strlen(text) };
	if (source.text == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the script");
	snprintf(source.name, sizeof source.name, "%s", name);
	snprintf(source.path, sizeof source.path, "%s", name);
	int result = ol_script_find_library(source.library, error);
	if (result < 0) {
		free(source.text);
		return result;
	}
	return ol_script_load(&source, OL_SCRIPT_RETURNED, ret_script, ret_failure, error);
}

void ol_script_close(struct ol_script *script) {
	if (script == NULL)
		return;
	ol_lua_destroy(script->lua);
	free(script->synopsis);
	free(script->source.text);
	free(script->routes);
	free(script);
}

enum ol_script_kind ol_script_kind(const struct ol_script *script) {
	return script->kind;
}

const char *ol_script_name(const struct ol_script *script) {
	return script->source.name;
}

const char *ol_script_path(const struct ol_script *script) {
	return script->source.path;
}

const char *ol_script_title(const struct ol_script *script) {
	return script->title;
}

const char *ol_script_synopsis(const struct ol_script *script) {
	return script->synopsis;
}

const char *ol_script_text(const struct ol_script *script, size_t *ret_bytes) {
	*ret_bytes = script->source.text_bytes;
	return script->source.text;
}

int ol_script_set(
	struct ol_plan *plan, const char *name, const char *text, struct ol_error *error) {
	if (ol_plan_is_users(name))
		return ol_error_set(
			error, -EINVAL, "%s: no script can set that; its user can: --%s", name, name);
	return ol_plan_set(plan, name, text, error);
}

int ol_script_plan(const struct ol_script *script, struct ol_plan *plan, struct ol_error *error) {
	for (size_t i = 0; i < script->setting_count; i++) {
		const struct ol_script_setting *setting = &script->settings[i];
		struct ol_error reason;
		int result = ol_script_set(plan, setting->name, setting->text, &reason);
		if (result < 0)
			return ol_error_set(error, result, "%s: %s", script->source.path, reason.message);
	}
	return 0;
}

int ol_script_fill(
	const struct ol_script *script, struct ol_run_spec *spec, struct ol_error *error) {
	if (script->kind != OL_SCRIPT_SCENARIO)
		return ol_error_set(
			error, -EINVAL, "%s is an experiment, not a scenario", script->source.path);
	spec->scenario_index = (uint32_t)script->declaration_index;
	snprintf(spec->scenario, sizeof spec->scenario, "%s", script->source.name);
	snprintf(spec->script_path, sizeof spec->script_path, "%s", script->source.path);
	snprintf(spec->script_directory, sizeof spec->script_directory, "%s", script->source.directory);
	snprintf(spec->library_directory, sizeof spec->library_directory, "%s", script->source.library);
	snprintf(spec->title, sizeof spec->title, "%s", script->title);
	spec->script_bytes = script->source.text_bytes;
	spec->option_count = (uint32_t)script->option_count;
	for (size_t i = 0; i < script->option_count; i++)
		spec->options[i] = script->options[i].value;
	return 0;
}
