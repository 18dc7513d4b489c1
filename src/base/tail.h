/* tail.h -- A stream that keeps the last so many bytes written to it, in memory. */
#ifndef OL_BASE_TAIL_H
#define OL_BASE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

struct ol_tail; /* Opaque. */

enum { OL_TAIL_BYTES = 8 << 20 };

/* The stream is the caller's to close, before the tail is taken or destroyed. */
int ol_tail_create(struct ol_tail **ret_tail, FILE **ret_stream, struct ol_error *error);
void ol_tail_destroy(struct ol_tail *tail); /* NULL is fine. */

/* Whether more was written than is kept. */
bool ol_tail_is_cut(const struct ol_tail *tail);
/* The head, then what is kept, from the beginning of a line on. For free(); NULL: no memory. */
char *ol_tail_take(const struct ol_tail *tail, const char *head, size_t head_length,
	size_t *ret_length, struct ol_error *error);

#endif
