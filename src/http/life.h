/* life.h -- One heap in one cage, from its start to its end, as far as the server remembers it.
 *
 * A life's curves are thinned out as it grows older: a fixed number of points, whatever its age. */
#ifndef OL_HTTP_LIFE_H
#define OL_HTTP_LIFE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/record.h"

enum {
	OL_LIFE_POINTS_MAX = 600, /* Of its curves. */
	OL_LIFE_CYCLES_MAX = 256, /* The latest ones are kept. */
	OL_LIFE_STORY_BYTES = 1024
};

struct ol_life_point {
	uint64_t at_ns;
	uint64_t cage_bytes;
	uint64_t rss_bytes;
	uint64_t heap_bytes;
	uint64_t live_bytes; /* UINT64_MAX: not known. */
	uint64_t goal_bytes;
};

struct ol_life_cycle {
	uint64_t number;
	uint64_t at_ns;
	uint64_t pause_ns;
	uint64_t marked_bytes;
	uint64_t next_goal_bytes;
	bool is_forced;
};

struct ol_life {
	uint64_t number; /* 1 for the first. */
	uint64_t started_at_ms;
	bool is_running;
	uint64_t request_count;
	uint64_t num_gc; /* As last seen. */
	uint64_t peak_bytes;
	struct ol_run_summary summary; /* Whole when it has ended. */
	char verdict[OL_TEXT_BYTES];   /* These three: "" while it runs. */
	char evidence[OL_TEXT_BYTES];
	char story[OL_LIFE_STORY_BYTES];
	uint64_t point_distance_ns; /* 0: every sample is kept. */
	uint32_t point_count;
	struct ol_life_point points[OL_LIFE_POINTS_MAX];
	uint64_t cycle_count; /* All of them; the latest are kept, number n at n % the maximum. */
	struct ol_life_cycle cycles[OL_LIFE_CYCLES_MAX];
};

/* NULL: no memory. For free(). */
struct ol_life *ol_life_create(uint64_t number, uint64_t started_at_ms);

/* words: what the flight recorder says beside the sample. */
void ol_life_note_sample(
	struct ol_life *life, const struct ol_sample *sample, const struct ol_last_words *words);
void ol_life_note_cycle(struct ol_life *life, const struct ol_gc_cycle *cycle);
/* Its summary is whole: makes verdict, evidence and story of it. */
void ol_life_note_end(struct ol_life *life);

/* Reachable object bytes, as the last words say; UINT64_MAX: not known. */
uint64_t ol_live_bytes(const struct ol_last_words *words);

/* New references; NULL: out of memory. What the page is told: settings, then all there is to tell
 * of a life, with its curves or without. */
json_t *ol_json_of_settings(const struct ol_run_spec *spec);
json_t *ol_json_of_life(const struct ol_life *life, bool has_curves);

#endif
