/* request.c -- One request from its headers to whoever answers it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "clock/clock.h"
#include "http/form.h"
#include "http/negotiate.h"
#include "http/server_internal.h"

uint64_t ol_http_now_ns(void) {
	const struct ol_clock clock = ol_clock_real();
	return ol_clock_now_ns(&clock);
}

/* "http://localhost:1112/stats", as a proxy writes it: the path. The host in it has to be the one
 * of the Host header, which is what is judged. NULL: it is another. */
static const char *path_of_target(const struct ol_http_head *head) {
	static const char scheme[] = "http://";
	if (strncasecmp(head->path, scheme, sizeof scheme - 1) != 0)
		return head->path;
	const char *authority = head->path + sizeof scheme - 1;
	size_t bytes = strcspn(authority, "/");
	if (head->host == NULL || strlen(head->host) != bytes ||
		strncasecmp(authority, head->host, bytes) != 0)
		return NULL;
	return authority[bytes] != '\0' ? authority + bytes : "/";
}

/* Whoever may speak to us at all, to a path that is there, by a method that it takes. 0, or the
 * status to refuse with. */
static int check_head(
	struct ol_http_exchange *exchange, struct ol_http_headers *headers, struct ol_error *error) {
	struct ol_http_server *server = exchange->server;
	struct ol_http_head *head = &headers->head;
	bool is_json_path = false;
	exchange->is_json = ol_http_wants_json(headers->accept, false);
	if (headers->fault != NULL) {
		ol_error_set(error, -EINVAL, "%s", headers->fault);
		return MHD_HTTP_BAD_REQUEST;
	}
	head->path = path_of_target(head);
	if (head->path == NULL) {
		ol_error_set(error, -EINVAL, "the request's target and its Host header name two hosts");
		return MHD_HTTP_BAD_REQUEST;
	}
	int status = ol_http_guard(head, &server->config.guard, error);
	if (status != 0)
		return status;
	const struct ol_http_route *route =
		ol_http_routes_find(server->routes, head->path, &is_json_path);
	if (route == NULL) {
		ol_http_routes_explain_missing(server->routes, head->path, error);
		return MHD_HTTP_NOT_FOUND;
	}
	exchange->route = route;
	exchange->is_json |= is_json_path || route->route.is_json_only;
	if (!ol_http_route_allows(route, head->method)) {
		ol_error_set(
			error, -EINVAL, "%s takes %s", route->route.path, ol_http_route_methods(route));
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	}
	if (headers->content_bytes > OL_BODY_BYTES_MAX) {
		ol_error_set(
			error, -EFBIG, "the request's body is longer than %d bytes", OL_BODY_BYTES_MAX);
		return MHD_HTTP_CONTENT_TOO_LARGE;
	}
	if (server->is_stopping) {
		ol_error_set(error, -EAGAIN, "the server is stopping");
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	return 0;
}

static void take_text(struct ol_http_exchange *exchange, const char *name, size_t name_bytes,
	const char *text, size_t text_bytes) {
	if (exchange->text_count == OL_HTTP_TEXTS_MAX) {
		exchange->has_too_many_texts = true;
		return;
	}
	exchange->texts[exchange->text_count++] = (struct ol_http_text){
		.name = name,
		.name_bytes = name_bytes,
		.text = text,
		.text_bytes = text_bytes,
	};
}

static enum MHD_Result take_query(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_bytes, const char *text, size_t text_bytes) {
	(void)kind;
	take_text(context, name, name_bytes, text, text_bytes);
	return MHD_YES;
}

static void take_form(void *context, const struct ol_http_text *text) {
	take_text(context, text->name, text->name_bytes, text->text, text->text_bytes);
}

static enum MHD_Result take_body(
	struct ol_http_exchange *exchange, const char *upload, size_t *upload_bytes) {
	size_t bytes = *upload_bytes;
	*upload_bytes = 0;
	if (exchange->is_too_large || exchange->body_bytes + bytes > OL_BODY_BYTES_MAX) {
		exchange->is_too_large = true;
		exchange->swallowed_bytes += bytes;
		return exchange->swallowed_bytes > OL_HTTP_SWALLOWED_BYTES_MAX ? MHD_NO : MHD_YES;
	}
	if (exchange->body == NULL)
		exchange->body = malloc(OL_BODY_BYTES_MAX + 1); /* A form is terminated there. */
	if (exchange->body == NULL)
		return MHD_NO;
	memcpy(exchange->body + exchange->body_bytes, upload, bytes);
	exchange->body_bytes += bytes;
	return MHD_YES;
}

/* Everything has arrived. */
static enum MHD_Result answer(struct ol_http_exchange *exchange) {
	if (exchange->is_too_large)
		return ol_http_refuse(
			exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the request's body is too long");
	if (exchange->is_form && exchange->body != NULL)
		ol_http_form_decode(exchange->body, exchange->body_bytes, take_form, exchange);
	if (exchange->has_too_many_texts)
		return ol_http_refuse(exchange, MHD_HTTP_BAD_REQUEST, "the request has too many arguments");
	switch (exchange->route->action) {
	case OL_HTTP_HANDLER:
		return ol_http_relay(exchange);
	case OL_HTTP_STATISTICS:
		return ol_http_statistics(exchange);
	case OL_HTTP_POLICY:
		return ol_http_policy(exchange);
	default:
		assert(!"everything else is answered when its headers are there");
		return MHD_NO;
	}
}

static bool is_form(const struct ol_http_headers *headers) {
	static const char form[] = MHD_HTTP_POST_ENCODING_FORM_URLENCODED;
	return headers->content_type != NULL &&
		   strncasecmp(headers->content_type, form, sizeof form - 1) == 0;
}

/* Keeps an exchange whose answer needs more than its headers. */
static enum MHD_Result keep(
	const struct ol_http_exchange *draft, const struct ol_http_headers *headers, void **context) {
	struct ol_http_exchange *exchange = malloc(sizeof *exchange);
	if (exchange == NULL)
		return MHD_NO;
	memcpy(exchange, draft, offsetof(struct ol_http_exchange, texts));
	*context = exchange;
	(void)MHD_get_connection_values_n(
		exchange->connection, MHD_GET_ARGUMENT_KIND, take_query, exchange);
	exchange->is_form = exchange->is_post && is_form(headers);
	return MHD_YES;
}

/* The hot path: statistics, when nothing is asked but that. */
static bool is_bare_statistics(const struct ol_http_exchange *exchange) {
	return exchange->route->action == OL_HTTP_STATISTICS && !exchange->is_post &&
		   MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, NULL, NULL) == 0;
}

/* A request without a body is begun when the library asks for its answer: an answer to the headers
 * alone would make it close the connection, for fear of a body. This marks it until then. */
static char is_bodiless;

static bool has_body(struct MHD_Connection *connection, const char *method) {
	if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
		return false;
	const char *length =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return (length != NULL && strcmp(length, "0") != 0) ||
		   MHD_lookup_connection_value(
			   connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

static enum MHD_Result begin(struct ol_http_server *server, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, void **context) {
	struct ol_http_exchange draft;
	memset(&draft, 0, offsetof(struct ol_http_exchange, texts));
	draft.server = server;
	draft.connection = connection;
	draft.is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	draft.started_ns = ol_http_now_ns();
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	draft.line = info != NULL ? info->socket_context : NULL;
	if (draft.line != NULL)
		ol_connection_set(draft.line, OL_CONNECTION_ANSWERING, draft.started_ns / OL_NS_PER_MS);
	struct ol_http_headers headers = ol_http_read_headers(connection);
	headers.head.method = method;
	headers.head.path = url;
	headers.head.is_http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
	struct ol_error error;
	int status = check_head(&draft, &headers, &error);
	if (status != 0) {
		struct MHD_Response *response = ol_http_error_response(draft.is_json, error.message);
		/* Nobody knows where the next request begins. */
		if (headers.fault != NULL && response != NULL)
			(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
		return ol_http_send(server, connection, draft.route, (unsigned)status, response);
	}
	switch (draft.route->action) {
	case OL_HTTP_HANDLER:
	case OL_HTTP_POLICY:
		break;
	case OL_HTTP_STATISTICS:
		if (ol_lives_is_ready(server->lives) && is_bare_statistics(&draft))
			return ol_http_statistics(&draft);
		break;
	default:
		return ol_http_act(&draft, &headers);
	}
	/* A body takes as long to arrive as a request may. */
	if (draft.line != NULL)
		ol_connection_set(draft.line, OL_CONNECTION_READING, draft.started_ns / OL_NS_PER_MS);
	return keep(&draft, &headers, context);
}

enum MHD_Result ol_http_on_request(void *server, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **context) {
	if (*context == NULL && !has_body(connection, method)) {
		*context = &is_bodiless;
		return MHD_YES;
	}
	if (*context == &is_bodiless && *upload_bytes > 0) {
		*upload_bytes = 0; /* Of a GET: nobody reads it. */
		return MHD_YES;
	}
	if (*context == &is_bodiless) {
		*context = NULL;
		enum MHD_Result result = begin(server, connection, url, method, version, context);
		return *context != NULL && result == MHD_YES ? answer(*context) : result;
	}
	struct ol_http_exchange *exchange = *context;
	if (exchange == NULL)
		return begin(server, connection, url, method, version, context);
	if (exchange->response != NULL) {
		struct MHD_Response *response = exchange->response;
		exchange->response = NULL;
		if (exchange->line != NULL)
			ol_connection_set(exchange->line, OL_CONNECTION_ANSWERING, ol_http_now_ms());
		return ol_http_send(
			exchange->server, connection, exchange->route, exchange->status, response);
	}
	if (*upload_bytes > 0)
		return take_body(exchange, upload, upload_bytes);
	return answer(exchange);
}

void ol_http_on_completed(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code) {
	struct ol_http_exchange *exchange = *context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	(void)server, (void)code;
	if (info != NULL && info->socket_context != NULL)
		ol_connection_set(info->socket_context, OL_CONNECTION_READING, ol_http_now_ms());
	*context = NULL;
	if (exchange == NULL || (void *)exchange == &is_bodiless)
		return;
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	free(exchange->body);
	free(exchange);
}

enum MHD_Result ol_http_sleep(struct ol_http_exchange *exchange) {
	if (exchange->response != NULL) {
		/* It was answered before it could sleep. */
		struct MHD_Response *response = exchange->response;
		exchange->response = NULL;
		return ol_http_send(
			exchange->server, exchange->connection, exchange->route, exchange->status, response);
	}
	if (exchange->line != NULL)
		ol_connection_set(exchange->line, OL_CONNECTION_SERVING, ol_http_now_ms());
	exchange->is_suspended = true;
	MHD_suspend_connection(exchange->connection);
	return MHD_YES;
}

void ol_http_wake(
	struct ol_http_exchange *exchange, unsigned status, struct MHD_Response *response) {
	exchange->status = status;
	exchange->response =
		response != NULL ? response : ol_http_static_response("no memory\n", 10, "text/plain");
	if (exchange->is_suspended)
		MHD_resume_connection(exchange->connection);
	exchange->is_suspended = false;
}
