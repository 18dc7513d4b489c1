/* negotiate.h -- Which of the forms we have does a client prefer? From its Accept header. */
#ifndef OL_HTTP_NEGOTIATE_H
#define OL_HTTP_NEGOTIATE_H

#include <stdbool.h>

enum { OL_HTTP_ACCEPT_ITEMS_MAX = 64 }; /* What follows in a longer header is not read. */

/* JSON if the path ends in ".json", or if Accept gives application/json a greater q than text.
 * Text otherwise: with no header (NULL), with wildcards, for browsers, and for nonsense. */
bool ol_http_wants_json(const char *accept, bool is_json_path);

/* OpenMetrics 1.0 if Accept names it (a wildcard does not), with a q not below plain text's. */
bool ol_http_wants_openmetrics(const char *accept);

#endif
