/* form.h -- A form's body (application/x-www-form-urlencoded), taken apart where it stands.
 *
 * All of it at once: a reader that gets it in pieces has to guess where a value goes on. */
#ifndef OL_HTTP_FORM_H
#define OL_HTTP_FORM_H

#include <stddef.h>

#include "http/arguments.h"

/* Decodes form in place and calls take for each name=text, in order; what it is given points into
 * form. A byte behind form must be there to be written to. Empty parts, and line ends behind the
 * last, are passed over; a "%" that no two digits follow stands for itself. */
void ol_http_form_decode(char *form, size_t form_bytes,
	void (*take)(void *context, const struct ol_http_text *text), void *context);

#endif
