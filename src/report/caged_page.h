/* caged_page.h -- The report of a cage as HTML, before it is filled in: inside the binary.
 *
 * web/build.mjs makes it, tools/embed_text.lua writes the definition at build time. Words in double
 * braces stand for what caged_html.c knows. */
#ifndef OL_REPORT_CAGED_PAGE_H
#define OL_REPORT_CAGED_PAGE_H

extern const char ol_caged_page[];

#endif
