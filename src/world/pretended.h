/* pretended.h -- A run in the pretend world. Private to world/. */
#ifndef OL_WORLD_PRETENDED_H
#define OL_WORLD_PRETENDED_H

#include "supervisor/supervisor.h"

/* See ol_world_run. */
int ol_pretended_run(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error);

#endif
