/* png.c -- A chart as pixels: its SVG, drawn by rsvg-convert, which comes with librsvg.
 *
 * A program and not the library: that would bring fonts, XML and pictures into a program that is
 * linked statically. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "chart/chart.h"

enum { PNG_BYTES_MAX = 256 << 20, COMPLAINT_BYTES = 256 };
static const char program[] = "rsvg-convert";

extern char **environ;

static int write_svg(int fd, const struct ol_chart *chart, struct ol_chart_size size) {
	OL_AUTO_CLOSE int copy = dup(fd);
	OL_AUTO_FCLOSE FILE *stream = copy >= 0 ? fdopen(copy, "w") : NULL;
	if (stream == NULL)
		return -errno;
	(void)ol_steal_fd(&copy); /* The stream's. */
	ol_chart_put_svg(stream, chart, size);
	if (fflush(stream) != 0 || ferror(stream) || lseek(fd, 0, SEEK_SET) < 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

/* Runs the program from one file to the other; ret_status is as waitpid has it. */
static int convert(const int fds[3], double scale, int *ret_status) {
	char zoom[32];
	snprintf(zoom, sizeof zoom, "--zoom=%.3f", scale);
	char name[] = "rsvg-convert", format[] = "--format=png", unlimited[] = "--unlimited";
	char *const arguments[] = { name, format, unlimited, zoom, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigemptyset(&none);
	int result = posix_spawn_file_actions_init(&actions);
	if (result != 0)
		return -result;
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	for (int fd = 0; fd < 3 && result == 0; fd++)
		result = posix_spawn_file_actions_adddup2(&actions, fds[fd], fd);
	pid_t pid = -1;
	if (result == 0)
		result = posix_spawnp(&pid, program, &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (result != 0)
		return -result;
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* What it complained of, in one line. */
static void read_complaint(int fd, char complaint[COMPLAINT_BYTES]) {
	ssize_t length = pread(fd, complaint, COMPLAINT_BYTES - 1, 0);
	complaint[length > 0 ? length : 0] = '\0';
	complaint[strcspn(complaint, "\n")] = '\0';
}

static int read_png(int fd, char **ret_png, size_t *ret_bytes, struct ol_error *error) {
	struct stat facts;
	if (fstat(fd, &facts) < 0 || facts.st_size <= 0 || facts.st_size > PNG_BYTES_MAX)
		return ol_error_set(error, -EIO, "%s gave no picture", program);
	size_t bytes = (size_t)facts.st_size;
	char *png = malloc(bytes);
	if (png == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a picture of %zu bytes", bytes);
	if (pread(fd, png, bytes, 0) != (ssize_t)bytes) {
		free(png);
		return ol_error_set(error, -EIO, "cannot read the picture");
	}
	*ret_png = png;
	*ret_bytes = bytes;
	return 0;
}

int ol_chart_render_png(const struct ol_chart *chart, struct ol_chart_size size, char **ret_png,
	size_t *ret_bytes, struct ol_error *error) {
	OL_AUTO_CLOSE int svg = memfd_create("chart.svg", MFD_CLOEXEC);
	OL_AUTO_CLOSE int png = memfd_create("chart.png", MFD_CLOEXEC);
	OL_AUTO_CLOSE int told = memfd_create("complaints", MFD_CLOEXEC);
	if (svg < 0 || png < 0 || told < 0)
		return ol_error_set_errno(error, -errno, "no memory file to draw in");
	int result = write_svg(svg, chart, size);
	if (result < 0)
		return ol_error_set_errno(error, result, "cannot draw the chart");
	int status = 0;
	const int fds[3] = { svg, png, told };
	result = convert(fds, size.scale, &status);
	if (result == -ENOENT)
		return ol_error_set(error, result,
			"a PNG is drawn by %s, which is not installed (Debian: apt-get install "
			"librsvg2-bin); --format=svg needs nothing",
			program);
	if (result < 0)
		return ol_error_set_errno(error, result, "cannot run %s", program);
	if (status != 0) {
		char complaint[COMPLAINT_BYTES];
		read_complaint(told, complaint);
		return ol_error_set(error, -EIO, "%s failed: %s", program, complaint);
	}
	return read_png(png, ret_png, ret_bytes, error);
}
