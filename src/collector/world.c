/* world.c -- A mutex that is handed over on request.
 *
 * A plain one would be taken again by the program before a waiting thread woke up; and waking up
 * costs 50 us where a stop of the world need not last two. So whoever waits looks busily for a
 * while, if there is a second processor to do it on, and only then sleeps. */
#include "collector/world.h"

enum { LOOKS_MAX = 400 }; /* At 20 to 60 ns each. */

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void ol_world_init(struct ol_world *world, bool is_shared_processor) {
	pthread_mutex_init(&world->lock, NULL);
	pthread_cond_init(&world->turn, NULL);
	atomic_init(&world->waiting_count, 0);
	world->looks_max = is_shared_processor ? 0 : LOOKS_MAX;
	pthread_mutex_lock(&world->lock);
}

void ol_world_finish(struct ol_world *world) {
	pthread_mutex_unlock(&world->lock);
	pthread_cond_destroy(&world->turn);
	pthread_mutex_destroy(&world->lock);
}

static void take(struct ol_world *world) {
	for (unsigned looks = 0; looks < world->looks_max; looks++) {
		if (pthread_mutex_trylock(&world->lock) == 0)
			return;
		relax();
	}
	pthread_mutex_lock(&world->lock);
}

void ol_world_leave(struct ol_world *world) {
	pthread_mutex_unlock(&world->lock);
}

void ol_world_enter(struct ol_world *world) {
	take(world);
}

void ol_world_yield(struct ol_world *world) {
	pthread_mutex_unlock(&world->lock);
	for (unsigned looks = 0; looks < world->looks_max && ol_world_is_wanted(world); looks++)
		relax();
	take(world);
	/* Whoever did not come to it in that time sleeps, and has to be waited for. */
	while (ol_world_is_wanted(world))
		pthread_cond_wait(&world->turn, &world->lock);
}

void ol_world_stop(struct ol_world *world) {
	atomic_fetch_add(&world->waiting_count, 1);
	take(world);
	atomic_fetch_sub(&world->waiting_count, 1);
}

void ol_world_go(struct ol_world *world) {
	pthread_cond_signal(&world->turn);
	pthread_mutex_unlock(&world->lock);
}
