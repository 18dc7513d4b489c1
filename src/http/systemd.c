/* systemd.c -- A service manager's socket, and word to it of our state. */
#include "http/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"

enum { LISTEN_FD_FIRST = 3 }; /* SD_LISTEN_FDS_START. */

static int socket_option(int fd, int option) {
	int value = 0;
	socklen_t value_bytes = sizeof value;
	return getsockopt(fd, SOL_SOCKET, option, &value, &value_bytes) == 0 ? value : -1;
}

/* How many were meant for us; 0 without a service manager. A text that is no number is no pid of
 * ours. */
static int64_t passed_count(void) {
	const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
	int64_t pid, count;
	if (pid_text == NULL || count_text == NULL ||
		ol_parse_integer(pid_text, 1, INT32_MAX, &pid, NULL) < 0 || pid != getpid())
		return 0;
	return ol_parse_integer(count_text, 0, INT32_MAX, &count, NULL) < 0 ? -1 : count;
}

int ol_systemd_take_socket(int *ret_fd, struct ol_error *error) {
	int64_t count = passed_count();
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (count == 0) {
		*ret_fd = -1;
		return 0;
	}
	if (count != 1)
		return ol_error_set(error, -EINVAL,
			"the service manager passed %lld sockets; expected one: a unit with one ListenStream=",
			(long long)count);
	int fd = LISTEN_FD_FIRST;
	if (socket_option(fd, SO_TYPE) != SOCK_STREAM || socket_option(fd, SO_ACCEPTCONN) != 1)
		return ol_error_set(error, -EINVAL,
			"what the service manager passed is no listening stream socket; expected a unit with "
			"ListenStream= and Accept=no");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return ol_error_set_errno(error, -errno, "cannot keep the passed socket from children");
	*ret_fd = fd;
	return 0;
}

int ol_systemd_notify(const char *state, struct ol_error *error) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	if (path == NULL || path[0] == '\0')
		return 0;
	size_t path_bytes = strlen(path);
	/* "vsock:" and whatever comes next: not for us. */
	if ((path[0] != '/' && path[0] != '@') || path_bytes >= sizeof address.sun_path)
		return ol_error_set(error, -EINVAL, "NOTIFY_SOCKET names no socket of this machine");
	memcpy(address.sun_path, path, path_bytes);
	/* Abstract: the name begins with a NUL, written "@", and its length ends it. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_bytes);
	OL_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make a socket for the service manager");
	/* Never waits: our clients do, if we do. */
	ssize_t sent_bytes = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&address, address_bytes);
	if (sent_bytes < 0)
		return ol_error_set_errno(error, -errno, "cannot tell the service manager");
	return 0;
}
