/* kernel_log.c -- What the kernel's own log says about an out-of-memory kill.
 *
 * The most exact witness where it may be read. Two lines matter; the first is left out when the
 * kernel kills often (it limits the rate), the second is always written:
 *   oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0
 *   Memory cgroup out of memory: Killed process 7 (x) total-vm:...
 * The kernel names groups from the real top, which in a container is above what we see: we find
 * ours by its own name, which is unique. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cage/internal.h"

enum {
	RECORD_BYTES = 8192, /* The kernel never hands out longer ones. */
	RECORDS_MAX = 20000  /* More than its buffer holds. */
};

int ol_kernel_log_open(void) {
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		int code = -errno;
		close(fd);
		return code;
	}
	return fd;
}

/* Copies the value of "key=" up to the next comma; false where there is no such key. */
static bool find_value(const char *text, const char *key, char *ret_value, size_t capacity) {
	size_t length = strlen(key);
	for (const char *next = text; (next = strstr(next, key)) != NULL; next += length) {
		if (next != text && next[-1] != ',' && next[-1] != ':')
			continue;
		snprintf(ret_value, capacity, "%.*s", (int)strcspn(next + length, ","), next + length);
		return true;
	}
	return false;
}

/* Whether path has name as one of its parts; ret_end is set to behind that part. */
static bool has_part(const char *path, const char *name, size_t *ret_end) {
	size_t length = strlen(name);
	for (const char *next = path; (next = strstr(next, name)) != NULL; next += length) {
		if (next == path || next[-1] != '/' || (next[length] != '/' && next[length] != '\0'))
			continue;
		*ret_end = (size_t)(next - path) + length;
		return true;
	}
	return false;
}

static void read_reason(const char *text, const char *name, struct ol_kernel_log_finding *finding) {
	char pid[16];
	size_t end;
	char group[OL_PATH_BYTES];
	if (!find_value(text, "task_memcg=", group, sizeof group) || !has_part(group, name, &end))
		return;
	finding->victim = find_value(text, "pid=", pid, sizeof pid) ? atoi(pid) : 0;
	group[end] = '\0';
	snprintf(finding->task_group, sizeof finding->task_group, "%s", group);
	if (!find_value(text, "oom_memcg=", finding->group, sizeof finding->group)) {
		*finding->group = '\0';
		finding->limited_by = OL_LIMITED_BY_SYSTEM;
		return;
	}
	finding->limited_by =
		has_part(finding->group, name, &end) ? OL_LIMITED_BY_OWN : OL_LIMITED_BY_ANCESTOR;
}

static void read_record(
	const char *text, const char *name, pid_t pid, struct ol_kernel_log_finding *finding) {
	if (strncmp(text, "oom-kill:", 9) == 0) {
		read_reason(text, name, finding);
		return;
	}
	const char *killed = strstr(text, "Killed process ");
	if (killed == NULL || strstr(text, "ut of memory") == NULL)
		return;
	pid_t victim = atoi(killed + strlen("Killed process "));
	/* Without the first line, the pid that the lab knows has to do. */
	bool is_ours = finding->victim != 0 ? victim == finding->victim : victim == pid;
	if (victim > 0 && is_ours)
		snprintf(finding->line, sizeof finding->line, "%s", text);
}

void ol_kernel_log_search(
	int fd, const char *group_name, pid_t pid, struct ol_kernel_log_finding *finding) {
	char record[RECORD_BYTES + 1];
	for (int i = 0; fd >= 0 && i < RECORDS_MAX; i++) {
		ssize_t length = read(fd, record, RECORD_BYTES);
		/* EPIPE: the buffer has run over; the next read goes on with what is left of it. */
		if (length < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (length <= 0)
			return; /* EAGAIN: the end. */
		record[length] = '\0';
		char *text = memchr(record, ';', (size_t)length);
		if (text == NULL)
			continue;
		text[strcspn(text, "\n")] = '\0';
		read_record(text + 1, group_name, pid, finding);
	}
}
