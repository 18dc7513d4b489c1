/* connections.c -- Keeps the list, and shuts down what is over its time. */
#include "http/connections.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	READING_MS_MAX = 20000,  /* A request, from its first byte to its last, and the wait for it. */
	ANSWERING_MS_MAX = 60000 /* An answer, until it is taken. */
};

struct ol_connection *ol_connection_add(
	struct ol_connections *connections, int fd, uint64_t now_ms) {
	struct ol_connection *connection = calloc(1, sizeof *connection);
	if (connection == NULL)
		return NULL;
	connection->fd = fd;
	connection->previous = connections->last;
	ol_connection_set(connection, OL_CONNECTION_READING, now_ms);
	if (connections->last != NULL)
		connections->last->next = connection;
	else
		connections->first = connection;
	connections->last = connection;
	connections->count++;
	connections->total++;
	return connection;
}

void ol_connection_remove(struct ol_connections *connections, struct ol_connection *connection) {
	if (connection == NULL)
		return;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		connections->first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	else
		connections->last = connection->previous;
	connections->count--;
	free(connection);
}

static bool is_over_time(const struct ol_connection *connection, uint64_t now_ms) {
	uint64_t ms = now_ms - connection->since_ms;
	switch (connection->state) {
	case OL_CONNECTION_READING:
		return ms > READING_MS_MAX;
	case OL_CONNECTION_ANSWERING:
		return ms > ANSWERING_MS_MAX;
	case OL_CONNECTION_SERVING:
	case OL_CONNECTION_STREAMING:
		break;
	}
	return false;
}

void ol_connections_sweep(struct ol_connections *connections, uint64_t now_ms) {
	uint32_t surplus = connections->count > OL_CONNECTIONS_CROWDED
						   ? connections->count - OL_CONNECTIONS_CROWDED
						   : 0;
	/* The owner of the connection notices that its socket is at its end, and closes it. */
	for (struct ol_connection *connection = connections->first; connection != NULL;
		 connection = connection->next) {
		bool makes_room = surplus > 0 && connection->state == OL_CONNECTION_READING &&
						  now_ms - connection->since_ms > 1000;
		if (makes_room)
			surplus--;
		if (makes_room || is_over_time(connection, now_ms))
			(void)shutdown(connection->fd, SHUT_RDWR);
	}
}
