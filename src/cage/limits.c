/* limits.c -- Sets a cage's limits, and believes only what it reads back.
 *
 * An experiment that ran without its limit would be worse than none: every value that the kernel
 * did not take is an error. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/internal.h"

enum { SWAPS_BYTES = 8192 };

int ol_cage_check_limits(const struct ol_cage_limits *limits, struct ol_error *error) {
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (!limits->is_unlimited && limits->limit_bytes < page_bytes)
		return ol_error_set(error, -EINVAL,
			"a limit of %" PRIu64 " bytes is below one page; the smallest is %" PRIu64 " bytes",
			limits->limit_bytes, page_bytes);
	if (!limits->is_unlimited && limits->limit_bytes > INT64_MAX)
		return ol_error_set(error, -EINVAL,
			"a limit of %" PRIu64 " bytes is no limit; the largest is %" PRId64 " bytes",
			limits->limit_bytes, INT64_MAX);
	if (limits->high_bytes < page_bytes)
		return ol_error_set(error, -EINVAL,
			"a memory.high of %" PRIu64 " bytes is below one page; the smallest is %" PRIu64
			" bytes",
			limits->high_bytes, page_bytes);
	return 0;
}

bool ol_cage_has_swap(char ret_names[OL_NAME_BYTES]) {
	char text[SWAPS_BYTES];
	*ret_names = '\0';
	if (ol_file_read("/proc/swaps", text, sizeof text, NULL) < 0)
		return false;
	/* The first line is a heading; a device's name comes first in each of the others. */
	size_t used = 0;
	const char *line = strchr(text, '\n');
	for (; line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n')) {
		int length = (int)strcspn(line + 1, " \t\n");
		used += (size_t)snprintf(ret_names + used, OL_NAME_BYTES - used, "%s%.*s",
			used > 0 ? " " : "", length, line + 1);
		if (used >= OL_NAME_BYTES)
			return true;
	}
	return used > 0;
}

/* Writes a number and reads it back: the kernel rounds down to whole pages, no more. */
static int set(
	const struct ol_cage *cage, const char *name, uint64_t bytes, struct ol_error *error) {
	char text[64] = "max";
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (bytes <= INT64_MAX)
		snprintf(text, sizeof text, "%" PRIu64, bytes);
	else if (cage->chain.memory_version == 1)
		snprintf(text, sizeof text, "-1");
	OL_AUTO_CLOSE int fd = openat(cage->directory_fd, name, O_RDWR | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : write(fd, text, strlen(text));
	if (count < 0)
		return ol_cage_fail(error, -errno, cage->chain.mount, "cannot write %s to %s/%s", text,
			cage->directory, name);
	char taken[64];
	count = pread(fd, taken, sizeof taken - 1, 0);
	if (count < 0)
		return ol_cage_fail(
			error, -errno, cage->chain.mount, "cannot read back %s/%s", cage->directory, name);
	taken[count] = '\0';
	if (bytes > INT64_MAX)
		return 0;
	if (strtoull(taken, NULL, 10) != bytes / page_bytes * page_bytes ||
		strncmp(taken, "max", 3) == 0) {
		taken[strcspn(taken, "\n")] = '\0';
		return ol_error_set(error, -ERANGE,
			"the kernel did not take the limit: wrote %s to %.400s/%s, read back %s; use a limit "
			"that it can hold",
			text, cage->directory, name, taken);
	}
	return 0;
}

static bool has_file(const struct ol_cage *cage, const char *name) {
	return faccessat(cage->directory_fd, name, F_OK, 0) == 0;
}

/* A cage that may swap without limit is no cage; but a machine without swap needs no limit. */
static int check_swap(struct ol_error *error) {
	char names[OL_NAME_BYTES];
	if (!ol_cage_has_swap(names))
		return 0;
	return ol_error_set(error, -ENOTSUP,
		"this kernel does not limit swap per control group, and the machine has swap (%s), so a "
		"limit would only push memory out to it; boot with the kernel option swapaccount=1, or "
		"turn swap off: swapoff -a",
		names);
}

/* Before 5.11 a group counts what is below it only where it says so, before it has any. */
static void make_hierarchical(const struct ol_cage *cage) {
	OL_AUTO_CLOSE int fd = openat(cage->directory_fd, "memory.use_hierarchy", O_RDWR | O_CLOEXEC);
	char byte;
	/* Refused below a group that does so itself: then it is on. */
	if (fd >= 0 && pread(fd, &byte, 1, 0) == 1 && byte == '0')
		(void)!write(fd, "1", 1);
}

static int set_v1(
	struct ol_cage *cage, const struct ol_cage_limits *limits, struct ol_error *error) {
	make_hierarchical(cage);
	int result = set(cage, "memory.limit_in_bytes", limits->limit_bytes, error);
	if (result < 0)
		return result;
	/* Memory and swap together: may never be below the limit, so it is set second. */
	uint64_t both_bytes = limits->limit_bytes + limits->swap_bytes;
	if (both_bytes < limits->limit_bytes)
		both_bytes = UINT64_MAX;
	cage->has_swap_limit = has_file(cage, "memory.memsw.limit_in_bytes");
	if (cage->has_swap_limit)
		result = set(cage, "memory.memsw.limit_in_bytes", both_bytes, error);
	else if (!limits->is_unlimited)
		result = check_swap(error);
	if (result >= 0 && limits->high_bytes != UINT64_MAX)
		result = set(cage, "memory.soft_limit_in_bytes", limits->high_bytes, error);
	/* Within its memory limit, a whole machine short of memory could still swap it out. */
	if (result >= 0 && limits->swap_bytes == 0) {
		OL_AUTO_CLOSE int fd =
			openat(cage->directory_fd, "memory.swappiness", O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, "0", 1) < 0 && errno != EINVAL && errno != EOPNOTSUPP)
			result = ol_cage_fail(error, -errno, cage->chain.mount,
				"cannot write 0 to "
				"%s/memory.swappiness",
				cage->directory);
	}
	return result;
}

static int set_v2(
	struct ol_cage *cage, const struct ol_cage_limits *limits, struct ol_error *error) {
	int result = set(cage, "memory.max", limits->limit_bytes, error);
	if (result < 0)
		return result;
	cage->has_swap_limit = has_file(cage, "memory.swap.max");
	if (cage->has_swap_limit)
		result = set(cage, "memory.swap.max", limits->swap_bytes, error);
	else if (!limits->is_unlimited)
		result = check_swap(error);
	if (result >= 0 && limits->high_bytes != UINT64_MAX)
		result = set(cage, "memory.high", limits->high_bytes, error);
	return result;
}

int ol_cage_set_limits(
	struct ol_cage *cage, const struct ol_cage_limits *limits, struct ol_error *error) {
	struct ol_cage_limits wanted = *limits;
	if (limits->is_unlimited)
		wanted.limit_bytes = wanted.swap_bytes = UINT64_MAX;
	return cage->chain.memory_version == 1 ? set_v1(cage, &wanted, error)
										   : set_v2(cage, &wanted, error);
}

int ol_cage_set_high(const struct ol_cage *cage, uint64_t bytes, struct ol_error *error) {
	return set(cage, "memory.high", bytes, error);
}

/* Memory and swap together may never be below memory alone: the order depends on the way. */
static int change_v1(struct ol_cage *cage, uint64_t bytes, struct ol_error *error) {
	static const char memory[] = "memory.limit_in_bytes", both[] = "memory.memsw.limit_in_bytes";
	uint64_t both_bytes = bytes + cage->swap_bytes;
	if (!cage->has_swap_limit)
		return set(cage, memory, bytes, error);
	bool is_raised = bytes > cage->limit_bytes;
	int result = set(cage, is_raised ? both : memory, is_raised ? both_bytes : bytes, error);
	if (result < 0)
		return result;
	result = set(cage, is_raised ? memory : both, is_raised ? bytes : both_bytes, error);
	if (result < 0 && !is_raised)
		(void)set(cage, memory, cage->limit_bytes, NULL);
	return result;
}

int ol_cage_set_limit(struct ol_cage *cage, uint64_t limit_bytes, struct ol_error *error) {
	uint64_t usage_bytes = 0;
	struct ol_cage_limits limits = { .limit_bytes = limit_bytes, .high_bytes = UINT64_MAX };
	char usage[OL_UNITS_TEXT_BYTES], limit[OL_UNITS_TEXT_BYTES];
	int result = ol_cage_check_limits(&limits, error);
	if (result < 0 || limit_bytes > INT64_MAX - cage->swap_bytes)
		return result < 0 ? -ERANGE : ol_error_set(error, -ERANGE, "that is no limit");
	result = cage->chain.memory_version == 1 ? change_v1(cage, limit_bytes, error)
											 : set(cage, "memory.max", limit_bytes, error);
	if (result == -EBUSY) {
		(void)ol_cage_read_usage(cage, &usage_bytes);
		return ol_error_set(error, result,
			"the kernel refused a limit of %s: %s are used, and it can reclaim no more of that; "
			"release some first",
			ol_format_bytes(limit_bytes, limit), ol_format_bytes(usage_bytes, usage));
	}
	if (result >= 0)
		cage->limit_bytes = limit_bytes;
	return result;
}
