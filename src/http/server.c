/* server.c -- The server's parts put together, and the one loop that drives them. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/units.h"
#include "clock/clock.h"
#include "http/openapi.h"
#include "http/server_internal.h"
#include "http/systemd.h"

enum {
	TICK_MS = 1000,         /* Between two looks at connections and listeners. */
	STOPPING_MS_MAX = 4000, /* What is under way may take to end. */
	FDS_MIN = 4096          /* As many are asked for. */
};

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code) {
	struct ol_http_server *server = context;
	server->revision++;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		ol_connection_remove(&server->connections, *socket_context);
		*socket_context = NULL;
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL)
		*socket_context =
			ol_connection_add(&server->connections, info->connect_fd, ol_http_now_ms());
}

/* A NUL would end the text for everybody who reads it as one: left as it was written. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text) {
	(void)context, (void)connection;
	return strstr(text, "%00") != NULL ? strlen(text) : MHD_http_unescape(text);
}

/* What the library says is about a client's bad manners; nobody can do anything about it. */
static void ignore_log(void *context, const char *format, va_list arguments) {
	(void)context, (void)format, (void)arguments;
}

static int start_daemon(struct ol_http_server *server, struct ol_error *error) {
	/* No thread of the library's own: it does its work when the loop calls MHD_run. */
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		ol_http_on_request, server, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, server->config.listen_fd, MHD_OPTION_NOTIFY_COMPLETED,
		ol_http_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)OL_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)OL_HTTP_HEADER_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (server->daemon == NULL)
		return ol_error_set(error, -EIO, "the HTTP library did not start: %s",
			errno != 0 ? strerrordesc_np(errno) : "it does not say why");
	return 0;
}

/* Connections, not memory, are what a server runs short of. */
static void ask_for_fds(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FDS_MIN)
		return;
	limit.rlim_cur = limit.rlim_max < FDS_MIN ? limit.rlim_max : FDS_MIN;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int make_openapi(struct ol_http_server *server, struct ol_error *error) {
	const struct ol_run_spec *spec = ol_http_next_spec(server);
	json_t *document = ol_http_openapi(
		server->routes, spec->title, OL_VERSION, server->config.guard.token != NULL);
	server->openapi = document != NULL ? json_dumps(document, JSON_INDENT(1)) : NULL;
	json_decref(document);
	if (server->openapi == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the routes' document");
	server->openapi_bytes = strlen(server->openapi);
	return 0;
}

static int create_parts(struct ol_http_server *server, struct ol_error *error) {
	const struct ol_http_config *config = &server->config;
	const struct ol_clock clock = ol_clock_real();
	server->started_at_ms = ol_clock_unix_ns(&clock) / OL_NS_PER_MS;
	server->started_ns = ol_http_now_ns();
	ask_for_fds();
	int result = ol_http_routes_create(config->routes, config->route_count, &server->routes, error);
	if (result == 0)
		result = make_openapi(server, error);
	if (result < 0)
		return result;
	server->events = ol_events_create(ol_http_state, server);
	if (server->events == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the server");
	struct ol_lives_sink sink = ol_http_lives_sink(server);
	result = ol_lives_create(
		&server->config.host, &sink, config->request_timeout_ns, &server->lives, error);
	return result == 0 ? start_daemon(server, error) : result;
}

int ol_http_server_create(const struct ol_http_config *config, struct ol_http_server **ret_server,
	struct ol_error *error) {
	struct ol_http_server *server = calloc(1, sizeof *server);
	if (server == NULL) {
		close(config->listen_fd);
		return ol_error_set(error, -ENOMEM, "no memory for the server");
	}
	server->config = *config;
	int result = create_parts(server, error);
	if (result < 0) {
		ol_http_server_destroy(server);
		return result;
	}
	*ret_server = server;
	return 0;
}

/* Everybody who sleeps is woken, or the library would not let go of them. */
static void let_go(struct ol_http_server *server) {
	if (server->lives != NULL)
		ol_lives_destroy(server->lives);
	server->lives = NULL;
	if (server->events != NULL)
		ol_events_end(server->events);
}

void ol_http_server_destroy(struct ol_http_server *server) {
	if (server == NULL)
		return;
	let_go(server);
	if (server->daemon != NULL) {
		(void)MHD_run(server->daemon);
		MHD_stop_daemon(server->daemon); /* Closes the listening socket as well. */
	} else {
		close(server->config.listen_fd);
	}
	for (int i = 0; i < 2; i++) {
		if (server->kept_statistics[i].response != NULL)
			MHD_destroy_response(server->kept_statistics[i].response);
		if (server->kept_metrics[i].response != NULL)
			MHD_destroy_response(server->kept_metrics[i].response);
	}
	ol_events_destroy(server->events);
	ol_http_routes_destroy(server->routes);
	json_decref(server->choices);
	free(server->openapi);
	free(server);
}

/* In milliseconds; no longer than until the next tick. */
static int wait_ms(const struct ol_http_server *server) {
	MHD_UNSIGNED_LONG_LONG daemon_ms;
	int ms = TICK_MS;
	int lives_ms = ol_lives_wait_ms(server->lives);
	if (lives_ms >= 0 && lives_ms < ms)
		ms = lives_ms;
	if (MHD_get_timeout(server->daemon, &daemon_ms) == MHD_YES &&
		daemon_ms < (MHD_UNSIGNED_LONG_LONG)ms)
		ms = (int)daemon_ms;
	return ms;
}

static void tick(struct ol_http_server *server) {
	uint64_t now_ms = ol_http_now_ms();
	if (now_ms - server->swept_at_ms < TICK_MS)
		return;
	server->swept_at_ms = now_ms;
	ol_connections_sweep(&server->connections, now_ms);
	ol_events_tick(server->events, now_ms);
}

/* One turn of the loop. interrupt_fd: -1 not to wait for it. */
static int turn(struct ol_http_server *server, int interrupt_fd, struct ol_error *error) {
	enum { DAEMON = OL_SUPERVISION_FDS, INTERRUPT, FDS };
	struct pollfd fds[FDS];
	ol_lives_poll_fds(server->lives, fds);
	fds[DAEMON] = (struct pollfd){
		.fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.events = POLLIN,
	};
	fds[INTERRUPT] = (struct pollfd){ .fd = interrupt_fd, .events = POLLIN };
	int timeout_ms = wait_ms(server);
	int ready = poll(fds, FDS, timeout_ms);
	if (ready < 0 && errno != EINTR)
		return ol_error_set_errno(error, -errno, "cannot wait for requests");
	bool is_heap_due =
		(fds[0].revents | fds[1].revents) != 0 || ol_lives_wait_ms(server->lives) == 0;
	if (is_heap_due)
		ol_lives_step(server->lives);
	/* Also where a connection was woken, or has bytes left that were read before. */
	if (fds[DAEMON].revents != 0 || timeout_ms == 0 || is_heap_due)
		(void)MHD_run(server->daemon);
	tick(server);
	return 0;
}

/* No new connection, no new heap; what is under way ends, or is ended. */
static int stop(struct ol_http_server *server, struct ol_error *error) {
	uint64_t due_ms = ol_http_now_ms() + STOPPING_MS_MAX;
	(void)ol_systemd_notify("STOPPING=1", NULL);
	server->is_stopping = true;
	ol_lives_stop(server->lives);
	int result = 0;
	while (result == 0 && !ol_lives_is_idle(server->lives) && ol_http_now_ms() < due_ms)
		result = turn(server, -1, error);
	ol_events_end(server->events);
	/* Answers and ends of streams are written. */
	for (int i = 0; i < 10 && result == 0 && server->connections.count > 0; i++) {
		(void)MHD_run(server->daemon);
		(void)poll(NULL, 0, 1);
	}
	return result;
}

int ol_http_server_run(struct ol_http_server *server, struct ol_error *error) {
	int interrupt_fd = ol_supervisor_interrupt_fd(error);
	if (interrupt_fd < 0)
		return interrupt_fd;
	(void)ol_systemd_notify("READY=1", NULL);
	while (!ol_supervisor_is_interrupted()) {
		int result = turn(server, interrupt_fd, error);
		if (result < 0)
			return result;
	}
	return stop(server, error);
}
