/* take.h -- Values taken out of JSON into structs, each checked: how lines become facts.
 *
 * What is not there leaves the struct as it was: records of other versions have more or fewer
 * fields. What is there and of another kind is an error that names it. */
#ifndef OL_RECORDS_TAKE_H
#define OL_RECORDS_TAKE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/fields.h"

enum ol_take_kind {
	OL_TAKE_UINT64,      /* null: UINT64_MAX. */
	OL_TAKE_UINT64_OR_0, /* null: 0. */
	OL_TAKE_INT32,       /* null: -1. */
	OL_TAKE_INT32_OR_0,  /* null: 0. */
	OL_TAKE_UINT32,
	OL_TAKE_BOOLEAN,      /* uint32_t. */
	OL_TAKE_TEXT,         /* char[], cut between characters; null: "". */
	OL_TAKE_GOGC,         /* int32_t; "off": OL_GOGC_OFF. */
	OL_TAKE_MEMORY_LIMIT, /* null: OL_MEMORY_LIMIT_OFF. */
	OL_TAKE_OUTCOME,
	OL_TAKE_LIMITED_BY,
	OL_TAKE_MEASURE,
	OL_TAKE_WAY
};

struct ol_take {
	const char *name;
	enum ol_take_kind kind;
	size_t offset_bytes;
	size_t capacity_bytes;
};

#define OL_TAKE(name, kind, record, member) \
	{ name, kind, offsetof(struct record, member), sizeof(((struct record *)NULL)->member) }

/* 0, or -EBADMSG. */
int ol_take_fields(const json_t *object, const struct ol_take *takes, size_t count, void *record,
	struct ol_error *error);

/* By the table of record/fields.h. */
int ol_take_record(
	const json_t *object, const struct ol_record_type *type, void *record, struct ol_error *error);

/* ret_object: the object that object has as name; NULL where there is none, or null. */
int ol_take_object(
	const json_t *object, const char *name, const json_t **ret_object, struct ol_error *error);
/* The same for an array. */
int ol_take_array(
	const json_t *object, const char *name, const json_t **ret_array, struct ol_error *error);

/* -EBADMSG where a field is missing that nothing can be done without. */
int ol_take_demand(const json_t *object, const char *name, struct ol_error *error);

/* Cut where it does not fit, between characters. */
void ol_take_text(const char *text, char *buffer, size_t capacity);

#endif
