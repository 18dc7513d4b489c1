/* notes.c -- Frames become the summary, and what the sink is told. */
#include "supervisor/notes.h"

#include <string.h>

/* Where the present phase is kept; NULL: it is only counted. A run keeps its first phases; a
 * service, which has one a request, its latest. */
static struct ol_phase *present_phase(struct ol_run_summary *summary) {
	if (summary->phase_count == 0)
		return NULL;
	if (summary->phase_count <= OL_PHASES_MAX)
		return &summary->phases[summary->phase_count - 1];
	return summary->spec.is_service ? &summary->phases[OL_PHASES_MAX - 1] : NULL;
}

static void note_phase_end(struct ol_notes *notes, const struct ol_phase *phase) {
	struct ol_phase *place = present_phase(notes->summary);
	if (place != NULL)
		*place = *phase;
	notes->is_phase_open = false;
	if (notes->sink->on_phase_end != NULL)
		notes->sink->on_phase_end(notes->sink->context, phase);
}

static void note_phase_begin(struct ol_notes *notes, const struct ol_phase *phase) {
	struct ol_run_summary *summary = notes->summary;
	if (summary->spec.is_service && summary->phase_count >= OL_PHASES_MAX)
		memmove(&summary->phases[0], &summary->phases[1],
			(OL_PHASES_MAX - 1) * sizeof summary->phases[0]);
	summary->phase_count++;
	struct ol_phase *place = present_phase(summary);
	if (place != NULL)
		*place = *phase;
	notes->is_phase_open = true;
	if (notes->sink->on_phase_begin != NULL)
		notes->sink->on_phase_begin(notes->sink->context, phase);
}

static void note_end(struct ol_notes *notes, const struct ol_frame_end *end) {
	struct ol_run_summary *summary = notes->summary;
	summary->evidence.has_frame_end = 1;
	notes->own_word = (enum ol_outcome)end->outcome;
	memcpy(summary->error_message, end->message, sizeof end->message);
	memcpy(summary->error_traceback, end->traceback, sizeof end->traceback);
}

void ol_notes_frame(struct ol_notes *notes, const struct ol_frame *frame) {
	const struct ol_supervisor_sink *sink = notes->sink;
	switch ((enum ol_frame_kind)frame->kind) {
	case OL_FRAME_READY:
		notes->summary->baseline_bytes = frame->ready.baseline_bytes;
		break;
	case OL_FRAME_PHASE_BEGIN:
		note_phase_begin(notes, &frame->phase);
		break;
	case OL_FRAME_PHASE_END:
		note_phase_end(notes, &frame->phase);
		break;
	case OL_FRAME_GC:
		if (sink->on_gc != NULL)
			sink->on_gc(sink->context, &frame->gc);
		break;
	case OL_FRAME_EVENT:
		if (sink->on_event != NULL)
			sink->on_event(sink->context, &frame->event);
		break;
	case OL_FRAME_END:
		note_end(notes, &frame->end);
		break;
	case OL_FRAME_PROFILE:
		if (sink->on_profile != NULL)
			sink->on_profile(sink->context, frame->profile.sites, frame->profile.site_count);
		break;
	case OL_FRAME_LIMIT:
	case OL_FRAME_ANSWER:
	case OL_FRAME_KIND_COUNT:
		break;
	}
}

void ol_notes_close_phase(struct ol_notes *notes) {
	const struct ol_run_summary *summary = notes->summary;
	const struct ol_phase *place = present_phase(notes->summary);
	if (!notes->is_phase_open || place == NULL)
		return;
	struct ol_phase phase = *place;
	phase.end_ns = summary->wall_ns;
	phase.requested_bytes = summary->last_words.phase_requested_bytes;
	phase.cage_bytes = summary->last_words.cage_bytes;
	phase.garbage_bytes = summary->last_words.garbage_bytes;
	phase.memstats = summary->last_words.memstats;
	note_phase_end(notes, &phase);
}
