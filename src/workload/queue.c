/* queue.c -- Linked nodes, first in, first out: some stay, and they may come in bursts. */
#include <errno.h>

#include "workload/internal.h"

enum { NEXT = 0 }; /* The slot of an item that refers to the one behind it. */

static int start(struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error) {
	struct ol_queue *queue = &load->queue;
	queue->root = OL_ROOT_NONE;
	if (spec->queue.burst == 0)
		return ol_error_set(error, -EINVAL, "a burst has at least one item");
	queue->backlog = spec->queue.backlog;
	queue->burst = spec->queue.burst;
	return ol_heap_root_create(load->world.heap, NULL, &queue->root, error);
}

static void finish(struct ol_load *load) {
	if (load->queue.root != OL_ROOT_NONE)
		ol_heap_root_release(load->world.heap, load->queue.root);
}

static int arrive(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_queue *queue = &load->queue;
	void *item;
	int result = ol_load_make_node(load, budget, 1, &item, error);
	if (result < 0)
		return result;
	if (queue->first == NULL) {
		ol_heap_root_store(load->world.heap, queue->root, item);
		queue->first = item;
	} else {
		ol_heap_store(load->world.heap, queue->last, NEXT, item);
	}
	queue->last = item;
	queue->arrived++;
	return 0;
}

static void leave(struct ol_load *load) {
	struct ol_queue *queue = &load->queue;
	void *next = ol_heap_load(load->world.heap, queue->first, NEXT);
	ol_load_note_dropped(load, ol_load_object_bytes(load, queue->first));
	ol_heap_root_store(load->world.heap, queue->root, next);
	queue->first = next;
}

static int advance(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_queue *queue = &load->queue;
	while (ol_load_has_budget(budget) && !ol_load_is_at_goal(load)) {
		int result = arrive(load, budget, error);
		if (result < 0)
			return result;
		if (queue->arrived == queue->burst) {
			queue->arrived = 0;
			while (load->totals.live_objects > queue->backlog)
				leave(load);
		}
		ol_load_finish_operation(load, budget);
	}
	return 0;
}

const struct ol_load_ops ol_load_queue_ops = { start, advance, finish };
