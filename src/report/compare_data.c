/* compare_data.c -- A comparison for programs: CSV, and JSON. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/compare_report.h"
#include "report/json_value.h"
#include "report/utf8.h"

static const char *const state_names[] = {
	[OL_COMPARE_MISSING] = "missing",
	[OL_COMPARE_DONE] = "done",
	[OL_COMPARE_REFUSED] = "refused",
};

/* ---- CSV ------------------------------------------------------------------------------------- */

/* RFC 4180: quoted where it has to be. */
static void put_field(FILE *stream, const char *text) {
	if (strpbrk(text, "\",\r\n") == NULL) {
		fputs(text, stream);
		return;
	}
	fputc('"', stream);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', stream);
		fputc(*text, stream);
	}
	fputc('"', stream);
}

static void put_number(FILE *stream, double number) {
	fputc(',', stream);
	if (!isnan(number))
		fprintf(stream, "%.17g", number);
}

static void put_limit(FILE *stream, uint64_t bytes) {
	if (bytes < INT64_MAX)
		fprintf(stream, ",%" PRIu64, bytes);
	else
		fputs(",off", stream);
}

static void put_csv_head(FILE *stream) {
	fputs("scenario,policy,collector,world,limit_bytes,memory_limit_bytes,gogc,state,runs,outcome,"
		  "ended_well,ended_well_low,ended_well_high",
		stream);
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++)
		fprintf(stream, ",%s", ol_outcome_name((enum ol_outcome)i));
	fputs(",cage_peak_bytes,gc_cpu_fraction,num_gc,pause_p99_ns,pause_max_ns,pause_total_ns,"
		  "garbage_bytes_at_end,wall_ns,met,reason\n",
		stream);
}

static void put_csv_sum(
	FILE *stream, const struct ol_compare_cell *cell, const struct ol_compare_sum *sum) {
	struct ol_share share = ol_share_of(sum->good_count, cell->run_count);
	fprintf(stream, ",%s", ol_outcome_name(sum->outcome));
	put_number(stream, share.share);
	put_number(stream, share.low);
	put_number(stream, share.high);
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++)
		fprintf(stream, ",%" PRIu64, sum->counts[i]);
	put_number(stream, sum->cage_peak_bytes);
	put_number(stream, sum->gc_cpu_fraction);
	put_number(stream, sum->num_gc);
	put_number(stream, sum->pause_p99_ns);
	put_number(stream, sum->pause_max_ns);
	put_number(stream, sum->pause_total_ns);
	put_number(stream, sum->garbage_bytes);
	put_number(stream, sum->wall_ns);
}

static void put_csv_line(FILE *stream, const struct ol_compare *compare, size_t index) {
	enum { EMPTY_FIELDS = 4 + OL_OUTCOME_COUNT + 8 };
	const struct ol_compare_cell *cell = &compare->cells[index];
	const struct ol_compare_row *row = &compare->rows[index / compare->column_count];
	struct ol_compare_sum sum;
	put_field(stream, row->scenario);
	fputc(',', stream);
	put_field(stream, compare->policies[index % compare->column_count]);
	fprintf(stream, ",%s,%s", row->collector, row->world);
	put_limit(stream, row->limit_bytes);
	put_limit(stream, row->memory_limit_bytes);
	if (row->gogc == OL_GOGC_OFF)
		fputs(",off", stream);
	else
		fprintf(stream, ",%" PRId32, row->gogc);
	fprintf(stream, ",%s,%" PRIu64, state_names[cell->state], cell->run_count);
	if (cell->run_count > 0 && ol_compare_sum_of(compare, cell, &sum, NULL) == 0)
		put_csv_sum(stream, cell, &sum);
	else
		for (unsigned i = 0; i < EMPTY_FIELDS; i++)
			fputc(',', stream);
	fputs(cell->met < 0 ? "," : cell->met > 0 ? ",true" : ",false", stream);
	fputc(',', stream);
	put_field(stream, cell->reason);
	fputc('\n', stream);
}

void ol_compare_csv(FILE *stream, const struct ol_compare *compare) {
	put_csv_head(stream);
	for (size_t i = 0; i < compare->row_count * compare->column_count; i++)
		put_csv_line(stream, compare, i);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *json_of_share(uint64_t success_count, uint64_t trial_count) {
	struct ol_share share = ol_share_of(success_count, trial_count);
	return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)success_count, "share",
		share.share, "low", share.low, "high", share.high);
}

static int add_sum(
	json_t *object, const struct ol_compare_cell *cell, const struct ol_compare_sum *sum) {
	json_t *outcomes = json_object();
	int result = 0;
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		if (sum->counts[i] > 0)
			result |= json_object_set_new(outcomes, ol_outcome_name((enum ol_outcome)i),
				json_of_share(sum->counts[i], cell->run_count));
	}
	result |= json_object_set_new(object, "outcome", json_string(ol_outcome_name(sum->outcome)));
	result |= json_object_set_new(object, "outcomes", outcomes);
	result |=
		json_object_set_new(object, "ended_well", json_of_share(sum->good_count, cell->run_count));
	const struct {
		const char *name;
		double number;
	} numbers[] = {
		{ "cage_peak_bytes", sum->cage_peak_bytes },
		{ "gc_cpu_fraction", sum->gc_cpu_fraction },
		{ "num_gc", sum->num_gc },
		{ "pause_p99_ns", sum->pause_p99_ns },
		{ "pause_max_ns", sum->pause_max_ns },
		{ "pause_total_ns", sum->pause_total_ns },
		{ "garbage_bytes_at_end", sum->garbage_bytes },
		{ "wall_ns", sum->wall_ns },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		result |= json_object_set_new(object, numbers[i].name, ol_json_number(numbers[i].number));
	return result;
}

static json_t *json_of_cell(const struct ol_compare *compare, size_t index) {
	const struct ol_compare_cell *cell = &compare->cells[index];
	const struct ol_compare_row *row = &compare->rows[index / compare->column_count];
	json_t *object = json_object();
	struct ol_compare_sum sum;
	int result = json_object_set_new(object, "scenario", ol_json_text(row->scenario));
	result |= json_object_set_new(
		object, "policy", ol_json_text(compare->policies[index % compare->column_count]));
	result |= json_object_set_new(object, "collector", json_string(row->collector));
	result |= json_object_set_new(object, "world", json_string(row->world));
	result |= json_object_set_new(object, "limit_bytes", ol_json_uint64(row->limit_bytes));
	result |= json_object_set_new(object, "memory_limit_bytes",
		row->memory_limit_bytes == OL_MEMORY_LIMIT_OFF ? json_null()
													   : ol_json_uint64(row->memory_limit_bytes));
	result |= json_object_set_new(
		object, "gogc", row->gogc == OL_GOGC_OFF ? json_null() : json_integer(row->gogc));
	result |= json_object_set_new(object, "state", json_string(state_names[cell->state]));
	result |= json_object_set_new(object, "runs", ol_json_uint64(cell->run_count));
	if (cell->run_count > 0)
		result |=
			ol_compare_sum_of(compare, cell, &sum, NULL) == 0 ? add_sum(object, cell, &sum) : -1;
	result |=
		json_object_set_new(object, "met", cell->met < 0 ? json_null() : json_boolean(cell->met));
	result |= json_object_set_new(object, "reason", ol_json_text_or_null(cell->reason));
	return ol_json_checked(object, result);
}

int ol_compare_json(FILE *stream, const struct ol_compare *compare, struct ol_error *error) {
	json_t *root = json_object(), *cells = json_array();
	int result = json_object_set_new(root, "schema", json_string("oomlab.compare/1"));
	for (size_t i = 0; i < compare->row_count * compare->column_count; i++)
		result |= json_array_append_new(cells, json_of_cell(compare, i));
	result |= json_object_set_new(root, "cells", cells);
	result |= json_object_set_new(
		root, "missing_count", ol_json_uint64(ol_compare_missing_count(compare)));
	bool is_timed = compare->wall_ns > 0;
	result |=
		json_object_set_new(root, "jobs", is_timed ? ol_json_uint64(compare->jobs) : json_null());
	result |= json_object_set_new(
		root, "wall_ns", is_timed ? ol_json_uint64(compare->wall_ns) : json_null());
	result |= json_object_set_new(root, "system", ol_json_of_system(&compare->system));
	return ol_json_write_line(stream, ol_json_checked(root, result), error);
}
