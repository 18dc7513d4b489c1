/* heap_crew.h -- Marker threads that can be stopped: what a collector does around marking. */
#ifndef OL_TESTS_HEAP_CREW_H
#define OL_TESTS_HEAP_CREW_H

#include <pthread.h>
#include <sched.h>

#include "heap_support.h"

enum { CREW_THREADS_MAX = 3 };

struct crew;

struct crew_thread {
	struct crew *crew;
	pthread_t thread;
	unsigned marker;
	struct ol_random random;
	uint64_t done_bytes; /* Of slots scanned. */
};

struct crew {
	struct ol_heap *heap;
	pthread_mutex_t mutex;
	pthread_cond_t has_changed;
	bool is_marking; /* Threads may enter ol_heap_mark_some. */
	bool is_ending;
	unsigned inside_count;
	unsigned thread_count;
	struct crew_thread threads[CREW_THREADS_MAX];
};

static void *crew_mark(void *argument) {
	struct crew_thread *self = argument;
	struct crew *crew = self->crew;
	pthread_mutex_lock(&crew->mutex);
	for (;;) {
		while (!crew->is_marking && !crew->is_ending)
			pthread_cond_wait(&crew->has_changed, &crew->mutex);
		if (crew->is_ending)
			break;
		crew->inside_count++;
		pthread_mutex_unlock(&crew->mutex);
		bool is_idle = false;
		uint64_t work_bytes = 1 + ol_random_below(&self->random, 3000);
		self->done_bytes += ol_heap_mark_some(crew->heap, self->marker, work_bytes, &is_idle);
		if (is_idle)
			sched_yield();
		pthread_mutex_lock(&crew->mutex);
		if (--crew->inside_count == 0)
			pthread_cond_broadcast(&crew->has_changed);
	}
	pthread_mutex_unlock(&crew->mutex);
	return NULL;
}

/* Threads for all markers but the first. */
static void crew_create(struct crew *crew, struct ol_heap *heap, unsigned thread_count) {
	*crew = (struct crew){ .heap = heap, .thread_count = thread_count };
	assert_true(thread_count <= CREW_THREADS_MAX);
	pthread_mutex_init(&crew->mutex, NULL);
	pthread_cond_init(&crew->has_changed, NULL);
	for (unsigned i = 0; i < thread_count; i++) {
		struct crew_thread *thread = &crew->threads[i];
		thread->crew = crew;
		thread->marker = i + 1;
		thread->random = ol_random_seeded(i);
		assert_int_equal(pthread_create(&thread->thread, NULL, crew_mark, thread), 0);
	}
}

static void crew_start(struct crew *crew) {
	pthread_mutex_lock(&crew->mutex);
	crew->is_marking = true;
	pthread_cond_broadcast(&crew->has_changed);
	pthread_mutex_unlock(&crew->mutex);
}

/* From here on no thread is in the heap. */
static void crew_stop(struct crew *crew) {
	pthread_mutex_lock(&crew->mutex);
	crew->is_marking = false;
	while (crew->inside_count > 0)
		pthread_cond_wait(&crew->has_changed, &crew->mutex);
	pthread_mutex_unlock(&crew->mutex);
}

static void crew_destroy(struct crew *crew) {
	crew_stop(crew);
	pthread_mutex_lock(&crew->mutex);
	crew->is_ending = true;
	pthread_cond_broadcast(&crew->has_changed);
	pthread_mutex_unlock(&crew->mutex);
	for (unsigned i = 0; i < crew->thread_count; i++)
		pthread_join(crew->threads[i].thread, NULL);
	pthread_cond_destroy(&crew->has_changed);
	pthread_mutex_destroy(&crew->mutex);
}

/* Lets the threads mark until nothing is left; the program only looks on. */
static void crew_mark_all(struct crew *crew) {
	for (bool is_done = false; !is_done;) {
		crew_start(crew);
		sched_yield();
		crew_stop(crew);
		bool is_idle = false;
		/* What the program's own marker holds reaches nobody else while there is little of it. */
		ol_heap_mark_some(crew->heap, 0, 1, &is_idle);
		is_done = ol_heap_mark_is_done(crew->heap);
	}
}

#endif
