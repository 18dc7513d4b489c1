/* test_memory.c -- Pages from the system, and a memory that refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/units.h"
#include "memory/memory.h"

static uint64_t resident_pages(void *address, uint64_t bytes) {
	static unsigned char map[16384];
	assert_true(bytes / 4096 <= sizeof map);
	assert_int_equal(mincore(address, bytes, map), 0);
	uint64_t count = 0;
	for (uint64_t i = 0; i < bytes / 4096; i++)
		count += map[i] & 1;
	return count;
}

static void memory_is_resident_only_where_it_was_touched(void **state) {
	(void)state;
	struct ol_memory_mmap mmap_memory;
	ol_memory_mmap_init(&mmap_memory, false);
	struct ol_memory *memory = &mmap_memory.memory;
	void *address;
	assert_int_equal(memory->ops->reserve(memory, 64 * OL_MIB, 64 * OL_MIB, &address, NULL), 0);
	assert_int_equal((uintptr_t)address % (64 * OL_MIB), 0);
	assert_int_equal(memory->ops->commit(memory, address, 8 * OL_MIB, NULL), 0);
	assert_int_equal(resident_pages(address, 8 * OL_MIB), 0);
	_Atomic uint64_t touched = 0;
	memory->ops->touch(memory, (char *)address + 100, 3 * OL_MIB, 0xff, &touched);
	assert_int_equal(touched, 3 * OL_MIB);
	assert_int_equal(resident_pages(address, 8 * OL_MIB), 3 * OL_MIB / 4096 + 1);
	for (uint64_t i = 0; i < 3 * OL_MIB; i++)
		assert_true(((unsigned char *)address)[100 + i] == 0xff);
	assert_true(((unsigned char *)address)[99] == 0);
	assert_true(((unsigned char *)address)[100 + 3 * OL_MIB] == 0);
	memory->ops->release(memory, address, 8 * OL_MIB);
	assert_int_equal(resident_pages(address, 8 * OL_MIB), 0);
	assert_true(((unsigned char *)address)[100] == 0);
	memory->ops->unreserve(memory, address, 64 * OL_MIB);
}

static void a_touch_raises_resident_memory_and_a_release_lowers_it(void **state) {
	(void)state;
	struct ol_memory_mmap mmap_memory;
	ol_memory_mmap_init(&mmap_memory, false);
	struct ol_memory *memory = &mmap_memory.memory;
	void *address;
	assert_int_equal(memory->ops->reserve(memory, 64 * OL_MIB, 4096, &address, NULL), 0);
	assert_int_equal(memory->ops->commit(memory, address, 64 * OL_MIB, NULL), 0);
	uint64_t before = memory->ops->resident_bytes(memory);
	memory->ops->touch(memory, address, 64 * OL_MIB, 1, NULL);
	uint64_t touched = memory->ops->resident_bytes(memory);
	assert_true(touched > before + 60 * OL_MIB);
	memory->ops->release(memory, address, 64 * OL_MIB);
	assert_true(memory->ops->resident_bytes(memory) < before + 4 * OL_MIB);
	memory->ops->unreserve(memory, address, 64 * OL_MIB);
}

static void more_address_space_than_there_is_gets_a_clear_refusal(void **state) {
	(void)state;
	struct ol_memory_mmap mmap_memory;
	ol_memory_mmap_init(&mmap_memory, false);
	struct ol_memory *memory = &mmap_memory.memory;
	struct ol_error error;
	void *address;
	const uint64_t too_many[] = { UINT64_MAX - 4095, UINT64_C(1) << 62 };
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			memory->ops->reserve(memory, too_many[i], 4096, &address, &error), -ENOMEM);
	assert_non_null(strstr(error.message, "address space"));
}

static void the_nth_request_is_refused_and_only_that(void **state) {
	(void)state;
	struct ol_memory_mmap mmap_memory;
	ol_memory_mmap_init(&mmap_memory, false);
	struct ol_memory_failing failing;
	ol_memory_failing_init(&failing, &mmap_memory.memory, 2);
	struct ol_memory *memory = &failing.memory;
	struct ol_error error;
	void *address;
	assert_int_equal(memory->ops->reserve(memory, OL_MIB, 4096, &address, &error), 0);
	assert_int_equal(memory->ops->commit(memory, address, OL_MIB, &error), -ENOMEM);
	assert_non_null(strstr(error.message, "request 2"));
	assert_int_equal(memory->ops->commit(memory, address, OL_MIB, &error), 0);
	memory->ops->touch(memory, address, OL_MIB, 1, NULL);
	memory->ops->release(memory, address, OL_MIB);
	assert_true(memory->ops->resident_bytes(memory) > 0);
	memory->ops->unreserve(memory, address, OL_MIB);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_resident_only_where_it_was_touched),
		cmocka_unit_test(a_touch_raises_resident_memory_and_a_release_lowers_it),
		cmocka_unit_test(more_address_space_than_there_is_gets_a_clear_refusal),
		cmocka_unit_test(the_nth_request_is_refused_and_only_that),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
