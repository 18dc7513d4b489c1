/* script_options.c -- A declaration read from Lua into C, and options set from text.
 *
 * What is a fitting value is decided in lua/lab/options.lua; here are only copies. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/core.h"
#include "script/finder.h"
#include "script/push.h"
#include "script/script_internal.h"

int ol_script_raw_field(lua_State *L, int index, const char *name) {
	int table = lua_absindex(L, index);
	lua_pushstring(L, name); /* name */
	return lua_rawget(L, table);
}

/* Copies the text on top of the stack and pops it; anything else is "". */
static void take_text(lua_State *L, char *text, size_t text_bytes) {
	const char *string = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
	snprintf(text, text_bytes, "%s", string);
	lua_pop(L, 1);
}

void ol_script_copy_field(
	lua_State *L, int index, const char *name, char *text, size_t text_bytes) {
	ol_script_raw_field(L, index, name); /* text */
	take_text(L, text, text_bytes);
}

static void read_settings(lua_State *L, int index, struct ol_script *script) {
	if (ol_script_raw_field(L, index, "settings") != LUA_TTABLE) /* settings */
		luaL_error(L, "the library gave no settings");
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= count && i <= OL_SCRIPT_SETTINGS_MAX; i++) {
		struct ol_script_setting *setting = &script->settings[i - 1];
		if (lua_rawgeti(L, -1, i) != LUA_TTABLE) /* settings, setting */
			luaL_error(L, "the library gave a bad setting");
		lua_rawgeti(L, -1, 1); /* settings, setting, name */
		take_text(L, setting->name, sizeof setting->name);
		lua_rawgeti(L, -1, 2); /* settings, setting, text */
		take_text(L, setting->text, sizeof setting->text);
		script->setting_count = (size_t)i;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* Stores the value on top of the stack, of the option's type or false for none, and pops it. */
static void take_value(lua_State *L, struct ol_option_value *value) {
	value->is_unset = value->type != OL_OPTION_BOOLEAN && lua_isboolean(L, -1);
	switch ((enum ol_option_type)value->type) {
	case OL_OPTION_BOOLEAN:
		value->boolean = (uint32_t)lua_toboolean(L, -1);
		break;
	case OL_OPTION_INTEGER:
	case OL_OPTION_BYTES:
		value->integer = lua_tointeger(L, -1);
		break;
	case OL_OPTION_NUMBER:
	case OL_OPTION_SHARE:
		value->number = lua_tonumber(L, -1);
		break;
	case OL_OPTION_STRING:
		take_text(L, value->string, sizeof value->string);
		return;
	case OL_OPTION_TYPE_COUNT:
		break;
	}
	lua_pop(L, 1);
}

static void read_limit(
	lua_State *L, int index, const char *name, bool *ret_has, double *ret_limit) {
	*ret_has = ol_script_raw_field(L, index, name) == LUA_TNUMBER; /* limit */
	*ret_limit = *ret_has ? lua_tonumber(L, -1) : 0;
	lua_pop(L, 1);
}

void ol_script_read_option(lua_State *L, int index, struct ol_option *option) {
	static const char *const types[] = { [OL_OPTION_BOOLEAN] = "boolean",
		[OL_OPTION_INTEGER] = "integer",
		[OL_OPTION_NUMBER] = "number",
		[OL_OPTION_STRING] = "string",
		[OL_OPTION_BYTES] = "bytes",
		[OL_OPTION_SHARE] = "share" };
	char type[OL_NAME_BYTES];
	ol_script_copy_field(L, index, "name", option->value.name, sizeof option->value.name);
	ol_script_copy_field(L, index, "doc", option->doc, sizeof option->doc);
	ol_script_copy_field(L, index, "type", type, sizeof type);
	for (uint32_t i = 0; i < OL_OPTION_TYPE_COUNT; i++)
		if (strcmp(type, types[i]) == 0)
			option->value.type = i;
	ol_script_raw_field(L, index, "default"); /* default */
	take_value(L, &option->value);
	read_limit(L, index, "min", &option->has_minimum, &option->minimum);
	read_limit(L, index, "max", &option->has_maximum, &option->maximum);
	if (ol_script_raw_field(L, index, "choices") == LUA_TTABLE) { /* choices */
		lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
		for (lua_Integer i = 1; i <= count && i <= OL_CHOICES_MAX; i++) {
			lua_rawgeti(L, -1, i); /* choices, choice */
			take_text(L, option->choices[i - 1], sizeof option->choices[i - 1]);
			option->choice_count = (uint32_t)i;
		}
	}
	lua_pop(L, 1);
}

void ol_script_read_declaration(lua_State *L, int index, struct ol_script *script) {
	char kind[OL_NAME_BYTES];
	ol_script_copy_field(L, index, "kind", kind, sizeof kind);
	script->kind = strcmp(kind, "experiment") == 0 ? OL_SCRIPT_EXPERIMENT : OL_SCRIPT_SCENARIO;
	ol_script_copy_field(L, index, "title", script->title, sizeof script->title);
	ol_script_copy_field(L, index, "listen", script->listen, sizeof script->listen);
	if (ol_script_raw_field(L, index, "cases") == LUA_TTABLE) /* cases */
		script->case_count = (size_t)lua_rawlen(L, -1);
	lua_pop(L, 1);
	read_settings(L, index, script);
	if (ol_script_raw_field(L, index, "options") != LUA_TTABLE) /* options */
		luaL_error(L, "the library gave no options");
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= count && i <= OL_OPTIONS_MAX; i++) {
		if (lua_rawgeti(L, -1, i) != LUA_TTABLE) /* options, option */
			luaL_error(L, "the library gave a bad option");
		ol_script_read_option(L, lua_gettop(L), &script->options[i - 1]);
		script->option_count = (size_t)i;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

void ol_script_push_options(lua_State *L, const struct ol_script *script) {
	lua_createtable(L, 0, (int)script->option_count); /* opt */
	for (size_t i = 0; i < script->option_count; i++) {
		const struct ol_option_value *value = &script->options[i].value;
		ol_lua_push_option_value(L, value); /* opt, value */
		lua_setfield(L, -2, value->name);
	}
	ol_lua_close_table(L, OL_LUA_OPTIONS_NAME);
}

const struct ol_option *ol_script_options(const struct ol_script *script, size_t *ret_count) {
	*ret_count = script->option_count;
	return script->options;
}

struct setting_option {
	struct ol_script *script;
	const char *name;
	const char *text;
	int code;
	struct ol_error reason;
};

static int set_option_body(lua_State *L) {
	struct setting_option *setting = lua_touserdata(L, 1);
	struct ol_script *script = setting->script;
	ol_lua_push_module(L, "lab.options");                  /* argument, options */
	lua_getfield(L, -1, "parse");                          /* ..., parse */
	ol_lua_push_declaration(L, script->declaration_index); /* ..., parse, declaration */
	ol_script_raw_field(L, -1, "options");                 /* ..., parse, declaration, list */
	lua_remove(L, -2);                                     /* ..., parse, list */
	lua_pushstring(L, setting->name);                      /* ..., parse, list, name */
	lua_pushstring(L, setting->text);                      /* ..., parse, list, name, text or nil */
	lua_call(L, 3, 3);                                     /* ..., name, value, is_unknown */
	if (lua_isnil(L, -3)) {
		setting->code = ol_error_set(&setting->reason, lua_toboolean(L, -1) ? -ENOENT : -EINVAL,
			"%s", luaL_checkstring(L, -2));
		return 0;
	}
	const char *name = luaL_checkstring(L, -3);
	lua_pop(L, 1); /* ..., name, value */
	for (size_t i = 0; i < script->option_count; i++) {
		if (strcmp(script->options[i].value.name, name) == 0) {
			take_value(L, &script->options[i].value);
			return 0;
		}
	}
	return luaL_error(L, "the library knows an option '%s' that was not declared", name);
}

int ol_script_set_option(
	struct ol_script *script, const char *name, const char *text, struct ol_error *error) {
	struct setting_option setting = { .script = script, .name = name, .text = text };
	int result = ol_script_enter(script, set_option_body, &setting, NULL, error);
	if (result == 0 && setting.code < 0)
		return ol_error_set(error, setting.code, "%s", setting.reason.message);
	return result;
}
