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
	{ "Transfer-Encoding", offsetof(struct ol_http_headers, transfer_encoding) },
};

static void note_fault(struct ol_http_headers *headers, bool is_fault, const char *fault) {
	if (is_fault && headers->fault == NULL)
		headers->fault = fault;
}

static enum MHD_Result take_header(
	void *context, enum MHD_ValueKind kind, const char *name, const char *text) {
	static const char twice[] = "a header that can be there once is there twice";
	struct ol_http_headers *headers = context;
	(void)kind;
	if (text == NULL)
		return MHD_YES;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (strcasecmp(name, wanted[i].name) != 0)
			continue;
		const char **place = (const char **)((char *)headers + wanted[i].offset_bytes);
		/* Several Accept lines mean one list; the first will do. */
		note_fault(headers, *place != NULL && place != &headers->accept, twice);
		if (*place == NULL)
			*place = text;
		return MHD_YES;
	}
	if (strcasecmp(name, "Content-Length") == 0) {
		note_fault(headers, headers->has_length, twice);
		headers->has_length = true;
		headers->content_bytes = strtoull(text, NULL, 10);
	}
	return MHD_YES;
}

struct ol_http_headers ol_http_read_headers(struct MHD_Connection *connection) {
	struct ol_http_headers headers = { 0 };
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &headers);
	/* A proxy before us might see the body's end elsewhere, and another request behind it. */
	const char *coding = headers.transfer_encoding;
	note_fault(&headers, coding != NULL && headers.has_length,
		"the request has both a Content-Length and a Transfer-Encoding");
	note_fault(&headers, coding != NULL && strcasecmp(coding, "chunked") != 0,
		"the request's Transfer-Encoding is not chunked");
	return headers;
}
