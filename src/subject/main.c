/* main.c -- The subject: runs one scenario inside the cage, and nothing else.
 *
 * A lean executable of its own: what the lab links (libcgroup, JSON) would be charged to the cage.
 * Started by the lab only, with six file descriptors: socket, orders, flight recorder, usage,
 * memory pressure, its watchdog's notice (-1 for none of the last three). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "record/flight.h"
#include "record/frame.h"
#include "run/run.h"
#include "script/script_subject.h"

enum { EXIT_NO_ORDERS = 3, TEXT_BYTES_MAX = 16 << 20 };

/* The arguments, in this order. */
enum { SOCKET, ORDERS, FLIGHT, USAGE, PRESSURE, NOTICE, FDS };

struct orders {
	const struct ol_run_spec *spec;
	const char *script_text;
	const char *policy_text; /* spec->policy_bytes long. */
};

/* The lab wrote spec and texts into one memory file; its pages are the lab's. */
static int open_orders(int fd, struct orders *ret_orders, struct ol_error *error) {
	struct stat status;
	if (fstat(fd, &status) < 0)
		return ol_error_set_errno(error, -errno, "no orders were handed over");
	if (status.st_size < (off_t)sizeof(struct ol_run_spec) ||
		status.st_size > (off_t)(sizeof(struct ol_run_spec) + 2 * TEXT_BYTES_MAX))
		return ol_error_set(error, -EPROTO, "the orders are of another version of oomlab");
	const char *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return ol_error_set_errno(error, -errno, "cannot map the orders");
	const struct ol_run_spec *spec = (const struct ol_run_spec *)bytes;
	if (spec->spec_bytes != sizeof *spec || spec->script_bytes > TEXT_BYTES_MAX ||
		spec->policy_bytes > TEXT_BYTES_MAX ||
		sizeof *spec + spec->script_bytes + spec->policy_bytes != (uint64_t)status.st_size)
		return ol_error_set(error, -EPROTO, "the orders are of another version of oomlab");
	*ret_orders = (struct orders){
		.spec = spec,
		.script_text = bytes + sizeof *spec,
		.policy_text = bytes + sizeof *spec + spec->script_bytes,
	};
	return 0;
}

static void tell_end(int socket_fd, const struct ol_script_end *end) {
	static struct ol_frame frame = { .kind = OL_FRAME_END }; /* Large. */
	frame.end.outcome = end->outcome;
	snprintf(frame.end.message, sizeof frame.end.message, "%s", end->message);
	snprintf(frame.end.traceback, sizeof frame.end.traceback, "%s",
		end->traceback != NULL ? end->traceback : "");
	(void)ol_frame_send(socket_fd, &frame, NULL);
}

/* What goes wrong before there is a run is told here; later the run tells it. */
static int run_orders(struct ol_run_links *links, int orders_fd) {
	struct orders orders = { 0 };
	struct ol_script_subject *subject = NULL;
	struct ol_run *run = NULL;
	struct ol_error error;
	int result = open_orders(orders_fd, &orders, &error);
	if (result == 0)
		result = ol_script_subject_create(orders.spec, links, &subject, &error);
	if (result == 0)
		result = ol_script_policy_create(subject, orders.policy_text, &links->policy, &error);
	if (result == 0)
		result = ol_run_create(orders.spec, links, &run, &error);
	if (result == 0) {
		ol_script_run_program(subject, run, orders.script_text);
	} else {
		struct ol_script_end end = ol_script_end_by(subject, &error);
		tell_end(links->socket_fd, &end);
	}
	ol_run_destroy(run);
	ol_policy_destroy(links->policy);
	ol_script_subject_destroy(subject);
	return result;
}

int main(int argument_count, char **arguments) {
	int64_t fds[FDS];
	bool is_called_rightly = argument_count == FDS + 1;
	for (int i = 0; i < FDS && is_called_rightly; i++) {
		int lowest = i >= USAGE ? -1 : 0;
		is_called_rightly = ol_parse_integer(arguments[i + 1], lowest, 1 << 20, &fds[i], NULL) == 0;
	}
	if (!is_called_rightly) {
		fputs("oomlab-subject is started by oomlab; try: oomlab run\n", stderr);
		return 2;
	}
	struct ol_error error;
	struct ol_run_links links = {
		.socket_fd = (int)fds[SOCKET],
		.usage_fd = (int)fds[USAGE],
		.pressure_fd = (int)fds[PRESSURE],
		.notice_fd = (int)fds[NOTICE],
	};
	int result = ol_flight_open((int)fds[FLIGHT], &links.flight, &error);
	if (result < 0) {
		struct ol_script_end end = ol_script_end_by(NULL, &error);
		tell_end(links.socket_fd, &end);
	} else {
		result = run_orders(&links, (int)fds[ORDERS]);
	}
	ol_flight_close(links.flight);
	return result == 0 ? 0 : EXIT_NO_ORDERS;
}
