/* watch.h -- The watchdog of one subject: looks, hears the kernel's notice, tells it to end.
 *
 * The lab watches, not the subject: it is outside of the cage, and not busy. Private to
 * supervisor/. */
#ifndef OL_SUPERVISOR_WATCH_H
#define OL_SUPERVISOR_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cage/cage.h"
#include "record/flight.h"
#include "record/record.h"
#include "watchdog/watchdog.h"

struct ol_watch {
	const struct ol_run_spec *spec; /* watchdog.is_on is 0: every call does nothing. */
	struct ol_cage *cage;           /* NULL: none; resident memory stands for its usage. */
	struct ol_flight *flight;
	int statm_fd;
	uint64_t start_ns;
	uint64_t overdue_ns; /* When a subject that was told has had its time; UINT64_MAX: never. */
	bool has_notice;
	struct ol_cage_notice notice;
	uint64_t stall_due_ns; /* When to ask for a stall next; UINT64_MAX: never. */
	struct ol_watchdog watchdog;
};

/* Before the subject starts. Where the kernel's notice is wanted and cannot be had, ret_event tells
 * why; its text is "" where there is nothing to tell. -EOPNOTSUPP: and there are to be no looks. */
int ol_watch_open(struct ol_watch *watch, const struct ol_run_spec *spec, struct ol_cage *cage,
	struct ol_flight *flight, struct ol_event *ret_event, struct ol_error *error);
/* It has started; start_ns by the clock that all other times are told by. */
void ol_watch_start(struct ol_watch *watch, uint64_t start_ns, int statm_fd);
/* Before the cage goes. */
void ol_watch_close(struct ol_watch *watch);

/* Readable: there is something to do; -1: nothing to wait for. */
int ol_watch_fd(const struct ol_watch *watch);
/* The same for the subject, which may hear of it sooner; -1: not for it. */
int ol_watch_shared_fd(const struct ol_watch *watch);
/* When there is something to do at last; UINT64_MAX: never. */
uint64_t ol_watch_due_ns(const struct ol_watch *watch);
/* Hears the kernel; looks, if that is due. True, once: it acted, the subject is told, and ret_event
 * tells of it. */
bool ol_watch_step(struct ol_watch *watch, uint64_t now_ns, struct ol_event *ret_event);
/* Whether a subject that was told to end has had its time. */
bool ol_watch_is_overdue(const struct ol_watch *watch, uint64_t now_ns);
void ol_watch_sample(struct ol_watch *watch, const struct ol_sample *sample);
/* The subject has ended. */
struct ol_watchdog_facts ol_watch_end(
	struct ol_watch *watch, uint64_t at_ns, uint64_t cage_peak_bytes, uint64_t rss_peak_bytes);

#endif
