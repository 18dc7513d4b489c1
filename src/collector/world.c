/* world.c -- A mutex that is handed over on request: a plain one would be taken again by the
 * program before a waiting thread woke up. */
#include "collector/world.h"

void ol_world_init(struct ol_world *world) {
	pthread_mutex_init(&world->lock, NULL);
	pthread_cond_init(&world->turn, NULL);
	atomic_init(&world->waiting_count, 0);
	pthread_mutex_lock(&world->lock);
}

void ol_world_finish(struct ol_world *world) {
	pthread_mutex_unlock(&world->lock);
	pthread_cond_destroy(&world->turn);
	pthread_mutex_destroy(&world->lock);
}

void ol_world_leave(struct ol_world *world) {
	pthread_mutex_unlock(&world->lock);
}

void ol_world_enter(struct ol_world *world) {
	pthread_mutex_lock(&world->lock);
}

void ol_world_yield(struct ol_world *world) {
	while (ol_world_is_wanted(world))
		pthread_cond_wait(&world->turn, &world->lock);
}

void ol_world_stop(struct ol_world *world) {
	atomic_fetch_add(&world->waiting_count, 1);
	pthread_mutex_lock(&world->lock);
	atomic_fetch_sub(&world->waiting_count, 1);
}

void ol_world_go(struct ol_world *world) {
	pthread_cond_signal(&world->turn);
	pthread_mutex_unlock(&world->lock);
}
