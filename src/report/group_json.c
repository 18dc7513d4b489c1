/* group_json.c -- Processes and groups as JSON: schemas oomlab.rss/1 and oomlab.watch/1. */
#include <stdbool.h>

#include "record/fields.h"
#include "report/group_report.h"
#include "report/json_value.h"

static json_t *json_of_process(const struct ol_process_facts *process) {
	struct ol_process_memory memory = process->memory;
	if (!memory.has_pss)
		memory.pss_bytes = memory.pss_anon_bytes = memory.swap_pss_bytes = memory.private_bytes =
			memory.huge_page_bytes = OL_NOT_KNOWN;
	json_t *object = json_object();
	int result = json_object_set_new(object, "pid", json_integer(process->pid));
	result |= json_object_set_new(object, "name", ol_json_text(process->name));
	result |= json_object_set_new(object, "command", ol_json_text(process->command));
	result |= json_object_set_new(object, "group", ol_json_text_or_null(process->group));
	result |=
		json_object_set_new(object, "is_kernel_thread", ol_json_boolean(memory.is_kernel_thread));
	result |= ol_json_add_record(object, &ol_process_memory_type, &memory, NULL);
	return ol_json_checked(object, result);
}

/* Null where there is nothing to compare. */
static json_t *json_of_differences(const struct ol_rss *rss, const struct ol_rss_group *group) {
	struct ol_difference differences[OL_DIFFERENCE_COUNT];
	if (group->facts.is_root || group->facts.look.usage_bytes == OL_NOT_KNOWN)
		return json_null();
	size_t count = ol_group_differences(group, rss->cpus, rss->page_bytes, differences);
	json_t *list = json_array();
	int result = 0;
	for (size_t i = 0; i < count; i++) {
		json_t *object = json_object();
		int item_result = json_object_set_new(
			object, "kind", json_string(ol_difference_name(differences[i].kind)));
		item_result |= json_object_set_new(object, "bytes", json_integer(differences[i].bytes));
		item_result |= json_object_set_new(object, "words", ol_json_text(differences[i].words));
		result |= json_array_append_new(list, ol_json_checked(object, item_result));
	}
	return ol_json_checked(list, result);
}

static json_t *json_of_group(const struct ol_rss *rss, const struct ol_rss_group *group) {
	json_t *object = json_object();
	int result = ol_json_add_record(object, &ol_group_facts_type, &group->facts, NULL);
	result |= ol_json_add_record(object, &ol_group_look_type, &group->facts.look, NULL);
	result |= json_object_set_new(
		object, "processes", ol_json_of_record(&ol_process_sum_type, &group->sum, NULL));
	result |= json_object_set_new(object, "differences", json_of_differences(rss, group));
	return ol_json_checked(object, result);
}

static json_t *json_of_missing(const struct ol_rss_missing *missing) {
	json_t *object = json_object();
	int result = json_object_set_new(object, "pid", json_integer(missing->pid));
	result |= json_object_set_new(object, "reason", ol_json_text(missing->reason));
	return ol_json_checked(object, result);
}

int ol_rss_json(FILE *stream, const struct ol_rss *rss, struct ol_error *error) {
	struct ol_process_sum sum = { 0 };
	json_t *processes = json_array();
	json_t *groups = json_array();
	json_t *missing = json_array();
	json_t *object = json_object();
	int result = json_object_set_new(object, "schema", json_string("oomlab.rss/1"));
	for (size_t i = 0; i < rss->process_count; i++) {
		ol_process_sum_add(&sum, &rss->processes[i].memory);
		result |= json_array_append_new(processes, json_of_process(&rss->processes[i]));
	}
	for (size_t i = 0; i < rss->group_count; i++)
		result |= json_array_append_new(groups, json_of_group(rss, &rss->groups[i]));
	for (size_t i = 0; i < rss->missing_count; i++)
		result |= json_array_append_new(missing, json_of_missing(&rss->missing[i]));
	result |= json_object_set_new(object, "processes", processes);
	result |= json_object_set_new(
		object, "together", ol_json_of_record(&ol_process_sum_type, &sum, NULL));
	result |= json_object_set_new(object, "groups", groups);
	result |= json_object_set_new(object, "missing", missing);
	return ol_json_write_line(stream, ol_json_checked(object, result), error);
}

/* ---- watch ---- */

static json_t *json_of_type(const char *type, int *ret_result) {
	json_t *object = json_object();
	*ret_result = json_object_set_new(object, "type", json_string(type));
	return object;
}

static json_t *pid_or_null(int32_t pid) {
	return pid > 0 ? json_integer(pid) : json_null();
}

int ol_watch_json_header(
	FILE *stream, const struct ol_watch_header *header, struct ol_error *error) {
	int result;
	json_t *object = json_of_type("header", &result);
	result |= json_object_set_new(object, "schema", json_string("oomlab.watch/1"));
	result |= json_object_set_new(object, "watched", json_string(header->watched));
	result |= json_object_set_new(object, "path", ol_json_text_or_null(header->path));
	result |= json_object_set_new(object, "pid", pid_or_null(header->pid));
	result |= json_object_set_new(object, "period_ns", ol_json_uint64(header->period_ns));
	return ol_json_write_line(stream, ol_json_checked(object, result), error);
}

int ol_watch_json_row(FILE *stream, const struct ol_watch_row *row, struct ol_error *error) {
	int result;
	json_t *object = json_of_type("sample", &result);
	result |= json_object_set_new(object, "time_ns", ol_json_uint64(row->time_ns));
	result |= json_object_set_new(object, "at_ns", ol_json_uint64(row->at_ns));
	result |= json_object_set_new(object, "path", ol_json_text(row->path));
	result |= json_object_set_new(object, "is_kept", ol_json_boolean(row->is_kept != 0));
	result |= ol_json_add_record(object, &ol_group_look_type, &row->look, NULL);
	result |= json_object_set_new(object, "killed_count", ol_json_uint64(row->killed_count));
	result |= json_object_set_new(object, "pid", pid_or_null(row->pid));
	result |= json_object_set_new(
		object, "rss_bytes", row->pid > 0 ? ol_json_uint64(row->rss_bytes) : json_null());
	return ol_json_write_line(stream, ol_json_checked(object, result), error);
}

int ol_watch_json_gone(FILE *stream, const char *path, struct ol_error *error) {
	int result;
	json_t *object = json_of_type("gone", &result);
	result |= json_object_set_new(object, "path", ol_json_text(path));
	return ol_json_write_line(stream, ol_json_checked(object, result), error);
}

int ol_watch_json_end(FILE *stream, const char *reason, struct ol_error *error) {
	int result;
	json_t *object = json_of_type("end", &result);
	result |= json_object_set_new(object, "reason", json_string(reason));
	return ol_json_write_line(stream, ol_json_checked(object, result), error);
}
