/* cage_dump.c -- Gathers what a caged command leaves behind, and has it written. */
#include "cli/cage_dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/say.h"
#include "dump/dump.h"
#include "report/caged_report.h"

enum { PATIENCE_MS = 3000, PROCESSES_MAX = 8 };

static int add_samples(struct ol_dump *dump, const struct ol_caged_sample *samples,
	size_t sample_count, struct ol_error *error) {
	OL_AUTO_FREE char *text = NULL;
	size_t length = 0;
	OL_AUTO_FCLOSE FILE *stream = open_memstream(&text, &length);
	if (stream == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for samples.csv");
	fputs("at_ns,cage_bytes,rss_bytes\n", stream);
	for (size_t i = 0; i < sample_count; i++)
		fprintf(stream, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", samples[i].at_ns,
			samples[i].cage_bytes, samples[i].rss_bytes);
	if (fflush(stream) != 0)
		return ol_error_set(error, -ENOMEM, "no memory for samples.csv");
	return ol_dump_add(dump, "samples.csv", text, length, error);
}

static int add_summary(
	struct ol_dump *dump, const struct ol_caged_summary *summary, struct ol_error *error) {
	OL_AUTO_FREE char *text = NULL;
	size_t length = 0;
	OL_AUTO_FCLOSE FILE *stream = open_memstream(&text, &length);
	if (stream == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for cage.json");
	int result = ol_caged_json_write_summary(stream, summary, error);
	if (result >= 0 && fflush(stream) != 0)
		result = ol_error_set(error, -ENOMEM, "no memory for cage.json");
	return result < 0 ? result : ol_dump_add(dump, "cage.json", text, length, error);
}

/* The command's own figures, and those of the first of the group's other processes. */
static void add_processes(struct ol_dump *dump, const struct ol_caged_summary *summary) {
	static const char *const files[] = { "smaps_rollup", "status" };
	char path[OL_PATH_BYTES + 32], name[OL_NAME_BYTES];
	snprintf(path, sizeof path, "%s/cgroup.procs", summary->cage.path);
	OL_AUTO_FCLOSE FILE *list = fopen(path, "re");
	int pid, count = 0;
	while (list != NULL && count < PROCESSES_MAX && fscanf(list, "%d", &pid) == 1) {
		for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
			snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
			snprintf(name, sizeof name, "%d.%s", pid, files[i]);
			/* One that ends meanwhile is left out. */
			(void)ol_dump_add_copy(dump, name, path, NULL);
		}
		count++;
	}
}

static void add_group(struct ol_dump *dump, const struct ol_caged_summary *summary) {
	static const char *const files[] = { "memory.stat", "memory.pressure", "cgroup.procs" };
	char path[OL_PATH_BYTES + 32];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", summary->cage.path, files[i]);
		(void)ol_dump_add_copy(dump, files[i], path, NULL);
	}
}

static const char *command_name(const struct ol_caged_summary *summary, char name[OL_NAME_BYTES]) {
	const char *command = summary->spec.command;
	const char *end = command + strcspn(command, " ");
	const char *slash = memrchr(command, '/', (size_t)(end - command));
	const char *begin = slash != NULL ? slash + 1 : command;
	snprintf(name, OL_NAME_BYTES, "%.*s", (int)(end - begin), begin);
	return *name != '\0' ? name : "process";
}

int ol_cage_dump_gather(const char *parent, const struct ol_caged_summary *summary,
	struct ol_dump **ret_dump, struct ol_error *error) {
	char name[OL_NAME_BYTES];
	struct ol_dump *dump;
	int result = ol_dump_create(parent, command_name(summary, name), &dump, error);
	if (result < 0)
		return result;
	add_group(dump, summary);
	add_processes(dump, summary);
	*ret_dump = dump;
	return 0;
}

int ol_cage_dump_write(struct ol_dump **dump, const struct ol_caged_summary *summary,
	const struct ol_caged_sample *samples, size_t sample_count, struct ol_error *error) {
	int result = add_summary(*dump, summary, error);
	struct ol_error later;
	if (result >= 0)
		result = add_samples(*dump, samples, sample_count, error);
	/* What is there is written, whatever was left out. */
	int write_result = ol_dump_write(*dump, &later);
	if (write_result >= 0)
		return result;
	ol_dump_destroy(*dump);
	*dump = NULL;
	return ol_error_set(error, write_result, "%s", later.message);
}

void ol_cage_dump_finish(struct ol_dump *dump, struct ol_caged_summary *summary) {
	struct ol_error error;
	if (ol_dump_finish(dump, PATIENCE_MS, summary->dump_directory, &error) < 0)
		ol_say("not all could be left behind: %s", error.message);
	ol_dump_destroy(dump);
}
