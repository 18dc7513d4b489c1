/* say.c -- How the program speaks of trouble: one line on stderr that begins with its name. */
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

enum { LINE_BYTES = OL_MESSAGE_BYTES + 512 };

/* What people and scripts wrote is quoted in messages: no control character of it gets out. */
static void make_safe(char *text, const char *allowed) {
	for (char *c = text; *c != '\0'; c++) {
		bool is_control = (unsigned char)*c < 0x20 || *c == 0x7f;
		if (is_control && strchr(allowed, *c) == NULL)
			*c = '?';
	}
}

static void say(const char *format, va_list arguments) {
	char line[LINE_BYTES];
	vsnprintf(line, sizeof line, format, arguments);
	make_safe(line, "");
	fprintf(stderr, "oomlab: %s\n", line);
}

void ol_say(const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

int ol_say_usage(const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return OL_EXIT_USAGE;
}

void ol_say_script_error(const char *message, const char *traceback) {
	ol_say("%s", message);
	if (*traceback == '\0')
		return;
	char text[OL_MESSAGE_BYTES];
	snprintf(text, sizeof text, "%s", traceback);
	make_safe(text, "\n\t");
	fprintf(stderr, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
}

static void write_text(const char *text) {
	/* Nobody is left who could be told that this failed. */
	ssize_t written = write(STDERR_FILENO, text, strlen(text));
	(void)written;
}

void ol_say_stuck(const char *line) {
	write_text("oomlab: ");
	write_text(line);
	write_text("\n");
	_exit(OL_EXIT_SCRIPT);
}

void ol_keep_standard_fds(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* open() takes the lowest that is free: this one. */
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDONLY);
	}
}

int ol_finish_stdout(int exit_status) {
	errno = 0;
	bool is_lost = ferror(stdout) != 0;
	is_lost |= fflush(stdout) != 0;
	if (!is_lost)
		return exit_status;
	if (errno != 0)
		ol_say("cannot write to standard output: %s", strerror(errno));
	else
		ol_say("cannot write to standard output: a full disk, or a closed pipe");
	return OL_EXIT_LAB;
}
