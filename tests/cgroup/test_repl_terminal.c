/* test_repl_terminal.c -- oomlab repl at a terminal: completion, history, Ctrl-C and Ctrl-D.
 *
 * OOMLAB names the program. */
#include "terminal.h"

#include <sys/stat.h>

static char state[] = "/tmp/oomlab-test-XXXXXX";

/* And until keys are taken one by one: the prompt stands there a moment before. */
static void wait_for_prompt(void) {
	struct termios settings;
	uint64_t end_ms = now_ms() + PATIENCE_MS;
	wait_for("oomlab> ");
	do
		assert_int_equal(tcgetattr(terminal.fd, &settings), 0);
	while ((settings.c_lflag & ICANON) != 0 && now_ms() < end_ms);
}

static int start_prompt(void) {
	struct winsize size = { .ws_row = 50, .ws_col = 100 };
	memset(&terminal, 0, sizeof terminal);
	terminal.shell = forkpty(&terminal.fd, NULL, NULL, &size);
	if (terminal.shell == 0) {
		signal(SIGHUP, SIG_DFL);
		setenv("TERM", "xterm", 1);
		setenv("NO_COLOR", "1", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		setenv("XDG_STATE_HOME", state, 1);
		/* libedit keeps the names of added functions for ever; ours are seen without a terminal. */
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		execl(oomlab, "oomlab", "repl", (char *)NULL);
		_exit(127);
	}
	if (terminal.shell < 0)
		return -1;
	wait_for_prompt();
	return 0;
}

static int open_prompt(void **context) {
	return start_prompt();
}

/* Leaves it at its prompt, as people do; nothing may be left behind. */
static void leave(void) {
	int status;
	char check[LINE_BYTES];
	type("\x04");
	while (read_some(5000))
		continue;
	pid_t ended = 0;
	for (uint64_t end_ms = now_ms() + PATIENCE_MS; ended == 0 && now_ms() < end_ms; usleep(1000))
		ended = waitpid(terminal.shell, &status, WNOHANG);
	assert_int_equal(ended, terminal.shell);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	snprintf(check, sizeof check, "find /sys/fs/cgroup -name 'oomlab-%d-*' | grep -q .",
		(int)terminal.shell);
	assert_int_not_equal(run_shell(check), 0);
	close(terminal.fd);
	terminal.fd = -1;
	terminal.shell = -1;
}

static int close_prompt(void **context) {
	if (terminal.shell < 0)
		return 0;
	return close_terminal(context);
}

static void tab_completes_methods_and_own_variables(void **context) {
	type("number_of_mine = 6 * 7\n");
	wait_for("cage ");
	wait_for_prompt();
	type("number_o\t\n");
	wait_for("\r\n42\r\n");
	wait_for_prompt();
	type("heap:el\t() > 0\n");
	wait_for("\r\ntrue\r\n");
	wait_for_prompt();
	type("heap:\t");
	wait_for("free_os_memory");
	wait_for("slab");
	wait_for("oomlab> heap:");
	type("\x03");
	wait_for_prompt();
	leave();
}

static void what_was_typed_comes_back_the_next_day(void **context) {
	struct stat status;
	char path[LINE_BYTES];
	type("for i = 1, 2 do\n");
	wait_for("-> ");
	type("print(\"turn\", i) end\n");
	wait_for("turn 2");
	wait_for_prompt();
	leave();
	snprintf(path, sizeof path, "%s/oomlab/history", state);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(start_prompt(), 0);
	type("\x1b[A\n");
	wait_for("turn 2");
	wait_for_prompt();
	leave();
}

static void ctrl_c_breaks_off_a_line_and_the_heap_stays(void **context) {
	type("kept = 5\n");
	wait_for("cage ");
	wait_for_prompt();
	type("while true do end\n");
	usleep(300000);
	type("\x03");
	wait_for("error: interrupted");
	wait_for_prompt();
	type("heap:wait(600)\n");
	usleep(300000);
	type("\x03");
	wait_for("error: interrupted");
	wait_for_prompt();
	type("kept * 5\n");
	wait_for("\r\n25\r\n");
	wait_for_prompt();
	leave();
}

static void a_second_ctrl_c_ends_the_heap_and_the_prompt_goes_on(void **context) {
	type("while true do pcall(function () while true do end end) end\n");
	usleep(300000);
	type("\x03");
	wait_for("again ends the heap");
	type("\x03");
	wait_for("A fresh heap");
	wait_for_prompt();
	type("6 * 7\n");
	wait_for("\r\n42\r\n");
	wait_for_prompt();
	leave();
}

static int make_state(void **context) {
	return mkdtemp(state) != NULL ? 0 : -1;
}

static int remove_state(void **context) {
	char command[LINE_BYTES];
	snprintf(command, sizeof command, "rm -rf '%s'", state);
	return run_shell(command);
}

int main(void) {
	oomlab = getenv("OOMLAB");
	char check[LINE_BYTES];
	snprintf(check, sizeof check, "'%s' doctor >/dev/null 2>&1", oomlab != NULL ? oomlab : "");
	if (run_shell(check) != 0) {
		puts("1..0 # SKIP no cage here");
		return 0;
	}
#define AT_PROMPT(test) cmocka_unit_test_setup_teardown(test, open_prompt, close_prompt)
	const struct CMUnitTest tests[] = {
		AT_PROMPT(tab_completes_methods_and_own_variables),
		AT_PROMPT(what_was_typed_comes_back_the_next_day),
		AT_PROMPT(ctrl_c_breaks_off_a_line_and_the_heap_stays),
		AT_PROMPT(a_second_ctrl_c_ends_the_heap_and_the_prompt_goes_on),
	};
	return cmocka_run_group_tests(tests, make_state, remove_state);
}
