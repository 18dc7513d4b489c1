/* nearest.h -- The nearest name to a misspelt one: for "did you mean". */
#ifndef OL_BASE_NEAREST_H
#define OL_BASE_NEAREST_H

#include <stddef.h>

/* The nearest of count names, or NULL if none is near. */
const char *ol_nearest_name(const char *misspelt, const char *const *names, size_t count);

#endif
