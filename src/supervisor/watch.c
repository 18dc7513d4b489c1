/* watch.c -- Hands the watchdog what it asks for, and does as it says. */
#include "supervisor/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/units.h"
#include "process/process.h"

/* What a subject may take to end in good order. */
static const uint64_t grace_ns = 5 * OL_NS_PER_S;
/* Whoever polls for a stall takes it; so nobody waits for it, and it is asked for so often. */
static const uint64_t stall_period_ns = 10 * OL_NS_PER_MS;

static bool is_on(const struct ol_watch *watch) {
	return watch->spec != NULL && watch->spec->watchdog.is_on;
}

static bool is_of_rss(const struct ol_watch *watch) {
	return watch->cage == NULL || watch->spec->watchdog.measure == OL_WATCHDOG_RSS;
}

static void open_notice(struct ol_watch *watch, struct ol_event *ret_event) {
	uint64_t threshold_bytes = watch->spec->watchdog.threshold_bytes;
	struct ol_error reason = { .message = "there is no cage that the kernel would tell of" };
	/* Held by its usage a program never gets to the threshold of its resident memory. */
	bool may_hold = !is_of_rss(watch);
	watch->has_notice = watch->cage != NULL && ol_cage_notice_open(watch->cage, threshold_bytes,
												   may_hold, &watch->notice, &reason) == 0;
	if (!watch->has_notice) {
		*ret_event = (struct ol_event){ .kind = "watchdog" };
		snprintf(ret_event->text, sizeof ret_event->text, "%.511s", reason.message);
	}
}

static bool is_of_stalls(const struct ol_watch *watch) {
	return watch->has_notice && watch->notice.kind == OL_PRESSURE_STALL;
}

int ol_watch_open(struct ol_watch *watch, const struct ol_run_spec *spec, struct ol_cage *cage,
	struct ol_flight *flight, struct ol_event *ret_event, struct ol_error *error) {
	ret_event->text[0] = '\0';
	*watch = (struct ol_watch){
		.spec = spec,
		.cage = cage,
		.flight = flight,
		.statm_fd = -1,
		.overdue_ns = UINT64_MAX,
	};
	watch->stall_due_ns = UINT64_MAX;
	if (!is_on(watch))
		return 0;
	if (spec->watchdog.wants_notice)
		open_notice(watch, ret_event);
	if (!watch->has_notice && spec->watchdog.every_ns == 0)
		return ol_error_set(error, -EOPNOTSUPP,
			"watchdog: the kernel cannot be asked to tell, and it is never to look: %.500s; try "
			"every=1s",
			ret_event->text);
	ol_watchdog_init(&watch->watchdog, &spec->watchdog, watch->has_notice);
	return 0;
}

void ol_watch_start(struct ol_watch *watch, uint64_t start_ns, int statm_fd) {
	watch->start_ns = start_ns;
	watch->statm_fd = statm_fd;
	if (is_of_stalls(watch))
		watch->stall_due_ns = start_ns + stall_period_ns;
}

void ol_watch_close(struct ol_watch *watch) {
	if (watch->has_notice)
		ol_cage_notice_close(watch->cage, &watch->notice);
	watch->has_notice = false;
}

int ol_watch_fd(const struct ol_watch *watch) {
	return watch->has_notice && !is_of_stalls(watch) ? watch->notice.fd : -1;
}

int ol_watch_shared_fd(const struct ol_watch *watch) {
	return is_of_rss(watch) ? -1 : ol_watch_fd(watch);
}

uint64_t ol_watch_due_ns(const struct ol_watch *watch) {
	if (!is_on(watch))
		return UINT64_MAX;
	uint64_t due_ns = ol_watchdog_due_ns(&watch->watchdog);
	if (due_ns != UINT64_MAX)
		due_ns += watch->start_ns;
	if (watch->overdue_ns < due_ns)
		due_ns = watch->overdue_ns;
	return watch->stall_due_ns < due_ns ? watch->stall_due_ns : due_ns;
}

/* 0: it cannot be read, for the process is gone. */
static uint64_t measured_bytes(const struct ol_watch *watch) {
	uint64_t bytes = 0;
	if (is_of_rss(watch))
		return ol_process_statm_rss(watch->statm_fd);
	(void)ol_cage_read_usage(watch->cage, &bytes);
	return bytes;
}

static void act(struct ol_watch *watch, uint64_t now_ns, struct ol_event *ret_event) {
	const struct ol_watchdog_facts *facts = &watch->watchdog.facts;
	char bytes[OL_UNITS_TEXT_BYTES], threshold[OL_UNITS_TEXT_BYTES];
	char every[OL_UNITS_TEXT_BYTES];
	ol_format_bytes(facts->acted_bytes, bytes);
	ol_format_bytes(watch->spec->watchdog.threshold_bytes, threshold);
	ol_format_duration(watch->spec->watchdog.every_ns, every);
	const char *what = is_of_rss(watch) ? "resident memory" : "usage";
	*ret_event = (struct ol_event){ .at_ns = facts->acted_at_ns, .kind = "watchdog" };
	if (facts->way == OL_WATCHDOG_NOTICE)
		snprintf(ret_event->text, sizeof ret_event->text,
			"the kernel gave notice: %s is %s, the threshold %s", what, bytes, threshold);
	else
		snprintf(ret_event->text, sizeof ret_event->text,
			"a look every %s found %s at %s, the threshold is %s", every, what, bytes, threshold);
	ol_flight_order_end(watch->flight, ret_event->text);
	/* It is told now: it may have what it needs to end. */
	(void)ol_cage_notice_let_go(watch->cage, &watch->notice);
	watch->overdue_ns = now_ns + grace_ns;
}

static bool take_notice(struct ol_watch *watch, uint64_t now_ns) {
	struct pollfd fd = { .fd = watch->notice.fd, .events = POLLIN };
	if (is_of_stalls(watch))
		watch->stall_due_ns = now_ns + stall_period_ns;
	if (poll(&fd, 1, 0) <= 0 || (fd.revents & POLLIN) == 0)
		return false;
	ol_cage_notice_take(&watch->notice);
	return true;
}

static bool hear(struct ol_watch *watch, uint64_t now_ns) {
	if (!watch->has_notice || !take_notice(watch, now_ns))
		return false;
	uint64_t at_ns = now_ns - watch->start_ns;
	uint64_t bytes = measured_bytes(watch);
	/* The kernel's word may be of less, or late: of a spike that is over the peak tells. */
	if (ol_cage_has_reached(watch->cage, watch->spec->watchdog.threshold_bytes))
		return ol_watchdog_notice(&watch->watchdog, at_ns, bytes);
	ol_watchdog_sample(&watch->watchdog, at_ns, bytes);
	return false;
}

static bool look(struct ol_watch *watch, uint64_t now_ns) {
	uint64_t at_ns = now_ns - watch->start_ns;
	return at_ns >= ol_watchdog_due_ns(&watch->watchdog) &&
		   ol_watchdog_look(&watch->watchdog, at_ns, measured_bytes(watch));
}

bool ol_watch_step(struct ol_watch *watch, uint64_t now_ns, struct ol_event *ret_event) {
	if (!is_on(watch) || (!hear(watch, now_ns) && !look(watch, now_ns)))
		return false;
	act(watch, now_ns, ret_event);
	return true;
}

bool ol_watch_is_overdue(const struct ol_watch *watch, uint64_t now_ns) {
	return is_on(watch) && now_ns >= watch->overdue_ns;
}

void ol_watch_sample(struct ol_watch *watch, const struct ol_sample *sample) {
	if (is_on(watch))
		ol_watchdog_sample(&watch->watchdog, sample->at_ns,
			is_of_rss(watch) ? sample->rss_bytes : sample->cage_bytes);
}

struct ol_watchdog_facts ol_watch_end(
	struct ol_watch *watch, uint64_t at_ns, uint64_t cage_peak_bytes, uint64_t rss_peak_bytes) {
	if (!is_on(watch))
		return (struct ol_watchdog_facts){ 0 };
	return ol_watchdog_end(
		&watch->watchdog, at_ns, is_of_rss(watch) ? rss_peak_bytes : cage_peak_bytes);
}
