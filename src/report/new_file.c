/* new_file.c -- A file that is there whole or not at all. */
#include "report/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct new_file {
	int fd;
	mode_t mode;
	char path[PATH_MAX];        /* Where it is to be; links are followed. */
	char beside[PATH_MAX + 32]; /* Where it is while it is written; "": there already. */
};

static int refuse(const char *path, int code, struct ol_error *error) {
	return ol_error_set_errno(error, code, "cannot write the report to '%.512s'", path);
}

/* O_EXCL: whatever else stands there under this name is not touched. */
static int open_beside(struct new_file *file) {
	snprintf(file->beside, sizeof file->beside, "%s.%ld.new", file->path, (long)getpid());
	file->fd = open(file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode & 0777);
	return file->fd < 0 ? -errno : 0;
}

/* Looks where it is to be; opens nothing. */
static int find_place(struct new_file *file, const char *path) {
	struct stat facts = { .st_mode = S_IFREG | 0666 };
	*file = (struct new_file){ .fd = -1 };
	if (*path == '\0' || strlen(path) >= sizeof file->path)
		return *path == '\0' ? -ENOENT : -ENAMETOOLONG;
	if (stat(path, &facts) != 0 && errno != ENOENT)
		return -errno;
	if (S_ISDIR(facts.st_mode))
		return -EISDIR;
	strcpy(file->path, path);
	if (access(path, F_OK) == 0) {
		if (access(path, W_OK) != 0)
			return -errno;
		if (realpath(path, file->path) == NULL)
			return -errno;
	}
	file->mode = facts.st_mode;
	return 0;
}

static int open_new(struct new_file *file, const char *path) {
	int result = find_place(file, path);
	if (result < 0)
		return result;
	if (S_ISREG(file->mode))
		return open_beside(file);
	file->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return file->fd < 0 ? -errno : 0;
}

static int write_all(int fd, const char *text, size_t length) {
	while (length > 0) {
		ssize_t count = write(fd, text, length);
		if (count < 0 && errno != EINTR)
			return -errno;
		text += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}
	return 0;
}

int ol_new_file_write(const char *path, const char *text, size_t length, struct ol_error *error) {
	struct new_file file;
	int result = open_new(&file, path);
	if (result < 0)
		return refuse(path, result, error);
	result = write_all(file.fd, text, length);
	if (close(file.fd) != 0 && result == 0)
		result = -errno;
	if (result == 0 && file.beside[0] != '\0' && rename(file.beside, file.path) != 0)
		result = -errno;
	if (result == 0)
		return 0;
	if (file.beside[0] != '\0')
		unlink(file.beside);
	return refuse(path, result, error);
}

int ol_new_file_check(const char *path, struct ol_error *error) {
	struct new_file file;
	int result = find_place(&file, path);
	/* A pipe is not opened: it might have no reader yet, or take this for all. */
	if (result == 0 && S_ISREG(file.mode))
		result = open_beside(&file);
	if (result < 0)
		return refuse(path, result, error);
	if (file.fd >= 0) {
		close(file.fd);
		unlink(file.beside);
	}
	return 0;
}
