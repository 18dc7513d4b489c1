/* files.c -- The kernel's small files, errors that name path and cure, and waiting. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/internal.h"

enum { SHOWN_BYTES_MAX = 400 }; /* Of a message's first half: the cure must fit behind it. */

static void write_cure(int code, const char *mount, char *ret_cure, size_t capacity) {
	switch (-code) {
	case EACCES:
	case EPERM:
		snprintf(ret_cure, capacity,
			"; run as root, or in a group delegated to this user: "
			"systemd-run --user --scope -p Delegate=yes -- oomlab ..., or --group=NAME");
		break;
	case EROFS:
		snprintf(ret_cure, capacity,
			"; it is mounted read-only: mount -o remount,rw %.128s, or in a container: mount the "
			"control groups writable",
			mount);
		break;
	case ENOSPC:
	case EAGAIN:
		snprintf(ret_cure, capacity,
			"; there are too many control groups: raise cgroup.max.descendants and "
			"cgroup.max.depth above it, or remove unused groups");
		break;
	case ENOENT:
	case ENODEV:
		snprintf(ret_cure, capacity,
			"; the group was removed from outside: leave oomlab-* groups alone while a lab runs");
		break;
	case EBUSY:
		snprintf(ret_cure, capacity,
			"; something else uses the group: choose another one by --group=NAME");
		break;
	default:
		*ret_cure = '\0';
	}
}

int ol_cage_fail(struct ol_error *error, int code, const char *mount, const char *format, ...) {
	char what[SHOWN_BYTES_MAX];
	char cure[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	write_cure(code, mount, cure, sizeof cure);
	const char *description = strerrordesc_np(-code);
	return ol_error_set(
		error, code, "%s: %s%s", what, description != NULL ? description : "unknown error", cure);
}

int ol_cage_write(int directory_fd, const struct ol_cage_chain *chain, const char *path,
	const char *name, const char *text, struct ol_error *error) {
	int code = 0;
	OL_AUTO_CLOSE int fd = openat(directory_fd, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		code = -errno;
	} else {
		ssize_t count;
		do
			count = write(fd, text, strlen(text));
		while (count < 0 && errno == EINTR);
		if (count < 0)
			code = -errno;
	}
	if (code < 0)
		return ol_cage_fail(error, code, chain->mount, "cannot write %s to %s%s/%s", text,
			chain->mount, strcmp(path, "/") == 0 ? "" : path, name);
	return 0;
}

bool ol_cage_has_word(const char *text, const char *word) {
	size_t length = strlen(word);
	for (const char *next = text; (next = strstr(next, word)) != NULL; next += length) {
		bool is_start = next == text || strchr(" ,\n", next[-1]) != NULL;
		if (is_start && strchr(" ,\n", next[length]) != NULL) /* The NUL counts as found. */
			return true;
	}
	return false;
}

bool ol_cage_lists_memory(int directory_fd, const char *name) {
	char text[OL_CAGE_LIST_BYTES];
	return ol_file_read_at(directory_fd, name, text, sizeof text, NULL) >= 0 &&
		   ol_cage_has_word(text, "memory");
}

int ol_cage_each_process(int directory_fd, void (*each)(pid_t pid, void *context), void *context) {
	OL_AUTO_CLOSE int fd = openat(directory_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	char text[OL_CAGE_LIST_BYTES];
	int process_count = 0;
	pid_t pid = -1;
	for (;;) {
		ssize_t length = read(fd, text, sizeof text);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		if (length == 0)
			return process_count;
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = (pid < 0 ? 0 : pid) * 10 + (text[i] - '0');
				continue;
			}
			if (pid >= 0) {
				process_count++;
				if (each != NULL)
					each(pid, context);
			}
			pid = -1;
		}
	}
}

static uint64_t now_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

bool ol_cage_wait(struct ol_cage_patience *patience) {
	if (patience->begin_ns == 0) {
		patience->begin_ns = now_ns();
		patience->step_ns = 20 * OL_NS_PER_US;
	} else if (now_ns() - patience->begin_ns > OL_CAGE_PATIENCE_NS) {
		return false;
	}
	struct timespec pause = { 0, (long)patience->step_ns };
	nanosleep(&pause, NULL);
	if (patience->step_ns < 10 * OL_NS_PER_MS)
		patience->step_ns *= 2;
	return true;
}

int ol_cage_join_path(
	char ret_path[OL_PATH_BYTES], const char *first, const char *second, struct ol_error *error) {
	while (*second == '/')
		second++;
	size_t length = strlen(first);
	while (length > 0 && first[length - 1] == '/')
		length--;
	int written = snprintf(ret_path, OL_PATH_BYTES, "%.*s/%s", (int)length, first, second);
	if (written < 0 || written >= OL_PATH_BYTES)
		return ol_error_set(error, -ENAMETOOLONG,
			"the path of control group %.128s... below %.128s is longer than %d bytes", second,
			first, OL_PATH_BYTES - 1);
	return 0;
}

int ol_cage_normalize_path(const char *path, char ret_path[OL_PATH_BYTES], struct ol_error *error) {
	size_t used = 0;
	for (const char *next = path; *next != '\0';) {
		size_t length = strcspn(next, "/");
		if (length == 2 && strncmp(next, "..", 2) == 0)
			return ol_error_set(error, -EINVAL,
				"'%.300s' is not a control group's name: it must not contain \"..\"; name a group "
				"from the top of the hierarchy, as in user.slice/lab",
				path);
		bool is_empty = length == 0 || (length == 1 && *next == '.');
		if (!is_empty && used + 1 + length >= OL_PATH_BYTES)
			return ol_error_set(error, -ENAMETOOLONG,
				"the control group's name '%.128s...' is longer than %d bytes", path,
				OL_PATH_BYTES - 1);
		if (!is_empty) {
			ret_path[used++] = '/';
			memcpy(ret_path + used, next, length);
			used += length;
		}
		next += length;
		next += *next == '/';
	}
	if (used == 0)
		ret_path[used++] = '/';
	ret_path[used] = '\0';
	return 0;
}
