/* finder.c -- Modules by name. The same for both sides: the subject finds what the lab found. */
#include "script/finder.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lauxlib.h>

#include "base/cleanup.h"
#include "script/embedded.h"
#include "script/state.h"

static const char loaded_key = 0; /* Its address: the table of modules, in the registry. */
static const char loading_key = 0;

const struct ol_embedded_file *ol_embedded_file_find(const char *name) {
	size_t low = 0, high = ol_embedded_files_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, ol_embedded_files[middle].name);
		if (order == 0)
			return &ol_embedded_files[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

int ol_script_read_file(
	const char *path, char **ret_text, size_t *ret_bytes, struct ol_error *error) {
	/* O_NONBLOCK: opening a FIFO must not wait. */
	OL_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0)
		return ol_error_set_errno(error, -errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return ol_error_set(error, -EINVAL, "%s: not a regular file", path);
	if (status.st_size > OL_LUA_TEXT_BYTES_MAX)
		return ol_error_set(error, -EFBIG, "%s: longer than the %d bytes a script may have", path,
			OL_LUA_TEXT_BYTES_MAX);
	OL_AUTO_FREE char *text = malloc((size_t)status.st_size + 1);
	if (text == NULL)
		return ol_error_set(error, -ENOMEM, "%s: no memory to read it", path);
	size_t bytes = 0;
	while (bytes < (size_t)status.st_size) {
		ssize_t count = read(fd, text + bytes, (size_t)status.st_size - bytes);
		if (count < 0)
			return ol_error_set_errno(error, -errno, "%s", path);
		if (count == 0)
			break;
		bytes += (size_t)count;
	}
	text[bytes] = '\0';
	*ret_text = text;
	*ret_bytes = bytes;
	text = NULL;
	return 0;
}

/* A trusted script may name any file, by a path with a slash in it. */
static bool is_file_name(const lua_State *L, const char *name) {
	return ol_lua_of((lua_State *)L)->config.is_trusted && strchr(name, '/') != NULL &&
		   strlen(name) < OL_NAME_BYTES;
}

/* Letters, digits, _ and -, in parts divided by single dots. */
static bool is_good_name(const char *name) {
	if (*name == '\0' || strlen(name) >= OL_NAME_BYTES)
		return false;
	bool is_part_begun = false;
	for (; *name != '\0'; name++) {
		if (*name == '.') {
			if (!is_part_begun)
				return false;
			is_part_begun = false;
		} else if (isalnum((unsigned char)*name) || *name == '_' || *name == '-') {
			is_part_begun = true;
		} else {
			return false;
		}
	}
	return is_part_begun;
}

/* "a.b" -> "a/b.lua"; lab itself is a folder: "lab/init.lua". */
static void module_file(const char *name, char file[OL_NAME_BYTES + 16]) {
	if (strcmp(name, "lab") == 0) {
		strcpy(file, "lab/init.lua");
		return;
	}
	snprintf(file, OL_NAME_BYTES + 16, "%s.lua", name);
	for (char *c = file; c < file + strlen(name); c++)
		if (*c == '.')
			*c = '/';
}

/* A symbolic link must not lead out of the script's directory. */
static bool is_inside(const char *directory, const char *path) {
	char real_directory[PATH_MAX], real_path[PATH_MAX];
	if (realpath(directory, real_directory) == NULL || realpath(path, real_path) == NULL)
		return false;
	size_t length = strlen(real_directory);
	return strncmp(real_path, real_directory, length) == 0 &&
		   (real_path[length] == '/' || length == 1);
}

/* Loads the file as a chunk on the stack. 1: done; 0: there is none; raises nothing, but leaves an
 * error on the stack with -1. */
static int load_file(lua_State *L, const char *directory, const char *file, bool is_confined) {
	char path[OL_PATH_BYTES + OL_NAME_BYTES + 16];
	struct ol_error error;
	char *text = NULL;
	size_t bytes = 0;
	snprintf(path, sizeof path, "%s/%s", directory, file);
	if (access(path, F_OK) != 0)
		return 0;
	if (is_confined && !is_inside(directory, path)) {
		lua_pushfstring(L, "%s leads out of the script's directory", path); /* message */
		return -1;
	}
	lua_pushfstring(L, "@%s", path); /* chunk name */
	if (ol_script_read_file(path, &text, &bytes, &error) < 0) {
		lua_pushstring(L, error.message); /* chunk name, message */
		return -1;
	}
	int status = luaL_loadbufferx(L, text, bytes, lua_tostring(L, -1), "t"); /* name, chunk */
	free(text);
	lua_remove(L, -2); /* chunk or message */
	return status == LUA_OK ? 1 : -1;
}

const struct ol_embedded_file *ol_embedded_file_match(
	const char *name, const char *text, size_t text_bytes) {
	const struct ol_embedded_file *file = ol_embedded_file_find(name);
	if (file == NULL || file->text_bytes != text_bytes || memcmp(file->text, text, text_bytes) != 0)
		return NULL;
	return file;
}

int ol_embedded_load(lua_State *L, const struct ol_embedded_file *file, const char *name) {
	/* Only what we carry ourselves is ever loaded in compiled form. */
	int status = luaL_loadbufferx(L, file->code, file->code_bytes, name, "b"); /* chunk */
	if (status != LUA_ERRSYNTAX)
		return status;
	lua_pop(L, 1);
	return luaL_loadbufferx(L, file->text, file->text_bytes, name, "t"); /* chunk */
}

static int load_embedded(lua_State *L, const char *file) {
	char name[OL_NAME_BYTES + 32];
	snprintf(name, sizeof name, "lua/%s", file);
	const struct ol_embedded_file *embedded = ol_embedded_file_find(name);
	if (embedded == NULL)
		return 0;
	lua_pushfstring(L, "@%s", embedded->name);                       /* chunk name */
	int status = ol_embedded_load(L, embedded, lua_tostring(L, -1)); /* name, chunk */
	lua_remove(L, -2);                                               /* chunk or message */
	return status == LUA_OK ? 1 : -1;
}

static int load_module(lua_State *L, const char *name) {
	const struct ol_lua *lua = ol_lua_of(L);
	char file[OL_NAME_BYTES + 16];
	module_file(name, file);
	if (strcmp(name, "lab") == 0 || strncmp(name, "lab.", 4) == 0) {
		int found = 0;
		if (lua->library_directory[0] != '\0')
			found = load_file(L, lua->library_directory, file, false);
		return found != 0 ? found : load_embedded(L, file);
	}
	if (is_file_name(L, name)) {
		snprintf(file, sizeof file, "%s.lua", name);
		return load_file(L, name[0] == '/' ? "" : lua->script_directory, file, false);
	}
	if (lua->script_directory[0] == '\0')
		return 0;
	return load_file(L, lua->script_directory, file, !lua->config.is_trusted);
}

static void push_table(lua_State *L, const char *key) {
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL) /* table or nil */
		return;
	lua_pop(L, 1);
	lua_newtable(L);      /* table */
	lua_pushvalue(L, -1); /* table, table */
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void ol_lua_set_module(lua_State *L, const char *name) {
	push_table(L, &loaded_key); /* module, loaded */
	lua_insert(L, -2);          /* loaded, module */
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

static int raise_not_found(lua_State *L, const char *name) {
	const struct ol_lua *lua = ol_lua_of(L);
	if (lua->script_directory[0] == '\0' || strncmp(name, "lab.", 4) == 0)
		return luaL_error(L, "module '%s' not found; there are lab and lab.*", name);
	char file[OL_NAME_BYTES + 16];
	module_file(name, file);
	return luaL_error(
		L, "module '%s' not found: there is no %s/%s", name, lua->script_directory, file);
}

/* Leaves the module on the stack. */
static void find_module(lua_State *L, const char *name) {
	push_table(L, &loaded_key);                  /* loaded */
	if (lua_getfield(L, -1, name) != LUA_TNIL) { /* loaded, module */
		if (lua_touserdata(L, -1) == &loading_key)
			luaL_error(L, "module '%s' requires itself, perhaps by way of others", name);
		lua_remove(L, -2); /* module */
		return;
	}
	lua_pop(L, 1);
	int found = load_module(L, name); /* loaded, chunk */
	if (found == 0)
		raise_not_found(L, name);
	if (found < 0)
		lua_error(L);
	lua_pushlightuserdata(L, (void *)&loading_key); /* loaded, chunk, loading */
	lua_setfield(L, -3, name);
	lua_pushstring(L, name); /* loaded, chunk, name */
	lua_call(L, 1, 1);       /* loaded, module */
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, true); /* loaded, true */
	}
	lua_pushvalue(L, -1); /* loaded, module, module */
	lua_setfield(L, -3, name);
	lua_remove(L, -2); /* module */
}

/***
 * Loads a module once: lab, or one beside the script.
 * @function require
 * @tparam string name  "lab", or "steps.warm_up" for steps/warm_up.lua beside the script
 * @return what the module returned; true if that was nothing
 */
int ol_lua_require(lua_State *L) {
	const char *name = luaL_checkstring(L, 1);
	if (!is_good_name(name) && !is_file_name(L, name))
		return luaL_error(L,
			"'%s' is no name of a module: expected letters, digits, _ and -, in parts divided by "
			"dots",
			name);
	find_module(L, name); /* module */
	return 1;
}

void ol_lua_push_module(lua_State *L, const char *name) {
	find_module(L, name);
}
