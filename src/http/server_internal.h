/* server_internal.h -- What the files of the server share. Nobody outside http/ includes it. */
#ifndef OL_HTTP_SERVER_INTERNAL_H
#define OL_HTTP_SERVER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <microhttpd.h>

#include "http/arguments.h"
#include "http/connections.h"
#include "http/events.h"
#include "http/http.h"
#include "http/lives.h"
#include "http/metrics.h"
#include "http/routes.h"

enum {
	/* Request line, headers and their tables. Above 32 KiB the library maps the room instead of
	 * clearing it: an idle connection then costs the pages that it touched. */
	OL_HTTP_HEADER_BYTES_MAX = 36 << 10,
	OL_HTTP_SWALLOWED_BYTES_MAX = 1 << 20 /* Of a body that is too large: then the line is cut. */
};

/* The latest answer of statistics: they change only when the heap works, but may be asked for at
 * any rate. As long as they have not changed it is sent again. */
struct ol_http_kept_statistics {
	struct MHD_Response *response; /* NULL: none yet. */
	struct ol_memstats memstats;   /* Which it tells. */
};

/* The latest metrics. Asked for again at once, with nothing else done meanwhile, they are the same
 * but for their own count and the server's age. */
struct ol_http_kept_metrics {
	struct MHD_Response *response; /* NULL: none yet. */
	uint64_t revision;             /* The server's, when they were made. */
	uint64_t made_ns;
};

struct ol_http_server {
	struct ol_http_config config;
	struct ol_http_routes *routes;
	struct ol_lives *lives;
	struct ol_events *events;
	struct ol_connections connections;
	struct MHD_Daemon *daemon;
	json_t *choices; /* Of settings. NULL: nobody has asked yet. */
	char *openapi;   /* Made once. */
	size_t openapi_bytes;
	uint64_t started_at_ms; /* Since 1970. */
	uint64_t started_ns;    /* Monotonic. */
	uint64_t swept_at_ms;
	bool is_stopping;
	uint64_t requests[OL_HTTP_GROUP_COUNT][OL_HTTP_STATUS_CLASSES];
	uint64_t revision; /* Counts whatever changes metrics: other answers, connections, samples. */
	struct ol_http_kept_metrics kept_metrics[2];       /* Prometheus' text, OpenMetrics. */
	struct ol_http_kept_statistics kept_statistics[2]; /* Text, JSON. */
	struct ol_request outgoing;                        /* Large: made here, copied into the line. */
};

/* What the headers say, as far as anybody asks. */
struct ol_http_headers {
	struct ol_http_head head;
	const char *accept;
	const char *if_none_match;
	const char *content_type;
	const char *transfer_encoding;
	uint64_t content_bytes; /* 0: none, or not told. */
	bool has_length;
	const char *fault; /* Why it may mean two things; NULL: it does not. */
};
struct ol_http_headers ol_http_read_headers(struct MHD_Connection *connection);

/* One request under way. Most are answered at once and have none of this on the heap: then
 * connection and server are all there is. */
struct ol_http_exchange {
	struct ol_http_server *server;
	struct MHD_Connection *connection;
	struct ol_connection *line; /* NULL: not known. */
	const struct ol_http_route *route;
	bool is_json;
	bool is_post;
	bool is_form;
	bool is_too_large;
	bool is_suspended; /* Waits for the heap. */
	uint64_t started_ns;
	char *body; /* OL_BODY_BYTES_MAX long and one more; NULL before there is any. */
	size_t body_bytes;
	size_t swallowed_bytes;
	size_t text_count;
	bool has_too_many_texts;
	/* The answer, once there is one. */
	struct MHD_Response *response;
	unsigned status;
	/* Names and texts of query and form, decoded; those of the form point into the body. Last, and
	 * as many as the count says: to clear them would cost more than all else a draft needs. */
	struct ol_http_text texts[OL_HTTP_TEXTS_MAX];
};

/* respond.c: responses, with the headers that all of them have. Each takes what it is given over.
 */

/* NULL buffer: no memory. type NULL: none. */
struct MHD_Response *ol_http_response(char *buffer, size_t bytes, const char *type);
/* A text of its own that outlives the response. */
struct MHD_Response *ol_http_static_response(const char *text, size_t bytes, const char *type);
/* One line, as text or as {"error": ...}. */
struct MHD_Response *ol_http_error_response(bool is_json, const char *message);
/* value NULL: no memory. A newline is put at its end. */
struct MHD_Response *ol_http_json_response(json_t *value);
/* Queues the response, which may be NULL (no memory), and counts it. */
enum MHD_Result ol_http_send(struct ol_http_server *server, struct MHD_Connection *connection,
	const struct ol_http_route *route, unsigned status, struct MHD_Response *response);
/* The same with a good response that stays the caller's, and may be sent again. */
enum MHD_Result ol_http_send_kept(struct ol_http_server *server, struct MHD_Connection *connection,
	const struct ol_http_route *route, struct MHD_Response *response);

/* Answers with one line why not, in the form that the client likes. */
enum MHD_Result ol_http_refuse(
	const struct ol_http_exchange *exchange, unsigned status, const char *message);
/* Of what is told as text or as JSON. */
static inline const char *ol_http_type(bool is_json) {
	return is_json ? "application/json" : "text/plain; charset=utf-8";
}

/* actions.c: answers what the server answers by itself; the exchange has been checked. */
enum MHD_Result ol_http_act(
	struct ol_http_exchange *exchange, const struct ol_http_headers *headers);
/* relay.c: hands the exchange to the heap; it is answered later. */
enum MHD_Result ol_http_relay(struct ol_http_exchange *exchange);
/* The statistics, at once where there is a heap. */
enum MHD_Result ol_http_statistics(struct ol_http_exchange *exchange);
/* Puts the exchange to sleep until ol_http_wake gives it its answer. */
enum MHD_Result ol_http_sleep(struct ol_http_exchange *exchange);
void ol_http_wake(
	struct ol_http_exchange *exchange, unsigned status, struct MHD_Response *response);
/* page.c: /, /page.css, /page.js. */
enum MHD_Result ol_http_page(
	struct ol_http_exchange *exchange, const struct ol_http_headers *headers);
/* policy_route.c: /collect-policy. */
enum MHD_Result ol_http_policy(struct ol_http_exchange *exchange);

/* state.c: what listeners are told. */
json_t *ol_http_state(void *server);
json_t *ol_http_lives_json(const struct ol_http_server *server, bool has_curves);
const struct ol_run_spec *ol_http_next_spec(const struct ol_http_server *server);
struct ol_lives_sink ol_http_lives_sink(struct ol_http_server *server);
/* One request that the heap answered, or was to. */
void ol_http_publish_request(
	const struct ol_http_exchange *exchange, const struct ol_life *life, const char *text);

/* request.c: the library's callbacks. */
enum MHD_Result ol_http_on_request(void *server, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **context);
void ol_http_on_completed(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code);

/* Milliseconds and nanoseconds of the monotonic clock. */
uint64_t ol_http_now_ns(void);
static inline uint64_t ol_http_now_ms(void) {
	return ol_http_now_ns() / 1000000;
}

#endif
