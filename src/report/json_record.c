/* json_record.c -- The record of a run or a cage as JSON Lines: each line a JSON object with a
 * "type".
 *
 * The first thing that goes wrong (a full disk, mostly) is remembered and told at the end: an
 * experiment is not broken off for its record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/caged_report.h"
#include "report/json_value.h"
#include "report/report.h"

struct ol_json_record {
	FILE *stream;
	char *path;
	struct ol_error error; /* code 0: none so far. */
};

int ol_json_record_create_on(
	FILE *stream, const char *path, struct ol_json_record **ret_record, struct ol_error *error) {
	struct ol_json_record *record = calloc(1, sizeof *record);
	char *path_copy = strdup(path);
	if (record == NULL || path_copy == NULL) {
		free(record);
		free(path_copy);
		fclose(stream);
		return ol_error_set(error, -ENOMEM, "no memory for the record");
	}
	record->path = path_copy;
	record->stream = stream;
	*ret_record = record;
	return 0;
}

int ol_json_record_create(
	const char *path, struct ol_json_record **ret_record, struct ol_error *error) {
	FILE *stream = fopen(path, "we");
	if (stream == NULL)
		return ol_error_set_errno(error, -errno, "cannot write the record to %s", path);
	return ol_json_record_create_on(stream, path, ret_record, error);
}

int ol_json_record_destroy(struct ol_json_record *record, struct ol_error *error) {
	if (record == NULL)
		return 0;
	errno = 0;
	bool is_lost = ferror(record->stream) != 0;
	is_lost |= fclose(record->stream) != 0;
	if (is_lost && record->error.code == 0)
		ol_error_set_errno(&record->error, errno != 0 ? -errno : -EIO, "cannot write JSON");
	int result = record->error.code;
	if (result < 0)
		ol_error_set(error, result, "the record in %s is not whole: %s", record->path,
			record->error.message);
	free(record->path);
	free(record);
	return result;
}

/* Writes one line; value holds everything but the type. */
static void write_line(struct ol_json_record *record, json_t *value) {
	if (record->error.code == 0)
		(void)ol_json_write_line(record->stream, value, &record->error);
	else
		json_decref(value);
}

static json_t *typed(const char *type) {
	json_t *object = json_object();
	if (object != NULL && json_object_set_new(object, "type", json_string(type)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static const char record_schema[] = "oomlab.record/1";

static void write_record(struct ol_json_record *record, const char *name,
	const struct ol_record_type *type, const void *fields, const struct ol_memstats *memstats) {
	json_t *object = typed(name);
	write_line(record, ol_json_checked(object, ol_json_add_record(object, type, fields, memstats)));
}

void ol_json_record_header(struct ol_json_record *record, const struct ol_run_summary *summary) {
	json_t *object = typed("header");
	int result = json_object_set_new(object, "schema", json_string(record_schema));
	result |= ol_json_add_header(object, summary);
	write_line(record, ol_json_checked(object, result));
}

void ol_json_record_phase(struct ol_json_record *record, const struct ol_phase *phase) {
	write_record(record, "phase", &ol_phase_type, phase, &phase->memstats);
}

void ol_json_record_gc(struct ol_json_record *record, const struct ol_gc_cycle *cycle) {
	write_record(record, "gc", &ol_gc_cycle_type, cycle, NULL);
}

void ol_json_record_sample(struct ol_json_record *record, const struct ol_sample *sample) {
	write_record(record, "sample", &ol_sample_type, sample, &sample->memstats);
}

void ol_json_record_event(struct ol_json_record *record, const struct ol_event *event) {
	write_record(record, "event", &ol_event_type, event, NULL);
}

void ol_json_record_summary(struct ol_json_record *record, const struct ol_run_summary *summary) {
	json_t *object = typed("summary");
	write_line(record, ol_json_checked(object, ol_json_add_summary(object, summary)));
}

void ol_caged_json_record_header(
	struct ol_json_record *record, const struct ol_caged_summary *summary) {
	json_t *object = typed("header");
	int result = json_object_set_new(object, "schema", json_string(record_schema));
	result |= ol_json_add_caged_header(object, summary);
	write_line(record, ol_json_checked(object, result));
}

void ol_caged_json_record_sample(
	struct ol_json_record *record, const struct ol_caged_sample *sample) {
	write_record(record, "sample", &ol_caged_sample_type, sample, NULL);
}

void ol_caged_json_record_kill(struct ol_json_record *record, const struct ol_oom_kill *kill) {
	json_t *object = typed("kill");
	write_line(record, ol_json_checked(object, ol_json_add_kill(object, kill)));
}

void ol_caged_json_record_summary(
	struct ol_json_record *record, const struct ol_caged_summary *summary) {
	json_t *object = typed("summary");
	write_line(record, ol_json_checked(object, ol_json_add_caged_summary(object, summary)));
}
