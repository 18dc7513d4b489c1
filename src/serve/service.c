/* service.c -- What the server asks its host. */
#include "serve/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run_dump.h"
#include "cli/say.h"
#include "cli/script_handle.h"
#include "report/report.h"

struct ol_service {
	struct ol_run_request *request;
	struct ol_json_record *record; /* NULL: none. */
	struct ol_run_dump *dump;      /* Of the present life; NULL: none. */
	struct ol_supervisor_sink sink;
	struct ol_plan trial; /* Large: a plan that is being tried. */
	struct ol_plan trial_finished;
};

static const struct ol_run_spec *next_spec(void *context, struct ol_supervisor_texts *ret_texts) {
	const struct ol_service *service = context;
	size_t bytes;
	ret_texts->script = ol_script_text(service->request->script, &bytes);
	ret_texts->policy = ol_script_policy_text(service->request->policy);
	return &service->request->plan.spec;
}

/* Finishes the trial and finds its policy; nothing of the present plan is touched. */
static int try_plan(
	struct ol_service *service, struct ol_script_policy **ret_policy, struct ol_error *error) {
	struct ol_plan *plan = &service->trial_finished;
	OL_AUTO_POLICY struct ol_script_policy *policy = NULL;
	*plan = service->trial;
	int result = ol_plan_finish(plan, error);
	if (result == 0)
		result = ol_script_fill(service->request->script, &plan->spec, error);
	if (result == 0)
		result = ol_script_policy_open(&plan->spec, &policy, NULL, error);
	if (result == 0)
		result = ol_script_policy_fill(policy, &plan->spec, error);
	if (result < 0)
		return result;
	*ret_policy = policy;
	policy = NULL;
	return 0;
}

static int set(void *context, const struct ol_option_value *settings, size_t setting_count,
	struct ol_error *error) {
	struct ol_service *service = context;
	struct ol_run_request *request = service->request;
	struct ol_script_policy *policy;
	service->trial = request->draft;
	for (size_t i = 0; i < setting_count; i++) {
		int result = ol_plan_set(&service->trial, settings[i].name, settings[i].string, error);
		if (result < 0)
			return result;
		/* Nothing over HTTP reaches the file system. */
		if (strcmp(settings[i].name, "policy") == 0 && service->trial.spec.policy_path[0] != '\0')
			return ol_error_set(error, -EINVAL,
				"policy=%.64s: expected the name of a policy; a file can be given only where the "
				"server is started",
				settings[i].string);
	}
	int result = try_plan(service, &policy, error);
	if (result < 0)
		return result;
	ol_script_policy_close(request->policy);
	request->policy = policy;
	request->draft = service->trial;
	request->plan = service->trial_finished;
	return 0;
}

struct visiting {
	void (*visit)(void *context, const char *name, const char *title, const char *argument);
	void *context;
};

static void visit_name(void *context, const char *name) {
	const struct visiting *visiting = context;
	OL_AUTO_POLICY struct ol_script_policy *policy = NULL;
	if (ol_open_policy(name, &policy, NULL, NULL) == 0)
		visiting->visit(visiting->context, name, ol_script_policy_title(policy),
			ol_script_policy_argument(policy));
}

static void each_policy(void *context,
	void (*visit)(void *visit_context, const char *name, const char *title, const char *argument),
	void *visit_context) {
	struct visiting visiting = { visit, visit_context };
	(void)context;
	/* A list that cannot be made is empty: a name can still be typed. */
	(void)ol_script_policy_list(visit_name, &visiting, NULL);
}

static void log_line(void *context, const char *line) {
	const struct ol_service *service = context;
	if (!service->request->is_quiet)
		ol_say("%s", line);
}

static void note_start(void *context, const struct ol_run_summary *summary) {
	struct ol_service *service = context;
	struct ol_error error;
	if (service->record != NULL)
		ol_json_record_header(service->record, summary);
	if (summary->spec.dump_parent[0] != '\0' &&
		ol_run_dump_create(&summary->spec, &service->dump, &error) < 0)
		log_line(context, error.message);
	ol_run_dump_start(service->dump, summary);
}

static void note_phase(void *context, const struct ol_phase *phase) {
	const struct ol_service *service = context;
	if (service->record != NULL)
		ol_json_record_phase(service->record, phase);
	ol_run_dump_phase(service->dump, phase);
}

static void note_gc(void *context, const struct ol_gc_cycle *cycle) {
	const struct ol_service *service = context;
	if (service->record != NULL)
		ol_json_record_gc(service->record, cycle);
	ol_run_dump_gc(service->dump, cycle);
}

static void note_sample(void *context, const struct ol_sample *sample) {
	const struct ol_service *service = context;
	if (service->record != NULL)
		ol_json_record_sample(service->record, sample);
	ol_run_dump_sample(service->dump, sample);
}

static void note_event(void *context, const struct ol_event *event) {
	const struct ol_service *service = context;
	if (service->record != NULL)
		ol_json_record_event(service->record, event);
	ol_run_dump_event(service->dump, event);
}

static void note_act(void *context, const struct ol_supervisor_scene *scene) {
	const struct ol_service *service = context;
	ol_run_dump_act(service->dump, scene);
}

static void note_profile(void *context, const struct ol_profile_site *sites, uint32_t site_count) {
	const struct ol_service *service = context;
	ol_run_dump_profile(service->dump, sites, site_count);
}

static void end_dump(struct ol_service *service, struct ol_run_summary *summary) {
	char line[OL_PATH_BYTES + 32];
	struct ol_error error;
	if (ol_run_dump_end(service->dump, summary, &error) < 0)
		log_line(service, error.message);
	ol_run_dump_destroy(service->dump);
	service->dump = NULL;
	snprintf(line, sizeof line, "dump: %s", summary->dump_directory);
	if (summary->dump_directory[0] != '\0')
		log_line(service, line);
}

static void note_end(void *context, struct ol_run_summary *summary) {
	struct ol_service *service = context;
	end_dump(service, summary);
	if (service->record != NULL)
		ol_json_record_summary(service->record, summary);
}

int ol_service_create(struct ol_run_request *request, struct ol_service **ret_service,
	struct ol_http_host *ret_host, struct ol_error *error) {
	struct ol_service *service = calloc(1, sizeof *service);
	if (service == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the server");
	service->request = request;
	if (request->record_path != NULL) {
		int result = ol_json_record_create(request->record_path, &service->record, error);
		if (result < 0) {
			free(service);
			return result;
		}
	}
	service->sink = (struct ol_supervisor_sink){
		.context = service,
		.on_start = note_start,
		.on_phase_end = note_phase,
		.on_gc = note_gc,
		.on_sample = note_sample,
		.on_event = note_event,
		.on_act = note_act,
		.on_profile = note_profile,
	};
	*ret_host = (struct ol_http_host){
		.context = service,
		.next_spec = next_spec,
		.set = set,
		.each_policy = each_policy,
		.log = log_line,
		.sink = &service->sink,
		.on_life_end = note_end,
	};
	*ret_service = service;
	return 0;
}

int ol_service_destroy(struct ol_service *service, struct ol_error *error) {
	if (service == NULL)
		return 0;
	ol_run_dump_destroy(service->dump);
	int result = ol_json_record_destroy(service->record, error);
	free(service);
	return result;
}
