/* reader.c -- Reads a record line by line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "records/recording.h"
#include "records/records.h"

enum { QUOTED_MAX = 64, SUFFIX_BYTES = 24 };

static const char record_schema[] = "oomlab.record/1";

struct reader {
	FILE *stream;
	const char *path;
	struct ol_recordings *recordings;
	struct ol_recording *recording; /* The one under way; NULL: none, or one that is left out. */
	char *line;
	size_t line_bytes;
	size_t line_number;
	size_t run_count; /* Of this record. */
	bool is_whole;    /* The line ended in a line feed. */
	bool is_left_out;
};

static int refuse(const struct reader *reader, const char *what, struct ol_error *error) {
	return ol_error_set(
		error, -EBADMSG, "%.256s, line %zu: %s", reader->path, reader->line_number, what);
}

/* 1: there is a line; 0: the end; or a negative errno value. */
static int read_line(struct reader *reader, struct ol_error *error) {
	int byte = EOF;
	reader->line_bytes = 0;
	reader->line_number++;
	errno = 0;
	while ((byte = getc_unlocked(reader->stream)) != EOF && byte != '\n') {
		if (reader->line_bytes == OL_RECORD_LINE_BYTES_MAX)
			return refuse(reader, "longer than any line of a record", error);
		reader->line[reader->line_bytes++] = (char)byte;
	}
	if (ferror(reader->stream))
		return ol_error_set_errno(
			error, errno != 0 ? -errno : -EIO, "cannot read %.256s", reader->path);
	reader->is_whole = byte == '\n';
	return byte == '\n' || reader->line_bytes > 0;
}

/* "spike" of "/tmp/spike.jsonl"; "spike #2" for the second run in it. Where another record has the
 * same name already, the folder is told too. */
static void name_run(const struct reader *reader, char name[OL_NAME_BYTES]) {
	static const char extension[] = ".jsonl";
	const char *slash = strrchr(reader->path, '/');
	const char *start = slash != NULL ? slash + 1 : reader->path;
	for (int attempt = 0; attempt < 2; attempt++) {
		size_t length = strlen(start);
		if (length > strlen(extension) &&
			strcmp(start + length - strlen(extension), extension) == 0)
			length -= strlen(extension);
		if (length > OL_NAME_BYTES - SUFFIX_BYTES)
			length = OL_NAME_BYTES - SUFFIX_BYTES;
		if (reader->run_count > 1)
			snprintf(name, OL_NAME_BYTES, "%.*s #%zu", (int)length, start, reader->run_count);
		else
			snprintf(name, OL_NAME_BYTES, "%.*s", (int)length, start);
		bool is_taken = false;
		for (size_t i = 0; i < reader->recordings->count; i++)
			is_taken |= strcmp(reader->recordings->list[i].name, name) == 0;
		if (!is_taken)
			return;
		start = reader->path;
	}
	snprintf(name, OL_NAME_BYTES, "run %zu", reader->recordings->count + 1);
}

static int begin_run(struct reader *reader, const json_t *line, struct ol_error *error) {
	struct ol_recordings *recordings = reader->recordings;
	const char *schema = json_string_value(json_object_get(line, "schema"));
	if (schema == NULL || strcmp(schema, record_schema) != 0)
		return ol_error_set(error, -EBADMSG, "the schema is '%.*s': expected %s", QUOTED_MAX,
			schema != NULL ? schema : "", record_schema);
	reader->run_count++;
	reader->recording = NULL;
	reader->is_left_out = recordings->count == OL_RECORDINGS_MAX;
	if (reader->is_left_out) {
		recordings->left_out++;
		return 0;
	}
	char name[OL_NAME_BYTES];
	name_run(reader, name);
	struct ol_recording *recording = &recordings->list[recordings->count];
	int result = ol_recording_begin(line, name, recording, error);
	if (result < 0)
		return result;
	recordings->count++;
	reader->recording = recording;
	/* The first of several is one of them. */
	if (reader->run_count == 2 && recordings->count >= 2) {
		char *first = recordings->list[recordings->count - 2].name;
		size_t length = strnlen(first, OL_NAME_BYTES - SUFFIX_BYTES);
		snprintf(first + length, OL_NAME_BYTES - length, " #1");
	}
	return 0;
}

static int take_line(struct reader *reader, const json_t *line, struct ol_error *error) {
	const char *type = json_string_value(json_object_get(line, "type"));
	const char *schema = json_string_value(json_object_get(line, "schema"));
	if (type == NULL && schema != NULL)
		return ol_error_set(error, -EBADMSG,
			"this is '%.*s', an outcome without its course; a report wants what --record=FILE "
			"wrote",
			QUOTED_MAX, schema);
	if (type == NULL)
		return ol_error_set(error, -EBADMSG, "no 'type': a record is what --record=FILE wrote");
	if (strcmp(type, "header") == 0)
		return begin_run(reader, line, error);
	if (reader->is_left_out)
		return 0;
	if (reader->recording == NULL)
		return ol_error_set(error, -EBADMSG, "a '%.*s' before any header", QUOTED_MAX, type);
	return ol_recording_add(line, type, reader->recording, error);
}

static void free_json(json_t **value) {
	json_decref(*value);
}

static int parse_line(struct reader *reader, struct ol_error *error) {
	json_error_t parse_error;
	struct ol_error fault = { 0 };
	__attribute__((cleanup(free_json))) json_t *line =
		json_loadb(reader->line, reader->line_bytes, JSON_REJECT_DUPLICATES, &parse_error);
	/* The lab was killed while it wrote this; all before it is good. */
	if (line == NULL && !reader->is_whole && reader->run_count > 0) {
		reader->recordings->is_cut = true;
		return 0;
	}
	if (line == NULL)
		ol_error_set(&fault, -EBADMSG, "no JSON: %s", parse_error.text);
	else if (!json_is_object(line))
		ol_error_set(&fault, -EBADMSG, "no JSON object");
	else if (take_line(reader, line, &fault) == 0)
		return 0;
	if (fault.code != -EBADMSG)
		return ol_error_set(error, fault.code, "%.256s: %s", reader->path, fault.message);
	return refuse(reader, fault.message, error);
}

int ol_recordings_read(
	FILE *stream, const char *path, struct ol_recordings *recordings, struct ol_error *error) {
	OL_AUTO_FREE char *line = malloc(OL_RECORD_LINE_BYTES_MAX);
	if (line == NULL)
		return ol_error_set(error, -ENOMEM, "no memory to read %.256s", path);
	struct reader reader = {
		.stream = stream, .path = path, .recordings = recordings, .line = line
	};
	int result = 0;
	while (result == 0) {
		int found = read_line(&reader, error);
		if (found < 0)
			return found;
		if (found == 0)
			break;
		result = parse_line(&reader, error);
	}
	if (result == 0 && reader.run_count == 0)
		return ol_error_set(error, -EBADMSG, "%.256s is empty: no run in it", path);
	return result;
}

void ol_recordings_finish(struct ol_recordings *recordings) {
	for (size_t i = 0; i < recordings->count; i++)
		ol_recording_finish(&recordings->list[i]);
	recordings->count = 0;
}
