/* systemd.h -- A service manager's socket, handed over at the start, and word to it of our state.
 *
 * By the documented protocols (sd_listen_fds(3), sd_notify(3), which promise them to be stable) and
 * without libsystemd: two environment variables and a datagram are not worth a library that cannot
 * be linked statically. Without a service manager nothing happens. */
#ifndef OL_HTTP_SYSTEMD_H
#define OL_HTTP_SYSTEMD_H

#include "base/error.h"

/* *ret_fd: the listening stream socket that was passed, now CLOEXEC, or -1 if none was. Takes the
 * variables out of the environment, so that no child believes them. -EINVAL if what was passed is
 * not exactly one listening stream socket; then it is left alone. */
int ol_systemd_take_socket(int *ret_fd, struct ol_error *error);

/* state: "READY=1", "STOPPING=1", "STATUS=...", or several, a line each. 0 also where nobody
 * listens; otherwise what sending said, which is no reason to stop. */
int ol_systemd_notify(const char *state, struct ol_error *error);

#endif
