/* guard.h -- May this request be served at all? Decided from its headers alone.
 *
 * A lab is reachable by every page that a browser on this machine shows. Host is checked against
 * DNS rebinding, Origin and Sec-Fetch-Site against requests that another site's page makes, and a
 * token, where one is set, against everybody else. Nothing here knows what a request would do. */
#ifndef OL_HTTP_GUARD_H
#define OL_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
	OL_HTTP_HOST_BYTES_MAX = 272,  /* A name of 255 bytes, brackets, a colon and a port. */
	OL_HTTP_TOKEN_BYTES_MAX = 1024 /* Longer ones never match. */
};

/* Terminated texts, as long as the client liked; NULL where the header is absent. A header that
 * came twice is for the server to refuse: here is the one text that would be believed. */
struct ol_http_head {
	const char *method;
	const char *path; /* Without its query. */
	const char *host;
	const char *origin;
	const char *sec_fetch_site;
	const char *sec_fetch_mode;
	const char *sec_fetch_dest;
	const char *authorization;
	bool is_http_1_0;
};

struct ol_http_guard_rules {
	const char *const *hosts; /* --allow-host, beside IP addresses and localhost. */
	size_t host_count;
	const char *token; /* Not empty; NULL: none is asked for. */
};

/* 0, or the HTTP status to refuse with (400, 401, 403) and one line why. */
int ol_http_guard(const struct ol_http_head *head, const struct ol_http_guard_rules *rules,
	struct ol_error *error);

#endif
