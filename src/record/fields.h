/* fields.h -- One table {field, unit, doc} a record: JSON, Lua, CSV, SQL and the manual are fed
 * from here, so that they cannot disagree. */
#ifndef OL_RECORD_FIELDS_H
#define OL_RECORD_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum ol_field_type {
	OL_FIELD_UINT64,
	OL_FIELD_BOOLEAN, /* uint32_t, 0 or 1. */
	OL_FIELD_NUMBER,  /* double. */
	OL_FIELD_TEXT,    /* char[], terminated. */
	OL_FIELD_ACTIVITY /* uint32_t enum ol_activity, told by its name. */
};

struct ol_field {
	const char *name; /* Stable: in JSON, Lua, CSV and SQL. */
	const char *unit; /* "bytes", "ns", "count", "share" or "". */
	const char *doc;  /* One line. */
	enum ol_field_type type;
	size_t offset_bytes;
	size_t capacity_bytes; /* What it takes in the record; of a text, its NUL included. */
};

struct ol_record_type {
	const char *name;
	const struct ol_field *fields;
	size_t field_count;
};

extern const struct ol_record_type ol_memstats_type;
extern const struct ol_record_type ol_gc_cycle_type;
extern const struct ol_record_type ol_pauses_type;
extern const struct ol_record_type ol_last_words_type; /* Without memstats and pauses. */
extern const struct ol_record_type ol_phase_type;      /* Without memstats. */
extern const struct ol_record_type ol_sample_type;     /* Without memstats. */
extern const struct ol_record_type ol_event_type;
extern const struct ol_record_type ol_caged_sample_type;
extern const struct ol_record_type ol_watchdog_facts_type; /* Without way. */
extern const struct ol_record_type ol_process_memory_type; /* Without what is true or false. */
extern const struct ol_record_type ol_process_sum_type;
extern const struct ol_record_type ol_group_look_type;
extern const struct ol_record_type ol_group_facts_type; /* Without look. */

static inline uint64_t ol_field_uint64(const struct ol_field *field, const void *record) {
	return *(const uint64_t *)((const char *)record + field->offset_bytes);
}

static inline uint32_t ol_field_uint32(const struct ol_field *field, const void *record) {
	return *(const uint32_t *)((const char *)record + field->offset_bytes);
}

static inline double ol_field_number(const struct ol_field *field, const void *record) {
	return *(const double *)((const char *)record + field->offset_bytes);
}

static inline const char *ol_field_text(const struct ol_field *field, const void *record) {
	return (const char *)record + field->offset_bytes;
}

#endif
