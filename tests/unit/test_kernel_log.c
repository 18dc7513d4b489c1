/* test_kernel_log.c -- Kills as the kernel's log tells them, however their owners are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "cage/internal.h"

#define CAGE      "/oomlab-7-00000000000000aa"
#define CONTAINER "/docker/1"

enum { RECORD_BYTES = 4096, CONTINUES = 1, FROM_USER = 2 };

static struct ol_kernel_log reader;
static struct ol_kernel_kill kill_told;
static uint64_t now_us;

static int reset(void **state) {
	(void)state;
	reader = (struct ol_kernel_log){ .fd = -1 };
	kill_told = (struct ol_kernel_kill){ 0 };
	now_us = 1000000;
	return 0;
}

/* As /dev/kmsg writes it: what is not printable, and backslashes, as \x0a. */
static void write_record(char ret_record[RECORD_BYTES], unsigned flags, const char *text) {
	int used = snprintf(ret_record, RECORD_BYTES, "%d,77,%" PRIu64 ",%c;",
		(flags & FROM_USER) != 0 ? 11 : 3, now_us, (flags & CONTINUES) != 0 ? 'c' : '-');
	for (; *text != '\0' && used < RECORD_BYTES - 16; text++) {
		unsigned char byte = (unsigned char)*text;
		bool is_plain = byte >= 32 && byte < 127 && byte != '\\';
		used += snprintf(
			ret_record + used, RECORD_BYTES - (size_t)used, is_plain ? "%c" : "\\x%02x", byte);
	}
	snprintf(ret_record + used, RECORD_BYTES - (size_t)used, "\n SUBSYSTEM=x\n");
}

static bool feed(unsigned flags, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool feed(unsigned flags, const char *format, ...) {
	char text[RECORD_BYTES];
	char record[RECORD_BYTES];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	write_record(record, flags, text);
	now_us += 10;
	return ol_kernel_log_feed(&reader, record, &kill_told);
}

#define HEAD "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0"
#define TAIL \
	"total-vm:5181828kB, anon-rss:32512kB, file-rss:1304kB, shmem-rss:0kB, UID:0 " \
	"pgtables:128kB oom_score_adj:0"

static void give_reason(const char *limiting, const char *victim, const char *name, int pid) {
	assert_false(feed(0, HEAD ",oom_memcg=%s,task_memcg=%s,task=%s,pid=%d,uid=1000", limiting,
		victim, name, pid));
}

static bool give_killed(const char *name, int pid) {
	return feed(0, "Memory cgroup out of memory: Killed process %d (%s) " TAIL, pid, name);
}

static void expect_place(const char *limiting, const char *victim) {
	assert_true(kill_told.has_place);
	assert_false(kill_told.is_system);
	assert_string_equal(kill_told.limiting_group, limiting);
	assert_string_equal(kill_told.victim_group, victim);
}

static void a_kill_is_told_by_two_lines(void **state) {
	(void)state;
	assert_false(feed(0, "x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0"));
	give_reason("/a", "/a/b", "python3", 4711);
	assert_true(give_killed("python3", 4711));
	expect_place("/a", "/a/b");
	assert_int_equal(kill_told.pid, 4711);
	assert_string_equal(kill_told.name, "python3");
	assert_int_equal(kill_told.anon_bytes, 32512 * 1024);
	assert_string_equal(
		kill_told.line, "Memory cgroup out of memory: Killed process 4711 (python3) " TAIL);
}

static void the_machines_own_want_of_memory_is_no_groups_limit(void **state) {
	(void)state;
	assert_false(feed(0,
		"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=a,mems_allowed=0-1,global_oom,"
		"task_memcg=/b,task=x,pid=7,uid=0"));
	assert_true(feed(0, "Out of memory: Killed process 7 (x) " TAIL));
	assert_true(kill_told.has_place && kill_told.is_system);
	assert_string_equal(kill_told.limiting_group, "");
	assert_string_equal(kill_told.victim_group, "/b");
	assert_false(feed(0,
		"oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=a,mems_allowed=0,global_oom,"
		"task_memcg=/b,task=x,pid=7,uid=0"));
	assert_true(feed(0, "Out of memory (oom_kill_allocating_task): Killed process 7 (x) " TAIL));
	assert_true(kill_told.has_place && kill_told.is_system);
}

static void a_process_may_have_any_name(void **state) {
	(void)state;
	static const char *const names[] = { "", " ", "a b", "(sd-pam)", "a) (b", ")", "(", ",",
		"a,b=c", "x,task_memcg=/o", ",pid=1,uid=0", "x,pid=8,uid=0,", ",task=y,pid=8",
		") total-vm:9kB", "x) total-vm:1", ",oom_memcg=/x", "a\nb", "\n", "a\\x41b", "\x1b[31m",
		"caf\xc3\xa9", "\xff\xfe", "%s%n", "; rm -rf", "9", ": Killed process" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char name[OL_PROCESS_NAME_BYTES]; /* The kernel cuts longer ones. */
		snprintf(name, sizeof name, "%.15s", names[i]);
		give_reason("/a", "/a" CAGE, name, 7);
		assert_true(give_killed(name, 7));
		assert_string_equal(kill_told.name, name);
		assert_int_equal(kill_told.pid, 7);
		assert_int_equal(kill_told.anon_bytes, 32512 * 1024);
		expect_place("/a", "/a" CAGE);
	}
}

/* Names put together from what the lines themselves consist of. */
static void random_names_are_all_read_right(void **state) {
	(void)state;
	static const char *const pieces[] = { ",task=", ",pid=7", ",uid=0", "7", ")", " (", "(x)", "/",
		") total-vm:", ",task_memcg=/", ",oom_memcg=", "\n", "\\", "x", " ", ",", "=",
		"oom-kill:", "\x80", "Killed process " };
	struct ol_random random = ol_random_seeded(20240229);
	for (int i = 0; i < 20000; i++) {
		char name[OL_PROCESS_NAME_BYTES] = "";
		char group[64] = "/a";
		for (uint64_t j = ol_random_below(&random, 5); j > 0; j--) {
			size_t used = strlen(name);
			snprintf(name + used, sizeof name - used, "%s",
				pieces[ol_random_below(&random, sizeof pieces / sizeof *pieces)]);
		}
		if (ol_random_below(&random, 2) == 0)
			snprintf(group, sizeof group, "/a/b,task=%.8s", name);
		int pid = (int)ol_random_below(&random, 4194304) + 1;
		give_reason("/a", group, name, pid);
		assert_true(give_killed(name, pid));
		assert_string_equal(kill_told.name, name);
		assert_int_equal(kill_told.pid, pid);
		assert_true(kill_told.has_place);
		assert_string_equal(kill_told.limiting_group, "/a");
	}
}

static void a_groups_name_cannot_feign_another_group(void **state) {
	(void)state;
	static const struct {
		const char *limiting, *victim;
	} groups[] = {
		{ "/evil,task_memcg=" CAGE, "/evil,task_memcg=" CAGE },
		{ "/evil,oom_memcg=" CAGE ",task_memcg=" CAGE,
			"/evil,oom_memcg=" CAGE ",task_memcg=" CAGE "/x" },
		{ "/evil", "/evil/x,task_memcg=" CAGE },
		{ "/evil", "/evil/x,task=y,pid=7,uid=0" },
		{ "/evil,global_oom,task_memcg=" CAGE, "/evil,global_oom,task_memcg=" CAGE },
		/* Two ways to read it: the inmate's own doing gets it nowhere. */
		{ CAGE, CAGE "/b,task_memcg=" CAGE ",task_memcg=" CAGE "/b" },
	};
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		give_reason(groups[i].limiting, groups[i].victim, "x", 7);
		assert_true(give_killed("x", 7));
		expect_place(groups[i].limiting, groups[i].victim);
	}
	/* A cpuset group's name has no "/". */
	assert_false(feed(0,
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,oom_memcg=,global_oom,"
		"task_memcg=,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x,pid=7,uid=0"));
	assert_true(give_killed("x", 7));
	expect_place("/a", "/a");
}

static void lines_in_pieces_are_put_together(void **state) {
	(void)state;
	static const char line[] = HEAD ",oom_memcg=/a/long,task_memcg=/a/long/one,task=x,pid=7,uid=0";
	for (size_t cut = sizeof "oom-kill:constraint=" - 1; cut < sizeof line - 1; cut++) {
		assert_false(feed(0, "%.*s", (int)cut, line));
		assert_false(feed(0, "eth0: link becomes ready")); /* Another processor's. */
		assert_false(feed(CONTINUES, "%s", line + cut));
		assert_true(give_killed("x", 7));
		/* The last digits of the uid are not missed. */
		expect_place("/a/long", "/a/long/one");
	}
}

static void a_line_that_lacks_a_piece_tells_no_place(void **state) {
	(void)state;
	static const char line[] = HEAD ",oom_memcg=/a,task_memcg=/a/b,task=x,pid=77,uid=0";
	for (size_t cut = 0; cut < sizeof line - 2; cut++) {
		assert_false(feed(0, "%.*s", (int)cut, line));
		assert_true(give_killed("x", 77));
		assert_false(kill_told.has_place);
		assert_false(feed(0, "%s", line + cut + 1));
		assert_true(give_killed("x", 77));
		assert_false(kill_told.has_place);
	}
	/* Longer than any path that we could work with. */
	char path[RECORD_BYTES / 2];
	memset(path, 'p', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	give_reason("/a", path, "x", 7);
	assert_true(give_killed("x", 7));
	assert_false(kill_told.has_place);
	give_reason(path, path, "x", 7);
	assert_true(give_killed("x", 7));
	assert_false(kill_told.has_place);
}

static void a_reason_counts_for_its_own_kill_only(void **state) {
	(void)state;
	give_reason("/a", "/a", "x", 7);
	assert_true(give_killed("y", 8));
	assert_false(kill_told.has_place);
	assert_true(give_killed("x", 7)); /* It is used up. */
	assert_false(kill_told.has_place);
	give_reason("/a", "/a", "x", 17);
	assert_true(give_killed("x", 7));
	assert_false(kill_told.has_place);
}

static void users_words_in_the_log_are_not_believed(void **state) {
	(void)state;
	assert_false(feed(FROM_USER, "Memory cgroup out of memory: Killed process 7 (x) " TAIL));
	assert_false(feed(FROM_USER, HEAD ",oom_memcg=/a,task_memcg=/a,task=x,pid=7,uid=0"));
	assert_true(give_killed("x", 7));
	assert_false(kill_told.has_place);
	assert_false(feed(0, "bridge: Memory cgroup out of memory: Killed process 7 (x) " TAIL));
	assert_false(feed(0, "Memory cgroup out of memory: Killed process 0 (x) " TAIL));
	assert_false(feed(0, "Memory cgroup out of memory: Killed process 7 (x)"));
	assert_false(feed(0, "Memory cgroup out of memory: Killed process 7 (sixteen letters!) " TAIL));
	assert_false(feed(0, "Memory cgroup out of memory: OOM victim 7 (x) is already exiting."));
}

static void a_whole_groups_end_is_told_process_by_process(void **state) {
	(void)state;
	give_reason("/a", "/a/b", "x", 7);
	assert_true(give_killed("x", 7));
	assert_false(feed(0, "Tasks in "));
	assert_false(feed(CONTINUES, "/a\\b are going to be killed due to memory.oom.group set"));
	assert_false(give_killed("x", 7)); /* Told already. */
	for (int pid = 8; pid < 12; pid++) {
		assert_true(give_killed("y", pid));
		expect_place("/a", "/a\\b");
		assert_true(kill_told.is_by_group);
	}
	/* The next event, whose reason the kernel left out. */
	now_us += 600000;
	assert_true(give_killed("z", 20));
	assert_false(kill_told.has_place);
	assert_true(give_killed("z", 21));
	assert_false(kill_told.has_place);
}

static void rubbish_does_no_harm(void **state) {
	(void)state;
	static const char *const records[] = { "", ";", "3,1,2,-", "3,1,2,-;", ",,,;x", "3,1,2;text",
		"a,b,c,d;oom-kill:", "3,1,2,-;oom-kill:", "3,1,2,-;Killed process ", "3,1,2,-;Tasks in ",
		"3,1,2,c;x", "3,1,2,-;Memory cgroup out of memory: Killed process 7 (",
		"3,1,2,-;Memory cgroup out of memory: Killed process 99999999999 (x) total-vm:1kB",
		"3,1,2,-;\\x", "3,1,2,-;\\xz", "3,1,2,-;\\x0" };
	char record[RECORD_BYTES];
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		snprintf(record, sizeof record, "%s", records[i]);
		(void)ol_kernel_log_feed(&reader, record, &kill_told);
	}
	struct ol_random random = ol_random_seeded(7);
	for (int i = 0; i < 20000; i++) {
		char text[512];
		bool is_reason = ol_random_below(&random, 2) == 0;
		snprintf(text, sizeof text, "%s",
			is_reason ? HEAD ",oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0"
					  : "Memory cgroup out of memory: Killed process 7 (x) " TAIL);
		text[ol_random_below(&random, strlen(text))] = (char)ol_random_below(&random, 256);
		(void)feed(ol_random_below(&random, 8) == 0 ? CONTINUES : 0, "%s", text);
	}
	assert_true(strlen(reader.reason) < sizeof reader.reason);
	assert_true(give_killed("x", 7));
	give_reason("/a", "/a", "x", 7);
	assert_true(give_killed("x", 7));
	expect_place("/a", "/a");
}

/* ---- What is the cage's, and whose limit it was ---- */

static struct ol_cage cage;
static int log_end_fd; /* What is written here the cage reads, as from /dev/kmsg. */

static int make_cage(void **state) {
	int sockets[2];
	(void)reset(state);
	/* One read, one record, and EAGAIN at the end. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) < 0)
		return -1;
	cage = (struct ol_cage){ .path = CAGE, .directory_fd = -1, .attached_pid = 70 };
	cage.kills.log.fd = sockets[0];
	cage.kills.is_numbered_alike = true;
	log_end_fd = sockets[1];
	return 0;
}

static int end_cage(void **state) {
	(void)state;
	close(cage.kills.log.fd);
	close(log_end_fd);
	return 0;
}

static void log_text(const char *text) {
	char record[RECORD_BYTES];
	write_record(record, 0, text);
	now_us += 10;
	assert_true(send(log_end_fd, record, strlen(record), 0) > 0);
}

/* limiting NULL: the kernel leaves out where it was. */
static void log_kill(const char *limiting, const char *victim, const char *name, int pid) {
	char text[RECORD_BYTES];
	snprintf(text, sizeof text, HEAD ",oom_memcg=%s,task_memcg=%s,task=%s,pid=%d,uid=0",
		limiting != NULL ? limiting : "", victim, name, pid);
	if (limiting != NULL)
		log_text(text);
	snprintf(
		text, sizeof text, "Memory cgroup out of memory: Killed process %d (%s) " TAIL, pid, name);
	log_text(text);
}

static void whose_limit_it_was_shows_in_the_groups(void **state) {
	(void)state;
	static const struct {
		const char *limiting, *victim, *expected_group;
		uint32_t expected;
	} cases[] = {
		{ CAGE, CAGE, CAGE, OL_LIMITED_BY_OWN },
		{ CAGE, CAGE "/below", CAGE, OL_LIMITED_BY_OWN },
		{ CAGE "/below", CAGE "/below", CAGE "/below", OL_LIMITED_BY_INNER },
		{ CAGE "/a", CAGE "/a/b", CAGE "/a", OL_LIMITED_BY_INNER },
		{ CONTAINER CAGE, CONTAINER CAGE, CAGE, OL_LIMITED_BY_OWN },
		{ CONTAINER CAGE "/a", CONTAINER CAGE "/a", CAGE "/a", OL_LIMITED_BY_INNER },
		{ "/docker", CONTAINER CAGE, "/docker", OL_LIMITED_BY_ANCESTOR },
		{ CONTAINER, CONTAINER CAGE "/a", CONTAINER, OL_LIMITED_BY_ANCESTOR },
	};
	struct ol_oom_kill kill;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		log_kill(cases[i].limiting, cases[i].victim, "x", 70);
		assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 1);
		assert_int_equal(kill.limited_by, cases[i].expected);
		assert_string_equal(kill.limiting_group, cases[i].expected_group);
		assert_int_equal(kill.pid, 70);
		assert_int_equal(kill.at_ns, 0);
		assert_int_equal(kill.is_command, 0);
	}
	log_text("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,"
			 "global_oom,task_memcg=" CAGE ",task=x,pid=7,uid=0");
	log_text("Out of memory: Killed process 7 (x) " TAIL);
	assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 1);
	assert_int_equal(kill.limited_by, OL_LIMITED_BY_SYSTEM);
	assert_string_equal(kill.limiting_group, "");
}

static void kills_elsewhere_are_none_of_the_cages(void **state) {
	(void)state;
	static const char *const groups[] = { "/", CAGE "b", "/x" CAGE "b",
		"/a/x"
		"oomlab-7-00000000000000aa",
		"/oomlab-7-00000000000000a", CAGE ",task_memcg=" };
	struct ol_oom_kill kill;
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		/* Not even of a process whose number the cage knows: it is another's by now. */
		log_kill(groups[i], groups[i], "x", 70);
		assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 0);
	}
	assert_false(cage.kills.has_witness);
}

static void without_a_place_only_members_are_the_cages(void **state) {
	(void)state;
	struct ol_oom_kill kill;
	log_kill(NULL, "", "x", 71);
	assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 0);
	ol_cage_note_attached(&cage, 71);
	log_kill(NULL, "", "x", 71);
	assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 1);
	assert_int_equal(kill.pid, 71);
	assert_int_equal(kill.limited_by, OL_LIMITED_BY_NONE);
	assert_string_equal(kill.limiting_group, "");
	/* Where numbers differ, they tell nothing. */
	cage.kills.is_numbered_alike = false;
	log_kill(NULL, "", "x", 71);
	assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 0);
}

static void a_group_above_that_goes_as_a_whole_takes_members_along(void **state) {
	(void)state;
	struct ol_oom_kill kills[2];
	ol_cage_note_attached(&cage, 71);
	log_kill("/docker", "/docker/2", "big", 90);
	log_text("Tasks in /docker are going to be killed due to memory.oom.group set");
	log_text("Memory cgroup out of memory: Killed process 91 (y) " TAIL);
	log_text("Memory cgroup out of memory: Killed process 71 (x) " TAIL);
	assert_int_equal(ol_cage_take_kills(&cage, kills, 2), 1);
	assert_int_equal(kills[0].pid, 71);
	assert_int_equal(kills[0].limited_by, OL_LIMITED_BY_ANCESTOR);
	assert_string_equal(kills[0].limiting_group, "/docker");
}

static void all_kills_are_counted_and_the_first_are_told(void **state) {
	(void)state;
	static struct ol_oom_kill kills[OL_KILLS_MAX + 8];
	enum { ROUND = 5 };
	for (int i = 0; i < ROUND; i++)
		log_kill(CAGE, CAGE, "x", 100 + i);
	kills[2].pid = -1;
	assert_int_equal(ol_cage_take_kills(&cage, kills, 2), ROUND);
	assert_int_equal(kills[0].pid, 100);
	assert_int_equal(kills[1].pid, 101);
	assert_int_equal(kills[2].pid, -1);
	assert_int_equal(ol_cage_take_kills(&cage, kills, 2), 0);
	/* Read piece by piece, as the socket holds few records. */
	for (int i = 0; i < OL_KILLS_MAX + ROUND; i++) {
		log_kill(CAGE, CAGE, "x", 200 + i);
		ol_cage_read_log(&cage);
	}
	assert_int_equal(
		ol_cage_take_kills(&cage, kills, sizeof kills / sizeof *kills), OL_KILLS_MAX + ROUND);
	for (int i = 0; i < OL_KILLS_MAX; i++)
		assert_int_equal(kills[i].pid, 200 + i);
	assert_int_equal(kills[OL_KILLS_MAX].pid, 0);
	assert_int_equal(cage.kills.count, OL_KILLS_MAX + 2 * ROUND);
}

static void the_attached_process_own_kill_testifies_before_others(void **state) {
	(void)state;
	log_kill(CAGE, CAGE, "child", 80);
	ol_cage_read_log(&cage);
	assert_int_equal(cage.kills.witness.pid, 80);
	log_kill(CONTAINER, CONTAINER CAGE, "x", 70);
	log_kill(CAGE, CAGE, "child", 81);
	ol_cage_read_log(&cage);
	assert_int_equal(cage.kills.witness.pid, 70);
	assert_int_equal(cage.kills.witness.limited_by, OL_LIMITED_BY_ANCESTOR);
	/* What was taken still counts. */
	struct ol_oom_kill kill;
	assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 3);
	assert_int_equal(cage.kills.witness.pid, 70);
}

static void what_is_shown_upsets_no_terminal(void **state) {
	(void)state;
	struct ol_oom_kill kill;
	log_kill(CAGE "/\x1b[31m\n\xc3\xa9", CAGE "/\x1b[31m\n\xc3\xa9", "\x1b[2J\n\xc3\xa9", 70);
	assert_int_equal(ol_cage_take_kills(&cage, &kill, 1), 1);
	assert_string_equal(kill.name, "?[2J???");
	assert_string_equal(kill.limiting_group, CAGE "/?[31m?\xc3\xa9");
	for (const char *next = kill.kernel_line; *next != '\0'; next++)
		assert_true(*next >= 32 && *next < 127);
}

#define LINE_TEST(name) cmocka_unit_test_setup(name, reset)
#define CAGE_TEST(name) cmocka_unit_test_setup_teardown(name, make_cage, end_cage)

int main(void) {
	const struct CMUnitTest tests[] = {
		LINE_TEST(a_kill_is_told_by_two_lines),
		LINE_TEST(the_machines_own_want_of_memory_is_no_groups_limit),
		LINE_TEST(a_process_may_have_any_name),
		LINE_TEST(random_names_are_all_read_right),
		LINE_TEST(a_groups_name_cannot_feign_another_group),
		LINE_TEST(lines_in_pieces_are_put_together),
		LINE_TEST(a_line_that_lacks_a_piece_tells_no_place),
		LINE_TEST(a_reason_counts_for_its_own_kill_only),
		LINE_TEST(users_words_in_the_log_are_not_believed),
		LINE_TEST(a_whole_groups_end_is_told_process_by_process),
		LINE_TEST(rubbish_does_no_harm),
		CAGE_TEST(whose_limit_it_was_shows_in_the_groups),
		CAGE_TEST(kills_elsewhere_are_none_of_the_cages),
		CAGE_TEST(without_a_place_only_members_are_the_cages),
		CAGE_TEST(a_group_above_that_goes_as_a_whole_takes_members_along),
		CAGE_TEST(all_kills_are_counted_and_the_first_are_told),
		CAGE_TEST(the_attached_process_own_kill_testifies_before_others),
		CAGE_TEST(what_is_shown_upsets_no_terminal),
	};
	return cmocka_run_group_tests_name("kernel_log", tests, NULL, NULL);
}
