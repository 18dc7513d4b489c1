/* dump_support.h -- A directory to dump into, and what is in it afterwards. */
#ifndef OL_TESTS_UNIT_DUMP_SUPPORT_H
#define OL_TESTS_UNIT_DUMP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/internal.h"

enum { PATIENCE_MS = 60000 }; /* More than a writer needs on a slow machine. */

static char parent[] = "/tmp/oomlab-test-dump-XXXXXX";
static char directory[OL_PATH_BYTES];
static struct ol_error error;

static inline int remove_one(
	const char *path, const struct stat *status, int kind, struct FTW *place) {
	return remove(path);
}

static inline int begin(void **state) {
	strcpy(parent + strlen(parent) - 6, "XXXXXX");
	assert_non_null(mkdtemp(parent));
	strcpy(directory, "not told");
	error = (struct ol_error){ 0 };
	return 0;
}

static inline int end(void **state) {
	assert_int_equal(nftw(parent, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	return 0;
}

static inline struct ol_dump *create_dump(void) {
	struct ol_dump *dump;
	assert_int_equal(ol_dump_create(parent, "spike", &dump, &error), 0);
	return dump;
}

static inline int write_and_finish(struct ol_dump *dump) {
	assert_int_equal(ol_dump_write(dump, &error), 0);
	return ol_dump_finish(dump, PATIENCE_MS, directory, &error);
}

static inline void path_in(const char *above, const char *name, char *ret_path) {
	assert_true(snprintf(ret_path, OL_PATH_BYTES, "%s/%s", above, name) < OL_PATH_BYTES);
}

static inline struct stat stat_of(const char *name) {
	char path[OL_PATH_BYTES];
	path_in(directory, name, path);
	struct stat status;
	assert_int_equal(lstat(path, &status), 0);
	return status;
}

/* The last bytes of a dumped file, as text. */
static inline void read_end(const char *name, char *text, size_t capacity) {
	char path[OL_PATH_BYTES];
	path_in(directory, name, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	off_t length = lseek(fd, 0, SEEK_END);
	off_t start = length < (off_t)capacity - 1 ? 0 : length - ((off_t)capacity - 1);
	ssize_t count = pread(fd, text, capacity - 1, start);
	assert_true(count >= 0);
	text[count] = '\0';
	close(fd);
}

static inline size_t entry_count(const char *path) {
	DIR *stream = opendir(path);
	assert_non_null(stream);
	size_t count = 0;
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count - 2; /* Without itself and what is above. */
}

#endif
