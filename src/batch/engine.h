/* engine.h -- What a batch makes its runs with: subjects in cages and pretended ones, or what a
 * test plays.
 */
#ifndef OL_BATCH_ENGINE_H
#define OL_BATCH_ENGINE_H

#include <poll.h>
#include <stdbool.h>

#include "base/error.h"
#include "supervisor/supervision.h"

/* As the functions of supervisor/supervision.h, on a run of its own kind. */
struct ol_batch_engine {
	/* Whether a run is of a world in which nothing has to be waited for: then it is over when
	 * run_at_once returns, and takes no room. */
	bool (*is_at_once)(const struct ol_run_spec *spec);
	int (*run_at_once)(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
		struct ol_run_summary *ret_summary, struct ol_error *error);

	int (*start)(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
		struct ol_run_summary *ret_summary, void **ret_run, struct ol_error *error);
	void (*poll_fds)(const void *run, struct pollfd ret_fds[OL_SUPERVISION_FDS]);
	int (*wait_ms)(const void *run);
	int (*step)(void *run, struct ol_error *error);
	void (*kill)(void *run);
	int (*finish)(void *run, struct ol_error *error);
};

/* In the world that each spec names. */
extern const struct ol_batch_engine ol_batch_worlds;

#endif
