/* tree.c -- A binary tree of nodes; parts of it are dropped and built anew. */
#include <errno.h>

#include "workload/internal.h"

enum { SIDES = 2 };

static void begin_part(struct ol_tree *tree, void *place, uint32_t place_side, unsigned height) {
	tree->place = place;
	tree->place_side = place_side;
	tree->height = height;
	tree->is_top_missing = true;
	tree->branch_count = 0;
}

static int start(struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error) {
	struct ol_tree *tree = &load->tree;
	tree->root = OL_ROOT_NONE;
	if (spec->tree.depth == 0 || spec->tree.depth > OL_LOAD_TREE_DEPTH_MAX)
		return ol_error_set(
			error, -EINVAL, "a tree has a depth of 1 to %d", OL_LOAD_TREE_DEPTH_MAX);
	if (spec->tree.payload_bytes > OL_LOAD_OBJECT_BYTES_MAX)
		return ol_error_set(error, -EINVAL, "a node has at most 1 TiB of payload");
	tree->depth = spec->tree.depth;
	tree->payload_bytes = spec->tree.payload_bytes;
	load->size_choices = 1;
	load->next_bytes = OL_LOAD_NODE_HEADER_BYTES + SIDES * OL_LOAD_SLOT_BYTES + tree->payload_bytes;
	load->next_object_bytes = ol_load_heap_bytes(load->next_bytes);
	begin_part(tree, NULL, 0, tree->depth);
	load->is_busy = true; /* Until the whole of it is there. */
	tree->is_first = true;
	return ol_heap_root_create(load->world.heap, NULL, &tree->root, error);
}

static void finish(struct ol_load *load) {
	if (load->tree.root != OL_ROOT_NONE)
		ol_heap_root_release(load->world.heap, load->tree.root);
}

static void put(struct ol_load *load, void *place, uint32_t side, void *node) {
	if (place == NULL)
		ol_heap_root_store(load->world.heap, load->tree.root, node);
	else
		ol_heap_store(load->world.heap, place, side, node);
}

/* Makes the next node of the part that is being built; there is one. */
static int grow(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_tree *tree = &load->tree;
	void *node;
	int result = ol_load_make_node(load, budget, SIDES, &node, error);
	if (result < 0)
		return result;
	if (tree->is_top_missing) {
		put(load, tree->place, tree->place_side, node);
		tree->is_top_missing = false;
	} else {
		unsigned above = tree->branch_count - 1;
		put(load, tree->branches[above].node, tree->branches[above].sides++, node);
	}
	if (tree->branch_count + 1 < tree->height) {
		tree->branches[tree->branch_count].node = node;
		tree->branches[tree->branch_count++].sides = 0;
	}
	while (tree->branch_count > 0 && tree->branches[tree->branch_count - 1].sides == SIDES)
		tree->branch_count--;
	load->is_busy = tree->branch_count > 0;
	return 0;
}

/* Drops a part that begins on a random level, at a random place of it. */
static void drop_part(struct ol_load *load) {
	struct ol_tree *tree = &load->tree;
	unsigned level = (unsigned)ol_load_draw(load, tree->depth); /* 0: the whole. */
	uint64_t path = ol_random_next(&load->random);              /* A bit a level. */
	void *place = NULL;
	void *below = ol_heap_root_load(load->world.heap, tree->root);
	uint32_t side = 0;
	for (unsigned i = 0; i < level; i++) {
		side = path >> i & 1;
		place = below;
		below = ol_heap_load(load->world.heap, place, side);
	}
	unsigned height = tree->depth - level;
	uint64_t nodes = (UINT64_C(1) << height) - 1;
	put(load, place, side, NULL);
	load->totals.live_objects -= nodes;
	load->totals.live_bytes -= nodes * load->next_object_bytes;
	begin_part(tree, place, side, height);
	load->is_busy = true;
}

static int advance(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_tree *tree = &load->tree;
	while (ol_load_has_budget(budget) && (load->is_busy || !ol_load_is_at_goal(load))) {
		if (!load->is_busy)
			drop_part(load);
		int result = grow(load, budget, error);
		if (result < 0)
			return result;
		if (load->is_busy)
			continue;
		if (!tree->is_first)
			ol_load_finish_operation(load, budget);
		tree->is_first = false;
	}
	return 0;
}

const struct ol_load_ops ol_load_tree_ops = { start, advance, finish };
