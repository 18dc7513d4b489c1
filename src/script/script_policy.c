/* script_policy.c -- A policy by name or file: what it says of itself, and whether its argument
 * fits. */
#include "script/script_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>

#include "policy/policy_cage.h"
#include "script/core.h"
#include "script/embedded.h"
#include "script/finder.h"
#include "script/name_list.h"
#include "script/policy_name.h"
#include "script/push.h"
#include "script/script_internal.h"

struct ol_script_policy {
	const struct ol_policy_type *type; /* NULL: it is in Lua. */
	struct ol_script *script;          /* NULL: it is in C. */
	bool is_file;                      /* The user's own: its text travels. */
	char name[OL_NAME_BYTES];
	char title[OL_TEXT_BYTES];
	char source[OL_TEXT_BYTES];
	char rule[OL_MESSAGE_BYTES];
	char argument[OL_NAME_BYTES];
	char argument_doc[OL_TEXT_BYTES];
	bool wants_pressure;
};

/* ---- Finding --------------------------------------------------------------------------------- */

static void list_policies(struct ol_name_list *list) {
	char library[OL_PATH_BYTES], path[OL_PATH_BYTES + 32];
	ol_name_list_add(list, OL_POLICY_GO);
	for (size_t i = 0; i < ol_policy_types_count; i++)
		ol_name_list_add(list, ol_policy_types[i]->name);
	ol_name_list_add_embedded(list, "lua/" OL_POLICY_FOLDER);
	if (ol_script_find_library(library, NULL) < 0 || library[0] == '\0')
		return;
	snprintf(path, sizeof path, "%s/" OL_POLICY_FOLDER, library);
	ol_name_list_add_directory(list, path);
}

static int no_such_policy(const char *name, struct ol_error *error) {
	struct ol_name_list list = { 0 };
	list_policies(&list);
	return ol_name_list_refuse(&list, "policy", name, "oomlab list policies", error);
}

int ol_script_policy_list(
	void (*visit)(void *context, const char *name), void *context, struct ol_error *error) {
	struct ol_name_list list = { 0 };
	list_policies(&list);
	int result = ol_name_list_visit(&list, visit, context, error);
	ol_name_list_finish(&list);
	return result;
}

/* One of the library's, where the subject will find it, too. */
static int find_in_library(
	const char *name, struct ol_script_source *source, struct ol_error *error) {
	char path[OL_PATH_BYTES + OL_NAME_BYTES + 32];
	snprintf(path, sizeof path, "%s/" OL_POLICY_FOLDER "%s.lua", source->library, name);
	if (source->library[0] != '\0' && access(path, F_OK) == 0) {
		if (strlen(path) >= sizeof source->path)
			return ol_error_set(error, -ENAMETOOLONG, "%.64s...: the path is too long", path);
		strcpy(source->path, path);
		return ol_script_read_file(path, &source->text, &source->text_bytes, error);
	}
	snprintf(source->path, sizeof source->path, "lua/" OL_POLICY_FOLDER "%s.lua", name);
	const struct ol_embedded_file *file = ol_embedded_file_find(source->path);
	if (file == NULL)
		return no_such_policy(name, error);
	source->text = malloc(file->text_bytes + 1);
	if (source->text == NULL)
		return ol_error_set(error, -ENOMEM, "%s: no memory to read it", source->path);
	memcpy(source->text, file->text, file->text_bytes + 1);
	source->text_bytes = file->text_bytes;
	return 0;
}

int ol_script_find_policy(const char *name, const char *path, struct ol_script_source *ret_source,
	struct ol_error *error) {
	*ret_source = (struct ol_script_source){ 0 };
	snprintf(ret_source->name, sizeof ret_source->name, "%s", name);
	int result = ol_script_find_library(ret_source->library, error);
	if (result < 0)
		return result;
	if (*path == '\0')
		return find_in_library(name, ret_source, error);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return no_such_policy(path, error);
	snprintf(ret_source->path, sizeof ret_source->path, "%s", path);
	return ol_script_read_file(path, &ret_source->text, &ret_source->text_bytes, error);
}

static const struct ol_policy_type *find_type(const struct ol_run_spec *spec) {
	static const struct ol_policy_type go = {
		.name = OL_POLICY_GO,
		.title = "Go's own: GOGC and a memory limit, by the run's rules",
		.source = "runtime/mgcpacer.go",
		.rule = "See --gogc, --memlimit and --rules.",
	};
	if (spec->policy_path[0] != '\0')
		return NULL;
	const struct ol_policy_type *type = ol_policy_find(spec->policy);
	return type == NULL && strcmp(spec->policy, go.name) == 0 ? &go : type;
}

int ol_script_policy_check(const struct ol_run_spec *spec, struct ol_error *error) {
	struct ol_script_source source;
	if (find_type(spec) != NULL)
		return 0;
	int result = ol_script_find_policy(spec->policy, spec->policy_path, &source, error);
	free(source.text);
	return result;
}

/* ---- Loading --------------------------------------------------------------------------------- */

static int read_body(lua_State *L) {
	struct ol_script_policy *policy = lua_touserdata(L, 1);
	char word[OL_NAME_BYTES];
	ol_lua_push_policy(L); /* argument, declaration */
	if (!lua_istable(L, -1))
		return luaL_error(L, "the library gave no policy");
	ol_script_copy_field(L, -1, "title", policy->title, sizeof policy->title);
	ol_script_copy_field(L, -1, "source", policy->source, sizeof policy->source);
	ol_script_copy_field(L, -1, "rule", policy->rule, sizeof policy->rule);
	ol_script_copy_field(L, -1, "argument_name", policy->argument, sizeof policy->argument);
	ol_script_copy_field(L, -1, "argument_doc", policy->argument_doc, sizeof policy->argument_doc);
	ol_script_copy_field(L, -1, "pressure", word, sizeof word);
	policy->wants_pressure = word[0] != '\0';
	return 0;
}

static int load_lua(const struct ol_run_spec *spec, struct ol_script_policy *policy,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_script_source source;
	policy->is_file = spec->policy_path[0] != '\0';
	int result = ol_script_find_policy(spec->policy, spec->policy_path, &source, error);
	if (result < 0)
		return result;
	result = ol_script_load(&source, OL_SCRIPT_POLICY, &policy->script, ret_failure, error);
	if (result < 0)
		return result;
	return ol_script_enter(policy->script, read_body, policy, ret_failure, error);
}

static void describe_type(struct ol_script_policy *policy) {
	const struct ol_policy_type *type = policy->type;
	policy->wants_pressure = type->wants_pressure;
	snprintf(policy->title, sizeof policy->title, "%s", type->title);
	snprintf(policy->source, sizeof policy->source, "%s", type->source);
	snprintf(policy->rule, sizeof policy->rule, "%s", type->rule);
	snprintf(policy->argument, sizeof policy->argument, "%s",
		type->argument != NULL ? type->argument : "");
}

int ol_script_policy_open(const struct ol_run_spec *spec, struct ol_script_policy **ret_policy,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_script_policy *policy = calloc(1, sizeof *policy);
	if (ret_failure != NULL)
		ret_failure->traceback[0] = '\0';
	if (policy == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the policy");
	snprintf(policy->name, sizeof policy->name, "%s", spec->policy);
	policy->type = find_type(spec);
	int result = 0;
	if (policy->type != NULL)
		describe_type(policy);
	else
		result = load_lua(spec, policy, ret_failure, error);
	if (result < 0) {
		ol_script_policy_close(policy);
		return result;
	}
	*ret_policy = policy;
	return 0;
}

void ol_script_policy_close(struct ol_script_policy *policy) {
	if (policy == NULL)
		return;
	ol_script_close(policy->script);
	free(policy);
}

/* ---- What it says of itself ------------------------------------------------------------------ */

const char *ol_script_policy_name(const struct ol_script_policy *policy) {
	return policy->name;
}

const char *ol_script_policy_written(const struct ol_script_policy *policy) {
	return policy->is_file ? policy->script->source.path : policy->name;
}

const char *ol_script_policy_title(const struct ol_script_policy *policy) {
	return policy->title;
}

const char *ol_script_policy_source(const struct ol_script_policy *policy) {
	return policy->source;
}

const char *ol_script_policy_rule(const struct ol_script_policy *policy) {
	return policy->rule;
}

const char *ol_script_policy_argument(const struct ol_script_policy *policy) {
	return policy->argument;
}

const char *ol_script_policy_argument_doc(const struct ol_script_policy *policy) {
	return policy->argument_doc;
}

const char *ol_script_policy_synopsis(const struct ol_script_policy *policy) {
	return policy->script != NULL ? ol_script_synopsis(policy->script) : "";
}

bool ol_script_policy_wants_pressure(const struct ol_script_policy *policy) {
	return policy->wants_pressure;
}

const char *ol_script_policy_text(const struct ol_script_policy *policy) {
	return policy->is_file ? policy->script->source.text : NULL;
}

/* ---- The argument ---------------------------------------------------------------------------- */

struct argument_check {
	const struct ol_run_spec *spec;
	bool is_bad;
	struct ol_error reason;
};

static int check_argument_body(lua_State *L) {
	struct argument_check *check = lua_touserdata(L, 1);
	ol_lua_push_module(L, "lab.policy");             /* argument, module */
	lua_getfield(L, -1, "check_argument");           /* ..., check_argument */
	ol_lua_push_policy(L);                           /* ..., check_argument, policy */
	lua_pushstring(L, check->spec->policy_argument); /* ..., policy, text */
	ol_lua_push_uint64(L, check->spec->limit_bytes); /* ..., policy, text, limit */
	lua_call(L, 3, 2);                               /* ..., is_good, message */
	check->is_bad = lua_isnil(L, -2);
	if (check->is_bad)
		ol_error_set(&check->reason, -EINVAL, "%s", luaL_checkstring(L, -1));
	return 0;
}

static int check_lua_argument(
	struct ol_script_policy *policy, const struct ol_run_spec *spec, struct ol_error *error) {
	struct argument_check check = { .spec = spec };
	int result = ol_script_enter(policy->script, check_argument_body, &check, NULL, error);
	if (result == 0 && check.is_bad)
		return ol_error_set(error, -EINVAL, "%s", check.reason.message);
	return result;
}

/* A policy is its own judge of its argument: one is made, and never asked. */
static int check_c_argument(
	const struct ol_policy_type *type, const struct ol_run_spec *spec, struct ol_error *error) {
	struct ol_policy_cage cage = ol_policy_cage_of(spec);
	struct ol_policy *trial = NULL;
	if (type->create == NULL)
		return 0;
	int result = type->create(spec->policy_argument, &cage, &trial, error);
	if (result == 0)
		ol_policy_destroy(trial);
	return result;
}

int ol_script_policy_fill(
	struct ol_script_policy *policy, struct ol_run_spec *spec, struct ol_error *error) {
	int result;
	if (policy->argument[0] == '\0' && spec->policy_argument[0] != '\0')
		return ol_error_set(
			error, -EINVAL, "%s takes no argument: '%s'", policy->name, spec->policy_argument);
	if (policy->type != NULL)
		result = check_c_argument(policy->type, spec, error);
	else
		result = check_lua_argument(policy, spec, error);
	if (result < 0)
		return result;
	spec->wants_pressure = policy->wants_pressure;
	spec->policy_path[0] = '\0';
	spec->policy_bytes = 0;
	if (policy->script != NULL) {
		strcpy(spec->policy_path, policy->script->source.path);
		if (policy->is_file)
			spec->policy_bytes = policy->script->source.text_bytes;
	}
	return 0;
}
