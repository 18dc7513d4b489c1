/* dump.c -- Gathers files in memory, starts their writer, and waits for it no longer than it may.
 */
#include "dump/dump.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/appender.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "dump/internal.h"
#include "dump/pprof.h"

enum {
	COPY_BYTES_FIRST = 16 << 10, /* Most files of the kernel's are shorter. */
	NOTE_BYTES = 96,
	REAP_TRIES_MAX = 100,
	REAP_WAIT_MS = 5
};

static bool is_plain(char byte) {
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
		   (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

static void make_safe(const char *name, char safe[OL_NAME_BYTES]) {
	size_t length = 0;
	for (; name[length] != '\0' && length < OL_NAME_BYTES - 1; length++)
		safe[length] = is_plain(name[length]) ? name[length] : '-';
	safe[length] = '\0';
}

/* The parent must be usable already now: who is told at the start can still do something. */
static int open_parent(const char *parent, int *ret_fd, struct ol_error *error) {
	OL_AUTO_CLOSE int fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot leave a dump in %.300s", parent);
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return ol_error_set_errno(error, -errno, "cannot leave a dump in %.300s", parent);
	*ret_fd = ol_steal_fd(&fd);
	return 0;
}

int ol_dump_create(
	const char *parent, const char *name, struct ol_dump **ret_dump, struct ol_error *error) {
	if (strlen(parent) + 1 + OL_DUMP_DIRECTORY_BYTES > OL_PATH_BYTES)
		return ol_error_set(
			error, -ENAMETOOLONG, "cannot leave a dump in %.100s...: the path is too long", parent);
	int parent_fd = -1;
	int status = open_parent(parent, &parent_fd, error);
	if (status < 0)
		return status;
	struct ol_dump *dump = calloc(1, sizeof *dump);
	if (dump == NULL) {
		close(parent_fd);
		return ol_error_set(error, -ENOMEM, "no memory for a dump");
	}
	snprintf(dump->parent, sizeof dump->parent, "%s", parent);
	make_safe(name, dump->name);
	dump->parent_fd = parent_fd;
	dump->word_fd = -1;
	*ret_dump = dump;
	return 0;
}

static int add_file(
	struct ol_dump *dump, const char *name, uint8_t *bytes, size_t length, struct ol_error *error) {
	assert(name[0] != '\0' && name[0] != '.' && strlen(name) < OL_NAME_BYTES);
	assert(dump->writer == 0);
	if (dump->file_count == OL_DUMP_FILES_MAX)
		return ol_error_set(error, -ENOSPC, "no room for %s in the dump: it has %d files already",
			name, OL_DUMP_FILES_MAX);
	for (size_t i = 0; i < dump->file_count; i++) {
		if (strcmp(dump->files[i].name, name) == 0)
			return ol_error_set(error, -EEXIST, "the dump has a file %s already", name);
	}
	struct ol_dump_file *file = &dump->files[dump->file_count++];
	make_safe(name, file->name);
	file->bytes = bytes;
	file->length = length;
	dump->total_bytes += length;
	return 0;
}

static size_t room_bytes(const struct ol_dump *dump) {
	return OL_DUMP_BYTES_MAX - dump->total_bytes;
}

/* Takes what fits of bytes, which may be followed by more that was never read. */
static int add_text(struct ol_dump *dump, const char *name, const void *bytes, size_t length,
	struct ol_error *error) {
	size_t room = room_bytes(dump);
	bool is_cut = length > room;
	if (is_cut && room <= NOTE_BYTES)
		return ol_error_set(error, -ENOSPC, "no room for %s in the dump: it has %zu bytes", name,
			dump->total_bytes);
	size_t kept = is_cut ? room - NOTE_BYTES : length;
	char *copy = malloc(kept + NOTE_BYTES);
	if (copy == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for %s in the dump", name);
	memcpy(copy, bytes, kept);
	int note_bytes = 0;
	if (is_cut)
		note_bytes = snprintf(
			copy + kept, NOTE_BYTES, "\n[cut here: %zu bytes fitted into the dump]\n", kept);
	int status = add_file(dump, name, (uint8_t *)copy, kept + (size_t)note_bytes, error);
	if (status < 0)
		free(copy);
	return status;
}

int ol_dump_add(struct ol_dump *dump, const char *name, const void *bytes, size_t length,
	struct ol_error *error) {
	return add_text(dump, name, bytes, length, error);
}

/* Reads to the end, or until there is more than capacity_max. A kernel file's length is not known
 * before. */
static int read_all(
	int fd, size_t capacity_max, char **ret_bytes, size_t *ret_length, const char **ret_what) {
	OL_AUTO_FREE char *bytes = NULL;
	size_t capacity = 0;
	size_t length = 0;
	while (length < capacity_max) {
		if (length == capacity) {
			capacity = capacity == 0 ? COPY_BYTES_FIRST : 2 * capacity;
			char *larger = realloc(bytes, capacity);
			*ret_what = "no memory to read";
			if (larger == NULL)
				return -ENOMEM;
			bytes = larger;
		}
		*ret_what = "cannot read";
		ssize_t count = read(fd, bytes + length, capacity - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	*ret_bytes = bytes;
	*ret_length = length;
	bytes = NULL;
	return 0;
}

int ol_dump_add_copy(
	struct ol_dump *dump, const char *name, const char *path, struct ol_error *error) {
	/* Never waits: whoever swapped a pipe for the file would hold up the end. */
	OL_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot read %.300s for the dump", path);
	struct stat status_of_file;
	if (fstat(fd, &status_of_file) < 0 || !S_ISREG(status_of_file.st_mode))
		return ol_error_set(
			error, -EINVAL, "cannot read %.300s for the dump: it is no regular file", path);
	OL_AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	const char *what = NULL;
	int status = read_all(fd, room_bytes(dump) + 1, &bytes, &length, &what);
	if (status < 0)
		return ol_error_set_errno(error, status, "%s %.300s for the dump", what, path);
	return add_text(dump, name, length > 0 ? bytes : "", length, error);
}

static uint64_t now_ns(clockid_t clock) {
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

int ol_dump_add_profile(struct ol_dump *dump, const char *name, const struct ol_profile_site *sites,
	size_t site_count, uint64_t garbage_bytes, uint64_t wall_ns, struct ol_error *error) {
	uint64_t today_ns = now_ns(CLOCK_REALTIME);
	struct ol_pprof_profile profile = {
		.sites = sites,
		.site_count = site_count,
		.garbage_bytes = garbage_bytes,
		.start_ns = today_ns > wall_ns ? today_ns - wall_ns : 0,
		.wall_ns = wall_ns,
	};
	OL_AUTO_FREE uint8_t *plain = NULL;
	size_t plain_length;
	int status = ol_pprof_encode(&profile, &plain, &plain_length, error);
	if (status < 0)
		return status;
	OL_AUTO_FREE uint8_t *packed = NULL;
	size_t packed_length;
	status = ol_pprof_gzip(plain, plain_length, &packed, &packed_length, error);
	if (status < 0)
		return status;
	/* Half a profile is none: it is left out rather than cut. */
	if (packed_length > room_bytes(dump))
		return ol_error_set(error, -ENOSPC, "no room for %s in the dump: it has %zu bytes", name,
			dump->total_bytes);
	status = add_file(dump, name, packed, packed_length, error);
	if (status == 0)
		packed = NULL;
	return status;
}

static void name_directory(struct ol_dump *dump) {
	char moment[sizeof "20261121T195501Z"];
	time_t now = time(NULL);
	struct tm broken_down;
	if (gmtime_r(&now, &broken_down) == NULL ||
		strftime(moment, sizeof moment, "%Y%m%dT%H%M%SZ", &broken_down) == 0)
		moment[0] = '\0';
	snprintf(dump->directory, sizeof dump->directory, "oomlab-%s-%s-%d", dump->name, moment,
		(int)getpid());
}

int ol_dump_write(struct ol_dump *dump, struct ol_error *error) {
	assert(dump->writer == 0 && dump->word_fd < 0);
	name_directory(dump);
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return ol_error_set_errno(error, -errno, "cannot write the dump: no pipe");
	OL_AUTO_CLOSE int read_fd = pipe_fds[0];
	OL_AUTO_CLOSE int write_fd = pipe_fds[1];
	/* Blocked until the writer has put the lab's handlers away: a signal is the lab's to handle. */
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t writer = fork();
	int fork_errno = errno;
	if (writer == 0)
		ol_dump_writer(dump, write_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (writer < 0)
		return ol_error_set_errno(error, -fork_errno, "cannot write the dump: no process for it");
	dump->writer = writer;
	dump->word_fd = ol_steal_fd(&read_fd);
	return 0;
}

/* -ETIMEDOUT, or 0: what was to be had is in ret_word and ret_count (0: its end, without a word).
 */
static int await_word(
	int fd, uint64_t deadline_ns, struct ol_dump_word *ret_word, ssize_t *ret_count) {
	for (;;) {
		uint64_t now = now_ns(CLOCK_MONOTONIC);
		uint64_t left_ns = deadline_ns > now ? deadline_ns - now : 0;
		struct pollfd wanted = { .fd = fd, .events = POLLIN };
		struct timespec patience = { .tv_sec = (time_t)(left_ns / OL_NS_PER_S),
			.tv_nsec = (long)(left_ns % OL_NS_PER_S) };
		int ready = ppoll(&wanted, 1, &patience, NULL);
		if (ready == 0)
			return -ETIMEDOUT;
		if (ready < 0)
			continue;
		*ret_count = read(fd, ret_word, sizeof *ret_word);
		if (*ret_count >= 0)
			return 0;
	}
}

/* Ends the writer, which may have ended already. The wait status, or -1 where it is not known: it
 * hangs in the kernel beyond the reach of SIGKILL, or somebody else has taken its status. */
static int end_writer(struct ol_dump *dump) {
	int wait_status = -1;
	pid_t writer = dump->writer;
	dump->writer = 0;
	for (int i = 0; i < REAP_TRIES_MAX; i++) {
		pid_t ended = waitpid(writer, &wait_status, WNOHANG);
		if (ended != 0)
			return ended == writer ? wait_status : -1;
		/* Not reaped yet: the number is still the writer's. */
		kill(writer, SIGKILL);
		poll(NULL, 0, REAP_WAIT_MS);
	}
	return -1;
}

static void tell_directory(const struct ol_dump *dump, uint32_t suffix, char *ret_directory) {
	struct ol_appender path = ol_appender_in(ret_directory, OL_PATH_BYTES);
	if (suffix == 0)
		return;
	ol_append(&path, dump->parent);
	if (dump->parent[strlen(dump->parent) - 1] != '/')
		ol_append(&path, "/");
	ol_append(&path, dump->directory);
	if (suffix > 1) {
		ol_append(&path, "-");
		ol_append_uint64(&path, suffix);
	}
}

static int judge_silence(int wait_status, struct ol_error *error) {
	if (wait_status != -1 && WIFSIGNALED(wait_status))
		return ol_error_set(
			error, -EIO, "the dump's writer was ended by signal %d", WTERMSIG(wait_status));
	return ol_error_set(error, -EIO, "the dump's writer ended without a word");
}

int ol_dump_finish(
	struct ol_dump *dump, int patience_ms, char *ret_directory, struct ol_error *error) {
	assert(dump->writer != 0 && patience_ms >= 0);
	uint64_t deadline_ns = now_ns(CLOCK_MONOTONIC) + (uint64_t)patience_ms * OL_NS_PER_MS;
	struct ol_dump_word word = { 0 };
	int status = 0;
	ssize_t count = 1;
	while (status == 0 && count > 0 && !word.is_last)
		status = await_word(dump->word_fd, deadline_ns, &word, &count);
	int wait_status = end_writer(dump);
	close(dump->word_fd);
	dump->word_fd = -1;

	tell_directory(dump, word.suffix, ret_directory);
	if (status < 0)
		return ol_error_set(error, status,
			"the dump was not written within %d ms: what is there of it may lack its end",
			patience_ms);
	if (!word.is_last)
		return judge_silence(wait_status, error);
	if (word.error.code < 0 && error != NULL)
		*error = word.error;
	return word.error.code;
}

void ol_dump_destroy(struct ol_dump *dump) {
	if (dump == NULL)
		return;
	if (dump->writer != 0)
		end_writer(dump);
	if (dump->word_fd >= 0)
		close(dump->word_fd);
	for (size_t i = 0; i < dump->file_count; i++)
		free(dump->files[i].bytes);
	close(dump->parent_fd);
	free(dump);
}
