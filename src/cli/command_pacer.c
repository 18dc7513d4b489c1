/* command_pacer.c -- oomlab pacer replay: drives a pacer with recorded inputs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/replay_table.h"
#include "cli/say.h"
#include "pacer/model.h"

/* The columns that a recorded scenario must have. */
enum input_column {
	GC_PERCENT,
	MEMORY_LIMIT,
	GLOBALS_BYTES,
	PROCESSORS,
	ALLOC_RATE,
	SCAN_RATE,
	GROWTH_RATE,
	SCANNABLE_FRAC,
	STACK_BYTES,
	INPUT_COLUMNS
};

static const char *const input_names[INPUT_COLUMNS] = {
	"gc_percent",
	"memory_limit",
	"globals_bytes",
	"n_cores",
	"in_alloc_rate",
	"in_scan_rate",
	"in_growth_rate",
	"in_scannable_frac",
	"in_stack_bytes",
};

static int find_columns(
	const struct ol_replay_table *table, int columns[INPUT_COLUMNS], struct ol_error *error) {
	for (int i = 0; i < INPUT_COLUMNS; i++) {
		columns[i] = ol_replay_column(table, input_names[i], error);
		if (columns[i] < 0)
			return columns[i];
	}
	return 0;
}

/* The settings of the first row are the scenario's. */
static int begin(const struct ol_replay_table *table, const int columns[INPUT_COLUMNS],
	enum ol_pacer_rules rules, struct ol_pacer_model *ret_model, struct ol_error *error) {
	int64_t percent = 0, limit = 0, globals = 0, processors = 0;
	int result = ol_replay_whole(table, columns[GC_PERCENT], -1, &percent, error);
	if (result == 0)
		result = ol_replay_whole(table, columns[MEMORY_LIMIT], 0, &limit, error);
	if (result == 0)
		result = ol_replay_whole(table, columns[GLOBALS_BYTES], 0, &globals, error);
	if (result == 0)
		result = ol_replay_whole(table, columns[PROCESSORS], 1, &processors, error);
	if (result < 0)
		return result;
	if (percent > INT32_MAX || processors > 1 << 20)
		return ol_error_set(error, -EBADMSG,
			"%s:%" PRIu64 ": gc_percent or n_cores is out of range", table->path, table->line);
	ol_pacer_model_init(
		ret_model, rules, (int32_t)percent, (uint64_t)limit, (uint64_t)globals, processors);
	return 0;
}

static int read_input(const struct ol_replay_table *table, const int columns[INPUT_COLUMNS],
	struct ol_pacer_model_input *ret_input, struct ol_error *error) {
	int64_t stack = 0;
	int result = ol_replay_real(table, columns[ALLOC_RATE], 0, &ret_input->alloc_rate, error);
	if (result == 0)
		result = ol_replay_real(table, columns[SCAN_RATE], 0, &ret_input->scan_rate, error);
	if (result == 0)
		result = ol_replay_real(table, columns[GROWTH_RATE], 0, &ret_input->growth_rate, error);
	if (result == 0)
		result =
			ol_replay_real(table, columns[SCANNABLE_FRAC], 0, &ret_input->scannable_frac, error);
	if (result == 0)
		result = ol_replay_whole(table, columns[STACK_BYTES], 0, &stack, error);
	if (result == 0)
		ret_input->stack_bytes = (uint64_t)stack;
	return result;
}

static void print_row(const struct ol_pacer_model_row *row) {
	printf("%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.17g,%" PRId64 ",%" PRId64
		   ",%" PRIu64 ",%.17g,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.17g,%" PRIu64 "\n",
		row->cycle, row->heap_marked_bytes, row->trigger_bytes, row->peak_bytes, row->goal_bytes,
		row->gc_utilization, row->assist_time_ns, row->gc_duration_ns, row->revise_steps,
		row->cons_mark_at_start, row->runway_at_start_bytes, row->heap_marked_next_bytes,
		row->trigger_next_bytes, row->goal_next_bytes, row->cons_mark_next, row->runway_next_bytes);
}

static int replay(
	struct ol_replay_table *table, enum ol_pacer_rules rules, struct ol_error *error) {
	int columns[INPUT_COLUMNS];
	int result = find_columns(table, columns, error);
	if (result < 0)
		return result;
	puts("cycle,heap_marked,trigger,peak,goal,gc_utilization,assist_time_ns,gc_duration_ns,"
		 "revise_steps,consmark_at_start,runway_at_start,heap_marked_next,trigger_next,goal_next,"
		 "consmark_next,runway_next");
	struct ol_pacer_model model = { .cycle = 0 };
	while ((result = ol_replay_next(table, error)) > 0) {
		struct ol_pacer_model_input input;
		struct ol_pacer_model_row row;
		if (model.cycle == 0)
			result = begin(table, columns, rules, &model, error);
		if (result >= 0)
			result = read_input(table, columns, &input, error);
		if (result < 0)
			return result;
		if (ol_pacer_model_cycle(&model, &input, &row) < 0)
			return ol_error_set(error, -ERANGE,
				"%s:%" PRIu64 ": with these rates the cycle does not end within %d steps of 500 us",
				table->path, table->line, OL_PACER_MODEL_STEPS_MAX);
		print_row(&row);
	}
	return result;
}

static int parse_rules(const char *name, enum ol_pacer_rules *ret_rules) {
	if (ol_pacer_rules_parse(name, ret_rules) == 0)
		return OL_EXIT_DONE;
	return ol_say_usage("--rules=%.64s: expected go1.16, go1.19 or go1.21", name);
}

int ol_command_pacer(int argc, char **argv) {
	static const struct ol_cli_option own[] = {
		{ "rules", 0, "RULES", "whose pacer: go1.16, go1.19 or go1.21 (go1.19)", false },
		{ "help", 'h', NULL, "print this", false },
	};
	struct ol_cli_table table;
	static struct ol_cli_line line; /* Large. */
	struct ol_error error;
	ol_cli_table_init(&table, own, sizeof own / sizeof *own, false);
	if (ol_cli_parse_all(argc, argv, &table, 2, &line, &error) < 0)
		return ol_say_usage("pacer: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_pacer_help();
		return OL_EXIT_DONE;
	}
	if (line.word_count != 2 || strcmp(line.words[0], "replay") != 0)
		return ol_say_usage("pacer: expected 'oomlab pacer replay --rules=RULES FILE'");
	enum ol_pacer_rules rules = OL_PACER_GO_1_19;
	const char *name = ol_cli_value(&line, "rules");
	int status = name != NULL ? parse_rules(name, &rules) : OL_EXIT_DONE;
	if (status != OL_EXIT_DONE)
		return status;
	OL_AUTO_FREE struct ol_replay_table *file = calloc(1, sizeof *file);
	if (file == NULL) {
		ol_say("no memory to read %.256s", line.words[1]);
		return OL_EXIT_LAB;
	}
	int result = ol_replay_open(file, line.words[1], &error);
	if (result == 0)
		result = replay(file, rules, &error);
	ol_replay_close(file);
	return result < 0 ? ol_say_usage("%s", error.message) : OL_EXIT_DONE;
}

void ol_command_pacer_help(void) {
	puts("usage: oomlab pacer replay [--rules=go1.16|go1.19|go1.21] FILE\n\n"
		 "Drives a pacer with the inputs of a recorded scenario (CSV, columns by name:\n"
		 "gc_percent, memory_limit, globals_bytes, n_cores, in_alloc_rate, in_scan_rate,\n"
		 "in_growth_rate, in_scannable_frac, in_stack_bytes) and writes what it does in\n"
		 "each cycle as CSV, floats so that they read back exactly. FILE may be - for\n"
		 "standard input. docs/pacer.md tells the model and the rules.");
}
