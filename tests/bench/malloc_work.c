/* malloc_work.c -- The workloads with explicit free: glibc's malloc, or mimalloc with
 * WORK_MIMALLOC.
 *
 * What leaves the window is freed at once. No trees: there a collector is the point. The graph is
 * marked by the least that can do it, a floor for what marking costs: a queue, and a bitmap over
 * the one array that holds all nodes. */
#include <stdlib.h>
#include <string.h>

#ifdef WORK_MIMALLOC
#include <mimalloc.h>
#define allocate mi_malloc
#define release  mi_free
#else
#define allocate malloc
#define release  free
#endif

#include "work.h"

struct pair {
	uint64_t *small;
	uint64_t *middle;
	uint64_t value;
};

static void *ring[WORK_CHURN_WINDOW];
static uint8_t kinds[WORK_CHURN_WINDOW];

static void *make(uint64_t bytes, uint64_t value) {
	uint64_t *object = allocate(bytes);
	if (object == NULL)
		work_fail("no memory");
	*object = value;
	return object;
}

static void *make_step(struct work_result *result, uint64_t kind, uint64_t step) {
	if (kind < 2) {
		result->objects++;
		result->bytes += WORK_SMALL_BYTES;
		return make(WORK_SMALL_BYTES, step);
	}
	if (kind == 2) {
		result->objects++;
		result->bytes += WORK_MIDDLE_BYTES;
		return make(WORK_MIDDLE_BYTES, step);
	}
	struct pair *pair = allocate(sizeof *pair);
	if (pair == NULL)
		work_fail("no memory");
	pair->small = make(WORK_SMALL_BYTES, step + 1);
	pair->middle = make(WORK_MIDDLE_BYTES, step + 2);
	pair->value = step;
	result->objects += 3;
	result->bytes += WORK_PAIR_BYTES + WORK_SMALL_BYTES + WORK_MIDDLE_BYTES;
	return pair;
}

static uint64_t leave(uint64_t checksum, uint64_t kind, void *object) {
	if (kind < 3) {
		checksum = work_mix(checksum, *(uint64_t *)object);
	} else {
		struct pair *pair = object;
		checksum = work_mix(checksum, pair->value + *pair->small + *pair->middle);
		release(pair->small);
		release(pair->middle);
	}
	release(object);
	return checksum;
}

static void churn(struct work_result *result) {
	uint64_t state = WORK_SEED;
	for (uint64_t step = 0; step < WORK_CHURN_STEPS; step++) {
		uint64_t at = step % WORK_CHURN_WINDOW;
		if (step >= WORK_CHURN_WINDOW)
			result->checksum = leave(result->checksum, kinds[at], ring[at]);
		uint64_t kind = work_random(&state) >> 62;
		kinds[at] = (uint8_t)kind;
		ring[at] = make_step(result, kind, step);
	}
}

static void slabs(struct work_result *result) {
	static unsigned char *live[WORK_SLABS_LIVE];
	static uint64_t live_bytes[WORK_SLABS_LIVE];
	uint64_t state = WORK_SEED;
	for (uint64_t i = 0; i < WORK_SLABS_COUNT; i++) {
		uint64_t at = i % WORK_SLABS_LIVE;
		if (live[at] != NULL) {
			for (uint64_t byte = 0; byte < live_bytes[at]; byte += WORK_PAGE_BYTES)
				result->checksum += live[at][byte];
			release(live[at]);
		}
		uint64_t bytes = work_slab_bytes(&state);
		unsigned char *slab = allocate(bytes);
		if (slab == NULL)
			work_fail("no memory");
		for (uint64_t byte = 0; byte < bytes; byte += WORK_PAGE_BYTES)
			slab[byte] = (unsigned char)(i + byte / WORK_PAGE_BYTES);
		live[at] = slab;
		live_bytes[at] = bytes;
		result->objects++;
		result->bytes += bytes;
	}
}

struct node {
	struct node *left;
	struct node *right;
	uint64_t value;
};

static void link_node(void *context, uint64_t at, uint64_t value, uint64_t left, uint64_t right) {
	struct node *nodes = context;
	nodes[at] = (struct node){ &nodes[left], &nodes[right], value };
}

/* Puts a node that was not marked yet at the queue's end; returns the new end. */
static struct node **meet(
	struct node **end, struct node *node, const struct node *nodes, uint64_t *marks) {
	uint64_t index = (uint64_t)(node - nodes);
	uint64_t bit = UINT64_C(1) << (index % 64);
	if (marks[index / 64] & bit)
		return end;
	marks[index / 64] |= bit;
	*end = node;
	return end + 1;
}

static void graph(struct work_result *result) {
	enum { AHEAD = 32 };
	struct node *nodes = malloc(WORK_GRAPH_NODES * sizeof *nodes);
	struct node **queue = malloc((WORK_GRAPH_NODES + AHEAD) * sizeof(struct node *));
	uint64_t *marks = malloc((WORK_GRAPH_NODES + 63) / 64 * sizeof *marks);
	if (nodes == NULL || queue == NULL || marks == NULL)
		work_fail("no memory");
	const struct node *node = &nodes[work_graph_build(link_node, nodes)];
	work_timer_start(result);
	for (int i = 0; i < WORK_GRAPH_COLLECTIONS; i++) {
		memset(marks, 0, (WORK_GRAPH_NODES + 63) / 64 * sizeof *marks);
		struct node **end = meet(queue, (struct node *)(uintptr_t)node, nodes, marks);
		for (struct node **next = queue; next < end; next++) {
			/* Behind the end lies what an earlier collection left, or nothing: both do no harm. */
			__builtin_prefetch(next[AHEAD]);
			end = meet(end, (*next)->left, nodes, marks);
			end = meet(end, (*next)->right, nodes, marks);
		}
		if (end != queue + WORK_GRAPH_NODES)
			work_fail("not all nodes were reached");
	}
	work_timer_stop(result);
	uint64_t state = WORK_SEED;
	for (int i = 0; i < WORK_GRAPH_WALK_STEPS; i++) {
		result->checksum = work_mix(result->checksum, node->value);
		node = work_random(&state) >> 63 ? node->right : node->left;
	}
	result->objects = WORK_GRAPH_NODES * WORK_GRAPH_COLLECTIONS;
	result->bytes = result->objects * WORK_GRAPH_NODE_BYTES;
}

int main(int argc, char **argv) {
	return work_main(
		argc, argv, &(struct work_column){ .churn = churn, .slabs = slabs, .graph = graph });
}
