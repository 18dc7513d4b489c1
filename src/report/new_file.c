/* new_file.c -- A file that is there whole or not at all. */
#include "report/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char *path, int code, struct ol_error *error) {
	return ol_error_set_errno(error, code, "cannot write the report to %s", path);
}

/* By its descriptor, O_EXCL: whatever else stands there under this name is not touched. */
static int open_beside(struct ol_new_file *file, mode_t mode) {
	snprintf(file->beside, sizeof file->beside, "%s.%ld.new", file->path, (long)getpid());
	int fd = open(file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	file->stream = fdopen(fd, "w");
	if (file->stream != NULL)
		return 0;
	int code = -errno;
	close(fd);
	unlink(file->beside);
	return code;
}

int ol_new_file_open(struct ol_new_file *file, const char *path, struct ol_error *error) {
	struct stat facts = { .st_mode = S_IFREG | 0666 };
	*file = (struct ol_new_file){ 0 };
	if (stat(path, &facts) != 0 && errno != ENOENT)
		return refuse(path, -errno, error);
	if (S_ISDIR(facts.st_mode))
		return refuse(path, -EISDIR, error);
	bool is_there = access(path, F_OK) == 0;
	if (is_there && access(path, W_OK) != 0)
		return refuse(path, -errno, error);
	/* What stat has looked at is no longer than this. */
	if (!is_there || realpath(path, file->path) == NULL)
		snprintf(file->path, sizeof file->path, "%s", path);
	int result = 0;
	if (S_ISREG(facts.st_mode))
		result = open_beside(file, facts.st_mode & 0777);
	else if ((file->stream = fopen(path, "we")) == NULL)
		result = -errno;
	return result < 0 ? refuse(path, result, error) : 0;
}

void ol_new_file_drop(struct ol_new_file *file) {
	fclose(file->stream);
	if (file->beside[0] != '\0')
		unlink(file->beside);
}

int ol_new_file_finish(struct ol_new_file *file, struct ol_error *error) {
	bool is_beside = file->beside[0] != '\0';
	errno = 0;
	int code = 0;
	if (fflush(file->stream) != 0 || ferror(file->stream))
		code = errno != 0 ? -errno : -EIO;
	if (fclose(file->stream) != 0 && code == 0)
		code = errno != 0 ? -errno : -EIO;
	if (code == 0 && is_beside && rename(file->beside, file->path) != 0)
		code = -errno;
	if (code == 0)
		return 0;
	if (is_beside)
		unlink(file->beside);
	return refuse(file->path, code, error);
}
