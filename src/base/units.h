/* units.h -- Sizes and durations: parse what people write, print what people read. */
#ifndef OL_BASE_UNITS_H
#define OL_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define OL_KIB (UINT64_C(1) << 10)
#define OL_MIB (UINT64_C(1) << 20)
#define OL_GIB (UINT64_C(1) << 30)
#define OL_TIB (UINT64_C(1) << 40)

#define OL_NS_PER_S  UINT64_C(1000000000)
#define OL_NS_PER_MS UINT64_C(1000000)
#define OL_NS_PER_US UINT64_C(1000)

enum { OL_UNITS_TEXT_BYTES = 32 };

/* Reads "33554432", "32M", "32MiB", "0.5GiB" (powers of two), "100MB" (powers of ten; a lone K,
 * M, G or T is a power of two) and, where whole_bytes is not 0, "90%" of it. Anything else,
 * a negative number, or more than 2^63 - 1 bytes is -EINVAL or -ERANGE with a message that
 * quotes the text and says what was expected (no option name: the caller knows it). */
int ol_parse_bytes(
	const char *text, uint64_t whole_bytes, uint64_t *ret_bytes, struct ol_error *error);

/* Reads "2", "0.5", "250ms", "10s", "2m" as a duration above 0 and up to a year. */
int ol_parse_duration(const char *text, uint64_t *ret_ns, struct ol_error *error);

/* Reads a whole number from minimum to maximum, both included. */
int ol_parse_integer(
	const char *text, int64_t minimum, int64_t maximum, int64_t *ret_value, struct ol_error *error);

/* Writes "28.8 MiB" (powers of two, one decimal from 1 KiB up) and returns buffer. */
const char *ol_format_bytes(uint64_t bytes, char buffer[OL_UNITS_TEXT_BYTES]);

/* Writes "412 ns", "1.3 ms", "2.50 s" and returns buffer. */
const char *ol_format_duration(uint64_t ns, char buffer[OL_UNITS_TEXT_BYTES]);

#endif
