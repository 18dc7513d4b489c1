/* frame.c -- Frames over a SOCK_SEQPACKET socket, checked on arrival. */
#include "record/frame.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* What travels whatever the length of the body. */
#define ANSWER_HEAD_BYTES  offsetof(struct ol_answer_frame, answer.body)
#define REQUEST_HEAD_BYTES offsetof(struct ol_request, body)

static const size_t body_bytes[OL_FRAME_KIND_COUNT] = {
	[OL_FRAME_READY] = sizeof(struct ol_frame_ready),
	[OL_FRAME_PHASE_BEGIN] = sizeof(struct ol_phase),
	[OL_FRAME_PHASE_END] = sizeof(struct ol_phase),
	[OL_FRAME_GC] = sizeof(struct ol_gc_cycle),
	[OL_FRAME_EVENT] = sizeof(struct ol_event),
	[OL_FRAME_END] = sizeof(struct ol_frame_end),
	[OL_FRAME_PROFILE] = sizeof(struct ol_frame_profile),
	[OL_FRAME_LIMIT] = sizeof(struct ol_frame_limit),
};

static size_t whole_bytes(uint32_t kind) {
	return offsetof(struct ol_frame, ready) + body_bytes[kind];
}

static int send_whole(
	int socket_fd, const void *bytes, size_t count_bytes, int flags, struct ol_error *error) {
	ssize_t count;
	do
		count = send(socket_fd, bytes, count_bytes, MSG_NOSIGNAL | flags);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return ol_error_set_errno(
			error, errno == EWOULDBLOCK ? -EAGAIN : -errno, "cannot tell the other side");
	return 0;
}

int ol_frame_send(int socket_fd, struct ol_frame *frame, struct ol_error *error) {
	frame->frame_bytes = (uint32_t)whole_bytes(frame->kind);
	return send_whole(socket_fd, frame, frame->frame_bytes, 0, error);
}

int ol_answer_send(int socket_fd, struct ol_answer_frame *frame, struct ol_error *error) {
	assert(frame->answer.body_bytes <= OL_BODY_BYTES_MAX);
	frame->kind = OL_FRAME_ANSWER;
	frame->frame_bytes = (uint32_t)(ANSWER_HEAD_BYTES + frame->answer.body_bytes);
	return send_whole(socket_fd, frame, frame->frame_bytes, 0, error);
}

int ol_request_send(int socket_fd, const struct ol_request *request, struct ol_error *error) {
	assert(request->body_bytes <= OL_BODY_BYTES_MAX);
	return send_whole(
		socket_fd, request, REQUEST_HEAD_BYTES + request->body_bytes, MSG_DONTWAIT, error);
}

#define TERMINATE(text) ((text)[sizeof(text) - 1] = '\0')

static int refuse(size_t received_bytes, struct ol_error *error) {
	return ol_error_set(
		error, -EPROTO, "the other side sent %zu bytes that are no frame", received_bytes);
}

static bool check_values(struct ol_option_value *values, uint32_t count, uint32_t count_max) {
	if (count > count_max)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		TERMINATE(values[i].name);
		TERMINATE(values[i].string);
		if (values[i].type >= OL_OPTION_TYPE_COUNT)
			return false;
	}
	return true;
}

static int check_answer(
	struct ol_answer_frame *frame, size_t received_bytes, struct ol_error *error) {
	struct ol_answer *answer = &frame->answer;
	if (received_bytes < ANSWER_HEAD_BYTES || answer->body_bytes > OL_BODY_BYTES_MAX ||
		frame->frame_bytes != received_bytes ||
		received_bytes != ANSWER_HEAD_BYTES + answer->body_bytes || answer->status < 200 ||
		answer->status > 599 ||
		!check_values(answer->values, answer->value_count, OL_ANSWER_VALUES_MAX))
		return refuse(received_bytes, error);
	TERMINATE(answer->type);
	return 0;
}

static int check_profile(
	struct ol_frame_profile *profile, size_t received_bytes, struct ol_error *error) {
	if (profile->site_count > OL_FRAME_SITES_MAX)
		return refuse(received_bytes, error);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		TERMINATE(profile->sites[i].file);
		TERMINATE(profile->sites[i].function);
		TERMINATE(profile->sites[i].phase);
		TERMINATE(profile->sites[i].tag);
	}
	return 0;
}

static int check_frame(union ol_arrival *arrival, size_t received_bytes, struct ol_error *error) {
	struct ol_frame *frame = &arrival->frame;
	if (received_bytes < offsetof(struct ol_frame, ready) || frame->kind >= OL_FRAME_KIND_COUNT)
		return refuse(received_bytes, error);
	if (frame->kind == OL_FRAME_ANSWER)
		return check_answer(&arrival->answer_frame, received_bytes, error);
	if (frame->frame_bytes != received_bytes || received_bytes != whole_bytes(frame->kind))
		return refuse(received_bytes, error);
	switch ((enum ol_frame_kind)frame->kind) {
	case OL_FRAME_PHASE_BEGIN:
	case OL_FRAME_PHASE_END:
		TERMINATE(frame->phase.name);
		break;
	case OL_FRAME_EVENT:
		TERMINATE(frame->event.kind);
		TERMINATE(frame->event.text);
		break;
	case OL_FRAME_END:
		TERMINATE(frame->end.message);
		TERMINATE(frame->end.traceback);
		if (frame->end.outcome >= OL_OUTCOME_COUNT)
			return ol_error_set(error, -EPROTO, "the subject sent an end that is no outcome");
		break;
	case OL_FRAME_PROFILE:
		return check_profile(&frame->profile, received_bytes, error);
	case OL_FRAME_READY:
	case OL_FRAME_GC:
	case OL_FRAME_LIMIT:
	case OL_FRAME_ANSWER:
	case OL_FRAME_KIND_COUNT:
		break;
	}
	return 0;
}

/* The number of bytes of one message; 0: nothing there now. */
static ssize_t receive_message(
	int socket_fd, void *buffer, size_t capacity, struct ol_error *error) {
	ssize_t count;
	do
		count = recv(socket_fd, buffer, capacity, MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (count <= 0)
		return ol_error_set(error, -ENOTCONN, "the other side has closed its socket");
	return count;
}

int ol_frame_receive(int socket_fd, union ol_arrival *ret_arrival, struct ol_error *error) {
	ssize_t count = receive_message(socket_fd, ret_arrival, sizeof *ret_arrival, error);
	if (count <= 0)
		return (int)count;
	int result = check_frame(ret_arrival, (size_t)count, error);
	return result < 0 ? result : 1;
}

int ol_request_receive(int socket_fd, struct ol_request *ret_request, struct ol_error *error) {
	ssize_t count = receive_message(socket_fd, ret_request, sizeof *ret_request, error);
	if (count <= 0)
		return (int)count;
	if ((size_t)count < REQUEST_HEAD_BYTES || ret_request->body_bytes > OL_BODY_BYTES_MAX ||
		(size_t)count != REQUEST_HEAD_BYTES + ret_request->body_bytes ||
		!check_values(ret_request->values, ret_request->value_count, OL_ROUTE_ARGUMENTS_MAX))
		return refuse((size_t)count, error);
	return 1;
}
