/* subject_holding.c -- What a program holds beside its heap: handles on memory that no collector
 * knows of, on children and on files. */
#include <lauxlib.h>

#include "run/holding.h"
#include "script/push.h"
#include "script/subject.h"

#define HANDLE_OFF_HEAP "off-heap memory"
#define HANDLE_STACK    "stack"
#define HANDLE_CHILD    "child"
#define HANDLE_FILE     "file"

struct holding_handle {
	struct ol_run_holding *holding; /* NULL: closed. */
};

static struct holding_handle *push_closed(lua_State *L, const char *kind) {
	struct holding_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0); /* handle */
	handle->holding = NULL;
	luaL_setmetatable(L, kind);
	return handle;
}

static struct holding_handle *check_open(lua_State *L, const char *kind) {
	struct holding_handle *handle = luaL_checkudata(L, 1, kind);
	if (handle->holding == NULL)
		luaL_error(L, "this %s was released", kind);
	return handle;
}

static void let_go(lua_State *L, struct holding_handle *handle) {
	ol_run_release_holding(ol_subject_of(L)->run, handle->holding);
	handle->holding = NULL;
}

/***
 * Maps memory beside the heap and writes to all of it, as a library in C does: the collector knows
 * nothing of it, the cage does.
 * @function heap:off_heap
 * @tparam integer bytes  1 and up
 * @treturn off_heap  to be released by off_heap:release() or `<close>`
 */
static int heap_off_heap(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	uint64_t bytes = ol_subject_check_count(L, 2, 1, "bytes");
	struct ol_error error;

	struct holding_handle *handle = push_closed(L, HANDLE_OFF_HEAP); /* ..., memory */
	if (ol_run_hold_memory(run, bytes, &handle->holding, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 1;
}

/***
 * Writes to all of the memory again: after a fork that costs new pages.
 * @function off_heap:write
 */
static int off_heap_write(lua_State *L) {
	const struct holding_handle *handle = check_open(L, HANDLE_OFF_HEAP);
	struct ol_error error;
	if (ol_run_write_holding(ol_subject_check_run(L), handle->holding, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 0;
}

/***
 * As much as was asked for.
 * @function off_heap:bytes
 * @treturn integer
 */
static int off_heap_bytes(lua_State *L) {
	const struct holding_handle *handle = check_open(L, HANDLE_OFF_HEAP);
	ol_lua_push_uint64(L, ol_run_holding_bytes(handle->holding)); /* bytes */
	return 1;
}

/***
 * Gives the memory back to the system, at once.
 * @function off_heap:release
 */
static int off_heap_release(lua_State *L) {
	let_go(L, check_open(L, HANDLE_OFF_HEAP));
	return 0;
}

/***
 * Maps the stacks of goroutines or threads, so many bytes in all, and writes to all of them. Each
 * cycle scans them as roots, which takes time; a memory limit counts them, and by the rules of
 * go1.19 and later a goal does, once a cycle has seen them.
 * @function heap:stack
 * @tparam integer bytes  1 and up
 * @treturn stack  to be released by stack:release() or `<close>`
 */
static int heap_stack(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	uint64_t bytes = ol_subject_check_count(L, 2, 1, "bytes");
	struct ol_error error;

	struct holding_handle *handle = push_closed(L, HANDLE_STACK); /* ..., stack */
	if (ol_run_hold_stacks(run, bytes, &handle->holding, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 1;
}

/***
 * As much as was asked for.
 * @function stack:bytes
 * @treturn integer
 */
static int stack_bytes(lua_State *L) {
	const struct holding_handle *handle = check_open(L, HANDLE_STACK);
	ol_lua_push_uint64(L, ol_run_holding_bytes(handle->holding)); /* bytes */
	return 1;
}

/***
 * Gives the stacks back to the system: their goroutines have ended.
 * @function stack:release
 */
static int stack_release(lua_State *L) {
	let_go(L, check_open(L, HANDLE_STACK));
	return 0;
}

/***
 * Forks: a child that shares all pages of now, copy on write, and sleeps until it is released.
 * Whatever either writes to afterwards costs a new page. Where the cage overflows the kernel kills
 * the program, not the child. Not with the concurrent collector, which has threads.
 * @function heap:fork
 * @treturn child  to be ended by child:release() or `<close>`
 */
static int heap_fork(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	struct ol_error error;

	struct holding_handle *handle = push_closed(L, HANDLE_CHILD); /* ..., child */
	if (ol_run_hold_child(run, &handle->holding, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 1;
}

/***
 * 0: all that a child has it shares with the program.
 * @function child:bytes
 * @treturn integer
 */
static int child_bytes(lua_State *L) {
	const struct holding_handle *handle = check_open(L, HANDLE_CHILD);
	ol_lua_push_uint64(L, ol_run_holding_bytes(handle->holding)); /* bytes */
	return 1;
}

/***
 * Ends the child: what was copied for it is free.
 * @function child:release
 */
static int child_release(lua_State *L) {
	let_go(L, check_open(L, HANDLE_CHILD));
	return 0;
}

/***
 * Writes a file of so many bytes, without a name, on a disk: in TMPDIR, /var/tmp or /tmp, whichever
 * is on one. Its pages are in the page cache: charged to the cage, and the kernel may reclaim them
 * when the cage is full.
 * @function heap:file
 * @tparam integer bytes  1 and up; the disk must keep 1 GiB free
 * @treturn file  to be released by file:release() or `<close>`
 */
static int heap_file(lua_State *L) {
	struct ol_run *run = ol_subject_check_heap(L);
	uint64_t bytes = ol_subject_check_count(L, 2, 1, "bytes");
	struct ol_error error;

	struct holding_handle *handle = push_closed(L, HANDLE_FILE); /* ..., file */
	if (ol_run_hold_file(run, bytes, &handle->holding, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 1;
}

/***
 * Reads all of the file again: what the kernel has reclaimed comes back from the disk.
 * @function file:read
 */
static int file_read(lua_State *L) {
	const struct holding_handle *handle = check_open(L, HANDLE_FILE);
	struct ol_error error;
	if (ol_run_read_holding(ol_subject_check_run(L), handle->holding, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 0;
}

/***
 * As much as was written.
 * @function file:bytes
 * @treturn integer
 */
static int file_bytes(lua_State *L) {
	const struct holding_handle *handle = check_open(L, HANDLE_FILE);
	ol_lua_push_uint64(L, ol_run_holding_bytes(handle->holding)); /* bytes */
	return 1;
}

/***
 * Ends the file: it leaves the disk, and its pages the page cache.
 * @function file:release
 */
static int file_release(lua_State *L) {
	let_go(L, check_open(L, HANDLE_FILE));
	return 0;
}

/* <close>: releases what is not released yet. */
static int holding_close(lua_State *L) {
	struct holding_handle *handle = lua_touserdata(L, 1);
	if (handle != NULL && handle->holding != NULL)
		let_go(L, handle);
	return 0;
}

static int holding_tostring(lua_State *L) {
	const struct holding_handle *handle = lua_touserdata(L, 1);
	const char *kind = lua_tostring(L, lua_upvalueindex(1));
	bool is_open = handle != NULL && handle->holding != NULL;
	lua_pushfstring(L, "%s%s", kind, is_open ? "" : " (released)"); /* text */
	return 1;
}

static void open_kind(lua_State *L, const char *name, const luaL_Reg *methods) {
	ol_handle_open_kind(
		L, &(struct ol_handle_kind){ name, methods, holding_close, holding_tostring });
}

void ol_subject_open_holdings(lua_State *L) {
	static const luaL_Reg heap_methods[] = {
		{ "off_heap", heap_off_heap },
		{ "stack", heap_stack },
		{ "fork", heap_fork },
		{ "file", heap_file },
		{ NULL, NULL },
	};
	static const luaL_Reg off_heap_methods[] = {
		{ "write", off_heap_write },
		{ "bytes", off_heap_bytes },
		{ "release", off_heap_release },
		{ NULL, NULL },
	};
	static const luaL_Reg stack_methods[] = {
		{ "bytes", stack_bytes },
		{ "release", stack_release },
		{ NULL, NULL },
	};
	static const luaL_Reg child_methods[] = {
		{ "bytes", child_bytes },
		{ "release", child_release },
		{ NULL, NULL },
	};
	static const luaL_Reg file_methods[] = {
		{ "read", file_read },
		{ "bytes", file_bytes },
		{ "release", file_release },
		{ NULL, NULL },
	};
	open_kind(L, HANDLE_OFF_HEAP, off_heap_methods);
	open_kind(L, HANDLE_STACK, stack_methods);
	open_kind(L, HANDLE_CHILD, child_methods);
	open_kind(L, HANDLE_FILE, file_methods);
	luaL_getmetatable(L, OL_HANDLE_HEAP); /* metatable */
	lua_getfield(L, -1, "__index");       /* metatable, methods */
	luaL_setfuncs(L, heap_methods, 0);
	lua_pop(L, 2);
}
