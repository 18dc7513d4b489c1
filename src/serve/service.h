/* service.h -- The server's host: the plan behind its heaps, changed over HTTP, and their record.
 */
#ifndef OL_SERVE_SERVICE_H
#define OL_SERVE_SERVICE_H

#include "cli/run_request.h"
#include "http/http.h"

struct ol_service; /* Opaque. */

/* request must outlive it, and is changed by it: its policy and its plans are those of the next
 * heap. Fills ret_host. */
int ol_service_create(struct ol_run_request *request, struct ol_service **ret_service,
	struct ol_http_host *ret_host, struct ol_error *error);
/* 0, or why the record is not whole. NULL is fine. */
int ol_service_destroy(struct ol_service *service, struct ol_error *error);

#endif
