/* test_group_report.c -- Processes and groups in words and figures, from facts made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "base/units.h"
#include "group_watch_tests.h"
#include "report/group_report.h"

enum { CPUS = 2, PAGE = 4096, BATCH = CPUS * 64 * PAGE, RANDOM_ROUNDS = 20000 };

static const struct ol_style plain = { .columns = 80 };

/* Large: kept off the stack. */
static struct ol_rss_group group;
static struct ol_process_facts processes[2];

/* One process of 10 MiB, all of it charged to its group. */
static void make_group(void) {
	group = (struct ol_rss_group){
		.facts = {
			.path = "/oomlab-test",
			.memory_version = 2,
			.own_limit_bytes = 32 * OL_MIB,
			.high_bytes = OL_UNLIMITED,
			.swap_limit_bytes = 0,
			.limiting_group = "/oomlab-test",
			.process_count = 1,
			.anon_bytes = 8 * OL_MIB,
			.file_bytes = 2 * OL_MIB,
			.mapped_bytes = 2 * OL_MIB,
			.page_table_bytes = 0,
			.kernel_stack_bytes = 0,
			.slab_bytes = 0,
			.look = {
				.usage_bytes = 10 * OL_MIB,
				.peak_bytes = 12 * OL_MIB,
				.limit_bytes = 32 * OL_MIB,
				.swap_bytes = OL_NOT_KNOWN,
				.oom_kill_count = 0,
				.stall_ns = OL_NOT_KNOWN,
				.stall_percent = NAN,
			},
		},
		.sum = {
			.process_count = 1,
			.rss_bytes = 10 * OL_MIB,
			.anon_bytes = 8 * OL_MIB,
			.file_bytes = 2 * OL_MIB,
			.pss_bytes = 9 * OL_MIB,
			.pss_anon_bytes = 8 * OL_MIB,
		},
	};
}

static size_t differences_of(struct ol_difference differences[OL_DIFFERENCE_COUNT]) {
	return ol_group_differences(&group, CPUS, PAGE, differences);
}

/* There is exactly this one. */
static void assert_only(enum ol_difference_kind kind, int64_t bytes, const char *words) {
	struct ol_difference differences[OL_DIFFERENCE_COUNT];
	assert_int_equal(differences_of(differences), 1);
	assert_string_equal(ol_difference_name(differences[0].kind), ol_difference_name(kind));
	assert_int_equal(differences[0].bytes, bytes);
	if (strstr(differences[0].words, words) == NULL)
		fail_msg("'%s' does not say '%s'", differences[0].words, words);
}

/* ---- The reasons ---- */

static void a_group_that_holds_what_its_process_has_differs_in_nothing(void **state) {
	struct ol_difference differences[OL_DIFFERENCE_COUNT];
	make_group();
	assert_int_equal(differences_of(differences), 0);
}

static void page_cache_that_nobody_maps_is_told(void **state) {
	make_group();
	group.facts.file_bytes += 5 * OL_MIB;
	group.facts.look.usage_bytes += 5 * OL_MIB;
	assert_only(OL_DIFFERENCE_PAGE_CACHE, 5 * OL_MIB, "no process maps");
}

static void libraries_that_others_pay_for_are_told(void **state) {
	make_group();
	group.facts.file_bytes = group.facts.mapped_bytes = 0;
	group.facts.look.usage_bytes = 8 * OL_MIB;
	assert_only(OL_DIFFERENCE_FILES, -(int64_t)(2 * OL_MIB), "other groups are charged");
	/* One process alone counts nothing twice. */
	struct ol_difference differences[OL_DIFFERENCE_COUNT];
	(void)differences_of(differences);
	assert_null(strstr(differences[0].words, "several"));
	group.sum.process_count = 2;
	assert_only(OL_DIFFERENCE_FILES, -(int64_t)(2 * OL_MIB), "several of these processes");
}

static void memory_shared_since_a_fork_is_told_apart_from_memory_elsewhere(void **state) {
	make_group();
	group.sum.process_count = 2;
	group.sum.anon_bytes = 16 * OL_MIB;
	group.sum.rss_bytes = 18 * OL_MIB;
	assert_only(OL_DIFFERENCE_SHARED_ANON, -(int64_t)(8 * OL_MIB), "since a fork()");
	/* Without PSS the two cannot be told apart. */
	group.sum.pss_anon_bytes = OL_NOT_KNOWN;
	assert_only(OL_DIFFERENCE_ANON, -(int64_t)(8 * OL_MIB), "or that another group is charged for");
}

static void memory_touched_elsewhere_is_told(void **state) {
	make_group();
	group.facts.anon_bytes -= 3 * OL_MIB;
	group.facts.look.usage_bytes -= 3 * OL_MIB;
	assert_only(OL_DIFFERENCE_ANON, -(int64_t)(3 * OL_MIB), "before its process came here");
}

static void memory_that_no_process_has_any_more_is_told(void **state) {
	make_group();
	group.facts.anon_bytes += 3 * OL_MIB;
	group.facts.look.usage_bytes += 3 * OL_MIB;
	assert_only(OL_DIFFERENCE_ANON, 3 * OL_MIB, "none of these processes maps");
}

static void tmpfs_files_and_shared_memory_are_told(void **state) {
	make_group();
	group.facts.shmem_bytes = 4 * OL_MIB;
	group.facts.look.usage_bytes += 4 * OL_MIB;
	assert_only(OL_DIFFERENCE_SHMEM, 4 * OL_MIB, "tmpfs");
	/* Mapped by two, charged once. */
	make_group();
	group.sum.process_count = 2;
	group.facts.shmem_bytes = 4 * OL_MIB;
	group.facts.mapped_bytes += 4 * OL_MIB;
	group.facts.look.usage_bytes += 4 * OL_MIB;
	group.sum.shmem_bytes = 8 * OL_MIB;
	group.sum.rss_bytes += 8 * OL_MIB;
	assert_only(OL_DIFFERENCE_SHMEM, -(int64_t)(4 * OL_MIB), "several of these processes");
}

static void kernel_memory_is_told_in_its_parts(void **state) {
	make_group();
	group.facts.kernel_bytes = 3 * OL_MIB;
	group.facts.page_table_bytes = OL_MIB;
	group.facts.kernel_stack_bytes = OL_MIB / 2;
	group.facts.slab_bytes = OL_MIB;
	group.facts.look.usage_bytes += 3 * OL_MIB;
	assert_only(OL_DIFFERENCE_KERNEL, 3 * OL_MIB,
		"kernel memory: page tables 1.0 MiB, stacks 512.0 KiB, slab caches 1.0 MiB, other 512.0 "
		"KiB");
	/* Version 1 has no parts; the processes tell their page tables. */
	group.facts.page_table_bytes = group.facts.kernel_stack_bytes = OL_NOT_KNOWN;
	group.facts.slab_bytes = OL_NOT_KNOWN;
	group.sum.page_table_bytes = 2 * OL_MIB;
	assert_only(OL_DIFFERENCE_KERNEL, 3 * OL_MIB,
		"kernel memory: page tables 2.0 MiB, stacks, slab caches and other 1.0 MiB");
}

static void what_is_charged_ahead_is_bounded_and_the_rest_is_called_unexplained(void **state) {
	make_group();
	group.facts.look.usage_bytes += BATCH;
	assert_only(OL_DIFFERENCE_AHEAD, BATCH, "up to 256.0 KiB for each of 2 processors");
	group.facts.look.usage_bytes += 1;
	assert_only(OL_DIFFERENCE_UNEXPLAINED, BATCH + 1, "not explained");
	make_group();
	group.facts.look.usage_bytes -= PAGE;
	assert_only(OL_DIFFERENCE_UNEXPLAINED, -PAGE, "not explained");
	make_group();
	group.facts.anon_bytes = OL_NOT_KNOWN;
	group.facts.look.usage_bytes += OL_GIB;
	assert_only(OL_DIFFERENCE_UNEXPLAINED, OL_GIB, "memory.stat could not be read");
}

static void network_buffers_are_told(void **state) {
	make_group();
	group.facts.socket_bytes = OL_MIB;
	group.facts.look.usage_bytes += OL_MIB;
	assert_only(OL_DIFFERENCE_SOCKETS, OL_MIB, "network buffers");
}

/* ---- Sums ---- */

static uint64_t random_bytes(struct ol_random *random) {
	/* Of all magnitudes; one in eight is nothing. */
	uint64_t bits = ol_random_below(random, 40);
	return ol_random_below(random, 8) == 0 ? 0 : ol_random_below(random, (UINT64_C(1) << bits) + 1);
}

static void make_random(struct ol_random *random) {
	make_group();
	group.sum.process_count = ol_random_below(random, 4);
	group.sum.anon_bytes = random_bytes(random);
	group.sum.file_bytes = random_bytes(random);
	group.sum.shmem_bytes = random_bytes(random);
	group.sum.rss_bytes = group.sum.anon_bytes + group.sum.file_bytes + group.sum.shmem_bytes;
	group.sum.pss_anon_bytes =
		ol_random_below(random, 3) == 0 ? OL_NOT_KNOWN : random_bytes(random);
	group.facts.anon_bytes = random_bytes(random);
	group.facts.file_bytes = random_bytes(random);
	group.facts.shmem_bytes = random_bytes(random);
	group.facts.mapped_bytes = random_bytes(random);
	group.facts.kernel_bytes = random_bytes(random);
	group.facts.socket_bytes = random_bytes(random);
	group.facts.look.usage_bytes = random_bytes(random);
}

static void the_reasons_add_up_to_the_byte(void **state) {
	struct ol_random random = ol_random_seeded(1);
	for (int i = 0; i < RANDOM_ROUNDS; i++) {
		struct ol_difference differences[OL_DIFFERENCE_COUNT];
		make_random(&random);
		size_t count = differences_of(differences);
		int64_t sum_bytes = 0;
		for (size_t j = 0; j < count; j++) {
			assert_int_not_equal(differences[j].bytes, 0);
			assert_true(*differences[j].words != '\0');
			sum_bytes += differences[j].bytes;
		}
		assert_int_equal(sum_bytes, (int64_t)(group.facts.look.usage_bytes - group.sum.rss_bytes));
	}
}

/* As it is read, in hundredths. */
static int64_t shown(int64_t steps, struct ol_unit unit) {
	char text[OL_UNIT_TEXT_BYTES];
	ol_unit_format(unit, steps, text);
	return llround(strtod(text, NULL) * 100);
}

static void the_figures_that_are_shown_add_up_too(void **state) {
	struct ol_random random = ol_random_seeded(2);
	for (int i = 0; i < RANDOM_ROUNDS; i++) {
		struct ol_difference differences[OL_DIFFERENCE_COUNT];
		int64_t steps[OL_DIFFERENCE_COUNT];
		make_random(&random);
		struct ol_unit unit = ol_unit_of(group.facts.look.usage_bytes, 100);
		size_t count = differences_of(differences);
		ol_group_round(&group, unit, differences, count, steps);
		int64_t sum =
			count > 0 ? shown(ol_unit_steps(unit, (int64_t)group.sum.rss_bytes), unit) : 0;
		double step_bytes = (double)unit.bytes / (unit.decimals == 2 ? 100 : 10);
		for (size_t j = 0; j < count; j++) {
			sum += shown(steps[j], unit);
			/* And none is far from the truth. */
			assert_true(fabs((double)steps[j] - (double)differences[j].bytes / step_bytes) < 2);
		}
		int64_t usage = shown(ol_unit_steps(unit, (int64_t)group.facts.look.usage_bytes), unit);
		if (sum != usage && count > 0)
			fail_msg("%" PRId64 " hundredths of %s, not %" PRId64, sum, unit.name, usage);
	}
}

static void a_figure_is_shown_to_the_nearest_step(void **state) {
	static const struct {
		uint64_t whole_bytes;
		int64_t bytes;
		const char *text;
	} cases[] = { { 50 * OL_MIB, 0, "0.0" }, { 50 * OL_MIB, 12 * OL_MIB + OL_MIB / 4, "12.3" },
		{ 5 * OL_MIB, OL_MIB / 16, "0.06" }, { 5 * OL_MIB, -(int64_t)OL_MIB / 4, "-0.25" },
		{ 50 * OL_MIB, -1, "0.0" }, { OL_MIB, OL_KIB, "1.0" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[OL_UNIT_TEXT_BYTES];
		struct ol_unit unit = ol_unit_of(cases[i].whole_bytes, 2);
		ol_unit_format(unit, ol_unit_steps(unit, cases[i].bytes), text);
		assert_string_equal(text, cases[i].text);
	}
}

static void processes_are_summed_without_the_kernels_threads(void **state) {
	struct ol_process_sum sum = { 0 };
	struct ol_process_memory memory = {
		.rss_bytes = 4, .has_pss = true, .pss_bytes = 3, .pss_anon_bytes = 2, .swap_bytes = 1
	};
	ol_process_sum_add(&sum, &memory);
	ol_process_sum_add(&sum, &memory);
	ol_process_sum_add(&sum, &(struct ol_process_memory){ .is_kernel_thread = true });
	assert_int_equal(sum.process_count, 2);
	assert_int_equal(sum.rss_bytes, 8);
	assert_int_equal(sum.pss_bytes, 6);
	assert_int_equal(sum.pss_anon_bytes, 4);
	assert_int_equal(sum.swap_bytes, 2);
	/* What one does not tell, the sum does not know. */
	memory.pss_anon_bytes = OL_NOT_KNOWN;
	ol_process_sum_add(&sum, &memory);
	assert_int_equal(sum.pss_anon_bytes, OL_NOT_KNOWN);
	assert_int_equal(sum.pss_bytes, 9);
	memory.has_pss = false;
	ol_process_sum_add(&sum, &memory);
	assert_int_equal(sum.pss_bytes, OL_NOT_KNOWN);
}

/* ---- rss in text ---- */

static struct ol_rss make_rss(size_t process_count) {
	for (size_t i = 0; i < 2; i++)
		processes[i] = (struct ol_process_facts){
			.pid = 100 + (int32_t)i,
			.name = "python3",
			.group = "/oomlab-test",
			.memory = { .rss_bytes = 10 * OL_MIB,
				.has_pss = true,
				.pss_bytes = 9 * OL_MIB,
				.vsz_bytes = 2 * OL_GIB },
		};
	return (struct ol_rss){ .processes = processes,
		.process_count = process_count,
		.groups = &group,
		.group_count = 1,
		.cpus = CPUS,
		.page_bytes = PAGE };
}

static char *text_of(struct ol_style style, const struct ol_rss *rss) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	ol_rss_text(stream, style, rss);
	fclose(stream);
	return text;
}

static void a_process_and_its_group_read_as_they_should(void **state) {
	static const char expected[] =
		"      pid  name (MiB)            RSS      PSS     swap      VSZ\n"
		"      100  python3              10.0      9.0      0.0   2048.0\n"
		"\n"
		" group      /oomlab-test\n"
		" usage      14.5 MiB - peak 12.0 MiB - limit 32.0 MiB\n"
		" difference the group holds 4.5 MiB more than the resident memory (RSS) of its\n"
		"            process:\n"
		"                 10.0  resident in its process\n"
		"           +      5.0  page cache: files that were read or written and that no\n"
		"                       process maps\n"
		"           -      1.0  memory that another group is charged for: touched before\n"
		"                       its process came here, or by the process that forked it\n"
		"           +      0.5  charged ahead of its use, or not in memory.stat yet: up\n"
		"                       to 256.0 KiB for each of 2 processors\n"
		"           =     14.5  MiB: usage of the group\n";
	make_group();
	group.facts.file_bytes += 5 * OL_MIB;
	group.facts.anon_bytes -= OL_MIB;
	group.facts.look.usage_bytes += 4 * OL_MIB + OL_MIB / 2;
	struct ol_rss rss = make_rss(1);
	OL_AUTO_FREE char *text = text_of(plain, &rss);
	assert_string_equal(text, expected);
}

static void assert_says(const struct ol_rss *rss, const char *words) {
	/* Wide, so that no sentence is wrapped. */
	OL_AUTO_FREE char *text = text_of((struct ol_style){ .columns = 400 }, rss);
	if (strstr(text, words) == NULL)
		fail_msg("'%s' is not in:\n%s", words, text);
}

static void several_processes_have_a_total_and_a_warning_about_it(void **state) {
	make_group();
	struct ol_rss rss = make_rss(2);
	assert_says(&rss, " together  2 processes          20.0     18.0      0.0        -\n");
	assert_says(&rss, "RSS counts a page that several processes share once for each of them");
	OL_AUTO_FREE char *text =
		text_of(plain, &(struct ol_rss){ .processes = processes, .process_count = 1, .cpus = 1 });
	assert_null(strstr(text, "together"));
	assert_null(strstr(text, "share"));
}

static void what_is_not_known_shows_as_a_dash(void **state) {
	make_group();
	struct ol_rss rss = make_rss(2);
	processes[0].memory.has_pss = false;
	processes[1].memory = (struct ol_process_memory){ .is_kernel_thread = true };
	assert_says(&rss, "100  python3              10.0        -      0.0   2048.0\n");
	assert_says(&rss, "101  python3                 -        -        -        -\n");
	assert_says(&rss, "101 (python3) is a thread of the kernel's own: it has no memory.");
	assert_says(&rss, "The PSS of one process is not known");
}

static void the_larger_side_is_named(void **state) {
	make_group();
	struct ol_rss rss = make_rss(1);
	assert_says(&rss, "the group holds as much as the resident memory (RSS) of its process:");
	group.facts.file_bytes = group.facts.mapped_bytes = 0;
	group.facts.look.usage_bytes = 8 * OL_MIB;
	group.sum.process_count = 3;
	assert_says(&rss,
		"the resident memory (RSS) of its 3 processes is larger than the group's usage by 2.0 "
		"MiB:");
	group.sum = (struct ol_process_sum){ 0 };
	assert_says(&rss, "no process is in it; what it holds was left by others:");
	group.sum.unseen_count = 2;
	assert_says(&rss, "2 processes of it cannot be looked at from here");
}

static void a_limit_of_another_group_is_named(void **state) {
	make_group();
	struct ol_rss rss = make_rss(1);
	snprintf(group.facts.limiting_group, sizeof group.facts.limiting_group, "/above");
	assert_says(&rss, "limit 32.0 MiB (of /above)");
	*group.facts.limiting_group = '\0';
	assert_says(&rss, "limit 32.0 MiB (of a group above that is not visible here)");
	group.facts.look.limit_bytes = OL_UNLIMITED;
	assert_says(&rss, "peak 12.0 MiB - no limit\n");
	group.facts.look.oom_kill_count = 1;
	group.facts.look.swap_bytes = OL_MIB;
	group.facts.look.stall_percent = 12.5;
	assert_says(
		&rss, "swapped out 1.0 MiB - one OOM kill - waiting for memory 12.5 % of the last 10 s\n");
}

static void the_whole_machine_is_not_compared(void **state) {
	make_group();
	struct ol_rss rss = make_rss(1);
	group.facts.look.usage_bytes = OL_NOT_KNOWN;
	assert_says(&rss, "it counts no memory: the controller was not handed down to it");
	group.facts.is_root = 1;
	assert_says(&rss, "the top of the hierarchy: nothing limits it");
}

static void names_cannot_talk_to_the_terminal(void **state) {
	make_group();
	struct ol_rss rss = make_rss(2);
	rss.group_count = 1;
	snprintf(processes[0].name, sizeof processes[0].name, "\033[2J) b (c\n");
	snprintf(group.facts.path, sizeof group.facts.path, "/\033]0;x\a");
	OL_AUTO_FREE char *text = text_of(plain, &rss);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\a'));
	assert_non_null(strstr(text, "?[2J) b (c "));
}

static void a_large_process_beside_a_small_one_keeps_mib(void **state) {
	static const struct {
		uint64_t bytes, factor;
		const char *name;
		int decimals;
	} cases[] = { { 0, 2, "KiB", 2 }, { OL_MIB, 2, "KiB", 1 }, { 2 * OL_MIB, 2, "MiB", 2 },
		{ 2 * OL_MIB, 100, "MiB", 2 }, { 10 * OL_MIB, 100, "MiB", 1 }, { 2 * OL_GIB, 2, "GiB", 2 },
		{ 99 * OL_GIB, 100, "MiB", 1 }, { 100 * OL_GIB, 100, "GiB", 1 },
		{ UINT64_MAX, 2, "TiB", 1 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_unit unit = ol_unit_of(cases[i].bytes, cases[i].factor);
		assert_string_equal(unit.name, cases[i].name);
		assert_int_equal(unit.decimals, cases[i].decimals);
	}
}

/* ---- rss in JSON ---- */

static json_t *json_of(const struct ol_rss *rss) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	assert_int_equal(ol_rss_json(stream, rss, NULL), 0);
	fclose(stream);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static void the_object_has_null_for_what_is_not_known(void **state) {
	make_group();
	group.facts.look.limit_bytes = OL_UNLIMITED;
	group.facts.look.usage_bytes += BATCH;
	struct ol_rss rss = make_rss(2);
	processes[1].memory.has_pss = false;
	*processes[1].group = '\0';
	struct ol_rss_missing missing = { .pid = 7, .reason = "there is no process 7" };
	rss.missing = &missing;
	rss.missing_count = 1;
	json_t *root = json_of(&rss);
	const char *schema, *kind, *reason;
	json_int_t pss_bytes, bytes, pid, rss_bytes;
	int result = json_unpack(root,
		"{s:s, s:[{s:I}, {s:n, s:n}], s:{s:I, s:n}, s:[{s:n, s:n, s:n, s:[{s:s, s:I}]}],"
		" s:[{s:I, s:s}]}",
		"schema", &schema, "processes", "pss_bytes", &pss_bytes, "pss_bytes", "group", "together",
		"rss_bytes", &rss_bytes, "pss_bytes", "groups", "limit_bytes", "swap_bytes",
		"stall_percent", "differences", "kind", &kind, "bytes", &bytes, "missing", "pid", &pid,
		"reason", &reason);
	assert_int_equal(result, 0);
	assert_string_equal(schema, "oomlab.rss/1");
	assert_string_equal(kind, "charged-ahead");
	assert_int_equal(bytes, BATCH);
	assert_int_equal(pss_bytes, 9 * OL_MIB);
	assert_int_equal(rss_bytes, 20 * OL_MIB);
	assert_int_equal(pid, 7);
	json_decref(root);
	group.facts.is_root = 1;
	root = json_of(&rss);
	assert_int_equal(json_unpack(root, "{s:[{s:n}]}", "groups", "differences"), 0);
	json_decref(root);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_that_holds_what_its_process_has_differs_in_nothing),
		cmocka_unit_test(page_cache_that_nobody_maps_is_told),
		cmocka_unit_test(libraries_that_others_pay_for_are_told),
		cmocka_unit_test(memory_shared_since_a_fork_is_told_apart_from_memory_elsewhere),
		cmocka_unit_test(memory_touched_elsewhere_is_told),
		cmocka_unit_test(memory_that_no_process_has_any_more_is_told),
		cmocka_unit_test(tmpfs_files_and_shared_memory_are_told),
		cmocka_unit_test(kernel_memory_is_told_in_its_parts),
		cmocka_unit_test(what_is_charged_ahead_is_bounded_and_the_rest_is_called_unexplained),
		cmocka_unit_test(network_buffers_are_told),
		cmocka_unit_test(the_reasons_add_up_to_the_byte),
		cmocka_unit_test(the_figures_that_are_shown_add_up_too),
		cmocka_unit_test(a_figure_is_shown_to_the_nearest_step),
		cmocka_unit_test(processes_are_summed_without_the_kernels_threads),
		cmocka_unit_test(a_process_and_its_group_read_as_they_should),
		cmocka_unit_test(several_processes_have_a_total_and_a_warning_about_it),
		cmocka_unit_test(what_is_not_known_shows_as_a_dash),
		cmocka_unit_test(the_larger_side_is_named),
		cmocka_unit_test(a_limit_of_another_group_is_named),
		cmocka_unit_test(the_whole_machine_is_not_compared),
		cmocka_unit_test(names_cannot_talk_to_the_terminal),
		cmocka_unit_test(a_large_process_beside_a_small_one_keeps_mib),
		cmocka_unit_test(the_object_has_null_for_what_is_not_known),
		cmocka_unit_test(a_look_is_a_line_with_its_time),
		cmocka_unit_test(a_line_that_is_redrawn_has_a_bar_and_keeps_within_the_width),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
