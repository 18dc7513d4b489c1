/* stuck.c -- A timer of processor time that looks whether anybody has come by. */
#include "world/stuck.h"

#include <stdio.h>
#include <sys/time.h>

#include "record/record.h"
#include "script/state.h"
#include "supervisor/supervisor.h"

enum { PATIENCE_SECONDS = 60 };

volatile sig_atomic_t ol_stuck_progress;
static volatile sig_atomic_t seen_progress, quiet_seconds;
static char stuck_line[OL_TEXT_BYTES + OL_PATH_BYTES];

static void on_second(int signal_number) {
	(void)signal_number;
	if (ol_stuck_progress != seen_progress) {
		seen_progress = ol_stuck_progress;
		quiet_seconds = 0;
		return;
	}
	quiet_seconds = quiet_seconds + 1;
	if (ol_supervisor_is_interrupted()) {
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
	} else if (quiet_seconds >= PATIENCE_SECONDS && ol_lua_on_stuck != NULL) {
		ol_lua_on_stuck(stuck_line);
	}
}

static void set_timer(time_t seconds) {
	struct itimerval timer = { .it_interval.tv_sec = seconds, .it_value.tv_sec = seconds };
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

void ol_stuck_watch(const char *path) {
	struct sigaction action = { .sa_handler = on_second, .sa_flags = SA_RESTART };
	snprintf(stuck_line, sizeof stuck_line,
		"%s: one call of a library function has not returned for a minute; is it endless?", path);
	sigemptyset(&action.sa_mask);
	sigaction(SIGVTALRM, &action, NULL);
	quiet_seconds = 0;
	set_timer(1);
}

void ol_stuck_unwatch(void) {
	set_timer(0);
}
