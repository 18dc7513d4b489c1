/* world.c -- Which world. */
#include "world/world.h"

#include "world/pretended.h"

bool ol_world_is_pretend(const struct ol_run_spec *spec) {
	return ol_world_name_is_pretend(spec->world);
}

int ol_world_run(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	const struct ol_supervisor_sink *sink, struct ol_run_summary *ret_summary,
	struct ol_error *error) {
	if (ol_world_is_pretend(spec))
		return ol_pretended_run(spec, texts, sink, ret_summary, error);
	return ol_supervise(spec, texts, sink, ret_summary, error);
}
