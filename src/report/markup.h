/* markup.h -- Text and data put into HTML and XML so that nothing in them is taken for markup. */
#ifndef OL_REPORT_MARKUP_H
#define OL_REPORT_MARKUP_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/* Also between quotes. What is no UTF-8 or no character of XML, controls but line feeds, and marks
 * that turn the direction of what follows show as U+FFFD. */
void ol_markup_put_text(FILE *stream, const char *text);

/* Into a script element, where nothing in it can end that. value may be NULL. 0, or -1 when out of
 * memory; the stream remembers its own failures. Releases value. */
int ol_markup_put_json(FILE *stream, json_t *value);

/* A word in double braces within a page, and what stands in its place. */
struct ol_markup_gap {
	const char *name;
	void (*put)(void *context); /* Onto the same stream. */
};
/* Braces that are no gap's are the page's own. */
void ol_markup_put_page(FILE *stream, const char *page, const struct ol_markup_gap *gaps,
	size_t gap_count, void *context);

#endif
