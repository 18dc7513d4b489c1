/* http.h -- The server: a script's routes, the live page and the figures, over one heap at a time.
 *
 * It lives in the lab, the heap in the cage: when a request kills the heap the server says so, and
 * the next request meets a fresh heap. One thread and one event loop: nothing here needs a lock. It
 * knows no script and no option: whoever starts it is its host (below). */
#ifndef OL_HTTP_HTTP_H
#define OL_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/guard.h"
#include "record/route.h"
#include "supervisor/supervisor.h"

/* What the server needs of whoever started it. */
struct ol_http_host {
	void *context;
	/* What the next life obeys; both stay the host's. */
	const struct ol_run_spec *(*next_spec)(void *context, struct ol_supervisor_texts *ret_texts);
	/* Settings by name and text, for the lives to come: all of them or, where one is refused, none.
	 * What comes over HTTP names policies by name, never by path. -EINVAL, -ENOENT. */
	int (*set)(void *context, const struct ol_option_value *settings, size_t setting_count,
		struct ol_error *error);
	/* Calls visit for each policy that may be chosen by name. */
	void (*each_policy)(void *context,
		void (*visit)(
			void *visit_context, const char *name, const char *title, const char *argument),
		void *visit_context);
	/* One line of what happened, for people. */
	void (*log)(void *context, const char *line);
	/* Also told what happens in each life, for a record; NULL: nobody. */
	const struct ol_supervisor_sink *sink;
	/* A life's summary is whole, but for what it left behind, which is the host's affair; NULL:
	 * nobody wants it. */
	void (*on_life_end)(void *context, struct ol_run_summary *summary);
};

struct ol_http_config {
	int listen_fd;                 /* A listening socket; the server closes it. */
	const struct ol_route *routes; /* Of the script. */
	uint32_t route_count;
	struct ol_http_guard_rules guard; /* Its texts stay the caller's. */
	uint64_t request_timeout_ns;      /* What a subject may take to answer. */
	struct ol_http_host host;
};

/* Opens a listening socket at "ADDRESS:PORT", "[ADDRESS]:PORT", "localhost:PORT" or ":PORT"; port 0
 * takes a free one. -EINVAL, or what the system says, with what to do. */
int ol_http_listen(const char *address, int *ret_fd, struct ol_error *error);
/* "127.0.0.1:1112": where a listening socket listens. */
enum { OL_HTTP_ADDRESS_BYTES = 80 };
int ol_http_address(int listen_fd, char ret_address[OL_HTTP_ADDRESS_BYTES], struct ol_error *error);

struct ol_http_server; /* Opaque. */
int ol_http_server_create(const struct ol_http_config *config, struct ol_http_server **ret_server,
	struct ol_error *error);
/* Serves until ol_supervisor_interrupt(), then ends in good order: what is under way is answered,
 * the heap ends, its cage is removed. 0, or why it cannot go on. */
int ol_http_server_run(struct ol_http_server *server, struct ol_error *error);
void ol_http_server_destroy(struct ol_http_server *server); /* NULL is fine. */

#endif
