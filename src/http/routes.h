/* routes.h -- Every path that the server answers: its own, and those of the script.
 *
 * One table feeds the dispatch, the refusals (404, 405) and the OpenAPI document. */
#ifndef OL_HTTP_ROUTES_H
#define OL_HTTP_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/route.h"

enum ol_http_action {
	OL_HTTP_PAGE,
	OL_HTTP_PAGE_CSS,
	OL_HTTP_PAGE_JS,
	OL_HTTP_EVENTS,
	OL_HTTP_METRICS,
	OL_HTTP_OPENAPI,
	OL_HTTP_PING,
	OL_HTTP_HEALTHZ,
	OL_HTTP_POLICY,
	OL_HTTP_LIVES,
	OL_HTTP_STATISTICS, /* Of the script, answered by the lab from the flight recorder. */
	OL_HTTP_HANDLER,    /* Of the script, answered by the subject. */
	OL_HTTP_ACTION_COUNT
};

struct ol_http_route {
	struct ol_route route;
	enum ol_http_action action;
	/* Of a good answer, the preferred first: "text/plain application/json". */
	const char *media_types;
	bool is_get_only;      /* GET and HEAD. */
	bool is_documented;    /* In the OpenAPI document, and named where a path is unknown. */
	uint32_t script_index; /* Of the script's routes, with OL_HTTP_STATISTICS and _HANDLER. */
};

struct ol_http_routes; /* Opaque. */

/* Joins the script's routes, which are copied, with the built-in ones. A script may have a /ping of
 * its own. -EEXIST: another path of ours, or one path twice. -ENOMEM. */
int ol_http_routes_create(const struct ol_route *script_routes, uint32_t script_route_count,
	struct ol_http_routes **ret_routes, struct ol_error *error);
void ol_http_routes_destroy(struct ol_http_routes *routes); /* NULL is fine. */

/* The script's routes first, in its order, then the built-in ones. */
uint32_t ol_http_routes_count(const struct ol_http_routes *routes);
const struct ol_http_route *ol_http_routes_at(const struct ol_http_routes *routes, uint32_t index);

/* The route of a path as it stands in the request, without its query; NULL if there is none.
 * *ret_is_json: the path ends in a ".json" that is not part of the route's own. Allocates nothing.
 */
const struct ol_http_route *ol_http_routes_find(
	const struct ol_http_routes *routes, const char *path, bool *ret_is_json);

/* For 404: "there is no /ad here; did you mean /add? There are: /add /rel ...". */
void ol_http_routes_explain_missing(
	const struct ol_http_routes *routes, const char *path, struct ol_error *error);

/* "GET, HEAD, POST": for the Allow header, and for 405. */
const char *ol_http_route_methods(const struct ol_http_route *route);
bool ol_http_route_allows(const struct ol_http_route *route, const char *method);

#endif
