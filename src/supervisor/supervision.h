/* supervision.h -- One subject under supervision, a step at a time: for whoever has more to wait
 * for than one run (a server), and for ol_supervise, which has not.
 *
 * Nothing here waits, but for the kernel's own calls: finish reaps a subject that has ended. */
#ifndef OL_SUPERVISOR_SUPERVISION_H
#define OL_SUPERVISOR_SUPERVISION_H

#include <poll.h>
#include <stdbool.h>

#include "record/exchange.h"
#include "supervisor/supervisor.h"

struct ol_supervision; /* Opaque. */

/* Makes the cage and starts a subject in it. sink and ret_summary must outlive the supervision; the
 * texts are needed no longer than this call. On failure nothing is left behind. */
int ol_supervision_start(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_supervision **ret_supervision, struct ol_error *error);

/* What to wait for, and how long at most (milliseconds), before the next step. */
enum { OL_SUPERVISION_FDS = 3 };
void ol_supervision_poll_fds(
	const struct ol_supervision *supervision, struct pollfd ret_fds[OL_SUPERVISION_FDS]);
int ol_supervision_wait_ms(const struct ol_supervision *supervision);

/* Takes what has arrived and tells the sink; looks after time limit, samples and cage. 1: the
 * subject runs; 0: it has ended, finish is due; -EPROTO: it sent rubbish and was killed, finish is
 * due. */
int ol_supervision_step(struct ol_supervision *supervision, struct ol_error *error);

/* Hands a request down, where the spec says is_service. -EAGAIN: no room now; -EPIPE: it listens no
 * more. */
int ol_supervision_request(
	struct ol_supervision *supervision, const struct ol_request *request, struct ol_error *error);

/* Asks a prompt's subject to break off the line that it runs; it stays. */
void ol_supervision_break_off(struct ol_supervision *supervision);

/* True once the subject is in its cage and its program has begun. */
bool ol_supervision_is_ready(const struct ol_supervision *supervision);
/* What the flight recorder says now. Never waits. */
struct ol_last_words ol_supervision_last_words(const struct ol_supervision *supervision);
/* Nanoseconds since the subject was started. */
uint64_t ol_supervision_elapsed_ns(const struct ol_supervision *supervision);

/* Asks a service to end in good order: it gets no more requests. Steps go on until it has ended. */
void ol_supervision_end(struct ol_supervision *supervision);
/* Kills the subject; is_timed_out makes that the verdict. Steps go on until it has ended. */
void ol_supervision_kill(struct ol_supervision *supervision, bool is_timed_out);

/* Reaps the subject, which is killed first if it still runs, reads the evidence into the summary
 * and removes the cage. 0, or the lab could not do its work. The supervision is freed whatever the
 * result says. */
int ol_supervision_finish(struct ol_supervision *supervision, struct ol_error *error);

#endif
