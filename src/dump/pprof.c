/* pprof.c -- Writes pprof's profile.proto by hand, and has zlib compress it.
 *
 * The format is a dozen fields of varints and strings; a protobuf library would weigh more than all
 * of this module in a program that is linked statically. Field numbers are those of
 * github.com/google/pprof, proto/profile.proto. A protobuf's fields may come in any order, so a
 * string, a function or a location is written when it is first met. */
#include "dump/pprof.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/cleanup.h"
#include "report/utf8.h"

enum {
	SITES_MAX = OL_PROFILE_SITES_MAX + 2, /* With all the rest, and with garbage. */
	VALUE_COUNT = 4,                      /* Of a sample. */
	VARINT_BYTES_MAX = 10,
	MESSAGE_BYTES_MAX = 256, /* Any of ours but strings: a sample is the longest, below 160. */
	STRING_BYTES_MAX = OL_PATH_BYTES, /* Longer ones are cut: a path of much that is no UTF-8. */
	/* A site's share: a sample, two locations with their functions, and five strings. */
	SITE_BYTES_MAX = 5 * MESSAGE_BYTES_MAX + 5 * (STRING_BYTES_MAX + 2 * VARINT_BYTES_MAX),
	HEAD_BYTES_MAX = 8 * MESSAGE_BYTES_MAX,
	STRINGS_MAX = 5 * SITES_MAX + 16,
	STRING_SLOTS = 8192, /* A power of two, more than twice STRINGS_MAX. */
	FRAMES_MAX = 2 * SITES_MAX
};
_Static_assert(STRING_SLOTS > 2 * STRINGS_MAX, "a slot is found soon");

/* Numbers of fields in profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2,
	SAMPLE_LOCATION_IDS = 1,
	SAMPLE_VALUES = 2,
	SAMPLE_LABEL = 3,
	LABEL_KEY = 1,
	LABEL_STRING = 2,
	MAPPING_ID = 1,
	MAPPING_FILENAME = 5,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINE_NUMBERS = 9,
	LOCATION_ID = 1,
	LOCATION_MAPPING_ID = 2,
	LOCATION_LINE = 4,
	LINE_FUNCTION_ID = 1,
	LINE_LINE = 2,
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4
};

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

struct message {
	size_t length;
	uint8_t bytes[MESSAGE_BYTES_MAX];
};

struct text {
	const uint8_t *bytes; /* In the output: it stands still. */
	size_t length;
};

struct function {
	uint64_t name;
	uint64_t file;
};

struct location {
	uint64_t function_id;
	uint64_t line;
};

struct encoder {
	uint8_t *output;
	size_t length;
	size_t capacity;
	size_t string_count;
	size_t function_count;
	size_t location_count;
	struct text strings[STRINGS_MAX];
	uint16_t slots[STRING_SLOTS]; /* Index of a string and 1; 0: free. */
	struct function functions[FRAMES_MAX];
	struct location locations[FRAMES_MAX];
};

static size_t put_varint(uint8_t *bytes, uint64_t value) {
	size_t length = 0;
	for (; value >= 0x80; value >>= 7)
		bytes[length++] = (uint8_t)(value | 0x80);
	bytes[length++] = (uint8_t)value;
	return length;
}

static void message_varint(struct message *message, uint64_t value) {
	assert(message->length + VARINT_BYTES_MAX <= sizeof message->bytes);
	message->length += put_varint(message->bytes + message->length, value);
}

/* Fields are int64: what is more is told as the most there is. */
static uint64_t as_int64(uint64_t value) {
	return value < (uint64_t)INT64_MAX ? value : (uint64_t)INT64_MAX;
}

static void message_number(struct message *message, unsigned field, uint64_t value) {
	message_varint(message, field << 3 | WIRE_VARINT);
	message_varint(message, as_int64(value));
}

static void message_message(struct message *message, unsigned field, const struct message *inner) {
	message_varint(message, field << 3 | WIRE_BYTES);
	message_varint(message, inner->length);
	assert(message->length + inner->length <= sizeof message->bytes);
	memcpy(message->bytes + message->length, inner->bytes, inner->length);
	message->length += inner->length;
}

/* Packed, as proto3 has repeated numbers: zeros are written too. */
static void message_numbers(
	struct message *message, unsigned field, const uint64_t *values, size_t count) {
	struct message packed = { 0 };
	for (size_t i = 0; i < count; i++)
		message_varint(&packed, as_int64(values[i]));
	message_message(message, field, &packed);
}

/* Returns where in the output the bytes stand. */
static uint8_t *put_bytes(
	struct encoder *encoder, unsigned field, const uint8_t *bytes, size_t length) {
	assert(encoder->length + 2 * VARINT_BYTES_MAX + length <= encoder->capacity);
	uint8_t *at = encoder->output + encoder->length;
	at += put_varint(at, field << 3 | WIRE_BYTES);
	at += put_varint(at, length);
	memcpy(at, bytes, length);
	encoder->length = (size_t)(at - encoder->output) + length;
	return at;
}

static void put_message(struct encoder *encoder, unsigned field, const struct message *message) {
	put_bytes(encoder, field, message->bytes, message->length);
}

static void put_number(struct encoder *encoder, unsigned field, uint64_t value) {
	assert(encoder->length + 2 * VARINT_BYTES_MAX <= encoder->capacity);
	encoder->length += put_varint(encoder->output + encoder->length, field << 3 | WIRE_VARINT);
	encoder->length += put_varint(encoder->output + encoder->length, as_int64(value));
}

/* FNV-1a. */
static size_t hash_of(const char *text, size_t length) {
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

/* The index of text in the table of strings; writes it there if it is new. */
static uint64_t string_index(struct encoder *encoder, const char *given) {
	/* A tag is any bytes that the script likes, and a cut name may end inside a character. */
	char text[STRING_BYTES_MAX];
	ol_utf8_repair(given, text, sizeof text);
	size_t length = strlen(text);
	size_t slot = hash_of(text, length) % STRING_SLOTS;
	for (; encoder->slots[slot] != 0; slot = (slot + 1) % STRING_SLOTS) {
		size_t index = encoder->slots[slot] - 1U;
		const struct text *known = &encoder->strings[index];
		assert(known->bytes != NULL);
		if (known->length == length && memcmp(known->bytes, text, length) == 0)
			return index;
	}
	assert(encoder->string_count < STRINGS_MAX);
	size_t index = encoder->string_count++;
	const uint8_t *bytes = put_bytes(encoder, PROFILE_STRING, (const uint8_t *)text, length);
	encoder->strings[index] = (struct text){ .bytes = bytes, .length = length };
	encoder->slots[slot] = (uint16_t)(index + 1);
	return index;
}

static uint64_t function_id(struct encoder *encoder, const char *name, const char *file) {
	struct function function = { string_index(encoder, name), string_index(encoder, file) };
	for (size_t i = 0; i < encoder->function_count; i++) {
		const struct function *known = &encoder->functions[i];
		if (known->name == function.name && known->file == function.file)
			return i + 1;
	}
	assert(encoder->function_count < FRAMES_MAX);
	encoder->functions[encoder->function_count++] = function;
	struct message message = { 0 };
	message_number(&message, FUNCTION_ID, encoder->function_count);
	message_number(&message, FUNCTION_NAME, function.name);
	message_number(&message, FUNCTION_SYSTEM_NAME, function.name);
	message_number(&message, FUNCTION_FILENAME, function.file);
	put_message(encoder, PROFILE_FUNCTION, &message);
	return encoder->function_count;
}

static uint64_t location_id(
	struct encoder *encoder, const char *name, const char *file, uint64_t line) {
	struct location location = { function_id(encoder, name, file), line };
	for (size_t i = 0; i < encoder->location_count; i++) {
		const struct location *known = &encoder->locations[i];
		if (known->function_id == location.function_id && known->line == location.line)
			return i + 1;
	}
	assert(encoder->location_count < FRAMES_MAX);
	encoder->locations[encoder->location_count++] = location;
	struct message line_message = { 0 };
	message_number(&line_message, LINE_FUNCTION_ID, location.function_id);
	message_number(&line_message, LINE_LINE, location.line);
	struct message message = { 0 };
	message_number(&message, LOCATION_ID, encoder->location_count);
	message_number(&message, LOCATION_MAPPING_ID, 1);
	message_message(&message, LOCATION_LINE, &line_message);
	put_message(encoder, PROFILE_LOCATION, &message);
	return encoder->location_count;
}

static void add_label(
	struct encoder *encoder, struct message *sample, const char *key, const char *value) {
	if (value[0] == '\0')
		return;
	struct message label = { 0 };
	message_number(&label, LABEL_KEY, string_index(encoder, key));
	message_number(&label, LABEL_STRING, string_index(encoder, value));
	message_message(sample, SAMPLE_LABEL, &label);
}

static void put_site(struct encoder *encoder, const struct ol_profile_site *site) {
	uint64_t location_ids[2]; /* The leaf comes first. */
	size_t depth = 0;
	location_ids[depth++] = location_id(encoder, site->function, site->file, site->line);
	if (site->phase[0] != '\0') {
		char frame[sizeof "phase: " + OL_NAME_BYTES];
		snprintf(frame, sizeof frame, "phase: %s", site->phase);
		location_ids[depth++] = location_id(encoder, frame, "", 0);
	}
	const uint64_t values[VALUE_COUNT] = { site->alloc_objects, site->alloc_bytes,
		site->held_objects, site->held_bytes };
	struct message sample = { 0 };
	message_numbers(&sample, SAMPLE_LOCATION_IDS, location_ids, depth);
	message_numbers(&sample, SAMPLE_VALUES, values, VALUE_COUNT);
	add_label(encoder, &sample, "phase", site->phase);
	add_label(encoder, &sample, "tag", site->tag);
	put_message(encoder, PROFILE_SAMPLE, &sample);
}

static void put_value_type(
	struct encoder *encoder, unsigned field, const char *type, const char *unit) {
	struct message message = { 0 };
	message_number(&message, VALUE_TYPE_TYPE, string_index(encoder, type));
	message_number(&message, VALUE_TYPE_UNIT, string_index(encoder, unit));
	put_message(encoder, field, &message);
}

static void put_head(struct encoder *encoder, const struct ol_pprof_profile *profile) {
	string_index(encoder, ""); /* The format wants it first. */
	/* Go's names in Go's order: its tools know them. */
	put_value_type(encoder, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
	put_value_type(encoder, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
	put_value_type(encoder, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
	put_value_type(encoder, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
	put_number(encoder, PROFILE_DEFAULT_SAMPLE_TYPE, string_index(encoder, "inuse_space"));
	/* Each byte is counted; nothing is scaled up from samples. */
	put_value_type(encoder, PROFILE_PERIOD_TYPE, "space", "bytes");
	put_number(encoder, PROFILE_PERIOD, 1);
	put_number(encoder, PROFILE_TIME_NANOS, profile->start_ns);
	put_number(encoder, PROFILE_DURATION_NANOS, profile->wall_ns);
	/* Says that names are all there, or pprof would look for a binary to read them from. */
	struct message mapping = { 0 };
	message_number(&mapping, MAPPING_ID, 1);
	message_number(&mapping, MAPPING_FILENAME, string_index(encoder, "oomlab"));
	message_number(&mapping, MAPPING_HAS_FUNCTIONS, 1);
	message_number(&mapping, MAPPING_HAS_FILENAMES, 1);
	message_number(&mapping, MAPPING_HAS_LINE_NUMBERS, 1);
	put_message(encoder, PROFILE_MAPPING, &mapping);
}

int ol_pprof_encode(const struct ol_pprof_profile *profile, uint8_t **ret_bytes, size_t *ret_length,
	struct ol_error *error) {
	assert(profile->site_count <= OL_PROFILE_SITES_MAX + 1);
	size_t capacity = HEAD_BYTES_MAX + (profile->site_count + 1) * SITE_BYTES_MAX;
	OL_AUTO_FREE struct encoder *encoder = calloc(1, sizeof *encoder);
	uint8_t *output = malloc(capacity);
	if (encoder == NULL || output == NULL) {
		free(output);
		return ol_error_set(
			error, -ENOMEM, "no memory for a heap profile of %zu places", profile->site_count);
	}
	encoder->output = output;
	encoder->capacity = capacity;

	put_head(encoder, profile);
	for (size_t i = 0; i < profile->site_count; i++)
		put_site(encoder, &profile->sites[i]);
	if (profile->garbage_bytes != UINT64_MAX && profile->garbage_bytes > 0) {
		/* Its place is not known: places count what the script let go of, not what was swept. */
		struct ol_profile_site garbage = { .function = "garbage: released, not yet collected",
			.held_bytes = profile->garbage_bytes };
		put_site(encoder, &garbage);
	}
	*ret_bytes = output;
	*ret_length = encoder->length;
	return 0;
}

int ol_pprof_gzip(const uint8_t *bytes, size_t length, uint8_t **ret_bytes, size_t *ret_length,
	struct ol_error *error) {
	enum { GZIP_WINDOW_BITS = MAX_WBITS + 16, MEMORY_LEVEL = 8 };
	z_stream stream = { 0 };
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
			Z_DEFAULT_STRATEGY) != Z_OK)
		return ol_error_set(error, -ENOMEM, "no memory to compress %zu bytes", length);
	uLong capacity = deflateBound(&stream, (uLong)length);
	uint8_t *output = malloc(capacity);
	if (output == NULL) {
		deflateEnd(&stream);
		return ol_error_set(error, -ENOMEM, "no memory to compress %zu bytes", length);
	}
	stream.next_in = (Bytef *)(uintptr_t)bytes;
	stream.avail_in = (uInt)length;
	stream.next_out = output;
	stream.avail_out = (uInt)capacity;
	int status = deflate(&stream, Z_FINISH);
	assert(status == Z_STREAM_END); /* deflateBound() has promised the room. */
	(void)status;
	*ret_length = stream.total_out;
	*ret_bytes = output;
	deflateEnd(&stream);
	return 0;
}
