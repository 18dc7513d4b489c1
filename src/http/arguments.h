/* arguments.h -- Texts of a request, checked against what the route takes. */
#ifndef OL_HTTP_ARGUMENTS_H
#define OL_HTTP_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/route.h"

enum { OL_HTTP_TEXTS_MAX = 64 }; /* Names a request may bring, known or not. */

/* One name=text of a query or a form, decoded. Both are terminated; a NUL within, which is why the
 * lengths are here, is refused. */
struct ol_http_text {
	const char *name;
	size_t name_bytes;
	const char *text; /* NULL, length 0, where there was no "=". */
	size_t text_bytes;
};

/* Fills one value an argument of route, in the route's order: what was given, or the default.
 * -EINVAL: the message is one line that names the argument, what was given and what was expected;
 * ret_values is untouched. */
int ol_http_check_arguments(const struct ol_route *route, const struct ol_http_text *texts,
	size_t text_count, struct ol_option_value ret_values[OL_ROUTE_ARGUMENTS_MAX],
	struct ol_error *error);

/* What values an argument takes, in words: "a size, as in 20M"; for the documentation. Returns
 * buffer; cut to capacity. */
const char *ol_http_expected(const struct ol_option *argument, char *buffer, size_t capacity);

#endif
