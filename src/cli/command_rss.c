/* command_rss.c -- oomlab rss: the memory of processes, and of the groups that are charged for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cage/group.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "process/process.h"
#include "report/group_report.h"
#include "supervisor/system.h"

/* Larger than the kernel ever numbers a process. */
enum { PID_MAX = 1 << 22 };

static const struct ol_cli_option own_options[] = {
	{ "format", 0, "text|json", "what standard output gets (text)", false },
	{ "help", 'h', NULL, "print this", false },
};
enum { OWN_COUNT = sizeof own_options / sizeof *own_options };

/* What is gathered, and where. */
struct gathering {
	struct ol_cage_system system;
	bool has_groups;
	struct ol_rss rss;
};

static void free_gathering(struct gathering *gathering) {
	free(gathering->rss.processes);
	free(gathering->rss.groups);
	free(gathering->rss.missing);
}

static void note_missing(struct gathering *gathering, pid_t pid, const struct ol_error *error) {
	struct ol_rss_missing *missing = &gathering->rss.missing[gathering->rss.missing_count++];
	missing->pid = (int32_t)pid;
	snprintf(missing->reason, sizeof missing->reason, "%.511s", error->message);
	ol_say("%s", error->message);
}

static void add_process(pid_t pid, void *context) {
	struct ol_process_sum *sum = context;
	struct ol_process process;
	struct ol_process_memory memory;
	struct ol_error error = { 0 };
	int result = pid > 0 ? ol_process_open(pid, &process, NULL) : -EXDEV;
	if (result == 0) {
		result = ol_process_read_memory(&process, &memory, &error);
		ol_process_close(&process);
	}
	if (result == 0)
		ol_process_sum_add(sum, &memory);
	else if (result != -ESRCH) /* One that has ended meanwhile is not missed. */
		sum->unseen_count++;
}

/* Notes the group that the process is charged to, with all that is in it. */
static void add_group(struct gathering *gathering, struct ol_process_facts *facts) {
	struct ol_rss *rss = &gathering->rss;
	struct ol_group *group = NULL;
	struct ol_error error;
	if (!gathering->has_groups)
		return;
	if (ol_group_of_process(&gathering->system, facts->pid, &group, &error) < 0) {
		ol_say("%s", error.message);
		return;
	}
	snprintf(facts->group, sizeof facts->group, "%s", ol_group_path(group));
	size_t i = 0;
	while (i < rss->group_count && strcmp(rss->groups[i].facts.path, facts->group) != 0)
		i++;
	struct ol_rss_group *told = &rss->groups[i];
	if (i == rss->group_count && ol_group_read(group, &told->facts, &error) == 0) {
		told->sum = (struct ol_process_sum){ 0 };
		ol_group_each_process(group, add_process, &told->sum);
		rss->group_count++;
	}
	ol_group_close(group);
}

static bool is_told(const struct ol_rss *rss, pid_t pid) {
	for (size_t i = 0; i < rss->process_count; i++) {
		if (rss->processes[i].pid == pid)
			return true;
	}
	for (size_t i = 0; i < rss->missing_count; i++) {
		if (rss->missing[i].pid == pid)
			return true;
	}
	return false;
}

static void gather_process(struct gathering *gathering, pid_t pid) {
	struct ol_process process;
	struct ol_error error;
	if (is_told(&gathering->rss, pid))
		return;
	struct ol_process_facts *facts = &gathering->rss.processes[gathering->rss.process_count];
	*facts = (struct ol_process_facts){ .pid = (int32_t)pid };
	int result = ol_process_open(pid, &process, &error);
	if (result < 0) {
		note_missing(gathering, pid, &error);
		return;
	}
	result = ol_process_read_memory(&process, &facts->memory, &error);
	if (result == 0)
		result = ol_process_name(&process, facts->name, &error);
	if (result == 0)
		result = ol_process_command(&process, facts->command, sizeof facts->command, &error);
	if (result == 0)
		add_group(gathering, facts);
	/* Its group was found by its number: that must still be its own. */
	struct ol_process_memory again;
	if (result == 0)
		result = ol_process_read_status(&process, &again, &error);
	ol_process_close(&process);
	if (result < 0)
		note_missing(gathering, pid, &error);
	else
		gathering->rss.process_count++;
}

static int begin(struct gathering *gathering, size_t pid_count) {
	struct ol_error error;
	struct ol_system_facts system = ol_system_facts();
	gathering->rss.processes = calloc(pid_count, sizeof *gathering->rss.processes);
	gathering->rss.groups = calloc(pid_count, sizeof *gathering->rss.groups);
	gathering->rss.missing = calloc(pid_count, sizeof *gathering->rss.missing);
	gathering->rss.cpus = system.cpus;
	gathering->rss.page_bytes = system.page_bytes;
	if (gathering->rss.processes == NULL || gathering->rss.groups == NULL ||
		gathering->rss.missing == NULL) {
		ol_say("no memory for %zu processes", pid_count);
		return -ENOMEM;
	}
	gathering->has_groups = ol_cage_detect(&gathering->system, &error) == 0;
	if (!gathering->has_groups)
		ol_say("groups cannot be told: %s", error.message);
	return 0;
}

static int tell(const struct ol_cli_line *line, bool is_json, const int64_t *pids) {
	__attribute__((cleanup(free_gathering))) struct gathering gathering = { 0 };
	struct ol_error error;
	if (begin(&gathering, line->word_count) < 0)
		return OL_EXIT_LAB;
	for (size_t i = 0; i < line->word_count; i++)
		gather_process(&gathering, (pid_t)pids[i]);
	if (!is_json) {
		ol_rss_text(stdout, ol_style_of(stdout), &gathering.rss);
	} else if (ol_rss_json(stdout, &gathering.rss, &error) < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	return gathering.rss.missing_count > 0 ? OL_EXIT_UNMET : OL_EXIT_DONE;
}

int ol_command_rss(int argc, char **argv) {
	static struct ol_cli_line line; /* Large. */
	static int64_t pids[OL_CLI_WORDS_MAX];
	struct ol_cli_table table;
	struct ol_error error;
	ol_cli_table_init(&table, own_options, OWN_COUNT, false);
	if (ol_cli_parse_all(argc, argv, &table, OL_CLI_WORDS_MAX, &line, &error) < 0)
		return ol_say_usage("rss: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_rss_help();
		return OL_EXIT_DONE;
	}
	const char *format = ol_cli_value(&line, "format");
	if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return ol_say_usage("--format=%.64s: expected text or json", format);
	if (line.word_count == 0)
		return ol_say_usage("rss wants the PID of a process, or several: oomlab rss PID...");
	for (size_t i = 0; i < line.word_count; i++) {
		if (ol_parse_integer(line.words[i], 1, PID_MAX, &pids[i], &error) < 0)
			return ol_say_usage("rss: a PID: %s", error.message);
	}
	return tell(&line, format != NULL && strcmp(format, "json") == 0, pids);
}

void ol_command_rss_help(void) {
	puts("usage: oomlab rss PID... [--format=text|json]\n\n"
		 "Tells the memory of processes: resident (RSS), with shared pages divided by\n"
		 "those who share them (PSS), swapped out, and address space (VSZ). Then, for each\n"
		 "control group that is charged for them, its usage beside the RSS of all its\n"
		 "processes, and what makes the two differ, in figures that add up.\n");
	ol_cli_print_options(own_options, OWN_COUNT);
	puts("\nexit status: 0; 1 if a process is not there (the others are told); 2 bad usage.");
}
