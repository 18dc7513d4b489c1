/* boehm_work.c -- The workloads with the collector of Boehm, Demers and Weiser (libgc).
 *
 * Used as its manual advises for speed: what holds no references is allocated as atomic, and only
 * references to the start of objects count in the heap, which also spares each object a byte. */
#include <gc.h>
#include <stdlib.h>

#include "work.h"

struct pair {
	uint64_t *small;
	uint64_t *middle;
	uint64_t value;
};

struct tree {
	struct tree *left;
	struct tree *right;
};

struct node {
	struct node *left;
	struct node *right;
	uint64_t value;
};

static void *check(void *object) {
	if (object == NULL)
		work_fail("no memory");
	return object;
}

static uint64_t *make(uint64_t bytes, uint64_t value) {
	uint64_t *object = check(GC_MALLOC_ATOMIC(bytes));
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
	struct pair *pair = check(GC_MALLOC(sizeof *pair));
	pair->small = make(WORK_SMALL_BYTES, step + 1);
	pair->middle = make(WORK_MIDDLE_BYTES, step + 2);
	pair->value = step;
	result->objects += 3;
	result->bytes += WORK_PAIR_BYTES + WORK_SMALL_BYTES + WORK_MIDDLE_BYTES;
	return pair;
}

static uint64_t leave(uint64_t checksum, uint64_t kind, const void *object) {
	if (kind < 3)
		return work_mix(checksum, *(const uint64_t *)object);
	const struct pair *pair = object;
	return work_mix(checksum, pair->value + *pair->small + *pair->middle);
}

static void churn(struct work_result *result) {
	static uint8_t kinds[WORK_CHURN_WINDOW];
	void **ring = check(GC_MALLOC(WORK_CHURN_WINDOW * sizeof *ring));
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

static struct tree *grow(struct work_result *result, int depth) {
	struct tree *tree = check(GC_MALLOC(sizeof *tree));
	result->objects++;
	if (depth > 0) {
		tree->left = grow(result, depth - 1);
		tree->right = grow(result, depth - 1);
	}
	return tree;
}

static uint64_t count(const struct tree *tree) {
	return tree->left == NULL ? 1 : 1 + count(tree->left) + count(tree->right);
}

static void trees(struct work_result *result) {
	result->checksum = count(grow(result, WORK_TREES_DEPTH_MAX + 1));
	struct tree *long_lived = grow(result, WORK_TREES_DEPTH_MAX);
	for (int depth = WORK_TREES_DEPTH_MIN; depth <= WORK_TREES_DEPTH_MAX; depth += 2) {
		uint64_t nodes = 0;
		for (uint64_t i = work_trees_of_depth(depth); i > 0; i--)
			nodes += count(grow(result, depth));
		result->checksum = work_mix(result->checksum, nodes);
	}
	result->checksum = work_mix(result->checksum, count(long_lived));
	result->bytes = result->objects * WORK_TREE_BYTES;
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
			live[at] = NULL;
		}
		uint64_t bytes = work_slab_bytes(&state);
		/* We promise to keep a pointer near the start, as the manual asks for large objects. */
		unsigned char *slab = check(GC_MALLOC_ATOMIC_IGNORE_OFF_PAGE(bytes));
		for (uint64_t byte = 0; byte < bytes; byte += WORK_PAGE_BYTES)
			slab[byte] = (unsigned char)(i + byte / WORK_PAGE_BYTES);
		live[at] = slab;
		live_bytes[at] = bytes;
		result->objects++;
		result->bytes += bytes;
	}
}

static void link_node(void *context, uint64_t at, uint64_t value, uint64_t left, uint64_t right) {
	struct node **nodes = context;
	*nodes[at] = (struct node){ nodes[left], nodes[right], value };
}

static void graph(struct work_result *result) {
	static struct node *volatile root;
	/* Nothing is garbage while it is built, and building is not timed. */
	GC_disable();
	struct node **nodes = check(GC_MALLOC(WORK_GRAPH_NODES * sizeof(struct node *)));
	for (uint64_t i = 0; i < WORK_GRAPH_NODES; i++)
		nodes[i] = check(GC_MALLOC(sizeof(struct node)));
	root = nodes[work_graph_build(link_node, nodes)];
	GC_FREE(nodes);
	GC_enable();
	work_timer_start(result);
	for (int i = 0; i < WORK_GRAPH_COLLECTIONS; i++)
		GC_gcollect();
	work_timer_stop(result);
	uint64_t state = WORK_SEED;
	const struct node *node = root;
	for (int i = 0; i < WORK_GRAPH_WALK_STEPS; i++) {
		result->checksum = work_mix(result->checksum, node->value);
		node = work_random(&state) >> 63 ? node->right : node->left;
	}
	result->objects = WORK_GRAPH_NODES * WORK_GRAPH_COLLECTIONS;
	result->bytes = result->objects * WORK_GRAPH_NODE_BYTES;
}

int main(int argc, char **argv) {
	GC_set_all_interior_pointers(0);
	GC_INIT();
	return work_main(argc, argv, &(struct work_column){ churn, trees, slabs, graph });
}
