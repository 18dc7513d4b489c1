/* compare_session.c -- The runs of a comparison, and what is told of them. */
#include "cli/compare_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "batch/batch.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/script_handle.h"
#include "cli/signals.h"
#include "report/compare_report.h"
#include "report/new_file.h"

struct session {
	struct ol_compare_request *request;
	struct ol_compare compare;
	struct ol_batch_room room;
	struct ol_progress progress;
	uint64_t next;               /* Run; those of a cell follow each other. */
	uint64_t done_count;         /* Runs that need not be waited for any more. */
	struct ol_script_job **jobs; /* Of runs, by number; NULL: not begun, or over. */
	int status;                  /* The worst that a cell has come to. */
};

static uint64_t run_count_of(const struct ol_compare *compare) {
	return compare->row_count * compare->column_count * compare->repeat_count;
}

static void note_status(struct session *session, int status) {
	if (status > session->status)
		session->status = status;
}

static void note_reason(struct ol_compare_cell *cell, const char *reason) {
	if (cell->reason[0] == '\0')
		snprintf(cell->reason, sizeof cell->reason, "%.*s", (int)sizeof cell->reason - 1, reason);
}

/* ---- Making the runs ------------------------------------------------------------------------- */

static int open_job(
	struct session *session, size_t index, struct ol_script_job **ret_job, struct ol_error *error) {
	const struct ol_compare *compare = &session->compare;
	struct ol_compare_place place =
		ol_compare_request_place(session->request, index / compare->column_count);
	struct ol_script_setting *policy = &place.settings[place.setting_count++];
	strcpy(policy->name, ol_compare_axis_names[OL_AXIS_POLICY]);
	strcpy(policy->text, compare->policies[index % compare->column_count]);
	struct ol_script_job_request request = {
		.script = place.script,
		.apply_settings = ol_compare_request_apply,
		.context = session->request,
		.settings = place.settings,
		.setting_count = place.setting_count,
	};
	return ol_script_job_open(&request, ret_job, NULL, error);
}

static void refuse(struct session *session, struct ol_compare_cell *cell, const char *reason) {
	cell->state = OL_COMPARE_REFUSED;
	note_reason(cell, reason);
	session->done_count += session->compare.repeat_count - cell->run_count;
}

/* Settings that do not go together are this cell's affair alone. */
static int next(void *context, struct ol_batch_run *ret_run, struct ol_error *error) {
	struct session *session = context;
	const struct ol_compare *compare = &session->compare;
	while (session->next < run_count_of(compare)) {
		uint64_t number = session->next++;
		size_t index = number / compare->repeat_count;
		struct ol_compare_cell *cell = &compare->cells[index];
		struct ol_script_job **job = &session->jobs[number];
		if (cell->state == OL_COMPARE_REFUSED)
			continue;
		int result = open_job(session, index, job, error);
		if (result == -ENOMEM)
			return result;
		if (result < 0) {
			refuse(session, cell, error->message);
			if (result == -EBADMSG)
				note_status(session, OL_EXIT_SCRIPT);
			continue;
		}
		ret_run->spec = ol_script_job_spec(*job);
		ret_run->texts = ol_script_job_texts(*job);
		ret_run->number = number;
		return 1;
	}
	return 0;
}

/* An expectation is of the scenario as it is, not of what others make of it. */
static void judge(struct session *session, struct ol_compare_cell *cell,
	const struct ol_script_job *job, const struct ol_run_summary *summary) {
	struct ol_error error;
	int met = -1;
	if (!ol_script_job_is_own(job))
		return;
	int result = ol_script_expect(ol_script_job_script(job), summary, &met, NULL, &error);
	if (result < 0) {
		note_reason(cell, error.message);
		note_status(session, OL_EXIT_SCRIPT);
		return;
	}
	if (cell->met != 0)
		cell->met = met;
	if (met == 0 && session->request->is_check)
		note_status(session, OL_EXIT_UNMET);
}

static void keep(struct session *session, uint64_t number, const struct ol_run_summary *summary) {
	struct ol_compare *compare = &session->compare;
	struct ol_compare_cell *cell = &compare->cells[number / compare->repeat_count];
	const struct ol_last_words *last = &summary->last_words;
	/* In the order of the ends: no run of a cell is another than the next. */
	uint64_t place = number / compare->repeat_count * compare->repeat_count + cell->run_count;
	compare->runs[place] = (struct ol_compare_run){
		.outcome = summary->outcome,
		.cage_peak_bytes = summary->cage_peak_bytes,
		.garbage_bytes = last->garbage_bytes,
		.num_gc = last->memstats.num_gc,
		.wall_ns = summary->wall_ns,
		.gc_cpu_fraction = last->memstats.gc_cpu_fraction,
		.pauses = last->pauses,
	};
	compare->system = summary->system;
	cell->run_count++;
	if (cell->run_count == compare->repeat_count)
		cell->state = OL_COMPARE_DONE;
	if (summary->error_message[0] != '\0')
		note_reason(cell, summary->error_message);
	if (summary->outcome == OL_OUTCOME_SCRIPT_ERROR)
		note_status(session, OL_EXIT_SCRIPT);
	else if (summary->outcome == OL_OUTCOME_LAB_ERROR)
		note_status(session, OL_EXIT_LAB);
	else
		judge(session, cell, session->jobs[number], summary);
}

/* What this machine cannot do for this run, it may for others. */
static bool is_of_this_run(int result) {
	return result == -E2BIG || result == -EOPNOTSUPP;
}

static int done(void *context, uint64_t number, int result, const struct ol_run_summary *summary,
	const struct ol_error *reason, struct ol_error *error) {
	struct session *session = context;
	struct ol_compare_cell *cell = &session->compare.cells[number / session->compare.repeat_count];
	if (result == 0) {
		keep(session, number, summary);
		session->done_count++;
	} else if (is_of_this_run(result) && cell->state != OL_COMPARE_REFUSED) {
		refuse(session, cell, reason->message);
		note_status(session, OL_EXIT_LAB);
	}
	ol_script_job_close(session->jobs[number]);
	session->jobs[number] = NULL;
	if (result == 0 || is_of_this_run(result) || result == -EINTR)
		return 0;
	/* What is wrong with the machine is wrong with every run. */
	*error = *reason;
	return result;
}

static void on_progress(void *context, uint64_t running_count) {
	struct session *session = context;
	ol_progress_tell(
		&session->progress, session->done_count, run_count_of(&session->compare), running_count);
}

static bool is_all_pretended(const struct ol_compare *compare) {
	for (size_t i = 0; i < compare->row_count; i++) {
		if (!ol_world_name_is_pretend(compare->rows[i].world))
			return false;
	}
	return true;
}

static int make_runs(struct session *session) {
	struct ol_batch_source source = {
		.context = session,
		.next = next,
		.done = done,
		.on_progress = session->progress.is_shown ? on_progress : NULL,
	};
	struct ol_error error;
	int result = ol_batch_run(&session->room, &ol_batch_worlds, &source, &error);
	ol_progress_end(&session->progress);
	for (uint64_t i = 0; i < run_count_of(&session->compare); i++)
		ol_script_job_close(session->jobs[i]);
	if (!is_all_pretended(&session->compare))
		session->compare.wall_ns = ol_progress_elapsed_ns(&session->progress);
	if (result < 0 && result != -EINTR) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	return OL_EXIT_DONE;
}

/* ---- The table ------------------------------------------------------------------------------- */

/* What a row is called by does not depend on a policy, nor on whether all goes together. */
static void fill_row(struct session *session, size_t index) {
	struct ol_compare_place place = ol_compare_request_place(session->request, index);
	struct ol_compare_row *row = &session->compare.rows[index];
	OL_AUTO_FREE struct ol_plan *plan = calloc(1, sizeof *plan);
	if (plan == NULL)
		return;
	ol_plan_init(plan);
	(void)ol_script_plan(place.script, plan, NULL);
	(void)ol_compare_request_apply(session->request, plan, NULL);
	for (size_t i = 0; i < place.setting_count; i++)
		(void)ol_plan_set(plan, place.settings[i].name, place.settings[i].text, NULL);
	(void)ol_plan_finish(plan, NULL);
	snprintf(row->scenario, sizeof row->scenario, "%s", ol_script_name(place.script));
	snprintf(row->title, sizeof row->title, "%s", ol_script_title(place.script));
	strcpy(row->collector, plan->spec.collector);
	strcpy(row->world, plan->spec.world);
	row->limit_bytes = plan->spec.limit_bytes;
	row->memory_limit_bytes = plan->spec.memory_limit_bytes;
	row->gogc = plan->spec.gogc;
}

static bool set_up(struct session *session) {
	const struct ol_compare_list *policies = &session->request->lists[OL_AXIS_POLICY];
	struct ol_compare *compare = &session->compare;
	compare->row_count = ol_compare_request_row_count(session->request);
	compare->column_count = policies->count;
	compare->repeat_count = (uint64_t)session->request->repeat_count;
	compare->jobs = session->room.jobs;
	size_t cell_count = compare->row_count * compare->column_count;
	compare->rows = calloc(compare->row_count, sizeof *compare->rows);
	compare->policies = calloc(compare->column_count, sizeof *compare->policies);
	compare->cells = calloc(cell_count, sizeof *compare->cells);
	compare->runs = calloc(run_count_of(compare), sizeof *compare->runs);
	session->jobs = calloc(run_count_of(compare), sizeof(struct ol_script_job *));
	if (compare->rows == NULL || compare->policies == NULL || compare->cells == NULL ||
		compare->runs == NULL || session->jobs == NULL)
		return false;
	for (size_t i = 0; i < compare->column_count; i++)
		strcpy(compare->policies[i], policies->values[i]);
	for (size_t i = 0; i < cell_count; i++)
		compare->cells[i].met = -1;
	for (size_t i = 0; i < compare->row_count; i++)
		fill_row(session, i);
	return true;
}

static void finish(struct session *session) {
	free(session->compare.rows);
	free(session->compare.policies);
	free(session->compare.cells);
	free(session->compare.runs);
	free(session->jobs);
}

/* ---- Telling --------------------------------------------------------------------------------- */

static int write_format(
	const struct session *session, FILE *stream, struct ol_style style, struct ol_error *error) {
	const struct ol_compare *compare = &session->compare;
	switch (session->request->format) {
	case OL_COMPARE_CSV:
		ol_compare_csv(stream, compare);
		return 0;
	case OL_COMPARE_JSON:
		return ol_compare_json(stream, compare, error);
	case OL_COMPARE_HTML:
		ol_compare_html(stream, compare);
		return 0;
	default:
		ol_compare_text(stream, style, compare, session->request->is_quiet);
		return 0;
	}
}

static int write_file(const struct session *session) {
	enum { FILE_COLUMNS = 100 };
	const struct ol_style style = {
		.has_unicode = ol_style_of(stdout).has_unicode,
		.columns = FILE_COLUMNS,
	};
	OL_AUTO_FREE char *text = NULL;
	size_t length = 0;
	struct ol_error error;
	FILE *stream = open_memstream(&text, &length);
	int result = stream == NULL ? ol_error_set(&error, -ENOMEM, "no memory for the output")
								: write_format(session, stream, style, &error);
	if (stream != NULL && fclose(stream) != 0 && result == 0)
		result = ol_error_set(&error, -ENOMEM, "no memory for the output");
	if (result == 0)
		result = ol_new_file_write(session->request->output_path, text, length, &error);
	if (result == 0)
		return OL_EXIT_DONE;
	ol_say("%s", error.message);
	return OL_EXIT_LAB;
}

static int tell(const struct session *session) {
	struct ol_style style = ol_style_of(stdout);
	struct ol_error error;
	if (session->request->output_path != NULL) {
		ol_compare_text(stdout, style, &session->compare, session->request->is_quiet);
		return write_file(session);
	}
	/* A stdout that takes no more is told of at the end of the program. */
	if (write_format(session, stdout, style, &error) == 0 || ferror(stdout))
		return OL_EXIT_DONE;
	ol_say("%s", error.message);
	return OL_EXIT_LAB;
}

static int run(struct session *session) {
	struct ol_error error;
	if (ol_batch_room(&session->room, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	if (session->request->jobs > 0)
		session->room.jobs = (uint64_t)session->request->jobs;
	if (!set_up(session)) {
		ol_say("no memory for the comparison");
		return OL_EXIT_LAB;
	}
	ol_progress_init(&session->progress, "runs", session->request->is_quiet);
	ol_signals_catch();
	note_status(session, make_runs(session));
	/* Nothing to tell of: the machine takes no run. */
	bool is_empty = session->status == OL_EXIT_LAB && session->done_count == 0;
	if (!is_empty || ol_signals_caught() != 0)
		note_status(session, tell(session));
	int signal_number = ol_signals_caught();
	if (signal_number == 0)
		return session->status;
	ol_say("interrupted by SIG%s; nothing is left behind", sigabbrev_np(signal_number));
	return OL_EXIT_SIGNAL + signal_number;
}

int ol_compare_session(struct ol_compare_request *request) {
	struct session session = { .request = request };
	int status = run(&session);
	finish(&session);
	return status;
}
