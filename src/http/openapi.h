/* openapi.h -- The routes as an OpenAPI 3.1 document: what may be asked, and every answer to it. */
#ifndef OL_HTTP_OPENAPI_H
#define OL_HTTP_OPENAPI_H

#include <jansson.h>
#include <stdbool.h>

#include "http/routes.h"

/* has_token: the server asks for one. A new reference, or NULL when out of memory. */
json_t *ol_http_openapi(
	const struct ol_http_routes *routes, const char *title, const char *version, bool has_token);

#endif
