/* cleanup.h -- Cleanup attributes: a local that owns something gives it back by itself.
 *
 * Forbidden in Lua bindings: lua_error() jumps past them. */
#ifndef OL_BASE_CLEANUP_H
#define OL_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void ol_cleanup_free(void *pointer) {
	free(*(void **)pointer);
}

static inline void ol_cleanup_close(const int *fd) {
	if (*fd >= 0)
		close(*fd);
}

static inline void ol_cleanup_fclose(FILE **stream) {
	if (*stream != NULL)
		fclose(*stream);
}

#define OL_AUTO_FREE   __attribute__((cleanup(ol_cleanup_free)))
#define OL_AUTO_CLOSE  __attribute__((cleanup(ol_cleanup_close))) /* int fd, -1 for none */
#define OL_AUTO_FCLOSE __attribute__((cleanup(ol_cleanup_fclose)))

/* Hands an owned fd on: returns it and leaves -1 behind. */
static inline int ol_steal_fd(int *fd) {
	int stolen = *fd;
	*fd = -1;
	return stolen;
}

#endif
