/* kernel_log.c -- What the kernel's own log says about out-of-memory kills, line by line.
 *
 * The most exact witness where it may be read. Knows no cage. A kill is told in two lines, or
 * three: oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0
 *   Memory cgroup out of memory: Killed process 7 (x) total-vm:1kB, anon-rss:1kB, ...
 *   Tasks in /a are going to be killed due to memory.oom.group set
 * The first is left out when the kernel kills often (it limits the rate); the second is always
 * there; the third is followed by more of the second kind. The first and the third are written in
 * pieces: where they get too long, or another processor writes meanwhile, the rest comes as a
 * record of its own, marked as a continuation.
 *
 * Names of processes and groups are their owners' choice, and may look like anything. So only the
 * kernel's own records are believed, a name is found from the end of the line, and the first line
 * counts only if its end agrees with the second. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cage/internal.h"

enum {
	RECORD_BYTES = 8192, /* The kernel never hands out longer ones. */
	RECORDS_MAX = 20000, /* More than its buffer holds. */
	/* Between the lines of one event; what comes later without a reason is another event. */
	EVENT_US_MAX = 500000
};

/* One record of /dev/kmsg: "6,123,456789,-;text\n KEY=value\n". */
struct record {
	bool is_continuation;
	uint64_t at_us;
	char *text; /* Its first line, as the kernel hands it out. */
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

/* Cuts a record up; false for one that is not the kernel's own: users' have a facility. */
static bool parse_record(char *bytes, struct record *ret_record) {
	unsigned priority;
	uint64_t at_us;
	char flags;
	char *text = strchr(bytes, ';');
	if (text == NULL || sscanf(bytes, "%u,%*u,%" SCNu64 ",%c", &priority, &at_us, &flags) != 3 ||
		priority >> 3 != 0)
		return false;
	text++;
	text[strcspn(text, "\n")] = '\0';
	*ret_record = (struct record){ .is_continuation = flags == 'c', .at_us = at_us, .text = text };
	return true;
}

/* The log writes bytes that are not printable, and backslashes, as \x0a. */
static void unescape(char *text) {
	char *to = text;
	for (const char *from = text; *from != '\0';) {
		unsigned byte;
		if (from[0] == '\\' && from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1 && byte != 0) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static bool begins_with(const char *text, const char *start) {
	return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end) {
	size_t length = strlen(text);
	size_t end_length = strlen(end);
	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* "Memory cgroup out of memory: Killed process 7 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB,
 * ..."; what follows the last ") total-vm:" is the kernel's own words, whatever the name. */
static bool parse_killed(const char *text, struct ol_kernel_kill *kill) {
	static const char tail[] = ") total-vm:";
	const char *killed = strstr(text, ": Killed process ");
	int pid;
	int name_start = 0;
	if (killed == NULL || sscanf(killed, ": Killed process %d (%n", &pid, &name_start) != 1 ||
		pid <= 0 || name_start == 0)
		return false;
	const char *name = killed + name_start;
	const char *end = NULL;
	for (const char *next = name; (next = strstr(next, tail)) != NULL; next++)
		end = next;
	if (end == NULL || end - name >= OL_PROCESS_NAME_BYTES)
		return false;
	uint64_t anon_kib = 0;
	(void)sscanf(end, ") total-vm:%*ukB, anon-rss:%" SCNu64 "kB", &anon_kib);
	kill->pid = pid;
	kill->anon_bytes = anon_kib * 1024;
	snprintf(kill->name, sizeof kill->name, "%.*s", (int)(end - name), name);
	return true;
}

/* Cuts ",task=x,pid=7,uid=0" off a reason's end; false where it is about another process. */
static bool cut_task(char *reason, const struct ol_kernel_kill *kill) {
	char task[OL_PROCESS_NAME_BYTES + 48];
	size_t length = strlen(reason);
	while (length > 0 && reason[length - 1] >= '0' && reason[length - 1] <= '9')
		reason[--length] = '\0';
	snprintf(task, sizeof task, ",task=%s,pid=%d,uid=", kill->name, (int)kill->pid);
	if (!ends_with(reason, task))
		return false;
	reason[length - strlen(task)] = '\0';
	return true;
}

static bool is_below_or_same(const char *path, const char *above) {
	size_t length = strlen(above);
	return begins_with(path, above) && (path[length] == '\0' || path[length] == '/');
}

/* Takes over a path, if it fits. */
static bool take_path(char ret_path[OL_PATH_BYTES], const char *path) {
	size_t length = strlen(path);
	if (length >= OL_PATH_BYTES)
		return false;
	memcpy(ret_path, path, length + 1);
	return true;
}

/* Ends the first of two paths, "/a,task_memcg=/a/b", where what follows is a group in it. Returns
 * the second, or NULL. A group's name that makes two ways of it gets the shorter. */
static char *split_paths(char *path) {
	static const char key[] = ",task_memcg=";
	for (char *end = path; (end = strstr(end, key)) != NULL; end++) {
		char *second = end + sizeof key - 1;
		*end = '\0';
		if (is_below_or_same(second, path))
			return second;
		*end = ',';
	}
	return NULL;
}

/* "...,oom_memcg=/a,task_memcg=/a/b" or "...,global_oom,task_memcg=/b", the end of the line. In
 * front of these no name has a "/" in it, so that they are found from the left. */
static void read_groups(char *reason, struct ol_kernel_kill *kill) {
	static const char in_group[] = ",oom_memcg=/";
	static const char global[] = ",global_oom,task_memcg=/";
	bool is_group = begins_with(reason, "oom-kill:constraint=CONSTRAINT_MEMCG,");
	const char *key = is_group ? in_group : global;
	char *path = strstr(reason, key);
	if (path == NULL)
		return;
	path += strlen(key) - 1;
	char *victim = is_group ? split_paths(path) : path;
	if (victim == NULL || !take_path(kill->limiting_group, is_group ? path : "") ||
		!take_path(kill->victim_group, victim))
		return;
	kill->has_place = true;
	kill->is_system = !is_group;
}

/* "Tasks in /a are going to be killed due to memory.oom.group set" */
static const char tasks_head[] = "Tasks in ";
static const char tasks_tail[] = " are going to be killed due to memory.oom.group set";

static bool is_whole_reason(const char *text) {
	size_t length = strlen(text);
	while (length > 0 && text[length - 1] >= '0' && text[length - 1] <= '9')
		length--;
	return text[length] != '\0' && length >= 5 && strncmp(text + length - 5, ",uid=", 5) == 0;
}

static void keep(char *kept, size_t capacity, const char *text) {
	size_t used = strlen(kept);
	/* One that does not fit tells nothing that could be believed. */
	if (used + strlen(text) >= capacity)
		*kept = '\0';
	else
		memcpy(kept + used, text, strlen(text) + 1);
}

/* A further kill of the same event: where the whole group goes, only the first has a reason. */
static bool place_by_group(struct ol_kernel_log *log, struct ol_kernel_kill *kill) {
	char path[sizeof log->tasks];
	if (!begins_with(log->tasks, "Tasks in /") || !ends_with(log->tasks, tasks_tail))
		return false;
	snprintf(path, sizeof path, "%s", log->tasks + sizeof tasks_head - 1);
	path[strlen(path) - strlen(tasks_tail)] = '\0';
	unescape(path);
	if (!take_path(kill->victim_group, path))
		return false;
	kill->has_place = kill->is_by_group = true;
	kill->is_system = log->last_is_system;
	snprintf(kill->limiting_group, sizeof kill->limiting_group, "%s", log->last_limiting_group);
	return true;
}

static bool take_killed(
	struct ol_kernel_log *log, const struct record *record, struct ol_kernel_kill *ret_kill) {
	struct ol_kernel_kill kill = { 0 };
	if (!begins_with(record->text, "Memory cgroup out of memory") &&
		!begins_with(record->text, "Out of memory"))
		return false;
	snprintf(kill.line, sizeof kill.line, "%s", record->text);
	unescape(record->text);
	if (!parse_killed(record->text, &kill))
		return false;
	/* The clocks of two processors may differ a little. */
	bool is_same_event = record->at_us <= log->last_at_us + EVENT_US_MAX;
	unescape(log->reason);
	if (cut_task(log->reason, &kill))
		read_groups(log->reason, &kill);
	else if (is_same_event && place_by_group(log, &kill) && kill.pid == log->first_pid)
		return false; /* The first one is told again, with its group. */
	if (!kill.is_by_group) {
		*log->tasks = '\0';
		log->first_pid = kill.pid;
	}
	*log->reason = '\0';
	log->last_at_us = record->at_us;
	log->last_is_system = kill.is_system;
	snprintf(log->last_limiting_group, sizeof log->last_limiting_group, "%s", kill.limiting_group);
	*ret_kill = kill;
	return true;
}

bool ol_kernel_log_feed(struct ol_kernel_log *log, char *bytes, struct ol_kernel_kill *ret_kill) {
	struct record record;
	if (!parse_record(bytes, &record))
		return false;
	if (take_killed(log, &record, ret_kill))
		return true;
	bool is_reason = begins_with(record.text, "oom-kill:constraint=");
	bool is_tasks = begins_with(record.text, tasks_head);
	if (is_reason) {
		*log->reason = *log->tasks = '\0';
		keep(log->reason, sizeof log->reason, record.text);
	} else if (is_tasks) {
		*log->tasks = '\0';
		keep(log->tasks, sizeof log->tasks, record.text);
	} else if (record.is_continuation && *log->tasks != '\0' &&
			   !ends_with(log->tasks, tasks_tail)) {
		keep(log->tasks, sizeof log->tasks, record.text);
	} else if (record.is_continuation && *log->reason != '\0' && !is_whole_reason(log->reason)) {
		keep(log->reason, sizeof log->reason, record.text);
	}
	return false;
}

bool ol_kernel_log_next(struct ol_kernel_log *log, struct ol_kernel_kill *ret_kill) {
	char bytes[RECORD_BYTES + 1];
	for (int i = 0; log->fd >= 0 && i < RECORDS_MAX; i++) {
		ssize_t length = read(log->fd, bytes, RECORD_BYTES);
		/* EPIPE: the buffer has run over; the next read goes on with what is left of it. */
		if (length < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (length <= 0)
			return false; /* EAGAIN: the end. */
		bytes[length] = '\0';
		if (ol_kernel_log_feed(log, bytes, ret_kill))
			return true;
	}
	return false;
}
