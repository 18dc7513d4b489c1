/* events.c -- The ring of messages, and the listeners that read it. */
#include "http/events.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece that is handed to the server at a time. */
enum { BLOCK_BYTES = 16 << 10, HEAD_BYTES = 96 };

struct message {
	char *text;
	size_t text_bytes;
};

struct listener {
	struct ol_events *events;
	struct MHD_Connection *connection;
	struct listener *next;
	uint64_t next_number; /* Of the message it gets next. */
	struct message state; /* Being sent: the whole state; text NULL when it has that. */
	size_t sent_bytes;    /* Of the message it is at. */
	bool needs_state;
	bool needs_comment;
	bool is_suspended;
};

struct ol_events {
	json_t *(*make_state)(void *context);
	void *context;
	struct message ring[OL_EVENTS_MAX]; /* Message n at n % the maximum. */
	uint64_t next_number;
	struct listener *listeners;
	uint32_t listener_count;
	uint64_t spoke_at_ms;
	bool has_spoken; /* Since the last tick. */
	bool has_ended;
};

struct ol_events *ol_events_create(json_t *(*make_state)(void *context), void *context) {
	struct ol_events *events = calloc(1, sizeof *events);
	if (events == NULL)
		return NULL;
	events->make_state = make_state;
	events->context = context;
	return events;
}

void ol_events_destroy(struct ol_events *events) {
	if (events == NULL)
		return;
	for (int i = 0; i < OL_EVENTS_MAX; i++)
		free(events->ring[i].text);
	free(events);
}

/* "id: 5\nevent: gc\ndata: {...}\n\n". Takes data over. */
static struct message make_message(uint64_t number, const char *name, json_t *data) {
	struct message message = { 0 };
	char head[HEAD_BYTES];
	int head_bytes = snprintf(
		head, sizeof head, "id: %llu\nevent: %s\ndata: ", (unsigned long long)number, name);
	size_t data_bytes = data != NULL ? json_dumpb(data, NULL, 0, JSON_COMPACT) : 0;
	char *text = data_bytes > 0 ? malloc((size_t)head_bytes + data_bytes + 2) : NULL;
	if (text != NULL) {
		memcpy(text, head, (size_t)head_bytes);
		(void)json_dumpb(data, text + head_bytes, data_bytes, JSON_COMPACT);
		text[(size_t)head_bytes + data_bytes] = '\n';
		text[(size_t)head_bytes + data_bytes + 1] = '\n';
		message = (struct message){ text, (size_t)head_bytes + data_bytes + 2 };
	}
	json_decref(data);
	return message;
}

static void wake(struct listener *listener) {
	if (!listener->is_suspended)
		return;
	listener->is_suspended = false;
	MHD_resume_connection(listener->connection);
}

static void wake_all(struct ol_events *events) {
	for (struct listener *listener = events->listeners; listener != NULL; listener = listener->next)
		wake(listener);
}

void ol_events_publish(struct ol_events *events, const char *name, json_t *data) {
	/* Who comes later gets the state, so nobody is there to miss it. */
	if (events->listener_count == 0) {
		json_decref(data);
		return;
	}
	struct message message = make_message(events->next_number, name, data);
	if (message.text == NULL)
		return;
	struct message *place = &events->ring[events->next_number++ % OL_EVENTS_MAX];
	free(place->text);
	*place = message;
	events->has_spoken = true;
	wake_all(events);
}

/* The message that the listener is at, if there is one; text NULL if not. */
static struct message current(struct listener *listener) {
	struct ol_events *events = listener->events;
	if (listener->state.text != NULL)
		return listener->state;
	/* Nobody may lose a message in the middle: who is too slow begins anew behind it. */
	if (listener->sent_bytes == 0 &&
		events->next_number - listener->next_number > OL_EVENTS_MAX / 2)
		listener->needs_state = true;
	if (listener->needs_state) {
		listener->next_number = events->next_number;
		listener->sent_bytes = 0;
		listener->state =
			make_message(events->next_number, "state", events->make_state(events->context));
		listener->needs_state = listener->state.text == NULL; /* No memory: the next time. */
		return listener->state;
	}
	if (listener->next_number < events->next_number)
		return events->ring[listener->next_number % OL_EVENTS_MAX];
	return (struct message){ 0 };
}

static void advance(struct listener *listener, size_t whole_bytes) {
	if (listener->sent_bytes < whole_bytes)
		return;
	listener->sent_bytes = 0;
	if (listener->state.text == NULL) {
		listener->next_number++;
		return;
	}
	free(listener->state.text);
	listener->state = (struct message){ 0 };
}

/* A message that was overwritten while it was being sent: its rest is lost, so the stream ends; the
 * client comes again. */
static bool is_torn(const struct listener *listener) {
	return listener->sent_bytes > 0 && listener->state.text == NULL &&
		   listener->events->next_number - listener->next_number > OL_EVENTS_MAX;
}

static ssize_t read_events(void *context, uint64_t position, char *buffer, size_t capacity) {
	struct listener *listener = context;
	size_t count = 0;
	(void)position;
	if (is_torn(listener))
		return MHD_CONTENT_READER_END_OF_STREAM;
	while (count < capacity) {
		struct message message = current(listener);
		if (message.text == NULL)
			break;
		size_t left = message.text_bytes - listener->sent_bytes;
		size_t piece = left < capacity - count ? left : capacity - count;
		memcpy(buffer + count, message.text + listener->sent_bytes, piece);
		count += piece;
		listener->sent_bytes += piece;
		advance(listener, message.text_bytes);
	}
	if (count > 0) {
		listener->needs_comment = false;
		return (ssize_t)count;
	}
	if (listener->events->has_ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	static const char comment[] = ": still here\n\n";
	if (listener->needs_comment && capacity >= sizeof comment) {
		listener->needs_comment = false;
		memcpy(buffer, comment, sizeof comment - 1);
		return sizeof comment - 1;
	}
	listener->is_suspended = true;
	MHD_suspend_connection(listener->connection);
	return 0;
}

static void end_listener(void *context) {
	struct listener *listener = context;
	struct ol_events *events = listener->events;
	struct listener **place = &events->listeners;
	while (*place != listener)
		place = &(*place)->next;
	*place = listener->next;
	events->listener_count--;
	free(listener->state.text);
	free(listener);
}

struct MHD_Response *ol_events_listen(struct ol_events *events, struct MHD_Connection *connection) {
	if (events->listener_count == OL_LISTENERS_MAX || events->has_ended)
		return NULL;
	struct listener *listener = calloc(1, sizeof *listener);
	if (listener == NULL)
		return NULL;
	listener->events = events;
	listener->connection = connection;
	listener->needs_state = true;
	listener->next = events->listeners;
	events->listeners = listener;
	events->listener_count++;
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_events, listener, end_listener);
	if (response == NULL)
		end_listener(listener);
	return response;
}

uint32_t ol_events_listener_count(const struct ol_events *events) {
	return events->listener_count;
}

void ol_events_tick(struct ol_events *events, uint64_t now_ms) {
	if (events->has_spoken || events->spoke_at_ms == 0)
		events->spoke_at_ms = now_ms;
	events->has_spoken = false;
	if (now_ms - events->spoke_at_ms < OL_EVENTS_QUIET_MS)
		return;
	events->spoke_at_ms = now_ms;
	for (struct listener *listener = events->listeners; listener != NULL;
		 listener = listener->next) {
		listener->needs_comment = true;
		wake(listener);
	}
}

void ol_events_end(struct ol_events *events) {
	events->has_ended = true;
	wake_all(events);
}
