/* life.c -- What is remembered of a life, and how it is told. */
#include "http/life.h"

#include <assert.h>
#include <stdlib.h>

#include "base/units.h"
#include "report/json_value.h"
#include "report/report.h"
#include "report/words.h"

struct ol_life *ol_life_create(uint64_t number, uint64_t started_at_ms) {
	struct ol_life *life = calloc(1, sizeof *life);
	if (life == NULL)
		return NULL;
	life->number = number;
	life->started_at_ms = started_at_ms;
	life->is_running = true;
	return life;
}

uint64_t ol_live_bytes(const struct ol_last_words *words) {
	/* A count that is older than a cycle may be of garbage that is gone. */
	if (words->garbage_bytes > words->memstats.heap_alloc)
		return UINT64_MAX;
	return words->memstats.heap_alloc - words->garbage_bytes;
}

/* Drops every second point: the curves are half as fine, and have room for as much again. */
static void thin_out(struct ol_life *life) {
	assert(life->point_count > 0);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < life->point_count; i += 2)
		life->points[kept++] = life->points[i];
	life->point_count = kept;
	uint64_t span_ns = life->points[kept - 1].at_ns - life->points[0].at_ns;
	life->point_distance_ns = span_ns / kept;
}

void ol_life_note_sample(
	struct ol_life *life, const struct ol_sample *sample, const struct ol_last_words *words) {
	life->num_gc = sample->memstats.num_gc;
	if (sample->cage_bytes > life->peak_bytes)
		life->peak_bytes = sample->cage_bytes;
	if (life->point_count > 0 &&
		sample->at_ns - life->points[life->point_count - 1].at_ns < life->point_distance_ns)
		return;
	if (life->point_count == OL_LIFE_POINTS_MAX)
		thin_out(life);
	life->points[life->point_count++] = (struct ol_life_point){
		.at_ns = sample->at_ns,
		.cage_bytes = sample->cage_bytes,
		.rss_bytes = sample->rss_bytes,
		.heap_bytes = sample->memstats.heap_alloc,
		.live_bytes = ol_live_bytes(words),
		.goal_bytes = sample->memstats.next_gc,
	};
}

void ol_life_note_cycle(struct ol_life *life, const struct ol_gc_cycle *cycle) {
	life->num_gc = cycle->number;
	life->cycles[life->cycle_count++ % OL_LIFE_CYCLES_MAX] = (struct ol_life_cycle){
		.number = cycle->number,
		.at_ns = cycle->at_ns,
		.pause_ns = cycle->pause_ns,
		.marked_bytes = cycle->marked_bytes,
		.next_goal_bytes = cycle->next_goal_bytes,
		.is_forced = cycle->is_forced != 0,
	};
}

void ol_life_note_end(struct ol_life *life) {
	const struct ol_run_summary *summary = &life->summary;
	life->is_running = false;
	life->num_gc = summary->last_words.memstats.num_gc;
	life->peak_bytes = summary->cage_peak_bytes;
	ol_verdict_line(summary, life->verdict, sizeof life->verdict);
	ol_evidence_line(summary, "·", life->evidence, sizeof life->evidence);
	ol_explain(summary, life->story, sizeof life->story);
	/* Its last moment, which fell between two samples. */
	const struct ol_life_point *before =
		life->point_count > 0 ? &life->points[life->point_count - 1] : NULL;
	struct ol_sample last = {
		.at_ns = summary->wall_ns,
		.cage_bytes = summary->last_words.cage_bytes,
		.rss_bytes = before != NULL ? before->rss_bytes : 0, /* Nobody can look any more. */
		.memstats = summary->last_words.memstats,
	};
	life->point_distance_ns = 0;
	ol_life_note_sample(life, &last, &summary->last_words);
	life->peak_bytes = summary->cage_peak_bytes;
}

json_t *ol_json_of_settings(const struct ol_run_spec *spec) {
	bool has_memory_limit = spec->memory_limit_bytes < OL_MEMORY_LIMIT_OFF;
	json_t *gogc = spec->gogc == OL_GOGC_OFF ? json_string("off") : json_integer(spec->gogc);
	json_t *object = json_object();
	int result = json_object_set_new(object, "limit_bytes", ol_json_uint64(spec->limit_bytes));
	result |= json_object_set_new(object, "gogc", gogc);
	result |= json_object_set_new(object, "memory_limit_bytes",
		has_memory_limit ? ol_json_uint64(spec->memory_limit_bytes) : json_null());
	result |= json_object_set_new(object, "policy", ol_json_text(spec->policy));
	result |= json_object_set_new(object, "policy_argument", ol_json_text(spec->policy_argument));
	result |= json_object_set_new(object, "collector", ol_json_text(spec->collector));
	result |= json_object_set_new(object, "rules", ol_json_text(spec->rules));
	return ol_json_checked(object, result);
}

/* One curve: a member of every point. */
static json_t *curve(const struct ol_life *life, size_t offset_bytes, uint64_t divisor) {
	json_t *list = json_array();
	int result = 0;
	for (uint32_t i = 0; i < life->point_count; i++) {
		const char *point = (const char *)&life->points[i];
		uint64_t value = *(const uint64_t *)(point + offset_bytes);
		bool is_known = value != UINT64_MAX;
		result |=
			json_array_append_new(list, is_known ? ol_json_uint64(value / divisor) : json_null());
	}
	return ol_json_checked(list, result);
}

static json_t *json_of_curves(const struct ol_life *life) {
	static const struct {
		const char *name;
		size_t offset_bytes;
		uint64_t divisor;
	} curves[] = {
		{ "at_ms", offsetof(struct ol_life_point, at_ns), OL_NS_PER_MS },
		{ "cage_bytes", offsetof(struct ol_life_point, cage_bytes), 1 },
		{ "rss_bytes", offsetof(struct ol_life_point, rss_bytes), 1 },
		{ "heap_bytes", offsetof(struct ol_life_point, heap_bytes), 1 },
		{ "live_bytes", offsetof(struct ol_life_point, live_bytes), 1 },
		{ "goal_bytes", offsetof(struct ol_life_point, goal_bytes), 1 },
	};
	json_t *object = json_object();
	int result = 0;
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		result |= json_object_set_new(
			object, curves[i].name, curve(life, curves[i].offset_bytes, curves[i].divisor));
	return ol_json_checked(object, result);
}

static json_t *json_of_cycle(const struct ol_life_cycle *cycle) {
	json_t *object = json_object();
	int result = json_object_set_new(object, "number", ol_json_uint64(cycle->number));
	result |= json_object_set_new(object, "at_ms", ol_json_uint64(cycle->at_ns / OL_NS_PER_MS));
	result |= json_object_set_new(object, "pause_ns", ol_json_uint64(cycle->pause_ns));
	result |= json_object_set_new(object, "marked_bytes", ol_json_uint64(cycle->marked_bytes));
	result |=
		json_object_set_new(object, "next_goal_bytes", ol_json_uint64(cycle->next_goal_bytes));
	result |= json_object_set_new(object, "is_forced", ol_json_boolean(cycle->is_forced));
	return ol_json_checked(object, result);
}

static json_t *json_of_cycles(const struct ol_life *life) {
	json_t *list = json_array();
	uint64_t first =
		life->cycle_count > OL_LIFE_CYCLES_MAX ? life->cycle_count - OL_LIFE_CYCLES_MAX : 0;
	int result = 0;
	for (uint64_t i = first; i < life->cycle_count; i++)
		result |= json_array_append_new(list, json_of_cycle(&life->cycles[i % OL_LIFE_CYCLES_MAX]));
	return ol_json_checked(list, result);
}

json_t *ol_json_of_life(const struct ol_life *life, bool has_curves) {
	const struct ol_run_summary *summary = &life->summary;
	bool has_ended = !life->is_running;
	const char *outcome = has_ended ? ol_outcome_name(summary->outcome) : "";
	json_t *object = json_object();
	int result = json_object_set_new(object, "life", ol_json_uint64(life->number));
	result |= json_object_set_new(object, "started_at_ms", ol_json_uint64(life->started_at_ms));
	result |= json_object_set_new(object, "state", json_string(has_ended ? "ended" : "running"));
	result |= json_object_set_new(object, "settings", ol_json_of_settings(&summary->spec));
	result |= json_object_set_new(object, "outcome", ol_json_text_or_null(outcome));
	result |= json_object_set_new(object, "verdict", ol_json_text_or_null(life->verdict));
	result |= json_object_set_new(object, "story", ol_json_text_or_null(life->story));
	result |= json_object_set_new(object, "evidence", ol_json_text_or_null(life->evidence));
	result |= json_object_set_new(
		object, "wall_ns", has_ended ? ol_json_uint64(summary->wall_ns) : json_null());
	result |= json_object_set_new(object, "cage_peak_bytes", ol_json_uint64(life->peak_bytes));
	result |= json_object_set_new(object, "num_gc", ol_json_uint64(life->num_gc));
	result |= json_object_set_new(object, "request_count", ol_json_uint64(life->request_count));
	if (has_curves) {
		result |= json_object_set_new(object, "series", json_of_curves(life));
		result |= json_object_set_new(object, "gcs", json_of_cycles(life));
	}
	return ol_json_checked(object, result);
}
