/* engine.h -- What a batch makes its runs with: subjects in cages, or something that a test plays.
 */
#ifndef OL_BATCH_ENGINE_H
#define OL_BATCH_ENGINE_H

#include <poll.h>

#include "base/error.h"
#include "supervisor/supervision.h"

/* As the functions of supervisor/supervision.h, on a run of its own kind. */
struct ol_batch_engine {
	int (*start)(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
		struct ol_run_summary *ret_summary, void **ret_run, struct ol_error *error);
	void (*poll_fds)(const void *run, struct pollfd ret_fds[OL_SUPERVISION_FDS]);
	int (*wait_ms)(const void *run);
	int (*step)(void *run, struct ol_error *error);
	void (*kill)(void *run);
	int (*finish)(void *run, struct ol_error *error);
};

/* Real ones. */
extern const struct ol_batch_engine ol_batch_subjects;

#endif
