/* cage_report_pages.c -- Writes reports of caged programs for a browser to open.
 *
 * Usage: cage_report_pages DIRECTORY   (gets killed.html and others, from summaries made by hand)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "caged_report_summary.h"
#include "report/caged_report.h"

enum { SAMPLES = 10000, EVENTS = 2 };

static struct ol_caged_summary summary;
static struct ol_caged_sample samples[SAMPLES];
static struct ol_event events[EVENTS];

/* A saw that climbs to the summary's peak, and twice falls back. */
static void sample(size_t count) {
	for (size_t i = 0; i < count; i++) {
		double share = (double)(i + 1) / (double)count;
		double height = share < 0.35   ? share * 1.6
						: share < 0.6  ? (share - 0.35) * 2.2 + 0.1
						: share < 0.98 ? (share - 0.6) * 2.2 + 0.1
									   : 1;
		samples[i].at_ns = (uint64_t)(share * (double)summary.wall_ns);
		samples[i].cage_bytes = (uint64_t)(height * (double)summary.peak_bytes);
		samples[i].rss_bytes = (uint64_t)(height * (double)summary.rss_peak_bytes);
	}
}

static void write_page(const char *directory, const char *name, size_t count, size_t event_count) {
	char path[1024];
	struct ol_error error;
	snprintf(path, sizeof path, "%s/%s.html", directory, name);
	sample(count);
	if (ol_caged_html_write(path, &summary, samples, count, events, event_count, &error) < 0) {
		fprintf(stderr, "%s\n", error.message);
		exit(1);
	}
}

int main(int argc, char **argv) {
	if (argc != 2)
		return 2;
	events[0] = (struct ol_event){ .at_ns = 500 * OL_NS_PER_MS, .kind = "memory" };
	set_text(
		events[0].text, OL_TEXT_BYTES, "the kernel's log may not be read: kills are counted only");
	events[1] = (struct ol_event){ .at_ns = 12000 * OL_NS_PER_MS, .kind = "watchdog" };
	set_text(events[1].text, OL_TEXT_BYTES, "told it to end: kill -TERM 123");
	make_caged_victim(&summary);
	write_page(argv[1], "killed", SAMPLES, 0);
	make_caged_parent(&summary);
	summary.kills[0].at_ns = 7300 * OL_NS_PER_MS;
	add_caged_kill(&summary, 125, "worker", false);
	summary.kills[1].at_ns = 7400 * OL_NS_PER_MS;
	write_page(argv[1], "parent", 600, 1);
	make_caged_apoptosis(&summary);
	write_page(argv[1], "apoptosis", 600, EVENTS);
	make_caged_survivor(&summary);
	summary.spec.limit_bytes = UINT64_MAX;
	write_page(argv[1], "unlimited", 600, 0);
	summary.usage_count = 0;
	summary.wall_ns = 3 * OL_NS_PER_MS;
	write_page(argv[1], "short", 0, 0);
	static const char hostile[] = "\"'><script>document.title='taken'</script><!--{{data}}\xff\n";
	make_caged_victim(&summary);
	set_text(summary.spec.command, OL_COMMAND_BYTES, hostile);
	set_text(summary.kills[0].name, OL_PROCESS_NAME_BYTES, "</script><b>");
	set_text(summary.evidence.kernel_line, OL_TEXT_BYTES, hostile);
	set_text(events[0].text, OL_TEXT_BYTES, hostile);
	write_page(argv[1], "hostile", 600, 1);
	return 0;
}
