/* page.h -- The report of runs as HTML, before it is filled in: inside the binary.
 *
 * web/build.mjs makes it, tools/embed_text.lua writes the definition at build time. Words in double
 * braces stand for what html.c knows. */
#ifndef OL_CHART_PAGE_H
#define OL_CHART_PAGE_H

extern const char ol_run_page[];

#endif
