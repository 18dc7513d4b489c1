/* world.h -- Runs a spec in the world that it names: the real one, or the pretend one.
 *
 * The real one is a cage of the kernel's with a subject in it (supervisor/). In the pretend one the
 * same script, heap, collector and policy run in this process, over pretend memory and a virtual
 * clock: no privileges, no cgroup, any size, and the same for the same seed on every machine. */
#ifndef OL_WORLD_WORLD_H
#define OL_WORLD_WORLD_H

#include "supervisor/supervisor.h"

/* As ol_supervise, in the world of spec->world. Times of a pretend run are virtual ones. */
int ol_world_run(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error);

/* "real", "pretend". */
bool ol_world_is_pretend(const struct ol_run_spec *spec);

#endif
