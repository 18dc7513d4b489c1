/* notes.h -- What a subject's frames say, written into the summary and told to the sink: the same
 * for a subject of its own process and for one that is pretended. */
#ifndef OL_SUPERVISOR_NOTES_H
#define OL_SUPERVISOR_NOTES_H

#include <stdbool.h>

#include "record/frame.h"
#include "supervisor/supervisor.h"

struct ol_notes {
	const struct ol_supervisor_sink *sink;
	struct ol_run_summary *summary;
	enum ol_outcome own_word; /* How it ended, by its own account. */
	bool is_phase_open;
};

/* Any frame that arrived; those that concern the summary are noted. */
void ol_notes_frame(struct ol_notes *notes, const struct ol_frame *frame);

/* A phase that its subject did not live to end gets its end from the summary's last words and wall
 * time. */
void ol_notes_close_phase(struct ol_notes *notes);

#endif
