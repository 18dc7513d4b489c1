/* head.c -- Reads the headers that somebody asks for, in one pass. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/server_internal.h"

struct wanted {
	const char *name;
	size_t offset_bytes; /* Of the text in struct ol_http_headers. */
};

static const struct wanted wanted[] = {
	{ "Host", offsetof(struct ol_http_headers, head.host) },
	{ "Accept", offsetof(struct ol_http_headers, accept) },
	{ "Origin", offsetof(struct ol_http_headers, head.origin) },
	{ "Sec-Fetch-Site", offsetof(struct ol_http_headers, head.sec_fetch_site) },
	{ "Sec-Fetch-Mode", offsetof(struct ol_http_headers, head.sec_fetch_mode) },
	{ "Sec-Fetch-Dest", offsetof(struct ol_http_headers, head.sec_fetch_dest) },
	{ "Authorization", offsetof(struct ol_http_headers, head.authorization) },
	{ "If-None-Match", offsetof(struct ol_http_headers, if_none_match) },
	{ "Content-Type", offsetof(struct ol_http_headers, content_type) },
};

static enum MHD_Result take_header(
	void *context, enum MHD_ValueKind kind, const char *name, const char *text) {
	struct ol_http_headers *headers = context;
	(void)kind;
	if (text == NULL)
		return MHD_YES;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (strcasecmp(name, wanted[i].name) != 0)
			continue;
		const char **place = (const char **)((char *)headers + wanted[i].offset_bytes);
		/* Several Accept lines mean one list; the first will do. */
		headers->has_two_hosts |= *place != NULL && place != &headers->accept;
		if (*place == NULL)
			*place = text;
		return MHD_YES;
	}
	if (strcasecmp(name, "Content-Length") == 0)
		headers->content_bytes = strtoull(text, NULL, 10);
	return MHD_YES;
}

struct ol_http_headers ol_http_read_headers(struct MHD_Connection *connection) {
	struct ol_http_headers headers = { 0 };
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &headers);
	return headers;
}
