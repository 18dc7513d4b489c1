/* signals.c -- Ctrl-C and its kin end a run in good order. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

#include "supervisor/supervisor.h"

enum { PATIENCE = 3 };

static volatile sig_atomic_t caught_signal;
static volatile sig_atomic_t caught_count;

static void on_signal(int signal_number) {
	if (caught_signal == 0)
		caught_signal = signal_number;
	caught_count = caught_count + 1;
	if (caught_count >= PATIENCE) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
		return;
	}
	ol_supervisor_interrupt();
}

void ol_signals_catch(void) {
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction before;
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
		sigemptyset(&action.sa_mask);
		sigaction(signals[i], &action, NULL);
	}
}

int ol_signals_caught(void) {
	return (int)caught_signal;
}
