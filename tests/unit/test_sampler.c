/* test_sampler.c -- Samples: when they are due, and of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "sampler/sampler.h"

struct world {
	struct ol_clock clock;
	struct ol_flight *flight;
	struct ol_sampler sampler;
	struct ol_sample last;
	unsigned sample_count;
};

static void note_sample(void *context, const struct ol_sample *sample) {
	struct world *world = context;
	world->last = *sample;
	world->sample_count++;
}

/* A file that says what /proc/PID/statm would. */
static int statm_of(const char *text) {
	int fd = memfd_create("statm", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void begin(struct world *world, const char *statm) {
	int flight_fd;
	*world = (struct world){ .clock = ol_clock_virtual(0) };
	assert_int_equal(ol_flight_create(&flight_fd, &world->flight, NULL), 0);
	close(flight_fd);
	ol_sampler_init(
		&world->sampler, &world->clock, NULL, world->flight, statm_of(statm), 100 * OL_NS_PER_MS);
	world->sampler.context = world;
	world->sampler.on_sample = note_sample;
}

static void end(struct world *world) {
	close(world->sampler.statm_fd);
	ol_flight_close(world->flight);
}

static void pass(struct world *world, uint64_t ms) {
	ol_clock_spend_ns(&world->clock, ms * OL_NS_PER_MS);
	assert_int_equal(ol_sampler_poll(&world->sampler), 0);
}

static void a_sample_is_due_once_a_period(void **state) {
	struct world world;
	(void)state;
	begin(&world, "900 25 3 4 0 5 0\n");
	pass(&world, 99);
	assert_int_equal(world.sample_count, 0);
	pass(&world, 1);
	assert_int_equal(world.sample_count, 1);
	assert_int_equal(world.last.at_ns, 100 * OL_NS_PER_MS);
	pass(&world, 99);
	assert_int_equal(world.sample_count, 1);
	pass(&world, 500); /* What was missed is not made up for. */
	assert_int_equal(world.sample_count, 2);
	end(&world);
}

static void without_a_cage_resident_memory_is_its_usage(void **state) {
	struct world world;
	(void)state;
	begin(&world, "900 25 3 4 0 5 0\n");
	pass(&world, 100);
	assert_int_equal(world.last.rss_bytes, 25 * sysconf(_SC_PAGESIZE));
	assert_int_equal(world.last.cage_bytes, world.last.rss_bytes);
	end(&world);
}

static void a_process_that_is_about_to_end_gives_no_sample(void **state) {
	struct world world;
	(void)state;
	begin(&world, "0 0 0 0 0 0 0\n");
	pass(&world, 100);
	pass(&world, 100);
	assert_int_equal(world.sample_count, 0);
	end(&world);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_due_once_a_period),
		cmocka_unit_test(without_a_cage_resident_memory_is_its_usage),
		cmocka_unit_test(a_process_that_is_about_to_end_gives_no_sample),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
