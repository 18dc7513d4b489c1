/* route.h -- What a script offers over HTTP: its routes and their arguments, as facts that travel.
 *
 * The lab reads them from the script, answers what needs no heap, and hands the rest to the subject
 * as requests (exchange.h). Documentation and checks come from the same table. */
#ifndef OL_RECORD_ROUTE_H
#define OL_RECORD_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

enum {
	OL_CHOICES_MAX = 16,        /* Of one option. */
	OL_ROUTES_MAX = 64,         /* Of one script. */
	OL_ROUTE_ARGUMENTS_MAX = 8, /* Of one route. */
	OL_ROUTE_PATH_BYTES = 64    /* NUL included. */
};

/* An option of a script, or an argument of a route: what values it takes. */
struct ol_option {
	struct ol_option_value value; /* Its default at first; then what was set. */
	char doc[OL_TEXT_BYTES];
	bool has_minimum, has_maximum;
	double minimum, maximum;
	uint32_t choice_count; /* String options: 0 for any text. */
	char choices[OL_CHOICES_MAX][OL_NAME_BYTES];
};

enum ol_route_kind {
	OL_ROUTE_HANDLER,   /* A function of the script, called in the cage. */
	OL_ROUTE_STATISTICS /* The heap's statistics, from the flight recorder: never waits. */
};

struct ol_route {
	char path[OL_ROUTE_PATH_BYTES]; /* "/add": begins with a slash, no query, no ".json" at its end.
									 */
	char doc[OL_TEXT_BYTES];        /* One line; "" for none. */
	enum ol_route_kind kind;
	bool is_post_only; /* Otherwise GET and POST both. */
	bool is_json_only; /* Values are told as JSON, whatever the client prefers. */
	uint32_t argument_count;
	/* One without a default (is_unset) has to be given. */
	struct ol_option arguments[OL_ROUTE_ARGUMENTS_MAX];
};

#endif
