/* heap_in_c.c -- A heap of oomlab's in a program of your own, with a policy of your own.
 *
 * Churns through 256 MiB of blocks and keeps the newest 100. Go's own rule lets the heap grow to
 * twice what is live; the policy here says: live and 1 MiB more. See README.md for how to build. */
#include <stdio.h>

#include "collector/collector.h"
#include "heap/heap.h"
#include "memory/memory.h"
#include "policy/policy.h"

enum { BLOCK_BYTES = 16 << 10, BLOCKS = 16384, KEPT = 100 };

/* Asked after each cycle: the size to aim at. */
static uint64_t goal(struct ol_policy *policy, const struct ol_policy_stats *stats) {
	(void)policy;
	return stats->marked_bytes + (1 << 20);
}

static void on_cycle(void *context, const struct ol_gc_cycle *cycle) {
	uint64_t *peak_bytes = context;
	if (cycle->start_bytes > *peak_bytes)
		*peak_bytes = cycle->start_bytes;
}

/* Returns 0, or -1 with the reason in error. */
static int churn(struct ol_heap *heap, struct ol_collector *collector, struct ol_error *error) {
	static ol_root kept[KEPT]; /* Variables of the program, so to say: what they hold is live. */
	for (int i = 0; i < KEPT; i++)
		if (ol_heap_root_create(heap, NULL, &kept[i], error) < 0)
			return -1;
	for (int i = 0; i < BLOCKS; i++) {
		void *block; /* The root lets go of the block before, which is garbage then. */
		if (ol_collector_new_slab(collector, BLOCK_BYTES, kept[i % KEPT], &block, error) < 0)
			return -1;
		*(int *)block = i;
	}
	return 0;
}

int main(void) {
	static const struct ol_policy_ops ops = { .goal = goal };
	struct ol_policy policy = { .ops = &ops };
	struct ol_memory_mmap memory;
	struct ol_clock clock = ol_clock_real();
	struct ol_heap *heap = NULL;
	struct ol_collector *collector = NULL;
	struct ol_error error = { 0 };
	uint64_t peak_bytes = 0;
	struct ol_collector_config config = {
		.mode = OL_COLLECTOR_STW,
		.rules = OL_PACER_GO_1_19,
		.gogc = 100,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
		.policy = &policy,
		.pressure_fd = -1,
		.context = &peak_bytes,
		.on_cycle = on_cycle,
	};
	ol_memory_mmap_init(&memory, false);
	int result = ol_heap_create(&memory.memory, UINT64_C(1) << 30, &heap, &error);
	if (result == 0)
		result = ol_collector_create(heap, &clock, &config, &collector, &error);
	if (result == 0)
		result = churn(heap, collector, &error);
	if (result < 0)
		fprintf(stderr, "heap_in_c: %s\n", error.message);
	else
		printf("%d blocks, %d kept: %d cycles, at most %.1f MiB\n", BLOCKS, KEPT,
			(int)ol_collector_memstats(collector).num_gc, (double)peak_bytes / (1 << 20));
	ol_collector_destroy(collector);
	ol_heap_destroy(heap);
	return result == 0 ? 0 : 1;
}
