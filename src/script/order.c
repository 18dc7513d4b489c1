/* order.c -- Tables traversed in order.
 *
 * What is like a list is walked by counting. Where that ends, the keys behind the present one are
 * collected and sorted once, and then walked. Lua's own order depends on the addresses of strings
 * and objects, which differ from process to process. */
#include "script/order.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

static const char traversals_key = 0; /* Its address: table -> its iterator, in the registry. */

enum { ITERATOR_KEYS = 1, ITERATOR_PLACE = 2 }; /* Upvalues: sorted keys or nil; the last one's. */

enum rank { RANK_POSITIVE, RANK_NUMBER, RANK_STRING, RANK_BOOLEAN, RANK_OTHER };

struct key {
	enum rank rank;
	bool boolean;
	lua_Integer place;  /* Among the keys as they were found. */
	long double number; /* Exact for every integer and float of Lua's where that has 64 bits. */
	const char *text;   /* Owned by the string, which the list of keys holds. */
	size_t text_bytes;
	uintptr_t address;
};

/* Of the value at index. */
static struct key key_at(lua_State *L, int index) {
	struct key key = { .rank = RANK_OTHER };
	switch (lua_type(L, index)) {
	case LUA_TNUMBER:
		key.number = lua_isinteger(L, index) ? (long double)lua_tointeger(L, index)
											 : (long double)lua_tonumber(L, index);
		key.rank = lua_isinteger(L, index) && key.number >= 1 ? RANK_POSITIVE : RANK_NUMBER;
		break;
	case LUA_TSTRING:
		key.rank = RANK_STRING;
		key.text = lua_tolstring(L, index, &key.text_bytes);
		break;
	case LUA_TBOOLEAN:
		key.rank = RANK_BOOLEAN;
		key.boolean = lua_toboolean(L, index) != 0;
		break;
	default:
		key.address = (uintptr_t)lua_topointer(L, index);
	}
	return key;
}

static int compare_texts(const struct key *a, const struct key *b) {
	size_t shared = a->text_bytes < b->text_bytes ? a->text_bytes : b->text_bytes;
	int order = memcmp(a->text, b->text, shared);
	return order != 0 ? order : (a->text_bytes > b->text_bytes) - (a->text_bytes < b->text_bytes);
}

static int compare(const void *first, const void *second) {
	const struct key *a = first, *b = second;
	if (a->rank != b->rank)
		return (a->rank > b->rank) - (a->rank < b->rank);
	switch (a->rank) {
	case RANK_POSITIVE:
	case RANK_NUMBER:
		return (a->number > b->number) - (a->number < b->number);
	case RANK_STRING:
		return compare_texts(a, b);
	case RANK_BOOLEAN:
		return (int)a->boolean - (int)b->boolean;
	case RANK_OTHER:
		return (a->address > b->address) - (a->address < b->address);
	}
	return 0;
}

/* Whether the key at index comes after one; NULL: the beginning. */
static bool is_behind(lua_State *L, int index, const struct key *last) {
	struct key key;
	if (last == NULL)
		return true;
	key = key_at(L, index);
	return compare(&key, last) > 0;
}

static lua_Integer count_behind(lua_State *L, int table, const struct key *last) {
	lua_Integer count = 0;
	lua_pushnil(L);                   /* nil */
	while (lua_next(L, table) != 0) { /* key, value */
		lua_pop(L, 1);
		count += is_behind(L, -1, last);
	}
	return count;
}

/* Leaves the list of the table's keys behind last, in order, on the stack. Raises. */
static void push_sorted(lua_State *L, int table, const struct key *last) {
	lua_Integer count = count_behind(L, table, last), place = 0;
	luaL_checkstack(L, 6, "too many keys");
	struct key *keys = lua_newuserdatauv(L, (size_t)count * sizeof *keys + 1, 0); /* keys */
	lua_createtable(L, (int)count, 0); /* keys, unsorted */
	lua_pushnil(L);                    /* keys, unsorted, nil */
	while (lua_next(L, table) != 0) {  /* keys, unsorted, key, value */
		lua_pop(L, 1);
		if (!is_behind(L, -1, last))
			continue;
		keys[place] = key_at(L, -1);
		place++;
		keys[place - 1].place = place;
		lua_pushvalue(L, -1); /* keys, unsorted, key, key */
		lua_rawseti(L, -3, place);
	}
	qsort(keys, (size_t)place, sizeof *keys, compare);
	lua_createtable(L, (int)place, 0); /* keys, unsorted, sorted */
	for (lua_Integer i = 0; i < place; i++) {
		lua_rawgeti(L, -2, keys[i].place); /* keys, unsorted, sorted, key */
		lua_rawseti(L, -2, i + 1);
	}
	lua_replace(L, -3); /* sorted, unsorted */
	lua_pop(L, 1);
}

/* Leaves number + 1 and what the table has there on the stack: 2; or nothing: 0. */
static int push_successor(lua_State *L, int table, lua_Integer number) {
	if (number == LUA_MAXINTEGER)
		return 0;
	lua_pushinteger(L, number + 1);                    /* key */
	if (lua_rawgeti(L, table, number + 1) != LUA_TNIL) /* key, value */
		return 2;
	lua_pop(L, 2);
	return 0;
}

/* The number that the value at index continues from, were it in a list; -1: none. */
static lua_Integer list_place(lua_State *L, int index) {
	if (lua_isnil(L, index))
		return 0;
	if (lua_isinteger(L, index) && lua_tointeger(L, index) >= 1)
		return lua_tointeger(L, index);
	return -1;
}

/* Whether the iterator's keys have been walked as far as the key at index 2. */
static bool is_walking(lua_State *L) {
	if (lua_isnil(L, lua_upvalueindex(ITERATOR_KEYS)))
		return false;
	lua_Integer place = lua_tointeger(L, lua_upvalueindex(ITERATOR_PLACE));
	if (place == 0)
		return false;
	lua_rawgeti(L, lua_upvalueindex(ITERATOR_KEYS), place); /* key */
	bool is_same = lua_rawequal(L, -1, 2);
	lua_pop(L, 1);
	return is_same;
}

static int walk(lua_State *L) {
	lua_Integer place = lua_tointeger(L, lua_upvalueindex(ITERATOR_PLACE));
	for (;;) {
		place++;
		if (lua_rawgeti(L, lua_upvalueindex(ITERATOR_KEYS), place) == LUA_TNIL) /* key */
			return 1;
		lua_pushvalue(L, -1);               /* key, key */
		if (lua_rawget(L, 1) != LUA_TNIL) { /* key, value */
			lua_pushinteger(L, place);      /* key, value, place */
			lua_replace(L, lua_upvalueindex(ITERATOR_PLACE));
			return 2;
		}
		lua_pop(L, 2); /* It was cleared meanwhile. */
	}
}

/* (table, key) -> the next key and its value, or nil. */
static int iterate(lua_State *L) {
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	if (is_walking(L))
		return walk(L);
	lua_Integer number = list_place(L, 2);
	int pushed = number < 0 ? 0 : push_successor(L, 1, number);
	if (pushed > 0)
		return pushed;
	struct key last = key_at(L, 2);
	push_sorted(L, 1, lua_isnil(L, 2) ? NULL : &last); /* table, key, keys */
	lua_replace(L, lua_upvalueindex(ITERATOR_KEYS));
	lua_pushinteger(L, 0); /* ..., 0 */
	lua_replace(L, lua_upvalueindex(ITERATOR_PLACE));
	return walk(L);
}

static void push_iterator(lua_State *L) {
	lua_pushnil(L);                  /* nil */
	lua_pushinteger(L, 0);           /* nil, 0 */
	lua_pushcclosure(L, iterate, 2); /* iterator */
}

/* The first key of all and its value, or nil, without a list: people ask whether there is one. */
static int push_first(lua_State *L) {
	struct key first = { .rank = RANK_OTHER };
	bool is_found = false;
	int pushed = push_successor(L, 1, 0);
	if (pushed > 0)
		return pushed;
	lua_pushnil(L);               /* ..., best */
	lua_pushnil(L);               /* ..., best, nil */
	while (lua_next(L, 1) != 0) { /* ..., best, key, value */
		lua_pop(L, 1);
		struct key key = key_at(L, -1);
		if (is_found && compare(&key, &first) >= 0)
			continue;
		first = key;
		is_found = true;
		lua_pushvalue(L, -1); /* ..., best, key, key */
		lua_replace(L, -3);
	}
	if (!is_found)
		return 1;
	lua_pushvalue(L, -1); /* ..., best, best */
	lua_rawget(L, 1);     /* ..., best, value */
	return 2;
}

/* Of the table at index 1; the list of them is at index 3. */
static void drop_iterator(lua_State *L) {
	lua_pushvalue(L, 1); /* ..., table */
	lua_pushnil(L);      /* ..., table, nil */
	lua_rawset(L, 3);
}

/***
 * Lua's own, in order: the next key of a table and its value. Without a key: the first.
 * @function next
 * @tparam table t
 * @param[opt] key
 * @return key, or nil behind the last
 * @return value
 */
static int ordered_next(lua_State *L) {
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &traversals_key); /* table, key, traversals */
	lua_pushvalue(L, 1);                                /* ..., traversals, table */
	bool has_iterator = lua_rawget(L, 3) != LUA_TNIL;   /* ..., traversals, iterator */
	if (lua_isnil(L, 2)) {
		if (has_iterator)
			drop_iterator(L);
		return push_first(L);
	}
	lua_Integer number = list_place(L, 2);
	int pushed = has_iterator || number < 0 ? 0 : push_successor(L, 1, number);
	if (pushed > 0)
		return pushed;
	if (!has_iterator) {
		lua_pop(L, 1);
		push_iterator(L);     /* ..., traversals, iterator */
		lua_pushvalue(L, 1);  /* ..., iterator, table */
		lua_pushvalue(L, -2); /* ..., iterator, table, iterator */
		lua_rawset(L, 3);
	}
	lua_pushvalue(L, 1); /* ..., iterator, table */
	lua_pushvalue(L, 2); /* ..., iterator, table, key */
	lua_call(L, 2, 2);   /* ..., key, value */
	if (!lua_isnil(L, -2))
		return 2;
	drop_iterator(L);
	lua_pop(L, 1);
	return 1;
}

static int return_three(lua_State *L, int status, lua_KContext context) {
	(void)L;
	(void)status;
	(void)context;
	return 3;
}

/***
 * Lua's own, in order. The metamethod __pairs is honoured.
 * @function pairs
 * @tparam table t
 * @treturn function iterator
 * @treturn table t
 * @return nil
 */
static int ordered_pairs(lua_State *L) {
	luaL_checkany(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) { /* ..., method */
		lua_pushvalue(L, 1);                              /* ..., method, object */
		lua_callk(L, 1, 3, 0, return_three);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	push_iterator(L);    /* ..., iterator */
	lua_pushvalue(L, 1); /* ..., iterator, table */
	lua_pushnil(L);      /* ..., iterator, table, nil */
	return 3;
}

void ol_lua_open_order(lua_State *L) {
	static const luaL_Reg functions[] = {
		{ "next", ordered_next },
		{ "pairs", ordered_pairs },
		{ NULL, NULL },
	};
	lua_newtable(L);          /* ..., traversals */
	lua_createtable(L, 0, 1); /* ..., traversals, metatable */
	lua_pushliteral(L, "k");  /* ..., traversals, metatable, mode */
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2); /* ..., traversals */
	lua_rawsetp(L, LUA_REGISTRYINDEX, &traversals_key);
	luaL_setfuncs(L, functions, 0);
}
