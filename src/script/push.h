/* push.h -- Facts as Lua tables, by the field tables of record/. All of it may raise. */
#ifndef OL_SCRIPT_PUSH_H
#define OL_SCRIPT_PUSH_H

#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "record/fields.h"
#include "record/record.h"

/* Lua's integers end at 2^63 - 1: what is above ("max", "off") becomes that. */
void ol_lua_push_uint64(lua_State *L, uint64_t value);

/* A new table with one entry a field. */
void ol_lua_push_record(lua_State *L, const struct ol_record_type *type, const void *record);

/* The same fields, set in the table on top of the stack. */
void ol_lua_set_fields(lua_State *L, const struct ol_record_type *type, const void *record);

void ol_lua_push_option_value(lua_State *L, const struct ol_option_value *value);

/* A new table: option name -> value. */
void ol_lua_push_option_values(
	lua_State *L, const struct ol_option_value *values, size_t value_count);

#endif
