/* http_systemd_tests.h -- Tests of what passes between a service manager and us.
 *
 * Part of test_http.c. */
#ifndef TESTS_HTTP_SYSTEMD_TESTS_H
#define TESTS_HTTP_SYSTEMD_TESTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/systemd.h"

/* In a child, whose descriptor 3 may be anything: what taking the socket comes to. 0: none, 1: the
 * socket, closed to children; 2: an error; more: something is wrong. */
static int take_in_child(const char *pid, const char *count, int fd) {
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		char own[32];
		snprintf(own, sizeof own, "%d", (int)getpid());
		setenv("LISTEN_PID", strcmp(pid, "own") == 0 ? own : pid, 1);
		setenv("LISTEN_FDS", count, 1);
		setenv("LISTEN_FDNAMES", "x", 1);
		if (fd >= 0 && fd != 3)
			dup2(fd, 3);
		int taken = -7;
		struct ol_error error;
		int result = ol_systemd_take_socket(&taken, &error);
		if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
			_exit(10);
		if (result < 0)
			_exit(taken == -7 ? 2 : 11);
		if (taken == -1)
			_exit(0);
		_exit(taken == 3 && (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 ? 1 : 12);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

/* Bound to a name of the kernel's choice. */
static int unix_socket(int type, struct sockaddr_un *ret_address, socklen_t *ret_address_bytes) {
	int fd = socket(AF_UNIX, type, 0);
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*ret_address_bytes = sizeof *ret_address;
	assert_int_equal(bind(fd, (struct sockaddr *)ret_address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret_address, ret_address_bytes), 0);
	return fd;
}

static void one_listening_stream_socket_is_taken_and_nothing_else(void **state) {
	struct sockaddr_un address;
	socklen_t address_bytes;
	int stream = unix_socket(SOCK_STREAM, &address, &address_bytes);
	int datagram = unix_socket(SOCK_DGRAM, &address, &address_bytes);
	int packets = unix_socket(SOCK_SEQPACKET, &address, &address_bytes);
	assert_int_equal(listen(packets, 1), 0);
	int file = open("/dev/null", O_RDONLY);
	assert_int_equal(take_in_child("own", "1", stream), 2); /* It does not listen. */
	assert_int_equal(listen(stream, 1), 0);
	assert_int_equal(take_in_child("own", "1", stream), 1);
	assert_int_equal(take_in_child("own", "1", datagram), 2);
	assert_int_equal(take_in_child("own", "1", packets), 2);
	assert_int_equal(take_in_child("own", "1", file), 2);
	assert_int_equal(take_in_child("own", "2", stream), 2);
	assert_int_equal(take_in_child("own", "-1", stream), 2);
	assert_int_equal(take_in_child("own", "x", stream), 2);
	assert_int_equal(take_in_child("own", "0", stream), 0);
	assert_int_equal(take_in_child("1", "1", stream), 0);
	assert_int_equal(take_in_child("", "1", stream), 0);
	close(stream);
	close(datagram);
	close(packets);
	close(file);
}

static void a_service_manager_hears_of_our_state(void **state) {
	struct sockaddr_un address;
	socklen_t address_bytes;
	struct ol_error error;
	char path[sizeof address.sun_path + 1] = "@", message[64] = "";
	int fd = unix_socket(SOCK_DGRAM, &address, &address_bytes); /* An abstract one. */
	memcpy(
		path + 1, address.sun_path + 1, address_bytes - offsetof(struct sockaddr_un, sun_path) - 1);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(ol_systemd_notify("READY=1", &error), 0);
	assert_int_equal(recv(fd, message, sizeof message, MSG_DONTWAIT), 7);
	assert_string_equal(message, "READY=1");
	close(fd);
	assert_int_equal(ol_systemd_notify("STOPPING=1", &error), -ECONNREFUSED);
	unsetenv("NOTIFY_SOCKET");
}

static void a_service_managers_socket_may_be_a_file(void **state) {
	char directory[] = "/tmp/oomlab-notify-XXXXXX";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char message[64] = "";
	assert_non_null(mkdtemp(directory));
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", directory);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	assert_int_equal(ol_systemd_notify("STATUS=life 3", NULL), 0);
	assert_int_equal(recv(fd, message, sizeof message, MSG_DONTWAIT), 13);
	assert_string_equal(message, "STATUS=life 3");
	close(fd);
	unlink(address.sun_path);
	rmdir(directory);
	unsetenv("NOTIFY_SOCKET");
}

static void without_a_service_manager_nobody_is_told(void **state) {
	static char path[200];
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(ol_systemd_notify("READY=1", NULL), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(ol_systemd_notify("READY=1", NULL), 0);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_int_equal(ol_systemd_notify("READY=1", NULL), -EINVAL);
	memset(path, '/', sizeof path - 1);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(ol_systemd_notify("READY=1", NULL), -EINVAL);
	unsetenv("NOTIFY_SOCKET");
}

#endif
