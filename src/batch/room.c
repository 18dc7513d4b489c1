/* room.c -- How many runs this machine takes at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/processors.h"
#include "batch/batch.h"
#include "cage/group.h"
#include "supervisor/capacity.h"

/* What the limits around the lab leave: its runs are charged to its group or one above. Page cache
 * gives way. Where nothing can be found out, nothing is known to limit it. */
static uint64_t left_around(void) {
	OL_AUTO_FREE struct ol_group_facts *facts = calloc(1, sizeof *facts);
	struct ol_cage_system system;
	struct ol_group *group = NULL;
	uint64_t bytes = UINT64_MAX;
	if (facts == NULL || ol_cage_detect(&system, NULL) < 0 ||
		ol_group_of_process(&system, getpid(), &group, NULL) < 0)
		return bytes;
	int result = ol_group_read(group, facts, NULL);
	if (result == 0 && facts->look.limit_bytes != UINT64_MAX && facts->limiting_group[0] != '\0' &&
		strcmp(facts->limiting_group, facts->path) != 0) {
		ol_group_close(group);
		group = NULL;
		result = ol_group_open_path(&system, facts->limiting_group, &group, NULL);
		if (result == 0)
			result = ol_group_read(group, facts, NULL);
	}
	if (result == 0 && facts->look.limit_bytes != UINT64_MAX) {
		uint64_t cache_bytes =
			facts->file_bytes > facts->shmem_bytes ? facts->file_bytes - facts->shmem_bytes : 0;
		uint64_t held_bytes =
			facts->look.usage_bytes > cache_bytes ? facts->look.usage_bytes - cache_bytes : 0;
		bytes = facts->look.limit_bytes > held_bytes ? facts->look.limit_bytes - held_bytes : 0;
	}
	ol_group_close(group);
	return bytes;
}

int ol_batch_room(struct ol_batch_room *ret_room, struct ol_error *error) {
	struct ol_batch_room room = {
		.jobs = ol_processor_count(),
		.memory_bytes = ol_capacity_available_bytes(),
	};
	if (room.memory_bytes == 0)
		return ol_error_set(error, -ENODATA, "/proc/meminfo does not say what memory is available");
	uint64_t around_bytes = left_around();
	if (around_bytes < room.memory_bytes)
		room.memory_bytes = around_bytes;
	if (room.jobs > OL_BATCH_JOBS_MAX)
		room.jobs = OL_BATCH_JOBS_MAX;
	*ret_room = room;
	return 0;
}
