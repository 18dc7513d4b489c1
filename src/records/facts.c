/* facts.c -- Headers and summaries of runs and of cages, out of JSON.
 *
 * The other way round stand report/json_summary.c and report/caged_json.c. */
#include "records/facts.h"

#include <errno.h>
#include <string.h>

#include "records/take.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Takes the fields of an object within the line; one that is not there leaves all as it was. */
static int take_within(const json_t *line, const char *name, const struct ol_take *takes,
	size_t count, void *record, struct ol_error *error) {
	const json_t *object = NULL;
	int result = ol_take_object(line, name, &object, error);
	return result < 0 || object == NULL ? result
										: ol_take_fields(object, takes, count, record, error);
}

static int take_record_within(const json_t *line, const char *name,
	const struct ol_record_type *type, void *record, struct ol_error *error) {
	const json_t *object = NULL;
	int result = ol_take_object(line, name, &object, error);
	return result < 0 || object == NULL ? result : ol_take_record(object, type, record, error);
}

#define CAGE(name, kind, member) OL_TAKE(name, kind, ol_cage_facts, member)
static const struct ol_take cage_takes[] = {
	CAGE("mode", OL_TAKE_TEXT, mode),
	CAGE("path", OL_TAKE_TEXT, path),
	CAGE("memory_version", OL_TAKE_UINT32, memory_version),
	CAGE("has_swap_limit", OL_TAKE_BOOLEAN, has_swap_limit),
};

#define SYSTEM(name, kind, member) OL_TAKE(name, kind, ol_system_facts, member)
static const struct ol_take system_takes[] = {
	SYSTEM("kernel", OL_TAKE_TEXT, kernel),
	SYSTEM("cpus", OL_TAKE_UINT64_OR_0, cpus),
	SYSTEM("page_bytes", OL_TAKE_UINT64_OR_0, page_bytes),
	SYSTEM("thp", OL_TAKE_TEXT, thp),
	SYSTEM("oomlab", OL_TAKE_TEXT, oomlab),
};

#define EVIDENCE(name, kind, member) OL_TAKE(name, kind, ol_evidence, member)
static const struct ol_take evidence_takes[] = {
	EVIDENCE("signal", OL_TAKE_INT32_OR_0, signal),
	EVIDENCE("exit_status", OL_TAKE_INT32, exit_status),
	EVIDENCE("oom_kill_delta", OL_TAKE_UINT64_OR_0, oom_kill_delta),
	EVIDENCE("high_delta", OL_TAKE_UINT64_OR_0, high_delta),
	EVIDENCE("limited_by", OL_TAKE_LIMITED_BY, limited_by),
	EVIDENCE("limiting_group", OL_TAKE_TEXT, limiting_group),
	EVIDENCE("swap_peak_bytes", OL_TAKE_UINT64_OR_0, swap_peak_bytes),
	EVIDENCE("kernel_line", OL_TAKE_TEXT, kernel_line),
};

#define WATCHDOG(name, kind, member) OL_TAKE(name, kind, ol_watchdog_spec, member)
static const struct ol_take watchdog_takes[] = {
	WATCHDOG("measure", OL_TAKE_MEASURE, measure),
	WATCHDOG("threshold_bytes", OL_TAKE_UINT64_OR_0, threshold_bytes),
	WATCHDOG("every_ns", OL_TAKE_UINT64_OR_0, every_ns),
	WATCHDOG("wants_notice", OL_TAKE_BOOLEAN, wants_notice),
};
static const struct ol_take watchdog_way[] = {
	OL_TAKE("way", OL_TAKE_WAY, ol_watchdog_facts, way),
	OL_TAKE("has_notice", OL_TAKE_BOOLEAN, ol_watchdog_facts, has_notice),
};

static int take_watchdog(const json_t *line, struct ol_watchdog_spec *spec,
	struct ol_watchdog_facts *facts, struct ol_error *error) {
	const json_t *object = NULL;
	int result = ol_take_object(line, "watchdog", &object, error);
	if (result < 0 || object == NULL)
		return result;
	spec->is_on = 1;
	result = ol_take_fields(object, watchdog_takes, COUNT(watchdog_takes), spec, error);
	if (result == 0)
		result = ol_take_fields(object, watchdog_way, COUNT(watchdog_way), facts, error);
	return result < 0 ? result : ol_take_record(object, &ol_watchdog_facts_type, facts, error);
}

/* Runs */

#define SPEC(name, kind, member) OL_TAKE(name, kind, ol_run_spec, member)
static const struct ol_take spec_takes[] = {
	SPEC("scenario", OL_TAKE_TEXT, scenario),
	SPEC("title", OL_TAKE_TEXT, title),
	SPEC("limit_bytes", OL_TAKE_UINT64, limit_bytes),
	SPEC("parent_limit_bytes", OL_TAKE_UINT64, parent_limit_bytes),
	SPEC("swap_bytes", OL_TAKE_UINT64, swap_bytes),
	SPEC("high_bytes", OL_TAKE_UINT64, high_bytes),
	SPEC("address_space_bytes", OL_TAKE_UINT64, address_space_bytes),
	SPEC("timeout_ns", OL_TAKE_UINT64_OR_0, timeout_ns),
	SPEC("collector", OL_TAKE_TEXT, collector),
	SPEC("world", OL_TAKE_TEXT, world),
	SPEC("seed", OL_TAKE_UINT64_OR_0, seed),
};
static const struct ol_take policy_takes[] = {
	SPEC("name", OL_TAKE_TEXT, policy),
	SPEC("argument", OL_TAKE_TEXT, policy_argument),
	SPEC("gogc", OL_TAKE_GOGC, gogc),
	SPEC("memory_limit_bytes", OL_TAKE_MEMORY_LIMIT, memory_limit_bytes),
	SPEC("rules", OL_TAKE_TEXT, rules),
};

#define RUN(name, kind, member) OL_TAKE(name, kind, ol_run_summary, member)
static const struct ol_take run_takes[] = {
	RUN("outcome", OL_TAKE_OUTCOME, outcome),
	RUN("baseline_bytes", OL_TAKE_UINT64_OR_0, baseline_bytes),
	RUN("cage_peak_bytes", OL_TAKE_UINT64_OR_0, cage_peak_bytes),
	RUN("dump", OL_TAKE_TEXT, dump_directory),
	RUN("wall_ns", OL_TAKE_UINT64_OR_0, wall_ns),
	RUN("script_bytes", OL_TAKE_UINT64_OR_0, last_words.script_bytes),
	RUN("script_peak_bytes", OL_TAKE_UINT64_OR_0, last_words.script_peak_bytes),
};
static const struct ol_take run_error_takes[] = {
	RUN("message", OL_TAKE_TEXT, error_message),
	RUN("traceback", OL_TAKE_TEXT, error_traceback),
};

void ol_facts_init_run(struct ol_run_summary *summary) {
	*summary = (struct ol_run_summary){ .evidence.exit_status = -1 };
	summary->spec.parent_limit_bytes = UINT64_MAX;
	summary->spec.high_bytes = UINT64_MAX;
	summary->spec.address_space_bytes = UINT64_MAX;
	summary->spec.memory_limit_bytes = OL_MEMORY_LIMIT_OFF;
	summary->watchdog.crossed_at_ns = UINT64_MAX;
	summary->watchdog.acted_at_ns = UINT64_MAX;
	summary->watchdog.ended_at_ns = UINT64_MAX;
}

static void take_option(const char *name, const json_t *value, struct ol_option_value *option) {
	*option = (struct ol_option_value){ .type = OL_OPTION_STRING };
	ol_take_text(name, option->name, sizeof option->name);
	if (json_is_boolean(value)) {
		option->type = OL_OPTION_BOOLEAN;
		option->boolean = json_is_true(value);
	} else if (json_is_integer(value)) {
		option->type = OL_OPTION_INTEGER;
		option->integer = json_integer_value(value);
	} else if (json_is_real(value)) {
		option->type = OL_OPTION_NUMBER;
		option->number = json_real_value(value);
	} else if (json_is_string(value)) {
		ol_take_text(json_string_value(value), option->string, sizeof option->string);
	} else {
		option->is_unset = 1;
	}
}

static int take_options(const json_t *line, struct ol_run_spec *spec, struct ol_error *error) {
	const json_t *options = NULL;
	int result = ol_take_object(line, "options", &options, error);
	if (result < 0 || options == NULL)
		return result;
	if (json_object_size(options) > OL_OPTIONS_MAX)
		return ol_error_set(error, -EBADMSG, "'options' has more than %d", OL_OPTIONS_MAX);
	spec->option_count = 0;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)options, name, value)
		take_option(name, value, &spec->options[spec->option_count++]);
	return 0;
}

int ol_facts_take_phase(const json_t *object, struct ol_phase *phase, struct ol_error *error) {
	if (!json_is_object(object))
		return ol_error_set(error, -EBADMSG, "a phase is not an object");
	*phase = (struct ol_phase){ 0 };
	int result = ol_take_demand(object, "at_ns", error);
	if (result == 0)
		result = ol_take_record(object, &ol_phase_type, phase, error);
	if (result == 0)
		result = take_record_within(object, "memstats", &ol_memstats_type, &phase->memstats, error);
	return result;
}

static int take_phases(const json_t *line, struct ol_run_summary *summary, struct ol_error *error) {
	const json_t *phases = NULL;
	int result = ol_take_array(line, "phases", &phases, error);
	if (result < 0 || phases == NULL)
		return result;
	size_t count = json_array_size(phases);
	if (count > OL_PHASES_MAX)
		return ol_error_set(error, -EBADMSG, "'phases' has more than %d", OL_PHASES_MAX);
	summary->phase_count = count;
	for (size_t i = 0; result == 0 && i < count; i++)
		result = ol_facts_take_phase(json_array_get(phases, i), &summary->phases[i], error);
	return result;
}

static int take_run_end(
	const json_t *line, struct ol_run_summary *summary, struct ol_error *error) {
	struct ol_last_words *last = &summary->last_words;
	int result = ol_take_fields(line, run_takes, COUNT(run_takes), summary, error);
	if (result == 0)
		result = take_within(
			line, "evidence", evidence_takes, COUNT(evidence_takes), &summary->evidence, error);
	if (result == 0)
		result = take_record_within(line, "last_words", &ol_last_words_type, last, error);
	if (result == 0)
		result = take_record_within(line, "memstats", &ol_memstats_type, &last->memstats, error);
	if (result == 0)
		result = take_record_within(line, "pauses", &ol_pauses_type, &last->pauses, error);
	if (result == 0)
		result =
			take_within(line, "error", run_error_takes, COUNT(run_error_takes), summary, error);
	return result == 0 ? take_phases(line, summary, error) : result;
}

int ol_facts_take_run(const json_t *line, struct ol_run_summary *summary, struct ol_error *error) {
	struct ol_run_spec *spec = &summary->spec;
	int result = ol_take_fields(line, spec_takes, COUNT(spec_takes), spec, error);
	if (result == 0)
		result = take_within(line, "policy", policy_takes, COUNT(policy_takes), spec, error);
	if (result == 0)
		result = take_within(line, "cgroup", cage_takes, COUNT(cage_takes), &summary->cage, error);
	if (result == 0)
		result =
			take_within(line, "system", system_takes, COUNT(system_takes), &summary->system, error);
	if (result == 0)
		result = take_watchdog(line, &spec->watchdog, &summary->watchdog, error);
	if (result == 0)
		result = take_options(line, spec, error);
	return result == 0 ? take_run_end(line, summary, error) : result;
}

/* Cages */

#define CAGED(name, kind, member) OL_TAKE(name, kind, ol_caged_summary, member)
static const struct ol_take caged_takes[] = {
	CAGED("command", OL_TAKE_TEXT, spec.command),
	CAGED("pid", OL_TAKE_INT32, pid),
	CAGED("is_kept", OL_TAKE_BOOLEAN, spec.is_kept),
	CAGED("limit_bytes", OL_TAKE_UINT64, spec.limit_bytes),
	CAGED("swap_bytes", OL_TAKE_UINT64, spec.swap_bytes),
	CAGED("high_bytes", OL_TAKE_UINT64, spec.high_bytes),
	CAGED("address_space_bytes", OL_TAKE_UINT64, spec.address_space_bytes),
	CAGED("timeout_ns", OL_TAKE_UINT64_OR_0, spec.timeout_ns),
	CAGED("sample_period_ns", OL_TAKE_UINT64_OR_0, spec.sample_period_ns),
	CAGED("outcome", OL_TAKE_OUTCOME, outcome),
	CAGED("was_let_go", OL_TAKE_BOOLEAN, was_let_go),
	CAGED("kill_count", OL_TAKE_UINT64_OR_0, kill_count),
	CAGED("is_command_oom_killed", OL_TAKE_BOOLEAN, is_command_oom_killed),
	CAGED("is_ended_by_lab", OL_TAKE_BOOLEAN, is_ended_by_lab),
	CAGED("cage_peak_bytes", OL_TAKE_UINT64_OR_0, peak_bytes),
	CAGED("end_bytes", OL_TAKE_UINT64_OR_0, end_bytes),
	CAGED("rss_peak_bytes", OL_TAKE_UINT64_OR_0, rss_peak_bytes),
	CAGED("major_faults", OL_TAKE_UINT64_OR_0, major_faults),
	CAGED("minor_faults", OL_TAKE_UINT64_OR_0, minor_faults),
	CAGED("user_ns", OL_TAKE_UINT64_OR_0, user_ns),
	CAGED("system_ns", OL_TAKE_UINT64_OR_0, system_ns),
	CAGED("wall_ns", OL_TAKE_UINT64_OR_0, wall_ns),
	CAGED("processes_left", OL_TAKE_UINT32, left_count),
	CAGED("address_space_peak_bytes", OL_TAKE_UINT64_OR_0, address_space_peak_bytes),
	CAGED("stall_ns", OL_TAKE_UINT64_OR_0, stall_ns),
	CAGED("refused_count", OL_TAKE_UINT64_OR_0, refused_count),
	CAGED("sample_count", OL_TAKE_UINT64_OR_0, sample_count),
	CAGED("dump", OL_TAKE_TEXT, dump_directory),
};
static const struct ol_take caged_error_takes[] = {
	CAGED("message", OL_TAKE_TEXT, error_message),
};

#define KILL(name, kind, member) OL_TAKE(name, kind, ol_oom_kill, member)
static const struct ol_take kill_takes[] = {
	KILL("at_ns", OL_TAKE_UINT64_OR_0, at_ns),
	KILL("pid", OL_TAKE_INT32, pid),
	KILL("name", OL_TAKE_TEXT, name),
	KILL("is_command", OL_TAKE_BOOLEAN, is_command),
	KILL("anon_bytes", OL_TAKE_UINT64_OR_0, anon_bytes),
	KILL("limited_by", OL_TAKE_LIMITED_BY, limited_by),
	KILL("limiting_group", OL_TAKE_TEXT, limiting_group),
	KILL("kernel_line", OL_TAKE_TEXT, kernel_line),
};

void ol_facts_init_caged(struct ol_caged_summary *summary) {
	*summary = (struct ol_caged_summary){ .evidence.exit_status = -1 };
	summary->spec.high_bytes = UINT64_MAX;
	summary->spec.address_space_bytes = UINT64_MAX;
	summary->watchdog.crossed_at_ns = UINT64_MAX;
	summary->watchdog.acted_at_ns = UINT64_MAX;
	summary->watchdog.ended_at_ns = UINT64_MAX;
}

static int take_kills(
	const json_t *line, struct ol_caged_summary *summary, struct ol_error *error) {
	const json_t *kills = NULL;
	int result = ol_take_array(line, "kills", &kills, error);
	if (result < 0 || kills == NULL)
		return result;
	if (json_array_size(kills) > OL_KILLS_MAX)
		return ol_error_set(error, -EBADMSG, "'kills' has more than %d", OL_KILLS_MAX);
	summary->kill_told_count = (uint32_t)json_array_size(kills);
	for (uint32_t i = 0; result == 0 && i < summary->kill_told_count; i++)
		result = ol_take_fields(
			json_array_get(kills, i), kill_takes, COUNT(kill_takes), &summary->kills[i], error);
	return result;
}

int ol_facts_take_caged(
	const json_t *line, struct ol_caged_summary *summary, struct ol_error *error) {
	int result = ol_take_fields(line, caged_takes, COUNT(caged_takes), summary, error);
	summary->has_stall = json_is_integer(json_object_get(line, "stall_ns"));
	summary->is_refused_known = json_is_integer(json_object_get(line, "refused_count"));
	summary->spec.adopted_pid = json_is_true(json_object_get(line, "adopted")) ? summary->pid : 0;
	if (result == 0)
		result = take_within(line, "cgroup", cage_takes, COUNT(cage_takes), &summary->cage, error);
	if (result == 0)
		result =
			take_within(line, "system", system_takes, COUNT(system_takes), &summary->system, error);
	if (result == 0)
		result = take_within(
			line, "evidence", evidence_takes, COUNT(evidence_takes), &summary->evidence, error);
	if (result == 0)
		result =
			take_within(line, "error", caged_error_takes, COUNT(caged_error_takes), summary, error);
	if (result == 0)
		result = take_watchdog(line, &summary->spec.watchdog, &summary->watchdog, error);
	return result == 0 ? take_kills(line, summary, error) : result;
}
