/* concurrent.c -- Threads that mark while the program runs on, and the program's part in it.
 *
 * As in Go a quarter of the processors marks: whole threads, and one that works a fraction of its
 * time if a quarter is no whole number. Processors that have nothing else to do mark as well; with
 * one program thread that means: the fractional marker goes on beyond its share, and what it works
 * beyond is idle time (Go's idle workers). On a single processor nothing is idle, and it sleeps
 * instead. */
#include "collector/concurrent.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/units.h"
#include "collector/go_runtime.h"

enum {
	SLICE_BYTES = 64 << 10, /* Of scan work, between two looks at what else is to be done. */
	RUNTIME_SLICE_BYTES = 16 << 10,
	SWEEP_PAGES = 512, /* At once, with the world stopped. */
	FINISH_TRIES = 4,  /* To end marking without a long stop. */
	THREAD_STACK_BYTES = 128 << 10,
	IDLE_WAIT_NS = 100000
};

static const double marker_share = 0.25;
static const double share_slack = 1.2; /* Go's fractional worker stops at 1.2 times its share. */

static uint64_t thread_cpu_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

int ol_concurrent_thread(pthread_t *ret_thread, void *(*body)(void *), void *argument) {
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	int result = pthread_create(ret_thread, &attributes, body, argument);
	pthread_attr_destroy(&attributes);
	return -result;
}

bool ol_concurrent_wait(
	struct ol_concurrent *concurrent, pthread_cond_t *condition, uint64_t duration_ns) {
	/* Monotonic: a clock that is set back would make it sleep for hours. */
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	uint64_t nanoseconds = (uint64_t)until.tv_nsec + duration_ns;
	until.tv_sec += (time_t)(nanoseconds / OL_NS_PER_S);
	until.tv_nsec = (long)(nanoseconds % OL_NS_PER_S);
	return pthread_cond_clockwait(condition, &concurrent->lock, CLOCK_MONOTONIC, &until) ==
		   ETIMEDOUT;
}

/* In place of the globals and stacks that Go scans in each cycle, markers and assists alike: how
 * long a cycle lasts decides what it still finds alive, so the time is spent, on a processor, as
 * there. lock is held. */
static uint64_t take_runtime_bytes(struct ol_concurrent *concurrent, uint64_t bytes) {
	if (bytes > concurrent->runtime_left_bytes)
		bytes = concurrent->runtime_left_bytes;
	concurrent->runtime_left_bytes -= bytes;
	return bytes;
}

static void spend_scanning(uint64_t bytes) {
	uint64_t begin_ns = thread_cpu_ns();
	while (thread_cpu_ns() - begin_ns < bytes * OL_GO_RUNTIME_SCAN_NS_PER_BYTE)
		;
}

/* Marker threads are all idle and the world is stopped; lock is held, so none starts again. */
static void end_marking(struct ol_concurrent *concurrent, uint64_t stop_begin_ns) {
	struct ol_collector *collector = concurrent->collector;
	struct ol_cycle *cycle = &collector->cycle;
	struct ol_heap_stats before = ol_heap_stats(collector->heap);
	double wall_ns = (double)(stop_begin_ns - cycle->mark_begin_ns);
	double processors = (double)collector->processors;
	uint64_t share_ns = (uint64_t)(wall_ns * concurrent->marker_share);
	cycle->facts.background_ns =
		concurrent->marking_ns < share_ns ? concurrent->marking_ns : share_ns;
	cycle->facts.idle_ns = concurrent->marking_ns - cycle->facts.background_ns;
	struct ol_cycle_end end = {
		.heap_live_bytes = before.live_bytes,
		.allocated_bytes = before.allocated_bytes,
		.inuse_bytes = before.inuse_bytes,
		.stop_begin_ns = stop_begin_ns,
		.marking = ol_heap_mark_end(collector->heap),
	};
	if (wall_ns > 0) {
		end.assist_utilization = (double)cycle->facts.assist_ns / (wall_ns * processors);
		end.idle_utilization = (double)cycle->facts.idle_ns / (wall_ns * processors);
	}
	ol_limiter_add_idle(&collector->limiter, cycle->facts.idle_ns);
	concurrent->is_marking = false;
	ol_cycle_end(collector, &end);
	collector->is_gc_end_due = true;
	collector->ended_cycle = cycle->facts;
}

/* A marker found nothing more and all others are idle: stops the world and looks whether that is
 * the end. What the program's barrier has found since is marked in the stop if it is little.
 * lock is held on entry and on return. true: the marking is over. */
static bool try_to_end(struct ol_concurrent *concurrent, unsigned tries) {
	struct ol_heap *heap = concurrent->collector->heap;
	concurrent->is_finishing = true;
	pthread_mutex_unlock(&concurrent->lock);
	ol_world_stop(&concurrent->world);
	pthread_mutex_lock(&concurrent->lock);
	uint64_t begin_ns = ol_clock_now_ns(concurrent->collector->clock);
	bool is_over = false;
	if (concurrent->is_marking && concurrent->busy_count == 0) {
		bool is_idle = ol_heap_mark_is_done(heap);
		while (!is_idle) {
			ol_heap_mark_some(heap, 0, SLICE_BYTES, &is_idle);
			if (tries < FINISH_TRIES)
				break;
		}
		is_over = ol_heap_mark_is_done(heap);
		if (is_over)
			end_marking(concurrent, begin_ns);
	}
	concurrent->is_finishing = false;
	pthread_cond_broadcast(&concurrent->work);
	pthread_cond_broadcast(&concurrent->progress);
	pthread_mutex_unlock(&concurrent->lock);
	ol_world_go(&concurrent->world);
	pthread_mutex_lock(&concurrent->lock);
	return is_over;
}

/* Go's background sweeper: a little at a time, until it is done or the next cycle has begun. lock
 * is not held. */
static void sweep_behind(struct ol_concurrent *concurrent) {
	struct ol_collector *collector = concurrent->collector;
	bool is_over = false;
	while (!is_over) {
		ol_world_stop(&concurrent->world);
		if (!collector->cycle.is_active && !ol_heap_is_idle(collector->heap)) {
			ol_heap_sweep_some(collector->heap, SWEEP_PAGES);
			ol_cycle_note_swept(collector);
		}
		is_over = collector->cycle.is_active || ol_heap_is_idle(collector->heap);
		ol_world_go(&concurrent->world);
	}
}

/* On a single processor: until the time worked is within the share again. */
static void sleep_off(struct ol_concurrent *concurrent, uint64_t begin_ns, uint64_t worked_ns) {
	struct ol_clock *clock = concurrent->collector->clock;
	double elapsed_ns = (double)(ol_clock_now_ns(clock) - begin_ns);
	double due_ns = (double)worked_ns / (concurrent->marker_share * share_slack);
	if (due_ns > elapsed_ns)
		ol_clock_sleep_ns(clock, (uint64_t)(due_ns - elapsed_ns));
}

/* One slice; lock is held on entry and on return. */
static bool mark_slice(struct ol_marker_thread *self, uint64_t *worked_ns) {
	struct ol_concurrent *concurrent = self->concurrent;
	bool is_idle = false;
	concurrent->busy_count++;
	pthread_mutex_unlock(&concurrent->lock);
	uint64_t begin_ns = thread_cpu_ns();
	uint64_t work_bytes =
		ol_heap_mark_some(concurrent->collector->heap, self->marker, SLICE_BYTES, &is_idle);
	uint64_t slice_ns = thread_cpu_ns() - begin_ns;
	*worked_ns += slice_ns;
	atomic_fetch_add(&concurrent->credit_bytes, (int64_t)work_bytes);
	pthread_mutex_lock(&concurrent->lock);
	concurrent->busy_count--;
	concurrent->marking_ns += slice_ns;
	if (work_bytes > 0 || concurrent->is_paused)
		pthread_cond_broadcast(&concurrent->progress);
	return is_idle;
}

/* One slice of what stands for Go's globals, by a marker; lock is held on entry and on return.
 * false: all is done. */
static bool scan_runtime_slice(struct ol_concurrent *concurrent, uint64_t *worked_ns) {
	uint64_t bytes = take_runtime_bytes(concurrent, RUNTIME_SLICE_BYTES);
	if (bytes == 0)
		return false;
	concurrent->busy_count++;
	pthread_mutex_unlock(&concurrent->lock);
	spend_scanning(bytes);
	atomic_fetch_add(&concurrent->credit_bytes, (int64_t)bytes);
	pthread_mutex_lock(&concurrent->lock);
	concurrent->busy_count--;
	concurrent->marking_ns += bytes * OL_GO_RUNTIME_SCAN_NS_PER_BYTE;
	*worked_ns += bytes * OL_GO_RUNTIME_SCAN_NS_PER_BYTE;
	pthread_cond_broadcast(&concurrent->progress);
	return true;
}

/* Takes the roots once what comes before them is done, as Go comes to the stacks behind the
 * globals. lock is held on entry and on return, but not throughout. */
static void take_roots(struct ol_concurrent *concurrent) {
	pthread_mutex_unlock(&concurrent->lock);
	ol_world_stop(&concurrent->world);
	pthread_mutex_lock(&concurrent->lock);
	uint64_t begin_ns = ol_clock_now_ns(concurrent->collector->clock);
	if (concurrent->has_grey_roots) {
		concurrent->has_grey_roots = false;
		ol_heap_mark_roots(concurrent->collector->heap);
		ol_histogram_add(&concurrent->collector->pauses,
			ol_clock_now_ns(concurrent->collector->clock) - begin_ns);
	}
	pthread_mutex_unlock(&concurrent->lock);
	ol_world_go(&concurrent->world);
	pthread_mutex_lock(&concurrent->lock);
}

/* Marks until the marking is over. lock is held on entry and on return; true: this thread is the
 * one that ended it. */
static bool mark(struct ol_marker_thread *self) {
	struct ol_concurrent *concurrent = self->concurrent;
	struct ol_clock *clock = concurrent->collector->clock;
	uint64_t begin_ns = ol_clock_now_ns(clock);
	uint64_t worked_ns = 0;
	unsigned tries = 0;
	while (concurrent->is_marking) {
		if (concurrent->is_throttled) {
			pthread_mutex_unlock(&concurrent->lock);
			sleep_off(concurrent, begin_ns, worked_ns);
			pthread_mutex_lock(&concurrent->lock);
			if (!concurrent->is_marking)
				break;
		}
		if (concurrent->is_paused) {
			pthread_cond_wait(&concurrent->work, &concurrent->lock);
			continue;
		}
		if (scan_runtime_slice(concurrent, &worked_ns))
			continue;
		if (concurrent->has_grey_roots) {
			take_roots(concurrent);
			continue;
		}
		bool is_idle = mark_slice(self, &worked_ns);
		if (!concurrent->is_marking)
			break;
		if (is_idle && concurrent->busy_count == 0 && !concurrent->is_finishing) {
			if (try_to_end(concurrent, ++tries))
				return true;
		} else if (is_idle) {
			/* Somebody else is at it: what it finds may be too much for one. */
			(void)ol_concurrent_wait(concurrent, &concurrent->work, IDLE_WAIT_NS);
		}
	}
	return false;
}

static void *marker_main(void *argument) {
	struct ol_marker_thread *self = argument;
	struct ol_concurrent *concurrent = self->concurrent;
	pthread_mutex_lock(&concurrent->lock);
	while (!concurrent->is_ending) {
		if (!concurrent->is_marking) {
			pthread_cond_wait(&concurrent->work, &concurrent->lock);
			continue;
		}
		if (!mark(self))
			continue;
		pthread_mutex_unlock(&concurrent->lock);
		sweep_behind(concurrent);
		pthread_mutex_lock(&concurrent->lock);
	}
	pthread_mutex_unlock(&concurrent->lock);
	return NULL;
}

/* Go's split of a quarter of the processors (startCycle). */
static void split_share(struct ol_concurrent *concurrent, uint64_t processors) {
	static const double error_max = 0.3;
	double wanted = (double)processors * marker_share;
	uint64_t dedicated = (uint64_t)(wanted + 0.5);
	double error = (double)dedicated / wanted - 1;
	if ((error > error_max || error < -error_max) && (double)dedicated > wanted)
		dedicated--;
	bool has_fraction = error > error_max || error < -error_max;
	concurrent->marker_share = has_fraction ? wanted : (double)dedicated;
	concurrent->marker_count = (unsigned)dedicated + has_fraction;
	if (concurrent->marker_count > OL_HEAP_MARKERS_MAX - 1)
		concurrent->marker_count = OL_HEAP_MARKERS_MAX - 1;
	concurrent->is_throttled = processors == 1;
}

static int start_threads(struct ol_concurrent *concurrent, struct ol_error *error) {
	unsigned count = concurrent->marker_count;
	concurrent->marker_count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct ol_marker_thread *self = &concurrent->markers[i];
		*self = (struct ol_marker_thread){ .concurrent = concurrent, .marker = i + 1 };
		int result = ol_concurrent_thread(&self->thread, marker_main, self);
		if (result < 0)
			return ol_error_set_errno(error, result, "cannot start a marker thread");
		/* Counted under no lock: the threads read it never. */
		concurrent->marker_count++;
	}
	int result = ol_concurrent_thread(&concurrent->background, ol_background_main, concurrent);
	if (result < 0)
		return ol_error_set_errno(error, result, "cannot start the background thread");
	concurrent->has_background = true;
	return 0;
}

static void end_threads(struct ol_concurrent *concurrent) {
	pthread_mutex_lock(&concurrent->lock);
	concurrent->is_ending = true;
	pthread_cond_broadcast(&concurrent->work);
	pthread_cond_broadcast(&concurrent->wake);
	pthread_mutex_unlock(&concurrent->lock);
	ol_world_leave(&concurrent->world);
	for (unsigned i = 0; i < concurrent->marker_count; i++)
		pthread_join(concurrent->markers[i].thread, NULL);
	if (concurrent->has_background)
		pthread_join(concurrent->background, NULL);
	ol_world_enter(&concurrent->world);
}

int ol_concurrent_create(struct ol_collector *collector, struct ol_error *error) {
	struct ol_concurrent *concurrent = calloc(1, sizeof *concurrent);
	if (concurrent == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the collector's threads");
	concurrent->collector = collector;
	ol_world_init(&concurrent->world, collector->processors == 1);
	pthread_mutex_init(&concurrent->lock, NULL);
	pthread_cond_init(&concurrent->work, NULL);
	pthread_cond_init(&concurrent->progress, NULL);
	pthread_cond_init(&concurrent->wake, NULL);
	split_share(concurrent, collector->processors);
	collector->concurrent = concurrent;
	int result = ol_heap_set_marker_count(collector->heap, 1 + concurrent->marker_count, error);
	if (result == 0)
		result = start_threads(concurrent, error);
	if (result < 0)
		ol_concurrent_destroy(collector);
	return result;
}

void ol_concurrent_destroy(struct ol_collector *collector) {
	struct ol_concurrent *concurrent = collector->concurrent;
	if (concurrent == NULL)
		return;
	ol_concurrent_finish(collector);
	end_threads(concurrent);
	ol_world_finish(&concurrent->world);
	pthread_cond_destroy(&concurrent->wake);
	pthread_cond_destroy(&concurrent->progress);
	pthread_cond_destroy(&concurrent->work);
	pthread_mutex_destroy(&concurrent->lock);
	free(concurrent);
	collector->concurrent = NULL;
}

void ol_concurrent_begin(struct ol_collector *collector, bool is_forced) {
	struct ol_concurrent *concurrent = collector->concurrent;
	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	ol_cycle_begin(collector, is_forced);
	ol_heap_mark_prepare(collector->heap);
	ol_cycle_begin_marking(collector, begin_ns);
	pthread_mutex_lock(&concurrent->lock);
	assert(!concurrent->is_marking);
	concurrent->is_marking = true;
	concurrent->marking_ns = 0;
	concurrent->runtime_left_bytes = collector->globals_bytes + collector->stack_bytes;
	concurrent->has_grey_roots = true;
	atomic_store(&concurrent->credit_bytes, 0);
	pthread_cond_broadcast(&concurrent->work);
	pthread_mutex_unlock(&concurrent->lock);
}

/* Lets the others in until one of them has earned credit or ended the marking. */
static void wait_for_progress(struct ol_collector *collector, bool is_for_credit) {
	struct ol_concurrent *concurrent = collector->concurrent;
	ol_world_leave(&concurrent->world);
	pthread_mutex_lock(&concurrent->lock);
	while (concurrent->is_marking && !(is_for_credit && atomic_load(&concurrent->credit_bytes) > 0))
		pthread_cond_wait(&concurrent->progress, &concurrent->lock);
	pthread_mutex_unlock(&concurrent->lock);
	ol_world_enter(&concurrent->world);
}

/* A piece of work that the program does itself; returns how much it was. */
static uint64_t assist_some(struct ol_collector *collector, bool *ret_is_idle) {
	struct ol_concurrent *concurrent = collector->concurrent;
	pthread_mutex_lock(&concurrent->lock);
	uint64_t bytes = take_runtime_bytes(concurrent, OL_COLLECTOR_ASSIST_BYTES);
	if (bytes == 0 && concurrent->has_grey_roots) {
		concurrent->has_grey_roots = false;
		ol_heap_mark_roots(collector->heap);
	}
	pthread_mutex_unlock(&concurrent->lock);
	if (bytes == 0)
		return ol_heap_mark_some(collector->heap, 0, OL_COLLECTOR_ASSIST_BYTES, ret_is_idle);
	spend_scanning(bytes);
	return bytes;
}

/* Go's gcAssistAlloc: takes the markers' credit first, then marks; if there is nothing to mark it
 * waits for credit, or for the end of the cycle. */
void ol_concurrent_assist(struct ol_collector *collector, uint64_t bytes) {
	struct ol_cycle *cycle = &collector->cycle;
	struct ol_concurrent *concurrent = collector->concurrent;
	uint64_t begin_ns = ol_clock_now_ns(collector->clock);
	ol_limiter_update(&collector->limiter, begin_ns);
	if (!cycle->is_active || collector->limiter.is_limiting)
		return;
	uint64_t number = cycle->facts.number;
	cycle->assist_credit_work -= (double)bytes * ol_cycle_assist_ratio(collector);
	if (cycle->assist_credit_work >= 0)
		return;
	while (cycle->is_active && cycle->facts.number == number && cycle->assist_credit_work < 0) {
		int64_t credit_bytes = atomic_load(&concurrent->credit_bytes);
		if (credit_bytes > 0) {
			if ((double)credit_bytes > -cycle->assist_credit_work)
				credit_bytes = (int64_t)-cycle->assist_credit_work + 1;
			atomic_fetch_sub(&concurrent->credit_bytes, credit_bytes);
			cycle->assist_credit_work += (double)credit_bytes;
			continue;
		}
		uint64_t mark_begin_ns = ol_clock_now_ns(collector->clock);
		bool is_idle = false;
		uint64_t work_bytes = assist_some(collector, &is_idle);
		uint64_t mark_ns = ol_clock_now_ns(collector->clock) - mark_begin_ns;
		cycle->facts.assist_ns += mark_ns;
		ol_limiter_add_assist(&collector->limiter, mark_ns);
		cycle->assist_credit_work += (double)work_bytes;
		if (is_idle)
			wait_for_progress(collector, true);
		else if (ol_world_is_wanted(&concurrent->world))
			ol_world_yield(&concurrent->world);
	}
	ol_histogram_add(&collector->pauses, ol_clock_now_ns(collector->clock) - begin_ns);
}

void ol_concurrent_pause(struct ol_collector *collector) {
	struct ol_concurrent *concurrent = collector->concurrent;
	pthread_mutex_lock(&concurrent->lock);
	concurrent->is_paused = true;
	while (concurrent->busy_count > 0)
		pthread_cond_wait(&concurrent->progress, &concurrent->lock);
	pthread_mutex_unlock(&concurrent->lock);
}

void ol_concurrent_resume(struct ol_collector *collector) {
	struct ol_concurrent *concurrent = collector->concurrent;
	pthread_mutex_lock(&concurrent->lock);
	concurrent->is_paused = false;
	pthread_cond_broadcast(&concurrent->work);
	pthread_mutex_unlock(&concurrent->lock);
}

void ol_concurrent_finish(struct ol_collector *collector) {
	struct ol_cycle *cycle = &collector->cycle;
	if (!cycle->is_active)
		return;
	uint64_t number = cycle->facts.number;
	/* Whoever waits has a processor to spare for it. */
	for (bool is_idle = false; !is_idle;) {
		uint64_t begin_ns = ol_clock_now_ns(collector->clock);
		assist_some(collector, &is_idle);
		cycle->facts.assist_ns += ol_clock_now_ns(collector->clock) - begin_ns;
	}
	while (cycle->is_active && cycle->facts.number == number)
		wait_for_progress(collector, false);
}
