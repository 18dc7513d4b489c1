/* counters.c -- What a cage's counters say.
 *
 * Hot reads use an fd that is kept open; the others open their file each time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/internal.h"

enum { CHARGE_BATCH_PAGES = 64 }; /* MEMCG_CHARGE_BATCH in the kernel. */

int ol_cage_read_number(int directory_fd, const char *name, uint64_t *ret_number) {
	return ol_file_read_uint64_at(directory_fd, name, ret_number, NULL);
}

int ol_cage_read_usage(const struct ol_cage *cage, uint64_t *ret_bytes) {
	char text[32];
	ssize_t length = pread(cage->usage_fd, text, sizeof text - 1, 0);
	if (length < 0)
		return errno == ENODEV ? -ENOENT : -errno;
	text[length] = '\0';
	*ret_bytes = strtoull(text, NULL, 10);
	return 0;
}

/* 0 where the kernel does not offer the file. */
static uint64_t number_or_zero(const struct ol_cage *cage, const char *name) {
	uint64_t number = 0;
	(void)ol_cage_read_number(cage->directory_fd, name, &number);
	return number;
}

static uint64_t keyed_or_zero(const struct ol_cage *cage, const char *name, const char *key) {
	char text[OL_CAGE_EVENTS_BYTES];
	uint64_t number = 0;
	if (ol_file_read_at(cage->directory_fd, name, text, sizeof text, NULL) >= 0)
		(void)ol_keyed_uint64(text, key, &number);
	return number;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS" */
static uint64_t stall_ns(const struct ol_cage *cage) {
	char text[OL_CAGE_EVENTS_BYTES];
	if (ol_file_read_at(cage->directory_fd, "memory.pressure", text, sizeof text, NULL) < 0 ||
		strncmp(text, "some ", 5) != 0)
		return 0;
	const char *total = strstr(text, "total=");
	return total != NULL ? strtoull(total + 6, NULL, 10) * OL_NS_PER_US : 0;
}

static uint64_t difference(uint64_t whole, uint64_t part) {
	return whole > part ? whole - part : 0;
}

/* Version 1 keeps no peak of swap alone. What memory and swap together were above the most that
 * memory alone ever was must have been swap: at least that much, but for the batch that the kernel
 * charges to both together and takes back when memory refuses. */
static uint64_t swap_peak_v1(const struct ol_cage *cage, uint64_t peak_bytes) {
	uint64_t swap_bytes =
		difference(number_or_zero(cage, "memory.memsw.max_usage_in_bytes"), peak_bytes);
	uint64_t batch_bytes = CHARGE_BATCH_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
	return swap_bytes > batch_bytes ? swap_bytes : 0;
}

/* Version 2: both from one read, so that they belong together. */
static void read_events(const struct ol_cage *cage, struct ol_cage_counters *counters) {
	char text[OL_CAGE_EVENTS_BYTES];
	if (ol_file_read_at(cage->directory_fd, "memory.events", text, sizeof text, NULL) < 0)
		return;
	(void)ol_keyed_uint64(text, "oom_kill", &counters->oom_kill_count);
	(void)ol_keyed_uint64(text, "high", &counters->high_count);
}

static uint64_t read_peak(const struct ol_cage *cage) {
	return number_or_zero(
		cage, cage->chain.memory_version == 1 ? "memory.max_usage_in_bytes" : "memory.peak");
}

bool ol_cage_has_reached(const struct ol_cage *cage, uint64_t bytes) {
	uint64_t usage_bytes = 0;
	return (ol_cage_read_usage(cage, &usage_bytes) >= 0 && usage_bytes >= bytes) ||
		   read_peak(cage) >= bytes;
}

uint64_t ol_cage_count_processes(const struct ol_cage *cage) {
	int count = ol_cage_each_process_below(cage->directory_fd, NULL, NULL);
	return count > 0 ? (uint64_t)count : 0;
}

struct search {
	pid_t pid;
	bool is_found;
};

static void compare_pid(pid_t pid, void *context) {
	struct search *search = context;
	search->is_found |= pid == search->pid;
}

bool ol_cage_has_process(const struct ol_cage *cage, pid_t pid) {
	struct search search = { .pid = pid };
	(void)ol_cage_each_process_below(cage->directory_fd, compare_pid, &search);
	return search.is_found;
}

int ol_cage_read_counters(
	const struct ol_cage *cage, struct ol_cage_counters *ret_counters, struct ol_error *error) {
	struct ol_cage_counters counters = { 0 };
	int result = ol_cage_read_usage(cage, &counters.usage_bytes);
	if (result < 0)
		return ol_cage_fail(
			error, result, cage->chain.mount, "cannot read the usage of %s", cage->directory);
	counters.process_count = ol_cage_count_processes(cage);
	counters.peak_bytes = read_peak(cage);
	if (cage->chain.memory_version == 1) {
		counters.swap_peak_bytes = swap_peak_v1(cage, counters.peak_bytes);
		counters.oom_kill_count = keyed_or_zero(cage, "memory.oom_control", "oom_kill");
	} else {
		counters.swap_peak_bytes = number_or_zero(cage, "memory.swap.peak"); /* From 6.5 on. */
		read_events(cage, &counters);
		counters.stall_ns = stall_ns(cage);
	}
	*ret_counters = counters;
	return 0;
}
