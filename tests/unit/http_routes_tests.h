/* http_routes_tests.h -- Tests of the table of paths, and of the document made from it.
 *
 * Part of test_http.c. */
#ifndef TESTS_HTTP_ROUTES_TESTS_H
#define TESTS_HTTP_ROUTES_TESTS_H

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "http/openapi.h"
#include "http/routes.h"

static struct ol_route script_routes[] = {
	{ .path = "/add",
		.doc = "Adds a slab",
		.argument_count = 2,
		.arguments = {
			{ .value = { .name = "bytes", .type = OL_OPTION_BYTES, .is_unset = 1 } },
			{ .value = { .name = "count", .type = OL_OPTION_INTEGER, .integer = 3 },
				.has_minimum = true,
				.minimum = 1,
				.has_maximum = true,
				.maximum = 10 },
		} },
	{ .path = "/stats", .kind = OL_ROUTE_STATISTICS },
	{ .path = "/generate-load/memory", .is_post_only = true, .is_json_only = true },
};
enum { SCRIPT_ROUTE_COUNT = sizeof script_routes / sizeof *script_routes };

static struct ol_error route_error;

static struct ol_http_routes *some_routes(void) {
	struct ol_http_routes *routes = NULL;
	assert_int_equal(
		ol_http_routes_create(script_routes, SCRIPT_ROUTE_COUNT, &routes, &route_error), 0);
	return routes;
}

static void check_found(const struct ol_http_routes *routes, const char *path,
	enum ol_http_action action, bool is_json) {
	bool found_json = !is_json;
	const struct ol_http_route *route = ol_http_routes_find(routes, path, &found_json);
	assert_non_null(route);
	assert_int_equal(route->action, action);
	assert_int_equal(found_json, is_json);
}

static void a_path_is_found_with_and_without_json(void **state) {
	struct ol_http_routes *routes = some_routes();
	check_found(routes, "/", OL_HTTP_PAGE, false);
	check_found(routes, "/page.css", OL_HTTP_PAGE_CSS, false);
	check_found(routes, "/page.js", OL_HTTP_PAGE_JS, false);
	check_found(routes, "/events", OL_HTTP_EVENTS, false);
	check_found(routes, "/metrics", OL_HTTP_METRICS, false);
	check_found(routes, "/openapi.json", OL_HTTP_OPENAPI, false);
	check_found(routes, "/ping", OL_HTTP_PING, false);
	check_found(routes, "/healthz", OL_HTTP_HEALTHZ, false);
	check_found(routes, "/collect-policy.json", OL_HTTP_POLICY, true);
	check_found(routes, "/lives", OL_HTTP_LIVES, false);
	check_found(routes, "/add", OL_HTTP_HANDLER, false);
	check_found(routes, "/add.json", OL_HTTP_HANDLER, true);
	check_found(routes, "/stats.json", OL_HTTP_STATISTICS, true);
	check_found(routes, "/generate-load/memory", OL_HTTP_HANDLER, false);
	bool is_json;
	assert_int_equal(
		ol_http_routes_find(routes, "/generate-load/memory", &is_json)->script_index, 2);
	assert_int_equal(ol_http_routes_count(routes), SCRIPT_ROUTE_COUNT + 10);
	ol_http_routes_destroy(routes);
}

static void nothing_else_is_found(void **state) {
	static const char *const paths[] = { "", "/ad", "/addx", "/add/", "add", "/Add", "//add",
		"/add.JSON", "/add.json.json", ".json", "/.json", "/openapi", "/openapi.json.json",
		"/events.json", "/metrics.json", "/page.css.json", "/add?bytes=1", "/add\n" };
	struct ol_http_routes *routes = some_routes();
	bool is_json = true;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_null(ol_http_routes_find(routes, paths[i], &is_json));
	static char path[8192];
	memset(path, '/', sizeof path - 1);
	assert_null(ol_http_routes_find(routes, path, &is_json));
	assert_true(is_json); /* Untouched. */
	ol_http_routes_destroy(routes);
}

static void the_longest_path_is_found_too(void **state) {
	struct ol_route route = { .path = "/" };
	memset(route.path + 1, 'x', OL_ROUTE_PATH_BYTES - 2);
	struct ol_http_routes *routes;
	assert_int_equal(ol_http_routes_create(&route, 1, &routes, &route_error), 0);
	check_found(routes, route.path, OL_HTTP_HANDLER, false);
	char path[OL_ROUTE_PATH_BYTES + 16];
	snprintf(path, sizeof path, "%s.json", route.path);
	check_found(routes, path, OL_HTTP_HANDLER, true);
	snprintf(path, sizeof path, "%sx", route.path);
	bool is_json;
	assert_null(ol_http_routes_find(routes, path, &is_json));
	ol_http_routes_destroy(routes);
}

static void a_script_may_take_ping_and_no_other_path_of_ours(void **state) {
	static const char *const reserved[] = { "/", "/page.css", "/page.js", "/events", "/metrics",
		"/openapi", "/healthz", "/collect-policy", "/lives" };
	struct ol_route route = { .path = "/ping" };
	struct ol_http_routes *routes;
	assert_int_equal(ol_http_routes_create(&route, 1, &routes, &route_error), 0);
	check_found(routes, "/ping", OL_HTTP_HANDLER, false);
	assert_int_equal(ol_http_routes_count(routes), 10);
	ol_http_routes_destroy(routes);
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		char expected[64];
		snprintf(route.path, sizeof route.path, "%s", reserved[i]);
		snprintf(expected, sizeof expected, "the path %s is the server's own;", reserved[i]);
		assert_int_equal(ol_http_routes_create(&route, 1, &routes, &route_error), -EEXIST);
		assert_non_null(strstr(route_error.message, expected));
	}
	struct ol_route twice[] = { { .path = "/a" }, { .path = "/a" } };
	assert_int_equal(ol_http_routes_create(twice, 2, &routes, &route_error), -EEXIST);
	assert_string_equal(route_error.message, "the script has two routes /a");
}

static void an_unknown_path_is_told_the_nearest_and_all_there_are(void **state) {
	struct ol_http_routes *routes = some_routes();
#define PATHS \
	"/add /stats /generate-load/memory / /events /metrics /openapi.json /ping /healthz " \
	"/collect-policy /lives"
	ol_http_routes_explain_missing(routes, "/ad", &route_error);
	assert_string_equal(
		route_error.message, "there is no /ad here; did you mean /add? There are: " PATHS);
	ol_http_routes_explain_missing(routes, "/metrcs.json", &route_error);
	assert_non_null(strstr(route_error.message, "did you mean /metrics?"));
	ol_http_routes_explain_missing(routes, "/zzzzzz\n", &route_error);
	assert_string_equal(route_error.message, "there is no /zzzzzz\\x0a here; there are: " PATHS);
#undef PATHS
	static char path[8192];
	memset(path, 'x', sizeof path - 1);
	ol_http_routes_explain_missing(routes, path, &route_error);
	assert_null(strstr(route_error.message, "did you mean"));
	ol_http_routes_destroy(routes);
}

static void the_most_routes_there_can_be_fit_the_table_and_the_refusal(void **state) {
	static struct ol_route many[OL_ROUTES_MAX];
	for (int i = 0; i < OL_ROUTES_MAX; i++)
		snprintf(many[i].path, sizeof many[i].path,
			"/a-path-as-long-as-a-path-may-be-with-a-number-at-its-end-%05d", i);
	struct ol_http_routes *routes;
	assert_int_equal(ol_http_routes_create(many, OL_ROUTES_MAX, &routes, &route_error), 0);
	assert_int_equal(ol_http_routes_count(routes), OL_ROUTES_MAX + 10);
	ol_http_routes_explain_missing(routes, "/metric", &route_error);
	assert_non_null(strstr(route_error.message, "did you mean /metrics?"));
	/* Whole paths only, and the short ones whatever the long ones take. */
	assert_non_null(strstr(route_error.message, "-00000 "));
	assert_non_null(strstr(route_error.message, " /ping"));
	ol_http_routes_destroy(routes);
}

static void methods_are_those_of_the_route(void **state) {
	static const struct {
		const char *path, *methods;
	} cases[] = { { "/add", "GET, POST" }, { "/stats", "GET, HEAD, POST" },
		{ "/generate-load/memory", "POST" }, { "/", "GET, HEAD" },
		{ "/collect-policy", "GET, HEAD, POST" }, { "/metrics", "GET, HEAD" } };
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get",
		"", "GET, HEAD" };
	struct ol_http_routes *routes = some_routes();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool is_json;
		const struct ol_http_route *route = ol_http_routes_find(routes, cases[i].path, &is_json);
		assert_string_equal(ol_http_route_methods(route), cases[i].methods);
		for (size_t j = 0; j < sizeof methods / sizeof *methods; j++)
			assert_int_equal(ol_http_route_allows(route, methods[j]),
				j < 3 && strstr(cases[i].methods, methods[j]) != NULL);
	}
	ol_http_routes_destroy(routes);
}

/* One step a name, from the document's root. */
static json_t *find_in(json_t *value, const char *const *names) {
	for (; *names != NULL; names++)
		value = json_object_get(value, *names);
	return value;
}
#define AT(document, ...) find_in((document), (const char *const[]){ __VA_ARGS__, NULL })

static void check_statuses(json_t *responses, const char *expected) {
	char statuses[128] = "";
	const char *status;
	json_t *response;
	json_object_foreach(responses, status, response) {
		strcat(statuses, status);
		strcat(statuses, " ");
	}
	assert_string_equal(statuses, expected);
}

static void the_document_has_every_path_with_all_its_answers(void **state) {
	struct ol_http_routes *routes = some_routes();
	json_t *document = ol_http_openapi(routes, "A lab", "0.1.0", false);
	assert_non_null(document);
	assert_string_equal(json_string_value(AT(document, "openapi")), "3.1.0");
	assert_string_equal(json_string_value(AT(document, "info", "title")), "A lab");
	assert_int_equal(json_object_size(AT(document, "paths")), SCRIPT_ROUTE_COUNT + 8);
	assert_null(AT(document, "paths", "/page.css"));
	check_statuses(
		AT(document, "paths", "/add", "get", "responses"), "200 400 403 405 500 503 504 507 ");
	check_statuses(AT(document, "paths", "/stats", "get", "responses"), "200 400 403 405 503 ");
	assert_non_null(AT(document, "paths", "/add", "post"));
	assert_null(AT(document, "paths", "/generate-load/memory", "get"));
	assert_null(AT(document, "paths", "/metrics", "post"));
	assert_null(AT(document, "paths", "/collect-policy", "get", "parameters"));
	assert_int_equal(
		json_array_size(AT(document, "paths", "/collect-policy", "post", "parameters")), 6);
	assert_null(AT(document, "security"));
	json_decref(document);
	document = ol_http_openapi(routes, "", "0.1.0", true);
	assert_string_equal(json_string_value(AT(document, "info", "title")), "oomlab");
	check_statuses(AT(document, "paths", "/stats", "get", "responses"), "200 400 401 403 405 503 ");
	assert_int_equal(json_array_size(AT(document, "security")), 2);
	json_decref(document);
	ol_http_routes_destroy(routes);
}

static void the_document_says_what_arguments_are(void **state) {
	struct ol_http_routes *routes = some_routes();
	json_t *document = ol_http_openapi(routes, "A lab", "0.1.0", false);
	json_t *parameters = AT(document, "paths", "/add", "get", "parameters");
	json_t *bytes = json_array_get(parameters, 0), *count = json_array_get(parameters, 1);
	assert_string_equal(json_string_value(AT(bytes, "name")), "bytes");
	assert_true(json_is_true(AT(bytes, "required")));
	assert_string_equal(json_string_value(AT(bytes, "schema", "type")), "string");
	assert_true(json_is_false(AT(count, "required")));
	assert_string_equal(json_string_value(AT(count, "schema", "type")), "integer");
	assert_int_equal(json_integer_value(AT(count, "schema", "default")), 3);
	assert_int_equal(json_integer_value(AT(count, "schema", "minimum")), 1);
	assert_int_equal(json_integer_value(AT(count, "schema", "maximum")), 10);
	json_decref(document);
	ol_http_routes_destroy(routes);
}

/* Every $ref leads somewhere, and no two operations have one name. */
static void check_references(json_t *document, json_t *value, json_t *operations) {
	const char *name;
	json_t *member;
	size_t index;
	json_array_foreach(value, index, member) check_references(document, member, operations);
	json_object_foreach(value, name, member) {
		if (strcmp(name, "$ref") == 0) {
			char kind[64], target[64];
			assert_int_equal(
				sscanf(json_string_value(member), "#/components/%63[a-z]/%63s", kind, target), 2);
			assert_non_null(AT(document, "components", kind, target));
		} else if (strcmp(name, "operationId") == 0) {
			assert_null(json_object_get(operations, json_string_value(member)));
			json_object_set_new(operations, json_string_value(member), json_true());
		}
		check_references(document, member, operations);
	}
}

static void every_reference_of_the_document_leads_somewhere(void **state) {
	struct ol_http_routes *routes = some_routes();
	for (int has_token = 0; has_token < 2; has_token++) {
		json_t *document = ol_http_openapi(routes, "A lab", "0.1.0", has_token);
		json_t *operations = json_object();
		check_references(document, document, operations);
		assert_int_equal(json_object_size(operations), 8 + 1 + 2 + 2 + 1);
		json_decref(operations);
		json_decref(document);
	}
	ol_http_routes_destroy(routes);
}

#endif
