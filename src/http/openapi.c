/* openapi.c -- The routes as an OpenAPI 3.1 document. */
#include "http/openapi.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "http/arguments.h"
#include "record/fields.h"
#include "report/json_value.h"

enum {
	MEDIA_TYPES_MAX = 4,
	REFERENCE_BYTES = 64,
	DESCRIPTION_BYTES = OL_TEXT_BYTES + 384,
	OPERATION_BYTES = OL_ROUTE_PATH_BYTES + 8
};

static json_t *reference(const char *kind, const char *name) {
	char path[REFERENCE_BYTES];
	snprintf(path, sizeof path, "#/components/%s/%s", kind, name);
	json_t *object = json_object();
	if (json_object_set_new(object, "$ref", json_string(path)) == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *type_schema(const char *type) {
	json_t *schema = json_object();
	return ol_json_checked(schema, json_object_set_new(schema, "type", json_string(type)));
}

static json_t *json_limit(double limit) {
	bool is_whole = fabs(limit) < 0x1p53 && limit == trunc(limit);
	return is_whole ? json_integer((json_int_t)limit) : json_real(limit);
}

static json_t *choices_of(const struct ol_option *argument) {
	json_t *choices = json_array();
	int result = 0;
	for (uint32_t i = 0; i < argument->choice_count && i < OL_CHOICES_MAX; i++)
		result |= json_array_append_new(choices, ol_json_text(argument->choices[i]));
	return ol_json_checked(choices, result);
}

/* A size or a share is a text: 20M and 80% are no numbers. */
static json_t *argument_schema(const struct ol_option *argument) {
	static const char *const types[] = {
		[OL_OPTION_BOOLEAN] = "boolean",
		[OL_OPTION_INTEGER] = "integer",
		[OL_OPTION_NUMBER] = "number",
		[OL_OPTION_STRING] = "string",
		[OL_OPTION_BYTES] = "string",
		[OL_OPTION_SHARE] = "string",
	};
	const struct ol_option_value *value = &argument->value;
	bool is_number = value->type == OL_OPTION_INTEGER || value->type == OL_OPTION_NUMBER;
	json_t *schema = type_schema(types[value->type]);
	int result = schema == NULL ? -1 : 0;
	if (value->type == OL_OPTION_STRING)
		result |= json_object_set_new(schema, "maxLength", json_integer(OL_OPTION_VALUE_BYTES - 1));
	if (value->type == OL_OPTION_BYTES)
		result |= json_object_set_new(schema, "examples", json_pack("[s]", "20M"));
	if (argument->choice_count > 0)
		result |= json_object_set_new(schema, "enum", choices_of(argument));
	if (is_number && argument->has_minimum)
		result |= json_object_set_new(schema, "minimum", json_limit(argument->minimum));
	if (is_number && argument->has_maximum)
		result |= json_object_set_new(schema, "maximum", json_limit(argument->maximum));
	/* An empty text stands for none. */
	bool has_default = !value->is_unset && (value->type != OL_OPTION_STRING || *value->string);
	if (has_default && value->type == OL_OPTION_BYTES) {
		char text[32];
		snprintf(text, sizeof text, "%" PRId64, value->integer);
		result |= json_object_set_new(schema, "default", json_string(text));
	} else if (has_default && value->type == OL_OPTION_SHARE) {
		char text[32];
		snprintf(text, sizeof text, "%.10g%%", 100 * value->number);
		result |= json_object_set_new(schema, "default", json_string(text));
	} else if (has_default) {
		result |= json_object_set_new(schema, "default", ol_json_option_value(value));
	}
	return ol_json_checked(schema, result);
}

static json_t *parameters_of(const struct ol_route *route) {
	json_t *parameters = json_array();
	int result = parameters == NULL ? -1 : 0;
	for (uint32_t i = 0; i < route->argument_count && i < OL_ROUTE_ARGUMENTS_MAX; i++) {
		const struct ol_option *argument = &route->arguments[i];
		char expected[256], description[DESCRIPTION_BYTES];
		ol_http_expected(argument, expected, sizeof expected);
		snprintf(description, sizeof description, "%s%sExpected: %s.", argument->doc,
			argument->doc[0] != '\0' ? ". " : "", expected);
		json_t *parameter = json_object();
		result |= json_object_set_new(parameter, "name", ol_json_text(argument->value.name));
		result |= json_object_set_new(parameter, "in", json_string("query"));
		result |=
			json_object_set_new(parameter, "required", json_boolean(argument->value.is_unset));
		result |= json_object_set_new(parameter, "description", ol_json_text(description));
		result |= json_object_set_new(parameter, "schema", argument_schema(argument));
		result |= json_array_append_new(parameters, parameter);
	}
	return ol_json_checked(parameters, result);
}

/* What a good answer looks like as JSON, as far as the lab knows. */
static json_t *answer_schema(const struct ol_http_route *route) {
	static const char *const names[OL_HTTP_ACTION_COUNT] = {
		[OL_HTTP_PING] = "Ping",
		[OL_HTTP_POLICY] = "Policy",
		[OL_HTTP_STATISTICS] = "Statistics",
		[OL_HTTP_HANDLER] = "Answer",
	};
	const char *name = names[route->action];
	return name != NULL ? reference("schemas", name) : type_schema("object");
}

static json_t *content_of(const struct ol_http_route *route) {
	json_t *content = json_object();
	int result = content == NULL ? -1 : 0;
	const char *rest = route->media_types;
	for (int i = 0; i < MEDIA_TYPES_MAX && *rest != '\0'; i++) {
		char type[OL_NAME_BYTES];
		size_t bytes = strcspn(rest, " ");
		snprintf(type, sizeof type, "%.*s", (int)bytes, rest);
		rest += bytes + strspn(rest + bytes, " ");
		bool is_json = strcmp(type, "application/json") == 0;
		json_t *media = json_object();
		result |= json_object_set_new(
			media, "schema", is_json ? answer_schema(route) : type_schema("string"));
		result |= json_object_set_new(content, type, media);
	}
	return ol_json_checked(content, result);
}

static json_t *good_answer(const struct ol_http_route *route) {
	json_t *answer = json_object();
	int result = json_object_set_new(answer, "description", json_string("As asked"));
	result |= json_object_set_new(answer, "content", content_of(route));
	return ol_json_checked(answer, result);
}

/* One refusal, and who may meet it. */
struct refusal {
	const char *status;
	const char *name; /* Among the document's components. */
	const char *description;
};

enum refusal_index { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, METHOD, FAILED, BUSY, TIMED_OUT, DIED };

static const struct refusal refusals[] = {
	[BAD_REQUEST] = { "400", "BadRequest", "An argument is missing, unknown or does not fit" },
	[UNAUTHORIZED] = { "401", "Unauthorized", "The token is missing or wrong" },
	[FORBIDDEN] = { "403", "Forbidden",
		"The Host is none of the server's names, or another site's page asks" },
	[METHOD] = { "405", "MethodNotAllowed", "Another method is expected: see Allow" },
	[FAILED] = { "500", "Failed", "The script raised an error, or the lab could not do its work" },
	[BUSY] = { "503", "Busy", "Too many requests wait, or too many clients are connected" },
	[TIMED_OUT] = { "504", "TimedOut", "The heap's process did not answer in time; it was ended" },
	[DIED] = { "507", "Died",
		"The heap overflowed its cage in this request; the next meets a fresh one" },
};

static bool may_refuse(const struct ol_http_route *route, size_t index, bool has_token) {
	bool is_handler = route->action == OL_HTTP_HANDLER;
	switch ((enum refusal_index)index) {
	case UNAUTHORIZED:
		return has_token;
	case FAILED:
	case TIMED_OUT:
		return is_handler || route->action == OL_HTTP_POLICY;
	case DIED:
		return is_handler;
	default:
		return true;
	}
}

static json_t *responses_of(const struct ol_http_route *route, bool has_token) {
	json_t *responses = json_object();
	int result = json_object_set_new(responses, "200", good_answer(route));
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (may_refuse(route, i, has_token))
			result |= json_object_set_new(
				responses, refusals[i].status, reference("responses", refusals[i].name));
	}
	return ol_json_checked(responses, result);
}

/* "get_add": unique in the document, and a name in most languages. */
static void name_operation(const char *method, const char *path, char name[OPERATION_BYTES]) {
	snprintf(name, OPERATION_BYTES, "%s%s", method, strcmp(path, "/") == 0 ? "/page" : path);
	for (char *c = name; *c != '\0'; c++) {
		bool is_word =
			(*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
		if (!is_word)
			*c = '_';
	}
}

static json_t *operation_of(
	const struct ol_http_route *route, const char *method, bool is_reading, bool has_token) {
	char name[OPERATION_BYTES];
	name_operation(method, route->route.path, name);
	bool is_of_script = route->action == OL_HTTP_HANDLER || route->action == OL_HTTP_STATISTICS;
	json_t *operation = json_object();
	int result = json_object_set_new(operation, "operationId", json_string(name));
	if (route->route.doc[0] != '\0')
		result |= json_object_set_new(operation, "summary", ol_json_text(route->route.doc));
	result |= json_object_set_new(
		operation, "tags", json_pack("[s]", is_of_script ? "script" : "server"));
	/* Settings are read without arguments. */
	if (route->route.argument_count > 0 && !(is_reading && route->action == OL_HTTP_POLICY))
		result |= json_object_set_new(operation, "parameters", parameters_of(&route->route));
	result |= json_object_set_new(operation, "responses", responses_of(route, has_token));
	return ol_json_checked(operation, result);
}

static json_t *path_item(const struct ol_http_route *route, bool has_token) {
	json_t *item = json_object();
	int result = item == NULL ? -1 : 0;
	if (ol_http_route_allows(route, "GET"))
		result |= json_object_set_new(item, "get", operation_of(route, "get", true, has_token));
	if (ol_http_route_allows(route, "POST"))
		result |= json_object_set_new(item, "post", operation_of(route, "post", false, has_token));
	return ol_json_checked(item, result);
}

static json_t *paths_of(const struct ol_http_routes *routes, bool has_token) {
	json_t *paths = json_object();
	int result = paths == NULL ? -1 : 0;
	for (uint32_t i = 0; i < ol_http_routes_count(routes); i++) {
		const struct ol_http_route *route = ol_http_routes_at(routes, i);
		if (route->is_documented)
			result |= json_object_set_new(paths, route->route.path, path_item(route, has_token));
	}
	return ol_json_checked(paths, result);
}

/* From the table of the fields, as the statistics themselves. */
static json_t *memstats_schema(void) {
	json_t *properties = json_object();
	int result = properties == NULL ? -1 : 0;
	for (size_t i = 0; i < ol_memstats_type.field_count; i++) {
		const struct ol_field *field = &ol_memstats_type.fields[i];
		bool is_number = field->type == OL_FIELD_NUMBER;
		/* null: a number of 2^63 or more, which only ever means "never". */
		json_t *property = json_pack("{s:[ss], s:s}", "type", is_number ? "number" : "integer",
			"null", "description", field->doc);
		result |= json_object_set_new(properties, field->name, property);
	}
	json_t *schema = type_schema("object");
	result |= json_object_set_new(schema, "properties", properties);
	return ol_json_checked(schema, result);
}

static json_t *schemas(void) {
	json_t *all = json_object();
	int result = json_object_set_new(all, "Memstats", memstats_schema());
	result |= json_object_set_new(all, "Statistics",
		json_pack("{s:s, s:[s], s:{s:o}}", "type", "object", "required", "memstats", "properties",
			"memstats", reference("schemas", "Memstats")));
	result |= json_object_set_new(all, "Answer",
		json_pack("{s:s, s:s, s:{s:o}}", "type", "object", "description",
			"The values that the script names, and the heap's statistics", "properties", "memstats",
			reference("schemas", "Memstats")));
	result |= json_object_set_new(all, "Ping",
		json_pack("{s:s, s:[s], s:{s:{s:s}}}", "type", "object", "required", "message",
			"properties", "message", "type", "string"));
	result |= json_object_set_new(all, "Policy",
		json_pack("{s:s, s:[s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:[ss]}}}", "type", "object",
			"required", "settings", "properties", "settings", "type", "object", "choices", "type",
			"object", "is_caged", "type", "boolean", "applied", "type", "string", "enum", "now",
			"fresh"));
	result |= json_object_set_new(all, "Error",
		json_pack("{s:s, s:[s], s:{s:{s:s}}}", "type", "object", "required", "error", "properties",
			"error", "type", "string"));
	result |= json_object_set_new(all, "Death",
		json_pack("{s:s, s:[s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object",
			"required", "error", "properties", "error", "type", "string", "outcome", "type",
			"string", "verdict", "type", "string", "story", "type", "string", "run", "type",
			"object"));
	return ol_json_checked(all, result);
}

/* Errors are told in the form that the client prefers, like everything else. */
static json_t *refusal_response(size_t index) {
	json_t *response = json_pack("{s:s, s:{s:{s:{s:s}}, s:{s:o}}}", "description",
		refusals[index].description, "content", "text/plain", "schema", "type", "string",
		"application/json", "schema", reference("schemas", index == DIED ? "Death" : "Error"));
	int result = response == NULL ? -1 : 0;
	if (index == METHOD)
		result = json_object_set_new(
			response, "headers", json_pack("{s:{s:{s:s}}}", "Allow", "schema", "type", "string"));
	else if (index == UNAUTHORIZED)
		result = json_object_set_new(response, "headers",
			json_pack("{s:{s:{s:s}}}", "WWW-Authenticate", "schema", "type", "string"));
	return ol_json_checked(response, result);
}

static json_t *components(bool has_token) {
	json_t *responses = json_object();
	int result = responses == NULL ? -1 : 0;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (i != UNAUTHORIZED || has_token)
			result |= json_object_set_new(responses, refusals[i].name, refusal_response(i));
	}
	json_t *all = json_object();
	result |= json_object_set_new(all, "schemas", schemas());
	result |= json_object_set_new(all, "responses", responses);
	if (has_token)
		result |= json_object_set_new(all, "securitySchemes",
			json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "bearer", "type", "http", "scheme", "bearer",
				"basic", "type", "http", "scheme", "basic"));
	return ol_json_checked(all, result);
}

json_t *ol_http_openapi(
	const struct ol_http_routes *routes, const char *title, const char *version, bool has_token) {
	json_t *info = json_object();
	int result = json_object_set_new(info, "title", ol_json_text(*title ? title : "oomlab"));
	result |= json_object_set_new(info, "version", ol_json_text(version));
	result |= json_object_set_new(info, "description",
		json_string(
			"A heap in a cage. Paths that answer JSON do so with \".json\" at their end, or "
			"as Accept asks; arguments may come in a form as well. HEAD is served where "
			"GET calls no handler."));
	result |= json_object_set_new(info, "license",
		json_pack("{s:s, s:s}", "name", "MIT OR Apache-2.0", "identifier", "MIT OR Apache-2.0"));
	json_t *document = json_object();
	result |= json_object_set_new(document, "openapi", json_string("3.1.0"));
	result |= json_object_set_new(document, "info", info);
	result |= json_object_set_new(document, "servers", json_pack("[{s:s}]", "url", "/"));
	if (has_token)
		result |= json_object_set_new(
			document, "security", json_pack("[{s:[]}, {s:[]}]", "bearer", "basic"));
	result |= json_object_set_new(document, "tags",
		json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", "script", "description",
			"What the script offers", "name", "server", "description", "What every server has"));
	result |= json_object_set_new(document, "paths", paths_of(routes, has_token));
	result |= json_object_set_new(document, "components", components(has_token));
	return ol_json_checked(document, result);
}
