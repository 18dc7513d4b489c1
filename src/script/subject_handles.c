/* subject_handles.c -- slab, node and root: handles on the heap's objects. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "heap/heap.h"
#include "run/profile.h"
#include "script/push.h"
#include "script/subject.h"

int ol_subject_verdict(const struct ol_script_subject *subject, struct ol_error *error) {
	if (subject->has_policy_failed) {
		*error = subject->policy_error;
		return error->code;
	}
	return subject->run != NULL ? ol_run_verdict(subject->run, error) : 0;
}

void ol_subject_obey(lua_State *L) {
	struct ol_error error;
	int result = ol_subject_verdict(ol_subject_of(L), &error);
	if (result == -EINTR)
		luaL_error(L, "%s", error.message); /* Of what was typed; the run goes on. */
	if (result < 0)
		ol_lua_abort(L, result, error.message);
}

int ol_subject_raise(lua_State *L, const struct ol_error *error) {
	ol_subject_obey(L);
	if (error->code == -ECANCELED || error->code == -EBADMSG)
		return ol_lua_abort(L, error->code, error->message);
	if (error->code == -ENOMEM) {
		struct ol_script_subject *subject = ol_subject_of(L);
		snprintf(subject->refusal, sizeof subject->refusal, "%s", error->message);
	}
	return luaL_error(L, "%s", error->message);
}

uint64_t ol_subject_check_count(lua_State *L, int index, uint64_t minimum, const char *what) {
	if (lua_type(L, index) != LUA_TNUMBER)
		luaL_error(L, "expected %s, a whole number, not %s", what, luaL_typename(L, index));
	int is_whole;
	lua_Integer count = lua_tointegerx(L, index, &is_whole);
	if (!is_whole)
		luaL_error(L, "expected %s, a whole number, not %f; // divides without a remainder", what,
			lua_tonumber(L, index));
	if (count < 0 || (uint64_t)count < minimum)
		luaL_error(
			L, "expected %s, at least %I, not %I", what, (LUAI_UACINT)minimum, (LUAI_UACINT)count);
	return (uint64_t)count;
}

/* The heap of the handle, which is in use from then on. */
static struct ol_heap *use_heap(lua_State *L, const struct ol_handle *handle) {
	struct ol_run *run = ol_subject_of(L)->run;
	ol_run_use(run, handle->heap);
	return ol_run_heap(run);
}

struct ol_handle *ol_handle_push_closed(lua_State *L, const char *kind) {
	struct ol_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0); /* handle */
	struct ol_run *run = ol_subject_of(L)->run;
	*handle = (struct ol_handle){ OL_ROOT_NONE, OL_PROFILE_NOWHERE, ol_run_used_heap(run) };
	luaL_setmetatable(L, kind);
	return handle;
}

void ol_handle_push(lua_State *L, void *object) {
	struct ol_heap *heap = ol_run_heap(ol_subject_of(L)->run);
	const char *kind = ol_heap_is_node(heap, object) ? OL_HANDLE_NODE : OL_HANDLE_SLAB;
	struct ol_handle *handle = ol_handle_push_closed(L, kind); /* handle */
	struct ol_error error;
	if (ol_heap_root_create(heap, object, &handle->root, &error) < 0) {
		handle->root = OL_ROOT_NONE;
		ol_subject_raise(L, &error);
	}
}

static struct ol_handle *check_open(lua_State *L, int index, const char *kind) {
	struct ol_handle *handle = luaL_checkudata(L, index, kind);
	if (handle->root == OL_ROOT_NONE)
		luaL_error(L, "this %s was released", kind);
	return handle;
}

void *ol_handle_check_object(lua_State *L, int index) {
	static const char *const kinds[] = { OL_HANDLE_SLAB, OL_HANDLE_NODE, OL_HANDLE_ROOT };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct ol_handle *handle = luaL_testudata(L, index, kinds[i]);
		if (handle == NULL)
			continue;
		if (handle->root == OL_ROOT_NONE)
			luaL_error(L, "this %s was released", kinds[i]);
		struct ol_run *run = ol_subject_of(L)->run;
		if (handle->heap != ol_run_used_heap(run))
			luaL_error(L, "this %s is of another heap: a heap refers to objects of its own only",
				kinds[i]);
		return ol_heap_root_load(ol_run_heap(run), handle->root);
	}
	luaL_error(L, "expected a slab or a node, not %s", luaL_typename(L, index));
	return NULL;
}

static void let_go(lua_State *L, struct ol_handle *handle) {
	struct ol_heap *heap = use_heap(L, handle);
	if (handle->place != OL_PROFILE_NOWHERE)
		ol_profile_note_released(ol_run_profile(ol_subject_of(L)->run), handle->place, 1,
			ol_heap_object_bytes(heap, ol_heap_root_load(heap, handle->root)));
	ol_heap_root_release(heap, handle->root);
	*handle = (struct ol_handle){ OL_ROOT_NONE, OL_PROFILE_NOWHERE, handle->heap };
}

/***
 * Lets go of the object: unless something else reaches it, it is garbage now. The handle is of no
 * use any more.
 * @function slab:release
 */
static int slab_release(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_SLAB);
	let_go(L, handle);
	return 0;
}

/***
 * The bytes the object takes in the heap: what was asked for, rounded up to its size class or to
 * whole pages.
 * @function slab:bytes
 * @treturn integer
 */
static int slab_bytes(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_SLAB);
	struct ol_heap *heap = use_heap(L, handle);
	ol_lua_push_uint64(
		L, ol_heap_object_bytes(heap, ol_heap_root_load(heap, handle->root))); /* bytes */
	return 1;
}

/***
 * Writes to the whole slab again: after a fork that costs new pages.
 * @function slab:write
 */
static int slab_write(lua_State *L) {
	const struct ol_handle *handle = check_open(L, 1, OL_HANDLE_SLAB);
	struct ol_error error;
	(void)use_heap(L, handle);
	if (ol_run_write_slab(ol_subject_check_run(L), handle->root, &error) < 0)
		return ol_subject_raise(L, &error);
	ol_subject_obey(L);
	return 0;
}

/***
 * Lets go of the node; what it refers to goes with it, unless something else reaches that.
 * @function node:release
 */
static int node_release(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_NODE);
	let_go(L, handle);
	return 0;
}

/***
 * The bytes the node takes in the heap, slots and payload, rounded up.
 * @function node:bytes
 * @treturn integer
 */
static int node_bytes(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_NODE);
	struct ol_heap *heap = use_heap(L, handle);
	ol_lua_push_uint64(
		L, ol_heap_object_bytes(heap, ol_heap_root_load(heap, handle->root))); /* bytes */
	return 1;
}

/***
 * How many slots the node has.
 * @function node:slots
 * @treturn integer
 */
static int node_slots(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_NODE);
	struct ol_heap *heap = use_heap(L, handle);
	lua_pushinteger(L, ol_heap_slot_count(heap, ol_heap_root_load(heap, handle->root))); /* slots */
	return 1;
}

static uint32_t check_slot(lua_State *L, int index, struct ol_heap *heap, const void *node) {
	uint64_t slot = ol_subject_check_count(L, index, 1, "a slot");
	uint32_t slot_count = ol_heap_slot_count(heap, node);
	if (slot > slot_count)
		luaL_error(
			L, "there is no slot %I: the node has %I", (LUAI_UACINT)slot, (LUAI_UACINT)slot_count);
	return (uint32_t)slot - 1;
}

/***
 * Makes a slot refer to an object, or to nothing.
 * @function node:set
 * @tparam integer slot  1 to node:slots()
 * @tparam slab|node|root|nil object
 */
static int node_set(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_NODE);
	struct ol_heap *heap = use_heap(L, handle);
	void *node = ol_heap_root_load(heap, handle->root);
	uint32_t slot = check_slot(L, 2, heap, node);
	luaL_checkany(L, 3);
	void *target = lua_isnil(L, 3) ? NULL : ol_handle_check_object(L, 3);

	ol_heap_note_store(heap, node, slot);
	ol_heap_store(heap, node, slot, target);
	return 0;
}

/***
 * What a slot refers to, held by a new handle that has to be released too.
 * @function node:get
 * @tparam integer slot  1 to node:slots()
 * @treturn slab|node|nil
 */
static int node_get(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_NODE);
	struct ol_heap *heap = use_heap(L, handle);
	void *node = ol_heap_root_load(heap, handle->root);
	uint32_t slot = check_slot(L, 2, heap, node);

	void *target = ol_heap_load(heap, node, slot);

	if (target == NULL)
		lua_pushnil(L); /* nil */
	else
		ol_handle_push(L, target); /* object */
	return 1;
}

/***
 * What the root refers to, held by a new handle that has to be released too.
 * @function root:get
 * @treturn slab|node|nil
 */
static int root_get(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_ROOT);

	void *target = ol_heap_root_load(use_heap(L, handle), handle->root);

	if (target == NULL)
		lua_pushnil(L); /* nil */
	else
		ol_handle_push(L, target); /* object */
	return 1;
}

/***
 * Makes the root refer to another object, or to nothing.
 * @function root:set
 * @tparam slab|node|root|nil object
 */
static int root_set(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_ROOT);
	struct ol_heap *heap = use_heap(L, handle);
	luaL_checkany(L, 2);
	void *target = lua_isnil(L, 2) ? NULL : ol_handle_check_object(L, 2);

	ol_heap_root_store(heap, handle->root, target);
	return 0;
}

/***
 * Ends the root.
 * @function root:release
 */
static int root_release(lua_State *L) {
	struct ol_handle *handle = check_open(L, 1, OL_HANDLE_ROOT);
	let_go(L, handle);
	return 0;
}

/* <close>: releases what is not released yet. */
static int handle_close(lua_State *L) {
	struct ol_handle *handle = lua_touserdata(L, 1);
	if (handle != NULL && handle->root != OL_ROOT_NONE)
		let_go(L, handle);
	return 0;
}

static int handle_tostring(lua_State *L) {
	const struct ol_handle *handle = lua_touserdata(L, 1);
	const char *kind = lua_tostring(L, lua_upvalueindex(1));
	if (handle == NULL || handle->root == OL_ROOT_NONE)
		lua_pushfstring(L, "%s (released)", kind); /* text */
	else
		lua_pushfstring(L, "%s %I", kind, (LUAI_UACINT)handle->root); /* text */
	return 1;
}

/* Without __gc, on purpose: when objects die is the scenario's affair, never Lua's, so it would
 * have nothing to do; and Lua runs ten finalizers a step, which a loop of allocations outruns until
 * the script's own memory is full. */
void ol_handle_open_kind(lua_State *L, const struct ol_handle_kind *kind) {
	luaL_newmetatable(L, kind->name); /* metatable */
	lua_pushcfunction(L, kind->close);
	lua_setfield(L, -2, "__close");
	lua_pushstring(L, kind->name);          /* metatable, kind */
	lua_pushcclosure(L, kind->tostring, 1); /* metatable, tostring */
	lua_setfield(L, -2, "__tostring");
	lua_newtable(L); /* metatable, methods */
	luaL_setfuncs(L, kind->methods, 0);
	lua_setfield(L, -2, "__index");
	lua_pushstring(L, kind->name); /* metatable, kind */
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

static void open_handle(lua_State *L, const char *name, const luaL_Reg *methods) {
	ol_handle_open_kind(
		L, &(struct ol_handle_kind){ name, methods, handle_close, handle_tostring });
}

void ol_subject_open_handles(lua_State *L) {
	static const luaL_Reg slab_methods[] = {
		{ "release", slab_release },
		{ "bytes", slab_bytes },
		{ "write", slab_write },
		{ NULL, NULL },
	};
	static const luaL_Reg node_methods[] = {
		{ "release", node_release },
		{ "bytes", node_bytes },
		{ "slots", node_slots },
		{ "set", node_set },
		{ "get", node_get },
		{ NULL, NULL },
	};
	static const luaL_Reg root_methods[] = {
		{ "get", root_get },
		{ "set", root_set },
		{ "release", root_release },
		{ NULL, NULL },
	};
	open_handle(L, OL_HANDLE_SLAB, slab_methods);
	open_handle(L, OL_HANDLE_NODE, node_methods);
	open_handle(L, OL_HANDLE_ROOT, root_methods);
}
