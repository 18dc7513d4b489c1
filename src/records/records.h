/* records.h -- Records read back: what report/ wrote as oomlab.record/1 (docs/json.md), as structs.
 *
 * A record may come from anywhere: each line is checked, and everything has a named maximum. It
 * draws and prints nothing. */
#ifndef OL_RECORDS_RECORDS_H
#define OL_RECORDS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "record/caged.h"
#include "record/record.h"

enum {
	OL_RECORD_LINE_BYTES_MAX = 4 << 20, /* The longest, a summary, takes some 200 KiB. */
	OL_RECORDINGS_MAX = 24,             /* More can hardly be told apart. */
	OL_RECORDING_SAMPLES_MAX = 1 << 17, /* When full, every second one goes: the lower of two. */
	OL_RECORDING_CYCLES_MAX = 1 << 16,  /* Later ones are counted, not kept. */
	OL_RECORDING_EVENTS_MAX = 1000      /* Likewise. */
};

/* One run, or one cage. */
struct ol_recording {
	char name[OL_NAME_BYTES];       /* Of the file, without folder and ".jsonl"; made unique. */
	bool is_cage;                   /* caged tells of it, otherwise run does. */
	bool has_end;                   /* There is a summary; else what the header knew. */
	struct ol_run_summary *run;     /* Phases too, if the record has lost its end. */
	struct ol_caged_summary *caged; /* NULL for a run, as run is for a cage. */
	struct ol_sample *samples;      /* Of a cage: memstats are 0. */
	size_t sample_count;
	struct ol_gc_cycle *cycles;
	size_t cycle_count;
	uint64_t cycle_total;
	struct ol_event *events;
	size_t event_count;
	uint64_t event_total;
};

struct ol_recordings {
	struct ol_recording list[OL_RECORDINGS_MAX];
	size_t count;
	uint64_t left_out; /* Runs beyond OL_RECORDINGS_MAX. */
	bool is_cut;       /* The last line of a record was not whole: its lab was killed. */
};

/* Reads all runs of a record and adds them. path is how it is named in errors and gives the runs
 * their name. -EBADMSG: what it says is no record, with the line; -EIO and others of the stream. */
int ol_recordings_read(
	FILE *stream, const char *path, struct ol_recordings *recordings, struct ol_error *error);

void ol_recordings_finish(struct ol_recordings *recordings);

#endif
