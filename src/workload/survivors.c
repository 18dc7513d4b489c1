/* survivors.c -- Many objects are made and few stay, spread evenly: no page of theirs is free. */
#include <errno.h>

#include "workload/internal.h"

#define WHOLE (UINT64_C(1) << 32)

static int start(struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error) {
	struct ol_survivors *survivors = &load->survivors;
	double share = spec->survivors.keep_share;
	if (!(share >= 0 && share <= 1))
		return ol_error_set(error, -EINVAL, "the share of what is kept is from 0 to 1");
	survivors->keep_step = (uint64_t)(share * 0x1p32);
	int result = ol_window_init(
		&survivors->window, load->world.heap, load->world.collector, load->holder, error);
	if (result == 0)
		survivors->cursor = survivors->window.end;
	return result;
}

static void finish(struct ol_load *load) {
	ol_window_finish(&load->survivors.window);
}

static int make(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_window *window = &load->survivors.window;
	void *object = NULL;
	int result = ol_window_reserve(window, load->holder, error);
	if (result == 0)
		result = ol_load_make_slab(load, budget, &object, error);
	if (result < 0)
		return result;
	ol_window_enter(window, object);
	load->is_busy = true; /* Until it was thinned. */
	ol_load_finish_operation(load, budget);
	return 0;
}

/* Whether an object is behind the cursor, which is then where that object is. */
static bool find_next(struct ol_survivors *survivors) {
	struct ol_window_cursor *cursor = &survivors->cursor;
	const struct ol_window_cursor *end = &survivors->window.end;
	if (cursor->node != end->node)
		ol_window_settle(&survivors->window, cursor);
	return cursor->node != end->node || cursor->slot < end->slot;
}

/* Drops all but a share of what has been made since the last thinning. */
static void thin(struct ol_load *load, struct ol_load_budget *budget) {
	struct ol_survivors *survivors = &load->survivors;
	struct ol_window_cursor *cursor = &survivors->cursor;
	while (budget->operations > 0 && find_next(survivors)) {
		budget->operations--;
		survivors->keep_sum += survivors->keep_step;
		if (survivors->keep_sum >= WHOLE) {
			survivors->keep_sum -= WHOLE;
		} else {
			const void *object = ol_heap_load(load->world.heap, cursor->node, cursor->slot);
			ol_load_note_dropped(load, ol_load_object_bytes(load, object));
			ol_heap_store(load->world.heap, cursor->node, cursor->slot, NULL);
		}
		cursor->slot++;
	}
	load->is_busy = find_next(survivors);
}

static int advance(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	int result = 0;
	while (result == 0 && ol_load_has_budget(budget) && !ol_load_is_at_goal(load))
		result = make(load, budget, error);
	if (result == 0 && load->is_busy && ol_load_is_at_goal(load))
		thin(load, budget);
	return result;
}

const struct ol_load_ops ol_load_survivors_ops = { start, advance, finish };
