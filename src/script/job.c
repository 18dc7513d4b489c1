/* job.c -- Prepares a run: scenario, settings, options, policy. */
#include "script/job.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "script/script_internal.h"
#include "script/script_policy.h"

/* What the looks of a watchdog missed is told by samples. */
#define WATCHED_SAMPLE_PERIOD_NS (10 * OL_NS_PER_MS)

struct ol_script_job {
	struct ol_script *script;
	bool is_script_owned;
	bool is_own;
	struct ol_script_policy *policy;
	struct ol_plan plan;
};

/* The same script once more, as the subject will read it. */
static int open_declared(const struct ol_script_job_request *request, struct ol_script **ret_script,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_script_source source = request->experiment->source;
	source.text = malloc(source.text_bytes + 1);
	if (source.text == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the script");
	memcpy(source.text, request->experiment->source.text, source.text_bytes + 1);
	return ol_script_load(&source, request->index, ret_script, ret_failure, error);
}

static int open_scenario(struct ol_script_job *job, const struct ol_script_job_request *request,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	job->script = request->script;
	job->is_script_owned = request->script == NULL;
	if (request->script != NULL)
		return 0;
	if (request->name != NULL)
		return ol_script_open(request->name, &job->script, ret_failure, error);
	return open_declared(request, &job->script, ret_failure, error);
}

static int set_over(
	struct ol_plan *plan, const struct ol_script_setting *setting, struct ol_error *error) {
	if (strcmp(setting->name, "dump") == 0)
		return ol_error_set(error, -EINVAL,
			"dump=%.64s: the runs of an experiment leave none behind; oomlab run does",
			setting->text);
	return ol_script_set(plan, setting->name, setting->text, error);
}

static int make_plan(struct ol_script_job *job, const struct ol_script_job_request *request,
	struct ol_error *error) {
	struct ol_plan *plan = &job->plan;
	int result = ol_script_plan(job->script, plan, error);
	if (result == 0 && request->apply_settings != NULL)
		result = request->apply_settings(request->context, plan, error);
	for (size_t i = 0; result == 0 && i < request->setting_count; i++)
		result = set_over(plan, &request->settings[i], error);
	for (size_t i = 0; result == 0 && i < request->option_count; i++)
		result = ol_script_set_option(
			job->script, request->options[i].name, request->options[i].text, error);
	if (result == 0)
		result = ol_plan_finish(plan, error);
	if (result == 0)
		result = ol_script_fill(job->script, &plan->spec, error);
	if (plan->spec.watchdog.is_on && plan->spec.sample_period_ns == 0)
		plan->spec.sample_period_ns = WATCHED_SAMPLE_PERIOD_NS;
	/* Nobody is there to write it. */
	plan->spec.dump_parent[0] = '\0';
	plan->spec.wants_profile = 0;
	return result;
}

static int open_policy(
	struct ol_script_job *job, struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_run_spec *spec = &job->plan.spec;
	struct ol_error reason;
	int result = ol_script_policy_open(spec, &job->policy, ret_failure, &reason);
	if (result == 0)
		result = ol_script_policy_fill(job->policy, spec, &reason);
	if (result < 0)
		return ol_error_set(error, result, "policy=%s: %s", spec->policy, reason.message);
	return 0;
}

/* World, seed and patience decide no verdict, or should not. */
static bool is_alike(const struct ol_run_spec *a, const struct ol_run_spec *b) {
	return strcmp(a->policy, b->policy) == 0 &&
		   strcmp(a->policy_argument, b->policy_argument) == 0 &&
		   strcmp(a->policy_path, b->policy_path) == 0 && strcmp(a->rules, b->rules) == 0 &&
		   strcmp(a->collector, b->collector) == 0 && a->limit_bytes == b->limit_bytes &&
		   a->swap_bytes == b->swap_bytes && a->high_bytes == b->high_bytes &&
		   a->address_space_bytes == b->address_space_bytes &&
		   a->memory_limit_bytes == b->memory_limit_bytes && a->gogc == b->gogc &&
		   a->script_memory_bytes_max == b->script_memory_bytes_max &&
		   a->has_huge_pages == b->has_huge_pages && a->is_stress == b->is_stress &&
		   a->is_trigger_before_mapping == b->is_trigger_before_mapping &&
		   a->fail_memory_request == b->fail_memory_request &&
		   a->instructions_max == b->instructions_max && a->watchdog.is_on == b->watchdog.is_on;
}

static int compare_with_own(struct ol_script_job *job, struct ol_error *error) {
	struct ol_plan own;
	ol_plan_init(&own);
	int result = ol_script_plan(job->script, &own, error);
	if (result == 0)
		result = ol_plan_finish(&own, error);
	job->is_own = result == 0 && is_alike(&own.spec, &job->plan.spec);
	return result;
}

int ol_script_job_open(const struct ol_script_job_request *request, struct ol_script_job **ret_job,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	assert(
		(request->name != NULL) + (request->script != NULL) + (request->experiment != NULL) == 1);
	struct ol_script_job *job = calloc(1, sizeof *job);
	if (ret_failure != NULL)
		ret_failure->traceback[0] = '\0';
	if (job == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a run");
	ol_plan_init(&job->plan);
	int result = open_scenario(job, request, ret_failure, error);
	if (result == 0)
		result = make_plan(job, request, error);
	if (result == 0)
		result = compare_with_own(job, error);
	if (result == 0)
		result = open_policy(job, ret_failure, error);
	if (result < 0) {
		ol_script_job_close(job);
		return result;
	}
	*ret_job = job;
	return 0;
}

void ol_script_job_close(struct ol_script_job *job) {
	if (job == NULL)
		return;
	ol_script_policy_close(job->policy);
	if (job->is_script_owned)
		ol_script_close(job->script);
	free(job);
}

const struct ol_run_spec *ol_script_job_spec(const struct ol_script_job *job) {
	return &job->plan.spec;
}

struct ol_supervisor_texts ol_script_job_texts(const struct ol_script_job *job) {
	return (struct ol_supervisor_texts){
		.script = job->script->source.text,
		.policy = ol_script_policy_text(job->policy),
	};
}

struct ol_script *ol_script_job_script(const struct ol_script_job *job) {
	return job->script;
}

bool ol_script_job_is_own(const struct ol_script_job *job) {
	return job->is_own;
}
