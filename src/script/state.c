/* state.c -- The life of a Lua state, its door, and its deadline. */
#include "script/state.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <lauxlib.h>

#include "base/units.h"
#include "script/core.h"
#include "script/embedded.h"
#include "script/failure.h"
#include "script/sandbox.h"

enum { DOOR_SLOTS = 4 }; /* Of the stack, to pass a door and to describe what failed. */

struct ol_allocator_faults *ol_lua_faults;
void (*ol_lua_on_stuck)(const char *line);
static char stuck_line[OL_PATH_BYTES + 128];

static uint64_t now_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

static int copy_path(char destination[OL_PATH_BYTES], const char *path, struct ol_error *error) {
	if (strlen(path) >= OL_PATH_BYTES)
		return ol_error_set(error, -ENAMETOOLONG, "%.64s...: the path is longer than %d bytes",
			path, OL_PATH_BYTES - 1);
	strcpy(destination, path);
	return 0;
}

int ol_lua_create(
	const struct ol_lua_config *config, struct ol_lua **ret_lua, struct ol_error *error) {
	struct ol_lua *lua = calloc(1, sizeof *lua);
	if (lua == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a Lua state");
	lua->config = *config;
	lua->allocator.held_bytes_max = config->memory_bytes_max;
	lua->allocator.faults = ol_lua_faults;
	int result = copy_path(lua->script_path, config->script_path, error);
	if (result == 0)
		result = copy_path(lua->script_directory, config->script_directory, error);
	if (result == 0)
		result = copy_path(lua->library_directory, config->library_directory, error);
	if (result < 0) {
		ol_lua_destroy(lua);
		return result;
	}
	lua->config.script_path = lua->script_path;
	lua->config.script_directory = lua->script_directory;
	lua->config.library_directory = lua->library_directory;
	*ret_lua = lua;
	return 0;
}

void ol_lua_destroy(struct ol_lua *lua) {
	if (lua == NULL)
		return;
	if (lua->L != NULL)
		lua_close(lua->L);
	assert(lua->allocator.held_bytes == 0);
	free(lua);
}

static int open_libraries(lua_State *L) {
	struct ol_lua *lua = ol_lua_of(L);
	ol_lua_open_sandbox(L, lua->config.seed, lua->config.is_trusted);
	ol_lua_open_core(L);
	return 0;
}

static void guard(lua_State *L, lua_Debug *debug);

int ol_lua_open(struct ol_lua *lua, struct ol_error *error) {
	lua->L = lua_newstate(ol_allocator_reallocate, &lua->allocator);
	if (lua->L == NULL)
		return ol_lua_describe_no_memory(lua, error);
	/* No panic function: nothing enters Lua but through the door; if that were ever untrue, Lua
	 * aborts the process, which must not go on. */
	*(struct ol_lua **)lua_getextraspace(lua->L) = lua;
	/* Every coroutine takes that over from the one that makes it. */
	if (lua->config.on_instructions != NULL)
		lua_sethook(lua->L, guard, LUA_MASKCOUNT, OL_LUA_HOOK_INSTRUCTIONS);
	return ol_lua_enter(lua, open_libraries, NULL, error);
}

struct door {
	struct ol_lua *lua;
	lua_CFunction body;
	void *argument;
	int result;
	struct ol_error *error;
};

static int pass_door(lua_State *L) {
	struct door *door = lua_touserdata(L, 1);
	lua_State *thread = lua_newthread(L);          /* door, thread */
	lua_pushcfunction(thread, door->body);         /* (of thread) body */
	lua_pushlightuserdata(thread, door->argument); /* (of thread) body, argument */
	int result_count;
	int status = lua_resume(thread, L, 1, &result_count);
	if (status != LUA_OK) {
		door->result = ol_lua_describe_failure(door->lua, L, thread, status, door->error);
		/* Runs what variables marked <close> still have to do; where a hook has raised the error,
		 * that could go on for ever. */
		if (!door->lua->is_hook_raising)
			lua_resetthread(thread);
	}
	return 0;
}

int ol_lua_enter(struct ol_lua *lua, lua_CFunction body, void *argument, struct ol_error *error) {
	struct door door = { .lua = lua, .body = body, .argument = argument, .error = error };
	/* Where a door is open already, below this lie its thread and what else it holds. */
	int top = lua_gettop(lua->L);
	if (lua->depth == 0) {
		lua->traceback[0] = '\0';
		lua->allocator.is_exhausted = false;
	}
	if (!lua_checkstack(lua->L, DOOR_SLOTS))
		return ol_lua_describe_no_memory(lua, error);
	lua->depth++;
	lua_pushcfunction(lua->L, pass_door); /* ..., pass_door */
	lua_pushlightuserdata(lua->L, &door); /* ..., pass_door, door */
	if (lua_pcall(lua->L, 1, 0, 0) != LUA_OK && door.result == 0) {
		/* Not the body but the door itself failed: there was no room for the coroutine. */
		door.result = ol_lua_describe_no_memory(lua, error);
	}
	lua_settop(lua->L, top);
	lua->depth--;
	return door.result;
}

static void abort_spent(lua_State *L) {
	char message[128];
	snprintf(message, sizeof message,
		"the script has executed the %" PRIu64 " Lua instructions it may: --instruction-limit",
		ol_lua_of(L)->instructions_max);
	ol_lua_abort(L, -EBADMSG, message);
}

/* So many instructions more, for whoever counts them. Raises where that ends the state. */
static void spend(lua_State *L, uint64_t count) {
	struct ol_lua *lua = ol_lua_of(L);
	const struct ol_lua_config *config = &lua->config;
	struct ol_error error;
	int result = config->on_instructions != NULL
					 ? config->on_instructions(config->context, count, &error)
					 : 0;
	if (result < 0)
		ol_lua_abort(L, result, error.message);
	lua->instructions += count;
	if (lua->instructions_max > 0 && lua->instructions > lua->instructions_max)
		abort_spent(L);
}

static void guard(lua_State *L, lua_Debug *debug) {
	struct ol_lua *lua = ol_lua_of(L);
	/* What can be caught is not meant. */
	lua->is_hook_raising = false;
	if (!lua->is_aborted && lua->is_interrupted != NULL && *lua->is_interrupted)
		luaL_error(L, "interrupted");
	lua->is_hook_raising = true; /* Unless it comes to the end of this. */
	if (lua->is_aborted)
		ol_lua_abort(L, lua->abort_error.code, lua->abort_error.message);
	spend(L, (uint64_t)lua_gethookcount(L));
	if (lua->deadline_ns != 0 && now_ns() >= lua->deadline_ns)
		ol_lua_abort(
			L, -EBADMSG, "the script takes too long outside the cage; is there an endless loop?");
	lua->is_hook_raising = false;
}

int ol_lua_abort(lua_State *L, int code, const char *message) {
	struct ol_lua *lua = ol_lua_of(L);
	if (!lua->is_aborted) {
		lua->is_aborted = true;
		ol_error_set(&lua->abort_error, code, "%s", message);
	}
	/* Other coroutines come to guard() when their own count is up; new ones are refused. */
	lua_sethook(L, guard, LUA_MASKCOUNT, 1);
	lua_sethook(lua->L, guard, LUA_MASKCOUNT, 1);
	lua_pushstring(L, lua->abort_error.message); /* ..., message */
	return lua_error(L);
}

void ol_lua_watch(lua_State *L) {
	struct ol_lua *lua = ol_lua_of(L);
	if (!lua->may_be_ended || lua_gethook(L) != NULL)
		return;
	lua_sethook(L, guard, LUA_MASKCOUNT, OL_LUA_HOOK_INSTRUCTIONS);
	/* What the door opens later may wait for a coroutine that was made now. */
	lua_sethook(lua->L, guard, LUA_MASKCOUNT, OL_LUA_HOOK_INSTRUCTIONS);
}

void ol_lua_limit_instructions(struct ol_lua *lua, uint64_t instructions_max) {
	lua->instructions = 0;
	lua->instructions_max = instructions_max;
	lua->may_be_ended |= instructions_max > 0;
	if (instructions_max > 0)
		lua_sethook(lua->L, guard, LUA_MASKCOUNT, OL_LUA_COUNT_INSTRUCTIONS);
}

void ol_lua_count_coroutine(lua_State *L) {
	if (ol_lua_of(L)->instructions_max > 0)
		spend(L, OL_LUA_COUNT_INSTRUCTIONS);
}

static void on_alarm(int signal_number) {
	ol_lua_on_stuck(stuck_line);
}

/* Until then a hook has to have ended the script, or nothing can. */
static void set_alarm(const struct ol_lua *lua, uint64_t duration_ns) {
	struct itimerval timer = { 0 };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	if (ol_lua_on_stuck == NULL)
		return;
	if (duration_ns > 0) {
		snprintf(stuck_line, sizeof stuck_line,
			"%s: the script takes too long outside the cage, in one call of a library function "
			"that never returns",
			lua->script_path);
		sigemptyset(&action.sa_mask);
		sigaction(SIGALRM, &action, NULL);
		timer.it_value.tv_sec = (time_t)(duration_ns / OL_NS_PER_S) + OL_LUA_STUCK_SECONDS;
	}
	setitimer(ITIMER_REAL, &timer, NULL);
}

void ol_lua_set_deadline(struct ol_lua *lua, uint64_t duration_ns) {
	set_alarm(lua, duration_ns);
	if (lua->is_aborted)
		return;
	lua->deadline_ns = duration_ns == 0 ? 0 : now_ns() + duration_ns;
	if (duration_ns == 0)
		lua_sethook(lua->L, NULL, 0, 0);
	else
		lua_sethook(lua->L, guard, LUA_MASKCOUNT, OL_LUA_HOOK_INSTRUCTIONS);
}

void ol_lua_set_interrupt(struct ol_lua *lua, const volatile sig_atomic_t *is_interrupted) {
	lua->is_interrupted = is_interrupted;
	lua_sethook(lua->L, guard, LUA_MASKCOUNT, OL_LUA_HOOK_INSTRUCTIONS);
}

void ol_lua_run_text(lua_State *L, const char *text, size_t text_bytes, const char *path) {
	lua_pushfstring(L, "@%s", path); /* name */
	/* "t": a precompiled chunk could be made to crash the interpreter. */
	const struct ol_embedded_file *embedded = ol_embedded_file_match(path, text, text_bytes);
	int status = embedded != NULL ? ol_embedded_load(L, embedded, lua_tostring(L, -1))
								  : luaL_loadbufferx(L, text, text_bytes, lua_tostring(L, -1),
										"t"); /* ..., chunk */
	if (status != LUA_OK)
		lua_error(L);
	lua_remove(L, -2); /* chunk */
	lua_call(L, 0, 1); /* result */
}
