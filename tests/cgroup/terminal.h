/* terminal.h -- A terminal of a test's own, and what a person would type into it and read from it.
 */
#ifndef OL_TEST_TERMINAL_H
#define OL_TEST_TERMINAL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SCREEN_BYTES = 1 << 20, LINE_BYTES = 2048, PATIENCE_MS = 20000 };

static struct terminal {
	int fd; /* The side of the person. */
	pid_t shell;
	char screen[SCREEN_BYTES];
	size_t length;
	size_t seen; /* Up to here it was waited for. */
} terminal;

static const char *oomlab;

static uint64_t now_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool read_some(int timeout_ms) {
	struct pollfd wait = { .fd = terminal.fd, .events = POLLIN };
	if (poll(&wait, 1, timeout_ms) != 1)
		return false;
	size_t room = SCREEN_BYTES - 1 - terminal.length;
	ssize_t count = read(terminal.fd, terminal.screen + terminal.length, room);
	if (count <= 0)
		return false;
	terminal.length += (size_t)count;
	terminal.screen[terminal.length] = '\0';
	return true;
}

static int run_shell(const char *command) {
	return system(command); /* NOLINT(cert-env33-c): only texts of ours. */
}

/* Until the text shows, behind what was waited for before. */
static void wait_for(const char *text) {
	uint64_t end_ms = now_ms() + PATIENCE_MS;
	for (;;) {
		const char *found = strstr(terminal.screen + terminal.seen, text);
		if (found != NULL) {
			terminal.seen = (size_t)(found - terminal.screen) + strlen(text);
			return;
		}
		if (now_ms() > end_ms) {
			print_message(
				"waited for '%s'; the screen since:\n%s\n", text, terminal.screen + terminal.seen);
			fail();
		}
		(void)read_some(100);
	}
}

__attribute__((format(printf, 1, 2))) static void type(const char *format, ...) {
	char text[LINE_BYTES];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	assert_int_equal(write(terminal.fd, text, (size_t)length), length);
}

static int close_terminal(void **state) {
	if (terminal.fd >= 0)
		close(terminal.fd);
	kill(terminal.shell, SIGKILL);
	waitpid(terminal.shell, NULL, 0);
	return 0;
}

#endif
