/* file.c -- Small files, whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

int ol_file_read(const char *path, char *buffer, size_t capacity, struct ol_error *error) {
	return ol_file_read_at(AT_FDCWD, path, buffer, capacity, error);
}

int ol_file_read_at(
	int directory_fd, const char *name, char *buffer, size_t capacity, struct ol_error *error) {
	OL_AUTO_CLOSE int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot open %s", name);
	size_t length = 0;
	while (length < capacity) {
		ssize_t count = read(fd, buffer + length, capacity - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return ol_error_set_errno(error, -errno, "cannot read %s", name);
		if (count == 0) {
			buffer[length] = '\0';
			return (int)length;
		}
		length += (size_t)count;
	}
	return ol_error_set(error, -EFBIG, "%s is larger than %zu bytes", name, capacity - 1);
}

int ol_file_read_uint64_at(
	int directory_fd, const char *name, uint64_t *ret_value, struct ol_error *error) {
	char text[64];
	int length = ol_file_read_at(directory_fd, name, text, sizeof text, error);
	if (length < 0)
		return length;
	if (strcmp(text, "max\n") == 0) {
		*ret_value = UINT64_MAX;
		return 0;
	}
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || (*end != '\n' && *end != '\0'))
		return ol_error_set(error, -EBADMSG, "%s does not hold a number", name);
	*ret_value = value;
	return 0;
}

int ol_file_write_at(int directory_fd, const char *name, const char *text, struct ol_error *error) {
	OL_AUTO_CLOSE int fd = openat(directory_fd, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot open %s", name);
	size_t length = strlen(text);
	ssize_t count;
	do
		count = write(fd, text, length);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return ol_error_set_errno(error, -errno, "cannot write '%.64s' to %s", text, name);
	if ((size_t)count != length)
		return ol_error_set(error, -EIO, "wrote only a part of '%.64s' to %s", text, name);
	return 0;
}

int ol_keyed_uint64(const char *text, const char *key, uint64_t *ret_value) {
	size_t key_length = strlen(key);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, key, key_length) == 0 && line[key_length] == ' ') {
			*ret_value = strtoull(line + key_length + 1, NULL, 10);
			return 0;
		}
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return -ENOENT;
}
