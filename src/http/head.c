/* head.c -- Reads the headers that somebody asks for, in one pass. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/server_internal.h"

struct wanted {
	const char *name;
	size_t name_bytes;
	size_t offset_bytes; /* Of the text in struct ol_http_headers. */
};

#define WANTED(name, member) \
	{ name, sizeof(name) - 1, offsetof(struct ol_http_headers, member) }

static const struct wanted wanted[] = {
	WANTED("Host", head.host),
	WANTED("Accept", accept),
	WANTED("Origin", head.origin),
	WANTED("Sec-Fetch-Site", head.sec_fetch_site),
	WANTED("Sec-Fetch-Mode", head.sec_fetch_mode),
	WANTED("Sec-Fetch-Dest", head.sec_fetch_dest),
	WANTED("Authorization", head.authorization),
	WANTED("If-None-Match", if_none_match),
	WANTED("Content-Type", content_type),
	WANTED("Transfer-Encoding", transfer_encoding),
};

/* Most headers are nobody's here: their length tells, before any letter is looked at. */
static bool is_name(
	const char *name, size_t name_bytes, const char *wanted_name, size_t wanted_bytes) {
	return name_bytes == wanted_bytes && strncasecmp(name, wanted_name, wanted_bytes) == 0;
}

static void note_fault(struct ol_http_headers *headers, bool is_fault, const char *fault) {
	if (is_fault && headers->fault == NULL)
		headers->fault = fault;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_bytes, const char *text, size_t text_bytes) {
	static const char content_length[] = MHD_HTTP_HEADER_CONTENT_LENGTH;
	static const char twice[] = "a header that can be there once is there twice";
	struct ol_http_headers *headers = context;
	(void)kind, (void)text_bytes;
	if (text == NULL)
		return MHD_YES;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (!is_name(name, name_bytes, wanted[i].name, wanted[i].name_bytes))
			continue;
		const char **place = (const char **)((char *)headers + wanted[i].offset_bytes);
		/* Several Accept lines mean one list; the first will do. */
		note_fault(headers, *place != NULL && place != &headers->accept, twice);
		if (*place == NULL)
			*place = text;
		return MHD_YES;
	}
	if (is_name(name, name_bytes, content_length, sizeof content_length - 1)) {
		note_fault(headers, headers->has_length, twice);
		headers->has_length = true;
		headers->content_bytes = strtoull(text, NULL, 10);
	}
	return MHD_YES;
}

struct ol_http_headers ol_http_read_headers(struct MHD_Connection *connection) {
	struct ol_http_headers headers = { 0 };
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &headers);
	/* A proxy before us might see the body's end elsewhere, and another request behind it. */
	const char *coding = headers.transfer_encoding;
	note_fault(&headers, coding != NULL && headers.has_length,
		"the request has both a Content-Length and a Transfer-Encoding");
	note_fault(&headers, coding != NULL && strcasecmp(coding, "chunked") != 0,
		"the request's Transfer-Encoding is not chunked");
	return headers;
}
