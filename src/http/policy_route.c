/* policy_route.c -- /collect-policy: how memory is collected, told and changed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/server_internal.h"
#include "report/json_value.h"
#include "supervisor/plan.h"

enum { TEXT_BYTES = 1024 };

static void visit_policy(void *context, const char *name, const char *title, const char *argument) {
	json_t *object = json_object();
	int result = json_object_set_new(object, "name", ol_json_text(name));
	result |= json_object_set_new(object, "title", ol_json_text(title));
	result |= json_object_set_new(object, "argument", ol_json_text(argument));
	if (result < 0 || json_array_append_new(context, object) < 0)
		json_decref(object);
}

static json_t *json_of_names(const char *const *names) {
	json_t *list = json_array();
	for (; *names != NULL; names++)
		(void)json_array_append_new(list, json_string(*names));
	return list;
}

static json_t *json_of_choices(const struct ol_http_server *server) {
	json_t *policies = json_array();
	server->config.host.each_policy(server->config.host.context, visit_policy, policies);
	json_t *object = json_object();
	int result = json_object_set_new(object, "policy", policies);
	result |= json_object_set_new(object, "collector", json_of_names(ol_plan_choices("collector")));
	result |= json_object_set_new(object, "rules", json_of_names(ol_plan_choices("rules")));
	return ol_json_checked(object, result);
}

/* Made once: to name the policies their files have to be read. A new reference. */
static json_t *choices_of(struct ol_http_server *server) {
	if (server->choices == NULL)
		server->choices = json_of_choices(server);
	return json_incref(server->choices);
}

static struct MHD_Response *json_response(struct ol_http_server *server, const char *applied) {
	const struct ol_run_spec *spec = ol_http_next_spec(server);
	json_t *object = json_object();
	int result = json_object_set_new(object, "settings", ol_json_of_settings(spec));
	result |= json_object_set_new(object, "choices", choices_of(server));
	result |= json_object_set_new(object, "is_caged", ol_json_boolean(!spec->is_uncaged));
	if (applied != NULL)
		result |= json_object_set_new(object, "applied", json_string(applied));
	return ol_http_json_response(ol_json_checked(object, result));
}

static struct MHD_Response *text_response(
	const struct ol_http_server *server, const char *applied) {
	const struct ol_run_spec *spec = ol_http_next_spec(server);
	char gogc[24] = "off", memory_limit[24] = "off";
	if (spec->gogc != OL_GOGC_OFF)
		snprintf(gogc, sizeof gogc, "%d", spec->gogc);
	if (spec->memory_limit_bytes < OL_MEMORY_LIMIT_OFF)
		snprintf(memory_limit, sizeof memory_limit, "%" PRIu64, spec->memory_limit_bytes);
	char *text = malloc(TEXT_BYTES);
	if (text == NULL)
		return NULL;
	int length = snprintf(text, TEXT_BYTES,
		"limit:  %" PRIu64 "\ngogc:  %s\nmemlimit:  %s\npolicy:  %s%s%s\ncollector:  %s\n"
		"rules:  %s\n%s%s%s",
		spec->limit_bytes, gogc, memory_limit, spec->policy,
		spec->policy_argument[0] != '\0' ? ":" : "", spec->policy_argument, spec->collector,
		spec->rules, applied != NULL ? "applied:  " : "", applied != NULL ? applied : "",
		applied != NULL ? "\n" : "");
	return ol_http_response(text, (size_t)length, ol_http_type(false));
}

static enum MHD_Result send_settings(struct ol_http_exchange *exchange, const char *applied) {
	struct ol_http_server *server = exchange->server;
	return ol_http_send(server, exchange->connection, exchange->route, MHD_HTTP_OK,
		exchange->is_json ? json_response(server, applied) : text_response(server, applied));
}

/* Moves what was given to the front; how many. ret_is_live: a running heap can take all of it. */
static size_t keep_given(struct ol_option_value *values, size_t count, bool *ret_is_live) {
	size_t kept = 0;
	*ret_is_live = true;
	for (size_t i = 0; i < count; i++) {
		const char *name = values[i].name;
		if (values[i].is_unset || values[i].string[0] == '\0')
			continue;
		*ret_is_live &= strcmp(name, "gogc") == 0 || strcmp(name, "memlimit") == 0;
		values[kept++] = values[i];
	}
	return kept;
}

enum MHD_Result ol_http_policy(struct ol_http_exchange *exchange) {
	struct ol_http_server *server = exchange->server;
	const struct ol_http_host *host = &server->config.host;
	const struct ol_route *route = &exchange->route->route;
	struct ol_option_value values[OL_ROUTE_ARGUMENTS_MAX];
	struct ol_error error;
	bool is_live;
	if (exchange->text_count == 0 && !exchange->is_post)
		return send_settings(exchange, NULL);
	if (!exchange->is_post)
		return ol_http_refuse(
			exchange, MHD_HTTP_BAD_REQUEST, "settings are changed with POST, read with GET");
	if (ol_http_check_arguments(route, exchange->texts, exchange->text_count, values, &error) < 0)
		return ol_http_refuse(exchange, MHD_HTTP_BAD_REQUEST, error.message);
	size_t count = keep_given(values, route->argument_count, &is_live);
	if (count == 0)
		return ol_http_refuse(exchange, MHD_HTTP_BAD_REQUEST,
			"nothing is set; expected one or more of limit, gogc, memlimit, policy, collector, "
			"rules");
	if (host->set(host->context, values, count, &error) < 0)
		return ol_http_refuse(exchange, MHD_HTTP_BAD_REQUEST, error.message);
	const struct ol_run_spec *spec = ol_http_next_spec(server);
	if (is_live)
		ol_lives_set_limits(server->lives, spec->gogc, spec->memory_limit_bytes);
	else
		ol_lives_renew(server->lives);
	ol_events_publish(server->events, "settings", ol_json_of_settings(spec));
	return send_settings(exchange, is_live ? "now" : "fresh");
}
