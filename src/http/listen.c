/* listen.c -- Opens the socket that a server listens on, and names where one listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "http/http.h"

enum { BACKLOG = 512, HOST_BYTES = 64, UNSENT_MS_MAX = 30000 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Host without brackets, and port. Names other than localhost would have to be looked up. */
static int parse_address(const char *text, union address *ret_address, struct ol_error *error) {
	char host[HOST_BYTES] = "0.0.0.0";
	int64_t port;
	const char *colon = strrchr(text, ':');
	if (colon == NULL || ol_parse_integer(colon + 1, 0, UINT16_MAX, &port, NULL) < 0)
		return ol_error_set(
			error, -EINVAL, "'%.64s': expected ADDRESS:PORT, as in 127.0.0.1:1112", text);
	size_t length = (size_t)(colon - text);
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length > 0)
		snprintf(host, sizeof host, "%.*s", (int)length, text);
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof host, "127.0.0.1");
	memset(ret_address, 0, sizeof *ret_address);
	if (inet_pton(AF_INET, host, &ret_address->v4.sin_addr) == 1) {
		ret_address->v4.sin_family = AF_INET;
		ret_address->v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, host, &ret_address->v6.sin6_addr) == 1) {
		ret_address->v6.sin6_family = AF_INET6;
		ret_address->v6.sin6_port = htons((uint16_t)port);
	} else {
		return ol_error_set(
			error, -EINVAL, "'%.64s' is no IP address; expected one, or localhost", host);
	}
	return 0;
}

int ol_http_listen(const char *address, int *ret_fd, struct ol_error *error) {
	union address parsed;
	const int yes = 1, unsent_ms_max = UNSENT_MS_MAX;
	int result = parse_address(address, &parsed, error);
	if (result < 0)
		return result;
	OL_AUTO_CLOSE int fd =
		socket(parsed.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make a socket for %.64s", address);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	/* Inherited by its connections: one that takes nothing any more is dropped. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent_ms_max, sizeof unsent_ms_max);
	socklen_t length = parsed.any.sa_family == AF_INET ? sizeof parsed.v4 : sizeof parsed.v6;
	if (bind(fd, &parsed.any, length) < 0 || listen(fd, BACKLOG) < 0) {
		int code = -errno;
		const char *cure = code == -EADDRINUSE ? "; another server is there: --listen=ADDRESS:PORT "
												 "names another place"
						   : code == -EACCES   ? "; ports below 1024 are for root"
											   : "";
		return ol_error_set(
			error, code, "cannot listen at %.64s: %s%s", address, strerrordesc_np(-code), cure);
	}
	*ret_fd = ol_steal_fd(&fd);
	return 0;
}

int ol_http_address(
	int listen_fd, char ret_address[OL_HTTP_ADDRESS_BYTES], struct ol_error *error) {
	union address address = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t length = sizeof address;
	char host[HOST_BYTES];
	if (getsockname(listen_fd, &address.any, &length) < 0)
		return ol_error_set_errno(error, -errno, "cannot tell where the server listens");
	if (address.any.sa_family == AF_INET &&
		inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof host) != NULL)
		snprintf(ret_address, OL_HTTP_ADDRESS_BYTES, "%s:%u", host, ntohs(address.v4.sin_port));
	else if (address.any.sa_family == AF_INET6 &&
			 inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof host) != NULL)
		snprintf(ret_address, OL_HTTP_ADDRESS_BYTES, "[%s]:%u", host, ntohs(address.v6.sin6_port));
	else
		return ol_error_set(error, -EAFNOSUPPORT, "the socket that was handed over is none of IP");
	return 0;
}
