/* world.h -- Who may touch the heap: one thread at a time, the program's by default.
 *
 * The program's thread owns the world except between leave and enter. Another thread that wants it
 * says so and waits; the program lets it in where it looks (ol_world_yield), which costs the
 * program one load while nobody waits. Knows no heap. */
#ifndef OL_COLLECTOR_WORLD_H
#define OL_COLLECTOR_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ol_world {
	pthread_mutex_t lock; /* Held by the owner. */
	pthread_cond_t turn;  /* A thread that waited has had its turn. */
	_Atomic unsigned waiting_count;
	unsigned looks_max; /* Busy looks at the lock before sleeping. */
};

/* The calling thread becomes the program's, and owns the world. is_shared_processor: the threads
 * have one processor between them. */
void ol_world_init(struct ol_world *world, bool is_shared_processor);
void ol_world_finish(struct ol_world *world);

/* The program's. */
void ol_world_leave(struct ol_world *world);
void ol_world_enter(struct ol_world *world);
static inline bool ol_world_is_wanted(const struct ol_world *world) {
	return atomic_load_explicit(&world->waiting_count, memory_order_relaxed) != 0;
}
/* Lets everybody in who waits now. */
void ol_world_yield(struct ol_world *world);

/* Other threads'. */
void ol_world_stop(struct ol_world *world);
void ol_world_go(struct ol_world *world);

#endif
