/* heap_model.h -- A naive model of the heap, and random steps that both take together.
 *
 * A collection goes three ways: at once, by steps between those of the program, and by threads that
 * mark while the program goes on. Whichever it is, what it finds is known beforehand: what is
 * reachable when marking begins, and what is allocated until it ends. */
#ifndef OL_TESTS_HEAP_MODEL_H
#define OL_TESTS_HEAP_MODEL_H

#include "heap_crew.h"
#include "heap_support.h"

enum { MODEL_OBJECTS_MAX = 4096, MODEL_ROOTS_MAX = 64, MODEL_SLOTS_MAX = 700 };

struct model_object {
	char *address; /* NULL: swept. */
	uint64_t bytes;
	bool is_node;
	bool is_reachable;
	uint32_t slot_count;
	struct model_object **slots;
	uint64_t stamp;       /* Written to the last 8 bytes, if those are no slot. */
	uint64_t *stamped_at; /* Where; NULL if there is no room. */
};

struct model_root {
	bool is_used;
	ol_root id;
	struct model_object *object;
};

enum model_way { MODEL_AT_ONCE, MODEL_STEPS, MODEL_THREADS };
enum model_phase { MODEL_IDLE, MODEL_MARKING, MODEL_SWEEPING };

/* What a run is like. */
struct model_plan {
	uint64_t seed;
	enum model_way way;
	unsigned marker_count; /* Not for MODEL_AT_ONCE. */
	uint32_t object_count_max;
	uint64_t large_bytes_max;
	unsigned step_count;
	unsigned check_every; /* Steps. */
	bool has_hook;        /* Collections go on inside of allocations, too. */
	bool may_overflow;    /* The mark stacks are too small. */
};

struct model {
	struct ol_heap *heap;
	const struct model_plan *plan;
	struct ol_random random;
	enum model_phase phase;
	struct ol_heap_marking expected; /* Of the marking that is under way. */
	uint64_t doomed_count;           /* Objects that await sweeping. */
	struct crew crew;
	uint32_t object_count;
	struct model_object objects[MODEL_OBJECTS_MAX];
	struct model_root roots[MODEL_ROOTS_MAX];
	uint64_t mallocs_count;
	uint64_t frees_count;
};

static uint64_t below(struct model *model, uint64_t bound) {
	return ol_random_below(&model->random, bound);
}

/* While a collection goes on: one that it found or will find. No program has another. */
static struct model_object *any_object(struct model *model) {
	for (unsigned attempt = 0; attempt < 8 && model->object_count > 0; attempt++) {
		struct model_object *object = &model->objects[below(model, model->object_count)];
		if (model->phase == MODEL_IDLE || object->is_reachable)
			return object;
	}
	return NULL;
}

static void *address_of(const struct model_object *object) {
	return object == NULL ? NULL : object->address;
}

/* Mostly small sizes, some of every class, a few large ones. */
static uint64_t any_bytes(struct model *model) {
	switch (below(model, 16)) {
	case 0:
		return 1 + below(model, model->plan->large_bytes_max);
	case 1:
	case 2:
		return 1 + below(model, OL_HEAP_SMALL_BYTES_MAX);
	default:
		return 1 + below(model, 160);
	}
}

static void model_stamp(struct model *model, struct model_object *object) {
	uint64_t head_bytes = object->is_node ? 8 + 8 * (uint64_t)object->slot_count : 0;
	if (object->bytes < head_bytes + 8)
		return;
	object->stamp = ol_random_next(&model->random);
	object->stamped_at = (uint64_t *)(object->address + object->bytes - 8);
	*object->stamped_at = object->stamp;
}

/* A collection that is under way counts a new object among what it finds; it may lie where one lay
 * that was to be swept. */
static void model_note_birth(struct model *model, struct model_object *object) {
	model->mallocs_count++;
	object->is_reachable = true;
	if (model->phase == MODEL_MARKING) {
		model->expected.marked_objects++;
		model->expected.marked_bytes += object->bytes;
	}
	for (uint32_t i = 0; model->phase == MODEL_SWEEPING && i < model->object_count; i++) {
		if (model->objects[i].address != object->address)
			continue;
		assert_false(model->objects[i].is_reachable);
		model->objects[i].address = NULL;
	}
}

static void model_allocate(struct model *model) {
	if (model->object_count == model->plan->object_count_max)
		return;
	struct model_object new_object = { .is_node = below(model, 3) != 0 };
	struct ol_allocation allocation;
	if (new_object.is_node) {
		new_object.slot_count = (uint32_t)below(model, below(model, 40) == 0 ? MODEL_SLOTS_MAX : 5);
		uint64_t payload_bytes =
			below(model, 4) == 0 || new_object.slot_count == 0 ? any_bytes(model) : 0;
		allocation = node(model->heap, new_object.slot_count, payload_bytes);
		new_object.slots = calloc(new_object.slot_count + 1, sizeof new_object.slots[0]);
		assert_non_null(new_object.slots);
		assert_int_equal(ol_heap_slot_count(model->heap, allocation.object), new_object.slot_count);
		for (uint32_t i = 0; i < new_object.slot_count; i++)
			assert_null(ol_heap_load(model->heap, allocation.object, i));
	} else {
		allocation = slab(model->heap, any_bytes(model));
	}
	new_object.address = allocation.object;
	new_object.bytes = allocation.object_bytes;
	model_note_birth(model, &new_object);
	/* Who overlaps with a neighbour overwrites its stamp. */
	model_stamp(model, &new_object);
	struct model_object *object = &model->objects[model->object_count++];
	*object = new_object;
	/* Half of the new objects are held by somebody at once. */
	struct model_root *root = &model->roots[below(model, MODEL_ROOTS_MAX)];
	if (below(model, 2) == 0 && root->is_used) {
		root->object = object;
		ol_heap_root_store(model->heap, root->id, object->address);
	}
}

static void model_store(struct model *model) {
	struct model_object *object = any_object(model);
	if (object == NULL || object->slot_count == 0)
		return;
	uint32_t index = (uint32_t)below(model, object->slot_count);
	struct model_object *target = below(model, 6) == 0 ? NULL : any_object(model);
	object->slots[index] = target;
	ol_heap_store(model->heap, object->address, index, address_of(target));
	assert_ptr_equal(ol_heap_load(model->heap, object->address, index), address_of(target));
}

static void model_change_root(struct model *model) {
	struct model_root *slot = &model->roots[below(model, MODEL_ROOTS_MAX)];
	struct model_object *object = below(model, 8) == 0 ? NULL : any_object(model);
	if (!slot->is_used) {
		*slot = (struct model_root){ true, root(model->heap, address_of(object)), object };
	} else if (below(model, 2) == 0) {
		assert_ptr_equal(ol_heap_root_load(model->heap, slot->id), address_of(slot->object));
		ol_heap_root_release(model->heap, slot->id);
		*slot = (struct model_root){ 0 };
	} else {
		slot->object = object;
		ol_heap_root_store(model->heap, slot->id, address_of(object));
	}
}

/* What is reachable, by asking every object again until nothing changes. */
static struct ol_heap_marking model_mark(struct model *model) {
	struct ol_heap_marking marking = { 0 };
	for (uint32_t i = 0; i < model->object_count; i++)
		model->objects[i].is_reachable = false;
	for (unsigned i = 0; i < MODEL_ROOTS_MAX; i++) {
		if (model->roots[i].is_used)
			marking.roots_bytes += 8;
		if (model->roots[i].is_used && model->roots[i].object != NULL)
			model->roots[i].object->is_reachable = true;
	}
	for (bool has_changed = true; has_changed;) {
		has_changed = false;
		for (uint32_t i = 0; i < model->object_count; i++) {
			struct model_object *object = &model->objects[i];
			for (uint32_t j = 0; object->is_reachable && j < object->slot_count; j++) {
				if (object->slots[j] == NULL || object->slots[j]->is_reachable)
					continue;
				object->slots[j]->is_reachable = true;
				has_changed = true;
			}
		}
	}
	for (uint32_t i = 0; i < model->object_count; i++) {
		if (!model->objects[i].is_reachable)
			continue;
		marking.marked_objects++;
		marking.marked_bytes += model->objects[i].bytes;
		marking.scan_work_bytes += 8 * (uint64_t)model->objects[i].slot_count;
	}
	return marking;
}

/* Everything about one object that the heap can be asked. */
static void model_verify(const struct model *model, const struct model_object *object) {
	struct ol_heap *heap = model->heap;
	assert_true(ol_heap_is_object(heap, object->address));
	assert_int_equal(ol_heap_is_node(heap, object->address), object->is_node);
	assert_int_equal(ol_heap_object_bytes(heap, object->address), object->bytes);
	assert_false(ol_heap_is_object(heap, object->address + 1));
	for (uint32_t i = 0; i < object->slot_count; i++)
		assert_ptr_equal(ol_heap_load(heap, object->address, i), address_of(object->slots[i]));
	if (object->stamped_at != NULL)
		assert_int_equal(*object->stamped_at, object->stamp);
}

/* Forgets what was swept; the survivors move down, and references follow. */
static void model_sweep(struct model *model) {
	static struct model_object *moved_to[MODEL_OBJECTS_MAX];
	uint32_t count = 0;
	for (uint32_t i = 0; i < model->object_count; i++) {
		struct model_object *object = &model->objects[i];
		if (object->is_reachable) {
			moved_to[i] = &model->objects[count++];
		} else {
			/* NULL: something new lies there. */
			assert_false(
				object->address != NULL && ol_heap_is_object(model->heap, object->address));
			free(object->slots);
			model->frees_count++;
		}
	}
	for (uint32_t i = 0; i < model->object_count; i++) {
		struct model_object object = model->objects[i];
		if (!object.is_reachable)
			continue;
		for (uint32_t j = 0; j < object.slot_count; j++) {
			if (object.slots[j] != NULL)
				object.slots[j] = moved_to[object.slots[j] - model->objects];
		}
		*moved_to[i] = object;
	}
	for (unsigned i = 0; i < MODEL_ROOTS_MAX; i++) {
		if (model->roots[i].is_used && model->roots[i].object != NULL)
			model->roots[i].object = moved_to[model->roots[i].object - model->objects];
	}
	model->object_count = count;
}

static void model_collect(struct model *model) {
	struct ol_heap_marking expected = model_mark(model);
	struct ol_heap_stats before = ol_heap_stats(model->heap);
	struct ol_heap_marking marking = ol_heap_mark(model->heap);
	assert_memory_equal(&marking, &expected, sizeof expected);
	check(model->heap);
	struct ol_heap_sweeping sweeping = ol_heap_sweep(model->heap);
	struct ol_heap_stats after = ol_heap_stats(model->heap);
	assert_int_equal(sweeping.freed_objects, model->object_count - expected.marked_objects);
	assert_int_equal(sweeping.freed_bytes, before.allocated_bytes - expected.marked_bytes);
	assert_int_equal(
		sweeping.freed_pages * OL_HEAP_PAGE_BYTES, before.inuse_bytes - after.inuse_bytes);
	assert_int_equal(after.allocated_bytes, expected.marked_bytes);
	assert_int_equal(after.live_bytes, expected.marked_bytes);
	assert_int_equal(after.scan_bytes, expected.scan_work_bytes);
	model_sweep(model);
	for (uint32_t i = 0; i < model->object_count; i++)
		model_verify(model, &model->objects[i]);
}

static void model_count(struct model *model) {
	struct ol_heap_stats before = ol_heap_stats(model->heap);
	uint64_t marked_bytes = model_mark(model).marked_bytes;
	assert_int_equal(ol_heap_count_reachable_bytes(model->heap), marked_bytes);
	struct ol_heap_stats after = ol_heap_stats(model->heap);
	/* Of the metadata, the mark stack may have been touched. */
	before.metadata_bytes = after.metadata_bytes;
	before.mapped_ready_bytes = after.mapped_ready_bytes;
	assert_memory_equal(&before, &after, sizeof before);
}

static void model_scavenge(struct model *model) {
	struct ol_heap_stats before = ol_heap_stats(model->heap);
	uint64_t bytes = below(model, 4) == 0 ? UINT64_MAX : below(model, OL_MIB);
	uint64_t scavenged_bytes = ol_heap_scavenge(model->heap, bytes);
	struct ol_heap_stats after = ol_heap_stats(model->heap);
	uint64_t rounded_bytes = bytes == UINT64_MAX ? bytes
												 : (bytes + OL_HEAP_PAGE_BYTES - 1) /
													   OL_HEAP_PAGE_BYTES * OL_HEAP_PAGE_BYTES;
	assert_int_equal(
		scavenged_bytes, rounded_bytes < before.free_bytes ? rounded_bytes : before.free_bytes);
	assert_int_equal(after.released_bytes, before.released_bytes + scavenged_bytes);
	assert_int_equal(after.free_bytes, before.free_bytes - scavenged_bytes);
}

static void model_begin(struct model *model) {
	assert_true(ol_heap_is_idle(model->heap));
	model->expected = model_mark(model);
	ol_heap_mark_begin(model->heap);
	assert_false(ol_heap_is_idle(model->heap));
	model->phase = MODEL_MARKING;
	if (model->plan->way == MODEL_THREADS)
		crew_start(&model->crew);
}

/* Everything that the collection did not find has been swept. */
static void model_end_sweeping(struct model *model) {
	model->phase = MODEL_IDLE;
	model_sweep(model);
	struct ol_heap_stats stats = ol_heap_stats(model->heap);
	assert_int_equal(stats.frees_count, model->frees_count);
	assert_int_equal(stats.unswept_bytes, 0);
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < model->object_count; i++) {
		model_verify(model, &model->objects[i]);
		bytes += model->objects[i].bytes;
	}
	assert_int_equal(stats.allocated_bytes, bytes);
}

/* Marking is done, and no thread is at it. */
static void model_end_marking(struct model *model) {
	if (!model->plan->may_overflow)
		assert_int_equal(ol_heap_mark_work_bytes(model->heap), model->expected.scan_work_bytes);
	struct ol_heap_marking marking = ol_heap_mark_end(model->heap);
	assert_memory_equal(&marking, &model->expected, sizeof marking);
	struct ol_heap_stats stats = ol_heap_stats(model->heap);
	assert_int_equal(stats.live_bytes, marking.marked_bytes);
	assert_int_equal(stats.scan_bytes, marking.scan_work_bytes);
	assert_int_equal(stats.unswept_bytes, stats.inuse_bytes);
	model->doomed_count = model->object_count - marking.marked_objects;
	model->phase = MODEL_SWEEPING;
	if (ol_heap_is_idle(model->heap))
		model_end_sweeping(model);
}

static void model_mark_some(struct model *model, unsigned marker) {
	uint64_t work_bytes = below(model, 8) == 0 ? below(model, 8000) : below(model, 100);
	uint64_t before_bytes = ol_heap_mark_work_bytes(model->heap);
	bool is_idle = false;
	uint64_t done_bytes = ol_heap_mark_some(model->heap, marker, work_bytes, &is_idle);
	/* One piece of a big node more; a full stack has its whole queue worked off. */
	if (!model->plan->may_overflow)
		assert_true(done_bytes < work_bytes + 256 * 8 + 8);
	assert_true(!is_idle || done_bytes == 0);
	if (model->plan->way == MODEL_STEPS)
		assert_int_equal(ol_heap_mark_work_bytes(model->heap), before_bytes + done_bytes);
}

/* The next bit of a collection. */
static void model_advance(struct model *model) {
	bool has_threads = model->plan->way == MODEL_THREADS;
	switch (model->phase) {
	case MODEL_IDLE:
		if (below(model, 16) == 0)
			model_begin(model);
		break;
	case MODEL_MARKING:
		if (has_threads && below(model, 8) != 0) {
			model_mark_some(model, 0);
			break;
		}
		if (has_threads)
			crew_stop(&model->crew);
		else
			model_mark_some(model, (unsigned)below(model, model->plan->marker_count));
		if (below(model, 3) == 0 && ol_heap_mark_is_done(model->heap))
			model_end_marking(model);
		else if (has_threads)
			crew_start(&model->crew);
		break;
	case MODEL_SWEEPING:
		ol_heap_sweep_some(model->heap, 1 + below(model, 12));
		break;
	}
	if (model->phase == MODEL_SWEEPING && ol_heap_is_idle(model->heap))
		model_end_sweeping(model);
}

/* Brings the collection that is under way to its end. */
static void model_finish(struct model *model) {
	if (model->phase == MODEL_MARKING) {
		bool is_idle = false;
		if (model->plan->way == MODEL_THREADS)
			crew_stop(&model->crew);
		for (unsigned i = 0; !ol_heap_mark_is_done(model->heap); i++)
			ol_heap_mark_some(model->heap, i % model->plan->marker_count, UINT64_MAX, &is_idle);
		model_end_marking(model);
	}
	if (model->phase == MODEL_SWEEPING) {
		ol_heap_sweep(model->heap);
		model_end_sweeping(model);
	}
	assert_true(ol_heap_is_idle(model->heap));
}

static void model_step(struct model *model) {
	if (model->plan->way != MODEL_AT_ONCE && below(model, 2) == 0)
		model_advance(model);
	switch (below(model, 100)) {
	case 0:
		if (model->phase == MODEL_IDLE)
			model_collect(model);
		break;
	case 1:
		if (model->phase == MODEL_IDLE)
			model_count(model);
		break;
	case 2:
		model_scavenge(model);
		break;
	default:
		if (below(model, 2) == 0)
			model_allocate(model);
		else if (below(model, 3) == 0)
			model_change_root(model);
		else
			model_store(model);
	}
	/* Allocation sweeps, too. */
	if (model->phase == MODEL_SWEEPING && ol_heap_is_idle(model->heap))
		model_end_sweeping(model);
}

static void model_assert_stats(struct model *model) {
	struct ol_heap_stats stats = ol_heap_stats(model->heap);
	assert_int_equal(stats.mallocs_count, model->mallocs_count);
	uint64_t doomed_count = model->phase == MODEL_SWEEPING ? model->doomed_count : 0;
	assert_in_range(stats.frees_count, model->frees_count, model->frees_count + doomed_count);
	assert_int_equal(ol_heap_is_idle(model->heap), model->phase == MODEL_IDLE);
}

static int model_before_mapping(
	void *context, uint64_t span_bytes, unsigned attempt, struct ol_error *error) {
	struct model *model = context;
	assert_true(attempt < 2);
	for (uint64_t i = below(model, 6); i > 0; i--)
		model_advance(model);
	check(model->heap);
	return (int)below(model, 2);
}

/* The whole of a plan, on a heap of its own kind. */
static void model_run(struct ol_heap *heap, const struct model_plan *plan) {
	struct model *model = calloc(1, sizeof *model);
	assert_non_null(model);
	model->heap = heap;
	model->plan = plan;
	model->random = ol_random_seeded(plan->seed);
	if (plan->has_hook)
		ol_heap_set_hooks(heap, &(struct ol_heap_hooks){ model, model_before_mapping, NULL });
	if (plan->way == MODEL_THREADS)
		crew_create(&model->crew, heap, plan->marker_count - 1);
	for (unsigned step = 0; step < plan->step_count; step++) {
		model_step(model);
		if (model->object_count == plan->object_count_max) {
			model_finish(model);
			model_collect(model);
		}
		model_assert_stats(model);
		if (model->object_count > 0) {
			struct model_object *object = &model->objects[below(model, model->object_count)];
			if (model->phase == MODEL_IDLE || object->is_reachable)
				model_verify(model, object);
		}
		if (step % plan->check_every == 0)
			check(heap);
	}
	model_finish(model);
	for (unsigned i = 0; i < MODEL_ROOTS_MAX; i++) {
		if (model->roots[i].is_used)
			ol_heap_root_release(heap, model->roots[i].id);
		model->roots[i] = (struct model_root){ 0 };
	}
	model_collect(model);
	assert_int_equal(ol_heap_stats(heap).allocated_bytes, 0);
	assert_int_equal(ol_heap_stats(heap).inuse_bytes, 0);
	if (plan->way == MODEL_THREADS)
		crew_destroy(&model->crew);
	ol_heap_set_hooks(heap, NULL);
	free(model);
}

#endif
