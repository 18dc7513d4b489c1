/* test_pressure.c -- What tells of memory pressure: when it does, when not, and how it ends.
 *
 * What this kernel has to offer, OOMLAB_PRESSURE says, where it is set: threshold (version 1),
 * stall (version 2 with PSI) or high (version 2 without). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cage/internal.h"
#include "cage_inmate.h"
#include "cage_support.h"
#include "supervisor/plan.h"
#include "supervisor/supervisor.h"

enum offer { THRESHOLD, STALL, HIGH, OFFERS };
enum { NOBODY = 65534, TELLING_MS_MAX = 60000, QUIET_MS = 1200 };

static const char *const offer_names[] = { "threshold", "stall", "high" };
static enum offer offer;
static struct ol_cage_system world;
static struct ol_error error;
static int fd_count_at_start;

static struct ol_cage *make_cage(uint64_t bytes, uint64_t high_bytes) {
	struct ol_cage_limits limits = { .limit_bytes = bytes, .high_bytes = high_bytes };
	return make_cage_under(&world, NULL, &limits);
}

static struct ol_cage_pressure watch(struct ol_cage *cage, unsigned percent) {
	struct ol_cage_pressure pressure = { .fd = -1 };
	if (ol_cage_watch_pressure(cage, percent, &pressure, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(pressure.fd, ol_cage_pressure_fd(cage));
	return pressure;
}

/* As a subject takes it. */
static ssize_t take(int fd) {
	char bytes[64];
	return read(fd, bytes, sizeof bytes);
}

static void a_share_of_the_limit_tells_when_it_is_crossed_not_before(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(32 * OL_MIB, UINT64_MAX);
	struct ol_cage_pressure pressure = watch(cage, 75);
	assert_int_equal(pressure.kind, OL_PRESSURE_THRESHOLD);
	struct inmate inmate = start_inmate(cage);
	hold(&inmate, 20 * OL_MIB);
	assert_false(tells(pressure.fd, 0));
	hold(&inmate, 28 * OL_MIB);
	assert_true(tells(pressure.fd, 1000));
	assert_int_equal(take(pressure.fd), sizeof(uint64_t));
	assert_false(tells(pressure.fd, 0));
	hold(&inmate, 29 * OL_MIB);
	assert_false(tells(pressure.fd, 0));
	hold(&inmate, OL_MIB);
	assert_true(tells(pressure.fd, 1000)); /* Downwards. */
	assert_true(take(pressure.fd) > 0);
	hold(&inmate, 28 * OL_MIB);
	assert_true(tells(pressure.fd, 1000));
	end_inmate(&inmate);
	destroy(cage);
}

static void the_percentage_is_one_of_the_limit(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(32 * OL_MIB, UINT64_MAX);
	struct ol_cage_pressure pressure = watch(cage, 25);
	struct inmate inmate = start_inmate(cage);
	hold(&inmate, 5 * OL_MIB);
	assert_false(tells(pressure.fd, 0));
	hold(&inmate, 10 * OL_MIB);
	assert_true(tells(pressure.fd, 1000));
	end_inmate(&inmate);
	destroy(cage);
}

/* Below memory.high nothing is told, above it soon. */
static struct ol_cage_pressure see_high_exceeded(
	struct ol_cage *cage, enum ol_pressure_kind kind, struct inmate *ret_inmate) {
	struct ol_cage_pressure pressure = watch(cage, 80);
	assert_int_equal(pressure.kind, kind);
	*ret_inmate = start_inmate(cage);
	hold(ret_inmate, 2 * OL_MIB);
	assert_false(tells(pressure.fd, QUIET_MS));
	tell_to_hold(ret_inmate, 24 * OL_MIB);
	assert_true(tells(pressure.fd, TELLING_MS_MAX));
	return pressure;
}

static void stalls_tell_and_the_look_takes_it(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(64 * OL_MIB, 8 * OL_MIB);
	struct inmate inmate;
	struct ol_cage_pressure pressure = see_high_exceeded(cage, OL_PRESSURE_STALL, &inmate);
	(void)take(pressure.fd);
	assert_false(tells(pressure.fd, 0)); /* At most once a window. */
	assert_true(tells(pressure.fd, TELLING_MS_MAX));
	end_inmate(&inmate);
	destroy(cage);
}

static void without_psi_usage_above_memory_high_tells(void **state) {
	(void)state;
	struct ol_cage *cage = make_cage(64 * OL_MIB, 8 * OL_MIB);
	struct inmate inmate;
	struct ol_cage_pressure pressure = see_high_exceeded(cage, OL_PRESSURE_THRESHOLD, &inmate);
	end_inmate(&inmate);
	while (take(pressure.fd) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_false(tells(pressure.fd, 0));
	destroy(cage);
}

static void without_psi_and_memory_high_there_is_a_refusal_that_says_so(void **state) {
	(void)state;
	struct ol_cage_pressure pressure = { .fd = 77 };
	struct ol_cage *cage = make_cage(64 * OL_MIB, UINT64_MAX);
	assert_int_equal(ol_cage_watch_pressure(cage, 80, &pressure, &error), -EOPNOTSUPP);
	assert_int_equal(pressure.fd, 77);
	assert_int_equal(ol_cage_pressure_fd(cage), -1);
	assert_non_null(strstr(error.message, "tells nothing of memory pressure here: PSI is off"));
	assert_non_null(strstr(error.message, "psi=1"));
	destroy(cage);
}

/* With a memory.high where nothing else tells. */
static struct ol_cage *make_telling_cage(void) {
	return make_cage(32 * OL_MIB, offer == HIGH ? 24 * OL_MIB : UINT64_MAX);
}

static void a_percentage_out_of_bounds_is_refused(void **state) {
	(void)state;
	static const unsigned wrong[] = { 0, 101, UINT32_MAX };
	struct ol_cage_pressure pressure;
	struct ol_cage *cage = make_telling_cage();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(ol_cage_watch_pressure(cage, wrong[i], &pressure, &error), -EINVAL);
		assert_non_null(strstr(error.message, "expected 1 to 100"));
		assert_int_equal(ol_cage_pressure_fd(cage), -1);
	}
	(void)watch(cage, 100);
	destroy(cage);
	cage = make_telling_cage();
	(void)watch(cage, 1);
	destroy(cage);
}

static void nobody_can_hang_on_the_fd(void **state) {
	(void)state;
	struct ol_cage *cage = make_telling_cage();
	struct ol_cage_pressure pressure = watch(cage, 80);
	alarm(10);
	assert_true(take(pressure.fd) < 0);
	alarm(0);
	assert_int_equal(fcntl(pressure.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	destroy(cage);
}

static void a_watched_cage_goes_though_others_hold_the_fd(void **state) {
	(void)state;
	struct ol_cage *cage = make_telling_cage();
	struct ol_cage_pressure pressure = watch(cage, 80);
	int held_fd = dup(pressure.fd);
	struct inmate inmate = start_inmate(cage); /* It has inherited all of them. */
	hold(&inmate, OL_MIB);
	destroy(cage);
	assert_int_equal(fcntl(pressure.fd, F_GETFD), -1);
	assert_int_equal(waitpid(inmate.pid, NULL, 0), inmate.pid);
	close(inmate.order_fd);
	close(inmate.reply_fd);
	alarm(10);
	(void)tells(held_fd, 0);
	(void)take(held_fd);
	alarm(0);
	close(held_fd);
}

static void who_may_not_watch_is_told_the_file_and_the_cure(void **state) {
	(void)state;
	struct ol_cage *cage = make_telling_cage();
	if (geteuid() != 0) {
		print_message("# skipped: only root can become somebody who may not\n");
	} else {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			const char *file = offer == THRESHOLD ? "cgroup.event_control" : "memory.pressure";
			struct ol_cage_pressure pressure;
			if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
				_exit(97);
			/* Older kernels let anybody write to cgroup.event_control. */
			bool is_allowed = faccessat(cage->directory_fd, file, W_OK, AT_EACCESS) == 0;
			int result = ol_cage_watch_pressure(cage, 80, &pressure, &error);
			if (is_allowed)
				_exit(result == 0 && offer == THRESHOLD ? 0 : 96);
			_exit(result == -EACCES && strstr(error.message, file) != NULL &&
						  strstr(error.message, "run as root") != NULL
					  ? 0
					  : 95);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	destroy(cage);
}

/* Kernels from 6.5 on give those without CAP_SYS_RESOURCE windows of 2 s only. Any version 2 group
 * will do, whoever owns memory. */
static void a_user_to_whom_the_group_was_delegated_may_watch_stalls(void **state) {
	(void)state;
	int status = 0;
	char directory[OL_PATH_BYTES + 64];
	snprintf(directory, sizeof directory, "%s/oomlab-test-%d",
		world.memory_version == 2 ? world.mount : "/sys/fs/cgroup/unified", (int)getpid());
	int directory_fd = mkdir(directory, 0755) == 0 ? open(directory, O_RDONLY | O_CLOEXEC) : -1;
	if (geteuid() != 0 || directory_fd < 0 ||
		fchownat(directory_fd, "memory.pressure", NOBODY, NOBODY, 0) < 0) {
		print_message("# skipped: no version 2 group with stalls to give away here\n");
	} else {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			static struct ol_cage cage; /* As much of one as this needs. */
			struct ol_cage_pressure pressure;
			cage.chain.memory_version = 2;
			cage.directory_fd = directory_fd;
			cage.pressure_fd = cage.trigger_fd = -1;
			_exit(setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
				  ol_cage_watch_pressure(&cage, 80, &pressure, &error) < 0 ||
				  pressure.kind != OL_PRESSURE_STALL);
		}
		(void)waitpid(pid, &status, 0);
	}
	if (directory_fd >= 0)
		close(directory_fd);
	(void)rmdir(directory);
	assert_int_equal(access(directory, F_OK), -1);
	assert_int_equal(status, 0);
}

/* ---- The whole lab: what reaches the subject ---- */

struct observation {
	const struct ol_run_summary *summary;
	char argument[16]; /* The subject's fifth: the fd's number. */
	char fd_name[64];  /* What it is. */
	int event_count;
	struct ol_event event;
};

static void on_start(void *context, const struct ol_run_summary *summary) {
	struct observation *seen = context;
	seen->summary = summary;
}

static void on_event(void *context, const struct ol_event *event) {
	struct observation *seen = context;
	seen->event_count++;
	seen->event = *event;
}

/* The subject runs and runs; looks at it from outside, and ends it. */
static void on_phase_begin(void *context, const struct ol_phase *phase) {
	(void)phase;
	struct observation *seen = context;
	char path[OL_PATH_BYTES + 32];
	char text[1024] = "";
	snprintf(path, sizeof path, "%s/cgroup.procs", seen->summary->cage.path);
	if (ol_file_read(path, text, sizeof text, NULL) <= 0)
		return;
	pid_t pid = (pid_t)strtol(text, NULL, 10);
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	int length = ol_file_read(path, text, sizeof text, NULL);
	const char *argument = text;
	for (int i = 0; i < 5 && argument < text + length; i++)
		argument += strlen(argument) + 1;
	snprintf(seen->argument, sizeof seen->argument, "%s", argument);
	snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, argument);
	ssize_t count = readlink(path, seen->fd_name, sizeof seen->fd_name - 1);
	seen->fd_name[count > 0 ? count : 0] = '\0';
	if (pid > 0)
		(void)kill(pid, SIGKILL);
}

static struct observation observe(bool wants_pressure, uint64_t high_bytes) {
	static const char text[] = "local lab = require 'lab'\n"
							   "return lab.scenario { title = 'looked at', program = function "
							   "(heap) heap:phase('look') while true do end end }\n";
	static struct ol_run_summary summary; /* Large. */
	struct observation seen = { .argument = "" };
	struct ol_plan plan;
	ol_plan_init(&plan);
	assert_int_equal(ol_plan_finish(&plan, &error), 0);
	plan.spec.timeout_ns = 60 * OL_NS_PER_S;
	plan.spec.high_bytes = high_bytes;
	plan.spec.script_bytes = sizeof text - 1;
	plan.spec.wants_pressure = wants_pressure;
	snprintf(plan.spec.script_path, sizeof plan.spec.script_path, "looked-at.lua");
	const struct ol_supervisor_texts texts = { .script = text };
	const struct ol_supervisor_sink sink = {
		.context = &seen,
		.on_start = on_start,
		.on_phase_begin = on_phase_begin,
		.on_event = on_event,
	};
	if (ol_supervise(&plan.spec, &texts, &sink, &summary, &error) < 0)
		fail_msg("%s", error.message);
	if (summary.outcome != OL_OUTCOME_KILLED)
		fail_msg("%s: %s", ol_outcome_name(summary.outcome), summary.error_message);
	assert_int_equal(summary.spec.pressure_kind,
		wants_pressure && offer == STALL ? OL_PRESSURE_STALL : OL_PRESSURE_THRESHOLD);
	return seen;
}

static void a_run_that_wants_no_word_of_pressure_gets_none(void **state) {
	(void)state;
	struct observation seen = observe(false, UINT64_MAX);
	assert_string_equal(seen.argument, "-1");
	assert_int_equal(seen.event_count, 0);
}

static void a_run_that_wants_word_of_pressure_gets_the_fd(void **state) {
	(void)state;
	static const char *const names[] = { "anon_inode:[eventfd]", "anon_inode:[eventpoll]",
		"anon_inode:inotify" };
	struct observation seen = observe(true, offer == HIGH ? 24 * OL_MIB : UINT64_MAX);
	assert_string_equal(seen.fd_name, names[offer]);
	assert_int_equal(seen.event_count, 0);
}

static void where_nothing_tells_the_run_goes_on_and_says_so(void **state) {
	(void)state;
	struct observation seen = observe(true, UINT64_MAX);
	assert_string_equal(seen.argument, "-1");
	assert_int_equal(seen.event_count, 1);
	assert_string_equal(seen.event.kind, "policy");
	assert_non_null(strstr(seen.event.text, "tells nothing of memory pressure here"));
}

static void the_doctor_says_what_tells(void **state) {
	(void)state;
	static const char *const words[] = { "share of the limit", "stalls", "PSI is off" };
	static struct ol_check checks[OL_CHECKS_MAX];
	int count = ol_cage_examine(checks);
	for (int i = 0; i < count; i++) {
		if (strcmp(checks[i].subject, "word of pressure") != 0)
			continue;
		assert_int_equal(checks[i].state, offer == HIGH ? OL_CHECK_WEAK : OL_CHECK_GOOD);
		assert_non_null(strstr(checks[i].finding, words[offer]));
		assert_int_equal(*checks[i].cure != '\0', offer == HIGH);
		return;
	}
	fail_msg("it does not");
}

static void no_fd_is_left_open(void **state) {
	(void)state;
	assert_int_equal(count_fds(), fd_count_at_start);
}

/* The lab looks for the subject beside its own program, which here is this one. Returns what is to
 * be removed in the end, "" for nothing. */
static void place_subject(char ret_link[OL_PATH_BYTES]) {
	const char *subject = getenv("OOMLAB_SUBJECT");
	*ret_link = '\0';
	if (subject == NULL)
		return;
	char own[OL_PATH_BYTES - 32];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	if (length < 0)
		return;
	own[length] = '\0';
	char *name = strrchr(own, '/');
	*name = '\0';
	snprintf(ret_link, OL_PATH_BYTES, "%s/oomlab-subject", own);
	(void)unlink(ret_link);
	if (symlink(subject, ret_link) < 0)
		*ret_link = '\0';
}

static enum offer find_offer(void) {
	const char *name = getenv("OOMLAB_PRESSURE");
	for (int i = 0; name != NULL && i < OFFERS; i++)
		if (strcmp(name, offer_names[i]) == 0)
			return (enum offer)i;
	if (world.memory_version == 1)
		return THRESHOLD;
	return world.has_pressure ? STALL : HIGH;
}

/* The runs last: the lab keeps an fd for interrupts from its first run on. */
#define EVERYWHERE \
	cmocka_unit_test(a_percentage_out_of_bounds_is_refused), \
		cmocka_unit_test(nobody_can_hang_on_the_fd), \
		cmocka_unit_test(a_watched_cage_goes_though_others_hold_the_fd), \
		cmocka_unit_test(the_doctor_says_what_tells), cmocka_unit_test(no_fd_is_left_open), \
		cmocka_unit_test(a_run_that_wants_no_word_of_pressure_gets_none), \
		cmocka_unit_test(a_run_that_wants_word_of_pressure_gets_the_fd)

static int run_what_is_offered(void) {
	const struct CMUnitTest threshold_tests[] = {
		cmocka_unit_test(a_share_of_the_limit_tells_when_it_is_crossed_not_before),
		cmocka_unit_test(the_percentage_is_one_of_the_limit),
		cmocka_unit_test(who_may_not_watch_is_told_the_file_and_the_cure),
		cmocka_unit_test(a_user_to_whom_the_group_was_delegated_may_watch_stalls),
		EVERYWHERE,
	};
	const struct CMUnitTest stall_tests[] = {
		cmocka_unit_test(stalls_tell_and_the_look_takes_it),
		cmocka_unit_test(who_may_not_watch_is_told_the_file_and_the_cure),
		cmocka_unit_test(a_user_to_whom_the_group_was_delegated_may_watch_stalls),
		EVERYWHERE,
	};
	const struct CMUnitTest high_tests[] = {
		cmocka_unit_test(without_psi_usage_above_memory_high_tells),
		cmocka_unit_test(without_psi_and_memory_high_there_is_a_refusal_that_says_so),
		EVERYWHERE,
		cmocka_unit_test(where_nothing_tells_the_run_goes_on_and_says_so),
	};
	if (offer == THRESHOLD)
		return cmocka_run_group_tests_name("pressure", threshold_tests, NULL, NULL);
	if (offer == STALL)
		return cmocka_run_group_tests_name("pressure", stall_tests, NULL, NULL);
	return cmocka_run_group_tests_name("pressure", high_tests, NULL, NULL);
}

int main(void) {
	/* cmocka's own skip() writes "not ok # SKIP", which meson takes for a failure. */
	struct ol_cage_limits limits = { .limit_bytes = OL_MIB, .high_bytes = UINT64_MAX };
	struct ol_cage *cage;
	if (ol_cage_detect(&world, &error) < 0 ||
		ol_cage_create(&world, NULL, &limits, &cage, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return 0;
	}
	(void)ol_cage_destroy(cage, NULL);
	offer = find_offer();
	char link[OL_PATH_BYTES];
	place_subject(link);
	fd_count_at_start = count_fds();
	int result = run_what_is_offered();
	if (*link != '\0')
		(void)unlink(link);
	return result;
}
