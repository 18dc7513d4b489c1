/* internal.h -- Shared by the files of runtimes/: the command behind its wrappers, and what to say.
 */
#ifndef OL_RUNTIMES_INTERNAL_H
#define OL_RUNTIMES_INTERNAL_H

#include "runtimes/runtimes.h"

enum {
	OL_RUNTIMES_WORDS_MAX = 256, /* Later ones are hardly settings. */
	OL_RUNTIMES_LINE_BYTES = 4096,
	OL_RUNTIMES_ASSIGNMENTS_MAX = 32
};

/* A line's words, as a shell or a runtime splits it. */
struct ol_runtimes_line {
	char text[OL_RUNTIMES_LINE_BYTES];
	const char *words[OL_RUNTIMES_WORDS_MAX + 1]; /* NULL at the end. */
};
/* At white space, outside of quotes; a backslash protects the next byte outside of single quotes.
 * What is too long is left out. */
void ol_runtimes_split(const char *text, struct ol_runtimes_line *ret_line);

struct ol_runtimes_command {
	const char *program;          /* "node": without its directory; "" for none. */
	const char *const *arguments; /* Behind it, NULL at the end. */
	const char *const *environment;
	uint64_t limit_bytes;
	/* By env and the like: "NAME=VALUE", or "NAME" for one that is taken away; the last counts. */
	size_t assignment_count;
	const char *assignments[OL_RUNTIMES_ASSIGNMENTS_MAX];
	bool is_environment_new;      /* env -i. */
	struct ol_runtimes_line line; /* sh -c. */
};
/* The value that the program will see; NULL: not set. */
const char *ol_runtimes_variable(const struct ol_runtimes_command *command, const char *name);

/* What stands behind prefix, or NULL. '_' in text passes for '-'. */
const char *ol_runtimes_behind(const char *text, const char *prefix);

/* Whole decimal digits, then a rest that is returned; NULL where there is no digit or too many. */
const char *ol_runtimes_number(const char *text, uint64_t *ret_number);

struct ol_advice_list {
	struct ol_advice *advice; /* OL_ADVICE_MAX of them. */
	size_t count;
};
void ol_runtimes_say(struct ol_advice_list *list, bool is_warning, const char *setting,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One runtime each. */
void ol_runtimes_go(const struct ol_runtimes_command *command, struct ol_advice_list *list);
void ol_runtimes_node(const struct ol_runtimes_command *command, struct ol_advice_list *list);
void ol_runtimes_jvm(const struct ol_runtimes_command *command, struct ol_advice_list *list);

/* What a heap of heap_bytes leaves of the cage is less than its program needs beside it:
 * least_bytes, and a sixteenth of the limit where that is more. */
static inline bool ol_runtimes_is_tight(
	uint64_t heap_bytes, uint64_t least_bytes, uint64_t limit_bytes) {
	uint64_t beside_bytes = limit_bytes / 16 > least_bytes ? limit_bytes / 16 : least_bytes;
	return heap_bytes > limit_bytes || limit_bytes - heap_bytes < beside_bytes;
}

#endif
