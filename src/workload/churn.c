/* churn.c -- Objects come, and go when so many bytes of younger ones are there; or stay. */
#include "workload/internal.h"

static int start(struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error) {
	struct ol_churn *churn = &load->churn;
	bool is_ramp = spec->kind == OL_LOAD_RAMP;
	churn->live_bytes_max = is_ramp ? UINT64_MAX : spec->churn.live_bytes;
	churn->is_nodes = !is_ramp && spec->churn.is_nodes;
	return ol_window_init(
		&churn->window, load->world.heap, load->world.collector, load->holder, error);
}

static void finish(struct ol_load *load) {
	ol_window_finish(&load->churn.window);
}

static void make_room(struct ol_load *load, uint64_t bytes) {
	struct ol_window *window = &load->churn.window;
	while (window->count > 0 && load->totals.live_bytes + bytes > load->churn.live_bytes_max)
		ol_load_note_dropped(load, ol_load_object_bytes(load, ol_window_leave(window)));
}

static int advance(struct ol_load *load, struct ol_load_budget *budget, struct ol_error *error) {
	struct ol_churn *churn = &load->churn;
	while (ol_load_has_budget(budget) && !ol_load_is_at_goal(load)) {
		uint64_t object_bytes = load->next_object_bytes;
		bool is_kept = object_bytes <= churn->live_bytes_max;
		make_room(load, object_bytes);
		int result = is_kept ? ol_window_reserve(&churn->window, load->holder, error) : 0;
		void *object = NULL;
		if (result == 0)
			result = churn->is_nodes ? ol_load_make_node(load, budget, 2, &object, error)
									 : ol_load_make_slab(load, budget, &object, error);
		if (result < 0)
			return result;
		if (is_kept)
			ol_window_enter(&churn->window, object);
		else
			ol_load_note_dropped(load, object_bytes);
		ol_load_finish_operation(load, budget);
	}
	return 0;
}

const struct ol_load_ops ol_load_churn_ops = { start, advance, finish };
