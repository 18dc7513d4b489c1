/* stuck.h -- Ends this process where a pretended program does not come back: no hook of Lua's
 * reaches into a library call that never returns, and here is no other process that could be
 * killed. */
#ifndef OL_WORLD_STUCK_H
#define OL_WORLD_STUCK_H

#include <signal.h>

/* From here on somebody has to come by now and then: else, after a minute of processor time, or a
 * second once the run is interrupted, the process says that path is stuck, and ends. */
void ol_stuck_watch(const char *path);
void ol_stuck_unwatch(void);

/* Somebody came by. */
extern volatile sig_atomic_t ol_stuck_progress;
static inline void ol_stuck_come_by(void) {
	ol_stuck_progress = (ol_stuck_progress + 1) & 0xffff;
}

#endif
