/* script_find.c -- Scripts and the library by name: the user's, the build tree's, the embedded. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "script/embedded.h"
#include "script/finder.h"
#include "script/name_list.h"
#include "script/script_internal.h"

enum { PLACES_MAX = 16 };

/* A directory with lua/ and scripts/ in it. */
struct place {
	char path[OL_PATH_BYTES];
	bool is_build_tree;
};

struct places {
	size_t count;
	struct place list[PLACES_MAX];
};

/* The source tree, if the executable lies in its build directory. */
static bool find_build_tree(char ret_tree[OL_PATH_BYTES]) {
	char path[OL_PATH_BYTES], library[OL_PATH_BYTES + 32];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	char *slash = strrchr(path, '/'); /* .../build/oomlab, or .../build/src/oomlab */
	for (int level = 0; level < 2 && slash != NULL && slash != path; level++) {
		*slash = '\0';
		slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			return false;
		if (strncmp(slash + 1, "build", 5) != 0)
			continue;
		*slash = '\0';
		snprintf(library, sizeof library, "%s/lua/lab/init.lua", path);
		strcpy(ret_tree, path);
		return access(library, R_OK) == 0;
	}
	return false;
}

static void find_places(struct places *places) {
	const char *next = getenv("OOMLAB_PATH");
	places->count = 0;
	while (next != NULL && *next != '\0' && places->count < PLACES_MAX - 1) {
		size_t length = strcspn(next, ":");
		struct place *place = &places->list[places->count];
		if (length > 0 && length < sizeof place->path) {
			memcpy(place->path, next, length);
			place->path[length] = '\0';
			place->is_build_tree = false;
			places->count++;
		}
		next += length + (next[length] == ':');
	}
	struct place *place = &places->list[places->count];
	if (find_build_tree(place->path)) {
		place->is_build_tree = true;
		places->count++;
	}
}

/* Whether the tree's library is what the binary carries anyway: then nobody needs to read it again
 * inside the cage. */
static bool is_library_embedded(const char *tree) {
	for (size_t i = 0; i < ol_embedded_files_count; i++) {
		const struct ol_embedded_file *file = &ol_embedded_files[i];
		char path[2 * OL_PATH_BYTES];
		OL_AUTO_FREE char *text = NULL;
		size_t bytes;
		if (strncmp(file->name, "lua/", 4) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", tree, file->name);
		if (ol_script_read_file(path, &text, &bytes, NULL) < 0 || bytes != file->text_bytes ||
			memcmp(text, file->text, bytes) != 0)
			return false;
	}
	return true;
}

static int find_library(
	const struct places *places, char library[OL_PATH_BYTES], struct ol_error *error) {
	library[0] = '\0';
	for (size_t i = 0; i < places->count; i++) {
		char path[OL_PATH_BYTES + 16], real_path[PATH_MAX];
		snprintf(path, sizeof path, "%s/lua/lab", places->list[i].path);
		if (access(path, F_OK) != 0)
			continue;
		if (places->list[i].is_build_tree && is_library_embedded(places->list[i].path))
			continue;
		snprintf(path, sizeof path, "%s/lua", places->list[i].path);
		if (realpath(path, real_path) == NULL)
			continue;
		if (strlen(real_path) >= OL_PATH_BYTES)
			return ol_error_set(error, -ENAMETOOLONG, "%s: the path is too long", path);
		strcpy(library, real_path);
		return 0;
	}
	return 0;
}

int ol_script_find_library(char library[OL_PATH_BYTES], struct ol_error *error) {
	struct places places;
	find_places(&places);
	return find_library(&places, library, error);
}

static int find_directory(const char *path, char directory[OL_PATH_BYTES], struct ol_error *error) {
	char real_path[PATH_MAX];
	if (realpath(path, real_path) == NULL)
		return ol_error_set_errno(error, -errno, "%s", path);
	char *slash = strrchr(real_path, '/');
	slash[slash == real_path] = '\0';
	if (strlen(real_path) >= OL_PATH_BYTES)
		return ol_error_set(error, -ENAMETOOLONG, "%s: the path is too long", real_path);
	strcpy(directory, real_path);
	return 0;
}

static void list_scripts(struct ol_name_list *list) {
	struct places places;
	find_places(&places);
	for (size_t i = 0; i < places.count; i++) {
		char path[OL_PATH_BYTES + 16];
		snprintf(path, sizeof path, "%s/scripts", places.list[i].path);
		ol_name_list_add_directory(list, path);
	}
	ol_name_list_add_embedded(list, "scripts/");
}

static int no_such_script(const char *name, struct ol_error *error) {
	struct ol_name_list list = { 0 };
	list_scripts(&list);
	return ol_name_list_refuse(&list, "script", name, "oomlab list", error);
}

static int read_path(const char *path, struct ol_script_source *source, struct ol_error *error) {
	if (strlen(path) >= sizeof source->path)
		return ol_error_set(error, -ENAMETOOLONG, "%.64s...: the path is too long", path);
	if (*path == '\0' || (access(path, F_OK) != 0 && errno == ENOENT))
		return no_such_script(path, error);
	int result = ol_script_read_file(path, &source->text, &source->text_bytes, error);
	if (result < 0)
		return result;
	strcpy(source->path, path);
	ol_name_of_path(path, source->name);
	return find_directory(path, source->directory, error);
}

static int read_name(const struct places *places, const char *name, struct ol_script_source *source,
	struct ol_error *error) {
	char path[2 * OL_PATH_BYTES];
	for (size_t i = 0; i < places->count; i++) {
		snprintf(path, sizeof path, "%s/scripts/%.255s.lua", places->list[i].path, name);
		if (access(path, F_OK) != 0)
			continue;
		int result = read_path(path, source, error);
		if (result == 0 && places->list[i].is_build_tree)
			snprintf(source->path, sizeof source->path, "scripts/%.255s.lua", name);
		return result;
	}
	snprintf(path, sizeof path, "scripts/%.255s.lua", name);
	const struct ol_embedded_file *file = ol_embedded_file_find(path);
	if (file == NULL)
		return no_such_script(name, error);
	source->text = malloc(file->text_bytes + 1);
	if (source->text == NULL)
		return ol_error_set(error, -ENOMEM, "%s: no memory to read it", path);
	memcpy(source->text, file->text, file->text_bytes + 1);
	source->text_bytes = file->text_bytes;
	snprintf(source->path, sizeof source->path, "%.*s", OL_PATH_BYTES - 1, path);
	ol_name_of_path(path, source->name);
	return 0;
}

int ol_script_find(
	const char *name_or_path, struct ol_script_source *ret_source, struct ol_error *error) {
	struct places places;
	size_t length = strlen(name_or_path);
	bool is_path = strchr(name_or_path, '/') != NULL ||
				   (length >= 4 && strcmp(name_or_path + length - 4, ".lua") == 0);
	find_places(&places);
	*ret_source = (struct ol_script_source){ 0 };
	int result = is_path ? read_path(name_or_path, ret_source, error)
						 : read_name(&places, name_or_path, ret_source, error);
	if (result == 0)
		result = find_library(&places, ret_source->library, error);
	if (result < 0) {
		free(ret_source->text);
		ret_source->text = NULL;
	}
	return result;
}

int ol_script_list(
	void (*visit)(void *context, const char *name), void *context, struct ol_error *error) {
	struct ol_name_list list = { 0 };
	list_scripts(&list);
	int result = ol_name_list_visit(&list, visit, context, error);
	ol_name_list_finish(&list);
	return result;
}
