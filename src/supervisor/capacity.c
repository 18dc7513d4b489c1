/* capacity.c -- /proc/meminfo, and a limit against it. */
#include "supervisor/capacity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/file.h"
#include "base/units.h"

enum { MEMINFO_BYTES = 8192 };

/* The bytes of the line that begins with key, which ends in a colon; 0 where there is none. */
static uint64_t bytes_of(const char *meminfo, const char *key) {
	const char *line = strstr(meminfo, key);
	return line != NULL ? strtoull(line + strlen(key), NULL, 10) * OL_KIB : 0;
}

uint64_t ol_capacity_of(const char *meminfo) {
	uint64_t memory_bytes = bytes_of(meminfo, "MemAvailable:");
	return memory_bytes > 0 ? memory_bytes + bytes_of(meminfo, "SwapFree:") : 0;
}

uint64_t ol_capacity_available_bytes(void) {
	char text[MEMINFO_BYTES];
	if (ol_file_read("/proc/meminfo", text, sizeof text, NULL) < 0)
		return 0;
	return ol_capacity_of(text);
}

int ol_capacity_check(uint64_t limit_bytes, uint64_t available_bytes, struct ol_error *error) {
	char limit[OL_UNITS_TEXT_BYTES], available[OL_UNITS_TEXT_BYTES];
	if (available_bytes == 0 || limit_bytes <= available_bytes)
		return 0;
	ol_format_bytes(limit_bytes, limit);
	ol_format_bytes(available_bytes, available);
	return ol_error_set(error, -ENOMEM,
		"limit=%s: this machine has %s available, free swap included; ask for less, or try "
		"--world=pretend, where a run of any size costs nothing",
		limit, available);
}

int ol_capacity_check_now(uint64_t limit_bytes, struct ol_error *error) {
	struct sysinfo info;
	/* The kernel keeps some of what is free for itself: far less than half. */
	if (sysinfo(&info) == 0 && limit_bytes <= (uint64_t)info.freeram * info.mem_unit / 2)
		return 0;
	return ol_capacity_check(limit_bytes, ol_capacity_available_bytes(), error);
}
