/* caged_words.h -- What is said of a caged program, in words, before anybody lays it out.
 *
 * Text and HTML say the same: both are made of these. No control character is in what they give,
 * but for the line feeds between the lines of a fact. */
#ifndef OL_REPORT_CAGED_WORDS_H
#define OL_REPORT_CAGED_WORDS_H

#include "record/caged.h"
#include "report/words.h"

enum { OL_KILLS_WORDED_MAX = 5 }; /* The others are counted. */

/* The verdict in one line, without its mark: "OOM-KILLED by the cage's limit: ...". */
void ol_caged_verdict(const struct ol_caged_summary *summary, char *buffer, size_t capacity);
/* One or two sentences: what to conclude, and what to try. */
void ol_caged_explain(const struct ol_caged_summary *summary, char *buffer, size_t capacity);

/* "python3 (pid 123)". */
void ol_words_add_process(struct ol_words *words, const char *name, int32_t pid);
/* "exit status 0", "signal 9 (SIGKILL) from the lab", "an end that only its parent knows". */
void ol_words_add_end(struct ol_words *words, const struct ol_caged_summary *summary);
/* What a watchdog did, saw and would have missed; also for runs. */
void ol_words_add_watchdog(struct ol_words *words, const struct ol_watchdog_spec *spec,
	const struct ol_watchdog_facts *facts);

/* The facts below a verdict, in their order: a label of its own each, and words: of one line or,
 * with line feeds between them, several; none where there is nothing to say. */
enum ol_caged_place {
	OL_CAGED_EVIDENCE, /* Of the verdict. */
	OL_CAGED_FIGURE,
	OL_CAGED_QUOTE, /* In words that are not ours. */
	OL_CAGED_STORY, /* Below the curve of usage. */
	OL_CAGED_REASON
};
struct ol_caged_fact {
	const char *label;
	enum ol_caged_place place;
	void (*add)(
		struct ol_words *words, const char *separator, const struct ol_caged_summary *summary);
};
enum { OL_CAGED_FACT_COUNT = 13, OL_CAGED_FACT_BYTES = 8192 };
extern const struct ol_caged_fact ol_caged_facts[OL_CAGED_FACT_COUNT];

/* "limit 32.0 MiB · no swap · ... · watched every 10.0 ms". */
void ol_caged_words_add_cage(
	struct ol_words *words, const char *separator, const struct ol_caged_summary *summary);

/* What a fuller cage can hold: the limit in whole pages; UINT64_MAX: no limit. */
uint64_t ol_caged_whole_limit(const struct ol_caged_summary *summary);
/* Kernel's kills: by its log or its counter, whichever knows of more. */
uint64_t ol_caged_kill_count(const struct ol_caged_summary *summary);

#endif
