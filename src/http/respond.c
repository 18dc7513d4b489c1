/* respond.c -- Responses, with the headers that all of them have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/server_internal.h"
#include "report/json_value.h"

/* What the answer is, and that no other page may read or show it. */
static struct MHD_Response *dress(struct MHD_Response *response, const char *type) {
	if (response == NULL)
		return NULL;
	if (type != NULL)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return response;
}

struct MHD_Response *ol_http_response(char *buffer, size_t bytes, const char *type) {
	if (buffer == NULL)
		return NULL;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(bytes, buffer, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(buffer);
	return dress(response, type);
}

struct MHD_Response *ol_http_static_response(const char *text, size_t bytes, const char *type) {
	/* The library does not write to it. */
	return dress(
		MHD_create_response_from_buffer(bytes, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT),
		type);
}

struct MHD_Response *ol_http_json_response(json_t *value) {
	size_t bytes = value != NULL ? json_dumpb(value, NULL, 0, JSON_COMPACT) : 0;
	char *text = bytes > 0 ? malloc(bytes + 1) : NULL;
	if (text != NULL) {
		(void)json_dumpb(value, text, bytes, JSON_COMPACT);
		text[bytes++] = '\n';
	}
	json_decref(value);
	return ol_http_response(text, bytes, ol_http_type(true));
}

struct MHD_Response *ol_http_error_response(bool is_json, const char *message) {
	if (is_json) {
		json_t *object = json_object();
		if (object != NULL && json_object_set_new(object, "error", ol_json_text(message)) < 0) {
			json_decref(object);
			object = NULL;
		}
		return ol_http_json_response(object);
	}
	char *text;
	int bytes = asprintf(&text, "%s\n", message);
	return bytes < 0 ? NULL : ol_http_response(text, (size_t)bytes, ol_http_type(false));
}

static enum MHD_Result queue(struct ol_http_server *server, struct MHD_Connection *connection,
	const struct ol_http_route *route, unsigned status, struct MHD_Response *response) {
	enum ol_http_group group = ol_http_group_of(route);
	server->requests[group][status / 100 - 1]++;
	server->revision += group != OL_HTTP_GROUP_METRICS;
	return MHD_queue_response(connection, status, response);
}

enum MHD_Result ol_http_send(struct ol_http_server *server, struct MHD_Connection *connection,
	const struct ol_http_route *route, unsigned status, struct MHD_Response *response) {
	if (response == NULL)
		return MHD_NO; /* The connection is closed: there is no memory to say why. */
	if (status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
			"Basic realm=\"oomlab\", charset=\"UTF-8\"");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED && route != NULL)
		(void)MHD_add_response_header(
			response, MHD_HTTP_HEADER_ALLOW, ol_http_route_methods(route));
	enum MHD_Result result = queue(server, connection, route, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result ol_http_send_kept(struct ol_http_server *server, struct MHD_Connection *connection,
	const struct ol_http_route *route, struct MHD_Response *response) {
	return response != NULL ? queue(server, connection, route, MHD_HTTP_OK, response) : MHD_NO;
}

enum MHD_Result ol_http_refuse(
	const struct ol_http_exchange *exchange, unsigned status, const char *message) {
	return ol_http_send(exchange->server, exchange->connection, exchange->route, status,
		ol_http_error_response(exchange->is_json, message));
}
