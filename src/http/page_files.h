/* page_files.h -- The live page's files, inside the binary.
 *
 * tools/embed_page.lua writes the definitions at build time from what web/build.mjs bundles. How
 * they are served is not decided here. */
#ifndef OL_HTTP_PAGE_FILES_H
#define OL_HTTP_PAGE_FILES_H

#include <stddef.h>

struct ol_page_file {
	const char *path; /* "/", "/page.css", "/page.js" */
	const char *content_type;
	const char *text; /* A NUL follows the last byte; text_bytes does not count it. */
	size_t text_bytes;
	const char *etag; /* Of the content, in its quotes, as HTTP has it. */
};

extern const struct ol_page_file ol_page_files[];
extern const size_t ol_page_files_count;

#endif
