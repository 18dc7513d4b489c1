/* curve.c -- From samples to what a summary carries: a curve of bounded length, and the time spent
 * near the limit. */
#include "caged/internal.h"

/* Twice as coarse: the larger of each two neighbours stays. */
static void fold(struct ol_caged_summary *summary) {
	for (uint32_t i = 0; i < OL_USAGE_POINTS_MAX / 2; i++) {
		uint64_t first = summary->usage_bytes[2 * i];
		uint64_t second = summary->usage_bytes[2 * i + 1];
		summary->usage_bytes[i] = first > second ? first : second;
	}
	for (uint32_t i = OL_USAGE_POINTS_MAX / 2; i < OL_USAGE_POINTS_MAX; i++)
		summary->usage_bytes[i] = 0;
	summary->usage_count = (summary->usage_count + 1) / 2;
	summary->usage_step_ns *= 2;
}

/* Steps that nobody looked in show what the last look before them saw. */
static void add_to_curve(const struct ol_curve *curve, struct ol_caged_summary *summary,
	const struct ol_caged_sample *sample) {
	while (sample->at_ns / summary->usage_step_ns >= OL_USAGE_POINTS_MAX)
		fold(summary);
	uint32_t index = (uint32_t)(sample->at_ns / summary->usage_step_ns);
	while (summary->usage_count <= index)
		summary->usage_bytes[summary->usage_count++] = curve->last_bytes;
	if (sample->cage_bytes > summary->usage_bytes[index])
		summary->usage_bytes[index] = sample->cage_bytes;
}

/* percent of bytes, rounded down, without overflow. */
static uint64_t share_of(uint64_t bytes, unsigned percent) {
	return bytes / 100 * percent + bytes % 100 * percent / 100;
}

void ol_curve_add(struct ol_curve *curve, struct ol_caged_summary *summary,
	const struct ol_caged_sample *sample) {
	if (summary->usage_step_ns == 0)
		summary->usage_step_ns = summary->spec.sample_period_ns;
	/* Between two samples it was as at the first. */
	uint64_t passed_ns = sample->at_ns - curve->at_ns;
	for (int i = 0; i < OL_LEVELS; i++) {
		uint64_t level_bytes = share_of(summary->spec.limit_bytes, ol_level_percents[i]);
		if (curve->last_bytes >= level_bytes)
			summary->level_ns[i] += passed_ns;
	}
	add_to_curve(curve, summary, sample);
	summary->sample_count++;
	curve->at_ns = sample->at_ns;
	curve->last_bytes = sample->cage_bytes;
	if (sample->cage_bytes > curve->peak_bytes)
		curve->peak_bytes = sample->cage_bytes;
}
