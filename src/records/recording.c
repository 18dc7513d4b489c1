/* recording.c -- One run's facts as they come, line after line. */
#include "records/recording.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "records/facts.h"
#include "records/take.h"

enum { CAPACITY_MIN = 64 };

static int no_memory(struct ol_error *error) {
	return ol_error_set(error, -ENOMEM, "no memory for what the record tells");
}

int ol_recording_begin(const json_t *header, const char *name, struct ol_recording *recording,
	struct ol_error *error) {
	*recording = (struct ol_recording){
		.is_cage = json_object_get(header, "command") != NULL,
	};
	ol_take_text(name, recording->name, sizeof recording->name);
	int result = ol_take_demand(header, recording->is_cage ? "command" : "scenario", error);
	if (result < 0)
		return result;
	if (recording->is_cage) {
		recording->caged = malloc(sizeof *recording->caged);
		if (recording->caged == NULL)
			return no_memory(error);
		ol_facts_init_caged(recording->caged);
		result = ol_facts_take_caged(header, recording->caged, error);
	} else {
		recording->run = malloc(sizeof *recording->run);
		if (recording->run == NULL)
			return no_memory(error);
		ol_facts_init_run(recording->run);
		result = ol_facts_take_run(header, recording->run, error);
	}
	if (result < 0)
		ol_recording_finish(recording);
	return result;
}

void ol_recording_finish(struct ol_recording *recording) {
	free(recording->run);
	free(recording->caged);
	free(recording->samples);
	free(recording->cycles);
	free(recording->events);
	*recording = (struct ol_recording){ 0 };
}

/* Doubles an array when count is a power of two from CAPACITY_MIN on: room for one more. */
static int make_room(void **array, size_t count, size_t element_bytes, struct ol_error *error) {
	bool is_full = count == 0 || (count >= CAPACITY_MIN && (count & (count - 1)) == 0);
	if (!is_full)
		return 0;
	size_t capacity = count == 0 ? CAPACITY_MIN : 2 * count;
	void *grown = realloc(*array, capacity * element_bytes);
	if (grown == NULL)
		return no_memory(error);
	*array = grown;
	return 0;
}

/* Of each pair the one in which the cage was fuller. */
static void thin_samples(struct ol_recording *recording) {
	struct ol_sample *samples = recording->samples;
	for (size_t i = 0; i < recording->sample_count / 2; i++) {
		const struct ol_sample *first = &samples[2 * i], *second = first + 1;
		samples[i] = second->cage_bytes > first->cage_bytes ? *second : *first;
	}
	recording->sample_count /= 2;
}

static int add_sample(const json_t *line, struct ol_recording *recording, struct ol_error *error) {
	struct ol_sample sample = { 0 };
	const json_t *memstats = NULL;
	int result = ol_take_demand(line, "at_ns", error);
	if (result == 0)
		result = ol_take_demand(line, "cage_bytes", error);
	if (result == 0)
		result = ol_take_record(line, &ol_sample_type, &sample, error);
	if (result == 0)
		result = ol_take_object(line, "memstats", &memstats, error);
	if (result == 0 && memstats != NULL)
		result = ol_take_record(memstats, &ol_memstats_type, &sample.memstats, error);
	if (result < 0)
		return result;
	if (recording->sample_count == OL_RECORDING_SAMPLES_MAX) {
		thin_samples(recording); /* The array stays as large as it is. */
	} else {
		result = make_room((void **)&recording->samples, recording->sample_count,
			sizeof *recording->samples, error);
		if (result < 0)
			return result;
	}
	recording->samples[recording->sample_count++] = sample;
	return 0;
}

static int add_cycle(const json_t *line, struct ol_recording *recording, struct ol_error *error) {
	struct ol_gc_cycle cycle = { 0 };
	int result = ol_take_demand(line, "at_ns", error);
	if (result == 0)
		result = ol_take_record(line, &ol_gc_cycle_type, &cycle, error);
	if (result < 0)
		return result;
	recording->cycle_total++;
	if (recording->cycle_count == OL_RECORDING_CYCLES_MAX)
		return 0;
	result = make_room(
		(void **)&recording->cycles, recording->cycle_count, sizeof *recording->cycles, error);
	if (result == 0)
		recording->cycles[recording->cycle_count++] = cycle;
	return result;
}

static int add_event(const json_t *line, struct ol_recording *recording, struct ol_error *error) {
	struct ol_event event = { 0 };
	int result = ol_take_demand(line, "at_ns", error);
	if (result == 0)
		result = ol_take_record(line, &ol_event_type, &event, error);
	if (result < 0)
		return result;
	recording->event_total++;
	if (recording->event_count == OL_RECORDING_EVENTS_MAX)
		return 0;
	result = make_room(
		(void **)&recording->events, recording->event_count, sizeof *recording->events, error);
	if (result == 0)
		recording->events[recording->event_count++] = event;
	return result;
}

static int add_phase(const json_t *line, struct ol_recording *recording, struct ol_error *error) {
	struct ol_run_summary *run = recording->run;
	if (recording->is_cage)
		return ol_error_set(error, -EBADMSG, "a cage has no phases");
	struct ol_phase phase;
	int result = ol_facts_take_phase(line, &phase, error);
	if (result == 0 && run->phase_count < OL_PHASES_MAX)
		run->phases[run->phase_count++] = phase;
	return result;
}

static int add_summary(const json_t *line, struct ol_recording *recording, struct ol_error *error) {
	int result = ol_take_demand(line, "outcome", error);
	if (result == 0)
		result = recording->is_cage ? ol_facts_take_caged(line, recording->caged, error)
									: ol_facts_take_run(line, recording->run, error);
	recording->has_end |= result == 0;
	return result;
}

int ol_recording_add(
	const json_t *line, const char *type, struct ol_recording *recording, struct ol_error *error) {
	if (recording->has_end)
		return ol_error_set(error, -EBADMSG, "a '%.32s' behind the summary of its run", type);
	if (strcmp(type, "sample") == 0)
		return add_sample(line, recording, error);
	if (strcmp(type, "gc") == 0)
		return add_cycle(line, recording, error);
	if (strcmp(type, "phase") == 0)
		return add_phase(line, recording, error);
	if (strcmp(type, "event") == 0)
		return add_event(line, recording, error);
	if (strcmp(type, "summary") == 0)
		return add_summary(line, recording, error);
	return 0; /* A cage's kills are in its summary; a later version may tell more. */
}
