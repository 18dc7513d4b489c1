/* test_pretend.c -- The pretend kernel: pages, charges, limits, the kill. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/units.h"
#include "pretend/pages.h"
#include "pretend/pretend.h"

enum { PAGE = OL_PRETEND_PAGE_BYTES, MODEL_PAGES = 3 * OL_PRETEND_CHUNK_PAGES + 100 };

struct world {
	struct ol_clock clock;
	struct ol_pretend *pretend;
	struct ol_memory *memory;
	char *address; /* 64 MiB, committed. */
	unsigned kill_count;
	_Atomic uint64_t touched_bytes;
	uint64_t touched_at_kill_bytes;
};

static void on_kill(void *context) {
	struct world *world = context;
	world->kill_count++;
	world->touched_at_kill_bytes = world->touched_bytes;
}

static void set_up(struct world *world, struct ol_pretend_config config) {
	*world = (struct world){ .clock = ol_clock_virtual(0) };
	config.clock = &world->clock;
	config.context = world;
	config.on_kill = on_kill;
	config.real_bytes_max = OL_TIB;
	if (config.high_bytes == 0)
		config.high_bytes = UINT64_MAX;
	if (config.parent_limit_bytes == 0)
		config.parent_limit_bytes = UINT64_MAX;
	if (config.address_space_bytes == 0)
		config.address_space_bytes = UINT64_MAX;
	assert_int_equal(ol_pretend_create(&config, &world->pretend, NULL), 0);
	world->memory = ol_pretend_memory(world->pretend);
	void *address;
	assert_int_equal(
		world->memory->ops->reserve(world->memory, 64 * OL_MIB, OL_MIB, &address, NULL), 0);
	assert_int_equal(world->memory->ops->commit(world->memory, address, 64 * OL_MIB, NULL), 0);
	world->address = address;
}

static void touch(struct world *world, uint64_t offset, uint64_t bytes) {
	world->memory->ops->touch(
		world->memory, world->address + offset, bytes, 0xff, &world->touched_bytes);
}

static uint64_t usage_bytes(const struct world *world) {
	return ol_pretend_usage_bytes(world->pretend);
}

static void resident_pages_are_those_of_a_plain_bitmap(void **state) {
	(void)state;
	static bool model[MODEL_PAGES];
	struct ol_pretend_pages pages;
	assert_int_equal(ol_pretend_pages_init(&pages, MODEL_PAGES), 0);
	struct ol_random random = ol_random_seeded(7);
	uint64_t resident = 0;
	for (unsigned step = 0; step < 20000; step++) {
		uint64_t first = ol_random_next(&random) % MODEL_PAGES;
		uint64_t room = OL_PRETEND_CHUNK_PAGES - first % OL_PRETEND_CHUNK_PAGES;
		if (room > MODEL_PAGES - first)
			room = MODEL_PAGES - first;
		bool is_whole = ol_random_next(&random) % 4 == 0;
		uint64_t count = is_whole ? room : 1 + ol_random_next(&random) % room;
		if (is_whole && ol_random_next(&random) % 2 == 0 && first >= OL_PRETEND_CHUNK_PAGES) {
			first -= first % OL_PRETEND_CHUNK_PAGES + OL_PRETEND_CHUNK_PAGES;
			count = OL_PRETEND_CHUNK_PAGES;
		}
		bool is_resident = ol_random_next(&random) % 2 == 0;
		uint64_t present = 0, changed = 0;
		for (uint64_t i = first; i < first + count; i++) {
			present += model[i];
			changed += model[i] != is_resident;
		}
		assert_int_equal(ol_pretend_pages_count(&pages, first, count), present);
		for (uint64_t i = first; i < first + count; i++)
			model[i] = is_resident;
		assert_int_equal(ol_pretend_pages_set(&pages, first, count, is_resident), changed);
		resident += is_resident ? changed : -changed;
		assert_int_equal(pages.page_count, resident);
	}
	ol_pretend_pages_finish(&pages);
}

static void usage_rises_by_the_batch_and_a_second_write_costs_nothing(void **state) {
	(void)state;
	struct world world;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	touch(&world, 0, 1);
	assert_int_equal(usage_bytes(&world), 64 * PAGE);
	/* The page of page tables is one of the batch. */
	touch(&world, 0, 63 * PAGE);
	assert_int_equal(usage_bytes(&world), 64 * PAGE);
	touch(&world, 0, 64 * PAGE);
	assert_int_equal(usage_bytes(&world), 128 * PAGE);
	touch(&world, 0, 64 * PAGE);
	assert_int_equal(usage_bytes(&world), 128 * PAGE);
	ol_pretend_destroy(world.pretend);
}

static void what_is_released_can_be_charged_again(void **state) {
	(void)state;
	struct world world;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	for (int round = 0; round < 10; round++) {
		touch(&world, 0, 30 * OL_MIB);
		assert_false(ol_pretend_is_killed(world.pretend));
		world.memory->ops->release(world.memory, world.address, 30 * OL_MIB);
		assert_in_range(usage_bytes(&world), 1, OL_MIB);
	}
	assert_in_range(ol_pretend_facts(world.pretend).peak_bytes, 30 * OL_MIB, 31 * OL_MIB);
	ol_pretend_destroy(world.pretend);
}

static void note_written(struct world *world, uint64_t offset, uint64_t bytes) {
	ol_memory_note_written(world->memory, world->address + offset, bytes);
}

static void plain_stores_are_charged_by_the_page_however_they_come(void **state) {
	(void)state;
	struct world world;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	struct ol_memory *memory = world.memory;
	for (int i = 0; i < 100; i++)
		note_written(&world, 10 + 30 * i, 30);
	assert_int_equal(memory->ops->resident_bytes(memory), PAGE);
	/* From a page that is there into one that is not. */
	note_written(&world, PAGE - 10, 20);
	assert_int_equal(memory->ops->resident_bytes(memory), 2 * PAGE);
	memory->ops->release(memory, world.address, 2 * PAGE);
	assert_int_equal(memory->ops->resident_bytes(memory), 0);
	note_written(&world, PAGE + 50, 20);
	assert_int_equal(memory->ops->resident_bytes(memory), PAGE);
	ol_pretend_destroy(world.pretend);
}

static void it_kills_at_the_limit_to_the_page_and_once(void **state) {
	(void)state;
	struct world world;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	ol_pretend_note_beside(world.pretend, OL_MIB);
	touch(&world, 100, 33 * OL_MIB);
	struct ol_pretend_facts facts = ol_pretend_facts(world.pretend);
	assert_true(facts.is_killed);
	assert_int_equal(facts.limited_by, OL_LIMITED_BY_OWN);
	assert_int_equal(facts.usage_bytes, 32 * OL_MIB);
	assert_int_equal(facts.peak_bytes, 32 * OL_MIB);
	/* 31 MiB less the tables of 16 pieces of 2 MiB were its own. */
	assert_int_equal(world.touched_bytes, 31 * OL_MIB - 16 * PAGE - 100);
	assert_int_equal(world.touched_at_kill_bytes, world.touched_bytes);
	touch(&world, 40 * OL_MIB, OL_MIB);
	ol_pretend_note_beside(world.pretend, 2 * OL_MIB);
	assert_int_equal(world.kill_count, 1);
	assert_int_equal(usage_bytes(&world), 32 * OL_MIB);
	ol_pretend_destroy(world.pretend);
}

static void a_tighter_parent_is_named_as_who_killed(void **state) {
	(void)state;
	struct world world;
	set_up(&world, (struct ol_pretend_config){
					   .limit_bytes = 32 * OL_MIB, .parent_limit_bytes = 16 * OL_MIB });
	touch(&world, 0, 20 * OL_MIB);
	assert_int_equal(ol_pretend_facts(world.pretend).limited_by, OL_LIMITED_BY_ANCESTOR);
	assert_int_equal(usage_bytes(&world), 16 * OL_MIB);
	ol_pretend_destroy(world.pretend);
}

static void what_does_not_fit_goes_to_swap_as_far_as_there_is_some(void **state) {
	(void)state;
	struct world world;
	set_up(&world,
		(struct ol_pretend_config){ .limit_bytes = 16 * OL_MIB, .swap_bytes = 16 * OL_MIB });
	touch(&world, 0, 24 * OL_MIB);
	struct ol_pretend_facts facts = ol_pretend_facts(world.pretend);
	assert_false(facts.is_killed);
	assert_int_equal(facts.usage_bytes, 16 * OL_MIB);
	assert_in_range(facts.swap_peak_bytes, 8 * OL_MIB, 8 * OL_MIB + 128 * PAGE);
	touch(&world, 24 * OL_MIB, 16 * OL_MIB);
	assert_true(ol_pretend_is_killed(world.pretend));
	ol_pretend_destroy(world.pretend);
}

static void a_watch_is_readable_once_for_each_time_that_usage_rises_to_it(void **state) {
	(void)state;
	struct world world;
	int fd;
	uint64_t count;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	assert_int_equal(ol_pretend_watch(world.pretend, 8 * OL_MIB, &fd, NULL), 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	touch(&world, 0, 7 * OL_MIB);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	for (int round = 0; round < 2; round++) {
		touch(&world, 0, 12 * OL_MIB);
		touch(&world, 0, 16 * OL_MIB);
		assert_int_equal(poll(&poll_fd, 1, 0), 1);
		assert_int_equal(read(fd, &count, sizeof count), sizeof count);
		assert_int_equal(count, 1);
		world.memory->ops->release(world.memory, world.address, 16 * OL_MIB);
	}
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	ol_pretend_destroy(world.pretend);
}

static void above_memory_high_time_passes_by_the_square_of_the_excess(void **state) {
	(void)state;
	struct world world;
	set_up(&world,
		(struct ol_pretend_config){ .limit_bytes = 64 * OL_MIB, .high_bytes = 24 * OL_MIB });
	touch(&world, 0, 23 * OL_MIB);
	assert_int_equal(ol_pretend_facts(world.pretend).stall_ns, 0);
	touch(&world, 0, 26 * OL_MIB);
	uint64_t two_ns = ol_pretend_facts(world.pretend).stall_ns;
	touch(&world, 0, 28 * OL_MIB);
	uint64_t four_ns = ol_pretend_facts(world.pretend).stall_ns;
	/* Sums of squares: about eight times as long for twice as far. */
	assert_in_range(four_ns, 6 * two_ns, 9 * two_ns);
	assert_in_range(ol_clock_now_ns(&world.clock), four_ns, four_ns + OL_NS_PER_S / 10);
	touch(&world, 0, 60 * OL_MIB);
	/* Two seconds a batch at most. */
	assert_true(ol_pretend_facts(world.pretend).stall_ns <=
				ol_pretend_facts(world.pretend).high_count * 2 * OL_NS_PER_S);
	ol_pretend_destroy(world.pretend);
}

static void address_space_is_refused_beyond_its_limit(void **state) {
	(void)state;
	struct world world;
	set_up(&world, (struct ol_pretend_config){
					   .limit_bytes = 32 * OL_MIB, .address_space_bytes = 128 * OL_MIB });
	void *address;
	struct ol_error error;
	assert_int_equal(
		world.memory->ops->reserve(world.memory, 64 * OL_MIB, PAGE, &address, &error), -ENOMEM);
	assert_non_null(strstr(error.message, "address space"));
	assert_int_equal(
		world.memory->ops->reserve(world.memory, 32 * OL_MIB, PAGE, &address, NULL), 0);
	world.memory->ops->unreserve(world.memory, address, 32 * OL_MIB);
	assert_int_equal(
		world.memory->ops->reserve(world.memory, 48 * OL_MIB, PAGE, &address, NULL), 0);
	ol_pretend_destroy(world.pretend);
}

static void a_child_costs_what_its_parent_writes_to_until_it_ends(void **state) {
	(void)state;
	struct world world;
	struct ol_os_child child;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 64 * OL_MIB });
	struct ol_os *os = ol_pretend_os(world.pretend);
	touch(&world, 0, 20 * OL_MIB);
	uint64_t alone_bytes = usage_bytes(&world);
	assert_int_equal(os->ops->fork(os, &child, NULL), 0);
	assert_in_range(usage_bytes(&world), alone_bytes, alone_bytes + OL_MIB);
	touch(&world, 0, 10 * OL_MIB);
	touch(&world, 0, 10 * OL_MIB); /* They are its own by now. */
	assert_in_range(usage_bytes(&world), 30 * OL_MIB, 32 * OL_MIB);
	/* What the parent lets go of the child still has. */
	world.memory->ops->release(world.memory, world.address, 20 * OL_MIB);
	assert_in_range(usage_bytes(&world), 20 * OL_MIB, 22 * OL_MIB);
	assert_in_range(ol_pretend_facts(world.pretend).resident_bytes, 0, OL_MIB);
	os->ops->end_child(os, &child);
	assert_in_range(usage_bytes(&world), 0, OL_MIB);
	ol_pretend_destroy(world.pretend);
}

static void files_give_way_where_a_program_needs_the_room(void **state) {
	(void)state;
	struct world world;
	struct ol_os_file file;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	struct ol_os *os = ol_pretend_os(world.pretend);
	assert_int_equal(os->ops->create_file(os, 100 * OL_MIB, &file, NULL), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(os->ops->write_file(os, &file, OL_MIB, NULL), 0);
	assert_false(ol_pretend_is_killed(world.pretend));
	assert_in_range(usage_bytes(&world), 31 * OL_MIB, 32 * OL_MIB);
	touch(&world, 0, 30 * OL_MIB);
	assert_false(ol_pretend_is_killed(world.pretend));
	world.memory->ops->release(world.memory, world.address, 20 * OL_MIB);
	assert_in_range(usage_bytes(&world), 10 * OL_MIB, 13 * OL_MIB);
	/* What was given up is read from the disk, and cached anew. */
	for (int i = 0; i < 15; i++)
		assert_int_equal(os->ops->read_file(os, &file, i * OL_MIB, OL_MIB, NULL), 0);
	assert_in_range(usage_bytes(&world), 23 * OL_MIB, 28 * OL_MIB);
	touch(&world, 0, 30 * OL_MIB);
	assert_false(ol_pretend_is_killed(world.pretend));
	os->ops->release_file(os, &file);
	assert_in_range(usage_bytes(&world), 30 * OL_MIB, 31 * OL_MIB);
	touch(&world, 0, 33 * OL_MIB);
	assert_true(ol_pretend_is_killed(world.pretend));
	ol_pretend_destroy(world.pretend);
}

static void a_limit_below_what_is_used_reclaims_and_then_kills(void **state) {
	(void)state;
	struct world world;
	struct ol_os_file file;
	set_up(&world, (struct ol_pretend_config){ .limit_bytes = 32 * OL_MIB });
	struct ol_os *os = ol_pretend_os(world.pretend);
	touch(&world, 0, 10 * OL_MIB);
	assert_int_equal(os->ops->create_file(os, OL_MIB, &file, NULL), 0);
	assert_int_equal(os->ops->write_file(os, &file, OL_MIB, NULL), 0);
	assert_int_equal(os->ops->write_file(os, &file, OL_MIB, NULL), 0);
	assert_int_equal(os->ops->set_limit(os, 11 * OL_MIB, NULL), 0);
	assert_int_equal(usage_bytes(&world), 11 * OL_MIB);
	assert_false(ol_pretend_is_killed(world.pretend));
	assert_int_equal(os->ops->set_limit(os, 20 * OL_MIB, NULL), 0);
	touch(&world, 0, 19 * OL_MIB);
	assert_int_equal(world.kill_count, 0);
	assert_int_equal(os->ops->set_limit(os, 12 * OL_MIB, NULL), 0);
	assert_int_equal(world.kill_count, 1);
	ol_pretend_destroy(world.pretend);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resident_pages_are_those_of_a_plain_bitmap),
		cmocka_unit_test(usage_rises_by_the_batch_and_a_second_write_costs_nothing),
		cmocka_unit_test(what_is_released_can_be_charged_again),
		cmocka_unit_test(plain_stores_are_charged_by_the_page_however_they_come),
		cmocka_unit_test(it_kills_at_the_limit_to_the_page_and_once),
		cmocka_unit_test(a_tighter_parent_is_named_as_who_killed),
		cmocka_unit_test(what_does_not_fit_goes_to_swap_as_far_as_there_is_some),
		cmocka_unit_test(a_watch_is_readable_once_for_each_time_that_usage_rises_to_it),
		cmocka_unit_test(above_memory_high_time_passes_by_the_square_of_the_excess),
		cmocka_unit_test(address_space_is_refused_beyond_its_limit),
		cmocka_unit_test(a_child_costs_what_its_parent_writes_to_until_it_ends),
		cmocka_unit_test(files_give_way_where_a_program_needs_the_room),
		cmocka_unit_test(a_limit_below_what_is_used_reclaims_and_then_kills),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
