/* routes.c -- Every path that the server answers: its own, and those of the script. */
#include "http/routes.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/appender.h"
#include "http/visible.h"
#include "supervisor/plan.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BOTH_TYPES   "text/plain application/json"

/* Bounded on purpose: at hand where somebody mistypes, without a way to fill a log. */
enum { PATHS_TEXT_BYTES = 512 };

static const struct ol_http_route built_in[] = {
	{ .route = { .path = "/", .doc = "The live page" },
		.action = OL_HTTP_PAGE,
		.media_types = "text/html",
		.is_get_only = true,
		.is_documented = true },
	{ .route = { .path = "/page.css" },
		.action = OL_HTTP_PAGE_CSS,
		.media_types = "text/css",
		.is_get_only = true },
	{ .route = { .path = "/page.js" },
		.action = OL_HTTP_PAGE_JS,
		.media_types = "text/javascript",
		.is_get_only = true },
	{ .route = { .path = "/events",
		  .doc = "What happens, as it happens: server-sent events, the whole state first" },
		.action = OL_HTTP_EVENTS,
		.media_types = "text/event-stream",
		.is_get_only = true,
		.is_documented = true },
	{ .route = { .path = "/metrics", .doc = "Figures for Prometheus and its kin" },
		.action = OL_HTTP_METRICS,
		.media_types = "text/plain application/openmetrics-text",
		.is_get_only = true,
		.is_documented = true },
	{ .route = { .path = "/openapi.json", .doc = "This document" },
		.action = OL_HTTP_OPENAPI,
		.media_types = "application/json",
		.is_get_only = true,
		.is_documented = true },
	{ .route = { .path = "/ping", .doc = "Answers that the server is there", .is_json_only = true },
		.action = OL_HTTP_PING,
		.media_types = "application/json",
		.is_get_only = true,
		.is_documented = true },
	{ .route = { .path = "/healthz", .doc = "For those who watch over services: does it work?" },
		.action = OL_HTTP_HEALTHZ,
		.media_types = BOTH_TYPES,
		.is_get_only = true,
		.is_documented = true },
	{ .route = { .path = "/collect-policy",
		  .doc = "How memory is collected: read with GET, set with POST",
		  .argument_count = 6,
		  /* Texts, checked where the command line's are; "" is not given. */
		  .arguments = {
			  { .value = { .name = "limit", .type = OL_OPTION_STRING },
				.doc = "The cage's limit, as in 64M; the next request meets a fresh heap" },
			  { .value = { .name = "gogc", .type = OL_OPTION_STRING },
				.doc = "What GOGC is to Go, as in 50 or off; at once" },
			  { .value = { .name = "memlimit", .type = OL_OPTION_STRING },
				.doc = "What GOMEMLIMIT is to Go, as in 28M, 90% or off; at once" },
			  { .value = { .name = "policy", .type = OL_OPTION_STRING },
				.doc = "Who decides when to collect; the next request meets a fresh heap" },
			  { .value = { .name = "collector", .type = OL_OPTION_STRING },
				.doc = "How it is collected; the next request meets a fresh heap" },
			  { .value = { .name = "rules", .type = OL_OPTION_STRING },
				.doc = "Which Go's rules; the next request meets a fresh heap" },
		  } },
		.action = OL_HTTP_POLICY,
		.media_types = BOTH_TYPES,
		.is_documented = true },
	{ .route = { .path = "/lives",
		  .doc = "The heaps so far, each from its start to its end",
		  .is_json_only = true },
		.action = OL_HTTP_LIVES,
		.media_types = "application/json",
		.is_get_only = true,
		.is_documented = true },
};

struct ol_http_routes {
	uint32_t count;
	/* Beside the routes, which are large: a look-up touches few of them. */
	uint8_t path_bytes[OL_ROUTES_MAX + COUNT(built_in)];
	struct ol_http_route routes[OL_ROUTES_MAX + COUNT(built_in)];
};

static const char json_suffix[] = ".json";

static const struct ol_http_route *find_exactly(
	const struct ol_http_routes *routes, const char *path, size_t path_bytes) {
	for (uint32_t i = 0; i < routes->count; i++) {
		if (routes->path_bytes[i] == path_bytes &&
			memcmp(routes->routes[i].route.path, path, path_bytes) == 0)
			return &routes->routes[i];
	}
	return NULL;
}

static void add(struct ol_http_routes *routes, const struct ol_http_route *route) {
	assert(routes->count < COUNT(routes->routes));
	routes->routes[routes->count] = *route;
	routes->path_bytes[routes->count] = (uint8_t)strlen(route->route.path);
	routes->count++;
}

static int add_of_script(struct ol_http_routes *routes, const struct ol_route *route,
	uint32_t script_index, struct ol_error *error) {
	if (find_exactly(routes, route->path, strlen(route->path)) != NULL)
		return ol_error_set(error, -EEXIST, "the script has two routes %s", route->path);
	for (size_t i = 0; i < COUNT(built_in); i++) {
		const char *own = built_in[i].route.path;
		size_t bytes = strlen(route->path);
		/* /openapi too: its JSON would be asked for as /openapi.json. */
		bool is_reserved = strncmp(own, route->path, bytes) == 0 &&
						   (own[bytes] == '\0' || strcmp(own + bytes, json_suffix) == 0);
		if (is_reserved && built_in[i].action != OL_HTTP_PING)
			return ol_error_set(error, -EEXIST,
				"the path %s is the server's own; of its paths a script may take /ping alone",
				route->path);
	}
	struct ol_http_route own = {
		.route = *route,
		.action = route->kind == OL_ROUTE_STATISTICS ? OL_HTTP_STATISTICS : OL_HTTP_HANDLER,
		.media_types = route->is_json_only ? "application/json" : BOTH_TYPES,
		.is_documented = true,
		.script_index = script_index,
	};
	add(routes, &own);
	return 0;
}

int ol_http_routes_create(const struct ol_route *script_routes, uint32_t script_route_count,
	struct ol_http_routes **ret_routes, struct ol_error *error) {
	assert(script_route_count <= OL_ROUTES_MAX);
	struct ol_http_routes *routes = calloc(1, sizeof *routes);
	if (routes == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the routes");
	for (uint32_t i = 0; i < script_route_count; i++) {
		int result = add_of_script(routes, &script_routes[i], i, error);
		if (result < 0) {
			ol_http_routes_destroy(routes);
			return result;
		}
	}
	for (size_t i = 0; i < COUNT(built_in); i++) {
		const char *path = built_in[i].route.path;
		if (find_exactly(routes, path, strlen(path)) == NULL)
			add(routes, &built_in[i]);
	}
	*ret_routes = routes;
	return 0;
}

void ol_http_routes_destroy(struct ol_http_routes *routes) {
	free(routes);
}

uint32_t ol_http_routes_count(const struct ol_http_routes *routes) {
	return routes->count;
}

const struct ol_http_route *ol_http_routes_at(const struct ol_http_routes *routes, uint32_t index) {
	assert(index < routes->count);
	return &routes->routes[index];
}

/* Length of path without a ".json" at its end. */
static size_t stem_bytes(const char *path, size_t path_bytes) {
	size_t suffix_bytes = sizeof json_suffix - 1;
	bool has_suffix = path_bytes > suffix_bytes &&
					  memcmp(path + path_bytes - suffix_bytes, json_suffix, suffix_bytes) == 0;
	return has_suffix ? path_bytes - suffix_bytes : path_bytes;
}

const struct ol_http_route *ol_http_routes_find(
	const struct ol_http_routes *routes, const char *path, bool *ret_is_json) {
	/* No path of ours is longer; what a client sends may be. */
	size_t path_bytes = strnlen(path, OL_ROUTE_PATH_BYTES + sizeof json_suffix);
	const struct ol_http_route *route = find_exactly(routes, path, path_bytes);
	bool is_json = false;
	size_t bytes = stem_bytes(path, path_bytes);
	/* Once: /openapi.json.json is nothing. */
	if (route == NULL && bytes < path_bytes && stem_bytes(path, bytes) == bytes) {
		is_json = true;
		route = find_exactly(routes, path, bytes);
		if (route != NULL && strstr(route->media_types, "application/json") == NULL)
			route = NULL;
	}
	if (route != NULL)
		*ret_is_json = is_json;
	return route;
}

void ol_http_routes_explain_missing(
	const struct ol_http_routes *routes, const char *path, struct ol_error *error) {
	const char *names[COUNT(routes->routes)];
	size_t name_count = 0;
	char text[PATHS_TEXT_BYTES];
	struct ol_appender paths = ol_appender_in(text, sizeof text);
	for (uint32_t i = 0; i < routes->count; i++) {
		if (!routes->routes[i].is_documented)
			continue;
		names[name_count++] = routes->routes[i].route.path;
		if (paths.used + routes->path_bytes[i] + sizeof " ..." >= sizeof text)
			continue; /* A shorter one may still fit. */
		ol_append(&paths, " ");
		ol_append(&paths, routes->routes[i].route.path);
	}
	/* Compared without its ".json", and only if it can be a path of ours at all. */
	char shown[OL_VISIBLE_BYTES];
	size_t path_bytes = strnlen(path, OL_VISIBLE_BYTES);
	ol_visible(path, path_bytes, shown, sizeof shown);
	const char *nearest = NULL;
	if (path_bytes < OL_VISIBLE_BYTES / 2) {
		char stem[OL_VISIBLE_BYTES / 2];
		snprintf(stem, sizeof stem, "%.*s", (int)stem_bytes(path, path_bytes), path);
		nearest = ol_nearest_name(stem, names, name_count);
	}
	ol_error_set(error, -ENOENT, "there is no %s here%s%s%s:%s", shown,
		nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "? There are" : "; there are", text);
}

/* HEAD asks what GET would answer, and must not do what that does. */
static bool is_head_harmless(const struct ol_http_route *route) {
	return route->action != OL_HTTP_HANDLER;
}

const char *ol_http_route_methods(const struct ol_http_route *route) {
	if (route->is_get_only)
		return "GET, HEAD";
	if (route->route.is_post_only)
		return "POST";
	return is_head_harmless(route) ? "GET, HEAD, POST" : "GET, POST";
}

bool ol_http_route_allows(const struct ol_http_route *route, const char *method) {
	if (strcmp(method, "HEAD") == 0)
		return is_head_harmless(route);
	if (strcmp(method, "GET") == 0)
		return !route->route.is_post_only;
	return !route->is_get_only && strcmp(method, "POST") == 0;
}
