/* words.h -- Sentences built piece by piece in a fixed buffer, and the facts they rest on. */
#ifndef OL_REPORT_WORDS_H
#define OL_REPORT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "record/record.h"

struct ol_words {
	char *buffer;
	size_t capacity;
	size_t used;
};

struct ol_words ol_words_in(char *buffer, size_t capacity);
/* Appends; what does not fit is cut. */
void ol_words_add(struct ol_words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "28.8 MiB", alive until the end of the enclosing block. */
#define OL_BYTES_TEXT(bytes) ol_format_bytes((bytes), (char[OL_UNITS_TEXT_BYTES]){ 0 })
#define OL_DURATION_TEXT(ns) ol_format_duration((ns), (char[OL_UNITS_TEXT_BYTES]){ 0 })

/* "one collection", "3 collections". */
void ol_words_add_count(
	struct ol_words *words, uint64_t count, const char *singular, const char *plural);

/* The verdict in one line, without its mark: "OOM-KILLED in ...". */
void ol_verdict_line(const struct ol_run_summary *summary, char *buffer, size_t capacity);
/* Signal, counters, duration: what the verdict rests on. */
void ol_evidence_line(
	const struct ol_run_summary *summary, const char *separator, char *buffer, size_t capacity);

/* True if it did not end by itself: the kernel's kill for memory, or anybody's. */
bool ol_was_killed(const struct ol_run_summary *summary);

#endif
