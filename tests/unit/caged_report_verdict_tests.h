/* caged_report_verdict_tests.h -- Each way to end: its verdict, its figures, its reason.
 *
 * Part of test_caged_report.c. */
#ifndef TESTS_CAGED_REPORT_VERDICT_TESTS_H
#define TESTS_CAGED_REPORT_VERDICT_TESTS_H

#include "base/cleanup.h"
#include "caged_report_summary.h"
#include "report/caged_report.h"
#include "report/cells.h"

static void with_exit_of_137(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->evidence.exit_status = 137;
}

static void with_a_full_cage(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->peak_bytes = RECIPE_PAGES_BYTES - 4096;
}

static void without_a_limit(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->spec.limit_bytes = UINT64_MAX;
}

static void with_one_that_was_let_go(struct ol_caged_summary *facts) {
	facts->spec.adopted_pid = 123;
	facts->was_let_go = 1;
	facts->evidence.exit_status = -1;
}

static void with_an_adopted_one(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->spec.adopted_pid = 123;
	facts->evidence.exit_status = -1;
	facts->left_count = 1;
}

static void with_others_killed_too(struct ol_caged_summary *facts) {
	make_caged_victim(facts);
	add_caged_kill(facts, 130, "worker", false);
	add_caged_kill(facts, 131, "worker", false);
}

static void with_two_children_killed(struct ol_caged_summary *facts) {
	make_caged_parent(facts);
	add_caged_kill(facts, 125, "worker", false);
	facts->kills[1].limited_by = OL_LIMITED_BY_INNER;
}

static void with_an_unread_log(struct ol_caged_summary *facts) {
	make_caged_parent(facts);
	facts->kill_count = facts->kill_told_count = 0;
	facts->evidence.oom_kill_delta = 2;
	facts->evidence.kernel_line[0] = '\0';
}

static void by_an_ancestor(struct ol_caged_summary *facts) {
	make_caged_victim(facts);
	facts->outcome = OL_OUTCOME_OOM_KILLED_BY_ANCESTOR;
	facts->evidence.limited_by = OL_LIMITED_BY_ANCESTOR;
	facts->kills[0].limited_by = OL_LIMITED_BY_ANCESTOR;
	set_text(facts->evidence.limiting_group, sizeof facts->evidence.limiting_group, "/outer");
}

static void by_an_ancestor_of_no_limit(struct ol_caged_summary *facts) {
	by_an_ancestor(facts);
	facts->spec.limit_bytes = UINT64_MAX;
}

static void by_the_machine(struct ol_caged_summary *facts) {
	make_caged_victim(facts);
	facts->outcome = OL_OUTCOME_OOM_KILLED_BY_ANCESTOR;
	facts->evidence.limited_by = OL_LIMITED_BY_SYSTEM;
}

static void by_an_inner_group(struct ol_caged_summary *facts) {
	make_caged_parent(facts);
	facts->evidence.limited_by = OL_LIMITED_BY_INNER;
	set_text(facts->evidence.limiting_group, sizeof facts->evidence.limiting_group, "/a/inner");
}

static void throttled(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->outcome = OL_OUTCOME_THROTTLED;
	facts->spec.high_bytes = 24 * OL_MIB;
	facts->evidence.high_delta = 480;
	facts->has_stall = 1;
	facts->stall_ns = 5200 * OL_NS_PER_MS;
}

static void throttled_for_an_unknown_time(struct ol_caged_summary *facts) {
	throttled(facts);
	facts->has_stall = 0;
}

static void refused(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->outcome = OL_OUTCOME_OUT_OF_MEMORY;
	facts->evidence.exit_status = 1;
	facts->spec.address_space_bytes = 512 * OL_MIB;
	facts->address_space_peak_bytes = 500 * OL_MIB;
	facts->is_refused_known = 1;
	facts->refused_count = 3;
}

static void refused_uncounted(struct ol_caged_summary *facts) {
	refused(facts);
	facts->is_refused_known = 0;
	facts->refused_count = 0;
}

static void timed_out(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->outcome = OL_OUTCOME_TIMED_OUT;
	facts->spec.timeout_ns = 10 * OL_NS_PER_S;
	facts->is_ended_by_lab = 1;
	facts->evidence = (struct ol_evidence){ .exit_status = -1, .signal = 9 };
}

static void killed_by_a_stranger(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->outcome = OL_OUTCOME_KILLED;
	facts->evidence = (struct ol_evidence){ .exit_status = -1, .signal = 9 };
}

static void killed_by_the_lab(struct ol_caged_summary *facts) {
	killed_by_a_stranger(facts);
	facts->is_ended_by_lab = 1;
}

static void killed_after_its_grace(struct ol_caged_summary *facts) {
	make_caged_apoptosis(facts);
	facts->outcome = OL_OUTCOME_KILLED;
	facts->is_ended_by_lab = 1;
	facts->evidence = (struct ol_evidence){ .exit_status = -1, .signal = 9 };
}

static void failed(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->outcome = OL_OUTCOME_LAB_ERROR;
	set_text(facts->error_message, sizeof facts->error_message, "the cage is gone");
}

static void with_processes_left(struct ol_caged_summary *facts) {
	make_caged_survivor(facts);
	facts->left_count = 2;
}

static void with_processes_kept(struct ol_caged_summary *facts) {
	with_processes_left(facts);
	facts->spec.is_kept = 1;
}

/* Each text is to be found in the whole report, with its lines joined again. */
static const struct {
	void (*make)(struct ol_caged_summary *);
	const char *texts[4];
} endings[] = {
	{ make_caged_survivor,
		{ "+ SURVIVED with exit status 0; the cage peaked at 60.0 MiB of 95.4 MiB",
			"above 50 % for 1.20 s - never seen at 75 % of the limit",
			"35.4 MiB of the limit was never used." } },
	{ with_exit_of_137, { "SURVIVED with exit status 137 (by exit, not by a signal);",
							"of its own died of signal 9; nobody was killed for memory here." } },
	{ with_a_full_cage,
		{ "SURVIVED", "100.0 % of the limit - largest", "it was one batch from a kill" } },
	{ without_a_limit, { "the cage peaked at 60.0 MiB evidence", "# is the peak, 60.0 MiB",
						   "It was only watched: no limit was set." } },
	{ with_one_that_was_let_go, { "SURVIVED, and was let go before its end" } },
	{ with_an_adopted_one, { "SURVIVED with an end that only its parent knows",
							   "one process ran on, and went back to where it was adopted from" } },
	{ make_caged_victim,
		{ "X OOM-KILLED by the cage's limit: the command, python3 (pid 123) evidence",
			"killed 12.30 s: python3 (pid 123), the command, 95.0 MiB of its own",
			"peak 95.4 MiB (99999744 bytes), 100.0 % of the limit in whole pages",
			"seen above 90 % for 300.0 ms before the end: --watchdog=90% tells" } },
	{ with_others_killed_too, { "the command, python3 (pid 123), and 2 more of its processes" } },
	{ make_caged_parent,
		{ "X OOM-KILLED by the cage's limit: 1 of its processes, python3 (pid 124); the "
		  "command itself ended with exit status 0",
			"may not have noticed" } },
	{ with_two_children_killed,
		{ "2 of its processes, first python3 (pid 124)",
			"worker (pid 125), 95.0 MiB of its own, by the limit of a group inside the cage" } },
	{ with_an_unread_log, { "2 of its processes; the command itself",
							  "killed 2, by the kernel's counter; its log could not be read" } },
	{ by_an_ancestor,
		{ "X OOM-KILLED by the limit of /outer above the cage: the command, python3",
			"The limit of /outer struck first; the cage's own limit of 95.4 MiB was not "
			"what killed it (it peaked at 95.4 MiB). Raise" } },
	{ by_an_ancestor_of_no_limit, { "the cage itself had none (it peaked at" } },
	{ by_the_machine, { "OOM-KILLED because the whole machine was out of memory: the command",
						  "The machine itself ran out of memory; the cage's limit of 95.4 MiB" } },
	{ by_an_inner_group,
		{ "OOM-KILLED by the limit of /a/inner inside the cage: 1 of its processes",
			"The limit of /a/inner struck first" } },
	{ throttled, { "! THROTTLED: held at memory.high (24.0 MiB) for 5.20 s of 12.30 s",
					 "stalls 5.20 s waiting for memory, 42.3 % of the time",
					 "It went over memory.high (24.0 MiB) 480 times" } },
	{ throttled_for_an_unknown_time, { "held at memory.high (24.0 MiB), 480 times" } },
	{ make_caged_apoptosis,
		{ "+ SHUT DOWN in good order: told by its watchdog at 91.0 MiB, it ended with exit "
		  "status 0",
			"dump /var/tmp/oomlab-python3-1", "It left with 3.4 MiB of the limit to spare." } },
	{ refused,
		{ "X OUT OF MEMORY: 3 requests for address space were refused, and it ended with exit "
		  "status 1",
			"addresses peak 500.0 MiB of 512.0 MiB - 3 requests refused",
			"the cap of 512.0 MiB counts addresses, and at most 58.0 MiB was resident; the cage, "
			"at 60.0 MiB of 95.4 MiB, was not what stopped it." } },
	{ refused_uncounted, { "OUT OF MEMORY: it was refused address space, and it ended",
							 "refusals could not be counted" } },
	{ timed_out, { "! TIMED OUT after 10.00 s; the cage peaked at 60.0 MiB of 95.4 MiB",
					 "A longer --timeout shows" } },
	{ killed_by_a_stranger,
		{ "X KILLED by signal 9 (SIGKILL), not an OOM kill: the kernel counted none",
			"signal 9 came from elsewhere" } },
	{ killed_by_the_lab, { "KILLED by signal 9 (SIGKILL) from the lab, not an OOM kill",
							 "The lab itself was told to end, and took it along." } },
	{ killed_after_its_grace, { "told it to end, and 5.00 s later it had not. A longer --grace" } },
	{ failed, { "X LAB ERROR: the cage is gone" } },
	{ with_processes_left, { "left 2 processes ran on and were ended" } },
	{ with_processes_kept, { "left 2 processes ran on, and still may, in /oomlab-7-a" } },
};

static struct ol_caged_summary ending_facts;

static char *caged_report_of(struct ol_style style, const struct ol_caged_summary *facts) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	ol_caged_text_start(stream, style, facts);
	ol_caged_text_end(stream, style, facts);
	fclose(stream);
	return text;
}

/* White space of any kind and length as one space: what was wrapped reads on. */
static void join_lines(char *text) {
	char *out = text;
	for (const char *in = text; *in != '\0'; in++) {
		bool is_space = *in == ' ' || *in == '\n';
		if (!is_space || out == text || out[-1] != ' ')
			*out++ = is_space ? ' ' : *in;
	}
	*out = '\0';
}

static void each_way_to_end_has_its_verdict_and_its_reason(void **state) {
	static const struct ol_style style = { .columns = 100 };
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		endings[i].make(&ending_facts);
		OL_AUTO_FREE char *text = caged_report_of(style, &ending_facts);
		join_lines(text);
		for (size_t j = 0; j < 4 && endings[i].texts[j] != NULL; j++) {
			if (strstr(text, endings[i].texts[j]) == NULL)
				fail_msg("'%s' is not in: %s", endings[i].texts[j], text);
		}
	}
}

static void the_verdict_alone_is_the_reports_first_line(void **state) {
	static const struct ol_style style = { .columns = 160 };
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char *line = NULL;
		size_t line_bytes;
		FILE *stream = open_memstream(&line, &line_bytes);
		endings[i].make(&ending_facts);
		ol_caged_verdict_line(stream, style, &ending_facts);
		fclose(stream);
		OL_AUTO_FREE char *text = caged_report_of(style, &ending_facts);
		assert_non_null(strstr(text, line));
		free(line);
	}
}

static void no_report_is_wider_than_its_columns(void **state) {
	static const unsigned widths[] = { 40, 80, 120 };
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		for (size_t width = 0; width < 2 * sizeof widths / sizeof *widths; width++) {
			struct ol_style style = { .columns = widths[width / 2], .has_unicode = width % 2 == 1 };
			endings[i].make(&ending_facts);
			OL_AUTO_FREE char *text = caged_report_of(style, &ending_facts);
			char *rest = text;
			for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
				if (ol_cells_width(style, line) > style.columns)
					fail_msg("wider than %u: %s", style.columns, line);
				for (const char *c = line; *c != '\0'; c++)
					assert_true(style.has_unicode || (unsigned char)*c < 0x80);
			}
		}
	}
}

#endif
