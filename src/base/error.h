/* error.h -- One error, with a fixed message buffer inside.
 *
 * An expected failure returns a negative errno value and fills a struct ol_error, the last
 * parameter. Filling it allocates nothing: out of memory is our normal weather. Libraries never
 * print; only cli/ and http/ speak to people. */
#ifndef OL_BASE_ERROR_H
#define OL_BASE_ERROR_H

enum { OL_ERROR_MESSAGE_BYTES = 768 };

struct ol_error {
	int code;                             /* Negative errno value, as the function returned it. */
	char message[OL_ERROR_MESSAGE_BYTES]; /* What was wrong, where, and what to do about it. */
};

/* Fills *error (NULL is fine) with a message cut to what fits, and returns code. code must be
 * negative. */
int ol_error_set(struct ol_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, ending in ": " and the text of -code, for failed system calls. */
int ol_error_set_errno(struct ol_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
