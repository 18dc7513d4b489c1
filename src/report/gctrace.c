/* gctrace.c -- A cycle as the line that Go 1.19 prints for it under GODEBUG=gctrace=1.
 *
 * Digit for digit: tools read these lines with patterns. "MB" are MiB, cut off, as in Go. */
#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "report/report.h"

enum { TIME_BYTES = 24, LINE_BYTES = 512 };

/* Whole milliseconds from 10 on; below that two digits, and never more than three decimals. */
static const char *format_ms(uint64_t ns, char buffer[TIME_BYTES]) {
	uint64_t us = ns / OL_NS_PER_US;
	if (ns >= 10 * OL_NS_PER_MS)
		snprintf(buffer, TIME_BYTES, "%" PRIu64, ns / OL_NS_PER_MS);
	else if (us == 0)
		snprintf(buffer, TIME_BYTES, "0");
	else if (us < 100)
		snprintf(buffer, TIME_BYTES, "0.%03" PRIu64, us);
	else if (us < 1000)
		snprintf(buffer, TIME_BYTES, "0.%02" PRIu64, us / 10);
	else
		snprintf(buffer, TIME_BYTES, "%" PRIu64 ".%" PRIu64, us / 1000, us / 100 % 10);
	return buffer;
}

/* Alive until the end of the enclosing block. */
#define MS_TEXT(ns) format_ms((ns), (char[TIME_BYTES]){ 0 })

/* A share that is none (NaN: no time has passed) counts as 0. */
static unsigned percent_of(double share) {
	if (share >= 1)
		return 100;
	return share > 0 ? (unsigned)(share * 100) : 0;
}

void ol_gctrace_line(const struct ol_gc_cycle *cycle, char *buffer, size_t capacity) {
	uint64_t at_ms = cycle->at_ns / OL_NS_PER_MS;
	int clock_bytes = snprintf(buffer, capacity,
		"gc %" PRIu64 " @%" PRIu64 ".%03" PRIu64 "s %u%%: %s+%s+%s ms clock, "
		"%s+%s/%s/%s+%s ms cpu, ",
		cycle->number, at_ms / 1000, at_ms % 1000, percent_of(cycle->gc_cpu_fraction),
		MS_TEXT(cycle->sweep_term_ns), MS_TEXT(cycle->mark_ns), MS_TEXT(cycle->mark_term_ns),
		/* In the stops all processors stand still. */
		MS_TEXT(cycle->sweep_term_ns * cycle->processors), MS_TEXT(cycle->assist_ns),
		MS_TEXT(cycle->background_ns), MS_TEXT(cycle->idle_ns),
		MS_TEXT(cycle->mark_term_ns * cycle->processors));
	if (clock_bytes < 0 || (size_t)clock_bytes >= capacity)
		return;
	snprintf(buffer + clock_bytes, capacity - (size_t)clock_bytes,
		"%" PRIu64 "->%" PRIu64 "->%" PRIu64 " MB, %" PRIu64 " MB goal, %" PRIu64
		" MB stacks, %" PRIu64 " MB globals, %" PRIu64 " P%s",
		cycle->start_bytes >> 20, cycle->end_bytes >> 20, cycle->marked_bytes >> 20,
		cycle->goal_bytes >> 20, cycle->stack_bytes >> 20, cycle->roots_bytes >> 20,
		cycle->processors, cycle->is_forced ? " (forced)" : "");
}

int ol_gctrace_write(FILE *stream, const struct ol_gc_cycle *cycle, struct ol_error *error) {
	char line[LINE_BYTES];
	ol_gctrace_line(cycle, line, sizeof line);
	errno = 0;
	if (fprintf(stream, "%s\n", line) >= 0 && fflush(stream) == 0)
		return 0;
	return ol_error_set_errno(error, errno != 0 ? -errno : -EIO, "cannot write gctrace lines");
}
