/* metrics.c -- The state of server and heap as metrics. */
#include "http/metrics.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/appender.h"
#include "report/utf8.h"

/* How a field of the facts is written. */
enum value_kind {
	VALUE_UINT64,
	VALUE_FLAG,            /* bool, as 0 or 1. */
	VALUE_NS_AS_SECONDS,   /* uint64_t. */
	VALUE_MS_AS_SECONDS,   /* uint64_t. */
	VALUE_RATIO,           /* double, 0 to 1. */
	VALUE_KNOWN_BYTES,     /* uint64_t; UINT64_MAX: the metric is left out. */
	VALUE_LIMIT_BYTES,     /* uint64_t; 2^63 - 1 and more: none. */
	VALUE_PERCENT_AS_RATIO /* int32_t; below 0: none. */
};

/* Everything before a value, put together by the compiler: a metric is two pieces to copy, since
 * /metrics is asked for often. */
struct heading {
	const char *text;
	size_t text_bytes;
};

struct metric {
	struct heading headings[2]; /* Prometheus, OpenMetrics. */
	enum value_kind kind;
	size_t offset_bytes;
};

#define HEADING(text) \
	{ text, sizeof(text) - 1 }
#define PROMETHEUS(sample, type, help) \
	"# HELP oomlab_" sample " " help "\n# TYPE oomlab_" sample " " type "\n"
#define OPENMETRICS(family, type, help) \
	"# TYPE oomlab_" family " " type "\n# HELP oomlab_" family " " help "\n"
#define UNIT(family, unit) "# UNIT oomlab_" family " " unit "\n"
#define SAMPLE(sample)     "oomlab_" sample " "

#define GAUGE(name, kind, member, help) \
	{ \
		{ HEADING(PROMETHEUS(name, "gauge", help) SAMPLE(name)), \
			HEADING(OPENMETRICS(name, "gauge", help) SAMPLE(name)) }, \
			kind, offsetof(struct ol_metrics_facts, member) \
	}
/* The unit is the name's end, as OpenMetrics demands. */
#define GAUGE_IN(stem, unit, kind, member, help) \
	{ \
		{ HEADING(PROMETHEUS(stem "_" unit, "gauge", help) SAMPLE(stem "_" unit)), \
			HEADING(OPENMETRICS(stem "_" unit, "gauge", help) UNIT(stem "_" unit, unit) \
					SAMPLE(stem "_" unit)) }, \
			kind, offsetof(struct ol_metrics_facts, member) \
	}
#define COUNTER(name, member, help) \
	{ \
		{ HEADING(PROMETHEUS(name "_total", "counter", help) SAMPLE(name "_total")), \
			HEADING(OPENMETRICS(name, "counter", help) SAMPLE(name "_total")) }, \
			VALUE_UINT64, offsetof(struct ol_metrics_facts, member) \
	}

static const struct metric metrics[] = {
	GAUGE_IN("start_time", "seconds", VALUE_MS_AS_SECONDS, started_at_ms,
		"Start of the server since 1970."),
	GAUGE_IN("uptime", "seconds", VALUE_NS_AS_SECONDS, uptime_ns, "The server's age."),
	GAUGE("caged", VALUE_FLAG, is_caged, "1 if heaps live in a cage, a control group."),
	GAUGE("alive", VALUE_FLAG, is_alive, "1 if there is a heap; the next request makes one."),
	COUNTER("lives_started", life_number, "Heaps begun, each in a fresh cage."),
	GAUGE("open_connections", VALUE_UINT64, open_connections, "Connections of clients."),
	GAUGE("event_listeners", VALUE_UINT64, event_listeners, "Clients that listen to /events."),
	GAUGE("queued_requests", VALUE_UINT64, queue_length, "Requests that wait for the heap."),
	GAUGE_IN("limit", "bytes", VALUE_UINT64, limit_bytes, "The cage's limit."),
	GAUGE_IN("cage", "bytes", VALUE_UINT64, cage_bytes, "Charged to the cage."),
	GAUGE_IN("cage_peak", "bytes", VALUE_UINT64, cage_peak_bytes,
		"The most that was charged to the cage in this life."),
	GAUGE_IN("resident_memory", "bytes", VALUE_UINT64, rss_bytes,
		"Physical memory of the process that holds the heap."),
	GAUGE_IN("live", "bytes", VALUE_KNOWN_BYTES, live_bytes,
		"Reachable objects when last counted; absent while a cycle is under way."),
	GAUGE_IN("gogc", "ratio", VALUE_PERCENT_AS_RATIO, gogc, "GOGC: 1 for 100, +Inf for off."),
	GAUGE_IN("memory_limit", "bytes", VALUE_LIMIT_BYTES, memory_limit_bytes,
		"GOMEMLIMIT; +Inf for off."),
	COUNTER("mallocs", memstats.mallocs, "Objects allocated in this life."),
	COUNTER("frees", memstats.frees, "Objects swept in this life."),
	GAUGE_IN("heap_alloc", "bytes", VALUE_UINT64, memstats.heap_alloc,
		"Objects allocated and not yet swept."),
	GAUGE_IN("heap_idle", "bytes", VALUE_UINT64, memstats.heap_idle,
		"Unused spans, released ones included."),
	GAUGE_IN("heap_inuse", "bytes", VALUE_UINT64, memstats.heap_inuse, "Spans in use."),
	GAUGE_IN("heap_released", "bytes", VALUE_UINT64, memstats.heap_released,
		"Of the unused spans, without physical memory."),
	GAUGE_IN("heap_sys", "bytes", VALUE_UINT64, memstats.heap_sys, "Spans in use and unused."),
	GAUGE("heap_objects", VALUE_UINT64, memstats.heap_objects, "Objects not yet swept."),
	GAUGE_IN("next_gc", "bytes", VALUE_UINT64, memstats.next_gc, "Heap goal of the next cycle."),
	GAUGE_IN("last_gc_time", "seconds", VALUE_NS_AS_SECONDS, memstats.last_gc_ns,
		"End of the last cycle since 1970; 0 before the first."),
	COUNTER("gc_cycles", memstats.num_gc, "Cycles completed in this life."),
	COUNTER("gc_cycles_forced", memstats.num_forced_gc, "Of those, asked for by the program."),
	GAUGE_IN("gc_cpu", "ratio", VALUE_RATIO, memstats.gc_cpu_fraction,
		"Share of this life's processor time spent collecting."),
};

static const struct heading lives_ended_headings[] = {
	HEADING(PROMETHEUS("lives_ended_total", "counter", "Heaps that ended, by how.")),
	HEADING(OPENMETRICS("lives_ended", "counter", "Heaps that ended, by how.")),
};
static const struct heading requests_headings[] = {
	HEADING(PROMETHEUS("requests_total", "counter", "Requests answered.")),
	HEADING(OPENMETRICS("requests", "counter", "Requests answered.")),
};
/* Prometheus' older format knows no type for what is only its labels. */
static const struct heading build_headings[] = {
	HEADING(PROMETHEUS("build_info", "gauge", "The server.")),
	HEADING(OPENMETRICS("build", "info", "The server.")),
};
static const struct heading policy_headings[] = {
	HEADING(PROMETHEUS("policy_info", "gauge", "Who decides when to collect, and how it is done.")),
	HEADING(OPENMETRICS("policy", "info", "Who decides when to collect, and how it is done.")),
};
static const struct heading pauses_headings[] = {
	HEADING(
		PROMETHEUS("pause_seconds", "summary", "How long the program was made to stand still.")),
	HEADING(OPENMETRICS("pause_seconds", "summary", "How long the program was made to stand still.")
			UNIT("pause_seconds", "seconds")),
};

/* We send no 1xx. */
#define REQUESTS(group, status) \
	HEADING("oomlab_requests_total{group=\"" group "\",status=\"" status "\"} ")
#define REQUESTS_OF(group) \
	{ \
		REQUESTS(group, "2xx"), REQUESTS(group, "3xx"), REQUESTS(group, "4xx"), \
			REQUESTS(group, "5xx") \
	}

/* Indexed by enum ol_http_group. */
static const struct heading requests_labels[][OL_HTTP_STATUS_CLASSES - 1] = {
	REQUESTS_OF("page"),
	REQUESTS_OF("events"),
	REQUESTS_OF("metrics"),
	REQUESTS_OF("statistics"),
	REQUESTS_OF("handler"),
	REQUESTS_OF("policy"),
	REQUESTS_OF("other"),
	REQUESTS_OF("unknown"),
};

enum ol_http_group ol_http_group_of(const struct ol_http_route *route) {
	static const enum ol_http_group groups[OL_HTTP_ACTION_COUNT] = {
		[OL_HTTP_PAGE] = OL_HTTP_GROUP_PAGE,
		[OL_HTTP_PAGE_CSS] = OL_HTTP_GROUP_PAGE,
		[OL_HTTP_PAGE_JS] = OL_HTTP_GROUP_PAGE,
		[OL_HTTP_EVENTS] = OL_HTTP_GROUP_EVENTS,
		[OL_HTTP_METRICS] = OL_HTTP_GROUP_METRICS,
		[OL_HTTP_OPENAPI] = OL_HTTP_GROUP_OTHER,
		[OL_HTTP_PING] = OL_HTTP_GROUP_OTHER,
		[OL_HTTP_HEALTHZ] = OL_HTTP_GROUP_OTHER,
		[OL_HTTP_POLICY] = OL_HTTP_GROUP_POLICY,
		[OL_HTTP_LIVES] = OL_HTTP_GROUP_OTHER,
		[OL_HTTP_STATISTICS] = OL_HTTP_GROUP_STATISTICS,
		[OL_HTTP_HANDLER] = OL_HTTP_GROUP_HANDLER,
	};
	return route == NULL ? OL_HTTP_GROUP_UNKNOWN : groups[route->action];
}

static void append_heading(struct ol_appender *text, const struct heading *heading) {
	ol_append_bytes(text, heading->text, heading->text_bytes);
}

/* number / 10^decimals, exactly; no zeros at the end. */
static void append_fixed(struct ol_appender *text, uint64_t number, unsigned decimals) {
	char digits[OL_UINT64_DIGITS_MAX];
	uint64_t power = 1;
	for (unsigned i = 0; i < decimals; i++)
		power *= 10;
	ol_append_uint64(text, number / power);
	uint64_t rest = number % power;
	if (rest == 0)
		return;
	for (unsigned i = decimals; i-- > 0; rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	while (decimals > 0 && digits[decimals - 1] == '0')
		decimals--;
	ol_append_bytes(text, ".", 1);
	ol_append_bytes(text, digits, decimals);
}

/* Billionths are finer than anything that a share of time is known to. */
static void append_ratio(struct ol_appender *text, double ratio) {
	if (!isfinite(ratio))
		ol_append(text, "NaN");
	else
		append_fixed(text, (uint64_t)(fmin(fmax(ratio, 0), 1) * 1e9 + 0.5), 9);
}

static void append_metric(struct ol_appender *text, const struct metric *metric,
	const struct ol_metrics_facts *facts, bool is_openmetrics) {
	const void *field = (const char *)facts + metric->offset_bytes;
	if (metric->kind == VALUE_KNOWN_BYTES && *(const uint64_t *)field == UINT64_MAX)
		return;
	int32_t percent;
	append_heading(text, &metric->headings[is_openmetrics]);
	switch (metric->kind) {
	case VALUE_UINT64:
	case VALUE_KNOWN_BYTES:
		ol_append_uint64(text, *(const uint64_t *)field);
		break;
	case VALUE_FLAG:
		ol_append_uint64(text, *(const bool *)field);
		break;
	case VALUE_NS_AS_SECONDS:
		append_fixed(text, *(const uint64_t *)field, 9);
		break;
	case VALUE_MS_AS_SECONDS:
		append_fixed(text, *(const uint64_t *)field, 3);
		break;
	case VALUE_RATIO:
		append_ratio(text, *(const double *)field);
		break;
	case VALUE_LIMIT_BYTES:
		if (*(const uint64_t *)field >= OL_MEMORY_LIMIT_OFF)
			ol_append(text, "+Inf");
		else
			ol_append_uint64(text, *(const uint64_t *)field);
		break;
	case VALUE_PERCENT_AS_RATIO:
		percent = *(const int32_t *)field;
		if (percent < 0)
			ol_append(text, "+Inf");
		else
			append_fixed(text, (uint64_t)percent, 2);
		break;
	}
	ol_append_bytes(text, "\n", 1);
}

/* The value of a label: what its quotes and lines would be broken by is escaped; any other byte has
 * to be UTF-8. */
static void append_label(struct ol_appender *text, const char *value) {
	char repaired[3 * OL_NAME_BYTES + 1];
	ol_utf8_repair(value, repaired, sizeof repaired);
	for (const char *c = repaired; *c != '\0';) {
		size_t plain_bytes = strcspn(c, "\\\"\n");
		ol_append_bytes(text, c, plain_bytes);
		c += plain_bytes;
		if (*c != '\0') {
			char escaped[] = { '\\', *c == '\n' ? 'n' : *c };
			ol_append_bytes(text, escaped, sizeof escaped);
			c++;
		}
	}
}

static void append_infos(
	struct ol_appender *text, const struct ol_metrics_facts *facts, bool is_openmetrics) {
	append_heading(text, &build_headings[is_openmetrics]);
	ol_append(text, "oomlab_build_info{version=\"");
	append_label(text, facts->version);
	ol_append(text, "\"} 1\n");
	append_heading(text, &policy_headings[is_openmetrics]);
	ol_append(text, "oomlab_policy_info{policy=\"");
	append_label(text, facts->policy);
	ol_append(text, "\",collector=\"");
	append_label(text, facts->collector);
	ol_append(text, "\",rules=\"");
	append_label(text, facts->rules);
	ol_append(text, "\"} 1\n");
}

/* Every series from the first, zeros too: what appears at 1 has lost its first increase. */
static void append_counts(
	struct ol_appender *text, const struct ol_metrics_facts *facts, bool is_openmetrics) {
	append_heading(text, &lives_ended_headings[is_openmetrics]);
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		ol_append(text, "oomlab_lives_ended_total{outcome=\"");
		ol_append(text, ol_outcome_name((enum ol_outcome)i));
		ol_append(text, "\"} ");
		ol_append_uint64(text, facts->lives_ended[i]);
		ol_append_bytes(text, "\n", 1);
	}
	append_heading(text, &requests_headings[is_openmetrics]);
	for (unsigned group = 0; group < OL_HTTP_GROUP_COUNT; group++) {
		for (unsigned class = 1; class < OL_HTTP_STATUS_CLASSES; class ++) {
			append_heading(text, &requests_labels[group][class - 1]);
			ol_append_uint64(text, facts->requests[group][class]);
			ol_append_bytes(text, "\n", 1);
		}
	}
}

static void append_pauses(
	struct ol_appender *text, const struct ol_pauses *pauses, bool is_openmetrics) {
	append_heading(text, &pauses_headings[is_openmetrics]);
	ol_append(text, "oomlab_pause_seconds{quantile=\"0.5\"} ");
	append_fixed(text, pauses->p50_ns, 9);
	ol_append(text, "\noomlab_pause_seconds{quantile=\"0.99\"} ");
	append_fixed(text, pauses->p99_ns, 9);
	ol_append(text, "\noomlab_pause_seconds{quantile=\"1\"} ");
	append_fixed(text, pauses->max_ns, 9);
	ol_append(text, "\noomlab_pause_seconds_sum ");
	append_fixed(text, pauses->total_ns, 9);
	ol_append(text, "\noomlab_pause_seconds_count ");
	ol_append_uint64(text, pauses->pauses);
	ol_append_bytes(text, "\n", 1);
}

int ol_http_metrics(const struct ol_metrics_facts *facts, bool is_openmetrics, char *buffer,
	size_t capacity, size_t *ret_text_bytes, struct ol_error *error) {
	_Static_assert(sizeof requests_labels / sizeof *requests_labels == OL_HTTP_GROUP_COUNT,
		"every group has a name");
	struct ol_appender text = ol_appender_in(buffer, capacity);
	append_infos(&text, facts, is_openmetrics);
	for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
		append_metric(&text, &metrics[i], facts, is_openmetrics);
	append_counts(&text, facts, is_openmetrics);
	append_pauses(&text, &facts->pauses, is_openmetrics);
	if (is_openmetrics)
		ol_append(&text, "# EOF\n");
	if (text.is_cut)
		return ol_error_set(error, -ENOSPC, "the metrics do not fit into %zu bytes", capacity);
	*ret_text_bytes = text.used;
	return 0;
}
