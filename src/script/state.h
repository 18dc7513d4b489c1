/* state.h -- One sandboxed Lua state and the one protected door into it.
 *
 * Shared by the lab and the subject: knows scripts, files and errors, but no heap, no cage and no
 * run. Nothing here raises a Lua error unless it says so. */
#ifndef OL_SCRIPT_STATE_H
#define OL_SCRIPT_STATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "base/error.h"
#include "record/record.h"
#include "script/allocator.h"

enum {
	OL_LUA_TEXT_BYTES_MAX = 1 << 20,   /* A script or module file. */
	OL_LUA_DECLARATIONS_MAX = 256,     /* lab.scenario and lab.experiment calls of one script. */
	OL_LUA_HOOK_INSTRUCTIONS = 10000,  /* Between two looks at the clock. */
	OL_LUA_COUNT_INSTRUCTIONS = 100,   /* Between two looks, where they are counted. */
	OL_LUA_STUCK_SECONDS = 1,          /* After the deadline: no hook is reached any more. */
	OL_LUA_DEEP_LEVELS = 10000,        /* Of calls: then memory ran out by recursion. */
	OL_LUA_TRACEBACK_HEAD_LEVELS = 10, /* As in Lua's own tracebacks. */
	OL_LUA_TRACEBACK_TAIL_LEVELS = 11,
};

enum ol_lua_side { OL_LUA_LAB, OL_LUA_SUBJECT };

struct ol_lua_config {
	enum ol_lua_side side;
	const char *script_path;       /* As errors show it. */
	const char *script_directory;  /* Where require looks; "" for nowhere. */
	const char *library_directory; /* Overrides the embedded lua/; "" for none. */
	uint64_t memory_bytes_max;
	const char *memory_advice; /* How to raise the cap: ends the error's sentence. */
	uint64_t seed;             /* Of math.random. */
	bool is_trusted;           /* No sandbox: io, os, debug, load, and modules anywhere. */
	void *context;             /* The side's own, for its bindings. */
	void (*log)(void *context, const char *line); /* NULL: lines are dropped. */
	/* Told of so many instructions of Lua more, where it is not NULL; a negative code ends the
	 * state as ol_lua_abort does. */
	int (*on_instructions)(void *context, uint64_t count, struct ol_error *error);
	/* Adds the side's functions to lab.core, on top of the stack. May raise. */
	void (*open_core)(lua_State *L);
};

struct ol_lua {
	lua_State *L;
	struct ol_allocator allocator;
	struct ol_lua_config config; /* Its strings point into the arrays below. */
	char script_path[OL_PATH_BYTES];
	char script_directory[OL_PATH_BYTES];
	char library_directory[OL_PATH_BYTES];
	uint64_t deadline_ns; /* On the monotonic clock; 0 for none. */
	bool is_aborted;      /* Every further instruction raises; see ol_lua_abort. */
	bool is_in_program;   /* A program runs: nothing may be declared any more. */
	bool may_be_ended;    /* Bindings may abort it: its coroutines have to look. */
	/* Where it is set, what runs is to be broken off; NULL: by nobody. */
	const volatile sig_atomic_t *is_interrupted;
	bool is_hook_raising;      /* The last abort came from a hook: none reaches what runs next. */
	uint64_t instructions;     /* So far, where they are counted. */
	uint64_t instructions_max; /* 0: not counted. */
	const char *policy_path;   /* Of a policy in the same state, as errors name it; NULL. */
	unsigned depth;            /* Doors that are open now: a policy is asked within a program. */
	struct ol_error abort_error;
	char traceback[OL_MESSAGE_BYTES]; /* Of the last failed ol_lua_enter; "" where none. */
};

/* For tests: the faults of every state created while it is not NULL. */
extern struct ol_allocator_faults *ol_lua_faults;

/* Creates an empty state. ol_lua_open has to follow. -ENOMEM. */
int ol_lua_create(
	const struct ol_lua_config *config, struct ol_lua **ret_lua, struct ol_error *error);
void ol_lua_destroy(struct ol_lua *lua); /* NULL is fine. */

/* Fills the state: the sandbox and lab.core. */
int ol_lua_open(struct ol_lua *lua, struct ol_error *error);

/* The door: calls body(L) with argument as a light userdata at index 1, in a coroutine of its own,
 * so that the stack of a failure is still there to be told. body may raise; what it leaves on the
 * stack is dropped. 0; or -EBADMSG with "FILE:LINE: message" and lua->traceback; or the code given
 * to ol_lua_abort.
 *
 * May be entered again by C that Lua called: the heap that a binding allocates from asks a policy.
 * The inner coroutine then begins on an empty stack of its own and ends before the outer goes on;
 * its failure is its caller's to deal with, and touches no coroutine of the outer. */
int ol_lua_enter(struct ol_lua *lua, lua_CFunction body, void *argument, struct ol_error *error);

/* For bindings: raises an error that no pcall can swallow, because every instruction after it
 * raises it anew, in every coroutine. ol_lua_enter then returns code. Does not return. */
int ol_lua_abort(lua_State *L, int code, const char *message);

/* Before L makes a coroutine: sees to it that an abort in that one reaches L as well, which may be
 * waiting for it. Where there are no coroutines this costs nothing. */
void ol_lua_watch(lua_State *L);

/* Time from now until the state aborts itself; 0 for no end. */
void ol_lua_set_deadline(struct ol_lua *lua, uint64_t duration_ns);

/* Lets a signal handler break off what runs: where it sets the flag, an error is raised, soon and
 * again and again until the flag is taken back. */
void ol_lua_set_interrupt(struct ol_lua *lua, const volatile sig_atomic_t *is_interrupted);

/* From now on so many instructions may be executed, after which the state aborts itself. A
 * coroutine costs as much as one look apart. */
void ol_lua_limit_instructions(struct ol_lua *lua, uint64_t instructions_max);
/* Before L makes a coroutine. */
void ol_lua_count_coroutine(lua_State *L);

/* Called, from a signal handler, with a line when a deadline has passed and no instruction was
 * executed since: a single call into the C library, such as string.find with a pattern of
 * exponential cost, cannot be interrupted. It must end the process. NULL, which it is at first:
 * such a call goes on. Uses SIGALRM and ITIMER_REAL. */
extern void (*ol_lua_on_stuck)(const char *line);

/* The state that L, or a coroutine of its, belongs to. */
static inline struct ol_lua *ol_lua_of(lua_State *L) {
	return *(struct ol_lua **)lua_getextraspace(L);
}

/* Loads text and runs it in the present coroutine; leaves its one result on the stack. Raises. */
void ol_lua_run_text(lua_State *L, const char *text, size_t text_bytes, const char *path);

#endif
