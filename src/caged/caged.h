/* caged.h -- Anybody's program in a cage: start it with the terminal, watch it, see its end, judge.
 *
 * The lab's side only: it lives outside of the cage, and so does a guardian that ends the program
 * when the lab is killed. Prints nothing. */
#ifndef OL_CAGED_CAGED_H
#define OL_CAGED_CAGED_H

#include <stdbool.h>

#include "base/error.h"
#include "record/caged.h"

/* Told as things happen; any may be NULL. */
struct ol_caged_sink {
	void *context;
	bool wants_rss; /* In every sample; otherwise it may be 10 ms old, which costs less. */
	void (*on_start)(void *context, const struct ol_caged_summary *summary); /* It runs. */
	void (*on_sample)(void *context, const struct ol_caged_sample *sample);
	void (*on_kill)(void *context, const struct ol_oom_kill *kill);
	void (*on_event)(void *context, const struct ol_event *event);
	/* The watchdog acts: the last moment to gather what the program is to leave behind. It is told
	 * to end right after. */
	void (*on_act)(void *context, const struct ol_caged_summary *summary);
	/* It has been told: time for what takes time. */
	void (*on_told)(void *context, const struct ol_caged_summary *summary);
};

/* Runs the command (NULL-terminated; ignored where a process is adopted) to its end. ret_summary is
 * all zero before, but for what the lab's machine is like (system), which is not looked at. 0 with
 * ret_summary filled, whatever became of the command. Negative: the lab could not do its work, and
 * nothing is left behind; -ENOENT and -EACCES with is_command_bad set: there is no such command, or
 * it cannot be executed. Signals that go on to the command stay blocked afterwards. */
int ol_caged_run(const struct ol_caged_spec *spec, char *const *command,
	const struct ol_caged_sink *sink, struct ol_caged_summary *ret_summary,
	bool *ret_is_command_bad, struct ol_error *error);

#endif
