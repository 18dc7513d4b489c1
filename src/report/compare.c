/* compare.c -- What a comparison comes to, before anybody lays it out. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/compare_report.h"
#include "report/lines.h"
#include "report/words.h"

static const struct ol_compare_run *runs_of(
	const struct ol_compare *compare, const struct ol_compare_cell *cell) {
	return &compare->runs[(size_t)(cell - compare->cells) * compare->repeat_count];
}

static double number_peak(const struct ol_compare_run *run) {
	return (double)run->cage_peak_bytes;
}

static double number_garbage(const struct ol_compare_run *run) {
	return run->garbage_bytes == UINT64_MAX ? NAN : (double)run->garbage_bytes;
}

static double number_cycles(const struct ol_compare_run *run) {
	return (double)run->num_gc;
}

static double number_wall(const struct ol_compare_run *run) {
	return (double)run->wall_ns;
}

static double number_cpu(const struct ol_compare_run *run) {
	return run->gc_cpu_fraction;
}

static double number_p99(const struct ol_compare_run *run) {
	return (double)run->pauses.p99_ns;
}

static double number_longest(const struct ol_compare_run *run) {
	return (double)run->pauses.max_ns;
}

static double number_paused(const struct ol_compare_run *run) {
	return (double)run->pauses.total_ns;
}

/* The median of those that know the number. */
static double median_of(const struct ol_compare_run *runs, uint64_t count,
	double (*number)(const struct ol_compare_run *run), double *numbers) {
	size_t known_count = 0;
	for (uint64_t i = 0; i < count; i++) {
		double value = number(&runs[i]);
		if (!isnan(value))
			numbers[known_count++] = value;
	}
	return known_count > 0 ? ol_median(numbers, known_count) : NAN;
}

int ol_compare_sum_of(const struct ol_compare *compare, const struct ol_compare_cell *cell,
	struct ol_compare_sum *ret_sum, struct ol_error *error) {
	const struct ol_compare_run *runs = runs_of(compare, cell);
	const struct {
		double (*number)(const struct ol_compare_run *run);
		double *sum;
	} medians[] = {
		{ number_peak, &ret_sum->cage_peak_bytes },
		{ number_garbage, &ret_sum->garbage_bytes },
		{ number_cycles, &ret_sum->num_gc },
		{ number_wall, &ret_sum->wall_ns },
		{ number_cpu, &ret_sum->gc_cpu_fraction },
		{ number_p99, &ret_sum->pause_p99_ns },
		{ number_longest, &ret_sum->pause_max_ns },
		{ number_paused, &ret_sum->pause_total_ns },
	};
	OL_AUTO_FREE double *numbers = calloc(cell->run_count, sizeof *numbers);
	if (numbers == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the comparison");
	*ret_sum = (struct ol_compare_sum){ 0 };
	for (uint64_t i = 0; i < cell->run_count; i++) {
		enum ol_outcome outcome = (enum ol_outcome)runs[i].outcome;
		ret_sum->counts[outcome]++;
		ret_sum->good_count += ol_outcome_tone(outcome) == OL_TONE_GOOD;
	}
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		if (ret_sum->counts[i] >= ret_sum->counts[ret_sum->outcome])
			ret_sum->outcome = (enum ol_outcome)i;
	}
	for (size_t i = 0; i < sizeof medians / sizeof *medians; i++)
		*medians[i].sum = median_of(runs, cell->run_count, medians[i].number, numbers);
	return 0;
}

enum ol_compare_mark ol_compare_mark_of_outcome(enum ol_outcome outcome) {
	static const enum ol_compare_mark marks[OL_OUTCOME_COUNT] = {
		[OL_OUTCOME_SURVIVED] = OL_MARK_SURVIVED,
		[OL_OUTCOME_OOM_KILLED] = OL_MARK_KILLED,
		[OL_OUTCOME_OOM_KILLED_BY_ANCESTOR] = OL_MARK_KILLED,
		[OL_OUTCOME_THROTTLED] = OL_MARK_THROTTLED,
		[OL_OUTCOME_SHUT_DOWN] = OL_MARK_SHUT_DOWN,
		[OL_OUTCOME_OUT_OF_MEMORY] = OL_MARK_REFUSED_MEMORY,
		[OL_OUTCOME_TIMED_OUT] = OL_MARK_THROTTLED,
		[OL_OUTCOME_KILLED] = OL_MARK_KILLED,
		[OL_OUTCOME_SCRIPT_ERROR] = OL_MARK_ERROR,
		[OL_OUTCOME_LAB_ERROR] = OL_MARK_ERROR,
	};
	return marks[outcome];
}

enum ol_compare_mark ol_compare_mark_of(
	const struct ol_compare *compare, const struct ol_compare_cell *cell) {
	const struct ol_compare_run *runs = runs_of(compare, cell);
	if (cell->state == OL_COMPARE_REFUSED)
		return OL_MARK_CANNOT_BE;
	if (cell->run_count == 0)
		return OL_MARK_MISSING;
	enum ol_compare_mark mark = ol_compare_mark_of_outcome((enum ol_outcome)runs[0].outcome);
	for (uint64_t i = 1; i < cell->run_count; i++) {
		if (ol_compare_mark_of_outcome((enum ol_outcome)runs[i].outcome) != mark)
			return OL_MARK_DIFFERENT;
	}
	return mark;
}

static const struct {
	const char *unicode, *ascii, *meaning;
} mark_texts[OL_MARK_COUNT] = {
	[OL_MARK_SURVIVED] = { "✓", "+", "survived" },
	[OL_MARK_SHUT_DOWN] = { "↓", "v", "shut down in good order" },
	[OL_MARK_THROTTLED] = { "!", "!", "throttled or timed out" },
	[OL_MARK_REFUSED_MEMORY] = { "○", "o", "out of memory: a request was refused" },
	[OL_MARK_KILLED] = { "✗", "X", "killed" },
	[OL_MARK_ERROR] = { "?", "?", "an error" },
	[OL_MARK_DIFFERENT] = { "~", "~", "ended differently" },
	[OL_MARK_CANNOT_BE] = { "–", "-", "cannot be" },
	[OL_MARK_MISSING] = { "·", ".", "not run" },
};

const char *ol_compare_mark_text(enum ol_compare_mark mark, bool has_unicode) {
	return has_unicode ? mark_texts[mark].unicode : mark_texts[mark].ascii;
}

const char *ol_compare_mark_meaning(enum ol_compare_mark mark) {
	return mark_texts[mark].meaning;
}

struct ol_compare_axes ol_compare_axes_of(const struct ol_compare *compare) {
	struct ol_compare_axes axes = { 0 };
	const struct ol_compare_row *first = &compare->rows[0];
	for (size_t i = 1; i < compare->row_count; i++) {
		const struct ol_compare_row *row = &compare->rows[i];
		axes.has_collector |= strcmp(row->collector, first->collector) != 0;
		axes.has_memory_limit |= row->memory_limit_bytes != first->memory_limit_bytes;
		axes.has_gogc |= row->gogc != first->gogc;
		axes.has_world |= strcmp(row->world, first->world) != 0;
	}
	return axes;
}

void ol_compare_row_label(const struct ol_compare *compare, const struct ol_compare_row *row,
	char label[OL_COMPARE_LABEL_BYTES]) {
	struct ol_compare_axes axes = ol_compare_axes_of(compare);
	struct ol_words words = ol_words_in(label, OL_COMPARE_LABEL_BYTES);
	ol_words_add(&words, "%s", OL_BYTES_TEXT(row->limit_bytes));
	if (axes.has_collector)
		ol_words_add(&words, " %s", row->collector);
	if (axes.has_memory_limit && row->memory_limit_bytes == OL_MEMORY_LIMIT_OFF)
		ol_words_add(&words, " memlimit=off");
	else if (axes.has_memory_limit)
		ol_words_add(&words, " memlimit=%s", OL_BYTES_TEXT(row->memory_limit_bytes));
	if (axes.has_gogc && row->gogc == OL_GOGC_OFF)
		ol_words_add(&words, " gogc=off");
	else if (axes.has_gogc)
		ol_words_add(&words, " gogc=%" PRId32, row->gogc);
	if (axes.has_world)
		ol_words_add(&words, " %s", row->world);
}

uint64_t ol_compare_missing_count(const struct ol_compare *compare) {
	uint64_t count = 0;
	for (size_t i = 0; i < compare->row_count * compare->column_count; i++)
		count += compare->cells[i].state == OL_COMPARE_MISSING;
	return count;
}

void ol_compare_footer(
	const struct ol_compare *compare, const char *separator, char *text, size_t capacity) {
	struct ol_words words = ol_words_in(text, capacity);
	uint64_t run_count = 0, missing_count = ol_compare_missing_count(compare);
	for (size_t i = 0; i < compare->row_count * compare->column_count; i++)
		run_count += compare->cells[i].run_count;
	if (missing_count > 0) {
		ol_words_add_count(&words, missing_count, "cell is missing", "cells are missing");
		ol_words_add(&words, " %s ", separator);
	}
	ol_words_add_count(&words, run_count, "run", "runs");
	if (compare->wall_ns > 0)
		ol_words_add(&words, " in %s, %" PRIu64 " at a time", OL_DURATION_TEXT(compare->wall_ns),
			compare->jobs);
	if (compare->system.kernel[0] == '\0')
		return;
	ol_words_add(&words, " %s Linux %s %s ", separator, compare->system.kernel, separator);
	ol_words_add_count(&words, compare->system.cpus, "processor", "processors");
	ol_words_add(&words, " %s oomlab %s", separator, compare->system.oomlab);
}
