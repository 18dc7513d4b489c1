/* limiter.c -- The bucket's arithmetic. */
#include "collector/limiter.h"

static const double background_share = 0.25;

void ol_limiter_init(struct ol_limiter *limiter, uint64_t processors, uint64_t now_ns) {
	*limiter = (struct ol_limiter){ .processors = processors, .updated_ns = now_ns };
}

static void accumulate(struct ol_limiter *limiter, uint64_t program_ns, uint64_t collector_ns) {
	uint64_t capacity_ns = limiter->processors * OL_LIMITER_NS_A_PROCESSOR;
	uint64_t room_ns = capacity_ns - limiter->fill_ns;
	if (collector_ns >= program_ns) {
		uint64_t more_ns = collector_ns - program_ns;
		limiter->fill_ns = more_ns >= room_ns ? capacity_ns : limiter->fill_ns + more_ns;
		limiter->is_limiting = limiter->fill_ns == capacity_ns;
		return;
	}
	/* Off again as soon as it drains at all. */
	uint64_t less_ns = program_ns - collector_ns;
	limiter->fill_ns = less_ns >= limiter->fill_ns ? 0 : limiter->fill_ns - less_ns;
	limiter->is_limiting = false;
}

static void update(struct ol_limiter *limiter, uint64_t now_ns) {
	if (now_ns <= limiter->updated_ns)
		return;
	uint64_t window_ns = (now_ns - limiter->updated_ns) * limiter->processors;
	uint64_t collector_ns = limiter->assist_ns;
	if (limiter->is_cycle)
		collector_ns += (uint64_t)((double)window_ns * background_share);
	/* Several threads told their times: together they may say more than the window holds. */
	if (collector_ns > window_ns)
		collector_ns = window_ns;
	uint64_t idle_ns = limiter->idle_ns;
	if (idle_ns > window_ns - collector_ns)
		idle_ns = window_ns - collector_ns;
	limiter->updated_ns = now_ns;
	limiter->assist_ns = 0;
	limiter->idle_ns = 0;
	accumulate(limiter, window_ns - collector_ns - idle_ns, collector_ns);
}

void ol_limiter_transition(
	struct ol_limiter *limiter, bool is_cycle, uint64_t stop_ns, uint64_t now_ns) {
	if (stop_ns > now_ns)
		stop_ns = now_ns;
	update(limiter, now_ns - stop_ns);
	if (now_ns > limiter->updated_ns) {
		accumulate(limiter, 0, (now_ns - limiter->updated_ns) * limiter->processors);
		limiter->updated_ns = now_ns;
	}
	limiter->is_cycle = is_cycle;
}

void ol_limiter_add_assist(struct ol_limiter *limiter, uint64_t assist_ns) {
	limiter->assist_ns += assist_ns;
}

void ol_limiter_add_idle(struct ol_limiter *limiter, uint64_t idle_ns) {
	limiter->idle_ns += idle_ns;
}

void ol_limiter_update(struct ol_limiter *limiter, uint64_t now_ns) {
	if (now_ns - limiter->updated_ns >= OL_LIMITER_PERIOD_NS)
		update(limiter, now_ns);
}
