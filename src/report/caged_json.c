/* caged_json.c -- A caged program as one JSON object: schema oomlab.cage/1, docs/json.md. */
#include "report/caged_report.h"
#include "report/json_value.h"

json_t *ol_json_of_watchdog(
	const struct ol_watchdog_spec *spec, const struct ol_watchdog_facts *facts) {
	if (!spec->is_on)
		return json_null();
	const char *measure = ol_watchdog_measure_name((enum ol_watchdog_measure)spec->measure);
	const char *way = ol_watchdog_way_name((enum ol_watchdog_way)facts->way);
	json_t *every = spec->every_ns > 0 ? ol_json_uint64(spec->every_ns) : json_null();
	json_t *object = json_object();
	int result = json_object_set_new(object, "measure", json_string(measure));
	result |= json_object_set_new(object, "threshold_bytes", ol_json_uint64(spec->threshold_bytes));
	result |= json_object_set_new(object, "every_ns", every);
	result |= json_object_set_new(object, "wants_notice", ol_json_boolean(spec->wants_notice != 0));
	result |= json_object_set_new(object, "way", json_string(way));
	result |= ol_json_add_record(object, &ol_watchdog_facts_type, facts, NULL);
	return ol_json_checked(object, result);
}

int ol_json_add_kill(json_t *object, const struct ol_oom_kill *kill) {
	const char *limited_by = ol_limited_by_name((enum ol_limited_by)kill->limited_by);
	int result = json_object_set_new(object, "at_ns", ol_json_uint64(kill->at_ns));
	result |= json_object_set_new(object, "pid", json_integer(kill->pid));
	result |= json_object_set_new(object, "name", ol_json_text(kill->name));
	result |= json_object_set_new(object, "is_command", ol_json_boolean(kill->is_command != 0));
	result |= json_object_set_new(object, "anon_bytes", ol_json_uint64(kill->anon_bytes));
	result |= json_object_set_new(object, "limited_by", json_string(limited_by));
	result |=
		json_object_set_new(object, "limiting_group", ol_json_text_or_null(kill->limiting_group));
	result |= json_object_set_new(object, "kernel_line", ol_json_text_or_null(kill->kernel_line));
	return result;
}

static json_t *json_of_kills(const struct ol_caged_summary *summary) {
	json_t *kills = json_array();
	int result = 0;
	for (uint32_t i = 0; i < summary->kill_told_count && i < OL_KILLS_MAX; i++) {
		json_t *kill = json_object();
		result |= ol_json_add_kill(kill, &summary->kills[i]);
		result |= json_array_append_new(kills, kill);
	}
	return ol_json_checked(kills, result);
}

static json_t *json_of_levels(const struct ol_caged_summary *summary) {
	json_t *levels = json_array();
	int result = 0;
	for (size_t i = 0; i < OL_LEVELS; i++) {
		json_t *level = json_object();
		result |= json_object_set_new(level, "percent", json_integer(ol_level_percents[i]));
		result |= json_object_set_new(level, "ns", ol_json_uint64(summary->level_ns[i]));
		result |= json_array_append_new(levels, level);
	}
	return ol_json_checked(levels, result);
}

static json_t *json_of_usage(const struct ol_caged_summary *summary) {
	json_t *bytes = json_array();
	json_t *usage = json_object();
	int result = json_object_set_new(usage, "step_ns", ol_json_uint64(summary->usage_step_ns));
	for (uint32_t i = 0; i < summary->usage_count && i < OL_USAGE_POINTS_MAX; i++)
		result |= json_array_append_new(bytes, ol_json_uint64(summary->usage_bytes[i]));
	result |= json_object_set_new(usage, "bytes", bytes);
	return ol_json_checked(usage, result);
}

int ol_json_add_caged_header(json_t *object, const struct ol_caged_summary *summary) {
	const struct ol_caged_spec *spec = &summary->spec;
	json_t *timeout = spec->timeout_ns > 0 ? ol_json_uint64(spec->timeout_ns) : json_null();
	int result = json_object_set_new(object, "command", ol_json_text(spec->command));
	result |= json_object_set_new(object, "pid", json_integer(summary->pid));
	result |= json_object_set_new(object, "adopted", ol_json_boolean(spec->adopted_pid != 0));
	result |= json_object_set_new(object, "is_kept", ol_json_boolean(spec->is_kept != 0));
	result |= json_object_set_new(object, "limit_bytes", ol_json_uint64(spec->limit_bytes));
	result |= json_object_set_new(object, "swap_bytes", ol_json_uint64(spec->swap_bytes));
	result |= json_object_set_new(object, "high_bytes", ol_json_uint64(spec->high_bytes));
	result |= json_object_set_new(
		object, "address_space_bytes", ol_json_uint64(spec->address_space_bytes));
	result |= json_object_set_new(object, "timeout_ns", timeout);
	result |=
		json_object_set_new(object, "sample_period_ns", ol_json_uint64(spec->sample_period_ns));
	result |= json_object_set_new(object, "cgroup", ol_json_of_cgroup(&summary->cage));
	return result;
}

static int add_kills(json_t *object, const struct ol_caged_summary *summary) {
	const char *outcome = ol_outcome_name(summary->outcome);
	int result = json_object_set_new(object, "outcome", json_string(outcome));
	result |= json_object_set_new(object, "was_let_go", ol_json_boolean(summary->was_let_go != 0));
	result |= json_object_set_new(object, "evidence", ol_json_of_evidence(&summary->evidence));
	result |= json_object_set_new(object, "kills", json_of_kills(summary));
	result |= json_object_set_new(object, "kill_count", ol_json_uint64(summary->kill_count));
	result |= json_object_set_new(
		object, "is_command_oom_killed", ol_json_boolean(summary->is_command_oom_killed != 0));
	result |= json_object_set_new(
		object, "is_ended_by_lab", ol_json_boolean(summary->is_ended_by_lab != 0));
	return result;
}

static int add_figures(json_t *object, const struct ol_caged_summary *summary) {
	json_t *stall = summary->has_stall ? ol_json_uint64(summary->stall_ns) : json_null();
	json_t *refused =
		summary->is_refused_known ? ol_json_uint64(summary->refused_count) : json_null();
	json_t *addresses = summary->address_space_peak_bytes > 0
							? ol_json_uint64(summary->address_space_peak_bytes)
							: json_null();
	int result =
		json_object_set_new(object, "cage_peak_bytes", ol_json_uint64(summary->peak_bytes));
	result |= json_object_set_new(object, "end_bytes", ol_json_uint64(summary->end_bytes));
	result |=
		json_object_set_new(object, "rss_peak_bytes", ol_json_uint64(summary->rss_peak_bytes));
	result |= json_object_set_new(object, "above", json_of_levels(summary));
	result |= json_object_set_new(object, "stall_ns", stall);
	result |= json_object_set_new(object, "major_faults", ol_json_uint64(summary->major_faults));
	result |= json_object_set_new(object, "minor_faults", ol_json_uint64(summary->minor_faults));
	result |= json_object_set_new(object, "user_ns", ol_json_uint64(summary->user_ns));
	result |= json_object_set_new(object, "system_ns", ol_json_uint64(summary->system_ns));
	result |= json_object_set_new(object, "wall_ns", ol_json_uint64(summary->wall_ns));
	result |= json_object_set_new(object, "processes_left", ol_json_uint64(summary->left_count));
	result |= json_object_set_new(object, "refused_count", refused);
	result |= json_object_set_new(object, "address_space_peak_bytes", addresses);
	result |= json_object_set_new(object, "sample_count", ol_json_uint64(summary->sample_count));
	result |= json_object_set_new(object, "usage", json_of_usage(summary));
	return result;
}

static json_t *json_of_error(const struct ol_caged_summary *summary) {
	if (summary->error_message[0] == '\0')
		return json_null();
	json_t *object = json_object();
	int result = json_object_set_new(object, "message", ol_json_text(summary->error_message));
	return ol_json_checked(object, result);
}

int ol_json_add_caged_summary(json_t *object, const struct ol_caged_summary *summary) {
	int result = json_object_set_new(object, "schema", json_string("oomlab.cage/1"));
	result |= ol_json_add_caged_header(object, summary);
	result |= add_kills(object, summary);
	result |= add_figures(object, summary);
	result |= json_object_set_new(
		object, "watchdog", ol_json_of_watchdog(&summary->spec.watchdog, &summary->watchdog));
	result |= json_object_set_new(object, "dump", ol_json_text_or_null(summary->dump_directory));
	result |= json_object_set_new(object, "error", json_of_error(summary));
	result |= json_object_set_new(object, "system", ol_json_of_system(&summary->system));
	return result;
}

int ol_caged_json_write_summary(
	FILE *stream, const struct ol_caged_summary *summary, struct ol_error *error) {
	json_t *object = json_object();
	return ol_json_write_line(
		stream, ol_json_checked(object, ol_json_add_caged_summary(object, summary)), error);
}
