/* json_value.h -- Records as JSON values, driven by the tables of record/fields.h.
 *
 * Values that JSON's integers here cannot hold (2^63 and up) only ever mean "unset": null. */
#ifndef OL_REPORT_JSON_VALUE_H
#define OL_REPORT_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "record/caged.h"
#include "record/fields.h"

/* New references, or NULL when out of memory. */
json_t *ol_json_uint64(uint64_t number);
/* Bytes that are no UTF-8 become U+FFFD. */
json_t *ol_json_text(const char *text);
/* null for "". */
json_t *ol_json_text_or_null(const char *text);
json_t *ol_json_number(double number);
json_t *ol_json_boolean(bool is_true);
/* By its type; a value that is not set has none: the caller looks. */
json_t *ol_json_option_value(const struct ol_option_value *option);

/* value if result is 0. Otherwise NULL, and value is released: jansson's setters take NULL, release
 * what they are given and report failure, so that a document can be built without a look at every
 * piece and is thrown away here if one was missing. */
static inline json_t *ol_json_checked(json_t *value, int result) {
	if (result == 0)
		return value;
	json_decref(value);
	return NULL;
}

/* An object of every field in the table's order; memstats, NULL for none, nested at its end. */
json_t *ol_json_of_record(
	const struct ol_record_type *type, const void *record, const struct ol_memstats *memstats);
/* The same, into an object that exists. 0, or -1 when out of memory. */
int ol_json_add_record(json_t *object, const struct ol_record_type *type, const void *record,
	const struct ol_memstats *memstats);

/* The whole summary, schema first; and only what is known when the cage stands. */
json_t *ol_json_of_summary(const struct ol_run_summary *summary);
int ol_json_add_header(json_t *object, const struct ol_run_summary *summary);
int ol_json_add_summary(json_t *object, const struct ol_run_summary *summary);

/* Parts that the summaries of runs and of cages share. watchdog: null where there is none. */
json_t *ol_json_of_cgroup(const struct ol_cage_facts *cage);
json_t *ol_json_of_evidence(const struct ol_evidence *evidence);
json_t *ol_json_of_system(const struct ol_system_facts *facts);
json_t *ol_json_of_watchdog(
	const struct ol_watchdog_spec *spec, const struct ol_watchdog_facts *facts);

/* The whole of a cage's summary, and what is known of it when the program starts. */
int ol_json_add_caged_header(json_t *object, const struct ol_caged_summary *summary);
int ol_json_add_caged_summary(json_t *object, const struct ol_caged_summary *summary);
int ol_json_add_kill(json_t *object, const struct ol_oom_kill *kill);

/* Writes value and a newline, and releases it (NULL: out of memory). 0, -ENOMEM, or what the
 * stream said. */
int ol_json_write_line(FILE *stream, json_t *value, struct ol_error *error);

#endif
