/* answer_body.h -- What the subject answered, as the text or the JSON that a client gets.
 *
 * But for the line, not for answers that bring a body of their own. */
#ifndef OL_HTTP_ANSWER_BODY_H
#define OL_HTTP_ANSWER_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "record/exchange.h"

/* Text: "label:  value" a line; a blank line and the statistics below, where there are some. JSON:
 * an object of the values, spaces in their names become "_", and "memstats"; a newline at its end.
 * Values that are not set are not told. -ENOSPC if it does not fit, -ENOMEM. */
int ol_http_answer_body(const struct ol_answer *answer, bool is_json, char *buffer, size_t capacity,
	size_t *ret_body_bytes, struct ol_error *error);

/* What an answer says, in one line for people, whatever its client asked for: its values, or the
 * most telling statistics, or how its body begins. Cut to capacity. */
void ol_http_answer_line(const struct ol_answer *answer, char *buffer, size_t capacity);

/* What ol_http_answer_body makes of an answer of statistics alone, as JSON, but quickly. Returns
 * the length; OL_HTTP_MEMSTATS_JSON_BYTES are always enough, and less is a mistake. */
enum { OL_HTTP_MEMSTATS_JSON_BYTES = 1024 };
size_t ol_http_memstats_json(const struct ol_memstats *memstats, char *buffer, size_t capacity);

#endif
