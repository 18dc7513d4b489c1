/* fuzz_http_headers.c -- Whatever a client sends: guard, arguments, forms, paths and base64.
 *
 * An input is a byte of switches, then texts with a NUL behind each: method, path, Host, Origin,
 * Sec-Fetch-Site, -Mode, -Dest, Authorization, Accept, then names and values of arguments. "-" is
 * a header that is absent. Beyond what sanitizers see, promises of the headers are checked. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "http/arguments.h"
#include "http/base64.h"
#include "http/guard.h"
#include "http/negotiate.h"
#include "http/routes.h"

enum { HEADER_COUNT = 9, TEXTS_MAX = HEADER_COUNT + 2 * (OL_HTTP_TEXTS_MAX + 1) };

enum { SWITCH_HTTP_1_0 = 1, SWITCH_TOKEN = 2, SWITCH_BARE_ROUTE = 4, SWITCH_JSON_PATH = 8 };

/* Not assert(): a build without it would find nothing. */
#define PROMISE(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "broken promise: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

/* Terminated, each in a block of its own size. */
struct texts {
	char *texts[TEXTS_MAX];
	size_t lengths[TEXTS_MAX];
	size_t count;
};

static struct texts cut(const uint8_t *data, size_t data_bytes) {
	struct texts texts = { 0 };
	while (data_bytes > 0 && texts.count < TEXTS_MAX) {
		size_t length = strnlen((const char *)data, data_bytes);
		texts.texts[texts.count] = strndup((const char *)data, length);
		texts.lengths[texts.count++] = length;
		length += length < data_bytes; /* Its NUL. */
		data += length;
		data_bytes -= length;
	}
	return texts;
}

static void free_texts(struct texts *texts) {
	for (size_t i = 0; i < texts->count; i++)
		free(texts->texts[i]);
}

static const char *header(const struct texts *texts, size_t index) {
	const char *text = index < texts->count ? texts->texts[index] : "-";
	return strcmp(text, "-") == 0 ? NULL : text;
}

/* One line, and nothing in it that a terminal would obey. */
static void check_message(const struct ol_error *error) {
	size_t length = strnlen(error->message, sizeof error->message);
	PROMISE(length > 0 && length < sizeof error->message);
	for (size_t i = 0; i < length; i++)
		PROMISE((unsigned char)error->message[i] >= 0x20 && error->message[i] != 0x7f);
}

static void fuzz_guard(const struct texts *texts, unsigned switches) {
	static const char *const hosts[] = { "lab.example.org", "other.example." };
	struct ol_http_guard_rules rules = { .hosts = hosts, .host_count = 2 };
	if (switches & SWITCH_TOKEN)
		rules.token = "s3cret";
	struct ol_http_head head = {
		.method = header(texts, 0),
		.path = header(texts, 1),
		.host = header(texts, 2),
		.origin = header(texts, 3),
		.sec_fetch_site = header(texts, 4),
		.sec_fetch_mode = header(texts, 5),
		.sec_fetch_dest = header(texts, 6),
		.authorization = header(texts, 7),
		.is_http_1_0 = (switches & SWITCH_HTTP_1_0) != 0,
	};
	struct ol_error error = { 0 };
	int status = ol_http_guard(&head, &rules, &error);
	PROMISE(status == 0 || status == 400 || status == 401 || status == 403);
	if (status != 0) {
		check_message(&error);
		PROMISE(strstr(error.message, "s3cret") == NULL ||
				strstr(head.host ? head.host : "", "s3cret") ||
				strstr(head.origin ? head.origin : "", "s3cret") ||
				strstr(head.sec_fetch_site ? head.sec_fetch_site : "", "s3cret"));
		return;
	}
	PROMISE(rules.token == NULL || head.authorization != NULL);
	PROMISE(head.host != NULL || head.is_http_1_0);
	PROMISE(head.origin == NULL || strncasecmp(head.origin, "http", 4) == 0);
	PROMISE(head.host == NULL || strcspn(head.host, "/@ \t\r\n") == strlen(head.host));
}

static void check_base64(const struct texts *texts) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *text = header(texts, 7);
	if (text == NULL)
		return;
	size_t text_bytes = strlen(text), bytes = 0;
	OL_AUTO_FREE unsigned char *decoded = calloc(1, text_bytes + 3);
	if (ol_base64_decode(text, text_bytes, decoded, text_bytes, &bytes) < 0)
		return;
	/* There is one way to write it, and this was it. */
	PROMISE((bytes + 2) / 3 * 4 == text_bytes);
	for (size_t i = 0; i < bytes; i += 3) {
		unsigned group = (unsigned)decoded[i] << 16;
		group |= i + 1 < bytes ? (unsigned)decoded[i + 1] << 8 : 0;
		group |= i + 2 < bytes ? decoded[i + 2] : 0;
		for (size_t j = 0; j < 4; j++)
			PROMISE(
				text[i / 3 * 4 + j] == (i + j > bytes ? '=' : digits[group >> (18 - 6 * j) & 63]));
	}
}

static void fuzz_forms(const struct texts *texts, unsigned switches) {
	const char *accept = header(texts, 8);
	bool is_json_path = (switches & SWITCH_JSON_PATH) != 0;
	bool wants_json = ol_http_wants_json(accept, is_json_path);
	PROMISE(!is_json_path || wants_json);
	PROMISE(!wants_json || is_json_path || strcasestr(accept, "application/") != NULL);
	if (ol_http_wants_openmetrics(accept))
		PROMISE(strcasestr(accept, "application/openmetrics-text") != NULL);
}

/* Made once, never given back: still reachable. */
static const struct ol_http_routes *some_routes(void) {
	static const struct ol_route script_routes[] = {
		{ .path = "/add",
			.argument_count = 6,
			.arguments = {
				{ .value = { .name = "bytes", .type = OL_OPTION_BYTES, .is_unset = 1 } },
				{ .value = { .name = "count", .type = OL_OPTION_INTEGER, .integer = 1 },
					.has_minimum = true,
					.minimum = -5,
					.has_maximum = true,
					.maximum = 5 },
				{ .value = { .name = "factor", .type = OL_OPTION_NUMBER } },
				{ .value = { .name = "deep", .type = OL_OPTION_BOOLEAN } },
				{ .value = { .name = "part", .type = OL_OPTION_SHARE, .number = 1 } },
				{ .value = { .name = "order", .type = OL_OPTION_STRING, .string = "fifo" },
					.choice_count = 2,
					.choices = { "fifo", "lifo" } },
			} },
		{ .path = "/gc" },
	};
	static struct ol_http_routes *routes;
	if (routes == NULL)
		PROMISE(ol_http_routes_create(script_routes, 2, &routes, NULL) == 0);
	return routes;
}

static void check_values(const struct ol_option_value *values) {
	PROMISE(values[0].integer >= 0 && !values[0].is_unset);
	PROMISE(values[1].integer >= -5 && values[1].integer <= 5);
	PROMISE(values[2].number - values[2].number == 0); /* Finite. */
	PROMISE(values[3].boolean <= 1);
	PROMISE(values[4].number > 0 && values[4].number <= 1);
	PROMISE(strcmp(values[5].string, "fifo") == 0 || strcmp(values[5].string, "lifo") == 0);
}

static void fuzz_arguments(const struct texts *texts, unsigned switches) {
	struct ol_http_text given[OL_HTTP_TEXTS_MAX + 1];
	size_t count = 0;
	for (size_t i = HEADER_COUNT; i + 1 < texts->count; i += 2) {
		bool has_value = strcmp(texts->texts[i + 1], "-") != 0;
		given[count++] = (struct ol_http_text){ texts->texts[i], texts->lengths[i],
			has_value ? texts->texts[i + 1] : NULL, has_value ? texts->lengths[i + 1] : 0 };
	}
	bool is_bare = (switches & SWITCH_BARE_ROUTE) != 0;
	const struct ol_http_route *route = ol_http_routes_at(some_routes(), is_bare ? 1 : 0);
	struct ol_option_value values[OL_ROUTE_ARGUMENTS_MAX];
	struct ol_error error = { 0 };
	int result = ol_http_check_arguments(&route->route, given, count, values, &error);
	if (result < 0)
		check_message(&error);
	else if (!is_bare)
		check_values(values);
	else
		PROMISE(count == 0);
}

static void fuzz_paths(const struct texts *texts) {
	const char *path = header(texts, 1);
	if (path == NULL)
		return;
	bool is_json = false;
	const struct ol_http_route *route = ol_http_routes_find(some_routes(), path, &is_json);
	size_t path_bytes = strlen(path);
	if (route != NULL) {
		size_t own_bytes = strlen(route->route.path);
		PROMISE(strncmp(path, route->route.path, own_bytes) == 0);
		PROMISE(path_bytes == own_bytes + (is_json ? strlen(".json") : 0));
		return;
	}
	struct ol_error error = { 0 };
	ol_http_routes_explain_missing(some_routes(), path, &error);
	check_message(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
	if (data_bytes == 0)
		return 0;
	unsigned switches = data[0];
	struct texts texts = cut(data + 1, data_bytes - 1);
	fuzz_guard(&texts, switches);
	check_base64(&texts);
	fuzz_forms(&texts, switches);
	fuzz_arguments(&texts, switches);
	fuzz_paths(&texts);
	free_texts(&texts);
	return 0;
}
