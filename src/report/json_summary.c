/* json_summary.c -- A run as one JSON object: schema oomlab.run/1, docs/json.md. */
#include <errno.h>
#include <string.h>

#include "report/json_value.h"
#include "report/report.h"

static json_t *json_of_options(const struct ol_run_spec *spec) {
	json_t *options = json_object();
	for (uint32_t i = 0; i < spec->option_count && i < OL_OPTIONS_MAX; i++) {
		const struct ol_option_value *option = &spec->options[i];
		if (!option->is_unset)
			json_object_set_new(options, option->name, ol_json_option_value(option));
	}
	return options;
}

static json_t *json_of_policy(const struct ol_run_spec *spec) {
	/* A limit that is off is 2^63 - 1: what Go calls it, and no number to reckon with. */
	uint64_t limit_bytes =
		spec->memory_limit_bytes >= OL_MEMORY_LIMIT_OFF ? UINT64_MAX : spec->memory_limit_bytes;
	json_t *gogc = spec->gogc == OL_GOGC_OFF ? json_string("off") : json_integer(spec->gogc);
	json_t *policy = json_object();
	int result = json_object_set_new(policy, "name", ol_json_text(spec->policy));
	if (spec->policy_argument[0] != '\0')
		result |= json_object_set_new(policy, "argument", ol_json_text(spec->policy_argument));
	result |= json_object_set_new(policy, "gogc", gogc);
	result |= json_object_set_new(policy, "memory_limit_bytes", ol_json_uint64(limit_bytes));
	result |= json_object_set_new(policy, "rules", ol_json_text(spec->rules));
	return ol_json_checked(policy, result);
}

json_t *ol_json_of_cgroup(const struct ol_cage_facts *cage) {
	json_t *cgroup = json_object();
	int result = json_object_set_new(cgroup, "mode", ol_json_text(cage->mode));
	result |= json_object_set_new(cgroup, "path", ol_json_text(cage->path));
	result |= json_object_set_new(cgroup, "memory_version", ol_json_uint64(cage->memory_version));
	result |= json_object_set_new(cgroup, "has_swap_limit", ol_json_boolean(cage->has_swap_limit));
	return ol_json_checked(cgroup, result);
}

json_t *ol_json_of_evidence(const struct ol_evidence *evidence) {
	json_t *signal = evidence->signal > 0 ? json_integer(evidence->signal) : json_null();
	json_t *status = evidence->exit_status >= 0 ? json_integer(evidence->exit_status) : json_null();
	json_t *object = json_object();
	int result = json_object_set_new(object, "signal", signal);
	result |= json_object_set_new(object, "exit_status", status);
	result |=
		json_object_set_new(object, "oom_kill_delta", ol_json_uint64(evidence->oom_kill_delta));
	result |= json_object_set_new(object, "high_delta", ol_json_uint64(evidence->high_delta));
	result |= json_object_set_new(object, "limited_by",
		ol_json_text(ol_limited_by_name((enum ol_limited_by)evidence->limited_by)));
	result |= json_object_set_new(
		object, "limiting_group", ol_json_text_or_null(evidence->limiting_group));
	result |=
		json_object_set_new(object, "swap_peak_bytes", ol_json_uint64(evidence->swap_peak_bytes));
	result |=
		json_object_set_new(object, "kernel_line", ol_json_text_or_null(evidence->kernel_line));
	return ol_json_checked(object, result);
}

static json_t *json_of_phases(const struct ol_run_summary *summary) {
	json_t *phases = json_array();
	for (uint64_t i = 0; i < summary->phase_count && i < OL_PHASES_MAX; i++) {
		const struct ol_phase *phase = &summary->phases[i];
		if (json_array_append_new(
				phases, ol_json_of_record(&ol_phase_type, phase, &phase->memstats)) < 0) {
			json_decref(phases);
			return NULL;
		}
	}
	return phases;
}

json_t *ol_json_of_system(const struct ol_system_facts *facts) {
	json_t *object = json_object();
	int result = json_object_set_new(object, "kernel", ol_json_text(facts->kernel));
	result |= json_object_set_new(object, "cpus", ol_json_uint64(facts->cpus));
	result |= json_object_set_new(object, "page_bytes", ol_json_uint64(facts->page_bytes));
	result |= json_object_set_new(object, "thp", ol_json_text(facts->thp));
	result |= json_object_set_new(object, "oomlab", ol_json_text(facts->oomlab));
	return ol_json_checked(object, result);
}

int ol_json_add_header(json_t *object, const struct ol_run_summary *summary) {
	const struct ol_run_spec *spec = &summary->spec;
	int result = json_object_set_new(object, "scenario", ol_json_text(spec->scenario));
	result |= json_object_set_new(object, "title", ol_json_text(spec->title));
	result |= json_object_set_new(object, "options", json_of_options(spec));
	result |= json_object_set_new(object, "limit_bytes", ol_json_uint64(spec->limit_bytes));
	result |= json_object_set_new(object, "swap_bytes", ol_json_uint64(spec->swap_bytes));
	result |= json_object_set_new(object, "high_bytes", ol_json_uint64(spec->high_bytes));
	result |=
		json_object_set_new(object, "parent_limit_bytes", ol_json_uint64(spec->parent_limit_bytes));
	result |= json_object_set_new(
		object, "address_space_bytes", ol_json_uint64(spec->address_space_bytes));
	result |= json_object_set_new(object, "timeout_ns",
		spec->timeout_ns > 0 ? ol_json_uint64(spec->timeout_ns) : json_null());
	result |= json_object_set_new(object, "cgroup", ol_json_of_cgroup(&summary->cage));
	result |= json_object_set_new(object, "policy", json_of_policy(spec));
	result |= json_object_set_new(object, "collector", ol_json_text(spec->collector));
	result |= json_object_set_new(object, "world", ol_json_text(spec->world));
	result |= json_object_set_new(object, "seed", ol_json_uint64(spec->seed));
	return result;
}

static json_t *json_of_error(const struct ol_run_summary *summary) {
	json_t *object = json_object();
	int result = json_object_set_new(object, "message", ol_json_text(summary->error_message));
	result |=
		json_object_set_new(object, "traceback", ol_json_text_or_null(summary->error_traceback));
	return ol_json_checked(object, result);
}

int ol_json_add_summary(json_t *object, const struct ol_run_summary *summary) {
	const struct ol_last_words *last = &summary->last_words;
	int result = json_object_set_new(object, "schema", json_string("oomlab.run/1"));
	result |= ol_json_add_header(object, summary);
	result |=
		json_object_set_new(object, "outcome", json_string(ol_outcome_name(summary->outcome)));
	result |= json_object_set_new(object, "evidence", ol_json_of_evidence(&summary->evidence));
	result |= json_object_set_new(
		object, "last_words", ol_json_of_record(&ol_last_words_type, last, NULL));
	result |= json_object_set_new(
		object, "memstats", ol_json_of_record(&ol_memstats_type, &last->memstats, NULL));
	result |= json_object_set_new(
		object, "pauses", ol_json_of_record(&ol_pauses_type, &last->pauses, NULL));
	result |=
		json_object_set_new(object, "baseline_bytes", ol_json_uint64(summary->baseline_bytes));
	result |=
		json_object_set_new(object, "cage_peak_bytes", ol_json_uint64(summary->cage_peak_bytes));
	result |=
		json_object_set_new(object, "garbage_bytes_at_end", ol_json_uint64(last->garbage_bytes));
	result |= json_object_set_new(object, "script_bytes", ol_json_uint64(last->script_bytes));
	result |=
		json_object_set_new(object, "script_peak_bytes", ol_json_uint64(last->script_peak_bytes));
	result |= json_object_set_new(
		object, "watchdog", ol_json_of_watchdog(&summary->spec.watchdog, &summary->watchdog));
	result |= json_object_set_new(object, "dump", ol_json_text_or_null(summary->dump_directory));
	result |= json_object_set_new(object, "wall_ns", ol_json_uint64(summary->wall_ns));
	result |= json_object_set_new(object, "phase_count", ol_json_uint64(summary->phase_count));
	result |= json_object_set_new(object, "phases", json_of_phases(summary));
	if (summary->error_message[0] != '\0')
		result |= json_object_set_new(object, "error", json_of_error(summary));
	result |= json_object_set_new(object, "system", ol_json_of_system(&summary->system));
	return result;
}

json_t *ol_json_of_summary(const struct ol_run_summary *summary) {
	json_t *object = json_object();
	if (object != NULL && ol_json_add_summary(object, summary) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int ol_json_write_summary(
	FILE *stream, const struct ol_run_summary *summary, struct ol_error *error) {
	return ol_json_write_line(stream, ol_json_of_summary(summary), error);
}

int ol_json_write_phases(
	FILE *stream, const struct ol_run_summary *summary, struct ol_error *error) {
	return ol_json_write_line(stream, json_of_phases(summary), error);
}

static int stream_result(FILE *stream, struct ol_error *error) {
	if (fflush(stream) == 0 && !ferror(stream))
		return 0;
	return ol_error_set_errno(error, errno != 0 ? -errno : -EIO, "cannot write JSON");
}

int ol_json_begin_runs(FILE *stream, struct ol_error *error) {
	errno = 0;
	fputs("{\"schema\":\"oomlab.runs/1\",\"runs\":[\n", stream);
	return stream_result(stream, error);
}

int ol_json_next_run(
	FILE *stream, bool is_first, const struct ol_run_summary *summary, struct ol_error *error) {
	if (!is_first)
		fputc(',', stream);
	return ol_json_write_line(stream, ol_json_of_summary(summary), error);
}

int ol_json_end_runs(FILE *stream, const struct ol_outcome_counts *counts, struct ol_error *error) {
	json_t *outcomes = json_object();
	int result = outcomes == NULL ? -1 : 0;
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		if (counts->counts[i] > 0)
			result |= json_object_set_new(
				outcomes, ol_outcome_name((enum ol_outcome)i), ol_json_uint64(counts->counts[i]));
	}
	if (result < 0) {
		json_decref(outcomes);
		return ol_error_set(error, -ENOMEM, "no memory to write JSON");
	}
	errno = 0;
	fputs("],\"outcomes\":", stream);
	json_dumpf(outcomes, stream, JSON_COMPACT);
	json_decref(outcomes);
	fputs("}\n", stream);
	return stream_result(stream, error);
}
