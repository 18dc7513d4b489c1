/* oomlab_work.c -- The workloads on oomlab's heap and collector, used as a C program would use
 * them.
 *
 * Stop-the-world, Go 1.19's rules, GOGC=100. Usage: oomlab_work WORK [--huge-pages]. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "collector/collector.h"
#include "heap/heap.h"
#include "memory/memory.h"
#include "work.h"

#define ADDRESS_BYTES (UINT64_C(4) << 30)

static struct ol_memory_mmap memory;
static struct ol_clock real_clock;
static struct ol_heap *heap;
static struct ol_collector *collector;
static uint64_t marked_bytes_min = UINT64_MAX; /* Of all cycles. */

static _Noreturn void fail(const struct ol_error *error) {
	work_fail(error->message);
}

static void on_cycle(void *context, const struct ol_gc_cycle *cycle) {
	if (cycle->marked_bytes < marked_bytes_min)
		marked_bytes_min = cycle->marked_bytes;
}

static void set_up(bool has_huge_pages) {
	struct ol_error error;
	ol_memory_mmap_init(&memory, has_huge_pages);
	real_clock = ol_clock_real();
	if (ol_heap_create(&memory.memory, ADDRESS_BYTES, &heap, &error) < 0)
		fail(&error);
	struct ol_collector_config config = {
		.mode = OL_COLLECTOR_STW,
		.rules = OL_PACER_GO_1_19,
		.gogc = 100,
		.memory_limit_bytes = OL_MEMORY_LIMIT_OFF,
		.pressure_fd = -1,
		.on_cycle = on_cycle,
	};
	if (ol_collector_create(heap, &real_clock, &config, &collector, &error) < 0)
		fail(&error);
}

static ol_root make_root(void) {
	struct ol_error error;
	ol_root root;
	if (ol_heap_root_create(heap, NULL, &root, &error) < 0)
		fail(&error);
	return root;
}

static uint64_t *make(uint64_t bytes, ol_root holder, uint64_t value) {
	struct ol_error error;
	void *slab;
	if (ol_collector_new_slab(collector, bytes, holder, &slab, &error) < 0)
		fail(&error);
	*(uint64_t *)slab = value;
	return slab;
}

static void *make_node(uint64_t payload_bytes, ol_root holder) {
	struct ol_error error;
	void *node;
	if (ol_collector_new_node(collector, 2, payload_bytes, holder, &node, &error) < 0)
		fail(&error);
	return node;
}

/* The window is a ring of roots: holder is the step's. */
static void make_step(
	struct work_result *result, uint64_t kind, ol_root holder, ol_root scratch, uint64_t step) {
	if (kind < 2) {
		result->objects++;
		result->bytes += WORK_SMALL_BYTES;
		make(WORK_SMALL_BYTES, holder, step);
	} else if (kind == 2) {
		result->objects++;
		result->bytes += WORK_MIDDLE_BYTES;
		make(WORK_MIDDLE_BYTES, holder, step);
	} else {
		void *pair = make_node(sizeof(uint64_t), holder);
		ol_heap_store(heap, pair, 0, make(WORK_SMALL_BYTES, scratch, step + 1));
		ol_heap_store(heap, pair, 1, make(WORK_MIDDLE_BYTES, scratch, step + 2));
		*(uint64_t *)ol_heap_payload(heap, pair) = step;
		result->objects += 3;
		result->bytes += WORK_PAIR_BYTES + WORK_SMALL_BYTES + WORK_MIDDLE_BYTES;
	}
}

static uint64_t leave(uint64_t checksum, uint64_t kind, void *object) {
	if (kind < 3)
		return work_mix(checksum, *(const uint64_t *)object);
	const uint64_t *small = ol_heap_load(heap, object, 0);
	const uint64_t *middle = ol_heap_load(heap, object, 1);
	return work_mix(checksum, *(const uint64_t *)ol_heap_payload(heap, object) + *small + *middle);
}

static void churn(struct work_result *result) {
	static uint8_t kinds[WORK_CHURN_WINDOW];
	static ol_root ring[WORK_CHURN_WINDOW];
	for (uint64_t i = 0; i < WORK_CHURN_WINDOW; i++)
		ring[i] = make_root();
	ol_root scratch = make_root();
	uint64_t state = WORK_SEED;
	for (uint64_t step = 0; step < WORK_CHURN_STEPS; step++) {
		uint64_t at = step % WORK_CHURN_WINDOW;
		if (step >= WORK_CHURN_WINDOW)
			result->checksum =
				leave(result->checksum, kinds[at], ol_heap_root_load(heap, ring[at]));
		uint64_t kind = work_random(&state) >> 62;
		kinds[at] = (uint8_t)kind;
		make_step(result, kind, ring[at], scratch, step);
	}
}

/* Fills a tree that is reachable already: what is allocated for it is stored at once. */
static void grow_below(struct work_result *result, void *tree, int depth, ol_root scratch) {
	for (uint32_t side = 0; side < 2; side++) {
		void *child = make_node(0, scratch);
		ol_heap_store(heap, tree, side, child);
		result->objects++;
		if (depth > 1)
			grow_below(result, child, depth - 1, scratch);
	}
}

static void *grow(struct work_result *result, int depth, ol_root holder, ol_root scratch) {
	void *tree = make_node(0, holder);
	result->objects++;
	grow_below(result, tree, depth, scratch);
	return tree;
}

static uint64_t count(const void *tree) {
	const void *left = ol_heap_load(heap, tree, 0);
	return left == NULL ? 1 : 1 + count(left) + count(ol_heap_load(heap, tree, 1));
}

static void trees(struct work_result *result) {
	ol_root tree = make_root();
	ol_root long_lived = make_root();
	ol_root scratch = make_root();
	result->checksum = count(grow(result, WORK_TREES_DEPTH_MAX + 1, tree, scratch));
	ol_heap_root_store(heap, tree, NULL);
	grow(result, WORK_TREES_DEPTH_MAX, long_lived, scratch);
	for (int depth = WORK_TREES_DEPTH_MIN; depth <= WORK_TREES_DEPTH_MAX; depth += 2) {
		uint64_t nodes = 0;
		for (uint64_t i = work_trees_of_depth(depth); i > 0; i--)
			nodes += count(grow(result, depth, tree, scratch));
		result->checksum = work_mix(result->checksum, nodes);
	}
	result->checksum = work_mix(result->checksum, count(ol_heap_root_load(heap, long_lived)));
	result->bytes = result->objects * WORK_TREE_BYTES;
}

static void slabs(struct work_result *result) {
	ol_root ring[WORK_SLABS_LIVE];
	uint64_t live_bytes[WORK_SLABS_LIVE] = { 0 };
	for (uint64_t i = 0; i < WORK_SLABS_LIVE; i++)
		ring[i] = make_root();
	uint64_t state = WORK_SEED;
	for (uint64_t i = 0; i < WORK_SLABS_COUNT; i++) {
		uint64_t at = i % WORK_SLABS_LIVE;
		const unsigned char *old = ol_heap_root_load(heap, ring[at]);
		for (uint64_t byte = 0; byte < live_bytes[at]; byte += WORK_PAGE_BYTES)
			result->checksum += old[byte];
		ol_heap_root_store(heap, ring[at], NULL);
		uint64_t bytes = work_slab_bytes(&state);
		struct ol_error error;
		void *object;
		if (ol_collector_new_slab(collector, bytes, ring[at], &object, &error) < 0)
			fail(&error);
		unsigned char *slab = object;
		for (uint64_t byte = 0; byte < bytes; byte += WORK_PAGE_BYTES)
			slab[byte] = (unsigned char)(i + byte / WORK_PAGE_BYTES);
		live_bytes[at] = bytes;
		result->objects++;
		result->bytes += bytes;
	}
}

static void link_node(void *context, uint64_t at, uint64_t value, uint64_t left, uint64_t right) {
	const void *nodes = context;
	void *node = ol_heap_load(heap, nodes, (uint32_t)at);
	ol_heap_store(heap, node, 0, ol_heap_load(heap, nodes, (uint32_t)left));
	ol_heap_store(heap, node, 1, ol_heap_load(heap, nodes, (uint32_t)right));
	*(uint64_t *)ol_heap_payload(heap, node) = value;
}

static void graph(struct work_result *result) {
	struct ol_error error;
	/* Nothing is garbage while it is built, and building is not timed. */
	ol_collector_set_limits(collector, OL_GOGC_OFF, OL_MEMORY_LIMIT_OFF);
	ol_root root = make_root();
	ol_root table = make_root();
	void *nodes;
	if (ol_collector_new_node(collector, WORK_GRAPH_NODES, 0, table, &nodes, &error) < 0)
		fail(&error);
	for (uint32_t i = 0; i < WORK_GRAPH_NODES; i++)
		ol_heap_store(heap, nodes, i, make_node(sizeof(uint64_t), root));
	uint64_t first = work_graph_build(link_node, nodes);
	const void *node = ol_heap_load(heap, nodes, (uint32_t)first);
	ol_heap_root_store(heap, root, (void *)(uintptr_t)node);
	ol_heap_root_release(heap, table);
	ol_collector_set_limits(collector, 100, OL_MEMORY_LIMIT_OFF);
	marked_bytes_min = UINT64_MAX;
	work_timer_start(result);
	for (int i = 0; i < WORK_GRAPH_COLLECTIONS; i++)
		ol_collector_collect(collector);
	work_timer_stop(result);
	if (marked_bytes_min < WORK_GRAPH_NODES * WORK_GRAPH_NODE_BYTES)
		work_fail("a collection did not mark the whole graph");
	uint64_t state = WORK_SEED;
	for (int i = 0; i < WORK_GRAPH_WALK_STEPS; i++) {
		uint64_t value = *(uint64_t *)ol_heap_payload(heap, (void *)(uintptr_t)node);
		result->checksum = work_mix(result->checksum, value);
		node = ol_heap_load(heap, node, work_random(&state) >> 63);
	}
	result->objects = WORK_GRAPH_NODES * WORK_GRAPH_COLLECTIONS;
	result->bytes = result->objects * WORK_GRAPH_NODE_BYTES;
}

int main(int argc, char **argv) {
	set_up(argc > 2 && strcmp(argv[2], "--huge-pages") == 0);
	int status = work_main(argc, argv, &(struct work_column){ churn, trees, slabs, graph });
	ol_collector_destroy(collector);
	ol_heap_destroy(heap);
	return status;
}
