/* pressure.c -- Has the kernel tell when a cage runs short of memory: what can tell, and the one fd
 * that a policy is given.
 *
 * Version 1 raises an eventfd when usage crosses a share of the limit. Version 2 tells of stalls
 * (PSI), or where PSI is off, of usage above memory.high. Reads no counter and takes no event: that
 * is for who holds the fd. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cage/internal.h"

/* percent of bytes, without overflow. */
static uint64_t share_of(uint64_t bytes, unsigned percent) {
	return bytes / 100 * percent + bytes % 100 * percent / 100;
}

int ol_cage_open_threshold(
	const struct ol_cage *cage, uint64_t threshold_bytes, struct ol_error *error) {
	OL_AUTO_CLOSE int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make an eventfd for memory pressure");
	char text[64];
	snprintf(text, sizeof text, "%d %d %" PRIu64, event_fd, cage->usage_fd, threshold_bytes);
	int result = ol_cage_write(
		cage->directory_fd, &cage->chain, cage->path, "cgroup.event_control", text, error);
	return result < 0 ? result : ol_steal_fd(&event_fd);
}

int ol_cage_open_trigger(const struct ol_cage *cage, const char *const *triggers) {
	OL_AUTO_CLOSE int fd =
		openat(cage->directory_fd, "memory.pressure", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int code = fd < 0 ? -errno : -EINVAL;
	for (; code == -EINVAL && *triggers != NULL; triggers++)
		code = write(fd, *triggers, strlen(*triggers) + 1) < 0 ? -errno : 0;
	return code < 0 ? code : ol_steal_fd(&fd);
}

int ol_cage_open_events(const struct ol_cage *cage) {
	char path[OL_PATH_BYTES + 32];
	OL_AUTO_CLOSE int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof path, "%s/memory.events", cage->directory);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
		return -errno;
	return ol_steal_fd(&fd);
}

static int watch_usage(struct ol_cage *cage, unsigned percent, struct ol_error *error) {
	int fd = ol_cage_open_threshold(cage, share_of(cage->limit_bytes, percent), error);
	if (fd < 0)
		return fd;
	cage->pressure_fd = fd;
	return 0;
}

/* A kernel file is readable at any time, and tells of a stall by POLLPRI. In an epoll set of its
 * own it is readable for a stall only, once: the poll that sees it has taken it. */
static int watch_stalls(struct ol_cage *cage) {
	/* Of users without CAP_SYS_RESOURCE newer kernels take whole multiples of 2 s only. */
	static const char *const triggers[] = { "some 50000 1000000", "some 100000 2000000", NULL };
	struct epoll_event wanted = { .events = EPOLLPRI };
	OL_AUTO_CLOSE int trigger_fd = ol_cage_open_trigger(cage, triggers);
	if (trigger_fd < 0)
		return trigger_fd;
	OL_AUTO_CLOSE int set_fd = epoll_create1(EPOLL_CLOEXEC);
	if (set_fd < 0 || epoll_ctl(set_fd, EPOLL_CTL_ADD, trigger_fd, &wanted) < 0)
		return -errno;
	cage->trigger_fd = ol_steal_fd(&trigger_fd);
	cage->pressure_fd = ol_steal_fd(&set_fd);
	return 0;
}

/* Where no memory.high is set, the file changes at the limit only, when it is too late. */
static int watch_events(struct ol_cage *cage) {
	int fd = cage->high_bytes != UINT64_MAX ? ol_cage_open_events(cage) : -ENOENT;
	if (fd < 0)
		return fd;
	cage->pressure_fd = fd;
	return 0;
}

int ol_cage_fail_to_tell(const struct ol_cage *cage, int code, struct ol_error *error) {
	/* The file is missing from 5.14 on, and refuses to be written to before. */
	if (code == -ENOENT || code == -EOPNOTSUPP)
		return ol_error_set(error, -EOPNOTSUPP,
			"this kernel tells nothing of memory pressure here: PSI is off, and no memory.high is "
			"set; boot with the kernel option psi=1, or set --high=SIZE");
	return ol_cage_fail(error, code, cage->chain.mount,
		"cannot ask for word of memory pressure in %s/memory.pressure", cage->directory);
}

static int watch_version_2(
	struct ol_cage *cage, enum ol_pressure_kind *ret_kind, struct ol_error *error) {
	int code = watch_stalls(cage);
	if (code >= 0) {
		*ret_kind = OL_PRESSURE_STALL;
		return 0;
	}
	if (watch_events(cage) >= 0) {
		*ret_kind = OL_PRESSURE_THRESHOLD;
		return 0;
	}
	return ol_cage_fail_to_tell(cage, code, error);
}

int ol_cage_watch_pressure(struct ol_cage *cage, unsigned percent,
	struct ol_cage_pressure *ret_pressure, struct ol_error *error) {
	assert(cage->pressure_fd < 0 && "a cage is watched once");
	if (percent < 1 || percent > 100)
		return ol_error_set(error, -EINVAL,
			"%u%% of the limit is no threshold of memory pressure; expected 1 to 100", percent);
	enum ol_pressure_kind kind = OL_PRESSURE_THRESHOLD;
	int result = cage->chain.memory_version == 1 ? watch_usage(cage, percent, error)
												 : watch_version_2(cage, &kind, error);
	if (result < 0)
		return result;
	*ret_pressure = (struct ol_cage_pressure){ .fd = cage->pressure_fd, .kind = kind };
	return 0;
}

int ol_cage_pressure_fd(const struct ol_cage *cage) {
	return cage->pressure_fd;
}

void ol_cage_unwatch_pressure(struct ol_cage *cage) {
	if (cage->pressure_fd >= 0)
		close(cage->pressure_fd);
	if (cage->trigger_fd >= 0)
		close(cage->trigger_fd);
	cage->pressure_fd = cage->trigger_fd = -1;
}
