/* negotiate.c -- Which of the forms we have does a client prefer? */
#include "http/negotiate.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Weights in thousandths, as RFC 9110 writes them with three decimals at most. */
enum { Q_ONE = 1000, Q_NONE = -1 };

/* One item of the list: "text/plain;q=0.5". Not terminated: a piece of the header. */
struct item {
	const char *type;
	size_t type_bytes;
	const char *version; /* Of OpenMetrics; NULL if not given. */
	size_t version_bytes;
	int q;
};

struct piece {
	const char *text;
	size_t bytes;
};

/* Cuts text up to separator, which does not count within quotes, and moves *text behind it. */
static struct piece next_piece(const char **text, const char *end, char separator) {
	struct piece piece = { .text = *text };
	const char *c = *text;
	bool is_quoted = false;
	for (; c < end && (is_quoted || *c != separator); c++) {
		if (*c == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && *c == '\\' && c + 1 < end)
			c++;
	}
	piece.bytes = (size_t)(c - *text);
	*text = c < end ? c + 1 : end;
	while (piece.bytes > 0 && strchr(" \t", *piece.text) != NULL) {
		piece.text++;
		piece.bytes--;
	}
	while (piece.bytes > 0 && strchr(" \t", piece.text[piece.bytes - 1]) != NULL)
		piece.bytes--;
	return piece;
}

static bool is_word(const char *text, size_t bytes, const char *word) {
	return bytes == strlen(word) && strncasecmp(text, word, bytes) == 0;
}

/* "0", "0.5", "1.000"; -EINVAL for anything else. */
static int parse_q(const char *text, size_t bytes) {
	if (bytes == 0 || bytes > 5 || (text[0] != '0' && text[0] != '1') ||
		(bytes > 1 && text[1] != '.'))
		return -EINVAL;
	int q = (text[0] - '0') * Q_ONE;
	int unit = Q_ONE / 10;
	for (size_t i = 2; i < bytes; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		q += (text[i] - '0') * unit;
		unit /= 10;
	}
	return q <= Q_ONE ? q : -EINVAL;
}

/* -EINVAL: not to be counted. */
static int parse_item(struct piece text, struct item *ret_item) {
	const char *at = text.text, *end = text.text + text.bytes;
	struct piece type = next_piece(&at, end, ';');
	struct item item = { .type = type.text, .type_bytes = type.bytes, .q = Q_ONE };
	while (at < end) {
		struct piece parameter = next_piece(&at, end, ';');
		const char *equals = memchr(parameter.text, '=', parameter.bytes);
		if (equals == NULL)
			continue;
		size_t name_bytes = (size_t)(equals - parameter.text);
		size_t value_bytes = parameter.bytes - name_bytes - 1;
		if (is_word(parameter.text, name_bytes, "q")) {
			item.q = parse_q(equals + 1, value_bytes);
			if (item.q < 0)
				return -EINVAL;
		} else if (is_word(parameter.text, name_bytes, "version")) {
			item.version = equals + 1;
			item.version_bytes = value_bytes;
		}
	}
	*ret_item = item;
	return 0;
}

/* The weights of one type, by what gave them: its own name beats "text" and a star, and that beats
 * two stars. */
struct weights {
	int exact, range, any;
};

static int weight(struct weights weights) {
	if (weights.exact != Q_NONE)
		return weights.exact;
	return weights.range != Q_NONE ? weights.range : weights.any;
}

static void weigh(
	const struct item *item, const char *type, const char *range, struct weights *weights) {
	int *q = is_word(item->type, item->type_bytes, type)    ? &weights->exact
			 : is_word(item->type, item->type_bytes, range) ? &weights->range
			 : is_word(item->type, item->type_bytes, "*/*") ? &weights->any
															: NULL;
	if (q != NULL && item->q > *q)
		*q = item->q;
}

/* Calls weigh() for every item that can be read. */
static struct weights weights_of(const char *accept, const char *type, const char *range) {
	struct weights weights = { Q_NONE, Q_NONE, Q_NONE };
	const char *end = accept + strlen(accept);
	for (int i = 0; i < OL_HTTP_ACCEPT_ITEMS_MAX && accept < end; i++) {
		struct item item;
		if (parse_item(next_piece(&accept, end, ','), &item) == 0)
			weigh(&item, type, range, &weights);
	}
	return weights;
}

bool ol_http_wants_json(const char *accept, bool is_json_path) {
	if (is_json_path || accept == NULL)
		return is_json_path;
	struct weights json = weights_of(accept, "application/json", "application/*");
	json.any = Q_NONE; /* Whoever takes anything is given text, even if text weighs less. */
	int json_q = weight(json);
	int text_q = weight(weights_of(accept, "text/plain", "text/*"));
	/* Browsers name HTML and mean something to read. */
	int html_q = weights_of(accept, "text/html", "text/*").exact;
	return json_q > text_q && json_q > html_q && json_q > 0;
}

/* Newer versions may differ in ways that we do not know of. */
static bool is_known_version(const struct item *item) {
	return item->version == NULL || is_word(item->version, item->version_bytes, "1.0.0") ||
		   is_word(item->version, item->version_bytes, "0.0.1");
}

bool ol_http_wants_openmetrics(const char *accept) {
	if (accept == NULL)
		return false;
	int text_q = weight(weights_of(accept, "text/plain", "text/*"));
	int openmetrics_q = Q_NONE;
	const char *end = accept + strlen(accept);
	for (int i = 0; i < OL_HTTP_ACCEPT_ITEMS_MAX && accept < end; i++) {
		struct item item;
		if (parse_item(next_piece(&accept, end, ','), &item) == 0 && is_known_version(&item) &&
			is_word(item.type, item.type_bytes, "application/openmetrics-text") &&
			item.q > openmetrics_q)
			openmetrics_q = item.q;
	}
	return openmetrics_q > 0 && openmetrics_q >= text_q;
}
