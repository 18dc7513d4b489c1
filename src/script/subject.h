/* subject.h -- What the files of the subject's side share: the run, and handles on its objects.
 *
 * A handle holds a root of its own. What Lua's collector does decides nothing: a handle that Lua
 * forgets keeps its root to the end of the run; only release() and <close> give it back. */
#ifndef OL_SCRIPT_SUBJECT_H
#define OL_SCRIPT_SUBJECT_H

#include <stdbool.h>

#include <lauxlib.h>
#include <lua.h>

#include "record/record.h"
#include "run/run.h"
#include "script/state.h"

struct ol_lua_policy;

/* The context of a subject's Lua state, which is older than its run: the run asks a policy. */
struct ol_script_subject {
	const struct ol_run_spec *spec;
	struct ol_run *run; /* NULL before there is one. */
	struct ol_lua *lua;
	const struct ol_run_links *links; /* For what is said before there is a run; NULL for none. */
	struct ol_lua_policy *policy;     /* The one in Lua; NULL for none. */
	bool is_policy_asked;             /* One of its callbacks is being called. */
	/* Its first error, which ends the run whatever the script catches. */
	bool has_policy_failed;
	struct ol_error policy_error;
	char policy_traceback[OL_MESSAGE_BYTES];
	/* The last refusal of an allocation, as raised: an uncaught one is another outcome. */
	char refusal[OL_ERROR_MESSAGE_BYTES];
	int program_line; /* Where the scenario's program is defined. */
};

/* Whether error comes from a refused allocation, whatever words the script has put around it. */
bool ol_subject_was_refused(const struct ol_script_subject *subject, const struct ol_error *error);

/* Handles, as Lua sees them. */
#define OL_HANDLE_HEAP "heap"
#define OL_HANDLE_CAGE "cage"
#define OL_HANDLE_SLAB "slab"
#define OL_HANDLE_NODE "node"
#define OL_HANDLE_ROOT "root"
#define OL_HANDLE_LOAD "load"

struct ol_handle {
	ol_root root;   /* OL_ROOT_NONE: closed. */
	uint32_t place; /* That allocated its object, in the heap profile. */
	struct ol_run_heap *heap;
};

static inline struct ol_script_subject *ol_subject_of(lua_State *L) {
	return ol_lua_of(L)->config.context;
}

/* Whether a policy ends the run: 0, -ECANCELED in good order, or -EBADMSG where it is broken. */
int ol_subject_verdict(const struct ol_script_subject *subject, struct ol_error *error);
/* For bindings, after all that may have asked a policy: raises what no pcall swallows where it ends
 * the run. */
void ol_subject_obey(lua_State *L);

/* Raises error at the line of the script that called. An -ENOMEM is remembered as a refusal; a
 * policy's end is raised as ol_subject_obey does. */
int ol_subject_raise(lua_State *L, const struct ol_error *error);

/* Before an allocation: the line of the script that asks for it is noted, where there is a heap
 * profile. Costs nothing where there is none. */
void ol_subject_note_place(lua_State *L);

/* A kind of handle: its methods, what <close> does, and what tostring says; that one gets the name
 * as its first upvalue. */
struct ol_handle_kind {
	const char *name;
	const luaL_Reg *methods;
	lua_CFunction close;
	lua_CFunction tostring;
};
/* Makes its metatable. Raises. */
void ol_handle_open_kind(lua_State *L, const struct ol_handle_kind *kind);

/* Leaves a closed handle on the stack: fill in its root when there is one. Raises. */
struct ol_handle *ol_handle_push_closed(lua_State *L, const char *kind);
/* Leaves a handle on object, with a new root. Raises. */
void ol_handle_push(lua_State *L, void *object);
/* The object behind the slab, node or root at index; raises if it is another thing, closed, or of
 * another heap than the one in use. */
void *ol_handle_check_object(lua_State *L, int index);
/* The run, where the program may use it now; the second: where argument 1 is the heap. Raise. */
struct ol_run *ol_subject_check_run(lua_State *L);
struct ol_run *ol_subject_check_heap(lua_State *L); /* Which is in use from then on. */
/* A whole number of bytes or slots from minimum up; raises. */
uint64_t ol_subject_check_count(lua_State *L, int index, uint64_t minimum, const char *what);

/* Argument 2 is a table, all its fields among names, which ends with NULL; function asks. Raises.
 */
void ol_subject_check_fields(lua_State *L, const char *function, const char *const *names);
/* The number at index, which is called name, from minimum to maximum; the second: a size, which may
 * be a text. Raise. */
uint64_t ol_subject_check_number(
	lua_State *L, int index, const char *name, uint64_t minimum, uint64_t maximum);
uint64_t ol_subject_check_bytes(
	lua_State *L, int index, const char *name, uint64_t minimum, uint64_t maximum);

/* Make the metatables. Raise. */
void ol_subject_open_handles(lua_State *L);
void ol_subject_open_heap(lua_State *L);
void ol_subject_open_loads(lua_State *L);    /* After the heap. */
void ol_subject_open_holdings(lua_State *L); /* After the heap's. */
void ol_subject_open_policy_heap(lua_State *L);

/* Answers requests until the lab wants no more: 0. What ends it sooner: the policy (-ECANCELED), a
 * script that is at its end (-EBADMSG), a lab that sends rubbish (-EPROTO). */
int ol_subject_serve(struct ol_script_subject *subject, struct ol_error *error);

/* Makes what a prompt needs of lab.core, on top of the stack; where the spec is a prompt's. Raises.
 */
void ol_subject_open_prompt(lua_State *L);
/* Answers OL_REQUEST_LINE and OL_REQUEST_COMPLETE. -EPROTO: the spec is no prompt's. Others: what
 * ends the service. */
int ol_subject_answer_prompt(struct ol_script_subject *subject, const struct ol_request *request,
	struct ol_answer *answer, struct ol_error *error);

/* Leave the heap and the cage on the stack. Raise. */
void ol_subject_push_heap(lua_State *L);
void ol_subject_push_cage(lua_State *L);

#endif
