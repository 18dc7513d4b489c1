/* internal.h -- What the files of caged/ share. Nobody outside caged/ includes it. */
#ifndef OL_CAGED_INTERNAL_H
#define OL_CAGED_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

#include "cage/cage.h"
#include "caged/caged.h"
#include "clock/clock.h"
#include "process/process.h"
#include "watchdog/watchdog.h"

/* terminal.c: the terminal as it was before the command had it. */
struct ol_terminal {
	int fd;              /* The controlling terminal; -1: none. */
	bool was_foreground; /* We were in front. */
	struct termios settings;
};
void ol_terminal_save(struct ol_terminal *terminal);
/* Puts our process group in front again, where the command has left another one there. */
void ol_terminal_take_back(const struct ol_terminal *terminal);
void ol_terminal_hand_over(const struct ol_terminal *terminal, pid_t group);
/* The settings too: a command that was killed could not. */
void ol_terminal_mend(const struct ol_terminal *terminal);
void ol_terminal_close(struct ol_terminal *terminal);

/* guardian.c: a process outside of the cage that ends what is in it when the lab is killed. */
struct ol_guardian {
	pid_t pid; /* 0: none. */
	int fd;    /* Its end of file is the lab's. */
};
/* give_back_to: where an adopted process is moved instead of being killed; NULL for none. */
int ol_guardian_start(struct ol_cage *cage, const char *give_back_to,
	struct ol_guardian *ret_guardian, struct ol_error *error);
/* There is nothing left to guard: it goes, while the lab does other things. None is fine. */
void ol_guardian_dismiss(struct ol_guardian *guardian);
/* Waits until it has gone. None is fine. */
void ol_guardian_reap(struct ol_guardian *guardian);

/* refused.c: counts the requests for address space that the kernel refuses a process and those that
 * it starts later. Needs tracepoints, and thus root. */
enum { OL_REFUSED_CALLS = 2 };
struct ol_refused {
	int fds[OL_REFUSED_CALLS];
};
/* False where the kernel does not tell. From the next exec of pid on. */
bool ol_refused_open(pid_t pid, struct ol_refused *ret_refused);
uint64_t ol_refused_count(const struct ol_refused *refused);
void ol_refused_close(struct ol_refused *refused);

/* launch.c */
struct ol_launch {
	char *const *command;
	struct ol_cage *cage;
	uint64_t address_space_bytes; /* UINT64_MAX: not limited. */
	struct ol_guardian *guardian; /* Started too; NULL: the command is to outlive the lab. */
	const sigset_t *signal_mask;  /* What it starts with. */
	bool is_child_ignored;        /* Who started the lab ignores SIGCHLD; so does the command. */
};
/* Starts the command in the cage, with our terminal, our standard streams and in our process group,
 * once it is guarded. ret_refused is opened where its address space is limited. Returns its pid; or
 * a negative errno value, with ret_is_command_bad where the command itself cannot be executed. */
pid_t ol_launch(const struct ol_launch *launch, struct ol_refused *ret_refused,
	bool *ret_is_refused_known, bool *ret_is_command_bad, struct ol_error *error);

/* curve.c: from samples to the curve, the times above shares of the limit, and the peak. */
struct ol_curve {
	uint64_t at_ns; /* Of the last sample. */
	uint64_t last_bytes;
	uint64_t peak_bytes;
};
void ol_curve_add(
	struct ol_curve *curve, struct ol_caged_summary *summary, const struct ol_caged_sample *sample);

/* verdict.c: from evidence to outcome, by the summary and these alone. */
struct ol_caged_circumstances {
	bool is_timed_out;
	bool has_acted;    /* The watchdog told it to end. */
	bool is_log_known; /* The kernel's log names who was killed, by the numbers we know. */
};
void ol_caged_judge(
	struct ol_caged_summary *summary, const struct ol_caged_circumstances *circumstances);

/* One command under way. */
struct ol_caged {
	const struct ol_caged_sink *sink;
	struct ol_caged_summary *summary;
	struct ol_clock clock;
	struct ol_cage *cage;
	struct ol_guardian guardian;
	struct ol_terminal terminal;
	struct ol_refused refused;
	struct ol_process process; /* Adopted only. */
	char came_from[OL_PATH_BYTES];
	sigset_t former_mask;
	struct sigaction former_child_action;
	int signal_fd;
	int statm_fd;
	pid_t helper_pid; /* Of on_limit; 0: none. */
	uint64_t start_ns;
	struct ol_oom_kill *kills; /* Taken from the cage: room for OL_KILLS_MAX. */
	uint64_t sample_due_ns;    /* All "due" are at_ns; UINT64_MAX: never. */
	uint64_t timeout_due_ns;
	uint64_t kill_due_ns;
	uint64_t stop_due_ns;
	uint64_t status_due_ns;
	uint64_t guard_due_ns;
	uint64_t rss_due_ns;
	uint64_t rss_bytes; /* Of the command, when it was last looked at. */
	struct ol_curve curve;
	struct ol_watchdog watchdog;
	struct ol_cage_notice notice;
	struct ol_caged_circumstances circumstances;
	bool has_notice;
	bool has_ended;
	bool is_cage_lost; /* It was removed, or emptied, from outside. */
};

uint64_t ol_caged_now_ns(const struct ol_caged *self);
void ol_caged_tell(struct ol_caged *self, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* signals.c: ours are taken by a descriptor; what is not from the terminal goes on to the command.
 */
int ol_caged_signals_open(struct ol_caged *self, struct ol_error *error);
void ol_caged_signals_take(struct ol_caged *self);
void ol_caged_signals_close(struct ol_caged *self);
/* children.c: reaps what has ended; follows a command that was stopped. */
void ol_caged_reap(struct ol_caged *self);
/* After a pause: stops the lab too, if the command is still stopped. */
void ol_caged_follow_stop(struct ol_caged *self);

/* watch.c: samples, looks, notices, kills; acts. */
int ol_caged_watch_open(struct ol_caged *self, struct ol_error *error);
void ol_caged_watch(struct ol_caged *self);
void ol_caged_take_kills(struct ol_caged *self);
void ol_caged_notice(struct ol_caged *self);
uint64_t ol_caged_due_ns(const struct ol_caged *self);
void ol_caged_watch_close(struct ol_caged *self);

/* finish.c: the end of the command: what it left, the evidence, the verdict. */
int ol_caged_finish(struct ol_caged *self, struct ol_error *error);

#endif
