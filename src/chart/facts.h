/* facts.h -- What is said of a recording in words: verdict, reason, settings and figures. */
#ifndef OL_CHART_FACTS_H
#define OL_CHART_FACTS_H

#include "chart/model.h"
#include "report/words.h"

/* Sentences about how it ended; of a record that has no end, that. */
void ol_chart_words_add_verdict(struct ol_words *words, const struct ol_recording *recording);
void ol_chart_words_add_reason(struct ol_words *words, const struct ol_recording *recording);
void ol_chart_words_add_evidence(
	struct ol_words *words, const char *separator, const struct ol_recording *recording);
enum ol_tone ol_chart_tone(const struct ol_recording *recording);
/* "oom-killed", "no end". */
const char *ol_chart_outcome(const struct ol_recording *recording);
/* "✗", "✓"; "?" where there is no end. */
const char *ol_chart_mark(const struct ol_recording *recording, bool has_unicode);

/* "spike: A spike, released, then a little more", or the command of a cage. */
void ol_chart_words_add_title(struct ol_words *words, const struct ol_recording *recording);

/* One row of the table in which runs are compared. */
struct ol_chart_fact {
	const char *label;
	bool is_setting; /* It was asked for; otherwise it came about. */
	/* Adds nothing where there is nothing to say. */
	void (*add)(struct ol_words *words, const struct ol_chart_run *run);
};
enum { OL_CHART_FACT_COUNT = 22, OL_CHART_FACT_BYTES = 512 };
extern const struct ol_chart_fact ol_chart_facts[OL_CHART_FACT_COUNT];

#endif
