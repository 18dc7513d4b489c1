/* records_support.h -- Records made by hand, as lines and as what is read of them. */
#ifndef TESTS_RECORDS_SUPPORT_H
#define TESTS_RECORDS_SUPPORT_H

#include <stdlib.h>
#include <string.h>

#include "records/records.h"
#include "report/report.h"
#include "report_summary.h"

/* Text for free(): the record of the default run, with its two phases and what happened between. */
static inline char *record_of(const struct ol_run_summary *facts, size_t *ret_bytes) {
	char *text = NULL;
	struct ol_error error;
	struct ol_json_record *record;
	FILE *stream = open_memstream(&text, ret_bytes);
	if (ol_json_record_create_on(stream, "memory", &record, &error) < 0)
		abort();
	struct ol_gc_cycle cycle = { .number = 1, .at_ns = 9000000, .pause_ns = 8000 };
	cycle.start_bytes = 30204000;
	cycle.goal_bytes = 4 << 20;
	cycle.next_goal_bytes = 60724976;
	struct ol_sample sample = { .at_ns = 10000000, .cage_bytes = 20 << 20, .rss_bytes = 21 << 20 };
	sample.memstats = spike_memstats();
	struct ol_event event = { .at_ns = 11000000, .kind = "log", .text = "said <b>this</b>" };
	ol_json_record_header(record, facts);
	ol_json_record_gc(record, &cycle);
	ol_json_record_sample(record, &sample);
	ol_json_record_event(record, &event);
	for (uint64_t i = 0; i < facts->phase_count; i++)
		ol_json_record_phase(record, &facts->phases[i]);
	ol_json_record_summary(record, facts);
	if (ol_json_record_destroy(record, &error) < 0)
		abort();
	return text;
}

static inline int read_text(const char *text, size_t bytes, const char *path,
	struct ol_recordings *recordings, struct ol_error *error) {
	FILE *stream = fmemopen((void *)(uintptr_t)text, bytes, "r");
	if (stream == NULL)
		abort();
	int result = ol_recordings_read(stream, path, recordings, error);
	fclose(stream);
	return result;
}

static inline char *summary_line(const struct ol_run_summary *facts) {
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	if (ol_json_write_summary(stream, facts, NULL) < 0)
		abort();
	fclose(stream);
	return text;
}

#endif
