/* flight.h -- The flight recorder: one shared page that survives the subject's death.
 *
 * The lab maps and touches it first, so the lab pays for it; the subject writes into it what it
 * is doing right now. A seqlock keeps a reader from taking half a writing for a whole one. */
#ifndef OL_RECORD_FLIGHT_H
#define OL_RECORD_FLIGHT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "record/record.h"

struct ol_flight {
	uint32_t flight_bytes;     /* sizeof(struct ol_flight): both sides must agree. */
	_Atomic uint32_t sequence; /* Odd while being written. */
	struct ol_last_words words;
	/* Beside the seqlock, because it changes with every page written. */
	_Atomic uint64_t touched_bytes;
	/* Downwards: the lab wants the program to end. Set once; the reason was written before. */
	_Atomic uint32_t is_end_ordered;
	char end_reason[OL_TEXT_BYTES];
	/* Downwards: the lab has answered the request for a limit of that number; what it answered was
	 * written before. */
	_Atomic uint32_t limit_number;
	int32_t limit_result; /* 0, or a negative errno value and why. */
	char limit_reason[OL_TEXT_BYTES];
};

/* The lab's side: makes the page, touched. *ret_fd is CLOEXEC and goes to the subject. */
int ol_flight_create(int *ret_fd, struct ol_flight **ret_flight, struct ol_error *error);
/* The subject's side: maps the page behind fd. -EPROTO if it is not one of ours. */
int ol_flight_open(int fd, struct ol_flight **ret_flight, struct ol_error *error);
void ol_flight_close(struct ol_flight *flight); /* NULL is fine. */

/* One writer only. */
void ol_flight_write(struct ol_flight *flight, const struct ol_last_words *words);

/* The lab's side, once: tells the program to end in good order, and why. */
void ol_flight_order_end(struct ol_flight *flight, const char *reason);
/* The subject's side: whether it is to end; then end_reason says why. */
static inline bool ol_flight_is_end_ordered(const struct ol_flight *flight) {
	return atomic_load_explicit(&flight->is_end_ordered, memory_order_acquire) != 0;
}

/* The lab's side: answers the request for a limit of that number. error: NULL where result is 0. */
void ol_flight_answer_limit(
	struct ol_flight *flight, uint32_t number, int result, const struct ol_error *error);
/* The subject's side: whether that request was answered; then *ret_result says how. */
bool ol_flight_take_answer(
	const struct ol_flight *flight, uint32_t number, int *ret_result, struct ol_error *error);

/* Never waits for long: after a bounded number of tries, or a writer that died in the middle, the
 * result has is_torn set. Names in it are always terminated, enums in range, and pauses in order:
 * p50 <= p99 <= max <= total, all 0 if there were none. */
struct ol_last_words ol_flight_read(const struct ol_flight *flight);

#endif
