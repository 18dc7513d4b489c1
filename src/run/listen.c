/* listen.c -- The program hears who wants something of it: the lab, the kernel, requests. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "base/units.h"
#include "run/internal.h"

enum {
	HEAR_EVERY_BYTES = 64 << 10, /* Between two looks whether the kernel gives notice. */
	SERVICE_TICK_MS = 50,        /* How often a waiting service serves the collector. */
	WAIT_TICK_NS = 10000000,     /* The same of a program that sleeps. */
	WITNESS_MS_MAX = 1000,       /* For the lab to look at a run that has ended in good order. */
};

/* The lab may tell the program to end. */
static void hear_lab(const struct ol_run *run) {
	const struct ol_flight *flight = run->links.flight;
	if (flight != NULL && ol_flight_is_end_ordered(flight))
		ol_collector_end(run->collector, flight->end_reason);
}

/* The kernel's notice is the lab's to act on. But a program that fills its memory as fast as it can
 * is at the limit in a millisecond or two, and a busy machine may not have let the lab run until
 * then: so the program hears it, too. */
static void hear_kernel(struct ol_run *run) {
	const struct ol_watchdog_spec *watchdog = &run->spec.watchdog;
	struct pollfd fd = { .fd = run->links.notice_fd, .events = POLLIN };
	run->unheard_bytes = 0;
	if (!watchdog->is_on || !watchdog->wants_notice || fd.fd < 0 || poll(&fd, 1, 0) <= 0)
		return;
	uint64_t usage_bytes = ol_run_cage_bytes(run);
	char usage[OL_UNITS_TEXT_BYTES], threshold[OL_UNITS_TEXT_BYTES], reason[OL_TEXT_BYTES];
	if (usage_bytes < watchdog->threshold_bytes)
		return;
	snprintf(reason, sizeof reason, "the kernel gave notice: usage is %s, the threshold %s",
		ol_format_bytes(usage_bytes, usage), ol_format_bytes(watchdog->threshold_bytes, threshold));
	ol_collector_end(run->collector, reason);
}

/* The pretended kernel has the account of what it cannot see, and does what became due. */
void ol_run_hear_pretence(struct ol_run *run) {
	const struct ol_run_pretence *pretence = run->links.pretence;
	struct ol_error error;
	if (pretence == NULL)
		return;
	pretence->note_beside(
		pretence->context, ol_run_metadata_bytes(run), run->words.script_peak_bytes);
	if (pretence->poll(pretence->context, &error) < 0)
		ol_collector_break_off(run->collector, &error);
}

void ol_run_poll(struct ol_run *run, uint64_t bytes) {
	ol_run_poll_collectors(run);
	ol_run_hear_pretence(run);
	hear_lab(run);
	run->unheard_bytes += bytes;
	if (run->unheard_bytes >= HEAR_EVERY_BYTES)
		hear_kernel(run);
}

static int verdict(const struct ol_run *run, struct ol_error *error) {
	hear_lab(run);
	return ol_collector_verdict(run->collector, error);
}

void ol_run_set_interrupt(struct ol_run *run, const volatile sig_atomic_t *is_interrupted) {
	run->is_interrupted = is_interrupted;
}

int ol_run_verdict(const struct ol_run *run, struct ol_error *error) {
	int result = verdict(run, error);
	if (result == 0 && run->is_interrupted != NULL && *run->is_interrupted)
		return ol_error_set(error, -EINTR, "interrupted");
	return result;
}

/* Until something has come from the lab, or for so long. Returns what has come. */
static short await_lab(struct ol_run *run, short events, uint64_t ns) {
	struct pollfd fd = { .fd = run->links.socket_fd, .events = events };
	struct timespec time = { (time_t)(ns / OL_NS_PER_S), (long)(ns % OL_NS_PER_S) };
	if (run->links.pretence != NULL) {
		ol_clock_sleep_ns(run->clock, ns);
	} else {
		ol_run_leave(run);
		(void)ppoll(&fd, 1, &time, NULL);
		ol_run_enter(run);
	}
	ol_run_poll(run, HEAR_EVERY_BYTES);
	return fd.revents;
}

int ol_run_wait(struct ol_run *run, uint64_t ns, struct ol_error *error) {
	uint64_t now_ns = ol_clock_now_ns(run->clock);
	uint64_t end_ns = now_ns + ns;
	short events = POLLRDHUP;
	int result = ol_run_verdict(run, error);
	while (result == 0 && now_ns < end_ns) {
		uint64_t left_ns = end_ns - now_ns;
		/* That it says no more need not be on our account: once is enough. */
		if (await_lab(run, events, left_ns < WAIT_TICK_NS ? left_ns : WAIT_TICK_NS) != 0)
			events = 0;
		result = ol_run_verdict(run, error);
		now_ns = ol_clock_now_ns(run->clock);
	}
	return result;
}

/* The lab says that it has looked by saying no more. */
void ol_run_await_witness(const struct ol_run *run) {
	struct pollfd fd = { .fd = run->links.socket_fd, .events = POLLRDHUP };
	(void)poll(&fd, 1, WITNESS_MS_MAX);
}

int ol_run_receive(struct ol_run *run, struct ol_request *ret_request, struct ol_error *error) {
	int result = ol_run_end_phase(run, error);
	if (result < 0)
		return result;
	run->words.phase[0] = '\0';
	run->words.request_bytes = 0;
	ol_run_write_flight(run, OL_ACTIVITY_WAITING);
	for (;;) {
		/* First: a lab that wants it to end has no more to tell either. An interruption is of what
		 * ran before. */
		result = verdict(run, error);
		if (result == 0)
			result = ol_request_receive(run->links.socket_fd, ret_request, error);
		if (result == -ENOTCONN)
			return 0;
		if (result != 0)
			return result;
		(void)await_lab(run, POLLIN, SERVICE_TICK_MS * OL_NS_PER_MS);
	}
}

void ol_run_answer(struct ol_run *run, struct ol_answer_frame *frame) {
	/* Whoever has the answer may look at the statistics next: they must be those of after. */
	ol_run_write_flight(run, OL_ACTIVITY_RUNNING);
	(void)ol_answer_send(run->links.socket_fd, frame, NULL);
}
