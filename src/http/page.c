/* page.c -- The live page and what belongs to it, from inside the program. */
#include <string.h>

#include "http/page_files.h"
#include "http/server_internal.h"

/* Nothing is fetched from elsewhere, nothing runs that was not served from here. */
static const char content_policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	"img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

enum MHD_Result ol_http_page(
	struct ol_http_exchange *exchange, const struct ol_http_headers *headers) {
	for (size_t i = 0; i < ol_page_files_count; i++) {
		const struct ol_page_file *file = &ol_page_files[i];
		if (strcmp(file->path, exchange->route->route.path) != 0)
			continue;
		bool is_known =
			headers->if_none_match != NULL && strcmp(headers->if_none_match, file->etag) == 0;
		struct MHD_Response *response = ol_http_static_response(
			file->text, is_known ? 0 : file->text_bytes, is_known ? NULL : file->content_type);
		if (response == NULL)
			return MHD_NO;
		/* Asked for each time, sent only when it is another. */
		(void)MHD_del_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file->etag);
		(void)MHD_add_response_header(response, "Content-Security-Policy", content_policy);
		(void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
		return ol_http_send(exchange->server, exchange->connection, exchange->route,
			is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
	}
	return ol_http_send(exchange->server, exchange->connection, exchange->route, MHD_HTTP_NOT_FOUND,
		ol_http_error_response(false, "this program carries no page"));
}
