/* lines.h -- Lines that the reports of runs and of cages have in common. */
#ifndef OL_REPORT_LINES_H
#define OL_REPORT_LINES_H

#include "record/record.h"
#include "report/cells.h"
#include "report/words.h"

enum {
	OL_LABEL_COLUMNS = 12, /* Left of each fact. */
	OL_PARAGRAPH_BYTES = 2048
};

enum ol_tone { OL_TONE_GOOD, OL_TONE_WARN, OL_TONE_BAD };
enum ol_tone ol_outcome_tone(enum ol_outcome outcome);
/* "✓", "!", "✗", or what stands for them in ASCII. */
const char *ol_outcome_mark(enum ol_outcome outcome, bool has_unicode);

/* The verdict with its mark, in its colour. */
void ol_text_verdict(
	FILE *stream, struct ol_style style, enum ol_outcome outcome, const char *text);

/* What a cage may hold. UINT64_MAX: not set; swap_bytes 0: none. */
struct ol_limits {
	uint64_t limit_bytes, swap_bytes, high_bytes, address_space_bytes;
};
/* "limit 32.0 MiB · no swap · cgroup hybrid (memory on v1)". */
void ol_words_add_limits(struct ol_words *words, const char *separator,
	const struct ol_limits *limits, const struct ol_cage_facts *cage);

/* "go (go1.19) · GOGC 100 · no memory limit · stop-the-world". */
void ol_words_add_policy(
	struct ol_words *words, const char *separator, const struct ol_run_spec *spec);
/* "gc=true, step=4.0 MiB"; nothing where the script has none. */
void ol_words_add_options(struct ol_words *words, const struct ol_run_spec *spec);

#endif
