/* collector_modes_tests.h -- Random programs under each mode of the collector: whatever the
 * program still reaches is as it left it, and the heap holds its rules after every step. */
#ifndef OL_TESTS_COLLECTOR_MODES_TESTS_H
#define OL_TESTS_COLLECTOR_MODES_TESTS_H

#include "base/random.h"

enum { SHADOWS_MAX = 1 << 18, SHADOW_SLOTS_MAX = 6, SHADOW_ROOTS_MAX = 1 << 15, WALK_MAX = 6 };

/* Few objects, and the heap's rules checked after every step; or so many that a cycle takes many
 * steps of the program, and the rules now and then. */
enum program_scale { PROGRAM_SMALL = 48, PROGRAM_LARGE = SHADOW_ROOTS_MAX };

/* What the program believes of an object. */
struct shadow {
	char *address;
	uint32_t slot_count;
	struct shadow *slots[SHADOW_SLOTS_MAX];
	uint64_t stamp; /* Last 8 bytes of its payload. */
	bool is_used, is_reachable;
};

struct program {
	struct lab *lab;
	struct ol_random random;
	struct shadow shadows[SHADOWS_MAX];
	unsigned root_count;
	struct shadow *held[SHADOW_ROOTS_MAX];
	ol_root roots[SHADOW_ROOTS_MAX]; /* Of no meaning where held is NULL. */
};

static uint64_t any_below(struct program *program, uint64_t bound) {
	return ol_random_below(&program->random, bound);
}

/* Something that the program reaches: from a root along slots. NULL if it comes to nothing. */
static struct shadow *walk(struct program *program) {
	struct shadow *shadow = program->held[any_below(program, program->root_count)];
	for (uint64_t steps = any_below(program, WALK_MAX); steps > 0 && shadow != NULL; steps--) {
		if (shadow->slot_count == 0)
			return shadow;
		struct shadow *next = shadow->slots[any_below(program, shadow->slot_count)];
		if (next == NULL)
			return shadow;
		shadow = next;
	}
	return shadow;
}

static void visit(struct program *program, struct shadow *shadow) {
	if (shadow == NULL || shadow->is_reachable)
		return;
	shadow->is_reachable = true;
	const struct ol_heap *heap = program->lab->heap;
	assert_true(ol_heap_is_object(heap, shadow->address));
	uint64_t bytes = ol_heap_object_bytes(heap, shadow->address);
	assert_int_equal(*(const uint64_t *)(shadow->address + bytes - 8), shadow->stamp);
	for (uint32_t i = 0; i < shadow->slot_count; i++) {
		assert_ptr_equal(ol_heap_load(heap, shadow->address, i),
			shadow->slots[i] == NULL ? NULL : shadow->slots[i]->address);
		visit(program, shadow->slots[i]);
	}
}

/* Looks at all that is reachable, and forgets the rest. */
static void look_at_everything(struct program *program) {
	for (unsigned i = 0; i < SHADOWS_MAX; i++)
		program->shadows[i].is_reachable = false;
	for (unsigned i = 0; i < program->root_count; i++)
		visit(program, program->held[i]);
	for (unsigned i = 0; i < SHADOWS_MAX; i++)
		program->shadows[i].is_used = program->shadows[i].is_reachable;
}

static struct shadow *unused_shadow(struct program *program) {
	for (int tries = 0; tries < 2; tries++) {
		unsigned start = (unsigned)any_below(program, SHADOWS_MAX);
		for (unsigned i = 0; i < SHADOWS_MAX; i++) {
			struct shadow *shadow = &program->shadows[(start + i) % SHADOWS_MAX];
			if (!shadow->is_used)
				return shadow;
		}
		look_at_everything(program);
	}
	fail_msg("the program reaches more objects than it may have");
	return NULL;
}

static void let_go(struct program *program, unsigned root) {
	if (program->held[root] == NULL)
		return;
	ol_heap_root_release(program->lab->heap, program->roots[root]);
	program->held[root] = NULL;
}

static uint64_t any_payload_bytes(struct program *program) {
	if (program->root_count == PROGRAM_LARGE)
		return 8 + any_below(program, 40);
	switch (any_below(program, 24)) {
	case 0:
		return 8 + any_below(program, 256 << 10);
	case 1:
	case 2:
		return 8 + any_below(program, 8000);
	default:
		return 8 + any_below(program, 100);
	}
}

static void step_allocate(struct program *program) {
	unsigned root = (unsigned)any_below(program, program->root_count);
	let_go(program, root);
	struct shadow *shadow = unused_shadow(program);
	*shadow = (struct shadow){ .is_used = true, .stamp = ol_random_next(&program->random) };
	shadow->slot_count = (uint32_t)any_below(program, SHADOW_SLOTS_MAX + 1);
	uint64_t bytes = any_payload_bytes(program);
	struct ol_error error;
	struct ol_collector *collector = program->lab->collector;
	int result = shadow->slot_count == 0
					 ? ol_collector_allocate_slab(collector, bytes, &program->roots[root], &error)
					 : ol_collector_allocate_node(
						   collector, shadow->slot_count, bytes, &program->roots[root], &error);
	if (result < 0)
		fail_msg("%s", error.message);
	program->held[root] = shadow;
	shadow->address = ol_heap_root_load(program->lab->heap, program->roots[root]);
	uint64_t object_bytes = ol_heap_object_bytes(program->lab->heap, shadow->address);
	*(uint64_t *)(shadow->address + object_bytes - 8) = shadow->stamp;
}

static void step_store(struct program *program) {
	struct shadow *from = walk(program);
	struct shadow *to = any_below(program, 5) == 0 ? NULL : walk(program);
	if (from == NULL || from->slot_count == 0)
		return;
	uint32_t slot = (uint32_t)any_below(program, from->slot_count);
	from->slots[slot] = to;
	ol_heap_store(program->lab->heap, from->address, slot, to == NULL ? NULL : to->address);
}

/* Takes an object out of the graph into a root, and cuts the path that led there: what a marker has
 * not come to yet it would never find without the barrier. */
static void step_take(struct program *program) {
	struct shadow *parent = walk(program);
	unsigned root = (unsigned)any_below(program, program->root_count);
	if (parent == NULL || parent->slot_count == 0)
		return;
	uint32_t slot = (uint32_t)any_below(program, parent->slot_count);
	struct shadow *shadow = parent->slots[slot];
	if (shadow == NULL || program->held[root] == NULL)
		return;
	ol_heap_root_store(program->lab->heap, program->roots[root], shadow->address);
	program->held[root] = shadow;
	parent->slots[slot] = NULL;
	ol_heap_store(program->lab->heap, parent->address, slot, NULL);
}

static void step(struct program *program) {
	/* A large program is not to be collected at once when it could be marked by steps. */
	uint64_t choice = any_below(program, program->root_count == PROGRAM_LARGE ? 998 : 1000);
	if (choice < 400)
		step_allocate(program);
	else if (choice < 750)
		step_store(program);
	else if (choice < 850)
		step_take(program);
	else if (choice < 990)
		let_go(program, (unsigned)any_below(program, program->root_count));
	else if (choice < 998)
		ol_collector_poll(program->lab->collector);
	else
		ol_collector_collect(program->lab->collector);
	if (any_below(program, 16) == 0) {
		ol_collector_leave(program->lab->collector);
		ol_collector_enter(program->lab->collector);
	}
}

static uint64_t operations_of_a_test(void) {
	const char *text = getenv("OL_TEST_OPERATIONS");
	return text != NULL ? strtoull(text, NULL, 10) : 60000;
}

static void run_program(const struct ol_collector_config *config, struct lab *lab, uint64_t seed,
	enum program_scale scale) {
	struct program *program = calloc(1, sizeof *program);
	assert_non_null(program);
	program->lab = lab;
	program->root_count = scale;
	program->random = ol_random_seeded(seed);
	start(lab, config);
	struct ol_error error;
	uint64_t operations = operations_of_a_test() * (scale == PROGRAM_SMALL ? 1 : 10);
	unsigned check_every = scale == PROGRAM_SMALL ? 1 : 4096;
	for (uint64_t i = 0; i < operations; i++) {
		step(program);
		if (i % check_every == 0 && ol_collector_check(lab->collector, &error) < 0)
			fail_msg("operation %llu: %s", (unsigned long long)i, error.message);
		if (i % (scale == PROGRAM_SMALL ? 256 : 16384) == 0)
			look_at_everything(program);
	}
	look_at_everything(program);
	assert_true(ol_collector_memstats(lab->collector).num_gc >
				(scale == PROGRAM_SMALL ? operations / 3000 : 10));
	for (unsigned root = 0; root < program->root_count; root++)
		let_go(program, root);
	/* What was found by a marking under way still lives after it; not after the next. */
	ol_collector_collect(lab->collector);
	assert_int_equal(ol_heap_stats(lab->heap).allocated_bytes, 0);
	free(program);
}

static struct ol_collector_config mode_config(struct lab *lab, enum ol_collector_mode mode) {
	struct ol_collector_config config = default_config(lab);
	config.mode = mode;
	config.processors = 2;
	config.gogc = 20; /* A minimum heap of 800 KiB: cycles all the time. */
	config.on_cycle = NULL;
	lab->clock = ol_clock_real();
	return config;
}

static void random_programs_keep_what_they_reach_under_stop_the_world(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_STW);
	run_program(&config, lab, 1, PROGRAM_SMALL);
	close_lab(lab);
}

static void random_programs_keep_what_they_reach_while_marked_by_steps(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_INCREMENTAL);
	run_program(&config, lab, 2, PROGRAM_SMALL);
	close_lab(lab);
}

static void random_programs_keep_what_they_reach_while_threads_mark(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_CONCURRENT);
	run_program(&config, lab, 3, PROGRAM_SMALL);
	close_lab(lab);
}

static void large_random_programs_keep_what_they_reach_while_marked_by_steps(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_INCREMENTAL);
	run_program(&config, lab, 7, PROGRAM_LARGE);
	close_lab(lab);
}

static void large_random_programs_keep_what_they_reach_while_threads_mark(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_CONCURRENT);
	config.has_go_runtime = true; /* Roots are taken late. */
	run_program(&config, lab, 8, PROGRAM_LARGE);
	close_lab(lab);
}

static void random_programs_keep_what_they_reach_on_a_single_processor(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_CONCURRENT);
	config.processors = 1; /* The marker sleeps three quarters of the time. */
	run_program(&config, lab, 6, PROGRAM_SMALL);
	close_lab(lab);
}

static void random_programs_keep_what_they_reach_while_many_threads_mark(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_CONCURRENT);
	config.processors = 12;
	config.memory_limit_bytes = 2 * OL_MIB;
	run_program(&config, lab, 4, PROGRAM_SMALL);
	close_lab(lab);
}

/* What of a cycle must not depend on time. */
static void add_cycle_to_hash(void *context, const struct ol_gc_cycle *cycle) {
	struct lab *lab = context;
	const uint64_t facts[] = { cycle->number, cycle->trigger_bytes, cycle->start_bytes,
		cycle->end_bytes, cycle->marked_bytes, cycle->goal_bytes, cycle->next_goal_bytes,
		cycle->scan_work_bytes, cycle->freed_bytes };
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		lab->cycle_hash = (lab->cycle_hash ^ facts[i]) * UINT64_C(0x100000001b3);
}

static void steps_are_the_same_for_the_same_seed(void **state) {
	(void)state;
	struct ol_memstats stats[2];
	uint64_t hashes[2];
	for (int i = 0; i < 2; i++) {
		struct lab *lab = open_lab(4 * OL_GIB);
		struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_INCREMENTAL);
		config.on_cycle = add_cycle_to_hash;
		run_program(&config, lab, 5, PROGRAM_SMALL);
		stats[i] = ol_collector_memstats(lab->collector);
		stats[i].last_gc_ns = 0;
		stats[i].gc_cpu_fraction = 0;
		hashes[i] = lab->cycle_hash;
		close_lab(lab);
	}
	assert_memory_equal(&stats[0], &stats[1], sizeof stats[0]);
	assert_int_equal(hashes[0], hashes[1]);
	assert_int_not_equal(hashes[0], 0);
}

/* A memory limit below what is live makes every slow path owe twenty times its own cost in marking:
 * nearly all of the time would go into cycles, more than 500 of them, were it not for the limiter.
 */
static void assists_give_way_once_they_took_half_of_the_time_for_a_second(void **state) {
	(void)state;
	enum { NODE_SLOTS = 1 << 19, SLOW_PATHS = 30000 }; /* Scanned in 4.2 ms of the cost clock. */
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_INCREMENTAL);
	config.memory_limit_bytes = OL_MIB;
	start(lab, &config);
	ol_root root;
	assert_int_equal(ol_collector_allocate_node(lab->collector, NODE_SLOTS, 0, &root, NULL), 0);
	for (int i = 0; i < SLOW_PATHS; i++)
		ol_heap_root_release(lab->heap, slab(lab, 8192));
	/* A bucket of one second: some 240 cycles; then no more marking than running. */
	uint64_t cycles = ol_collector_memstats(lab->collector).num_gc;
	assert_in_range(cycles, 200, 300);
	close_lab(lab);
}

/* Go's background scavenger: woken by the end of sweeping, without an allocation. */
static void freed_memory_goes_back_in_the_background(void **state) {
	(void)state;
	struct lab *lab = open_lab(4 * OL_GIB);
	struct ol_collector_config config = mode_config(lab, OL_COLLECTOR_CONCURRENT);
	start(lab, &config);
	ol_heap_root_release(lab->heap, slab(lab, 64 * OL_MIB));
	/* Before the collection, which gives nothing back itself: the background may be through with
	 * its work before anybody can look. */
	uint64_t released_bytes = ol_heap_stats(lab->heap).released_bytes;
	uint64_t now_bytes = released_bytes;
	ol_collector_collect(lab->collector);
	for (int i = 0; i < 500 && now_bytes == released_bytes; i++) {
		ol_collector_leave(lab->collector);
		ol_clock_sleep_ns(&lab->clock, 10 * OL_NS_PER_MS);
		ol_collector_enter(lab->collector);
		now_bytes = ol_heap_stats(lab->heap).released_bytes;
	}
	assert_true(now_bytes > released_bytes);
	close_lab(lab);
}

#endif
