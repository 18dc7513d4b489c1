/* engine.c -- Subjects in cages and pretended ones, as a batch makes them. */
#include "batch/engine.h"

#include "world/world.h"

static const struct ol_supervisor_sink nobody;

static int run_at_once(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	struct ol_run_summary *ret_summary, struct ol_error *error) {
	return ol_world_run(spec, texts, &nobody, ret_summary, error);
}

static int start(const struct ol_run_spec *spec, const struct ol_supervisor_texts *texts,
	struct ol_run_summary *ret_summary, void **ret_run, struct ol_error *error) {
	struct ol_supervision *supervision;
	int result = ol_supervision_start(spec, texts, &nobody, ret_summary, &supervision, error);
	if (result == 0)
		*ret_run = supervision;
	return result;
}

static void poll_fds(const void *run, struct pollfd ret_fds[OL_SUPERVISION_FDS]) {
	ol_supervision_poll_fds(run, ret_fds);
}

static int wait_ms(const void *run) {
	return ol_supervision_wait_ms(run);
}

static int step(void *run, struct ol_error *error) {
	return ol_supervision_step(run, error);
}

static void kill_run(void *run) {
	ol_supervision_kill(run, false);
}

static int finish(void *run, struct ol_error *error) {
	return ol_supervision_finish(run, error);
}

const struct ol_batch_engine ol_batch_worlds = {
	.is_at_once = ol_world_is_pretend,
	.run_at_once = run_at_once,
	.start = start,
	.poll_fds = poll_fds,
	.wait_ms = wait_ms,
	.step = step,
	.kill = kill_run,
	.finish = finish,
};
