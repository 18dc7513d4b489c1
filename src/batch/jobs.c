/* jobs.c -- The runs of an experiment, made as a batch. */
#include "batch/jobs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "batch/batch.h"
#include "script/job.h"

struct jobs {
	const struct ol_script_runs *runs;
	size_t next;
	struct ol_script_job **open; /* By number; NULL: not yet, or no more. */
};

static int next(void *context, struct ol_batch_run *ret_run, struct ol_error *error) {
	struct jobs *jobs = context;
	size_t number = jobs->next;
	if (number == jobs->runs->count)
		return 0;
	jobs->next++;
	int result = jobs->runs->open(jobs->runs->context, number, &jobs->open[number], error);
	if (result < 0)
		return result;
	ret_run->spec = ol_script_job_spec(jobs->open[number]);
	ret_run->texts = ol_script_job_texts(jobs->open[number]);
	ret_run->number = number;
	return 1;
}

/* A run less is an experiment of another kind: the first that cannot be made ends it. */
static int done(void *context, uint64_t number, int result, const struct ol_run_summary *summary,
	const struct ol_error *reason, struct ol_error *error) {
	struct jobs *jobs = context;
	ol_script_job_close(jobs->open[number]);
	jobs->open[number] = NULL;
	if (result < 0) {
		*error = *reason;
		return result;
	}
	return jobs->runs->done(jobs->runs->context, number, summary, error);
}

int ol_batch_script_runs(void *context, const struct ol_script_runs *runs, struct ol_error *error) {
	OL_AUTO_FREE struct ol_script_job **open =
		calloc(runs->count + 1, sizeof(struct ol_script_job *));
	struct jobs jobs = { .runs = runs, .open = open };
	struct ol_batch_source source = { .context = &jobs, .next = next, .done = done };
	struct ol_batch_room room;
	if (open == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the runs");
	int result = ol_batch_room(&room, error);
	if (result < 0)
		return result;
	result = ol_batch_run(&room, &ol_batch_worlds, &source, error);
	for (size_t i = 0; i < runs->count; i++)
		ol_script_job_close(open[i]);
	return result;
}
