/* units.c -- Sizes and durations as text. */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *suffix;
	double bytes;
} size_suffixes[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", 0x1p10 },
	{ "Ki", 0x1p10 },
	{ "KiB", 0x1p10 },
	{ "kB", 1e3 },
	{ "KB", 1e3 },
	{ "M", 0x1p20 },
	{ "Mi", 0x1p20 },
	{ "MiB", 0x1p20 },
	{ "MB", 1e6 },
	{ "G", 0x1p30 },
	{ "Gi", 0x1p30 },
	{ "GiB", 0x1p30 },
	{ "GB", 1e9 },
	{ "T", 0x1p40 },
	{ "Ti", 0x1p40 },
	{ "TiB", 0x1p40 },
	{ "TB", 1e12 },
};

/* Reads digits with at most one point; strtod alone would take "inf", "1e3" and "0x20". */
static int parse_decimal(const char *text, double *ret_number, const char **ret_rest) {
	size_t digits = strspn(text, "0123456789");
	size_t length = digits;
	if (text[length] == '.') {
		size_t fraction = strspn(text + length + 1, "0123456789");
		if (fraction == 0)
			return -EINVAL;
		length += 1 + fraction;
	}
	if (digits == 0 || length > 24)
		return -EINVAL;
	*ret_number = strtod(text, NULL);
	*ret_rest = text + length;
	return 0;
}

static int bad_size(const char *text, uint64_t whole_bytes, struct ol_error *error) {
	return ol_error_set(error, -EINVAL,
		"'%.64s' is not a size; expected bytes as in 33554432, 32M, 32MiB, 0.5GiB or 100MB%s", text,
		whole_bytes ? ", or a share as in 90%" : "");
}

int ol_parse_bytes(
	const char *text, uint64_t whole_bytes, uint64_t *ret_bytes, struct ol_error *error) {
	double number;
	const char *rest;
	if (parse_decimal(text, &number, &rest) < 0)
		return bad_size(text, whole_bytes, error);
	if (strcmp(rest, "%") == 0 && whole_bytes != 0) {
		if (number > 100)
			return ol_error_set(
				error, -ERANGE, "'%.64s' is more than the whole; expected up to 100%%", text);
		*ret_bytes = (uint64_t)((double)whole_bytes * (number / 100));
		return 0;
	}
	if (*rest == ' ' && rest[1] != '\0')
		rest++; /* "32 MiB", as ol_format_bytes writes it. */
	for (size_t i = 0; i < sizeof size_suffixes / sizeof *size_suffixes; i++) {
		if (strcmp(rest, size_suffixes[i].suffix) != 0)
			continue;
		/* Plain bytes keep all 63 bits; a double would round above 2^53. */
		bool is_plain = size_suffixes[i].bytes == 1 && strchr(text, '.') == NULL;
		double bytes = number * size_suffixes[i].bytes;
		uint64_t plain_bytes = is_plain ? strtoull(text, NULL, 10) : 0;
		if (plain_bytes > INT64_MAX || (!is_plain && bytes >= 0x1p63))
			return ol_error_set(error, -ERANGE,
				"'%.64s' is out of range; the largest size is 9223372036854775807", text);
		*ret_bytes = is_plain ? plain_bytes : (uint64_t)bytes;
		return 0;
	}
	return bad_size(text, whole_bytes, error);
}

int ol_parse_duration(const char *text, uint64_t *ret_ns, struct ol_error *error) {
	static const struct {
		const char *suffix;
		double ns;
	} suffixes[] = { { "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "m", 60e9 },
		{ "h", 3600e9 } };
	double number;
	const char *rest;
	if (parse_decimal(text, &number, &rest) == 0) {
		for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
			double ns = number * suffixes[i].ns;
			if (strcmp(rest, suffixes[i].suffix) != 0)
				continue;
			if (ns < 1 || ns > 366.0 * 86400e9)
				return ol_error_set(error, -ERANGE,
					"'%.64s' is out of range; expected more than 0 and at most a year", text);
			*ret_ns = (uint64_t)ns;
			return 0;
		}
	}
	return ol_error_set(
		error, -EINVAL, "'%.64s' is not a time; expected seconds as in 10, 0.5, 250ms or 2m", text);
}

int ol_parse_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_value,
	struct ol_error *error) {
	char *end = NULL;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || isspace((unsigned char)*text))
		return ol_error_set(error, -EINVAL,
			"'%.64s' is not a whole number; expected %" PRId64 " to %" PRId64, text, minimum,
			maximum);
	if (value < minimum || value > maximum)
		return ol_error_set(error, -ERANGE,
			"'%.64s' is out of range; expected %" PRId64 " to %" PRId64, text, minimum, maximum);
	*ret_value = value;
	return 0;
}

const char *ol_format_bytes(uint64_t bytes, char buffer[OL_UNITS_TEXT_BYTES]) {
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	if (bytes < OL_KIB) {
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%" PRIu64 " B", bytes);
		return buffer;
	}
	double value = (double)bytes;
	size_t unit = 0;
	while (value >= 1023.95 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1024;
		unit++;
	}
	snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.1f %s", value, units[unit]);
	return buffer;
}

const char *ol_format_duration(uint64_t ns, char buffer[OL_UNITS_TEXT_BYTES]) {
	if (ns < OL_NS_PER_US)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%" PRIu64 " ns", ns);
	else if (ns < OL_NS_PER_MS)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.1f us", (double)ns / 1e3);
	else if (ns < OL_NS_PER_S)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.2f s", (double)ns / 1e9);
	return buffer;
}
