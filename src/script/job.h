/* job.h -- One prepared run: a scenario read, its settings and options applied, its policy opened.
 *
 * Runs nothing: whoever has a world hands spec and texts to it. */
#ifndef OL_SCRIPT_JOB_H
#define OL_SCRIPT_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/record.h"
#include "script/script_lab.h"
#include "supervisor/supervisor.h"

enum {
	OL_SCRIPT_SETTINGS_MAX = 32,   /* Run settings in one scenario or one lab.run. */
	OL_SCRIPT_SETTING_BYTES = 256, /* Text of one value; longer ones are cut, and then refused. */
};

/* A run setting or an option, as people write it. */
struct ol_script_setting {
	char name[OL_NAME_BYTES];
	char text[OL_SCRIPT_SETTING_BYTES];
};

/* Which scenario, and what is over its own settings. The scenario is one of: */
struct ol_script_job_request {
	const char *name;                   /* a script by name or path, */
	struct ol_script *script;           /* an open script, which has to outlive the job, or */
	const struct ol_script *experiment; /* a scenario that an open script declares, */
	int64_t index;                      /* by its number, from 0. */

	/* The first to be applied; NULL: none. */
	int (*apply_settings)(void *context, struct ol_plan *plan, struct ol_error *error);
	void *context;
	const struct ol_script_setting *settings; /* The next. */
	size_t setting_count;
	const struct ol_script_setting *options;
	size_t option_count;
};

struct ol_script_job; /* Opaque. Large. */

/* -EBADMSG: script or policy are at fault, ret_failure is filled (NULL is fine). -ENOENT, -EINVAL,
 * -ERANGE: there is no such script, setting, option or policy, or they do not go together. */
int ol_script_job_open(const struct ol_script_job_request *request, struct ol_script_job **ret_job,
	struct ol_script_failure *ret_failure, struct ol_error *error);
void ol_script_job_close(struct ol_script_job *job); /* NULL is fine. */

/* Finished, and what goes with it; both live as long as the job. It leaves no dump. */
const struct ol_run_spec *ol_script_job_spec(const struct ol_script_job *job);
struct ol_supervisor_texts ol_script_job_texts(const struct ol_script_job *job);
struct ol_script *ol_script_job_script(const struct ol_script_job *job);

/* Whether nothing that bears on its end is set otherwise than the scenario has it by itself: then
 * its expectation is of this run, too. */
bool ol_script_job_is_own(const struct ol_script_job *job);

/* One of the cases of a scenario. Large. */
struct ol_script_case {
	char name[OL_NAME_BYTES * 2]; /* One line. */
	bool has_outcome;
	enum ol_outcome outcome; /* How it has to end. */
	size_t setting_count;
	struct ol_script_setting settings[OL_SCRIPT_SETTINGS_MAX];
	size_t option_count;
	struct ol_script_setting options[OL_OPTIONS_MAX];
};

/* How many cases a scenario has; the one of a number, from 0: -EBADMSG. */
size_t ol_script_case_count(const struct ol_script *script);
int ol_script_case_read(struct ol_script *script, size_t index, struct ol_script_case *ret_case,
	struct ol_error *error);

#endif
