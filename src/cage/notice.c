/* notice.c -- The kernel's notice for a watchdog: usage comes to a threshold.
 *
 * Version 2 has no threshold of usage that only tells. memory.high does, and holds the program back
 * from there on; so each notice may want it to be its own threshold, and the lowest one is set.
 * Looks at no usage and ends nothing: that is the watchdog's. */
#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cage/internal.h"

enum {
	EVENT_BYTES = 512, /* Many of inotify's events, which here have no names. */
	TAKES_MAX = 64     /* Reads of these until there is no more. */
};

void ol_cage_holds_init(struct ol_cage *cage) {
	for (int i = 0; i < OL_CAGE_HOLDS_MAX; i++)
		cage->holds[i] = UINT64_MAX;
}

static uint64_t high_wanted(const struct ol_cage *cage) {
	uint64_t bytes = cage->high_bytes;
	for (int i = 0; i < OL_CAGE_HOLDS_MAX; i++)
		if (cage->holds[i] < bytes)
			bytes = cage->holds[i];
	return bytes;
}

static int change_hold(struct ol_cage *cage, int index, uint64_t bytes) {
	uint64_t before_bytes = high_wanted(cage);
	cage->holds[index] = bytes;
	uint64_t wanted_bytes = high_wanted(cage);
	return wanted_bytes != before_bytes ? ol_cage_set_high(cage, wanted_bytes, NULL) : 0;
}

void ol_cage_holds_finish(struct ol_cage *cage) {
	for (int i = 0; i < OL_CAGE_HOLDS_MAX; i++)
		(void)change_hold(cage, i, UINT64_MAX);
}

/* Without a hold, which is no failure, stalls have to do. */
static void hold(struct ol_cage *cage, uint64_t threshold_bytes, struct ol_cage_notice *notice) {
	if (cage->high_bytes <= threshold_bytes)
		return;
	for (int i = 0; i < OL_CAGE_HOLDS_MAX; i++) {
		if (cage->holds[i] != UINT64_MAX)
			continue;
		if (change_hold(cage, i, threshold_bytes) < 0) {
			cage->holds[i] = UINT64_MAX;
			return;
		}
		notice->hold_index = i;
		notice->is_holding = true;
		return;
	}
}

static int add(int set_fd, int fd, uint32_t events) {
	struct epoll_event wanted = { .events = events };
	return epoll_ctl(set_fd, EPOLL_CTL_ADD, fd, &wanted) < 0 ? -errno : 0;
}

/* The file changes whenever usage goes above memory.high, if anything sets that. */
static int add_events(
	struct ol_cage *cage, uint64_t threshold_bytes, bool may_hold, struct ol_cage_notice *notice) {
	notice->event_fd = ol_cage_open_events(cage);
	if (notice->event_fd < 0)
		return notice->event_fd;
	int result = add(notice->fd, notice->event_fd, EPOLLIN);
	if (result >= 0 && may_hold)
		hold(cage, threshold_bytes, notice);
	if (result >= 0 && !notice->is_holding && cage->high_bytes == UINT64_MAX)
		result = -ENOENT;
	if (result >= 0)
		notice->kind = OL_PRESSURE_THRESHOLD;
	return result;
}

static int add_stalls(struct ol_cage *cage, struct ol_cage_notice *notice) {
	/* 5 ms after the stall from 6.4 on, 50 ms before; then what users without CAP_SYS_RESOURCE may
	 * ask newer kernels for. */
	static const char *const triggers[] = { "some 1000 50000", "some 10000 500000",
		"some 100000 2000000", NULL };
	notice->trigger_fd = ol_cage_open_trigger(cage, triggers);
	if (notice->trigger_fd < 0)
		return notice->trigger_fd;
	return add(notice->fd, notice->trigger_fd, EPOLLPRI);
}

static int open_version_2(struct ol_cage *cage, uint64_t threshold_bytes, bool may_hold,
	struct ol_cage_notice *notice, struct ol_error *error) {
	notice->fd = epoll_create1(EPOLL_CLOEXEC);
	if (notice->fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make an epoll set for a notice");
	notice->kind = OL_PRESSURE_STALL;
	int result = add_events(cage, threshold_bytes, may_hold, notice);
	/* Tasks that are held count as stalled: that would only tell the same once more. */
	if (result >= 0 && notice->is_holding)
		return 0;
	int code = add_stalls(cage, notice);
	return result < 0 && code < 0 ? ol_cage_fail_to_tell(cage, code, error) : 0;
}

int ol_cage_notice_open(struct ol_cage *cage, uint64_t threshold_bytes, bool may_hold,
	struct ol_cage_notice *ret_notice, struct ol_error *error) {
	struct ol_cage_notice notice = {
		.fd = -1, .kind = OL_PRESSURE_THRESHOLD, .event_fd = -1, .trigger_fd = -1, .hold_index = -1
	};
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (threshold_bytes < page_bytes || threshold_bytes > INT64_MAX)
		return ol_error_set(error, -EINVAL,
			"%" PRIu64 " bytes are no threshold of usage; expected %" PRIu64 " to %" PRId64,
			threshold_bytes, page_bytes, INT64_MAX);
	int result = 0;
	if (cage->chain.memory_version == 1)
		result = notice.fd = ol_cage_open_threshold(cage, threshold_bytes, error);
	else
		result = open_version_2(cage, threshold_bytes, may_hold, &notice, error);
	if (result < 0) {
		ol_cage_notice_close(cage, &notice);
		return result;
	}
	*ret_notice = notice;
	return 0;
}

void ol_cage_notice_take(struct ol_cage_notice *notice) {
	char bytes[EVENT_BYTES];
	struct epoll_event events[2];
	bool is_set = notice->event_fd >= 0 || notice->trigger_fd >= 0;
	/* Looking takes the word of a stall. */
	if (is_set)
		(void)epoll_wait(notice->fd, events, 2, 0);
	int fd = is_set ? notice->event_fd : notice->fd;
	for (int i = 0; i < TAKES_MAX && fd >= 0 && read(fd, bytes, sizeof bytes) > 0; i++)
		;
}

int ol_cage_notice_let_go(struct ol_cage *cage, struct ol_cage_notice *notice) {
	if (!notice->is_holding)
		return 0;
	int index = notice->hold_index;
	notice->is_holding = false;
	notice->hold_index = -1;
	return change_hold(cage, index, UINT64_MAX);
}

void ol_cage_notice_close(struct ol_cage *cage, struct ol_cage_notice *notice) {
	(void)ol_cage_notice_let_go(cage, notice);
	/* The trigger first: old kernels free it with its group, though the set still looks at it. */
	const int fds[] = { notice->trigger_fd, notice->event_fd, notice->fd };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	notice->fd = notice->event_fd = notice->trigger_fd = -1;
}
