/* exchange.h -- One request of the lab to its subject, and the answer: facts that travel.
 *
 * A request carries values that the lab has checked against the route's arguments. An answer is
 * either a list of named values, which the lab tells as text or as JSON, or a body of the script's
 * own with its type. Both have a tail of bytes; only as much of it travels as there is. */
#ifndef OL_RECORD_EXCHANGE_H
#define OL_RECORD_EXCHANGE_H

#include <stdint.h>

#include "record/record.h"
#include "record/route.h"

enum {
	OL_BODY_BYTES_MAX = 64 << 10, /* Of a request or an answer. */
	OL_ANSWER_VALUES_MAX = 16
};

enum ol_request_kind {
	OL_REQUEST_ROUTE,   /* Call a route's handler. */
	OL_REQUEST_LIMITS,  /* Go's debug.SetGCPercent and SetMemoryLimit. */
	OL_REQUEST_LINE,    /* Run the body, Lua that was typed: where the spec says is_prompt. */
	OL_REQUEST_COMPLETE /* What may stand at the end of the body, likewise: a name a line. */
};

/* The answer to OL_REQUEST_LINE: more is to be typed. 200: run, the body shows its values; 500: it
 * failed; 507: an allocation was refused. With the statistics, and the cage's usage as the only
 * value. */
enum { OL_STATUS_UNFINISHED = 206 };

struct ol_request {
	uint64_t number; /* The answer has the same. */
	uint32_t kind;   /* enum ol_request_kind. */
	uint32_t route_index;
	uint32_t is_post;
	int32_t gogc; /* With OL_REQUEST_LIMITS. */
	uint64_t memory_limit_bytes;
	uint32_t value_count;
	uint32_t body_bytes;
	struct ol_option_value values[OL_ROUTE_ARGUMENTS_MAX];
	char body[OL_BODY_BYTES_MAX];
};

struct ol_answer {
	uint64_t number;
	uint32_t status;       /* HTTP's, 200 to 599. */
	uint32_t has_memstats; /* 1: the statistics go below the values. */
	uint32_t has_body;     /* 1: body and type instead of values. */
	uint32_t value_count;
	uint32_t body_bytes;
	uint32_t padding;
	struct ol_memstats memstats;
	struct ol_option_value values[OL_ANSWER_VALUES_MAX];
	char type[OL_NAME_BYTES]; /* Of the body: "text/plain; charset=utf-8". */
	char body[OL_BODY_BYTES_MAX];
};

#endif
