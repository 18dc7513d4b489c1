/* rss_text.c -- Processes in one table, and below it each group's usage beside them. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/cells.h"
#include "report/group_report.h"
#include "report/lines.h"
#include "report/words.h"

enum {
	PID_COLUMNS = 8,
	NAME_COLUMNS = 16,
	NUMBERS = 4, /* RSS, PSS, swap, VSZ. */
	GROUP_COLUMNS_MINIMUM = 12,
	/* Above this a size is told in GiB: small processes stand beside large ones. */
	UNIT_FACTOR = 100
};

struct table {
	FILE *stream;
	struct ol_style style;
	struct ol_unit unit;
	unsigned number_columns[NUMBERS];
	unsigned group_columns; /* 0: all are in one group. */
};

static void format_number(struct ol_unit unit, uint64_t bytes, char text[OL_UNIT_TEXT_BYTES]) {
	if (bytes == OL_NOT_KNOWN)
		snprintf(text, OL_UNIT_TEXT_BYTES, "-");
	else
		ol_unit_format(unit, ol_unit_steps(unit, (int64_t)bytes), text);
}

/* The numbers of a row, in the order of the columns. */
static void numbers_of(const struct ol_process_memory *memory, uint64_t ret_numbers[NUMBERS]) {
	const uint64_t numbers[NUMBERS] = { memory->rss_bytes,
		memory->has_pss ? memory->pss_bytes : OL_NOT_KNOWN, memory->swap_bytes, memory->vsz_bytes };
	for (int i = 0; i < NUMBERS; i++)
		ret_numbers[i] = memory->is_kernel_thread ? OL_NOT_KNOWN : numbers[i];
}

static void sum_of(const struct ol_rss *rss, uint64_t ret_numbers[NUMBERS]) {
	struct ol_process_sum sum = { 0 };
	for (size_t i = 0; i < rss->process_count; i++)
		ol_process_sum_add(&sum, &rss->processes[i].memory);
	ret_numbers[0] = sum.rss_bytes;
	ret_numbers[1] = sum.pss_bytes;
	ret_numbers[2] = sum.swap_bytes;
	ret_numbers[3] = OL_NOT_KNOWN; /* Address space adds up to nothing. */
}

static void widen(struct table *table, const uint64_t numbers[NUMBERS]) {
	for (int i = 0; i < NUMBERS; i++) {
		char text[OL_UNIT_TEXT_BYTES];
		format_number(table->unit, numbers[i], text);
		if (strlen(text) + 2 > table->number_columns[i])
			table->number_columns[i] = (unsigned)strlen(text) + 2;
	}
}

static struct table table_for(FILE *stream, struct ol_style style, const struct ol_rss *rss) {
	uint64_t numbers[NUMBERS];
	uint64_t largest_bytes = 0;
	for (size_t i = 0; i < rss->process_count; i++) {
		if (rss->processes[i].memory.rss_bytes > largest_bytes)
			largest_bytes = rss->processes[i].memory.rss_bytes;
	}
	for (size_t i = 0; i < rss->group_count; i++) {
		uint64_t usage_bytes = rss->groups[i].facts.look.usage_bytes;
		if (usage_bytes != OL_NOT_KNOWN && usage_bytes > largest_bytes)
			largest_bytes = usage_bytes;
	}
	struct table table = {
		.stream = stream,
		.style = style,
		.unit = ol_unit_of(largest_bytes, UNIT_FACTOR),
		.number_columns = { 9, 9, 9, 9 },
	};
	for (size_t i = 0; i < rss->process_count; i++) {
		numbers_of(&rss->processes[i].memory, numbers);
		widen(&table, numbers);
	}
	sum_of(rss, numbers);
	widen(&table, numbers);
	unsigned used = 1 + PID_COLUMNS + 2 + NAME_COLUMNS;
	for (int i = 0; i < NUMBERS; i++)
		used += table.number_columns[i];
	if (rss->group_count > 1)
		table.group_columns = style.columns > used + 3 + GROUP_COLUMNS_MINIMUM
								  ? style.columns - used - 3
								  : GROUP_COLUMNS_MINIMUM;
	return table;
}

static void put_head(const struct table *table) {
	static const char *const titles[NUMBERS] = { "RSS", "PSS", "swap", "VSZ" };
	char name[OL_UNIT_TEXT_BYTES];
	snprintf(name, sizeof name, "name (%s)", table->unit.name);
	ol_cells_paint(table->stream, table->style, OL_PAINT_BOLD);
	fprintf(table->stream, " %*s  %-*s", PID_COLUMNS, "pid", NAME_COLUMNS, name);
	for (int i = 0; i < NUMBERS; i++)
		fprintf(table->stream, "%*s", (int)table->number_columns[i], titles[i]);
	fputs(table->group_columns > 0 ? "  group" : "", table->stream);
	ol_cells_paint(table->stream, table->style, OL_PAINT_NONE);
	fputc('\n', table->stream);
}

static void put_row(const struct table *table, const char *pid, const char *name,
	const uint64_t numbers[NUMBERS], const char *group) {
	fprintf(table->stream, " %*s  ", PID_COLUMNS, pid);
	ol_cells_put_left(table->stream, table->style, name, NAME_COLUMNS);
	for (int i = 0; i < NUMBERS; i++) {
		char text[OL_UNIT_TEXT_BYTES];
		format_number(table->unit, numbers[i], text);
		fprintf(table->stream, "%*s", (int)table->number_columns[i], text);
	}
	if (table->group_columns > 0 && *group != '\0') {
		fputs("  ", table->stream);
		ol_cells_put_left(table->stream, table->style, group, table->group_columns);
	}
	fputc('\n', table->stream);
}

static void put_table(const struct table *table, const struct ol_rss *rss) {
	uint64_t numbers[NUMBERS];
	put_head(table);
	for (size_t i = 0; i < rss->process_count; i++) {
		const struct ol_process_facts *process = &rss->processes[i];
		char pid[OL_UNIT_TEXT_BYTES];
		snprintf(pid, sizeof pid, "%" PRId32, process->pid);
		numbers_of(&process->memory, numbers);
		put_row(table, pid, process->name, numbers, process->group);
	}
	if (rss->process_count > 1) {
		char name[OL_UNIT_TEXT_BYTES];
		snprintf(name, sizeof name, "%zu processes", rss->process_count);
		sum_of(rss, numbers);
		put_row(table, "together", name, numbers, "");
	}
}

static void put_note(const struct table *table, const char *text) {
	ol_cells_paragraph(table->stream, table->style, "", 1, OL_PAINT_DIM, text);
}

/* What the table cannot say by numbers. */
static void put_notes(const struct table *table, const struct ol_rss *rss) {
	char text[OL_PARAGRAPH_BYTES];
	size_t counted = 0, without_pss = 0;
	for (size_t i = 0; i < rss->process_count; i++) {
		const struct ol_process_facts *process = &rss->processes[i];
		counted += !process->memory.is_kernel_thread;
		without_pss += !process->memory.is_kernel_thread && !process->memory.has_pss;
		if (!process->memory.is_kernel_thread)
			continue;
		snprintf(text, sizeof text,
			"%" PRId32 " (%s) is a thread of the kernel's own: it has no memory.", process->pid,
			process->name);
		put_note(table, text);
	}
	if (counted > 1)
		put_note(table,
			"RSS counts a page that several processes share once for each of them: its sum may be "
			"more than there is. PSS divides it among them, and adds up.");
	if (without_pss > 0) {
		struct ol_words words = ol_words_in(text, sizeof text);
		ol_words_add(&words, "The PSS of ");
		ol_words_add_count(&words, without_pss, "process", "processes");
		ol_words_add(&words, " is not known: this user may not read smaps_rollup there.");
		put_note(table, text);
	}
}

/* ---- A group ---- */

static void put_fact(const struct table *table, const char *label, const char *text) {
	ol_cells_paragraph(table->stream, table->style, label, OL_LABEL_COLUMNS, OL_PAINT_NONE, text);
}

static void add_limit(struct ol_words *words, const struct ol_group_facts *facts) {
	if (facts->look.limit_bytes == OL_UNLIMITED) {
		ol_words_add(words, "no limit");
		return;
	}
	ol_words_add(words, "limit %s", OL_BYTES_TEXT(facts->look.limit_bytes));
	if (*facts->limiting_group == '\0')
		ol_words_add(words, " (of a group above that is not visible here)");
	else if (strcmp(facts->limiting_group, facts->path) != 0)
		ol_words_add(words, " (of %s)", facts->limiting_group);
}

static void put_group_facts(const struct table *table, const struct ol_group_facts *facts) {
	const char *dot = ol_cells_separator(table->style);
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "%s", OL_BYTES_TEXT(facts->look.usage_bytes));
	if (facts->look.peak_bytes != OL_NOT_KNOWN)
		ol_words_add(&words, " %s peak %s", dot, OL_BYTES_TEXT(facts->look.peak_bytes));
	ol_words_add(&words, " %s ", dot);
	add_limit(&words, facts);
	if (facts->high_bytes != OL_UNLIMITED)
		ol_words_add(&words, " %s high %s", dot, OL_BYTES_TEXT(facts->high_bytes));
	if (facts->look.swap_bytes != OL_NOT_KNOWN && facts->look.swap_bytes > 0)
		ol_words_add(&words, " %s swapped out %s", dot, OL_BYTES_TEXT(facts->look.swap_bytes));
	if (facts->look.oom_kill_count != OL_NOT_KNOWN && facts->look.oom_kill_count > 0) {
		ol_words_add(&words, " %s ", dot);
		ol_words_add_count(&words, facts->look.oom_kill_count, "OOM kill", "OOM kills");
	}
	if (facts->look.stall_percent > 0)
		ol_words_add(&words, " %s waiting for memory %.1f %% of the last 10 s", dot,
			facts->look.stall_percent);
	put_fact(table, "usage", text);
}

/* "its process", "its 3 processes, 1 of them in groups below": a whole phrase. */
static void add_its_processes(struct ol_words *words, const struct ol_rss_group *group) {
	uint64_t count = group->sum.process_count;
	if (count == 1)
		ol_words_add(words, "its process");
	else
		ol_words_add(words, "its %" PRIu64 " processes", count);
}

static void put_headline(
	const struct table *table, const struct ol_rss_group *group, int64_t whole_steps) {
	char number[OL_UNIT_TEXT_BYTES];
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_unit_format(table->unit, whole_steps < 0 ? -whole_steps : whole_steps, number);
	if (group->sum.process_count == 0) {
		ol_words_add(&words, "no process is in it; what it holds was left by others:");
	} else if (whole_steps > 0) {
		ol_words_add(&words, "the group holds %s %s more than the resident memory (RSS) of ",
			number, table->unit.name);
		add_its_processes(&words, group);
		ol_words_add(&words, ":");
	} else if (whole_steps < 0) {
		ol_words_add(&words, "the resident memory (RSS) of ");
		add_its_processes(&words, group);
		ol_words_add(
			&words, " is larger than the group's usage by %s %s:", number, table->unit.name);
	} else {
		ol_words_add(&words, "the group holds as much as the resident memory (RSS) of ");
		add_its_processes(&words, group);
		ol_words_add(&words, ":");
	}
	put_fact(table, "difference", text);
}

static void put_ledger_line(const struct table *table, char sign, const char *number,
	const char *words, enum ol_paint paint) {
	enum { NUMBER_COLUMNS = 10 };
	fprintf(table->stream, "%*c %*s  ", OL_LABEL_COLUMNS, sign, NUMBER_COLUMNS - 2, number);
	ol_cells_wrapped(
		table->stream, table->style, OL_LABEL_COLUMNS + NUMBER_COLUMNS + 1, paint, words);
}

static void put_differences(
	const struct table *table, const struct ol_rss *rss, const struct ol_rss_group *group) {
	struct ol_difference differences[OL_DIFFERENCE_COUNT];
	int64_t steps[OL_DIFFERENCE_COUNT];
	char number[OL_UNIT_TEXT_BYTES];
	char text[OL_PARAGRAPH_BYTES];
	size_t count = ol_group_differences(group, rss->cpus, rss->page_bytes, differences);
	ol_group_round(group, table->unit, differences, count, steps);
	int64_t whole_steps = 0;
	for (size_t i = 0; i < count; i++)
		whole_steps += steps[i];
	put_headline(table, group, whole_steps);
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "resident in ");
	add_its_processes(&words, group);
	format_number(table->unit, group->sum.rss_bytes, number);
	if (group->sum.process_count > 0)
		put_ledger_line(table, ' ', number, text, OL_PAINT_NONE);
	for (size_t i = 0; i < count; i++) {
		ol_unit_format(table->unit, llabs(steps[i]), number);
		if (steps[i] != 0)
			put_ledger_line(
				table, steps[i] > 0 ? '+' : '-', number, differences[i].words, OL_PAINT_NONE);
	}
	format_number(table->unit, group->facts.look.usage_bytes, number);
	snprintf(text, sizeof text, "%s: usage of the group", table->unit.name);
	put_ledger_line(table, '=', number, text, OL_PAINT_BOLD);
}

static void put_unseen(const struct table *table, const struct ol_rss_group *group) {
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	if (group->sum.unseen_count == 0)
		return;
	ol_words_add_count(&words, group->sum.unseen_count, "process", "processes");
	ol_words_add(&words,
		" of it cannot be looked at from here (another pid namespace, or no permission): the usage "
		"counts what is theirs, the RSS does not");
	put_fact(table, "not seen", text);
}

static void put_group(
	const struct table *table, const struct ol_rss *rss, const struct ol_rss_group *group) {
	const struct ol_group_facts *facts = &group->facts;
	char text[OL_PARAGRAPH_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "%s", facts->path);
	if (facts->below_group_count > 0) {
		ol_words_add(&words, ", with ");
		ol_words_add_count(&words, facts->below_group_count, "group", "groups");
		ol_words_add(&words, " below it");
	}
	fputc('\n', table->stream);
	put_fact(table, "group", text);
	if (facts->is_root) {
		put_fact(
			table, "", "the top of the hierarchy: nothing limits it, and nothing is charged to it");
		return;
	}
	if (facts->look.usage_bytes == OL_NOT_KNOWN) {
		put_fact(table, "", "it counts no memory: the controller was not handed down to it");
		return;
	}
	put_group_facts(table, facts);
	put_differences(table, rss, group);
	put_unseen(table, group);
}

void ol_rss_text(FILE *stream, struct ol_style style, const struct ol_rss *rss) {
	if (rss->process_count == 0)
		return;
	struct table table = table_for(stream, style, rss);
	put_table(&table, rss);
	put_notes(&table, rss);
	for (size_t i = 0; i < rss->group_count; i++)
		put_group(&table, rss, &rss->groups[i]);
}
