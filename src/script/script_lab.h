/* script_lab.h -- Scripts as the lab sees them: find, load, describe, check options, judge, and run
 * experiments.
 *
 * The lab never runs a scenario's program: that happens in the cage (script_subject.h). It loads
 * the script in a sandboxed state of its own, with a cap on memory and time, to learn what the
 * scenario declares. */
#ifndef OL_SCRIPT_SCRIPT_LAB_H
#define OL_SCRIPT_SCRIPT_LAB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "record/route.h"
#include "supervisor/plan.h"
#include "supervisor/supervisor.h"

struct ol_script; /* Opaque: a loaded script with its Lua state. */

/* An error in a script: the one line is in ol_error ("FILE:LINE: message"), the rest here. */
struct ol_script_failure {
	char traceback[OL_MESSAGE_BYTES]; /* "" where none. */
};

/* Finds and loads. A name without a slash and without ".lua" is a bundled script, or one of the
 * user's ($OOMLAB_PATH directories, then the build tree's scripts/ when run from it, then the
 * embedded ones); everything else is a path. -ENOENT: no such script, with a suggestion. -EBADMSG:
 * the script is at fault (syntax error, error when loaded, returns nonsense, too slow, too much
 * memory): exit status 3; ret_failure is filled (NULL is fine). */
int ol_script_open(const char *name_or_path, struct ol_script **ret_script,
	struct ol_script_failure *ret_failure, struct ol_error *error);
/* The same for a script of the caller's own, which is no file; name is how errors call it. */
int ol_script_open_text(const char *name, const char *text, struct ol_script **ret_script,
	struct ol_script_failure *ret_failure, struct ol_error *error);
void ol_script_close(struct ol_script *script); /* NULL is fine. */

/* From now on scripts are opened without a sandbox: --trusted. Their runs have is_trusted set. */
void ol_script_trust(void);

/* Called, from a signal handler, with a line that names the script, when one runs for too long
 * outside the cage where nothing in Lua can end it. It has to end the process. */
void ol_script_on_stuck(void (*end)(const char *line));

enum ol_script_kind { OL_SCRIPT_SCENARIO, OL_SCRIPT_EXPERIMENT };
enum ol_script_kind ol_script_kind(const struct ol_script *script);
const char *ol_script_name(const struct ol_script *script);  /* "spike" */
const char *ol_script_path(const struct ol_script *script);  /* As errors show it. */
const char *ol_script_title(const struct ol_script *script); /* One line. */
/* The comment block the script begins with, without its dashes: question and "watch for". */
const char *ol_script_synopsis(const struct ol_script *script);
const char *ol_script_text(const struct ol_script *script, size_t *ret_bytes);

const struct ol_option *ol_script_options(const struct ol_script *script, size_t *ret_count);

/* What it offers over HTTP; 0 for a script that is for oomlab run alone. */
const struct ol_route *ol_script_routes(const struct ol_script *script, size_t *ret_count);
/* Where it wants its service to listen, "127.0.0.1:8080"; "" for no wish. */
const char *ol_script_listen(const struct ol_script *script);

/* Sets an option from the command line's text; NULL text for a flag without a value. -ENOENT: the
 * script has no such option. -EINVAL, -ERANGE: bad value; the message says what was expected. */
int ol_script_set_option(
	struct ol_script *script, const char *name, const char *text, struct ol_error *error);

/* The scenario's own settings (limit, gogc, memlimit, ...) over the plan's. */
int ol_script_plan(const struct ol_script *script, struct ol_plan *plan, struct ol_error *error);
/* Writes who the script is and its option values into a finished spec. */
int ol_script_fill(
	const struct ol_script *script, struct ol_run_spec *spec, struct ol_error *error);

/* Asks the scenario's expect(run, opt). ret_met: 1 met, 0 not, -1 it has none. -EBADMSG as open. */
int ol_script_expect(struct ol_script *script, const struct ol_run_summary *summary, int *ret_met,
	struct ol_script_failure *ret_failure, struct ol_error *error);

struct ol_script_job; /* job.h */

/* Runs that a script asks for together. */
struct ol_script_runs {
	size_t count;
	void *context;
	/* Prepares one, by its number from 0; whoever asked closes it. */
	int (*open)(
		void *context, size_t index, struct ol_script_job **ret_job, struct ol_error *error);
	/* Tells what became of one, in the order in which they end. */
	int (*done)(
		void *context, size_t index, const struct ol_run_summary *summary, struct ol_error *error);
};

/* What an experiment needs of whoever runs it. All but run may be NULL. */
struct ol_script_host {
	void *context;
	/* Settings of the environment and the command line, applied to each run's plan over the
	 * scenario's own settings and under those that lab.run gives. Not finished: that comes after.
	 */
	int (*apply_settings)(void *context, struct ol_plan *plan, struct ol_error *error);
	/* What the experiment prints, a line at a time, without a newline. */
	void (*print)(void *context, const char *line);
	/* Makes the runs, several at a time where there is room, and returns when all have ended. The
	 * first failure ends those that are under way, and is returned. */
	int (*run)(void *context, const struct ol_script_runs *runs, struct ol_error *error);
	/* The same of how far it has come, which is no result. */
	void (*progress)(void *context, const char *line);
};

/* Runs an experiment's program in the lab. -EBADMSG as open; -EINTR when interrupted; other errors:
 * the lab could not do its work. ret_met as in expect: an experiment's program may return false to
 * say that what it expected was not so. */
int ol_script_run_experiment(struct ol_script *script, const struct ol_script_host *host,
	int *ret_met, struct ol_script_failure *ret_failure, struct ol_error *error);

/* Calls visit for every script that a name can find, in order of name, each once. */
int ol_script_list(
	void (*visit)(void *context, const char *name), void *context, struct ol_error *error);

#endif
