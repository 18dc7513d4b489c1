/* name_list.c -- Names of Lua files, sorted and compared. */
#include "script/name_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/embedded.h"
#include "supervisor/plan.h"

void ol_name_of_path(const char *path, char name[OL_NAME_BYTES]) {
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	size_t length = strlen(base);
	if (length > 4 && strcmp(base + length - 4, ".lua") == 0)
		length -= 4;
	snprintf(name, OL_NAME_BYTES, "%.*s",
		(int)(length < OL_NAME_BYTES ? length : OL_NAME_BYTES - 1), base);
}

void ol_name_list_add(struct ol_name_list *list, const char *name) {
	if (list->count < OL_NAME_LIST_MAX && (list->names[list->count] = strdup(name)) != NULL)
		list->count++;
}

void ol_name_list_add_directory(struct ol_name_list *list, const char *path) {
	DIR *directory = opendir(path);
	if (directory == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		char name[OL_NAME_BYTES];
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || length <= 4 || length >= sizeof name ||
			strcmp(entry->d_name + length - 4, ".lua") != 0)
			continue;
		ol_name_of_path(entry->d_name, name);
		ol_name_list_add(list, name);
	}
	closedir(directory);
}

void ol_name_list_add_embedded(struct ol_name_list *list, const char *folder) {
	size_t length = strlen(folder);
	for (size_t i = 0; i < ol_embedded_files_count; i++) {
		char name[OL_NAME_BYTES];
		if (strncmp(ol_embedded_files[i].name, folder, length) != 0)
			continue;
		ol_name_of_path(ol_embedded_files[i].name, name);
		ol_name_list_add(list, name);
	}
}

void ol_name_list_finish(struct ol_name_list *list) {
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	list->count = 0;
}

static int compare_names(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ol_name_list_visit(struct ol_name_list *list, void (*visit)(void *context, const char *name),
	void *context, struct ol_error *error) {
	qsort(list->names, list->count, sizeof *list->names, compare_names);
	for (size_t i = 0; i < list->count; i++)
		if (i == 0 || strcmp(list->names[i], list->names[i - 1]) != 0)
			visit(context, list->names[i]);
	if (list->count < OL_NAME_LIST_MAX)
		return 0;
	return ol_error_set(error, -E2BIG, "more than %d names: the list is cut", OL_NAME_LIST_MAX - 1);
}

int ol_name_list_refuse(struct ol_name_list *list, const char *what, const char *written,
	const char *how_to_list, struct ol_error *error) {
	char stem[OL_NAME_BYTES];
	int result;
	ol_name_of_path(written, stem);
	const char *hint = ol_nearest_name(stem, (const char *const *)list->names, list->count);
	if (hint != NULL)
		result = ol_error_set(
			error, -ENOENT, "there is no %s '%.256s'; did you mean '%s'?", what, written, hint);
	else
		result = ol_error_set(error, -ENOENT, "there is no %s '%.256s'; '%s' shows those there are",
			what, written, how_to_list);
	ol_name_list_finish(list);
	return result;
}
