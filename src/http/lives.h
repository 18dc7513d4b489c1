/* lives.h -- The heaps that a server has had: the present one, the requests it gets, the past ones.
 *
 * One life at a time, started when it is needed; one request at a time, the others wait in line.
 * Knows no HTTP: what becomes of a request is told to whoever submitted it. */
#ifndef OL_HTTP_LIVES_H
#define OL_HTTP_LIVES_H

#include <poll.h>

#include "http/http.h"
#include "http/life.h"
#include "record/exchange.h"
#include "supervisor/supervision.h"

enum {
	OL_LIVES_MAX = 16,   /* Remembered. */
	OL_TICKETS_MAX = 256 /* Requests in line. */
};

struct ol_lives; /* Opaque. */

enum ol_reply_kind {
	OL_REPLY_READY,      /* To no request: the heap is ready. */
	OL_REPLY_ANSWER,     /* The subject answered. */
	OL_REPLY_DIED,       /* The life ended before it answered. */
	OL_REPLY_TIMED_OUT,  /* It did not answer in time, and was ended. */
	OL_REPLY_UNAVAILABLE /* No life could be started, or the server stops. */
};

struct ol_reply {
	enum ol_reply_kind kind;
	const struct ol_answer *answer; /* With OL_REPLY_ANSWER. */
	const struct ol_life *life;     /* Which it was; NULL with OL_REPLY_UNAVAILABLE. */
	const char *message;            /* With OL_REPLY_UNAVAILABLE: why. */
};
typedef void (*ol_reply_function)(void *context, const struct ol_reply *reply);

/* Told as it happens; both may be NULL. */
struct ol_lives_sink {
	void *context;
	void (*on_life)(void *context, const struct ol_life *life); /* Started, or ended. */
	void (*on_sample)(void *context, const struct ol_life *life, const struct ol_sample *sample,
		const struct ol_last_words *words);
	void (*on_cycle)(void *context, const struct ol_life *life, const struct ol_gc_cycle *cycle);
	void (*on_event)(void *context, const struct ol_life *life, const struct ol_event *event);
};

/* host must outlive it. */
int ol_lives_create(const struct ol_http_host *host, const struct ol_lives_sink *sink,
	uint64_t request_timeout_ns, struct ol_lives **ret_lives, struct ol_error *error);
/* Ends the present life at once. Everybody in line is told first. NULL is fine. */
void ol_lives_destroy(struct ol_lives *lives);

/* Puts a request in line (copied; its number is given here), or, with request NULL, waits until
 * there is a heap that is ready. reply is called exactly once, perhaps before this returns.
 * -EAGAIN: the line is full; -ENOMEM; then reply is not called. */
int ol_lives_submit(struct ol_lives *lives, const struct ol_request *request,
	ol_reply_function reply, void *context, struct ol_error *error);

/* There is a heap, and it takes requests. */
bool ol_lives_is_ready(const struct ol_lives *lives);
/* The present heap's statistics, from the flight recorder. False: there is no heap that is ready.
 */
bool ol_lives_memstats(const struct ol_lives *lives, struct ol_memstats *ret_memstats);
/* The present life, running or not; NULL before the first. */
const struct ol_life *ol_lives_present(const struct ol_lives *lives);
/* From the oldest that is remembered, index 0. */
uint32_t ol_lives_count(const struct ol_lives *lives);
const struct ol_life *ol_lives_at(const struct ol_lives *lives, uint32_t index);
uint32_t ol_lives_in_line(const struct ol_lives *lives);
/* How many lives ended so. */
const uint64_t *ol_lives_outcomes(const struct ol_lives *lives);
/* The last sample of the present life, and its last words; zeros before the first. */
struct ol_sample ol_lives_last_sample(const struct ol_lives *lives);
struct ol_last_words ol_lives_last_words(const struct ol_lives *lives);

/* Go's debug.SetGCPercent and SetMemoryLimit for the present life, if there is one. */
void ol_lives_set_limits(struct ol_lives *lives, int32_t gogc, uint64_t memory_limit_bytes);
/* Ends the present life in good order: the next request meets a fresh one. */
void ol_lives_renew(struct ol_lives *lives);
/* The same for good: nothing is started any more, who is in line is told. */
void ol_lives_stop(struct ol_lives *lives);
bool ol_lives_is_idle(const struct ol_lives *lives); /* No life runs. */

/* For the event loop: what to wait for, how long at most (ms, -1: for ever), and what to do then.
 */
void ol_lives_poll_fds(const struct ol_lives *lives, struct pollfd ret_fds[OL_SUPERVISION_FDS]);
int ol_lives_wait_ms(const struct ol_lives *lives);
void ol_lives_step(struct ol_lives *lives);

#endif
