/* marker.c -- Mark stacks that grow and shrink, the pool they share, and how many there are. */
#include "heap/marker.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "heap/heap_internal.h"

enum {
	TAKE_MAX = 256, /* Entries: a batch. */
	/* The program's marker parts with what it found when it has so many, hungry others or not. */
	PUBLISH_ENTRIES = 64
};

bool ol_heap_stack_make_room(struct ol_heap_stack *stack, uint64_t count) {
	uint64_t wanted_count = stack->entry_count + count;
	assert(stack->entry_count <= stack->entry_count_committed);
	if (wanted_count <= stack->entry_count_committed)
		return true;
	if (stack->is_refused || wanted_count > stack->entry_count_max)
		return false;
	uint64_t committed_count = 2 * stack->entry_count_committed;
	if (committed_count < wanted_count)
		committed_count = wanted_count;
	if (committed_count > stack->entry_count_max)
		committed_count = stack->entry_count_max;
	if (ol_heap_region_commit(&stack->region, committed_count * sizeof(uint64_t), NULL) < 0) {
		stack->is_refused = true;
		return false;
	}
	stack->entry_count_committed = committed_count;
	assert(wanted_count <= stack->entry_count_committed);
	return true;
}

void ol_heap_stack_shrink(struct ol_heap_stack *stack) {
	uint64_t touched_bytes = stack->entry_count_peak * sizeof(uint64_t);
	assert(stack->entry_count == 0);
	assert(touched_bytes <= stack->region.committed_bytes);
	if (touched_bytes > OL_HEAP_STEP_BYTES) {
		stack->region.memory->ops->release(stack->region.memory,
			stack->region.address + OL_HEAP_STEP_BYTES,
			ol_heap_region_bytes(touched_bytes) - OL_HEAP_STEP_BYTES);
		touched_bytes = OL_HEAP_STEP_BYTES;
	}
	if (touched_bytes > stack->kept_bytes)
		stack->kept_bytes = touched_bytes;
	assert(stack->kept_bytes <= OL_HEAP_STEP_BYTES);
}

int ol_heap_stack_init(struct ol_heap_stack *stack, struct ol_memory *memory, char **address,
	uint64_t entry_count_max, struct ol_error *error) {
	assert(entry_count_max * sizeof(uint64_t) >= OL_HEAP_STEP_BYTES);
	stack->region = ol_heap_region_cut(memory, address, entry_count_max * sizeof(uint64_t));
	stack->entries = (uint64_t *)stack->region.address;
	stack->entry_count_max = entry_count_max;
	int result = ol_heap_region_commit(&stack->region, OL_HEAP_STEP_BYTES, error);
	if (result < 0)
		return result;
	stack->entry_count_committed = OL_HEAP_STEP_BYTES / sizeof(uint64_t);
	assert(stack->entry_count == 0);
	return 0;
}

/* Moves about the upper count entries from one stack to another, as many as fit. What belongs
 * together stays together: a node lies above its index. */
static uint64_t move_entries(struct ol_heap_stack *from, struct ol_heap_stack *to, uint64_t count) {
	assert(count <= from->entry_count);
	if (count == 0)
		return 0;
	if (!ol_heap_stack_has_room(to, count)) {
		uint64_t room_count = to->entry_count_committed - to->entry_count;
		count = room_count < count ? room_count : count;
	}
	uint64_t first = from->entry_count - count;
	if (count > 0 && from->entries[first] & 1) {
		first++;
		count--;
	}
	memcpy(to->entries + to->entry_count, from->entries + first, count * sizeof(uint64_t));
	to->entry_count += count;
	from->entry_count = first;
	ol_heap_stack_note_peak(to, to->entry_count);
	assert(to->entry_count <= to->entry_count_committed);
	return count;
}

/* The count that others look at without the mutex, which is held here. */
static void note_waiting(struct ol_heap_pool *pool) {
	assert(pool->stack.entry_count <= pool->stack.entry_count_committed);
	__atomic_store_n(&pool->waiting_count, pool->stack.entry_count, __ATOMIC_RELAXED);
}

bool ol_heap_marker_give(struct ol_heap_marker *marker, uint64_t entry_count) {
	struct ol_heap_pool *pool = marker->pool;
	assert(pool != NULL);
	assert(entry_count <= marker->stack.entry_count);
	ol_heap_stack_note_peak(&marker->stack, marker->stack.entry_count);
	pthread_mutex_lock(&pool->mutex);
	uint64_t given_count = move_entries(&marker->stack, &pool->stack, entry_count);
	note_waiting(pool);
	pthread_mutex_unlock(&pool->mutex);
	return given_count > 0;
}

bool ol_heap_marker_take(struct ol_heap_marker *marker) {
	struct ol_heap_pool *pool = marker->pool;
	assert(marker->stack.entry_count == 0);
	if (pool == NULL || ol_heap_pool_is_empty(pool))
		return false;
	pthread_mutex_lock(&pool->mutex);
	uint64_t count = pool->stack.entry_count;
	if (count > TAKE_MAX)
		count = TAKE_MAX;
	uint64_t taken_count = move_entries(&pool->stack, &marker->stack, count);
	/* One entry is a whole reference, and every stack has room for a node and its index. */
	assert(taken_count > 0 || count == 0);
	note_waiting(pool);
	pthread_mutex_unlock(&pool->mutex);
	return taken_count > 0;
}

void ol_heap_marker_publish(struct ol_heap_marker *marker) {
	uint64_t entry_count = marker->stack.entry_count;
	assert(entry_count <= marker->stack.entry_count_committed);
	if (marker->pool == NULL || entry_count == 0)
		return;
	if (ol_heap_pool_is_empty(marker->pool) || entry_count >= PUBLISH_ENTRIES)
		(void)ol_heap_marker_give(marker, entry_count);
}

/* A step for the crew itself, the pool, and smaller stacks than the program's own: what they have
 * no room for they give to the pool. */
static uint64_t crew_stack_entries(uint64_t address_bytes_max) {
	assert(address_bytes_max >= OL_HEAP_ARENA_BYTES);
	return ol_heap_mark_stack_entries(address_bytes_max) / 8;
}

static int init_crew(struct ol_heap_crew *crew, const struct ol_heap *heap, unsigned other_count,
	char *address, struct ol_error *error) {
	assert(other_count > 0);
	assert(other_count < OL_HEAP_MARKERS_MAX);
	uint64_t entry_count_max = ol_heap_mark_stack_entries(heap->address_bytes_max);
	int result =
		ol_heap_stack_init(&crew->pool.stack, heap->memory, &address, entry_count_max, error);
	entry_count_max = crew_stack_entries(heap->address_bytes_max);
	for (unsigned i = 0; i < other_count && result == 0; i++)
		result = ol_heap_stack_init(
			&crew->markers[i].stack, heap->memory, &address, entry_count_max, error);
	if (result < 0)
		return result;
	result = -pthread_mutex_init(&crew->pool.mutex, NULL);
	return result == 0 ? 0 : ol_error_set_errno(error, result, "no mutex for the markers");
}

static int create_crew(const struct ol_heap *heap, unsigned other_count,
	struct ol_heap_crew **ret_crew, struct ol_error *error) {
	assert(other_count > 0);
	struct ol_memory *memory = heap->memory;
	uint64_t address_bytes_max = heap->address_bytes_max;
	uint64_t bytes =
		ol_heap_region_bytes(sizeof(struct ol_heap_crew)) +
		ol_heap_region_bytes(ol_heap_mark_stack_entries(address_bytes_max) * sizeof(uint64_t)) +
		other_count *
			ol_heap_region_bytes(crew_stack_entries(address_bytes_max) * sizeof(uint64_t));
	void *reservation = NULL;
	int result = memory->ops->reserve(memory, bytes, OL_HEAP_STEP_BYTES, &reservation, error);
	if (result < 0)
		return result;
	char *address = reservation;
	struct ol_heap_region self = ol_heap_region_cut(memory, &address, sizeof(struct ol_heap_crew));
	result = ol_heap_region_commit(&self, sizeof(struct ol_heap_crew), error);
	/* Committed memory reads as zero. */
	struct ol_heap_crew *crew = reservation;
	if (result == 0)
		result = init_crew(crew, heap, other_count, address, error);
	if (result < 0) {
		memory->ops->unreserve(memory, reservation, bytes);
		return result;
	}
	crew->reservation_bytes = bytes;
	*ret_crew = crew;
	return 0;
}

void ol_heap_crew_destroy(struct ol_heap *heap) {
	struct ol_heap_crew *crew = heap->crew;
	if (crew == NULL)
		return;
	assert(heap->marker_count > 1);
	assert(crew->reservation_bytes > 0);
	pthread_mutex_destroy(&crew->pool.mutex);
	heap->memory->ops->unreserve(heap->memory, crew, crew->reservation_bytes);
	heap->crew = NULL;
}

int ol_heap_set_marker_count(struct ol_heap *heap, unsigned marker_count, struct ol_error *error) {
	assert(marker_count >= 1);
	assert(marker_count <= OL_HEAP_MARKERS_MAX);
	assert(heap->phase != OL_HEAP_PHASE_MARKING);
	assert(!heap->is_committing);
	if (marker_count == heap->marker_count)
		return 0;
	struct ol_heap_crew *crew = NULL;
	if (marker_count > 1) {
		int result = create_crew(heap, marker_count - 1, &crew, error);
		if (result < 0)
			return result;
	}
	ol_heap_crew_destroy(heap);
	heap->crew = crew;
	heap->marker_count = marker_count;
	return 0;
}

void ol_heap_limit_mark_stack(struct ol_heap *heap, uint64_t entry_count_max) {
	assert(entry_count_max >= 4);
	assert(heap->phase != OL_HEAP_PHASE_MARKING);
	for (unsigned i = 0; i <= heap->marker_count; i++) {
		bool is_pool = i == heap->marker_count;
		if (is_pool && heap->crew == NULL)
			break;
		struct ol_heap_stack *stack =
			is_pool ? &heap->crew->pool.stack : &ol_heap_marker_at(heap, i)->stack;
		stack->entry_count_max = entry_count_max;
		if (stack->entry_count_committed > entry_count_max)
			stack->entry_count_committed = entry_count_max;
	}
}
