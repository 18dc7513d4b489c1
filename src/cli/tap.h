/* tap.h -- Results of tests in the Test Anything Protocol, version 14, on stdout.
 *
 * Each result is flushed when it is told. */
#ifndef OL_CLI_TAP_H
#define OL_CLI_TAP_H

#include <stdbool.h>
#include <stdint.h>

struct ol_tap {
	uint64_t count; /* Results so far. */
};

void ol_tap_begin(struct ol_tap *tap);
/* The plan, which comes last: how many there are is known then. */
void ol_tap_end(const struct ol_tap *tap);
void ol_tap_bail_out(const char *reason);

/* part: what of the script is tested; "" for all of it. */
void ol_tap_ok(struct ol_tap *tap, const char *name, const char *part);
void ol_tap_skip(struct ol_tap *tap, const char *name, const char *part, const char *reason);

/* What is told below a test that failed; NULL or "": nothing. */
struct ol_tap_reason {
	const char *message;
	const char *outcome;
	const char *expected;
	const char *why;
	const char *traceback;
};
void ol_tap_not_ok(
	struct ol_tap *tap, const char *name, const char *part, const struct ol_tap_reason *reason);

/* A line of a script's own, as a comment. */
void ol_tap_comment(const char *line);

#endif
