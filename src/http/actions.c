/* actions.c -- What the server answers by itself: figures, documents, signs of life. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "http/negotiate.h"
#include "http/server_internal.h"
#include "report/json_value.h"

/* How long metrics may be sent again: less than anybody's clock of scraping. */
static const uint64_t kept_ns_max = 10 * OL_NS_PER_MS;

static struct ol_metrics_facts metrics_facts(const struct ol_http_server *server) {
	const struct ol_life *life = ol_lives_present(server->lives);
	const struct ol_run_spec *spec = life != NULL ? &life->summary.spec : ol_http_next_spec(server);
	struct ol_last_words words = ol_lives_last_words(server->lives);
	struct ol_sample sample = ol_lives_last_sample(server->lives);
	bool is_alive = life != NULL && life->is_running;
	struct ol_metrics_facts facts = {
		.version = OL_VERSION,
		.started_at_ms = server->started_at_ms,
		.uptime_ns = ol_http_now_ns() - server->started_ns,
		.is_caged = !spec->is_uncaged,
		.life_number = life != NULL ? life->number : 0,
		.is_alive = is_alive,
		.open_connections = server->connections.count,
		.event_listeners = ol_events_listener_count(server->events),
		.queue_length = ol_lives_in_line(server->lives),
		.policy = spec->policy,
		.collector = spec->collector,
		.rules = spec->rules,
		.limit_bytes = spec->limit_bytes,
		.cage_bytes = is_alive ? sample.cage_bytes : 0,
		.cage_peak_bytes = life != NULL ? life->peak_bytes : 0,
		.rss_bytes = is_alive ? sample.rss_bytes : 0,
		.live_bytes = life != NULL ? ol_live_bytes(&words) : UINT64_MAX,
		.memory_limit_bytes = spec->memory_limit_bytes,
		.gogc = spec->gogc,
		.memstats = words.memstats,
		.pauses = words.pauses,
	};
	memcpy(facts.lives_ended, ol_lives_outcomes(server->lives), sizeof facts.lives_ended);
	memcpy(facts.requests, server->requests, sizeof facts.requests);
	return facts;
}

/* NULL: no memory. */
static struct MHD_Response *make_metrics(const struct ol_http_server *server, bool is_openmetrics) {
	const struct ol_metrics_facts facts = metrics_facts(server);
	char *text = malloc(OL_HTTP_METRICS_BYTES);
	size_t bytes = 0;
	struct ol_error error;
	if (text != NULL &&
		ol_http_metrics(&facts, is_openmetrics, text, OL_HTTP_METRICS_BYTES, &bytes, &error) == 0)
		return ol_http_response(
			text, bytes, is_openmetrics ? OL_HTTP_OPENMETRICS_TYPE : OL_HTTP_METRICS_TYPE);
	free(text);
	return NULL;
}

static enum MHD_Result send_metrics(
	struct ol_http_exchange *exchange, const struct ol_http_headers *headers) {
	struct ol_http_server *server = exchange->server;
	bool is_openmetrics = ol_http_wants_openmetrics(headers->accept);
	struct ol_http_kept_metrics *kept = &server->kept_metrics[is_openmetrics];
	if (kept->response == NULL || kept->revision != server->revision ||
		exchange->started_ns - kept->made_ns > kept_ns_max) {
		if (kept->response != NULL)
			MHD_destroy_response(kept->response); /* Whoever is still being sent it keeps it. */
		kept->response = make_metrics(server, is_openmetrics);
		kept->revision = server->revision;
		kept->made_ns = exchange->started_ns;
	}
	return ol_http_send_kept(server, exchange->connection, exchange->route, kept->response);
}

static enum MHD_Result send_events(
	struct ol_http_exchange *exchange, const struct ol_http_headers *headers) {
	struct ol_http_server *server = exchange->server;
	/* The library would send a stream's first piece behind the headers. */
	if (strcmp(headers->head.method, MHD_HTTP_METHOD_HEAD) == 0)
		return ol_http_send(server, exchange->connection, exchange->route, MHD_HTTP_OK,
			ol_http_static_response("", 0, "text/event-stream"));
	struct MHD_Response *response = ol_events_listen(server->events, exchange->connection);
	if (response == NULL)
		return ol_http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too many listen already");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	if (exchange->line != NULL)
		ol_connection_set(exchange->line, OL_CONNECTION_STREAMING, ol_http_now_ms());
	return ol_http_send(server, exchange->connection, exchange->route, MHD_HTTP_OK, response);
}

static enum MHD_Result send_text(struct ol_http_exchange *exchange, const char *text) {
	return ol_http_send(exchange->server, exchange->connection, exchange->route, MHD_HTTP_OK,
		ol_http_static_response(text, strlen(text), ol_http_type(exchange->is_json)));
}

static json_t *lives_document(const struct ol_http_server *server) {
	json_t *object = json_object();
	if (object != NULL &&
		json_object_set_new(object, "lives", ol_http_lives_json(server, true)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

enum MHD_Result ol_http_act(
	struct ol_http_exchange *exchange, const struct ol_http_headers *headers) {
	struct ol_http_server *server = exchange->server;
	switch (exchange->route->action) {
	case OL_HTTP_PAGE:
	case OL_HTTP_PAGE_CSS:
	case OL_HTTP_PAGE_JS:
		return ol_http_page(exchange, headers);
	case OL_HTTP_EVENTS:
		return send_events(exchange, headers);
	case OL_HTTP_METRICS:
		return send_metrics(exchange, headers);
	case OL_HTTP_OPENAPI:
		return ol_http_send(server, exchange->connection, exchange->route, MHD_HTTP_OK,
			ol_http_static_response(server->openapi, server->openapi_bytes, ol_http_type(true)));
	case OL_HTTP_PING:
		return send_text(exchange, "{\"message\":\"pong\"}\n");
	case OL_HTTP_HEALTHZ:
		return send_text(exchange, exchange->is_json ? "{\"status\":\"ok\"}\n" : "ok\n");
	case OL_HTTP_LIVES:
		return ol_http_send(server, exchange->connection, exchange->route, MHD_HTTP_OK,
			ol_http_json_response(lives_document(server)));
	case OL_HTTP_POLICY:
	case OL_HTTP_STATISTICS:
	case OL_HTTP_HANDLER:
	case OL_HTTP_ACTION_COUNT:
		break;
	}
	return MHD_NO;
}
