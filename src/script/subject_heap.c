/* subject_heap.c -- The heap and the cage, as a program gets them. */
#include <errno.h>
#include <string.h>

#include <lauxlib.h>

#include "heap/heap.h"
#include "script/core.h"
#include "script/push.h"
#include "script/subject.h"

enum { WAIT_SECONDS_MAX = 3600, GOGC_MAX = 1000000 };

struct ol_run *ol_subject_check_run(lua_State *L) {
	const struct ol_script_subject *subject = ol_subject_of(L);
	if (subject->is_policy_asked)
		luaL_error(L, "this is the program's heap: a policy has one of its own");
	/* An error that was caught in another coroutine: what ends the run allocates no more. */
	if (subject->lua->is_aborted)
		ol_lua_abort(L, -EBADMSG, subject->lua->abort_error.message);
	return subject->run;
}

struct heap_handle {
	struct ol_run_heap *heap;
};

struct ol_run *ol_subject_check_heap(lua_State *L) {
	const struct heap_handle *handle = luaL_checkudata(L, 1, OL_HANDLE_HEAP);
	struct ol_run *run = ol_subject_check_run(L);
	ol_run_use(run, handle->heap);
	return run;
}

/***
 * Begins a phase: what the report tells apart. Ends the one before.
 * @function heap:phase
 * @tparam string name
 * @treturn heap itself, so that heap:phase("spike"):slab(n) reads well
 */
static int heap_phase(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	size_t length;
	const char *name = luaL_checklstring(L, 2, &length);
	luaL_argcheck(L, length > 0 && length < OL_NAME_BYTES && strlen(name) == length, 2,
		"expected a name of 1 to 63 bytes");
	struct ol_error error;

	if (ol_run_phase(run, name, &error) < 0)
		return ol_subject_raise(L, &error);

	lua_settop(L, 1); /* heap */
	return 1;
}

/***
 * Says in a word what is allocated from now on, until another word or none is given: the heap
 * profile of a run that is told to end tells by it.
 * @function heap:tag
 * @tparam[opt] string tag  up to 63 bytes; nothing for none
 * @treturn heap itself, so that heap:tag("cache"):slab(n) reads well
 */
static int heap_tag(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	size_t length;
	const char *tag = luaL_optlstring(L, 2, "", &length);
	luaL_argcheck(L, length < OL_NAME_BYTES && strlen(tag) == length, 2,
		"expected a word of at most 63 bytes");

	ol_run_tag(run, tag);

	lua_settop(L, 1); /* heap */
	return 1;
}

/***
 * Allocates a slab of bytes and writes to all of it. A cycle of the collector may run.
 * @function heap:slab
 * @tparam integer bytes  1 to the heap's address space
 * @tparam[opt] string fill  "random" for bytes that nothing can merge or compress
 * @treturn slab  to be released by slab:release() or `<close>`
 */
static int heap_slab(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	uint64_t bytes = ol_subject_check_count(L, 2, 1, "bytes");
	static const char *const fills[] = {
		[OL_FILL_BYTE] = "byte",
		[OL_FILL_RANDOM] = "random",
		NULL,
	};
	enum ol_fill fill = (enum ol_fill)luaL_checkoption(L, 3, "byte", fills);
	struct ol_error error;

	struct ol_handle *slab = ol_handle_push_closed(L, OL_HANDLE_SLAB); /* ..., slab */
	ol_subject_note_place(L);
	if (ol_run_slab(run, bytes, fill, &slab->root, &error) < 0) {
		slab->root = OL_ROOT_NONE;
		return ol_subject_raise(L, &error);
	}
	slab->place = ol_run_place(run);
	ol_subject_obey(L);
	return 1;
}

/***
 * Allocates a node: slots that refer to other objects, all empty, and bytes of payload.
 * @function heap:node
 * @tparam integer slots  0 to 16777216
 * @tparam[opt=0] integer payload_bytes
 * @treturn node  to be released by node:release() or `<close>`
 */
static int heap_node(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	uint64_t slots = ol_subject_check_count(L, 2, 0, "slots");
	uint64_t payload_bytes =
		lua_isnoneornil(L, 3) ? 0 : ol_subject_check_count(L, 3, 0, "payload bytes");
	if (slots > OL_HEAP_SLOTS_MAX)
		return luaL_error(L, "expected at most %I slots", (LUAI_UACINT)OL_HEAP_SLOTS_MAX);
	if (slots == 0 && payload_bytes == 0)
		return luaL_error(L, "a node needs slots, or payload bytes");
	struct ol_error error;

	struct ol_handle *node = ol_handle_push_closed(L, OL_HANDLE_NODE); /* ..., node */
	ol_subject_note_place(L);
	if (ol_run_node(run, (uint32_t)slots, payload_bytes, &node->root, &error) < 0) {
		node->root = OL_ROOT_NONE;
		return ol_subject_raise(L, &error);
	}
	node->place = ol_run_place(run);
	ol_subject_obey(L);
	return 1;
}

/***
 * Does nothing for so long. Meanwhile whatever the collector, the policy and the lab want is done.
 * @function heap:wait
 * @tparam number seconds  0 to 3600
 */
static int heap_wait(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	lua_Number seconds = luaL_checknumber(L, 2);
	luaL_argcheck(L, seconds >= 0 && seconds <= WAIT_SECONDS_MAX, 2, "expected 0 to 3600 seconds");
	struct ol_error error;

	if (ol_run_wait(run, (uint64_t)(seconds * 1e9), &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 0;
}

/***
 * Reserves address space and touches none of it, as Go's runtime does at its start: it counts
 * against --address-space, and against no other limit. It stays to the end of the run.
 * @function heap:reserve
 * @tparam integer bytes  0 for none; rounded up to whole pages
 * @treturn heap itself
 */
static int heap_reserve(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	uint64_t bytes = ol_subject_check_count(L, 2, 0, "bytes");
	struct ol_error error;

	if (bytes > 0 && ol_run_reserve(run, bytes, &error) < 0)
		return ol_subject_raise(L, &error);

	lua_settop(L, 1); /* heap */
	return 1;
}

/***
 * Makes one more root: a variable of the program, so to say.
 * @function heap:root
 * @tparam slab|node|root|nil object  what it refers to at first
 * @treturn root
 */
static int heap_root(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	void *object = lua_isnoneornil(L, 2) ? NULL : ol_handle_check_object(L, 2);
	struct ol_error error;

	struct ol_handle *root = ol_handle_push_closed(L, OL_HANDLE_ROOT); /* ..., root */
	if (ol_heap_root_create(ol_run_heap(run), object, &root->root, &error) < 0) {
		root->root = OL_ROOT_NONE;
		return ol_subject_raise(L, &error);
	}
	return 1;
}

/***
 * Runs a full cycle of the collector, as Go's runtime.GC(). Free memory stays the heap's.
 * @function heap:collect
 */
static int heap_collect(lua_State *L) {
	ol_run_collect(ol_subject_check_heap(L));
	ol_subject_obey(L);
	return 0;
}

/***
 * Runs a full cycle and gives everything free back to the system, as Go's debug.FreeOSMemory().
 * @function heap:free_os_memory
 * @treturn integer bytes given back
 */
static int heap_free_os_memory(lua_State *L) {
	uint64_t bytes = ol_run_free_os_memory(ol_subject_check_heap(L));
	ol_subject_obey(L);
	ol_lua_push_uint64(L, bytes); /* ..., bytes */
	return 1;
}

/***
 * The heap's statistics, by the names of Go's MemStats: alloc, mallocs, frees, heap_alloc,
 * heap_idle, heap_objects, heap_inuse, heap_released, heap_sys, last_gc_ns, next_gc, num_gc,
 * num_forced_gc, gc_cpu_fraction.
 * @function heap:stats
 * @treturn memstats
 */
static int heap_stats(lua_State *L) {
	struct ol_memstats memstats = ol_run_memstats(ol_subject_check_heap(L));
	ol_lua_push_record(L, &ol_memstats_type, &memstats); /* ..., stats */
	return 1;
}

/***
 * Counts the garbage: bytes of objects that no root reaches. Collects nothing.
 * @function heap:garbage
 * @treturn integer|nil bytes; nil while a cycle is under way (incremental, concurrent)
 */
static int heap_garbage(lua_State *L) {
	uint64_t bytes = ol_run_garbage_bytes(ol_subject_check_heap(L));
	if (bytes == UINT64_MAX)
		lua_pushnil(L); /* ..., nil */
	else
		ol_lua_push_uint64(L, bytes); /* ..., bytes */
	return 1;
}

/***
 * Walks the whole heap and raises at the first rule it finds broken.
 * @function heap:check
 */
static int heap_check(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	struct ol_error error;
	if (ol_run_check(run, &error) < 0)
		return ol_subject_raise(L, &error);
	return 0;
}

/***
 * Nanoseconds since the run began.
 * @function heap:elapsed_ns
 * @treturn integer
 */
static int heap_elapsed_ns(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_elapsed_ns(ol_subject_check_heap(L))); /* ..., ns */
	return 1;
}

/***
 * What the kernel has charged the cage for by now. The kernel charges in batches: it is coarse.
 * @function cage:usage
 * @treturn integer bytes; 0 where there is no cage
 */
static int cage_usage(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_cage_bytes(ol_subject_of(L)->run)); /* ..., bytes */
	return 1;
}

/***
 * Has the cage's limit set to another one. Where more is used than that a version 1 kernel reclaims
 * what it can and otherwise refuses; version 2 kills.
 * @function cage:set_limit
 * @tparam integer bytes  a page and up
 * @treturn boolean|nil true; nil where it was refused
 * @treturn string why
 */
static int cage_set_limit(lua_State *L) {
	struct ol_run *run = ol_subject_check_run(L);
	uint64_t bytes = ol_subject_check_count(L, 2, 1, "bytes");
	struct ol_error error;

	int result = ol_run_set_limit(run, bytes, &error);
	ol_subject_obey(L);

	if (result == 0) {
		lua_pushboolean(L, 1); /* true */
		return 1;
	}
	lua_pushnil(L);                   /* nil */
	lua_pushstring(L, error.message); /* nil, why */
	return 2;
}

/***
 * The cage's limit now: cage.limit is the one that the run began with.
 * @function cage:limit_now
 * @treturn integer bytes
 */
static int cage_limit_now(lua_State *L) {
	ol_lua_push_uint64(L, ol_run_limit_bytes(ol_subject_of(L)->run)); /* ..., bytes */
	return 1;
}

static bool is_off(lua_State *L) {
	return lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "off") == 0;
}

static struct heap_handle *push_heap(lua_State *L, struct ol_run_heap *heap) {
	struct heap_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0); /* heap */
	handle->heap = heap;
	luaL_setmetatable(L, OL_HANDLE_HEAP);
	return handle;
}

void ol_subject_push_heap(lua_State *L) {
	push_heap(L, ol_run_first_heap(ol_subject_of(L)->run));
}

/***
 * One more heap in the same process, with a collector and a pacer of its own: another runtime in
 * the same cage. It has the methods of a heap. Go's rules hold in it, whatever the run's policy;
 * what the report tells of collections, garbage and memory statistics is about the first. It stays
 * to the end of the run; a program has four heaps at most. Objects of one heap cannot refer to
 * those of another. Fields: `gogc` (percent or "off"; the run's), `memlimit` (a size or "off"; the
 * run's).
 * @function heap:second
 * @tparam[opt] table fields
 * @treturn heap
 */
static int heap_second(lua_State *L) {
	static const char *const names[] = { "gogc", "memlimit", NULL };
	struct ol_run *run = ol_subject_check_heap(L);
	const struct ol_run_spec *spec = ol_run_spec(run);
	int32_t gogc = spec->gogc;
	uint64_t memory_limit_bytes = spec->memory_limit_bytes;
	if (!lua_isnoneornil(L, 2)) {
		ol_subject_check_fields(L, "heap:second", names);
		if (lua_getfield(L, 2, "gogc") != LUA_TNIL) /* ..., gogc */
			gogc = is_off(L)
					   ? OL_GOGC_OFF
					   : (int32_t)ol_subject_check_number(L, lua_gettop(L), "gogc", 0, GOGC_MAX);
		if (lua_getfield(L, 2, "memlimit") != LUA_TNIL) /* ..., gogc, memlimit */
			memory_limit_bytes = is_off(L) ? OL_MEMORY_LIMIT_OFF
										   : ol_subject_check_bytes(L, lua_gettop(L), "memlimit", 1,
												 OL_MEMORY_LIMIT_OFF - 1);
	}
	struct ol_error error;

	struct heap_handle *handle = push_heap(L, NULL); /* ..., heap */
	if (ol_run_second_heap(run, gogc, memory_limit_bytes, &handle->heap, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 1;
}

void ol_subject_open_heap(lua_State *L) {
	static const luaL_Reg methods[] = {
		{ "phase", heap_phase },
		{ "tag", heap_tag },
		{ "slab", heap_slab },
		{ "node", heap_node },
		{ "root", heap_root },
		{ "reserve", heap_reserve },
		{ "wait", heap_wait },
		{ "collect", heap_collect },
		{ "free_os_memory", heap_free_os_memory },
		{ "stats", heap_stats },
		{ "garbage", heap_garbage },
		{ "check", heap_check },
		{ "elapsed_ns", heap_elapsed_ns },
		{ "second", heap_second },
		{ NULL, NULL },
	};
	luaL_newmetatable(L, OL_HANDLE_HEAP); /* metatable */
	luaL_newlib(L, methods);              /* metatable, methods */
	lua_setfield(L, -2, "__index");
	lua_pushliteral(L, OL_HANDLE_HEAP); /* metatable, name */
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

void ol_subject_push_cage(lua_State *L) {
	const struct ol_run_spec *spec = ol_run_spec(ol_subject_of(L)->run);
	static const luaL_Reg functions[] = {
		{ "usage", cage_usage },
		{ "set_limit", cage_set_limit },
		{ "limit_now", cage_limit_now },
		{ NULL, NULL },
	};
	lua_createtable(L, 0, 6);                 /* cage */
	ol_lua_push_uint64(L, spec->limit_bytes); /* cage, limit */
	lua_setfield(L, -2, "limit");
	ol_lua_push_uint64(L, spec->swap_bytes); /* cage, swap */
	lua_setfield(L, -2, "swap");
	ol_lua_push_uint64(L, spec->high_bytes); /* cage, high */
	lua_setfield(L, -2, "high");
	luaL_setfuncs(L, functions, 0);
	ol_lua_close_table(L, OL_HANDLE_CAGE);
}
