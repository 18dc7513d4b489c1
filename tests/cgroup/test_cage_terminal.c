/* test_cage_terminal.c -- oomlab cage at a terminal: keys, job control, and a terminal that is as
 * before when a caged shell was killed.
 *
 * OOMLAB names the program. Each test has a terminal of its own, with a shell in it as people use
 * one; what the test types and reads is what a person would. */
#include "terminal.h"

static int open_terminal(void **state) {
	memset(&terminal, 0, sizeof terminal);
	struct winsize size = { .ws_row = 50, .ws_col = 100 };
	terminal.shell = forkpty(&terminal.fd, NULL, NULL, &size);
	if (terminal.shell == 0) {
		signal(SIGHUP, SIG_DFL); /* Whoever runs the tests by nohup has it ignored. */
		setenv("PS1", "outer> ", 1);
		setenv("TERM", "dumb", 1);
		setenv("OOMLAB", oomlab, 1);
		execlp("bash", "bash", "--norc", "--noprofile", "--noediting", "-i", (char *)NULL);
		_exit(127);
	}
	if (terminal.shell < 0)
		return -1;
	wait_for("outer> ");
	return 0;
}

static void the_interrupt_key_reaches_the_command(void **state) {
	type("$OOMLAB cage -- sleep 60\n");
	wait_for("cage ");
	wait_for("every");
	usleep(300000);
	type("\x03");
	wait_for("KILLED");
	wait_for("SIGINT");
	wait_for("outer> ");
	type("echo status=$?\n");
	wait_for("status=130");
}

static void a_caged_shell_has_the_terminal(void **state) {
	type("PS1='inner> ' $OOMLAB cage -- bash --norc --noprofile --noediting -i\n");
	wait_for("inner> ");
	type("echo $((20 + 22)); cat /proc/self/cgroup | grep -c oomlab-\n");
	wait_for("42");
	wait_for("1");
	wait_for("inner> ");
	/* Its own job control works. */
	type("sleep 60\n");
	usleep(300000);
	type("\x1a");
	wait_for("Stopped");
	wait_for("inner> ");
	type("kill -KILL %%1; sleep 0.1; echo go''ne\n");
	wait_for("gone");
	wait_for("inner> ");
	/* It stops, and is waited for by the shell outside, which goes on. */
	type("suspend\n");
	wait_for("Stopped");
	wait_for("outer> ");
	type("fg\n");
	type("exit 5\n");
	wait_for("SURVIVED");
	wait_for("outer> ");
	type("echo status=$?\n");
	wait_for("status=5");
}

static void the_stop_key_stops_both_and_fg_goes_on(void **state) {
	type("$OOMLAB cage -- sh -c 'echo begun; sleep 2; echo done-with-it'\n");
	wait_for("begun\r\n");
	type("\x1a");
	wait_for("Stopped");
	wait_for("outer> ");
	type("echo between\n");
	wait_for("between\r\n");
	type("fg\n");
	wait_for("done-with-it\r\n");
	wait_for("SURVIVED");
	wait_for("outer> ");
}

static void it_runs_in_the_background_too(void **state) {
	type("$OOMLAB cage -- sh -c 'sleep 0.3; echo from-behind' & wait; echo waited\n");
	wait_for("from-behind\r\n");
	wait_for("SURVIVED");
	wait_for("waited\r\n");
}

/* It has switched echo off and put a group of its own in front. */
static void a_killed_shell_leaves_the_terminal_as_it_was(void **state) {
	struct termios before, after;
	assert_int_equal(tcgetattr(terminal.fd, &before), 0);
	pid_t group = tcgetpgrp(terminal.fd);
	type("PS1='inner> ' $OOMLAB cage --limit=24M -- bash --norc --noprofile --noediting -i\n");
	wait_for("inner> ");
	type("stty -echo -icanon; echo ra''w\n");
	wait_for("raw");
	assert_int_equal(tcgetattr(terminal.fd, &after), 0);
	assert_int_not_equal(before.c_lflag, after.c_lflag);
	type("x=$(printf %%020000000d 0); x=$x$x$x\n");
	wait_for("OOM-KILLED");
	wait_for("outer> ");
	assert_int_equal(tcgetattr(terminal.fd, &after), 0);
	assert_int_equal(before.c_lflag, after.c_lflag);
	assert_int_equal(tcgetpgrp(terminal.fd), group);
	type("echo still''-here\n");
	wait_for("still-here");
}

static void a_terminal_that_is_closed_leaves_nothing(void **state) {
	char group[64] = "", check[LINE_BYTES];
	type("$OOMLAB cage -- sh -c 'grep -o -m1 \"oomlab-[0-9a-f-]*\" /proc/self/cgroup; "
		 "echo be''gun; sleep 86399'\n");
	wait_for("begun\r\n");
	/* Not the one in the command line that was typed; a shell's own codes may stand before it. */
	const char *name = terminal.screen;
	do
		name = strstr(name + 1, "oomlab-");
	while (name != NULL && name[strlen("oomlab-")] == '[');
	assert_non_null(name);
	assert_int_equal(sscanf(name, "%63[-0-9a-z]", group), 1);
	snprintf(check, sizeof check,
		"pgrep -f '[s]leep 86399' >/dev/null || find /sys/fs/cgroup -name '%s' | grep -q .", group);
	assert_int_equal(run_shell(check), 0);
	close(terminal.fd);
	terminal.fd = -1;
	uint64_t end_ms = now_ms() + PATIENCE_MS;
	int status = 0;
	do {
		usleep(50000);
		status = run_shell(check);
	} while (status == 0 && now_ms() < end_ms);
	assert_int_not_equal(status, 0);
}

int main(void) {
	oomlab = getenv("OOMLAB");
	char check[LINE_BYTES];
	snprintf(check, sizeof check, "'%s' doctor >/dev/null 2>&1 && command -v bash >/dev/null",
		oomlab != NULL ? oomlab : "");
	if (run_shell(check) != 0) {
		puts("1..0 # SKIP no cage here, or no bash");
		return 0;
	}
#define AT_TERMINAL(test) cmocka_unit_test_setup_teardown(test, open_terminal, close_terminal)
	const struct CMUnitTest tests[] = {
		AT_TERMINAL(the_interrupt_key_reaches_the_command),
		AT_TERMINAL(a_caged_shell_has_the_terminal),
		AT_TERMINAL(the_stop_key_stops_both_and_fg_goes_on),
		AT_TERMINAL(it_runs_in_the_background_too),
		AT_TERMINAL(a_killed_shell_leaves_the_terminal_as_it_was),
		AT_TERMINAL(a_terminal_that_is_closed_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
