/* http_metrics_tests.h -- Tests of the metrics, in both formats.
 *
 * Part of test_http.c. */
#ifndef TESTS_HTTP_METRICS_TESTS_H
#define TESTS_HTTP_METRICS_TESTS_H

#include <errno.h>
#include <math.h>
#include <string.h>

#include "http/metrics.h"

static char metrics_text[OL_HTTP_METRICS_BYTES];
static struct ol_metrics_facts metrics_facts;

static void begin_metrics(void) {
	metrics_facts = (struct ol_metrics_facts){
		.version = "0.1.0",
		.started_at_ms = 1700000000120,
		.uptime_ns = 12345678901,
		.is_caged = true,
		.life_number = 3,
		.policy = "go",
		.collector = "stw",
		.rules = "go1.19",
		.limit_bytes = 33554432,
		.live_bytes = 4096,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
		.gogc = 100,
		.memstats = { .heap_alloc = 20971520, .last_gc_ns = UINT64_C(1700000000000000123) },
		.pauses = { 12, 1500000, 31900, 210000, 400000 },
	};
	metrics_facts.lives_ended[OL_OUTCOME_OOM_KILLED] = 2;
	metrics_facts.requests[OL_HTTP_GROUP_HANDLER][1] = 41;
	metrics_facts.requests[OL_HTTP_GROUP_UNKNOWN][3] = 7;
}

static void render_metrics(bool is_openmetrics) {
	size_t text_bytes = 0;
	assert_int_equal(ol_http_metrics(&metrics_facts, is_openmetrics, metrics_text,
						 sizeof metrics_text, &text_bytes, NULL),
		0);
	assert_int_equal(text_bytes, strlen(metrics_text));
}

static void check_line(const char *line) {
	char with_ends[512];
	snprintf(with_ends, sizeof with_ends, "\n%s\n", line);
	bool is_first = strncmp(metrics_text, with_ends + 1, strlen(with_ends + 1)) == 0;
	if (!is_first && strstr(metrics_text, with_ends) == NULL)
		fail_msg("no line %s", line);
}

static void each_fact_has_its_line_in_base_units(void **state) {
	begin_metrics();
	for (unsigned is_openmetrics = 0; is_openmetrics < 2; is_openmetrics++) {
		render_metrics(is_openmetrics);
		check_line("oomlab_build_info{version=\"0.1.0\"} 1");
		check_line("oomlab_policy_info{policy=\"go\",collector=\"stw\",rules=\"go1.19\"} 1");
		check_line("oomlab_start_time_seconds 1700000000.12");
		check_line("oomlab_uptime_seconds 12.345678901");
		check_line("oomlab_caged 1");
		check_line("oomlab_alive 0");
		check_line("oomlab_lives_started_total 3");
		check_line("oomlab_limit_bytes 33554432");
		check_line("oomlab_live_bytes 4096");
		check_line("oomlab_gogc_ratio 1");
		check_line("oomlab_memory_limit_bytes +Inf");
		check_line("oomlab_heap_alloc_bytes 20971520");
		check_line("oomlab_last_gc_time_seconds 1700000000.000000123");
		check_line("oomlab_lives_ended_total{outcome=\"oom-killed\"} 2");
		check_line("oomlab_lives_ended_total{outcome=\"survived\"} 0");
		check_line("oomlab_requests_total{group=\"handler\",status=\"2xx\"} 41");
		check_line("oomlab_requests_total{group=\"unknown\",status=\"4xx\"} 7");
		check_line("oomlab_pause_seconds{quantile=\"0.5\"} 0.0000319");
		check_line("oomlab_pause_seconds_sum 0.0015");
		check_line("oomlab_pause_seconds_count 12");
	}
}

static void what_is_off_or_not_known_is_no_number(void **state) {
	begin_metrics();
	metrics_facts.live_bytes = UINT64_MAX;
	metrics_facts.gogc = OL_GOGC_OFF;
	metrics_facts.memory_limit_bytes = 1 << 20;
	metrics_facts.memstats.gc_cpu_fraction = NAN;
	render_metrics(false);
	assert_null(strstr(metrics_text, "live_bytes"));
	check_line("oomlab_gogc_ratio +Inf");
	check_line("oomlab_memory_limit_bytes 1048576");
	check_line("oomlab_gc_cpu_ratio NaN");
	metrics_facts.gogc = 5;
	metrics_facts.memstats.gc_cpu_fraction = 0.0625;
	render_metrics(false);
	check_line("oomlab_gogc_ratio 0.05");
	check_line("oomlab_gc_cpu_ratio 0.0625");
	metrics_facts.memstats.gc_cpu_fraction = -1;
	render_metrics(false);
	check_line("oomlab_gc_cpu_ratio 0");
}

static void label_values_are_escaped_and_are_utf8(void **state) {
	begin_metrics();
	metrics_facts.policy = "a\"b\\c\nd\xff";
	render_metrics(false);
	check_line("oomlab_policy_info{policy=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",collector=\"stw\","
			   "rules=\"go1.19\"} 1");
}

/* Every sample stands below its family's description; nothing is described twice. */
static void check_families(bool is_openmetrics) {
	char family[128] = "", seen[8192] = "";
	for (char *line = strtok(metrics_text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char name[100], key[128];
		if (strcmp(line, "# EOF") == 0)
			continue;
		if (sscanf(line, "# TYPE %99s", name) == 1) {
			snprintf(family, sizeof family, "%s", name);
			snprintf(key, sizeof key, "[%s]", name);
			assert_null(strstr(seen, key));
			strcat(seen, key);
		} else if (sscanf(line, "# HELP %99s", name) == 1) {
			assert_true(!is_openmetrics || strcmp(name, family) == 0);
			assert_true(line[strlen(line) - 1] == '.');
		} else if (sscanf(line, "# UNIT %99s %27s", name, key) == 2) {
			assert_string_equal(name, family);
			assert_string_equal(name + strlen(name) - strlen(key), key);
		} else {
			assert_int_equal(strncmp(line, family, strlen(family)), 0);
			assert_int_equal(strncmp(line, "oomlab_", 7), 0);
			const char *rest = line + strlen(family);
			bool is_total = strncmp(rest, "_total", 6) == 0;
			/* The older format's families bear the whole name. */
			assert_true(is_openmetrics || !is_total);
			assert_true(strchr(line, ' ') != NULL);
		}
	}
}

static void families_are_described_once_above_their_samples(void **state) {
	begin_metrics();
	render_metrics(false);
	assert_null(strstr(metrics_text, "# EOF"));
	assert_null(strstr(metrics_text, "# UNIT"));
	check_line("# TYPE oomlab_mallocs_total counter");
	check_families(false);
	render_metrics(true);
	check_line("# TYPE oomlab_mallocs counter");
	check_line("# TYPE oomlab_build info");
	check_line("# UNIT oomlab_heap_alloc_bytes bytes");
	assert_string_equal(metrics_text + strlen(metrics_text) - 6, "# EOF\n");
	check_families(true);
}

static void the_largest_metrics_fit_and_less_room_is_an_error(void **state) {
	static char name[OL_NAME_BYTES];
	memset(name, '"', sizeof name - 1);
	memset(&metrics_facts, 0xff, sizeof metrics_facts);
	metrics_facts.is_caged = metrics_facts.is_alive = true;
	metrics_facts.version = metrics_facts.policy = metrics_facts.collector = name;
	metrics_facts.rules = name;
	metrics_facts.live_bytes = UINT64_MAX - 1;
	metrics_facts.gogc = INT32_MAX;
	metrics_facts.memstats.gc_cpu_fraction = 0.123456789;
	render_metrics(true);
	size_t whole_bytes = strlen(metrics_text), text_bytes = 77;
	struct ol_error error;
	for (size_t capacity = 1; capacity <= whole_bytes; capacity += 101)
		assert_int_equal(
			ol_http_metrics(&metrics_facts, true, metrics_text, capacity, &text_bytes, &error),
			-ENOSPC);
	assert_int_equal(
		ol_http_metrics(&metrics_facts, true, metrics_text, whole_bytes, &text_bytes, &error),
		-ENOSPC);
	assert_int_equal(text_bytes, 77);
	assert_non_null(strstr(error.message, "do not fit"));
}

static void requests_are_counted_by_a_few_groups(void **state) {
	struct ol_http_route route = { .action = OL_HTTP_PAGE_JS };
	assert_int_equal(ol_http_group_of(NULL), OL_HTTP_GROUP_UNKNOWN);
	assert_int_equal(ol_http_group_of(&route), OL_HTTP_GROUP_PAGE);
	route.action = OL_HTTP_HANDLER;
	assert_int_equal(ol_http_group_of(&route), OL_HTTP_GROUP_HANDLER);
	route.action = OL_HTTP_PING;
	assert_int_equal(ol_http_group_of(&route), OL_HTTP_GROUP_OTHER);
}

#endif
