/* window.c -- The ring of nodes that holds a window's objects. */
#include <assert.h>

#include "workload/window.h"

int ol_window_init(struct ol_window *window, struct ol_heap *heap, struct ol_collector *collector,
	ol_root holder, struct ol_error *error) {
	void *node;
	ol_root root;
	int result = ol_collector_new_node(collector, OL_WINDOW_SLOTS, 0, holder, &node, error);
	if (result == 0)
		result = ol_heap_root_create(heap, node, &root, error);
	if (result < 0)
		return result;
	ol_heap_store(heap, node, OL_WINDOW_NEXT, node);
	*window = (struct ol_window){
		.heap = heap,
		.collector = collector,
		.root = root,
		.oldest = { node, OL_WINDOW_FIRST },
		.end = { node, OL_WINDOW_FIRST },
	};
	return 0;
}

void ol_window_finish(struct ol_window *window) {
	if (window->heap != NULL)
		ol_heap_root_release(window->heap, window->root);
	window->heap = NULL;
}

int ol_window_grow(struct ol_window *window, ol_root holder, struct ol_error *error) {
	assert(window->end.slot == OL_WINDOW_SLOTS);
	assert(window->count > 0); /* One that is empty begins a node anew. */
	struct ol_window_cursor *end = &window->end;
	void *next = ol_heap_load(window->heap, end->node, OL_WINDOW_NEXT);
	if (next == window->oldest.node) {
		void *node;
		int result =
			ol_collector_new_node(window->collector, OL_WINDOW_SLOTS, 0, holder, &node, error);
		if (result < 0)
			return result;
		ol_heap_store(window->heap, node, OL_WINDOW_NEXT, next);
		ol_heap_store(window->heap, end->node, OL_WINDOW_NEXT, node);
		next = node;
	}
	*end = (struct ol_window_cursor){ next, OL_WINDOW_FIRST };
	return 0;
}
