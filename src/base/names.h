/* names.h -- Stable names of enum values: which one is it? */
#ifndef OL_BASE_NAMES_H
#define OL_BASE_NAMES_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The index of name among count names, or -EINVAL. */
static inline int ol_name_index(const char *const *names, size_t count, const char *name) {
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	}
	return -EINVAL;
}

#endif
