/* frame.c -- Frames over a SOCK_SEQPACKET socket, checked on arrival. */
#include "record/frame.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

static const size_t body_bytes[OL_FRAME_KIND_COUNT] = {
	[OL_FRAME_READY] = sizeof(struct ol_frame_ready),
	[OL_FRAME_PHASE_BEGIN] = sizeof(struct ol_phase),
	[OL_FRAME_PHASE_END] = sizeof(struct ol_phase),
	[OL_FRAME_GC] = sizeof(struct ol_gc_cycle),
	[OL_FRAME_EVENT] = sizeof(struct ol_event),
	[OL_FRAME_END] = sizeof(struct ol_frame_end),
};

static size_t whole_bytes(uint32_t kind) {
	return offsetof(struct ol_frame, ready) + body_bytes[kind];
}

int ol_frame_send(int socket_fd, struct ol_frame *frame, struct ol_error *error) {
	frame->frame_bytes = (uint32_t)whole_bytes(frame->kind);
	ssize_t count;
	do
		count = send(socket_fd, frame, frame->frame_bytes, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return ol_error_set_errno(error, -errno, "cannot tell the lab");
	return 0;
}

#define TERMINATE(text) ((text)[sizeof(text) - 1] = '\0')

static int check_frame(struct ol_frame *frame, size_t received_bytes, struct ol_error *error) {
	if (received_bytes < offsetof(struct ol_frame, ready) || frame->kind >= OL_FRAME_KIND_COUNT ||
		frame->frame_bytes != received_bytes || received_bytes != whole_bytes(frame->kind))
		return ol_error_set(
			error, -EPROTO, "the subject sent %zu bytes that are no frame", received_bytes);
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
	case OL_FRAME_READY:
	case OL_FRAME_GC:
	case OL_FRAME_KIND_COUNT:
		break;
	}
	return 0;
}

int ol_frame_receive(int socket_fd, struct ol_frame *ret_frame, struct ol_error *error) {
	ssize_t count;
	do
		count = recv(socket_fd, ret_frame, sizeof *ret_frame, MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (count <= 0)
		return ol_error_set(error, -ENOTCONN, "the subject has closed its socket");
	int result = check_frame(ret_frame, (size_t)count, error);
	return result < 0 ? result : 1;
}
