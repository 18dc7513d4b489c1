/* metrics.h -- The state of server and heap as metrics: Prometheus' text format, or OpenMetrics.
 *
 * Names and meanings are near those of Go's own exporter (go_memstats_heap_alloc_bytes is
 * oomlab_heap_alloc_bytes), in base units. Whoever fills the facts decides what a heap that is no
 * more has to say; its counters begin anew with the next, which readers of counters expect. */
#ifndef OL_HTTP_METRICS_H
#define OL_HTTP_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/routes.h"
#include "record/record.h"

#define OL_HTTP_METRICS_TYPE     "text/plain; version=0.0.4; charset=utf-8"
#define OL_HTTP_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum { OL_HTTP_METRICS_BYTES = 16 << 10 }; /* Always enough. */

/* Requests are counted by what they were for, so that no client can make up new series. */
enum ol_http_group {
	OL_HTTP_GROUP_PAGE, /* And what belongs to it. */
	OL_HTTP_GROUP_EVENTS,
	OL_HTTP_GROUP_METRICS,
	OL_HTTP_GROUP_STATISTICS,
	OL_HTTP_GROUP_HANDLER,
	OL_HTTP_GROUP_POLICY,
	OL_HTTP_GROUP_OTHER,   /* The rest of ours: /ping and the like. */
	OL_HTTP_GROUP_UNKNOWN, /* No such path, or refused before anybody looked. */
	OL_HTTP_GROUP_COUNT
};
/* route may be NULL. */
enum ol_http_group ol_http_group_of(const struct ol_http_route *route);

enum { OL_HTTP_STATUS_CLASSES = 5 }; /* 1xx to 5xx. */

struct ol_metrics_facts {
	const char *version;
	uint64_t started_at_ms; /* Since 1970. */
	uint64_t uptime_ns;
	bool is_caged;
	uint64_t life_number; /* Lives begun so far. */
	bool is_alive;
	uint64_t lives_ended[OL_OUTCOME_COUNT];
	uint64_t requests[OL_HTTP_GROUP_COUNT][OL_HTTP_STATUS_CLASSES]; /* [][status / 100 - 1] */
	uint64_t open_connections;
	uint64_t event_listeners;
	uint64_t queue_length;
	const char *policy;
	const char *collector;
	const char *rules;
	uint64_t limit_bytes;
	uint64_t cage_bytes;
	uint64_t cage_peak_bytes;
	uint64_t rss_bytes;
	uint64_t live_bytes;         /* UINT64_MAX: not known, and not told. */
	uint64_t memory_limit_bytes; /* OL_MEMORY_LIMIT_OFF: +Inf. */
	int32_t gogc;                /* OL_GOGC_OFF: +Inf. */
	struct ol_memstats memstats;
	struct ol_pauses pauses;
};

/* Writes all of it, terminated. -ENOSPC if it does not fit. */
int ol_http_metrics(const struct ol_metrics_facts *facts, bool is_openmetrics, char *buffer,
	size_t capacity, size_t *ret_text_bytes, struct ol_error *error);

#endif
