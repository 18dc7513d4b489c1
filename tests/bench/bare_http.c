/* bare_http.c -- What libmicrohttpd allows: the least server on it that answers a fixed text.
 *
 * Listens at a free port of 127.0.0.1, prints "http://ADDRESS" and serves until it is ended. The
 * options, headers and length of the answer are those of oomlab serve's /stats, whatever is asked
 * for; no check, no statistics, no heap. One response is made at the start and queued for each
 * request. The loop is the library's own, in the only thread. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

enum { WAIT_MS = 1000, CONNECTION_BYTES = 16 << 10 };

static char text[] = "memstats:\n\tallocated: 20971520\n\tmalloc objects: 1\n\tfreed objects: 0\n"
					 "\theap alloc: 20971520\n\theap idle: 0\n\theap objects: 1\n"
					 "\theap in-use: 20971520\n\theap released: 0\n\tlast gc: 0\n"
					 "\tnext gc: 4194304\n\tnum gc: 0\n";

static enum MHD_Result on_request(void *response, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_bytes, void **context) {
	static char is_known;
	/* Answered when the library asks again: at once, and it closes the connection. */
	if (*context == NULL) {
		*context = &is_known;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static struct MHD_Response *make_response(void) {
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
	if (response != NULL) {
		MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
		MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
		MHD_add_response_header(response, "Cache-Control", "no-store");
	}
	return response;
}

int main(void) {
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_Response *response = make_response();
	struct MHD_Daemon *daemon =
		response == NULL
			? NULL
			: MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO, 0, NULL, NULL, on_request, response,
				  MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				  (size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (daemon == NULL) {
		perror("bare_http: cannot listen");
		return EXIT_FAILURE;
	}
	printf("http://127.0.0.1:%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (MHD_run_wait(daemon, WAIT_MS) == MHD_YES) {
	}
	return EXIT_FAILURE;
}
