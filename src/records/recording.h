/* recording.h -- One run's facts as they come, line after line. */
#ifndef OL_RECORDS_RECORDING_H
#define OL_RECORDS_RECORDING_H

#include <jansson.h>

#include "records/records.h"

/* Begins one from its header line. name: what it is to be called. */
int ol_recording_begin(
	const json_t *header, const char *name, struct ol_recording *recording, struct ol_error *error);

/* Adds any other line, by its type. -EBADMSG, -ENOMEM. */
int ol_recording_add(
	const json_t *line, const char *type, struct ol_recording *recording, struct ol_error *error);

void ol_recording_finish(struct ol_recording *recording);

#endif
