/* replay.c -- Gives a fuzz target its kept inputs, and mutations of them that are always the same.
 *
 * Usage: fuzz_TARGET CORPUS MUTATIONS [FILE]
 * FILE always holds the input under way: after a crash, the one that did it. A compiler without
 * libFuzzer fuzzes so too, in the normal suites, if not by coverage. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "fuzz.h"

enum {
	INPUTS_MAX = 4096,
	INPUT_BYTES_MAX = 64 << 10,
	MUTATIONS_PER_INPUT_MAX = 8,
	PIECE_BYTES_MAX = 64,
	PATH_BYTES = 4096
};

struct input {
	uint8_t *bytes;
	size_t length;
};

static struct input inputs[INPUTS_MAX];
static size_t input_count;
static uint8_t mutated[INPUT_BYTES_MAX];
static size_t mutated_bytes;
static const char *keep_path;

static _Noreturn void give_up(const char *what, const char *path) {
	fprintf(stderr, "replay: %s %s\n", what, path);
	exit(2);
}

static void write_input(const char *path, const uint8_t *bytes, size_t length) {
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
		give_up("cannot write", path);
}

/* From a block of its own exact size, so that a sanitizer sees a step beyond its end. */
static void give(const uint8_t *bytes, size_t length) {
	if (keep_path != NULL)
		write_input(keep_path, bytes, length);
	OL_AUTO_FREE uint8_t *exact = malloc(length > 0 ? length : 1);
	if (exact == NULL)
		give_up("no memory for", "an input");
	memcpy(exact, bytes, length);
	LLVMFuzzerTestOneInput(exact, length);
}

static void read_input(const char *path, struct input *input) {
	OL_AUTO_FCLOSE FILE *file = fopen(path, "rb");
	if (file == NULL)
		give_up("cannot read", path);
	input->length = fread(mutated, 1, sizeof mutated, file);
	input->bytes = malloc(input->length > 0 ? input->length : 1);
	if (input->bytes == NULL || ferror(file))
		give_up("cannot read", path);
	memcpy(input->bytes, mutated, input->length);
}

/* In the order of their names: the mutations depend on it. */
static void read_corpus(const char *directory) {
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	if (count < 0)
		give_up("cannot read", directory);
	for (int i = 0; i < count; i++) {
		char path[PATH_BYTES];
		snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && input_count < INPUTS_MAX)
			read_input(path, &inputs[input_count++]);
		free(entries[i]);
	}
	free(entries);
	if (input_count == 0)
		give_up("no input in", directory);
}

static void insert(size_t at, const uint8_t *piece, size_t piece_bytes) {
	if (mutated_bytes + piece_bytes > sizeof mutated)
		return;
	memmove(mutated + at + piece_bytes, mutated + at, mutated_bytes - at);
	memcpy(mutated + at, piece, piece_bytes);
	mutated_bytes += piece_bytes;
}

static void mutate_once(struct ol_random *random) {
	/* Bytes that end, divide or begin something in most texts. */
	static const uint8_t telling[] = "\0\n\r\t :;,.=%&?/\"'[]@-+*#\\0129azAZ\x7f\x80\xff";
	const struct input *other = &inputs[ol_random_below(random, input_count)];
	uint8_t byte = telling[ol_random_below(random, sizeof telling - 1)];
	size_t at = ol_random_below(random, mutated_bytes + 1);
	size_t piece_bytes = 1 + ol_random_below(random, PIECE_BYTES_MAX);
	size_t from = ol_random_below(random, other->length + 1);
	uint8_t piece[PIECE_BYTES_MAX];
	switch (ol_random_below(random, 6)) {
	case 0: /* One bit. */
		if (at < mutated_bytes)
			mutated[at] ^= (uint8_t)(1u << ol_random_below(random, 8));
		break;
	case 1:
		if (at < mutated_bytes)
			mutated[at] = byte;
		break;
	case 2:
		insert(at, &byte, 1);
		break;
	case 3: /* A piece less. */
		if (piece_bytes > mutated_bytes - at)
			piece_bytes = mutated_bytes - at;
		memmove(mutated + at, mutated + at + piece_bytes, mutated_bytes - at - piece_bytes);
		mutated_bytes -= piece_bytes;
		break;
	case 4: /* A piece of another. */
		if (piece_bytes > other->length - from)
			piece_bytes = other->length - from;
		memcpy(piece, other->bytes + from, piece_bytes);
		insert(at, piece, piece_bytes);
		break;
	default: /* The same byte many times. */
		memset(piece, byte, sizeof piece);
		insert(at, piece, piece_bytes);
	}
}

static void give_mutation(struct ol_random *random) {
	const struct input *input = &inputs[ol_random_below(random, input_count)];
	uint64_t mutations = 1 + ol_random_below(random, MUTATIONS_PER_INPUT_MAX);
	memcpy(mutated, input->bytes, input->length);
	mutated_bytes = input->length;
	for (uint64_t i = 0; i < mutations; i++)
		mutate_once(random);
	give(mutated, mutated_bytes);
}

int main(int argc, char **argv) {
	if (argc < 3) {
		fprintf(stderr, "Usage: %s CORPUS MUTATIONS [FILE]\n", argv[0]);
		return 2;
	}
	unsigned long mutations = strtoul(argv[2], NULL, 10);
	keep_path = argv[3];
	struct ol_random random = ol_random_seeded(1);
	read_corpus(argv[1]);
	for (size_t i = 0; i < input_count; i++)
		give(inputs[i].bytes, inputs[i].length);
	for (unsigned long i = 0; i < mutations; i++)
		give_mutation(&random);
	printf("%zu inputs, %lu mutations\n", input_count, mutations);
	for (size_t i = 0; i < input_count; i++)
		free(inputs[i].bytes);
	return 0;
}
