/* frame.h -- What the subject and the lab tell each other over their socket: one frame a message.
 *
 * A SOCK_SEQPACKET socketpair keeps borders. The lab trusts no frame: kind and length are checked,
 * texts are terminated, enums held in range before anybody sees them. Downwards only requests
 * travel. */
#ifndef OL_RECORD_FRAME_H
#define OL_RECORD_FRAME_H

#include <stdint.h>

#include "base/error.h"
#include "record/exchange.h"
#include "record/profile.h"
#include "record/record.h"

enum ol_frame_kind {
	OL_FRAME_READY,       /* ready: the scenario's program is about to start. */
	OL_FRAME_PHASE_BEGIN, /* phase: name and at_ns count. */
	OL_FRAME_PHASE_END,   /* phase: whole. */
	OL_FRAME_GC,          /* gc */
	OL_FRAME_EVENT,       /* event */
	OL_FRAME_END,         /* end: the subject's own word on how it ended. */
	OL_FRAME_PROFILE,     /* profile: some of the places that allocated. */
	OL_FRAME_LIMIT,       /* limit: the program wants another; answered by the flight recorder. */
	OL_FRAME_ANSWER,      /* An ol_answer_frame: to a request. */
	OL_FRAME_KIND_COUNT
};

struct ol_frame_ready {
	uint64_t at_ns;
	uint64_t baseline_bytes; /* Usage of the cage, read by the subject. */
};

struct ol_frame_end {
	uint64_t at_ns;
	uint32_t outcome; /* survived, script-error, out-of-memory, shut-down or lab-error. */
	uint32_t padding;
	char message[OL_MESSAGE_BYTES];
	char traceback[OL_MESSAGE_BYTES];
};

struct ol_frame_limit {
	uint32_t number; /* The answer has the same. */
	uint32_t padding;
	uint64_t limit_bytes; /* Anything: the lab checks it. */
};

enum { OL_FRAME_SITES_MAX = 6 }; /* So that it is no larger than an end. */

struct ol_frame_profile {
	uint32_t site_count;
	uint32_t padding;
	struct ol_profile_site sites[OL_FRAME_SITES_MAX];
};

struct ol_frame {
	uint32_t kind;        /* enum ol_frame_kind. */
	uint32_t frame_bytes; /* Of the whole frame as sent: header and the one member. */
	union {
		struct ol_frame_ready ready;
		struct ol_phase phase;
		struct ol_gc_cycle gc;
		struct ol_event event;
		struct ol_frame_end end;
		struct ol_frame_profile profile;
		struct ol_frame_limit limit;
	};
};

/* Apart, because it is larger than all the others: only who serves requests needs the room. */
struct ol_answer_frame {
	uint32_t kind;        /* OL_FRAME_ANSWER. */
	uint32_t frame_bytes; /* Of what travels: up to the end of the body. */
	struct ol_answer answer;
};

/* Room for whatever the subject may send. */
union ol_arrival {
	struct ol_frame frame;
	struct ol_answer_frame answer_frame;
};

/* Sends one frame, waiting for room; kind decides how much of it travels. -EPIPE: nobody listens
 * any more. */
int ol_frame_send(int socket_fd, struct ol_frame *frame, struct ol_error *error);

/* The same for an answer, of which only the used part of the body travels. */
int ol_answer_send(int socket_fd, struct ol_answer_frame *frame, struct ol_error *error);

/* Receives one frame without waiting. 1: one was received and is sound; 0: nothing there now;
 * -ENOTCONN: the other side is gone; -EPROTO: what came is no frame (named in the message). */
int ol_frame_receive(int socket_fd, union ol_arrival *ret_arrival, struct ol_error *error);

/* The lab's side: sends a request, never waiting. -EAGAIN: no room now; -EPIPE: nobody listens any
 * more. */
int ol_request_send(int socket_fd, const struct ol_request *request, struct ol_error *error);
/* The subject's side: receives one without waiting. 1, 0, -ENOTCONN, -EPROTO as above. */
int ol_request_receive(int socket_fd, struct ol_request *ret_request, struct ol_error *error);

#endif
