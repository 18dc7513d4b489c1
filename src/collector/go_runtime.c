/* go_runtime.c -- Three constants for every heap. */
#include "collector/go_runtime.h"

static const uint64_t arena_bytes = UINT64_C(64) << 20;
static const uint64_t base_bytes = 6575000;      /* 8.74 MB beside a heap of one arena, */
static const uint64_t per_arena_bytes = 2165000; /* 13.07 MB beside one of three. */
/* Since the first cycle: workers' stacks, work buffers, mark bits. 0.53 MB at 32 MiB, 0.54 at 128.
 */
static const uint64_t cycle_bytes = 530000;

uint64_t ol_go_runtime_mapped_bytes(uint64_t heap_sys_bytes, bool has_collected) {
	uint64_t arenas = 1;
	/* What does not fit into the first gets whole arenas of its own. */
	if (heap_sys_bytes > arena_bytes)
		arenas += (heap_sys_bytes + arena_bytes - 1) / arena_bytes;
	return base_bytes + arenas * per_arena_bytes + (has_collected ? cycle_bytes : 0);
}
