/* compare_page.h -- The page of a comparison, before it is filled in: inside the binary.
 *
 * web/build.mjs makes it, tools/embed_text.lua writes the definition at build time. Words in double
 * braces stand for what compare_html.c knows. */
#ifndef OL_REPORT_COMPARE_PAGE_H
#define OL_REPORT_COMPARE_PAGE_H

extern const char ol_compare_page[];

#endif
