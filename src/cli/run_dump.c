/* run_dump.c -- Statistics, phases, record, heap profile and the kernel's figures of a run.
 */
#include "cli/run_dump.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/tail.h"
#include "dump/dump.h"
#include "report/report.h"

enum {
	PATIENCE_MS = 5000, /* For the disk. */
	STATISTICS_COLUMNS = 100
};

struct ol_run_dump {
	struct ol_dump *dump;
	struct ol_tail *tail; /* Of the record. */
	struct ol_json_record *record;
	bool has_acted;
	struct ol_error error; /* The first of what was left out; code 0: nothing. */
	uint32_t site_count;
	struct ol_profile_site sites[OL_PROFILE_SITES_MAX + 1];
};

static void note(struct ol_run_dump *dump, int result, const struct ol_error *error) {
	if (result < 0 && dump->error.code == 0)
		dump->error = *error;
}

static int create_record(struct ol_run_dump *dump, struct ol_error *error) {
	FILE *stream;
	int result = ol_tail_create(&dump->tail, &stream, error);
	if (result == 0)
		result = ol_json_record_create_on(stream, "record.jsonl", &dump->record, error);
	return result;
}

int ol_run_dump_create(
	const struct ol_run_spec *spec, struct ol_run_dump **ret_dump, struct ol_error *error) {
	struct ol_run_dump *dump = calloc(1, sizeof *dump);
	if (dump == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a dump");
	int result = ol_dump_create(spec->dump_parent, spec->scenario, &dump->dump, error);
	if (result == 0)
		result = create_record(dump, error);
	if (result < 0) {
		ol_run_dump_destroy(dump);
		return result;
	}
	*ret_dump = dump;
	return 0;
}

void ol_run_dump_destroy(struct ol_run_dump *dump) {
	if (dump == NULL)
		return;
	(void)ol_json_record_destroy(dump->record, NULL);
	ol_tail_destroy(dump->tail);
	ol_dump_destroy(dump->dump);
	free(dump);
}

void ol_run_dump_start(struct ol_run_dump *dump, const struct ol_run_summary *summary) {
	if (dump != NULL)
		ol_json_record_header(dump->record, summary);
}

void ol_run_dump_phase(struct ol_run_dump *dump, const struct ol_phase *phase) {
	if (dump != NULL)
		ol_json_record_phase(dump->record, phase);
}

void ol_run_dump_gc(struct ol_run_dump *dump, const struct ol_gc_cycle *cycle) {
	if (dump != NULL)
		ol_json_record_gc(dump->record, cycle);
}

void ol_run_dump_sample(struct ol_run_dump *dump, const struct ol_sample *sample) {
	if (dump != NULL)
		ol_json_record_sample(dump->record, sample);
}

void ol_run_dump_event(struct ol_run_dump *dump, const struct ol_event *event) {
	if (dump != NULL)
		ol_json_record_event(dump->record, event);
}

/* The kernel's figures, while the program still holds what it has. */
void ol_run_dump_act(struct ol_run_dump *dump, const struct ol_supervisor_scene *scene) {
	char path[OL_PATH_BYTES + 32];
	struct ol_error error;
	if (dump == NULL)
		return;
	dump->has_acted = true;
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)scene->pid);
	int result = ol_dump_add_copy(dump->dump, "smaps_rollup", path, &error);
	/* The kernel may have been faster: then there is nothing to look at any more. */
	if (result != -ESRCH && result != -ENOENT)
		note(dump, result, &error);
	if (scene->cage_directory == NULL)
		return;
	snprintf(path, sizeof path, "%s/memory.stat", scene->cage_directory);
	note(dump, ol_dump_add_copy(dump->dump, "memory.stat", path, &error), &error);
}

/* A subject may send more than there can be: the rest of that is of no account. */
void ol_run_dump_profile(
	struct ol_run_dump *dump, const struct ol_profile_site *sites, uint32_t site_count) {
	if (dump == NULL)
		return;
	for (uint32_t i = 0; i < site_count && dump->site_count < OL_PROFILE_SITES_MAX; i++)
		dump->sites[dump->site_count++] = sites[i];
}

/* What print writes, as a file of the dump. */
static void add_printed(struct ol_run_dump *dump, const char *name,
	const struct ol_run_summary *summary,
	int (*print)(FILE *stream, const struct ol_run_summary *summary, struct ol_error *error)) {
	OL_AUTO_FREE char *bytes = NULL;
	size_t length;
	struct ol_error error;
	FILE *stream = open_memstream(&bytes, &length);
	int result = stream == NULL ? ol_error_set(&error, -ENOMEM, "no memory for %s", name)
								: print(stream, summary, &error);
	if (stream != NULL && fclose(stream) != 0 && result == 0)
		result = ol_error_set(&error, -ENOMEM, "no memory for %s", name);
	if (result == 0)
		result = ol_dump_add(dump->dump, name, bytes, length, &error);
	note(dump, result, &error);
}

static int print_statistics(
	FILE *stream, const struct ol_run_summary *summary, struct ol_error *error) {
	const struct ol_style style = { .columns = STATISTICS_COLUMNS };
	char text[OL_MEMSTATS_TEXT_BYTES];
	(void)error;
	ol_text_header(stream, style, summary);
	fputc('\n', stream);
	ol_text_report_findings(stream, style, summary);
	ol_memstats_text(&summary->last_words.memstats, text, sizeof text);
	fputs(text, stream);
	return 0;
}

/* What the script does not hold, but something that it holds refers to. */
static void add_reached(struct ol_run_dump *dump, const struct ol_last_words *last) {
	uint64_t known_bytes = last->garbage_bytes;
	for (uint32_t i = 0; i < dump->site_count; i++)
		known_bytes += dump->sites[i].held_bytes;
	if (last->garbage_bytes == UINT64_MAX || known_bytes >= last->memstats.heap_alloc)
		return;
	struct ol_profile_site *reached = &dump->sites[dump->site_count++];
	*reached = (struct ol_profile_site){
		.function = "held by other objects",
		.held_bytes = last->memstats.heap_alloc - known_bytes,
	};
}

static void add_profile(struct ol_run_dump *dump, const struct ol_run_summary *summary) {
	struct ol_error error;
	if (dump->site_count == 0)
		return; /* It did not live to tell. */
	add_reached(dump, &summary->last_words);
	note(dump,
		ol_dump_add_profile(dump->dump, "heap.pb.gz", dump->sites, dump->site_count,
			summary->last_words.garbage_bytes, summary->wall_ns, &error),
		&error);
}

/* A long run's record is more than is kept: then header, a word on that, and the rest. */
static int print_cut_head(
	FILE *stream, const struct ol_run_summary *summary, struct ol_error *error) {
	struct ol_json_record *head;
	int result = ol_json_record_create_on(stream, "record.jsonl", &head, error);
	if (result < 0)
		return result;
	ol_json_record_header(head, summary);
	ol_json_record_event(
		head, &(struct ol_event){ .kind = "dump", .text = "older lines were not kept" });
	return ol_json_record_destroy(head, error);
}

static void add_record(struct ol_run_dump *dump, const struct ol_run_summary *summary) {
	OL_AUTO_FREE char *head = NULL;
	size_t head_length = 0, length;
	struct ol_error error = { 0 };
	ol_json_record_summary(dump->record, summary);
	int result = ol_json_record_destroy(dump->record, &error);
	dump->record = NULL;
	if (result == 0 && ol_tail_is_cut(dump->tail)) {
		FILE *stream = open_memstream(&head, &head_length);
		result = stream == NULL ? ol_error_set(&error, -ENOMEM, "no memory for the record")
								: print_cut_head(stream, summary, &error);
	}
	OL_AUTO_FREE char *bytes =
		result == 0 ? ol_tail_take(dump->tail, head, head_length, &length, &error) : NULL;
	if (bytes != NULL)
		result = ol_dump_add(dump->dump, "record.jsonl", bytes, length, &error);
	note(dump, bytes == NULL ? -ENOMEM : result, &error);
}

int ol_run_dump_end(
	struct ol_run_dump *dump, struct ol_run_summary *summary, struct ol_error *error) {
	struct ol_error reason;
	if (dump == NULL || !dump->has_acted)
		return 0;
	add_printed(dump, "statistics.txt", summary, print_statistics);
	add_printed(dump, "phases.json", summary, ol_json_write_phases);
	add_profile(dump, summary);
	add_record(dump, summary);
	int result = ol_dump_write(dump->dump, &reason);
	if (result == 0)
		result = ol_dump_finish(dump->dump, PATIENCE_MS, summary->dump_directory, &reason);
	note(dump, result, &reason);
	if (dump->error.code < 0)
		return ol_error_set(
			error, dump->error.code, "the dump is not whole: %.700s", dump->error.message);
	return 0;
}
