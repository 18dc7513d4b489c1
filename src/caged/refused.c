/* refused.c -- Counts requests for address space that were answered ENOMEM.
 *
 * The kernel's tracepoints at the return of mmap and mremap, filtered by what they return, as plain
 * counters: nothing is stopped, nothing is copied, and they follow into children. brk never returns
 * an error; who is refused there asks mmap next. The tracepoints' numbers stand in tracefs, which
 * need not be mounted anywhere: it is mounted for us alone. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "caged/internal.h"

static const char *const calls[OL_REFUSED_CALLS] = { "mmap", "mremap" };

static int open_tracefs(void) {
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		OL_AUTO_CLOSE int fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && faccessat(fd, "events/syscalls", F_OK, 0) == 0)
			return ol_steal_fd(&fd);
	}
	OL_AUTO_CLOSE int system_fd = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (system_fd < 0 || fsconfig(system_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(system_fd, FSMOUNT_CLOEXEC, 0);
}

static int open_counter(int tracefs_fd, const char *call, pid_t pid) {
	char path[128];
	uint64_t number;
	snprintf(path, sizeof path, "events/syscalls/sys_exit_%s/id", call);
	if (ol_file_read_uint64_at(tracefs_fd, path, &number, NULL) < 0)
		return -1;
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof attributes,
		.config = number,
		.disabled = 1,
		.enable_on_exec = 1,
		.inherit = 1,
	};
	OL_AUTO_CLOSE int fd =
		(int)syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	snprintf(path, sizeof path, "ret == %d", -ENOMEM);
	if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_FILTER, path) < 0)
		return -1;
	return ol_steal_fd(&fd);
}

bool ol_refused_open(pid_t pid, struct ol_refused *ret_refused) {
	OL_AUTO_CLOSE int tracefs_fd = open_tracefs();
	struct ol_refused refused;
	for (int i = 0; i < OL_REFUSED_CALLS; i++) {
		refused.fds[i] = tracefs_fd >= 0 ? open_counter(tracefs_fd, calls[i], pid) : -1;
		if (refused.fds[i] >= 0)
			continue;
		while (i-- > 0)
			close(refused.fds[i]);
		return false;
	}
	*ret_refused = refused;
	return true;
}

uint64_t ol_refused_count(const struct ol_refused *refused) {
	uint64_t sum = 0;
	for (int i = 0; i < OL_REFUSED_CALLS; i++) {
		uint64_t count;
		if (read(refused->fds[i], &count, sizeof count) == (ssize_t)sizeof count)
			sum += count;
	}
	return sum;
}

void ol_refused_close(struct ol_refused *refused) {
	for (int i = 0; i < OL_REFUSED_CALLS; i++)
		close(refused->fds[i]);
}
