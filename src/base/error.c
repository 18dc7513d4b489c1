/* error.c -- Fills errors without allocating. */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int format_message(struct ol_error *error, const char *format, va_list arguments) {
	int length = vsnprintf(error->message, sizeof error->message, format, arguments);
	if (length < 0)
		return 0;
	int length_max = (int)sizeof error->message - 1;
	return length < length_max ? length : length_max;
}

int ol_error_set(struct ol_error *error, int code, const char *format, ...) {
	assert(code < 0);
	if (error == NULL)
		return code;
	va_list arguments;
	va_start(arguments, format);
	error->code = code;
	format_message(error, format, arguments);
	va_end(arguments);
	return code;
}

int ol_error_set_errno(struct ol_error *error, int code, const char *format, ...) {
	assert(code < 0);
	if (error == NULL)
		return code;
	va_list arguments;
	va_start(arguments, format);
	error->code = code;
	int length = format_message(error, format, arguments);
	va_end(arguments);
	/* glibc's strerrordesc_np returns static text: no locale, no allocation. */
	const char *description = strerrordesc_np(-code);
	snprintf(error->message + length, sizeof error->message - (size_t)length, ": %s",
		description ? description : "unknown error");
	return code;
}
