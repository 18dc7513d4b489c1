/* group_difference.c -- What makes a group's usage and its processes' resident memory differ.
 *
 * A group is charged for pages that its tasks touched first, mapped or not, and for what the kernel
 * needs for it; a process counts the pages that it maps, whoever pays for them. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/group_report.h"
#include "report/words.h"

enum { BATCH_PAGES = 64 }; /* The kernel charges a processor that many at a time. */

const char *ol_difference_name(enum ol_difference_kind kind) {
	static const char *const names[OL_DIFFERENCE_COUNT] = {
		[OL_DIFFERENCE_PAGE_CACHE] = "page-cache",
		[OL_DIFFERENCE_FILES] = "files",
		[OL_DIFFERENCE_SHMEM] = "shared-memory",
		[OL_DIFFERENCE_SHARED_ANON] = "shared-anonymous",
		[OL_DIFFERENCE_ANON] = "anonymous",
		[OL_DIFFERENCE_KERNEL] = "kernel",
		[OL_DIFFERENCE_SOCKETS] = "sockets",
		[OL_DIFFERENCE_AHEAD] = "charged-ahead",
		[OL_DIFFERENCE_UNEXPLAINED] = "unexplained",
	};
	return names[kind];
}

/* What is being put together. */
struct account {
	const struct ol_rss_group *group;
	uint64_t batch_bytes; /* Of all processors together. */
	uint64_t cpus;
	struct ol_difference *differences;
	size_t count;
};

static void add(
	struct account *account, enum ol_difference_kind kind, int64_t bytes, const char *words) {
	if (bytes == 0)
		return;
	assert(account->count < OL_DIFFERENCE_COUNT);
	struct ol_difference *difference = &account->differences[account->count++];
	*difference = (struct ol_difference){ .kind = kind, .bytes = bytes };
	snprintf(difference->words, sizeof difference->words, "%s", words);
}

static bool has_several(const struct account *account) {
	return account->group->sum.process_count > 1;
}

static uint64_t at_most(uint64_t bytes, uint64_t bytes_max) {
	return bytes < bytes_max ? bytes : bytes_max;
}

static void add_files(struct account *account) {
	const struct ol_group_facts *facts = &account->group->facts;
	const struct ol_process_sum *sum = &account->group->sum;
	/* The kernel counts mapped pages of files and of shared memory in one. */
	uint64_t mapped_shmem_bytes = at_most(facts->shmem_bytes, sum->shmem_bytes);
	uint64_t mapped_bytes =
		facts->mapped_bytes > mapped_shmem_bytes
			? at_most(facts->mapped_bytes - mapped_shmem_bytes, facts->file_bytes)
			: 0;
	add(account, OL_DIFFERENCE_PAGE_CACHE, (int64_t)(facts->file_bytes - mapped_bytes),
		"page cache: files that were read or written and that no process maps");
	int64_t bytes = (int64_t)(mapped_bytes - sum->file_bytes);
	if (bytes > 0)
		add(account, OL_DIFFERENCE_FILES, bytes, "files charged here that processes elsewhere map");
	else if (has_several(account))
		add(account, OL_DIFFERENCE_FILES, bytes,
			"file pages (programs, libraries) that others touched first, so that other groups are "
			"charged for them, or that several of these processes count in their RSS");
	else
		add(account, OL_DIFFERENCE_FILES, bytes,
			"file pages (program, libraries) that others touched first, so that other groups are "
			"charged for them");
}

static void add_shmem(struct account *account) {
	int64_t bytes = (int64_t)(account->group->facts.shmem_bytes - account->group->sum.shmem_bytes);
	if (bytes > 0)
		add(account, OL_DIFFERENCE_SHMEM, bytes,
			"shared memory and tmpfs files that none of these processes maps");
	else if (has_several(account))
		add(account, OL_DIFFERENCE_SHMEM, bytes,
			"shared memory that several of these processes count in their RSS, or that another "
			"group is charged for");
	else
		add(account, OL_DIFFERENCE_SHMEM, bytes, "shared memory that another group is charged for");
}

/* PSS tells how much of it several processes share; where it is not known, both are one. */
static void add_anon(struct account *account) {
	const struct ol_process_sum *sum = &account->group->sum;
	bool is_split = has_several(account) && sum->pss_anon_bytes != OL_NOT_KNOWN &&
					sum->pss_anon_bytes < sum->anon_bytes;
	uint64_t distinct_bytes = is_split ? sum->pss_anon_bytes : sum->anon_bytes;
	add(account, OL_DIFFERENCE_SHARED_ANON, (int64_t)(distinct_bytes - sum->anon_bytes),
		"memory shared since a fork() that each process counts in its RSS");
	int64_t bytes = (int64_t)(account->group->facts.anon_bytes - distinct_bytes);
	if (bytes > 0)
		add(account, OL_DIFFERENCE_ANON, bytes,
			"memory charged here that none of these processes maps: of others that are ending, or "
			"were moved to another group");
	else if (is_split || !has_several(account))
		add(account, OL_DIFFERENCE_ANON, bytes,
			"memory that another group is charged for: touched before its process came here, or "
			"by the process that forked it");
	else
		add(account, OL_DIFFERENCE_ANON, bytes,
			"memory shared since a fork() that each process counts in its RSS, or that another "
			"group is charged for");
}

static uint64_t add_part(struct ol_words *words, const char *name, uint64_t bytes) {
	if (bytes == OL_NOT_KNOWN || bytes == 0)
		return 0;
	ol_words_add(words, "%s%s %s", words->used == 0 ? ": " : ", ", name, OL_BYTES_TEXT(bytes));
	return bytes;
}

static void add_kernel(struct account *account) {
	const struct ol_group_facts *facts = &account->group->facts;
	const uint64_t whole_bytes = facts->kernel_bytes;
	char parts[OL_TEXT_BYTES / 2];
	char text[OL_TEXT_BYTES];
	struct ol_words words = ol_words_in(parts, sizeof parts);
	if (facts->page_table_bytes != OL_NOT_KNOWN) {
		uint64_t told_bytes = add_part(&words, "page tables", facts->page_table_bytes);
		told_bytes += add_part(&words, "stacks", facts->kernel_stack_bytes);
		told_bytes += add_part(&words, "slab caches", facts->slab_bytes);
		add_part(&words, "other", whole_bytes > told_bytes ? whole_bytes - told_bytes : 0);
	} else if (account->group->sum.page_table_bytes < whole_bytes) {
		/* Version 1 tells the whole only; the processes tell their page tables. */
		uint64_t told_bytes = add_part(&words, "page tables", account->group->sum.page_table_bytes);
		add_part(&words, "stacks, slab caches and other", whole_bytes - told_bytes);
	}
	snprintf(text, sizeof text, "kernel memory%s", parts);
	add(account, OL_DIFFERENCE_KERNEL, (int64_t)whole_bytes, text);
	add(account, OL_DIFFERENCE_SOCKETS, (int64_t)facts->socket_bytes, "network buffers");
}

static void add_rest(struct account *account, int64_t bytes) {
	char text[OL_TEXT_BYTES];
	if (bytes > 0 && (uint64_t)bytes <= account->batch_bytes) {
		snprintf(text, sizeof text,
			"charged ahead of its use, or not in memory.stat yet: up to %s for each of %" PRIu64
			" processors",
			OL_BYTES_TEXT(account->batch_bytes / account->cpus), account->cpus);
		add(account, OL_DIFFERENCE_AHEAD, bytes, text);
	} else if (bytes > 0) {
		snprintf(text, sizeof text,
			"not explained: memory.stat has no name for it (up to %s of it may be charged ahead of "
			"its use)",
			OL_BYTES_TEXT(account->batch_bytes));
		add(account, OL_DIFFERENCE_UNEXPLAINED, bytes, text);
	} else {
		add(account, OL_DIFFERENCE_UNEXPLAINED, bytes,
			"not explained: memory.stat was read a moment after the usage, and is not kept to the "
			"byte");
	}
}

static bool has_stat(const struct ol_group_facts *facts) {
	return facts->anon_bytes != OL_NOT_KNOWN && facts->file_bytes != OL_NOT_KNOWN &&
		   facts->shmem_bytes != OL_NOT_KNOWN && facts->mapped_bytes != OL_NOT_KNOWN;
}

size_t ol_group_differences(const struct ol_rss_group *group, uint64_t cpus, uint64_t page_bytes,
	struct ol_difference ret_differences[OL_DIFFERENCE_COUNT]) {
	const struct ol_group_facts *facts = &group->facts;
	assert(facts->look.usage_bytes != OL_NOT_KNOWN && cpus > 0);
	struct account account = {
		.group = group,
		.batch_bytes = BATCH_PAGES * page_bytes * cpus,
		.cpus = cpus,
		.differences = ret_differences,
	};
	if (!has_stat(facts)) {
		add(&account, OL_DIFFERENCE_UNEXPLAINED,
			(int64_t)(facts->look.usage_bytes - group->sum.rss_bytes),
			"not explained: memory.stat could not be read");
		return account.count;
	}
	add_files(&account);
	add_shmem(&account);
	add_anon(&account);
	add_kernel(&account);
	uint64_t told_bytes = facts->anon_bytes + facts->file_bytes + facts->shmem_bytes +
						  facts->kernel_bytes + facts->socket_bytes;
	/* RSS is not always the sum of its parts: the kernel counts each for itself. */
	uint64_t parts_bytes = group->sum.anon_bytes + group->sum.file_bytes + group->sum.shmem_bytes;
	add_rest(&account,
		(int64_t)(facts->look.usage_bytes - told_bytes + parts_bytes - group->sum.rss_bytes));
	return account.count;
}

/* By how much the rounding to steps is off. */
static double error_of(struct ol_unit unit, int64_t bytes, int64_t steps) {
	return (double)bytes / (double)unit.bytes * (unit.decimals == 2 ? 100 : 10) - (double)steps;
}

void ol_group_round(const struct ol_rss_group *group, struct ol_unit unit,
	const struct ol_difference *differences, size_t count, int64_t *ret_steps) {
	int64_t rest = ol_unit_steps(unit, (int64_t)group->facts.look.usage_bytes) -
				   ol_unit_steps(unit, (int64_t)group->sum.rss_bytes);
	for (size_t i = 0; i < count; i++) {
		ret_steps[i] = ol_unit_steps(unit, differences[i].bytes);
		rest -= ret_steps[i];
	}
	/* Each rounding is off by half a step at most: a step for each difference is more than enough.
	 * It goes where it hurts least. */
	for (size_t round = 0; round <= count && rest != 0 && count > 0; round++) {
		int64_t direction = rest > 0 ? 1 : -1;
		size_t best = 0;
		double best_error = -1e300;
		for (size_t i = 0; i < count; i++) {
			double error = error_of(unit, differences[i].bytes, ret_steps[i]) * (double)direction;
			if (error > best_error) {
				best = i;
				best_error = error;
			}
		}
		ret_steps[best] += direction;
		rest -= direction;
	}
}
