/* writer.c -- The process that writes a dump: makes the directory and one file after the other.
 *
 * Allocates nothing. It lives on when the lab is ended, and ends by itself; a full disk, a missing
 * directory or a link that somebody laid in its way ends up in its last word. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dump/internal.h"

enum { FDS_MAX = 65536 }; /* To close one by one before Linux 5.9. */

_Static_assert(sizeof(struct ol_dump_word) <= PIPE_BUF, "a word comes whole");

static void close_range_of(unsigned first, unsigned last) {
	if (first > last)
		return;
	if (syscall(SYS_close_range, first, last, 0U) == 0)
		return;
	for (unsigned fd = first; fd <= last && fd < FDS_MAX; fd++)
		close((int)fd);
}

/* Whoever reads the lab's output must not wait for the disk, and a group's lock is not ours. */
static void close_all_but(int one_fd, int other_fd) {
	unsigned low = (unsigned)(one_fd < other_fd ? one_fd : other_fd);
	unsigned high = (unsigned)(one_fd < other_fd ? other_fd : one_fd);
	if (low > 0)
		close_range_of(0, low - 1);
	close_range_of(low + 1, high - 1);
	close_range_of(high + 1, ~0U);
}

/* Ctrl-C and a closed terminal are meant for the lab. */
static void stand_alone(void) {
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN); /* The lab may be gone. */
	signal(SIGXFSZ, SIG_IGN); /* EFBIG says the same. */
	setsid();
	prctl(PR_SET_NAME, "oomlab-dump");
	umask(077);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void say(int word_fd, const struct ol_dump_word *word) {
	ssize_t written;
	do
		written = write(word_fd, word, sizeof *word);
	while (written < 0 && errno == EINTR);
}

static int make_directory(
	const struct ol_dump *dump, uint32_t *ret_suffix, struct ol_error *error) {
	char name[OL_DUMP_DIRECTORY_BYTES + 16];
	snprintf(name, sizeof name, "%s", dump->directory);
	uint32_t suffix = 1;
	while (mkdirat(dump->parent_fd, name, 0700) < 0) {
		if (errno != EEXIST || suffix == OL_DUMP_SUFFIX_MAX)
			return ol_error_set_errno(
				error, -errno, "cannot make %s in %.300s", name, dump->parent);
		snprintf(name, sizeof name, "%s-%u", dump->directory, (unsigned)++suffix);
	}
	OL_AUTO_CLOSE int fd =
		openat(dump->parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot open %s, just made", name);
	/* In a directory that others may write to without a sticky bit, they can put theirs in the
	 * place of ours. */
	struct stat status;
	if (fstat(fd, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 077) != 0)
		return ol_error_set(error, -EPERM,
			"somebody put another directory in the place of %s: choose a parent that only you "
			"may write to",
			name);
	*ret_suffix = suffix;
	return ol_steal_fd(&fd);
}

static int write_file(int directory_fd, const struct ol_dump_file *file, struct ol_error *error) {
	OL_AUTO_CLOSE int fd = openat(
		directory_fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make %s of the dump", file->name);
	size_t done = 0;
	while (done < file->length) {
		ssize_t written = write(fd, file->bytes + done, file->length - done);
		if (written < 0 && errno != EINTR)
			return ol_error_set_errno(error, -errno,
				"cannot write %s of the dump after %zu of %zu bytes", file->name, done,
				file->length);
		done += written > 0 ? (size_t)written : 0;
	}
	if (fsync(fd) < 0)
		return ol_error_set_errno(error, -errno, "cannot write %s of the dump", file->name);
	return 0;
}

/* What was made stays made when the machine goes down. Not every file system can promise that. */
static void sync_names(const struct ol_dump *dump, int directory_fd) {
	fsync(directory_fd);
	OL_AUTO_CLOSE int parent_fd = openat(dump->parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent_fd >= 0)
		fsync(parent_fd);
}

_Noreturn void ol_dump_writer(const struct ol_dump *dump, int word_fd) {
	stand_alone();
	close_all_but(dump->parent_fd, word_fd);
	struct ol_dump_word word = { 0 };
	int directory_fd = make_directory(dump, &word.suffix, &word.error);
	if (directory_fd >= 0) {
		say(word_fd, &word);
		/* A file that does not fit leaves room for those that do. */
		for (size_t i = 0; i < dump->file_count; i++) {
			struct ol_error *error = word.error.code == 0 ? &word.error : NULL;
			(void)write_file(directory_fd, &dump->files[i], error);
		}
		sync_names(dump, directory_fd);
	}
	word.is_last = 1;
	say(word_fd, &word);
	_exit(word.error.code == 0 ? 0 : 1);
}
