/* model.c -- What all charts of a report draw: curves, marks and axes, from recordings. */
#include "chart/model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/caged_words.h"

static const uint64_t never_bytes_min = UINT64_C(1) << 60;
/* A hundred years: no run lasts longer, whatever a record says. */
static const uint64_t at_ns_max = UINT64_C(3155760000) * OL_NS_PER_S;
/* A goal up to so many halves of the limit is worth the room that showing it takes. */
enum { GOAL_STRETCH_HALVES = 4, POINTS_BESIDE_SAMPLES = 3 };

const char *ol_chart_curve_name(enum ol_chart_curve curve) {
	static const char *const names[OL_CHART_CURVES] = {
		[OL_CHART_CAGE] = "cage",
		[OL_CHART_HEAP] = "heap",
		[OL_CHART_GOAL] = "next GC",
		[OL_CHART_RSS] = "RSS",
	};
	assert((unsigned)curve < OL_CHART_CURVES);
	return names[curve];
}

bool ol_chart_is_never(uint64_t bytes) {
	return bytes >= never_bytes_min;
}

/* Points as they are gathered, before they are sorted and thinned. */
struct gathering {
	struct ol_chart_point *points;
	size_t count;
};

static struct ol_chart_point *add_point(struct gathering *gathering, uint64_t at_ns) {
	struct ol_chart_point *point = &gathering->points[gathering->count];
	point->at_ns = at_ns < at_ns_max ? at_ns : at_ns_max;
	point->order = gathering->count++;
	for (size_t curve = 0; curve < OL_CHART_CURVES; curve++)
		point->bytes[curve] = UINT64_MAX;
	return point;
}

static void set_heap(struct ol_chart_point *point, const struct ol_memstats *memstats) {
	/* A cage's samples have none; a heap of ours has a goal from the start. */
	if (memstats->next_gc == 0 && memstats->heap_sys == 0)
		return;
	point->bytes[OL_CHART_HEAP] = memstats->heap_alloc;
	point->bytes[OL_CHART_GOAL] = memstats->next_gc;
}

static void gather_samples(struct gathering *gathering, const struct ol_recording *recording) {
	for (size_t i = 0; i < recording->sample_count; i++) {
		const struct ol_sample *sample = &recording->samples[i];
		struct ol_chart_point *point = add_point(gathering, sample->at_ns);
		point->bytes[OL_CHART_CAGE] = sample->cage_bytes;
		point->bytes[OL_CHART_RSS] = sample->rss_bytes > 0 ? sample->rss_bytes : UINT64_MAX;
		set_heap(point, &sample->memstats);
	}
}

/* Between two samples much may happen: cycles and phases know more moments. */
static void gather_cycles(struct gathering *gathering, const struct ol_recording *recording) {
	for (size_t i = 0; i < recording->cycle_count; i++) {
		const struct ol_gc_cycle *cycle = &recording->cycles[i];
		struct ol_chart_point *start = add_point(gathering, cycle->at_ns);
		start->bytes[OL_CHART_HEAP] = cycle->start_bytes;
		start->bytes[OL_CHART_GOAL] = cycle->goal_bytes;
		uint64_t end_ns = cycle->at_ns + cycle->pause_ns + cycle->mark_ns;
		struct ol_chart_point *end = add_point(gathering, end_ns);
		end->bytes[OL_CHART_GOAL] = cycle->next_goal_bytes;
	}
}

static void gather_phases(struct gathering *gathering, const struct ol_run_summary *run) {
	for (uint64_t i = 0; i < run->phase_count && i < OL_PHASES_MAX; i++) {
		const struct ol_phase *phase = &run->phases[i];
		struct ol_chart_point *point = add_point(gathering, phase->end_ns);
		if (phase->cage_bytes > 0)
			point->bytes[OL_CHART_CAGE] = phase->cage_bytes;
		set_heap(point, &phase->memstats);
	}
}

static bool is_oom_kill(enum ol_outcome outcome) {
	return outcome == OL_OUTCOME_OOM_KILLED || outcome == OL_OUTCOME_OOM_KILLED_BY_ANCESTOR;
}

static void gather_ends(struct gathering *gathering, const struct ol_recording *recording) {
	const struct ol_run_summary *run = recording->run;
	if (!recording->has_end)
		return;
	if (recording->is_cage) {
		const struct ol_caged_summary *caged = recording->caged;
		uint64_t end_bytes = caged->is_command_oom_killed ? caged->peak_bytes : caged->end_bytes;
		add_point(gathering, caged->wall_ns)->bytes[OL_CHART_CAGE] = end_bytes;
		return;
	}
	if (run->baseline_bytes > 0)
		add_point(gathering, 0)->bytes[OL_CHART_CAGE] = run->baseline_bytes;
	struct ol_chart_point *end = add_point(gathering, run->wall_ns);
	/* The last look is taken some time before a kill; the kernel's own peak ends the curve. */
	if (is_oom_kill(run->outcome) && run->cage_peak_bytes > 0)
		end->bytes[OL_CHART_CAGE] = run->cage_peak_bytes;
	set_heap(end, &run->last_words.memstats);
	/* Of what ended in its own way a sample may have seen how it went. */
	if (!is_oom_kill(run->outcome) && run->last_words.cage_bytes > 0)
		add_point(gathering, run->last_words.at_ns)->bytes[OL_CHART_CAGE] =
			run->last_words.cage_bytes;
}

static int compare_times(const void *left, const void *right) {
	const struct ol_chart_point *one = left, *other = right;
	if (one->at_ns != other->at_ns)
		return one->at_ns < other->at_ns ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

static void merge_into(struct ol_chart_point *point, const struct ol_chart_point *other) {
	for (size_t curve = 0; curve < OL_CHART_CURVES; curve++) {
		uint64_t bytes = other->bytes[curve];
		bool is_more = point->bytes[curve] == UINT64_MAX || bytes > point->bytes[curve];
		/* Of goals the later one holds, of all else the peak matters. */
		if (bytes != UINT64_MAX && (is_more || curve == OL_CHART_GOAL))
			point->bytes[curve] = bytes;
	}
}

/* Merges points into as many as a drawing needs. The piece takes the time of its fullest point. */
static size_t thin_points(struct ol_chart_point *points, size_t count) {
	size_t piece_count = count < OL_CHART_POINTS_MAX ? count : OL_CHART_POINTS_MAX;
	size_t kept = 0;
	for (size_t piece = 0; piece < piece_count; piece++) {
		size_t first = piece * count / piece_count, end = (piece + 1) * count / piece_count;
		struct ol_chart_point merged = points[first];
		for (size_t i = first + 1; i < end; i++) {
			uint64_t cage_bytes = points[i].bytes[OL_CHART_CAGE];
			uint64_t merged_bytes = merged.bytes[OL_CHART_CAGE];
			if (cage_bytes != UINT64_MAX &&
				(merged_bytes == UINT64_MAX || cage_bytes > merged_bytes))
				merged.at_ns = points[i].at_ns;
			merge_into(&merged, &points[i]);
		}
		if (kept > 0 && points[kept - 1].at_ns == merged.at_ns)
			merge_into(&points[kept - 1], &merged);
		else
			points[kept++] = merged;
	}
	return kept;
}

static size_t points_max(const struct ol_recording *recording) {
	return recording->sample_count + 2 * recording->cycle_count + OL_PHASES_MAX +
		   POINTS_BESIDE_SAMPLES;
}

static uint64_t larger(uint64_t one, uint64_t other) {
	return one > other ? one : other;
}

static void describe(struct ol_chart_run *run) {
	const struct ol_recording *recording = run->recording;
	if (recording->is_cage) {
		run->limit_bytes = recording->caged->spec.limit_bytes;
		run->peak_bytes = recording->caged->peak_bytes;
		/* A command that outlived the kills of its children ends without a cross. */
		run->is_dead =
			recording->has_end && ol_outcome_tone(recording->caged->outcome) == OL_TONE_BAD &&
			(recording->caged->is_command_oom_killed || !is_oom_kill(recording->caged->outcome));
	} else {
		run->limit_bytes = recording->run->spec.limit_bytes;
		run->peak_bytes = recording->run->cage_peak_bytes;
		run->is_dead =
			recording->has_end && ol_outcome_tone(recording->run->outcome) == OL_TONE_BAD;
	}
	size_t counts[OL_CHART_CURVES] = { 0 };
	for (size_t i = 0; i < run->point_count; i++) {
		const struct ol_chart_point *point = &run->points[i];
		run->end_ns = larger(run->end_ns, point->at_ns);
		if (point->bytes[OL_CHART_CAGE] != UINT64_MAX)
			run->peak_bytes = larger(run->peak_bytes, point->bytes[OL_CHART_CAGE]);
		for (size_t curve = 0; curve < OL_CHART_CURVES; curve++)
			counts[curve] += point->bytes[curve] != UINT64_MAX;
	}
	for (size_t curve = 0; curve < OL_CHART_CURVES; curve++)
		run->has_curve[curve] = counts[curve] > 1; /* A curve has two points. */
}

static int init_run(
	struct ol_chart_run *run, const struct ol_recording *recording, struct ol_error *error) {
	struct gathering gathering = {
		.points = malloc(points_max(recording) * sizeof *gathering.points),
	};
	if (gathering.points == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the curves of %s", recording->name);
	gather_samples(&gathering, recording);
	gather_cycles(&gathering, recording);
	if (!recording->is_cage)
		gather_phases(&gathering, recording->run);
	gather_ends(&gathering, recording);
	qsort(gathering.points, gathering.count, sizeof *gathering.points, compare_times);
	*run = (struct ol_chart_run){
		.recording = recording,
		.points = gathering.points,
		.point_count = thin_points(gathering.points, gathering.count),
	};
	describe(run);
	return 0;
}

/* What the axis of bytes must reach for this run: of several only the cage is drawn. */
static uint64_t top_of(const struct ol_chart_run *run, bool is_one) {
	bool has_limit = run->limit_bytes != UINT64_MAX;
	uint64_t top_bytes = larger(run->peak_bytes, has_limit ? run->limit_bytes : 0);
	uint64_t goal_bytes_max = top_bytes / 2 * GOAL_STRETCH_HALVES;
	for (size_t i = 0; is_one && i < run->point_count; i++) {
		const uint64_t *bytes = run->points[i].bytes;
		if (bytes[OL_CHART_HEAP] != UINT64_MAX)
			top_bytes = larger(top_bytes, bytes[OL_CHART_HEAP]);
		if (bytes[OL_CHART_RSS] != UINT64_MAX)
			top_bytes = larger(top_bytes, bytes[OL_CHART_RSS]);
		if (bytes[OL_CHART_GOAL] <= goal_bytes_max)
			top_bytes = larger(top_bytes, bytes[OL_CHART_GOAL]);
	}
	return top_bytes;
}

int ol_chart_init(
	const struct ol_recordings *recordings, struct ol_chart *ret_chart, struct ol_error *error) {
	*ret_chart = (struct ol_chart){ .end_ns = OL_NS_PER_US, .top_bytes = OL_KIB };
	for (size_t i = 0; i < recordings->count; i++) {
		struct ol_chart_run *run = &ret_chart->runs[i];
		int result = init_run(run, &recordings->list[i], error);
		if (result < 0) {
			ol_chart_finish(ret_chart);
			return result;
		}
		ret_chart->run_count++;
		ret_chart->end_ns = larger(ret_chart->end_ns, run->end_ns);
		ret_chart->top_bytes = larger(ret_chart->top_bytes, top_of(run, recordings->count == 1));
	}
	return 0;
}

void ol_chart_finish(struct ol_chart *chart) {
	for (size_t i = 0; i < chart->run_count; i++)
		free(chart->runs[i].points);
	chart->run_count = 0;
}

uint64_t ol_chart_byte_step(uint64_t end_bytes, unsigned count_max) {
	uint64_t step_bytes = 1;
	while (end_bytes / step_bytes > count_max && step_bytes < UINT64_C(1) << 62)
		step_bytes *= 2;
	return step_bytes;
}

uint64_t ol_chart_time_step(uint64_t end_ns, unsigned count_max) {
	static const uint64_t factors[] = { 1, 2, 5, 10 };
	static const uint64_t minutes[] = { 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600 };
	uint64_t decade_ns = 1;
	for (; decade_ns <= OL_NS_PER_S; decade_ns *= 10) {
		for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
			if (end_ns / (factors[i] * decade_ns) <= count_max)
				return factors[i] * decade_ns;
		}
	}
	for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
		if (end_ns / (minutes[i] * OL_NS_PER_S) <= count_max)
			return minutes[i] * OL_NS_PER_S;
	}
	uint64_t step_ns = 86400 * OL_NS_PER_S;
	while (end_ns / step_ns > count_max && step_ns < UINT64_C(1) << 62)
		step_ns *= 2;
	return step_ns;
}

const char *ol_chart_byte_tick(uint64_t bytes, char buffer[OL_UNITS_TEXT_BYTES]) {
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	unsigned unit = 0;
	double number = (double)bytes;
	while (number >= 1024 && unit + 1 < sizeof units / sizeof *units) {
		number /= 1024;
		unit++;
	}
	if (bytes == 0)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "0");
	else
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.4g %s", number, units[unit]);
	return buffer;
}

const char *ol_chart_time_tick(uint64_t ns, uint64_t step_ns, char buffer[OL_UNITS_TEXT_BYTES]) {
	uint64_t seconds = ns / OL_NS_PER_S;
	if (ns == 0)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "0");
	else if (step_ns < OL_NS_PER_S / 10)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.6g ms", (double)ns / 1e6);
	else if (seconds < 60 || step_ns % OL_NS_PER_S != 0)
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%.6g s", (double)ns / 1e9);
	else
		snprintf(buffer, OL_UNITS_TEXT_BYTES, "%llu:%02llu", (unsigned long long)(seconds / 60),
			(unsigned long long)(seconds % 60));
	return buffer;
}
