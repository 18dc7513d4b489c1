/* group_facts.c -- All that the kernel tells of a group, in the same terms on both versions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cage/group_internal.h"

/* The first of two keys that is there; OL_NOT_KNOWN. */
static uint64_t stat_of(const char *text, const char *key) {
	uint64_t number = OL_NOT_KNOWN;
	(void)ol_keyed_uint64(text, key, &number);
	return number;
}

static uint64_t stat_or_zero(const char *text, const char *key) {
	uint64_t number = 0;
	(void)ol_keyed_uint64(text, key, &number);
	return number;
}

static uint64_t less(uint64_t whole, uint64_t part) {
	return whole > part ? whole - part : 0;
}

/* Version 1 tells for the group alone and, as "total_", with those below. */
static void read_stat_v1(
	const struct ol_group *group, const char *text, struct ol_group_facts *facts) {
	facts->anon_bytes = stat_of(text, "total_rss");
	facts->shmem_bytes = stat_of(text, "total_shmem");
	facts->mapped_bytes = stat_of(text, "total_mapped_file");
	uint64_t cache_bytes = stat_of(text, "total_cache");
	facts->file_bytes = cache_bytes != OL_NOT_KNOWN
							? less(cache_bytes, stat_or_zero(text, "total_shmem") +
													stat_or_zero(text, "total_swapcached"))
							: OL_NOT_KNOWN;
	facts->page_table_bytes = facts->kernel_stack_bytes = facts->slab_bytes = OL_NOT_KNOWN;
	facts->socket_bytes = 0; /* Counted apart, in no usage. */
	/* What the top counts is the groups below, and its usage leaves that out. */
	if (group->is_root || ol_cage_read_number(group->directory_fd, "memory.kmem.usage_in_bytes",
							  &facts->kernel_bytes) < 0)
		facts->kernel_bytes = 0;
}

static void read_stat_v2(const char *text, struct ol_group_facts *facts) {
	facts->anon_bytes = stat_of(text, "anon");
	facts->shmem_bytes = stat_of(text, "shmem");
	facts->mapped_bytes = stat_of(text, "file_mapped");
	uint64_t cache_bytes = stat_of(text, "file");
	facts->file_bytes =
		cache_bytes != OL_NOT_KNOWN
			? less(cache_bytes, stat_or_zero(text, "shmem") + stat_or_zero(text, "swapcached"))
			: OL_NOT_KNOWN;
	facts->page_table_bytes = stat_of(text, "pagetables");
	facts->kernel_stack_bytes = stat_of(text, "kernel_stack");
	facts->slab_bytes = stat_of(text, "slab");
	facts->socket_bytes = stat_or_zero(text, "sock");
	/* One sum only from Linux 5.18 on. */
	if (ol_keyed_uint64(text, "kernel", &facts->kernel_bytes) < 0)
		facts->kernel_bytes = stat_or_zero(text, "kernel_stack") +
							  stat_or_zero(text, "pagetables") + stat_or_zero(text, "percpu") +
							  stat_or_zero(text, "slab");
}

/* Of memory and swap together on version 1: what may be swap is what goes beyond the memory. */
static uint64_t swap_limit_bytes(const struct ol_group *group, uint64_t own_limit_bytes) {
	bool is_v1 = group->memory_version == 1;
	uint64_t bytes = OL_UNLIMITED;
	(void)ol_cage_read_number(
		group->directory_fd, is_v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max", &bytes);
	if (!is_v1)
		return bytes;
	return bytes > INT64_MAX / 2 ? OL_UNLIMITED : less(bytes, own_limit_bytes);
}

static uint64_t high_bytes(const struct ol_group *group) {
	bool is_v1 = group->memory_version == 1;
	uint64_t bytes = OL_UNLIMITED;
	(void)ol_cage_read_number(
		group->directory_fd, is_v1 ? "memory.soft_limit_in_bytes" : "memory.high", &bytes);
	return bytes > INT64_MAX / 2 ? OL_UNLIMITED : bytes;
}

static int count_groups(int parent_fd, const char *name, int depth, void *context) {
	OL_AUTO_CLOSE int fd = ol_cage_open_group(parent_fd, name);
	return fd < 0 ? 0 : 1 + ol_cage_each_group(fd, depth, count_groups, context);
}

static uint64_t not_negative(int count) {
	return count > 0 ? (uint64_t)count : 0;
}

static void count_processes(const struct ol_group *group, struct ol_group_facts *facts) {
	int own_count = ol_cage_each_process(group->directory_fd, NULL, NULL);
	int all_count = ol_cage_each_process_below(group->directory_fd, NULL, NULL);
	int group_count = ol_cage_each_group(group->directory_fd, 0, count_groups, NULL);
	facts->process_count = not_negative(own_count);
	facts->below_process_count = less(not_negative(all_count), facts->process_count);
	facts->below_group_count = not_negative(group_count);
}

/* The path of the group that many levels up. */
static void name_level(const struct ol_group *group, int level, char ret_path[OL_PATH_BYTES]) {
	snprintf(ret_path, OL_PATH_BYTES, "%s", group->path);
	for (int i = 0; i < level; i++)
		*strrchr(ret_path, '/') = '\0';
	if (*ret_path == '\0')
		snprintf(ret_path, OL_PATH_BYTES, "/");
}

int ol_group_read(
	const struct ol_group *group, struct ol_group_facts *ret_facts, struct ol_error *error) {
	struct ol_group_facts facts = {
		.memory_version = (uint32_t)group->memory_version,
		.is_root = group->is_root,
		.own_limit_bytes = OL_UNLIMITED,
	};
	snprintf(facts.path, sizeof facts.path, "%s", group->path);
	snprintf(facts.directory, sizeof facts.directory, "%s", group->directory);
	char text[OL_GROUP_STAT_BYTES] = "";
	/* First: what changes while the others are read shows as little as may be. */
	int result = ol_group_look(group, &facts.look, error);
	if (result < 0)
		return result;
	(void)ol_file_read_at(group->directory_fd, "memory.stat", text, sizeof text, NULL);
	if (group->memory_version == 1)
		read_stat_v1(group, text, &facts);
	else
		read_stat_v2(text, &facts);
	int level;
	uint64_t limit_bytes;
	if (ol_group_tightest(group, &limit_bytes, &level) == 0 && level >= 0)
		name_level(group, level, facts.limiting_group);
	if (group->limit_count > 0)
		(void)ol_group_read_fd(group->limit_fds[0], &facts.own_limit_bytes);
	facts.swap_limit_bytes = swap_limit_bytes(group, facts.own_limit_bytes);
	facts.high_bytes = high_bytes(group);
	count_processes(group, &facts);
	*ret_facts = facts;
	return 0;
}
