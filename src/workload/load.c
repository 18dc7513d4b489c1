/* load.c -- What all kinds of loads have in common: their life, their slices, large objects. */
#include <errno.h>
#include <stdlib.h>

#include "workload/internal.h"

static const struct ol_load_ops *ops_of(enum ol_load_kind kind) {
	switch (kind) {
	case OL_LOAD_CHURN:
	case OL_LOAD_RAMP:
		return &ol_load_churn_ops;
	case OL_LOAD_CACHE:
		return &ol_load_cache_ops;
	case OL_LOAD_QUEUE:
		return &ol_load_queue_ops;
	case OL_LOAD_TREE:
		return &ol_load_tree_ops;
	case OL_LOAD_SURVIVORS:
		return &ol_load_survivors_ops;
	}
	return NULL;
}

/* The least that an object of this load may ask for. */
static uint64_t object_bytes_min(const struct ol_load_spec *spec) {
	if (spec->kind == OL_LOAD_QUEUE)
		return OL_LOAD_ITEM_BYTES_MIN;
	return spec->kind == OL_LOAD_CHURN && spec->churn.is_nodes ? OL_LOAD_NODE_BYTES_MIN : 1;
}

static int set_sizes(
	struct ol_load *load, const struct ol_load_spec *spec, struct ol_error *error) {
	const struct ol_load_sizes *sizes = &spec->sizes;
	uint64_t bytes_min = object_bytes_min(spec);
	if (sizes->bytes_min < bytes_min || sizes->bytes_max < sizes->bytes_min ||
		sizes->bytes_max > OL_LOAD_OBJECT_BYTES_MAX)
		return ol_error_set(error, -EINVAL,
			"objects of %llu to %llu bytes: expected from %llu bytes up to 1 TiB",
			(unsigned long long)sizes->bytes_min, (unsigned long long)sizes->bytes_max,
			(unsigned long long)bytes_min);
	load->size_min_bytes = load->next_bytes = sizes->bytes_min;
	load->size_choices = sizes->bytes_max - sizes->bytes_min + 1;
	load->next_object_bytes = ol_load_heap_bytes(load->next_bytes);
	ol_load_draw_size(load);
	return 0;
}

int ol_load_create(const struct ol_load_world *world, uint64_t seed,
	const struct ol_load_spec *spec, struct ol_load **ret_load, struct ol_error *error) {
	struct ol_load *load = calloc(1, sizeof *load);
	if (load == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a load");
	load->world = *world;
	if (world->touched_bytes == NULL)
		load->world.touched_bytes = &load->untold_bytes;
	load->random = ol_random_seeded(seed);
	load->holder = OL_ROOT_NONE;
	int result = ol_heap_root_create(world->heap, NULL, &load->holder, error);
	if (result == 0 && spec->kind != OL_LOAD_TREE)
		result = set_sizes(load, spec, error);
	if (result == 0) {
		load->ops = ops_of(spec->kind);
		result = load->ops->start(load, spec, error);
	}
	if (result < 0) {
		ol_load_destroy(load);
		return result;
	}
	ol_heap_root_store(world->heap, load->holder, NULL);
	*ret_load = load;
	return 0;
}

void ol_load_destroy(struct ol_load *load) {
	if (load == NULL)
		return;
	if (load->ops != NULL)
		load->ops->finish(load);
	if (load->holder != OL_ROOT_NONE)
		ol_heap_root_release(load->world.heap, load->holder);
	free(load);
}

static uint64_t add_up_to_max(uint64_t present, uint64_t more) {
	return more > UINT64_MAX - present ? UINT64_MAX : present + more;
}

void ol_load_set_goal(struct ol_load *load, const struct ol_load_goal *goal) {
	const struct ol_load_totals *totals = &load->totals;
	load->end = (struct ol_load_goal){
		.objects = add_up_to_max(totals->allocated_objects, goal->objects),
		.bytes = add_up_to_max(totals->allocated_bytes, goal->bytes),
		.operations = add_up_to_max(totals->operations, goal->operations),
	};
}

/* Others may stop the world meanwhile: the object is held, and nothing but its payload is
 * written. */
void ol_load_write(struct ol_load *load, struct ol_load_budget *budget) {
	struct ol_load_world *world = &load->world;
	uint64_t bytes = load->unwritten_bytes < budget->bytes ? load->unwritten_bytes : budget->bytes;
	ol_collector_leave(world->collector);
	world->memory->ops->touch(
		world->memory, load->unwritten, bytes, OL_LOAD_FILL, world->touched_bytes);
	ol_collector_enter(world->collector);
	load->unwritten += bytes;
	load->unwritten_bytes -= bytes;
	budget->bytes -= bytes;
}

int ol_load_step(struct ol_load *load, uint64_t bytes_max, uint64_t operations_max,
	struct ol_load_progress *ret_progress, struct ol_error *error) {
	assert(bytes_max > 0);
	assert(operations_max > 0);
	struct ol_load_budget budget = {
		.bytes = bytes_max,
		.operations =
			operations_max < OL_LOAD_OPERATIONS_MAX ? operations_max : OL_LOAD_OPERATIONS_MAX,
		.bytes_max = bytes_max,
	};
	struct ol_load_totals before = load->totals;
	uint64_t small_bytes_before = load->small_bytes;
	if (load->unwritten_bytes > 0)
		ol_load_write(load, &budget);
	int result = load->ops->advance(load, &budget, error);
	/* What is not kept is garbage from here on. */
	if (load->unwritten_bytes == 0)
		ol_heap_root_store(load->world.heap, load->holder, NULL);
	if (result < 0)
		return result;
	*ret_progress = (struct ol_load_progress){
		.objects = load->totals.allocated_objects - before.allocated_objects,
		.bytes = load->totals.allocated_bytes - before.allocated_bytes,
		.small_bytes = load->small_bytes - small_bytes_before,
		.operations = load->totals.operations - before.operations,
		.is_done = !load->is_busy && load->unwritten_bytes == 0 && ol_load_is_at_goal(load),
	};
	return 0;
}

uint64_t ol_load_request_bytes(const struct ol_load *load, uint64_t bytes_max) {
	uint64_t object_bytes =
		load->unwritten_bytes > 0 ? load->unwritten_bytes : load->next_object_bytes;
	return object_bytes > bytes_max ? object_bytes : bytes_max;
}

struct ol_load_totals ol_load_totals(const struct ol_load *load) {
	return load->totals;
}
