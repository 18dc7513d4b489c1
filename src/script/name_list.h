/* name_list.h -- The names that a folder's Lua files and the embedded ones give: for lists, and for
 * "did you mean". */
#ifndef OL_SCRIPT_NAME_LIST_H
#define OL_SCRIPT_NAME_LIST_H

#include <stddef.h>

#include "base/error.h"
#include "record/record.h"

enum { OL_NAME_LIST_MAX = 512 };

struct ol_name_list {
	size_t count;
	char *names[OL_NAME_LIST_MAX];
};

/* "/a/b/spike.lua" -> "spike". */
void ol_name_of_path(const char *path, char name[OL_NAME_BYTES]);

/* Names beyond the maximum, or for which there is no memory, are left out. */
void ol_name_list_add(struct ol_name_list *list, const char *name);
void ol_name_list_add_directory(struct ol_name_list *list, const char *path);
/* folder: "scripts/". */
void ol_name_list_add_embedded(struct ol_name_list *list, const char *folder);
void ol_name_list_finish(struct ol_name_list *list);

/* Calls visit for each name once, in order. -E2BIG: there were too many. */
int ol_name_list_visit(struct ol_name_list *list, void (*visit)(void *context, const char *name),
	void *context, struct ol_error *error);

/* "there is no WHAT 'WRITTEN'", with the nearest name or where to find them all. Returns -ENOENT
 * and finishes the list. */
int ol_name_list_refuse(struct ol_name_list *list, const char *what, const char *written,
	const char *how_to_list, struct ol_error *error);

#endif
