/* concurrent.h -- The threads of concurrent mode: markers, and the background (scavenger, timer).
 *
 * Lock order: the world, then `lock`. */
#ifndef OL_COLLECTOR_CONCURRENT_H
#define OL_COLLECTOR_CONCURRENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "collector/internal.h"

struct ol_marker_thread {
	struct ol_concurrent *concurrent;
	pthread_t thread;
	unsigned marker; /* 1 and up: 0 is the program's. */
};

struct ol_concurrent {
	struct ol_collector *collector;
	struct ol_world world;
	pthread_mutex_t lock;    /* Guards what follows. */
	pthread_cond_t work;     /* For markers: there is some, or it is time to end. */
	pthread_cond_t progress; /* For the program: credit was earned, or a cycle ended. */
	pthread_cond_t wake;     /* For the background: it is time to end. */
	bool is_marking;
	bool has_grey_roots;          /* The roots of this cycle are yet to be taken. */
	bool is_finishing;            /* A marker is about to stop the world and end the marking. */
	bool is_paused;               /* Nobody may mark: the heap is being looked at. */
	bool is_ending;               /* The threads are to end. */
	unsigned busy_count;          /* Markers in ol_heap_mark_some. */
	uint64_t runtime_left_bytes;  /* Of Go's globals and of stacks, this cycle's. */
	uint64_t marking_ns;          /* Of this cycle: processor time of all markers. */
	_Atomic int64_t credit_bytes; /* Scan work done by markers that no assist has used up. */
	double marker_share;          /* Processors that dedicated and fractional markers may use. */
	bool is_throttled;            /* No processor is idle: more than the share is not taken. */
	unsigned marker_count;        /* Threads. */
	pthread_t background;
	bool has_background;
	struct ol_marker_thread markers[OL_HEAP_MARKERS_MAX];
};

/* A thread with a small stack: what is touched of it is charged to the cage. 0 or -errno. */
int ol_concurrent_thread(pthread_t *ret_thread, void *(*body)(void *), void *argument);

/* Waits on a condition with lock held, for at most so long: true if that time has passed. */
bool ol_concurrent_wait(
	struct ol_concurrent *concurrent, pthread_cond_t *condition, uint64_t duration_ns);

/* background.c: body of the background thread; argument is struct ol_concurrent. */
void *ol_background_main(void *argument);

#endif
