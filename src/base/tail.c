/* tail.c -- A ring of bytes behind a stream. */
#include "base/tail.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ol_tail {
	uint64_t written; /* In all; the next byte goes to this modulo the ring's size. */
	char bytes[OL_TAIL_BYTES];
};

static ssize_t write_tail(void *cookie, const char *bytes, size_t length) {
	struct ol_tail *tail = cookie;
	for (size_t done = 0; done < length;) {
		size_t at = tail->written % sizeof tail->bytes;
		size_t room = sizeof tail->bytes - at;
		size_t piece = length - done < room ? length - done : room;
		memcpy(tail->bytes + at, bytes + done, piece);
		tail->written += piece;
		done += piece;
	}
	return (ssize_t)length;
}

int ol_tail_create(struct ol_tail **ret_tail, FILE **ret_stream, struct ol_error *error) {
	struct ol_tail *tail = malloc(sizeof *tail);
	FILE *stream = tail != NULL
					   ? fopencookie(tail, "w", (cookie_io_functions_t){ .write = write_tail })
					   : NULL;
	if (stream == NULL) {
		free(tail);
		return ol_error_set(error, -ENOMEM, "no memory for what happens in a run");
	}
	tail->written = 0; /* The ring is not touched before there is something in it. */
	*ret_tail = tail;
	*ret_stream = stream;
	return 0;
}

void ol_tail_destroy(struct ol_tail *tail) {
	free(tail);
}

bool ol_tail_is_cut(const struct ol_tail *tail) {
	return tail->written > sizeof tail->bytes;
}

char *ol_tail_take(const struct ol_tail *tail, const char *head, size_t head_length,
	size_t *ret_length, struct ol_error *error) {
	size_t kept = ol_tail_is_cut(tail) ? sizeof tail->bytes : (size_t)tail->written;
	size_t oldest = ol_tail_is_cut(tail) ? (size_t)(tail->written % sizeof tail->bytes) : 0;
	char *text = malloc(head_length + kept + 1);
	if (text == NULL) {
		ol_error_set(error, -ENOMEM, "no memory for what happened in a run");
		return NULL;
	}
	char *begin = text + head_length;
	memcpy(begin, tail->bytes + oldest, kept - oldest);
	memcpy(begin + kept - oldest, tail->bytes, oldest);
	if (ol_tail_is_cut(tail)) {
		const char *line_end = memchr(begin, '\n', kept);
		size_t broken = line_end != NULL ? (size_t)(line_end - begin) + 1 : kept;
		kept -= broken;
		memmove(begin, begin + broken, kept);
	}
	if (head_length > 0)
		memcpy(text, head, head_length);
	*ret_length = head_length + kept;
	return text;
}
