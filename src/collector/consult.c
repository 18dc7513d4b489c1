/* consult.c -- Asks the policy, and does as it orders. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/internal.h"

enum { CONSULTING_DEPTH_MAX = 8 };

static bool is_by_costs(const struct ol_collector *collector) {
	return collector->config.mode == OL_COLLECTOR_INCREMENTAL;
}

/* The cycle as a policy is told of it. */
static struct ol_gc_cycle told_cycle(
	const struct ol_collector *collector, const struct ol_gc_cycle *cycle) {
	const struct ol_cycle_costs *costs = &collector->cycle.costs;
	struct ol_gc_cycle told = *cycle;
	if (!is_by_costs(collector))
		return told;
	told.pause_ns = (uint64_t)costs->pause_ns;
	told.sweep_term_ns = told.pause_ns;
	told.mark_term_ns = 0;
	told.mark_ns = (uint64_t)(costs->assist_ns + costs->background_ns);
	told.assist_ns = (uint64_t)costs->assist_ns;
	told.background_ns = (uint64_t)costs->background_ns;
	return told;
}

static struct ol_policy_stats stats_of(const struct ol_collector *collector) {
	struct ol_heap_stats stats = ol_heap_stats(collector->heap);
	struct ol_memstats memstats = ol_collector_memstats(collector);
	if (is_by_costs(collector) && collector->cost_ns > 0)
		memstats.gc_cpu_fraction = fmin(collector->gc_cost_ns / collector->cost_ns, 1);
	return (struct ol_policy_stats){
		.at_ns =
			ol_collector_now_ns(collector) - (is_by_costs(collector) ? 0 : collector->start_ns),
		.marked_bytes = collector->pacer.heap_marked_bytes,
		.heap_live_bytes = stats.live_bytes,
		.goal_bytes = memstats.next_gc,
		.mapped_ready_bytes = stats.mapped_ready_bytes,
		.free_bytes = stats.free_bytes,
		.unswept_bytes = stats.unswept_bytes,
		.cage_bytes = collector->config.cage_bytes != NULL
						  ? collector->config.cage_bytes(collector->config.context)
						  : 0,
		.gc_ns = is_by_costs(collector) ? (uint64_t)collector->gc_cost_ns : collector->gc_cpu_ns,
		.allocated_total_bytes = stats.allocated_total_bytes,
		.memory_limit_bytes = collector->pacer.memory_limit_bytes,
		.gogc = collector->pacer.gc_percent,
		.is_collecting = collector->cycle.is_active,
		.memstats = memstats,
	};
}

/* Told what the pacer plans while no other goal is set. */
static void ask_goal(struct ol_collector *collector) {
	struct ol_policy *policy = collector->config.policy;
	if (policy->ops->goal == NULL || collector->verdict.code != 0)
		return;
	uint64_t set_bytes = collector->pacer.set_goal_bytes;
	ol_pacer_set_goal(&collector->pacer, 0);
	struct ol_policy_stats stats = stats_of(collector);
	uint64_t goal_bytes = policy->ops->goal(policy, &stats);
	ol_pacer_set_goal(&collector->pacer, goal_bytes);
	if (goal_bytes != set_bytes)
		ol_cycle_replan(collector);
}

static void tell(struct ol_collector *collector, const char *what, const char *reason) {
	if (collector->config.on_order == NULL)
		return;
	char text[OL_TEXT_BYTES];
	snprintf(text, sizeof text, "%s%s%.400s", what, *reason != '\0' ? ": " : "", reason);
	collector->config.on_order(collector->config.context, text);
}

static void obey_limits(struct ol_collector *collector, const struct ol_policy_orders *orders) {
	const struct ol_pacer *pacer = &collector->pacer;
	int32_t gogc = orders->has_gogc ? orders->gogc : pacer->gc_percent;
	uint64_t limit_bytes =
		orders->has_memory_limit ? orders->memory_limit_bytes : pacer->memory_limit_bytes;
	if (gogc != pacer->gc_percent || limit_bytes != pacer->memory_limit_bytes)
		ol_collector_set_limits(collector, gogc, limit_bytes);
}

static void obey_end(struct ol_collector *collector, const struct ol_policy_orders *orders) {
	if (!orders->is_error && !orders->is_end)
		return;
	ol_error_set(
		&collector->verdict, orders->is_error ? -EBADMSG : -ECANCELED, "%s", orders->reason);
	collector->quick.heap = NULL;
	tell(collector, orders->is_error ? "failed" : "ended the run", orders->reason);
}

/* may_collect: false where the policy was asked on account of a collection that it ordered. */
static void obey(
	struct ol_collector *collector, const struct ol_policy_orders *orders, bool may_collect) {
	obey_limits(collector, orders);
	if (orders->is_collect && may_collect) {
		tell(collector, "ordered a collection", orders->reason);
		ol_collector_run_full(collector, true);
	}
	if (orders->scavenge_bytes > 0)
		ol_heap_scavenge(collector->heap, orders->scavenge_bytes);
	obey_end(collector, orders);
	ask_goal(collector);
}

static bool may_consult(const struct ol_collector *collector) {
	return collector->config.policy != NULL && collector->verdict.code == 0 &&
		   collector->consulting_depth < CONSULTING_DEPTH_MAX;
}

static void hold_ballast(struct ol_collector *collector, uint64_t bytes) {
	struct ol_allocation allocation;
	ol_root root;
	struct ol_error error;
	int result = ol_heap_allocate_slab(collector->heap, bytes, &allocation, &error);
	if (result == 0)
		result = ol_heap_root_create(collector->heap, allocation.object, &root, &error);
	if (result == 0)
		return;
	ol_error_set(&collector->verdict, -EBADMSG, "the policy's ballast: %s", error.message);
	collector->quick.heap = NULL;
}

void ol_consult_start(struct ol_collector *collector) {
	struct ol_policy *policy = collector->config.policy;
	if (policy == NULL)
		return;
	struct ol_policy_orders orders = { 0 };
	collector->consulting_depth++;
	if (policy->ops->on_start != NULL) {
		struct ol_policy_stats stats = stats_of(collector);
		policy->ops->on_start(policy, &collector->config.cage, &stats, &orders);
	}
	if (orders.ballast_bytes > 0)
		hold_ballast(collector, orders.ballast_bytes);
	obey(collector, &orders, true);
	collector->next_tick_ns = ol_collector_now_ns(collector) + policy->tick_period_ns;
	collector->consulting_depth--;
}

void ol_consult_gc_end(struct ol_collector *collector, const struct ol_gc_cycle *cycle) {
	if (!may_consult(collector))
		return;
	struct ol_policy *policy = collector->config.policy;
	struct ol_policy_orders orders = { 0 };
	/* The collector's own copy changes with the next cycle. */
	struct ol_gc_cycle ended = told_cycle(collector, cycle);
	collector->consulting_depth++;
	if (policy->ops->on_gc_end != NULL) {
		struct ol_policy_stats stats = stats_of(collector);
		policy->ops->on_gc_end(policy, &ended, &stats, &orders);
	}
	obey(collector, &orders, collector->consulting_depth == 1);
	collector->consulting_depth--;
}

static void tick(struct ol_collector *collector) {
	struct ol_policy *policy = collector->config.policy;
	if (policy->ops->on_tick == NULL || policy->tick_period_ns == 0)
		return;
	uint64_t now_ns = ol_collector_now_ns(collector);
	if (now_ns < collector->next_tick_ns)
		return;
	/* Late ticks are not made up for. */
	collector->next_tick_ns = now_ns + policy->tick_period_ns;
	struct ol_policy_orders orders = { 0 };
	struct ol_policy_stats stats = stats_of(collector);
	policy->ops->on_tick(policy, &stats, &orders);
	obey(collector, &orders, true);
}

static bool is_under_pressure(const struct ol_collector *collector) {
	struct pollfd poll_fd = { .fd = collector->config.pressure_fd, .events = POLLIN };
	if (poll(&poll_fd, 1, 0) <= 0 || (poll_fd.revents & POLLIN) == 0)
		return false;
	/* What is taken, and whether there was anything to take, is of no matter: see cage.h. */
	char bytes[64];
	(void)!read(poll_fd.fd, bytes, sizeof bytes);
	return true;
}

static void hear_pressure(struct ol_collector *collector) {
	struct ol_policy *policy = collector->config.policy;
	if (policy->ops->on_pressure == NULL || collector->config.pressure_fd < 0)
		return;
	uint64_t now_ns = ol_clock_now_ns(collector->clock);
	if (now_ns < collector->next_pressure_ns)
		return;
	collector->next_pressure_ns = now_ns + OL_COLLECTOR_PRESSURE_PERIOD_NS;
	if (!is_under_pressure(collector))
		return;
	struct ol_policy_orders orders = { 0 };
	struct ol_policy_stats stats = stats_of(collector);
	struct ol_policy_pressure pressure = {
		.kind = collector->config.pressure_kind,
		.at_ns = stats.at_ns,
		.cage_bytes = stats.cage_bytes,
	};
	policy->ops->on_pressure(policy, &pressure, &stats, &orders);
	obey(collector, &orders, true);
}

void ol_consult_due(struct ol_collector *collector) {
	if (collector->is_gc_end_due) {
		collector->is_gc_end_due = false;
		ol_consult_gc_end(collector, &collector->ended_cycle);
	}
	if (!may_consult(collector) || collector->consulting_depth > 0)
		return;
	collector->consulting_depth++;
	tick(collector);
	if (collector->verdict.code == 0)
		hear_pressure(collector);
	collector->consulting_depth--;
}

int ol_consult_before_grow(
	struct ol_collector *collector, uint64_t span_bytes, unsigned attempt, struct ol_error *error) {
	struct ol_policy *policy = collector->config.policy;
	if (policy == NULL || policy->ops->before_grow == NULL || !may_consult(collector) ||
		collector->consulting_depth > 0)
		return 0;
	uint64_t bytes = ol_heap_growth_bytes(collector->heap, span_bytes);
	if (bytes == 0)
		return 0;
	collector->consulting_depth++;
	struct ol_policy_orders orders = { 0 };
	struct ol_policy_stats stats = stats_of(collector);
	policy->ops->before_grow(policy, bytes, &stats, &orders);
	bool may_collect = attempt == 0;
	obey(collector, &orders, may_collect);
	collector->consulting_depth--;
	if (collector->verdict.code != 0)
		return ol_collector_verdict(collector, error);
	if (may_collect && (orders.is_collect || orders.scavenge_bytes > 0))
		return 1;
	if (!orders.is_refused)
		return 0;
	collector->is_refused = true;
	tell(collector, "refused", orders.reason);
	return ol_error_set(error, -ENOMEM, "the policy refused %llu bytes: %s",
		(unsigned long long)bytes, orders.reason);
}
