/* push.c -- Records and option values as Lua tables. */
#include "script/push.h"

void ol_lua_push_uint64(lua_State *L, uint64_t value) {
	lua_pushinteger(L, value > INT64_MAX ? INT64_MAX : (lua_Integer)value); /* value */
}

static void push_field(lua_State *L, const struct ol_field *field, const void *record) {
	switch (field->type) {
	case OL_FIELD_UINT64:
		ol_lua_push_uint64(L, ol_field_uint64(field, record)); /* value */
		return;
	case OL_FIELD_BOOLEAN:
		lua_pushboolean(L, ol_field_uint32(field, record) != 0); /* value */
		return;
	case OL_FIELD_NUMBER:
		lua_pushnumber(L, ol_field_number(field, record)); /* value */
		return;
	case OL_FIELD_TEXT:
		lua_pushstring(L, ol_field_text(field, record)); /* value */
		return;
	case OL_FIELD_ACTIVITY:
		lua_pushstring(
			L, ol_activity_name((enum ol_activity)ol_field_uint32(field, record))); /* value */
		return;
	}
	lua_pushnil(L); /* nil */
}

void ol_lua_set_fields(lua_State *L, const struct ol_record_type *type, const void *record) {
	for (size_t i = 0; i < type->field_count; i++) {
		push_field(L, &type->fields[i], record); /* table, value */
		lua_setfield(L, -2, type->fields[i].name);
	}
}

void ol_lua_push_record(lua_State *L, const struct ol_record_type *type, const void *record) {
	lua_createtable(L, 0, (int)type->field_count + 1); /* table */
	ol_lua_set_fields(L, type, record);
}

void ol_lua_push_option_value(lua_State *L, const struct ol_option_value *value) {
	if (value->is_unset) {
		lua_pushboolean(L, 0); /* false */
		return;
	}
	switch ((enum ol_option_type)value->type) {
	case OL_OPTION_BOOLEAN:
		lua_pushboolean(L, value->boolean != 0); /* value */
		return;
	case OL_OPTION_INTEGER:
	case OL_OPTION_BYTES:
		lua_pushinteger(L, value->integer); /* value */
		return;
	case OL_OPTION_NUMBER:
	case OL_OPTION_SHARE:
		lua_pushnumber(L, value->number); /* value */
		return;
	case OL_OPTION_STRING:
		lua_pushstring(L, value->string); /* value */
		return;
	case OL_OPTION_TYPE_COUNT:
		break;
	}
	lua_pushnil(L); /* nil */
}

void ol_lua_push_option_values(
	lua_State *L, const struct ol_option_value *values, size_t value_count) {
	lua_createtable(L, 0, (int)value_count); /* table */
	for (size_t i = 0; i < value_count; i++) {
		ol_lua_push_option_value(L, &values[i]); /* table, value */
		lua_setfield(L, -2, values[i].name);
	}
}
