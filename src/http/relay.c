/* relay.c -- Between a client and the heap: requests down, answers and deaths back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/answer_body.h"
#include "http/server_internal.h"
#include "report/json_value.h"
#include "report/report.h"

enum { ANSWER_BYTES_MAX = 16 << 10, STORY_BYTES = 8 << 10 };

/* What a life's end means to whoever waited for an answer of it. */
static unsigned status_of_death(enum ol_outcome outcome) {
	switch (outcome) {
	case OL_OUTCOME_OOM_KILLED:
	case OL_OUTCOME_OOM_KILLED_BY_ANCESTOR:
	case OL_OUTCOME_THROTTLED:
	case OL_OUTCOME_SHUT_DOWN:
	case OL_OUTCOME_OUT_OF_MEMORY:
		return MHD_HTTP_INSUFFICIENT_STORAGE;
	case OL_OUTCOME_TIMED_OUT:
		return MHD_HTTP_GATEWAY_TIMEOUT;
	case OL_OUTCOME_SCRIPT_ERROR:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	case OL_OUTCOME_SURVIVED:
		return MHD_HTTP_SERVICE_UNAVAILABLE; /* It was asked to end before it was this one's turn.
											  */
	case OL_OUTCOME_KILLED:
	case OL_OUTCOME_LAB_ERROR:
	case OL_OUTCOME_COUNT:
		break;
	}
	return MHD_HTTP_BAD_GATEWAY;
}

static struct MHD_Response *json_of_death(const struct ol_life *life) {
	const struct ol_run_summary *summary = &life->summary;
	json_t *object = json_object();
	int result = json_object_set_new(object, "error", ol_json_text(life->verdict));
	result |=
		json_object_set_new(object, "outcome", json_string(ol_outcome_name(summary->outcome)));
	result |= json_object_set_new(object, "verdict", ol_json_text(life->verdict));
	result |= json_object_set_new(object, "story", ol_json_text(life->story));
	result |= json_object_set_new(object, "evidence", ol_json_text(life->evidence));
	result |= json_object_set_new(object, "run", ol_json_of_summary(summary));
	return ol_http_json_response(ol_json_checked(object, result));
}

static struct MHD_Response *text_of_death(const struct ol_life *life) {
	const struct ol_run_summary *summary = &life->summary;
	const struct ol_last_words *last = &summary->last_words;
	char *text = malloc(STORY_BYTES);
	if (text == NULL)
		return NULL;
	int length = snprintf(text, STORY_BYTES / 2,
		"%s\n%s%.512s%sevidence:  %s\nwhy:  %s\n"
		"last words:  in %.63s, %s, request of %" PRIu64 " bytes, %" PRIu64
		" of them touched, cage at %" PRIu64 " bytes\nThe next request meets a fresh heap.\n\n",
		life->verdict, summary->error_message[0] != '\0' ? "error:  " : "", summary->error_message,
		summary->error_message[0] != '\0' ? "\n" : "", life->evidence, life->story,
		last->phase[0] != '\0' ? last->phase : "no request",
		ol_activity_name((enum ol_activity)last->activity), last->request_bytes,
		last->touched_bytes, last->cage_bytes);
	size_t used = (size_t)length < STORY_BYTES / 2 ? (size_t)length : STORY_BYTES / 2 - 1;
	used += ol_memstats_text(&last->memstats, text + used, STORY_BYTES - used);
	return ol_http_response(text, used, ol_http_type(false));
}

static struct MHD_Response *response_of_body(
	const struct ol_http_exchange *exchange, const struct ol_answer *answer) {
	char *body = malloc(answer->body_bytes + 1);
	if (body == NULL)
		return NULL;
	memcpy(body, answer->body, answer->body_bytes);
	body[answer->body_bytes] = '\0';
	if (answer->status < 400 || !exchange->is_json)
		return ol_http_response(body, answer->body_bytes, answer->type);
	body[strcspn(body, "\n")] = '\0';
	struct MHD_Response *response = ol_http_error_response(true, body);
	free(body);
	return response;
}

static struct MHD_Response *response_of_answer(
	const struct ol_http_exchange *exchange, const struct ol_answer *answer) {
	struct ol_error error;
	size_t bytes;
	if (answer->has_body)
		return response_of_body(exchange, answer);
	char *text = malloc(ANSWER_BYTES_MAX);
	if (text == NULL)
		return NULL;
	if (ol_http_answer_body(answer, exchange->is_json, text, ANSWER_BYTES_MAX, &bytes, &error) == 0)
		return ol_http_response(text, bytes, ol_http_type(exchange->is_json));
	free(text);
	return ol_http_error_response(exchange->is_json, error.message);
}

static void on_reply(void *context, const struct ol_reply *reply) {
	struct ol_http_exchange *exchange = context;
	struct MHD_Response *response = NULL;
	const char *line = "";
	char description[OL_TEXT_BYTES];
	switch (reply->kind) {
	case OL_REPLY_ANSWER:
		exchange->status = reply->answer->status;
		response = response_of_answer(exchange, reply->answer);
		ol_http_answer_line(reply->answer, description, sizeof description);
		line = description;
		break;
	case OL_REPLY_DIED:
		exchange->status = status_of_death(reply->life->summary.outcome);
		line = reply->life->verdict;
		response = exchange->is_json ? json_of_death(reply->life) : text_of_death(reply->life);
		break;
	case OL_REPLY_TIMED_OUT:
		exchange->status = MHD_HTTP_GATEWAY_TIMEOUT;
		line = "the heap did not answer in time and was ended; the next request meets a fresh one";
		response = ol_http_error_response(exchange->is_json, line);
		break;
	case OL_REPLY_UNAVAILABLE:
	case OL_REPLY_READY:
		exchange->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		line = reply->kind == OL_REPLY_READY ? "the heap is ready" : reply->message;
		response = ol_http_error_response(exchange->is_json, line);
		break;
	}
	ol_http_publish_request(exchange, reply->life, line);
	ol_http_wake(exchange, exchange->status, response);
}

enum MHD_Result ol_http_relay(struct ol_http_exchange *exchange) {
	struct ol_http_server *server = exchange->server;
	const struct ol_http_route *route = exchange->route;
	struct ol_request *request = &server->outgoing;
	struct ol_error error;
	memset(request, 0, offsetof(struct ol_request, body));
	request->kind = OL_REQUEST_ROUTE;
	request->route_index = route->script_index;
	request->is_post = exchange->is_post;
	request->value_count = route->route.argument_count;
	if (ol_http_check_arguments(
			&route->route, exchange->texts, exchange->text_count, request->values, &error) < 0)
		return ol_http_refuse(exchange, MHD_HTTP_BAD_REQUEST, error.message);
	if (exchange->body != NULL && !exchange->is_form) {
		request->body_bytes = (uint32_t)exchange->body_bytes;
		memcpy(request->body, exchange->body, exchange->body_bytes);
	}
	if (ol_lives_submit(server->lives, request, on_reply, exchange, &error) < 0)
		return ol_http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, error.message);
	return ol_http_sleep(exchange);
}

static struct MHD_Response *response_of_memstats(
	const struct ol_http_exchange *exchange, const struct ol_memstats *memstats) {
	char *text = malloc(OL_HTTP_MEMSTATS_JSON_BYTES);
	if (text == NULL)
		return NULL;
	size_t bytes = exchange->is_json
					   ? ol_http_memstats_json(memstats, text, OL_HTTP_MEMSTATS_JSON_BYTES)
					   : ol_memstats_text(memstats, text, OL_HTTP_MEMSTATS_JSON_BYTES);
	return ol_http_response(text, bytes, ol_http_type(exchange->is_json));
}

/* All there is to tell. */
static bool is_same(const struct ol_memstats *a, const struct ol_memstats *b) {
	enum { COUNTS_BYTES = offsetof(struct ol_memstats, gc_cpu_fraction) };
	_Static_assert(COUNTS_BYTES == 13 * sizeof(uint64_t), "counts without gaps come first");
	_Static_assert(sizeof *a == COUNTS_BYTES + sizeof a->gc_cpu_fraction, "and nothing after it");
	return memcmp(a, b, COUNTS_BYTES) == 0 && a->gc_cpu_fraction == b->gc_cpu_fraction;
}

/* Stays the server's. NULL: no memory. */
static struct MHD_Response *kept_response(
	const struct ol_http_exchange *exchange, const struct ol_memstats *memstats) {
	struct ol_http_kept_statistics *kept = &exchange->server->kept_statistics[exchange->is_json];
	if (kept->response != NULL && is_same(&kept->memstats, memstats))
		return kept->response;
	if (kept->response != NULL)
		MHD_destroy_response(kept->response); /* Whoever is still being sent it keeps it. */
	kept->response = response_of_memstats(exchange, memstats);
	kept->memstats = *memstats;
	return kept->response;
}

static void on_ready(void *context, const struct ol_reply *reply) {
	struct ol_http_exchange *exchange = context;
	struct ol_memstats memstats;
	if (reply->kind == OL_REPLY_READY && ol_lives_memstats(exchange->server->lives, &memstats))
		ol_http_wake(exchange, MHD_HTTP_OK, response_of_memstats(exchange, &memstats));
	else
		on_reply(context, reply);
}

enum MHD_Result ol_http_statistics(struct ol_http_exchange *exchange) {
	struct ol_http_server *server = exchange->server;
	struct ol_memstats memstats;
	struct ol_error error;
	struct ol_option_value values[OL_ROUTE_ARGUMENTS_MAX];
	if (exchange->text_count > 0 && ol_http_check_arguments(&exchange->route->route,
										exchange->texts, exchange->text_count, values, &error) < 0)
		return ol_http_refuse(exchange, MHD_HTTP_BAD_REQUEST, error.message);
	if (ol_lives_memstats(server->lives, &memstats))
		return ol_http_send_kept(
			server, exchange->connection, exchange->route, kept_response(exchange, &memstats));
	if (ol_lives_submit(server->lives, NULL, on_ready, exchange, &error) < 0)
		return ol_http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, error.message);
	return ol_http_sleep(exchange);
}
