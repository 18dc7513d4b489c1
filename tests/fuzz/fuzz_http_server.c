/* fuzz_http_server.c -- The whole server, given bytes as a client's connection would bring them.
 *
 * An input is what comes over one connection, several requests perhaps, and then its end. No heap
 * can be started here (there is no subject beside this program): what a handler would be asked is
 * answered 503, by the way that any failure takes. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "http/server_internal.h"
#include "supervisor/plan.h"

enum { TURNS_MAX = 64, ANSWER_BYTES = 64 << 10 };

static struct ol_plan plan;

static const struct ol_run_spec *next_spec(void *context, struct ol_supervisor_texts *ret_texts) {
	(void)context;
	*ret_texts = (struct ol_supervisor_texts){ .script = "" };
	return &plan.spec;
}

static int set(void *context, const struct ol_option_value *settings, size_t setting_count,
	struct ol_error *error) {
	struct ol_plan trial = plan;
	int result = 0;
	(void)context;
	for (size_t i = 0; i < setting_count && result == 0; i++)
		result = ol_plan_set(&trial, settings[i].name, settings[i].string, error);
	if (result == 0)
		plan = trial;
	return result;
}

static void each_policy(void *context,
	void (*visit)(void *visit_context, const char *name, const char *title, const char *argument),
	void *visit_context) {
	(void)context;
	visit(visit_context, "go", "Go's own rules", "");
}

static void ignore_log(void *context, const char *line) {
	(void)context, (void)line;
}

static struct ol_http_server *make_server(void) {
	static struct ol_route routes[] = {
		{ .path = "/add", .argument_count = 1 },
		{ .path = "/gc" },
		{ .path = "/stats", .kind = OL_ROUTE_STATISTICS },
		{ .path = "/load", .is_post_only = true, .is_json_only = true },
	};
	struct ol_option *size = &routes[0].arguments[0];
	*size = (struct ol_option){ .value = { .name = "bytes", .type = OL_OPTION_BYTES } };
	size->value.is_unset = 1;
	ol_plan_init(&plan);
	plan.spec.is_service = 1;
	plan.spec.is_uncaged = 1;
	struct ol_http_config config = {
		.routes = routes,
		.route_count = sizeof routes / sizeof *routes,
		.request_timeout_ns = 1000000000,
		.host = {
			.next_spec = next_spec,
			.set = set,
			.each_policy = each_policy,
			.log = ignore_log,
		},
	};
	struct ol_http_server *server;
	struct ol_error error;
	if (ol_plan_finish(&plan, &error) < 0 ||
		ol_http_listen("127.0.0.1:0", &config.listen_fd, &error) < 0 ||
		ol_http_server_create(&config, &server, &error) < 0) {
		fprintf(stderr, "fuzz: %s\n", error.message);
		abort();
	}
	return server;
}

/* Reads what has been answered so far. True at the end of the stream. */
static bool drain(int fd) {
	static char answer[ANSWER_BYTES];
	ssize_t count;
	do
		count = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
	while (count > 0);
	return count == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
	static struct ol_http_server *server;
	const struct sockaddr_in nobody = { .sin_family = AF_INET };
	int sockets[2];
	if (server == NULL)
		server = make_server();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		abort();
	if (MHD_add_connection(
			server->daemon, sockets[1], (const struct sockaddr *)&nobody, sizeof nobody) != MHD_YES)
		abort();
	(void)send(sockets[0], data, data_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(sockets[0], SHUT_WR);
	bool has_ended = false;
	for (int i = 0; i < TURNS_MAX && !has_ended; i++) {
		(void)MHD_run(server->daemon);
		ol_lives_step(server->lives);
		has_ended = drain(sockets[0]);
	}
	close(sockets[0]);
	/* A stream of events ends when it next has something to say. */
	ol_events_publish(server->events, "log", json_object());
	(void)MHD_run(server->daemon);
	(void)MHD_run(server->daemon);
	return 0;
}
