/* state.c -- What the page is told: the whole state, and what happens. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "http/server_internal.h"
#include "http/visible.h"
#include "report/json_value.h"

const struct ol_run_spec *ol_http_next_spec(const struct ol_http_server *server) {
	struct ol_supervisor_texts texts;
	const struct ol_http_host *host = &server->config.host;
	return host->next_spec(host->context, &texts);
}

static uint64_t unix_ms(const struct ol_http_server *server) {
	return server->started_at_ms + (ol_http_now_ns() - server->started_ns) / OL_NS_PER_MS;
}

static json_t *json_of_server(const struct ol_http_server *server) {
	const struct ol_run_spec *spec = ol_http_next_spec(server);
	json_t *object = json_object();
	int result = json_object_set_new(object, "version", json_string(OL_VERSION));
	result |= json_object_set_new(object, "started_at_ms", ol_json_uint64(server->started_at_ms));
	result |= json_object_set_new(object, "now_ms", ol_json_uint64(unix_ms(server)));
	result |= json_object_set_new(
		object, "sample_period_ms", ol_json_uint64(spec->sample_period_ns / OL_NS_PER_MS));
	result |= json_object_set_new(object, "is_caged", ol_json_boolean(!spec->is_uncaged));
	result |= json_object_set_new(object, "script", ol_json_text(spec->scenario));
	result |= json_object_set_new(object, "title", ol_json_text(spec->title));
	return ol_json_checked(object, result);
}

json_t *ol_http_lives_json(const struct ol_http_server *server, bool has_curves) {
	json_t *list = json_array();
	int result = 0;
	for (uint32_t i = 0; i < ol_lives_count(server->lives); i++)
		result |=
			json_array_append_new(list, ol_json_of_life(ol_lives_at(server->lives, i), has_curves));
	return ol_json_checked(list, result);
}

json_t *ol_http_state(void *context) {
	const struct ol_http_server *server = context;
	json_t *object = json_object();
	int result = json_object_set_new(object, "server", json_of_server(server));
	result |=
		json_object_set_new(object, "settings", ol_json_of_settings(ol_http_next_spec(server)));
	result |= json_object_set_new(object, "lives", ol_http_lives_json(server, true));
	return ol_json_checked(object, result);
}

static void on_life(void *context, const struct ol_life *life) {
	struct ol_http_server *server = context;
	server->revision++;
	ol_events_publish(server->events, "life", ol_json_of_life(life, false));
}

static json_t *of_life(const struct ol_life *life) {
	json_t *object = json_object();
	return ol_json_checked(
		object, json_object_set_new(object, "life", ol_json_uint64(life->number)));
}

static void on_sample(void *context, const struct ol_life *life, const struct ol_sample *sample,
	const struct ol_last_words *words) {
	struct ol_http_server *server = context;
	server->revision++;
	if (ol_events_listener_count(server->events) == 0)
		return;
	const char *activity = ol_activity_name((enum ol_activity)words->activity);
	json_t *object = of_life(life);
	int result = ol_json_add_record(object, &ol_sample_type, sample, &sample->memstats);
	result |= json_object_set_new(object, "live_bytes", ol_json_uint64(ol_live_bytes(words)));
	result |= json_object_set_new(object, "activity", json_string(activity));
	result |= json_object_set_new(object, "phase", ol_json_text(words->phase));
	result |= json_object_set_new(object, "request_bytes", ol_json_uint64(words->request_bytes));
	ol_events_publish(server->events, "sample", ol_json_checked(object, result));
}

static void on_cycle(void *context, const struct ol_life *life, const struct ol_gc_cycle *cycle) {
	struct ol_http_server *server = context;
	if (ol_events_listener_count(server->events) == 0)
		return;
	json_t *object = of_life(life);
	int result = ol_json_add_record(object, &ol_gc_cycle_type, cycle, NULL);
	ol_events_publish(server->events, "gc", ol_json_checked(object, result));
}

static void on_event(void *context, const struct ol_life *life, const struct ol_event *event) {
	struct ol_http_server *server = context;
	char line[OL_TEXT_BYTES + OL_NAME_BYTES];
	snprintf(line, sizeof line, "life %llu: %.500s", (unsigned long long)life->number, event->text);
	server->config.host.log(server->config.host.context, line);
	json_t *object = of_life(life);
	int result = ol_json_add_record(object, &ol_event_type, event, NULL);
	ol_events_publish(server->events, "log", ol_json_checked(object, result));
}

struct ol_lives_sink ol_http_lives_sink(struct ol_http_server *server) {
	return (struct ol_lives_sink){
		.context = server,
		.on_life = on_life,
		.on_sample = on_sample,
		.on_cycle = on_cycle,
		.on_event = on_event,
	};
}

/* "bytes=20M&x=1", fit to be shown. */
static void format_texts(const struct ol_http_exchange *exchange, char *text, size_t capacity) {
	text[0] = '\0';
	for (size_t i = 0; i < exchange->text_count; i++) {
		const struct ol_http_text *one = &exchange->texts[i];
		size_t used = strlen(text);
		snprintf(text + used, capacity - used, "%s%s=%s", i > 0 ? "&" : "", OL_VISIBLE(one->name),
			OL_VISIBLE(one->text != NULL ? one->text : ""));
	}
}

void ol_http_publish_request(
	const struct ol_http_exchange *exchange, const struct ol_life *life, const char *text) {
	const struct ol_http_server *server = exchange->server;
	char arguments[OL_TEXT_BYTES], line[OL_TEXT_BYTES];
	if (ol_events_listener_count(server->events) == 0)
		return;
	format_texts(exchange, arguments, sizeof arguments);
	snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
	json_t *object = json_object();
	int result = json_object_set_new(
		object, "life", life != NULL ? ol_json_uint64(life->number) : json_null());
	result |= json_object_set_new(object, "at_ms", ol_json_uint64(unix_ms(server)));
	result |=
		json_object_set_new(object, "method", json_string(exchange->is_post ? "POST" : "GET"));
	result |= json_object_set_new(object, "path", ol_json_text(exchange->route->route.path));
	result |= json_object_set_new(object, "arguments", ol_json_text(arguments));
	result |= json_object_set_new(object, "status", ol_json_uint64(exchange->status));
	result |= json_object_set_new(
		object, "took_ns", ol_json_uint64(ol_http_now_ns() - exchange->started_ns));
	result |= json_object_set_new(object, "text", ol_json_text(line));
	ol_events_publish(server->events, "request", ol_json_checked(object, result));
}
