/* supervisor.h -- The lab's side of a run: start the subject in a cage, listen, see the end, read
 * the evidence, clean up, survive. */
#ifndef OL_SUPERVISOR_SUPERVISOR_H
#define OL_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "record/exchange.h"
#include "record/profile.h"
#include "record/record.h"

/* What can be looked at while a subject that ends in good order still holds everything. */
struct ol_supervisor_scene {
	pid_t pid;
	const char *cage_directory; /* NULL: there is no cage. */
};

/* Told as things happen, in order; any may be NULL. The summary is complete only at the end. */
struct ol_supervisor_sink {
	void *context;
	void (*on_start)(void *context, const struct ol_run_summary *summary); /* Cage stands. */
	void (*on_phase_begin)(void *context, const struct ol_phase *phase);
	void (*on_phase_end)(void *context, const struct ol_phase *phase);
	void (*on_gc)(void *context, const struct ol_gc_cycle *cycle);
	void (*on_sample)(void *context, const struct ol_sample *sample);
	void (*on_event)(void *context, const struct ol_event *event);
	void (*on_answer)(void *context, const struct ol_answer *answer); /* Of a service. */
	/* Its watchdog has told it to end, or its policy has ended it. Once, before on_profile. */
	void (*on_act)(void *context, const struct ol_supervisor_scene *scene);
	/* Some of the places that allocated; where the spec wants a profile, before such an end. */
	void (*on_profile)(void *context, const struct ol_profile_site *sites, uint32_t site_count);
};

/* What travels to the subject beside its spec, which knows how long each is. */
struct ol_supervisor_texts {
	const char *script; /* spec->script_bytes long. */
	const char *policy; /* spec->policy_bytes long; NULL where that is 0. */
};

/* Runs one subject to its end: the script in texts, under the spec's policy. Returns 0
 * with ret_summary filled whatever became of the subject: an OOM kill is a result. A negative
 * result means the lab could not do its work (*error says why and what to do): no cage, no
 * permission, no subject executable; or -EINTR after ol_supervisor_interrupt. Nothing is left
 * behind either way. ret_summary is large: keep it off small stacks. */
int ol_supervise(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error);

/* Async-signal-safe: makes the present ol_supervise end its subject, clean up and return -EINTR,
 * and those after it at once. */
void ol_supervisor_interrupt(void);
bool ol_supervisor_is_interrupted(void);
/* Readable once that was called: for those who wait for more than a run. Stays ours. Negative:
 * there could be none. */
int ol_supervisor_interrupt_fd(struct ol_error *error);

#endif
