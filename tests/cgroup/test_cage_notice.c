/* test_cage_notice.c -- The kernel's notice for a watchdog: when it comes, and what it holds.
 *
 * Also runs in the virtual machines; what this kernel has to offer, OOMLAB_PRESSURE says, as for
 * test_pressure.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cage/internal.h"
#include "cage_inmate.h"
#include "cage_support.h"

enum { TELLING_MS_MAX = 60000, QUIET_MS = 700, UNTOUCHED_FD = 77 };

static struct ol_cage_system world;
static struct ol_error error;
static int fd_count_at_start;
static bool has_stalls;

static struct ol_cage *make_cage(uint64_t bytes, uint64_t high_bytes) {
	struct ol_cage_limits limits = { .limit_bytes = bytes, .high_bytes = high_bytes };
	return make_cage_under(&world, NULL, &limits);
}

static struct ol_cage_notice open_notice(
	struct ol_cage *cage, uint64_t threshold_bytes, bool may_hold) {
	struct ol_cage_notice notice;
	if (ol_cage_notice_open(cage, threshold_bytes, may_hold, &notice, &error) < 0)
		fail_msg("%s", error.message);
	assert_true(notice.fd >= 0);
	return notice;
}

static uint64_t read_high(const struct ol_cage *cage) {
	uint64_t bytes = 0;
	assert_int_equal(ol_cage_read_number(cage->directory_fd, "memory.high", &bytes), 0);
	return bytes;
}

static uint64_t now_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void a_crossing_is_told_once_it_happens_and_taken_once(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(64 * OL_MIB, UINT64_MAX);
	struct ol_cage_notice notice = open_notice(cage, 16 * OL_MIB, true);
	assert_int_equal(notice.kind, OL_PRESSURE_THRESHOLD);
	assert_int_equal(notice.is_holding, world.memory_version == 2);
	struct inmate inmate = start_inmate(cage);
	hold(&inmate, 12 * OL_MIB);
	assert_false(tells(notice.fd, QUIET_MS));
	tell_to_hold(&inmate, 20 * OL_MIB);
	assert_true(tells(notice.fd, TELLING_MS_MAX));
	assert_int_equal(ol_cage_notice_let_go(cage, &notice), 0);
	uint64_t let_go_ns = now_ns();
	char byte;
	char text[OL_UNITS_TEXT_BYTES];
	assert_int_equal(read(inmate.reply_fd, &byte, 1), 1);
	uint64_t held_ns = now_ns() - let_go_ns;
	print_message("# done %s after it was let go\n", ol_format_duration(held_ns, text));
	assert_true(held_ns < 10 * OL_NS_PER_S); /* The kernel's 2 s, and a slow machine. */
	ol_cage_notice_take(&notice);
	ol_cage_notice_take(&notice); /* Nothing to take is fine. */
	assert_false(tells(notice.fd, QUIET_MS));
	end_inmate(&inmate);
	ol_cage_notice_close(cage, &notice);
	ol_cage_notice_close(cage, &notice);
	destroy(cage);
}

static void who_is_told_and_held_stays_below_the_limit(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(24 * OL_MIB, UINT64_MAX);
	struct ol_cage_notice notice = open_notice(cage, 16 * OL_MIB, true);
	uint64_t usage_bytes;
	struct inmate inmate = start_inmate(cage);
	tell_to_hold(&inmate, 60 * OL_MIB);
	assert_true(tells(notice.fd, TELLING_MS_MAX));
	/* The watchdog may take its time, where it is held. */
	if (notice.is_holding) {
		usleep(QUIET_MS * 1000);
		assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
		assert_in_range(usage_bytes, 15 * OL_MIB, 23 * OL_MIB);
		struct ol_evidence evidence = { 0 };
		assert_int_equal(ol_cage_read_evidence(cage, NULL, &evidence, &error), 0);
		assert_int_equal(evidence.oom_kill_delta, 0);
	}
	ol_cage_notice_close(cage, &notice);
	(void)kill(inmate.pid, SIGKILL);
	end_inmate(&inmate);
	destroy(cage);
}

static void memory_high_is_what_it_was_when_all_have_let_go(void **state) {
	(void)state;
	if (world.memory_version == 1)
		return;
	struct ol_cage *cage = make_cage(64 * OL_MIB, 40 * OL_MIB);
	struct ol_cage_notice above = open_notice(cage, 48 * OL_MIB, true);
	assert_false(above.is_holding); /* The cage's own comes first. */
	assert_int_equal(above.kind, OL_PRESSURE_THRESHOLD);
	assert_int_equal(read_high(cage), 40 * OL_MIB);
	struct ol_cage_notice first = open_notice(cage, 32 * OL_MIB + 100, true);
	assert_int_equal(read_high(cage), 32 * OL_MIB); /* Whole pages. */
	struct ol_cage_notice second = open_notice(cage, 24 * OL_MIB, true);
	struct ol_cage_notice third = open_notice(cage, 36 * OL_MIB, true);
	assert_true(first.is_holding && second.is_holding && third.is_holding);
	assert_int_equal(read_high(cage), 24 * OL_MIB);
	assert_int_equal(ol_cage_notice_let_go(cage, &second), 0);
	assert_false(second.is_holding);
	assert_int_equal(read_high(cage), 32 * OL_MIB);
	assert_int_equal(ol_cage_notice_let_go(cage, &second), 0);
	ol_cage_notice_close(cage, &first);
	assert_int_equal(read_high(cage), 36 * OL_MIB);
	ol_cage_notice_close(cage, &third);
	assert_int_equal(read_high(cage), 40 * OL_MIB);
	ol_cage_notice_close(cage, &second);
	ol_cage_notice_close(cage, &above);
	destroy(cage);
	cage = make_cage(64 * OL_MIB, UINT64_MAX);
	first = open_notice(cage, 32 * OL_MIB, true);
	ol_cage_notice_close(cage, &first);
	assert_true(read_high(cage) == UINT64_MAX);
	destroy(cage);
}

static void who_may_not_hold_sets_no_memory_high(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(64 * OL_MIB, UINT64_MAX);
	struct ol_cage_notice notice = { .fd = UNTOUCHED_FD };
	int result = ol_cage_notice_open(cage, 16 * OL_MIB, false, &notice, &error);
	if (world.memory_version == 2 && !has_stalls) {
		assert_int_equal(result, -EOPNOTSUPP);
		assert_non_null(strstr(error.message, "psi=1"));
		assert_int_equal(notice.fd, UNTOUCHED_FD);
	} else {
		assert_int_equal(result, 0);
		assert_int_equal(
			notice.kind, world.memory_version == 1 ? OL_PRESSURE_THRESHOLD : OL_PRESSURE_STALL);
		assert_false(notice.is_holding);
		ol_cage_notice_close(cage, &notice);
	}
	if (world.memory_version == 2)
		assert_true(read_high(cage) == UINT64_MAX);
	destroy(cage);
}

static void stalls_are_told_beside_the_cages_own_memory_high(void **state) {
	(void)state;
	if (world.memory_version == 1)
		return;
	struct ol_cage *cage = make_cage(64 * OL_MIB, 8 * OL_MIB);
	struct ol_cage_notice notice = open_notice(cage, 32 * OL_MIB, true);
	assert_int_equal(notice.trigger_fd >= 0, has_stalls);
	struct inmate inmate = start_inmate(cage);
	hold(&inmate, 2 * OL_MIB);
	assert_false(tells(notice.fd, QUIET_MS));
	tell_to_hold(&inmate, 24 * OL_MIB);
	assert_true(tells(notice.fd, TELLING_MS_MAX));
	alarm(10);
	ol_cage_notice_take(&notice);
	alarm(0);
	ol_cage_notice_close(cage, &notice);
	end_inmate(&inmate);
	destroy(cage);
}

static void where_no_more_can_hold_stalls_have_to_do(void **state) {
	(void)state;
	struct ol_cage_notice notices[OL_CAGE_HOLDS_MAX];
	struct ol_cage_notice last = { .fd = UNTOUCHED_FD };
	struct ol_cage *cage = make_cage(64 * OL_MIB, UINT64_MAX);
	for (int i = 0; i < OL_CAGE_HOLDS_MAX; i++)
		notices[i] = open_notice(cage, (16 + (uint64_t)i) * OL_MIB, true);
	int result = ol_cage_notice_open(cage, 15 * OL_MIB, true, &last, &error);
	if (world.memory_version == 2 && !has_stalls) {
		assert_int_equal(result, -EOPNOTSUPP);
		assert_int_equal(last.fd, UNTOUCHED_FD);
	} else {
		assert_int_equal(result, 0);
		assert_false(last.is_holding);
		ol_cage_notice_close(cage, &last);
	}
	struct inmate inmate = start_inmate(cage);
	tell_to_hold(&inmate, 20 * OL_MIB);
	assert_true(tells(notices[0].fd, TELLING_MS_MAX));
	end_inmate(&inmate);
	for (int i = 0; i < OL_CAGE_HOLDS_MAX; i++)
		ol_cage_notice_close(cage, &notices[i]);
	destroy(cage);
}

static void a_threshold_that_is_none_is_refused(void **state) {
	(void)state;
	static const uint64_t wrong[] = { 0, 4095, UINT64_MAX };
	struct ol_cage_notice notice = { .fd = UNTOUCHED_FD };
	struct ol_cage *cage = make_cage(64 * OL_MIB, UINT64_MAX);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(ol_cage_notice_open(cage, wrong[i], true, &notice, &error), -EINVAL);
		assert_non_null(strstr(error.message, "no threshold"));
		assert_int_equal(notice.fd, UNTOUCHED_FD);
	}
	destroy(cage);
}

static void a_left_group_is_held_no_more(void **state) {
	(void)state;
	struct ol_cage_limits limits = {
		.limit_bytes = 32 * OL_MIB,
		.high_bytes = UINT64_MAX,
		.is_kept = true,
	};
	if (world.memory_version == 1)
		return;
	struct ol_cage *cage = make_cage_under(&world, NULL, &limits);
	struct ol_cage_notice notice = open_notice(cage, 16 * OL_MIB, true);
	int directory_fd = dup(cage->directory_fd);
	ol_cage_leave(cage);
	uint64_t bytes = 0;
	assert_int_equal(ol_cage_read_number(directory_fd, "memory.high", &bytes), 0);
	assert_true(bytes == UINT64_MAX);
	/* Its owner closed it too late; the fds are left. */
	close(notice.event_fd);
	close(notice.fd);
	close(directory_fd);
	destroy(make_cage(OL_MIB, UINT64_MAX));
}

/* ---- How late it comes ---- */

enum { STEP_BYTES = 64 << 10, STEPS = (60 << 20) / STEP_BYTES, ROUNDS = 15 };

/* What a program that allocates at full speed shares with the watchdog. */
struct progress {
	atomic_bool is_ready;
	atomic_bool may_begin;
	atomic_int step_count;
	uint64_t at_ns[STEPS];
};

__attribute__((noreturn)) static void allocate(struct ol_cage *cage, struct progress *progress) {
	if (ol_cage_enter(cage) < 0)
		_exit(98);
	char *memory = mmap(NULL, (size_t)STEPS * STEP_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)madvise(memory, (size_t)STEPS * STEP_BYTES, MADV_NOHUGEPAGE);
	atomic_store(&progress->is_ready, true);
	while (!atomic_load(&progress->may_begin))
		usleep(100);
	for (int i = 0; i < STEPS; i++) {
		memset(memory + (size_t)i * STEP_BYTES, 1, STEP_BYTES);
		progress->at_ns[i] = now_ns();
		atomic_store(&progress->step_count, i + 1);
	}
	for (;;)
		pause();
}

struct lateness {
	uint64_t ns;
	uint64_t above_bytes;
};

static struct lateness measure_once(struct progress *progress) {
	enum { LIMIT_MIB = 128, THRESHOLD_MIB = 32 };
	uint64_t threshold_bytes = THRESHOLD_MIB * OL_MIB;
	struct ol_cage *cage = make_cage(LIMIT_MIB * OL_MIB, UINT64_MAX);
	struct ol_cage_notice notice = open_notice(cage, threshold_bytes, true);
	memset(progress, 0, sizeof *progress); /* The test pays for it, not the cage. */
	pid_t pid = ol_cage_fork(cage, &error);
	assert_true(pid >= 0);
	if (pid == 0)
		allocate(cage, progress);
	while (!atomic_load(&progress->is_ready))
		usleep(100);
	uint64_t usage_bytes = 0;
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
	int crossed = (int)((threshold_bytes - usage_bytes) / STEP_BYTES);
	atomic_store(&progress->may_begin, true);
	assert_true(tells(notice.fd, TELLING_MS_MAX));
	uint64_t told_ns = now_ns();
	assert_int_equal(ol_cage_read_usage(cage, &usage_bytes), 0);
	/* The kernel charges ahead of what is touched: then it is told before the step is done. */
	uint64_t crossed_ns =
		atomic_load(&progress->step_count) > crossed ? progress->at_ns[crossed] : told_ns;
	ol_cage_notice_close(cage, &notice);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	destroy(cage);
	return (struct lateness){
		.ns = told_ns > crossed_ns ? told_ns - crossed_ns : 0,
		.above_bytes = usage_bytes > threshold_bytes ? usage_bytes - threshold_bytes : 0,
	};
}

static int compare(const void *left, const void *right) {
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static void a_notice_comes_before_the_program_is_far_above(void **state) {
	(void)state;
	uint64_t ns[ROUNDS];
	uint64_t above_bytes[ROUNDS];
	char texts[4][OL_UNITS_TEXT_BYTES];
	struct progress *progress =
		mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(progress != MAP_FAILED);
	for (int i = 0; i < ROUNDS; i++) {
		struct lateness lateness = measure_once(progress);
		ns[i] = lateness.ns;
		above_bytes[i] = lateness.above_bytes;
	}
	munmap(progress, sizeof *progress);
	qsort(ns, ROUNDS, sizeof *ns, compare);
	qsort(above_bytes, ROUNDS, sizeof *above_bytes, compare);
	print_message("# told after %s (median), %s (most); then %s (median), %s (most) above\n",
		ol_format_duration(ns[ROUNDS / 2], texts[0]), ol_format_duration(ns[ROUNDS - 1], texts[1]),
		ol_format_bytes(above_bytes[ROUNDS / 2], texts[2]),
		ol_format_bytes(above_bytes[ROUNDS - 1], texts[3]));
	assert_true(above_bytes[ROUNDS / 2] < 16 * OL_MIB);
}

static void no_fd_is_left_open(void **state) {
	(void)state;
	assert_int_equal(count_fds(), fd_count_at_start);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crossing_is_told_once_it_happens_and_taken_once),
		cmocka_unit_test(who_is_told_and_held_stays_below_the_limit),
		cmocka_unit_test(memory_high_is_what_it_was_when_all_have_let_go),
		cmocka_unit_test(who_may_not_hold_sets_no_memory_high),
		cmocka_unit_test(stalls_are_told_beside_the_cages_own_memory_high),
		cmocka_unit_test(where_no_more_can_hold_stalls_have_to_do),
		cmocka_unit_test(a_threshold_that_is_none_is_refused),
		cmocka_unit_test(a_left_group_is_held_no_more),
		cmocka_unit_test(a_notice_comes_before_the_program_is_far_above),
		cmocka_unit_test(no_fd_is_left_open),
	};
	/* cmocka's own skip() writes "not ok # SKIP", which meson takes for a failure. */
	struct ol_cage_limits limits = { .limit_bytes = OL_MIB, .high_bytes = UINT64_MAX };
	struct ol_cage *cage;
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &limits, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	has_stalls = world.memory_version == 2 && world.has_pressure;
	fd_count_at_start = count_fds();
	return cmocka_run_group_tests_name("cage_notice", tests, NULL, NULL);
}
