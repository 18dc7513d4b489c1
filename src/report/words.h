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

/* "OOM-KILLED": what a verdict begins with. */
const char *ol_outcome_headline(enum ol_outcome outcome);
/* " by the cage's limit": whose limit it was; limiting_group may be "". */
void ol_words_add_limiter(struct ol_words *words, const char *preposition,
	enum ol_limited_by limited_by, const char *limiting_group);
/* "signal 9 (SIGKILL)". */
void ol_words_add_signal(struct ol_words *words, int signal_number);
/* Signal, counters, duration: what a verdict rests on. */
void ol_words_add_evidence(struct ol_words *words, const char *separator,
	const struct ol_evidence *evidence, uint64_t wall_ns);

/* Reasons that hold for anybody's program as for a run. limit_bytes UINT64_MAX: it had none.
 * is_of_ours: the group that struck was made for the cage to stand in. */
void ol_words_add_foreign_limit(struct ol_words *words, const struct ol_evidence *evidence,
	uint64_t limit_bytes, uint64_t peak_bytes, bool is_of_ours);
void ol_words_add_throttling(struct ol_words *words, uint64_t high_bytes, uint64_t high_count);
void ol_words_add_stranger(struct ol_words *words, int signal_number);

/* The verdict of a run in one line, without its mark: "OOM-KILLED in ...". */
void ol_verdict_line(const struct ol_run_summary *summary, char *buffer, size_t capacity);
void ol_evidence_line(
	const struct ol_run_summary *summary, const char *separator, char *buffer, size_t capacity);

/* True if it did not end by itself: the kernel's kill for memory, or anybody's. */
bool ol_was_killed(const struct ol_run_summary *summary);

#endif
