/* events.h -- Server-sent events: what happens, as it happens, to everybody who listens.
 *
 * A ring of the latest messages; each listener has its own place in it. Who falls behind, or comes
 * anew, gets the whole state first. */
#ifndef OL_HTTP_EVENTS_H
#define OL_HTTP_EVENTS_H

#include <jansson.h>
#include <stdint.h>

#include <microhttpd.h>

enum {
	OL_EVENTS_MAX = 256,       /* Messages kept. */
	OL_LISTENERS_MAX = 64,     /* Others are refused. */
	OL_EVENTS_QUIET_MS = 10000 /* After so much silence a listener is sent a comment. */
};

struct ol_events; /* Opaque. */

/* make_state: the whole state, a new reference; NULL: out of memory. NULL: no memory. */
struct ol_events *ol_events_create(json_t *(*make_state)(void *context), void *context);
/* Everybody must have been told of the end. NULL is fine. */
void ol_events_destroy(struct ol_events *events);

/* Sends data, whose reference it takes, to all listeners. data NULL (out of memory): nothing. */
void ol_events_publish(struct ol_events *events, const char *name, json_t *data);

/* A response that streams to connection; NULL: too many listeners, or no memory. */
struct MHD_Response *ol_events_listen(struct ol_events *events, struct MHD_Connection *connection);
uint32_t ol_events_listener_count(const struct ol_events *events);

/* Now and then: breaks long silences, so that listeners that are gone are noticed. */
void ol_events_tick(struct ol_events *events, uint64_t now_ms);
/* Ends every stream. */
void ol_events_end(struct ol_events *events);

#endif
