/* failure.c -- Error messages with a place, and tracebacks, without allocating. */
#include "script/failure.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "base/units.h"
#include "script/tell.h"

void ol_lua_tell_no_memory(const struct ol_lua *lua, char *text, size_t text_bytes) {
	const struct ol_allocator *allocator = &lua->allocator;
	char held[OL_UNITS_TEXT_BYTES], most[OL_UNITS_TEXT_BYTES], asked[OL_UNITS_TEXT_BYTES];
	ol_format_bytes(allocator->refused_held_bytes, held);
	ol_format_bytes(allocator->held_bytes_max, most);
	ol_format_bytes(allocator->refused_bytes, asked);
	snprintf(text, text_bytes,
		"not enough memory for the script itself: its Lua state holds %s of at most %s and asked "
		"for a block of %s; %s",
		held, most, asked, lua->config.memory_advice);
}

int ol_lua_describe_no_memory(const struct ol_lua *lua, struct ol_error *error) {
	char sentence[OL_ERROR_MESSAGE_BYTES];
	ol_lua_tell_no_memory(lua, sentence, sizeof sentence);
	return ol_error_set(error, -EBADMSG, "%s: %s", lua->script_path, sentence);
}

static bool is_path(const char *path, const char *text, size_t length) {
	return path != NULL && strlen(path) == length && memcmp(text, path, length) == 0;
}

/* Where "FILE:LINE:" ends in text, if it begins with one; 0 if not. ret_file_length: of FILE. */
static size_t find_position(const struct ol_lua *lua, const char *text, size_t *ret_file_length) {
	for (const char *colon = strchr(text, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
		size_t digits = strspn(colon + 1, "0123456789");
		if (digits == 0 || colon[1 + digits] != ':')
			continue;
		size_t length = (size_t)(colon - text);
		bool is_lua_file = length > 4 && memcmp(colon - 4, ".lua", 4) == 0;
		if (is_lua_file || is_path(lua->script_path, text, length) ||
			is_path(lua->policy_path, text, length) || strncmp(text, "...", 3) == 0) {
			*ret_file_length = length;
			return (size_t)(colon + 1 + digits + 1 - text);
		}
		return 0;
	}
	return 0;
}

/* The innermost Lua function's "FILE:LINE", or the script's FILE alone. */
static void find_place(struct ol_lua *lua, lua_State *thread, char *place, size_t place_bytes) {
	lua_Debug debug;
	for (int level = 0; lua_getstack(thread, level, &debug); level++) {
		lua_getinfo(thread, "Sl", &debug);
		if (debug.currentline <= 0)
			continue;
		/* Not the library's lines: the script's, if it is anywhere below. A policy is a script. */
		if (strncmp(debug.source, "@lua/lab/", 9) == 0 &&
			strncmp(debug.source, "@lua/lab/policy/", 16) != 0)
			continue;
		snprintf(place, place_bytes, "%s:%d", debug.source + 1, debug.currentline);
		return;
	}
	snprintf(place, place_bytes, "%s", lua->script_path);
}

static int describe_on_top(lua_State *L) {
	bool has_own_words = luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL; /* object[, method] */
	ol_lua_tell(L, 1);                                                      /* ..., text */
	if (!has_own_words)
		lua_pushfstring(L, "error object: %s", lua_tostring(L, -1)); /* ..., text, sentence */
	return 1;
}

/* Takes the error object off thread's stack and tells it as text; its __tostring may itself fail.
 */
static void describe_object(lua_State *L, lua_State *thread, char *text, size_t text_bytes) {
	int type = lua_type(thread, -1);
	if (type == LUA_TSTRING) {
		snprintf(text, text_bytes, "%s", lua_tostring(thread, -1));
		return;
	}
	if (type == LUA_TNIL) {
		snprintf(text, text_bytes, "error(nil): an error without a message");
		return;
	}
	snprintf(text, text_bytes, "error object: a %s that cannot be shown", lua_typename(L, type));
	if (!lua_checkstack(L, 3))
		return;
	lua_pushcfunction(L, describe_on_top); /* describe_on_top */
	lua_xmove(thread, L, 1);               /* describe_on_top, object */
	if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
		snprintf(text, text_bytes, "%s", lua_tostring(L, -1));
	lua_pop(L, 1);
}

struct writer {
	char *next;
	size_t room_bytes;
};

static void append(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void append(struct writer *writer, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(writer->next, writer->room_bytes, format, arguments);
	va_end(arguments);
	size_t written = length < 0 ? 0 : (size_t)length;
	if (written >= writer->room_bytes)
		written = writer->room_bytes - 1;
	writer->next += written;
	writer->room_bytes -= written;
}

static void append_level(struct writer *writer, lua_State *thread, lua_Debug *debug) {
	lua_getinfo(thread, "Slnt", debug);
	bool is_c = strcmp(debug->what, "C") == 0;
	if (is_c && debug->name == NULL)
		return; /* The door itself. */
	append(writer, "\n\t");
	if (is_c)
		append(writer, "[C]: in ");
	else if (debug->currentline > 0)
		append(writer, "%s:%d: in ", debug->source + 1, debug->currentline);
	else
		append(writer, "%s: in ", debug->source + 1);
	if (debug->name != NULL)
		append(writer, "%s '%s'", debug->namewhat, debug->name);
	else if (strcmp(debug->what, "main") == 0)
		append(writer, "main chunk");
	else
		append(writer, "function <%s:%d>", debug->source + 1, debug->linedefined);
	if (debug->istailcall)
		append(writer, "\n\t(...tail calls...)");
}

/* The number of levels, by halving: lua_getstack walks from the top each time. */
static int count_levels(lua_State *thread) {
	lua_Debug debug;
	int low = 0, high = 1;
	while (lua_getstack(thread, high, &debug)) {
		low = high;
		high *= 2;
	}
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (lua_getstack(thread, middle, &debug))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void write_traceback(lua_State *thread, char *buffer, size_t buffer_bytes) {
	struct writer writer = { buffer, buffer_bytes };
	int levels = count_levels(thread);
	int skip_begin = levels, skip_end = levels;
	if (levels > OL_LUA_TRACEBACK_HEAD_LEVELS + OL_LUA_TRACEBACK_TAIL_LEVELS + 1) {
		skip_begin = OL_LUA_TRACEBACK_HEAD_LEVELS;
		skip_end = levels - OL_LUA_TRACEBACK_TAIL_LEVELS;
	}
	buffer[0] = '\0';
	append(&writer, "stack traceback:");
	char *after_title = writer.next;
	for (int level = 0; level < levels; level++) {
		lua_Debug debug;
		if (level == skip_begin && skip_begin < skip_end) {
			append(&writer, "\n\t...\t(skipping %d levels)", skip_end - skip_begin);
			level = skip_end;
		}
		if (lua_getstack(thread, level, &debug))
			append_level(&writer, thread, &debug);
	}
	if (writer.next == after_title)
		buffer[0] = '\0';
}

static bool ends_with(const char *path, const char *end, size_t end_length) {
	if (path == NULL)
		return false;
	size_t length = strlen(path);
	return end_length <= length && memcmp(path + length - end_length, end, end_length) == 0;
}

/* Lua shortens a long file name to "...its end"; finds the whole again. */
static const char *find_whole_file(
	const struct ol_lua *lua, lua_State *thread, const char *text, size_t file_length) {
	if (strncmp(text, "...", 3) != 0)
		return NULL;
	size_t end_length = file_length - 3;
	if (ends_with(lua->script_path, text + 3, end_length))
		return lua->script_path;
	if (ends_with(lua->policy_path, text + 3, end_length))
		return lua->policy_path;
	lua_Debug debug;
	for (int level = 0; lua_getstack(thread, level, &debug); level++) {
		lua_getinfo(thread, "S", &debug);
		if (strlen(debug.short_src) == file_length && debug.source[0] == '@' &&
			memcmp(debug.short_src, text, file_length) == 0)
			return debug.source + 1;
	}
	return NULL;
}

int ol_lua_describe_failure(
	struct ol_lua *lua, lua_State *L, lua_State *thread, int status, struct ol_error *error) {
	char text[OL_ERROR_MESSAGE_BYTES];
	int code = -EBADMSG;
	if (lua->is_aborted) {
		code = lua->abort_error.code;
		snprintf(text, sizeof text, "%s", lua->abort_error.message);
	} else if (status == LUA_ERRMEM) {
		char sentence[OL_ERROR_MESSAGE_BYTES];
		ol_lua_tell_no_memory(lua, sentence, sizeof sentence);
		int levels = count_levels(thread);
		if (levels < OL_LUA_DEEP_LEVELS)
			snprintf(text, sizeof text, "%s", sentence);
		else
			snprintf(text, sizeof text, "%.600s (%d calls deep: is there an endless recursion?)",
				sentence, levels);
	} else {
		describe_object(L, thread, text, sizeof text);
	}
	write_traceback(thread, lua->traceback, sizeof lua->traceback);
	if (code != -EBADMSG)
		return ol_error_set(error, code, "%s", text);

	size_t file_length = 0;
	size_t position_length = find_position(lua, text, &file_length);
	if (position_length == 0) {
		char place[OL_PATH_BYTES + 16];
		find_place(lua, thread, place, sizeof place);
		return ol_error_set(error, code, "%s: %s", place, text);
	}
	const char *file = find_whole_file(lua, thread, text, file_length);
	if (file != NULL)
		return ol_error_set(error, code, "%s%s", file, text + file_length);
	return ol_error_set(error, code, "%s", text);
}
