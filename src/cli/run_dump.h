/* run_dump.h -- What a run leaves behind when its watchdog or its policy ends it.
 *
 * It is told what happens, as the supervisor tells it; what is worth keeping is kept in memory, and
 * written only where the run came to such an end. Every call takes NULL for no dump. */
#ifndef OL_CLI_RUN_DUMP_H
#define OL_CLI_RUN_DUMP_H

#include "base/error.h"
#include "supervisor/supervisor.h"

struct ol_run_dump; /* Opaque. */

/* spec->dump_parent: where, as for ol_dump_create, whose errors these are. */
int ol_run_dump_create(
	const struct ol_run_spec *spec, struct ol_run_dump **ret_dump, struct ol_error *error);
void ol_run_dump_destroy(struct ol_run_dump *dump);

void ol_run_dump_start(struct ol_run_dump *dump, const struct ol_run_summary *summary);
void ol_run_dump_phase(struct ol_run_dump *dump, const struct ol_phase *phase);
void ol_run_dump_gc(struct ol_run_dump *dump, const struct ol_gc_cycle *cycle);
void ol_run_dump_sample(struct ol_run_dump *dump, const struct ol_sample *sample);
void ol_run_dump_event(struct ol_run_dump *dump, const struct ol_event *event);
void ol_run_dump_act(struct ol_run_dump *dump, const struct ol_supervisor_scene *scene);
void ol_run_dump_profile(
	struct ol_run_dump *dump, const struct ol_profile_site *sites, uint32_t site_count);

/* The run has ended. Where it was told to, all is written, and summary->dump_directory says where:
 * 0 also where there was nothing to write. Otherwise what could not be written, and why; the
 * directory may have the rest. */
int ol_run_dump_end(
	struct ol_run_dump *dump, struct ol_run_summary *summary, struct ol_error *error);

#endif
