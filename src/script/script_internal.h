/* script_internal.h -- What the files of the lab's side share about an open script. */
#ifndef OL_SCRIPT_SCRIPT_INTERNAL_H
#define OL_SCRIPT_SCRIPT_INTERNAL_H

#include "script/job.h"
#include "script/script_lab.h"
#include "script/state.h"

#define OL_SCRIPT_SECONDS_MAX   5 /* Of Lua's own running in the lab, at a time. */
#define OL_SCRIPT_LAB_BYTES_MAX (UINT64_C(64) << 20)

/* Where a script was found. */
struct ol_script_source {
	char name[OL_NAME_BYTES];      /* "spike" */
	char path[OL_PATH_BYTES];      /* As errors show it. */
	char directory[OL_PATH_BYTES]; /* Absolute, where require looks; "" for bundled ones. */
	char library[OL_PATH_BYTES];   /* Overrides the embedded lua/; "" for none. */
	char *text;                    /* For free(). */
	size_t text_bytes;
};

/* Finds and reads a policy: by name in the library, or at path where that is not "". -ENOENT with a
 * suggestion. */
int ol_script_find_policy(const char *name, const char *path, struct ol_script_source *ret_source,
	struct ol_error *error);

/* The directory that overrides the embedded lua/; "" for none. */
int ol_script_find_library(char library[OL_PATH_BYTES], struct ol_error *error);

int ol_script_find(
	const char *name_or_path, struct ol_script_source *ret_source, struct ol_error *error);

struct ol_script {
	struct ol_lua *lua;
	struct ol_script_source source;
	char *synopsis; /* For free(). */
	enum ol_script_kind kind;
	lua_Integer declaration_index;
	char title[OL_TEXT_BYTES];
	size_t option_count;
	struct ol_option options[OL_OPTIONS_MAX];
	size_t setting_count;
	struct ol_script_setting settings[OL_SCRIPT_SETTINGS_MAX];
	size_t case_count;
	char listen[OL_NAME_BYTES]; /* Where its service listens, if it says so; "". */
	size_t route_count;
	struct ol_route *routes;           /* For free(). */
	const struct ol_script_host *host; /* While an experiment's program runs; else NULL. */
};

enum {
	OL_SCRIPT_RETURNED = -1, /* The scenario or experiment that it returns, ... */
	OL_SCRIPT_POLICY = -2    /* ... or the policy. */
};
/* Loads a found script; takes source->text over, also when it fails. wanted: which of its
 * declarations, from 0, or one of these. */
int ol_script_load(struct ol_script_source *source, lua_Integer wanted,
	struct ol_script **ret_script, struct ol_script_failure *ret_failure, struct ol_error *error);

/* A setting that a script gives, to a run or to itself: ol_plan_set, but for what is the user's. */
int ol_script_set(struct ol_plan *plan, const char *name, const char *text, struct ol_error *error);

/* Through the door, with a deadline, and the traceback copied out. */
int ol_script_enter(struct ol_script *script, lua_CFunction body, void *argument,
	struct ol_script_failure *ret_failure, struct ol_error *error);

/* The value of table[name] without metamethods; the table is at index. Leaves it on the stack. */
int ol_script_raw_field(lua_State *L, int index, const char *name);

/* Copies table[name] where it is a string, "" otherwise; the table is at index. */
void ol_script_copy_field(lua_State *L, int index, const char *name, char *text, size_t text_bytes);

/* Fills title, settings and options from the declaration at index. Raises. */
void ol_script_read_declaration(lua_State *L, int index, struct ol_script *script);

/* Fills one option from its declaration at index. Raises. */
void ol_script_read_option(lua_State *L, int index, struct ol_option *option);
/* Copies the routes that lab.http has noted. Raises. */
void ol_script_read_routes(lua_State *L, struct ol_script *script);

/* Leaves opt, the option values as a program gets them, on the stack. Raises. */
void ol_script_push_options(lua_State *L, const struct ol_script *script);

/* Leaves a run's summary as plain tables on the stack. Raises. */
void ol_script_push_summary(lua_State *L, const struct ol_run_summary *summary);

/* Adds the lab's functions to lab.core, on top of the stack. Raises. */
void ol_script_open_lab_core(lua_State *L);

#endif
