/* tap.c -- TAP 14: test points, and YAML blocks below those that failed. */
#include "cli/tap.h"

#include <inttypes.h>
#include <stdio.h>

/* Scripts and people choose names: a # would begin a directive, a control character a line. */
static void put_name(const char *name) {
	for (; *name != '\0'; name++) {
		if (*name == '#' || *name == '\\')
			putchar('\\');
		putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name);
	}
}

/* The value of a YAML field, in double quotes. */
static void put_quoted(const char *text) {
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '\t')
			fputs("\\t", stdout);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			putchar('?');
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void put_field(const char *field, const char *text) {
	if (text == NULL || *text == '\0')
		return;
	printf("  %s: ", field);
	put_quoted(text);
	putchar('\n');
}

static void put_point(struct ol_tap *tap, const char *result, const char *name, const char *part) {
	tap->count++;
	printf("%s %" PRIu64 " - ", result, tap->count);
	put_name(name);
	if (*part != '\0')
		fputs(": ", stdout);
	put_name(part);
}

void ol_tap_begin(struct ol_tap *tap) {
	*tap = (struct ol_tap){ 0 };
	puts("TAP version 14");
	fflush(stdout);
}

void ol_tap_end(const struct ol_tap *tap) {
	printf("1..%" PRIu64 "\n", tap->count);
}

void ol_tap_bail_out(const char *reason) {
	printf("Bail out! %s\n", reason);
}

void ol_tap_ok(struct ol_tap *tap, const char *name, const char *part) {
	put_point(tap, "ok", name, part);
	putchar('\n');
	fflush(stdout);
}

void ol_tap_skip(struct ol_tap *tap, const char *name, const char *part, const char *reason) {
	put_point(tap, "ok", name, part);
	printf(" # SKIP %s\n", reason);
	fflush(stdout);
}

void ol_tap_not_ok(
	struct ol_tap *tap, const char *name, const char *part, const struct ol_tap_reason *reason) {
	put_point(tap, "not ok", name, part);
	puts("\n  ---");
	put_field("message", reason->message);
	put_field("outcome", reason->outcome);
	put_field("expected", reason->expected);
	put_field("why", reason->why);
	put_field("traceback", reason->traceback);
	puts("  ...");
	fflush(stdout);
}

void ol_tap_comment(const char *line) {
	fputs("# ", stdout);
	/* The lab has made them harmless. */
	puts(line);
	fflush(stdout);
}
