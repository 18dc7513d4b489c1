/* connections.h -- Every connection, and how long each has been at what it does.
 *
 * The library closes idle connections, but not those that send a byte now and then: here a request
 * has to arrive whole, and an answer to be taken, within a time. Where connections run short, those
 * that have waited longest for nothing go first. */
#ifndef OL_HTTP_CONNECTIONS_H
#define OL_HTTP_CONNECTIONS_H

#include <stdint.h>

enum {
	OL_CONNECTIONS_MAX = 1200,
	OL_CONNECTIONS_CROWDED = 1000 /* From here on idle ones make room. */
};

enum ol_connection_state {
	OL_CONNECTION_READING,   /* Waits for a request, or receives one. */
	OL_CONNECTION_SERVING,   /* The heap is busy with it: that has a time limit of its own. */
	OL_CONNECTION_ANSWERING, /* The answer is being taken. */
	OL_CONNECTION_STREAMING  /* Events: as long as it likes. */
};

struct ol_connection {
	int fd;
	enum ol_connection_state state;
	uint64_t since_ms;
	struct ol_connection *previous, *next; /* In the order of their making. */
};

struct ol_connections {
	struct ol_connection *first, *last;
	uint32_t count;
	uint64_t total;
};

/* NULL: no memory. */
struct ol_connection *ol_connection_add(
	struct ol_connections *connections, int fd, uint64_t now_ms);
void ol_connection_remove(struct ol_connections *connections, struct ol_connection *connection);

static inline void ol_connection_set(
	struct ol_connection *connection, enum ol_connection_state state, uint64_t now_ms) {
	connection->state = state;
	connection->since_ms = now_ms;
}

/* Shuts down whatever is over its time. Once a second is often enough. */
void ol_connections_sweep(struct ol_connections *connections, uint64_t now_ms);

#endif
